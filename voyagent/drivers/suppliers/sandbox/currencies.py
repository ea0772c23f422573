"""Exchange rates of the sandbox, which calculates in US dollars.

The rates in `currencies.csv` are round figures near those of late 2026 and never change, so that
equal searches have equal prices; no book may use them. A price is rounded up to the `step_minor` of
its currency, as airlines do.
"""

from __future__ import annotations

import csv
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path

from voyagent.drivers.suppliers.errors import ValidationFailed
from voyagent.kernel.money import Money, exponent


def quoted(driver: str, usd: Decimal, currency: str) -> Money:
    """Convert dollars to a currency, rounded up. Raises ValidationFailed without a rate."""
    if currency not in _rates():
        raise ValidationFailed(driver, "currency", "the sandbox has no rate for it")
    per_usd, step = _rates()[currency]
    steps = (usd * per_usd).scaleb(exponent(currency)) / step
    return Money(int(steps.to_integral_value(ROUND_CEILING)) * step, currency)


def raised(amount: Money, per_cent: int) -> Money:
    """Raise an amount by a percentage, rounded up."""
    _, step = _rates()[amount.currency]
    return Money(-(-amount.amount_minor * (100 + per_cent) // (100 * step)) * step, amount.currency)


@cache
def _rates() -> dict[str, tuple[Decimal, int]]:
    with (Path(__file__).parent / "currencies.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["currency"]: (Decimal(row["per_usd"]), int(row["step_minor"]))
            for row in csv.DictReader(file)
        }
