"""Check the form of the held-out messages in `held_out.jsonl`.

The file measures how well messages are understood. Its texts must never become example sentences.

Each line is one message: `id`, `text`, `lang`, `intent` (a tool's name, null if no tool fits),
`also` (other intents that are right), `fields`, `today` and sometimes `note`.

`fields` holds only values that a clerk can read from the text alone, under the names of the tool's
input. A nested object has only some of its members. Pseudo-fields take the place of ids:

- `customer_name`: the customer, or the guest of a hotel, without a title
- `party`: the supplier, the hotel, or the passenger of a visa, without a title
- `number`: the number of a document, booking or flight, as written
- `account`: the code or name of a ledger account, as written

Names, places, phone numbers and descriptions are written as in the message. Dates are ISO and
resolved from `today`; amounts are decimal strings. A note `no capability: …` names an act for which
there is no tool. Change the line to the intent when there is a tool for it.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from voyagent import catalogue

FILE = Path(__file__).with_name("held_out.jsonl")
REQUIRED = {"id", "text", "lang", "intent", "also", "fields", "today"}
LANGUAGES = {"en", "hi-Latn", "hi"}
PSEUDO_FIELDS = {"customer_name", "party", "number", "account"}
DEVANAGARI = re.compile(r"[\u0900-\u097f]")

LINES: list[dict[str, Any]] = [
    json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()
]
TOOLS = {tool.name: tool for tool in catalogue.CAPABILITIES}


def test_the_held_out_set_has_enough_messages() -> None:
    assert len(LINES) >= 300


def test_each_line_has_the_members_of_a_message() -> None:
    odd = [
        line["id"]
        for line in LINES
        if line.keys() - {"note"} != REQUIRED
        or not line["text"].strip()
        or line["lang"] not in LANGUAGES
        or bool(DEVANAGARI.search(line["text"])) != (line["lang"] == "hi")
        or not _is_day(line["today"])
    ]
    assert odd == []


def test_ids_and_texts_are_unique() -> None:
    for member in ("id", "text"):
        counts = Counter(line[member] for line in LINES)
        assert [value for value, count in counts.items() if count > 1] == []


def test_intents_are_tools() -> None:
    unknown = [
        line["id"]
        for line in LINES
        if not {line["intent"], *line["also"]} <= TOOLS.keys() | {None}
        or line["intent"] in line["also"]
    ]
    assert unknown == []


def test_each_tool_of_the_file_has_five_messages() -> None:
    """A tool needs messages to be measured, and fewer than five measure nothing."""
    counts = Counter(line["intent"] for line in LINES if line["intent"] is not None)
    assert counts.keys() <= TOOLS.keys()
    assert {name: count for name, count in counts.items() if count < 5} == {}


def test_a_fifth_of_the_messages_belong_to_no_tool() -> None:
    without = [line for line in LINES if line["intent"] is None]
    assert len(without) >= len(LINES) / 5
    assert [line["id"] for line in without if line["fields"]] == []


def test_fields_are_fields_of_the_input_or_placeholders_of_ids() -> None:
    wrong = {
        line["id"]: found
        for line in LINES
        if line["intent"] is not None and (found := _problems(line["intent"], line["fields"]))
    }
    assert wrong == {}


def _problems(tool: str, fields: dict[str, Any]) -> list[str]:
    schema = TOOLS[tool].input.model_json_schema()
    return list(_misfits(fields, schema, schema.get("$defs", {})))


def _misfits(value: Any, schema: dict[str, Any], defs: dict[str, Any], at: str = "") -> list[str]:
    """Yield the places where the given members of a value violate a JSON schema."""
    options = [_resolved(option, defs) for option in schema.get("anyOf", [schema])]
    found = [_misfits_of_one(value, option, defs, at) for option in options]
    return min(found, key=len)


def _resolved(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    return defs[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def _misfits_of_one(value: Any, schema: dict[str, Any], defs: dict[str, Any], at: str) -> list[str]:
    if schema.get("type") == "object" and isinstance(value, dict):
        return [
            misfit
            for name, member in value.items()
            for misfit in _misfits_of_member(name, member, schema["properties"], defs, at)
        ]
    if schema.get("type") == "array" and isinstance(value, list):
        return [
            misfit
            for place, item in enumerate(value)
            for misfit in _misfits(item, schema["items"], defs, f"{at}[{place}]")
        ]
    return [] if _fits(value, schema) else [f"{at}: {value!r}"]


def _misfits_of_member(
    name: str, value: Any, properties: dict[str, Any], defs: dict[str, Any], at: str
) -> list[str]:
    if name in properties:
        return _misfits(value, properties[name], defs, f"{at}.{name}")
    if name in PSEUDO_FIELDS and isinstance(value, str):
        return []
    return [f"{at}.{name}: no such field"]


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    kind = schema["type"]
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind != "string" or not isinstance(value, str):
        return False
    if "enum" in schema:
        return value in schema["enum"]
    if schema.get("format") == "uuid":
        return False  # No message says an id.
    if schema.get("format") == "date":
        return re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None and _is_day(value)
    return re.search(schema.get("pattern", ""), value) is not None


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True
