"""Add a transfer to the conversation's trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
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
from voyagent.capabilities.cards import day, sum_note
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    BusinessDate,
    CurrencyCode,
    Lines,
    PlainAmount,
    Text,
    Trimmed,
)
from voyagent.kernel.json_values import (
    JsonObject,
)
from voyagent.trips.capabilities.cards import TRIP_RESULTS, price_text
from voyagent.trips.capabilities.current_trip import TRIP_CHOICES, CurrentTripInput, trip_to_change
from voyagent.trips.capabilities.outputs import money_output
from voyagent.trips.queries import trips
from voyagent.trips.rules.details import NOTES_MAX, ClockTime, TransferDetails
from voyagent.trips.service import lines
from voyagent.trips.service.lines import LineChanges


class AddTransferInput(CurrentTripInput):
    """A transfer on a day, its cost, and the price that the customer pays for it."""

    on: Annotated[BusinessDate, Slot("date", N_("On which day?"))] = Field(
        description="Date of the transfer, YYYY-MM-DD."
    )
    at: Annotated[ClockTime | None, Slot("time")] = Field(
        default=None, description="Time of pick-up, HH:MM, local."
    )
    origin: Annotated[
        str, Trimmed(200), Slot("transfer_origin", N_("Where does the transfer start?"))
    ] = Field(description="Place of pick-up, such as an airport or a hotel.")
    destination: Annotated[
        str, Trimmed(200), Slot("transfer_destination", N_("Where does the transfer end?"))
    ] = Field(description="Place of drop-off.")
    vehicle: Annotated[str, Text(128)] | None = Field(
        default=None, description="Kind of vehicle, such as a sedan."
    )
    notes: Annotated[str, Lines(NOTES_MAX)] | None = Field(
        default=None, description="A note for the customer, printed on the itinerary."
    )
    supplier: Annotated[str, Text(128)] | None = Field(
        default=None, description="Name of the transfer company."
    )
    supplier_ref: Annotated[str, Text(64)] | None = Field(
        default=None, description="Booking number of the transfer company."
    )
    cost: PlainAmount | None = Field(
        default=None, description="Cost for the agency, such as 1200.00; absent if unknown."
    )
    price: Annotated[PlainAmount | None, Slot("amount")] = Field(
        default=None, description="Price for the customer, such as 1500.00; absent if unknown."
    )
    currency: Annotated[CurrencyCode | None, Slot("currency")] = Field(
        default=None, description="ISO 4217 code of cost and price; absent for the trip's currency."
    )


def run(call: Invocation, inputs: AddTransferInput) -> JsonObject:
    """Add the transfer with status `planned`; create a trip if there is none.

    If this turn replaces an earlier turn that has added an equal transfer, nothing is added, and
    the output of the earlier turn is returned.

    Raises the errors of `trip_to_change` and `lines.add_line`.
    """
    trip = trip_to_change(call, inputs)
    planned = _planned_before(call, trip.id, inputs)
    if planned is not None:
        return planned
    details = TransferDetails(
        kind="transfer",
        on=inputs.on,
        at=inputs.at,
        origin=inputs.origin,
        destination=inputs.destination,
        vehicle=inputs.vehicle,
        notes=inputs.notes,
    )
    changes: LineChanges = {"supplier": inputs.supplier, "supplier_ref": inputs.supplier_ref}
    if inputs.cost is not None:
        changes["cost"] = inputs.cost
    if inputs.price is not None:
        changes["price"] = inputs.price
    if inputs.currency is not None:
        changes["currency"] = inputs.currency
    line = trips.line_of(lines.add_line(call.actor, trip.id, details, changes))
    return {
        "added": True,
        "trip_id": str(trip.id),
        "line_id": str(line.id),
        "name": line.name,
        "on": inputs.on.isoformat(),
        "price": money_output(line.price),
    }


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Describe the transfer in one sentence, with origin and destination."""
    if not (given.get("origin") and given.get("destination")):
        return str(gettext("Planned a transfer"))
    return str(
        gettext(
            "Planned a transfer from %(origin)s to %(destination)s",
            origin=given["origin"],
            destination=given["destination"],
        )
    )


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the transfer, its day and its price."""
    return str(
        gettext(
            "Planned: %(name)s on %(day)s, %(price)s.",
            name=output["name"],
            day=day(output["on"]),
            price=price_text(output["price"]),
        )
    )


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the transfer as a choice, to which later messages can refer."""
    return (Choice(output["line_id"], output["name"]),)


def _planned_before(call: Invocation, trip_id: UUID, inputs: AddTransferInput) -> JsonObject | None:
    """Return the output of a replaced turn that added an equal transfer, or None.

    A replaced turn is an earlier turn on the same message (`call.earlier`). The transfer must still
    be planned.
    """
    for earlier in reversed(call.earlier):
        if earlier["on"] != inputs.on.isoformat():
            continue
        try:
            line = trips.line_of(trips.get_line(trip_id, UUID(earlier["line_id"])))
        except trips.LineNotFound:
            continue
        same = (inputs.origin, inputs.destination, inputs.at)
        if (
            isinstance(line.details, TransferDetails)
            and (line.details.origin, line.details.destination, line.details.at) == same
            and line.status == "planned"
        ):
            return earlier
    return None


CAPABILITY = Capability(
    name="add_transfer",
    title=N_("Add a transfer"),
    summary="Add a transfer to the conversation's trip.",
    area="hotels_holidays",
    input=AddTransferInput,
    output=frozenset({"added", "trip_id", "line_id", "name", "on", "price"}),
    permission="trip.update",
    approval="review",
    policy=no_money,  # the ride is only planned
    run=run,
    choices=TRIP_CHOICES,
    card=Card(
        icon="car-front",
        sentence=sentence,
        note=sum_note,
        answer=answer,
        fills=("line_id",),
        records=records,
        results=TRIP_RESULTS,
    ),
    audit=N_("Assistant: add a transfer"),
    follow_ups=("show_trip", "send_itinerary"),
    examples={
        "en": (
            "add a transfer from Dubai airport to the hotel on 19 Dec",
            "airport pickup at 07:30 on the 19th, to Marsa Creek Hotel",
            "cab from hotel to airport on 25 Dec 18:00",
            "arrange a car Kochi to Munnar on 10 Jan, 4500",
            "private transfer Changi to Orchard 10 March at 9 pm",
            "they need a taxi from the station to the resort tomorrow",
            "drop to DXB on the last day at 17:00, 150 AED",
            "innova for Munnar to Thekkady on 12 Jan",
            "book vehicle Jeddah apt - Makkah hotel, 2 Feb, coaster",
            "add airport drop on 14/3 early morning 4 am",
            "transfer Dubai to Abu Dhabi 23 Dec 10:00 price 6000",
            "include a pick up from Phuket airport on arrival day, 20 Jan",
            "need airport pick up at Bali for the couple, 14 Feb 11 am",
            "add pickup from Goa railway station to Taj resort on 3 Jan at 10:15",
            "arrange tempo traveller Delhi to Agra 5 March morning 6 am",
            "include hotel to airport drop on 9 Jan, flight at 22:00 so 18:30 pickup",
            "private car Zurich airport to Lucerne hotel, 12 June, CHF 250",
            "put a cab for them from Cochin airport to Alleppey jetty on the 8th",
            "add taxi Mysore - Ooty 22 Dec price 3500",
            "arrival transfer from Changi on 2 April 7 pm",
            "speedboat transfer Male airport to resort 15 Feb, USD 180",
            "seat in coach transfer KLIA to hotel, 6 March",
        ),
        "hi": (
            "19 December ko airport se hotel tak gaadi lagao",
            "hotel se airport ki cab 25 tareekh shaam 6 baje",
            "Kochi se Munnar gaadi chahiye 10 January, 4500 mein",
            "station se resort tak taxi jod do kal ke liye",
            "airport pickup bhi add karo, subah 7 baje 19 ko",
            "Munnar se Thekkady ka transfer daal do 12 January",
            "airport se hotel ki gaadi jod do 14 February subah 11 baje",
            "Delhi se Agra innova laga do 5 March",
            "hotel se station drop karna hai kal shaam 5 baje",
            "taxi daal do Mysore se Ooty 3500 rupaye",
            "एयरपोर्ट से होटल तक गाड़ी लगाओ 19 दिसंबर को",
            "होटल से एयरपोर्ट की कैब जोड़ दो सुबह 6 बजे",
            "कोच्चि से मुन्नार गाड़ी चाहिए 10 जनवरी",
            "स्टेशन से रिज़ॉर्ट तक टैक्सी जोड़ दो",
        ),
    },
)
