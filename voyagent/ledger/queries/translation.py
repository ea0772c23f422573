"""Queries of entries without base amounts, and of the base amounts of entries."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, func, select

from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, JournalEntry, MonthlyBalance, Posting

_ACCOUNTS = Account.__table__.c
_ENTRIES = JournalEntry.__table__.c
_MONTHS = MonthlyBalance.__table__.c
_POSTINGS = Posting.__table__.c


def next_entries_statement(most: int) -> Select[Any]:
    """Select the earliest entries that have a line without a base amount.

    Rows, by book date: entry_id. There are at most `most` rows.
    """
    return (
        select(_POSTINGS.entry_id)
        .where(owned(Posting), _POSTINGS.base_basis.is_(None))
        .group_by(_POSTINGS.effective_date, _POSTINGS.entry_id)
        .order_by(_POSTINGS.effective_date, _POSTINGS.entry_id)
        .limit(most)
    )


def lines_statement(entry_ids: Collection[UUID]) -> Select[Any]:
    """Select the lines of entries, by book date and line number.

    `entry_date`, `source_type` and `source_id` of a reversal are those of the entry that it
    reverses. Rows: entry_id, line_no, account_id, purpose (of the account), currency, debit_minor,
    credit_minor, base_debit_minor, base_credit_minor, base_basis, rate, is_rate_inverse, rate_on,
    rate_source, reverses_id, entry_date, source_type, source_id.
    """
    first = JournalEntry.__table__.alias("first")
    return (
        select(
            *(_POSTINGS[name] for name in ("entry_id", "line_no", "account_id", "currency")),
            *(_POSTINGS[name] for name in ("debit_minor", "credit_minor")),
            *(_POSTINGS[name] for name in ("base_debit_minor", "base_credit_minor", "base_basis")),
            *(_POSTINGS[name] for name in ("rate", "is_rate_inverse", "rate_on", "rate_source")),
            _ACCOUNTS.purpose,
            _ENTRIES.reverses_id,
            *(
                func.coalesce(first.c[name], _ENTRIES[name]).label(name)
                for name in ("entry_date", "source_type", "source_id")
            ),
        )
        .select_from(Posting.__table__)
        .join(
            JournalEntry.__table__,
            (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id),
        )
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .outerjoin(
            first, (first.c.tenant_id == _ENTRIES.tenant_id) & (first.c.id == _ENTRIES.reverses_id)
        )
        .where(owned(Posting), owned(JournalEntry), _POSTINGS.entry_id.in_(entry_ids))
        .order_by(_POSTINGS.effective_date, _POSTINGS.entry_id, _POSTINGS.line_no)
    )


def posted_bases_statement(entry_ids: Collection[UUID]) -> Select[Any]:
    """Select the base amounts of entries, by account and currency.

    Rows: entry_id, purpose (of the account), currency, debit_minor (the sum of the debits),
    base_minor (debit less credit), base_debit_minor (the sum of the debits), rate, is_rate_inverse,
    rate_on. The last three are null if nothing was converted at a rate.
    """
    return (
        select(
            _POSTINGS.entry_id,
            _ACCOUNTS.purpose,
            _POSTINGS.currency,
            *(
                cast(func.sum(one), BigInteger).label(name)
                for name, one in (
                    ("debit_minor", _POSTINGS.debit_minor),
                    ("base_minor", _POSTINGS.base_debit_minor - _POSTINGS.base_credit_minor),
                    ("base_debit_minor", _POSTINGS.base_debit_minor),
                )
            ),
            func.max(_POSTINGS.rate).label("rate"),
            func.bool_or(_POSTINGS.is_rate_inverse).label("is_rate_inverse"),
            func.max(_POSTINGS.rate_on).label("rate_on"),
        )
        .select_from(
            Posting.__table__.join(
                Account.__table__,
                (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id)
                & (_ACCOUNTS.id == _POSTINGS.account_id),
            )
        )
        .where(owned(Posting), owned(Account), _POSTINGS.entry_id.in_(entry_ids))
        .group_by(_POSTINGS.entry_id, _ACCOUNTS.purpose, _POSTINGS.currency)
    )


def rates_statement() -> Select[Any]:
    """Select the rates at which lines were converted to the base currency.

    Rows, earliest day first: currency, rate, is_rate_inverse, rate_on, rate_source, entries (their
    number).
    """
    rate = [
        _POSTINGS[name]
        for name in ("currency", "rate", "is_rate_inverse", "rate_on", "rate_source")
    ]
    return (
        select(*rate, func.count(_POSTINGS.entry_id.distinct()).label("entries"))
        .where(owned(Posting), _POSTINGS.base_basis == "rate")
        .group_by(*rate)
        .order_by(_POSTINGS.rate_on, _POSTINGS.currency, _POSTINGS.rate)
    )


def first_month_statement() -> Select[Any]:
    """Select the first month with postings, or null."""
    return select(func.min(_MONTHS.month).label("month")).where(owned(MonthlyBalance))
