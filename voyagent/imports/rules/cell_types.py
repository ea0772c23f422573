"""Cells that rows of several kinds of file share: currencies and amounts.

Each is checked by itself, so that all faults of a row are reported at once. Amounts are read as in
a form. Dates are ISO 8601 only: nobody looks at a thousand rows to see which day was guessed.
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
class Known:
    """The day as of which a file stands, and the currency of rows that name none."""

    on: date
    currency: str

    @classmethod
    def of(cls, actor: Actor, on: date) -> Known:
        """The day with the agency's currency."""
        return cls(on, actor.currency)


def refusal(error: VoyagentError) -> PydanticCustomError:
    """A rule's error about one cell, as a validation error."""
    return PydanticCustomError(error.code, error.message)


def _capitals(cell: Any) -> Any:
    return cell.upper() if isinstance(cell, str) else cell


def _exact(amount: str, info: ValidationInfo) -> str:
    if "currency" in info.data:  # else its own finding is told
        try:
            Money.parse(amount, info.data["currency"] or info.context.currency)  # type: ignore[union-attr]
        except InvalidAmount as error:
            raise refusal(error) from None
    return amount


def plain_amount(cell: str, currency: str) -> str:
    """Write an amount of a file as a plain decimal: `1,20,000`, `1.2 lakh`, `₹12,000`.

    Text that is no amount, or one in another currency, stays as it is.
    """
    plain = ungrouped(cell)
    found = None if plain.isascii() and plain.replace(".", "").isdecimal() else read_amount(cell)
    return found.plain if found and found.currency in (None, currency) else plain


def with_plain_amount(cells: dict[str, str], currency: str) -> dict[str, str]:
    """A row's cells with its amount as a plain decimal; one that is left out stays left out."""
    amount = plain_amount(cells.get("amount", ""), cells.get("currency", currency).upper())
    return cells | ({"amount": amount} if amount else {})


RowCurrency = Annotated[CurrencyCode, BeforeValidator(_capitals)]
"""A currency, in small letters too."""
RowAmount = Annotated[PlainAmount, AfterValidator(_exact)]
"""An amount that the currency of its row, a column before it, can have."""
