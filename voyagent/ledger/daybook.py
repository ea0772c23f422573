"""Reading whole entries with their lines in the order of their book dates, from any place."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, literal, select, tuple_

from voyagent.kernel.tenancy import owned
from voyagent.ledger.lines import Place
from voyagent.ledger.models import Account, JournalEntry, Posting

_ACCOUNTS = Account.__table__.c
_ENTRIES = JournalEntry.__table__.c
_POSTINGS = Posting.__table__.c
_ORDER = (_ENTRIES.entry_date, _ENTRIES.id)
_SHOWN = ("id", "entry_date", "narration", "source_type", "source_id", "purpose", "reverses_id")


def daybook_statement(first: date, last: date, *, after: Place | None, limit: int) -> Select[Any]:
    """Entries with book dates from `first` to `last`, the oldest first, those behind the entry of a place; a row for each line, with its account.

    Rows: id, entry_date, narration, source_type, source_id, purpose, reverses_id of the entry; line_no, code, name, currency, debit_minor, credit_minor,
    party_name, memo of the line. `limit` counts entries.
    """
    entries = select(*(_ENTRIES[name] for name in _SHOWN)).where(owned(JournalEntry), _ENTRIES.entry_date.between(first, last))
    if after is not None:
        mark = tuple_(literal(after.day, _ENTRIES.entry_date.type), literal(after.entry_id, _ENTRIES.id.type))
        entries = entries.where(_ENTRIES.entry_date >= after.day, tuple_(*_ORDER) > mark)
    page = entries.order_by(*_ORDER).limit(limit).subquery("page")
    return (
        select(
            page,
            _POSTINGS.line_no,
            _ACCOUNTS.code,
            _ACCOUNTS.name,
            _POSTINGS.currency,
            _POSTINGS.debit_minor,
            _POSTINGS.credit_minor,
            _POSTINGS.party_name,
            _POSTINGS.memo,
        )
        .select_from(page)
        .join(Posting.__table__, _POSTINGS.entry_id == page.c.id)
        .join(Account.__table__, (_ACCOUNTS.tenant_id == _POSTINGS.tenant_id) & (_ACCOUNTS.id == _POSTINGS.account_id))
        .where(owned(Posting), owned(Account))
        .order_by(page.c.entry_date, page.c.id, _POSTINGS.line_no)
    )
