"""The OpenAPI 3.1 document, generated from the declared operations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from voyagent.http import idempotency
from voyagent.http.api import ApiBlueprint, Operation
from voyagent.http.errors import status_of
from voyagent.http.guards import Guard
from voyagent.kernel.errors import Forbidden, Unauthorized, VoyagentError
from voyagent.kernel.fields import Answer

REF = "#/components/schemas/{model}"
_WORDS = {
    400: "A value breaks a business rule",
    401: "Not authenticated: the bearer token is missing, invalid, expired or revoked",
    403: "The caller's role does not permit the operation",
    404: "Not found in the caller's agency",
    409: "The current state of the record does not permit the operation",
    412: "The record has changed since the version in `If-Match`",
    413: "The body is too large",
    415: "The media type of the body is not JSON",
    422: "The request does not match the schema",
    429: "Too many requests; see Retry-After",
    503: "A required service is unavailable; see Retry-After",
}


class ErrorBody(Answer):
    """Body of an error response, with a code for programs and a sentence."""

    detail: str
    request_id: str | None = None
    message: str | None = None


class SchemaProblem(Answer):
    """One member of the request that does not match the schema.

    `loc` is the path of the member, `type` the kind of error, and `msg` a sentence.
    """

    type: str
    loc: list[str | int]
    msg: str


class SchemaErrorBody(Answer):
    """Body of a 422 response: a list of the invalid members, or an error code."""

    detail: list[SchemaProblem] | str
    request_id: str | None = None
    message: str | None = None


class WeakPasswordDetail(Answer):
    """The reason why a password is too weak."""

    error: str
    code: str


class InvalidBody(Answer):
    """Body of a 400 response: an error code, or the reason why a password is too weak."""

    detail: str | WeakPasswordDetail
    request_id: str | None = None
    message: str | None = None


def document(
    blueprints: Iterable[ApiBlueprint], *, version: str, description: str
) -> dict[str, Any]:
    """Return the OpenAPI document of the operations of all blueprints."""
    operations = [
        operation
        for blueprint in blueprints
        for operation in blueprint.operations
        if operation.path != "/openapi.json"
    ]
    spec = APISpec(
        "Voyagent API", version, "3.1.0", info={"description": description}, servers=[{"url": "/"}]
    )
    spec.components.security_scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token, or an API key `vy_…`.",
        },
    )
    references = _schemas(spec, operations)
    prefixes = {blueprint.name: blueprint.url_prefix or "" for blueprint in blueprints}
    for operation in operations:
        path, names = _path(prefixes[operation.blueprint] + operation.path)
        spec.path(
            path,
            operations={
                operation.method.lower(): _describe(spec, operation, names, references, path)
            },
        )
    return spec.to_dict()


def _schemas(spec: APISpec, operations: list[Operation]) -> dict[Any, Any]:
    wanted: dict[tuple[type[BaseModel], str], None] = {}
    for operation in operations:
        if operation.body is not None:
            wanted[operation.body, "validation"] = None
        if isinstance(operation.answer, type) and issubclass(operation.answer, BaseModel):
            wanted[operation.answer, "serialization"] = None
        for model in operation.inputs() if operation.inputs else ():
            wanted[model, "validation"] = None
        for _, model in operation.also:
            wanted[model, "serialization"] = None
    for model in (ErrorBody, SchemaErrorBody, InvalidBody):
        wanted[model, "serialization"] = None
    references, definitions = models_json_schema(list(wanted), ref_template=REF)  # type: ignore[arg-type]
    for name, schema in sorted(definitions.get("$defs", {}).items()):
        spec.components.schema(name, schema)
    return references


def _path(rule: str) -> tuple[str, list[str]]:
    names: list[str] = []

    def parameter(match: re.Match[str]) -> str:
        names.append(match["name"])
        return "{" + match["name"] + "}"

    return re.sub(r"<(?:\w+:)?(?P<name>\w+)>", parameter, rule), names


def _describe(
    spec: APISpec, operation: Operation, names: list[str], references: dict[Any, Any], path: str
) -> dict[str, Any]:
    summary, _, rest = (
        (operation.handler.__doc__ or operation.handler.__name__).strip().partition("\n")
    )
    parameters = [
        {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
    ]
    parameters += _query_parameters(spec, operation)
    parameters += [
        {
            "name": name,
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": words,
        }
        for name, words in operation.headers
    ]
    if operation.takes_key:
        parameters.append(idempotency.PARAMETER)
    words: dict[str, Any] = {
        "operationId": _operation_id(operation.method, path),
        "tags": [operation.tag],
        "summary": summary.rstrip("."),
        "description": " ".join(rest.split()),
        "responses": _responses(operation, references),
    }
    if parameters:
        words["parameters"] = parameters
    if operation.body is not None:
        schema = references[operation.body, "validation"]
        if operation.inputs:
            found = (references[model, "validation"] for model in operation.inputs())
            schema = {"anyOf": list({one["$ref"]: one for one in found}.values())}
        if operation.body_optional:
            schema = {"anyOf": [schema, {"type": "null"}]}
        words["requestBody"] = {
            "required": not operation.body_optional,
            "content": {"application/json": {"schema": schema}},
        }
    if operation.guard is not Guard.PUBLIC:
        words["security"] = [{"bearer": []}]
    elif operation.optional_bearer:
        words["security"] = [{}, {"bearer": []}]
    return words


def _operation_id(method: str, path: str) -> str:
    inside = path.removeprefix("/api") if path.startswith("/api/") else f"/root{path}"
    parts = [p for p in re.split(r"[^A-Za-z0-9]+", inside) if p]
    return method.lower() + "".join(part[0].upper() + part[1:] for part in parts)


def _query_parameters(spec: APISpec, operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema(ref_template=REF, by_alias=True)
    for name, definition in schema.pop("$defs", {}).items():
        if name not in spec.components.schemas:
            spec.components.schema(name, definition)
    required = set(schema.get("required", []))
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": {k: v for k, v in field.items() if k != "description"},
            **({"description": field["description"]} if "description" in field else {}),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _responses(operation: Operation, references: dict[Any, Any]) -> dict[str, Any]:
    ok: dict[str, Any] = {"description": "Success"}
    if isinstance(operation.answer, dict):
        ok["content"] = {operation.media_type: {"schema": operation.answer}}
    elif operation.answer is not None:
        ok["content"] = {
            operation.media_type: {"schema": references[operation.answer, "serialization"]}
        }
    if operation.takes_key:
        ok["headers"] = {
            idempotency.REPLAYED: {
                "description": "`true` if the response is a copy of the first one; else absent",
                "schema": {"const": "true"},
            }
        }
    responses: dict[str, Any] = {str(operation.status): ok}
    for status, shape in operation.also:
        schema = references[shape, "serialization"]
        responses[str(status)] = ok | {
            "description": (shape.__doc__ or "").partition("\n")[0].rstrip("."),
            "content": {"application/json": {"schema": schema}},
        }
    for status in sorted(_statuses(operation)):
        model = {422: SchemaErrorBody, 400: InvalidBody}.get(status, ErrorBody)
        codes = sorted({error.code for error in _errors(operation) if status_of(error) == status})
        words = _WORDS[status] + (": " + ", ".join(f"`{code}`" for code in codes) if codes else "")
        responses[str(status)] = {
            "description": words,
            "content": {"application/json": {"schema": references[model, "serialization"]}},
        }
        if status in {429, 503}:
            responses[str(status)]["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait before the next attempt, a whole number",
                    "schema": {"type": "integer"},
                }
            }
    return responses


def _statuses(operation: Operation) -> set[int]:
    statuses = {int(status_of(error)) for error in _errors(operation)} | {422, 503}
    if operation.body is not None:
        statuses |= {413, 415}
    return statuses


def _errors(operation: Operation) -> tuple[type[VoyagentError], ...]:
    return (
        operation.errors
        if operation.guard is Guard.PUBLIC
        else (*operation.errors, Unauthorized, Forbidden)
    )
