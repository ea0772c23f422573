"""What tokens cost, in USD, by the list of the API contract (section 17); pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from voyagent.drivers.models.usage import Usage

PLACES = Decimal("0.00000001")
MILLION = 1_000_000
CACHE_WRITE = Decimal("1.25")
"""What goes into the cache for five minutes costs a quarter more than reading it anew (Anthropic's price list, prompt caching)."""
CACHE_READ = Decimal("0.1")
"""What is read from the cache costs a tenth (the same list)."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD for a million tokens."""

    input: Decimal
    output: Decimal


PRICES = {
    "sonnet": Price(Decimal(3), Decimal(15)),
    "opus": Price(Decimal(15), Decimal(75)),
    "haiku": Price(Decimal("0.80"), Decimal(4)),
}


def price_of(model: str) -> Price | None:
    """The price of a model of Anthropic's by its family (`claude-opus-4-6`); None for all others, such as one on the agency's own machine."""
    maker, *parts = model.lower().split("-")
    families = [part for part in parts if part in PRICES]
    return PRICES[families[0]] if maker == "claude" and families else None


def cost_of(model: str, usage: Usage) -> Decimal | None:
    """USD with eight decimals, rounded once, half up; None where the model has no price."""
    price = price_of(model)
    if price is None:
        return None
    charged_as_input = usage.input + usage.cache_write * CACHE_WRITE + usage.cache_read * CACHE_READ
    return ((charged_as_input * price.input + usage.output * price.output) / MILLION).quantize(PLACES, ROUND_HALF_UP)
