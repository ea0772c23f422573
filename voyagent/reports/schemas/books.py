"""Schemas of receivables, payables, trial balance and itinerary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field

from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.queries.open_list import Basis
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Answer, BusinessDate, DateFilter, Query, ZoneFilter
from voyagent.kernel.money import Money
from voyagent.kernel.serializers import AnswerOf, Computed, MoneyText, OmitNone, Read
from voyagent.ledger.schemas.chart import AccountType
from voyagent.reports.queries.itinerary import Itinerary
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.receivables import (
    AGE_NAMES,
    Ageing,
    Bucket,
    Carried,
    OpenInBase,
    Scheduled,
)
from voyagent.reports.queries.trial_balance import (
    AccountLine,
    CurrencyBalance,
    PeriodBalance,
    PeriodBlock,
    Sides,
)
from voyagent.trips.rules.details import HotelDetails

BucketName = Literal["0-30", "31-60", "61-90", "90+"]


class AgeingQuery(Query):
    """Query parameters of receivables and payables by age.

    `from` and `to` are the first and last issue date and are required. Ages are counted up to the
    day `as_of`, which defaults to today in the time zone `tz`.
    """

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    as_of: DateFilter = None
    basis: Annotated[Basis, BeforeValidator(lambda value: value or "due_date")] = Field(
        default="due_date",
        description=(
            "Date from which the age of an open amount is counted: due date or document date."
        ),
    )
    tz: ZoneFilter = None


class TrialBalanceQuery(Query):
    """Query parameters of the trial balance.

    All postings up to and including `as_of` are added; `as_of` defaults to today in the time zone
    `tz`. If `from` is given, the response also has `movements` for the period from `from` to
    `as_of`. If `include_zero` is 1, accounts without postings are listed too.
    """

    first: DateFilter = Field(default=None, alias="from")
    as_of: DateFilter = None
    include_zero: Annotated[int, Field(ge=0, le=1)] = 0
    tz: ZoneFilter = None


class ItineraryQuery(Query):
    """The conversation whose trip is requested."""

    session_id: Annotated[str, Field(min_length=1)]


Report = TypeVar("Report")
Block = TypeVar("Block")


@dataclass(frozen=True, slots=True)
class PageOfReport(Generic[Report]):
    """One page of a report, with the agency and page size that the response repeats."""

    tenant_id: UUID
    report: Report
    limit: int


@dataclass(frozen=True, slots=True)
class InCurrency(Generic[Report, Block]):
    """A report of an agency in one currency.

    `report` has the data that does not depend on the currency, and `block` the amounts in this
    currency. In the report in the agency's own currency, `others` has the reports in all other
    currencies, and `base` the one in the base currency, which adds all currencies. In a report in
    another currency, `others` is empty and `base` is None.
    """

    tenant_id: UUID
    report: Report
    block: Block
    others: tuple[InCurrency[Report, Block], ...] = ()
    base: InCurrency[Report, Block] | None = None


def in_currencies(
    tenant_id: UUID, report: Report, blocks: Iterable[Block], base: Block | None = None
) -> InCurrency[Report, Block]:
    """Return a report in the agency's currency, with the other currencies in `others`.

    `blocks` has the amounts of each currency, the agency's currency first. `base` has those of all
    currencies in the base currency, or is None if the base amounts are not established.
    """
    own, *others = blocks
    rest = tuple(InCurrency(tenant_id, report, block) for block in others)
    in_base = None if base is None else InCurrency(tenant_id, report, base)
    return InCurrency(tenant_id, report, own, rest, in_base)


class MoneyResponse(AnswerOf[Money]):
    """An amount with its currency."""

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[str, Read("wire")]
    currency: str


class PeriodResponse(AnswerOf[Days]):
    """The requested period; both days are included."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: date = Field(alias="from")
    last: date = Field(alias="to")


class AgingBucket(AnswerOf[Bucket]):
    """Number and sum of the open documents or advances in one range of ages."""

    bucket: Annotated[BucketName, Read("name")]
    count: int
    amount: MoneyResponse


class PartyAmount(AnswerOf[Row]):
    """Open amount of a party in one currency."""

    name: str
    amount: MoneyResponse


class Advances(AnswerOf[Ageing]):
    """Unused advances: negative amounts in four buckets by days since the payment."""

    total: Annotated[MoneyResponse, Read("ahead")]
    aging_buckets: Annotated[list[AgingBucket], Field(min_length=4, max_length=4), Read("advances")]


class ScheduledBills(AnswerOf[Scheduled]):
    """Open bills that are scheduled for payment on one day."""

    pay_on: date
    count: int
    amount: MoneyResponse


@dataclass(frozen=True, slots=True)
class AgeingRequest:
    """The requested ageing of receivables or payables.

    `days` are the issue dates of the documents. Ages are counted up to `as_of`. `basis` says from
    which day: `due_date` or `document_date`. `base` has all documents in the base currency.
    """

    kind: Kind
    days: Days
    as_of: date
    basis: Basis
    base: OpenInBase | None


AgeingInCurrency = InCurrency[AgeingRequest, Ageing]


class AgedAmounts(AnswerOf[Row]):
    """Open amounts of documents, by the number of days past the due date.

    If the age is counted from the date of the document, `not_due` has the documents of the day
    itself.
    """

    not_due: MoneyText
    days_1_to_30: MoneyText
    days_31_to_60: MoneyText
    days_61_to_90: MoneyText
    days_over_90: MoneyText


def _ages(line: Carried) -> Row:
    return dict(zip(AGE_NAMES, line.ages, strict=True))


def _debtors(source: AgeingInCurrency) -> list[Row]:
    return _largest(source.block) if source.report.kind == "receivable" else []


def _creditors(source: AgeingInCurrency) -> list[Row]:
    return _largest(source.block) if source.report.kind == "payable" else []


def _largest(ageing: Ageing) -> list[Row]:
    return [{"name": name, "amount": amount} for name, amount in ageing.top]


def _net_outstanding(source: AgeingInCurrency) -> Money:
    return source.block.total + source.block.ahead


class CurrencyAgingResponse(AnswerOf[AgeingInCurrency]):
    """Ageing in one currency: four buckets in order, and the five largest parties.

    A bucket is a range of days past the due date. If `basis` is `document_date`, a bucket is a
    range of days since the date of the document. `not_due` is the sum that is not yet due, and part
    of the bucket `0-30`. An amount due today is not yet due. `advances` are negative, and no bucket
    includes them. `net_outstanding` is `total_outstanding` plus `advances`. If `from` and `to`
    include all documents, `net_outstanding` equals the balance of the control account plus the
    balance of the advances account. `scheduled` has the open bills that have a payment day. For
    receivables, `scheduled` is empty.
    """

    tenant_id: UUID
    period: Annotated[PeriodResponse, Read("report.days")]
    total_outstanding: Annotated[MoneyResponse, Read("block.total")]
    aging_buckets: Annotated[
        list[AgingBucket], Field(min_length=4, max_length=4), Read("block.buckets")
    ]
    top_debtors: Annotated[list[PartyAmount], Field(max_length=5), Computed(_debtors)]
    top_creditors: Annotated[list[PartyAmount], Field(max_length=5), Computed(_creditors)]
    as_of: Annotated[date, Read("report.as_of")]
    basis: Annotated[Basis, Read("report.basis")]
    not_due: Annotated[MoneyResponse, Read("block.not_due")]
    advances: Annotated[Advances, Read("block")]
    net_outstanding: Annotated[MoneyResponse, Computed(_net_outstanding)]
    scheduled: Annotated[list[ScheduledBills], Read("block.scheduled")]


class CarriedAmounts(AnswerOf[Carried]):
    """Open documents of one currency, at the rates at which they were booked.

    `amount` is their sum in `currency`. The other amounts are in the base currency. `ages` are by
    days past the due date, or since the date of the document, and `carried` is their sum.
    `revaluation` is the difference that a month-end revaluation has posted and that is not reversed
    yet. `unknown` is the number of documents or instalments without a base amount, which are left
    out.
    """

    currency: str
    amount: Annotated[MoneyText, Read("open")]
    ages: Annotated[AgedAmounts, Computed(_ages)]
    carried: Annotated[MoneyText, Read("total")]
    revaluation: MoneyText
    unknown: int


class AgingInBase(AnswerOf[OpenInBase]):
    """All open documents on the day `as_of` in the base currency, whatever their date.

    `total` is the sum of `carried` and `revaluation` over all currencies. If the books are correct,
    it equals `control_balance`, the balance of the account `control_code`, and `is_proved` is true.
    """

    base_currency: Annotated[str, Read("currency")]
    by_currency: Annotated[list[CarriedAmounts], Read("lines")]
    total: MoneyText
    control_code: str
    control_balance: Annotated[MoneyText, Read("control")]
    is_proved: bool


class AgingReportResponse(CurrencyAgingResponse):
    """Ageing in the agency's currency; those in other currencies are in `by_currency`.

    `base` is absent unless the base amounts of the agency are established and a document is in
    another currency.
    """

    by_currency: Annotated[list[CurrencyAgingResponse], Read("others")]
    base: Annotated[AgingInBase | None, Read("report.base"), OmitNone()] = None


@dataclass(frozen=True, slots=True)
class BalancesRead:
    """The data of a trial balance that do not depend on the currency.

    `movements` is the trial balance of a period, or None if the request has no `from`.
    """

    as_of: date
    movements: PeriodBalance | None


def _base_currency(line: AccountLine) -> str | None:
    return line.base[0].currency if line.base else None


def _base_debit(line: AccountLine) -> str | None:
    return line.base[0].wire if line.base else None


def _base_credit(line: AccountLine) -> str | None:
    return line.base[1].wire if line.base else None


def _base_balance(line: AccountLine) -> str | None:
    return (line.base[0] - line.base[1]).wire if line.base else None


class TrialBalanceAccount(AnswerOf[AccountLine]):
    """Debit, credit and balance of an account in one currency.

    `balance` is debit less credit for accounts of every type. The four members with `base` have the
    same in the base currency, in which the accounts of all currencies can be added. They are absent
    unless the base amounts of the agency are established.
    """

    code: str
    name: str
    type: AccountType
    debit: MoneyText
    credit: MoneyText
    balance: MoneyText
    currency: Annotated[str, Read("debit.currency")]
    base_currency: Annotated[str | None, Computed(_base_currency), OmitNone()] = None
    base_debit: Annotated[str | None, Computed(_base_debit), OmitNone()] = None
    base_credit: Annotated[str | None, Computed(_base_credit), OmitNone()] = None
    base_balance: Annotated[str | None, Computed(_base_balance), OmitNone()] = None


class CurrencyTrialBalanceResponse(AnswerOf[InCurrency[BalancesRead, CurrencyBalance]]):
    """Trial balance in one currency, ordered by account code."""

    tenant_id: UUID
    as_of: Annotated[date, Read("report.as_of")]
    accounts: Annotated[list[TrialBalanceAccount], Read("block.accounts")]
    total_debit: Annotated[MoneyText, Read("block.total_debit")]
    total_credit: Annotated[MoneyText, Read("block.total_credit")]
    in_balance: Annotated[bool, Read("block.in_balance")]
    currency: Annotated[str, Read("block.currency")]


class PeriodSides(Answer):
    """Opening balance, movement, year-end transfer and closing balance.

    Each of these four has a debit and a credit. `debit` and `credit` are the movement: the sums of
    the postings in the period. `carried_debit` and `carried_credit` transfer the balances of
    revenue and expense accounts at the end of a financial year. Both are zero if the period is
    within one financial year. The opening or closing balance of an account is either a debit or a
    credit.
    """

    opening_debit: str
    opening_credit: str
    debit: str
    credit: str
    carried_debit: str
    carried_credit: str
    closing_debit: str
    closing_credit: str


class PeriodAccount(PeriodSides):
    """An account over a period.

    The computed row with the result of earlier years has an empty `code`.
    """

    code: str
    name: str
    type: AccountType


def _account_sides(block: PeriodBlock) -> list[Row]:
    return [
        {"code": line.code, "name": line.name, "type": line.type, **_sides(line.four_pairs)}
        for line in block.accounts
    ]


def _total_sides(block: PeriodBlock) -> dict[str, str]:
    return _sides(block.four_totals)


def _sides(pairs: tuple[Sides, ...]) -> dict[str, str]:
    names = ("opening_", "", "carried_", "closing_")
    return {
        f"{name}{side}": amount.wire
        for name, pair in zip(names, pairs, strict=True)
        for side, amount in zip(("debit", "credit"), pair, strict=True)
    }


class CurrencyMovements(AnswerOf[PeriodBlock]):
    """Accounts of one currency over a period, ordered by code, with totals."""

    currency: str
    accounts: Annotated[list[PeriodAccount], Computed(_account_sides)]
    totals: Annotated[PeriodSides, Computed(_total_sides)]
    in_balance: bool


class PeriodMovements(AnswerOf[PeriodBalance]):
    """Trial balance of the period from `from` to `as_of`.

    `year_began` is the first day of the financial year that contains `from`. The opening balance of
    a revenue or expense account is the sum of its postings from `year_began` to the day before
    `from`. If a later financial year begins within the period, the balances of revenue and expense
    accounts are transferred to a computed row, the result of earlier years. `base` has all
    currencies in the base currency; it is absent unless the base amounts are established.
    """

    period: PeriodResponse
    year_began: Annotated[date, Read("period.year_began")]
    currencies: Annotated[list[CurrencyMovements], Read("blocks")]
    base: Annotated[CurrencyMovements | None, OmitNone()] = None


class TrialBalanceResponse(CurrencyTrialBalanceResponse):
    """Trial balance in the agency's currency.

    `by_currency` has the trial balances in other currencies, and `base` the one in the base
    currency, which adds all currencies. `base` is absent unless the base amounts of the agency are
    established and something is posted. `movements` is present if `from` was given; the other
    fields do not depend on `from`.
    """

    by_currency: Annotated[list[CurrencyTrialBalanceResponse], Read("others")]
    base: Annotated[CurrencyTrialBalanceResponse | None, OmitNone()] = None
    movements: Annotated[PeriodMovements | None, Read("report.movements"), OmitNone()] = None


class PassengerItem(Answer):
    """A passenger.

    `passport_number` is masked unless the caller's role may see passport numbers.
    """

    full_name: str
    passport_number: str | None


class FlightItem(Answer):
    """A flight; `depart` is in the local time of the place of departure.

    `pnr` is null until the flight is booked.
    """

    pnr: str | None
    origin: str
    dest: str
    depart: str
    carrier: str


class HotelItem(AnswerOf[HotelDetails]):
    """A hotel stay."""

    name: str
    city: str
    check_in: date
    check_out: date


class VisaItem(Answer):
    """The visas for one country; the status is `planned`, `filed` or `granted`."""

    country: str
    status: str


class CurrencyCost(AnswerOf[Row]):
    """Price of the trip in one currency."""

    total_cost: MoneyResponse


@dataclass(frozen=True, slots=True)
class SessionItinerary:
    """Input of `ItineraryResponse`: an itinerary, its agency and its conversation."""

    tenant_id: UUID
    session_id: UUID
    itinerary: Itinerary


def _passengers(source: SessionItinerary) -> list[Row]:
    return [
        {"full_name": name, "passport_number": number}
        for name, number in source.itinerary.passengers
    ]


def _flights(source: SessionItinerary) -> list[Row]:
    return [
        {
            "pnr": pnr,
            "origin": flight.origin,
            "dest": flight.destination,
            "depart": flight.departs_at,
            "carrier": flight.carrier,
        }
        for pnr, flight in source.itinerary.flights
    ]


def _visas(source: SessionItinerary) -> list[Row]:
    return [{"country": country, "status": status} for country, status in source.itinerary.visas]


def _own_price(source: SessionItinerary) -> Money:
    return source.itinerary.prices[0]


def _other_prices(source: SessionItinerary) -> list[Row]:
    return [{"total_cost": price} for price in source.itinerary.prices[1:]]


class ItineraryResponse(AnswerOf[SessionItinerary]):
    """Itinerary of the trip of a conversation.

    If the conversation has no trip, the lists are empty and `total_cost` is zero. `total_cost` is
    the price in the agency's currency; `by_currency` has the prices in other currencies.
    """

    tenant_id: UUID
    session_id: UUID
    trip_id: Annotated[UUID | None, Read("itinerary.trip_id")]
    passengers: Annotated[list[PassengerItem], Computed(_passengers)]
    flights: Annotated[list[FlightItem], Computed(_flights)]
    hotels: Annotated[list[HotelItem], Read("itinerary.hotels")]
    visas: Annotated[list[VisaItem], Computed(_visas)]
    total_cost: Annotated[MoneyResponse, Computed(_own_price)]
    by_currency: Annotated[list[CurrencyCost], Computed(_other_prices)]
