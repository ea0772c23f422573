"""Checks and amounts of the lines, dates and texts of a document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, NotRequired, TypedDict
from uuid import UUID

from voyagent.billing.core.errors import (
    BasicFareOutOfRange,
    CommissionNotAgent,
    CommissionOutOfRange,
    CustomerNameRequired,
    DiscountOutOfRange,
    DueBeforeIssue,
    InvalidDate,
    InvalidLine,
    NoLines,
    ServiceDatesInverted,
    ServiceTooLong,
    TaxAboveLine,
    TextTooLong,
    TotalOutOfRange,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.ledger.queries.party_lines import PartyRef
from voyagent.ledger.service.entries import AMOUNT_MAX_MINOR
from voyagent.ledger.service.months import FIRST_DAY, LAST_DAY
from voyagent.parties import queries as parties
from voyagent.parties.service import parties as party_service
from voyagent.parties.service.parties import NamedParty

LINES_MAX = 200
QUANTITY_MAX = 1_000_000
QUANTITY_PATTERN = r"^[0-9]{1,7}(\.[0-9]{1,3})?$"
UNIT_MAX = 20
SERVICE_DAYS_MAX = 1096
"""Largest number of days of a service: three years."""
REASON_MAX = 500
"""Largest number of characters of a reason that confirms or undoes an act."""
SoldAs = Literal["principal", "agent", "fee"]
BoughtAs = Literal["cost", "agent"]


class LineItem(TypedDict):
    """A document line as input; `unit_price` is an exact decimal before tax.

    `unit` names what is counted, such as `nights`. `discount` is an amount of the whole line.
    The service lasts from `service_date` to `service_to`, or one day if `service_to` is None.
    With `price_includes_tax`, unit price and discount include the taxes of the line.

    Keys of invoice lines only: `sold_as` (default `principal`), `tax`, `collection`,
    `basic_fare`, `sac` (a service code), `place_of_supply` (the state of a hotel, or that in
    which a journey begins, if it decides the tax), `trip_line_id`, `commission`, which only a
    line sold as agent may have, and `debits_line_no`, the invoice's line for which a line of a
    debit note charges more. Keys of bill lines only: `bought_as` (default `cost`),
    `input_taxes` (the taxes printed on the supplier's bill, by component), and `input_credit`
    (default False).
    """

    description: str
    quantity: int | str | Decimal
    unit_price: str | Decimal
    currency: str
    unit: NotRequired[str | None]
    discount: NotRequired[str | Decimal | None]
    price_includes_tax: NotRequired[bool]
    sold_as: NotRequired[SoldAs]
    tax: NotRequired[str | None]
    collection: NotRequired[str | None]
    basic_fare: NotRequired[str | Decimal | None]
    service_date: NotRequired[date | None]
    service_to: NotRequired[date | None]
    commission: NotRequired[str | Decimal | None]
    sac: NotRequired[str | None]
    place_of_supply: NotRequired[str | None]
    trip_line_id: NotRequired[UUID | None]
    debits_line_no: NotRequired[int | None]
    bought_as: NotRequired[BoughtAs]
    input_taxes: NotRequired[Mapping[str, str | Decimal]]
    input_credit: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A checked document line; `amount` is before tax and after the discount.

    `included_tax` is the tax in the unit price, or None if the unit price is before tax. On an
    invoice line it is not known yet: it is zero, and still a part of `amount`.
    """

    description: str
    quantity: Decimal
    unit: str | None
    unit_price: Money
    discount: Money
    included_tax: Money | None
    amount: Money
    sold_as: SoldAs = "principal"
    tax: str | None = None
    collection: str | None = None
    basic_fare: Money | None = None
    service_date: date | None = None
    service_to: date | None = None
    commission: Money | None = None
    sac: str | None = None
    place_of_supply: str | None = None
    trip_line_id: UUID | None = None
    debits_line_no: int | None = None
    bought_as: BoughtAs = "cost"
    input_taxes: Mapping[str, Money] = field(default_factory=dict)
    input_credit: bool = False


class LineColumns(TypedDict):
    """Column values common to invoice and bill lines; amounts are in minor units."""

    line_no: int
    description: str
    quantity: int
    quantity_part: Decimal
    unit: str | None
    unit_price_minor: int
    discount_minor: int
    included_tax_minor: int | None
    amount_minor: int


class SoldColumns(LineColumns):
    """Column values of an invoice line."""

    sold_as: SoldAs
    tax: str | None
    collection: str | None
    service_date: date | None
    service_to: date | None
    basic_fare_minor: int | None
    commission_minor: int
    sac: str | None
    place_of_supply: str | None
    trip_line_id: UUID | None
    debits_line_no: int | None


class BoughtColumns(LineColumns):
    """Column values of a bill line."""

    bought_as: BoughtAs
    input_credit: bool
    service_date: date | None
    service_to: date | None


@dataclass(frozen=True, slots=True)
class Priced:
    """The checked lines of a document, all in one currency, and their sum before tax."""

    lines: list[PricedLine]
    total: Money

    def line_columns(self) -> Iterator[LineColumns]:
        """Yield the column values common to invoice and bill lines, numbered from 1."""
        for line_no, line in enumerate(self.lines, start=1):
            yield {
                "line_no": line_no,
                "description": line.description,
                "quantity": int(line.quantity),
                "quantity_part": line.quantity % 1,
                "unit": line.unit,
                "unit_price_minor": line.unit_price.amount_minor,
                "discount_minor": line.discount.amount_minor,
                "included_tax_minor": (
                    None if line.included_tax is None else line.included_tax.amount_minor
                ),
                "amount_minor": line.amount.amount_minor,
            }

    def sold_columns(self) -> Iterator[SoldColumns]:
        """Yield the column values of invoice lines."""
        for line, columns in zip(self.lines, self.line_columns(), strict=True):
            fare = line.basic_fare.amount_minor if line.basic_fare is not None else None
            yield {
                **columns,
                "sold_as": line.sold_as,
                "tax": line.tax,
                "collection": line.collection,
                "service_date": line.service_date,
                "service_to": line.service_to,
                "basic_fare_minor": fare,
                "commission_minor": line.commission.amount_minor if line.commission else 0,
                "sac": line.sac,
                "place_of_supply": line.place_of_supply,
                "trip_line_id": line.trip_line_id,
                "debits_line_no": line.debits_line_no,
            }

    def printed(self) -> Iterator[tuple[int, dict[str, int]]]:
        """Yield the number of each bill line and the taxes printed on the bill for it.

        The taxes are amounts in minor units by component.
        """
        for line_no, line in enumerate(self.lines, start=1):
            yield (
                line_no,
                {component: tax.amount_minor for component, tax in line.input_taxes.items()},
            )

    def bought_columns(self) -> Iterator[BoughtColumns]:
        """Yield the values to store for each bill line, in the order of the lines."""
        for line, columns in zip(self.lines, self.line_columns(), strict=True):
            yield {
                **columns,
                "bought_as": line.bought_as,
                "input_credit": line.input_credit,
                "service_date": line.service_date,
                "service_to": line.service_to,
            }


def price(items: Sequence[LineItem]) -> Priced:
    """Check the lines of a document and return them with their sum before tax.

    Raises NoLines, InvalidLine, TextTooLong, DiscountOutOfRange, BasicFareOutOfRange,
    CommissionOutOfRange, CommissionNotAgent, ServiceDatesInverted, ServiceTooLong,
    UnknownCurrency, InvalidAmount, MixedCurrencies, TotalOutOfRange.
    """
    if not 1 <= len(items) <= LINES_MAX:
        raise NoLines
    if len({item["currency"] for item in items}) > 1:
        raise MixedCurrencies
    lines = [_line(item) for item in items]
    total = sum((line.amount for line in lines[1:]), lines[0].amount)
    if not 0 < total.amount_minor <= AMOUNT_MAX_MINOR:
        raise TotalOutOfRange
    return Priced(lines, total)


def due_day(terms_days: int | None, issue_date: date, due_date: date | None = None) -> date:
    """Return `due_date`, or if it is None the due date by payment terms.

    Payment terms are a number of days after the issue date. Without terms the issue date is
    returned.
    """
    if due_date is not None:
        return due_date
    days = terms_days or 0
    return issue_date + timedelta(days=min(days, max((LAST_DAY - issue_date).days, 0)))


def due_day_of(party: PartyRef, issue_date: date, due_date: date | None = None) -> date:
    """Return `due_date`, or if it is None the due date by the terms of a party."""
    terms_days = None if due_date else parties.terms_days(party)
    return due_day(terms_days, issue_date, due_date)


def check_days(issue_date: date, due_date: date) -> None:
    """Check that both dates are from 1900 to 2200 and in order.

    Raises DueBeforeIssue if the due date is before the issue date, and InvalidDate if a date is out
    of range.
    """
    if due_date < issue_date:
        raise DueBeforeIssue
    if issue_date < FIRST_DAY or due_date > LAST_DAY:
        raise InvalidDate


def party(name: str) -> str:
    """Return a party name without surplus spaces. Raises CustomerNameRequired."""
    words = " ".join(name.split())
    if not 1 <= len(words) <= 255:
        raise CustomerNameRequired
    return words


def party_of(
    actor: Actor, kind: Literal["customer", "supplier"], party_id: UUID | None, name: str | None
) -> NamedParty:
    """Return the party of a document or payment to write, by id, name or both.

    Raises CustomerNameRequired, and the errors of `parties.party_of`.
    """
    typed = None if name is None and party_id is not None else party(name or "")
    return party_service.party_of(actor, kind, party_id=party_id, name=typed)


def read_quantity(typed: int | str | Decimal) -> Decimal:
    """Return a quantity above 0, of at most QUANTITY_MAX and three decimals.

    Raises InvalidLine.
    """
    if type(typed) not in (int, str, Decimal) or not re.fullmatch(QUANTITY_PATTERN, str(typed)):
        raise InvalidLine
    quantity = Decimal(typed)
    if not 0 < quantity <= QUANTITY_MAX:
        raise InvalidLine
    return quantity


def line_amount(unit_price: Money, quantity: Decimal, discount: Money) -> Money:
    """Return quantity times unit price, rounded half up, less the discount.

    Raises InvalidAmount if the product is out of range, and DiscountOutOfRange.
    """
    thousandths = int(quantity.scaleb(3))
    whole = Money(
        (unit_price.within(0).amount_minor * thousandths + 500) // 1000, unit_price.currency
    ).within(0, AMOUNT_MAX_MINOR)
    if not 0 <= discount.amount_minor <= whole.amount_minor:
        raise DiscountOutOfRange
    return whole - discount


def words(text: str | None, length_max: int) -> str | None:
    """Return a text without surrounding spaces, or None if blank. Raises TextTooLong."""
    trimmed = (text or "").strip()
    if len(trimmed) > length_max:
        raise TextTooLong
    return trimmed or None


def confirmed(error: VoyagentError, reason: str | None) -> str:
    """Return the reason that confirms an unusual act, without surplus spaces.

    Raises `error` if the reason is blank, and TextTooLong.
    """
    why = words(reason, REASON_MAX)
    if why is None:
        raise error
    return why


def _line(item: LineItem) -> PricedLine:
    description = item["description"].strip()
    if not 1 <= len(description) <= 500:
        raise InvalidLine
    quantity = read_quantity(item["quantity"])
    unit_price = Money.parse(item["unit_price"], item["currency"])
    discount = Money.parse(item.get("discount") or "0", item["currency"])
    amount = line_amount(unit_price, quantity, discount)
    printed = _printed(item)
    tax = sum(printed.values(), Money(0, item["currency"]))
    included = tax if item.get("price_includes_tax") else None
    amount -= included or Money(0, item["currency"])
    if tax.amount_minor > amount.amount_minor:
        raise TaxAboveLine
    given_fare = item.get("basic_fare")
    fare = Money.parse(given_fare, item["currency"]) if given_fare is not None else None
    if fare is not None and not 0 <= fare.amount_minor <= amount.amount_minor:
        raise BasicFareOutOfRange
    return PricedLine(
        description,
        quantity,
        words(item.get("unit"), UNIT_MAX),
        unit_price,
        discount,
        included,
        amount,
        sold_as=item.get("sold_as", "principal"),
        tax=item.get("tax") or None,
        collection=item.get("collection") or None,
        basic_fare=fare,
        service_date=item.get("service_date"),
        service_to=_last_day(item),
        commission=_commission(item, amount),
        sac=item.get("sac") or None,
        place_of_supply=item.get("place_of_supply") or None,
        trip_line_id=item.get("trip_line_id"),
        debits_line_no=item.get("debits_line_no"),
        bought_as=item.get("bought_as", "cost"),
        input_taxes=printed,
        input_credit=item.get("input_credit", False),
    )


def _last_day(item: LineItem) -> date | None:
    """Return the last day of the service, or None for a service of one day.

    Raises ServiceDatesInverted, ServiceTooLong.
    """
    first, last = item.get("service_date"), item.get("service_to")
    if last is not None and (first is None or last < first):
        raise ServiceDatesInverted
    if first is not None and last is not None and (last - first).days >= SERVICE_DAYS_MAX:
        raise ServiceTooLong
    return last


def _commission(item: LineItem, amount: Money) -> Money | None:
    """Return the commission of an invoice line sold as agent, or None.

    Raises InvalidAmount, CommissionOutOfRange, CommissionNotAgent.
    """
    given = item.get("commission")
    commission = Money.parse(given, item["currency"]) if given is not None else None
    if commission is None or not commission:
        return None
    if item.get("sold_as") != "agent":
        raise CommissionNotAgent
    if not 0 < commission.amount_minor <= amount.amount_minor:
        raise CommissionOutOfRange
    return commission


def _printed(item: LineItem) -> dict[str, Money]:
    """Return the taxes printed on a supplier's bill for a line, by component.

    Each tax must be positive. Raises InvalidAmount.
    """
    return {
        component: Money.parse(printed, item["currency"]).within(1)
        for component, printed in sorted(item.get("input_taxes", {}).items())
    }
