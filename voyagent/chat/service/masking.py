"""Mask financial numbers in conversations that an earlier release stored."""

from __future__ import annotations

import json

from voyagent.chat.models import ChatEvent, ChatMessage, ChatSession, ChatTurn, ChatTurnStep
from voyagent.chat.queries.events import as_line
from voyagent.kernel.financial_numbers import hidden_everywhere
from voyagent.kernel.stored_texts import Masking


def maskings() -> list[Masking]:
    """Return a Masking for each database column with texts of conversations.

    A Masking masks PANs, tax numbers and bank accounts in the rows of its column.
    """
    return [
        Masking(ChatSession.title),
        Masking(ChatTurn.message),
        Masking(ChatMessage.blocks),
        Masking(ChatTurnStep.outcome),
        Masking(ChatEvent.data, mask=_masked_event),
    ]


def _masked_event(line: str) -> str:
    event = json.loads(line)
    masked = hidden_everywhere(event)
    return line if masked == event else as_line(masked)
