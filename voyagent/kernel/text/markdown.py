"""Escape texts of customers for Markdown, so that their characters format nothing."""

from __future__ import annotations

import re
from typing import Any

from voyagent.kernel.fields import readable

_ACTIVE = re.compile(r"[\\`*\[\]<|~]|&(?=#?\w{1,32};)|(?<![^\W_])_|_(?![^\W_])")
_LEADING = re.compile(r"(?:[#+=-](?=[#=+-]*(?:\s|$))|>|(?<![-+\d])-(?=-)|\d{1,9}(?=[.)](?:\s|$)))")


def escaped(text: str) -> str:
    """Return a text as Markdown that shows the text unformatted, on one line.

    No part of the text becomes a link, an image, a heading, a list, emphasis or code. Line ends
    become spaces, so that no part becomes a paragraph of its own.
    """
    line = _ACTIVE.sub(r"\\\g<0>", " ".join(readable(text).split()))
    leading = _LEADING.match(line)
    if leading is None:
        return line
    place = leading.end() if leading.group().isdecimal() else leading.start()
    return f"{line[:place]}\\{line[place:]}"


def escaped_values(value: Any) -> Any:
    """Return a JSON value with all strings escaped, except the keys of objects."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {name: escaped_values(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [escaped_values(one) for one in value]
    return value
