"""Page that records a customer's payment of an invoice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.core.models.parts import OPEN_INVOICE
from voyagent.billing.core.service.charges import entered_total
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import turned_back
from voyagent.billing.core.views.previews import preview
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.forms import RECEIPT_ERROR_FIELDS, ReceiptForm
from voyagent.billing.payments.schemas import ReceiptIn
from voyagent.billing.payments.service import payments as payment_service, settling
from voyagent.http.forms import typed_amount
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money


@pages.page(
    "/invoices/<invoice_id>/receipt",
    methods=("GET", "POST"),
    permission="payment.record",
    direct=True,
    missing=InvoiceNotFound,
    once=True,
)
def receipt(actor: Actor, invoice_id: UUID) -> Any:
    """Show and submit the form to record a customer's payment of an invoice.

    The form can preview the postings, and subtract the deducted tax and the charge from what is
    due.
    """
    document = invoice_queries.get_invoice(invoice_id)
    if back := turned_back(document, may=document.status in OPEN_INVOICE):
        return back
    still = Money(document.open_minor, document.currency)
    form = ReceiptForm(data={"amount": typed_amount(still), "paid_on": today()})
    found = banking.open_accounts(SessionReader(db.session), still.currency)
    form.offer_accounts(found, actor.currency)
    form.keep_known_taxes()

    def act(body: ReceiptIn) -> Any:
        return payment_service.record_receipt(
            actor,
            invoice_id,
            body.money(still.currency),
            body.paid_on,
            reference=body.reference,
            means=body.means(),
            tds=body.tds(still.currency),
            charge=body.charge(),
            over_cash_limit_reason=body.over_cash_limit_reason,
        )

    def sides(body: ReceiptIn) -> list[payment_service.Side]:
        tds = body.tds(still.currency)
        beside = Money(tds.minor, still.currency) + entered_total(body.charge(), still.currency)
        typed = body.money(still.currency)
        amount = still - beside if typed is None else typed
        return payment_service.payment_sides(
            actor,
            direction="in",
            party_name=document.party_name,
            amount=amount,
            parts=[settling.Part(invoice_id, amount + beside)],
            on=body.paid_on,
            means=body.means(),
            tds=tds,
            charge=body.charge(),
        )

    then = request.form.get("then")
    if then == "fill":
        form.fill(still)
    if then in ("fill", "look") or form.attempt(act, **RECEIPT_ERROR_FIELDS) is None:
        document = invoice_queries.get_invoice(invoice_id)
        return render_template(
            "billing/receipt.html",
            form=form,
            invoice=document,
            open=still,
            **preview(form, sides, day_of=lambda body: body.paid_on),
        ), (200 if then in ("fill", "look") else form.status)
    toast(_("Payment recorded."))
    return see_other(url_for("billing.invoice", invoice_id=invoice_id))
