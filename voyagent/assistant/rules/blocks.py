"""Blocks of a message, made from the events of its turn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from voyagent.assistant import words

Block = dict[str, Any]
WORDS_A_DELTA = 4


def deltas(text: str) -> list[str]:
    """Return a text split into pieces of a few words."""
    return re.findall(rf"\s*(?:\S+\s*){{1,{WORDS_A_DELTA}}}", text)


def fold(events: Iterable[dict[str, Any]]) -> list[Block]:
    """Return the blocks of a message in order, from the events of its turn.

    Each block has a `type` and these members:

    - `text`: text
    - `tool`: tool_call_id, tool_name, input, output, at, took_s
    - `approval`: approval_id, tool_name, summary
    - `decision`: approval_id, granted, summary
    - `error`: message
    - `card`: card_id, draft_id, capability, fields, missing, words, choices, offered, unread,
      assumed

    The `output` of a tool is null while the tool runs. `at` is the start of the call or, for an
    approved act, of its execution. `took_s` is the duration of the call in seconds. `took_s` is
    absent while the call runs, and for an approved act.
    """
    blocks: list[Block] = []
    for event in events:
        kind = event["kind"]
        if event.get("restarts"):  # text of a worker that died; another worker sends it again
            if blocks and blocks[-1]["type"] == "text":
                blocks.pop()
        elif kind == "text_delta" and blocks and blocks[-1]["type"] == "text":
            blocks[-1]["text"] += event["text"]
            blocks += _card(event)
        elif kind == "tool_result":
            _result(blocks, event)
        elif kind in _MAKERS:
            if (
                kind == "approval_request"
                and blocks
                and blocks[-1].get("tool_call_id") == event["tool_call_id"]
            ):
                blocks.pop()  # the proposal contains everything that the call does
            blocks.append(_MAKERS[kind](event))
            blocks += _card(event)
    return blocks


def read(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the events of stored rows as JSON objects, as the stream has sent them."""
    return [json.loads(row["data"]) for row in rows]


def _result(blocks: list[Block], event: dict[str, Any]) -> None:
    used = next(
        (
            block
            for block in reversed(blocks)
            if block["type"] == "tool" and block["tool_call_id"] == event["tool_call_id"]
        ),
        None,
    )
    if used is None:
        used = _tool(event)
        blocks.append(used)
    else:
        used["took_s"] = (
            datetime.fromisoformat(event["timestamp"]) - datetime.fromisoformat(used["at"])
        ).total_seconds()
    used["output"] = event["tool_output"]


def _text(event: dict[str, Any]) -> Block:
    return {"type": "text", "text": event["text"].lstrip("\n")}


def _card(event: dict[str, Any]) -> list[Block]:
    return [{"type": "card", **event["card"]}] if event.get("card") else []


def _error(event: dict[str, Any]) -> Block:
    return {"type": "error", "message": words.in_words(event["error_message"])}


def _tool(event: dict[str, Any]) -> Block:
    named = {"tool_call_id": event["tool_call_id"], "tool_name": event["tool_name"]}
    return {
        "type": "tool",
        **named,
        "input": event["tool_input"],
        "output": None,
        "at": event["timestamp"],
    }


def _approval(event: dict[str, Any]) -> Block:
    return {
        "type": "approval",
        "approval_id": event["approval_id"],
        "tool_name": event["tool_name"],
        "summary": event["approval_summary"],
    }


def _decision(event: dict[str, Any]) -> Block:
    granted = event["kind"] == "approval_granted"
    return {
        "type": "decision",
        "approval_id": event["approval_id"],
        "granted": granted,
        "summary": event["approval_summary"],
    }


_MAKERS: dict[str, Callable[[dict[str, Any]], Block]] = {
    "text_delta": _text,
    "tool_use": _tool,
    "approval_request": _approval,
    "approval_granted": _decision,
    "approval_denied": _decision,
    "error": _error,
}
