"""What was earned and what it cost, of the entries of some documents and of all the others; from the lines, each side from its own end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Select, case, cast, exists, func, or_, select, union_all

from voyagent.kernel.reading import fixed
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, JournalEntry, Posting
from voyagent.ledger.months import COST

_ACCOUNTS, _ENTRIES, _POSTINGS = Account.__table__.c, JournalEntry.__table__.c, Posting.__table__.c
_IS_REVENUE, _IS_COST = _ACCOUNTS.type == "revenue", _ACCOUNTS.purpose == COST
Documents = Mapping[str, Select[Any]]
"""Documents of things by the source that their entries name: selects of source_id, and thing_id, what the document is of. Each stands there once."""


def earned_statement(of: Documents, first: date, last: date) -> Select[Any]:
    """What the documents of things have posted with book dates from `first` to `last`: their own entries, and those that reverse one of these.

    Rows: thing_id, currency, month (its first day, by book date), revenue_minor (all revenue, credit less debit), cost_minor (what the sold services were
    bought for, debit less credit).
    """
    entries = union_all(*(entries for source in of.items() for entries in _entries(*source, first, last))).subquery("entries")
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
    reversed_entry = JournalEntry.__table__.alias("reversed")
    source_type, source_id = (func.coalesce(reversed_entry.c[name], _ENTRIES[name]) for name in ("source_type", "source_id"))
    documents = {kind: found.subquery(f"of_{kind}") for kind, found in of.items()}
    is_of_one = [exists().where(source_type == fixed(kind), found.c.source_id == source_id) for kind, found in documents.items()]
    return (
        select(_POSTINGS.currency, *_sums())
        .select_from(Posting.__table__)
        .join(Account.__table__, (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id))
        .join(JournalEntry.__table__, (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id))
        .outerjoin(reversed_entry, (reversed_entry.c.tenant_id == _ENTRIES.tenant_id) & (reversed_entry.c.id == _ENTRIES.reverses_id))
        .where(owned(Posting), owned(Account), owned(JournalEntry), or_(_IS_REVENUE, _IS_COST), _POSTINGS.effective_date.between(first, last))
        .where(*(~one for one in is_of_one))
        .group_by(_POSTINGS.currency)
    )


def _entries(kind: str, documents: Select[Any], first: date, last: date) -> tuple[Select[Any], Select[Any]]:
    """The entries of documents of one kind in some days, and those that reverse an entry of theirs: thing_id, entry_id."""
    of, own, reversing = documents.subquery(f"of_{kind}"), JournalEntry.__table__.alias("own"), JournalEntry.__table__.alias("reversing")
    is_theirs = [owned(own), own.c.source_type == fixed(kind), own.c.reverses_id.is_(None)]
    posted = select(of.c.thing_id, own.c.id.label("entry_id")).join_from(own, of, of.c.source_id == own.c.source_id).where(*is_theirs)
    taken_back = posted.with_only_columns(of.c.thing_id, reversing.c.id).join(reversing, reversing.c.reverses_id == own.c.id)
    return posted.where(own.c.entry_date.between(first, last)), taken_back.where(owned(reversing), reversing.c.entry_date.between(first, last))


def _sums() -> list[ColumnElement[int]]:
    net = _POSTINGS.credit_minor - _POSTINGS.debit_minor
    sums = {"revenue_minor": case((_IS_REVENUE, net), else_=0), "cost_minor": case((_IS_COST, -net), else_=0)}
    return [cast(func.sum(value), BigInteger).label(name) for name, value in sums.items()]
