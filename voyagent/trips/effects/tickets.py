"""Tickets: what granting their issue means, and what the reviewer sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext, ngettext

from voyagent.approvals import effects
from voyagent.approvals.effects import (
    CheckShown,
    Description,
    Effect,
    FactShown,
    LeavingShown,
    Measured,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.fields import Closed, Id
from voyagent.kernel.money import Money
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips import queries, service
from voyagent.trips.charges import flights_in_words
from voyagent.trips.details import FlightDetails
from voyagent.trips.effects.shown import (
    APPROVERS,
    OUTSIDE,
    amount_in_words,
    budget_checks,
    checks_of,
    journey_of,
    measured,
    moment_in_words,
    suppliers,
)
from voyagent.trips.models import TripLine
from voyagent.trips.queries import Line
from voyagent.trips.service import flights


class IssueTicketIn(Closed):
    """What `issue_ticket` needs: any flight of the held booking."""

    pnr_id: Id


def run_issue(actor: Actor, arguments: dict[str, Any]) -> OutboundCall[dict[str, Any]]:
    """Have the tickets issued.

    Raises InvalidArguments and whatever `service.issue_ticket` raises.
    """
    pnr_id = effects.read_arguments(IssueTicketIn, arguments).pnr_id
    return service.issue_ticket(suppliers(), actor, pnr_id).then(_issued)


def _issued(lines: list[TripLine]) -> dict[str, Any]:
    numbers = lines[0].details.get("tickets") or []
    return {
        "issued": True,
        "pnr_id": str(lines[0].id),
        "locator": lines[0].supplier_ref,
        "tickets": numbers,
        "trip_id": str(lines[0].trip_id),
    }


def try_issue(_actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write on our lines that they are ticketed."""
    flights.mark_ticketed(
        flights.held_lines(effects.read_arguments(IssueTicketIn, arguments).pnr_id), None, ()
    )
    return {}


def describe_issue(actor: Actor, arguments: dict[str, Any]) -> Description:
    """The flights, who travels, what it costs, until when it is held.

    Raises LineNotFound, NotHeld.
    """
    held = [
        queries.line_of(line)
        for line in flights.held_lines(effects.read_arguments(IssueTicketIn, arguments).pnr_id)
    ]
    journey = journey_of(held[0].trip_id)
    over = budget_checks(journey.trip["session_id"], journey.trip["enquiry_id"], _cost(held))
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
            FactShown(label=gettext("Cost"), value=amount_in_words(_cost(held))),
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
        checks=[*_held_until(held[0], actor), *over, *checks_of(journey)],
    )


def worth_of_issue(_actor: Actor, arguments: dict[str, Any]) -> Money:
    """What the booking costs. Raises InvalidArguments, LineNotFound, NotHeld."""
    return _cost(
        [
            queries.line_of(line)
            for line in flights.held_lines(effects.read_arguments(IssueTicketIn, arguments).pnr_id)
        ]
    )


def measure_issue(_actor: Actor, arguments: dict[str, Any]) -> Measured:
    """The itinerary."""
    line = db.session.get_one(
        TripLine, (_actor.tenant_id, effects.read_arguments(IssueTicketIn, arguments).pnr_id)
    )
    return measured(line.trip_id)


def _held_until(line: Line, actor: Actor) -> list[CheckShown]:
    if line.hold_expires_at is None:
        return []
    until = moment_in_words(line.hold_expires_at, actor)
    return [
        CheckShown(
            ok=line.hold_expires_at > clock.now(),
            text=gettext("Held by the airline until %(day)s", day=until),
        )
    ]


def _travellers(lines: Sequence[Line]) -> list[str]:
    """Who was booked, by the names that the airline was given; nobody where that was not kept."""
    return next(
        (
            list(line.details.travellers or ())
            for line in lines
            if isinstance(line.details, FlightDetails)
        ),
        [],
    )


def _cost(lines: Sequence[Line]) -> Money:
    return sum((line.cost for line in lines[1:]), lines[0].cost)


ISSUE = effects.register(
    Effect(
        "issue_ticket",
        APPROVERS,
        "Issue the tickets",
        reversible=False,
        run=run_issue,
        permission="trip.issue_ticket",
        describe=describe_issue,
        rehearse=try_issue,
        measure=measure_issue,
        amount=worth_of_issue,
        schema=IssueTicketIn,
        **OUTSIDE,
    )
)
