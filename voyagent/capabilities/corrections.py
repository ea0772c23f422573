"""Recognise a message that corrects the open card.

The functions also remove values that a message denies, such as “not 45000”.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from voyagent.capabilities.capability import Capability
from voyagent.kernel.text.reading import Reading

_LEAD = re.compile(
    r"^\s*(?:(?:yes|ok(?:ay)?|haan?)[\s,]+(?:but|lekin|par)\b"
    r"|(?:no+|nope|sorry|oops|wait|actually|correction|i mean|nahi+n?|नहीं)\b)(?:[\s,:]|-(?!\d))*"
    r"(?:make it|it is|it's|change (?:it|that) to|i mean)?\s*"
    r"|^\s*(?:make|change) (?:it|that)(?: to)?\s+",
    re.IGNORECASE,
)
_DENIED_BEFORE = re.compile(
    r"\b(?:not|isn['’]?t|instead of)\s+(?:(?:on|by|from|to|for|in)\s+)?$", re.IGNORECASE
)
_DENIED_BEHIND = re.compile(r"\s*(?:nahi+n?|नहीं)(?!\w)", re.IGNORECASE)
_DENIED_WORD = re.compile(
    r"\b(?:not|instead of)\s+(?:(?:on|by|from|to|for|in)\s+)?[a-z]+\b", re.IGNORECASE
)
_FUNCTION_WORDS = re.compile(
    r"(?:a|actually|also|an|and|as|at|be|been|but|by|change|for|from|has|have|i|in|instead|is|its?"
    r"|just|lekin|make|mean|meant|mera|mode|new|no|not|now|of|ok|on|only|or|per|please|pls|put"
    r"|rather|say|set|should|sorry|that|the|this|through|thru|till|to|total|until|use|via|was|will"
    r"|with|would|yes|hai|tha|haan|ji|k[aeio]|se|kar|karo|do|par|wal[ai]|नहीं|है|का|की|के|को|से)"
)
_WORD = re.compile(r"<\w+>|[^\W\d_][\w'’]*|\d[\w.,/-]*")


def without_lead(text: str) -> str:
    """Return the text without leading words of a correction: “no, make it”."""
    return _LEAD.sub("", text, count=1)


def without_denied(text: str, reading: Reading) -> str:
    """Return the text without values that it denies: “not 45000”, “45k nahi”."""
    cuts: list[tuple[int, int]] = []
    for span in reading.spans:
        before = _DENIED_BEFORE.search(text, 0, span.start)
        behind = _DENIED_BEHIND.match(text, span.end)
        if before is not None:
            cuts.append((before.start(), span.end))
        elif behind is not None:
            cuts.append((span.start, behind.end()))
    for start, end in sorted(cuts, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return _DENIED_WORD.sub(" ", text).strip()


def has_only_values(
    masked: str, capability: Capability[Any], words: Mapping[str, str], verbs: Collection[str]
) -> bool:
    """Return True if a message has only values, names of fields and function words.

    The message must have at least one value.
    `masked` is the message with a placeholder for each value. `words` has, by field, the words of
    the message that were read as the value of the field. `verbs` are the first words of the names
    of capabilities; they do not count as names of fields. For example, “issue” is a verb, although
    the field `issue_date` contains the word.
    """
    found = _WORD.findall(masked)
    read = set(_words(words.values()))
    named = set(_words(_field_names(capability))) - set(verbs)
    rest = [
        word
        for word in found
        if not word.startswith("<")
        and not _FUNCTION_WORDS.fullmatch(word)
        and word not in read
        and word not in named
    ]
    is_filled = any(word.startswith("<") or word in read for word in found)
    return not rest and is_filled


def _words(texts: Iterable[str]) -> list[str]:
    return [word for text in texts for word in _WORD.findall(text.lower())]


def _field_names(capability: Capability[Any]) -> list[str]:
    """Return the words for the fields: their names and kinds of value, in words.

    For example, the name `due_date` gives `due date`.
    """
    names = [name.replace("_", " ") for name in capability.input.model_fields]
    return [*names, *(slot.reader.replace("_", " ") for slot in capability.slots.values())]
