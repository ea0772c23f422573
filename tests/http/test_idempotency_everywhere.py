"""Every POST operation runs once if it is sent twice with one Idempotency-Key.

A new operation is covered by being registered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.agency_rows import COUNT, rows_of
from tests.assistant.line import FRAME
from tests.http.operations import CALLS, Call
from tests.http.probing import stored_keys
from tests.people import ApiClient, Person
from voyagent.http.idempotency import REPLAYED
from voyagent.routes import openapi

POSTS = [call for call in CALLS if call.operation.method == "POST"]
# Nobody is known yet whose key it could be, or the repeat must be judged by itself.
IGNORED = {
    "POST /api/auth/accept-invite",
    "POST /api/auth/refresh",
    "POST /api/auth/request-password-reset",
    "POST /api/auth/reset-password",
    "POST /api/auth/sign-in",
    "POST /api/auth/sign-in-totp",
    "POST /api/auth/sign-out",
    "POST /api/auth/sign-up",
    "POST /api/auth/verify-email",
}
# Operations that need more than an id and a body to succeed, such as a code. They are sent twice
# here and refused twice.
REFUSED: set[str] = {
    "POST /api/auth/totp/recovery-codes",
    "POST /api/auth/totp/verify",
    "POST /api/tax-treatments/confirm",
}
COVERED = [call for call in POSTS if call.operation.takes_key]


def named(calls: list[Call]) -> Any:
    return pytest.mark.parametrize("call", calls, ids=lambda call: call.name)


@pytest.fixture
def world(owners: sa.Engine, alice: Person) -> Callable[[], dict[str, str | None]]:
    """Count the rows of Alice's agency in each table."""
    return partial(rows_of, owners, alice.actor.tenant_id, COUNT)


def send(alice: Person, call: Call, address: str, body: dict[str, Any] | None) -> Any:
    options = {} if body is None else {"json": body}
    return alice.api.post(
        address.removeprefix("/api"), headers={"Idempotency-Key": "a-key"}, **options
    )


def content(answer: Any, drain: Callable[[], None]) -> str | list[str]:
    """Return the bytes of a response, or the events of a stream.

    The worker has run before the events are read.
    """
    if not answer.is_streamed:
        return answer.text
    drain()
    return [found.group() for found in FRAME.finditer(answer.get_data(as_text=True))]


def test_every_post_is_tested_or_listed_as_an_exception() -> None:
    assert {call.name for call in POSTS if not call.operation.takes_key} <= IGNORED
    assert {call.name for call in COVERED} & IGNORED == set()
    assert len(COVERED) > 5


@named(COVERED)
def test_a_request_sent_twice_with_one_key_runs_once(
    alice: Person, world: Callable[[], dict[str, str | None]], drain: Callable[[], None], call: Call
) -> None:
    address, body = call.address(**call.things(alice)), call.body_of(alice)
    first = send(alice, call, address, body)
    contents = content(first, drain)
    if call.name in REFUSED:
        assert first.status_code >= 400
        assert send(alice, call, address, body).headers.get(REPLAYED) is None
        return
    assert first.status_code == call.operation.status, first.text
    before = world()
    second = send(alice, call, address, body)
    if call.operation.secret_answer:
        assert (second.status_code, second.json["detail"]) == (409, "idempotency_secret_shown")
    else:
        assert (second.status_code, content(second, drain)) == (first.status_code, contents)
        assert (first.headers.get(REPLAYED), second.headers[REPLAYED]) == (None, "true")
        of_the_answer = {name: value for name, value in first.headers if name != "X-Request-Id"}
        assert {
            name: value for name, value in second.headers if name not in {"X-Request-Id", REPLAYED}
        } == of_the_answer
    assert world() == before


@named(COVERED[::8])
def test_without_a_key_no_response_is_stored(
    alice: Person, owner_engine: sa.Engine, call: Call
) -> None:
    """One function stores the responses of all operations."""
    address, body = call.address(**call.things(alice)), call.body()
    answer = alice.api.post(
        address.removeprefix("/api"), **({} if body is None else {"json": body})
    )
    answer.close()
    assert REPLAYED not in answer.headers
    assert stored_keys(owner_engine, alice) == []


@named(COVERED)
def test_the_api_document_describes_the_idempotency_key(app: Flask, call: Call) -> None:
    with app.app_context():
        described: Any = openapi()["paths"]
    operation = described[call.path.replace("<", "{").replace(">", "}")]["post"]
    (header,) = (
        parameter for parameter in operation["parameters"] if parameter["name"] == "Idempotency-Key"
    )
    assert (header["in"], header["required"], header["schema"]["maxLength"]) == (
        "header",
        False,
        255,
    )
    assert REPLAYED in operation["responses"][str(call.operation.status)]["headers"]
    assert "`idempotency_key_reused`" in operation["responses"]["422"]["description"]
    assert "`idempotency_in_progress`" in operation["responses"]["409"]["description"]
    assert (
        "`idempotency_secret_shown`" in operation["responses"]["409"]["description"]
    ) == call.operation.secret_answer


@named([call for call in POSTS if not call.operation.takes_key])
def test_other_operations_ignore_the_key_and_do_not_document_it(app: Flask, call: Call) -> None:
    with app.app_context():
        described: Any = openapi()["paths"]
    operation = described[call.path]["post"]
    assert "Idempotency-Key" not in {
        parameter["name"] for parameter in operation.get("parameters", [])
    }
    body = {} if call.operation.body is None else {"json": call.body()}
    api = ApiClient(app.test_client(), None)
    answers = [
        api.post(call.path.removeprefix("/api"), headers={"Idempotency-Key": key}, **body)
        for key in ("", "a-key", "a-key")
    ]
    assert all(answer.headers.get(REPLAYED) is None for answer in answers)
    assert all(
        "idempotency" not in answer.text and "Idempotency" not in answer.text for answer in answers
    )


def test_the_api_reference_describes_idempotency(app: Flask) -> None:
    page = app.test_client().get("/api/docs").text
    assert "Idempotency-Key" in page
    assert "Idempotent-Replayed: true" in page
