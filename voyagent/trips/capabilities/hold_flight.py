"""Reserve a fare at the supplier for the conversation's trip, without payment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.capabilities.capability import (
    Capability,
    Card,
    Choice,
    Invocation,
    Slot,
    no_money,
)
from voyagent.capabilities.cards import moment, money
from voyagent.capabilities.refusals import not_supported, unsupported
from voyagent.kernel.errors import N_, VoyagentError
from voyagent.kernel.fields import Id, wire_instant
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import TRIP_RESULTS, booking_record, fare_records, fare_row
from voyagent.trips.capabilities.current_trip import TRIP_CHOICES, CurrentTripInput, trip_to_change
from voyagent.trips.capabilities.lookups import passengers
from voyagent.trips.capabilities.outputs import fare_output, money_output
from voyagent.trips.models import TripLine
from voyagent.trips.queries import trips
from voyagent.trips.queries.enquiry_budget import budget_of, is_above
from voyagent.trips.service import flights
from voyagent.trips.service.supplier_queries import suppliers


class HoldFlightInput(CurrentTripInput):
    """A fare from a search, and the passengers who fly.

    By default, all passengers of the trip fly.
    """

    fare_id: Annotated[Id, Slot("fare", N_("Which fare do you want to hold?"))] = Field(
        description="`fare_id` of a fare in the search results."
    )
    passenger_ids: Annotated[
        Annotated[list[Id], Field(min_length=1, max_length=9)] | None, Slot("passenger")
    ] = Field(default=None, description="Passengers of the trip; absent for all of them.")


def run(call: Invocation, inputs: HoldFlightInput) -> OutboundCall[JsonObject]:
    """Reserve the fare, or return the fare at its new price if the price has changed.

    Nothing is reserved at a new price.

    Raises the errors of `trip_to_change`, and the errors of `flights.hold_flight` except
    PriceChanged.
    """
    trip = trip_to_change(call, inputs)
    budget = budget_of(trip.session_id, trip.enquiry_id)
    holding = flights.hold_flight(
        suppliers(call),
        call.port(Keyring),
        call.actor,
        trip.id,
        inputs.fare_id,
        inputs.passenger_ids,
    )
    return holding.then(
        lambda lines: _output(lines, budget) | {"still_held": _still_held(call, lines[0])},
        refused=_at_another_price,
    )


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the reservation in one sentence.

    After the reservation, the sentence has the booking number.
    """
    if not output.get("locator"):
        return str(gettext("Hold a flight"))
    return str(gettext("Held flight booking %(locator)s", locator=output["locator"]))


def note(_output: JsonObject) -> str:
    """Return a note that nothing has been paid."""
    return str(gettext("not paid yet"))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: booking number, time limit, and warnings.

    The answer warns of a cost above the budget, and of earlier bookings that are still held.
    """
    if "fare" in output:
        fare = gettext("The fare is now: %(fare)s.", fare=fare_row(output["fare"]))
        return f"{output['detail']} {fare}"
    locator, until = output["locator"], output["expires_at"]
    if output["status"] == "ticketed":
        return str(
            gettext(
                "Booking %(locator)s is already ticketed. Nothing more was held.", locator=locator
            )
        )
    held = (
        gettext(
            "Held as %(locator)s, unpaid, until %(until)s.", locator=locator, until=moment(until)
        )
        if until
        else gettext("Held as %(locator)s, unpaid.", locator=locator)
    )
    budget = output["budget"]
    parts = (
        held,
        gettext("That is above the budget of %(amount)s.", amount=money(budget)) if budget else "",
        *map(_earlier, output["still_held"]),
        gettext("Issue the tickets before the hold expires."),
    )
    return " ".join(filter(None, parts))


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the booking as a choice, to which later messages can refer.

    If nothing was held because the price has changed, return the fare instead.
    """
    if "fare" in output:
        return fare_records([output["fare"]])
    return (booking_record(output["pnr_id"], output["locator"]),)


def _earlier(booking: JsonObject) -> str:
    if booking["expires_at"] is None:
        return str(
            gettext(
                "The earlier booking %(locator)s is still held. Release it if it is not needed.",
                locator=booking["locator"],
            )
        )
    return str(
        gettext(
            "The earlier booking %(locator)s is still held until %(until)s. Release it if it is"
            " not needed.",
            locator=booking["locator"],
            until=moment(booking["expires_at"]),
        )
    )


def _output(lines: Sequence[TripLine], budget: Money | None) -> JsonObject:
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
        "budget": (money_output(budget) if budget is not None and is_above(cost, budget) else None),
    }


def _still_held(call: Invocation, now: TripLine) -> list[JsonObject]:
    """Return earlier bookings that were made for the same message and are still held.

    Each item has `locator` and `expires_at`. `now` is a flight of the new booking, which is left
    out.
    """
    before = {str(one["locator"]) for one in call.earlier if one.get("locator")} - {
        now.supplier_ref
    }
    lines = trips.read_trip(call.reader, now.trip_id).active_lines if before else ()
    held = {
        line.supplier_ref: line
        for line in lines
        if line.status == "held" and line.supplier_ref in before
    }
    return [
        {
            "locator": locator,
            "expires_at": wire_instant(line.hold_expires_at) if line.hold_expires_at else None,
        }
        for locator, line in held.items()
    ]


def _at_another_price(refusal: VoyagentError) -> JsonObject:
    offered = flights.refreshed_offer(refusal)
    if offered is None:
        return unsupported("held")(refusal)
    return not_supported("held", refusal) | {"fare": fare_output(offered)}


CAPABILITY = Capability(
    name="hold_flight",
    title=N_("Hold a flight"),
    summary="Hold a fare without payment for the passengers of the conversation's trip.",
    area="ticketing_visa",
    input=HoldFlightInput,
    output=frozenset(
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
    permission="trip.update",
    approval="review",
    policy=no_money,  # a hold is unpaid
    run=run,
    card=Card(
        icon="bookmark-check",
        sentence=sentence,
        note=note,
        answer=answer,
        fills=("pnr_id",),
        records=records,
        results=TRIP_RESULTS,
    ),
    audit=N_("Assistant: hold a flight"),
    follow_ups=("issue_ticket", "release_flight", "search_hotels"),
    choices={**TRIP_CHOICES, "passenger_ids": passengers},
    examples={
        "en": (
            "hold the first one",
            "hold EK 501 for them",
            "block the 2nd option pls",
            "book the cheapest flight",
            "take the Emirates one in the morning",
            "keep seats on AI 911, customer will pay tomorrow",
            "reserve option 3 for all passengers",
            "create pnr for the direct flight",
            "ok go ahead with the Indigo fare",
            "hold it for Deepa and Ravi only",
            "book these seats, no payment yet",
            "the customer chose number 2, hold that fare",
            "make the booking on the 9 am flight",
            "please hold the Vistara flight for all",
            "hold option 2",
            "block seats on 6E 1403 for Ritu and Harish",
            "keep the second fare on hold till evening",
            "hold the non stop one",
            "put the cheapest on hold, customer deciding",
            "grab the morning flight before price goes up",
            "hold AI 131, payment later",
            "create booking on the Qatar Airways option",
            "make pnr for SQ 423",
            "temporarily book the 3rd fare, do not ticket",
        ),
        "hi": (
            "pehli wali flight hold kar do",
            "doosra option block karo",
            "sabse sasti flight book kar dijiye",
            "Emirates wali rok ke rakho, payment kal aayega",
            "EK 501 pe seat rakh lo sabke liye",
            "subah wali flight ka pnr bana do",
            "Vistara wali hold pe daal do",
            "doosri flight rok lo",
            "6E 1403 block karo Ritu ke liye",
            "sasti wali flight hold karo, customer sham ko batayega",
            "पहली वाली फ्लाइट होल्ड कर दो",
            "सबसे सस्ती फ्लाइट रोक लो",
            "एमिरेट्स वाली सीट ब्लॉक कर दो",
            "दूसरी फ्लाइट होल्ड पर रखो, पेमेंट कल आएगा",
        ),
    },
)
