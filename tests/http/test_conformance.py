"""A machine reads our document and tries what it allows and forbids: no 5xx, no status, media type or shape that the document does not name."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings as how
from schemathesis.generation import GenerationMode

from tests.people import People
from voyagent.http.openapi import document
from voyagent.routes import APIS

EXAMPLES = 12
SPEC = document(APIS, version="0", description="")
HAS_INPUT = {(m.upper(), p) for p, item in SPEC["paths"].items() for m, o in item.items() if o.get("parameters") or o.get("requestBody")}
# Without Redis its probe answers 503, as the document says.
MAY_BE_AWAY = {"/health/redis", "/api/health/redis"}
# Signing out would end the machine's own session; it is tested by hand.
OPERATIONS = sorted((method.upper(), path) for path, item in SPEC["paths"].items() for method in item if "sign-out" not in path)
schemathesis.checks.load_all_checks()
CONFORMANCE = schemathesis.checks.CHECKS.get_by_names(["status_code_conformance", "content_type_conformance", "response_schema_conformance"])
NO_FAULT = schemathesis.checks.CHECKS.get_by_names(["not_a_server_error"])


@pytest.fixture(scope="session")
def token(app: Flask) -> str:
    """An administrator's access token."""
    return People(app).sign_up("Mallory Machine", agency="Machine Travels").access_token


@pytest.fixture(scope="session")
def described(app: Flask) -> Any:
    """The document, tied to the application."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_the_document_allows_is_answered_as_it_says(described: Any, token: str, method: str, path: str) -> None:
    _try(described[path][method], GenerationMode.POSITIVE, token, CONFORMANCE if path in MAY_BE_AWAY else CONFORMANCE + NO_FAULT)


@pytest.mark.parametrize(("method", "path"), [operation for operation in OPERATIONS if operation in HAS_INPUT])
def test_what_the_document_forbids_is_refused_as_it_says(described: Any, token: str, method: str, path: str) -> None:
    _try(described[path][method], GenerationMode.NEGATIVE, token, CONFORMANCE + NO_FAULT)


def _try(operation: Any, mode: GenerationMode, token: str, checks: list[Any]) -> None:
    @how(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps_to_it(case: schemathesis.Case) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=checks)

    keeps_to_it()
