"""Requests and drivers for the tests of model drivers."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.model_server import ModelServer
from voyagent.drivers.models.anthropic import Anthropic
from voyagent.drivers.models.openai import OpenAI
from voyagent.drivers.models.protocol import (
    ModelAnswer,
    ModelDriver,
    ModelRequest,
    PersonMessage,
    SystemPart,
    ToolOffer,
)

KINDS = ("anthropic", "openai")
KEY = "key-that-nobody-may-see-4711"
FLIGHTS = ToolOffer(
    "search_flights",
    "Find fares",
    {"type": "object", "properties": {"origin": {"type": "string"}}, "required": ["origin"]},
)
BALANCE = ToolOffer("read_balance", "Read a balance", {"type": "object", "properties": {}})


def driver_of(kind: str, server: ModelServer, *, key: str = KEY) -> ModelDriver:
    """Return a driver connected to the stand-in."""
    if kind == "anthropic":
        return Anthropic("claude-stand-in", key, server.url)
    return OpenAI("local-model", server.url + "/v1", key)


def request_of(
    words: str = "Who owes us money?", *, within_s: float = 10.0, **more: Any
) -> ModelRequest:
    """Return a request with instructions, two tools and a message."""
    given: dict[str, Any] = {
        "system": (
            SystemPart("You help a travel agency.", cacheable=True),
            SystemPart("Today is 2 March 2026."),
        ),
        "messages": (PersonMessage(words),),
        "deadline": time.monotonic() + within_s,
        "max_tokens": 500,
        "tools": (FLIGHTS, BALANCE),
    }
    return ModelRequest(**{**given, **more})


def ask(driver: ModelDriver, **more: Any) -> ModelAnswer:
    """Return the driver's response without a listener."""
    return driver.answer(request_of(**more), lambda _text: None)


def beginning(driver: ModelDriver, text: str) -> bytes:
    """Return the frames of a response up to and with its first piece of text."""
    if driver.name == "openai":
        choice = {"index": 0, "delta": {"content": text}}
        return f"data: {json.dumps({'id': 'c', 'model': 'm', 'choices': [choice]})}\n\n".encode()
    start = {
        "type": "message_start",
        "message": {"id": "m", "model": "m", "usage": {"input_tokens": 4, "output_tokens": 1}},
    }
    block = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": ""},
    }
    delta = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": text},
    }
    return b"".join(
        f"event: {frame['type']}\ndata: {json.dumps(frame)}\n\n".encode()
        for frame in (start, block, delta)
    )
