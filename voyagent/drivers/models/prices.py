"""What tokens cost, in USD, and until when a model is to be had; pure arithmetic over lists of
names.

Generations 3 and 4 cost what the API contract says of their family (section 17), whatever the
vendor asks by now. Newer ones cost what the vendor's price list said in November 2026. A name that
is in neither has no price: nobody guesses one, and nothing is called free that is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from voyagent.drivers.models.usage import Usage

PLACES = Decimal("0.00000001")
MILLION = 1_000_000
CACHE_WRITE = Decimal("1.25")
"""What goes into the cache for five minutes costs a quarter more than reading it anew (Anthropic's
price list, prompt caching).
"""
CACHE_READ = Decimal("0.1")
"""What is read from the cache costs a tenth (the same list), where no other share is named."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD for a million tokens; `cache_read` is the share of `input` that reading from the cache
    costs.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None


FAMILIES = {
    "sonnet": Price(Decimal(3), Decimal(15)),
    "opus": Price(Decimal(15), Decimal(75)),
    "haiku": Price(Decimal("0.80"), Decimal(4)),
}
PRICES = {
    "claude-sonnet-5": Price(Decimal(2), Decimal(10)),
    "claude-sonnet-5-5": Price(Decimal(2), Decimal(10), Decimal("0.05")),
    "claude-opus-5": Price(Decimal(5), Decimal(25)),
    "claude-opus-5-5": Price(Decimal(4), Decimal(20), Decimal("0.05")),
    "claude-haiku-5-5": Price(
        Decimal("0.10"), Decimal("0.50")
    ),  # up to 100,000 tokens a prompt, which ours keep below
}
LAST_DAYS = {"claude-sonnet-4-5": date(2026, 11, 30)}
"""The last day of models that the vendor has given notice of."""
_OLD_GENERATIONS = {"3", "4"}
_DATED = 8


def price_of(model: str) -> Price | None:
    """The price of a model of Anthropic's by its name (`claude-opus-5`, also with the day of its
    release behind it); None for all others.
    """
    name = _undated(model.lower())
    maker, *parts = name.split("-")
    families = [part for part in parts if part in FAMILIES]
    generation = next((part for part in parts if part.isdecimal()), "")
    if maker == "claude" and families and generation in _OLD_GENERATIONS:
        return FAMILIES[families[0]]
    return PRICES.get(name)


def last_day_of(model: str) -> date | None:
    """The last day on which the vendor has a model; None while no notice is known."""
    return LAST_DAYS.get(_undated(model.lower()))


def cost_of(model: str, usage: Usage) -> Decimal | None:
    """USD with eight decimals, rounded once, half up; None where the model has no price."""
    price = price_of(model)
    if price is None:
        return None
    read = CACHE_READ if price.cache_read is None else price.cache_read
    charged_as_input = usage.input + usage.cache_write * CACHE_WRITE + usage.cache_read * read
    return ((charged_as_input * price.input + usage.output * price.output) / MILLION).quantize(
        PLACES, ROUND_HALF_UP
    )


def _undated(name: str) -> str:
    """A name without the day of its release."""
    head, _, tail = name.rpartition("-")
    return head if head and len(tail) == _DATED and tail.isdecimal() else name
