"""What the tests of model drivers ask, and of whom."""

from __future__ import annotations

import time
from typing import Any

from tests.model_server import ModelServer
from voyagent.drivers.models.anthropic import Anthropic
from voyagent.drivers.models.openai import OpenAI
from voyagent.drivers.models.protocol import ModelDriver, ModelRequest, PersonSaid, SystemPart, ToolOffer

KEY = "key-that-nobody-may-see-4711"
FLIGHTS = ToolOffer("search_flights", "Find fares", {"type": "object", "properties": {"origin": {"type": "string"}}, "required": ["origin"]})
BALANCE = ToolOffer("read_balance", "Read a balance", {"type": "object", "properties": {}})


def driver_of(kind: str, server: ModelServer, *, key: str = KEY) -> ModelDriver:
    """A driver that speaks with the stand-in."""
    if kind == "anthropic":
        return Anthropic("claude-stand-in", key, server.url)
    return OpenAI("local-model", server.url + "/v1", key)


def request_of(words: str = "Who owes us money?", *, within_s: float = 10.0, **more: Any) -> ModelRequest:
    """A request with instructions, two tools and a message."""
    given: dict[str, Any] = {
        "system": (SystemPart("You help a travel agency.", cacheable=True), SystemPart("Today is 2 March 2026.")),
        "messages": (PersonSaid(words),),
        "deadline": time.monotonic() + within_s,
        "max_tokens": 500,
        "tools": (FLIGHTS, BALANCE),
    }
    return ModelRequest(**{**given, **more})
