"""Each tool with a record in `tools.json` equals its record.

A tool may have a record without being a capability. The record fixes tools that programs and stored
conversations rely on. A new capability needs none; `tests/capabilities/test_catalogue.py` checks
that it is complete. The record has what models, approvals, cards and the audit log need of a tool.
It has no titles and descriptions of the schema, which a capability may add. The capabilities in
`WIDENED` accept more fields than their records, such as those of their forms. Their schemas accept
all input that the recorded ones accept.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from voyagent.approvals.service import effects
from voyagent.audit import words
from voyagent.capabilities import registry

WIDENED = {
    "add_passenger",
    "add_transfer",
    "create_invoice",
    "draft_invoice",
    "find_invoices",
    "hold_flight",
    "issue_invoice",
    "list_payables",
    "list_receivables",
    "read_itinerary",
    "receive_bill",
    "record_receipt",
    "remove_passenger",
    "show_trip",
}
RECORDS: dict[str, Any] = json.loads(Path(__file__).with_name("tools.json").read_text())


def record(name: str) -> dict[str, Any]:
    tool, effect = registry.get(name), effects.find(name)
    return {
        "purpose": tool.summary,
        "permission": tool.permission,
        "area": tool.area,
        "approval": tool.approval,
        "gives": sorted(tool.output),
        "schema": bare(tool.input.model_json_schema()),
        "effect": None if effect is None else record_of_effect(effect),
        "audit": words.kind(name),
        "glyph": tool.card.icon,
    }


def record_of_effect(effect: effects.Effect) -> dict[str, Any]:
    return {
        "title": effect.title,
        "approvers": sorted(map(str, effect.approver_roles)),
        "money": effect.money,
        "reversible": effect.reversible,
        "external": effect.external,
        "asks": effect.asks,
        "editable": effect.schema is not None,
        "describes": effect.describe is not None,
        "measures": effect.measure is not None,
        "dry_run": effect.dry_run is not None,
        "several_amounts": effect.amounts is not None,
    }


def bare(schema: Any) -> Any:
    """Return a schema without titles and descriptions, with its references resolved."""
    return _bare(schema, schema.get("$defs", {}))


def _bare(node: Any, definitions: dict[str, Any], *, names: bool = False) -> Any:
    if isinstance(node, list):
        return [_bare(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _bare(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
    return {
        name: _bare(value, definitions, names=name == "properties")
        for name, value in node.items()
        if names or name not in ("title", "description", "$defs")
    }


def test_every_record_belongs_to_a_tool() -> None:
    assert set(RECORDS) - {tool.name for tool in registry.every()} == set()


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_tool_equals_its_record(name: str) -> None:
    found, known = record(name), RECORDS[name]
    if name in WIDENED:
        assert accepts(found.pop("schema"), known["schema"])
        known = {key: value for key, value in known.items() if key != "schema"}
    assert found == known


def accepts(wide: Any, narrow: Any) -> bool:
    """Return True if a schema has each key of another.

    Further fields must be optional.
    """
    if not isinstance(narrow, dict) or not isinstance(wide, dict):
        return bool(wide == narrow)
    if "anyOf" in wide and "anyOf" not in narrow:
        return any(accepts(one, narrow) for one in wide["anyOf"])
    return set(wide.get("required", ())) <= set(narrow.get("required", ())) and all(
        key in wide and accepts(wide[key], value)
        for key, value in narrow.items()
        if key != "required"
    )


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"type": "string"}, {"type": "integer"}),
        ({"properties": {}}, {"properties": {"a": {}}}),
        ({"required": ["a"]}, {"required": []}),
        ({"anyOf": [{"type": "null"}]}, {"type": "string"}),
    ],
)
def test_a_narrower_schema_does_not_accept_the_record(wide: Any, narrow: Any) -> None:
    assert not accepts(wide, narrow)
