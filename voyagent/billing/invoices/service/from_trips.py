"""Draft invoices with the services of a trip that are not invoiced yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select

from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.service.pricing import LINES_MAX, LineItem
from voyagent.billing.invoices.errors import NothingToInvoice
from voyagent.billing.invoices.service.drafts import draft_invoice
from voyagent.enquiries.queries import enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.trips.queries import trips
from voyagent.trips.queries.charges import Charge, charges_of


@dataclass(frozen=True, slots=True)
class TripSale:
    """The services of a trip that an invoice can contain.

    `left_out` has a sentence about each other service.
    """

    trip_id: UUID
    enquiry_id: UUID | None
    customer_name: str | None
    items: list[LineItem]
    left_out: list[str]


def draft_from_trip(
    actor: Actor,
    trip_id: UUID,
    *,
    line_ids: Sequence[UUID] | None = None,
    customer_name: str | None = None,
) -> tuple[Invoice, list[str]]:
    """Draft an invoice of today with the services of a trip that are not invoiced yet.

    `line_ids` are the lines to invoice, by default all. The customer is that of the enquiry;
    `customer_name` is needed for a trip without one. Returns the draft, and a sentence about each
    service that is left out.

    Raises Forbidden, TripNotFound, NothingToInvoice, and the errors of `draft_invoice`.
    """
    actor.require("invoice.draft")
    trips.get_trip(trip_id, lock=True)  # two drafts at once do not have the same service
    sale = find_sale(trip_id, line_ids)
    if not sale.items:
        raise NothingToInvoice
    draft = draft_invoice(
        actor,
        customer_name=customer_name or sale.customer_name or "",
        issue_date=clock.today(actor.timezone),
        line_items=sale.items,
        trip_id=trip_id,
        enquiry_id=sale.enquiry_id,
    )
    return draft, sale.left_out


def find_sale(trip_id: UUID, line_ids: Sequence[UUID] | None = None) -> TripSale:
    """Return the services of a trip that an invoice can contain now.

    The services of a booking are one item (`charges_of`). Left out are services on an invoice that
    is not void, discounts, services in another currency than the first one, and those after the
    first LINES_MAX. With `line_ids` only items with one of these lines are considered. Raises
    TripNotFound.
    """
    journey = trips.read_trip(SessionReader(db.session), trip_id)
    enquiry_id = journey.trip["enquiry_id"]
    customer = enquiries.get_enquiry(enquiry_id).customer_name if enquiry_id else None
    numbers = _invoiced(trip_id)
    items: list[LineItem] = []
    left_out: list[str] = []
    for charge in charges_of(journey):
        if line_ids is not None and not set(line_ids) & set(charge.line_ids):
            continue
        why = _why_not(charge, numbers, items)
        if why is None:
            items.append(_item(charge))
        else:
            left_out.append(f"{charge.description}: {why}")
    return TripSale(trip_id, enquiry_id, customer, items, left_out)


def _invoiced(trip_id: UUID) -> dict[UUID, str | None]:
    """Return the lines of a trip on invoices that are not void, with their numbers."""
    of_trip = (
        select(InvoiceLine.trip_line_id, Invoice.number)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            Invoice.trip_id == trip_id,
            Invoice.status != "void",
            InvoiceLine.trip_line_id.is_not(None),
        )
    )
    return {line_id: number for line_id, number in db.session.execute(of_trip) if line_id}


def _why_not(
    charge: Charge, numbers: dict[UUID, str | None], items: Sequence[LineItem]
) -> str | None:
    """Return the reason why a charge is left out, translated, or None."""
    invoiced = [numbers[one] for one in charge.line_ids if one in numbers]
    if invoiced and invoiced[0]:
        return str(gettext("on invoice %(number)s", number=invoiced[0]))
    if invoiced:
        return str(gettext("on a draft"))
    if charge.price.amount_minor < 0:
        return str(gettext("a discount; reduce the price of another line"))
    if items and items[0]["currency"] != charge.price.currency:
        return str(gettext("in %(currency)s", currency=charge.price.currency))
    return str(gettext("the invoice is full")) if len(items) == LINES_MAX else None


def _item(charge: Charge) -> LineItem:
    return LineItem(
        description=charge.description,
        quantity=charge.quantity,
        unit=charge.unit,
        unit_price=charge.unit_price.wire,
        discount=charge.discount.wire if charge.discount else None,
        currency=charge.price.currency,
        service_date=charge.service_date,
        service_to=charge.service_to,
        trip_line_id=charge.line_id,
    )
