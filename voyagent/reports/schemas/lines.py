"""Schemas of general ledger, day book and party statement."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Filter,
    Query,
    Text,
)
from voyagent.kernel.money import Money
from voyagent.kernel.serializers import AnswerOf, Computed, Minor, MoneyText, Read
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.schemas.chart import AccountType
from voyagent.reports.queries.day_book import PAGE_ENTRIES, BookedEntry, DayBook, EntryLine
from voyagent.reports.queries.general_ledger import (
    PAGE_LINES,
    CarriedLine,
    CurrencyMovement,
    GeneralLedger,
    LedgerLine,
)
from voyagent.reports.queries.party_statement import (
    PAGE_ENTRIES as PARTY_PAGE,
    Moved,
    PartyBalances,
    PartyKind,
    PartyStatement,
)
from voyagent.reports.schemas.books import PageOfReport, PeriodResponse

LIMIT_MAX = 200


class DayBookQuery(Query):
    """Book dates from and to, both required.

    Pages have `limit` entries and are continued by `cursor`.
    """

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_ENTRIES
    cursor: Annotated[str | None, Filter(64)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def place(self) -> LineCursor | None:
        """Return the decoded cursor, or None for the first page. Raises InvalidCursor."""
        return LineCursor.decode(self.cursor) if self.cursor else None


class GeneralLedgerQuery(DayBookQuery):
    """Account code or id, and book dates.

    Pages have `limit` postings and are continued by `cursor`.
    """

    account: Annotated[str, Text(36, min_length=1)]
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_LINES


class PartyStatementQuery(DayBookQuery):
    """Name of a customer or supplier in any case, and book dates.

    Pages are continued by `cursor`.
    """

    kind: PartyKind
    party: Annotated[str, Text(255, min_length=1)]
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PARTY_PAGE


class DayBookLine(AnswerOf[EntryLine]):
    """A line of a journal entry."""

    line_no: int
    account_code: Annotated[str, Read("code")]
    account_name: Annotated[str, Read("name")]
    party_name: str | None
    memo: str | None
    currency: str
    debit: Annotated[str, Minor("debit_minor")]
    credit: Annotated[str, Minor("credit_minor")]


class DayBookEntry(AnswerOf[BookedEntry]):
    """A journal entry with its lines.

    `source_type` and `source_id` identify the document that posted the entry; `reverses_id` is the
    entry that this one reverses.
    """

    id: UUID
    entry_date: Annotated[date, Read("day")]
    narration: str
    source_type: str
    source_id: UUID
    purpose: str
    reverses_id: UUID | None
    lines: list[DayBookLine]


class SidesResponse(AnswerOf[Row]):
    """Debit and credit in one currency."""

    currency: Annotated[str, Read("debit.currency")]
    debit: MoneyText
    credit: MoneyText


def _totals(source: PageOfReport[DayBook]) -> list[Row]:
    return [{"debit": debit, "credit": credit} for debit, credit in source.report.totals]


class DayBookResponse(AnswerOf[PageOfReport[DayBook]]):
    """Journal entries by book date, oldest first; the last page has no `next_cursor`.

    `totals` cover all entries of the period and are equal on every page.
    """

    tenant_id: UUID
    period: Annotated[PeriodResponse, Read("report.days")]
    entries: Annotated[list[DayBookEntry], Read("report.entries")]
    totals: Annotated[list[SidesResponse], Computed(_totals)]
    limit: int
    next_cursor: Annotated[str | None, Read("report.next_cursor")]


class LedgerAccount(AnswerOf[Row]):
    """An account of the chart."""

    id: UUID
    code: str
    name: str
    type: AccountType


def _carried(movement: CurrencyMovement) -> Money:
    return movement.closing - movement.opening - movement.debit + movement.credit


class LedgerMovement(AnswerOf[CurrencyMovement]):
    """An account in one currency over the period.

    Opening and closing balance are debit less credit for accounts of every type. A revenue or
    expense account opens with its postings in the financial year. `debit` and `credit` are the
    postings. `carried` (debit less credit) is the amount that was transferred from a revenue or
    expense account to the result of earlier years.
    """

    currency: Annotated[str, Read("opening.currency")]
    opening: MoneyText
    debit: MoneyText
    credit: MoneyText
    carried: Annotated[MoneyText, Computed(_carried)]
    closing: MoneyText


class LedgerEntryLine(AnswerOf[LedgerLine]):
    """A posting; `balance` is the running debit less credit in the posting's currency."""

    entry_id: UUID
    line_no: int
    entry_date: Annotated[date, Read("day")]
    narration: str
    party_name: str | None
    memo: str | None
    source_type: str
    source_id: UUID
    currency: Annotated[str, Read("debit.currency")]
    debit: MoneyText
    credit: MoneyText
    balance: MoneyText


class CarriedLedgerLine(AnswerOf[CarriedLine]):
    """A computed line at the end of a financial year.

    It transfers the balance of a revenue or expense account to the result of earlier years, after
    the postings of that day.
    """

    entry_date: Annotated[date, Read("day")]
    currency: Annotated[str, Read("debit.currency")]
    debit: MoneyText
    credit: MoneyText
    balance: MoneyText


class GeneralLedgerResponse(AnswerOf[PageOfReport[GeneralLedger]]):
    """Postings of an account, oldest first; the last page has no `next_cursor`.

    `currencies` cover the whole period and are equal on every page. `carried` are the computed
    year-end lines that belong between the postings of this page.
    """

    tenant_id: UUID
    account: Annotated[LedgerAccount, Read("report.account")]
    period: Annotated[PeriodResponse, Read("report.period")]
    currencies: Annotated[list[LedgerMovement], Read("report.currencies")]
    lines: Annotated[list[LedgerEntryLine], Read("report.lines")]
    carried: Annotated[list[CarriedLedgerLine], Read("report.carried")]
    limit: int
    next_cursor: Annotated[str | None, Read("report.next_cursor")]


class PartyStanding(AnswerOf[PartyBalances]):
    """Balances of a party.

    They are positive if a customer owes them, or if they are owed to a supplier. `closing` is
    `open_documents` less `advances`. `aged` is the sum of the open documents in the ageing of the
    last day; it equals `open_documents` if the books are correct.
    """

    currency: str
    opening: MoneyText
    closing: MoneyText
    open_documents: Annotated[MoneyText, Read("open")]
    advances: MoneyText
    aged: MoneyText
    is_proved: bool


def _change(moved: Moved) -> Money:
    return moved.more - moved.less


class PartyMovement(AnswerOf[Moved]):
    """A journal entry; a positive `amount` increases the running `balance`."""

    entry_id: UUID
    entry_date: Annotated[date, Read("day")]
    narration: str
    source_type: str
    source_id: UUID
    currency: Annotated[str, Read("balance.currency")]
    amount: Annotated[MoneyText, Computed(_change)]
    balance: MoneyText


class PartyStatementResponse(AnswerOf[PageOfReport[PartyStatement]]):
    """Journal entries of a party, oldest first; the last page has no `next_cursor`.

    `currencies` cover the whole period and are equal on every page.
    """

    tenant_id: UUID
    kind: Annotated[PartyKind, Read("report.kind")]
    party: Annotated[str, Read("report.party")]
    period: Annotated[PeriodResponse, Read("report.days")]
    currencies: Annotated[list[PartyStanding], Read("report.currencies")]
    entries: Annotated[list[PartyMovement], Read("report.moved")]
    limit: int
    next_cursor: Annotated[str | None, Read("report.next_cursor")]
