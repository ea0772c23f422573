"""Acts on a trip: the input names it, or it is the trip of the conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.capabilities.test_forms import send
from tests.people import Person
from tests.trips.things import a_passenger, a_trip
from voyagent.capabilities import execution
from voyagent.capabilities.capability import Capability, Invocation
from voyagent.kernel.ids import new_id
from voyagent.kernel.json_values import JsonObject
from voyagent.trips.capabilities import (
    add_passenger,
    add_transfer,
    hold_flight,
    read_itinerary,
    remove_passenger,
    show_trip,
)
from voyagent.trips.capabilities.current_trip import TripRequired
from voyagent.trips.queries.trips import TripNotFound

DEEPA = {"full_name": "Deepa Krishnan"}
RIDE = {"on": "2026-12-19", "origin": "Airport", "destination": "Hotel"}
ON_A_TRIP = pytest.mark.parametrize(
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


def perform(person: Person, capability: Capability[Any], fields: JsonObject) -> JsonObject:
    inputs = capability.input.model_validate_json(json.dumps(fields))
    output = person.does(lambda actor: execution.execute(capability, Invocation(actor), inputs))
    assert isinstance(output, dict)
    return output


@ON_A_TRIP
def test_without_a_conversation_a_trip_is_required(
    alice: Person, capability: Capability[Any], fields: dict[str, Any]
) -> None:
    with pytest.raises(TripRequired):
        perform(alice, capability, fields)


@ON_A_TRIP
def test_the_trip_of_another_agency_is_not_found(
    alice: Person, charlie: Person, capability: Capability[Any], fields: dict[str, Any]
) -> None:
    trip_id = a_trip(alice)
    a_passenger(alice, trip_id, "Deepa Krishnan")
    with pytest.raises(TripNotFound):
        perform(charlie, capability, fields | {"trip_id": str(trip_id)})


def test_passengers_and_transfers_of_a_chosen_trip_change(alice: Person) -> None:
    chosen = {"trip_id": str(a_trip(alice))}
    assert perform(alice, add_passenger.CAPABILITY, chosen | DEEPA)["added"]
    perform(alice, add_passenger.CAPABILITY, chosen | DEEPA | {"nationality": "IN"})
    perform(alice, add_transfer.CAPABILITY, chosen | RIDE)
    shown = perform(alice, show_trip.CAPABILITY, chosen)
    assert [one["full_name"] for one in shown["passengers"]] == ["Deepa Krishnan"]
    assert len(shown["lines"]) == 1
    assert len(perform(alice, read_itinerary.CAPABILITY, chosen)["transfers"]) == 1
    perform(alice, remove_passenger.CAPABILITY, chosen | DEEPA)
    assert perform(alice, show_trip.CAPABILITY, chosen)["passengers"] == []


def test_the_form_asks_for_the_trip_at_its_field(alice: Person) -> None:
    a_trip(alice, title="Honeymoon in Bali")
    page = alice.tab.get("/do/show_trip")
    assert "Honeymoon in Bali" in page.text
    _, refused = send(alice, "/do/show_trip", {})
    assert refused.status_code == 422
    assert "Choose a trip." in refused.text
