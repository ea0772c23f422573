"""Documents and next steps in the assistant's answer about a trip."""

from __future__ import annotations

from tests.billing.test_expected_bills import SUPPLIER
from tests.capabilities.test_current_trip import perform
from tests.identity.keys import with_key
from tests.people import Person
from tests.trips.test_facts import sold
from tests.trips.things import DESERT
from voyagent.capabilities import cards
from voyagent.trips.capabilities import show_trip
from voyagent.trips.service import lines


def test_the_assistant_shows_the_facts_and_the_next_steps(alice: Person) -> None:
    trip_id, (one, _two) = sold(alice, "100.00", "50.00")
    given = {"status": "booked", "supplier": SUPPLIER, "cost": "40.00"}
    alice.does(lines.update_line, trip_id, one, given)
    shown = perform(alice, show_trip.CAPABILITY, {"trip_id": str(trip_id)})
    assert shown["facts"] == alice.api.get(f"/trips/{trip_id}/facts").json
    with alice.acting():
        answer = cards.answer(show_trip.CAPABILITY, {}, shown)
    assert f"- {DESERT.title}: Invoice (INR 100.00), Enter bill (INR 40.00)" in answer
    assert f"- {DESERT.title}: Book (INR 1.00)" in answer
    assert "- Booked: INR 40.00" in answer


def test_a_key_for_trips_gets_no_amounts_of_documents(alice: Person) -> None:
    given = {"trip_id": str(sold(alice, "100.00")[0])}
    answer = with_key(alice, "trips").post("/capabilities/show_trip", json=given)
    assert (answer.status_code, answer.json["facts"]) == (200, None)
    assert answer.json["totals"][0]["price"] == "100.00"
