"""Add or change a passenger of the conversation's trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

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
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Trimmed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.keyring import Keyring
from voyagent.trips.capabilities.cards import TRIP_RESULTS
from voyagent.trips.capabilities.current_trip import (
    TRIP_CHOICES,
    CurrentTripInput,
    trip_to_change,
)
from voyagent.trips.queries import trips
from voyagent.trips.rules.details import Country
from voyagent.trips.service import passengers
from voyagent.trips.service.passengers import PassengerChanges


class AddPassengerInput(CurrentTripInput):
    """A passenger to add or change.

    There is no field for the passport number, because the conversation would store it.
    """

    full_name: Annotated[
        str, Trimmed(200), Slot("passenger", N_("What is the passenger’s name?"))
    ] = Field(description="Name as in the passport, surname last.")
    kind: Annotated[Literal["adult", "child", "infant", "senior"], Slot("traveller_kind")] = Field(
        default="adult",
        description=(
            "Age group: infant is under 2 on the date of the last flight, child under 12, senior"
            " 60 or older."
        ),
    )
    date_of_birth: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Date of birth, YYYY-MM-DD."
    )
    nationality: Annotated[Country | None, Slot("nationality")] = Field(
        default=None, description="ISO 3166 code of the nationality, such as IN."
    )
    passport_expiry: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Last day of the passport's validity, YYYY-MM-DD."
    )


def run(call: Invocation, inputs: AddPassengerInput) -> JsonObject:
    """Add the passenger; create a trip if the conversation has none.

    If the trip has exactly one passenger with the name in `inputs`, this passenger gets the values
    in `inputs` instead.

    Raises the errors of `trip_to_change`, `passengers.add_passenger` and
    `passengers.update_passenger`.
    """
    trip = trip_to_change(call, inputs)
    keyring = call.port(Keyring)
    fields: PassengerChanges = inputs.model_dump(exclude_unset=True, exclude={"trip_id"})  # type: ignore[assignment]
    known = _passenger_named(call, trip.id, inputs.full_name)
    passenger = (
        passengers.add_passenger(keyring, call.actor, trip.id, fields)
        if known is None
        else passengers.update_passenger(keyring, call.actor, trip.id, known, fields)
    )
    return {
        "added": True,
        "trip_id": str(trip.id),
        "passenger_id": str(passenger.id),
        "full_name": passenger.full_name,
        "kind": passenger.kind,
    }


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Describe the addition in one sentence, with the passenger's name."""
    name = output.get("full_name") or given.get("full_name", "")
    return str(gettext("Added %(name)s to the trip", name=name))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer, with a link to the form for the passport number."""
    name = output["full_name"]
    form = f"[{name}](/trips/{output['trip_id']}/passengers/{output['passenger_id']})"
    return str(
        gettext(
            "%(name)s is on the trip. Enter the passport number on the passenger’s page: %(form)s.",
            name=name,
            form=form,
        )
    )


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the passenger as a choice, to which later messages can refer."""
    return (Choice(output["passenger_id"], output["full_name"]),)


def _passenger_named(call: Invocation, trip_id: UUID, full_name: str) -> UUID | None:
    """Return the id of the passenger with a name; None unless there is exactly one."""
    lowered = " ".join(full_name.split()).casefold()
    journey = trips.read_trip(call.reader, trip_id)
    found = [one.id for one in journey.passengers if one.full_name.casefold() == lowered]
    return found[0] if len(found) == 1 else None


CAPABILITY = Capability(
    name="add_passenger",
    title=N_("Add passenger"),
    summary="Add a passenger to the conversation's trip. Never pass on a passport number.",
    area="everywhere",
    input=AddPassengerInput,
    output=frozenset({"added", "trip_id", "passenger_id", "full_name", "kind"}),
    permission="trip.update",
    approval="review",
    policy=no_money,
    run=run,
    choices=TRIP_CHOICES,
    card=Card(
        icon="person-plus",
        sentence=sentence,
        answer=answer,
        fills=("passenger_id",),
        records=records,
        results=TRIP_RESULTS,
    ),
    audit=N_("Assistant: add a passenger"),
    follow_ups=("search_flights", "show_trip", "remove_passenger"),
    examples={
        "en": (
            "add passenger Deepa Krishnan",
            "add her son Arjun, 7 years old",
            "Ravi Menon is coming along too",
            "pax: Mary Thomas, Indian, dob 4 May 1988",
            "one more traveller, Mr Suresh Pillai, senior",
            "add infant Diya Nair born 12/03/2026",
            "put Fatima Al Mansoori on the trip, UAE national",
            "passport of Deepa is valid till 14 June 2031",
            "passenger names are Anil Kurup and Sheela Kurup",
            "include my colleague Joseph as traveller",
            "the wife will also travel, name Lakshmi Rao",
            "new pax Ahmed Khan adult",
            "add pax Ritu Bansal, Indian passport, dob 12 Aug 1990",
            "please add Master Aryan, child 6 yrs, to this booking",
            "one more person is joining, Mr Harish Iyer",
            "add my father to the trip: Gopal Krishnan, senior citizen",
            "insert traveller Nisha Gupta female DOB 03/11/1985",
            "second passenger is Pooja Reddy",
            "also put down baby Kabir, 8 months",
            "names of travellers: Imran Sheikh, Ayesha Sheikh",
            "Leela Thomas is also coming so add her",
            "passport details of Harish Iyer valid upto 20/06/2033",
            "new traveller Kenji Tanaka, Japanese",
        ),
        "hi": (
            "Deepa Krishnan ko trip mein jodo",
            "ek aur yatri hai, Suresh Kumar",
            "unka beta Arjun bhi jayega, 7 saal ka hai",
            "passenger ka naam Sunita Verma likh lo",
            "Ravi Menon bhi saath chal raha hai",
            "Diya ka janam 12 March 2026 ka hai, infant hai",
            "Ritu Bansal ka naam jod do",
            "ek bachcha bhi hai Aryan 6 saal, add karo",
            "Harish Iyer bhi trip pe jaa rahe hain",
            "saath mein unki mummy bhi hain, naam Kamla Devi",
            "यात्री जोड़ो सुनीता वर्मा",
            "एक और यात्री है, सुरेश कुमार, जन्म 5 मई 1980",
            "उनका बेटा अर्जुन भी जाएगा, 7 साल का",
            "इस ट्रिप में रमेश जी को जोड़ दो",
            "छोटी बच्ची दिया को भी जोड़ दीजिए",
        ),
    },
)
