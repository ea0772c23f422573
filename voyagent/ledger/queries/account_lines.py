"""Postings of one account, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    cast,
    func,
    literal,
    not_,
    select,
    tuple_,
    union_all,
)

from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.ids import parse_id
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import JournalEntry, Posting
from voyagent.ledger.queries.balances import SUMS, balances_statement

_ENTRIES = JournalEntry.__table__.c
_POSTINGS = Posting.__table__.c
LINE_ORDER = (_POSTINGS.effective_date, _POSTINGS.entry_id, _POSTINGS.line_no)
"""Sort order of postings: book date, entry id, line number."""
LINE_NO_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class LineCursor:
    """Cursor of a list of postings; the next page starts after the posting it names.

    Such a list is in LINE_ORDER: by book date, entry id and line number.
    """

    day: date
    entry_id: UUID
    line_no: int

    def encode(self) -> str:
        """Return the cursor as text, such as `2026-03-31.<entry id>.2`."""
        return f"{self.day:%Y-%m-%d}.{self.entry_id}.{self.line_no}"

    @classmethod
    def decode(cls, token: str) -> LineCursor:
        """Parse a text that `encode` returned.

        Raises:
            InvalidCursor: the text does not have that format.
        """
        day, _, rest = token.partition(".")
        entry, _, line = rest.partition(".")
        entry_id = parse_id(entry)
        try:
            found = cls(date.fromisoformat(day), entry_id, int(line)) if entry_id else None
        except ValueError:
            found = None
        if found is None or found.encode() != token or not 0 < found.line_no <= LINE_NO_MAX:
            raise InvalidCursor
        return found


@cached_statement
def account_lines_statement(
    account_id: UUID, first: date, last: date, *, after: LineCursor | None, limit: int
) -> Select[Any]:
    """Select the postings of an account in a period, oldest first.

    Book dates are from `first` to `last`. If `after` is given, only postings after that cursor in
    LINE_ORDER are selected. Rows: entry_id, line_no, effective_date, currency, debit_minor,
    credit_minor, base_debit_minor, base_credit_minor, party_name and memo of the posting;
    narration, source_type and source_id of its journal entry.
    """
    statement = (
        select(
            _POSTINGS.entry_id,
            _POSTINGS.line_no,
            _POSTINGS.effective_date,
            _POSTINGS.currency,
            _POSTINGS.debit_minor,
            _POSTINGS.credit_minor,
            _POSTINGS.base_debit_minor,
            _POSTINGS.base_credit_minor,
            _POSTINGS.party_name,
            _POSTINGS.memo,
            _ENTRIES.narration,
            _ENTRIES.source_type,
            _ENTRIES.source_id,
        )
        .join(
            JournalEntry.__table__,
            (_ENTRIES.tenant_id == _POSTINGS.tenant_id) & (_ENTRIES.id == _POSTINGS.entry_id),
        )
        .where(
            owned(Posting),
            owned(JournalEntry),
            _POSTINGS.account_id == account_id,
            _POSTINGS.effective_date.between(first, last),
        )
    )
    if after is not None:
        statement = statement.where(_POSTINGS.effective_date >= after.day, is_after(after))
    return statement.order_by(
        _POSTINGS.effective_date, _POSTINGS.entry_id, _POSTINGS.line_no
    ).limit(limit)


@cached_statement
def balances_at_statement(account_id: UUID, cursor: LineCursor) -> Select[Any]:
    """Select the balances of an account up to and including the posting at a cursor.

    Rows: currency, debit_minor, credit_minor, base_debit_minor, base_credit_minor. A line without a
    base amount counts as zero in the base sums.
    """
    before = balances_statement(cursor.day - timedelta(days=1), [account_id]).subquery("before")
    same_day = select(
        _POSTINGS.currency, *(func.coalesce(_POSTINGS[name], 0).label(name) for name in SUMS)
    ).where(
        owned(Posting),
        _POSTINGS.account_id == account_id,
        _POSTINGS.effective_date == cursor.day,
        not_(is_after(cursor)),
    )
    both = (
        union_all(select(before.c.currency, *(before.c[name] for name in SUMS)), same_day)
        .subquery("both")
        .c
    )
    sums = (cast(func.sum(both[name]), BigInteger).label(name) for name in SUMS)
    return select(both.currency, *sums).group_by(both.currency).order_by(both.currency)


def is_after(cursor: LineCursor) -> ColumnElement[bool]:
    """Return the SQL condition that a posting comes after the cursor in LINE_ORDER."""
    position = tuple_(
        *(
            literal(value, column.type)
            for value, column in zip(
                (cursor.day, cursor.entry_id, cursor.line_no), LINE_ORDER, strict=True
            )
        )
    )
    return tuple_(*LINE_ORDER) > position
