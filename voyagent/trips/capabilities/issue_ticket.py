"""Pay for a held flight booking and have its tickets issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from flask_babel import gettext, ngettext
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
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.cards import TRIP_RESULTS, booking_record
from voyagent.trips.capabilities.lookups import held_flights
from voyagent.trips.capabilities.reviews import (
    APPROVERS,
    budget_checks,
    itinerary_of,
    local_moment,
    trip_checks,
)
from voyagent.trips.models import TripLine
from voyagent.trips.queries import trips
from voyagent.trips.queries.charges import flights_in_words
from voyagent.trips.rules.details import FlightDetails
from voyagent.trips.rules.journey import Line
from voyagent.trips.service import flights
from voyagent.trips.service.supplier_queries import suppliers


class IssueTicketInput(Closed):
    """The held booking to pay for."""

    pnr_id: Annotated[Id, Slot("booking", N_("Which held booking do you want to ticket?"))] = Field(
        description="The id of any flight of the held booking."
    )


def run(call: Invocation, inputs: IssueTicketInput) -> OutboundCall[JsonObject]:
    """Issue the tickets at the supplier. Raises the errors of `flights.issue_ticket`."""
    return flights.issue_ticket(suppliers(call), call.actor, inputs.pnr_id).then(_output)


def dry_run(_call: Invocation, inputs: IssueTicketInput) -> JsonObject:
    """Mark the flights as ticketed without asking the supplier, for the preview.

    Raises LineNotFound, NotHeld.
    """
    flights.mark_ticketed(flights.held_lines(inputs.pnr_id), None, ())
    return {}


def preview(call: Invocation, inputs: IssueTicketInput) -> Description:
    """Describe the purchase to its approver: flights, passengers, cost and time limit.

    Raises LineNotFound, NotHeld.
    """
    held = _held(inputs)
    journey = trips.read_trip(call.reader, held[0].trip_id)
    cost = _cost(held)
    words = flights_in_words(
        [line.details for line in held if isinstance(line.details, FlightDetails)]
    )
    people = _travellers(held) or [one.full_name for one in journey.passengers]
    return Description(
        title=gettext("Issue the tickets of booking %(number)s", number=held[0].supplier_ref),
        undo=gettext(
            "Can be voided on the day of issue only; later the fare’s cancellation charges apply"
        ),
        facts=[
            FactShown(label=gettext("Flights"), value=words),
            FactShown(label=gettext("Passengers"), value=", ".join(people)),
            FactShown(label=gettext("Cost"), value=spoken(cost.wire, cost.currency)),
        ],
        leaves=[
            LeavingShown(
                kind="ticket",
                text=ngettext(
                    "one ticket: %(flights)s",
                    "%(num)d tickets: %(flights)s",
                    len(people),
                    flights=words,
                ),
            )
        ],
        checks=[
            *_held_until(held[0], call.actor),
            *budget_checks(journey.trip["session_id"], journey.trip["enquiry_id"], cost),
            *trip_checks(journey),
        ],
    )


def measure(call: Invocation, inputs: IssueTicketInput) -> Measured:
    """Return the trip's lines as texts, to compare them before and after a dry run.

    Raises LineNotFound.
    """
    return itinerary_of(call, trips.trip_id_of_line(inputs.pnr_id))


def policy(_call: Invocation, inputs: IssueTicketInput) -> Policy:
    """Return a policy whose amount is the booking's cost.

    Raises LineNotFound, NotHeld.
    """
    return Policy(amounts=(_cost(_held(inputs)),))


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Describe the ticketing in one sentence.

    After the ticketing, the sentence has the booking number.
    """
    if not output.get("locator"):
        return str(gettext("Issue the tickets"))
    return str(gettext("Issued the tickets of %(locator)s", locator=output["locator"]))


def _held(inputs: IssueTicketInput) -> list[Line]:
    return [trips.line_of(line) for line in flights.held_lines(inputs.pnr_id)]


def _cost(lines: Sequence[Line]) -> Money:
    return sum((line.cost for line in lines[1:]), lines[0].cost)


def _held_until(line: Line, actor: Actor) -> list[CheckShown]:
    if line.hold_expires_at is None:
        return []
    until = local_moment(line.hold_expires_at, actor)
    return [
        CheckShown(
            ok=line.hold_expires_at > clock.now(),
            text=gettext("Held by the airline until %(day)s", day=until),
        )
    ]


def _travellers(lines: Sequence[Line]) -> list[str]:
    """Return the passenger names in the booking; empty if the booking has none."""
    return next(
        (
            list(line.details.travellers or ())
            for line in lines
            if isinstance(line.details, FlightDetails)
        ),
        [],
    )


def _output(lines: list[TripLine]) -> JsonObject:
    return {
        "issued": True,
        "pnr_id": str(lines[0].id),
        "locator": lines[0].supplier_ref,
        "tickets": lines[0].details.get("tickets") or [],
        "trip_id": str(lines[0].trip_id),
    }


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: booking number and ticket numbers."""
    if not output["tickets"]:
        return str(gettext("Booking %(locator)s is ticketed.", locator=output["locator"]))
    return str(
        gettext(
            "Booking %(locator)s is ticketed: %(tickets)s.",
            locator=output["locator"],
            tickets=", ".join(output["tickets"]),
        )
    )


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the booking as a choice, to which later messages can refer."""
    return (booking_record(output["pnr_id"], output["locator"]),)


CAPABILITY = Capability(
    name="issue_ticket",
    title=N_("Issue the tickets"),
    summary="Pay for a held booking and issue its tickets.",
    area="ticketing_visa",
    input=IssueTicketInput,
    output=frozenset({"issued", "pnr_id", "locator", "tickets", "trip_id"}),
    permission="trip.issue_ticket",
    approval="required",
    approvers=APPROVERS,
    undoable=False,
    four_eyes=True,
    external=True,
    policy=policy,
    run=run,
    dry_run=dry_run,
    preview=preview,
    measure=measure,
    lookups={"pnr_id": held_flights},
    card=Card(
        icon="ticket-perforated",
        sentence=sentence,
        answer=answer,
        fills=("pnr_id",),
        records=records,
        results=TRIP_RESULTS,
    ),
    audit=N_("Assistant: issue a ticket"),
    follow_ups=("draft_invoice", "send_itinerary"),
    examples={
        "en": (
            "issue the ticket",
            "ticket K7PQ2M",
            "please issue tickets for the held booking",
            "customer has paid, ticket it now",
            "pay the airline and get the tickets",
            "confirm and ticket the Emirates booking",
            "TKT pnr XQ41ZB before TTL",
            "go for ticketing on EK 501",
            "eticket needed today for the Krishnan family",
            "convert the hold to tickets",
            "issue all 4 tickets of the Doha booking",
            "send JY6T4R for ticketing",
            "pls ticket PNR 8KLM2T",
            "issue tkt for Ritu Bansal's booking",
            "payment done, go ahead and issue ticket",
            "ticket the held Vistara flight before 6 pm",
            "convert pnr 5GT7YH into ticket",
            "issue e-tickets for all pax of the London booking",
            "auto ticket the hold now",
            "please do ticketing, time limit is today",
            "tkt issue karo means confirm and pay the fare for R5TQ8Z",
            "get Imran's ticket issued",
        ),
        "hi": (
            "ticket bana do",
            "K7PQ2M ka ticket issue karo",
            "customer ne paise de diye, ticket nikaalo",
            "hold wali booking ka ticket kaat do",
            "Krishnan family ke ticket aaj hi issue karne hain",
            "time limit se pehle XQ41ZB ticket kar dijiye",
            "Ritu ka ticket issue kar do",
            "8KLM2T ka ticket nikal do",
            "paisa aa gaya, ticket kaat do",
            "hold wala ticket bana dijiye turant",
            "टिकट बना दो",
            "टिकट जारी कर दो, पैसे आ गए हैं",
            "होल्ड वाली बुकिंग का टिकट काट दो",
            "सबके टिकट आज ही बना दीजिए",
        ),
    },
)
