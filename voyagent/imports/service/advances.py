"""Import unused advances, which are payments that settle no document yet."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from voyagent.billing.payments.service import opening as opening_payments, settling
from voyagent.imports.rules import base_amounts
from voyagent.imports.rules.cell_types import (
    Context,
    RowAmount,
    RowBaseAmount,
    RowCurrency,
    RowDate,
    refusal,
    with_plain_amount,
)
from voyagent.imports.service.opening import DayNeeded
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.fields import Closed, Trimmed
from voyagent.kernel.money import Money
from voyagent.kernel.rates import RATE_SHAPE

ERROR_FIELDS = {
    **base_amounts.ERROR_FIELDS,
    **dict.fromkeys(("customer_name_required", "party_ambiguous"), "party"),
    **dict.fromkeys(
        ("former_number_required", "former_payment_taken", "text_too_long"), "reference"
    ),
    **dict.fromkeys(
        ("paid_after_day", "date_in_future", "period_locked", "invalid_date"), "paid_on"
    ),
    "invalid_currency": "currency",
    **dict.fromkeys(("invalid_amount", "amount_above_limit"), "amount"),
}


class PaidAfterDay(Invalid):
    """The payment date is later than the date of the file's unused amounts."""

    code = "paid_after_day"
    message = N_("The payment date is after the date of the file.")


class Advance(Closed):
    """A row of a file of advances: party, number, date and unused amount.

    `exchange_rate` and `base_amount` are as in `OpenDocument`.
    """

    party: Annotated[str, Trimmed(255)]
    reference: Annotated[str, Trimmed(128)]
    paid_on: RowDate
    currency: RowCurrency | None = None
    amount: RowAmount
    exchange_rate: Annotated[str, Field(pattern=RATE_SHAPE)] | None = None
    base_amount: RowBaseAmount | None = None

    @field_validator("paid_on")
    @classmethod
    def _by_the_day(cls, paid: date, info: ValidationInfo) -> date:
        if paid > info.context.on:  # type: ignore[union-attr]
            raise refusal(PaidAfterDay())
        return paid


COLUMNS = tuple(Advance.model_fields)
NEEDED = ("party", "reference", "paid_on", "amount")


class Taker:
    """Importer of customers' or suppliers' advances, each posted on its payment date.

    The constructor raises DayNeeded if `on` is None.
    """

    def __init__(self, direction: settling.Direction, actor: Actor, on: date | None) -> None:
        if on is None:
            raise DayNeeded
        self._direction, self._actor, self._context = direction, actor, Context.of(actor, on)

    def take(self, cells: dict[str, str]) -> None:
        """Import one advance.

        Raises ValidationError, and the errors of `import_advance`.
        """
        row = Advance.model_validate(
            with_plain_amount(cells, self._context.currency), strict=False, context=self._context
        )
        books = self._context.currency
        money = Money.parse(row.amount, row.currency or books)
        base = None if row.base_amount is None else Money.parse(row.base_amount, books)
        rate = base_amounts.quote_of_row(
            money, books, row.paid_on, rate=row.exchange_rate, base=base
        )
        opening_payments.import_advance(
            self._actor,
            direction=self._direction,
            party_name=row.party,
            reference=row.reference,
            paid_on=row.paid_on,
            amount=money,
            exchange_rate=rate,
        )

    def finish(self) -> None:
        """Do nothing, because each row is already imported."""


def of_customers(actor: Actor, on: date | None) -> Taker:
    """Return an importer of customers' advances."""
    return Taker("in", actor, on)


def of_suppliers(actor: Actor, on: date | None) -> Taker:
    """Return an importer of advances paid to suppliers."""
    return Taker("out", actor, on)
