"""Kinds of bank accounts, and the account in the chart that each kind gets."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["bank", "cash", "card", "gateway", "wallet"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DEFAULT_PURPOSES: tuple[Kind, ...] = ("bank", "cash")
"""Kinds with an account in every chart, whose purpose has the name of the kind."""
BASE_CODES: dict[Kind, str] = {
    "bank": "1100",
    "cash": "1010",
    "card": "2170",
    "gateway": "1150",
    "wallet": "1150",
}
"""Codes by kind; new accounts of the chart add a number to them, as in `1100-2`."""
CARD_DIGITS_MAX = 4
"""Digits of a card number that may be stored; PCI DSS forbids the whole number without need."""


def account_type(kind: Kind) -> str:
    """Return the type of the chart account: `liability` for a card, else `asset`."""
    return "liability" if kind == "card" else "asset"


def free_code(kind: Kind, taken: set[str]) -> str:
    """Return the first unused code of a new account in the chart."""
    base = BASE_CODES[kind]
    return next(
        code for number in range(2, len(taken) + 3) if (code := f"{base}-{number}") not in taken
    )
