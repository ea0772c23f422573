"""Read the current status of a hotel booking from its supplier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from flask_babel import gettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Choice, Invocation, Slot
from voyagent.capabilities.cards import day, money
from voyagent.capabilities.refusals import unsupported
from voyagent.capabilities.results import Column, Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import booking_record, status_note
from voyagent.trips.capabilities.lookups import booked_stays
from voyagent.trips.capabilities.outputs import money_output
from voyagent.trips.models import TripLine
from voyagent.trips.service import hotels
from voyagent.trips.service.supplier_queries import suppliers
from voyagent.trips.words import state_word


class ReadHotelBookingInput(Closed):
    """The hotel booking to read."""

    booking_id: Annotated[Id, Slot("booking", N_("Which hotel booking?"))] = Field(
        description="The id of the hotel line on the trip."
    )


def run(call: Invocation, inputs: ReadHotelBookingInput) -> OutboundCall[JsonObject]:
    """Read the booking from the supplier.

    Raises the errors of `hotels.read_hotel_booking`.
    """
    return hotels.read_hotel_booking(suppliers(call), call.actor, inputs.booking_id).then(
        _output, refused=unsupported("read")
    )


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the request in one sentence.

    After the request, the sentence has the booking number.
    """
    if not output.get("supplier_ref"):
        return str(gettext("Viewed a hotel booking"))
    return str(gettext("Viewed hotel booking %(number)s", number=output["supplier_ref"]))


def _output(read: tuple[TripLine, Any]) -> JsonObject:
    line, booking = read
    return {
        "read": True,
        "booking_id": str(line.id),
        "supplier": booking.supplier,
        "supplier_ref": booking.confirmation,
        "status": booking.status.value,
        "price": money_output(booking.total),
        "check_in": booking.check_in.isoformat(),
        "check_out": booking.check_out.isoformat(),
    }


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: booking number, status, days and price."""
    return str(
        gettext(
            "Hotel booking %(number)s is %(status)s: %(check_in)s – %(check_out)s, %(price)s.",
            number=output["supplier_ref"],
            status=state_word(output["status"]),
            check_in=day(output["check_in"]),
            check_out=day(output["check_out"]),
            price=money(output["price"]),
        )
    )


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the booking as a choice, to which later messages can refer."""
    return (booking_record(output["booking_id"], output["supplier_ref"], output["price"]),)


CAPABILITY = Capability(
    name="read_hotel_booking",
    title=N_("Status of a hotel booking"),
    summary="Read the status of a hotel booking.",
    area="hotels_holidays",
    input=ReadHotelBookingInput,
    output=frozenset(
        {
            "read",
            "booking_id",
            "supplier",
            "supplier_ref",
            "status",
            "price",
            "check_in",
            "check_out",
        }
    ),
    permission="trip.read",
    approval="never",
    run=run,
    lookups={"booking_id": booked_stays},
    card=Card(
        icon="building-check",
        sentence=sentence,
        note=status_note,
        answer=answer,
        fills=("booking_id",),
        records=records,
        results=(
            Result(
                columns=(
                    Column(label=N_("Number"), value="supplier_ref"),
                    Column(label=N_("Price"), value="price", kind="money"),
                )
            ),
        ),
    ),
    audit=N_("Assistant: read a hotel booking"),
    follow_ups=("cancel_hotel_booking", "send_itinerary"),
    examples={
        "en": (
            "status of the hotel booking",
            "is the Marsa Creek Hotel confirmed",
            "check the hotel reservation of the Krishnan family",
            "hotel confirmation number please",
            "show the booking at Yas Bay Residences",
            "has the resort confirmed our rooms?",
            "how does our hotel stand for 19 Dec",
            "pls check htl bkg HB123456",
            "what did we book in Dubai and is it ok",
            "are the rooms in Munnar booked or only requested",
            "guest says hotel has no reservation, look it up",
            "read hotel booking 88213",
            "is Ritu's hotel confirmed",
            "what is the status of the Taj booking",
            "hotel voucher details for Harish pls",
            "has Novotel sent confirmation",
            "check booking HTL-4471",
            "did the Lemon Tree booking go through",
            "what is the check in time and confirmation no of the hotel we booked",
            "status of room for the Iyers in Goa",
            "tell me about the hotel reservation of Imran",
            "is the Pattaya hotel on request or confirmed",
        ),
        "hi": (
            "hotel booking ka status batao",
            "Marsa Creek Hotel confirm hua kya",
            "Krishnan family ka hotel check karo",
            "hotel ka confirmation number kya hai",
            "Dubai wala kamra book hai ki nahi",
            "resort ne booking pakki ki kya",
            "Ritu ka hotel confirm hai kya",
            "Taj ki booking ka kya hua",
            "hotel ka booking number batao",
            "Novotel se confirmation aaya kya",
            "होटल की बुकिंग का क्या हुआ",
            "होटल कन्फर्म हुआ या नहीं",
            "रमेश जी के होटल का स्टेटस बताओ",
            "होटल का कन्फर्मेशन नंबर क्या है",
        ),
    },
)
