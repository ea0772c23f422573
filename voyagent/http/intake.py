"""Checks of the request before any handler, such as media type and size."""

from __future__ import annotations

import json
import math
import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote_to_bytes

from flask import Flask, Request, Response, abort, after_this_request, current_app, request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from voyagent.http.errors import SchemaViolation, is_api
from voyagent.http.guards import is_signed_in, needs_sign_in
from voyagent.kernel.errors import Unauthorized
from voyagent.kernel.fields import contains_unstorable
from voyagent.kernel.problems import NAME_MAX, problems

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BODY_BYTES_MAX = 256 * 1024
AUTH_BODY_BYTES_MAX = 64 * 1024
DEPTH_MAX = 32
MEMBERS_MAX = 1000
TOKENS_MAX = 10 * MEMBERS_MAX
"""Maximum number of brackets, commas and strings of a JSON document."""
QUERY_BYTES_MAX = 8 * 1024
QUERY_PAIRS_MAX = 100
_PREFERENCE_CHARS_MAX = 512
_PREFERENCES = ("HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE")
FIELDS_MAX = 5000
"""Largest number of fields of a form; a document of 200 lines with 20 inputs each has 4,000."""
PARTS_MAX = 100
"""Largest number of parts of a form with files, which has no rows."""
_ESCAPED = re.compile(rb"(?:%[89A-Fa-f][0-9A-Fa-f])+")
_PUNCTUATION = re.compile(
    r'[\[\]{},]|"[^"\\]*(?:\\.?[^"\\]*)*(?:"|\Z)', re.DOTALL
)  # skips a whole string, closed or not, so the time is linear in the input
IGNORED = "Voyagent-Ignored-Parameters"
_NAMED_MAX = 20
_PREFERS_STRICT = re.compile(
    r"(?:^|[,;])\s*handling\s*=\s*\"?strict\"?\s*(?:$|[,;])", re.IGNORECASE
)
Schema = TypeVar("Schema", bound=BaseModel)


class _Refused(ValueError):
    """A JSON document is refused, for example because it is nested too deeply.

    `kind` is the error type in the response, such as `json_too_deep`.
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


class BoundedRequest(Request):
    """Request that ignores a very long query and shortens long preference headers."""

    def __init__(self, environ: WSGIEnvironment, *arguments: Any, **options: Any) -> None:
        for name in _PREFERENCES:
            if len(given := environ.get(name, "")) > _PREFERENCE_CHARS_MAX:
                environ[name] = given[:_PREFERENCE_CHARS_MAX]
        super().__init__(environ, *arguments, **options)

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """Return the query parameters; none if `check_query` refuses the query."""
        return ImmutableMultiDict() if _is_too_long(self.query_string) else super().args


def install(app: Flask) -> None:
    """Install the checks that apply to all requests."""
    app.request_class = BoundedRequest
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.config["MAX_FORM_PARTS"] = PARTS_MAX
    app.before_request(_apply_body_max)
    app.before_request(_check_address)


def check_size(limit: int) -> None:
    """Abort with status 413 if the body is larger than `limit` bytes."""
    # A client need not send a Content-Length, so the body is also limited while it is read.
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        abort(413)


def read_json(limit: int, *, required: bool) -> bytes | None:
    """Return the bytes of the body after checking that they are valid JSON.

    If the body is missing, the result is None for an optional body and b"" for a required body.
    Aborts with status 413 or 415. Raises SchemaViolation if the body is not valid JSON.
    """
    raw = _read_body(limit)
    if not raw:
        return None if not required else b""
    if request.headers.get("Content-Encoding") or request.mimetype != "application/json":
        abort(415)
    try:
        text = raw.decode("utf-8")
        _check_shape(text)
        json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except _Refused as error:
        raise SchemaViolation([{"type": error.kind, "loc": ["body"], "msg": str(error)}]) from None
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise SchemaViolation(
            [{"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error"}]
        ) from None
    return raw


def body_of(schema: type[Schema], raw: bytes | None) -> Schema:
    """Return the body from `read_json` as an object of the schema.

    Raises SchemaViolation, with errors whose `loc` begins with `body`.
    """
    if raw == b"":
        raise SchemaViolation([{"type": "missing", "loc": ["body"], "msg": "Field required"}])
    document = raw if raw is not None else b"null"
    try:
        found = _unstorable(json.loads(document, object_pairs_hook=_members), ["body"])
    except _Refused as error:
        raise SchemaViolation([{"type": error.kind, "loc": ["body"], "msg": str(error)}]) from None
    if found:
        raise SchemaViolation(found)
    try:
        return schema.model_validate_json(document)
    except ValidationError as error:
        raise SchemaViolation(problems(error, "body")) from None


def check_query() -> None:
    """Check the length and the characters of the query string. Raises SchemaViolation."""
    query = request.query_string
    if _is_too_long(query):
        raise SchemaViolation(
            [{"type": "query_too_long", "loc": ["query"], "msg": "Query is too long"}]
        )
    for pair in query.split(b"&"):
        name, _, value = (
            unquote_to_bytes(part.replace(b"+", b" ")) for part in pair.partition(b"=")
        )
        if not _is_storable(name) or not _is_storable(value):
            raise SchemaViolation(
                [
                    {
                        "type": "string_unstorable",
                        "loc": ["query", _name(name)],
                        "msg": "Unstorable character",
                    }
                ]
            )


def check_parameters(
    schema: type[BaseModel] | None, *, is_lenient: bool
) -> list[dict[str, object]]:
    """Return an error for each query parameter that the operation does not have.

    If `is_lenient` is true, unknown parameters are ignored, and the response names them in the
    header `Voyagent-Ignored-Parameters`. A request with `Prefer: handling=strict` (RFC 7240) gets
    the errors in any case.
    """
    known = _parameters(schema) if schema is not None else {}
    unknown = [name for name in request.args if name not in known]
    if not unknown:
        return []
    if is_lenient and not _PREFERS_STRICT.search(request.headers.get("Prefer", "")):
        _name_ignored(unknown)
        return []
    return [
        {
            "type": "unknown_parameter",
            "loc": ["query", name[:NAME_MAX]],
            "msg": "Parameter is unknown",
        }
        for name in unknown[:_NAMED_MAX]
    ]


def query_of(schema: type[Schema]) -> Schema:
    """Return the query string as an object of the schema.

    A parameter that occurs twice is refused, unless the schema allows several values. Raises
    SchemaViolation.
    """
    values: dict[str, Any] = {}
    names = _parameters(schema)
    repeated: list[dict[str, object]] = []
    for name, given in request.args.lists():
        if name not in names:
            continue
        many = names[name]
        if len(given) > 1 and not many:
            repeated.append(
                {
                    "type": "parameter_repeated",
                    "loc": ["query", name],
                    "msg": "Parameter must be given once",
                }
            )
        values[name] = given if many else given[0]
    if repeated:
        raise SchemaViolation(repeated)
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise SchemaViolation(problems(error, "query")) from None


def _name_ignored(names: list[str]) -> None:
    named = ", ".join(quote(name[:NAME_MAX], safe="") for name in names[:_NAMED_MAX])

    @after_this_request
    def stamp(response: Response) -> Response:
        response.headers[IGNORED] = named
        return response


@cache
def _parameters(schema: type[BaseModel]) -> dict[str, bool]:
    """Return the query parameters of a schema: True for those that may be repeated."""
    return {
        field.alias or name: "list" in str(field.annotation)
        for name, field in schema.model_fields.items()
    }


def _apply_body_max() -> None:
    """Allow a larger body for pages that declare `body_max`, such as file uploads."""
    body_max = getattr(current_app.view_functions.get(request.endpoint or ""), "body_max", None)
    if body_max is not None:
        request.max_content_length = body_max


def _check_address() -> None:
    if request.routing_exception is not None or (request.endpoint or "").startswith("api_"):
        return  # an unknown route gets 404 first; API operations first authenticate
    if not _is_utf8(request.environ.get("PATH_INFO", "").encode("latin-1")) or contains_unstorable(
        request.path
    ):
        abort(404)
    check_query()
    if not is_api() and request.mimetype:
        _check_form()


def _check_form() -> None:
    """Check the size of a form before it is parsed, and then its characters.

    A public page accepts only short forms without files. Aborts with status 400, 413 or 415. Raises
    Unauthorized if the page is for signed-in people and nobody is signed in, and SchemaViolation
    for a character that PostgreSQL cannot store.
    """
    if needs_sign_in() and not is_signed_in():
        raise Unauthorized
    is_public = not needs_sign_in()
    if request.mimetype == "application/x-www-form-urlencoded":
        raw = _read_body(
            AUTH_BODY_BYTES_MAX if is_public else request.max_content_length or BODY_BYTES_MAX
        )
        if raw.count(b"&") >= FIELDS_MAX:
            abort(413)
        if not _is_utf8(_escaped_bytes(raw)):
            # Werkzeug calls a Python function for each byte that is not UTF-8: 146 ms for 255 KiB.
            abort(400)
    elif request.mimetype == "multipart/form-data" and is_public:
        abort(415)
    if any(contains_unstorable(value) for values in request.form.listvalues() for value in values):
        raise SchemaViolation(
            [{"type": "string_unstorable", "loc": ["body"], "msg": "Unstorable character"}]
        )


def _escaped_bytes(raw: bytes) -> bytes:
    """Return the bytes above 127 that a form has in `%` escapes, decoded.

    A space separates bytes that are not next to each other in the form.
    """
    return bytes.fromhex(b"20".join(_ESCAPED.findall(raw)).replace(b"%", b"").decode())


def _read_body(limit: int) -> bytes:
    """Return the body. Aborts with status 413 if it is larger than `limit` bytes."""
    check_size(limit)
    request.max_content_length = (
        limit + 1
    )  # Werkzeug cuts off a body of undeclared size there, without an error
    raw = request.get_data(cache=True)
    if len(raw) > limit:
        abort(413)
    return raw


def _is_too_long(query: bytes) -> bool:
    return len(query) > QUERY_BYTES_MAX or query.count(b"&") >= QUERY_PAIRS_MAX


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_storable(raw: bytes) -> bool:
    return _is_utf8(raw) and b"\x00" not in raw


def _name(raw: bytes) -> str:
    return raw.decode(errors="replace").replace("\x00", "")[:NAME_MAX]


def _check_shape(text: str) -> None:
    depth = members = 0
    for number, token in enumerate(_PUNCTUATION.finditer(text)):
        mark = text[token.start()]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif mark == ",":
            members += 1
        if depth > DEPTH_MAX:
            raise _Refused("json_too_deep", "JSON is nested too deeply")
        if members > MEMBERS_MAX or number > TOKENS_MAX:
            raise _Refused("json_too_large", "JSON has too many members")


def _no_constant(_name: str) -> float:
    raise _Refused("json_invalid", "JSON decode error")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused("json_invalid", "JSON decode error")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused("json_duplicate_member", "A member name appears twice")
    return found


def _unstorable(value: Any, place: list[str | int]) -> list[dict[str, object]]:
    """Return an error for each text of a JSON value that PostgreSQL cannot store.

    `place` is the path of the value in the request, such as `["body", "lines", 0]`.
    """
    if isinstance(value, str):
        return (
            [
                {
                    "type": "string_unstorable",
                    "loc": place,
                    "msg": "String contains characters that cannot be stored",
                }
            ]
            if contains_unstorable(value)
            else []
        )
    if isinstance(value, list):
        return [
            item
            for number, inner in enumerate(value)
            for item in _unstorable(inner, [*place, number])
        ]
    if isinstance(value, dict):
        named = [
            item
            for name in value
            for item in _unstorable(name, [*place, _name(name.encode(errors="ignore"))])
        ]
        return named + [
            item
            for name, inner in value.items()
            if not contains_unstorable(name)
            for item in _unstorable(inner, [*place, name[:NAME_MAX]])
        ]
    return []
