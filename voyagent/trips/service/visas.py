"""Read visa requirements of countries, and file visa applications."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from voyagent.audit.service import recording as audit
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.protocols.visas import VisaApplication, VisaFile, VisaRequirements
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, load_one
from voyagent.kernel.fields import without_controls
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall, known
from voyagent.trips.models import Trip, TripLine, TripPassenger
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import PassengerNotFound
from voyagent.trips.rules.details import VisaDetails
from voyagent.trips.rules.journey import OVER
from voyagent.trips.service.acceptance import follow_facts
from voyagent.trips.service.errors import NoDayOfArrival, NoNationality
from voyagent.trips.service.lines import check_room
from voyagent.trips.service.supplies import (
    Booking,
    book_lines,
    insisting,
    lines_under,
    outside,
    refs_of,
    traveller_of,
    unused_name,
)


def visa_requirements(
    suppliers: Suppliers,
    actor: Actor,
    nationality: str,
    destination: str,
    currency: str | None = None,
) -> OutboundCall[VisaRequirements]:
    """Return the visa requirements of a country for a nationality, with documents.

    `currency` is the currency of the fee, by default the agency's. Raises Forbidden, SupplierError.
    """
    actor.require("trip.read")
    outside()
    return OutboundCall(
        _as_it_is,
        lambda: suppliers.visas.requirements(nationality, destination, currency or actor.currency),
    )


def file_visa(
    suppliers: Suppliers,
    keyring: Keyring,
    actor: Actor,
    passenger_id: UUID,
    destination: str,
    *,
    filed_on: date,
) -> OutboundCall[TripLine]:
    """File a visa application with the supplier and add it to the trip.

    All requests for a passenger and country have the same idempotency key, so that they file one
    application. `filed_on` is the day of filing and must be the same in a repeated request. Raises
    Forbidden, PassengerNotFound, NoNationality, NoDayOfArrival, TripFull, SupplierError.
    """
    actor.require_authority("trip.file_visa")
    one, trip = applicant(passenger_id)
    reference = unused_name(trip.id, f"visa-{passenger_id}-{destination}")
    filed = lines_under(trip.id, reference)
    if filed:
        return known(filed[0])
    arrives_on, nationality = day_of_arrival(trip), one.nationality
    if nationality is None:
        raise NoNationality
    application = VisaApplication(
        traveller_of(keyring, actor, one, purpose="visa"),
        nationality,
        destination,
        arrives_on,
        filed_on,
        trip.currency,
    )
    name, trip_id = one.full_name, trip.id
    check_room(trip, 1)
    outside()

    def note(found: VisaFile) -> TripLine:
        trip = trips.get_trip(trip_id, lock=True)
        filed = lines_under(trip_id, reference)
        if filed:
            return filed[0]
        booking = Booking("filed", found.supplier, found.receipt, found.supplier_ref, reference)
        line = put_visa(
            trip, name, destination, found.filed_on, booking, found.fee or Money(0, trip.currency)
        )
        refs = {**refs_of([line]), "passenger_id": passenger_id}
        audit.record(
            actor,
            "trip.visa_filed",
            entity_refs=refs,
            outputs={"country": destination, "receipt": found.receipt},
            driver=found.supplier,
        )
        follow_facts(actor, line.trip_id)
        return line

    return OutboundCall(note, insisting(lambda: suppliers.visas.file(application, reference)))


def applicant(passenger_id: UUID) -> tuple[TripPassenger, Trip]:
    """Lock a passenger's trip; return passenger and trip. Raises PassengerNotFound."""
    one = load_one(select(TripPassenger).where(TripPassenger.id == passenger_id), PassengerNotFound)
    return one, trips.get_trip(one.trip_id, lock=True)


def day_of_arrival(trip: Trip) -> date:
    """Return the first day of the trip's active lines. Raises NoDayOfArrival."""
    found = db.session.scalar(
        select(func.min(TripLine.starts_on)).where(
            TripLine.trip_id == trip.id, TripLine.status.notin_(OVER)
        )
    )
    if found is None:
        raise NoDayOfArrival
    return found


def put_visa(
    trip: Trip, traveller: str, destination: str, filed_on: date, booking: Booking, fee: Money
) -> TripLine:
    """Add a filed visa application to the trip."""
    details = VisaDetails(
        kind="visa",
        country=destination,
        traveller=without_controls(traveller),
        filed_on=filed_on,
    )
    return book_lines(trip, [details], booking, fee)[0]


def _as_it_is(found: VisaRequirements) -> VisaRequirements:
    return found
