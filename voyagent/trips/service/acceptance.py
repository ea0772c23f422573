"""Accept trips by decisions or facts, and freeze the amounts of their lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import select

from voyagent.audit.service import recording as audit
from voyagent.enquiries import service as enquiry_service
from voyagent.enquiries.queries import enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.trips.models import Trip, TripLine
from voyagent.trips.queries import acceptance, trips
from voyagent.trips.queries.acceptance import Acceptance, Decision
from voyagent.trips.rules.journey import BOOKED, OVER
from voyagent.trips.service import expected_bills
from voyagent.trips.service.errors import AnotherTripAccepted, TripHasFacts

FactSource = Callable[[UUID], bool]
_documents: list[FactSource] = []


def on_documents(source: FactSource) -> FactSource:
    """Register a function that tells whether a trip has an issued document."""
    if source not in _documents:
        _documents.append(source)
    return source


@enquiry_service.on_bookings
def has_booking(enquiry_id: UUID) -> bool:
    """Return True if a person has accepted a trip of the enquiry, or a line is booked."""
    line = (
        select(TripLine.id)
        .join(Trip, Trip.id == TripLine.trip_id)
        .where(Trip.enquiry_id == enquiry_id, TripLine.status.in_(BOOKED))
    )
    accepted = select(Trip.id).where(Trip.enquiry_id == enquiry_id, Trip.decision == "accepted")
    return any(db.session.scalar(one.limit(1)) is not None for one in (accepted, line))


def decide(actor: Actor, trip_id: UUID, decision: Decision | None) -> Acceptance:
    """Accept, decline or cancel a trip, and return its acceptance.

    None takes the decision back: without a fact, the trip is proposed again. The proposed trips of
    the enquiry are declined while one is accepted. Of two people who accept rival trips at the same
    moment, one gets AnotherTripAccepted.

    Raises Forbidden, TripNotFound, AnotherTripAccepted. Raises TripHasFacts if a trip with a
    booking or an issued invoice is to be declined or cancelled.
    """
    actor.require("trip.update")
    trip = trips.get_trip(trip_id, lock=True)
    if trip.enquiry_id is not None:  # the second of two acceptances sees the first one
        enquiries.get_enquiry(trip.enquiry_id, lock=True)
    lines = _lines_of(trip)
    if decision in ("declined", "cancelled") and _has_fact(trip, lines):
        raise TripHasFacts
    if decision == "accepted" and trip.accepted_at is None and acceptance.has_accepted_rival(trip):
        raise AnotherTripAccepted
    before = _present(trip)
    trip.decision = decision
    _settle(actor, trip, lines)
    after = _present(trip)
    if before != after:
        audit.record(
            actor,
            "trip.decided",
            entity_refs={"trip_id": trip.id}
            | ({"enquiry_id": trip.enquiry_id} if trip.enquiry_id else {}),
            inputs={"before": before, "after": after},
        )
    if trip.enquiry_id is not None:
        enquiry_service.follow(actor, trip.enquiry_id)
    return after


def follow_facts(actor: Actor, trip_id: UUID) -> None:
    """Set the acceptance of a trip and the status of its enquiry by facts.

    The service of a fact calls this function last in its transaction: when a line is booked or
    cancelled, and when an invoice is issued or voided. The actor needs no further right. Raises
    TripNotFound.
    """
    enquiry_id = settle(actor, trip_id)
    if enquiry_id is not None:
        enquiry_service.follow(actor, enquiry_id)


def settle(actor: Actor, trip_id: UUID) -> UUID | None:
    """Set acceptance and expected bills of a trip; return the id of its enquiry.

    The caller then sets the status of the enquiry. Raises TripNotFound.
    """
    db.session.flush()
    trip = trips.get_trip(trip_id, lock=True)
    _settle(actor, trip, _lines_of(trip))
    return trip.enquiry_id


def _settle(actor: Actor, trip: Trip, lines: Sequence[TripLine]) -> None:
    """Store the acceptance of a locked trip, and freeze amounts of its lines.

    The quoted amounts are frozen at the acceptance, and the booked cost at the booking. The
    expected bills of the lines are then updated.
    """
    is_accepted = trip.decision == "accepted" or _has_fact(trip, lines)
    if is_accepted and trip.accepted_at is None:
        trip.accepted_at = clock.now()
        for line in lines:
            if line.status not in OVER:
                line.quoted_cost_minor, line.quoted_price_minor = line.cost_minor, line.price_minor
    elif not is_accepted and trip.accepted_at is not None:
        trip.accepted_at = None
        for line in lines:
            line.quoted_cost_minor = line.quoted_price_minor = None
    for line in lines:
        if line.status not in BOOKED:
            line.booked_cost_minor = None
        elif not line.booked_cost_minor:  # a cost of zero is not known yet
            line.booked_cost_minor = line.cost_minor
    expected_bills.follow_lines(actor, lines)


def _has_fact(trip: Trip, lines: Sequence[TripLine]) -> bool:
    return any(line.status in BOOKED for line in lines) or any(has(trip.id) for has in _documents)


def _lines_of(trip: Trip) -> Sequence[TripLine]:
    of_trip = select(TripLine).where(TripLine.trip_id == trip.id).order_by(TripLine.id)
    return db.session.scalars(of_trip).all()


def _present(trip: Trip) -> Acceptance:
    db.session.flush()
    return acceptance.get_acceptance(trip.id)
