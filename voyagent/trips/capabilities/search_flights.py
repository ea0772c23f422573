"""Search flights and list their fares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Choice, Invocation, Slot
from voyagent.capabilities.cards import count_note, day, listing, money
from voyagent.capabilities.refusals import unsupported
from voyagent.capabilities.results import Column, Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import fare_records, fare_row
from voyagent.trips.capabilities.outputs import LISTED_MAX, fare_output, money_output
from voyagent.trips.queries.enquiry_budget import budget_of, is_above
from voyagent.trips.rules.details import Airport
from voyagent.trips.service import flights
from voyagent.trips.service.supplier_queries import flight_query, suppliers
from voyagent.trips.service.supplies import Offered

Count = Annotated[int, Field(ge=0, le=9)]


class PassengerCounts(Closed):
    """The number of passengers by age group."""

    adult: Count = Field(default=0, description="Travellers aged 12 to 59.")
    child: Count = Field(default=0, description="Travellers aged 2 to 11.")
    infant: Count = Field(default=0, description="Travellers under 2, without a seat.")
    senior: Count = Field(default=0, description="Travellers aged 60 or older.")


class SearchFlightsInput(Closed):
    """A route with its days, and the passengers."""

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
        Field(default=None, description="Cabin class; economy if absent.")
    )
    direct_only: Annotated[bool, Slot("flag")] = Field(
        default=False, description="True to leave out flights with stops."
    )


def run(call: Invocation, inputs: SearchFlightsInput) -> OutboundCall[JsonObject]:
    """Return at most twenty fares, cheapest first.

    Raises the errors of `flights.search_flights`.
    """
    query = flight_query(
        origin=inputs.origin,
        destination=inputs.destination,
        outbound_date=inputs.outbound_date,
        passengers=inputs.passengers.model_dump(),
        currency=call.actor.currency,
        return_date=inputs.return_date,
        cabin=inputs.cabin or "economy",
        direct_only=inputs.direct_only,
    )
    budget = budget_of(call.session_id)
    searching = flights.search_flights(suppliers(call), call.actor, query)
    return searching.then(lambda found: _output(found, budget), refused=unsupported("searched"))


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Describe the search in one sentence, with route and days."""
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


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the search and its fares."""
    days = " – ".join(
        day(given[name]) for name in ("outbound_date", "return_date") if given.get(name)
    )
    route = f"{given['origin']} – {given['destination']}"
    search = ", ".join(filter(None, (route, days, people(given["passengers"]), _wishes(given))))
    if not output["fares"]:
        return str(
            gettext(
                "%(search)s: no flights found. Search another day or another airport.",
                search=search,
            )
        )
    heading = ngettext(
        "%(search)s: one fare, valid for twenty minutes.",
        "%(search)s: %(num)d fares, valid for twenty minutes.",
        output["count"],
        search=search,
    )
    rows = [
        ", ".join(filter(None, (fare_row(fare), _above_budget(fare, output))))
        for fare in output["fares"]
    ]
    return listing(str(heading), rows, output["count"])


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the listed fares as choices, to which later messages can refer."""
    return fare_records(output["fares"])


def people(passengers: JsonObject) -> str:
    """Return the number of passengers of each age group as text."""
    adult, senior, child, infant = (
        passengers.get(kind) or 0 for kind in ("adult", "senior", "child", "infant")
    )
    groups = (
        ngettext("one adult", "%(num)d adults", adult) if adult else "",
        ngettext("one senior", "%(num)d seniors", senior) if senior else "",
        ngettext("one child", "%(num)d children", child) if child else "",
        ngettext("one infant", "%(num)d infants", infant) if infant else "",
    )
    return ", ".join(filter(None, map(str, groups)))


def _wishes(given: JsonObject) -> str:
    cabins = {
        "premium": gettext("premium economy"),
        "business": gettext("business class"),
        "first": gettext("first class"),
    }
    direct = gettext("direct only") if given.get("direct_only") else ""
    return ", ".join(filter(None, (cabins.get(given.get("cabin") or "", ""), direct)))


def _flights(fare: JsonObject) -> str:
    return ", ".join(flight.replace(" ", "\N{NO-BREAK SPACE}") for flight in fare["flights"])


def _above_budget(fare: JsonObject, output: JsonObject) -> str:
    if not fare.get("above_budget"):
        return ""
    return str(gettext("above the budget of %(amount)s", amount=money(output["budget"])))


FARES = Result(
    title=N_("Fares"),
    rows="fares",
    columns=(
        Column(label=N_("Flights"), value=_flights, note=_above_budget),
        Column(label=N_("Leaves"), value="departs_at", kind="moment"),
        Column(label=N_("Stops"), value="stops", kind="number"),
        Column(label=N_("Price"), value="price", kind="money"),
    ),
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
    summary=("Search flights by IATA codes, dates and passengers; fares are valid for 20 minutes."),
    area="ticketing_visa",
    input=SearchFlightsInput,
    output=frozenset({"count", "fares", "budget"}),
    permission="trip.update",
    approval="never",
    run=run,
    card=Card(
        icon="airplane",
        sentence=sentence,
        note=count_note,
        answer=answer,
        records=records,
        results=(FARES,),
    ),
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
            "BLR-LHR 4 May return 20 May 1 pax economy",
            "show flights pune to singapore for tomorrow 2 adult",
            "need fare quote DEL BKK 14 Feb / 20 Feb 4A 2C",
            "options for Chennai to Colombo on Saturday night, 3 people",
            "find me air tickets from Lucknow to Mumbai 15 jan one way single pax",
            "any direct flight hyderabad goa friday evening",
            "cheapest airline kolkata to dhaka 9 march, 2 seats",
            "check fares AMD-DXB-AMD 1 to 8 april for a couple",
            "search one way CCU-GAU 3 Feb 1 adult 1 infant",
            "flight availability Jaipur Mumbai 22nd",
            "what time are the flights to Srinagar on 5 June for 6 pax",
            "round trip Trivandrum to Sharjah 12 Feb 26 Feb, 1 adult, budget airline ok",
            "ticket price mumbai london business class next monday",
        ),
        "hi": (
            "Delhi se Dubai ki flight dikhao 12 December, 2 log",
            "Mumbai se Goa kal subah ki flight hai kya, ek aadmi",
            "Kochi se Doha ka sabse sasta ticket batao 20 tareekh ka",
            "4 log ke liye Singapore ki udaan dekho, 10 se 17 March",
            "business class mein London ka kiraya kitna hai agle hafte",
            "direct flight chahiye Chennai se Kuala Lumpur, 2 bade 1 bachcha",
            "Pune se Singapore kal ki flight dikhao 2 log",
            "Lucknow Mumbai ka ticket kitne ka hai 15 January",
            "sabse sasti flight Kolkata se Guwahati 3 February",
            "Hyderabad se Goa direct flight hai kya shukravar ko",
            "दिल्ली से दुबई की फ्लाइट दिखाओ 12 दिसंबर, 2 लोग",
            "मुंबई से गोवा कल की फ्लाइट है क्या",
            "कोच्चि से दोहा का सबसे सस्ता टिकट बताओ",
            "चेन्नई से सिंगापुर की उड़ान देखो 4 लोगों के लिए",
            "लंदन का किराया कितना है अगले हफ़्ते",
            "दिल्ली से बैंकॉक हवाई टिकट चाहिए 5 जनवरी को",
        ),
    },
)
