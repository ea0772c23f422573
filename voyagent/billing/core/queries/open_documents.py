"""Queries of documents that are open now or on a day, and of their roll-ups.

Amounts of different currencies are never added.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Numeric,
    Select,
    Subquery,
    cast,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN_BILL, OPEN_INVOICE
from voyagent.billing.core.models.payments import Allocation
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.kernel.database.statement_cache import inlined
from voyagent.kernel.tenancy import owned

Kind = Literal["receivable", "payable"]
EVER = (date(1900, 1, 1), date(2200, 12, 31))
_ALLOCATIONS = Allocation.__table__.c
SETTLES = func.coalesce(_ALLOCATIONS.settled_minor, _ALLOCATIONS.amount_minor)
"""SQL expression for the amount that an allocation settles, in the document's currency."""
_CREDITS = CreditNote.__table__.c
_OF_SUPPLIERS = SupplierCredit.__table__.c
_WRITE_OFFS = WriteOff.__table__.c
DOCUMENTS: dict[Kind, Any] = {"receivable": Invoice.__table__, "payable": Bill.__table__}
_OPEN = {"receivable": OPEN_INVOICE, "payable": OPEN_BILL}
_OF_INSTALMENT = ("due_date", "open_minor", "open_base_minor")
Found = Callable[..., Select[Any]]
"""A function that returns a select of open documents or instalments.

The function has the parameters kind, first, last, as_of and among, as in `open_documents`.
"""


def open_instalments(
    kind: Kind, first: date, last: date, as_of: date | None = None, among: Select[Any] | None = None
) -> Select[Any]:
    """Select the open instalments of documents issued from `first` to `last`.

    `as_of` and `among` are as in `open_documents`. A document without instalments is one row.
    Payments and credits settle the earliest instalment first. `is_next` is true in the row of the
    first open instalment of each document. `open_base_minor` is the share of the instalment in the
    open base amount of its document; the shares add up to that amount.
    """
    documents = open_documents(kind, first, last, as_of, among).subquery("documents")
    one = documents.c
    settled = one.total_minor - one.open_minor
    plan = func.app.instalments(one.instalment_dues, one.instalment_minors, settled).table_valued(
        "place", "due_date", "amount_minor", "open_minor", "is_next"
    )
    # OFFSET keeps the subquery separate, so that it is not evaluated for the many documents
    # without instalments; with the condition in the join it would be.
    each = (
        select(plan, func.sum(plan.c.open_minor).over(order_by=plan.c.place).label("until_minor"))
        .where(one.instalment_dues.is_not(None))
        .offset(literal_column("0"))
        .lateral("plan")
    )
    listed = [
        column
        for column in one
        if column.name not in (*_OF_INSTALMENT, "instalment_dues", "instalment_minors")
    ]
    until = each.c.until_minor
    base_minor = _share(one, until) - _share(one, until - each.c.open_minor)
    return (
        select(
            *listed,
            cast(func.coalesce(each.c.due_date, one.due_date), Date).label("due_date"),
            cast(func.coalesce(each.c.open_minor, one.open_minor), BigInteger).label("open_minor"),
            cast(func.coalesce(base_minor, one.open_base_minor), BigInteger).label(
                "open_base_minor"
            ),
            cast(each.c.place, Integer).label("place"),
            cast(func.coalesce(each.c.amount_minor, one.total_minor), BigInteger).label(
                "amount_minor"
            ),
            one.open_minor.label("document_open_minor"),
            func.coalesce(each.c.is_next, true()).label("is_next"),
        )
        .select_from(documents.outerjoin(each, true()))
        .where(func.coalesce(each.c.open_minor, inlined(1)) > inlined(0))
    )


def _share(document: Any, minor: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the base amount of an open part of a document, rounded half up."""
    whole: ColumnElement[Any] = cast(document.open_base_minor, Numeric)
    return func.round(whole * minor / func.nullif(document.open_minor, 0))


def open_documents(
    kind: Kind, first: date, last: date, as_of: date | None = None, among: Select[Any] | None = None
) -> Select[Any]:
    """Select the open documents that were issued from `first` to `last`.

    If `as_of` is None, the documents must be open now; otherwise they must have been open at the
    end of `as_of`. `among` selects the ids of documents to which the result is restricted.
    Documents that were settled or voided after `as_of` are in the result even if `among` does not
    select them. `open_base_minor` is the open part of the base amount that the document carries, or
    null if it carries none.
    """
    if as_of is None:
        table = DOCUMENTS[kind]
        return select(
            *_shown(kind, table),
            _open_of(table).label("open_minor"),
            _open_base_of(table).label("open_base_minor"),
        ).where(
            owned(table),
            table.c.status.in_(list(map(inlined, _OPEN[kind]))),
            table.c.issue_date.between(first, last),
            *([] if among is None else [table.c.id.in_(among)]),
        )
    until = min(last, as_of)
    later = _settled_after(kind, as_of).subquery("later")
    still, since, undone = (DOCUMENTS[kind].alias(name) for name in ("still", "since", "undone"))
    paid_since = select(
        *_shown(kind, since),
        cast(later.c.settled_minor, BigInteger).label("open_minor"),
        cast(later.c.base_minor, BigInteger).label("open_base_minor"),
    ).select_from(later.join(since, later.c.document_id == since.c.id))
    both: CompoundSelect[Any] = union_all(
        _open_then(kind, still, later).where(
            owned(still),
            still.c.status.in_(list(map(inlined, _OPEN[kind]))),
            still.c.issue_date.between(first, until),
            *([] if among is None else [still.c.id.in_(among)]),
        ),
        paid_since.where(
            owned(since),
            since.c.status == inlined("paid"),
            since.c.issue_date.between(first, until),
        ),
        _open_then(kind, undone, later).where(
            owned(undone),
            undone.c.status == inlined("void"),
            undone.c.voided_on > as_of,
            undone.c.issue_date.between(first, until),
        ),
    )
    then = both.subquery("then")
    return select(then).where(then.c.open_minor > inlined(0))


def _settled_after(kind: Kind, day: date) -> Select[Any]:
    document_id = _ALLOCATIONS.invoice_id if kind == "receivable" else _ALLOCATIONS.bill_id
    parts: list[Select[Any]] = [
        select(
            document_id.label("document_id"),
            SETTLES.label("amount_minor"),
            _ALLOCATIONS.document_base_minor.label("base_minor"),
        ).where(owned(Allocation), _ALLOCATIONS.effective_on > day, document_id.is_not(None))
    ]
    if kind == "receivable":
        parts.append(
            select(
                _CREDITS.invoice_id,
                _CREDITS.total_minor - _CREDITS.excess_minor,
                _CREDITS.base_minor,
            ).where(owned(CreditNote), _CREDITS.issue_date > day)
        )
        parts.append(
            select(
                _CREDITS.invoice_id,
                _CREDITS.excess_minor - _CREDITS.total_minor,
                -_CREDITS.base_minor,
            ).where(owned(CreditNote), _CREDITS.reversed_on > day)
        )
        parts.append(
            select(_WRITE_OFFS.invoice_id, _WRITE_OFFS.amount_minor, _WRITE_OFFS.base_minor).where(
                owned(WriteOff), _WRITE_OFFS.effective_on > day
            )
        )
    else:
        parts.append(
            select(
                _OF_SUPPLIERS.bill_id,
                _OF_SUPPLIERS.total_minor - _OF_SUPPLIERS.excess_minor,
                _OF_SUPPLIERS.base_minor,
            ).where(owned(SupplierCredit), _OF_SUPPLIERS.issue_date > day)
        )
        parts.append(
            select(
                _OF_SUPPLIERS.bill_id,
                _OF_SUPPLIERS.excess_minor - _OF_SUPPLIERS.total_minor,
                -_OF_SUPPLIERS.base_minor,
            ).where(owned(SupplierCredit), _OF_SUPPLIERS.reversed_on > day)
        )
    settled = union_all(*parts).subquery("settled").c
    return select(
        settled.document_id,
        func.sum(settled.amount_minor).label("settled_minor"),
        func.sum(settled.base_minor).label("base_minor"),
    ).group_by(settled.document_id)


def _open_then(kind: Kind, table: Any, later: Subquery) -> Select[Any]:
    settled, base = (
        cast(func.coalesce(minor, 0), BigInteger)
        for minor in (later.c.settled_minor, later.c.base_minor)
    )
    return select(
        *_shown(kind, table),
        (_open_of(table) + settled).label("open_minor"),
        (_open_base_of(table) + base).label("open_base_minor"),
    ).select_from(table.outerjoin(later, later.c.document_id == table.c.id))


def _open_of(table: Any) -> ColumnElement[int]:
    """Return the SQL expression for the open amount of a document.

    The roll-up tables use the same expression.
    """
    amount: ColumnElement[int] = table.c.total_minor - table.c.paid_minor - table.c.credited_minor
    return amount


def _open_base_of(table: Any) -> ColumnElement[int]:
    amount: ColumnElement[int] = table.c.base_minor - table.c.base_settled_minor
    return amount


def _shown(kind: Kind, table: Any) -> list[ColumnElement[Any]]:
    reference = table.c.number if kind == "receivable" else table.c.vendor_reference
    names = (
        "id",
        "status",
        "party_key",
        "party_name",
        "issue_date",
        "due_date",
        "currency",
        "total_minor",
        "instalment_dues",
        "instalment_minors",
    )
    pay_on = table.c.pay_on if kind == "payable" else null()
    return [
        reference.label("reference"),
        cast(pay_on, Date).label("pay_on"),
        *(table.c[name] for name in names),
    ]


def as_it_stood(
    now: Select[Any] | CompoundSelect[Any],
    found: Found,
    kind: Kind,
    first: date,
    last: date,
    as_of: date | None,
    *names: str,
    amounts: Sequence[str] = ("open_minor",),
) -> Subquery:
    """Return rows whose sums are the open amounts at the end of `as_of`.

    Only documents issued from `first` to `last` count. The caller groups the rows by the columns
    `names` and sums the columns n (the number of documents or instalments) and `amounts`.

    `now` selects the present rows, for example from a roll-up; if `as_of` is None, they are the
    result. Otherwise rows are added for each document that changed after `as_of`: rows with its
    present figures, negative, and rows with its figures at the end of `as_of`. `found` is
    `open_documents`, `open_instalments` or a function with the same parameters; it selects the
    figures of these documents.
    """
    if as_of is None:
        return now.subquery("found")
    until, changed = min(last, as_of), _changed_since(kind, as_of)
    parts = [
        now,
        _counted(found(kind, first, until, None, changed), names, amounts, sign=-1),
        _counted(found(kind, first, until, as_of, changed), names, amounts),
    ]
    return union_all(*parts).subquery("found")


def _changed_since(kind: Kind, day: date) -> Select[Any]:
    table = DOCUMENTS[kind].alias("voided")
    voided = select(table.c.id).where(
        owned(table), table.c.status == inlined("void"), table.c.voided_on > day
    )
    changed = union_all(
        select(_settled_after(kind, day).subquery("settled").c.document_id), voided
    ).subquery("changed")
    return select(changed.c.document_id)


def within_months(
    whole: Sequence[Select[Any]],
    month: ColumnElement[date],
    found: Found,
    kind: Kind,
    first: date,
    last: date,
    *names: str,
    amounts: Sequence[str] = ("open_minor",),
) -> Select[Any] | CompoundSelect[Any]:
    """Return rows whose sums are the open amounts of documents issued in a period.

    The period, from `first` to `last`, may begin and end within a month. Whole months are read from
    a roll-up: `whole` are selects of the roll-up, and `month` is its column with the month of
    issue. For a part of a month, rows of single documents are added or subtracted. For example,
    a period from 3 March is all of March less the documents of 1 and 2 March. `found` selects these
    documents, as in `as_it_stood`. The caller groups the rows by the columns `names`, and sums the
    columns n and `amounts`.
    """
    count = partial(_counted, names=names, amounts=amounts)
    parts: list[Select[Any]] = []
    begins, ends = first.replace(day=1), _next_month(last) - timedelta(days=1)
    days_kept, days_before, days_after = (
        (last - first).days + 1,
        (first - begins).days,
        (ends - last).days,
    )
    if last < first or (
        _next_month(first) == _next_month(last) and days_kept <= days_before + days_after
    ):
        return count(found(kind, first, last))
    # If only a part of a month is in the period, the shorter part is read from the documents.
    if days_before * 2 > (_next_month(first) - begins).days:
        parts.append(count(found(kind, first, _next_month(first) - timedelta(days=1))))
        begins = _next_month(first)
    elif days_before:
        parts.append(count(found(kind, begins, first - timedelta(days=1)), sign=-1))
    if days_after * 2 > (ends - last.replace(day=1)).days + 1:
        parts.append(count(found(kind, last.replace(day=1), last)))
        ends = last.replace(day=1) - timedelta(days=1)
    elif days_after:
        parts.append(count(found(kind, last + timedelta(days=1), ends), sign=-1))
    return union_all(*(one.where(month >= begins, month <= ends) for one in whole), *parts)


def _counted(
    documents: Select[Any], names: Sequence[str], amounts: Sequence[str], *, sign: int = 1
) -> Select[Any]:
    """Return documents as rows that can be summed with the rows of a roll-up.

    Columns: `names`, n (equal to `sign`), and the columns `amounts` multiplied by `sign`.
    """
    found = documents.subquery().c
    return select(
        *(found[name] for name in names),
        inlined(sign).label("n"),
        *((found[amount] * inlined(sign)).label(amount) for amount in amounts),
    )


def is_open_outside(
    kind: Kind, month: ColumnElement[date], rolled_up: ColumnElement[bool], first: date, last: date
) -> ColumnElement[bool]:
    """Return an SQL condition: true if any open document was issued outside a period.

    The period is from `first` to `last`. `month` is the month column of a roll-up table, and
    `rolled_up` is the condition for the rows of that table that have an open amount.
    """
    begins, ends = first.replace(day=1), _next_month(last) - timedelta(days=1)
    # The first and the last month are each found by one index lookup. For a condition that any
    # month is outside the period, the planner would scan the whole roll-up.
    months = ((func.min(month), operator.lt, begins), (func.max(month), operator.gt, ends))
    parts: list[ColumnElement[bool]] = [
        func.coalesce(beyond(select(edge).where(rolled_up).scalar_subquery(), day), false())
        for edge, beyond, day in months
    ]
    parts += [
        select(inlined(1)).select_from(open_documents(kind, *days).subquery()).exists()
        for days in ((begins, first - timedelta(days=1)), (last + timedelta(days=1), ends))
        if days[0] <= days[1]
    ]
    return or_(*parts)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
