"""Types of cells that several kinds of file share: currencies, amounts and dates.

Amounts and dates may be written as users type them, such as `1.2 lakh` and `5 Mar 2025`. A date
must have its year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.fields import BusinessDate, CurrencyCode, PlainAmount
from voyagent.kernel.money import InvalidAmount, Money, ungrouped
from voyagent.kernel.text.amounts import read_amount
from voyagent.kernel.text.dates import Day, read_date


@dataclass(frozen=True, slots=True)
class Context:
    """The date of the balances or documents in a file, and the default currency."""

    on: date
    currency: str

    @classmethod
    def of(cls, actor: Actor, on: date) -> Context:
        """Return the context with the agency's currency as the default."""
        return cls(on, actor.currency)


def refusal(error: VoyagentError) -> PydanticCustomError:
    """Return a VoyagentError about one cell as a Pydantic error."""
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


def _iso(cell: Any, info: ValidationInfo) -> Any:
    if not isinstance(cell, str):
        return cell
    found = read_date(cell, info.context.on, "book")  # type: ignore[union-attr]
    if isinstance(found, Day) and found.has_year and not found.is_relative:
        return found.day.isoformat()
    return cell


def plain_amount(cell: str, currency: str) -> str:
    """Convert an amount such as `1,20,000` or `1.2 lakh` to a plain decimal.

    If the text is not an amount, or is an amount in another currency, only its group separators are
    removed.
    """
    plain = ungrouped(cell)
    found = None if plain.isascii() and plain.replace(".", "").isdecimal() else read_amount(cell)
    return found.plain if found and found.currency in (None, currency) else plain


def with_plain_amount(cells: dict[str, str], currency: str) -> dict[str, str]:
    """Return a row's cells with its amounts as plain decimals."""
    currencies = {"amount": cells.get("currency", currency).upper(), "base_amount": currency}
    plain = {name: plain_amount(cells.get(name, ""), one) for name, one in currencies.items()}
    return cells | {name: amount for name, amount in plain.items() if amount}


def _exact_in_base(amount: str, info: ValidationInfo) -> str:
    try:
        Money.parse(amount, info.context.currency)  # type: ignore[union-attr]
    except InvalidAmount as error:
        raise refusal(error) from None
    return amount


RowCurrency = Annotated[CurrencyCode, BeforeValidator(_capitals)]
"""A currency code in capital or small letters."""
RowDate = Annotated[BusinessDate, BeforeValidator(_iso)]
"""A date with its year, read as in a form: `2026-03-31`, `31/3/2026` or `31 Mar 26`."""
RowAmount = Annotated[PlainAmount, AfterValidator(_exact)]
"""A decimal amount that is valid in the currency of its row.

The schema must declare the field of the currency before the field of the amount.
"""
RowBaseAmount = Annotated[PlainAmount, AfterValidator(_exact_in_base)]
"""A decimal amount that is valid in the agency's currency."""
