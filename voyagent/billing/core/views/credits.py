"""Pages to enter and to reverse a credit, for credit notes and supplier credits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.billing.core.forms.credits import CREDIT_ERROR_FIELDS, DocumentCreditForm
from voyagent.billing.core.forms.reversals import ReverseForm
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import AnyCreditKind
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.core.views.documents import Place, not_now
from voyagent.billing.core.views.previews import (
    is_preview,
    other_year_words,
    preview,
    reversal_of,
    reversals_of,
    typed_day,
)
from voyagent.billing.core.views.reversals import Reversed, reverse_step
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money

Credit = CreditNote | SupplierCredit


@dataclass(frozen=True, slots=True)
class CreditPages:
    """Functions and texts for the pages of credit notes or of supplier credits.

    `document` and `credit` return an invoice or bill and a credit by id. `reverse` reverses a
    credit, and `explained` is a sentence on the page to reverse one. `series` is the series of
    numbers, or None if the supplier gives the number. `entered` returns the message after a credit
    was entered, from its number; `reversed` is the message after a reversal.
    """

    kind: AnyCreditKind
    list_url: Callable[[], str]
    document: Callable[[UUID], Invoice | Bill]
    series: str | None
    credit: Callable[[UUID], Credit]
    reverse: Callable[..., Any]
    explained: Any
    entered: Callable[[str], str]
    reversed: Any


def credit_url(kind: AnyCreditKind, credit_id: UUID) -> str:
    """Return the URL of a credit."""
    key: dict[str, Any] = {kind.key: credit_id}
    return url_for(f"billing.{kind.name}", **key)


def credit_page(
    pages: CreditPages,
    form: DocumentCreditForm[Any],
    act: Callable[[Any], Any],
    sides: Callable[[Any], Sequence[tuple[str, int, Money]]],
    recognitions: Sequence[dict[str, Any]] = (),
) -> Any:
    """Enter a credit and redirect to it, or render its form with the postings.

    `act` enters the credit. `sides` computes the journal lines of the parsed form for the preview.
    `recognitions` is a list to which `sides` may add entries on later service dates; the preview
    shows them too.
    """
    document_id = form.document.id
    credit = None if is_preview() else form.attempt(act, **CREDIT_ERROR_FIELDS)
    if credit is None:
        facts = preview(form, sides) | {
            "place": Place(pages.document(document_id)),
            "rows": form.rows,
            "recognitions": recognitions,
            "other_year": other_year_words(typed_day(form.issue_date), pages.series),
        }
        return render_template("billing/credit.html", form=form, **facts), (
            200 if is_preview() else form.status
        )
    toast(pages.entered(getattr(credit, pages.kind.number)))
    return see_other(credit_url(pages.kind, credit.id))


def reverse_page(pages: CreditPages, actor: Actor, credit_id: UUID) -> Any:
    """Reverse a credit and redirect to it, or render the confirmation page."""
    credit, url = pages.credit(credit_id), credit_url(pages.kind, credit_id)
    if credit.reversed_on is not None:
        return not_now(_(pages.kind.already_reversed.message), url)
    form = ReverseForm(data={"reversed_on": max(today(), credit.issue_date)})

    def act(body: ReverseIn) -> Any:
        return pages.reverse(actor, credit_id, reason=body.reason, on=body.reversed_on)

    def look() -> Reversed:
        credit = pages.credit(credit_id)
        day = typed_day(form.reversed_on) or credit.issue_date
        return Reversed(
            getattr(credit, pages.kind.number),
            credit.party_name,
            Money(credit.total_minor, credit.currency),
            str(pages.explained),
            "credit_notes",
            _("Credit notes"),
            pages.list_url(),
            url,
            reversal_of(credit.entry_id),
            reversals_of((pages.kind.name, credit.id), day),
        )

    return reverse_step(form, act, look, str(pages.reversed), url)
