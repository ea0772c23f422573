"""Cells that rows of several kinds of file have alike, each judged by itself, so that all that is
wrong with a row is told at once.
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
from voyagent.kernel.money import InvalidAmount, Money


@dataclass(frozen=True, slots=True)
class Known:
    """What a row is judged by beside its cells: the day as of which its file speaks, and the
    currency of a row that names none.
    """

    on: date
    currency: str

    @classmethod
    def of(cls, actor: Actor, on: date) -> Known:
        """What is known of the files of an agency."""
        return cls(on, actor.currency)


def refusal(error: VoyagentError) -> PydanticCustomError:
    """What a rule says of one cell, as a finding beside those of the other cells of its row."""
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


RowCurrency = Annotated[CurrencyCode, BeforeValidator(_capitals)]
"""A currency, in small letters too."""
RowAmount = Annotated[PlainAmount, AfterValidator(_exact)]
"""An amount that the currency of its row, a column before it, can have."""
