"""Pages of cancellations: cancel an invoice or a trip, and show a cancellation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.cancellations import queries, service
from voyagent.billing.cancellations.errors import CancellationNotFound, NothingToCancel
from voyagent.billing.cancellations.forms import ERROR_FIELDS, CancelForm
from voyagent.billing.cancellations.schemas import CancelIn
from voyagent.billing.cancellations.service import CancellationPreview
from voyagent.billing.core.errors import DocumentOutOfOrder
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.service import days, taxing
from voyagent.billing.core.service.credits import creditable
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import not_now, with_amounts
from voyagent.billing.core.views.previews import is_preview
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.forms import account_choices
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast, translated
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger.queries import entries as ledger_entries
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import TripNotFound

Document = TypeVar("Document", Invoice, Bill)


@pages.page(
    "/invoices/<invoice_id>/cancel",
    methods=("GET", "POST"),
    permission="invoice.credit",
    direct=True,
    missing=InvoiceNotFound,
    once=True,
)
def cancel(actor: Actor, invoice_id: UUID) -> Any:
    """Show and submit the form to cancel an invoice, with a preview of the effect."""
    invoice = invoice_queries.get_invoice(invoice_id)
    back = url_for("billing.invoice", invoice_id=invoice_id)
    title = _("Invoice %(number)s", number=invoice.number)
    return _page(actor, [invoice_id], invoice.trip_id, (title, back))


@pages.page(
    "/trips/<trip_id>/cancel",
    methods=("GET", "POST"),
    permission="invoice.credit",
    direct=True,
    missing=TripNotFound,
    once=True,
)
def cancel_trip(actor: Actor, trip_id: UUID) -> Any:
    """Show and submit the form to cancel the invoices of a trip."""
    trip = trips.get_trip(trip_id)
    back = url_for("trips.detail", trip_id=trip_id)
    return _page(actor, queries.invoices_of_trip(trip_id), trip_id, (trip.title, back))


@pages.page(
    "/cancellations/<cancellation_id>", permission="billing.read", missing=CancellationNotFound
)
def cancellation(reader: Reader, cancellation_id: UUID) -> Any:
    """Show a cancellation with its documents and lines."""
    found = queries.read_cancellation(reader, cancellation_id)
    names = ("customer_credit", "kept", "commission_recalled")
    costs = [
        row
        for line in found.costs
        for row in with_amounts([line], line["currency"], "supplier_refund", "supplier_charge")
    ]
    return render_template(
        "cancellations/cancellation.html",
        cancellation=found.cancellation,
        lines=with_amounts(found.lines, found.lines[0]["currency"], *names),
        costs=costs,
    )


def _page(
    actor: Actor, invoice_ids: Sequence[UUID], trip_id: UUID | None, place: tuple[str, str]
) -> Any:
    """Cancel and redirect to the cancellation, or render the form with the preview.

    `place` is the title and the URL of the page from which the person comes.
    """
    known = _left_of(map(invoice_queries.get_invoice, invoice_ids))
    if not known:
        return not_now(translated(NothingToCancel.message), place[1])
    invoices = list({invoice.id: invoice for invoice, _line, _left in known}.values())
    reader = SessionReader(db.session)
    bills = (
        queries.bills_of_trip(trip_id)
        if trip_id is not None and actor.may_act_directly("bill.credit")
        else []
    )
    form = CancelForm.of(
        known,
        _left_of(bills),
        max(days.default_day(actor, invoice) for invoice in invoices),
        taxing.home(),
        _("Cancellation fee"),
        lambda currency: account_choices(banking.open_accounts(reader, currency), actor.currency),
    )
    currency = form.first.currency
    done = None
    if not is_preview():
        done = form.attempt(
            lambda body: service.cancel(
                actor,
                body.cancel(invoice_ids, currency, trip_id),
                preview_hash=body.preview_hash,
            ),
            **ERROR_FIELDS,
        )
    if done is None:
        form.known = _left_of(map(invoice_queries.get_invoice, invoice_ids))
        form.known_bills = _left_of(bills)

        def look(body: CancelIn) -> CancellationPreview:
            wanted = body.cancel(invoice_ids, currency, trip_id)
            try:
                return service.preview_cancellation(actor, wanted)
            except DocumentOutOfOrder:
                form.is_out_of_order = True
                raise

        found = form.dry_run(look)
        return render_template(
            "cancellations/new.html",
            form=form,
            place=place,
            currency=currency if len({one.currency for one in invoices}) == 1 else "",
            customer=form.first.party_name,
            found=found,
            entries=_shown(found) if found else [],
            problems=form.problems,
        ), (200 if is_preview() else form.status)
    toast(_("Cancellation %(number)s recorded.", number=done.number))
    return see_other(url_for("billing.cancellation", cancellation_id=done.id))


def _left_of(documents: Iterable[Document]) -> list[tuple[Document, Any, Money]]:
    """Return the lines of posted documents with the amount that is not credited yet."""
    found = []
    for document in documents:
        if document.status in ("draft", "void"):
            continue
        left = creditable(document)
        found += [
            (document, line, left[line.line_no])
            for line in document_queries.get_lines(document)
            if line.line_no in left
        ]
    return found


def _shown(found: CancellationPreview) -> list[dict[str, Any]]:
    """Return the entries of a preview for the page, with debits and credits."""
    return [
        {
            "day": entry.day,
            "narration": entry.narration,
            "lines": [
                {
                    "code": line["code"],
                    "name": line["name"],
                    "debit": debit,
                    "credit": credit,
                }
                for line, (debit, credit) in (
                    (line, ledger_entries.sides_of(line)) for line in entry.lines
                )
            ],
        }
        for entry in found.entries
    ]
