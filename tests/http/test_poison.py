"""Invalid input for every operation never gets a 5xx.

The response is always JSON with `detail` and does not repeat the input.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask
from pydantic import BaseModel

from tests.http.operations import CALLS, WITH_BODY, WITH_IDS, WITH_QUERY, Call
from tests.people import People, Person
from voyagent.http.errors import SchemaViolation
from voyagent.http.intake import (
    AUTH_BODY_BYTES_MAX,
    BODY_BYTES_MAX,
    body_of,
    check_query,
    query_of,
)

MARK = "Zq7-mark-of-this-test"
JSON = "application/json"
HUGE = 10**30
SAMPLES = 6
EVERY_EIGHTH = [call for call in CALLS if call.path.startswith("/api/")][::8]
"""For what one function checks before it knows the operation."""

MESSAGES = {
    "json_invalid": "JSON decode error",
    "json_too_deep": "JSON is nested too deeply",
    "json_too_large": "JSON has too many members",
}

# Raw bodies that are refused before anybody asks who sends them.
RAW: dict[str, tuple[bytes, int, str]] = {
    "no json": (f"{{{MARK}".encode(), 422, "json_invalid"),
    "nan": (f'{{"{MARK}": NaN}}'.encode(), 422, "json_invalid"),
    "infinity": (b'{"x": -Infinity}', 422, "json_invalid"),
    "beyond a double": (b'{"x": 1e999}', 422, "json_invalid"),
    "an endless integer": (b'{"x": ' + b"9" * 5000 + b"}", 422, "json_invalid"),
    "too deep": (b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}", 422, "json_too_deep"),
    "far too deep": (b"[" * 60_000, 422, "json_too_deep"),
    "too many members": (b'{"x": [' + b"1," * 1200 + b"1]}", 422, "json_too_large"),
    "too many brackets": (b"[" + b"[]" * 6000, 422, "json_too_large"),
    "too many texts": (b'{"x": ' + b'""' * 12_000 + b"}", 422, "json_too_large"),
    "no utf-8": (b'{"x": "\xff\xfe"}', 422, "json_invalid"),
    "a mark before it": (b"\xef\xbb\xbf{}", 422, "json_invalid"),
    "a bare nul": (b'{"x": "a\x00b"}', 422, "json_invalid"),
    "two documents": (b"{} {}", 422, "json_invalid"),
    "a comment": (b"{} // {}", 422, "json_invalid"),
    "escaped quotes without end": (b'"' + b'\\"' * 20_000, 422, "json_invalid"),
}
# Refused with the schema, once the caller may.
SCHEMA: dict[str, tuple[bytes, str]] = {
    "a member twice": (b'{"x": 1, "x": 2}', "json_duplicate_member"),
    "a member twice, inside": (b'{"x": [{"y": 1, "y": 1}]}', "json_duplicate_member"),
    "a nul": (b'{"x": "a\\u0000b"}', "string_unstorable"),
    "a nul in a name": (b'{"a\\u0000b": 1}', "string_unstorable"),
    "half a surrogate": (b'{"x": ["\\ud800"]}', "string_unstorable"),
    "the other half": (b'{"x": {"y": "\\udfff!"}}', "string_unstorable"),
}
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, HUGE, 2**63),
    *("", " ", MARK * 2000, f"{MARK}\u0000", "\ud800", "\u202e" + MARK, "\U0010ffff"),
    *("NaN", "1e400", "9" * 400),
    *("2026-02-30", "99999-01-01", "1899-12-31", "2026-11-24T10:00:00"),
    *([], [MARK], [[[]]], {"a": MARK}, [None]),
]
QUERY_VALUES = [
    *(
        "",
        "%20",
        "%00",
        "a%00b",
        "%ED%A0%80",
        "%FF",
        "%C0%80",
        "%F0%9F%92%A9",
        "%25",
        "_",
        "%5C",
        "'",
        '"',
        MARK,
        "x" * 3000,
        "null",
        "[]",
        "true",
    ),
    *("-1", "0", "1.5", "1e3", "99999999999999999999", "2147483648", "NaN", "Infinity"),
    *(
        "2026-02-30",
        "0000-00-00",
        "1899-12-31",
        "2026-11-24T10:00:00Z",
        "01a2106e-8927-7239-ba9b-e857b5135be4",
    ),
]
PATH_VALUES = [
    *(
        "%00",
        "a%00b",
        "%ED%A0%80",
        "%FF",
        "%C0%80",
        "%0a",
        "%F0%9F%92%A9",
        "x" * 300,
        "..",
        "%2e%2e",
        "'",
        " ",
        "null",
    ),
    *("-1", "0", "NaN", "01A2106E-8927-7239-BA9B-E857B5135BE4"),
]


def named(calls: list[Call]) -> Any:
    return pytest.mark.parametrize("call", calls, ids=lambda call: call.name)


def share(values: list[Any], turn: int) -> list[Any]:
    """Return every fourth value, beginning with another one at each turn.

    Fields of one kind have one reader, so each value goes to a quarter of the fields.
    """
    return values[turn % 4 :: 4]


@pytest.fixture(scope="module")
def bearer(app: Flask) -> dict[str, str]:
    """Return the header of an administrator, for requests that change nothing."""
    return header(People(app).sign_up("Rita Reader", agency="Rita Travels"))


def header(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.access_token}"}


def spread(calls: list[Call], cases: Iterable[str]) -> Any:
    """Pair every operation with one case and every case with `SAMPLES` operations.

    One reader of bodies and queries serves all operations: each operation must be seen to use it,
    and each case to be refused by it, but not every pair.
    """
    kinds = list(cases)
    pairs = [(call, kinds[index % len(kinds)]) for index, call in enumerate(calls)]
    pairs += [(call, kind) for kind in kinds for call in calls[:: len(calls) // SAMPLES]]
    named = {f"{call.name}-{kind}": (call, kind) for call, kind in pairs}
    return pytest.mark.parametrize(("call", "kind"), list(named.values()), ids=list(named))


def send(app: Flask, call: Call, address: str, **options: Any) -> Any:
    answer = app.test_client().open(address, method=call.operation.method, **options)
    if answer.is_streamed:
        answer.close()
    return answer


def check(answer: Any, *, echo: str = MARK) -> None:
    """Check the rules of every response."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.mimetype == JSON
        assert answer.json["detail"]
        assert echo not in answer.text
        if isinstance(answer.json["detail"], list):
            check_items(answer.json["detail"])


def check_items(items: list[dict[str, Any]]) -> None:
    """Check the errors of a schema."""
    assert MARK not in str(items)
    for item in items:
        assert set(item) == {"type", "loc", "msg"}
        assert all(len(part) <= 64 for part in item["loc"] if isinstance(part, str))


def refused(schema: type[BaseModel], raw: bytes) -> list[dict[str, Any]]:
    """Return the errors of a body; empty if the schema accepts it."""
    try:
        body_of(schema, raw)
    except SchemaViolation as error:
        return error.items
    return []


def refused_query(app: Flask, schema: type[BaseModel], query: str) -> list[dict[str, Any]]:
    """Return the errors of a query; empty if the schema accepts it."""
    with app.test_request_context(f"/?{query}"):
        try:
            check_query()
            query_of(schema)
        except SchemaViolation as error:
            return error.items
    return []


@spread(WITH_BODY, RAW)
def test_a_malformed_body_is_refused_before_authentication(
    app: Flask, call: Call, kind: str
) -> None:
    raw, status, code = RAW[kind]
    answer = send(app, call, call.address(), data=raw, content_type=JSON)
    assert answer.status_code == status, answer.text
    assert answer.json["detail"] == [{"type": code, "loc": ["body"], "msg": MESSAGES[code]}]
    check(answer)


@spread(WITH_BODY, SCHEMA)
def test_a_value_that_no_column_can_store_is_422(
    app: Flask, bearer: dict[str, str], call: Call, kind: str
) -> None:
    raw, code = SCHEMA[kind]
    answer = send(app, call, call.address(), data=raw, content_type=JSON, headers=bearer)
    assert answer.status_code == 422
    assert [item["type"] for item in answer.json["detail"]] == [code]
    assert answer.json["detail"][0]["loc"][0] == "body"
    if not call.is_public:
        assert send(app, call, call.address(), data=raw, content_type=JSON).status_code == 401
    check(answer)


@named(EVERY_EIGHTH)
def test_a_too_large_body_is_refused_without_reading_it(app: Flask, call: Call) -> None:
    limit = AUTH_BODY_BYTES_MAX if "/auth/" in call.path else BODY_BYTES_MAX
    answer = send(app, call, call.address(), data=b'"' + b"x" * limit + b'"', content_type=JSON)
    assert (answer.status_code, answer.json["detail"]) == (413, "payload_too_large")


@named(WITH_BODY)
def test_a_body_of_another_media_type_is_refused_without_reading_it(app: Flask, call: Call) -> None:
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "application/json-patch+json",
    ):
        answer = send(app, call, call.address(), data=b'{"a": 1}', content_type=content_type)
        assert (answer.status_code, answer.json["detail"]) == (
            415,
            "unsupported_media_type",
        ), content_type
    answer = send(
        app,
        call,
        call.address(),
        data=gzip.compress(b"{}"),
        content_type=JSON,
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.status_code == 415
    assert (
        send(
            app, call, call.address(), data=b"{", content_type="application/json; charset=utf-8"
        ).status_code
        == 422
    )


@named([call for call in WITH_BODY if not call.operation.body_optional])
def test_a_missing_body_is_reported_at_its_location(
    app: Flask, bearer: dict[str, str], call: Call
) -> None:
    answer = send(app, call, call.address(), headers=bearer)
    assert answer.status_code == 422
    assert answer.json["detail"] == [{"type": "missing", "loc": ["body"], "msg": "Field required"}]


@named(WITH_BODY)
def test_no_field_value_causes_an_internal_error(app: Flask, alice: Person, call: Call) -> None:
    """Of the values that the schema of the body refuses, one of each field is sent."""
    mine = {} if call.operation.media_type.startswith("text/event-stream") else call.things(alice)
    schema = call.operation.body
    assert schema is not None
    for turn, field in enumerate([*schema.model_fields, "unknown"], WITH_BODY.index(call)):
        is_refusal_sent = False
        for value in share(VALUES, turn):
            raw = json.dumps(call.body(**{field: value})).encode()
            items = refused(schema, raw)
            check_items(items)
            if items and is_refusal_sent:
                continue
            answer = send(
                app, call, call.address(**mine), data=raw, content_type=JSON, headers=header(alice)
            )
            check(answer)
            if items:
                assert answer.json["detail"] == items
                is_refusal_sent = True


@named(WITH_BODY)
def test_a_body_of_another_kind_is_refused(app: Flask, bearer: dict[str, str], call: Call) -> None:
    documents = [[], [call.body()], "x", 7, 1.5, True, None]
    for document in share(documents, WITH_BODY.index(call)):
        if document is None and call.operation.body_optional:
            continue  # `test_an_optional_body_may_be_null`
        answer = send(
            app,
            call,
            call.address(),
            data=json.dumps(document).encode(),
            content_type=JSON,
            headers=bearer,
        )
        assert answer.status_code == 422, (document, answer.text)
        check(answer)


@named([call for call in WITH_BODY if call.operation.body_optional])
def test_an_optional_body_may_be_null(app: Flask, alice: Person, call: Call) -> None:
    answer = send(app, call, call.address(), data=b"null", content_type=JSON, headers=header(alice))
    assert answer.status_code != 422
    check(answer)


@named(WITH_QUERY)
def test_no_filter_value_causes_an_internal_error(
    app: Flask, bearer: dict[str, str], call: Call
) -> None:
    """Of the values that the schema refuses, one of each parameter is sent."""
    schema = call.operation.query
    assert schema is not None
    for turn, name in enumerate(call.query_fields, WITH_QUERY.index(call)):
        is_refusal_sent = False
        for value in share(QUERY_VALUES, turn):
            query = f"{name}={value}"
            items = refused_query(app, schema, query)
            check_items(items)
            if items and is_refusal_sent:
                continue
            answer = send(app, call, f"{call.address()}?{query}", headers=bearer)
            check(answer)
            if items:
                # A record that is not found is reported first.
                assert answer.status_code == 422 or (answer.status_code == 404 and call.parameters)
                is_refusal_sent = True


@spread(
    EVERY_EIGHTH,
    ["x=%00", "%00=x", "x=a%ED%A0%80b", "x=%FF", "limit=%00"],
)
def test_an_unstorable_query_value_is_always_refused(
    app: Flask, bearer: dict[str, str], call: Call, kind: str
) -> None:
    options = {"json": {}} if call.operation.body else {}
    answer = send(app, call, f"{call.address()}?{kind}", headers=bearer, **options)
    assert answer.status_code == 422
    assert answer.json["detail"][0]["type"] == "string_unstorable"
    assert answer.json["detail"][0]["loc"][0] == "query"


@named(WITH_QUERY)
def test_a_parameter_given_twice_is_refused(app: Flask, bearer: dict[str, str], call: Call) -> None:
    fields = call.operation.query.model_fields if call.operation.query else {}
    options = {"json": call.body()} if call.operation.body else {}
    for name, field in fields.items():
        if "list" in str(field.annotation):
            continue
        answer = send(
            app,
            call,
            f"{call.address()}?{field.alias or name}=1&{field.alias or name}=1",
            headers=bearer,
            **options,
        )
        assert answer.status_code == 422
        assert answer.json["detail"] == [
            {
                "type": "parameter_repeated",
                "loc": ["query", field.alias or name],
                "msg": "Parameter must be given once",
            }
        ]


@named(WITH_IDS)
def test_a_malformed_id_is_not_found(app: Flask, bearer: dict[str, str], call: Call) -> None:
    options = {"json": call.body()} if call.operation.body else {}
    for value in share(PATH_VALUES, WITH_IDS.index(call)):
        answer = send(
            app,
            call,
            call.address(**dict.fromkeys(call.parameters, value)),
            headers=bearer,
            **options,
        )
        assert answer.status_code == 404, value
        check(answer)


@named(EVERY_EIGHTH)
def test_a_too_long_query_is_refused(app: Flask, bearer: dict[str, str], call: Call) -> None:
    answer = send(app, call, f"{call.address()}?x={'y' * 9000}", headers=bearer)
    assert answer.status_code == 422
    assert answer.json["detail"] == [
        {"type": "query_too_long", "loc": ["query"], "msg": "Query is too long"}
    ]
