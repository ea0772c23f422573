"""The orchestrator's two tools: hand a wish to the desk that does it, and ask back.

Neither reads nor changes anything.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from voyagent.assistant.tools.registry import Tool, register
from voyagent.capabilities.capability import Invocation, JsonObject
from voyagent.kernel.fields import Closed, Trimmed


class HandoffIn(Closed):
    """Which desk goes on with the turn, and what for."""

    domain: Literal["ticketing_visa", "hotels_holidays", "accounting"]
    goal: Annotated[str, Trimmed(500)]


class ClarifyIn(Closed):
    """What to ask the person."""

    question: Annotated[str, Field(min_length=1, max_length=2000)]


def hand_over(_call: Invocation, wanted: HandoffIn) -> JsonObject:
    """The same again: who has it now."""
    return {"domain": wanted.domain, "goal": wanted.goal}


def ask_back(_call: Invocation, wanted: ClarifyIn) -> JsonObject:
    """The same again: it is shown as text."""
    return {"question": wanted.question}


register(
    Tool(
        "handoff",
        "Hand the rest of the turn to the desk that does it: ticketing_visa, hotels_holidays or"
        " accounting.",
        "chat.read",
        HandoffIn,
        run=hand_over,
        gives=frozenset({"domain", "goal"}),
    )
)
register(
    Tool(
        "clarify",
        "Ask the person for the one thing that is missing.",
        "chat.read",
        ClarifyIn,
        run=ask_back,
        gives=frozenset({"question"}),
    ),
)
