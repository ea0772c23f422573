"""Order of checks of a request.

Route, size, content type, JSON, bearer, role, schema, resource, state.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests.http.operations import MAKERS
from tests.people import Person

PLAIN, JSON = "text/plain", "application/json"
LARGE = b"x" * 300_000


def patch(
    app: Flask, person: Person | None, path: str, data: bytes, content_type: str = JSON
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {person.access_token}"} if person else {}
    answer = app.test_client().patch(path, data=data, content_type=content_type, headers=headers)
    return answer.status_code, answer.json.get("detail")


@pytest.fixture
def unknown() -> str:
    return f"/api/enquiries/{uuid4()}"


def test_checks_are_made_in_the_documented_order(
    app: Flask, alice: Person, victor: Person, charlie: Person, unknown: str
) -> None:
    """A request has all errors; they are corrected one after the other."""
    wrong, mine = b'{"status": 7, "status": 8}', f"/api/enquiries/{MAKERS['enquiry_id'](alice)}"
    ended = b'{"status": "cancelled"}'
    assert patch(app, None, "/api/enquirie/x", LARGE, PLAIN) == (404, "Not Found")
    assert app.test_client().put(unknown, data=LARGE, content_type=PLAIN).status_code == 405
    assert patch(app, None, unknown, LARGE, PLAIN) == (413, "payload_too_large")
    assert patch(app, None, unknown, b"{", PLAIN) == (415, "unsupported_media_type")
    assert patch(app, None, unknown, b"{")[0] == 422
    assert patch(app, None, unknown, wrong) == (401, "unauthorized")
    assert patch(app, victor, unknown, wrong) == (403, "forbidden_role")
    status, detail = patch(app, alice, unknown, wrong)
    assert (status, [item["type"] for item in detail]) == (422, ["json_duplicate_member"])
    assert patch(app, alice, unknown, b'{"status": 7}')[0] == 422
    assert patch(app, alice, unknown, ended) == (404, "enquiry_not_found")
    assert patch(app, charlie, mine, ended) == (404, "enquiry_not_found")
    assert patch(app, alice, mine, ended)[0] == 200
    assert patch(app, alice, mine, b'{"status": "new"}')[0] in {400, 409}


def test_query_and_body_are_validated_together(alice: Person) -> None:
    answer = alice.api.get("/enquiries?limit=x&offset=-1&depart_from=never")
    assert answer.status_code == 422
    assert sorted(item["loc"] for item in answer.json["detail"]) == [
        ["query", "depart_from"],
        ["query", "limit"],
        ["query", "offset"],
    ]


def test_the_role_is_checked_before_the_query_in_the_read_pool(
    app: Flask, alice: Person, bob: Person
) -> None:
    """The caller of a list is authenticated in its round trip.

    The query is checked afterwards.
    """
    path = "/api/auth/invites?status=nonsense"
    assert app.test_client().get(path).status_code == 401
    assert (
        app.test_client().get(path, headers={"Authorization": "Bearer nonsense"}).status_code == 401
    )
    assert bob.api.get("/auth/invites?status=nonsense").status_code == 403
    assert alice.api.get("/auth/invites?status=nonsense").status_code == 400
    alice.api.post("/auth/sign-out")
    assert alice.api.get("/auth/invites?status=nonsense").status_code == 401
    assert alice.api.get("/enquiries?limit=x").status_code == 401
    assert alice.api.get("/enquiries/nonsense").status_code == 401


def test_a_list_without_reads_still_authenticates(alice: Person) -> None:
    alice.api.post("/auth/sign-out")
    assert alice.api.get("/enquiries?offset=2147483647").status_code == 401


def test_no_input_value_is_repeated_in_an_error_list(alice: Person) -> None:
    secret = "a-secret-value"
    answer = alice.api.post(
        "/enquiries",
        json={
            "customer_name": {"x": secret},
            "pax_count": secret,
            "depart_date": secret,
            "budget_amount": [secret],
            "x" * 200: secret,
        },
    )
    assert answer.status_code == 422
    assert secret not in answer.text
    for item in answer.json["detail"]:
        assert set(item) == {"type", "loc", "msg"}
        assert all(len(str(part)) <= 64 for part in item["loc"])
    assert ["body", "x" * 64] in [item["loc"] for item in answer.json["detail"]]


@pytest.mark.parametrize(
    "poison",
    [
        "/api/enquiries?q=%00",
        "/api/enquiries?q=%FF",
        f"/api/enquiries?q={'x' * 9000}",
        "/api/enquiries/%00",
        "/api/approvals/%00",
    ],
)
def test_authentication_is_checked_before_the_path_parameters(
    app: Flask, alice: Person, poison: str
) -> None:
    nobody, stranger = (
        app.test_client().get(poison),
        app.test_client().get(poison, headers={"Authorization": "Bearer nonsense"}),
    )
    assert [(answer.status_code, answer.json["detail"]) for answer in (nobody, stranger)] == [
        (401, "unauthorized")
    ] * 2
    assert alice.api.get(poison.removeprefix("/api")).status_code == (422 if "?" in poison else 404)


def test_the_role_is_checked_before_the_path_parameters(app: Flask, victor: Person) -> None:
    assert patch(app, victor, "/api/enquiries/%00?x=%00", b"{}") == (403, "forbidden_role")


@pytest.mark.parametrize("wrong", ["nonsense", "%00", "a%00b", "%FF", "%ED%A0%80"])
@pytest.mark.parametrize(
    ("room", "code"),
    [
        ("enquiries", "enquiry_not_found"),
        ("approvals", "approval_not_found"),
        ("chat/sessions", "session_not_found"),
    ],
)
def test_a_malformed_id_is_treated_as_unknown(
    alice: Person, room: str, code: str, wrong: str
) -> None:
    answer = alice.api.get(f"/{room}/{wrong}")
    assert (answer.status_code, answer.json["detail"]) == (404, code)


def test_the_schema_is_checked_before_a_malformed_id(app: Flask, alice: Person) -> None:
    assert patch(app, alice, "/api/enquiries/%00", b'{"status": 7}')[0] == 422
    assert patch(app, alice, "/api/enquiries/%00", b'{"status": "new"}') == (
        404,
        "enquiry_not_found",
    )


@pytest.mark.parametrize(("size", "status"), [(65_536, 401), (65_537, 413), (300_000, 413)])
def test_a_body_without_content_length_is_measured(
    app: Flask, alice: Person, size: int, status: int
) -> None:
    """A body above the limit must not be truncated and accepted."""
    body = f'{{"email": "{alice.email}", "password": "wrong"}}'.encode()
    chunked = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    answer = app.test_client().post(
        "/api/auth/sign-in",
        input_stream=BytesIO(body.ljust(size)),
        content_type=JSON,
        environ_overrides=chunked,
    )
    assert answer.status_code == status
