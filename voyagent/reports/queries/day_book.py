"""Day book: journal entries with their lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.queries.day_book import day_book_statement
from voyagent.ledger.queries.trial_balance import base_currency_of, trial_balance_statement
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.trial_balance import Sides

PAGE_ENTRIES = 50
_ENTRIES_AT_A_TIME = 500


class EntryLine(NamedTuple):
    """A line of a journal entry: a debit or a credit to an account.

    The members with `base` are the amount in the base currency, or None if it is not known;
    `base_currency` is None unless the base amounts are established. The members with `rate` are the
    exchange rate of that amount, or None if it has none. If `is_rate_inverse`, one unit of the base
    currency costs `rate` of the line's currency.
    """

    line_no: int
    code: str
    name: str
    type: str
    account_purpose: str | None
    currency: str
    debit_minor: int
    credit_minor: int
    party_name: str | None
    memo: str | None
    base_debit_minor: int | None
    base_credit_minor: int | None
    base_basis: str | None
    rate: Decimal | None
    is_rate_inverse: bool | None
    rate_on: date | None
    rate_source: str | None
    base_currency: str | None

    @property
    def is_difference(self) -> bool:
        """Return True if the line has no amount, only one in the base currency."""
        return self.base_basis == "difference"

    @property
    def debit(self) -> Money:
        """Return the amount of the debit, zero for a credit."""
        return Money(self.debit_minor, self.currency)

    @property
    def credit(self) -> Money:
        """Return the amount of the credit, zero for a debit."""
        return Money(self.credit_minor, self.currency)

    @property
    def base_sides(self) -> Sides | None:
        """Return debit and credit in base; None if base amounts are not established."""
        if self.base_currency is None:
            return None
        sides = (self.base_debit_minor, self.base_credit_minor)
        debit, credit = (Money(minor or 0, self.base_currency) for minor in sides)
        return debit, credit


class BookedEntry(NamedTuple):
    """A posted journal entry with all its lines."""

    id: UUID
    day: date
    narration: str
    source_type: str
    source_id: UUID
    purpose: str
    reverses_id: UUID | None
    lines: tuple[EntryLine, ...]


_line = itemgetter(*EntryLine._fields)


@dataclass(frozen=True, slots=True)
class DayBook:
    """A page of journal entries, and the totals of all pages by currency.

    `base_currency` is None unless the base amounts are established. `base` has the totals of all
    currencies in this currency, or is None if nothing is in another one.
    """

    days: Days
    entries: tuple[BookedEntry, ...]
    totals: tuple[Sides, ...]
    base_currency: str | None
    base: Sides | None
    is_first_page: bool
    next_cursor: str | None


def read_day_book(
    reader: Reader, days: Days, *, after: LineCursor | None = None, limit: int = PAGE_ENTRIES
) -> DayBook:
    """Return a page of the day book, in one database round trip.

    Raises InvalidCursor.
    """
    if after is not None and not days.first <= after.day <= days.last:
        raise InvalidCursor
    opened, closed, rows = reader.read(
        trial_balance_statement(days.day_before),
        trial_balance_statement(days.last),
        day_book_statement(days.first, days.last, after=after, limit=limit + 1),
    )
    entries = _entries(rows)
    shown = entries[:limit]
    marked = _behind(shown[-1]) if len(entries) > limit else None
    books = base_currency_of(closed)
    return DayBook(
        days,
        tuple(shown),
        tuple(_totals(opened, closed)),
        books,
        _in_base(opened, closed, books) if books else None,
        is_first_page=after is None,
        next_cursor=marked.encode() if marked else None,
    )


def every_entry(reader: Reader, days: Days) -> Iterator[BookedEntry]:
    """Yield all journal entries of a period, oldest first.

    `reader` must read all batches from one database snapshot.
    """
    after = None
    while entries := _entries(
        reader.read(
            day_book_statement(days.first, days.last, after=after, limit=_ENTRIES_AT_A_TIME)
        )[0]
    ):
        yield from entries
        after = _behind(entries[-1])


def _behind(entry: BookedEntry) -> LineCursor:
    return LineCursor(entry.day, entry.id, entry.lines[-1].line_no)


def _entries(rows: list[Row]) -> list[BookedEntry]:
    return [_entry(list(lines)) for _, lines in groupby(rows, key=lambda row: row["id"].int)]


def _entry(rows: list[Row]) -> BookedEntry:
    first = rows[0]
    return BookedEntry(
        id=first["id"],
        day=first["entry_date"],
        narration=first["narration"],
        source_type=first["source_type"],
        source_id=first["source_id"],
        purpose=first["purpose"],
        reverses_id=first["reverses_id"],
        lines=tuple([EntryLine._make(_line(row)) for row in rows]),
    )


def _in_base(opened: list[Row], closed: list[Row], books: str) -> Sides | None:
    """Return the totals in base, or None if nothing was posted in another currency."""
    sums: dict[str, list[int]] = {}
    for sign, rows in ((1, closed), (-1, opened)):
        for row in rows:
            found = sums.setdefault(row["currency"], [0, 0])
            for place, side in enumerate(("base_debit_minor", "base_credit_minor")):
                found[place] += sign * int(row[side])
    if not any(any(found) for currency, found in sums.items() if currency != books):
        return None
    debit, credit = (Money(sum(side), books) for side in zip(*sums.values(), strict=True))
    return debit, credit


def _totals(opened: list[Row], closed: list[Row]) -> list[Sides]:
    found = []
    for currency in sorted({row["currency"] for row in closed}):
        debit, credit = (
            Money(_sum(closed, currency, side) - _sum(opened, currency, side), currency)
            for side in ("debit_minor", "credit_minor")
        )
        if debit or credit:
            found.append((debit, credit))
    return found


def _sum(rows: list[Row], currency: str, side: str) -> int:
    return sum(int(row[side]) for row in rows if row["currency"] == currency)
