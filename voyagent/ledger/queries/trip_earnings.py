"""Revenue and cost of trips, and the journal lines that these amounts consist of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    union_all,
)

from voyagent.kernel.database.roll_ups import RollUp
from voyagent.kernel.database.statement_cache import cached_statement, inlined
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, JournalEntry, Posting, TripEarning
from voyagent.ledger.queries.account_lines import LINE_ORDER, LineCursor, is_after
from voyagent.ledger.rules import COST_PURPOSE

_ACCOUNTS, _ENTRIES, _POSTINGS = Account.__table__.c, JournalEntry.__table__.c, Posting.__table__.c
_EARNED = TripEarning.__table__.c
_IS_REVENUE, _IS_COST = _ACCOUNTS.type == "revenue", _ACCOUNTS.purpose == COST_PURPOSE
_REVERSED = JournalEntry.__table__.alias("reversed")
_IS_REVERSED = (_REVERSED.c.tenant_id == _ENTRIES.tenant_id) & (
    _REVERSED.c.id == _ENTRIES.reverses_id
)
_AMOUNTS = ("revenue_minor", "cost_minor", "base_revenue_minor", "base_cost_minor")
Side = Literal["revenue", "cost", "margin"]
"""Kind of account whose journal lines are selected, and the sign of the amounts.

`revenue`: all revenue accounts, as credit less debit. `cost`: the account for the cost of services,
as debit less credit. `margin`: the accounts of both kinds, as credit less debit.
"""
Documents = Mapping[str, Select[Any]]
"""Mapping from the source type of journal entries to a query of trip documents.

Each query selects source_id, the id of a document, and thing_id, the id of its trip. No document is
selected twice.
"""


def trip_earnings_statement(first: date, last: date) -> Select[Any]:
    """Select revenue and cost of each trip by month, in a period.

    The amounts include reversals. Book dates are from `first` to `last`. Rows: thing_id (the trip's
    id), currency, month (its first day), revenue_minor (all revenue accounts, credit less debit),
    cost_minor (cost of services, debit less credit), and both in the base currency:
    base_revenue_minor, base_cost_minor.
    """
    month = cast(func.date_trunc("month", _EARNED.day), Date).label("month")
    return (
        select(_EARNED.trip_id.label("thing_id"), _EARNED.currency, month, *_totals(_EARNED))
        .where(owned(TripEarning), _EARNED.day.between(first, last))
        .group_by(_EARNED.trip_id, _EARNED.currency, month)
    )


@cached_statement
def total_earnings_statement(first: date, last: date) -> Select[Any]:
    """Select the total revenue and cost of all trips in a period.

    Rows: currency, revenue_minor, cost_minor, base_revenue_minor, base_cost_minor.
    """
    return (
        select(_EARNED.currency, *_totals(_EARNED))
        .where(owned(TripEarning), _EARNED.day.between(first, last))
        .group_by(_EARNED.currency)
    )


def earnings_of_trip_statement(trip_id: UUID) -> Select[Any]:
    """Select revenue and cost of one trip on all days, from its entries.

    Rows: currency, revenue_minor, cost_minor.
    """
    of_trip = select(_ENTRIES.id).where(owned(JournalEntry), _ENTRIES.trip_id == trip_id)
    sums = [
        cast(func.sum(amount), BigInteger).label(name)
        for name, amount in zip(_AMOUNTS, _of_line(), strict=True)
    ]
    lines = _earning(select(_POSTINGS.currency, *sums)).where(_POSTINGS.entry_id.in_(of_trip))
    return lines.group_by(_POSTINGS.currency)


def trip_entries_statement(first: date, last: date, trip_id: UUID | None = None) -> Select[Any]:
    """Select the journal entries of one trip, or of all trips, in a period.

    Rows: entry_id, source_type, source_id, thing_id (the trip's id). For a reversal, source_type
    and source_id identify the source of the reversed entry.
    """
    return _moved(first, last).where(
        _ENTRIES.trip_id.is_not(None) if trip_id is None else _ENTRIES.trip_id == trip_id
    )


def other_entries_statement(first: date, last: date) -> Select[Any]:
    """Select the journal entries of a period that belong to no trip.

    The rows have the columns of `trip_entries_statement`; thing_id is null.
    """
    return _moved(first, last).where(_ENTRIES.trip_id.is_(None))


def earning_lines_statement(
    entries: Select[Any], side: Side, currency: str, *, after: LineCursor | None, limit: int
) -> Select[Any]:
    """Select the revenue or cost lines of some entries in one currency, oldest first.

    `entries` selects entry_id, source_type, source_id. If `after` is given, only journal lines
    after that cursor are selected. Rows: entry_id, line_no, effective_date, code and name of the
    account, party_name, memo, narration, source_type, source_id, minor. minor is debit less credit
    if `side` is `cost`, otherwise credit less debit.
    """
    of = entries.subquery("of_entries")
    of_line = *LINE_ORDER, _ACCOUNTS.code, _ACCOUNTS.name, _POSTINGS.party_name, _POSTINGS.memo
    shown: list[Any] = [
        *of_line,
        _ENTRIES.narration,
        of.c.source_type,
        of.c.source_id,
        _minor(side).label("minor"),
    ]
    lines = _lines_in(of, side, currency).join(
        JournalEntry.__table__,
        (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id),
    )
    lines = lines.with_only_columns(*shown).where(owned(JournalEntry))
    if after is not None:
        lines = lines.where(_POSTINGS.effective_date >= after.day, is_after(after))
    return lines.order_by(*LINE_ORDER).limit(limit)


def earning_lines_total_statement(entries: Select[Any], side: Side, currency: str) -> Select[Any]:
    """Select number and sum of the lines that `earning_lines_statement` selects.

    Selects one row: n (the number) and minor (the sum, 0 if there are no lines).
    """
    minor = cast(func.coalesce(func.sum(_minor(side)), 0), BigInteger).label("minor")
    sums: list[Any] = [func.count().label("n"), minor]
    return _lines_in(entries.subquery("of_entries"), side, currency).with_only_columns(*sums)


def earnings(of: Documents) -> RollUp:
    """Return the earnings of trips by day as a roll-up.

    A journal entry belongs to the trip of the document that posted it. The queries in `of`
    (`Documents`) select this trip; the `trip_id` of the entry is not used.
    """
    entries = _entries(of)
    amounts = (one.label(name) for name, one in zip(_AMOUNTS, _of_line(), strict=True))
    lines = select(
        _POSTINGS.effective_date.label("day"),
        entries.c.thing_id.label("trip_id"),
        _POSTINGS.currency,
        *amounts,
    )
    joined = _earning(lines).join(entries, entries.c.entry_id == _POSTINGS.entry_id)
    return RollUp("trips", TripEarning, (joined,))


def unattributed_earnings_statement(of: Documents) -> Select[Any]:
    """Select the total revenue and cost of entries that no document of a trip posted.

    `of` has the queries of all documents of trips (`Documents`). A reversal belongs to the document
    of the entry that it reverses. Rows: currency, revenue_minor, cost_minor, base_revenue_minor,
    base_cost_minor.
    """
    entries = _entries(of)
    sums = [
        cast(func.sum(amount), BigInteger).label(name)
        for name, amount in zip(_AMOUNTS, _of_line(), strict=True)
    ]
    lines = _earning(select(_POSTINGS.currency, *sums)).where(
        ~exists().where(entries.c.entry_id == _POSTINGS.entry_id)
    )
    return lines.group_by(_POSTINGS.currency)


def _moved(first: date, last: date) -> Select[Any]:
    source = (
        func.coalesce(_REVERSED.c[name], _ENTRIES[name]).label(name)
        for name in ("source_type", "source_id")
    )
    found = select(_ENTRIES.id.label("entry_id"), *source, _ENTRIES.trip_id.label("thing_id"))
    return (
        found.select_from(JournalEntry.__table__)
        .outerjoin(_REVERSED, _IS_REVERSED)
        .where(owned(JournalEntry), _ENTRIES.entry_date.between(first, last))
    )


def _entries(of: Documents) -> CTE:
    """Select the journal entries of documents, with all entries that reverse them.

    The reversal of a reversal is included. Rows: entry_id, thing_id (the trip's id).
    """
    documents = [(found.subquery(f"of_{kind}"), kind) for kind, found in of.items()]
    own = [
        select(_ENTRIES.id.label("entry_id"), one.c.thing_id)
        .join_from(
            one,
            JournalEntry.__table__,
            and_(_ENTRIES.source_type == inlined(kind), _ENTRIES.source_id == one.c.source_id),
        )
        .where(owned(JournalEntry), _ENTRIES.reverses_id.is_(None))
        for one, kind in documents
    ]
    found = select(union_all(*own).subquery("own")).cte("of_trips", recursive=True)
    reversing = JournalEntry.__table__.alias("reversing")
    return found.union_all(
        select(reversing.c.id, found.c.thing_id)
        .join_from(found, reversing, reversing.c.reverses_id == found.c.entry_id)
        .where(owned(reversing))
    )


def _earning(lines: Select[Any]) -> Select[Any]:
    account = (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id)
    found = lines.select_from(Posting.__table__).join(Account.__table__, account)
    return found.where(owned(Posting), owned(Account), or_(_IS_REVENUE, _IS_COST))


def _of_line() -> list[ColumnElement[int]]:
    """Return the amounts of a line that `_AMOUNTS` names."""
    net = _POSTINGS.credit_minor - _POSTINGS.debit_minor
    base_net = func.coalesce(_POSTINGS.base_credit_minor - _POSTINGS.base_debit_minor, 0)
    return [
        case((condition, sign * amount), else_=0)
        for amount in (net, base_net)
        for condition, sign in ((_IS_REVENUE, 1), (_IS_COST, -1))
    ]


def _totals(rows: Any) -> list[ColumnElement[int]]:
    return [cast(func.sum(rows[name]), BigInteger).label(name) for name in _AMOUNTS]


def _lines_in(of: Any, side: Side, currency: str) -> Select[Any]:
    accounts = {"revenue": _IS_REVENUE, "cost": _IS_COST, "margin": or_(_IS_REVENUE, _IS_COST)}[
        side
    ]
    lines = select(_POSTINGS.line_no).join_from(
        of, Posting.__table__, _POSTINGS.entry_id == of.c.entry_id
    )
    lines = lines.join(
        Account.__table__,
        (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
    )
    return lines.where(owned(Posting), owned(Account), accounts, _POSTINGS.currency == currency)


def _minor(side: Side) -> ColumnElement[int]:
    net = _POSTINGS.credit_minor - _POSTINGS.debit_minor
    return -net if side == "cost" else net
