"""The trip of an act, from its input or from the conversation."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from pydantic import Field

from voyagent.capabilities.capability import Invocation, Lookup
from voyagent.kernel.errors import N_, NotFound, Unprocessable
from voyagent.kernel.fields import Closed, Id
from voyagent.trips.capabilities.lookups import trips as trips_to_choose
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


class TripRequired(Unprocessable):
    """The input names no trip, and the act does not belong to a conversation."""

    code = "trip_id_required"
    message = N_("Choose a trip.")


class CurrentTripInput(Closed):
    """Base class for the input of an act on one trip."""

    trip_id: Id | None = Field(
        default=None,
        description="The trip. It may be absent in a conversation, whose trip is the default.",
    )


TRIP_CHOICES: Mapping[str, Lookup] = {"trip_id": trips_to_choose}
"""Choices of a form for the field of `CurrentTripInput`."""


def current_trip(call: Invocation, inputs: CurrentTripInput) -> Journey:
    """Return the trip of the act, with its passengers and lines.

    This is the trip `inputs.trip_id`, or else the trip of the conversation. Raises TripNotFound,
    TripRequired, NoTripYet, SessionNotFound.
    """
    if inputs.trip_id is not None:
        return trips.read_trip(call.reader, inputs.trip_id)
    journey = trips.read_trip_of_session(call.reader, _session_id(call))
    if journey is None:
        raise NoTripYet
    return journey


def trip_to_change(call: Invocation, inputs: CurrentTripInput) -> Trip:
    """Return the trip of the act; create the conversation's trip if there is none.

    The result is the trip `inputs.trip_id`, or else the trip of the conversation. Raises
    TripNotFound, TripRequired, and the errors of `trip_service.open_trip`.
    """
    if inputs.trip_id is not None:
        return trips.get_trip(inputs.trip_id)
    return trip_service.trip_for(call.actor, session_id=_session_id(call))


def _session_id(call: Invocation) -> UUID:
    if call.session_id is None:
        raise TripRequired
    return call.session_id
