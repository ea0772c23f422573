"""The document says what the API contract says: a valid OpenAPI 3.1, every operation, every status."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from voyagent.routes import openapi

# What the contract documents; more statuses may stand beside these, none may be missing.
CONTRACT: dict[tuple[str, str], set[int]] = {
    ("POST", "/chat/sessions"): {201, 401, 422, 503},
    ("GET", "/chat/sessions"): {200, 401, 422, 503},
    ("GET", "/chat/sessions/{session_id}"): {200, 401, 404, 422, 503},
    ("DELETE", "/chat/sessions/{session_id}"): {204, 401, 404, 422, 503},
    ("PATCH", "/chat/sessions/{session_id}"): {200, 401, 404, 422, 503},
    ("POST", "/chat/sessions/{session_id}/messages"): {200, 401, 404, 422, 503},
    ("POST", "/auth/sign-up"): {201, 400, 409, 422},
    ("POST", "/auth/sign-in"): {200, 401, 422},
    ("POST", "/auth/sign-in-totp"): {200, 400, 401, 422},
    ("POST", "/auth/totp/setup"): {200, 401, 422},
    ("POST", "/auth/totp/verify"): {200, 400, 401, 422},
    ("POST", "/auth/totp/disable"): {200, 401, 403, 422},
    ("POST", "/auth/refresh"): {200, 401, 422},
    ("POST", "/auth/sign-out"): {204, 422},
    ("GET", "/auth/me"): {200, 401, 422},
    ("POST", "/auth/send-verification-email"): {200, 401, 422},
    ("POST", "/auth/verify-email"): {200, 400, 422},
    ("POST", "/auth/request-password-reset"): {200, 422},
    ("POST", "/auth/reset-password"): {200, 400, 422},
    ("PATCH", "/auth/profile"): {200, 401, 409, 422},
    ("POST", "/auth/invites"): {201, 401, 403, 409, 422},
    ("POST", "/auth/accept-invite"): {201, 400, 404, 409, 422},
    ("POST", "/auth/api-keys"): {201, 401, 422},
    ("GET", "/auth/api-keys"): {200, 401, 422},
    ("POST", "/auth/api-keys/{key_id}/revoke"): {204, 401, 404, 422},
    ("GET", "/reports/receivables"): {200, 401, 422},
    ("GET", "/reports/trial-balance"): {200, 401, 422},
    ("GET", "/approvals"): {200, 401, 422},
    ("GET", "/approvals/{approval_id}"): {200, 401, 404, 422},
    ("POST", "/approvals/{approval_id}/resolve"): {200, 401, 404, 409, 422},
    ("POST", "/enquiries"): {201, 400, 401, 422},
    ("GET", "/enquiries"): {200, 401, 422},
    ("GET", "/enquiries/{enquiry_id}"): {200, 401, 404, 422},
    ("PATCH", "/enquiries/{enquiry_id}"): {200, 400, 401, 404, 422},
    ("POST", "/enquiries/{enquiry_id}/promote-to-session"): {200, 401, 404, 422},
    ("GET", "/tenant-settings"): {200, 401, 422},
    ("PATCH", "/tenant-settings"): {200, 401, 403, 422},
    ("GET", "/audit"): {200, 401, 403, 422},
    ("GET", "/audit/export.csv"): {200, 400, 401, 403, 422},
    ("GET", "/health"): {200},
    ("GET", "/health/db"): {200, 503},
    ("GET", "/health/redis"): {200, 503},
    ("GET", "/internal/metrics"): {200, 404},
    ("GET", "/schemas/money"): {200},
}


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    """The document of the running program."""
    with app.app_context():
        return openapi()  # type: ignore[return-value]


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_it_is_served_as_json(app: Flask, document: dict[str, Any]) -> None:
    answer = app.test_client().get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == document


@pytest.mark.parametrize(("method", "path"), sorted(CONTRACT))
def test_an_operation_of_the_contract_is_there_with_its_statuses(document: dict[str, Any], method: str, path: str) -> None:
    operation = document["paths"]["/api" + path][method.lower()]
    assert CONTRACT[method, path] <= {int(status) for status in operation["responses"]}


def test_every_operation_has_its_own_name_words_and_tag(document: dict[str, Any]) -> None:
    operations = [(path, method, o) for path, item in document["paths"].items() for method, o in item.items()]
    names = [o["operationId"] for _path, _method, o in operations]
    assert len(names) == len(set(names))
    assert all(o["summary"] and o["tags"] for _path, _method, o in operations)


def test_every_registered_api_route_is_documented(app: Flask, document: dict[str, Any]) -> None:
    documented = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    served = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint not in {"docs.openapi_json", "docs.reading"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served <= documented, sorted(served - documented)
