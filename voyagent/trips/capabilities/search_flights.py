"""Search flights and list their fares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from flask_babel import gettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Invocation, JsonObject, Slot
from voyagent.capabilities.cards import count_note, day
from voyagent.capabilities.refusals import unsupported
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips import service
from voyagent.trips.capabilities.outputs import LISTED_MAX, fare_output, money_output
from voyagent.trips.details import Airport
from voyagent.trips.enquiry_budget import budget_of, is_above
from voyagent.trips.service import Offered
from voyagent.trips.supplier_queries import flight_query, suppliers

Count = Annotated[int, Field(ge=0, le=9)]


class PassengerCounts(Closed):
    """Number of travellers by age group."""

    adult: Count = Field(default=0, description="Travellers aged 12 to 59.")
    child: Count = Field(default=0, description="Travellers aged 2 to 11.")
    infant: Count = Field(default=0, description="Travellers under 2, without a seat.")
    senior: Count = Field(default=0, description="Travellers aged 60 or older.")


class SearchFlightsInput(Closed):
    """A route, its days and the travellers."""

    origin: Annotated[
        Airport,
        Slot("origin_airport", N_("From where do they fly? A city or its airport’s code.")),
    ] = Field(description="IATA code of the departure, such as BOM.")
    destination: Annotated[
        Airport,
        Slot("destination_airport", N_("Where do they fly to? A city or its airport’s code.")),
    ] = Field(description="IATA code of the destination, such as DXB.")
    outbound_date: Annotated[BusinessDate, Slot("date", N_("On which day do they leave?"))] = Field(
        description="Day of departure, YYYY-MM-DD."
    )
    passengers: Annotated[
        PassengerCounts,
        Slot("people_by_age", N_("How many travel? Such as “2 adults and a child”.")),
    ] = Field(description="The travellers, counted by age group.")
    return_date: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Day of the flight back, YYYY-MM-DD; absent for one way."
    )
    cabin: Annotated[Literal["economy", "premium", "business", "first"] | None, Slot("cabin")] = (
        Field(default=None, description="Cabin class; economy if it is not named.")
    )
    direct_only: bool = Field(default=False, description="True to leave out flights with stops.")


def run(call: Invocation, wanted: SearchFlightsInput) -> OutboundCall[JsonObject]:
    """List at most twenty fares, the cheapest first. Raises as `service.search_flights`."""
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
    return searching.then(lambda found: _output(found, budget), refused=unsupported("searched"))


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Name the route and the days."""
    if not (given.get("origin") and given.get("destination")):
        return str(gettext("Searched flights"))
    days = " – ".join(
        day(given[name]) for name in ("outbound_date", "return_date") if given.get(name)
    )
    return str(
        gettext(
            "Searched flights %(origin)s → %(destination)s, %(days)s",
            origin=given["origin"],
            destination=given["destination"],
            days=days,
        )
    )


def _output(found: Sequence[Offered[Any]], budget: Money | None) -> JsonObject:
    fares = [
        fare_output(one) | ({"above_budget": True} if is_above(one.offer.total, budget) else {})
        for one in found[:LISTED_MAX]
    ]
    return {
        "count": len(found),
        "fares": fares,
        "budget": money_output(budget) if budget is not None else None,
    }


CAPABILITY = Capability(
    name="search_flights",
    title=N_("Search flights"),
    summary=(
        "Search flights by IATA codes, days and passengers; offers are good for twenty minutes."
    ),
    area="ticketing_visa",
    input=SearchFlightsInput,
    output=frozenset({"count", "fares", "budget"}),
    permission="trip.update",
    approval="never",
    run=run,
    card=Card(icon="airplane", sentence=sentence, note=count_note),
    audit=N_("Assistant: search flights"),
    follow_ups=("hold_flight", "search_hotels", "visa_requirements"),
    examples={
        "en": (
            "flights Mumbai to Dubai 12 Dec 2 adults",
            "search flights from Kochi to Doha on 20 December, return 5 January",
            "BOM SIN 14/01 2A 1C",
            "cheapest direct flight Delhi to London next Friday, one adult",
            "need business class to Frankfurt from Bengaluru on the 18th, 1 pax",
            "what are the fares to Bali for 4 in the first week of February",
            "check availability MAA-KUL 3 pax 10 Mar to 17 Mar",
            "any non stop to Istanbul on Sunday for two seniors?",
            "pls check tkt rate Hyd to Jeddah 5 adults 1 infant 2 feb",
            "look for flights Ahmedabad Bangkok, leaving 24 Dec, back on 1 Jan",
            "Mr Thomas wants to fly Cochin to Muscat tomorrow evening, show options",
            "how much is a ticket to New York in premium economy, 15 April",
            "show me flights for this enquiry",
        ),
        "hi": (
            "Delhi se Dubai ki flight dikhao 12 December, 2 log",
            "Mumbai se Goa kal subah ki flight hai kya, ek aadmi",
            "Kochi se Doha ka sabse sasta ticket batao 20 tareekh ka",
            "4 log ke liye Singapore ki udaan dekho, 10 se 17 March",
            "business class mein London ka kiraya kitna hai agle hafte",
            "direct flight chahiye Chennai se Kuala Lumpur, 2 bade 1 bachcha",
        ),
    },
)
