"""Request and response schemas of journal entries."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    DateFilter,
    Filter,
    Id,
    Instant,
    PlainAmount,
    Query,
    Text,
    Trimmed,
    WireAmount,
    not_before,
)
from voyagent.kernel.money import Money, wire_amount
from voyagent.kernel.pages import Cursor
from voyagent.kernel.serializers import AnswerOf, Computed, CursorPageOf, Minor, OmitNone, Read
from voyagent.ledger.service.direct import LINES_MAX
from voyagent.ledger.service.entries import Line

PAGE_SIZE, LIMIT_MAX = 50, 200


class EntryLineIn(Closed):
    """A line of a journal entry: either a debit or a credit to one account."""

    account_id: Id
    currency: CurrencyCode
    debit_amount: PlainAmount | None = None
    credit_amount: PlainAmount | None = None
    narration: Annotated[str, Text(255)] | None = None

    def line(self) -> Line:
        """Return the journal line as the type that the service accepts.

        Raises:
            InvalidAmount: the amount has too many decimals or is too large.
            UnknownCurrency: the currency code is not known.
        """
        left, right = (
            None if amount is None else Money.parse(amount, self.currency)
            for amount in (self.debit_amount, self.credit_amount)
        )
        return Line(self.account_id, left, right, memo=self.narration)


def _one_side(line: EntryLineIn) -> EntryLineIn:
    if (line.debit_amount is None) == (line.credit_amount is None):
        raise PydanticCustomError("one_side", "A line has a debit or a credit, and not both")
    return line


EntryLines = Annotated[
    list[Annotated[EntryLineIn, AfterValidator(_one_side)]],
    Field(min_length=2, max_length=LINES_MAX),
]


class JournalEntryIn(Closed):
    """A manual journal entry.

    `entry_date` is the book date and defaults to today in the agency's time zone. Debits must equal
    credits in each currency.
    """

    narration: Annotated[str, Trimmed(500)]
    entry_date: BusinessDate | None = None
    lines: EntryLines


class ReversalIn(Closed):
    """Reason and book date of a reversal.

    The book date of the reversal defaults to today. If the reversed entry has a later book date
    than today, the default is this later date. The book date of the reversal must not be before the
    book date of the reversed entry.
    """

    reason: Annotated[str, Trimmed(500)]
    entry_date: BusinessDate | None = None


class JournalQuery(Query):
    """Period and cursor of the list of journal entries."""

    booked_from: DateFilter = Field(default=None, alias="from", description="First book date.")
    booked_to: Annotated[DateFilter, not_before("booked_from")] = Field(
        default=None, alias="to", description="Last book date."
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def place(self) -> Cursor | None:
        """Return the decoded cursor, or None for the first page.

        Raises:
            InvalidCursor: the text is not a valid cursor.
        """
        return None if self.cursor is None else Cursor.decode(self.cursor)


def _totals(row: Row) -> dict[str, str]:
    return {code: wire_amount(minor, code) for code, minor in sorted(row["totals"].items())}


class JournalEntryBrief(AnswerOf[Row]):
    """A journal entry in a list, without its lines.

    `source_type` and `source_id` identify the document or act that posted the entry. `totals` maps
    each currency to the total debit of the entry.
    """

    id: UUID
    entry_date: date
    narration: str
    source_type: str
    source_id: UUID
    purpose: str
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    created_by: str | None
    recorded_at: Instant
    totals: Annotated[dict[str, WireAmount], Computed(_totals)]


def _debit_minor(line: Row) -> int | None:
    return line["debit_minor"] or None


def _credit_minor(line: Row) -> int | None:
    return line["credit_minor"] or None


def _base_debit_minor(line: Row) -> int | None:
    return line["base_debit_minor"] if line["base_currency"] else None


def _base_credit_minor(line: Row) -> int | None:
    return line["base_credit_minor"] if line["base_currency"] else None


class JournalLineOut(AnswerOf[Row]):
    """A line of a journal entry: a debit or a credit to an account.

    One of `debit_amount` and `credit_amount` has the amount; the other is null. Both are null for a
    difference in the base currency, such as a line of a revaluation. `base_debit` and `base_credit`
    are the amount in the base currency, in which all lines can be added. The three members with
    `base` are absent unless the base amounts of the agency are established.
    """

    account_id: UUID
    code: str
    name: str
    currency: str
    debit_amount: Annotated[WireAmount | None, Minor(_debit_minor)]
    credit_amount: Annotated[WireAmount | None, Minor(_credit_minor)]
    party_id: UUID | None
    party_name: str | None
    narration: Annotated[str | None, Read("memo")]
    base_currency: Annotated[str | None, OmitNone()] = None
    base_debit: Annotated[
        WireAmount | None, Minor(_base_debit_minor, "base_currency"), OmitNone()
    ] = None
    base_credit: Annotated[
        WireAmount | None, Minor(_base_credit_minor, "base_currency"), OmitNone()
    ] = None


class JournalEntryOut(JournalEntryBrief):
    """A journal entry with its lines."""

    lines: list[JournalLineOut]


class JournalList(CursorPageOf[JournalEntryBrief]):
    """A page of journal entries, newest book date first.

    `next_cursor` is null on the last page.
    """


def with_lines(entry: Row, lines: list[Row]) -> Row:
    """Return an entry with its lines and its debit totals by currency."""
    totals: dict[str, int] = {}
    for line in lines:
        totals[line["currency"]] = totals.get(line["currency"], 0) + line["debit_minor"]
    return {**entry, "totals": totals, "lines": lines}
