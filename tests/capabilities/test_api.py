"""Programs list the capabilities that they may use and run them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.billing.papers import issued
from tests.chat.parallel import at_once
from tests.http.operations import MAKERS
from tests.people import ApiClient, People, Person
from voyagent import catalogue
from voyagent.approvals import queries as approvals
from voyagent.capabilities import execution
from voyagent.capabilities.capability import Capability
from voyagent.enquiries.capabilities import create_enquiry
from voyagent.enquiries.queries import enquiries
from voyagent.identity.rules.permissions import ROLE_PERMISSIONS
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id

NAMES = [one.name for one in catalogue.CAPABILITIES]


def receipt(invoice_id: object, **changes: Any) -> dict[str, Any]:
    return {
        "invoice_id": str(invoice_id),
        "amount": "100.00",
        "currency": "INR",
        "paid_on": "2024-06-25",
    } | changes


def waiting(person: Person) -> int:
    with person.acting():
        return len(SessionReader(db.session).read(approvals.waiting_statement())[0])


def named(person: Person, name: str) -> int:
    with person.reading() as reader:
        return len(enquiries.find_by_text(reader, name, 50))


def key_of(person: Person, *scopes: str) -> ApiClient:
    made = person.api.post(
        "/auth/api-keys/scoped",
        json={
            "name": "Program",
            "scopes": list(scopes),
            "expires_in_days": 30,
        },
    )
    assert made.status_code == 201, made.text
    return ApiClient(person.app.test_client(), made.json["key"])


def test_a_person_sees_the_capabilities_of_the_role(people: People, alice: Person) -> None:
    for role in ROLE_PERMISSIONS:
        person = people.colleague(alice, "Rita Role", role=role)
        items = person.api.get("/capabilities").json["items"]
        wanted = [
            one.name for one in catalogue.CAPABILITIES if execution.may_use(one, person.actor)
        ]
        assert [one["name"] for one in items] == sorted(wanted)
        assert (create_enquiry.CAPABILITY.name in wanted) is (role != "viewer")


def test_a_capability_is_listed_as_a_tool(alice: Person) -> None:
    items = {one["name"]: one for one in alice.api.get("/capabilities").json["items"]}
    assert sorted(items) == sorted(NAMES)
    shown = items["issue_ticket"]
    assert shown["annotations"] == {"readOnlyHint": False, "destructiveHint": True}
    assert (shown["approval"], shown["area"]) == ("required", "ticketing_visa")
    assert shown["input_schema"]["required"] == ["pnr_id"]
    assert items["find_invoices"]["annotations"]["readOnlyHint"] is True


def test_the_scopes_of_a_key_restrict_list_and_acts(alice: Person) -> None:
    reports = key_of(alice, "reports")
    shown = [one["name"] for one in reports.get("/capabilities").json["items"]]
    assert "list_receivables" in shown
    assert not {"create_enquiry", "record_receipt", "find_enquiries"} & set(shown)
    assert reports.post("/capabilities/list_receivables", json={}).status_code == 200
    refused = reports.post("/capabilities/create_enquiry", json={"customer_name": "Deepa"})
    assert (refused.status_code, refused.json["detail"]) == (403, "forbidden_role")
    assert "This API key does not have permission" in refused.json["message"]
    assert named(alice, "Deepa") == 0


def test_an_act_with_review_runs_at_once(bob: Person) -> None:
    answer = bob.api.post("/capabilities/create_enquiry", json={"customer_name": "Deepa Krishnan"})
    assert answer.status_code == 200
    assert answer.json["created"] is True
    assert named(bob, "Deepa") == 1


def test_the_direct_right_decides_between_act_and_proposal(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    answer = bob.api.post("/capabilities/record_receipt", json=receipt(invoice_id))
    assert answer.status_code == 202
    assert set(answer.json) == {"approval_id", "summary", "session_id"}
    pending = bob.api.get(f"/approvals/{answer.json['approval_id']}").json
    assert (pending["status"], pending["session_id"]) == ("pending", answer.json["session_id"])
    done = alice.api.post("/capabilities/record_receipt", json=receipt(invoice_id))
    assert (done.status_code, done.json["open_amount"]) == (200, "44900.00")


def test_a_proposal_belongs_to_the_given_conversation(alice: Person, bob: Person) -> None:
    session_id = bob.api.post("/chat/sessions", json={}).json["session_id"]
    path, body = f"/capabilities/record_receipt?session_id={session_id}", receipt(issued(alice))
    assert bob.api.post(path, json=body).json["session_id"] == session_id
    unknown = bob.api.post(f"/capabilities/record_receipt?session_id={new_id()}", json=body)
    assert (unknown.status_code, unknown.json["detail"]) == (404, "session_not_found")


def test_the_trip_of_the_conversation_is_changed(alice: Person, charlie: Person) -> None:
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    path, body = f"/capabilities/add_passenger?session_id={session_id}", {"full_name": "Deepa"}
    assert alice.api.post(path, json=body).status_code == 200
    assert charlie.api.post(path, json=body).status_code == 404
    without = alice.api.post("/capabilities/add_passenger", json=body)
    assert (without.status_code, without.json["detail"]) == (422, "trip_id_required")


@pytest.mark.parametrize("role", ROLE_PERMISSIONS)
def test_every_capability_is_refused_to_the_roles_without_its_permission(
    people: People, alice: Person, role: str
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    for capability in catalogue.CAPABILITIES:
        answer = person.api.post(f"/capabilities/{capability.name}", json={"nonsense": 1})
        may = capability.permission in ROLE_PERMISSIONS[role]
        wanted = 422 if may else 403
        assert answer.status_code == wanted, (capability.name, answer.text)
        if not may:
            assert answer.json["detail"] == "forbidden_role"
    refused = {one["kind"] for one in events(alice) if one["status"] == "error"}
    assert refused == {
        one.name for one in catalogue.CAPABILITIES if one.permission not in ROLE_PERMISSIONS[role]
    }


def events(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.api.get(
        "/audit", query_string={"limit": 200, "kind": ",".join(NAMES)}
    ).json["items"]
    return items


def test_authentication_is_checked_before_the_capability(app: Flask) -> None:
    for name in (*NAMES, "fly_to_the_moon"):
        answer = ApiClient(app.test_client(), None).post(f"/capabilities/{name}", json={})
        assert (answer.status_code, answer.json["detail"]) == (401, "unauthorized")


def test_an_unknown_capability_is_not_found(alice: Person) -> None:
    answer = alice.api.post("/capabilities/fly_to_the_moon", json={})
    assert (answer.status_code, answer.json["detail"]) == (404, "capability_unknown")


def test_invalid_input_is_reported_by_field(alice: Person) -> None:
    answer = alice.api.post(
        "/capabilities/receive_bill", json={"line_items": [{"quantity": "two"}], "x": 1}
    )
    assert answer.status_code == 422
    found = {(item["type"], *item["loc"]) for item in answer.json["detail"]}
    assert {
        ("missing", "body", "vendor_name"),
        ("quantity_invalid", "body", "line_items", 0, "quantity"),
        ("extra_forbidden", "body", "x"),
    } <= found
    for body in (b"[]", b"3", b"null"):
        answer = alice.api.post(
            "/capabilities/receive_bill", data=body, content_type="application/json"
        )
        assert answer.status_code == 422


def ids_in(capability: Capability[Any]) -> list[str]:
    properties = capability.input.model_json_schema().get("properties", {})
    return [name for name, one in properties.items() if one.get("format") == "uuid"]


OUTSIDE = {"reconcile_bsp"}
"""Its id is of a statement of the settlement plan, which no agency has as a record."""
WITH_RECORD = [one for one in catalogue.CAPABILITIES if ids_in(one) and one.name not in OUTSIDE]
VALUES: dict[str, Any] = {
    "amount": "100.00",
    "currency": "INR",
    "paid_on": "2024-06-25",
    "reason": "Cannot be traced",
    "destination": "AE",
    "to": "deepa@example.com",
}


def test_another_agencys_record_is_not_found(alice: Person, charlie: Person) -> None:
    """This applies to every capability with the id of a record."""
    mine = {
        name: MAKERS[name](alice) for name in ("enquiry_id", "invoice_id", "bill_id", "trip_id")
    }
    session_id = charlie.api.post("/chat/sessions", json={}).json["session_id"]
    for capability in WITH_RECORD:
        path = f"/capabilities/{capability.name}?session_id={session_id}"
        (name, *_) = ids_in(capability)
        given = {one: VALUES[one] for one in capability.input.model_fields if one in VALUES}
        foreign = charlie.api.post(path, json={**given, name: str(mine.get(name, new_id()))})
        unknown = charlie.api.post(path, json={**given, name: str(new_id())})
        assert foreign.status_code == unknown.status_code >= 400, (capability.name, foreign.text)
        assert foreign.json["detail"] == unknown.json["detail"], capability.name
    assert waiting(alice) == waiting(charlie) == 0


def test_parallel_requests_with_one_key_act_once(alice: Person, bob: Person) -> None:
    invoice_id = issued(alice)
    for name, body in (
        ("create_enquiry", {"customer_name": "Deepa Krishnan"}),
        ("record_receipt", receipt(invoice_id)),
    ):
        headers = {"Idempotency-Key": f"twin-{name}"}

        def ask(name: str = name, body: Any = body, headers: Any = headers) -> Any:
            return bob.api.post(f"/capabilities/{name}", json=body, headers=headers)

        answers = at_once([ask] * 4)
        assert len({(one.status_code, one.text) for one in answers}) == 1
        assert sum("Idempotent-Replayed" not in one.headers for one in answers) == 1
    assert named(bob, "Deepa") == 1
    assert waiting(bob) == 1


def flights(**changes: Any) -> dict[str, Any]:
    day = clock.today("Asia/Kolkata") + timedelta(days=60)
    return {
        "origin": "COK",
        "destination": "DXB",
        "outbound_date": day.isoformat(),
        "passengers": {"adult": 1},
    } | changes


def test_a_suppliers_act_runs_once_per_key(alice: Person) -> None:
    """The key also works for an act that calls the supplier outside a transaction."""
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    at = f"?session_id={session_id}"
    passenger = alice.api.post(f"/capabilities/add_passenger{at}", json={"full_name": "Deepa Nair"})
    assert passenger.status_code == 200, passenger.text
    found = alice.api.post(f"/capabilities/search_flights{at}", json=flights())
    assert found.status_code == 200, found.text
    fare_id = found.json["fares"][0]["fare_id"]
    headers = {"Idempotency-Key": "hold-1"}
    held = [
        alice.api.post(f"/capabilities/hold_flight{at}", json={"fare_id": fare_id}, headers=headers)
        for _ in range(2)
    ]
    assert [one.status_code for one in held] == [200, 200], held[0].text
    assert held[0].text == held[1].text
    assert held[1].headers["Idempotent-Replayed"] == "true"
    trip = alice.api.get(f"/trips/{held[0].json['trip_id']}").json
    assert len(trip["lines"]) == held[0].json["flights"]
