"""Shapes of receivables, payables, trial balance and itinerary."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from voyagent.billing.ageing.queries.open_items import Basis
from voyagent.kernel.fields import Answer, BusinessDate, DateFilter, Query, ZoneFilter
from voyagent.kernel.money import Money
from voyagent.ledger.schemas.chart import AccountType
from voyagent.reports.queries.itinerary import Itinerary
from voyagent.reports.queries.receivables import Ageing, Bucket
from voyagent.reports.queries.trial_balance import (
    CurrencyBalance,
    PeriodBalance,
    Sides,
    TrialBalance,
)

BucketName = Literal["0-30", "31-60", "61-90", "90+"]


class AgeingQuery(Query):
    """Issue dates from and to, both required; `as_of` replaces today in the zone `tz`."""

    first: BusinessDate = Field(alias="from")
    last: BusinessDate = Field(alias="to")
    as_of: DateFilter = None
    basis: Annotated[Basis, BeforeValidator(lambda value: value or "due_date")] = Field(
        default="due_date",
        description=(
            "From which day what is open ages: the day on which it is due, or that of its document."
        ),
    )
    tz: ZoneFilter = None


class TrialBalanceQuery(Query):
    """Book dates up to and including `as_of`; `include_zero` lists the whole chart.

    `from` adds the movement since that day.
    """

    first: DateFilter = Field(default=None, alias="from")
    as_of: DateFilter = None
    include_zero: Annotated[int, Field(ge=0, le=1)] = 0
    tz: ZoneFilter = None


class ItineraryQuery(Query):
    """The conversation of the trip."""

    session_id: Annotated[str, Field(min_length=1)]


class MoneyResponse(BaseModel):
    """An amount with its currency, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    amount: str
    currency: str


class PeriodResponse(BaseModel):
    """The requested issue dates, inclusive."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: date = Field(alias="from")
    last: date = Field(alias="to")


class AgingBucket(Answer):
    """Number and amount of open documents or advances of one age."""

    bucket: BucketName
    count: int
    amount: MoneyResponse


class PartyAmount(Answer):
    """A party's amount in one currency."""

    name: str
    amount: MoneyResponse


class Advances(Answer):
    """Unused advances, negative, in four buckets by days since payment."""

    total: MoneyResponse
    aging_buckets: Annotated[list[AgingBucket], Field(min_length=4, max_length=4)]


class ScheduledBills(Answer):
    """Open bills scheduled for payment on one day."""

    pay_on: date
    count: int
    amount: MoneyResponse


class CurrencyAgingResponse(Answer):
    """Ageing in one currency: four buckets in order, and at most five parties, largest first.

    Buckets count days past due, with `basis` `document_date` days since the document. `not_due` is
    the part that is not due, included in `0-30`; due today is not overdue. `advances` are in no
    bucket: `net_outstanding` is `total_outstanding` plus advances, and over all days it equals the
    control account plus that of the advances. `scheduled` is the part of open bills with a payment
    day; empty for receivables.
    """

    tenant_id: UUID
    period: PeriodResponse
    total_outstanding: MoneyResponse
    aging_buckets: Annotated[list[AgingBucket], Field(min_length=4, max_length=4)]
    top_debtors: Annotated[list[PartyAmount], Field(max_length=5)]
    top_creditors: Annotated[list[PartyAmount], Field(max_length=5)]
    as_of: date
    basis: Basis
    not_due: MoneyResponse
    advances: Advances
    net_outstanding: MoneyResponse
    scheduled: list[ScheduledBills]


class AgingReportResponse(CurrencyAgingResponse):
    """Ageing in the agency's currency; the others are in `by_currency`."""

    by_currency: list[CurrencyAgingResponse]


class TrialBalanceAccount(Answer):
    """An account in one currency; the balance is debit less credit for every type."""

    code: str
    name: str
    type: AccountType
    debit: str
    credit: str
    balance: str
    currency: str


class CurrencyTrialBalanceResponse(Answer):
    """Trial balance in one currency, by account code."""

    tenant_id: UUID
    as_of: date
    accounts: list[TrialBalanceAccount]
    total_debit: str
    total_credit: str
    in_balance: bool
    currency: str


class PeriodSides(Answer):
    """Opening, movement, carried and closing on both sides; an account's ends are net."""

    opening_debit: str
    opening_credit: str
    debit: str
    credit: str
    carried_debit: str
    carried_credit: str
    closing_debit: str
    closing_credit: str


class PeriodAccount(PeriodSides):
    """An account over a period; the computed row of earlier years has an empty code."""

    code: str
    name: str
    type: AccountType


class CurrencyMovements(Answer):
    """Accounts of one currency over a period, by code, with totals."""

    currency: str
    accounts: list[PeriodAccount]
    totals: PeriodSides
    in_balance: bool


class PeriodMovements(Answer):
    """Trial balance from `from` to `as_of`.

    Revenue and expense open at the postings since `year_began`, the first day of the financial year
    of `from`. If a year begins later in the period, their balances are carried to the computed row
    of earlier years.
    """

    period: PeriodResponse
    year_began: date
    currencies: list[CurrencyMovements]


class TrialBalanceResponse(CurrencyTrialBalanceResponse):
    """Trial balance in the agency's currency; the others are in `by_currency`.

    `movements` is present with `from`, which changes no other field.
    """

    by_currency: list[CurrencyTrialBalanceResponse]
    movements: PeriodMovements | None = None


class PassengerItem(Answer):
    """A passenger; the passport number is whole for roles that write, else masked."""

    full_name: str
    passport_number: str | None


class FlightItem(Answer):
    """A flight; `depart` is local time.

    `pnr` is null until it is booked.
    """

    pnr: str | None
    origin: str
    dest: str
    depart: str
    carrier: str


class HotelItem(Answer):
    """A stay."""

    name: str
    city: str
    check_in: date
    check_out: date


class VisaItem(Answer):
    """Visas of a country: `planned`, `filed` or `granted`."""

    country: str
    status: str


class CurrencyCost(Answer):
    """The price in one currency."""

    total_cost: MoneyResponse


class ItineraryResponse(Answer):
    """The trip of a conversation.

    Without a trip the lists are empty and the total is zero. `total_cost` is the price in the
    agency's currency; the others are in `by_currency`.
    """

    tenant_id: UUID
    session_id: UUID
    trip_id: UUID | None
    passengers: list[PassengerItem]
    flights: list[FlightItem]
    hotels: list[HotelItem]
    visas: list[VisaItem]
    total_cost: MoneyResponse
    by_currency: list[CurrencyCost]


def wire_itinerary(tenant_id: UUID, session_id: UUID, itinerary: Itinerary) -> dict[str, Any]:
    """Return the itinerary as the API writes it."""
    home, *others = itinerary.prices
    return {
        "tenant_id": tenant_id,
        "session_id": session_id,
        "trip_id": itinerary.trip_id,
        "passengers": [
            {"full_name": name, "passport_number": number} for name, number in itinerary.passengers
        ],
        "flights": [
            {
                "pnr": pnr,
                "origin": flight.origin,
                "dest": flight.destination,
                "depart": flight.departs_at,
                "carrier": flight.carrier,
            }
            for pnr, flight in itinerary.flights
        ],
        "hotels": [
            {
                "name": stay.name,
                "city": stay.city,
                "check_in": stay.check_in,
                "check_out": stay.check_out,
            }
            for stay in itinerary.hotels
        ],
        "visas": [{"country": country, "status": status} for country, status in itinerary.visas],
        "total_cost": _wire(home),
        "by_currency": [{"total_cost": _wire(price)} for price in others],
    }


def wire_trial_balance(
    tenant_id: UUID, report: TrialBalance, over: PeriodBalance | None
) -> dict[str, Any]:
    """Return the trial balance as the API writes it, with a period if requested."""
    return {
        **_wire_block(tenant_id, report.as_of, report.home),
        "by_currency": [_wire_block(tenant_id, report.as_of, block) for block in report.others],
        **({"movements": _wire_movements(over)} if over else {}),
    }


def _wire_movements(over: PeriodBalance) -> dict[str, Any]:
    currencies = [
        {
            "currency": block.currency,
            "accounts": [
                {"code": line.code, "name": line.name, "type": line.type}
                | _wire_sides(line.four_pairs)
                for line in block.accounts
            ],
            "totals": _wire_sides(block.four_totals),
            "in_balance": block.in_balance,
        }
        for block in over.blocks
    ]
    return {
        "period": {"from": over.period.first, "to": over.period.last},
        "year_began": over.period.year_began,
        "currencies": currencies,
    }


def _wire_sides(pairs: tuple[Sides, ...]) -> dict[str, str]:
    names = ("opening_", "", "carried_", "closing_")
    return {
        f"{name}{side}": amount.wire
        for name, pair in zip(names, pairs, strict=True)
        for side, amount in zip(("debit", "credit"), pair, strict=True)
    }


def _wire_block(tenant_id: UUID, as_of: date, block: CurrencyBalance) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "as_of": as_of,
        "accounts": [
            {
                "code": line.code,
                "name": line.name,
                "type": line.type,
                "debit": line.debit.wire,
                "credit": line.credit.wire,
                "balance": line.balance.wire,
                "currency": block.currency,
            }
            for line in block.accounts
        ],
        "total_debit": block.total_debit.wire,
        "total_credit": block.total_credit.wire,
        "in_balance": block.in_balance,
        "currency": block.currency,
    }


def wire_ageing(
    common: dict[str, Any], found: list[Ageing], *, parties: Literal["top_debtors", "top_creditors"]
) -> dict[str, Any]:
    """Return ageing as the API writes it; `common` members are in each currency."""
    home, *others = [common | _wire_ageing(ageing, parties) for ageing in found]
    return {**home, "by_currency": others}


def _wire_ageing(ageing: Ageing, parties: str) -> dict[str, Any]:
    return {
        "total_outstanding": _wire(ageing.total),
        "not_due": _wire(ageing.not_due),
        "aging_buckets": _wire_buckets(ageing.buckets),
        "top_debtors": [],
        "top_creditors": [],
        parties: [{"name": name, "amount": _wire(amount)} for name, amount in ageing.top],
        "advances": {"total": _wire(ageing.ahead), "aging_buckets": _wire_buckets(ageing.advances)},
        "net_outstanding": _wire(ageing.total + ageing.ahead),
        "scheduled": [
            {"pay_on": one.pay_on, "count": one.count, "amount": _wire(one.amount)}
            for one in ageing.scheduled
        ],
    }


def _wire_buckets(buckets: tuple[Bucket, ...]) -> list[dict[str, Any]]:
    return [
        {"bucket": bucket.name, "count": bucket.count, "amount": _wire(bucket.amount)}
        for bucket in buckets
    ]


def _wire(amount: Money) -> dict[str, str]:
    return {"amount": amount.wire, "currency": amount.currency}
