"""Hotels from search to booking and cancellation."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from voyagent.audit.service import recording as audit
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.protocols.hotels import HotelBooking, HotelQuery, HotelRate
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.canonical import digest
from voyagent.kernel.db import db, load_one
from voyagent.kernel.fields import without_controls
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall, known
from voyagent.trips.models import Trip, TripLine, TripPassenger
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import LineNotFound, PassengerNotFound
from voyagent.trips.rules.details import HotelDetails, OtherDetails
from voyagent.trips.service import answers
from voyagent.trips.service.acceptance import follow_facts
from voyagent.trips.service.errors import (
    LineIsOver,
    NotAtSupplier,
    OfferNotFound,
    TooManyGuests,
)
from voyagent.trips.service.lines import check_room
from voyagent.trips.service.supplies import (
    Booking,
    Offered,
    book_lines,
    insisting,
    lines_under,
    offer_of,
    outside,
    people_of,
    rate_of,
    refs_of,
    traveller_of,
    unused_name,
)


def search_hotels(
    suppliers: Suppliers, actor: Actor, query: HotelQuery
) -> OutboundCall[list[Offered[HotelRate]]]:
    """Search hotels and return the rates, cheapest first.

    An equal query within five minutes returns the stored rates. Raises Forbidden, SupplierError.
    """
    actor.require("trip.update")
    outside()
    return answers.cached_or_asked(
        "hotels", HotelRate, suppliers.hotels.name, query, lambda: suppliers.hotels.search(query)
    )


def check_hotel_rate(suppliers: Suppliers, actor: Actor, rate_key: str) -> OutboundCall[HotelRate]:
    """Read a rate again from the supplier and store it.

    An equal request within two minutes returns the stored rate. Raises Forbidden, SupplierError
    (such as SoldOut, OfferExpired, UnknownAtSupplier).
    """
    actor.require("trip.update")
    outside()
    one = answers.cached_or_asked(
        "rate",
        HotelRate,
        suppliers.hotels.name,
        rate_key,
        lambda: [suppliers.hotels.check_rate(rate_key)],
    )
    return one.then(lambda found: found[0].offer)


def book_hotel(
    suppliers: Suppliers,
    keyring: Keyring,
    actor: Actor,
    rate_key: str,
    passenger_ids: Sequence[UUID],
) -> OutboundCall[TripLine]:
    """Book an offered rate for passengers and add the stay to their trip.

    The lead guest is the one of these passengers who was added to the trip first. A repeated
    request does not book the rate twice. Raises Forbidden, OfferNotFound, PassengerNotFound,
    TooManyGuests, TripFull, SupplierError (such as SoldOut, PriceChanged, OfferExpired).
    """
    actor.require_authority("trip.book_hotel")
    trip = trip_of_people(passenger_ids)
    reference = unused_name(
        trip.id, f"book-{digest([rate_key, sorted(map(str, passenger_ids))])[:32]}"
    )
    booked = lines_under(trip.id, reference)
    if booked:
        return known(booked[0])
    offered, trip_id = rate_of(rate_key), trip.id
    rate = offered.offer
    guests = [
        traveller_of(keyring, actor, one, purpose=None)
        for one in guests_of(trip, rate, passenger_ids)
    ]
    check_room(trip, 1)
    outside()
    answers.forget("hotels", "rate")

    def note(found: HotelBooking) -> TripLine:
        trip = trips.get_trip(trip_id, lock=True)
        booked = lines_under(trip_id, reference)
        if booked:
            return booked[0]
        line = put_stay(
            trip,
            offered,
            Booking("booked", found.supplier, found.confirmation, found.supplier_ref, reference),
            found.total,
        )
        outputs: dict[str, audit.Fact] = {
            "confirmation": found.confirmation,
            "total": found.total.wire,
            "currency": found.total.currency,
            "guests": len(guests),
        }
        audit.record(
            actor,
            "trip.hotel_booked",
            entity_refs=refs_of([line]),
            outputs=outputs,
            driver=found.supplier,
        )
        follow_facts(actor, line.trip_id)
        return line

    return OutboundCall(note, insisting(lambda: suppliers.hotels.book(rate, guests, reference)))


def cancel_hotel_booking(
    suppliers: Suppliers, actor: Actor, line_id: UUID
) -> OutboundCall[tuple[TripLine, Money | None]]:
    """Cancel a booking at its supplier; return its trip line and the charge, if any.

    The charge is added to the trip as a separate line. Raises Forbidden, LineNotFound, LineIsOver
    (also for the second of two parallel calls), NotAtSupplier, SupplierError.
    """
    actor.require_authority("trip.cancel_hotel")
    stay = booked_stay(line_id)
    key, reference = stay.supplier_key or "", f"cancel-{stay.our_reference or line_id}"
    outside()

    def note(found: HotelBooking) -> tuple[TripLine, Money | None]:
        line = _held_trip_of(line_id)
        charge, charged = found.charge, bool(lines_under(line.trip_id, reference))
        if line.status == "cancelled" and (charged or not charge):
            raise LineIsOver
        mark_cancelled(line, found.supplier_ref)
        if charge and not charged:
            what = OtherDetails(kind="other", title=f"Cancellation of {line.details['name']}")
            booking = Booking(
                "booked", found.supplier, found.confirmation, found.supplier_ref, reference
            )
            book_lines(trips.get_trip(line.trip_id), [what], booking, charge)
        outputs: dict[str, audit.Fact] = {
            "confirmation": found.confirmation,
            "charge": charge.wire if charge else None,
            "currency": charge.currency if charge else None,
        }
        audit.record(
            actor,
            "trip.hotel_cancelled",
            entity_refs=refs_of([line]),
            outputs=outputs,
            driver=found.supplier,
        )
        follow_facts(actor, line.trip_id)
        return line, charge

    return OutboundCall(note, insisting(lambda: suppliers.hotels.cancel(key, reference)))


def read_hotel_booking(
    suppliers: Suppliers, actor: Actor, line_id: UUID
) -> OutboundCall[tuple[TripLine, HotelBooking]]:
    """Return the trip line of a hotel stay, and the supplier's data about the booking.

    Raises Forbidden, LineNotFound, NotAtSupplier, SupplierError.
    """
    actor.require("trip.read")
    line = _stay(line_id)
    key = line.supplier_key
    if key is None:
        raise NotAtSupplier
    outside()
    return OutboundCall(lambda found: (_stay(line_id), found), lambda: suppliers.hotels.read(key))


def trip_of_people(passenger_ids: Sequence[UUID]) -> Trip:
    """Return the trip of the given passengers and lock the trip.

    Raises PassengerNotFound if not all passengers are on one trip.
    """
    found = set(
        db.session.scalars(select(TripPassenger.trip_id).where(TripPassenger.id.in_(passenger_ids)))
    )
    if len(found) != 1:
        raise PassengerNotFound
    return trips.get_trip(found.pop(), lock=True)


def booked_stay(line_id: UUID) -> TripLine:
    """Return a booked stay after locking its trip.

    Raises LineNotFound, LineIsOver, NotAtSupplier.
    """
    line = _held_trip_of(line_id)
    if line.status != "booked":
        raise LineIsOver
    if line.supplier_key is None:
        raise NotAtSupplier
    return line


def rate_of_stay(stay: TripLine) -> HotelRate | None:
    """Return the rate at which a stay was booked; None if it is no longer stored."""
    if stay.offer_id is None:
        return None
    try:
        return offer_of(stay.offer_id, HotelRate)
    except OfferNotFound:
        return None


def guests_of(trip: Trip, rate: HotelRate, passenger_ids: Sequence[UUID]) -> list[TripPassenger]:
    """Return the given passengers of a trip as the guests of a hotel booking.

    Raises PassengerNotFound. Raises TooManyGuests if the rate is for fewer guests.
    """
    people = people_of(trip, passenger_ids)
    if len(people) > rate.guests:
        raise TooManyGuests
    return people


def put_stay(trip: Trip, offered: Offered[HotelRate], booking: Booking, total: Money) -> TripLine:
    """Add a booked hotel stay to the trip."""
    rate, hotel = offered.offer, offered.offer.hotel
    rooms = rate.room if rate.rooms == 1 else f"{rate.rooms} × {rate.room}"
    details = HotelDetails(
        kind="hotel",
        name=without_controls(hotel.name),
        city=without_controls(hotel.city),
        country=hotel.country,
        check_in=rate.check_in,
        check_out=rate.check_out,
    )
    details = details.model_copy(
        update={
            "room": rooms,
            "board": rate.board.value.replace("_", " "),
            "address": hotel.area or None,
        }
    )
    return book_lines(trip, [details], booking, total, offer_id=offered.id)[0]


def mark_cancelled(line: TripLine, key: str | None) -> None:
    """Mark a stay as cancelled and store the supplier's new id of the booking, if any."""
    line.status, line.updated_at = "cancelled", clock.now()
    line.supplier_key = key or line.supplier_key
    trips.get_trip(line.trip_id).updated_at = line.updated_at
    db.session.flush()


def _held_trip_of(line_id: UUID) -> TripLine:
    """Return a stay after locking the row of its trip. Raises LineNotFound."""
    line = _stay(line_id)
    trips.get_trip(line.trip_id, lock=True)
    db.session.refresh(line)
    return line


def _stay(line_id: UUID) -> TripLine:
    return load_one(
        select(TripLine).where(TripLine.id == line_id, TripLine.kind == "hotel"), LineNotFound
    )
