"""Turns the OpenAPI document into what its reading page shows: operations by room, with parameters,
bodies, answers and examples.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from voyagent.http.api_samples import Json, resolved, sample, tail_of

METHODS = ("get", "post", "put", "patch", "delete")
_DEPTH_MAX = 6
_DECIMAL_PATTERN = "^(?!"  # how pydantic writes what a decimal string may be
_RANGES = (
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", "items"),
    ("minimum", "maximum", ""),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter or a member of an object: its name, its type in words, the shape that it refers
    to, and what limits it.
    """

    name: str
    kind: str
    shape: str | None
    required: bool
    limits: str
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One status that an operation may answer with: the codes in `detail`, the shape of the body,
    an example.
    """

    status: str
    word: str
    description: str
    codes: tuple[str, ...]
    media: str
    kind: str
    shape: str | None

    @property
    def family(self) -> str:
        """`2` for success, `4` for a refusal, `5` for a failure."""
        return self.status[0]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    public: bool
    parameters: tuple[Row, ...]
    body: tuple[Row, ...]
    body_shape: str | None
    body_media: str
    answers: tuple[Answer, ...]
    request_example: str
    answer_example: str

    @property
    def words(self) -> str:
        """What the search on the page looks through."""
        named = [row.name for row in (*self.parameters, *self.body)]
        codes = [code for answer in self.answers for code in answer.codes]
        return " ".join([self.method, self.path, self.summary, self.anchor, *named, *codes]).lower()


@dataclass(frozen=True, slots=True)
class Section:
    """The operations of one tag."""

    anchor: str
    title: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A named object of the document."""

    name: str
    description: str
    rows: tuple[Row, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The whole document in reading order."""

    title: str
    version: str
    description: str
    sections: tuple[Section, ...]
    shapes: tuple[Shape, ...]

    @property
    def count(self) -> int:
        """How many operations there are."""
        return sum(len(section.operations) for section in self.sections)


def outline(spec: Json) -> Outline:
    """Read an OpenAPI 3.1 document; what it does not say stays empty, and a dangling reference is
    shown by its name.
    """
    reader = _Reader(spec)
    info = spec.get("info", {})
    return Outline(
        title=info.get("title", ""),
        version=info.get("version", ""),
        description=info.get("description", ""),
        sections=tuple(reader.sections()),
        shapes=tuple(reader.shapes()),
    )


class _Reader:
    def __init__(self, spec: Json) -> None:
        self.spec = spec
        self.schemas: Json = spec.get("components", {}).get("schemas", {})
        servers = spec.get("servers") or [{}]
        self.prefix = str(servers[0].get("url", "")).rstrip("/")

    def sections(self) -> Iterator[Section]:
        described = {tag["name"]: tag.get("description", "") for tag in self.spec.get("tags", [])}
        grouped: dict[str, list[Operation]] = {name: [] for name in described}
        for path, methods in self.spec.get("paths", {}).items():
            for method in METHODS:
                if method in methods:
                    found = methods[method]
                    tag = (
                        found.get("tags") or [path.strip("/").removeprefix("api/").split("/")[0]]
                    )[0]
                    shared = methods.get("parameters", [])
                    grouped.setdefault(tag, []).append(self.operation(method, path, found, shared))
        for tag, operations in grouped.items():
            if operations:
                yield Section(_anchor(tag), _title(tag), described.get(tag, ""), tuple(operations))

    def operation(self, method: str, path: str, found: Json, shared: list[Json]) -> Operation:
        media, body_schema = _content(found.get("requestBody", {}))
        answers = tuple(
            self.answer(status, answer)
            for status, answer in sorted(found.get("responses", {}).items())
        )
        success: Json = next(
            (a for s, a in sorted(found.get("responses", {}).items()) if str(s).startswith("2")), {}
        )
        security = found.get("security", self.spec.get("security", []))
        full_path = self.prefix + path
        return Operation(
            anchor=found.get("operationId") or _anchor(f"{method} {path}"),
            method=method.upper(),
            path=full_path,
            summary=found.get("summary") or _title(found.get("operationId", "")),
            description=found.get("description", ""),
            public=not security,
            parameters=tuple(self.parameter(p) for p in [*shared, *found.get("parameters", [])]),
            body=tuple(self.rows(body_schema)) if body_schema else (),
            body_shape=_shape_name(body_schema),
            body_media=media,
            answers=answers,
            request_example=self.request_example(
                method, full_path, bearer=bool(security), media=media, schema=body_schema
            ),
            answer_example=self.answer_example(success),
        )

    def parameter(self, given: Json) -> Row:
        schema = given.get("schema", {})
        return Row(
            name=given.get("name", ""),
            kind=self.kind(schema),
            shape=_shape_name(schema),
            required=bool(given.get("required")),
            limits=_limits(schema),
            description=given.get("description", schema.get("description", "")),
            place=given.get("in", ""),
        )

    def answer(self, status: str, given: Json) -> Answer:
        media, schema = _content(given)
        code = int(status) if str(status).isdigit() else 0
        known = {item.value: item.phrase for item in HTTPStatus}
        return Answer(
            status=str(status),
            word=known.get(code, ""),
            description=(
                "" if given.get("description") == known.get(code) else given.get("description", "")
            ),
            codes=tuple(dict.fromkeys(self.codes(schema))) if code >= 400 else (),
            media=media,
            kind=self.kind(schema) if schema else "",
            shape=_shape_name(schema),
        )

    def codes(self, schema: Json, depth: int = 0) -> Iterator[str]:
        """The stable words that `detail` may hold."""
        schema = resolved(self.schemas, schema)
        if depth > _DEPTH_MAX:
            return
        detail = schema.get("properties", {}).get("detail")
        if detail:
            yield from (str(value) for value in self.constants(detail))
        for part in (*schema.get("anyOf", []), *schema.get("oneOf", [])):
            yield from self.codes(part, depth + 1)

    def constants(self, schema: Json) -> Iterator[Any]:
        yield from schema.get("enum", [])
        if "const" in schema:
            yield schema["const"]
        for part in (*schema.get("anyOf", []), *schema.get("oneOf", [])):
            yield from self.constants(part)

    def shapes(self) -> Iterator[Shape]:
        for name, schema in sorted(self.schemas.items()):
            kind = "" if schema.get("properties") else self.kind(schema)
            yield Shape(name, schema.get("description", ""), tuple(self.rows(schema)), kind)

    def rows(self, schema: Json) -> Iterator[Row]:
        schema = resolved(self.schemas, schema)
        required = schema.get("required", [])
        for name, member in schema.get("properties", {}).items():
            yield Row(
                name,
                self.kind(member),
                _shape_name(member),
                name in required,
                _limits(member),
                member.get("description", ""),
            )

    def kind(self, schema: Json, depth: int = 0) -> str:
        """A schema in a few words: `string, date`, `one of new, quoted`, `list of EnquiryOut`."""
        if depth > _DEPTH_MAX:
            return "…"
        if "$ref" in schema:
            return tail_of(schema["$ref"])
        parts = schema.get("anyOf") or schema.get("oneOf")
        if parts:
            return " or ".join(dict.fromkeys(self.kind(part, depth + 1) for part in parts))
        if "const" in schema:
            return f"always {schema['const']}"
        if "enum" in schema:
            return "one of " + ", ".join(
                "null" if value is None else str(value) for value in schema["enum"]
            )
        kinds = schema.get("type", "any")
        if kinds == "array":
            return f"list of {self.kind(schema.get('items', {}), depth + 1)}"
        words = " or ".join(kinds) if isinstance(kinds, list) else kinds
        return f"{words}, {schema['format']}" if "format" in schema else words

    def request_example(
        self, method: str, path: str, *, bearer: bool, media: str, schema: Json
    ) -> str:
        lines = [
            (
                f"curl -X {method.upper()} $VOYAGENT{path}"
                if method != "get"
                else f"curl $VOYAGENT{path}"
            )
        ]
        if bearer:
            lines.append('-H "Authorization: Bearer $TOKEN"')
        if schema:
            lines.append(f'-H "Content-Type: {media}"')
            lines.append(
                f"-d '{json.dumps(sample(self.schemas, schema), indent=2, ensure_ascii=False)}'"
            )
        return " \\\n  ".join(lines)

    def answer_example(self, success: Json) -> str:
        media, schema = _content(success)
        if not schema:
            return ""
        if not media.startswith("application/json"):
            return media
        return json.dumps(sample(self.schemas, schema), indent=2, ensure_ascii=False)


def _content(holder: Json) -> tuple[str, Json]:
    for media, content in holder.get("content", {}).items():
        return media, content.get("schema", {})
    return "", {}


def _limits(schema: Json) -> str:
    for part in schema.get("anyOf", []):
        if part.get("type") != "null":
            schema = {**part, **schema}
    words = [
        _range(schema.get(low), schema.get(high), unit)
        for low, high, unit in _RANGES
        if low in schema or high in schema
    ]
    if "exclusiveMinimum" in schema:
        words.append(f"above {schema['exclusiveMinimum']:g}")
    if "pattern" in schema:
        words.append(
            "in decimal figures"
            if schema["pattern"].startswith(_DECIMAL_PATTERN)
            else f"matches {schema['pattern']}"
        )
    if schema.get("default") not in (None, ""):
        default = schema["default"]
        words.append(
            f"default {json.dumps(default) if isinstance(default, bool | dict | list) else default}"
        )
    return ", ".join(words)


def _range(low: float | None, high: float | None, unit: str) -> str:
    if high is None:
        text = "not empty" if unit and low == 1 else f"at least {low:.0f} {unit}"
    elif low == high:
        text = f"exactly {high:.0f} {unit}"
    elif low is None or (unit and low == 0):
        text = f"up to {high:.0f} {unit}"
    else:
        text = f"{low:.0f} to {high:.0f} {unit}"
    return text.strip()


def _shape_name(schema: Json) -> str | None:
    """The named shape that a schema is, holds a list of, or may be; None when it names none."""
    if "$ref" in schema:
        return tail_of(schema["$ref"])
    inner = [schema.get("items", {}), *schema.get("anyOf", []), *schema.get("oneOf", [])]
    return next((name for part in inner if part and (name := _shape_name(part))), None)


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _title(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:].lower()
