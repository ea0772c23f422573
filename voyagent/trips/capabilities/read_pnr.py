"""Read the current status of a flight booking from its supplier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from flask_babel import gettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Choice, Invocation, Slot
from voyagent.capabilities.refusals import unsupported
from voyagent.capabilities.results import Column, Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import booking_record, status_note
from voyagent.trips.models import TripLine
from voyagent.trips.service import flights
from voyagent.trips.service.supplier_queries import suppliers
from voyagent.trips.words import state_word


class ReadPnrInput(Closed):
    """The booking number (PNR locator) of a flight booking."""

    locator: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9]{5,8}$"),
        Slot("booking", N_("Which booking? Its code, such as K7PQ2M.")),
    ] = Field(description="Record locator of the airline (PNR), 5 to 8 letters and digits.")


def run(call: Invocation, inputs: ReadPnrInput) -> OutboundCall[JsonObject]:
    """Read the booking from the supplier. Raises the errors of `flights.read_flight`."""
    return flights.read_flight(suppliers(call), call.actor, inputs.locator).then(
        _output, refused=unsupported("read")
    )


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Describe the request in one sentence, with the booking number."""
    locator = output.get("locator") or given.get("locator")
    if not locator:
        return str(gettext("Viewed a booking"))
    return str(gettext("Viewed booking %(locator)s", locator=locator))


def _output(read: tuple[list[TripLine], Any]) -> JsonObject:
    lines, booking = read
    return {
        "pnr_id": str(lines[0].id),
        "locator": booking.locator,
        "source": booking.supplier,
        "status": booking.status.value,
        "passengers": booking.party.total,
        "flights": len(lines),
        "tickets": len(booking.tickets),
    }


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: booking number, status, supplier and counts.

    The counts are the numbers of passengers, flights and tickets.
    """
    status = gettext(
        "Booking %(locator)s is %(status)s at %(source)s.",
        locator=output["locator"],
        status=state_word(output["status"]),
        source=output["source"],
    )
    counts = gettext(
        "Passengers: %(passengers)s, flights: %(flights)s, tickets: %(tickets)s.",
        passengers=output["passengers"],
        flights=output["flights"],
        tickets=output["tickets"],
    )
    return f"{status} {counts}"


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the booking as a choice, to which later messages can refer."""
    return (booking_record(output["pnr_id"], output["locator"]),)


CAPABILITY = Capability(
    name="read_pnr",
    title=N_("Status of a flight booking"),
    summary="Read the status of a flight booking.",
    area="ticketing_visa",
    input=ReadPnrInput,
    output=frozenset({"pnr_id", "locator", "source", "status", "passengers", "flights", "tickets"}),
    permission="trip.read",
    approval="never",
    run=run,
    card=Card(
        icon="ticket-detailed",
        sentence=sentence,
        note=status_note,
        answer=answer,
        fills=("pnr_id",),
        records=records,
        results=(Result(columns=(Column(label=N_("Number"), value="locator"),)),),
    ),
    audit=N_("Assistant: read a booking"),
    follow_ups=("issue_ticket", "release_flight"),
    examples={
        "en": (
            "status of pnr K7PQ2M",
            "check XQ41ZB",
            "is K7PQ2M ticketed?",
            "show booking ABC123",
            "read pnr JY6T4R",
            "has the airline confirmed XQ41ZB",
            "retrieve LK8P2D",
            "look up the reservation JY6T4R pls",
            "how does the booking K7PQ2M stand",
            "customer asks if his flight booking ABC123 is ok",
            "how many tickets are on pnr LK8P2D",
            "open the flight booking with code M4XW9Q",
            "pnr 8KLM2T status pls",
            "check if 5GT7YH is confirmed",
            "what is in booking R5TQ8Z",
            "show me pnr of Ritu",
            "is the flight confirmed, ref 8KLM2T",
            "give me the details of locator W3XN7P",
            "ticketing time limit of 5GT7YH?",
            "who are the passengers on R5TQ8Z",
            "status check airline booking T9WQ4K",
            "flight booking 7HGF2D, ticketed or not",
        ),
        "hi": (
            "pnr K7PQ2M ka status batao",
            "XQ41ZB confirm hai kya",
            "booking ABC123 dikhao",
            "K7PQ2M ka ticket bana ki nahi",
            "JY6T4R check karo",
            "is pnr mein kitne log hain, LK8P2D",
            "8KLM2T ka status kya hai",
            "5GT7YH confirm hua ki nahi",
            "pnr R5TQ8Z khol ke dikhao",
            "W3XN7P mein flight kaunsi hai",
            "पीएनआर K7PQ2M का स्टेटस बताओ",
            "XQ41ZB कन्फर्म है क्या",
            "बुकिंग ABC123 दिखाओ",
            "पीएनआर 8KLM2T में कितने यात्री हैं",
        ),
    },
)
