"""Pages that download billing documents, and the page that mails an invoice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.forms.drafts import SEND_ERROR_FIELDS, SendForm
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import sending
from voyagent.billing.paper.documents.kept import mail_invoice
from voyagent.billing.paper.exports.files import DOCUMENTS, document
from voyagent.http.documents import add_page_routes
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.trips.service.sending import address_of_customer

pages = PageBlueprint("invoice_paper", __name__, guard=Guard.SIGNED_IN)


@pages.page(
    "/invoices/<invoice_id>/send",
    methods=("GET", "POST"),
    permission="invoice.send",
    missing=InvoiceNotFound,
    once=True,
)
def send(actor: Actor, invoice_id: UUID) -> Any:
    """Show recipient and language of an invoice mail (GET), and send it (POST)."""
    invoice = invoice_queries.get_invoice(invoice_id)
    sending.check_sendable(invoice)
    customer = invoice.party_id or invoice.party_name
    form = SendForm(actor.locale, address_of_customer(invoice.enquiry_id, customer))
    sent = form.attempt(
        lambda body: mail_invoice(actor, invoice_id, to=body.to, locale=body.locale),
        **SEND_ERROR_FIELDS,
    )
    if sent is None:
        return (
            render_template(
                "billing/send.html", form=form, invoice=invoice_queries.get_invoice(invoice_id)
            ),
            form.status,
        )
    toast(_("Invoice sent to %(address)s.", address=form.to.data))
    return see_other(url_for("billing.invoice", invoice_id=invoice_id))


for name in DOCUMENTS:
    add_page_routes(pages, document(name))
