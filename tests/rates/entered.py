"""Exchange rates for tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.people import Person
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.rates import Quote
from voyagent.rates import queries, service
from voyagent.rates.rules import Kind


def entered(
    person: Person,
    on: date,
    rate: str,
    *,
    pair: tuple[str, str] = ("USD", "INR"),
    kind: Kind = "reference",
    source: str = "FBIL",
) -> Row:
    """Enter a rate: one unit of the first currency costs `rate` of the second."""
    return person.does(service.enter_rate, Quote(*pair, Decimal(rate), on, source), kind=kind)


def found(person: Person, currency: str, on: date, kind: Kind = "reference") -> Quote:
    """Return the rate of a day between a currency and that of the person's books."""
    with person.reading() as reader:
        return queries.find_rate(reader, currency, on, kind)
