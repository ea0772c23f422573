"""JSON API of an enquiry: fields, error codes, order of checks, permissions."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests.enquiries.wire import FIELDS, INSTANT, WHOLE, detail, logged
from tests.people import ApiClient, Person


def test_a_created_enquiry_is_returned_with_all_fields(alice: Person) -> None:
    answer = alice.api.post("/enquiries", json=WHOLE)
    assert answer.status_code == 201
    made = answer.json
    assert set(made) == FIELDS
    assert UUID(made["id"]).version == 7
    assert (made["tenant_id"], made["created_by_user_id"]) == (
        str(alice.actor.tenant_id),
        str(alice.actor.user_id),
    )
    assert {name: made[name] for name in WHOLE} == WHOLE | {
        "customer_name": "Deepa Krishnan",
        "budget_amount": "1234.57",
    }
    assert made["session_id"] is None
    assert INSTANT.fullmatch(made["created_at"])
    assert made["updated_at"] == made["created_at"]
    again = alice.api.get(f"/enquiries/{made['id']}")
    assert (again.status_code, again.json, again.headers["ETag"]) == (
        200,
        made,
        answer.headers["ETag"],
    )
    assert alice.api.get("/enquiries").json["items"] == [made]


def test_only_the_name_is_required(alice: Person) -> None:
    made = logged(alice)
    assert (made["status"], made["pax_count"]) == ("new", 1)
    assert {
        made[name]
        for name in (
            "customer_email",
            "origin",
            "depart_date",
            "budget_amount",
            "budget_currency",
            "notes",
        )
    } == {None}
    nulls = dict.fromkeys(FIELDS & set(WHOLE) - {"customer_name", "pax_count", "status"})
    assert logged(alice, **nulls)["notes"] is None


@pytest.mark.parametrize(
    ("amount", "answer"),
    [
        ("1234.567", "1234.57"),
        (1234.565, "1234.57"),
        (7, "7.00"),
        ("0.005", "0.01"),
        ("+00012.", "12.00"),
        (".5", "0.50"),
        (0, "0.00"),
        ("999999999999.99", "999999999999.99"),
    ],
)
def test_a_budget_is_a_number_or_text_and_returned_with_two_decimals(
    alice: Person, amount: Any, answer: str
) -> None:
    assert logged(alice, budget_amount=amount, budget_currency="JPY")["budget_amount"] == answer


@pytest.mark.parametrize(
    "amount",
    [
        "-1",
        -0.01,
        "1e3",
        "NaN",
        "Infinity",
        "1,000",
        "",
        "abc",
        "٣",
        "999999999999.995",
        10**15,
        True,
        [1],
        {"amount": 1},
        "1_000",
        " 1",
    ],
)
def test_any_other_budget_is_422(alice: Person, amount: Any) -> None:
    status, found = detail(
        alice.api.post(
            "/enquiries",
            json={"customer_name": "X", "budget_amount": amount, "budget_currency": "INR"},
        )
    )
    assert status == 422
    assert found[0][1][:2] == ["body", "budget_amount"]


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_allow_are_422(alice: Person, raw: str) -> None:
    answer = alice.api.post(
        "/enquiries",
        data=f'{{"customer_name":"X","budget_amount":{raw},"budget_currency":"INR"}}',
        content_type="application/json",
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"budget_currency": "inr"}, "invalid_currency"),
        ({"budget_currency": "RUPEE"}, "invalid_currency"),
        ({"budget_currency": ""}, "invalid_currency"),
        ({"budget_currency": "XXQ"}, "invalid_currency"),
        ({"depart_date": "2027-02-06", "return_date": "2027-02-05"}, "invalid_date_range"),
        ({"pax_count": 0}, "invalid_pax_count"),
        ({"pax_count": -5}, "invalid_pax_count"),
        ({"budget_amount": 1}, "budget_currency_required"),
        (
            {
                "budget_currency": "x",
                "depart_date": "2027-02-06",
                "return_date": "2027-02-05",
                "pax_count": 0,
            },
            "invalid_currency",
        ),
        (
            {
                "depart_date": "2027-02-06",
                "return_date": "2027-02-05",
                "pax_count": 0,
                "budget_amount": 1,
            },
            "invalid_date_range",
        ),
        ({"pax_count": 0, "budget_amount": 1}, "invalid_pax_count"),
    ],
)
def test_rules_are_checked_in_the_documented_order(
    alice: Person, body: dict[str, Any], code: str
) -> None:
    assert detail(alice.api.post("/enquiries", json={"customer_name": "X"} | body)) == (400, code)
    made = logged(alice)
    assert detail(alice.api.patch(f"/enquiries/{made['id']}", json=body)) == (400, code)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "customer_name"),
        ({"customer_name": "   "}, "customer_name"),
        ({"customer_name": "x" * 256}, "customer_name"),
        ({"customer_name": 5}, "customer_name"),
        ({"customer_email": "x" * 256}, "customer_email"),
        ({"customer_phone": "x" * 65}, "customer_phone"),
        ({"origin": "x" * 129}, "origin"),
        ({"destination": "x" * 129}, "destination"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"notes": "a\x00b"}, "body"),
        ({"depart_date": "2027-02-30"}, "depart_date"),
        ({"depart_date": "6 Feb 2027"}, "depart_date"),
        ({"depart_date": "20270206"}, "depart_date"),
        ({"depart_date": 1800000000}, "depart_date"),
        ({"return_date": "1899-12-31"}, "return_date"),
        ({"return_date": "2201-01-01"}, "return_date"),
        ({"pax_count": "2"}, "pax_count"),
        ({"pax_count": 1.5}, "pax_count"),
        ({"pax_count": True}, "pax_count"),
        ({"pax_count": 2**31}, "pax_count"),
        ({"status": "open"}, "status"),
        ({"session_id": 7}, "session_id"),
        ({"tenant_id": str(uuid4())}, "tenant_id"),
        ({"id": str(uuid4())}, "id"),
    ],
)
def test_an_invalid_value_is_422_at_its_field(
    alice: Person, body: dict[str, Any], field: str
) -> None:
    status, found = detail(
        alice.api.post("/enquiries", json=({"customer_name": "X"} | body) if body else body)
    )
    assert status == 422
    assert field in found[0][1]
    if body:
        status, found = detail(alice.api.patch(f"/enquiries/{logged(alice)['id']}", json=body))
        assert status == 422
        assert field in found[0][1]


def test_an_error_never_repeats_the_input(alice: Person) -> None:
    answer = alice.api.post(
        "/enquiries", json={"customer_name": "X", "pax_count": "not-to-be-echoed", "secret-name": 1}
    )
    assert "not-to-be-echoed" not in answer.text


def test_a_linked_conversation_must_belong_to_the_agency(alice: Person, charlie: Person) -> None:
    theirs = charlie.api.post(f"/enquiries/{logged(charlie)['id']}/promote-to-session").json[
        "session_id"
    ]
    mine = alice.api.post(f"/enquiries/{logged(alice)['id']}/promote-to-session").json["session_id"]
    made = logged(alice, session_id=mine.upper())
    assert made["session_id"] == mine
    for call in (
        lambda **body: alice.api.post("/enquiries", json={"customer_name": "X"} | body),
        lambda **body: alice.api.patch(f"/enquiries/{made['id']}", json=body),
    ):
        assert detail(call(session_id="s-1")) == (422, "invalid_session_id")
        assert detail(call(session_id="")) == (422, "invalid_session_id")
        for stranger in (theirs, str(uuid4())):
            assert detail(call(session_id=stranger)) == (404, "session_not_found")
    assert (
        alice.api.patch(f"/enquiries/{made['id']}", json={"session_id": None}).json["session_id"]
        is None
    )


def test_absent_members_are_kept_and_null_clears(alice: Person) -> None:
    made = logged(alice, **WHOLE)
    answer = alice.api.patch(
        f"/enquiries/{made['id']}",
        json={"origin": None, "notes": "", "budget_amount": 5, "customer_name": " New "},
    )
    assert answer.status_code == 200
    changed = answer.json
    assert set(changed) == FIELDS
    assert changed["updated_at"] > made["updated_at"]
    expected = {
        "origin": None,
        "notes": "",
        "budget_amount": "5.00",
        "customer_name": "New",
        "updated_at": changed["updated_at"],
    }
    assert changed == made | expected
    assert alice.api.get(f"/enquiries/{made['id']}").json == changed
    assert alice.api.patch(f"/enquiries/{made['id']}", json={}).json == changed


@pytest.mark.parametrize("field", ["status", "customer_name", "pax_count"])
def test_three_fields_cannot_be_null(alice: Person, field: str) -> None:
    for enquiry_id in (logged(alice)["id"], str(uuid4())):
        assert detail(alice.api.patch(f"/enquiries/{enquiry_id}", json={field: None})) == (
            422,
            f"{field}_cannot_be_null",
        )


def test_a_change_is_checked_on_the_merged_enquiry(alice: Person) -> None:
    path = f"/enquiries/{logged(alice, **WHOLE)['id']}"
    assert detail(alice.api.patch(path, json={"depart_date": "2027-02-07"})) == (
        400,
        "invalid_date_range",
    )
    assert detail(alice.api.patch(path, json={"budget_currency": None})) == (
        400,
        "budget_currency_required",
    )
    assert (
        alice.api.patch(path, json={"depart_date": "2027-02-07", "return_date": None}).status_code
        == 200
    )


def test_a_closed_enquiry_cannot_be_reopened_but_edited(alice: Person) -> None:
    for closed, other in (("booked", "cancelled"), ("cancelled", "booked")):
        path = f"/enquiries/{logged(alice, status=closed)['id']}"
        for opened in ("new", "quoted"):
            assert detail(alice.api.patch(path, json={"status": opened})) == (
                400,
                "invalid_status_transition",
            )
        assert alice.api.patch(path, json={"notes": "x"}).status_code == 200
        assert alice.api.patch(path, json={"status": other}).json["status"] == other


def test_if_match_refuses_an_outdated_version(alice: Person) -> None:
    answer = alice.api.post("/enquiries", json={"customer_name": "X"})
    path, mark = f"/enquiries/{answer.json['id']}", answer.headers["ETag"]
    changed = alice.api.patch(path, json={"notes": "1"}, headers={"If-Match": mark})
    assert changed.status_code == 200
    for stale in (mark, '"1"', "W/" + changed.headers["ETag"], "nonsense", '"9999999999999999"'):
        assert detail(alice.api.patch(path, json={"notes": "2"}, headers={"If-Match": stale})) == (
            412,
            "enquiry_changed",
        )
    assert (
        alice.api.patch(
            path, json={"notes": "3"}, headers={"If-Match": changed.headers["ETag"]}
        ).status_code
        == 200
    )
    assert alice.api.patch(path, json={"notes": "4"}, headers={"If-Match": "*"}).status_code == 200


def test_operations_refuse_anonymous_viewers_and_other_agencies(
    app: Flask, alice: Person, victor: Person, charlie: Person
) -> None:
    made = logged(alice)
    nobody = ApiClient(app.test_client(), None)
    calls = [
        ("post", "/enquiries", {"json": {"wrong": 1}}),
        ("patch", f"/enquiries/{made['id']}", {"json": {"wrong": 1}}),
        ("patch", "/enquiries/nothing", {"json": {"wrong": 1}}),
        ("post", f"/enquiries/{made['id']}/promote-to-session", {}),
    ]
    for verb, path, options in calls:
        assert detail(getattr(nobody, verb)(path, **options)) == (401, "unauthorized"), path
        assert detail(getattr(victor.api, verb)(path, **options)) == (403, "forbidden_role"), path
    for path in (
        "/enquiries",
        "/enquiries?limit=0",
        f"/enquiries/{made['id']}",
        "/enquiries/nothing",
    ):
        assert detail(nobody.get(path)) == (401, "unauthorized"), path
    assert victor.api.get("/enquiries").json["total"] == 1
    assert victor.api.get(f"/enquiries/{made['id']}").json == made
    for enquiry_id in (made["id"], str(uuid4()), "nothing", made["id"].replace("-", "")):
        assert detail(charlie.api.get(f"/enquiries/{enquiry_id}")) == (404, "enquiry_not_found")
        assert detail(charlie.api.patch(f"/enquiries/{enquiry_id}", json={"notes": "x"})) == (
            404,
            "enquiry_not_found",
        )
        assert detail(charlie.api.post(f"/enquiries/{enquiry_id}/promote-to-session")) == (
            404,
            "enquiry_not_found",
        )
    assert charlie.api.get("/enquiries").json == {
        "items": [],
        "total": 0,
        "limit": 50,
        "offset": 0,
        "next_cursor": None,
    }
    assert alice.api.delete(f"/enquiries/{made['id']}").status_code == 405
