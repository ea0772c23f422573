"""Kinds of exchange rates, and the rate of one unit from a quote for 100."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, get_args

Kind = Literal["reference", "bank_sell", "bank_buy", "card", "customs"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Units = Literal[1, 100]


def rate_of_one(rate: Decimal, units: Units) -> Decimal:
    """Return the rate of one unit from the rate of `units` units, exactly."""
    return rate if units == 1 else rate.scaleb(-2)
