"""Acts on the trip of the conversation need a conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.people import Person
from voyagent.capabilities import execution
from voyagent.capabilities.capability import Capability, Invocation
from voyagent.kernel.ids import new_id
from voyagent.trips.capabilities import (
    add_passenger,
    add_transfer,
    hold_flight,
    read_itinerary,
    remove_passenger,
    show_trip,
)
from voyagent.trips.capabilities.current_trip import NoTripYet

DEEPA = {"full_name": "Deepa Krishnan"}
RIDE = {"on": "2026-12-19", "origin": "Airport", "destination": "Hotel"}


@pytest.mark.parametrize(
    ("capability", "fields"),
    [
        (add_passenger.CAPABILITY, DEEPA),
        (add_transfer.CAPABILITY, RIDE),
        (hold_flight.CAPABILITY, {"fare_id": str(new_id())}),
        (read_itinerary.CAPABILITY, {}),
        (remove_passenger.CAPABILITY, DEEPA),
        (show_trip.CAPABILITY, {}),
    ],
    ids=lambda value: value.name if isinstance(value, Capability) else "",
)
def test_without_a_conversation_there_is_no_trip(
    alice: Person, capability: Capability[Any], fields: dict[str, Any]
) -> None:
    wanted = capability.input.model_validate_json(json.dumps(fields))
    with pytest.raises(NoTripYet):
        alice.does(lambda actor: execution.execute(capability, Invocation(actor), wanted))
