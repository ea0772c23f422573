"""Pages that request and reverse a write-off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.billing.core.models.parts import OPEN_INVOICE
from voyagent.billing.core.service import days
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import Place, turned_back
from voyagent.billing.core.views.previews import is_preview, postings_of, preview
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.write_offs import queries as write_off_queries, service as write_off_service
from voyagent.billing.write_offs.errors import WriteOffNotFound
from voyagent.billing.write_offs.forms import (
    REQUEST_ERROR_FIELDS,
    REVERSAL_ERROR_FIELDS,
    TakeBackForm,
    WriteOffForm,
)
from voyagent.billing.write_offs.schemas import TakeBackIn, WriteOffIn
from voyagent.http.forms import typed_amount
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.money import Money


@pages.page(
    "/invoices/<invoice_id>/write-off",
    methods=("GET", "POST"),
    permission="invoice.write_off",
    missing=InvoiceNotFound,
)
def write_off(actor: Actor, invoice_id: UUID) -> Any:
    """Show the form to request a write-off (GET), and send the request (POST)."""
    invoice = invoice_queries.get_invoice(invoice_id)
    if back := turned_back(invoice, may=invoice.status in OPEN_INVOICE):
        return back
    still = Money(invoice.open_minor, invoice.currency)
    form = WriteOffForm(
        data={"amount": typed_amount(still), "written_off_on": days.default_day(actor, invoice)}
    )

    def act(body: WriteOffIn) -> Any:
        return write_off_service.ask_for_write_off(
            actor,
            invoice_id,
            reason=body.reason,
            amount=body.money(still.currency),
            on=body.written_off_on,
        )

    def sides(body: WriteOffIn) -> list[tuple[str, int, Money]]:
        given_up = write_off_service.checked(
            actor,
            invoice_queries.get_invoice(invoice_id),
            body.money(still.currency),
            body.reason,
            body.written_off_on,
        )[0]
        return [("bad_debts", 1, given_up), ("receivable", -1, given_up)]

    if is_preview() or form.attempt(act, **REQUEST_ERROR_FIELDS) is None:
        facts = preview(form, sides) | {"place": Place(invoice_queries.get_invoice(invoice_id))}
        return render_template("billing/write_off.html", form=form, **facts), (
            200 if is_preview() else form.status
        )
    toast(_("Write-off requested. It is waiting for approval."))
    return see_other(url_for("billing.invoice", invoice_id=invoice_id))


@pages.page(
    "/invoices/write-offs/<write_off_id>", permission="billing.read", missing=WriteOffNotFound
)
def invoice_of_write_off(reader: Reader, write_off_id: UUID) -> Any:
    """Redirect to the invoice of a write-off; journal entries link to this URL."""
    return see_other(
        url_for(
            "billing.invoice",
            invoice_id=write_off_queries.invoice_of_write_off(reader, write_off_id),
        )
    )


@pages.page(
    "/invoices/<invoice_id>/write-offs/<write_off_id>/take-back",
    methods=("GET", "POST"),
    permission="invoice.reverse_write_off",
    direct=True,
    missing=WriteOffNotFound,
)
def take_back_write_off(actor: Actor, invoice_id: UUID, write_off_id: UUID) -> Any:
    """Show the form to reverse a write-off (GET), and reverse the write-off (POST)."""
    invoice, written_off = (
        invoice_queries.get_invoice(invoice_id),
        write_off_queries.get_write_off(invoice_id, write_off_id),
    )
    amount = Money(abs(written_off.amount_minor), invoice.currency)
    form = TakeBackForm(data={"effective_on": today()})

    def act(body: TakeBackIn) -> Any:
        return write_off_service.reverse_write_off(
            actor, invoice_id, write_off_id, reason=body.reason, on=body.effective_on
        )

    if form.attempt(act, **REVERSAL_ERROR_FIELDS) is None:
        shown = {
            "place": Place(invoice_queries.get_invoice(invoice_id)),
            "write_off_id": write_off_id,
            "amount": amount,
        }
        postings = postings_of([("receivable", 1, amount), ("bad_debts", -1, amount)])
        return (
            render_template("billing/take_back.html", form=form, postings=postings, **shown),
            form.status,
        )
    toast(_("Write-off reversed."))
    return see_other(url_for("billing.invoice", invoice_id=invoice_id))
