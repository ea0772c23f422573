"""What is open, by age and by party: from roll-ups as things stand, from documents and payments as they stood on another day. Currencies are never added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, CompoundSelect, Date, Integer, Select, Subquery, case, cast, func, literal, null, or_, select, true, union_all

from voyagent.billing.counters import AgeingByDue, AgeingByParty
from voyagent.billing.models import OPEN_BILL, OPEN_INVOICE, Allocation, Bill, CreditNote, Invoice, SupplierCredit, WriteOff
from voyagent.kernel.reading import Reader, Row
from voyagent.kernel.tenancy import owned

Kind = Literal["receivable", "payable"]
AGES = 5
LISTED_MAX = 1000
EVER = (date(1900, 1, 1), date(2200, 12, 31))
_DUE = AgeingByDue.__table__.c
_PARTY = AgeingByParty.__table__.c
_ALLOCATIONS = Allocation.__table__.c
_CREDITS = CreditNote.__table__.c
_OF_SUPPLIERS = SupplierCredit.__table__.c
_WRITE_OFFS = WriteOff.__table__.c
_DOCUMENTS: dict[Kind, Any] = {"receivable": Invoice.__table__, "payable": Bill.__table__}
_OF_INSTALMENT = ("place", "amount_minor", "document_open_minor", "is_next")
_OPEN = {"receivable": OPEN_INVOICE, "payable": OPEN_BILL}


def ageing(reader: Reader, kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None) -> list[Row]:
    """Open documents issued from `first` to `last`, by currency and age.

    Rows: currency, age, n, open_minor, for ages that occur. A document in instalments has each of them aged by itself, and counted in `n`.
    `age` counts from today, or `as_of`: 0 not due (due today is not overdue), 1 to 30 days past due, 2 to 60, 3 to 90, 4 more; the API's `0-30` is 0 and 1
    together. With `as_of`, documents and payments after that day are left out, and what was paid since counts as open.
    """
    return reader.read(ageing_statement(kind, first, last, today=today, as_of=as_of))[0]


def ageing_statement(kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None) -> Select[Any]:
    """The same for whoever reads more in the same trip."""
    whole = select(_DUE.currency, _DUE.due_date, _DUE.n, _DUE.open_minor).where(owned(AgeingByDue), _DUE.kind == kind, _DUE.n > 0)
    found = _as_it_stood(whole, _DUE.issue_month, _open_instalments, kind, first, last, as_of, "currency", "due_date")
    n = func.sum(found.c.n)
    age = age_on(found.c.due_date, as_of or today)
    return (
        select(found.c.currency, age.label("age"), cast(n, BigInteger).label("n"), _sum(found.c.open_minor).label("open_minor"))
        .group_by(found.c.currency, age)
        .having(n > 0)
        .order_by(found.c.currency, age)
    )


def top_parties(reader: Reader, kind: Kind, first: date, last: date, *, as_of: date | None = None, limit: int = 5) -> list[Row]:
    """Whose open documents issued from `first` to `last` weigh most, in each currency, largest first: currency, party_key, party_name, n, open_minor, place."""
    return reader.read(top_parties_statement(kind, first, last, as_of=as_of, limit=limit))[0]


def top_parties_statement(kind: Kind, first: date, last: date, *, as_of: date | None = None, limit: int = 5) -> Select[Any]:
    """The same for whoever reads more in the same trip."""
    whole = select(_PARTY.currency, _PARTY.party_key, _PARTY.party_name, _PARTY.n, _PARTY.open_minor)
    whole = whole.where(owned(AgeingByParty), _PARTY.kind == kind, _PARTY.n > 0)
    found = _as_it_stood(whole, _PARTY.issue_month, _open_documents, kind, first, last, as_of, "currency", "party_key", "party_name")
    total = func.sum(found.c.open_minor)
    place = func.row_number().over(partition_by=found.c.currency, order_by=(total.desc(), found.c.party_key))
    parties = (
        select(
            found.c.currency,
            found.c.party_key,
            func.max(found.c.party_name).label("party_name"),
            cast(func.sum(found.c.n), BigInteger).label("n"),
            cast(total, BigInteger).label("open_minor"),
            place.label("place"),
        )
        .group_by(found.c.currency, found.c.party_key)
        .having(func.sum(found.c.n) > 0)
        .subquery("parties")
    )
    return select(parties).where(parties.c.place <= limit).order_by(parties.c.currency, parties.c.place)


def parties_by_age(reader: Reader, kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None) -> list[Row]:
    """The same documents by party, for the page, from the open documents themselves.

    Rows: currency, party_key, party_name, age, n, open_minor; next_pay_on and scheduled_minor of the bills among them that are to be paid on a day.
    """
    return reader.read(parties_by_age_statement(kind, first, last, today=today, as_of=as_of))[0]


def parties_by_age_statement(kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None) -> Select[Any]:
    """The same for whoever reads more in the same trip."""
    found = _open_instalments(kind, first, last, as_of).subquery("found")
    age = age_on(found.c.due_date, as_of or today)
    return (
        select(
            found.c.currency,
            found.c.party_key,
            func.max(found.c.party_name).label("party_name"),
            age.label("age"),
            func.count().label("n"),
            _sum(found.c.open_minor).label("open_minor"),
            func.min(found.c.pay_on).label("next_pay_on"),
            _sum(case((found.c.pay_on.is_not(None), found.c.open_minor), else_=0)).label("scheduled_minor"),
        )
        .group_by(found.c.currency, found.c.party_key, age)
        .order_by(found.c.currency, found.c.party_key, age)
    )


def list_open(reader: Reader, kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None, party: str | None = None) -> list[Row]:
    """The open documents one by one, the longest due first, at most a thousand; of one party where its name is given.

    Rows: reference (the number, or the supplier's), pay_on (of a scheduled bill), id, status, party_key, party_name, issue_date, due_date, currency,
    total_minor, open_minor, age. One in instalments is due, and as old, as the first of them that is open.
    """
    return reader.read(list_open_statement(kind, first, last, today=today, as_of=as_of, party=party))[0]


def list_open_statement(kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None, party: str | None = None) -> Select[Any]:
    """The same for whoever reads more in the same trip."""
    plans = _open_instalments(kind, first, last, as_of).subquery("plans")
    columns = [column for column in plans.c if column.name not in _OF_INSTALMENT and column.name != "open_minor"]
    documents = select(*columns, plans.c.document_open_minor.label("open_minor")).where(plans.c.is_next)
    return _one_by_one(documents.subquery("found"), today=as_of or today, party=party)


def list_instalments_statement(kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None, party: str | None = None) -> Select[Any]:
    """What is open instalment by instalment, as `list_open` has it of documents: due_date, open_minor and age are those of the instalment.

    Further place (of the instalment, counted from 1; None where the document has no plan), amount_minor (of the instalment, else of the document),
    document_open_minor.
    """
    return _one_by_one(_open_instalments(kind, first, last, as_of).subquery("found"), today=as_of or today, party=party)


def _one_by_one(found: Subquery, *, today: date, party: str | None) -> Select[Any]:
    statement = select(found, age_on(found.c.due_date, today).label("age"))
    if party is not None:
        statement = statement.where(found.c.party_key == func.lower(party))
    return statement.order_by(found.c.due_date, found.c.id).limit(LISTED_MAX)


def scheduled_statement(first: date, last: date, *, as_of: date | None = None) -> Select[Any]:
    """What of the open bills dated from `first` to `last` is to be paid on which day: currency, pay_on, n, open_minor; the nearest day first."""
    found = _open_documents("payable", first, last, as_of).subquery("found").c
    return (
        select(found.currency, found.pay_on, cast(func.count(), BigInteger).label("n"), _sum(found.open_minor).label("open_minor"))
        .where(found.pay_on.is_not(None))
        .group_by(found.currency, found.pay_on)
        .order_by(found.currency, found.pay_on)
    )


def due_statement(kind: Kind) -> Select[Any]:
    """What is open now by due date, from the roll-up: currency, due_date, n, open_minor; a document in instalments counts where the first open one is due."""
    return (
        select(_DUE.currency, _DUE.due_date, cast(func.sum(_DUE.documents), BigInteger).label("n"), _sum(_DUE.open_minor).label("open_minor"))
        .where(owned(AgeingByDue), _DUE.kind == kind, _DUE.n > 0)
        .group_by(_DUE.currency, _DUE.due_date)
        .order_by(_DUE.currency, _DUE.due_date)
    )


def party_open(reader: Reader, kind: Kind, party: str, currency: str) -> int:
    """What a party owes, or is owed, now in a currency, in minor units."""
    statement = select(_sum(func.coalesce(_PARTY.open_minor, 0)).label("open_minor")).where(
        owned(AgeingByParty), _PARTY.kind == kind, _PARTY.currency == currency, _PARTY.n > 0, _PARTY.party_key == func.lower(party)
    )
    return reader.read(statement)[0][0]["open_minor"] or 0


def untied_ageing(reader: Reader) -> list[Row]:
    """Where a roll-up and the documents behind it disagree; empty in healthy books.

    Rows: which (`due`, where each instalment counts on its own day, or `party`), kind, currency, issue_month, key, n, documents, open_minor.
    """
    due = select(literal("due").label("which"), _DUE.kind, _DUE.currency, _DUE.issue_month, _text(_DUE.due_date).label("key"), _DUE.n, _DUE.documents)
    party = select(literal("party"), _PARTY.kind, _PARTY.currency, _PARTY.issue_month, _PARTY.party_key, _PARTY.n, _PARTY.n)
    parts: list[Select[Any]] = [
        due.add_columns(_DUE.open_minor).where(owned(AgeingByDue)),
        party.add_columns(_PARTY.open_minor).where(owned(AgeingByParty)),
    ]
    for kind in _DOCUMENTS:
        for which, found in (("due", _open_instalments(kind, *EVER)), ("party", _open_documents(kind, *EVER))):
            one = found.subquery().c
            month = cast(func.date_trunc("month", one.issue_date), Date)
            key, documents = (_text(one.due_date), case((one.is_next, -1), else_=0)) if which == "due" else (one.party_key, literal(-1))
            parts.append(select(literal(which), literal(kind), one.currency, month, key, literal(-1), documents, -one.open_minor))
    both = union_all(*parts).subquery("both").c
    sums = {name: func.sum(both[name]) for name in ("n", "documents", "open_minor")}
    return reader.read(
        select(both.which, both.kind, both.currency, both.issue_month, both.key, *(cast(one, BigInteger).label(name) for name, one in sums.items()))
        .group_by(both.which, both.kind, both.currency, both.issue_month, both.key)
        .having(or_(*(one != 0 for one in sums.values())))
    )[0]


def _open_instalments(kind: Kind, first: date, last: date, as_of: date | None = None, among: Select[Any] | None = None) -> Select[Any]:
    """The same with each open instalment for itself, one whole for a document without a plan.

    What is settled settles the earliest first, so what is open of each follows from what is open of the document. `is_next` marks the first that is open.
    """
    documents = _open_documents(kind, first, last, as_of, among).subquery("documents")
    one = documents.c
    settled = one.total_minor - one.open_minor
    plan = func.app.instalments(one.instalment_dues, one.instalment_minors, settled).table_valued("place", "due_date", "amount_minor", "open_minor", "is_next")
    each = plan.lateral("plan")
    kept = [column for column in one if column.name not in ("due_date", "open_minor", "instalment_dues", "instalment_minors")]
    return (
        select(
            *kept,
            cast(func.coalesce(each.c.due_date, one.due_date), Date).label("due_date"),
            cast(func.coalesce(each.c.open_minor, one.open_minor), BigInteger).label("open_minor"),
            cast(each.c.place, Integer).label("place"),
            cast(func.coalesce(each.c.amount_minor, one.total_minor), BigInteger).label("amount_minor"),
            one.open_minor.label("document_open_minor"),
            func.coalesce(each.c.is_next, true()).label("is_next"),
        )
        .select_from(documents.outerjoin(each, one.instalment_dues.is_not(None)))
        .where(func.coalesce(each.c.open_minor, 1) > 0)
    )


def _open_documents(kind: Kind, first: date, last: date, as_of: date | None = None, among: Select[Any] | None = None) -> Select[Any]:
    """Documents that are open now, or were on the evening of `as_of`: those still open, those paid since and those made void since.

    `among` are the ids of those that are looked at; with `as_of` they have to be those that `_changed_since` names.
    """
    if as_of is None:
        table = _DOCUMENTS[kind]
        return select(*_shown(kind, table), _open_of(table).label("open_minor")).where(
            owned(table), table.c.status.in_(_OPEN[kind]), table.c.issue_date.between(first, last), *([] if among is None else [table.c.id.in_(among)])
        )
    until = min(last, as_of)
    later = _settled_after(kind, as_of).subquery("later")
    still, since, undone = (_DOCUMENTS[kind].alias(name) for name in ("still", "since", "undone"))
    paid_since = select(*_shown(kind, since), cast(later.c.settled_minor, BigInteger).label("open_minor")).select_from(
        later.join(since, later.c.document_id == since.c.id)
    )
    both: CompoundSelect[Any] = union_all(
        _open_then(kind, still, later).where(
            owned(still), still.c.status.in_(_OPEN[kind]), still.c.issue_date.between(first, until), *([] if among is None else [still.c.id.in_(among)])
        ),
        paid_since.where(owned(since), since.c.status == "paid", since.c.issue_date.between(first, until)),
        _open_then(kind, undone, later).where(owned(undone), undone.c.status == "void", undone.c.voided_on > as_of, undone.c.issue_date.between(first, until)),
    )
    then = both.subquery("then")
    return select(then).where(then.c.open_minor > 0)


def _settled_after(kind: Kind, day: date) -> Select[Any]:
    """What was paid, credited or written off on each document after a day: document_id, settled_minor."""
    document_id = _ALLOCATIONS.invoice_id if kind == "receivable" else _ALLOCATIONS.bill_id
    parts: list[Select[Any]] = [
        select(document_id.label("document_id"), _ALLOCATIONS.amount_minor).where(owned(Allocation), _ALLOCATIONS.effective_on > day, document_id.is_not(None))
    ]
    if kind == "receivable":
        parts.append(select(_CREDITS.invoice_id, _CREDITS.total_minor).where(owned(CreditNote), _CREDITS.issue_date > day))
        parts.append(select(_WRITE_OFFS.invoice_id, _WRITE_OFFS.amount_minor).where(owned(WriteOff), _WRITE_OFFS.effective_on > day))
    else:
        parts.append(select(_OF_SUPPLIERS.bill_id, _OF_SUPPLIERS.total_minor).where(owned(SupplierCredit), _OF_SUPPLIERS.issue_date > day))
    settled = union_all(*parts).subquery("settled").c
    return select(settled.document_id, func.sum(settled.amount_minor).label("settled_minor")).group_by(settled.document_id)


def _open_then(kind: Kind, table: Any, later: Subquery) -> Select[Any]:
    """Documents with what is open now and what was settled later."""
    open_minor = _open_of(table) + cast(func.coalesce(later.c.settled_minor, 0), BigInteger)
    return select(*_shown(kind, table), open_minor.label("open_minor")).select_from(table.outerjoin(later, later.c.document_id == table.c.id))


def _open_of(table: Any) -> ColumnElement[int]:
    """What is neither paid nor credited of a document; as the roll-ups have it."""
    amount: ColumnElement[int] = table.c.total_minor - table.c.paid_minor - table.c.credited_minor
    return amount


def _shown(kind: Kind, table: Any) -> list[ColumnElement[Any]]:
    reference = table.c.number if kind == "receivable" else table.c.vendor_reference
    names = ("id", "status", "party_key", "party_name", "issue_date", "due_date", "currency", "total_minor", "instalment_dues", "instalment_minors")
    pay_on = table.c.pay_on if kind == "payable" else null()
    return [reference.label("reference"), cast(pay_on, Date).label("pay_on"), *(table.c[name] for name in names)]


Found = Callable[..., Select[Any]]
"""Open documents of a kind, or their instalments, by `kind, first, last, as_of, among`."""


def _as_it_stood(
    whole: Select[Any], month: ColumnElement[date], found: Found, kind: Kind, first: date, last: date, as_of: date | None, *names: str
) -> Subquery:
    """What a roll-up says of documents issued from `first` to `last`, and what is to be added or taken away for it to be as of the evening of a day.

    What has changed since is counted as it stands now, below zero, and as it stood then; the cost is that of those documents, and none as of today.
    """
    until = last if as_of is None else min(last, as_of)
    now = _with_broken_months(whole, month, found, kind, first, until, *names)
    if as_of is None:
        return now.subquery("found")
    changed = _changed_since(kind, as_of)
    parts = [now, _counted(found(kind, first, until, None, changed), names, sign=-1), _counted(found(kind, first, until, as_of, changed), names)]
    return union_all(*parts).subquery("found")


def _changed_since(kind: Kind, day: date) -> Select[Any]:
    """The ids of documents of which something was settled, taken back or made void after a day."""
    table = _DOCUMENTS[kind].alias("voided")
    voided = select(table.c.id).where(owned(table), table.c.status == "void", table.c.voided_on > day)
    changed = union_all(select(_settled_after(kind, day).subquery("settled").c.document_id), voided).subquery("changed")
    return select(changed.c.document_id)


def _with_broken_months(
    whole: Select[Any], month: ColumnElement[date], found: Found, kind: Kind, first: date, last: date, *names: str
) -> Select[Any] | CompoundSelect[Any]:
    """Whole months of a roll-up; of the at most two broken ones at the ends the shorter side from what is found of the documents, added or taken away."""
    parts: list[Select[Any]] = []
    begins, ends = first.replace(day=1), _next_month(last) - timedelta(days=1)
    days_kept, days_before, days_after = (last - first).days + 1, (first - begins).days, (ends - last).days
    if last < first or (_next_month(first) == _next_month(last) and days_kept <= days_before + days_after):
        return _counted(found(kind, first, last), names)
    if days_before * 2 > (_next_month(first) - begins).days:
        parts.append(_counted(found(kind, first, _next_month(first) - timedelta(days=1)), names))
        begins = _next_month(first)
    elif days_before:
        parts.append(_counted(found(kind, begins, first - timedelta(days=1)), names, sign=-1))
    if days_after * 2 > (ends - last.replace(day=1)).days + 1:
        parts.append(_counted(found(kind, last.replace(day=1), last), names))
        ends = last.replace(day=1) - timedelta(days=1)
    elif days_after:
        parts.append(_counted(found(kind, last + timedelta(days=1), ends), names, sign=-1))
    return union_all(whole.where(month >= begins, month <= ends), *parts)


def _counted(documents: Select[Any], names: tuple[str, ...], *, sign: int = 1) -> Select[Any]:
    found = documents.subquery()
    return select(*(found.c[name] for name in names), literal(sign).label("n"), (found.c.open_minor * sign).label("open_minor"))


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def age_on(due: ColumnElement[date], day: date) -> ColumnElement[int]:
    """How old what is due on a day is on another: 0 not past due, then 1 to 4 by every thirty days."""
    edges = [(due >= day, 0), *((due >= day - timedelta(days=past), age) for age, past in enumerate((30, 60, 90), start=1))]
    return cast(case(*edges, else_=AGES - 1), Integer)


def _sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.sum(amount), BigInteger)


def _text(day: ColumnElement[date]) -> ColumnElement[str]:
    return func.to_char(day, "YYYY-MM-DD")
