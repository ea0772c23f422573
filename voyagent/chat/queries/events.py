"""Format in which the events of a conversation are stored and sent."""

from __future__ import annotations

import json

from pydantic import JsonValue

from voyagent.chat.queries.sessions import Turn
from voyagent.kernel import clock
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.financial_numbers import hidden_everywhere
from voyagent.kernel.json_values import JsonMapping, JsonObject

EVENT_FIELDS = (
    "text",
    "tool_name",
    "tool_input",
    "tool_output",
    "tool_call_id",
    "approval_id",
    "approval_summary",
    "error_message",
)
# Field that is present only if true: clients must discard the text since the last event of another
# kind, because the worker that sent this text has died.
RESTARTS = "restarts"
# Field that is present only on the text of a card, whose fields the user is asked to confirm.
CARD = "card"


def event_line(turn: Turn, kind: str, fields: JsonMapping, timestamp: str | None = None) -> str:
    """Return an event as the JSON text that is stored and sent.

    PANs, tax numbers and bank accounts in the fields are masked. `timestamp` defaults to now.
    Raises ValueError for an unknown field.
    """
    unknown = set(fields) - {*EVENT_FIELDS, RESTARTS, CARD}
    if unknown:
        raise ValueError(f"an event has no field {', '.join(sorted(unknown))}")
    event: JsonObject = {
        "kind": kind,
        "session_id": str(turn.session_id),
        "turn_id": turn.id,
        "timestamp": timestamp or wire_instant(clock.now()),
    }
    fields = hidden_everywhere(fields)
    event |= {name: _in_order(fields.get(name)) for name in EVENT_FIELDS} | (
        {RESTARTS: True} if fields.get(RESTARTS) else {}
    )
    if fields.get(CARD):
        event[CARD] = _in_order(fields[CARD])
    return as_line(event)


def as_line(event: JsonMapping) -> str:
    """Return an event as compact JSON text."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _in_order(value: JsonValue) -> JsonValue:
    """Return an object with its members sorted by name; return other values unchanged.

    An event that is read from the database and written again then has the same bytes.
    """
    return (
        json.loads(json.dumps(value, sort_keys=True, allow_nan=False))
        if isinstance(value, dict)
        else value
    )
