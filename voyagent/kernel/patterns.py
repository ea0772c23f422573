"""What people type into a search as a pattern for LIKE, and whether the index of trigrams can help
with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, any_, literal

_INDEXABLE = re.compile(r"[^\W_]{3}")


def contains(text: str) -> str:
    """A pattern for "has this in it", in which %, _ and the backslash mean themselves."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def contains_any(texts: Iterable[str]) -> Any:
    """What a column is `like` that has any of these in it."""
    patterns: ColumnElement[list[str]] = literal([contains(text) for text in texts], ARRAY(Text))
    return any_(patterns)


def is_blunt(text: str) -> bool:
    """Whether it has no three letters in a row, which the trigram index needs."""
    return _INDEXABLE.search(text) is None
