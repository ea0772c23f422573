"""Import unpaid invoices and bills, with their open amounts on a date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from voyagent.billing.bills import service as bill_service
from voyagent.billing.core import errors
from voyagent.billing.invoices.service import issuing
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
from voyagent.kernel.rates import RATE_SHAPE, Quote

ERROR_FIELDS = {
    **base_amounts.ERROR_FIELDS,
    **dict.fromkeys(("customer_name_required", "party_ambiguous"), "party"),
    **dict.fromkeys(
        (
            "former_number_required",
            "former_number_taken",
            "vendor_reference_required",
            "vendor_reference_taken",
        ),
        "reference",
    ),
    **dict.fromkeys(("document_after_day", "date_in_future", "period_locked"), "issue_date"),
    "invalid_date": "due_date",
    "invalid_currency": "currency",
    **dict.fromkeys(("invalid_amount", "total_out_of_range", "amount_above_limit"), "amount"),
}


class DocumentAfterDay(Invalid):
    """The document's issue date is later than the date of the file's open amounts."""

    code = "document_after_day"
    message = N_("The issue date is after the date of the file.")


class OpenDocument(Closed):
    """A row of a file of open documents: party, number, dates and open amount.

    Without a due date the party's payment terms apply. For an amount in a foreign currency,
    `exchange_rate` is the booked rate: the price of one foreign unit in the agency's currency.
    `base_amount` is the amount in the agency's currency instead.
    """

    party: Annotated[str, Trimmed(255)]
    reference: Annotated[str, Trimmed(64)]
    issue_date: RowDate
    due_date: RowDate | None = None
    currency: RowCurrency | None = None
    amount: RowAmount
    exchange_rate: Annotated[str, Field(pattern=RATE_SHAPE)] | None = None
    base_amount: RowBaseAmount | None = None

    @field_validator("issue_date")
    @classmethod
    def _by_the_day(cls, issued: date, info: ValidationInfo) -> date:
        if issued > info.context.on:  # type: ignore[union-attr]
            raise refusal(DocumentAfterDay())
        return issued

    @field_validator("due_date")
    @classmethod
    def _not_before_issue(cls, due: date | None, info: ValidationInfo) -> date | None:
        if due is not None and due < info.data.get("issue_date", due):
            raise refusal(errors.DueBeforeIssue())
        return due

    @field_validator("amount")
    @classmethod
    def _something(cls, amount: str) -> str:
        if not Decimal(amount):
            raise refusal(errors.TotalOutOfRange())
        return amount


COLUMNS = tuple(OpenDocument.model_fields)
NEEDED = ("party", "reference", "issue_date", "amount")


class Taker:
    """Importer of open invoices or bills, each posted on its issue date.

    `bring` is the service function that posts one document. The constructor raises DayNeeded if
    `on` is None.
    """

    def __init__(self, bring: Callable[..., Any], actor: Actor, on: date | None) -> None:
        if on is None:
            raise DayNeeded
        self._bring, self._actor, self._context = bring, actor, Context.of(actor, on)

    def take(self, cells: dict[str, str]) -> None:
        """Import one document.

        Raises ValidationError, and the errors of `import_open_invoice` or `import_open_bill`.
        """
        row = OpenDocument.model_validate(
            with_plain_amount(cells, self._context.currency), strict=False, context=self._context
        )
        money = Money.parse(row.amount, row.currency or self._context.currency)
        fields = row.model_dump(include={"reference", "issue_date", "due_date"})
        self._bring(
            self._actor,
            party_name=row.party,
            amount=money,
            exchange_rate=self._booked_rate(row, money),
            **fields,
        )

    def _booked_rate(self, row: OpenDocument, amount: Money) -> Quote | None:
        """Return a row's exchange rate on its issue date, or None if the row has no rate."""
        books = self._actor.currency
        base = None if row.base_amount is None else Money.parse(row.base_amount, books)
        return base_amounts.quote_of_row(
            amount, books, row.issue_date, rate=row.exchange_rate, base=base
        )

    def finish(self) -> None:
        """Do nothing, because each row is already imported."""


def invoices(actor: Actor, on: date | None) -> Taker:
    """Return an importer of open invoices."""
    return Taker(issuing.import_open_invoice, actor, on)


def bills(actor: Actor, on: date | None) -> Taker:
    """Return an importer of open bills."""
    return Taker(bill_service.import_open_bill, actor, on)
