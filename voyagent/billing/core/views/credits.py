"""Pages to enter and to reverse a credit, for credit notes and supplier credits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import gettext as _

from voyagent.billing.core.forms.credits import CREDIT_PLACES, DocumentCreditForm
from voyagent.billing.core.forms.reversals import ReverseForm
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
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
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.money import Money

Credit = CreditNote | SupplierCredit


@dataclass(frozen=True, slots=True)
class Kind:
    """Functions and labels of credit notes or of supplier credits."""

    url: Callable[[UUID], str]
    list_url: Callable[[], str]
    document: Callable[[UUID], Invoice | Bill]
    series: str | None
    credit: Callable[[UUID], Credit]
    number: Callable[[Any], str]
    reverse: Callable[..., Any]
    already_reversed: type[VoyagentError]
    explained: Any
    entered: Callable[[str], str]
    reversed: Any
    recognised_as: str | None = None


def credit_page(
    kind: Kind,
    form: DocumentCreditForm[Any],
    act: Callable[[Any], Any],
    sides: Callable[[Any], Sequence[tuple[str, int, Money]]],
    further: Sequence[dict[str, Any]] = (),
) -> Any:
    """Enter a credit and redirect to it, or render its form with the postings.

    `sides` computes the journal lines of the parsed form. It also fills `further` with the entries
    on service dates.
    """
    document_id = form.document.id
    credit = None if is_preview() else form.attempt(act, **CREDIT_PLACES)
    if credit is None:
        facts = preview(form, sides) | {
            "place": Place(kind.document(document_id)),
            "rows": form.rows,
            "further": further,
            "other_year": other_year_words(typed_day(form.issue_date), kind.series),
        }
        return render_template("billing/credit.html", form=form, **facts), (
            200 if is_preview() else form.status
        )
    toast(kind.entered(kind.number(credit)))
    return see_other(kind.url(credit.id))


def reverse_page(kind: Kind, actor: Actor, credit_id: UUID) -> Any:
    """Reverse a credit and redirect to it, or render the confirmation page."""
    credit, url = kind.credit(credit_id), kind.url(credit_id)
    if credit.reversed_on is not None:
        return not_now(_(kind.already_reversed.message), url)
    form = ReverseForm(data={"reversed_on": max(today(), credit.issue_date)})

    def act(body: ReverseIn) -> Any:
        return kind.reverse(actor, credit_id, reason=body.reason, on=body.reversed_on)

    def look() -> Reversed:
        credit = kind.credit(credit_id)
        day = typed_day(form.reversed_on) or credit.issue_date
        return Reversed(
            kind.number(credit),
            credit.party_name,
            Money(credit.total_minor, credit.currency),
            str(kind.explained),
            "credit_notes",
            _("Credit notes"),
            kind.list_url(),
            url,
            reversal_of(credit.entry_id),
            reversals_of((kind.recognised_as, credit.id), day) if kind.recognised_as else (),
        )

    return reverse_step(form, act, look, str(kind.reversed), url)
