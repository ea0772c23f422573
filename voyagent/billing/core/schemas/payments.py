"""Amounts and accounts of payments as they come in."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, PlainAmount, Text
from voyagent.kernel.money import Money


def _cash_or_bank(account: str) -> str:
    said = account.strip().lower()
    if said not in ("bank", "cash"):
        raise PydanticCustomError("cash_or_bank", "Write “bank” or “cash”.")
    return said


MoneyAccount = Annotated[
    str,
    AfterValidator(_cash_or_bank),
    Field(max_length=16, json_schema_extra={"enum": ["bank", "cash"]}),
]
"""Where money lies: the account of the chart that serves as the agency's bank, or the one that is
its cash in hand.
"""


class PaymentIn(Closed):
    """Money that settles a document, or a part of it, the day on which it moved, and the account
    that it came into or went from.
    """

    amount: PlainAmount
    currency: CurrencyCode
    paid_on: BusinessDate
    account: MoneyAccount = "bank"
    reference: Annotated[str, Text(128)] | None = None


class PartialAmountIn(Closed):
    """Amount of a document; defaults to the amount due."""

    amount: PlainAmount | None = None
    currency: CurrencyCode | None = None

    def money(self, currency: str) -> Money | None:
        """The amount, in the document's currency where none is named. Raises InvalidAmount."""
        return None if self.amount is None else Money.parse(self.amount, self.currency or currency)
