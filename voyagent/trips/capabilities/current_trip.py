"""Find or create the trip of the conversation, for several capabilities."""

from __future__ import annotations

from voyagent.capabilities.capability import Invocation
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.fields import Closed
from voyagent.trips.models import Trip
from voyagent.trips.queries import trips
from voyagent.trips.rules.journey import Journey
from voyagent.trips.service import trips as trip_service


class NoTripYet(NotFound):
    """The conversation has no trip."""

    code = "trip_not_found"
    message = N_(
        "This conversation has no trip yet. Add a passenger, a flight or a hotel to create one."
    )


class CurrentTripInput(Closed):
    """Input without fields: the act is about the conversation's trip."""


def current_trip(call: Invocation) -> Journey:
    """Return the conversation's trip with passengers and lines.

    Raises NoTripYet, SessionNotFound.
    """
    if call.session_id is None:
        raise NoTripYet
    journey = trips.read_trip_of_session(call.reader, call.session_id)
    if journey is None:
        raise NoTripYet
    return journey


def trip_to_change(call: Invocation) -> Trip:
    """Return the conversation's trip; create one if there is none.

    Raises NoTripYet without a conversation, and the errors of `trip_service.open_trip`.
    """
    if call.session_id is None:
        raise NoTripYet
    return trip_service.trip_for(call.actor, session_id=call.session_id)
