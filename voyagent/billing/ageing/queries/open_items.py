"""Queries of open amounts by age and by party, now or as of another day.

A party is a customer (of invoices) or a supplier (of bills). A `party_key` identifies a party of an
agency: its name in lower case, followed by its id if another party has this name.
Amounts are summed by currency, and also in the base currency.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    case,
    cast,
    func,
    select,
    true,
    union_all,
)

from voyagent.billing.core.models.counters import AgeingByDue, AgeingByParty, PartyOpenBalance
from voyagent.billing.core.queries.open_documents import (
    Kind,
    as_it_stood,
    is_open_outside,
    open_documents,
    open_instalments,
    within_months,
)
from voyagent.billing.core.queries.open_list import AGES, Basis, age_on, aged_from, oldest_day
from voyagent.billing.core.queries.roots import by_root, is_one_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement, inlined
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.party_lines import PartyRef, is_of
from voyagent.parties import queries as parties
from voyagent.settings.queries import chosen

OVERDUE = -1
_DUE = AgeingByDue.__table__.c
_PARTY = AgeingByParty.__table__.c
_TOTAL = PartyOpenBalance.__table__.c
_OF_PARTY = ("currency", "party_key", "party_name")


@cached_statement
def ageing_statement(
    kind: Kind,
    first: date,
    last: date,
    *,
    today: date,
    as_of: date | None = None,
    basis: Basis = "due_date",
) -> Select[Any]:
    """Select the open amounts of documents issued in a period, by currency and age.

    Rows: currency, age, n, open_minor, base_minor (the open amounts in the base currency; null if
    one of the documents has no base amount), not_due_minor (the part of open_minor that is not due
    yet). Each instalment has an age of its own and counts once in `n`.

    `age` is counted to `as_of`, or to `today` if `as_of` is None. Age 0 is not past due, 1 is 1 to
    30 days past due, 2 is 31 to 60, 3 is 61 to 90, and 4 is more. Documents issued and payments
    made after `as_of` are excluded.

    With the basis `document_date` the age is counted from the issue date, and `n` is the number of
    documents, not of instalments.
    """
    day = as_of or today
    if basis == "document_date":
        return _by_document_date(kind, first, last, day, as_of)

    def aged(
        kind: Kind,
        first: date,
        last: date,
        as_of: date | None = None,
        among: Select[Any] | None = None,
    ) -> Select[Any]:
        found = open_instalments(kind, first, last, as_of, among).subquery("aged")
        return select(
            found.c.currency,
            age_on(found.c.due_date, day).label("age"),
            found.c.open_minor,
            found.c.open_base_minor.label("base_minor"),
        )

    age = age_on(_DUE.due_date, day).label(
        "age"
    )  # summed by age before the union with the corrections: there are hundreds of due dates
    sums = (
        _sum(_DUE.n).label("n"),
        _sum(_DUE.open_minor).label("open_minor"),
        _known_sum(_DUE.open_base_minor).label("base_minor"),
    )
    of_kind = owned(AgeingByDue) & (_DUE.kind == inlined(kind)) & (_DUE.n > inlined(0))
    recent = (
        select(_DUE.currency, age, *sums)
        .where(of_kind, _DUE.due_date >= oldest_day(day))
        .group_by(_DUE.currency, age)
    )
    old = (
        select(_DUE.currency, inlined(AGES - 1), *sums)
        .where(of_kind, _DUE.due_date < oldest_day(day))
        .group_by(_DUE.currency)
    )
    month = cast(
        _DUE.issue_month + inlined(0), Date
    )  # an expression: for the column the planner scans the primary key and fetches each row
    names, amounts = ("currency", "age"), ("open_minor", "base_minor")
    until = min(last, as_of or last)
    now = within_months((recent, old), month, aged, kind, first, until, *names, amounts=amounts)
    found = as_it_stood(now, aged, kind, first, last, as_of, *names, amounts=amounts)
    n = func.sum(found.c.n)
    return (
        select(
            found.c.currency,
            found.c.age,
            cast(n, BigInteger).label("n"),
            _sum(found.c.open_minor).label("open_minor"),
            _known_sum(found.c.base_minor).label("base_minor"),
            _sum(case((found.c.age == inlined(0), found.c.open_minor), else_=inlined(0))).label(
                "not_due_minor"
            ),
        )
        .group_by(found.c.currency, found.c.age)
        .having(n > inlined(0))
        .order_by(found.c.currency, found.c.age)
    )


def _by_document_date(
    kind: Kind, first: date, last: date, day: date, as_of: date | None
) -> Select[Any]:
    found = open_instalments(kind, first, last, as_of).subquery("found").c
    age = age_on(found.issue_date, day).label("age")
    return (
        select(
            found.currency,
            age,
            func.count().filter(found.is_next).label("n"),
            _sum(found.open_minor).label("open_minor"),
            _known_sum(found.open_base_minor).label("base_minor"),
            _sum(case((found.due_date >= day, found.open_minor), else_=inlined(0))).label(
                "not_due_minor"
            ),
        )
        .group_by(found.currency, age)
        .order_by(found.currency, age)
    )


@cached_statement
def top_parties_statement(
    kind: Kind, first: date, last: date, *, as_of: date | None = None, limit: int = 5
) -> Select[Any]:
    """Select the parties with the largest open amounts in each currency.

    Rows: currency, party_key, party_name, n (number of open documents), open_minor, place (rank
    from 1). `limit` is the number of parties in each currency.
    """
    if as_of is not None:
        return _largest(open_by_party(kind, first, last, as_of), limit)
    outside = select(
        select(_is_open_outside(kind, first, last).label("is_open")).cte("outside").c.is_open
    ).scalar_subquery()
    some = _largest(by_root(_of_months(kind, first, last)), limit).order_by(None).subquery("some")
    both = union_all(
        _largest_of_all(kind, limit).where(~outside), select(some).where(outside)
    ).subquery("both")
    return select(both).order_by(both.c.currency, both.c.place)


def _largest(found: Subquery, limit: int) -> Select[Any]:
    total = func.sum(found.c.open_minor)
    parties = (
        select(
            found.c.currency,
            found.c.party_key,
            func.max(found.c.party_name).label("party_name"),
            cast(func.sum(found.c.n), BigInteger).label("n"),
            cast(total, BigInteger).label("open_minor"),
            func.row_number()
            .over(partition_by=found.c.currency, order_by=(total.desc(), found.c.party_key))
            .label("place"),
        )
        .group_by(found.c.currency, found.c.party_key)
        .having(func.sum(found.c.n) > inlined(0))
        .subquery("parties")
    )
    return (
        select(parties)
        .where(parties.c.place <= inlined(limit))
        .order_by(parties.c.currency, parties.c.place)
    )


def _largest_of_all(kind: Kind, limit: int) -> Select[Any]:
    """Select the parties with the largest open amounts, for documents of all dates.

    The largest parties are read from an index. Merged parties, whose sums have to be added first,
    are read in addition.
    """
    open_now = owned(PartyOpenBalance) & (_TOTAL.kind == inlined(kind)) & (_TOTAL.n > inlined(0))
    used = select(
        select(func.min(_TOTAL.currency)).where(open_now).scalar_subquery().label("currency")
    ).cte("used", recursive=True)
    following = (
        select(func.min(_TOTAL.currency))
        .where(open_now, _TOTAL.currency > used.c.currency)
        .scalar_subquery()
    )
    used = used.union_all(select(following).where(used.c.currency.is_not(None)))
    order = (_TOTAL.open_minor.desc(), _TOTAL.party_key)
    columns = (_TOTAL.currency, _TOTAL.party_key, _TOTAL.party_name, _TOTAL.n, _TOTAL.open_minor)
    merged = parties.merged_keys()
    groups = (
        select(merged.c.key, merged.c.root_key, merged.c.root_name)
        .union_all(select(merged.c.root_key, merged.c.root_key, merged.c.root_name).distinct())
        .cte("groups")
    )
    single = (
        select(*columns)
        .where(
            open_now,
            _TOTAL.currency == used.c.currency,
            _TOTAL.party_key.not_in(select(groups.c.key)),
        )
        .order_by(*order)
        .limit(inlined(limit))
        .lateral("single")
    )
    joined = (
        select(
            _TOTAL.currency,
            groups.c.root_key.label("party_key"),
            func.max(groups.c.root_name).label("party_name"),
            cast(func.sum(_TOTAL.n), BigInteger).label("n"),
            _sum(_TOTAL.open_minor).label("open_minor"),
        )
        .select_from(used.join(groups, true()).join(PartyOpenBalance.__table__, true()))
        .where(
            open_now,
            _TOTAL.currency == used.c.currency,
            _TOTAL.party_key == groups.c.key,
        )
        .group_by(_TOTAL.currency, groups.c.root_key)
    )
    found = union_all(select(*single.c).select_from(used.join(single, true())), joined)
    return _largest(found.subquery("found"), limit)


def parties_by_age(
    reader: Reader, kind: Kind, first: date, last: date, *, today: date, as_of: date | None = None
) -> list[Row]:
    """Return open amounts by party and age, read from the documents.

    Rows: currency, party_key, party_name, age (0 to 4), n (number of open instalments), open_minor,
    next_pay_on (the nearest payment date of the bills, or null), scheduled_minor (the open amount
    of bills with a payment date). A document without instalments counts as one instalment.
    """
    return reader.read(parties_by_age_statement(kind, first, last, today=today, as_of=as_of))[0]


def parties_by_age_statement(  # noqa: PLR0913 - each keyword is a filter or an option of the ageing
    kind: Kind,
    first: date,
    last: date,
    *,
    today: date,
    as_of: date | None = None,
    basis: Basis = "due_date",
    keys: Collection[str] | None = None,
    party: PartyRef | None = None,
) -> Select[Any]:
    """Return the SQL of `parties_by_age`, for these `keys` or this `party` only."""
    documents = open_instalments(kind, first, last, as_of).subquery("documents")
    some = select(documents)
    if keys is not None:
        some = some.where(is_one_of(documents.c.party_key, keys))
    if party is not None:
        some = some.where(is_of(documents.c.party_key, party))
    found = by_root(some.subquery("some"))
    age = age_on(aged_from(found, basis), as_of or today)
    return (
        select(
            found.c.currency,
            found.c.party_key,
            func.max(found.c.party_name).label("party_name"),
            age.label("age"),
            func.count().label("n"),
            _sum(found.c.open_minor).label("open_minor"),
            func.min(found.c.pay_on).label("next_pay_on"),
            _sum(case((found.c.pay_on.is_not(None), found.c.open_minor), else_=0)).label(
                "scheduled_minor"
            ),
        )
        .group_by(found.c.currency, found.c.party_key, age)
        .order_by(found.c.currency, found.c.party_key, age)
    )


def scheduled_statement(first: date, last: date, *, as_of: date | None = None) -> Select[Any]:
    """Return an SQL statement for the open amounts of bills by payment date.

    The nearest date is first. Rows: currency, pay_on (the payment date), n (number of bills),
    open_minor.
    """
    found = open_documents("payable", first, last, as_of).subquery("found").c
    return (
        select(
            found.currency,
            found.pay_on,
            cast(func.count(), BigInteger).label("n"),
            _sum(found.open_minor).label("open_minor"),
        )
        .where(
            found.pay_on.is_not(None), *([found.status == "scheduled"] if as_of is None else [])
        )  # of the documents open now, only scheduled bills have a payment date
        .group_by(found.currency, found.pay_on)
        .order_by(found.currency, found.pay_on)
    )


@cached_statement
def due_statement(kind: Kind, *, today: date, monday: date, weeks: int) -> Select[Any]:
    """Select open amounts by the week of the due date, from the roll-up table.

    Rows: currency, week, n, open_minor, open_base_minor (the open amounts in the base currency;
    null if one of the documents has no base amount), base_currency (null unless the base amounts
    are established). Week 0 begins on `monday` and contains `today`. For a due date before `today`,
    `week` is OVERDUE. For a due date in week number `weeks` or later, `week` is equal to `weeks`. A
    document counts once in `n`, in the week of its first open instalment.
    """
    ahead = cast(_DUE.due_date - monday, Integer) // 7
    week = cast(
        case(
            (_DUE.due_date < today, OVERDUE),
            (_DUE.due_date >= monday + timedelta(weeks=weeks), weeks),
            else_=ahead,
        ),
        Integer,
    )
    return (
        select(
            _DUE.currency,
            week.label("week"),
            cast(func.sum(_DUE.documents), BigInteger).label("n"),
            _sum(_DUE.open_minor).label("open_minor"),
            _known_sum(_DUE.open_base_minor).label("open_base_minor"),
            chosen("base_currency").label("base_currency"),
        )
        .where(owned(AgeingByDue), _DUE.kind == inlined(kind), _DUE.n > inlined(0))
        .group_by(_DUE.currency, "week")
        .order_by(_DUE.currency, "week")
    )


def open_by_party(kind: Kind, first: date, last: date, as_of: date | None) -> Subquery:
    """Return a subquery of open amounts by party and currency.

    A party can have several rows in one currency; the caller must sum these. Merged parties have
    the key and the name of their root.

    Rows: currency, party_key, party_name, n (number of documents), open_minor.
    """
    until = min(last, as_of or last)
    outside, some = _is_open_outside(kind, first, until), _of_months(kind, first, until)
    whole = select(
        _TOTAL.currency, _TOTAL.party_key, _TOTAL.party_name, _TOTAL.n, _TOTAL.open_minor
    )
    whole = whole.where(
        owned(PartyOpenBalance), _TOTAL.kind == inlined(kind), _TOTAL.n > inlined(0)
    )
    now = union_all(whole.where(~outside), select(some).where(outside))
    return by_root(as_it_stood(now, open_documents, kind, first, last, as_of, *_OF_PARTY))


def _of_months(kind: Kind, first: date, last: date) -> Subquery:
    months = select(
        _PARTY.currency, _PARTY.party_key, _PARTY.party_name, _PARTY.n, _PARTY.open_minor
    )
    months = months.where(_is_of_kind(kind))
    return within_months(
        (months,), _PARTY.issue_month, open_documents, kind, first, last, *_OF_PARTY
    ).subquery("some")


def _is_open_outside(kind: Kind, first: date, last: date) -> ColumnElement[bool]:
    return is_open_outside(kind, _PARTY.issue_month, _is_of_kind(kind), first, last)


def _is_of_kind(kind: Kind) -> ColumnElement[bool]:
    found: ColumnElement[bool] = (
        owned(AgeingByParty) & (_PARTY.kind == inlined(kind)) & (_PARTY.n > inlined(0))
    )
    return found


def _sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.sum(amount), BigInteger)


def _known_sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the sum of an amount, or null if one of the amounts is null."""
    return case((func.bool_and(amount.is_not(None)), _sum(amount)))


def _text(day: ColumnElement[date]) -> ColumnElement[str]:
    return func.to_char(day, "YYYY-MM-DD")
