"""Hotels: what granting a booking or its cancellation means, and what the reviewer sees of it."""

from __future__ import annotations

from typing import Annotated, Any

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals import effects
from voyagent.approvals.effects import (
    CheckShown,
    Description,
    Effect,
    FactShown,
    LeavingShown,
    Measured,
)
from voyagent.drivers.suppliers.protocols import HotelRate
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.fields import Closed, Id, Text
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips import queries, service
from voyagent.trips.effects.shown import (
    APPROVERS,
    OUTSIDE,
    TRIED,
    amount_in_words,
    budget_checks,
    clock_in_words,
    day_in_words,
    in_words,
    keyring,
    measured,
    suppliers,
)
from voyagent.trips.models import TripLine
from voyagent.trips.service import hotels, supplies
from voyagent.trips.service.errors import OfferNotFound
from voyagent.trips.service.lines import check_room
from voyagent.trips.service.supplies import Booking
from voyagent.trips.words import board_word


class BookHotelIn(Closed):
    """What `book_hotel` needs: a rate that was offered, and who stays; the first of them leads."""

    rate_key: Annotated[str, Text(4096)]
    passenger_ids: Annotated[list[Id], Field(min_length=1, max_length=9)]
    buyer_reference: Annotated[str, Text(128)] | None = None


class CancelHotelIn(Closed):
    """What `cancel_hotel_booking` needs."""

    booking_id: Id


def run_book(actor: Actor, arguments: dict[str, Any]) -> OutboundCall[dict[str, Any]]:
    """Book the rate. Raises InvalidArguments and whatever `service.book_hotel` raises."""
    wanted = effects.read_arguments(BookHotelIn, arguments)
    booking = service.book_hotel(
        suppliers(), keyring(), actor, wanted.rate_key, wanted.passenger_ids
    )
    return booking.then(_booked)


def _booked(line: TripLine) -> dict[str, Any]:
    told = {
        "booking_id": str(line.id),
        "supplier": line.supplier,
        "supplier_ref": line.supplier_ref,
        "status": line.status,
    }
    return {"booked": True, **told, "trip_id": str(line.trip_id)}


def try_book(_actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Put the stay on the trip."""
    wanted = effects.read_arguments(BookHotelIn, arguments)
    trip, rate = hotels.trip_of_people(wanted.passenger_ids), supplies.rate_of(wanted.rate_key)
    hotels.guests_of(trip, rate, wanted.passenger_ids)
    check_room(trip, 1)
    hotels.put_stay(trip, rate, Booking("booked", rate.supplier, "", "", TRIED), rate.total)
    return {}


def describe_book(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """The hotel, the nights, who stays, what it costs, and until when it can be given back.

    Raises OfferNotFound, PassengerNotFound, TooManyGuests.
    """
    wanted = effects.read_arguments(BookHotelIn, arguments)
    rate, trip = supplies.rate_of(wanted.rate_key), hotels.trip_of_people(wanted.passenger_ids)
    guests = ", ".join(one.full_name for one in hotels.guests_of(trip, rate, wanted.passenger_ids))
    back = (
        gettext("Free cancellation before %(day)s", day=day_in_words(rate.free_until))
        if rate.free_until
        else gettext("Not refundable")
    )
    return Description(
        title=gettext("Book %(hotel)s", hotel=rate.hotel.name),
        undo=back,
        facts=[
            FactShown(label=gettext("Hotel"), value=f"{rate.hotel.name}, {rate.hotel.city}"),
            FactShown(
                label=gettext("Nights"),
                value=gettext(
                    "%(first)s to %(last)s",
                    first=day_in_words(rate.check_in),
                    last=day_in_words(rate.check_out),
                ),
            ),
            FactShown(label=gettext("Room"), value=f"{rate.rooms} × {rate.room}"),
            FactShown(label=gettext("Meals"), value=board_word(rate.board.value)),
            FactShown(label=gettext("Guests"), value=guests),
            FactShown(label=gettext("Cost"), value=amount_in_words(rate.total)),
        ],
        leaves=[
            LeavingShown(
                kind="booking",
                text=gettext("%(hotel)s, for %(guests)s", hotel=rate.hotel.name, guests=guests),
            )
        ],
        checks=[
            *budget_checks(trip.session_id, trip.enquiry_id, rate.total),
            CheckShown(ok=rate.refundable, text=back),
            CheckShown(
                ok=rate.valid_until > clock.now(),
                text=gettext(
                    "Rate offered until %(clock)s",
                    clock=clock_in_words(rate.valid_until, _actor),
                ),
            ),
        ],
    )


def worth_of_book(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """What the stay costs. Raises InvalidArguments, OfferNotFound."""
    return supplies.rate_of(effects.read_arguments(BookHotelIn, arguments).rate_key).total


def measure_book(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """The itinerary."""
    return measured(
        hotels.trip_of_people(effects.read_arguments(BookHotelIn, arguments).passenger_ids).id
    )


def run_cancel(actor: Actor, arguments: dict[str, Any]) -> OutboundCall[dict[str, Any]]:
    """Give the rooms back.

    Raises InvalidArguments and whatever `service.cancel_hotel_booking` raises.
    """
    booking_id = effects.read_arguments(CancelHotelIn, arguments).booking_id
    return service.cancel_hotel_booking(suppliers(), actor, booking_id).then(_given_back)


def _given_back(done: tuple[TripLine, Money | None]) -> dict[str, Any]:
    line, charge = done
    told = {"booking_id": str(line.id), "status": line.status, "trip_id": str(line.trip_id)}
    return {
        "cancelled": True,
        **told,
        "charge": {"amount": charge.wire, "currency": charge.currency} if charge else None,
    }


def try_cancel(_actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Take the stay out of the itinerary."""
    hotels.mark_cancelled(
        hotels.booked_stay(effects.read_arguments(CancelHotelIn, arguments).booking_id), None
    )
    return {}


def describe_cancel(_actor: Actor, arguments: dict[str, Any]) -> Description:
    """The stay that goes. Raises LineNotFound, LineIsOver, NotAtSupplier."""
    booked = hotels.booked_stay(effects.read_arguments(CancelHotelIn, arguments).booking_id)
    stay = queries.line_of(booked)
    words = in_words(stay)
    return Description(
        title=gettext("Cancel %(hotel)s", hotel=stay.name),
        undo=gettext("The rooms may not be available again"),
        facts=[
            FactShown(label=gettext("Hotel"), value=words),
            FactShown(label=gettext("Booking number"), value=stay.supplier_ref or ""),
            *_terms(booked),
        ],
        leaves=[LeavingShown(kind="cancellation", text=words)],
        checks=[
            CheckShown(
                ok=False,
                text=gettext(
                    "The hotel confirms its cancellation charge afterwards. It is then added to"
                    " the trip and to the customer’s price."
                ),
            )
        ],
    )


def _terms(booked: TripLine) -> list[FactShown]:
    """What the rate said of a cancellation, as long as its offer is kept; what it costs in the end
    the hotel says.
    """
    try:
        rate = supplies.offer_of(booked.offer_id, HotelRate) if booked.offer_id else None
    except OfferNotFound:
        rate = None
    if rate is None:
        return []
    told = (
        gettext("not refundable, %(amount)s may be charged", amount=amount_in_words(rate.total))
        if rate.free_until is None
        else gettext("Free cancellation before %(day)s", day=day_in_words(rate.free_until))
    )
    return [FactShown(label=gettext("Cancellation"), value=told)]


def measure_cancel(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """The itinerary."""
    line = db.session.get_one(
        TripLine, (_actor.tenant_id, effects.read_arguments(CancelHotelIn, arguments).booking_id)
    )
    return measured(line.trip_id)


BOOK = effects.register(
    Effect(
        "book_hotel",
        APPROVERS,
        "Book a hotel",
        reversible=True,
        run=run_book,
        permission="trip.book_hotel",
        describe=describe_book,
        rehearse=try_book,
        measure=measure_book,
        amount=worth_of_book,
        schema=BookHotelIn,
        **OUTSIDE,
    )
)
CANCEL = effects.register(
    Effect(
        "cancel_hotel_booking",
        APPROVERS,
        "Cancel a hotel booking",
        reversible=False,
        run=run_cancel,
        permission="trip.cancel_hotel",
        describe=describe_cancel,
        rehearse=try_cancel,
        measure=measure_cancel,
        schema=CancelHotelIn,
        **OUTSIDE,
    )
)
