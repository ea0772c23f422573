"""What came of a tool in a word or two, beside the line that says what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voyagent.capabilities.cards import count_note

Facts = dict[str, Any]


NOTES: dict[str, Callable[[Facts], str]] = {
    "find_enquiries": count_note,
}
