"""Enquiries that a text can mean."""

from __future__ import annotations

import re

from voyagent.capabilities.capability import Choice, Invocation
from voyagent.enquiries.queries import enquiries as enquiries_queries
from voyagent.enquiries.queries.enquiries import Search
from voyagent.kernel.pages import Part

SEARCHED_MAX = 200
_NAME_WORD_MIN = 3


def enquiries(call: Invocation, text: str) -> list[Choice]:
    """Return enquiries of customers that a text names, else all; the newest first."""
    page = enquiries_queries.list_enquiries(call.reader, Search(), Part(limit=SEARCHED_MAX))
    words = {word for word in _words(text) if len(word) >= _NAME_WORD_MIN}
    named = [row for row in page.items if words & _words(row["customer_name"])]
    return [
        Choice(
            str(row["id"]),
            ", ".join(filter(None, (row["customer_name"], row["destination"]))),
        )
        for row in named or page.items
    ]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
