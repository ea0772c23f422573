"""Journal entries by their source, such as those that one document posts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, and_, cast, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by

from voyagent.kernel.database.statement_cache import inlined
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import owned, owned_by_key
from voyagent.ledger.models import Account, JournalEntry, Posting
from voyagent.rates.queries import base_currency

_ACCOUNTS = Account.__table__.c
_ENTRIES = JournalEntry.__table__.c
_POSTINGS = Posting.__table__.c


def find_entries(source_type: str, source_id: UUID, begins: str) -> list[tuple[UUID, date]]:
    """Return id and book date of a source's journal entries, ordered by book date.

    Only entries whose purpose starts with `begins` are returned.
    """
    statement = select(JournalEntry.id, JournalEntry.entry_date).where(
        JournalEntry.source_type == source_type,
        JournalEntry.source_id == source_id,
        JournalEntry.purpose.startswith(begins, autoescape=True),
    )
    return [
        (row.id, row.entry_date)
        for row in db.session.execute(statement.order_by(JournalEntry.entry_date, JournalEntry.id))
    ]


def further_lines_statement(source_type: str, source_id: UUID, begins: str) -> Select[Any]:
    """Select the lines of the entries that `find_entries` returns, by book date.

    Rows: entry_id, entry_date, reversed_by_id (null if the entry is not reversed), line_no,
    account_id, code, name, currency, debit_minor, credit_minor, base_debit_minor,
    base_credit_minor and books (the currency of the base amounts).
    """
    reversing = JournalEntry.__table__.alias("reversing")
    return (
        select(
            _ENTRIES.id.label("entry_id"),
            _ENTRIES.entry_date,
            select(reversing.c.id)
            .where(owned_by_key(reversing), reversing.c.reverses_id == _ENTRIES.id)
            .scalar_subquery()
            .label("reversed_by_id"),
            _POSTINGS.line_no,
            _POSTINGS.account_id,
            _ACCOUNTS.code,
            _ACCOUNTS.name,
            _POSTINGS.currency,
            *(_POSTINGS[f"{side}_minor"] for side in ("debit", "credit")),
            *(_POSTINGS[f"base_{side}_minor"] for side in ("debit", "credit")),
            base_currency().label("books"),
        )
        .select_from(JournalEntry.__table__)
        .join(
            Posting.__table__,
            (_POSTINGS.tenant_id == _ENTRIES.tenant_id) & (_POSTINGS.entry_id == _ENTRIES.id),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .where(
            owned_by_key(JournalEntry),
            _ENTRIES.source_type == source_type,
            _ENTRIES.source_id == source_id,
            _ENTRIES.purpose.startswith(begins, autoescape=True),
        )
        .order_by(_ENTRIES.entry_date, _ENTRIES.id, _POSTINGS.line_no)
    )


def on_account_statement(purpose: str, entry_ids: Select[Any]) -> Select[Any]:
    """Select the lines that given journal entries have on one account.

    `purpose` identifies the account, and `entry_ids` selects the ids of the entries. Rows:
    entry_id, currency, minor (debit less credit).
    """
    return (
        select(
            _POSTINGS.entry_id,
            _POSTINGS.currency,
            (_POSTINGS.debit_minor - _POSTINGS.credit_minor).label("minor"),
        )
        .select_from(
            Posting.__table__.join(
                Account.__table__,
                (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id)
                & (_ACCOUNTS.id == _POSTINGS.account_id),
            )
        )
        .where(
            owned(Posting),
            owned(Account),
            _ACCOUNTS.purpose == purpose,
            _POSTINGS.entry_id.in_(entry_ids),
        )
    )


def posted_by_statement(
    account_ids: Collection[UUID], source_types: Collection[str]
) -> Select[Any]:
    """Select the sums that sources of some types have posted to accounts.

    A reversal counts for the source of the entry that the reversal takes back. Rows: account_id,
    minor (debit less credit).
    """
    first = JournalEntry.__table__.alias("first")
    return (
        select(
            _POSTINGS.account_id,
            cast(func.sum(_POSTINGS.debit_minor - _POSTINGS.credit_minor), BigInteger).label(
                "minor"
            ),
        )
        .select_from(Posting.__table__)
        .join(
            JournalEntry.__table__,
            (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id),
        )
        .outerjoin(
            first, (first.c.tenant_id == _ENTRIES.tenant_id) & (first.c.id == _ENTRIES.reverses_id)
        )
        .where(
            owned(Posting),
            owned(JournalEntry),
            _POSTINGS.account_id.in_(account_ids),
            func.coalesce(first.c.source_type, _ENTRIES.source_type).in_(source_types),
        )
        .group_by(_POSTINGS.account_id)
    )


def base_by_day_statement(of_sources: Mapping[str, Collection[UUID]]) -> Select[Any]:
    """Select the base amounts of the entries of some sources, and of their reversals.

    `of_sources` has the ids of sources by their type. Rows: purpose (of the account),
    effective_date, base_minor (debit less credit); a line without a base amount counts as zero.
    """
    first, reversing = (JournalEntry.__table__.alias(name) for name in ("first", "reversing"))
    own = select(first.c.id).where(
        owned(first),
        or_(
            *(
                and_(first.c.source_type == source_type, first.c.source_id.in_(ids))
                for source_type, ids in of_sources.items()
            )
        ),
    )
    reversals = select(reversing.c.id).where(owned(reversing), reversing.c.reverses_id.in_(own))
    base_minor = func.sum(_POSTINGS.base_debit_minor - _POSTINGS.base_credit_minor)
    return (
        select(
            _ACCOUNTS.purpose,
            _POSTINGS.effective_date,
            cast(func.coalesce(base_minor, 0), BigInteger).label("base_minor"),
        )
        .join_from(
            Posting.__table__,
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .where(
            owned(Posting),
            owned(Account),
            _ACCOUNTS.purpose.is_not(None),
            or_(_POSTINGS.entry_id.in_(own), _POSTINGS.entry_id.in_(reversals)),
        )
        .group_by(_ACCOUNTS.purpose, _POSTINGS.effective_date)
    )


def unsettled_statement(purpose: str, source_types: Collection[str]) -> Select[Any]:
    """Select the sources whose postings to an account do not sum to zero.

    `purpose` identifies the account. A reversal counts for the source of the entry that the
    reversal takes back. Rows: source_type, source_id, currency, difference_minor (debit less
    credit).
    """
    first = JournalEntry.__table__.alias("first")
    source_type, source_id = (
        func.coalesce(first.c[name], _ENTRIES[name]) for name in ("source_type", "source_id")
    )
    difference = func.sum(_POSTINGS.debit_minor - _POSTINGS.credit_minor)
    return (
        select(
            source_type.label("source_type"),
            source_id.label("source_id"),
            _POSTINGS.currency,
            cast(difference, BigInteger).label("difference_minor"),
        )
        .select_from(Posting.__table__)
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .join(
            JournalEntry.__table__,
            (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id),
        )
        .outerjoin(
            first, (first.c.tenant_id == _ENTRIES.tenant_id) & (first.c.id == _ENTRIES.reverses_id)
        )
        .where(
            owned(Posting),
            owned(Account),
            owned(JournalEntry),
            _ACCOUNTS.purpose == purpose,
            source_type.in_(source_types),
        )
        .group_by(source_type, source_id, _POSTINGS.currency)
        .having(difference != 0)
        .order_by(source_type, source_id, _POSTINGS.currency)
    )


def left_by_case_statement(
    account_id: UUID, days: tuple[date, date], of: Mapping[str, Select[Any]], *, limit: int
) -> Select[Any]:
    """Select the sources of cases that do not come to zero on an account.

    A case is what is settled together, such as the documents of a trip. `of` has selects of
    documents by type of source, with source_id, case_id and trip_id; another source is a case by
    itself. A reversal counts for the source of the entry that it takes back. Only postings between
    the two `days` count, both included.

    Rows: case_id, trip_id, currency, left_minor (of the case), source_type, source_id, minor (of
    the source), day, entry_id and narration (of the source's first entry). Amounts are debit less
    credit. The case with the earliest entry comes first.
    """
    first = JournalEntry.__table__.alias("first")
    source_type, source_id = (
        func.coalesce(first.c[name], _ENTRIES[name]) for name in ("source_type", "source_id")
    )
    known = union_all(
        *(
            select(inlined(kind).label("source_type"), *found.subquery(f"of_{kind}").c)
            for kind, found in of.items()
        )
    ).subquery("known")
    order = _ENTRIES.entry_date, _ENTRIES.id
    sums = (
        select(
            func.coalesce(known.c.case_id, source_id).label("case_id"),
            known.c.trip_id,
            _POSTINGS.currency,
            source_type.label("source_type"),
            source_id.label("source_id"),
            cast(func.sum(_POSTINGS.debit_minor - _POSTINGS.credit_minor), BigInteger).label(
                "minor"
            ),
            func.min(_ENTRIES.entry_date).label("day"),
            func.array_agg(aggregate_order_by(_ENTRIES.id, *order))[1].label("entry_id"),
            func.array_agg(aggregate_order_by(_ENTRIES.narration, *order))[1].label("narration"),
        )
        .select_from(Posting.__table__)
        .join(
            JournalEntry.__table__,
            (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id),
        )
        .outerjoin(
            first, (first.c.tenant_id == _ENTRIES.tenant_id) & (first.c.id == _ENTRIES.reverses_id)
        )
        .outerjoin(known, (known.c.source_type == source_type) & (known.c.source_id == source_id))
        .where(
            owned(Posting),
            owned(JournalEntry),
            _POSTINGS.account_id == account_id,
            _POSTINGS.effective_date.between(*days),
        )
        .group_by(known.c.case_id, known.c.trip_id, source_type, source_id, _POSTINGS.currency)
        .subquery("sums")
        .c
    )
    of_case = [sums.case_id, sums.currency]
    cases = select(
        *sums,
        cast(func.sum(sums.minor).over(partition_by=of_case), BigInteger).label("left_minor"),
        func.min(sums.day).over(partition_by=of_case).label("began"),
    ).subquery("cases")
    return (
        select(*(column for column in cases.c if column.name != "began"))
        .where(cases.c.left_minor != 0, cases.c.minor != 0)
        .order_by(cases.c.began, *(cases.c[one] for one in ("case_id", "currency", "day")))
        .order_by(cases.c.source_id)
        .limit(limit)
    )
