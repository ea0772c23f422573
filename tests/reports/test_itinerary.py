"""The itinerary in the API, and the visible part of passport numbers."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.identity.keys import with_key
from tests.people import Person
from tests.trips.things import OUT, VISA, a_line, a_passenger, a_trip, whole_trip
from voyagent.chat.service import conversations as chat
from voyagent.trips.service import lines


def conversation(person: Person) -> UUID:
    with person.acting() as actor:
        return chat.create_session(actor, title="Krishnan family").id


def itinerary(who: Any, session_id: object) -> dict[str, Any]:
    answer = who.get(f"/reports/itinerary?session_id={session_id}")
    assert answer.status_code == 200, answer.text
    return answer.json


def test_the_itinerary_contains_all_lines_and_the_total(alice: Person) -> None:
    session_id = conversation(alice)
    trip_id = whole_trip(alice, session_id=session_id)
    assert itinerary(alice.api, session_id) == {
        "tenant_id": str(alice.actor.tenant_id),
        "session_id": str(session_id),
        "trip_id": str(trip_id),
        "passengers": [
            {"full_name": f"{name} Krishnan", "passport_number": f"Z123456{n}"}
            for n, name in enumerate(("Deepa", "Rajiv", "Ananya", "Aarav"))
        ],
        "flights": [
            {
                "pnr": "Q7X2LM",
                "origin": "COK",
                "dest": "DXB",
                "depart": "2026-12-19T04:30",
                "carrier": "EK",
            },
            {
                "pnr": "Q7X2LM",
                "origin": "DXB",
                "dest": "COK",
                "depart": "2026-12-25T21:25",
                "carrier": "EK",
            },
        ],
        "hotels": [
            {
                "name": "Marsa Creek Hotel",
                "city": "Dubai",
                "check_in": "2026-12-19",
                "check_out": "2026-12-23",
            },
            {
                "name": "Yas Bay Residences",
                "city": "Abu Dhabi",
                "check_in": "2026-12-23",
                "check_out": "2026-12-25",
            },
        ],
        "visas": [{"country": "AE", "status": "filed"}],
        "total_cost": {"amount": "228200.50", "currency": "INR"},
        "by_currency": [{"total_cost": {"amount": "1480.00", "currency": "AED"}}],
    }


def test_the_itinerary_is_empty_without_a_trip(alice: Person) -> None:
    session_id = conversation(alice)
    found = itinerary(alice.api, session_id)
    assert found["total_cost"] == {"amount": "0.00", "currency": "INR"}
    assert [
        found[name]
        for name in ("trip_id", "passengers", "flights", "hotels", "visas", "by_currency")
    ] == [None, [], [], [], [], []]


def test_the_agencys_currency_is_listed_first(alice: Person) -> None:
    session_id = conversation(alice)
    a_line(alice, a_trip(alice, session_id=session_id, currency="AED"), VISA, price="1480")
    found = itinerary(alice.api, session_id)
    assert found["total_cost"] == {"amount": "0.00", "currency": "INR"}
    assert found["by_currency"] == [{"total_cost": {"amount": "1480.00", "currency": "AED"}}]


def test_viewers_and_read_keys_see_four_characters_of_passports(
    alice: Person, bob: Person, victor: Person
) -> None:
    session_id = conversation(alice)
    a_passenger(alice, a_trip(alice, session_id=session_id), passport_number="Z1234567")
    a_passenger(alice, UUID(itinerary(alice.api, session_id)["trip_id"]), "Rajiv Krishnan")
    for who in (alice.api, bob.api, with_key(alice, "full")):
        assert [one["passport_number"] for one in itinerary(who, session_id)["passengers"]] == [
            "Z1234567",
            None,
        ]
    for who in (
        victor.api,
        with_key(alice, "read"),
        with_key(alice, "reports"),
        with_key(bob, "books"),
    ):
        assert [one["passport_number"] for one in itinerary(who, session_id)["passengers"]] == [
            "••••4567",
            None,
        ]


def test_cancelled_lines_are_omitted_and_granted_visas_are_marked(
    alice: Person,
) -> None:
    session_id = conversation(alice)
    trip_id = a_trip(alice, session_id=session_id)
    flight_id = a_line(alice, trip_id, OUT, price="100")
    a_line(
        alice, trip_id, VISA.model_copy(update={"granted_on": OUT.departs.date()}), status="filed"
    )
    alice.does(lines.cancel_line, trip_id, flight_id)
    found = itinerary(alice.api, session_id)
    assert (found["flights"], found["total_cost"]["amount"], found["visas"]) == (
        [],
        "0.00",
        [{"country": "AE", "status": "granted"}],
    )


@pytest.mark.parametrize("session_id", ["nonsense", "%20", "01A2106E-8927-7239-BA9B"])
def test_a_malformed_id_is_treated_as_unknown(
    alice: Person, charlie: Person, session_id: str
) -> None:
    for asked in (session_id, uuid4(), conversation(charlie)):
        answer = alice.api.get(f"/reports/itinerary?session_id={asked}")
        assert (answer.status_code, answer.json["detail"]) == (404, "session_not_found")


def test_a_deleted_conversation_has_no_itinerary(alice: Person) -> None:
    session_id = conversation(alice)
    whole_trip(alice, session_id=session_id)
    alice.does(chat.delete, session_id)
    assert alice.api.get(f"/reports/itinerary?session_id={session_id}").status_code == 404


@pytest.mark.parametrize("query", ["", "?session_id="])
def test_a_missing_session_id_is_422(alice: Person, query: str) -> None:
    answer = alice.api.get(f"/reports/itinerary{query}")
    assert answer.status_code == 422
    assert answer.json["detail"][0]["loc"] == ["query", "session_id"]


def test_the_report_takes_one_round_trip(
    alice: Person, victor: Person, statements: list[str]
) -> None:
    session_id = conversation(alice)
    whole_trip(alice, session_id=session_id)
    statements.clear()
    itinerary(victor.api, session_id)
    assert statements == [], "everything is read by the lane"
    itinerary(alice.api, session_id)
    assert [one for one in statements if "app.audit(" in one or one.startswith("select set")] == (
        statements
    ), "besides, the opened passport numbers are recorded"


def test_each_whole_passport_number_is_recorded_as_opened(alice: Person, victor: Person) -> None:
    session_id = conversation(alice)
    trip_id = a_trip(alice, session_id=session_id)
    person_id = a_passenger(alice, trip_id, passport_number="Z1234567")
    a_passenger(alice, trip_id, "Rajiv Krishnan")
    for who in (victor.api, with_key(alice, "reports")):
        itinerary(who, session_id)
    assert alice.api.get("/audit?kind=passport.opened").json["items"] == []
    itinerary(alice.api, session_id)
    (event,) = alice.api.get("/audit?kind=passport.opened").json["items"]
    assert event["payload"]["inputs"] == {"purpose": "itinerary"}
    assert event["payload"]["entity_refs"] == {
        "trip_id": str(trip_id),
        "passenger_id": str(person_id),
    }
    assert "4567" not in str(event)
