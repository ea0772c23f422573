"""Flights from search to ticket: offers, held bookings, releases and tickets."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from voyagent.approvals.queries import is_under_way
from voyagent.approvals.service import execution
from voyagent.audit.service import recording as audit
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.errors import PriceChanged
from voyagent.drivers.suppliers.protocols.flights import (
    FlightBooking,
    FlightOffer,
    FlightQuery,
    Segment,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, load_one
from voyagent.kernel.errors import N_, VoyagentError
from voyagent.kernel.fields import without_controls
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.outbound import OutboundCall, known
from voyagent.trips.models import TripLine, TripPassenger
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import LineNotFound
from voyagent.trips.rules.details import FlightDetails, read_details, stored
from voyagent.trips.rules.journey import OVER
from voyagent.trips.service import answers
from voyagent.trips.service.acceptance import follow_facts
from voyagent.trips.service.errors import LineIsOver, NotHeld, TicketsUnderWay
from voyagent.trips.service.lines import check_room
from voyagent.trips.service.supplies import (
    Booking,
    Offered,
    book_lines,
    insisting,
    keep_offers,
    lines_under,
    offer_of,
    outside,
    people_of,
    refs_of,
    traveller_of,
)
from voyagent.trips.service.trips import title_follows

TICKETING = "issue_ticket"
LET_GO = N_("The hold was released, so no ticket can be issued. Nothing was done.")


def search_flights(
    suppliers: Suppliers, actor: Actor, query: FlightQuery
) -> OutboundCall[list[Offered[FlightOffer]]]:
    """Search flights and return the offers, cheapest first.

    An equal query within five minutes returns the stored offers. Raises Forbidden, SupplierError.
    """
    actor.require("trip.update")
    outside()
    return answers.cached_or_asked(
        "flights",
        FlightOffer,
        suppliers.flights.name,
        query,
        lambda: suppliers.flights.search(query),
    )


def hold_flight(
    suppliers: Suppliers,
    keyring: Keyring,
    actor: Actor,
    trip_id: UUID,
    offer_id: UUID,
    passenger_ids: Sequence[UUID] | None = None,
) -> OutboundCall[list[TripLine]]:
    """Reserve a fare at the supplier without payment, and return the new lines.

    By default, the fare is reserved for all passengers of the trip. Repeated requests hold an offer
    only once on a trip; after a release the offer can be held again. Raises Forbidden,
    TripNotFound, OfferNotFound, PassengerNotFound, NobodyTravels, TripFull, SupplierError (such as
    SoldOut, PriceChanged, OfferExpired).
    """
    actor.require("trip.update")
    trip = trips.get_trip(trip_id, lock=True)
    reference = _unused_name(trip.id, f"hold-{trip.id}-{offer_id}")
    held = lines_under(trip.id, reference)
    if held:
        return known(held)
    offer = offer_of(offer_id, FlightOffer)
    people = people_of(trip, passenger_ids)
    travellers = [traveller_of(keyring, actor, one, purpose="flight") for one in people]
    details = [
        _details(segment, offer, people)
        for journey in offer.journeys
        for segment in journey.segments
    ]
    check_room(trip, len(details))
    outside()
    answers.forget("flights")

    def note(found: FlightBooking) -> list[TripLine]:
        trip = trips.get_trip(trip_id, lock=True)
        held = lines_under(trip_id, reference)
        if held:
            return held
        booking = Booking(
            "held",
            found.supplier,
            found.locator,
            found.supplier_ref,
            reference,
            found.hold_expires_at,
        )
        lines = book_lines(trip, details, booking, found.total, offer_id=offer_id)
        outputs: dict[str, audit.Fact] = {
            "locator": found.locator,
            "total": found.total.wire,
            "currency": found.total.currency,
            "people": len(travellers),
        }
        audit.record(
            actor,
            "trip.flight_held",
            entity_refs=refs_of(lines),
            outputs=outputs,
            driver=found.supplier,
        )
        return lines

    return OutboundCall(
        note, insisting(lambda: suppliers.flights.hold(offer, travellers, reference))
    )


def refreshed_offer(refusal: VoyagentError) -> Offered[FlightOffer] | None:
    """Store and return the offer with the new price that a PriceChanged error has.

    For any other error, nothing is stored and the result is None.
    """
    if not isinstance(refusal, PriceChanged) or not isinstance(refusal.new, FlightOffer):
        return None
    return keep_offers(FlightOffer, [refusal.new])[0]


def issue_ticket(suppliers: Suppliers, actor: Actor, line_id: UUID) -> OutboundCall[list[TripLine]]:
    """Pay for a held booking, receive its tickets, and return its trip lines.

    `line_id` is the line of any flight of the booking. Two parallel calls pay once; the second call
    raises NotHeld. Tickets that are paid are recorded even if the trip lines have changed during
    the call. Raises Forbidden, LineNotFound, NotHeld, SupplierError (such as HoldExpired,
    TicketingRefused).
    """
    actor.require_authority("trip.issue_ticket")
    held = held_lines(line_id)
    key, reference = _key(held), f"issue-{held[0].our_reference or line_id}"
    outside()

    def note(found: FlightBooking) -> list[TripLine]:
        lines = _booking_of(_held_trip_of(line_id))
        numbers = [ticket.number for ticket in found.tickets]
        if _has_tickets(lines, numbers):
            raise NotHeld
        mark_ticketed(lines, found, numbers)
        outputs: dict[str, audit.Fact] = {
            "locator": found.locator,
            "tickets": numbers,
            "total": found.total.wire,
            "currency": found.total.currency,
        }
        audit.record(
            actor,
            "trip.ticketed",
            entity_refs=refs_of(lines),
            outputs=outputs,
            driver=found.supplier,
        )
        follow_facts(actor, lines[0].trip_id)
        return lines

    return OutboundCall(note, insisting(lambda: suppliers.flights.issue(key, reference)))


def release_flight(
    suppliers: Suppliers, actor: Actor, line_id: UUID
) -> OutboundCall[tuple[list[TripLine], int]]:
    """Release an unpaid held booking, free of charge.

    `line_id` is the line of any flight of the booking. Returns the trip lines of the booking, now
    cancelled, and the number of ticketing requests that were withdrawn. If the supplier fails,
    nothing changes. Raises Forbidden, LineNotFound, NotHeld, LineIsOver (for the second of two
    parallel calls), TicketsUnderWay, SupplierError.
    """
    actor.require("trip.update")
    held = held_lines(line_id)
    key, reference, ids = (
        _key(held),
        f"release-{held[0].our_reference or line_id}",
        [str(line.id) for line in held],
    )
    if any(is_under_way(TICKETING, "pnr_id", one) for one in ids):
        raise TicketsUnderWay

    def note(found: FlightBooking | None) -> tuple[list[TripLine], int]:
        ended = sum(
            execution.end_about(actor, TICKETING, "pnr_id", one, LET_GO) for one in ids
        )  # before the trip is locked: an approval locks in this order too
        booked = _booking_of(_held_trip_of(line_id))
        lines = [line for line in booked if line.status == "held"]
        if not lines:
            raise LineIsOver if all(line.status in OVER for line in booked) else NotHeld
        _mark_released(lines, found)
        outputs, driver = (
            {"locator": lines[0].supplier_ref},
            found.supplier if found is not None else None,
        )
        audit.record(
            actor,
            "trip.flight_released",
            entity_refs=refs_of(lines),
            outputs=outputs,
            driver=driver,
        )
        return lines, ended

    if has_lapsed(held[0]):
        return known(note(None))
    outside()
    return OutboundCall(note, insisting(lambda: suppliers.flights.cancel(key, reference)))


def has_lapsed(line: TripLine) -> bool:
    """Return True if the hold has expired, so that the airline has released the seats."""
    return line.hold_expires_at is not None and line.hold_expires_at <= clock.now()


def read_flight(
    suppliers: Suppliers, actor: Actor, locator: str
) -> OutboundCall[tuple[list[TripLine], FlightBooking]]:
    """Return a booking's trip lines, and the supplier's data about the booking.

    If several bookings have the booking number `locator`, the function reads the newest booking.
    Raises Forbidden, LineNotFound, SupplierError.
    """
    actor.require("trip.read")
    statement = select(TripLine).where(
        TripLine.kind == "flight",
        TripLine.supplier_ref == locator.strip().upper(),
        TripLine.supplier_key.is_not(None),
    )
    newest = load_one(
        statement.order_by(TripLine.created_at.desc(), TripLine.id.desc()).limit(1), LineNotFound
    )
    key, line_id = _key(_booking_of(newest)), newest.id
    outside()
    return OutboundCall(
        lambda found: (_booking_of(_flight(line_id)), found), lambda: suppliers.flights.read(key)
    )


def held_lines(line_id: UUID) -> list[TripLine]:
    """Return the trip lines of a held booking and lock its trip.

    `line_id` is the line of any flight of the booking. Raises LineNotFound, NotHeld.
    """
    line = _held_trip_of(line_id)
    if line.status != "held" or line.supplier_key is None:
        raise NotHeld
    return _booking_of(line)


def mark_ticketed(
    lines: Sequence[TripLine], found: FlightBooking | None, numbers: Sequence[str]
) -> None:
    """Mark a booking's flights as ticketed and store the ticket numbers.

    `found` is the supplier's data about the booking, which a dry run does not have.
    """
    now = clock.now()
    for line in lines:
        details = read_details("flight", line.details)
        line.status, line.hold_expires_at, line.updated_at = "ticketed", None, now
        line.details = stored(details.model_copy(update={"tickets": list(numbers) or None}))
        if found is not None:
            line.supplier_key = found.supplier_ref
    trips.get_trip(lines[0].trip_id).updated_at = now
    db.session.flush()


def _mark_released(lines: Sequence[TripLine], found: FlightBooking | None) -> None:
    trip = trips.get_trip(lines[0].trip_id)
    with title_follows(trip):
        for line in lines:
            line.status, line.hold_expires_at, line.updated_at = "cancelled", None, clock.now()
            line.supplier_key = found.supplier_ref if found is not None else line.supplier_key
        trip.updated_at = clock.now()
        db.session.flush()


def _unused_name(trip_id: UUID, act: str) -> str:
    """Return the idempotency key for holding an offer on a trip.

    `act` is the first key, `hold-` with the ids of trip and offer. Later keys add a number. The key
    stays the same until the flights that were held with it are cancelled or failed. After that, the
    key is a new one.
    """
    names = select(TripLine.our_reference).where(
        TripLine.trip_id == trip_id,
        TripLine.our_reference.startswith(act),
        TripLine.status.in_(OVER),
    )
    over = len(set(db.session.scalars(names)))
    return f"{act}-{over}" if over else act


def _has_tickets(lines: Sequence[TripLine], numbers: Sequence[str]) -> bool:
    return all(
        line.status == "ticketed" and list(line.details.get("tickets") or ()) == list(numbers)
        for line in lines
    )


def _held_trip_of(line_id: UUID) -> TripLine:
    """Return a flight after locking the row of its trip. Raises LineNotFound."""
    line = _flight(line_id)
    trips.get_trip(line.trip_id, lock=True)
    db.session.refresh(line)
    return line


def _flight(line_id: UUID) -> TripLine:
    return load_one(
        select(TripLine).where(TripLine.id == line_id, TripLine.kind == "flight"), LineNotFound
    )


def _booking_of(line: TripLine) -> list[TripLine]:
    return lines_under(line.trip_id, line.our_reference) if line.our_reference else [line]


def _key(lines: Sequence[TripLine]) -> str:
    key = lines[0].supplier_key
    assert key is not None
    return key


def _details(
    segment: Segment, offer: FlightOffer, people: Sequence[TripPassenger]
) -> FlightDetails:
    return FlightDetails(
        kind="flight",
        carrier=segment.carrier,
        carrier_name=without_controls(segment.carrier_name),
        number=segment.number,
        origin=segment.origin,
        destination=segment.destination,
        departs_at=segment.departs_at.strftime("%Y-%m-%dT%H:%M"),
        arrives_at=segment.arrives_at.strftime("%Y-%m-%dT%H:%M"),
        cabin=segment.cabin.value.capitalize(),
        baggage=f"{offer.baggage_kg} kg" if offer.baggage_kg else None,
        travellers=[without_controls(one.full_name) for one in people],
    )
