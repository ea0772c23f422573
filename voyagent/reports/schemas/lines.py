"""Schemas of general ledger, day book and party statement."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Filter,
    IdFilter,
    Query,
    Text,
)
from voyagent.kernel.money import Money, wire_amount
from voyagent.kernel.serializers import AnswerOf, Computed, Minor, MoneyText, OmitNone, Read
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
from voyagent.reports.queries.receivables import AGE_NAMES
from voyagent.reports.schemas.books import AgedAmounts, PageOfReport, PeriodResponse

LIMIT_MAX = 200


def one_party(name: str | None, info: ValidationInfo) -> str | None:
    """Return the name, and refuse a query with neither or both of name and id."""
    if name is None and info.data.get("party_id") is None:
        raise PydanticCustomError("missing", "Field required")
    if name is not None and info.data.get("party_id") is not None:
        raise PydanticCustomError("one_party", "Give either `party` or `party_id`")
    return name


class DayBookQuery(Query):
    """Query parameters of the day book.

    `from` and `to` are the first and last book date and are required. `limit` is the number of
    entries on a page.
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
    """Query parameters of the general ledger.

    `account` is the code or the id of an account. `from` and `to` are the first and last book date
    and are required. `limit` is the number of postings on a page.
    """

    account: Annotated[str, Text(36, min_length=1)]
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_LINES


class PartyStatementQuery(DayBookQuery):
    """Query parameters of a party statement.

    The party is given by `party_id`, or by `party`: the name of a customer or supplier, ignoring
    case. `from` and `to` are the first and last book date and are required. `limit` is the number
    of entries on a page.
    """

    kind: PartyKind
    party_id: IdFilter = None
    party: Annotated[
        Annotated[str, Text(255, min_length=1)] | None,
        Field(validate_default=True),
        AfterValidator(one_party),
    ] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PARTY_PAGE


def _in_base(line: EntryLine, minor: int | None) -> str | None:
    return None if line.base_currency is None else wire_amount(minor or 0, line.base_currency)


def _line_base_debit(line: EntryLine) -> str | None:
    return _in_base(line, line.base_debit_minor)


def _line_base_credit(line: EntryLine) -> str | None:
    return _in_base(line, line.base_credit_minor)


class DayBookLine(AnswerOf[EntryLine]):
    """A line of a journal entry.

    The members with `base` have the amount in the base currency, in which all lines can be added.
    They are absent unless the base amounts of the agency are established.
    """

    line_no: int
    account_code: Annotated[str, Read("code")]
    account_name: Annotated[str, Read("name")]
    party_name: str | None
    memo: str | None
    currency: str
    debit: Annotated[str, Minor("debit_minor")]
    credit: Annotated[str, Minor("credit_minor")]
    base_currency: Annotated[str | None, OmitNone()] = None
    base_debit: Annotated[str | None, Computed(_line_base_debit), OmitNone()] = None
    base_credit: Annotated[str | None, Computed(_line_base_credit), OmitNone()] = None


class DayBookEntry(AnswerOf[BookedEntry]):
    """A journal entry with its lines.

    `source_type` and `source_id` identify the document that posted the entry. If the entry reverses
    another entry, `reverses_id` is the id of the reversed entry.
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


def _base_total(source: PageOfReport[DayBook]) -> Row | None:
    base = source.report.base
    return base and {"debit": base[0], "credit": base[1]}


class DayBookResponse(AnswerOf[PageOfReport[DayBook]]):
    """Journal entries by book date, oldest first; the last page has no `next_cursor`.

    `totals` has the total debits and credits of all entries of the period. Every page has the same
    `totals`. `base` has the total of all currencies in the base currency; it is absent unless the
    base amounts of the agency are established and something is in another currency.
    """

    tenant_id: UUID
    period: Annotated[PeriodResponse, Read("report.days")]
    entries: Annotated[list[DayBookEntry], Read("report.entries")]
    totals: Annotated[list[SidesResponse], Computed(_totals)]
    limit: int
    next_cursor: Annotated[str | None, Read("report.next_cursor")]
    base: Annotated[SidesResponse | None, Computed(_base_total), OmitNone()] = None


class LedgerAccount(AnswerOf[Row]):
    """An account of the chart."""

    id: UUID
    code: str
    name: str
    type: AccountType


def _base_currency(line: LedgerLine | CarriedLine) -> str | None:
    return line.base.debit.currency if line.base else None


def _base_debit(line: LedgerLine | CarriedLine) -> str | None:
    return line.base.debit.wire if line.base else None


def _base_credit(line: LedgerLine | CarriedLine) -> str | None:
    return line.base.credit.wire if line.base else None


def _base_balance(line: LedgerLine | CarriedLine) -> str | None:
    return line.base.balance.wire if line.base else None


def _carried(movement: CurrencyMovement) -> Money:
    return movement.closing - movement.opening - movement.debit + movement.credit


class LedgerMovement(AnswerOf[CurrencyMovement]):
    """Balances, postings and year-end transfers of an account in one currency.

    `opening` and `closing` are debit less credit for accounts of every type. `opening` of a revenue
    or expense account has only the postings of the financial year in which the period begins.
    `debit` and `credit` are the sums of the postings in the period. `carried` (debit less credit)
    is the amount that was transferred from a revenue or expense account to the result of earlier
    years.
    """

    currency: Annotated[str, Read("opening.currency")]
    opening: MoneyText
    debit: MoneyText
    credit: MoneyText
    carried: Annotated[MoneyText, Computed(_carried)]
    closing: MoneyText


class LedgerEntryLine(AnswerOf[LedgerLine]):
    """A posting; `balance` is the running debit less credit in the posting's currency.

    The members with `base` have the amounts in the base currency. `base_balance` is the running
    balance of all currencies. They are absent unless the base amounts of the agency are
    established.
    """

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
    base_currency: Annotated[str | None, Computed(_base_currency), OmitNone()] = None
    base_debit: Annotated[str | None, Computed(_base_debit), OmitNone()] = None
    base_credit: Annotated[str | None, Computed(_base_credit), OmitNone()] = None
    base_balance: Annotated[str | None, Computed(_base_balance), OmitNone()] = None


class CarriedLedgerLine(AnswerOf[CarriedLine]):
    """A computed line at the end of a financial year.

    The line transfers the balance of a revenue or expense account to the result of earlier years.
    The line belongs after the postings of the day `entry_date`. The members with `base` are as
    those of a posting.
    """

    entry_date: Annotated[date, Read("day")]
    currency: Annotated[str, Read("debit.currency")]
    debit: MoneyText
    credit: MoneyText
    balance: MoneyText
    base_currency: Annotated[str | None, Computed(_base_currency), OmitNone()] = None
    base_debit: Annotated[str | None, Computed(_base_debit), OmitNone()] = None
    base_credit: Annotated[str | None, Computed(_base_credit), OmitNone()] = None
    base_balance: Annotated[str | None, Computed(_base_balance), OmitNone()] = None


class GeneralLedgerResponse(AnswerOf[PageOfReport[GeneralLedger]]):
    """Postings of an account, oldest first; the last page has no `next_cursor`.

    `currencies` covers the whole period. Every page has the same `currencies`. `base` has all of
    them in the base currency; it is absent unless the base amounts of the agency are established
    and something is posted. `carried` has the computed year-end lines that belong between the
    postings of this page.
    """

    tenant_id: UUID
    account: Annotated[LedgerAccount, Read("report.account")]
    period: Annotated[PeriodResponse, Read("report.period")]
    currencies: Annotated[list[LedgerMovement], Read("report.currencies")]
    lines: Annotated[list[LedgerEntryLine], Read("report.lines")]
    carried: Annotated[list[CarriedLedgerLine], Read("report.carried")]
    limit: int
    next_cursor: Annotated[str | None, Read("report.next_cursor")]
    base: Annotated[LedgerMovement | None, Read("report.base"), OmitNone()] = None


def _ages(one: PartyBalances) -> Row:
    return dict(zip(AGE_NAMES, one.ages, strict=True))


class PartyStanding(AnswerOf[PartyBalances]):
    """Balances of a customer or supplier in one currency.

    A balance is positive if the customer owes it to the agency, or if the agency owes it to the
    supplier. `closing` is `open_documents` less `advances`: unused payments and credits, and claims
    on a supplier. `aged` is the sum of the open documents on the last day, and `ages` divides it by
    age. If the books are correct, `aged` equals `open_documents` and `is_proved` is true.
    """

    currency: str
    opening: MoneyText
    closing: MoneyText
    open_documents: Annotated[MoneyText, Read("open")]
    advances: MoneyText
    aged: MoneyText
    ages: Annotated[AgedAmounts, Computed(_ages)]
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

    Entries that do not change a balance are left out, such as the use of an advance for an
    invoice. `currencies` has the balances of the whole period and is the same on every page.
    """

    tenant_id: UUID
    kind: Annotated[PartyKind, Read("report.kind")]
    party: Annotated[str, Read("report.party")]
    period: Annotated[PeriodResponse, Read("report.days")]
    currencies: Annotated[list[PartyStanding], Read("report.currencies")]
    entries: Annotated[list[PartyMovement], Read("report.moved")]
    limit: int
    next_cursor: Annotated[str | None, Read("report.next_cursor")]
