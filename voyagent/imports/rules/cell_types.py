"""Types of cells that several kinds of file share: currencies and amounts.

Each cell is validated separately, so that all errors of a row are reported at once. Amounts may be
written as in a form. Dates must be ISO 8601, because nobody would check a thousand guessed dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.fields import CurrencyCode, PlainAmount
from voyagent.kernel.money import InvalidAmount, Money, ungrouped
from voyagent.kernel.text.amounts import read_amount


@dataclass(frozen=True, slots=True)
class Context:
    """Context of the validation: the date that a file's data apply to, and a default currency."""

    on: date
    currency: str

    @classmethod
    def of(cls, actor: Actor, on: date) -> Context:
        """Return the context with the agency's currency as the default."""
        return cls(on, actor.currency)


def refusal(error: VoyagentError) -> PydanticCustomError:
    """Convert an error of our rules about one cell to a Pydantic error."""
    return PydanticCustomError(error.code, error.message)


def _capitals(cell: Any) -> Any:
    return cell.upper() if isinstance(cell, str) else cell


def _exact(amount: str, info: ValidationInfo) -> str:
    if "currency" in info.data:  # an invalid currency has its own error
        try:
            Money.parse(amount, info.data["currency"] or info.context.currency)  # type: ignore[union-attr]
        except InvalidAmount as error:
            raise refusal(error) from None
    return amount


def plain_amount(cell: str, currency: str) -> str:
    """Convert an amount such as `1,20,000`, `1.2 lakh` or `₹12,000` to a plain decimal.

    From text that is not an amount, or is an amount in another currency, only the group separators
    are removed. Such text then fails validation.
    """
    plain = ungrouped(cell)
    found = None if plain.isascii() and plain.replace(".", "").isdecimal() else read_amount(cell)
    return found.plain if found and found.currency in (None, currency) else plain


def with_plain_amount(cells: dict[str, str], currency: str) -> dict[str, str]:
    """Return a row's cells with the amount as a plain decimal.

    If the row has no amount, none is added.
    """
    amount = plain_amount(cells.get("amount", ""), cells.get("currency", currency).upper())
    return cells | ({"amount": amount} if amount else {})


RowCurrency = Annotated[CurrencyCode, BeforeValidator(_capitals)]
"""A currency code in capital or small letters."""
RowAmount = Annotated[PlainAmount, AfterValidator(_exact)]
"""A decimal amount that is valid in the currency of its row.

The currency's field must be declared before the amount's.
"""
