"""Exchange rates of the sandbox, which calculates prices in US dollars.

The rates in `currencies.csv` are round numbers near the real rates of late 2026. The rates must not
be used in the ledger. A price is rounded up to a multiple of `step_minor` minor units, as airlines
do; `step_minor` is a column of the file.
"""

from __future__ import annotations

import csv
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path

from voyagent.drivers.suppliers.errors import ValidationFailed
from voyagent.kernel.money import Money, exponent


def quoted(driver: str, usd: Decimal, currency: str) -> Money:
    """Return a dollar amount in another currency, rounded up.

    Raises ValidationFailed if the sandbox has no exchange rate for the currency.
    """
    if currency not in _rates():
        raise ValidationFailed(driver, "currency", "the sandbox has no rate for it")
    per_usd, step = _rates()[currency]
    steps = (usd * per_usd).scaleb(exponent(currency)) / step
    return Money(int(steps.to_integral_value(ROUND_CEILING)) * step, currency)


def raised(amount: Money, per_cent: int) -> Money:
    """Return an amount raised by a percentage, rounded up."""
    _, step = _rates()[amount.currency]
    return Money(-(-amount.amount_minor * (100 + per_cent) // (100 * step)) * step, amount.currency)


@cache
def _rates() -> dict[str, tuple[Decimal, int]]:
    with (Path(__file__).parent / "currencies.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["currency"]: (Decimal(row["per_usd"]), int(row["step_minor"]))
            for row in csv.DictReader(file)
        }
