"""Descriptions of a capability: a JSON schema for programs, controls for forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, TypedDict

from pydantic import BaseModel

from voyagent.approvals.words.arguments import AMOUNTS, argument
from voyagent.capabilities.capability import Capability, ProgramOnly
from voyagent.kernel.fields import PLAIN_AMOUNT
from voyagent.kernel.json_values import JsonObject

Kind = Literal[
    "amount",
    "boolean",
    "choice",
    "country",
    "currency",
    "date",
    "email",
    "group",
    "hidden",
    "integer",
    "list",
    "long_text",
    "record",
    "records",
    "rows",
    "text",
]
"""Kinds of form control.

`group` is for a nested model, `rows` for a list of models, and `list` for a list of texts.
"""
LONG_TEXT_MIN = 1000
_COUNTRY = "^[A-Z]{2}$"
Schema = Mapping[str, Any]


class ToolSchema(TypedDict):
    """A capability as a tool of a language model or an MCP client."""

    name: str
    description: str
    input_schema: JsonObject
    annotations: dict[str, bool]


class FormField(NamedTuple):
    """A control of a form.

    `reader` is the kind of value that the assistant reads for this field from a message. A control
    of kind `group` or `rows` has inner `fields`.
    """

    name: str
    label: str
    help: str
    reader: str
    required: bool
    options: tuple[str, ...]
    value: object
    kind: Kind = "text"
    fields: tuple[FormField, ...] = ()
    length_max: int | None = None
    default: object = None


def tool_schema(capability: Capability[Any]) -> ToolSchema:
    """Return the definition of a tool for language models and MCP clients."""
    example = next(iter(capability.examples.get("en", ())), "")
    return {
        "name": capability.name,
        "description": (
            f"{capability.summary} Example: “{example}”." if example else capability.summary
        ),
        "input_schema": capability.input.model_json_schema(),
        "annotations": {
            "readOnlyHint": not capability.writes,
            "destructiveHint": not capability.undoable,
        },
    }


def form_fields(capability: Capability[Any], known: Mapping[str, object]) -> list[FormField]:
    """Return the controls of a capability's form, in the order of its fields.

    The controls are filled with the values in `known`, by field name.
    """
    model: type[BaseModel] = capability.input
    schema, infos = _schema(model), model.model_fields
    return [
        _field(capability, name, inner, schema)._replace(
            label=argument(name, infos[name].title),
            help=infos[name].description or "",
            required=infos[name].is_required(),
            value=known.get(name),
        )
        for name, inner in schema["properties"].items()
    ]


def _field(capability: Capability[Any], name: str, found: Schema, schema: Schema) -> FormField:
    """Return the control of an input field.

    `found` is the JSON schema of the field. `schema` is the JSON schema of the whole input.
    """
    slot = capability.slots.get(name)
    reader = slot.reader if slot else "text"
    info = capability.input.model_fields[name]
    if any(isinstance(one, ProgramOnly) for one in info.metadata):
        kind: Kind = "hidden"
    elif name in capability.lookups or name in capability.choices:
        kind = "records" if _bare(found).get("type") == "array" else "record"
    else:
        kind = _kind(name, found, reader)
    control = _control(name, found, schema)._replace(reader=reader, kind=kind)
    return _with_records(control, capability, f"{name}.")


def _with_records(control: FormField, capability: Capability[Any], path: str) -> FormField:
    """Return the control; nested fields with `choices` offer records to choose from.

    `path` is the dotted path of the control, with a dot at the end.
    """
    inner = [_with_records(one, capability, f"{path}{one.name}.") for one in control.fields]
    fields = tuple(
        one._replace(kind="record") if path + one.name in capability.choices else one
        for one in inner
    )
    return control._replace(fields=fields)


def _control(name: str, found: Schema, schema: Schema) -> FormField:
    bare = _bare(found)
    reference = bare.get("$ref") or _items(bare).get("$ref")
    return FormField(
        name,
        argument(name),
        found.get("description", ""),
        "text",
        required=False,
        options=tuple(bare.get("enum", ())),
        value=None,
        kind=_kind(name, found, "text"),
        fields=tuple(_inner(reference, schema)) if reference else (),
        length_max=bare.get("maxLength"),
        default=found.get("default"),
    )


def _inner(reference: str, schema: Schema) -> Iterator[FormField]:
    """Yield the controls of a group; an id is hidden unless records are offered."""
    model = schema["$defs"][reference.rpartition("/")[2]]
    for name, found in model.get("properties", {}).items():
        control = _control(name, found, schema)._replace(required=name in model.get("required", ()))
        is_id = _bare(found).get("format") == "uuid"
        yield control._replace(kind="hidden") if is_id else control


def _kind(name: str, found: Schema, reader: str) -> Kind:
    bare = _bare(found)
    kinds: dict[Kind, bool] = {
        "choice": "enum" in bare,
        "group": "$ref" in bare,
        "rows": "$ref" in _items(bare),
        "list": bare.get("type") == "array",
        "boolean": bare.get("type") == "boolean",
        "integer": bare.get("type") == "integer",
        "date": bare.get("format") == "date",
        "amount": (
            reader.startswith("amount")
            or bare.get("pattern") == PLAIN_AMOUNT
            or name.endswith(AMOUNTS)
        ),
        "currency": name.endswith("currency"),
        "country": bare.get("pattern") == _COUNTRY,
        "email": reader == "email" or bare.get("format") == "email",
        "long_text": bare.get("maxLength", 0) >= LONG_TEXT_MIN,
    }
    return next((kind for kind, fits in kinds.items() if fits), "text")


def _bare(found: Schema) -> Schema:
    """Return the schema of a value that may be null, without `null`."""
    kinds = [one for one in found.get("anyOf", ()) if one.get("type") != "null"]
    return kinds[0] if kinds else found


def _items(found: Schema) -> Schema:
    items: Schema = found.get("items", {})
    return items


@cache
def _schema(model: type[BaseModel]) -> JsonObject:
    """Return the JSON schema of an input; without fields, `properties` is empty."""
    return {"properties": {}, **model.model_json_schema()}
