"""JSON API of trips."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.billing.papers import pay
from tests.billing.test_expected_bills import SUPPLIER, expected
from tests.identity.keys import with_key
from tests.people import ApiClient, Person
from tests.trips.test_facts import invoice, sold
from tests.trips.things import DESERT, PASSPORT, a_line, a_passenger, a_trip, whole_trip
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.trips.service import lines

FLIGHT = {
    "kind": "flight",
    "carrier": "EK",
    "number": "533",
    "origin": "COK",
    "destination": "DXB",
} | {
    "departs_at": "2026-12-19T04:30",
    "arrives_at": "2026-12-19T07:10",
}
HOTEL = {
    "kind": "hotel",
    "name": "Marsa Creek Hotel",
    "city": "Dubai",
    "country": "AE",
    "check_in": "2026-12-19",
    "check_out": "2026-12-23",
}


def made(person: Person, path: str, **body: Any) -> dict[str, Any]:
    answer = person.api.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_trip_is_created_filled_and_read(alice: Person) -> None:
    trip = made(alice, "/trips", title=" Krishnan family, Dubai ", currency="INR")
    assert (trip["title"], trip["status"], trip["passengers"], trip["lines"]) == (
        "Krishnan family, Dubai",
        "planned",
        [],
        [],
    )
    assert trip["totals"] == [
        {"currency": "INR", "cost": "0.00", "price": "0.00", "margin": "0.00"}
    ]
    path = f"/trips/{trip['id']}"
    somebody = made(
        alice,
        f"{path}/passengers",
        full_name="Deepa Krishnan",
        passport_number="z123-45 67",
        passport_expiry="2027-01-05",
        nationality="IN",
    )
    assert (somebody["passport_number"], somebody["kind"]) == ("••••4567", "adult")
    hotel = made(
        alice,
        f"{path}/lines",
        details=HOTEL,
        cost="62000",
        price="71000.50",
        status="booked",
        supplier_ref="MC-77120",
    )
    flight = made(alice, f"{path}/lines", details=FLIGHT, price="104000")
    assert flight["details"] == FLIGHT
    assert (
        hotel["starts_on"],
        hotel["ends_on"],
        hotel["cost"],
        hotel["price"],
        hotel["currency"],
    ) == (*("2026-12-19", "2026-12-23", "62000.00", "71000.50", "INR"),)
    read = alice.api.get(path).json
    assert [line["id"] for line in read["lines"]] == [flight["id"], hotel["id"]]
    assert read["passengers"] == [somebody]
    assert read["totals"] == [
        {"currency": "INR", "cost": "62000.00", "price": "175000.50", "margin": "113000.50"}
    ]
    (finding,) = read["findings"]
    assert (
        finding["code"],
        finding["severity"],
        finding["passenger_ids"],
        finding["line_ids"],
    ) == ("passport_expires", "warning", [somebody["id"]], [])
    assert (
        finding["sentence"]
        == "The passport of Deepa Krishnan expires on 5 Jan 2027. United Arab Emirates"
        " requires validity until 23 Jun 2027."
    )
    assert PASSPORT not in alice.api.get(path).text
    assert alice.api.get(f"{path}/passengers").json == {"items": [somebody]}
    assert alice.api.get(f"{path}/passengers/{somebody['id']}").json == somebody
    assert alice.api.get(f"{path}/lines").json["items"] == read["lines"]
    assert alice.api.get(f"{path}/lines/{hotel['id']}").json == hotel


def test_a_viewer_reads_and_changes_nothing(alice: Person, victor: Person) -> None:
    trip_id = whole_trip(alice)
    assert victor.api.get(f"/trips/{trip_id}").status_code == 200
    assert victor.api.get("/trips").json["total"] == 1
    for call, path in (
        ("post", "/trips"),
        ("patch", f"/trips/{trip_id}"),
        ("post", f"/trips/{trip_id}/lines"),
        ("post", f"/trips/{trip_id}/passengers"),
    ):
        answer = getattr(victor.api, call)(path, json={})
        assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")


def test_a_patch_keeps_absent_members_and_null_clears(alice: Person) -> None:
    trip = made(alice, "/trips", title="Dubai", notes="Sockets are British.")
    path = f"/trips/{trip['id']}"
    assert (
        alice.api.patch(path, json={"title": "Dubai and Abu Dhabi"}).json["notes"]
        == "Sockets are British."
    )
    assert alice.api.patch(path, json={"notes": None}).json["notes"] is None
    person_id = a_passenger(alice, trip["id"], passport_number=PASSPORT)
    one = alice.api.patch(f"{path}/passengers/{person_id}", json={"kind": "senior"}).json
    assert (one["kind"], one["passport_number"], one["full_name"]) == (
        "senior",
        "••••4567",
        "Deepa Krishnan",
    )
    assert (
        alice.api.patch(f"{path}/passengers/{person_id}", json={"passport_number": None}).json[
            "passport_number"
        ]
        is None
    )
    line_id = a_line(alice, trip["id"], price="100", supplier_ref="X-1")
    line = alice.api.patch(f"{path}/lines/{line_id}", json={"price": "120.5"}).json
    assert (line["price"], line["supplier_ref"], line["status"]) == ("120.50", "X-1", "planned")
    assert (
        alice.api.patch(f"{path}/lines/{line_id}", json={"supplier_ref": None}).json["supplier_ref"]
        is None
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"title": None}),
        ("", {"title": "  "}),
        ("", {"currency": "XYZ"}),
        ("", {"session_id": "nonsense"}),
        ("", {"unknown": 1}),
        ("/passengers/{person}", {"full_name": None}),
        ("/passengers/{person}", {"kind": "pet"}),
        ("/passengers/{person}", {"nationality": "India"}),
        ("/passengers/{person}", {"passport_number": "••••4567"}),
        ("/passengers/{person}", {"passport_number": "Z1"}),
        ("/passengers/{person}", {"date_of_birth": "1986-02-30"}),
        ("/lines/{line}", {"details": None}),
        ("/lines/{line}", {"details": {"kind": "other"}}),
        ("/lines/{line}", {"details": HOTEL | {"check_out": "2026-12-19"}}),
        ("/lines/{line}", {"details": FLIGHT | {"departs_at": "2026-12-19T24:30"}}),
        ("/lines/{line}", {"details": FLIGHT | {"departs_at": "2026-12-19T04:30:00Z"}}),
        ("/lines/{line}", {"details": FLIGHT | {"origin": "Kochi"}}),
        ("/lines/{line}", {"price": 12}),
        ("/lines/{line}", {"price": "1e3"}),
        ("/lines/{line}", {"status": "cancelled"}),
    ],
)
def test_an_invalid_body_is_refused(alice: Person, path: str, body: dict[str, Any]) -> None:
    trip_id = a_trip(alice)
    ids = {"person": a_passenger(alice, trip_id), "line": a_line(alice, trip_id)}
    answer = alice.api.patch(f"/trips/{trip_id}{path.format(**ids)}", json=body)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"details": HOTEL}, 400, "line_kind_fixed"),
        ({"price": "1.234"}, 422, "invalid_amount"),
        ({"status": "ticketed"}, 400, "invalid_line_status"),
    ],
)
def test_each_violated_rule_has_its_error_code(
    alice: Person, body: dict[str, Any], status: int, code: str
) -> None:
    trip_id = a_trip(alice)
    answer = alice.api.patch(f"/trips/{trip_id}/lines/{a_line(alice, trip_id)}", json=body)
    assert (answer.status_code, answer.json["detail"]) == (status, code)


def test_a_booked_line_must_be_cancelled_before_its_deletion(alice: Person) -> None:
    trip_id = a_trip(alice)
    path = f"/trips/{trip_id}/lines/{a_line(alice, trip_id, status='booked')}"
    assert (alice.api.delete(path).status_code, alice.api.delete(path).json["detail"]) == (
        409,
        "line_is_committed",
    )
    assert alice.api.post(f"{path}/cancel").json["status"] == "cancelled"
    assert alice.api.post(f"{path}/cancel").json["detail"] == "line_is_over"
    assert alice.api.delete(path).status_code == 204
    assert alice.api.get(path).json["detail"] == "line_not_found"


def test_a_conversation_has_one_trip(alice: Person, charlie: Person) -> None:
    session_id = alice.api.post("/chat/sessions").json["session_id"]
    trip = made(alice, "/trips", session_id=session_id)
    assert trip["session_id"] == session_id
    assert (
        alice.api.post("/trips", json={"session_id": session_id}).json["detail"]
        == "trip_already_open"
    )
    for body, code in (
        ({"session_id": str(uuid4())}, "session_not_found"),
        ({"enquiry_id": str(uuid4())}, "enquiry_not_found"),
    ):
        answer = alice.api.post("/trips", json=body)
        assert (answer.status_code, answer.json["detail"]) == (404, code)
    assert (
        charlie.api.post("/trips", json={"session_id": session_id}).json["detail"]
        == "session_not_found"
    )


def test_the_list_has_pages_and_filters(alice: Person) -> None:
    session_id = alice.api.post("/chat/sessions").json["session_id"]
    enquiry_id = alice.api.post("/enquiries", json={"customer_name": "Deepa Krishnan"}).json["id"]
    ids = [made(alice, "/trips", title=title)["id"] for title in ("One", "Two", "Three")]
    mine = made(alice, "/trips", session_id=session_id, enquiry_id=enquiry_id)["id"]
    first = alice.api.get("/trips?limit=2").json
    assert ([item["id"] for item in first["items"]], first["total"]) == ([mine, ids[2]], 4)
    rest = alice.api.get(f"/trips?limit=2&cursor={first['next_cursor']}").json
    assert [item["id"] for item in rest["items"]] == [ids[1], ids[0]]
    for query in (f"session_id={session_id}", f"enquiry_id={enquiry_id}"):
        assert [item["id"] for item in alice.api.get(f"/trips?{query}").json["items"]] == [mine]
    assert alice.api.get("/trips?limit=201").status_code == 422
    assert alice.api.get("/trips?cursor=nonsense").json["detail"] == "invalid_cursor"


def test_a_trips_key_reaches_only_trips_and_itineraries(alice: Person) -> None:
    session_id = alice.api.post("/chat/sessions").json["session_id"]
    trip_id = whole_trip(alice, session_id=session_id)
    key = with_key(alice, "trips")
    assert key.get(f"/trips/{trip_id}").status_code == 200
    assert key.post(f"/trips/{trip_id}/lines", json={"details": FLIGHT}).status_code == 201
    itinerary = key.get(f"/reports/itinerary?session_id={session_id}")
    assert (itinerary.status_code, itinerary.json["passengers"][0]["passport_number"]) == (
        200,
        "Z1234560",
    )
    elsewhere = (
        "/enquiries",
        "/approvals",
        "/chat/sessions",
        "/reports/receivables?from=2026-01-01&to=2026-12-31",
        "/audit",
        "/auth/invites",
    )
    assert [key.get(path).status_code for path in elsewhere] == [403] * len(elsewhere)
    for scope in ("enquiries", "assistant", "approvals", "books", "reports"):
        other = with_key(alice, scope)
        assert (other.get("/trips").status_code, other.post("/trips", json={}).status_code) == (
            403,
            403,
        ), scope


def test_a_read_key_cannot_change_a_trip(alice: Person) -> None:
    trip_id, key = a_trip(alice), with_key(alice, "read")
    assert key.get(f"/trips/{trip_id}").status_code == 200
    assert key.patch(f"/trips/{trip_id}", json={"title": "x"}).json["detail"] == "forbidden_role"


def test_the_api_has_the_facts_of_the_page(alice: Person) -> None:
    trip_id, (one, two) = sold(alice, "100.00", "50.00")
    given = {"status": "booked", "supplier": SUPPLIER, "cost": "40.00"}
    alice.does(lines.update_line, trip_id, one, given)
    invoice_id = invoice(alice, trip_id, {one: "100.00"})
    pay(alice, invoice_id, 2_500)
    (bill,) = expected(alice)
    answer = alice.api.get(f"/trips/{trip_id}/facts")
    assert answer.status_code == 200, answer.text
    assert (answer.json["trip_id"], answer.json["acceptance"]) == (str(trip_id), "accepted")
    facts = {fact["line_id"]: fact for fact in answer.json["lines"]}
    common = {"name": DESERT.title, "currency": "INR", "quoted_cost": "1.00"}
    assert facts[str(one)] == common | {
        "line_id": str(one),
        "status": "booked",
        "quoted_price": "100.00",
        "booked_cost": "40.00",
        "expected": "40.00",
        "expected_bill_id": bill["id"],
        "billed": None,
        "paid": None,
        "invoiced": "100.00",
        "received": "25.00",
        "next_steps": ["bill"],
    }
    missing = ("booked_cost", "expected", "expected_bill_id", "billed", "paid")
    assert facts[str(two)] == common | dict.fromkeys((*missing, "invoiced", "received")) | {
        "line_id": str(two),
        "status": "planned",
        "quoted_price": "50.00",
        "next_steps": ["book"],
    }
    (margins,) = answer.json["margins"]
    assert margins.pop("currency") == "INR"
    assert {name: (one["cost"], one["price"], one["margin"]) for name, one in margins.items()} == {
        "planned": ("2.00", "150.00", "148.00"),
        "booked": ("40.00", "100.00", "60.00"),
        "actual": ("0.00", "100.00", "100.00"),
        "forecast": ("41.00", "150.00", "109.00"),
    }


def test_a_trip_without_services_has_no_facts(alice: Person) -> None:
    answer = alice.api.get(f"/trips/{a_trip(alice, currency='AED')}/facts")
    assert (answer.json["acceptance"], answer.json["lines"]) == ("proposed", [])
    (margins,) = answer.json["margins"]
    nothing = {"currency": "AED", "cost": "0.00", "price": "0.00", "margin": "0.00"}
    assert margins == {"currency": "AED"} | dict.fromkeys(
        ("planned", "booked", "actual", "forecast"), nothing
    )


def test_colleagues_read_the_facts_and_others_do_not(
    alice: Person, victor: Person, charlie: Person
) -> None:
    path = f"/trips/{sold(alice, '100.00')[0]}/facts"
    assert victor.api.get(path).json == alice.api.get(path).json
    assert with_key(alice, "books").get(path).status_code == 200
    for scope in ("trips", "reports"):
        refused = with_key(alice, scope).get(path)
        assert (refused.status_code, refused.json["detail"]) == (403, "forbidden_role"), scope
    for client, found in ((charlie.api, 404), (ApiClient(alice.app.test_client(), None), 401)):
        assert client.get(path).status_code == found
    unknown = alice.api.get(f"/trips/{uuid4()}/facts")
    assert (unknown.status_code, unknown.json["detail"]) == (404, "trip_not_found")


def test_the_facts_take_one_round_trip_like_the_page(
    alice: Person, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    run = ReadPool.run

    def counted(pool: ReadPool, credential: Any, selects: Any) -> Any:
        seen.append(len(selects))
        return run(pool, credential, selects)

    monkeypatch.setattr(ReadPool, "run", counted)
    costs = []
    for trip_id in (sold(alice, "1.00")[0], sold(alice, *["1.00"] * 5)[0]):
        for client, path in ((alice.tab, ""), (alice.api, "/facts")):
            seen.clear()
            statements.clear()
            assert client.get(f"/trips/{trip_id}{path}").status_code == 200
            costs.append((*seen, len(statements)))
    assert costs == [(7, 0), (6, 0)] * 2, "the page also counts what waits for a decision"
