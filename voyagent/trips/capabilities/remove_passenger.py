"""Remove a passenger from the conversation's trip."""

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
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Trimmed
from voyagent.kernel.json_values import JsonObject
from voyagent.trips.capabilities.cards import PASSENGER_STEPS, TRIP_RESULTS
from voyagent.trips.capabilities.current_trip import TRIP_CHOICES, CurrentTripInput, current_trip
from voyagent.trips.queries import trips
from voyagent.trips.service import passengers


class RemovePassengerInput(CurrentTripInput):
    """The name of the passenger to remove, or a part of it."""

    full_name: Annotated[
        str, Trimmed(200), Slot("passenger", N_("Which passenger do you want to remove?"))
    ] = Field(description="The passenger's name, or a part that names one passenger only.")


def run(call: Invocation, inputs: RemovePassengerInput) -> JsonObject:
    """Remove the passenger whose name equals or contains the given text.

    Raises the errors of `current_trip`, and PassengerNotFound if no passenger or several match.
    """
    journey = current_trip(call, inputs)
    lowered = inputs.full_name.casefold()
    exact = [one for one in journey.passengers if one.full_name.casefold() == lowered]
    meant = exact or [one for one in journey.passengers if lowered in one.full_name.casefold()]
    if len(meant) != 1:
        raise trips.PassengerNotFound
    passengers.remove_passenger(call.actor, journey.trip["id"], meant[0].id)
    return {"removed": True, "trip_id": str(journey.trip["id"]), "full_name": meant[0].full_name}


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Describe the removal in one sentence, with the passenger's name."""
    name = output.get("full_name") or given.get("full_name", "")
    return str(gettext("Removed %(name)s from the trip", name=name))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer, with the passenger's name."""
    return str(gettext("%(name)s is removed from the trip.", name=output["full_name"]))


CAPABILITY = Capability(
    name="remove_passenger",
    title=N_("Remove a passenger"),
    summary="Remove a passenger from the conversation's trip.",
    area="everywhere",
    input=RemovePassengerInput,
    output=frozenset({"removed", "trip_id", "full_name"}),
    permission="trip.update",
    approval="review",
    policy=no_money,
    run=run,
    choices=TRIP_CHOICES,
    card=Card(
        icon="person-dash",
        sentence=sentence,
        answer=answer,
        next_steps=PASSENGER_STEPS,
        results=TRIP_RESULTS,
    ),
    audit=N_("Assistant: remove a passenger"),
    follow_ups=("show_trip", "add_passenger"),
    examples={
        "en": (
            "remove passenger Ravi Menon",
            "Deepa is not coming",
            "take Joseph off the trip",
            "drop Mary from the list",
            "delete the pax Suresh Pillai",
            "Arjun stays at home",
            "Mr Khan has backed out, only two travel now",
            "strike off Lakshmi Rao from the passengers",
            "Anil can't travel any more",
            "remove the infant Diya",
            "Sheela dropped out, pls update the pax list",
            "minus one traveller: Fatima",
            "delete Ritu Bansal from this trip",
            "Harish won't be travelling",
            "take off Master Aryan from the booking list",
            "Imran Sheikh cancelled, remove him",
            "please remove one passenger, Pooja Reddy",
            "Leela is no longer going on the tour",
            "strike Kenji off the passenger list",
            "only Nisha travels now, remove Gopal",
            "Ayesha not joining, take her out",
            "drop the child Kabir from pax",
        ),
        "hi": (
            "Ravi Menon ko hata do",
            "Deepa nahi jaa rahi",
            "Joseph ka naam trip se kaat do",
            "Suresh ab nahi jayega",
            "passenger list se Mary ko nikaalo",
            "Arjun ghar pe rahega",
            "Ritu ka naam hata do",
            "Harish nahi jaayega, nikaal do",
            "Aryan ko list se hatao",
            "Pooja ab nahi aa rahi trip pe",
            "यात्री हटाओ सुरेश कुमार",
            "सुनीता नहीं जा रही, नाम हटा दो",
            "अर्जुन को ट्रिप से निकाल दो",
            "रमेश का नाम लिस्ट से काट दो",
        ),
    },
)
