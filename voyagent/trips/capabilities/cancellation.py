"""Cancel trip lines from pages and the API."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext, ngettext

from voyagent.approvals import queries as approvals
from voyagent.approvals.service.effects import Approval
from voyagent.approvals.service.proposing import propose
from voyagent.capabilities.capability import Invocation
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Actor
from voyagent.kernel.ids import new_id
from voyagent.kernel.outbound import OutboundCall, known
from voyagent.trips.capabilities import cancel_hotel_booking, issue_ticket
from voyagent.trips.capabilities.reviews import name_of
from voyagent.trips.models import TripLine
from voyagent.trips.queries import trips
from voyagent.trips.rules.journey import OVER, Line
from voyagent.trips.service import flights as trip_flights, hotels, lines
from voyagent.trips.service.errors import CancellationRequested, LineIsOver
from voyagent.trips.service.lines import Way
from voyagent.trips.service.supplier_queries import suppliers
from voyagent.trips.service.supplies import lines_under


@dataclass(frozen=True, slots=True)
class PendingCancellation:
    """The consequences that cancelling a trip line would have.

    `way` says how the line would be cancelled. `flights` is the number of lines that would be
    cancelled together. `has_lapsed` is true if the airline's hold has expired. `request_id` is the
    id of an unfinished approval request for one of these lines: to cancel the hotel booking or to
    issue the tickets.
    """

    way: Way
    flights: int
    has_lapsed: bool
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The result of a cancellation.

    `line` is the line after the call, and `way` says how it was cancelled. `withdrawn` is the
    number of withdrawn requests to issue tickets. `request` is the new request for approval, if the
    cancellation needs one.
    """

    line: Line
    way: Way
    withdrawn: int = 0
    request: Approval | None = None


def pending_cancellation(line: TripLine) -> PendingCancellation:
    """Return the consequences that cancelling a trip line would have now."""
    way = lines.way_to_cancel(line)
    together = (
        lines_under(line.trip_id, line.our_reference)
        if way is Way.RELEASE and line.our_reference
        else [line]
    )
    tool, name = (
        (cancel_hotel_booking.CAPABILITY.name, "booking_id")
        if line.kind == "hotel"
        else (issue_ticket.CAPABILITY.name, "pnr_id")
    )
    waiting = (approvals.find_unfinished(tool, name, str(one.id)) for one in together)
    return PendingCancellation(
        way,
        sum(one.status == line.status for one in together),
        trip_flights.has_lapsed(line),
        next(filter(None, waiting), None),
    )


def cancel(actor: Actor, trip_id: UUID, line_id: UUID) -> OutboundCall[Cancelled]:
    """Cancel a trip line in the way that its kind, status and supplier require.

    A held flight is released. For rooms that are booked at a supplier, approval is requested
    (`Cancelled.request`), and the rooms stay booked until the cancellation is approved. Any other
    line is marked as cancelled.

    Raises Forbidden, LineNotFound, LineIsOver, NotHeld, TicketsUnderWay, SupplierError, and
    CancellationRequested if approval was already requested for the booking.
    """
    actor.require("trip.update")
    line = trips.get_line(trip_id, line_id)
    if line.status in OVER:
        raise LineIsOver
    way = lines.way_to_cancel(line)
    if way is Way.RELEASE:
        return trip_flights.release_flight(suppliers(Invocation(actor)), actor, line_id).then(
            lambda done: Cancelled(_now(trip_id, line_id), way, done[1])
        )
    if way is Way.ASK:
        return known(
            Cancelled(trips.line_of(line), way, request=ask_for_cancellation(actor, line_id))
        )
    return known(Cancelled(trips.line_of(lines.cancel_line(actor, trip_id, line_id)), way))


def ask_for_cancellation(actor: Actor, line_id: UUID) -> Approval:
    """Request approval to cancel a hotel booking, and return the request.

    Raises Forbidden, LineNotFound, LineIsOver, NotAtSupplier, and CancellationRequested if an
    earlier request for the booking is unfinished.
    """
    actor.require("trip.update")
    stay = trips.line_of(
        hotels.booked_stay(line_id)
    )  # locks the trip, so that of two parallel calls the second finds the request of the first
    if (
        approvals.find_unfinished(cancel_hotel_booking.CAPABILITY.name, "booking_id", str(line_id))
        is not None
    ):
        raise CancellationRequested
    title = gettext("Cancel %(hotel)s", hotel=stay.name)
    session = chat.create_session(actor, title=title)
    approval = propose(
        actor,
        session_id=session.id,
        turn_id=None,
        tool_call_id=f"{approvals.PAGE_CALL}{new_id()}",
        tool_name=cancel_hotel_booking.CAPABILITY.name,
        arguments={"booking_id": str(line_id)},
        summary=title,
    )
    arguments = {
        "type": "approval",
        "approval_id": approval.id,
        "tool_name": approval.tool_name,
        "summary": approval.summary,
    }
    where = {
        "type": "text",
        "text": gettext(
            "Requested on the trip “%(title)s”.", title=trips.get_trip(stay.trip_id).title
        ),
    }
    chat.append_message(actor, session.id, role="system", blocks=[where, arguments])
    return approval


def effect_sentences(line: Line, pending: PendingCancellation) -> list[str]:
    """Return sentences about the consequences of cancelling a line, for confirmation."""
    if pending.way is Way.ASK:
        sentence = gettext(
            "These rooms are booked with a supplier, and cancelling may incur a charge. This"
            " sends a request for approval."
        )
        return [
            sentence,
            gettext(
                "The hotel stays booked until then. The cancellation charge is added to the trip"
                " afterwards."
            ),
        ]
    sentences = [_release(line, pending)] if pending.way is Way.RELEASE else [_note(line)]
    if pending.request_id is not None and line.kind == "flight":
        sentences.append(gettext("The request to issue its tickets is withdrawn."))
    stays = ngettext(
        "It stays on the trip as cancelled, without a price, and is removed from the itinerary.",
        "They stay on the trip as cancelled, without a price, and are removed from the itinerary.",
        pending.flights,
    )
    return [*sentences, stays]


def result_sentence(done: Cancelled) -> str:
    """Return one sentence about the result of a cancellation."""
    if done.request is not None:
        return str(gettext("Cancellation requested. It is waiting for approval."))
    if done.way is not Way.RELEASE:
        return str(gettext("%(name)s cancelled.", name=name_of(done.line)))
    gone = gettext(
        "Booking %(locator)s is released. It was not paid, so there is no charge.",
        locator=done.line.supplier_ref,
    )
    return (
        f"{gone} {gettext('The request to issue its tickets is withdrawn.')}"
        if done.withdrawn
        else gone
    )


def _release(line: Line, pending: PendingCancellation) -> str:
    if pending.has_lapsed:
        return str(
            gettext(
                "Booking %(locator)s was not paid in time, so the airline released the seats.",
                locator=line.supplier_ref,
            )
        )
    return str(
        ngettext(
            "Releases the seats of booking %(locator)s at the supplier, free of charge.",
            "Releases the seats of booking %(locator)s at the supplier, free of charge. Its"
            " %(num)d flights are released together.",
            pending.flights,
            locator=line.supplier_ref,
        )
    )


def _note(line: Line) -> str:
    if line.status == "planned":
        return str(gettext("It is only planned. Nothing is sent."))
    if line.supplier_key is None:
        return str(
            gettext(
                "It was booked outside this system. This only records the cancellation; inform"
                " the supplier yourself."
            )
        )
    if line.kind == "visa":
        return str(
            gettext(
                "The application is filed and can’t be withdrawn. This only records the"
                " cancellation; nothing is sent."
            )
        )
    return str(
        gettext(
            "Its tickets are issued and paid. This only records the cancellation; ask the"
            " supplier to void or refund them."
        )
    )


def _now(trip_id: UUID, line_id: UUID) -> Line:
    return trips.line_of(trips.get_line(trip_id, line_id))
