"""Parallel requests to enquiries: promotion, changes and counters."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask

from tests.chat.parallel import at_once
from tests.enquiries.wire import FIELDS, logged
from tests.people import Person


def test_promoting_returns_enquiry_and_conversation(alice: Person) -> None:
    made = logged(alice, status="cancelled")
    answer = alice.api.post(f"/enquiries/{made['id']}/promote-to-session")
    assert answer.status_code == 200
    assert set(answer.json) == {"enquiry", "session_id"}
    assert set(answer.json["enquiry"]) == FIELDS
    assert answer.json["enquiry"]["session_id"] == answer.json["session_id"]
    assert answer.json["enquiry"]["status"] == "cancelled"
    assert alice.api.post(f"/enquiries/{made['id']}/promote-to-session").json == answer.json


def test_sixteen_parallel_promotions_make_one_conversation(
    alice: Person, bob: Person, app_engine: sa.Engine
) -> None:
    made = logged(alice)
    clients = [(alice if number % 2 else bob).api for number in range(16)]
    answers = at_once(
        [
            lambda client=client: client.post(f"/enquiries/{made['id']}/promote-to-session")
            for client in clients
        ]
    )
    assert [answer.status_code for answer in answers] == [200] * 16
    assert len({answer.json["session_id"] for answer in answers}) == 1
    with app_engine.begin() as connection:
        connection.execute(
            sa.text("select set_config('app.tenant', :t, true)"), {"t": str(alice.actor.tenant_id)}
        )
        assert connection.scalar(sa.text("select count(*) from chat_sessions")) == 1
        assert connection.scalar(sa.text("select count(*) from chat_messages")) == 1
        assert (
            connection.scalar(
                sa.text("select count(*) from audit_events where kind = 'enquiry.promoted'")
            )
            == 1
        )


def test_parallel_changes_of_one_enquiry_are_all_stored(alice: Person) -> None:
    path = f"/enquiries/{logged(alice)['id']}"
    names = (
        "customer_email",
        "customer_phone",
        "origin",
        "destination",
        "notes",
        "depart_date",
        "return_date",
        "pax_count",
    )
    values = {
        name: (
            {"depart_date": "2027-01-01", "return_date": "2027-01-02", "pax_count": 9}.get(
                name, name
            )
        )
        for name in names
    }
    answers = at_once(
        [lambda name=name: alice.api.patch(path, json={name: values[name]}) for name in names]
    )
    assert {answer.status_code for answer in answers} == {200}
    found = alice.api.get(path).json
    assert {name: found[name] for name in names} == values


def test_parallel_writes_keep_the_counters_correct(alice: Person) -> None:
    paths = [f"/enquiries/{logged(alice)['id']}" for _number in range(8)]
    moves = [lambda path=path: alice.api.patch(path, json={"status": "quoted"}) for path in paths]
    answers = at_once(
        [
            *moves,
            *(
                lambda: alice.api.post(
                    "/enquiries", json={"customer_name": "X", "status": "quoted"}
                )
                for _number in range(8)
            ),
        ]
    )
    assert {answer.status_code for answer in answers} == {200, 201}
    assert (
        alice.api.get("/enquiries?status=quoted").json["total"],
        alice.api.get("/enquiries?status=new").json["total"],
    ) == (16, 0)


def test_the_api_document_lists_every_error_code(app: Flask) -> None:
    paths = json.loads(app.test_client().get("/api/openapi.json").data)["paths"]
    expected = {
        ("/api/enquiries", "get"): {
            200: "",
            401: "",
            422: "invalid_created_range invalid_depart_range invalid_cursor",
        },
        ("/api/enquiries", "post"): {
            201: "",
            400: "budget_currency_required invalid_currency invalid_date_range invalid_pax_count",
            401: "",
            403: "",
            404: "session_not_found",
            422: "invalid_session_id",
        },
        ("/api/enquiries/{enquiry_id}", "get"): {200: "", 401: "", 404: "enquiry_not_found"},
        ("/api/enquiries/{enquiry_id}", "patch"): {
            200: "",
            400: "invalid_status_transition invalid_currency",
            404: "enquiry_not_found session_not_found",
            412: "enquiry_changed",
            422: (
                "customer_name_cannot_be_null pax_count_cannot_be_null status_cannot_be_null"
                " invalid_session_id"
            ),
        },
        ("/api/enquiries/{enquiry_id}/promote-to-session", "post"): {
            200: "",
            401: "",
            403: "",
            404: "enquiry_not_found",
        },
    }
    for (path, verb), statuses in expected.items():
        responses = paths[path][verb]["responses"]
        for status, codes in statuses.items():
            described = responses[str(status)]["description"]
            assert all(f"`{code}`" in described for code in codes.split()), (path, verb, status)


def test_times_are_returned_without_loss_of_precision(alice: Person) -> None:
    made = logged(alice)
    at = datetime.strptime(made["created_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
