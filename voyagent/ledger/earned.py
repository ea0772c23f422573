"""What was earned and what it cost in some days: by the entries of some documents, and by all the others; each is read from the lines by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from sqlalchemy import CTE, BigInteger, ColumnElement, Date, Select, case, cast, exists, func, or_, select, union_all

from voyagent.kernel.reading import fixed
from voyagent.kernel.tenancy import owned
from voyagent.ledger.lines import PLACE, Place, is_behind
from voyagent.ledger.models import Account, JournalEntry, Posting
from voyagent.ledger.months import COST

_ACCOUNTS, _ENTRIES, _POSTINGS = Account.__table__.c, JournalEntry.__table__.c, Posting.__table__.c
_IS_REVENUE, _IS_COST = _ACCOUNTS.type == "revenue", _ACCOUNTS.purpose == COST
_REVERSED = JournalEntry.__table__.alias("reversed")
_IS_REVERSED = (_REVERSED.c.tenant_id == _ENTRIES.tenant_id) & (_REVERSED.c.id == _ENTRIES.reverses_id)
_SOURCE_TYPE, _SOURCE_ID = (func.coalesce(_REVERSED.c[name], _ENTRIES[name]) for name in ("source_type", "source_id"))
"""The source of an entry, or of the one that it reverses."""
Side = Literal["revenue", "cost", "margin"]
"""Which lines: revenue (credit less debit), what the sold services were bought for (debit less credit), or both, where revenue less cost is left."""
Documents = Mapping[str, Select[Any]]
"""Documents of things by the source that their entries name: selects of source_id, and thing_id, what the document is of. Each stands there once."""


def earned_statement(of: Documents, first: date, last: date) -> Select[Any]:
    """What the documents of things have posted with book dates from `first` to `last`: their own entries, and those that reverse one of these.

    Rows: thing_id, currency, month (its first day, by book date), revenue_minor (all revenue, credit less debit), cost_minor (what the sold services were
    bought for, debit less credit).
    """
    moved = _moved(first, last)
    theirs = [(found.subquery(f"of_{kind}"), moved.c.source_type == fixed(kind)) for kind, found in of.items()]
    found = [select(one.c.thing_id, moved.c.entry_id).join_from(moved, one, one.c.source_id == moved.c.source_id).where(is_theirs) for one, is_theirs in theirs]
    entries = union_all(*found).subquery("entries")
    month = cast(func.date_trunc("month", _POSTINGS.effective_date), Date).label("month")
    return (
        select(entries.c.thing_id, _POSTINGS.currency, month, *_sums())
        .select_from(entries)
        .join(Posting.__table__, _POSTINGS.entry_id == entries.c.entry_id)
        .join(Account.__table__, (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id))
        .where(owned(Posting), owned(Account), or_(_IS_REVENUE, _IS_COST))
        .group_by(entries.c.thing_id, _POSTINGS.currency, month)
    )


def earned_beside_statement(of: Documents, first: date, last: date) -> Select[Any]:
    """The same of every line with a book date from `first` to `last` behind whose entry, or the one that it reverses, no such document stands.

    Rows: currency, revenue_minor, cost_minor.
    """
    documents = {kind: found.subquery(f"of_{kind}") for kind, found in of.items()}
    is_of_one = [exists().where(fixed(kind) == _SOURCE_TYPE, found.c.source_id == _SOURCE_ID) for kind, found in documents.items()]
    return (
        select(_POSTINGS.currency, *_sums())
        .select_from(Posting.__table__)
        .join(Account.__table__, (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id))
        .join(JournalEntry.__table__, (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id))
        .outerjoin(_REVERSED, _IS_REVERSED)
        .where(owned(Posting), owned(Account), owned(JournalEntry), or_(_IS_REVENUE, _IS_COST), _POSTINGS.effective_date.between(first, last))
        .where(*(~one for one in is_of_one))
        .group_by(_POSTINGS.currency)
    )


def _moved(first: date, last: date) -> CTE:
    """The entries of some days, each with its source, or with that of the entry that it reverses. Read once, so that what follows is as much as they are."""
    source = (_SOURCE_TYPE.label("source_type"), _SOURCE_ID.label("source_id"))
    found = select(_ENTRIES.id.label("entry_id"), *source).select_from(JournalEntry.__table__).outerjoin(_REVERSED, _IS_REVERSED)
    return found.where(owned(JournalEntry), _ENTRIES.entry_date.between(first, last)).cte("moved").prefix_with("materialized")


def _sums() -> list[ColumnElement[int]]:
    net = _POSTINGS.credit_minor - _POSTINGS.debit_minor
    sums = {"revenue_minor": case((_IS_REVENUE, net), else_=0), "cost_minor": case((_IS_COST, -net), else_=0)}
    return [cast(func.sum(value), BigInteger).label(name) for name, value in sums.items()]


def entries_of(of: Documents, first: date, last: date) -> Select[Any]:
    """The entries of documents with book dates from `first` to `last`, found by the documents: their own, and those that reverse one of these.

    Rows: entry_id, source_type and source_id (of the document), thing_id.
    """
    found: list[Select[Any]] = []
    for kind, documents in of.items():
        one = documents.subquery(f"of_{kind}")
        for entries, reading in ((_ENTRIES, _own()), (_REVERSED.c, _reversing())):
            is_its = (entries.source_type == fixed(kind)) & (entries.source_id == one.c.source_id)
            columns = _ENTRIES.id.label("entry_id"), entries.source_type, entries.source_id, one.c.thing_id
            found.append(reading.with_only_columns(*columns).join(one, is_its).where(owned(JournalEntry), _ENTRIES.entry_date.between(first, last)))
    return select(union_all(*found).subquery("entries"))


def entries_beside(of: Documents, first: date, last: date) -> Select[Any]:
    """The entries of some days behind which, or behind what they reverse, no such document stands: entry_id, source_type, source_id."""
    documents = {kind: found.subquery(f"of_{kind}") for kind, found in of.items()}
    moved = _moved(first, last)
    is_of_one = [exists().where(moved.c.source_type == fixed(kind), found.c.source_id == moved.c.source_id) for kind, found in documents.items()]
    return select(moved).where(*(~one for one in is_of_one))


def earned_lines_statement(entries: Select[Any], side: Side, currency: str, *, after: Place | None, limit: int) -> Select[Any]:
    """The lines of one side and currency in some entries (entry_id, source_type, source_id), the oldest first, those behind a place.

    Rows: entry_id, line_no, effective_date, code and name of the account, party_name, memo, narration, source_type, source_id, minor (as the side has it).
    """
    of = entries.subquery("of_entries")
    of_line = *PLACE, _ACCOUNTS.code, _ACCOUNTS.name, _POSTINGS.party_name, _POSTINGS.memo
    shown: list[Any] = [*of_line, _ENTRIES.narration, of.c.source_type, of.c.source_id, _minor(side).label("minor")]
    lines = _lines_in(of, side, currency).join(JournalEntry.__table__, (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id))
    lines = lines.with_only_columns(*shown).where(owned(JournalEntry))
    if after is not None:
        lines = lines.where(_POSTINGS.effective_date >= after.day, is_behind(after))
    return lines.order_by(*PLACE).limit(limit)


def earned_sum_statement(entries: Select[Any], side: Side, currency: str) -> Select[Any]:
    """What these lines come to: one row with n, and minor (0 where there is none)."""
    minor = cast(func.coalesce(func.sum(_minor(side)), 0), BigInteger).label("minor")
    sums: list[Any] = [func.count().label("n"), minor]
    return _lines_in(entries.subquery("of_entries"), side, currency).with_only_columns(*sums)


def _own() -> Select[Any]:
    return select(_ENTRIES.id).where(_ENTRIES.reverses_id.is_(None))


def _reversing() -> Select[Any]:
    return select(_ENTRIES.id).join_from(JournalEntry.__table__, _REVERSED, _IS_REVERSED)


def _lines_in(of: Any, side: Side, currency: str) -> Select[Any]:
    """Lines of some entries, to be given their columns."""
    accounts = {"revenue": _IS_REVENUE, "cost": _IS_COST, "margin": or_(_IS_REVENUE, _IS_COST)}[side]
    lines = select(_POSTINGS.line_no).join_from(of, Posting.__table__, _POSTINGS.entry_id == of.c.entry_id)
    lines = lines.join(Account.__table__, (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id))
    return lines.where(owned(Posting), owned(Account), accounts, _POSTINGS.currency == currency)


def _minor(side: Side) -> ColumnElement[int]:
    net = _POSTINGS.credit_minor - _POSTINGS.debit_minor
    return -net if side == "cost" else net
