"""Tools about the trip of the conversation: what it consists of, who goes along, a transfer; and
the itinerary as the customer gets it.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from flask import current_app
from pydantic import Field

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.capabilities.capability import Invocation, JsonObject
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, Trimmed
from voyagent.kernel.keyring import Keyring
from voyagent.trips import effects, queries, service
from voyagent.trips.charges import charges_of
from voyagent.trips.details import (
    ClockTime,
    Country,
    FlightDetails,
    HotelDetails,
    TransferDetails,
    VisaDetails,
)
from voyagent.trips.lint import findings
from voyagent.trips.queries import Journey, Line, Passenger
from voyagent.trips.service import LineChanges, PassengerChanges
from voyagent.trips.words import sentence_of


class NoTripYet(NotFound):
    """The conversation has no trip."""

    code = "trip_not_found"
    message = N_(
        "This conversation has no trip yet. Add a passenger, a flight or a hotel, and it has one."
    )


class TheTripIn(Closed):
    """No arguments: it is the trip of this conversation."""


class AddPassengerIn(Closed):
    """Somebody who travels.

    The number of a passport is never taken by words: it would stand in the conversation.
    """

    full_name: Annotated[str, Trimmed(200)]
    kind: Literal["adult", "child", "infant", "senior"] = "adult"
    date_of_birth: BusinessDate | None = None
    nationality: Country | None = None
    passport_expiry: BusinessDate | None = None


class RemovePassengerIn(Closed):
    """Somebody who stays at home, by name."""

    full_name: Annotated[str, Trimmed(200)]


class AddTransferIn(Closed):
    """A ride on a day, with what the customer pays for it where it was said."""

    on: BusinessDate
    at: ClockTime | None = None
    origin: Annotated[str, Trimmed(200)]
    destination: Annotated[str, Trimmed(200)]
    price: Annotated[str, Field(pattern=r"^\d{1,15}(\.\d{1,4})?$")] | None = None
    currency: CurrencyCode | None = None


def show(call: Invocation, _wanted: TheTripIn) -> JsonObject:
    """The trip with its people, its lines, what it comes to, what an invoice of it would say, and
    what to look at. Raises NoTripYet.
    """
    journey = _journey(call)
    return {
        "trip_id": str(journey.trip["id"]),
        "title": journey.trip["title"],
        "status": journey.status,
        "passengers": [_person(one) for one in journey.passengers],
        "lines": [_line(line) for line in journey.lines],
        "totals": [
            {
                "currency": total.currency,
                "cost": total.cost.wire,
                "price": total.price.wire,
                "margin": total.margin.wire,
            }
            for total in journey.totals
        ],
        "charges": [
            {
                "description": one.description,
                "cost": one.cost.wire,
                "price": one.price.wire,
                "currency": one.price.currency,
            }
            for one in charges_of(journey)
        ],
        "findings": [
            {"code": finding.code, "severity": finding.severity, "sentence": sentence_of(finding)}
            for finding in findings(journey.passengers, journey.standing)
        ],
    }


def itinerary(call: Invocation, _wanted: TheTripIn) -> JsonObject:
    """What the customer gets: who, with what, where, for how much; without costs, without what is
    cancelled, without passports. Raises NoTripYet.
    """
    journey = _journey(call)
    details = [(line, line.details) for line in journey.standing]
    return {
        "trip_id": str(journey.trip["id"]),
        "passengers": [one.full_name for one in journey.passengers],
        "flights": [_flight(one) for _, one in details if isinstance(one, FlightDetails)],
        "hotels": [
            {
                "name": one.name,
                "city": one.city,
                "check_in": one.check_in.isoformat(),
                "check_out": one.check_out.isoformat(),
            }
            for _, one in details
            if isinstance(one, HotelDetails)
        ],
        "transfers": [
            {
                "origin": one.origin,
                "destination": one.destination,
                "on": one.on.isoformat(),
                "at": one.at,
            }
            for _, one in details
            if isinstance(one, TransferDetails)
        ],
        "visas": [
            {"country": one.country, "status": "granted" if one.granted_on else line.status}
            for line, one in details
            if isinstance(one, VisaDetails)
        ],
        "totals": [
            {"amount": total.price.wire, "currency": total.currency} for total in journey.totals
        ],
    }


def add_passenger(call: Invocation, wanted: AddPassengerIn) -> JsonObject:
    """Take somebody along; where the conversation has no trip yet, it gets one.

    Who travels on it under that name already is told of what is new.

    Raises as `trips.add_passenger` and `trips.update_passenger`.
    """
    trip = service.trip_for(call.actor, session_id=call.session_id)
    keyring: Keyring = current_app.extensions["voyagent.keyring"]
    said: PassengerChanges = wanted.model_dump(exclude_unset=True)  # type: ignore[assignment]
    added = _still_along(call, trip.id, wanted.full_name)
    passenger = (
        service.add_passenger(keyring, call.actor, trip.id, said)
        if added is None
        else service.update_passenger(keyring, call.actor, trip.id, added, said)
    )
    return {
        "added": True,
        "trip_id": str(trip.id),
        "passenger_id": str(passenger.id),
        "full_name": passenger.full_name,
        "kind": passenger.kind,
    }


def remove_passenger(call: Invocation, wanted: RemovePassengerIn) -> JsonObject:
    """Leave somebody at home. Raises NoTripYet, PassengerNotFound."""
    journey = _journey(call)
    said = wanted.full_name.casefold()
    exact = [one for one in journey.passengers if one.full_name.casefold() == said]
    meant = exact or [one for one in journey.passengers if said in one.full_name.casefold()]
    if len(meant) != 1:
        raise queries.PassengerNotFound
    service.remove_passenger(call.actor, journey.trip["id"], meant[0].id)
    return {"removed": True, "trip_id": str(journey.trip["id"]), "full_name": meant[0].full_name}


def add_transfer(call: Invocation, wanted: AddTransferIn) -> JsonObject:
    """Plan a ride; where the conversation has no trip yet, it gets one.

    Raises as `trips.add_line`.
    """
    trip = service.trip_for(call.actor, session_id=call.session_id)
    planned = _still_planned(call, trip.id, wanted)
    if planned is not None:
        return planned
    details = TransferDetails(
        kind="transfer",
        on=wanted.on,
        at=wanted.at,
        origin=wanted.origin,
        destination=wanted.destination,
    )
    changes: LineChanges = {}
    if wanted.price is not None:
        changes["price"] = wanted.price
    if wanted.currency is not None:
        changes["currency"] = wanted.currency
    line = queries.line_of(service.add_line(call.actor, trip.id, details, changes))
    return {
        "added": True,
        "trip_id": str(trip.id),
        "line_id": str(line.id),
        "name": line.name,
        "on": wanted.on.isoformat(),
    } | {"price": {"amount": line.price.wire, "currency": line.price.currency}}


def _still_along(call: Invocation, trip_id: UUID, full_name: str) -> UUID | None:
    """Whoever travels on the trip under that name, where that is one alone."""
    said = " ".join(full_name.split()).casefold()
    journey = _journey(call)
    along = [
        one.id
        for one in journey.passengers
        if one.full_name.casefold() == said and journey.trip["id"] == trip_id
    ]
    return along[0] if len(along) == 1 else None


def _still_planned(call: Invocation, trip_id: UUID, wanted: AddTransferIn) -> JsonObject | None:
    """What an earlier answer told of the same ride, where that is still planned."""
    for earlier in reversed(call.earlier):
        if earlier["on"] != wanted.on.isoformat():
            continue
        try:
            line = queries.line_of(queries.get_line(trip_id, UUID(earlier["line_id"])))
        except queries.LineNotFound:
            continue
        same = (wanted.origin, wanted.destination, wanted.at)
        if (
            isinstance(line.details, TransferDetails)
            and (line.details.origin, line.details.destination, line.details.at) == same
            and line.status == "planned"
        ):
            return earlier
    return None


def _journey(call: Invocation) -> Journey:
    if call.session_id is None:
        raise NoTripYet
    journey = queries.read_trip_of_session(call.reader, call.session_id)
    if journey is None:
        raise NoTripYet
    return journey


def _person(one: Passenger) -> JsonObject:
    return {
        "id": str(one.id),
        "full_name": one.full_name,
        "kind": one.kind,
        "has_passport": one.passport_last4 is not None,
    }


def _line(line: Line) -> JsonObject:
    return {
        "id": str(line.id),
        "kind": line.kind,
        "name": line.name,
        "status": line.status,
        "starts_on": line.starts_on.isoformat() if line.starts_on else None,
        "ends_on": line.ends_on.isoformat() if line.ends_on else None,
        "price": {"amount": line.price.wire, "currency": line.price.currency},
        "supplier_ref": line.supplier_ref,
        **(
            {"country": line.details.country, "traveller": line.details.traveller}
            if isinstance(line.details, VisaDetails)
            else {}
        ),
    }


def _flight(one: FlightDetails) -> JsonObject:
    return {
        "flight": f"{one.carrier} {one.number}",
        "origin": one.origin,
        "destination": one.destination,
        "departs_at": one.departs_at,
        "arrives_at": one.arrives_at,
    }


_DESK = Desk.HOTELS_HOLIDAYS
_OF_TRIP = frozenset(
    {"trip_id", "title", "status", "passengers", "lines", "totals", "charges", "findings"}
)
_OF_ITINERARY = frozenset(
    {"trip_id", "passengers", "flights", "hotels", "transfers", "visas", "totals"}
)
register(
    Tool(
        "show_trip",
        "Show the trip of this conversation, what an invoice of it would say (`charges`), and what"
        " to look at.",
        "trip.read",
        TheTripIn,
        run=show,
        desk=_DESK,
        gives=_OF_TRIP,
        shared=True,
    )
)
register(
    Tool(
        "read_itinerary",
        "Read the itinerary of this conversation as the customer gets it.",
        "trip.read",
        TheTripIn,
        run=itinerary,
        desk=_DESK,
        gives=_OF_ITINERARY,
        shared=True,
    )
)
register(
    Tool(
        "add_passenger",
        "Add somebody to the trip of this conversation. Never pass on a passport's number.",
        "trip.update",
        AddPassengerIn,
        run=add_passenger,
        desk=_DESK,
        writes=True,
        gives=frozenset({"added", "trip_id", "passenger_id", "full_name", "kind"}),
        shared=True,
    )
)
register(
    Tool(
        "remove_passenger",
        "Take somebody off the trip of this conversation.",
        "trip.update",
        RemovePassengerIn,
        run=remove_passenger,
        desk=_DESK,
        writes=True,
        gives=frozenset({"removed", "trip_id", "full_name"}),
        shared=True,
    )
)
register(
    Tool(
        "add_transfer",
        "Add a ride to the trip of this conversation.",
        "trip.update",
        AddTransferIn,
        run=add_transfer,
        desk=_DESK,
        writes=True,
        gives=frozenset({"added", "trip_id", "line_id", "name", "on", "price"}),
    )
)
register(
    Tool(
        "send_itinerary",
        "Propose to mail the itinerary of a trip to the customer, as a PDF.",
        "trip.send",
        effects.SendItineraryIn,
        summarise=what_is_asked(effects.SEND),
        desk=_DESK,
        writes=True,
        reversible=False,
        gives=frozenset({"sent", "trip_id", "to"}),
        shared=True,
    )
)
