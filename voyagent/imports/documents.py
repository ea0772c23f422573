"""Files of open documents: what customers still owe on invoices of the program before, and what is still owed on bills, as of a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from voyagent.billing import service as billing
from voyagent.imports.opening import DayNeeded
from voyagent.imports.tables import ungrouped
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.fields import BusinessDate, Closed, PlainAmount, trimmed_field
from voyagent.kernel.money import Money

PLACES = {
    "customer_name_required": "party",
    **dict.fromkeys(("former_number_required", "former_number_taken", "vendor_reference_required", "vendor_reference_taken"), "reference"),
    "document_after_day": "issue_date",
    "period_locked": "issue_date",
    "invalid_date": "due_date",
    "invalid_currency": "currency",
    **dict.fromkeys(("invalid_amount", "total_out_of_range", "amount_above_limit"), "amount"),
}


class DocumentAfterDay(Invalid):
    """A document that was issued after the day as of which the file speaks."""

    code = "document_after_day"
    message = N_("This was issued after the day as of which the file stands.")


class OpenDocument(Closed):
    """A row: whose document, its number there, its days, and what is still open of it. Without a due day it is due by the terms of the party."""

    party: trimmed_field(255)  # type: ignore[valid-type]
    reference: trimmed_field(64)  # type: ignore[valid-type]
    issue_date: BusinessDate
    due_date: BusinessDate | None = None
    currency: str | None = None
    amount: PlainAmount


COLUMNS = tuple(OpenDocument.model_fields)
NEEDED = ("party", "reference", "issue_date", "amount")


class Taker:
    """Takes a file of open documents, each by `bring`, on the day on which it was issued. Raises DayNeeded."""

    def __init__(self, bring: Callable[..., Any], actor: Actor, on: date | None) -> None:
        if on is None:
            raise DayNeeded
        self._bring, self._actor, self._on = bring, actor, on

    def take(self, cells: dict[str, str]) -> None:
        """Bring one document forward. Raises ValidationError, DocumentAfterDay, and what `billing.service.bring_invoice` and `bring_bill` raise."""
        row = OpenDocument.model_validate(ungrouped(cells), strict=False)
        if row.issue_date > self._on:
            raise DocumentAfterDay
        money = Money.parse(row.amount, (row.currency or self._actor.currency).upper())
        self._bring(self._actor, party_name=row.party, reference=row.reference, issue_date=row.issue_date, due_date=row.due_date, amount=money)

    def finish(self) -> None:
        """Nothing is left to do once each row was taken."""


def invoices(actor: Actor, on: date | None) -> Taker:
    """Takes what customers still owe."""
    return Taker(billing.bring_invoice, actor, on)


def bills(actor: Actor, on: date | None) -> Taker:
    """Takes what is still owed to suppliers."""
    return Taker(billing.bring_bill, actor, on)
