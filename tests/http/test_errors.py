"""Errors on pages and API: status, message and code, without internals."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import IterUnreader

from tests.http.conftest import Variant
from tests.people import Person, csrf
from voyagent.http.errors import sentence_of, status_of
from voyagent.identity.service import own_sessions
from voyagent.kernel import errors
from voyagent.kernel.db import db
from voyagent.settings.service import tenant_settings as settings

HTMX = {"HX-Request": "true"}
ROOT = Path(__file__).resolve().parents[2]
INSIDE = ("Traceback", "psycopg", "sqlalchemy", "SELECT", str(ROOT), ".py", "secret-inside")
GIVEN = "neha@sharma.example"


def fails() -> None:
    raise LookupError("secret-inside")


def overflows() -> None:
    db.session.execute(sa.text("select cast(:n as bigint)"), {"n": "9" * 40})


def names_what_there_is_not() -> None:
    db.session.execute(sa.text("select cast(:n as text) from nowhere"), {"n": GIVEN})


def is_clean(answer: Any) -> bool:
    return not any(word in answer.text for word in INSIDE)


# The table
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.Invalid, 400),
        (errors.StructuredInvalid, 400),
        (errors.Unauthorized, 401),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.Unprocessable, 422),
        (errors.TooManyRequests, 429),
        (errors.Unavailable, 503),
        (errors.VoyagentError, 500),
    ],
)
def test_every_kind_of_failure_has_its_status(
    kind: type[errors.VoyagentError], status: int
) -> None:
    assert status_of(kind) == status
    assert status_of(type("Narrower", (kind,), {})) == status


# Reasons of an effect that runs after the decision, in the worker: they are written on the proposal
# and never reach a client.
NEVER_RETURNED = {"ToolUnknown", "ArgumentsChanged", "SupplierError"}


def test_every_error_class_has_status_code_and_message() -> None:
    def below(kind: type) -> set[type]:
        return {kind}.union(*(below(inner) for inner in kind.__subclasses__()))

    for kind in below(errors.VoyagentError) - {errors.VoyagentError}:
        if kind.__module__.startswith("voyagent"):
            assert (
                status_of(kind) < 500
                or issubclass(kind, errors.Unavailable)
                or kind.__name__ in NEVER_RETURNED
            ), kind
            assert kind.code == kind.code.lower().strip(), kind
            assert kind.message.endswith("."), kind


# Programs
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/api", 404, "Not Found"),
        ("GET", "/api/", 404, "Not Found"),
        ("GET", "/api/nowhere", 404, "Not Found"),
        ("GET", "/api/enquiries/", 404, "Not Found"),
        ("GET", "/internal/nowhere", 404, "Not Found"),
        ("PUT", "/api/enquiries", 405, "Method Not Allowed"),
        ("POST", "/api/auth/me", 405, "Method Not Allowed"),
        ("DELETE", "/health", 405, "Method Not Allowed"),
        ("OPTIONS", "/api/auth/me", 405, "Method Not Allowed"),
    ],
)
def test_unknown_routes_and_methods_are_reported_first(
    app: Flask, method: str, path: str, status: int, detail: str
) -> None:
    answer = app.test_client().open(
        path, method=method, data=b"\x00{", content_type="text/plain", query_string="x=%00"
    )
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    assert answer.json["detail"] == detail
    if status == 405:
        assert answer.headers["Allow"]


def test_an_error_has_a_code_for_programs_and_a_sentence_for_people(app: Flask) -> None:
    answer = app.test_client().get("/api/auth/me")
    assert answer.json == {
        "detail": "unauthorized",
        "request_id": answer.headers["X-Request-Id"],
        "message": "Please sign in again.",
    }


def test_an_unexpected_error_reveals_no_internals(variant: Variant) -> None:
    client = variant({"/api/fails": fails, "/fails": fails}).test_client()
    answer = client.get("/api/fails")
    assert (answer.status_code, answer.json["detail"]) == (500, "internal_error")
    assert is_clean(answer)
    page = client.get("/fails")
    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert page.headers["X-Request-Id"] in page.text
    assert is_clean(page)


def test_a_database_range_error_is_a_422(
    variant: Variant,
) -> None:
    answer = variant({"/api/overflows": overflows}).test_client().get("/api/overflows")
    assert answer.status_code == 422
    assert answer.json["detail"] == [
        {
            "type": "value_out_of_range",
            "loc": ["body"],
            "msg": "A value is outside what can be stored",
        }
    ]
    assert is_clean(answer)


# People
# --------------------------------------------------------------------------------


def page_of(answer: Any, status: int) -> Any:
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert '<main id="main"' in answer.text
    assert "<h1" in answer.text
    assert is_clean(answer)
    return answer


def test_every_error_page_has_a_text_and_a_link(app: Flask, alice: Person, victor: Person) -> None:
    client, browser, reader = app.test_client(), alice.browser, victor.browser
    page_of(client.get("/nowhere"), 404)
    page_of(client.get("/sign-out"), 405)
    page_of(client.post("/sign-in", data={"email": "x"}), 400)
    page_of(client.post("/sign-in", data={"email": "x" * 300_000}), 413)
    page_of(client.get("/sign-in?next=%00"), 422)
    page_of(client.post("/sign-in", data={"email": "a\x00b"}), 422)
    page_of(browser.get("/enquiries/nonsense"), 404)
    forbidden = page_of(reader.post("/team", data={"csrf_token": csrf(reader, "/team")}), 403)
    assert "Your role does not allow this" in forbidden.text


def test_the_error_page_of_a_signed_in_user_has_the_menu(alice: Person) -> None:
    answer = alice.browser.get("/enquiries/nonsense")
    assert answer.status_code == 404
    assert 'aria-label="Main"' in answer.text
    assert alice.actor.full_name in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nope", 404),
        ("/settings/x", 404),
        ("/account/security/confirm", 405),
        ("/sign-in?next=%00", 422),
    ],
)
def test_the_404_page_of_an_unknown_path_has_the_users_language_and_menu(
    alice: Person, path: str, status: int
) -> None:
    alice.does(settings.update, {"locale": "hi"})
    answer = page_of(alice.browser.get(path), status)
    assert '<html lang="hi"' in answer.text
    assert 'aria-label="मुख्य"' in answer.text
    assert alice.actor.full_name in answer.text


def test_the_error_page_of_an_anonymous_visitor_has_no_menu(alice: Person) -> None:
    browser = alice.browser
    alice.does(own_sessions.end_own_sessions, keep_this=False)
    answer = page_of(browser.get("/nope"), 404)
    assert alice.actor.full_name not in answer.text


def test_an_error_page_has_no_menu_if_the_database_is_unavailable(
    dead: Flask, alice: Person
) -> None:
    browser, name = dead.test_client(), dead.config["SESSION_COOKIE_NAME"]
    cookie = alice.browser.get_cookie(name)
    assert cookie is not None
    browser.set_cookie(name, cookie.value)
    page_of(browser.get("/nope"), 404)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (1, "in one second."),
        (3, "in 3 seconds."),
        (89, "in 89 seconds."),
        (90, "in 2 minutes."),
        (720, "in 12 minutes."),
        (3600, "in 60 minutes."),
        (7201, "in 3 hours."),
    ],
)
def test_a_rate_limit_error_states_its_duration(app: Flask, seconds: int, expected: str) -> None:
    with app.test_request_context("/"):
        assert (
            sentence_of(errors.TooManyRequests(retry_after_s=seconds))
            == f"Too many requests. Try again {expected}"
        )


@pytest.mark.parametrize(
    ("path", "status"),
    [("/enquiries/nonsense", 404), ("/sign-out", 405), ("/sign-in?next=%00", 422)],
)
def test_an_htmx_request_gets_errors_as_a_fragment_for_the_alerts(
    alice: Person, path: str, status: int
) -> None:
    answer = alice.browser.get(path, headers=HTMX)
    assert answer.status_code == status
    assert "<html" not in answer.text
    assert f'data-status="{status}"' in answer.text
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#alerts", "innerHTML")


def test_a_path_is_escaped_in_an_error_page(app: Flask) -> None:
    answer = app.test_client().get("/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


# The body does not arrive as announced
# --------------------------------------------------------------------------------


def send(app: Flask, path: str, body: Any, kind: str, **environ: Any) -> Any:
    return app.test_client().post(
        path,
        content_type=kind,
        environ_overrides={
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
            **environ,
        },
    )


def chunks(*pieces: bytes) -> Body:
    return Body(ChunkedReader(SimpleNamespace(), IterUnreader(pieces)))


MALFORMED = [
    (b"xyz\r\nhello\r\n0\r\n\r\n", "InvalidChunkSize"),
    (b"5\r\nhello, world\r\n0\r\n\r\n", "ChunkMissingTerminator"),
    (b"5;a=\x01\r\nhello\r\n0\r\n\r\n", "InvalidChunkExtension"),
    (b"5\r\nhello\r\n0\r\nX: 1\n", "InvalidHeader"),
]


@pytest.mark.parametrize(("sent", "reason"), MALFORMED)
def test_a_malformed_chunk_is_a_400_with_one_log_line(
    app: Flask, log_lines: list[dict[str, Any]], sent: bytes, reason: str
) -> None:
    answer = send(app, "/api/auth/sign-in", chunks(sent), "application/json")
    assert (answer.status_code, answer.json["detail"]) == (400, "malformed_body")
    (line,) = log_lines
    assert (line["status"], line["malformed"]) == (400, reason)


def test_a_malformed_chunk_of_a_form_is_a_400_page_without_a_traceback(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = "application/x-www-form-urlencoded"
    page = page_of(send(app, "/sign-in", chunks(b"5\r\nemail=\r\n"), kind), 400)
    assert "The request was damaged on its way." in page.text
    assert "request.failed" not in capsys.readouterr().out


def test_chunks_that_end_early_are_a_400(app: Flask) -> None:
    answer = send(app, "/api/auth/sign-in", chunks(b"5\r\nhel"), "application/json")
    assert (answer.status_code, answer.json["detail"]) == (400, "bad_request")


def test_a_part_of_a_body_is_not_taken_for_the_whole(app: Flask) -> None:
    sent = b'{"email": "a@malabar.example", "password": "x"}'
    body = Body(LengthReader(IterUnreader([sent]), len(sent) + 1))
    answer = send(
        app, "/api/auth/sign-in", body, "application/json", CONTENT_LENGTH=str(len(sent) + 1)
    )
    assert (answer.status_code, answer.json["detail"]) == (400, "bad_request")


@pytest.mark.parametrize("error", [TimeoutError, BlockingIOError])
def test_a_body_that_stops_arriving_is_a_408(app: Flask, error: type[OSError]) -> None:
    class Stalled:
        def read(self, _size: int) -> bytes:
            raise error

    answer = send(app, "/api/auth/sign-in", Body(Stalled()), "application/json")
    assert (answer.status_code, answer.json["detail"]) == (408, "request_timeout")
    page_of(send(app, "/sign-in", Body(Stalled()), "application/x-www-form-urlencoded"), 408)


# Database outage
# --------------------------------------------------------------------------------


@pytest.fixture
def dead(variant: Variant) -> Flask:
    return variant(db_url="postgresql://nobody@127.0.0.1:9/nothing")


def test_an_unavailable_database_is_503_on_pages_and_api(dead: Flask, alice: Person) -> None:
    client = dead.test_client()
    bearer = {"Authorization": f"Bearer {alice.access_token}"}
    calls: list[Callable[[], Any]] = [
        lambda: client.get("/api/auth/me", headers=bearer),
        lambda: client.get("/api/enquiries", headers=bearer),
        lambda: client.post("/api/enquiries", headers=bearer, json={"customer_name": "x"}),
        lambda: client.post("/api/auth/sign-in", json={"email": alice.email, "password": "x"}),
        lambda: client.get("/health/db"),
    ]
    for call in calls:
        answer = call()
        assert (answer.status_code, answer.json["detail"]) == (503, "database_unreachable")
        assert answer.headers["Retry-After"] == "5"
        assert is_clean(answer)
    page = client.get("/sign-in")
    page_of(page, 503)
    assert page.headers["Retry-After"] == "5"
    assert client.get("/health").status_code == 200


def test_requests_refused_before_any_query_need_no_database(dead: Flask) -> None:
    client = dead.test_client()
    assert client.get("/api/auth/me").status_code == 401
    assert client.get("/api/nowhere").status_code == 404
    assert client.post("/api/auth/sign-in", json={}).status_code == 422


def test_a_full_pool_is_503_and_not_500(variant: Variant, alice: Person) -> None:
    app = variant(db_pool_size=1)
    with app.app_context():
        pool = db.engine.pool
        pool._timeout = 0.1  # noqa: SLF001 - or the test waits five seconds
        held = [db.engine.connect() for _ in range(2)]
    try:
        answer = app.test_client().post(
            "/api/auth/sign-in", json={"email": alice.email, "password": "x"}
        )
        assert (answer.status_code, answer.json["detail"]) == (503, "database_unreachable")
    finally:
        for connection in held:
            connection.close()
    assert (
        app.test_client()
        .post(
            "/api/auth/sign-in",
            json={"email": f"{secrets.token_hex(4)}@malabar.example", "password": "x"},
        )
        .status_code
        == 401
    )


def test_a_statement_that_runs_too_long_is_cancelled(variant: Variant) -> None:
    def sleeps() -> str:
        db.session.execute(sa.text("select pg_sleep(5)"))
        return "done"

    answer = (
        variant({"/api/sleeps": sleeps}, db_statement_timeout_ms=200)
        .test_client()
        .get("/api/sleeps")
    )
    assert answer.status_code == 503
    assert is_clean(answer)


def test_parameters_of_a_failed_statement_are_not_logged(
    variant: Variant, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has the failed statement without its parameters.

    An address and a hash are among the parameters.
    """
    app = variant(routes={"/broken": names_what_there_is_not})
    assert app.test_client().get("/broken").status_code == 500
    output = capsys.readouterr()
    assert "request.failed" in output.out
    assert "from nowhere" in output.out
    assert GIVEN not in output.out + output.err
