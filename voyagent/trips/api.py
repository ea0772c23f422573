"""JSON API of trips, their passengers and their lines."""

from __future__ import annotations

from uuid import UUID

from voyagent.capabilities.ports import find_port
from voyagent.chat.queries.sessions import SessionNotFound
from voyagent.drivers.suppliers.errors import (
    AuthenticationFailed,
    AuthorizationFailed,
    CapabilityNotSupported,
    ConflictAtSupplier,
    HoldExpired,
    PermanentFailure,
    RateLimited,
    TransientFailure,
    UnknownAtSupplier,
    UpstreamTimeout,
)
from voyagent.enquiries.queries.enquiries import EnquiryNotFound
from voyagent.http.api import ApiBlueprint
from voyagent.http.documents import add_api_routes
from voyagent.http.guards import Guard
from voyagent.http.outbound import run
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import InvalidAmount, UnknownCurrency
from voyagent.kernel.pages import Cursor, InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.trips.capabilities.cancellation import cancel
from voyagent.trips.documents.itinerary_files import ITINERARY
from voyagent.trips.queries import facts, trips
from voyagent.trips.queries.trips import LineNotFound, PassengerNotFound, TripNotFound
from voyagent.trips.schemas import (
    CancelledLineOut,
    DecisionIn,
    LineIn,
    LineList,
    LineOut,
    LinePatch,
    PassengerIn,
    PassengerList,
    PassengerOut,
    PassengerPatch,
    TripFactsOut,
    TripIn,
    TripList,
    TripListQuery,
    TripOut,
    TripPatch,
)
from voyagent.trips.service import acceptance, lines, passengers, trips as trip_service
from voyagent.trips.service.errors import (
    AnotherTripAccepted,
    BornLater,
    CancellationRequested,
    InvalidFlightTimes,
    InvalidLineStatus,
    LineAtSupplier,
    LineIsCommitted,
    LineIsOver,
    LineKindFixed,
    NegativeAmount,
    NotHeld,
    TicketsUnderWay,
    TripAlreadyOpen,
    TripFull,
    TripHasFacts,
)

api = ApiBlueprint("trips", __name__, tag="Trips", guard=Guard.BEARER)
TRIP_ERRORS = (SessionNotFound, EnquiryNotFound, UnknownCurrency, TripAlreadyOpen)
CANCEL_ERRORS = (
    *(LineIsOver, NotHeld, TicketsUnderWay, CancellationRequested),
    *(
        CapabilityNotSupported,
        AuthenticationFailed,
        AuthorizationFailed,
        RateLimited,
        TransientFailure,
        UpstreamTimeout,
        PermanentFailure,
    ),
    *(UnknownAtSupplier, ConflictAtSupplier, HoldExpired),
)
LINE_ERRORS = (
    UnknownCurrency,
    InvalidAmount,
    NegativeAmount,
    InvalidLineStatus,
    InvalidFlightTimes,
)


@api.get("/trips", answer=TripList, permission="trip.read", errors=(InvalidCursor,))
def list_trips(reader: Reader, query: TripListQuery) -> Body[TripList]:
    """List trips, newest first; filter by conversation or enquiry."""
    cursor = None if query.cursor is None else Cursor.decode(query.cursor)
    of = {"session_id": query.session_id, "enquiry_id": query.enquiry_id}
    return TripList.of(
        trips.list_trips(reader, limit=query.limit, offset=query.offset, cursor=cursor, **of)
    )


@api.post("/trips", answer=TripOut, status=201, permission="trip.open", errors=TRIP_ERRORS)
def open_trip(actor: Actor, body: TripIn) -> Body[TripOut]:
    """Create a trip, for a conversation or an enquiry if one is given.

    A conversation has at most one trip.
    """
    return _trip(trip_service.open_trip(actor, **body.model_dump()).id)


@api.get("/trips/<trip_id>", answer=TripOut, permission="trip.read", missing=TripNotFound)
def get_trip(reader: Reader, trip_id: UUID) -> Body[TripOut]:
    """Read a trip with its passengers, lines, totals and warnings."""
    return TripOut.of(trips.read_trip(reader, trip_id))


@api.get(
    "/trips/<trip_id>/facts",
    answer=TripFactsOut,
    permission="billing.read",
    missing=TripNotFound,
)
def get_trip_facts(reader: Reader, trip_id: UUID) -> Body[TripFactsOut]:
    """Read what is booked, billed, invoiced and so on for a trip's services.

    The answer also has the next steps, and the planned, booked, actual and forecast margins of the
    trip.
    """
    return TripFactsOut.of(facts.read_trip_facts(reader, trip_id))


@api.patch(
    "/trips/<trip_id>",
    answer=TripOut,
    permission="trip.update",
    missing=TripNotFound,
    errors=TRIP_ERRORS,
)
def update_trip(actor: Actor, trip_id: UUID, body: TripPatch) -> Body[TripOut]:
    """Change a trip's title, notes, currency, conversation or enquiry.

    A member that is absent stays unchanged. Null clears the notes, or unlinks the conversation or
    the enquiry.
    """
    return _trip(trip_service.update_trip(actor, trip_id, body.changes()).id)


@api.post(
    "/trips/<trip_id>/decision",
    answer=TripOut,
    permission="trip.update",
    missing=TripNotFound,
    errors=(AnotherTripAccepted, TripHasFacts),
)
def decide_trip(actor: Actor, trip_id: UUID, body: DecisionIn) -> Body[TripOut]:
    """Accept, decline or cancel a trip, or take the decision back.

    A trip is also accepted by a booked service or an issued invoice. While a trip is accepted, the
    proposed trips of its enquiry are declined.
    """
    acceptance.decide(actor, trip_id, body.decision)
    return _trip(trip_id)


@api.get(
    "/trips/<trip_id>/passengers",
    answer=PassengerList,
    permission="trip.read",
    missing=TripNotFound,
)
def list_passengers(reader: Reader, trip_id: UUID) -> Body[PassengerList]:
    """List the passengers of a trip in the order in which they were added."""
    return PassengerList.of(trips.read_trip(reader, trip_id))


@api.post(
    "/trips/<trip_id>/passengers",
    answer=PassengerOut,
    status=201,
    permission="trip.update",
    missing=TripNotFound,
    errors=(TripFull, BornLater),
)
def add_passenger(actor: Actor, trip_id: UUID, body: PassengerIn) -> Body[PassengerOut]:
    """Add a passenger to a trip."""
    return PassengerOut.of(
        trips.passenger_of(
            passengers.add_passenger(find_port(Keyring), actor, trip_id, body.changes())
        )
    )


@api.get(
    "/trips/<trip_id>/passengers/<passenger_id>",
    answer=PassengerOut,
    permission="trip.read",
    missing=PassengerNotFound,
)
def get_passenger(actor: Actor, trip_id: UUID, passenger_id: UUID) -> Body[PassengerOut]:  # noqa: ARG001 - the parameter authenticates the caller
    """Read a passenger.

    Only the last four characters of the passport number are returned.
    """
    return PassengerOut.of(trips.passenger_of(trips.get_passenger(trip_id, passenger_id)))


@api.patch(
    "/trips/<trip_id>/passengers/<passenger_id>",
    answer=PassengerOut,
    permission="trip.update",
    missing=PassengerNotFound,
    errors=(BornLater,),
)
def update_passenger(
    actor: Actor, trip_id: UUID, passenger_id: UUID, body: PassengerPatch
) -> Body[PassengerOut]:
    """Change a passenger.

    A member that is absent stays unchanged. Null clears a member; the name and the kind cannot be
    cleared.
    """
    return PassengerOut.of(
        trips.passenger_of(
            passengers.update_passenger(
                find_port(Keyring), actor, trip_id, passenger_id, body.changes()
            )
        )
    )


@api.delete(
    "/trips/<trip_id>/passengers/<passenger_id>",
    status=204,
    permission="trip.update",
    missing=PassengerNotFound,
)
def remove_passenger(actor: Actor, trip_id: UUID, passenger_id: UUID) -> None:
    """Remove a passenger and delete the stored passport number."""
    passengers.remove_passenger(actor, trip_id, passenger_id)


@api.get("/trips/<trip_id>/lines", answer=LineList, permission="trip.read", missing=TripNotFound)
def list_lines(reader: Reader, trip_id: UUID) -> Body[LineList]:
    """List the lines of a trip by date, including cancelled lines.

    A line is a flight, hotel, transfer, visa or other service.
    """
    return LineList.of(trips.read_trip(reader, trip_id))


@api.post(
    "/trips/<trip_id>/lines",
    answer=LineOut,
    status=201,
    permission="trip.update",
    missing=TripNotFound,
    errors=(TripFull, *LINE_ERRORS),
)
def add_line(actor: Actor, trip_id: UUID, body: LineIn) -> Body[LineOut]:
    """Add a service, such as a flight or hotel, to a trip with cost and price."""
    return LineOut.of(trips.line_of(lines.add_line(actor, trip_id, body.details, body.changes())))


@api.get(
    "/trips/<trip_id>/lines/<line_id>", answer=LineOut, permission="trip.read", missing=LineNotFound
)
def get_line(actor: Actor, trip_id: UUID, line_id: UUID) -> Body[LineOut]:  # noqa: ARG001 - the parameter authenticates the caller
    """Read a line of a trip."""
    return LineOut.of(trips.line_of(trips.get_line(trip_id, line_id)))


@api.patch(
    "/trips/<trip_id>/lines/<line_id>",
    answer=LineOut,
    permission="trip.update",
    missing=LineNotFound,
    errors=(LineAtSupplier, LineIsOver, LineKindFixed, *LINE_ERRORS),
)
def update_line(actor: Actor, trip_id: UUID, line_id: UUID, body: LinePatch) -> Body[LineOut]:
    """Change a line of a trip.

    A member that is absent stays unchanged; `details` are replaced as a whole.
    """
    return LineOut.of(trips.line_of(lines.update_line(actor, trip_id, line_id, body.changes())))


@api.delete(
    "/trips/<trip_id>/lines/<line_id>",
    status=204,
    permission="trip.update",
    missing=LineNotFound,
    errors=(LineIsCommitted,),
)
def remove_line(actor: Actor, trip_id: UUID, line_id: UUID) -> None:
    """Remove a line from a trip.

    A line that is held, booked, ticketed or filed must be cancelled first.
    """
    lines.remove_line(actor, trip_id, line_id)


@api.post(
    "/trips/<trip_id>/lines/<line_id>/cancel",
    answer=CancelledLineOut,
    permission="trip.update",
    missing=LineNotFound,
    errors=CANCEL_ERRORS,
)
def cancel_line(actor: Actor, trip_id: UUID, line_id: UUID) -> Body[CancelledLineOut]:
    """Cancel a line of a trip; it stays on the trip, but not in the totals.

    A flight that is held at a supplier is released free of charge, together with all flights of its
    booking. A pending request to issue the tickets of the booking is withdrawn. Cancelling booked
    rooms may incur a charge and needs approval. `approval_id` is then the id of the request, and
    the rooms are cancelled once the request is approved. Any other line is only marked as
    cancelled. If the line was booked elsewhere, ticketed or filed, inform the supplier yourself. If
    the supplier fails, nothing has changed and the call can be repeated.
    """
    done = run(cancel(actor, trip_id, line_id))
    return Body(
        {
            **LineOut.members_of(done.line),
            "approval_id": None if done.request is None else done.request.id,
        }
    )


def _trip(trip_id: UUID) -> Body[TripOut]:
    return TripOut.of(trips.read_trip(SessionReader(db.session), trip_id))


add_api_routes(api, ITINERARY)
