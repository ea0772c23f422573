"""Shapes of general ledger, day book and party statement."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from voyagent.kernel.fields import Answer, BusinessDate, Filter, Query
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.schemas.chart import AccountType
from voyagent.reports.queries.day_book import PAGE_ENTRIES, DayBook
from voyagent.reports.queries.general_ledger import PAGE_LINES, GeneralLedger
from voyagent.reports.queries.party_statement import (
    PAGE_ENTRIES as PARTY_PAGE,
    PartyKind,
    PartyStatement,
)
from voyagent.reports.schemas.books import PeriodResponse

LIMIT_MAX = 200


class DayBookQuery(Query):
    """Book dates from and to, both required; a page of `limit` entries by cursor."""

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_ENTRIES
    cursor: Annotated[str | None, Filter(64)] = Field(
        default=None, description="`next_cursor` of the page before."
    )

    def place(self) -> LineCursor | None:
        """Return the position of the cursor. Raises InvalidCursor."""
        return LineCursor.decode(self.cursor) if self.cursor else None


class GeneralLedgerQuery(DayBookQuery):
    """Account by code or id, and book dates; a page of `limit` lines by cursor."""

    account: Annotated[str, Field(min_length=1, max_length=36)]
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_LINES


class PartyStatementQuery(DayBookQuery):
    """A customer or supplier by name in any case, and book dates; a page by cursor."""

    kind: PartyKind
    party: Annotated[str, Field(min_length=1, max_length=255)]
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PARTY_PAGE


class DayBookLine(Answer):
    """A line of an entry."""

    line_no: int
    account_code: str
    account_name: str
    party_name: str | None
    memo: str | None
    currency: str
    debit: str
    credit: str


class DayBookEntry(Answer):
    """An entry with its lines.

    `source_type` and `source_id` name its document; `reverses_id` is the entry that it reverses.
    """

    id: UUID
    entry_date: date
    narration: str
    source_type: str
    source_id: UUID
    purpose: str
    reverses_id: UUID | None
    lines: list[DayBookLine]


class SidesResponse(Answer):
    """Both sides in one currency."""

    currency: str
    debit: str
    credit: str


class DayBookResponse(Answer):
    """Entries by book date, oldest first; the last page has no `next_cursor`.

    `totals` cover all entries of the days, on every page.
    """

    tenant_id: UUID
    period: PeriodResponse
    entries: list[DayBookEntry]
    totals: list[SidesResponse]
    limit: int
    next_cursor: str | None


class LedgerAccount(Answer):
    """An account of the chart."""

    id: UUID
    code: str
    name: str
    type: AccountType


class LedgerMovement(Answer):
    """An account in one currency over the days.

    Opening and closing are debit less credit for every type; revenue and expense open with their
    year. `debit` and `credit` are postings; `carried` (debit less credit) is the part of revenue
    and expense carried to earlier years' result.
    """

    currency: str
    opening: str
    debit: str
    credit: str
    carried: str
    closing: str


class LedgerEntryLine(Answer):
    """A line of the account; `balance` is the running debit less credit in its currency."""

    entry_id: UUID
    line_no: int
    entry_date: date
    narration: str
    party_name: str | None
    memo: str | None
    source_type: str
    source_id: UUID
    currency: str
    debit: str
    credit: str
    balance: str


class CarriedLedgerLine(Answer):
    """A computed line at the end of a financial year.

    It carries revenue or expense to the result of earlier years, after the lines of its day.
    """

    entry_date: date
    currency: str
    debit: str
    credit: str
    balance: str


class GeneralLedgerResponse(Answer):
    """Lines of an account, oldest first; the last page has no `next_cursor`.

    `currencies` cover all days, on every page. `carried` are the computed lines between those of
    this page.
    """

    tenant_id: UUID
    account: LedgerAccount
    period: PeriodResponse
    currencies: list[LedgerMovement]
    lines: list[LedgerEntryLine]
    carried: list[CarriedLedgerLine]
    limit: int
    next_cursor: str | None


class PartyStanding(Answer):
    """A party in one currency: positive is owed by a customer or to a supplier.

    `closing` is `open_documents` less `advances`. `aged` is the open amount by the ageing of the
    last day; it equals `open_documents` in correct books.
    """

    currency: str
    opening: str
    closing: str
    open_documents: str
    advances: str
    aged: str
    is_proved: bool


class PartyMovement(Answer):
    """An entry: a positive `amount` increases the balance, `balance` is the running one."""

    entry_id: UUID
    entry_date: date
    narration: str
    source_type: str
    source_id: UUID
    currency: str
    amount: str
    balance: str


class PartyStatementResponse(Answer):
    """Entries of a party, oldest first; the last page has no `next_cursor`.

    `currencies` cover all days, on every page.
    """

    tenant_id: UUID
    kind: PartyKind
    party: str
    period: PeriodResponse
    currencies: list[PartyStanding]
    entries: list[PartyMovement]
    limit: int
    next_cursor: str | None


def wire_party_statement(tenant_id: UUID, report: PartyStatement, limit: int) -> dict[str, Any]:
    """Return a party's statement as the API writes it."""
    currencies = [
        {
            "currency": one.currency,
            "opening": one.opening.wire,
            "closing": one.closing.wire,
            "open_documents": one.open.wire,
        }
        | {"advances": one.advances.wire, "aged": one.aged.wire, "is_proved": one.is_proved}
        for one in report.currencies
    ]
    entries = [
        {
            name: getattr(moved, name)
            for name in ("entry_id", "narration", "source_type", "source_id")
        }
        | {
            "entry_date": moved.day,
            "currency": moved.balance.currency,
            "amount": (moved.more - moved.less).wire,
            "balance": moved.balance.wire,
        }
        for moved in report.moved
    ]
    return {
        "tenant_id": tenant_id,
        "kind": report.kind,
        "party": report.party,
        "period": {"from": report.days.first, "to": report.days.last},
        "currencies": currencies,
        "entries": entries,
        "limit": limit,
        "next_cursor": report.next_cursor,
    }


def wire_day_book(tenant_id: UUID, report: DayBook, limit: int) -> dict[str, Any]:
    """Return the day book as the API writes it."""
    entries = []
    for entry in report.entries:
        facts = {
            name: getattr(entry, name)
            for name in ("id", "narration", "source_type", "source_id", "purpose", "reverses_id")
        }
        lines = [
            {
                "line_no": line.line_no,
                "account_code": line.code,
                "account_name": line.name,
                "party_name": line.party_name,
                "memo": line.memo,
                "currency": line.debit.currency,
                "debit": line.debit.wire,
                "credit": line.credit.wire,
            }
            for line in entry.lines
        ]
        entries.append(facts | {"entry_date": entry.day, "lines": lines})
    return {
        "tenant_id": tenant_id,
        "period": {"from": report.days.first, "to": report.days.last},
        "entries": entries,
        "totals": [
            {"currency": debit.currency, "debit": debit.wire, "credit": credit.wire}
            for debit, credit in report.totals
        ],
        "limit": limit,
        "next_cursor": report.next_cursor,
    }


def wire_general_ledger(tenant_id: UUID, report: GeneralLedger, limit: int) -> dict[str, Any]:
    """Return the general ledger as the API writes it."""
    lines = [
        {
            "entry_id": line.entry_id,
            "line_no": line.line_no,
            "narration": line.narration,
            "party_name": line.party_name,
            "memo": line.memo,
            "source_type": line.source_type,
            "source_id": line.source_id,
            "entry_date": line.day,
            "currency": line.debit.currency,
            "debit": line.debit.wire,
            "credit": line.credit.wire,
            "balance": line.balance.wire,
        }
        for line in report.lines
    ]
    currencies = [
        {
            "currency": one.opening.currency,
            "opening": one.opening.wire,
            "debit": one.debit.wire,
            "credit": one.credit.wire,
        }
        | {
            "carried": (one.closing - one.opening - one.debit + one.credit).wire,
            "closing": one.closing.wire,
        }
        for one in report.currencies
    ]
    return {
        "tenant_id": tenant_id,
        "account": {name: report.account[name] for name in ("id", "code", "name", "type")},
        "period": {"from": report.period.first, "to": report.period.last},
        "currencies": currencies,
        "lines": lines,
        "carried": [
            {
                "entry_date": one.day,
                "currency": one.debit.currency,
                "debit": one.debit.wire,
                "credit": one.credit.wire,
                "balance": one.balance.wire,
            }
            for one in report.carried
        ],
        "limit": limit,
        "next_cursor": report.next_cursor,
    }
