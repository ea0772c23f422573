"""Generated requests get only responses that the API document describes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings as how
from schemathesis.generation import GenerationMode

from tests.http.operations import WITH_IDS, Call
from tests.http.owned import Owner
from tests.people import People, Person
from voyagent.http.openapi import document
from voyagent.routes import APIS

EXAMPLES = 3
SPEC = document(APIS, version="0", description="")
# A header that may hold any text cannot be sent wrongly.
FREE_HEADER = {"in": "header", "required": False, "schema": {"type": "string"}}
HAS_INPUT = {
    (method.upper(), path)
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if operation.get("requestBody")
    or any(
        not FREE_HEADER.items() <= parameter.items()
        for parameter in operation.get("parameters", ())
    )
}
# Without Redis its probe answers 503, as the document says.
MAY_BE_AWAY = {"/health/redis", "/api/health/redis"}
# Signing out would end the machine's own session; it is tested by hand.
OPERATIONS = sorted(
    (method.upper(), path)
    for path, item in SPEC["paths"].items()
    for method in item
    if "sign-out" not in path
)
# A stream runs a turn, and its schema is given event by event; the conversation's own tests read
# it.
STREAMS = [call for call in WITH_IDS if call.operation.media_type.startswith("text/event-stream")]
# Their bodies may name what is not there: a conversation, a document that a payment settles, the
# trip that a document is of, the record that is about a person.
MAY_NAME = (
    "/api/capabilities",
    "/api/trips",
    "/api/parties/<party_id>/merges",
    "/api/payments",
    "/api/payouts",
    "/api/privacy/parties",
    "/api/received-cheques",
    "/api/refunds",
    "/api/supplier-claims",
    "/api/invoices",
    "/api/bills",
)
EXAMPLE = how(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# For a request that has only ids.
ONE_EXAMPLE = how(EXAMPLE, max_examples=1)
schemathesis.checks.load_all_checks()
CONFORMANCE = schemathesis.checks.CHECKS.get_by_names(
    ["status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
NO_FAULT = schemathesis.checks.CHECKS.get_by_names(["not_a_server_error"])


@pytest.fixture(scope="module")
def reader(app: Flask) -> str:
    """The access token of an administrator who only reads."""
    return new_administrator(app).access_token


def new_administrator(app: Flask) -> Person:
    """Sign up an administrator for one operation.

    Its requests may end the session or change the password.
    """
    return People(app).sign_up("Mallory Machine", agency="Machine Travels")


def token_for(app: Flask, reader: str, method: str) -> str:
    return reader if method == "GET" else new_administrator(app).access_token


@pytest.fixture(scope="session")
def described(app: Flask) -> Any:
    """The document, tied to the application."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


@pytest.mark.parametrize(
    ("method", "path"), [operation for operation in OPERATIONS if "{" not in operation[1]]
)
def test_valid_requests_get_documented_responses(
    app: Flask, described: Any, reader: str, method: str, path: str
) -> None:
    """Operations on a record are tested below, with records that exist."""
    _try(
        described[path][method],
        GenerationMode.POSITIVE,
        token_for(app, reader, method),
        CONFORMANCE if path in MAY_BE_AWAY else CONFORMANCE + NO_FAULT,
    )


@pytest.mark.parametrize(
    ("method", "path"), [operation for operation in OPERATIONS if operation in HAS_INPUT]
)
def test_invalid_requests_get_documented_errors(
    described: Any, reader: str, method: str, path: str
) -> None:
    """The id of a record is unknown or malformed, so 404 is documented too."""
    _try(described[path][method], GenerationMode.NEGATIVE, reader, CONFORMANCE + NO_FAULT)


@pytest.mark.parametrize(
    "call", [call for call in WITH_IDS if call not in STREAMS], ids=lambda call: call.name
)
def test_valid_requests_for_own_records_get_documented_responses(
    app: Flask, described: Any, owned: Owner, call: Call
) -> None:
    """With a generated id each of these operations returns 404.

    Here each request that can change a record has its own new one.
    """
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", call.path)
    operation = described[path][call.operation.method]
    assert "404" in SPEC["paths"][path][call.operation.method.lower()]["responses"]
    is_read = call.operation.method == "GET"
    machine = owned(call).owner if is_read else new_administrator(app)
    answered: set[int] = set()

    def ask(case: schemathesis.Case, **mine: object) -> None:
        things = mine or (owned(call).ids if is_read else call.things(machine))
        case.path_parameters = {name: str(thing) for name, thing in things.items()}
        answer = case.call(headers=_headers(machine.access_token))
        case.validate_response(answer, checks=CONFORMANCE + NO_FAULT)
        answered.add(answer.status_code)

    @(EXAMPLE if call.operation.body or call.operation.query else ONE_EXAMPLE)
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def keeps_to_it(case: schemathesis.Case) -> None:
        ask(case)

    keeps_to_it()
    if call.operation.status not in answered and call.operation.body is not None:
        # Few of the days that are made up are still to come.
        mine = call.things(machine)
        body = call.body_of(machine)  # it may be about a record of the path
        ask(operation.Case(body=body, media_type="application/json"), **mine)
    assert call.operation.status in answered, answered
    assert 404 not in answered or call.path.startswith(MAY_NAME)


def _try(operation: Any, mode: GenerationMode, token: str, checks: list[Any]) -> None:
    @EXAMPLE
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps_to_it(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=_headers(token), checks=checks)

    keeps_to_it()


def _headers(token: str) -> dict[str, str]:
    """Return headers of a client that does not accept compressed responses."""
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
