"""Token prices of models in USD, and the last days on which models are available.

A Claude model of generation 3 or 4 has the price of its family: Sonnet, Opus or Haiku. The API
contract gives these prices. The newer models in PRICES have the vendor's prices of November 2026.
Other models have no price.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from voyagent.drivers.models.usage import Usage

STEP = Decimal("0.00000001")
MILLION = 1_000_000
CACHE_WRITE = Decimal("1.25")
"""Factor on the price of an input token for writing to the five-minute cache."""
CACHE_READ = Decimal("0.1")
"""Default factor on the price of an input token for reading from the cache."""


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a model in USD per million tokens.

    A token that is read from the cache costs `input` times `cache_read`. If `cache_read` is None,
    the factor is CACHE_READ.
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
    ),  # for prompts below 100,000 tokens, as those of this program are
}
LAST_DAYS = {"claude-sonnet-4-5": date(2026, 11, 30)}
"""Last days of models that the vendor will withdraw."""
_OLD_GENERATIONS = {"3", "4"}
_DATED = 8


def price_of(model: str) -> Price | None:
    """Return the price of a model, or None if it is unknown.

    `model` may end with a release date, such as `-20260115`.
    """
    name = _undated(model.lower())
    maker, *parts = name.split("-")
    families = [part for part in parts if part in FAMILIES]
    generation = next((part for part in parts if part.isdecimal()), "")
    if maker == "claude" and families and generation in _OLD_GENERATIONS:
        return FAMILIES[families[0]]
    return PRICES.get(name)


def last_day_of(model: str) -> date | None:
    """Return the last day on which a model is available, None if none is announced."""
    return LAST_DAYS.get(_undated(model.lower()))


def cost_of(model: str, usage: Usage) -> Decimal | None:
    """Return the cost of an answer in USD with eight decimals.

    The cost is rounded once, half up. The result is None if the price of the model is unknown.
    """
    price = price_of(model)
    if price is None:
        return None
    read = CACHE_READ if price.cache_read is None else price.cache_read
    charged_as_input = usage.input + usage.cache_write * CACHE_WRITE + usage.cache_read * read
    return ((charged_as_input * price.input + usage.output * price.output) / MILLION).quantize(
        STEP, ROUND_HALF_UP
    )


def _undated(name: str) -> str:
    """Return a model's name without its release date."""
    head, _, tail = name.rpartition("-")
    return head if head and len(tail) == _DATED and tail.isdecimal() else name
