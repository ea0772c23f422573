"""JSON API, in which one declaration defines an operation.

The checks are made in this order: route, body size, content type, JSON syntax, bearer token,
permission, schema, earlier use of the `Idempotency-Key`, and last the rules of the service
function.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import (
    Any,
    Generic,
    Protocol,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    get_args,
    overload,
)
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json

from voyagent.http import idempotency
from voyagent.http.contract import is_of_contract
from voyagent.http.errors import SchemaViolation
from voyagent.http.files import made_later
from voyagent.http.guards import (
    Guard,
    answer_of,
    authenticate,
    bearer_credential,
    present_actor,
    request_reader,
)
from voyagent.http.intake import (
    AUTH_BODY_BYTES_MAX,
    BODY_BYTES_MAX,
    body_of,
    check_parameters,
    check_query,
    check_size,
    query_of,
    read_json,
)
from voyagent.kernel import tenancy
from voyagent.kernel.actor import direct_right
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import NotFound, VoyagentError
from voyagent.kernel.fields import contains_unstorable
from voyagent.kernel.ids import parse_id
from voyagent.kernel.serializers import AnswerOf, Body
from voyagent.kernel.sheets import LargeFile

Handler = Callable[..., object]
JsonSchema = dict[str, Any]
"""JSON schema of a response that has no response class, such as a file."""
Declared = TypeVar("Declared")
Known = TypeVar("Known", bound=AnswerOf[Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """A declared operation, from which its view and its documentation are made.

    The caller's role needs `permission`; None allows every member of the agency. If `direct` is
    true, the operation acts without approval: a role without the direct right is refused before the
    schema is checked.
    """

    method: str
    path: str
    handler: Handler
    blueprint: str
    tag: str
    guard: Guard
    status: int
    answer: type[AnswerOf[Any]] | JsonSchema | None
    body: type[BaseModel] | None
    body_optional: bool
    query: type[BaseModel] | None
    permission: str | None
    errors: tuple[type[VoyagentError], ...]
    missing: type[NotFound] | None
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = field(default=())
    optional_bearer: bool = False
    takes_key: bool = False
    """True if the operation accepts an `Idempotency-Key`.

    This is so for a POST with a bearer token that writes. Public operations and sign-out ignore the
    header.
    """
    secret_answer: bool = False
    resume: Callable[..., Response] | None = None
    direct: bool = False
    inputs: Callable[[], Sequence[type[BaseModel]]] | None = None
    """Function that returns the schemas of the body if the path decides which one applies."""
    from_primary: bool = False
    """True if programs read the answer after an event, when a standby may not have it yet."""
    also: tuple[tuple[int, type[AnswerOf[Any]]], ...] = ()
    """Further success responses, as pairs of status and response class."""
    is_of_contract: bool = False
    """True if existing programs rely on the operation, so that it ignores unknown parameters."""

    @property
    def right(self) -> str:
        """Return the permission that the caller needs."""
        permission = self.permission or "agency.read"
        return direct_right(permission) if self.direct else permission


@dataclass(frozen=True, slots=True)
class Headed(Generic[Declared]):
    """A response body with additional headers, such as the `ETag` of a record."""

    body: Body[Declared]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A success response with a status that the operation declares in `also`."""

    body: Body[Any]
    status: int = HTTPStatus.ACCEPTED


Answering = Callable[..., Body[Known] | Headed[Known] | Response]
"""Type of the handler of an operation that declares a response class."""


class Facts(TypedDict, total=False):
    """Options of an operation besides its method, path and response."""

    status: int
    permission: str | None
    direct: bool
    errors: Sequence[type[VoyagentError]]
    missing: type[NotFound] | None
    media_type: str
    headers: Sequence[tuple[str, str]]
    optional_bearer: bool
    secret_answer: bool
    resume: Callable[..., Response] | None
    inputs: Callable[[], Sequence[type[BaseModel]]] | None
    also: Mapping[int, type[AnswerOf[Any]]]
    from_primary: bool


class _Declare(Protocol):
    @overload
    def __call__(
        self, path: str, *, answer: type[Known], **facts: Unpack[Facts]
    ) -> Callable[[Answering[Known]], Handler]: ...

    @overload
    def __call__(
        self, path: str, *, answer: JsonSchema | None = None, **facts: Unpack[Facts]
    ) -> Callable[[Handler], Handler]: ...


class _Shorthand:
    """Decorator such as `get`, which declares an operation with one HTTP method.

    mypy checks its arguments like those of `operation`.
    """

    def __init__(self, method: str) -> None:
        self.method = method

    def __get__(self, blueprint: ApiBlueprint, owner: type[ApiBlueprint]) -> _Declare:
        return cast("_Declare", functools.partial(blueprint.operation, self.method))


class ApiBlueprint(Blueprint):
    """Blueprint of JSON operations that ignore cookies and CSRF tokens.

    `guard` is the authentication that all operations of the blueprint require.
    """

    def __init__(
        self, name: str, import_name: str, *, tag: str, guard: Guard, prefix: str = "/api"
    ) -> None:
        super().__init__(f"api_{name}", import_name, url_prefix=prefix)
        self.tag = tag
        self.guard = guard
        self.operations: list[Operation] = []

    @overload
    def operation(
        self, method: str, path: str, *, answer: type[Known], **facts: Unpack[Facts]
    ) -> Callable[[Answering[Known]], Handler]: ...

    @overload
    def operation(
        self,
        method: str,
        path: str,
        *,
        answer: JsonSchema | None = None,
        **facts: Unpack[Facts],
    ) -> Callable[[Handler], Handler]: ...

    def operation(
        self,
        method: str,
        path: str,
        *,
        answer: type[AnswerOf[Any]] | JsonSchema | None = None,
        **facts: Unpack[Facts],
    ) -> Callable[[Handler], Handler]:
        """Decorate a handler to declare an operation.

        The parameters of the handler decide what the handler receives:
          - `actor`, authenticated in the transaction of the request
          - `reader`, which authenticates the caller with its first read
          - `query`, and `body` (annotated `Schema | None` if optional)
          - the ids of the path. If an id is annotated `UUID` and its text is malformed, the error
            `missing` is raised.

        Two options are for requests that are repeated with an `Idempotency-Key`. `secret_answer` is
        true if the response contains a secret; such a response is never stored. If the first
        request received an `idempotency.EventStreamResponse`, a repeated request receives the
        response of `resume`, which starts the event stream again. `resume` receives the
        stream's `place` and, by name, the handler's arguments except `body`.

        If the schema of the body depends on the path, the handler validates the body. `inputs` then
        returns all possible schemas, for the OpenAPI document. `also` maps the statuses of further
        success responses to response classes. With `from_primary`, the reader asks no standby.
        """
        missing = facts.get("missing")
        is_secret = facts.get("secret_answer", False)

        def register(handler: Handler) -> Handler:
            wants = _wants(handler)
            takes_key = method == "POST" and self.guard is Guard.BEARER and not wants.reader
            described = Operation(
                method=method,
                path=path,
                handler=handler,
                blueprint=self.name,
                tag=self.tag,
                guard=self.guard,
                status=facts.get("status", HTTPStatus.OK),
                answer=answer,
                body=wants.body,
                body_optional=wants.body_optional,
                query=wants.query,
                permission=facts.get("permission"),
                direct=facts.get("direct", False),
                errors=(
                    *facts.get("errors", ()),
                    *((missing,) if missing else ()),
                    *(idempotency.failures(secret_answer=is_secret) if takes_key else ()),
                ),
                missing=missing,
                media_type=facts.get("media_type", "application/json"),
                headers=tuple(facts.get("headers", ())),
                optional_bearer=facts.get("optional_bearer", False),
                takes_key=takes_key,
                secret_answer=is_secret,
                resume=facts.get("resume"),
                inputs=facts.get("inputs"),
                also=tuple(facts.get("also", {}).items()),
                from_primary=facts.get("from_primary", False),
                is_of_contract=is_of_contract(method, (self.url_prefix or "") + path),
            )
            self.operations.append(described)
            view = _view(
                described, wants, AUTH_BODY_BYTES_MAX if "/auth" in path else BODY_BYTES_MAX
            )
            self.add_url_rule(
                path, endpoint=handler.__name__.strip("_"), view_func=view, methods=[method]
            )
            return handler

        return register

    # These keywords are the options of an operation; those of Flask accept any value.
    get = _Shorthand("GET")  # type: ignore[assignment]
    post = _Shorthand("POST")  # type: ignore[assignment]
    patch = _Shorthand("PATCH")  # type: ignore[assignment]
    delete = _Shorthand("DELETE")  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class _Wants:
    body: type[BaseModel] | None
    body_optional: bool
    query: type[BaseModel] | None
    ids: tuple[str, ...]
    actor: bool
    reader: bool


def _wants(handler: Handler) -> _Wants:
    parameters = inspect.signature(handler, eval_str=True).parameters
    body = parameters["body"].annotation if "body" in parameters else None
    kinds = [kind for kind in get_args(body) if kind is not type(None)] or [body]
    return _Wants(
        body=kinds[0],
        body_optional=kinds[0] is not body,
        query=parameters["query"].annotation if "query" in parameters else None,
        ids=tuple(name for name, parameter in parameters.items() if parameter.annotation is UUID),
        actor="actor" in parameters,
        reader="reader" in parameters,
    )


def _view(operation: Operation, wants: _Wants, limit: int) -> Callable[..., Response]:
    @functools.wraps(operation.handler)
    def view(**given: Any) -> Response:
        check_size(limit)
        raw = (
            read_json(limit, required=not operation.body_optional)
            if operation.body is not None
            else None
        )
        reader = _admit(operation, wants, given)
        try:
            key = _fill(operation, wants, given, raw)
            response = (
                answer_of(reader, functools.partial(_perform, operation, given))
                if key is None
                else _perform_once(operation, given, key)
            )
        except LargeFile:
            return made_later()
        except VoyagentError:
            if reader is not None:
                # 401 and 403 come before errors of the query or an unknown id
                reader.authenticate()
            raise
        if reader is not None:
            reader.authenticate()  # also if the handler has read nothing
        return response

    view.right = operation.right  # type: ignore[attr-defined]
    return view


def _admit(operation: Operation, wants: _Wants, given: dict[str, Any]) -> RequestReader | None:
    if operation.guard is Guard.PUBLIC:
        tenancy.mark_public(db.session())
        return None
    credential = bearer_credential()
    if wants.reader:
        reader = request_reader(
            credential,
            operation.permission or "agency.read",
            from_primary=operation.from_primary,
        )
        given["reader"] = reader
        return reader
    actor = authenticate(credential)
    permission = operation.permission or "agency.read"
    (actor.require_authority if operation.direct else actor.require)(permission)
    if wants.actor:
        given["actor"] = actor
    return None


def _fill(
    operation: Operation, wants: _Wants, given: dict[str, Any], raw: bytes | None
) -> str | None:
    """Parse query, body and ids for the handler; return the idempotency key or None."""
    check_query()
    unknown = check_parameters(operation.query, is_lenient=operation.is_of_contract)
    key, found = idempotency.read_key() if operation.takes_key else (None, [])
    found += unknown
    if operation.query is not None:
        try:
            given["query"] = query_of(operation.query)
        except SchemaViolation as error:
            found += error.items
    if operation.body is not None:
        try:
            given["body"] = (
                None
                if raw in (None, b"null") and operation.body_optional
                else body_of(operation.body, raw)
            )
        except SchemaViolation as error:
            found += error.items
    if found:
        raise SchemaViolation(found)
    if any(contains_unstorable(str(text)) for text in (request.view_args or {}).values()):
        raise (operation.missing or NotFound)
    for name in wants.ids:
        if name in given:
            given[name] = parse_id(given[name])
            if given[name] is None:
                raise (operation.missing or NotFound)
    return key


def _perform(operation: Operation, given: dict[str, Any]) -> Response:
    result = operation.handler(**given)
    if isinstance(result, Accepted):
        shape = dict(operation.also)[result.status]
        return _respond(replace(operation, answer=shape, status=result.status), result.body)
    headers = result.headers if isinstance(result, Headed) else {}
    response = _respond(operation, result.body if isinstance(result, Headed) else result)
    response.headers.update(headers)
    return response


def _perform_once(operation: Operation, given: dict[str, Any], key: str) -> Response:
    actor = present_actor()
    assert actor is not None

    def resume(place: dict[str, Any]) -> Response:
        assert operation.resume is not None
        return operation.resume(
            place, **{name: value for name, value in given.items() if name != "body"}
        )

    claim = idempotency.Claim.of_request(actor, key)
    return idempotency.once(
        claim, lambda: _perform(operation, given), resume=resume, is_secret=operation.secret_answer
    )


def _respond(operation: Operation, result: object) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status=HTTPStatus.NO_CONTENT)
    payload = to_json(result.members if isinstance(result, Body) else result)
    if current_app.testing and isinstance(operation.answer, type):
        TypeAdapter(operation.answer).validate_json(payload)
    return Response(payload, status=operation.status, mimetype="application/json")
