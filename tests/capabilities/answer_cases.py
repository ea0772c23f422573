"""Shapes of the cases of answers."""

from __future__ import annotations

from typing import Any

from voyagent.capabilities.capability import Choice

Case = tuple[str, dict[str, Any], dict[str, Any], list[str], list[Choice]]
"""Capability, input, output, the lines of the answer that are not blank, and its records."""

Empty = tuple[str, dict[str, Any], dict[str, Any], str]
"""Capability, input, an output that found nothing, and the answer."""


def rupees(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "INR"}
