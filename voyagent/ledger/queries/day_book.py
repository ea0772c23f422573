"""Day book: journal entries with their lines, ordered by book date."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Select, Text, case, cast, func, literal, select, tuple_

from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, JournalEntry, Posting
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.settings.queries import chosen

_ACCOUNTS = Account.__table__.c
_ENTRIES = JournalEntry.__table__.c
_POSTINGS = Posting.__table__.c
_ACCOUNT = (
    _ACCOUNTS.code,
    _ACCOUNTS.name,
    _ACCOUNTS.type,
    _ACCOUNTS.purpose.label("account_purpose"),
)
_ORDER = (_ENTRIES.entry_date, _ENTRIES.id)
_BASE = (
    "base_debit_minor",
    "base_credit_minor",
    "base_basis",
    "rate",
    "is_rate_inverse",
    "rate_on",
    "rate_source",
)
_SHOWN = ("id", "entry_date", "narration", "source_type", "source_id", "purpose", "reverses_id")


@cached_statement
def day_book_statement(
    first: date, last: date, *, after: LineCursor | None, limit: int
) -> Select[Any]:
    """Select the journal entries of a period with their lines, oldest first.

    Book dates are from `first` to `last`. If `after` is given, only entries after that cursor are
    selected. `limit` counts entries, not rows.

    There is one row for each journal line. Its columns:
      - of the entry: id, entry_date, narration, source_type, source_id, purpose, reverses_id
      - of the journal line: line_no, currency, debit_minor, credit_minor, party_name, memo, and of
        its amount in the base currency: base_debit_minor, base_credit_minor, base_basis, rate,
        is_rate_inverse, rate_on, rate_source, and base_currency, which is null unless the base
        amounts are established
      - of the account: code, name, type, account_purpose
    """
    entries = select(*(_ENTRIES[name] for name in _SHOWN)).where(
        owned(JournalEntry), _ENTRIES.entry_date.between(first, last)
    )
    if after is not None:
        position = tuple_(
            literal(after.day, _ENTRIES.entry_date.type), literal(after.entry_id, _ENTRIES.id.type)
        )
        entries = entries.where(_ENTRIES.entry_date >= after.day, tuple_(*_ORDER) > position)
    page = entries.order_by(*_ORDER).limit(limit).subquery("page")
    return (
        select(
            page,
            _POSTINGS.line_no,
            *_ACCOUNT,
            _POSTINGS.currency,
            _POSTINGS.debit_minor,
            _POSTINGS.credit_minor,
            _POSTINGS.party_name,
            _POSTINGS.memo,
            *(_POSTINGS[name] for name in _BASE),
            chosen("base_currency").label("base_currency"),
        )
        .select_from(page)
        .join(Posting.__table__, _POSTINGS.entry_id == page.c.id)
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .where(owned(Posting), owned(Account))
        .order_by(page.c.entry_date, page.c.id, _POSTINGS.line_no)
    )


def posted_accounts_statement(
    first: date, last: date, currency: str | None, control: Collection[str]
) -> Select[Any]:
    """Select the accounts that have postings in one currency, or in any if it is None.

    `control` are purposes of accounts. An account with one of these purposes has one row for each
    party. Any other account has one row, in which party_name is null. Rows: code, name, type,
    account_purpose, party_name, is_used (true if a posting has a book date from `first` to `last`).
    Rows are ordered by their first journal entry, so that later entries never change the order.
    """
    party = case((_ACCOUNTS.purpose.in_(control), _POSTINGS.party_name))
    in_currency = () if currency is None else (_POSTINGS.currency == currency,)
    return (
        select(
            *_ACCOUNT,
            party.label("party_name"),
            func.bool_or(_POSTINGS.effective_date.between(first, last)).label("is_used"),
        )
        .select_from(Posting.__table__)
        .join(
            Account.__table__,
            (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id),
        )
        .where(owned(Posting), owned(Account), *in_currency)
        .group_by(*_ACCOUNT, party)
        .order_by(func.min(cast(_POSTINGS.entry_id, Text)), _ACCOUNTS.code, party)
    )
