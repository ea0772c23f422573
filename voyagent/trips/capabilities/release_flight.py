"""Release a held flight booking that nobody has paid for."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.capabilities.capability import (
    Capability,
    Card,
    Invocation,
    Slot,
    no_money,
)
from voyagent.capabilities.refusals import unsupported
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import TRIP_RESULTS
from voyagent.trips.capabilities.lookups import held_flights
from voyagent.trips.models import TripLine
from voyagent.trips.service import flights
from voyagent.trips.service.supplier_queries import suppliers


class ReleaseFlightInput(Closed):
    """The held booking to release."""

    pnr_id: Annotated[Id, Slot("booking", N_("Which held booking do you want to release?"))] = (
        Field(description="The id of any flight of the held booking.")
    )


def run(call: Invocation, inputs: ReleaseFlightInput) -> OutboundCall[JsonObject]:
    """Release the booking, free of charge.

    Raises the errors of `flights.release_flight`.
    """
    return flights.release_flight(suppliers(call), call.actor, inputs.pnr_id).then(
        _output, refused=unsupported("released")
    )


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the release in one sentence.

    After the release, the sentence has the booking number.
    """
    if not output.get("locator"):
        return str(gettext("Release a held flight"))
    return str(gettext("Released flight booking %(locator)s", locator=output["locator"]))


def _output(released: tuple[list[TripLine], int]) -> JsonObject:
    lines, withdrawn = released
    first = lines[0]
    return {
        "released": True,
        "trip_id": str(first.trip_id),
        "pnr_id": str(first.id),
        "locator": first.supplier_ref,
        "flights": len(lines),
        "withdrawn": withdrawn,
    }


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the number of the released booking."""
    released = gettext("Booking %(locator)s is released at no cost.", locator=output["locator"])
    if not output["withdrawn"]:
        return str(released)
    return f"{released} {gettext('The request to issue its tickets is withdrawn.')}"


CAPABILITY = Capability(
    name="release_flight",
    title=N_("Release a held flight"),
    summary=(
        "Release a held flight that is not paid; a request to issue its tickets is withdrawn."
    ),
    area="ticketing_visa",
    input=ReleaseFlightInput,
    output=frozenset({"released", "trip_id", "pnr_id", "locator", "flights", "withdrawn"}),
    permission="trip.update",
    approval="review",
    policy=no_money,  # a held booking is unpaid
    run=run,
    lookups={"pnr_id": held_flights},
    card=Card(icon="bookmark-x", sentence=sentence, answer=answer, results=TRIP_RESULTS),
    audit=N_("Assistant: release a held flight"),
    follow_ups=("search_flights", "hold_flight"),
    examples={
        "en": (
            "release the hold",
            "release K7PQ2M",
            "cancel the held booking, they are not travelling",
            "let the seats go",
            "drop the hold on EK 501",
            "give back pnr XQ41ZB, customer did not pay",
            "cancel the reservation before the time limit",
            "unblock the Emirates seats",
            "remove the flight hold pls",
            "they changed their mind, free the held seats of the Krishnan family",
            "XX the pnr, not ticketed yet",
            "don't need the Indigo hold any more",
            "release pnr 8KLM2T",
            "customer backed out, release the seats",
            "let go of the Vistara hold",
            "please cancel the hold for Ritu and Harish",
            "free up 5GT7YH",
            "we don't want this flight hold any longer",
            "drop held booking R5TQ8Z before it bills us",
            "unhold the London seats",
            "cancel the blocked seats, they found a cheaper fare",
            "hold to be cancelled, not required",
        ),
        "hi": (
            "hold chhod do",
            "K7PQ2M release kar do",
            "seat wapas de do, customer nahi jaa raha",
            "jo flight hold ki thi usko cancel karo",
            "Emirates wala pnr hata do, payment nahi aaya",
            "booking chhod dijiye, ticket nahi banana",
            "8KLM2T chhod do",
            "hold hata do, customer mana kar raha hai",
            "Vistara ki seat release karo",
            "blocked seat cancel kar do",
            "होल्ड छोड़ दो",
            "सीट वापस कर दो, ग्राहक नहीं जा रहा",
            "होल्ड की हुई फ्लाइट कैंसल करो",
            "एमिरेट्स वाला पीएनआर छोड़ दीजिए",
        ),
    },
)
