"""Book a hotel rate for passengers of a trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import (
    CheckShown,
    Description,
    FactShown,
    LeavingShown,
    Measured,
)
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Choice,
    Invocation,
    Policy,
    Slot,
)
from voyagent.capabilities.cards import day
from voyagent.kernel import clock
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    Closed,
    Exact,
    Id,
    Text,
)
from voyagent.kernel.json_values import (
    JsonObject,
)
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import spoken
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import PASSENGER_STEPS, TRIP_RESULTS, booking_record
from voyagent.trips.capabilities.lookups import passengers
from voyagent.trips.capabilities.reviews import (
    APPROVERS,
    DRY_RUN,
    budget_checks,
    itinerary_of,
    local_time,
)
from voyagent.trips.models import TripLine
from voyagent.trips.service import hotels, supplies
from voyagent.trips.service.lines import check_room
from voyagent.trips.service.supplier_queries import suppliers
from voyagent.trips.service.supplies import Booking
from voyagent.trips.words import board_word


class BookHotelInput(Closed):
    """A rate from a search, and the guests; the first is the lead guest."""

    rate_key: Annotated[str, Exact(4096), Slot("rate", N_("Which of the hotel rates?"))] = Field(
        description="`rate_key` of a rate in the search results."
    )
    passenger_ids: Annotated[
        list[Id], Field(min_length=1, max_length=9), Slot("passenger", N_("Who stays there?"))
    ] = Field(description="Ids of the trip's passengers who stay there, lead guest first.")
    buyer_reference: Annotated[Annotated[str, Text(128)] | None, Slot("payment_reference")] = Field(
        default=None, description="The agency's own reference of the booking."
    )


def run(call: Invocation, inputs: BookHotelInput) -> OutboundCall[JsonObject]:
    """Book the rate at the supplier. Raises the errors of `hotels.book_hotel`."""
    return hotels.book_hotel(
        suppliers(call), call.port(Keyring), call.actor, inputs.rate_key, inputs.passenger_ids
    ).then(_output)


def dry_run(_call: Invocation, inputs: BookHotelInput) -> JsonObject:
    """Add the hotel to the trip without asking the supplier, for the preview.

    Raises PassengerNotFound, OfferNotFound, TooManyGuests, TripFull.
    """
    trip, offered = hotels.trip_of_people(inputs.passenger_ids), supplies.rate_of(inputs.rate_key)
    rate = offered.offer
    hotels.guests_of(trip, rate, inputs.passenger_ids)
    check_room(trip, 1)
    hotels.put_stay(trip, offered, Booking("booked", rate.supplier, "", "", DRY_RUN), rate.total)
    return {}


def preview(call: Invocation, inputs: BookHotelInput) -> Description:
    """Describe the booking to its approver: hotel, nights, guests, cost and terms.

    Raises OfferNotFound, PassengerNotFound, TooManyGuests.
    """
    rate, trip = (
        supplies.rate_of(inputs.rate_key).offer,
        hotels.trip_of_people(inputs.passenger_ids),
    )
    guests = ", ".join(one.full_name for one in hotels.guests_of(trip, rate, inputs.passenger_ids))
    terms = (
        gettext("Free cancellation before %(day)s", day=day(rate.free_until))
        if rate.free_until
        else gettext("Not refundable")
    )
    return Description(
        title=gettext("Book %(hotel)s", hotel=rate.hotel.name),
        undo=terms,
        facts=[
            FactShown(label=gettext("Hotel"), value=f"{rate.hotel.name}, {rate.hotel.city}"),
            FactShown(
                label=gettext("Nights"),
                value=gettext(
                    "%(first)s to %(last)s", first=day(rate.check_in), last=day(rate.check_out)
                ),
            ),
            FactShown(label=gettext("Room"), value=f"{rate.rooms} × {rate.room}"),
            FactShown(label=gettext("Meals"), value=board_word(rate.board.value)),
            FactShown(label=gettext("Guests"), value=guests),
            FactShown(label=gettext("Cost"), value=spoken(rate.total.wire, rate.total.currency)),
        ],
        leaves=[
            LeavingShown(
                kind="booking",
                text=gettext("%(hotel)s, for %(guests)s", hotel=rate.hotel.name, guests=guests),
            )
        ],
        checks=[
            *budget_checks(trip.session_id, trip.enquiry_id, rate.total),
            CheckShown(ok=rate.refundable, text=terms),
            CheckShown(
                ok=rate.valid_until > clock.now(),
                text=gettext(
                    "Rate offered until %(clock)s", clock=local_time(rate.valid_until, call.actor)
                ),
            ),
        ],
    )


def measure(call: Invocation, inputs: BookHotelInput) -> Measured:
    """Return the trip's lines as texts, to compare them before and after a dry run.

    Raises PassengerNotFound.
    """
    return itinerary_of(call, hotels.trip_of_people(inputs.passenger_ids).id)


def policy(_call: Invocation, inputs: BookHotelInput) -> Policy:
    """Return a policy whose amount is the rate's total. Raises OfferNotFound."""
    return Policy(amounts=(supplies.rate_of(inputs.rate_key).offer.total,))


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the hotel booking in one sentence.

    After the booking, the sentence has the booking number.
    """
    if not output.get("supplier_ref"):
        return str(gettext("Book a hotel"))
    return str(gettext("Booked the hotel, number %(number)s", number=output["supplier_ref"]))


def _output(line: TripLine) -> JsonObject:
    return {
        "booked": True,
        "booking_id": str(line.id),
        "supplier": line.supplier,
        "supplier_ref": line.supplier_ref,
        "status": line.status,
        "trip_id": str(line.trip_id),
    }


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the booking number."""
    return str(gettext("The hotel is booked, number %(number)s.", number=output["supplier_ref"]))


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the booking as a choice, to which later messages can refer."""
    return (booking_record(output["booking_id"], output["supplier_ref"]),)


CAPABILITY = Capability(
    name="book_hotel",
    title=N_("Book a hotel"),
    summary="Book a hotel rate for passengers of the trip.",
    area="hotels_holidays",
    input=BookHotelInput,
    output=frozenset({"booked", "booking_id", "supplier", "supplier_ref", "status", "trip_id"}),
    permission="trip.book_hotel",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    external=True,
    policy=policy,
    run=run,
    dry_run=dry_run,
    preview=preview,
    measure=measure,
    lookups={"passenger_ids": passengers},
    card=Card(
        icon="building-add",
        sentence=sentence,
        answer=answer,
        fills=("booking_id",),
        records=records,
        next_steps=PASSENGER_STEPS,
        results=TRIP_RESULTS,
    ),
    audit=N_("Assistant: book a hotel"),
    follow_ups=("add_transfer", "send_itinerary", "draft_invoice"),
    examples={
        "en": (
            "book the first hotel",
            "book Amber Court for them",
            "confirm the room at Marina Palace",
            "reserve option 2 for Deepa and Ravi",
            "take the cheapest rate with breakfast",
            "go ahead with the Creek hotel booking",
            "customer likes the second resort, book it",
            "make the hotel booking for all passengers",
            "bk htl no 3 pls",
            "block a room in the first one in the name of Mr Thomas",
            "finalise the beach resort for the couple",
            "the Yas Bay one please, both of them stay there",
            "book the second hotel for Ritu and Harish",
            "pls confirm the Taj one, deluxe room, all three guests",
            "go with the cheapest hotel",
            "Neha said yes to the Novotel, book it under our ref GRP12",
            "book that room now",
            "reserve Lemon Tree for the Iyers",
            "take the 4 star option for everyone",
            "finalize hotel number 2 for both passengers",
            "she wants the sea facing one, please book",
            "ok book it with breakfast, lead guest Imran Sheikh",
            "make a reservation at Holiday Inn for Leela Thomas",
        ),
        "hi": (
            "pehla hotel book kar do",
            "Amber Court mein kamra le lo sabke liye",
            "Marina Palace confirm karo",
            "doosra wala resort customer ko pasand hai, book karo",
            "sabse sasta wala hotel pakka kar dijiye",
            "Deepa aur Ravi ke liye teesra hotel lagao",
            "doosra hotel book kar do Ritu ke liye",
            "Taj wala pakka karo",
            "Novotel mein booking bana do teeno ke liye",
            "sabke liye wahi kamra le lo",
            "पहला होटल बुक कर दो",
            "सबसे सस्ता वाला होटल पक्का कर दीजिए",
            "रमेश जी के लिए दूसरा होटल बुक करो",
            "ताज में कमरा ले लो सबके लिए",
        ),
    },
)
