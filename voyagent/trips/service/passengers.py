"""Add, change and remove passengers of a trip.

A passport number is encrypted before it is stored. Audit events about passengers contain neither
names nor passport numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import func, select

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock, person_keys
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.keyring import Keyring
from voyagent.trips.models import TripLine, TripPassenger
from voyagent.trips.queries import trips
from voyagent.trips.rules import details
from voyagent.trips.service import lines, passports
from voyagent.trips.service.errors import BornLater, TripFull
from voyagent.trips.service.trips import TITLE_MAX, apply, title_follows, touch

PASSENGERS_MAX = 99


class PassengerChanges(TypedDict, total=False):
    """Fields of a passenger to set; a field whose key is absent stays unchanged.

    None clears a field. The name and the kind cannot be cleared.
    """

    full_name: str
    kind: str
    date_of_birth: date | None
    nationality: str | None
    passport_number: str | None
    passport_expiry: date | None


def add_passenger(
    keyring: Keyring, actor: Actor, trip_id: UUID, changes: PassengerChanges
) -> TripPassenger:
    """Add a passenger; `changes` must contain at least the name.

    Raises Forbidden, TripNotFound, TripFull, BornLater.
    """
    actor.require("trip.update")
    trip = trips.get_trip(trip_id, lock=True)
    if (
        db.session.scalar(
            select(func.count(TripPassenger.id)).where(TripPassenger.trip_id == trip.id)
        )
        or 0
    ) >= PASSENGERS_MAX:
        raise TripFull
    values: dict[str, Any] = dict(changes)
    _check(actor, values)
    number = values.pop("passport_number", None)
    passenger = TripPassenger(id=new_id(), trip_id=trip.id, **values)
    passenger.created_at = passenger.updated_at = trip.updated_at = clock.now()
    passports.seal(keyring, passenger, number)
    with title_follows(trip):
        db.session.add(passenger)
    audit.record(
        actor,
        "trip.passenger_added",
        entity_refs=_refs(passenger),
        inputs={"fields": sorted(name for name, value in changes.items() if value)},
    )
    return passenger


def update_passenger(
    keyring: Keyring, actor: Actor, trip_id: UUID, passenger_id: UUID, changes: PassengerChanges
) -> TripPassenger:
    """Change a passenger. Raises Forbidden, PassengerNotFound, BornLater."""
    actor.require("trip.update")
    passenger = trips.get_passenger(trip_id, passenger_id, lock=True)
    values: dict[str, Any] = dict(changes)
    _check(actor, values)
    fields: list[str] = []
    if "passport_number" in values:
        number = values.pop("passport_number")
        if number != passports.opened(keyring, passenger.id, passenger.passport_sealed):
            passports.seal(keyring, passenger, number)
            passenger.updated_at = clock.now()
            fields.append("passport_number")
    with title_follows(trips.get_trip(trip_id)):
        fields += apply(passenger, values)
    if fields:
        touch(trip_id)
        db.session.flush()
        audit.record(
            actor,
            "trip.passenger_updated",
            entity_refs=_refs(passenger),
            inputs={"fields": sorted(fields)},
        )
    return passenger


def remove_passenger(actor: Actor, trip_id: UUID, passenger_id: UUID) -> None:
    """Remove a passenger and the passport number; destroy the passenger's key.

    Raises Forbidden, PassengerNotFound.
    """
    actor.require("trip.update")
    passenger = trips.get_passenger(trip_id, passenger_id, lock=True)
    with title_follows(trips.get_trip(trip_id)):
        db.session.delete(passenger)
        touch(trip_id)
    person_keys.destroy([passenger_id])
    audit.record(actor, "trip.passenger_removed", entity_refs=_refs(passenger))


def remove_names(
    trip_id: UUID,
    *,
    removed: str,
    replaced: Callable[[Collection[str], Collection[str]], Mapping[str, str]],
) -> int:
    """Remove the names of a trip's passengers; return the number of changed rows.

    The retention of passengers uses this function. The name of each passenger becomes `removed`,
    and the services lose their travellers and ticket numbers. `replaced` takes the names and the
    free texts of the trip, and returns a mapping from each text to its new text. A derived title is
    derived again.
    """
    trip = trips.get_trip(trip_id, lock=True)
    people = db.session.scalars(
        select(TripPassenger).where(
            TripPassenger.trip_id == trip_id, TripPassenger.full_name != removed
        )
    ).all()
    services = db.session.scalars(select(TripLine).where(TripLine.trip_id == trip_id)).all()
    named = [line for line in services if not details.PASSENGER_FIELDS.isdisjoint(line.details)]
    names = {one.full_name for one in people}
    names.update(name for line in named for name in details.names_in(line.details))
    with title_follows(trip):
        for line in named:
            line.details = details.without_passengers(line.details)
        for one in people:
            one.full_name = removed
        lines.replace_texts([trip_id], lambda texts: replaced(names, texts))
    new = replaced(names, [text for text in (trip.title, trip.notes, trip.sent_to) if text])
    trip.title = new[trip.title][:TITLE_MAX]
    trip.notes = new[trip.notes] if trip.notes else trip.notes
    trip.sent_to = new[trip.sent_to] if trip.sent_to else trip.sent_to
    db.session.flush()
    return len(people) + len(named)


def reseal(keyring: Keyring) -> int:
    """Re-encrypt passport numbers and persons' keys that are encrypted in an old way.

    Keys of passengers and parties that an earlier secret encrypted are encrypted with the current
    secret. Passport numbers that an earlier release encrypted without such a key are encrypted with
    the passenger's key, at most a hundred in one call. Returns the number of re-encrypted items.
    """
    old = func.substring(TripPassenger.passport_sealed, 1, 1) != person_keys.VERSION
    rows = db.session.scalars(
        select(TripPassenger)
        .where(TripPassenger.passport_sealed.is_not(None), old)
        .limit(100)
        .with_for_update(skip_locked=True)
    ).all()
    for passenger in rows:
        passports.seal(
            keyring, passenger, passports.opened(keyring, passenger.id, passenger.passport_sealed)
        )
    db.session.flush()
    return len(rows) + person_keys.reseal(keyring)


def _check(actor: Actor, values: dict[str, Any]) -> None:
    born = values.get("date_of_birth")
    if born is not None and born > clock.today(actor.timezone):
        raise BornLater


def _refs(passenger: TripPassenger) -> dict[str, Any]:
    return {"trip_id": passenger.trip_id, "passenger_id": passenger.id}
