"""Tools about flights and visas: search, hold, give back, how a booking stands, what a visa takes,
and the proposals to issue tickets and file a visa.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from flask import current_app
from pydantic import Field

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.capabilities.capability import Invocation, JsonObject
from voyagent.capabilities.refusals import not_supported, unsupported
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.fields import BusinessDate, Closed, Id, wire_instant
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips import effects, queries, service
from voyagent.trips.details import Country
from voyagent.trips.enquiry_budget import budget_of, is_above
from voyagent.trips.supplier_queries import flight_query, suppliers

Count = Annotated[int, Field(ge=0, le=9)]
Station = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class PassengersIn(Closed):
    """How many of each kind."""

    adult: Count = 0
    child: Count = 0
    infant: Count = 0
    senior: Count = 0


class SearchFlightsIn(Closed):
    """From where to where by IATA codes, when, and how many travel."""

    origin: Station
    destination: Station
    outbound_date: BusinessDate
    passengers: PassengersIn
    return_date: BusinessDate | None = None
    cabin: Literal["economy", "premium", "business", "first"] | None = None
    direct_only: bool = False


class HoldFlightIn(Closed):
    """A fare of a search, for everybody of this conversation's trip or for the named passengers."""

    fare_id: Id
    passenger_ids: Annotated[list[Id], Field(min_length=1, max_length=9)] | None = None


class ReleaseFlightIn(Closed):
    """Any flight of a held booking."""

    pnr_id: Id


class ReadPnrIn(Closed):
    """A booking by the code that airlines give it."""

    locator: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{5,8}$")]


class VisaRequirementsIn(Closed):
    """Whose passport, and which country."""

    nationality: Country
    destination: Country


def search(call: Invocation, wanted: SearchFlightsIn) -> OutboundCall[JsonObject]:
    """At most twenty fares, the cheapest first.

    Raises what the supplier says, but that it does not offer this.
    """
    query = flight_query(
        origin=wanted.origin,
        destination=wanted.destination,
        outbound_date=wanted.outbound_date,
        passengers=wanted.passengers.model_dump(),
        currency=call.actor.currency,
        return_date=wanted.return_date,
        cabin=wanted.cabin or "economy",
        direct_only=wanted.direct_only,
    )
    budget = budget_of(call.session_id)
    searching = service.search_flights(suppliers(call), call.actor, query)
    return searching.then(lambda found: _found(found, budget), refused=unsupported("searched"))


def hold(call: Invocation, wanted: HoldFlightIn) -> OutboundCall[JsonObject]:
    """Hold a fare on the trip of this conversation, unpaid.

    At another price than the offer's nothing is held, and the fare of now comes back, to be taken.

    Raises as `trips.hold_flight`, but PriceChanged.
    """
    trip = service.trip_for(call.actor, session_id=call.session_id)
    keyring: Keyring = current_app.extensions["voyagent.keyring"]
    budget = budget_of(trip.session_id, trip.enquiry_id)
    holding = service.hold_flight(
        suppliers(call), keyring, call.actor, trip.id, wanted.fare_id, wanted.passenger_ids
    )
    return holding.then(
        lambda lines: _held(lines, budget) | {"still_held": _still_held(call, lines[0])},
        refused=_at_another_price,
    )


def release(call: Invocation, wanted: ReleaseFlightIn) -> OutboundCall[JsonObject]:
    """Give a held flight back, which costs nothing; requests to issue its tickets end with it.

    Raises as `trips.release_flight`.
    """
    return service.release_flight(suppliers(call), call.actor, wanted.pnr_id).then(
        _released, refused=unsupported("released")
    )


def read_pnr(call: Invocation, wanted: ReadPnrIn) -> OutboundCall[JsonObject]:
    """How a booking stands at its supplier. Raises LineNotFound and what the supplier says."""
    return service.read_flight(suppliers(call), call.actor, wanted.locator).then(
        _booking, refused=unsupported("read")
    )


def visa_requirements(call: Invocation, wanted: VisaRequirementsIn) -> OutboundCall[JsonObject]:
    """What a country asks of a nationality, with where the rule is from.

    Raises what the supplier says.
    """
    asking_for = service.visa_requirements(
        suppliers(call), call.actor, wanted.nationality, wanted.destination
    )
    return asking_for.then(_requirements, refused=unsupported("read"))


def _found(kept: Sequence[Any], budget: Money | None) -> JsonObject:
    """The fares; what costs more than the customer of the conversation's enquiry wants to spend
    says so.
    """
    fares = [
        _fare(one) | ({"above_budget": True} if is_above(one.offer.total, budget) else {})
        for one in kept[:20]
    ]
    return {"count": len(kept), "fares": fares, "budget": money_out(budget)}


def money_out(amount: Money | None) -> JsonObject | None:
    """An amount as a tool gives it."""
    return None if amount is None else {"amount": amount.wire, "currency": amount.currency}


def _held(lines: Sequence[Any], budget: Money | None) -> JsonObject:
    first = lines[0]
    cost = Money(sum(line.cost_minor for line in lines), first.currency)
    return {
        "held": True,
        "trip_id": str(first.trip_id),
        "pnr_id": str(first.id),
        "locator": first.supplier_ref,
        "flights": len(lines),
        "status": first.status,
        "expires_at": wire_instant(first.hold_expires_at) if first.hold_expires_at else None,
        "budget": money_out(budget) if is_above(cost, budget) else None,
    }


def _still_held(call: Invocation, now: Any) -> list[JsonObject]:
    """What answers whose place this one took have held, and what stands beside it until it is given
    back or lapses.
    """
    before = {str(one["locator"]) for one in call.earlier if one.get("locator")} - {
        now.supplier_ref
    }
    lines = queries.read_trip(call.reader, now.trip_id).standing if before else ()
    standing = {
        line.supplier_ref: line
        for line in lines
        if line.status == "held" and line.supplier_ref in before
    }
    return [
        {
            "locator": locator,
            "expires_at": wire_instant(line.hold_expires_at) if line.hold_expires_at else None,
        }
        for locator, line in standing.items()
    ]


def _at_another_price(refusal: VoyagentError) -> JsonObject:
    """The fare at the price of now, kept so that it can be held; any other refusal as elsewhere."""
    kept = service.offered_anew(refusal)
    if kept is None:
        return unsupported("held")(refusal)
    return not_supported("held", refusal) | {"fare": _fare(kept)}


def _released(done: Any) -> JsonObject:
    lines, ended = done
    first = lines[0]
    return {
        "released": True,
        "trip_id": str(first.trip_id),
        "pnr_id": str(first.id),
        "locator": first.supplier_ref,
        "flights": len(lines),
        "withdrawn": ended,
    }


def _booking(read: Any) -> JsonObject:
    lines, booking = read
    return {
        "pnr_id": str(lines[0].id),
        "locator": booking.locator,
        "source": booking.supplier,
        "status": booking.status.value,
        "passengers": booking.party.total,
        "flights": len(lines),
        "tickets": len(booking.tickets),
    }


def _requirements(found: Any) -> JsonObject:
    return {
        "nationality": found.nationality,
        "destination": found.destination,
        "kind": found.kind.value,
        "checklist": [document.label for document in found.documents],
        "fee": {"amount": found.fee.wire, "currency": found.fee.currency} if found.fee else None,
        "processing_days": found.processing_days,
        "stay_days": found.stay_days,
        "passport_months": found.passport_months,
        "source": found.source,
    }


def _fare(kept: Any) -> JsonObject:
    offer = kept.offer
    return {
        "fare_id": str(kept.id),
        "source": offer.supplier,
        "source_ref": offer.offer_id,
        "price": {"amount": offer.total.wire, "currency": offer.total.currency},
        "valid_until": wire_instant(offer.valid_until),
        "flights": [segment.flight for journey in offer.journeys for segment in journey.segments],
        "departs_at": offer.outbound.departs_at.strftime("%Y-%m-%dT%H:%M"),
        "arrives_at": offer.outbound.arrives_at.strftime("%Y-%m-%dT%H:%M"),
        "stops": offer.outbound.stops,
        "refundable": offer.refundable,
    }


_DESK = Desk.TICKETING_VISA
_OF_PNR = frozenset({"pnr_id", "locator", "source", "status", "passengers", "flights", "tickets"})
_OF_VISA = frozenset(
    {
        "nationality",
        "destination",
        "kind",
        "checklist",
        "fee",
        "processing_days",
        "stay_days",
        "passport_months",
        "source",
    }
)
register(
    Tool(
        "search_flights",
        "Search flights by IATA codes, days and passengers; offers are good for twenty minutes.",
        "trip.update",
        SearchFlightsIn,
        run=search,
        desk=_DESK,
        gives=frozenset({"count", "fares", "budget"}),
    )
)
register(
    Tool(
        "hold_flight",
        "Hold a fare for the passengers of this conversation's trip, unpaid.",
        "trip.update",
        HoldFlightIn,
        run=hold,
        desk=_DESK,
        writes=True,
        gives=frozenset(
            {
                "held",
                "trip_id",
                "pnr_id",
                "locator",
                "flights",
                "status",
                "expires_at",
                "budget",
                "still_held",
            }
        ),
    )
)
register(
    Tool(
        "release_flight",
        "Give a held flight back that nobody has paid for; a request to issue its tickets is"
        " withdrawn.",
        "trip.update",
        ReleaseFlightIn,
        run=release,
        desk=_DESK,
        writes=True,
        gives=frozenset({"released", "trip_id", "pnr_id", "locator", "flights", "withdrawn"}),
    )
)
register(
    Tool(
        "read_pnr",
        "Read how a flight booking stands.",
        "trip.read",
        ReadPnrIn,
        run=read_pnr,
        desk=_DESK,
        gives=_OF_PNR,
    )
)
register(
    Tool(
        "visa_requirements",
        "Read what a country asks of a nationality.",
        "trip.read",
        VisaRequirementsIn,
        run=visa_requirements,
        desk=_DESK,
        gives=_OF_VISA,
    )
)
register(
    Tool(
        "issue_ticket",
        "Propose to pay for a held booking and have its tickets.",
        "trip.update",
        effects.IssueTicketIn,
        summarise=what_is_asked(effects.ISSUE),
        desk=_DESK,
        writes=True,
        reversible=False,
        gives=frozenset({"issued", "pnr_id", "locator", "tickets", "trip_id"}),
    )
)
register(
    Tool(
        "file_visa",
        "Propose to file a visa for a passenger of the trip.",
        "trip.update",
        effects.FileVisaIn,
        summarise=what_is_asked(effects.FILE),
        desk=_DESK,
        writes=True,
        reversible=False,
        gives=frozenset({"filed", "line_id", "receipt", "status", "trip_id"}),
    )
)
