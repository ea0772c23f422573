"""A capability in the terms of its consumers: JSON schema for programs, fields for forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from voyagent.capabilities.capability import Capability


class FormField(NamedTuple):
    """One control of a form; `reader` names the kind of value."""

    name: str
    label: str
    help: str
    reader: str
    required: bool
    options: tuple[str, ...]
    value: object


def tool_schema(capability: Capability[Any]) -> dict[str, Any]:
    """Return name, description and JSON schema, as models and MCP clients read them."""
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
    """Return the controls of the form in the order of the input, filled with known values."""
    schema = capability.input.model_json_schema()["properties"]
    return [
        FormField(
            name,
            info.title or name.removesuffix("_id").replace("_", " ").capitalize(),
            info.description or "",
            capability.slots[name].reader if name in capability.slots else "text",
            info.is_required(),
            _options(schema[name]),
            known.get(name),
        )
        for name, info in capability.input.model_fields.items()
    ]


def _options(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Allowed values, also of a field that may be null."""
    return next(
        (tuple(one["enum"]) for one in (schema, *schema.get("anyOf", ())) if "enum" in one), ()
    )
