"""The bills that suppliers of booked services are expected to send."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.people import Person
from tests.trips.things import CREEK, DESERT, RIDE, YAS, a_line, a_trip
from voyagent.parties.service import merges, parties
from voyagent.trips.queries.expected_bills import ExpectedBillSearch, list_expected_bills
from voyagent.trips.rules.details import OtherDetails
from voyagent.trips.service import lines

SUPPLIER = "Marsa Hotels"


def booked(person: Person, trip_id: UUID, details: Any = CREEK, **values: Any) -> UUID:
    given = {"cost": "150.00", "currency": "INR", "supplier": SUPPLIER, "status": "booked"}
    return a_line(person, trip_id, details, **{**given, **values})


def expected(person: Person, query: str = "") -> list[dict[str, Any]]:
    answer = person.api.get(f"/bills/expected?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def test_a_booked_service_expects_a_bill_of_its_supplier(alice: Person) -> None:
    trip_id = a_trip(alice)
    line_id = booked(alice, trip_id, status="planned")
    assert expected(alice) == []
    alice.does(lines.update_line, trip_id, line_id, {"status": "booked"})
    (one,) = expected(alice)
    line = alice.api.get(f"/trips/{trip_id}/lines/{line_id}").json
    assert one | {"amount": "150.00", "state": "open", "due_on": "2026-12-19"} == one
    assert one | {"trip_line_id": str(line_id), "supplier": SUPPLIER, "currency": "INR"} == one
    assert (one["service"], one["matched_amount"]) == (CREEK.name, "0.00")
    assert one["party_id"] == line["party_id"]
    (party,) = alice.api.get("/parties?q=Marsa").json["items"]
    assert (party["id"], party["is_supplier"]) == (one["party_id"], True)


def test_an_open_expected_bill_follows_its_line_but_not_its_later_cost(alice: Person) -> None:
    trip_id = a_trip(alice)
    line_id = booked(alice, trip_id)
    (before,) = expected(alice)
    alice.does(lines.update_line, trip_id, line_id, {"cost": "170.00", "supplier": "Creek Hotels"})
    (after,) = expected(alice)
    assert (after["id"], after["amount"]) == (before["id"], "150.00"), "frozen at the booking"
    assert after["party_id"] != before["party_id"]
    alice.does(lines.update_line, trip_id, line_id, {"currency": "AED"})
    assert [(one["amount"], one["currency"]) for one in expected(alice)] == [("170.00", "AED")]


def test_a_cancelled_service_releases_its_expected_bill(alice: Person) -> None:
    trip_id = a_trip(alice)
    line_id = booked(alice, trip_id, RIDE)
    alice.does(lines.update_line, trip_id, line_id, {"status": "planned"})
    (first,) = expected(alice, "state=released")
    alice.does(lines.update_line, trip_id, line_id, {"status": "booked"})
    (second,) = expected(alice)
    assert first["id"] != second["id"], "a released one stays released"
    alice.does(lines.cancel_line, trip_id, line_id)
    alice.does(lines.remove_line, trip_id, line_id)
    assert expected(alice) == []
    released = expected(alice, f"state=released&trip_id={trip_id}")
    assert {one["id"] for one in released} == {first["id"], second["id"]}
    assert all(one["trip_line_id"] is None and one["service"] is None for one in released)


def test_a_service_without_a_cost_or_supplier(alice: Person) -> None:
    trip_id = a_trip(alice)
    booked(alice, trip_id, cost="0")
    booked(alice, trip_id, DESERT, cost="-20.00")
    assert expected(alice) == []
    booked(alice, trip_id, OtherDetails(kind="other", title="Guide"), supplier=None)
    (one,) = expected(alice)
    assert (one["party_id"], one["supplier"]) == (None, None)


def test_a_supplier_s_name_that_two_parties_have_leaves_the_party_open(alice: Person) -> None:
    for _each in range(2):
        alice.does(lambda actor: parties.create(actor, name=SUPPLIER, is_supplier=True).id)
    booked(alice, a_trip(alice))
    (one,) = expected(alice)
    assert (one["party_id"], one["supplier"]) == (None, SUPPLIER)


def test_a_cost_that_becomes_known_after_the_booking_is_expected(alice: Person) -> None:
    trip_id = a_trip(alice)
    line_id = booked(alice, trip_id, cost="0")
    assert expected(alice) == []
    alice.does(lines.update_line, trip_id, line_id, {"cost": "170.00"})
    assert [one["amount"] for one in expected(alice)] == ["170.00"]


def test_a_supplier_s_bills_are_found_with_those_of_merged_ones(alice: Person) -> None:
    booked(alice, a_trip(alice))
    (one,) = expected(alice)
    root = alice.does(lambda actor: parties.create(actor, name="Creek", is_supplier=True).id)
    alice.does(merges.merge, UUID(one["party_id"]), root, reason="Entered twice")
    assert expected(alice, f"party_id={root}") == [one]


def test_the_list_has_filters_and_pages(alice: Person, charlie: Person) -> None:
    first, second = a_trip(alice), a_trip(alice)
    booked(alice, first)
    booked(alice, second, YAS, supplier="Yas Hotels", currency="AED")
    marsa, yas = expected(alice)
    assert (marsa["due_on"], yas["due_on"]) == ("2026-12-19", "2026-12-23")
    for query in (
        f"party_id={yas['party_id']}",
        f"trip_id={second}",
        "currency=AED",
        "due_from=2026-12-20",
    ):
        assert expected(alice, query) == [yas]
    assert expected(alice, "due_to=2026-12-22") == [marsa]
    page = alice.api.get("/bills/expected?limit=1").json
    assert page["items"] == [marsa]
    assert expected(alice, f"limit=1&cursor={page['next_cursor']}") == [yas]
    assert alice.api.get("/bills/expected?state=lost").status_code == 422
    assert expected(charlie) == []


def test_the_page_shows_the_list(alice: Person, victor: Person, charlie: Person) -> None:
    path = "/bills/expected"
    assert "No bills expected" in alice.tab.get(path).text
    trip_id = a_trip(alice)
    booked(alice, trip_id)
    text = victor.tab.get(f"{path}?trip_id={trip_id}").text
    assert SUPPLIER in text
    assert CREEK.name in text
    assert "No expected bill matches" in alice.tab.get(f"{path}?state=matched").text
    assert alice.tab.get(f"{path}?due_from=x").status_code == 422
    assert SUPPLIER not in charlie.tab.get(path).text


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_takes_a_fixed_number_of_statements(
    alice: Person, statements: list[str], count: int
) -> None:
    trip_id = a_trip(alice)
    for _ in range(count):
        booked(alice, trip_id)
    with alice.reading() as reader:
        del statements[:]
        found = list_expected_bills(reader, ExpectedBillSearch())
        assert len(found.items) == count
        assert len([one for one in statements if "expected_bills" in one]) == 1
