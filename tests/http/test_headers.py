"""Headers of every response, and fields of every log line."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.http.conftest import Variant
from tests.http.operations import CALLS
from tests.people import Person

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
ORIGIN = {"Origin": "https://agency.example"}


def answers(app: Flask, alice: Person) -> list[Any]:
    """Responses of every kind.

    They are success and error; JSON, page and file; signed in and anonymous.
    """
    client, browser = app.test_client(), alice.browser
    return [
        client.get("/health"),
        client.get("/api/auth/me"),
        client.get("/api/nowhere"),
        client.post("/api/health"),
        client.post("/api/auth/sign-in", data=b"{", content_type="application/json"),
        client.post("/api/auth/sign-in", data=b"x" * 100_000, content_type="application/json"),
        client.get("/sign-in"),
        client.get("/team"),
        client.get("/nowhere"),
        client.post("/sign-in"),
        client.get("/static/css/voyagent.css"),
        client.get("/static/nowhere.css"),
        client.options("/sign-in"),
        client.get("/%00"),
        browser.get("/team"),
        browser.get("/sign-out"),
        alice.api.get("/auth/me"),
    ]


def test_every_response_has_a_request_id_and_security_headers(app: Flask, alice: Person) -> None:
    for answer in answers(app, alice):
        where = f"{answer.request.method} {answer.request.path} {answer.status_code}"
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"]), where
        for name, value in EVERYWHERE.items():
            assert answer.headers[name] == value, where
        assert answer.headers["Permissions-Policy"], where
        assert "Server" not in answer.headers
        assert "Strict-Transport-Security" not in answer.headers  # only over https


def test_the_content_security_policy_allows_only_own_scripts_and_styles(
    app: Flask, alice: Person
) -> None:
    for answer in answers(app, alice):
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'self'"
        assert policy["img-src"] == "'self' data:"
        assert (policy["object-src"], policy["base-uri"], policy["frame-ancestors"]) == (
            "'none'",
            "'none'",
            "'none'",
        )
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "style-src" not in policy


def test_only_the_api_reference_may_use_empty_styles_and_data_fonts(app: Flask) -> None:
    usual = app.test_client().get("/sign-in").headers["Content-Security-Policy"]
    reference = app.test_client().get("/api/docs").headers["Content-Security-Policy"]
    empty = b64encode(sha256(b"").digest()).decode()
    assert reference == f"{usual}; style-src 'self' 'sha256-{empty}'; font-src 'self' data:"


def test_only_static_files_may_be_cached(app: Flask, alice: Person) -> None:
    for answer in answers(app, alice):
        is_file = answer.request.path == "/static/css/voyagent.css"
        assert answer.headers["Cache-Control"] == (
            "public, no-cache" if is_file else "no-store"
        ) or answer.request.path.startswith("/static/")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_error_body_contains_the_request_id(app: Flask, call: Any) -> None:
    answer = app.test_client().open(
        call.address(),
        method=call.operation.method,
        data=b"x" * 300_000,
        content_type="application/json",
    )
    assert answer.status_code == 413
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ("client-1234", True),
        ("a" * 64, True),
        ("short", False),
        ("a" * 65, False),
        ("with space in it", False),
        ("<script>alert(1)", False),
    ],
)
def test_a_valid_request_id_of_the_client_is_used(app: Flask, given: str, is_taken: bool) -> None:
    answer = app.test_client().get("/health", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) == is_taken


def test_every_request_is_logged_in_one_line_without_values(
    app: Flask, alice: Person, log_lines: list[dict[str, Any]]
) -> None:
    client = app.test_client()
    for path in (
        "/api/enquiries/secret-id-1234?q=secret-query&token=secret-token",
        "/nowhere/secret-path",
        "/sign-in?next=/secret-next",
    ):
        log_lines.clear()
        answer = client.get(
            path, headers={"Authorization": "Bearer secret-bearer", "Cookie": "x=secret-cookie"}
        )
        (line,) = log_lines
        assert line["request_id"] == answer.headers["X-Request-Id"]
        assert (line["method"], line["status"]) == ("GET", answer.status_code)
        assert line["ms"] >= 0
        assert "secret" not in str(line)
    log_lines.clear()
    client.get("/api/enquiries/x?q=1&token=2")
    assert log_lines[0]["route"] == "/api/enquiries/<enquiry_id>"
    assert log_lines[0]["arguments"] == ["q"]
    client.get("/nowhere")
    assert log_lines[1]["route"] == ":unmatched"


def test_a_served_file_is_not_logged(app: Flask, log_lines: list[dict[str, Any]]) -> None:
    app.test_client().get("/static/css/voyagent.css")
    app.test_client().get("/static/nowhere.css")
    assert [line["status"] for line in log_lines] == [404]


# Other origins
# --------------------------------------------------------------------------------


def preflight(client: FlaskClient, **headers: str) -> Any:
    return client.options(
        "/api/auth/me",
        headers={
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
            **headers,
        },
    )


def test_only_responses_that_depend_on_a_cookie_vary_with_it(app: Flask, alice: Person) -> None:
    assert "Vary" not in alice.api.get("/auth/me").headers
    assert "Cookie" in alice.browser.get("/invoices").headers["Vary"]
    assert "Cookie" in app.test_client().get("/sign-in").headers["Vary"]


def test_no_other_origin_may_read_by_default(app: Flask, alice: Person) -> None:
    for answer in (
        preflight(app.test_client(), **ORIGIN),
        alice.api.get("/auth/me", headers=ORIGIN),
    ):
        assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]
    assert preflight(app.test_client(), **ORIGIN).status_code == 405


def test_a_named_origin_may_read_the_api_without_cookies(variant: Variant, alice: Person) -> None:
    client = variant(api_cors_origins="https://agency.example, https://other.example").test_client()
    allowed = preflight(client, **ORIGIN)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://agency.example"
    assert {"Authorization", "Content-Type", "If-Match", "Last-Event-ID", "*"} <= set(
        allowed.headers["Access-Control-Allow-Headers"].split(", ")
    )
    answer = client.get(
        "/api/auth/me", headers={**ORIGIN, "Authorization": f"Bearer {alice.access_token}"}
    )
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (
        200,
        "https://agency.example",
    )
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    for refused in (
        preflight(client, Origin="https://evil.example"),
        client.get("/api/auth/me", headers={"Origin": "https://evil.example"}),
        client.get("/sign-in", headers=ORIGIN),
    ):
        assert "Access-Control-Allow-Origin" not in refused.headers
