"""Create trips for a customer, a conversation or an enquiry, and change them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import date
from typing import Any, TypedDict
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.chat.queries import sessions as chats
from voyagent.enquiries import service as enquiry_service
from voyagent.enquiries.queries import enquiries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money, UnknownCurrency, is_currency
from voyagent.trips.models import Trip, TripLine, TripPassenger
from voyagent.trips.queries import trips
from voyagent.trips.queries.enquiry_budget import enquiry_of
from voyagent.trips.queries.itinerary import turning_point
from voyagent.trips.rules.details import FlightDetails, HotelDetails
from voyagent.trips.service.errors import TripAlreadyOpen

TITLE_MAX = 200
NAMELESS = "Trip"
# Free text may name a person, and events can never be deleted. Therefore an event records only that
# these fields changed.
_PRIVATE = frozenset({"title", "notes"})


class TripChanges(TypedDict, total=False):
    """Fields of a trip to set; a field whose key is absent stays unchanged.

    None clears a field. The title and the currency cannot be cleared.
    """

    title: str
    currency: str
    notes: str | None
    session_id: UUID | None
    enquiry_id: UUID | None


def open_trip(
    actor: Actor,
    *,
    title: str | None = None,
    currency: str | None = None,
    notes: str | None = None,
    session_id: UUID | None = None,
    enquiry_id: UUID | None = None,
) -> Trip:
    """Create a trip, for a conversation or an enquiry if one is given.

    Missing values are derived: the enquiry from the conversation, the title from the enquiry or the
    conversation, the currency from the agency. Raises Forbidden, SessionNotFound, EnquiryNotFound,
    UnknownCurrency, TripAlreadyOpen.
    """
    actor.require("trip.open")
    spoken_of = None
    if session_id is not None:
        session = chats.get_session(
            session_id, lock=True
        )  # so that two parallel calls create one trip
        if trips.find_trip(session_id=session_id) is not None:
            raise TripAlreadyOpen
        spoken_of = session.title if chats.is_named(session) else None
    enquiry = enquiry_of(session_id, enquiry_id)
    trip = Trip(
        id=new_id(),
        title=(title or (_title_of(enquiry) if enquiry else spoken_of or NAMELESS))[:TITLE_MAX],
        currency=_known(currency or actor.currency),
        notes=notes,
        session_id=session_id,
        enquiry_id=enquiry["id"] if enquiry else None,
        created_by_user_id=actor.user_id,
    )
    trip.created_at = trip.updated_at = clock.now()
    db.session.add(trip)
    db.session.flush()
    audit.record(actor, "trip.opened", entity_refs=_refs(trip), inputs={"currency": trip.currency})
    return trip


def trip_for(
    actor: Actor, *, session_id: UUID | None = None, enquiry_id: UUID | None = None
) -> Trip:
    """Return the trip of a conversation, or the newest trip of an enquiry.

    A trip is created if there is none.

    Raises the errors of `open_trip` except TripAlreadyOpen.
    """
    actor.require("trip.open")
    if session_id is not None:
        chats.get_session(session_id, lock=True)
    elif enquiry_id is not None:
        enquiries.get_enquiry(enquiry_id, lock=True)
    found = (
        trips.find_trip(session_id=session_id, enquiry_id=enquiry_id)
        if session_id or enquiry_id
        else None
    )
    if found is not None:
        return found
    return open_trip(
        actor, session_id=session_id or _free_session_of(enquiry_id), enquiry_id=enquiry_id
    )


def update_trip(actor: Actor, trip_id: UUID, changes: TripChanges) -> Trip:
    """Change a trip's title, notes, currency, conversation or enquiry.

    Raises Forbidden, TripNotFound, SessionNotFound, EnquiryNotFound, UnknownCurrency,
    TripAlreadyOpen.
    """
    actor.require("trip.update")
    trip = trips.get_trip(trip_id, lock=True)
    values: dict[str, Any] = dict(changes)
    was_of = trip.enquiry_id
    if values.get("currency") is not None:
        _known(values["currency"])
    if values.get("session_id") not in (None, trip.session_id):
        chats.get_session(values["session_id"], lock=True)
        if trips.find_trip(session_id=values["session_id"]) is not None:
            raise TripAlreadyOpen
    if values.get("enquiry_id") is not None:
        enquiries.get_enquiry(values["enquiry_id"])
    with title_follows(trip) if values.get("title") in (None, trip.title) else nullcontext():
        changed = apply(trip, values)
    if changed:
        db.session.flush()
        audit.record(
            actor,
            "trip.updated",
            entity_refs=_refs(trip),
            inputs={"fields": audit_changes(changed, private=_PRIVATE)},
        )
    if trip.enquiry_id != was_of:
        for enquiry_id in sorted(one for one in (was_of, trip.enquiry_id) if one is not None):
            enquiry_service.follow(actor, enquiry_id)
    return trip


@contextmanager
def title_follows(trip: Trip) -> Iterator[None]:
    """Derive the trip's title again after the `with` block.

    A title that a user typed is kept. A derived title has the customer's name and the destination
    of the enquiry. Without an enquiry, the title has the surname of the first passenger and the
    destination.
    """
    follows = trip.title in (NAMELESS, _derived(trip)) or _is_of_first_words(trip)
    yield
    db.session.flush()
    if follows:
        trip.title = _derived(trip)
        db.session.flush()


def apply(
    row: Trip | TripLine | TripPassenger, values: Mapping[str, object]
) -> dict[str, tuple[object, object]]:
    """Set the columns of a row to the given values.

    Returns the old and new value of each column that changed.
    """
    changed = {
        name: (getattr(row, name), value)
        for name, value in values.items()
        if getattr(row, name) != value
    }
    for name, (_before, value) in changed.items():
        setattr(row, name, value)
    if changed:
        row.updated_at = clock.now()
    return changed


def touch(trip_id: UUID) -> None:
    """Set the trip's time of last change to now."""
    trips.get_trip(trip_id).updated_at = clock.now()


def audit_changes(
    changed: Mapping[str, tuple[object, object]], *, private: Iterable[str]
) -> list[dict[str, audit.Fact]]:
    """Return the changes for the audit log.

    A change of a field in `private` has the field's name without the values.
    """
    hidden = frozenset(private)
    return [
        (
            {"field": name}
            if name in hidden
            else {"field": name, "before": _plain(before), "after": _plain(after)}
        )
        for name, (before, after) in changed.items()
    ]


def _plain(value: object) -> str | None:
    if isinstance(value, Money):
        return f"{value.wire} {value.currency}"
    return None if value is None else value.isoformat() if isinstance(value, date) else str(value)


def _free_session_of(enquiry_id: UUID | None) -> UUID | None:
    """Return the enquiry's conversation if it exists and has no trip yet."""
    session_id = enquiries.get_enquiry(enquiry_id).session_id if enquiry_id is not None else None
    if (
        session_id is None
        or not chats.exists(session_id)
        or trips.find_trip(session_id=session_id) is not None
    ):
        return None
    return session_id


def _derived(trip: Trip) -> str:
    """Derive the title of a trip from its enquiry, or from passengers and destination."""
    enquiry = enquiry_of(trip.session_id, trip.enquiry_id)
    if enquiry is not None:
        return _title_of(enquiry)[:TITLE_MAX]
    journey = trips.read_trip(SessionReader(db.session), trip.id)
    family = journey.passengers[0].full_name.rpartition(" ")[2] if journey.passengers else ""
    if not any(map(str.isalpha, family)):  # the mark of a removed name
        family = ""
    flights = [
        line.details for line in journey.active_lines if isinstance(line.details, FlightDetails)
    ]
    stays = [
        line.details.city for line in journey.active_lines if isinstance(line.details, HotelDetails)
    ]
    return (
        ", ".join(filter(None, (family, turning_point(flights) or next(iter(stays), ""))))[
            :TITLE_MAX
        ]
        or NAMELESS
    )


def _is_of_first_words(trip: Trip) -> bool:
    """Return True if the trip's title is the first message of its conversation."""
    if trip.session_id is None or not chats.exists(trip.session_id):
        return False
    session = chats.get_session(trip.session_id)
    return trip.title == (session.title or "")[:TITLE_MAX] and not chats.is_named(session)


def _title_of(enquiry: Row) -> str:
    place = (enquiry["destination"] or "").strip()
    return f"{enquiry['customer_name']}, {place}" if place else str(enquiry["customer_name"])


def _known(currency: str) -> str:
    if not is_currency(currency):
        raise UnknownCurrency
    return currency


def _refs(trip: Trip) -> dict[str, UUID]:
    return {
        "trip_id": trip.id,
        **({"session_id": trip.session_id} if trip.session_id else {}),
        **({"enquiry_id": trip.enquiry_id} if trip.enquiry_id else {}),
    }
