"""Offers, bookings and supplier calls: functions for flights, hotels and visas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import func, select

from voyagent.drivers.suppliers.errors import UpstreamTimeout
from voyagent.drivers.suppliers.payloads import as_payload, from_payload
from voyagent.drivers.suppliers.protocols.flights import FlightOffer
from voyagent.drivers.suppliers.protocols.hotels import HotelRate
from voyagent.drivers.suppliers.protocols.parts import PassengerKind, Traveller
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db, load_one
from voyagent.kernel.dry_run import refuse_outside
from voyagent.kernel.ids import new_id
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money
from voyagent.trips.models import SupplierOffer, Trip, TripLine, TripPassenger
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import PassengerNotFound
from voyagent.trips.rules.details import AnyDetails, span, stored
from voyagent.trips.rules.journey import OVER
from voyagent.trips.service import passports
from voyagent.trips.service.errors import NobodyTravels, OfferNotFound
from voyagent.trips.service.trips import title_follows

Given = TypeVar("Given", FlightOffer, HotelRate)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Offered(Generic[Given]):
    """A supplier's offer with the id under which it is stored."""

    id: UUID
    offer: Given


@dataclass(frozen=True, slots=True)
class Booking:
    """Data of a supplier's booking that each trip line of the booking stores.

    `number` is the booking number, `key` the supplier's own id of the booking, and `reference` our
    idempotency key.
    """

    status: str
    supplier: str
    number: str
    key: str
    reference: str
    hold_expires_at: datetime | None = None


def outside() -> None:
    """Raise OutsideCallInDryRun during a dry run; call this before a supplier call."""
    refuse_outside(db.session)


def insisting(act: Callable[[], Answer]) -> Callable[[], Answer]:
    """Return a supplier call that is repeated once after a time-out.

    `act` is repeated if nobody knows whether the supplier has acted. `act` must send an idempotency
    key, so that the supplier does not act twice. The returned call raises SupplierError.
    """

    def ask() -> Answer:
        try:
            return act()
        except UpstreamTimeout as late:
            if not late.in_doubt:
                raise
            return act()

    return ask


def keep_offers(kind: type[Given], offers: Iterable[Given]) -> list[Offered[Given]]:
    """Store offers, so that one of them can be booked later."""
    stored = []
    for offer in offers:
        row = SupplierOffer(
            id=new_id(),
            kind=NAMES[kind],
            supplier=offer.supplier,
            payload=as_payload(offer),
            created_at=clock.now(),
            expires_at=offer.valid_until,
        )
        db.session.add(row)
        stored.append(Offered(row.id, offer))
    db.session.flush()
    return stored


def offer_of(offer_id: UUID, kind: type[Given]) -> Given:
    """Return a stored offer, expired or not.

    The supplier decides whether the offer is still valid.

    Raises OfferNotFound.
    """
    stored = select(SupplierOffer).where(
        SupplierOffer.id == offer_id, SupplierOffer.kind == NAMES[kind]
    )
    return from_payload(kind, load_one(stored, OfferNotFound).payload)


def rate_of(rate_key: str) -> Offered[HotelRate]:
    """Return the newest stored hotel rate with a supplier's key. Raises OfferNotFound."""
    statement = select(SupplierOffer).where(
        SupplierOffer.kind == "hotel", SupplierOffer.payload["rate_key"].astext == rate_key
    )
    newest = statement.order_by(SupplierOffer.created_at.desc(), SupplierOffer.id.desc()).limit(1)
    row = load_one(newest, OfferNotFound)
    return Offered(row.id, from_payload(HotelRate, row.payload))


def people_of(trip: Trip, passenger_ids: Sequence[UUID] | None = None) -> list[TripPassenger]:
    """Return the given passengers of a trip, or all of them by default.

    The passengers are in the order in which they were added. Raises PassengerNotFound,
    NobodyTravels.
    """
    everybody = db.session.scalars(
        select(TripPassenger)
        .where(TripPassenger.trip_id == trip.id)
        .order_by(TripPassenger.created_at, TripPassenger.id)
    ).all()
    if passenger_ids is not None:
        if not set(passenger_ids) <= {one.id for one in everybody}:
            raise PassengerNotFound
        everybody = [one for one in everybody if one.id in set(passenger_ids)]
    if not everybody:
        raise NobodyTravels
    return list(everybody)


def traveller_of(
    keyring: Keyring, actor: Actor, one: TripPassenger, *, purpose: str | None
) -> Traveller:
    """Convert a passenger to the data that a supplier needs.

    The last word of the name is the surname. `purpose` is the act for which a passport number is
    decrypted; the audit log records the decryption. If `purpose` is None, the result has no
    passport number.
    """
    given, _, surname = one.full_name.strip().rpartition(" ")
    number = passports.opened(keyring, one.id, one.passport_sealed) if purpose is not None else None
    if purpose is not None and number is not None:
        passports.record_opening(actor, one.trip_id, one.id, purpose)
    return Traveller(
        PassengerKind(one.kind),
        given or surname,
        surname,
        one.date_of_birth,
        one.nationality,
        number,
        one.passport_expiry,
    )


def lines_under(trip_id: UUID, reference: str) -> list[TripLine]:
    """Return the lines of a trip with an idempotency key, in order of travel.

    `reference` is the key, which is stored in the column `our_reference`.
    """
    rows = db.session.scalars(
        select(TripLine).where(TripLine.trip_id == trip_id, TripLine.our_reference == reference)
    )
    return sorted(rows, key=lambda row: trips.line_of(row).place_in_time)


def unused_name(trip_id: UUID, act: str) -> str:
    """Return the idempotency key for an act on a trip.

    `act` is the beginning of the key, such as `visa-` with passenger id and country. The key stays
    the same until the lines that were booked with it are cancelled or failed. After that, the key
    is a new one.
    """
    over = select(func.count()).where(
        TripLine.trip_id == trip_id,
        TripLine.our_reference.startswith(f"{act}-"),
        TripLine.status.in_(OVER),
    )
    return f"{act}-{db.session.scalar(over)}"


def book_lines(
    trip: Trip,
    things: Sequence[AnyDetails],
    booking: Booking,
    total: Money,
    *,
    offer_id: UUID | None = None,
) -> list[TripLine]:
    """Add the lines of a booking to a locked trip.

    `things` are the details of the lines. The first line gets the whole `total` as its cost and as
    its price; the price can be changed later. The caller must have checked the number of lines
    (`check_room`).
    """
    now, lines = clock.now(), []
    for number, details in enumerate(things):
        starts_on, ends_on = span(details)
        amount = 0 if number else total.amount_minor
        line = TripLine(
            id=new_id(),
            trip_id=trip.id,
            kind=details.kind,
            starts_on=starts_on,
            ends_on=ends_on,
            details=stored(details),
        )
        line.status, line.supplier, line.supplier_ref, line.supplier_key = (
            booking.status,
            booking.supplier,
            booking.number,
            booking.key,
        )
        line.our_reference, line.hold_expires_at, line.offer_id = (
            booking.reference,
            booking.hold_expires_at,
            offer_id,
        )
        line.cost_minor, line.price_minor, line.currency = amount, amount, total.currency
        line.created_at = line.updated_at = now
        lines.append(line)
    with title_follows(trip):
        db.session.add_all(lines)
        trip.updated_at = now
    return lines


def refs_of(lines: Sequence[TripLine]) -> dict[str, UUID]:
    """Return the ids of the trip and the booking's first line, for an audit event."""
    return {"trip_id": lines[0].trip_id, "line_id": lines[0].id}


NAMES: dict[Any, str] = {FlightOffer: "flight", HotelRate: "hotel"}
