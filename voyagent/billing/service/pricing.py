"""What invoices and bills have in common: lines that are read exactly, days that fit, words that say something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypedDict

from voyagent.billing.service.errors import CustomerNameRequired, InvalidDate, InvalidLine, NoLines, TextTooLong, TotalOutOfRange
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger.service import AMOUNT_MAX_MINOR, FIRST_DAY, LAST_DAY
from voyagent.parties import queries as parties

LINES_MAX = 200
QUANTITY_MAX = 1_000_000


class LineItem(TypedDict):
    """A line as it is asked for; the price is a plain decimal of the currency, exact."""

    description: str
    quantity: int
    unit_price: str | Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with its amount: quantity times price, without rounding, since both are whole minor units."""

    description: str
    quantity: int
    unit_price: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class Priced:
    """The lines of a document, all of one currency, and their sum."""

    lines: list[PricedLine]
    total: Money

    def line_columns(self) -> Iterator[dict[str, Any]]:
        """The columns that every document's line table has, numbered from 1 in the order given."""
        for line_no, line in enumerate(self.lines, start=1):
            yield {
                "line_no": line_no,
                "description": line.description,
                "quantity": line.quantity,
                "unit_price_minor": line.unit_price.amount_minor,
                "amount_minor": line.amount.amount_minor,
            }


def price(items: Sequence[LineItem]) -> Priced:
    """Read and add up the lines of a document.

    Raises NoLines, InvalidLine; UnknownCurrency, InvalidAmount (no number, negative, too large, or a place more than the currency has); MixedCurrencies;
    TotalOutOfRange.
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


def due_day(party_name: str, issue_date: date, due_date: date | None = None) -> date:
    """The day on which a document is due: the one that is named, else by the terms of the party, else the day of issue."""
    if due_date is not None:
        return due_date
    days = parties.terms_days(party_name) or 0
    return issue_date + timedelta(days=min(days, max((LAST_DAY - issue_date).days, 0)))


def check_days(issue_date: date, due_date: date) -> None:
    """Nothing is due before it is issued. Raises InvalidDate."""
    if not FIRST_DAY <= issue_date <= due_date <= LAST_DAY:
        raise InvalidDate


def party(name: str) -> str:
    """A name in one spelling: outer and double spaces go. Raises CustomerNameRequired."""
    words = " ".join(name.split())
    if not 1 <= len(words) <= 255:
        raise CustomerNameRequired
    return words


def words(text: str | None, length_max: int) -> str | None:
    """A text that says something, or None. Raises TextTooLong."""
    trimmed = (text or "").strip()
    if len(trimmed) > length_max:
        raise TextTooLong
    return trimmed or None


def _line(item: LineItem) -> PricedLine:
    description, quantity = item["description"].strip(), item["quantity"]
    if not 1 <= len(description) <= 500 or type(quantity) is not int or not 1 <= quantity <= QUANTITY_MAX:
        raise InvalidLine
    unit = Money.parse(item["unit_price"], item["currency"])
    amount = Money(unit.amount_minor * quantity, unit.currency)
    if unit.amount_minor < 0 or amount.amount_minor > AMOUNT_MAX_MINOR:
        raise InvalidAmount
    return PricedLine(description, quantity, unit, amount)
