"""The documents of billing as paper: their PDFs, and the step before an invoice goes to the customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from voyagent.billing import queries, service
from voyagent.billing.draft_forms import SEND_PLACES, SendForm
from voyagent.billing.paper import mail_invoice
from voyagent.billing.paper_doors import on_paper
from voyagent.billing.queries import BillNotFound, CreditNoteNotFound, InvoiceNotFound, PaymentNotFound, SupplierCreditNotFound
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.reading import LaneReader

pages = PageBlueprint("invoice_paper", __name__, guard=Guard.SIGNED_IN)


@pages.page("/invoices/<invoice_id>/invoice.pdf", permission="billing.read", missing=InvoiceNotFound)
def paper(reader: LaneReader, invoice_id: UUID) -> Response:
    """The invoice as PDF: in the agency's language, or in the one of `?locale=`."""
    return on_paper(reader, "invoice", invoice_id, _locale())


@pages.page("/credit-notes/<credit_note_id>/credit-note.pdf", permission="billing.read", missing=CreditNoteNotFound)
def credit_note(reader: LaneReader, credit_note_id: UUID) -> Response:
    """The credit note as PDF, in a language as above."""
    return on_paper(reader, "credit_note", credit_note_id, _locale())


@pages.page("/payments/<payment_id>/payment.pdf", permission="billing.read", missing=PaymentNotFound)
def payment(reader: LaneReader, payment_id: UUID) -> Response:
    """The receipt, or what a supplier was paid, as PDF, in a language as above."""
    return on_paper(reader, "payment", payment_id, _locale())


@pages.page("/bills/<bill_id>/bill.pdf", permission="billing.read", missing=BillNotFound)
def bill(reader: LaneReader, bill_id: UUID) -> Response:
    """Our record of a supplier's bill as PDF, in a language as above."""
    return on_paper(reader, "bill", bill_id, _locale())


@pages.page("/supplier-credits/<supplier_credit_id>/supplier-credit.pdf", permission="billing.read", missing=SupplierCreditNotFound)
def supplier_credit(reader: LaneReader, supplier_credit_id: UUID) -> Response:
    """Our record of a supplier's credit as PDF, in a language as above."""
    return on_paper(reader, "supplier_credit", supplier_credit_id, _locale())


@pages.page("/invoices/<invoice_id>/send", methods=("GET", "POST"), permission="invoice.send", missing=InvoiceNotFound)
def send(actor: Actor, invoice_id: UUID) -> Any:
    """Send the invoice to the customer: the first step shows to whom and in which language, the second sends it."""
    invoice = queries.get_invoice(invoice_id)
    service.check_sendable(invoice)
    form = SendForm(actor.locale, service.address_of_customer(invoice))
    sent = form.attempt(lambda body: mail_invoice(actor, invoice_id, to=body.to, locale=body.locale), **SEND_PLACES)
    if sent is None:
        return render_template("billing/send.html", form=form, invoice=queries.get_invoice(invoice_id)), form.status
    toast(_("The invoice is on its way to %(address)s.", address=form.to.data))
    return see_other(url_for("billing.invoice", invoice_id=invoice_id))


def _locale() -> str | None:
    wanted = request.args.get("locale")
    return wanted if wanted in ("en", "hi") else None
