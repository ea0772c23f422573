"""Request bodies with the amount and the account of a payment."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from voyagent.kernel.fields import Closed, CurrencyCode, PlainAmount
from voyagent.kernel.money import Money


def _cash_or_bank(account: str) -> str:
    lowered = account.strip().lower()
    if lowered not in ("bank", "cash"):
        raise PydanticCustomError("cash_or_bank", "Write “bank” or “cash”.")
    return lowered


MoneyAccount = Annotated[
    str,
    AfterValidator(_cash_or_bank),
    Field(max_length=16, json_schema_extra={"enum": ["bank", "cash"]}),
]
"""The account that money is paid into or from: `bank` or `cash`."""


class PartialAmountIn(Closed):
    """The amount to settle of a document; if omitted, the whole amount due."""

    amount: PlainAmount | None = None
    currency: CurrencyCode | None = None

    def money(self, currency: str) -> Money | None:
        """Return the amount, or None if it is absent.

        `currency` is the document's currency, for a request without a currency. Raises
        InvalidAmount.
        """
        return None if self.amount is None else Money.parse(self.amount, self.currency or currency)
