"""The OpenAPI document is valid and agrees with the API contract.

`contract.json` states the contract: statuses, codes, keys, parameters and body of each operation.
The document may have more: statuses, keys, optional parameters, limits where the contract has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from voyagent.routes import openapi

CONTRACT: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("contract.json").read_text()
)
# Error codes of the contract's examples that we replaced: ours do not name internal settings, and
# without a key of a model the built-in planner answers.
SETTLED = {
    "VOYAGENT_DB_URL is not configured.": "database_not_configured",
    "VOYAGENT_REDIS_URL is not configured.": "redis_not_configured",
    "agent_runtime_unavailable": None,
}
# Exactly these keys: programs compare the answers whole.
ONE_KEY = {
    "POST /auth/send-verification-email": ["queued"],
    "POST /auth/verify-email": ["verified"],
    "POST /auth/reset-password": ["reset"],
    "POST /auth/totp/verify": ["totp_enabled"],
    "POST /auth/totp/disable": ["totp_enabled"],
}
LIMITS = ("minLength", "maxLength", "minimum", "maximum", "enum", "format", "default")
named = pytest.mark.parametrize("name", sorted(CONTRACT))


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    """The document of the running program."""
    with app.app_context():
        return openapi()  # type: ignore[return-value]


class Document:
    """The document with every reference resolved."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found

    def operation(self, name: str) -> dict[str, Any]:
        """Return an operation by its name in the contract."""
        method, path = name.split()
        return self.found["paths"]["/api" + path][method.lower()]

    def kinds(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the schema itself or each of its alternatives."""
        while "$ref" in schema:
            schema = self.found["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for kind in schema.get("anyOf") or schema.get("oneOf") or [schema]:
            yield from [kind] if kind is schema else self.kinds(kind)

    def keys(self, schema: dict[str, Any], within: str = "") -> set[str]:
        """Return every key of a response, as `user.id` and `items[].id`."""
        found: set[str] = set()
        for kind in self.kinds(schema):
            if "items" in kind:
                found |= self.keys(kind["items"], f"{within}[]")
            for name, inner in kind.get("properties", {}).items():
                place = f"{within}.{name}".lstrip(".")
                found |= {place, *self.keys(inner, place)}
        return found

    def limits(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the limits of a value; "above 0" of an integer is given as "from 1"."""
        found: dict[str, Any] = {}
        for kind in [*self.kinds(schema), schema]:
            found |= {name: kind[name] for name in LIMITS if name in kind}
            found |= {"minimum": 1} if kind.get("exclusiveMinimum") == 0 else {}
        return found


@pytest.fixture(scope="module")
def ours(document: dict[str, Any]) -> Document:
    """The document as a queryable object."""
    return Document(document)


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_the_document_is_served_as_json(app: Flask, document: dict[str, Any]) -> None:
    answer = app.test_client().get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == document


def test_every_operation_of_the_contract_is_served(document: dict[str, Any]) -> None:
    served = {
        f"{method.upper()} {path.removeprefix('/api')}"
        for path, item in document["paths"].items()
        for method in item
    }
    assert set(CONTRACT) <= served
    assert len(CONTRACT) == 49


@named
def test_an_operation_has_the_contracts_statuses_and_codes(ours: Document, name: str) -> None:
    answers = ours.operation(name)["responses"]
    for status, expected in CONTRACT[name]["answers"].items():
        assert status in answers
        for code in expected if status >= "4" else ():
            settled = SETTLED.get(code, code)
            assert settled is None or f"`{settled}`" in answers[status]["description"], (
                status,
                code,
            )


@named
def test_a_good_answer_has_the_contracts_media_type_and_keys(ours: Document, name: str) -> None:
    for status, expected in CONTRACT[name]["answers"].items():
        if status >= "4":
            continue
        content = ours.operation(name)["responses"][status].get("content", {})
        assert list(content) == ([expected["media"]] if expected["media"] else [])
        keys = ours.keys(content[expected["media"]]["schema"]) if content else set()
        assert set(expected["keys"]) <= keys
        if name in ONE_KEY:
            assert sorted(keys) == ONE_KEY[name]


@named
def test_an_operation_takes_the_contracts_parameters(ours: Document, name: str) -> None:
    taken = {
        parameter["name"]: parameter for parameter in ours.operation(name).get("parameters", [])
    }
    for parameter, expected in CONTRACT[name]["parameters"].items():
        found = {
            "in": taken[parameter]["in"],
            "required": taken[parameter]["required"],
            **ours.limits(taken[parameter]["schema"]),
        }
        assert expected.items() <= found.items(), parameter
    assert not [
        parameter
        for parameter in set(taken) - set(CONTRACT[name]["parameters"])
        if taken[parameter]["required"]
    ]


@named
def test_an_operation_takes_the_contracts_body(ours: Document, name: str) -> None:
    declared = CONTRACT[name].get("body")
    body = ours.operation(name).get("requestBody")
    if declared is None:
        assert body is None or not body["required"], (
            "nothing may be demanded that the contract does not ask for"
        )
        return
    assert body["required"] is declared["required"]
    (schema,) = (
        kind
        for kind in ours.kinds(body["content"]["application/json"]["schema"])
        if kind.get("type") == "object"
    )
    assert (schema.get("additionalProperties") is False) == declared["closed"]
    assert sorted(schema.get("required", [])) == declared["must"]
    for field, limits in declared["fields"].items():
        expected = ours.limits(limits)
        assert expected.items() <= ours.limits(schema["properties"][field]).items(), field


@named
def test_an_operation_is_public_where_the_contract_says_so(ours: Document, name: str) -> None:
    is_open = {} in ours.operation(name).get("security", [{}])
    assert is_open is CONTRACT[name]["open"]


def test_every_operation_has_an_id_a_description_and_a_tag(document: dict[str, Any]) -> None:
    operations = [
        (path, method, o) for path, item in document["paths"].items() for method, o in item.items()
    ]
    names = [o["operationId"] for _path, _method, o in operations]
    assert len(names) == len(set(names))
    assert all(o["summary"] and o["tags"] for _path, _method, o in operations)


def test_every_registered_api_route_is_documented(app: Flask, document: dict[str, Any]) -> None:
    documented = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    served = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        and rule.endpoint not in {"docs.openapi_json", "docs.reading"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served <= documented, sorted(served - documented)
