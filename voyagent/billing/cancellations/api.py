"""JSON API of cancellations: preview, record and read."""

from __future__ import annotations

from uuid import UUID

from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.cancellations import errors as cancellation_errors, queries, service
from voyagent.billing.cancellations.errors import CancellationNotFound
from voyagent.billing.cancellations.schemas import (
    CancelIn,
    CancellationOut,
    CancellationPreviewOut,
    CancelPreviewIn,
    cancellation_row,
    preview_row,
)
from voyagent.billing.cancellations.service import Cancel
from voyagent.billing.core import errors
from voyagent.billing.core.api import POSTING_ERRORS
from voyagent.billing.credit_notes.errors import InvoiceWrittenOff, RecallOutOfRange
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.api.payments import MEANS_ERRORS
from voyagent.billing.supplier_credits.errors import SupplierCreditTaken
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import InvalidAmount
from voyagent.kernel.serializers import Body
from voyagent.taxes.rules.tables import NoRateThen, UnknownTreatment
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import TripNotFound

api = ApiBlueprint("cancellations", __name__, tag="Cancellations", guard=Guard.BEARER)

CANCEL_ERRORS = (
    cancellation_errors.CancelledTogether,
    cancellation_errors.ChargeExceedsLine,
    cancellation_errors.KeptExceedsLine,
    cancellation_errors.NothingToCancel,
    cancellation_errors.NothingToPayBack,
    BillNotFound,
    SupplierCreditTaken,
    errors.DocumentNotOpen,
    errors.DocumentOutOfOrder,
    errors.InvalidDate,
    errors.LineNotOnBill,
    errors.LineNotOnInvoice,
    errors.LineAlreadyNamed,
    errors.TaxNumberMissing,
    errors.TaxInAnotherCurrency,
    InvoiceWrittenOff,
    RecallOutOfRange,
    payment_errors.RefundExceedsCredit,
    UnknownTreatment,
    NoRateThen,
    InvalidAmount,
    *MEANS_ERRORS,
    *POSTING_ERRORS,
)


@api.post(
    "/invoices/<invoice_id>/cancellations/preview",
    answer=CancellationPreviewOut,
    permission="invoice.credit",
    direct=True,
    missing=InvoiceNotFound,
    errors=CANCEL_ERRORS,
)
def preview_cancellation_of_invoice(
    actor: Actor, invoice_id: UUID, body: CancelPreviewIn
) -> Body[CancellationPreviewOut]:
    """Preview the cancellation of an invoice; nothing is stored.

    The answer has the journal entries and the amounts that the cancellation would have, and the
    hash to send with it.
    """
    return _preview(actor, _of_invoice(invoice_id, body))


@api.post(
    "/invoices/<invoice_id>/cancellations",
    answer=CancellationOut,
    status=201,
    permission="invoice.credit",
    direct=True,
    missing=InvoiceNotFound,
    errors=(cancellation_errors.PreviewStale, *CANCEL_ERRORS),
)
def cancel_invoice(actor: Actor, invoice_id: UUID, body: CancelIn) -> Body[CancellationOut]:
    """Cancel lines of an invoice.

    A credit note credits what is cancelled less what the agency keeps. What it keeps of revenue
    that was still to come is revenue from this day on. What suppliers give back is credited on
    their bills or claimed. A fee and a refund are recorded with it.
    """
    return _cancel(actor, _of_invoice(invoice_id, body), body.preview_hash)


@api.post(
    "/trips/<trip_id>/cancellations/preview",
    answer=CancellationPreviewOut,
    permission="invoice.credit",
    direct=True,
    missing=TripNotFound,
    errors=CANCEL_ERRORS,
)
def preview_cancellation_of_trip(
    actor: Actor, trip_id: UUID, body: CancelPreviewIn
) -> Body[CancellationPreviewOut]:
    """Preview the cancellation of a trip; nothing is stored."""
    return _preview(actor, _of_trip(trip_id, body))


@api.post(
    "/trips/<trip_id>/cancellations",
    answer=CancellationOut,
    status=201,
    permission="invoice.credit",
    direct=True,
    missing=TripNotFound,
    errors=(cancellation_errors.PreviewStale, *CANCEL_ERRORS),
)
def cancel_trip(actor: Actor, trip_id: UUID, body: CancelIn) -> Body[CancellationOut]:
    """Cancel lines of the invoices of a trip.

    The invoices have one customer and one currency. The bill lines that suppliers cancel are named
    in `bill_lines`. The bookings of the trip are not cancelled; cancel its lines separately.
    """
    return _cancel(actor, _of_trip(trip_id, body), body.preview_hash)


@api.get(
    "/cancellations/<cancellation_id>",
    answer=CancellationOut,
    permission="billing.read",
    missing=CancellationNotFound,
)
def get_cancellation(reader: Reader, cancellation_id: UUID) -> Body[CancellationOut]:
    """Return a cancellation with its lines."""
    return _response(reader, cancellation_id)


def _of_invoice(invoice_id: UUID, body: CancelPreviewIn) -> Cancel:
    invoice = invoice_queries.get_invoice(invoice_id)
    return body.cancel([invoice_id], invoice.currency, invoice.trip_id)


def _of_trip(trip_id: UUID, body: CancelPreviewIn) -> Cancel:
    trips.get_trip(trip_id)
    invoice_ids = queries.invoices_of_trip(trip_id)
    if not invoice_ids:
        raise cancellation_errors.NothingToCancel
    named = (line.invoice_id for line in body.lines or ())
    first = next((one for one in named if one in invoice_ids), invoice_ids[0])
    currency = invoice_queries.get_invoice(first).currency
    return body.cancel(invoice_ids, currency, trip_id)


def _preview(actor: Actor, wanted: Cancel) -> Body[CancellationPreviewOut]:
    return CancellationPreviewOut.of(preview_row(service.preview_cancellation(actor, wanted)))


def _cancel(actor: Actor, wanted: Cancel, preview_hash: str) -> Body[CancellationOut]:
    done = service.cancel(actor, wanted, preview_hash=preview_hash)
    return _response(SessionReader(db.session), done.id)


def _response(reader: Reader, cancellation_id: UUID) -> Body[CancellationOut]:
    return CancellationOut.of(cancellation_row(queries.read_cancellation(reader, cancellation_id)))
