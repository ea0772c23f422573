"""Read the itinerary of the conversation's trip as the customer receives it."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext

from voyagent.capabilities.capability import Capability, Card, Invocation
from voyagent.capabilities.cards import amounts, day, listing, moment, paragraphs
from voyagent.kernel.errors import N_
from voyagent.kernel.json_values import JsonObject
from voyagent.trips.capabilities.cards import TRIP_RESULTS, people_note
from voyagent.trips.capabilities.current_trip import TRIP_CHOICES, CurrentTripInput, current_trip
from voyagent.trips.capabilities.outputs import money_output
from voyagent.trips.rules.details import FlightDetails, HotelDetails, TransferDetails, VisaDetails
from voyagent.trips.words import country_name, state_word


def run(call: Invocation, inputs: CurrentTripInput) -> JsonObject:
    """Return the passengers, services and total price of the trip.

    Costs, cancelled services and passport data are left out.

    Raises the errors of `current_trip`.
    """
    journey = current_trip(call, inputs)
    details = [(line, line.details) for line in journey.active_lines]
    return {
        "trip_id": str(journey.trip["id"]),
        "passengers": [one.full_name for one in journey.passengers],
        "flights": [_flight(one) for _, one in details if isinstance(one, FlightDetails)],
        "hotels": [_hotel(one) for _, one in details if isinstance(one, HotelDetails)],
        "transfers": [_transfer(one) for _, one in details if isinstance(one, TransferDetails)],
        "visas": [
            {"country": one.country, "status": "granted" if one.granted_on else line.status}
            for line, one in details
            if isinstance(one, VisaDetails)
        ],
        "totals": [money_output(total.price) for total in journey.totals],
    }


def sentence(_given: JsonObject, _output: JsonObject) -> str:
    """Describe the reading of the itinerary in one fixed sentence."""
    return str(gettext("Viewed the itinerary"))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: services, total price and link to the PDF."""
    lines = [
        *(
            f"{one['flight']}, {one['origin']} → {one['destination']}, {moment(one['departs_at'])}"
            for one in output["flights"]
        ),
        *(
            f"{one['name']}, {one['city']}, {day(one['check_in'])} – {day(one['check_out'])}"
            for one in output["hotels"]
        ),
        *(
            f"{one['origin']} → {one['destination']}, {day(one['on'])} {one['at'] or ''}".rstrip()
            for one in output["transfers"]
        ),
        *(
            gettext(
                "visa for %(country)s, %(status)s",
                country=country_name(one["country"]),
                status=state_word(one["status"]),
            )
            for one in output["visas"]
        ),
    ]
    if not lines:
        return str(
            gettext("The itinerary is empty. Add a flight, a hotel or another service first.")
        )
    head = ", ".join(output["passengers"]) or gettext("Itinerary")
    prices = [total for total in output["totals"] if Decimal(total["amount"])]
    page = f"/trips/{output['trip_id']}/itinerary.pdf"
    return paragraphs(
        listing(f"{head}:", lines, shown_max=len(lines), numbered=False),
        str(
            gettext("Total %(totals)s.", totals=amounts(prices))
            if prices
            else gettext("There is no price yet.")
        ),
        str(gettext("As PDF: %(link)s", link=f"[{page}]({page})")),
    )


def _flight(one: FlightDetails) -> JsonObject:
    return {
        "flight": f"{one.carrier} {one.number}",
        "origin": one.origin,
        "destination": one.destination,
        "departs_at": one.departs_at,
        "arrives_at": one.arrives_at,
    }


def _hotel(one: HotelDetails) -> JsonObject:
    return {
        "name": one.name,
        "city": one.city,
        "check_in": one.check_in.isoformat(),
        "check_out": one.check_out.isoformat(),
    }


def _transfer(one: TransferDetails) -> JsonObject:
    return {
        "origin": one.origin,
        "destination": one.destination,
        "on": one.on.isoformat(),
        "at": one.at,
    }


CAPABILITY = Capability(
    name="read_itinerary",
    title=N_("Show the itinerary"),
    summary="Read the customer's itinerary of the conversation's trip.",
    area="everywhere",
    input=CurrentTripInput,
    output=frozenset(
        {"trip_id", "passengers", "flights", "hotels", "transfers", "visas", "totals"}
    ),
    permission="trip.read",
    approval="never",
    run=run,
    choices=TRIP_CHOICES,
    card=Card(
        icon="card-list", sentence=sentence, note=people_note, answer=answer, results=TRIP_RESULTS
    ),
    audit=N_("Assistant: read the itinerary"),
    follow_ups=("send_itinerary", "show_trip"),
    examples={
        "en": (
            "show the itinerary",
            "read me the itinerary",
            "what does the customer's itinerary say",
            "day wise plan of this trip",
            "itinerary as the client will see it",
            "when do they fly and where do they stay",
            "give me the travel plan",
            "let me see the itin before we mail it",
            "what time is their flight back",
            "tour programme pls",
            "which hotel are they in on which dates",
            "schedule of the journey",
            "show me the day by day plan",
            "what is planned for day 3",
            "open the itinerary of the Kerala trip",
            "preview what we send to the client",
            "view itinerary",
            "where are they staying on the 5th",
            "what all is in their programme",
            "read out the schedule for Ritu's trip",
            "flight timings in the itinerary",
            "full plan of the tour please",
        ),
        "hi": (
            "itinerary dikhao",
            "poora programme batao din ke hisaab se",
            "customer ko kaunsa plan jaayega",
            "unki wapsi ki flight kab hai",
            "kis din kis hotel mein rukenge",
            "yatra ka karyakram padh ke sunao",
            "plan dikhao customer wala",
            "day 3 pe kya hai",
            "unka schedule batao",
            "kab kahan rukna hai poora plan dikhao",
            "पूरा प्लान बताओ",
            "ग्राहक की आइटिनरेरी दिखाओ",
            "किस दिन कहाँ रुकेंगे",
        ),
    },
)
