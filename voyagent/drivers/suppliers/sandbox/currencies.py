"""The sandbox's exchange: it reckons in US dollars and quotes in the agency's currency by the fixed
rates of `currencies.csv`.

The rates are round figures near those of late 2026 and never move, so that the same search costs
the same; no book may use them. A price is rounded up to the `step_minor` of its currency, as
airlines round their fares: whole rupees, five dirhams, a hundred yen, fifty fils of a Kuwaiti
dinar.
"""

from __future__ import annotations

import csv
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path

from voyagent.drivers.suppliers.errors import ValidationFailed
from voyagent.kernel.money import Money, exponent


def quoted(driver: str, usd: Decimal, currency: str) -> Money:
    """An amount of dollars in a currency, rounded up to its step.

    Raises ValidationFailed for a currency without a rate.
    """
    if currency not in _rates():
        raise ValidationFailed(driver, "currency", "the sandbox has no rate for it")
    per_usd, step = _rates()[currency]
    steps = (usd * per_usd).scaleb(exponent(currency)) / step
    return Money(int(steps.to_integral_value(ROUND_CEILING)) * step, currency)


def raised(amount: Money, per_cent: int) -> Money:
    """An amount and so much of it, rounded up to the step of its currency."""
    _, step = _rates()[amount.currency]
    return Money(-(-amount.amount_minor * (100 + per_cent) // (100 * step)) * step, amount.currency)


@cache
def _rates() -> dict[str, tuple[Decimal, int]]:
    with (Path(__file__).parent / "currencies.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["currency"]: (Decimal(row["per_usd"]), int(row["step_minor"]))
            for row in csv.DictReader(file)
        }
