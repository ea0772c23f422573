"""Search text as a pattern for LIKE, and whether the trigram index can serve it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, any_, literal
from sqlalchemy.sql.elements import CollectionAggregate

_INDEXABLE = re.compile(r"[^\W_]{3}")


def contains(text: str) -> str:
    """Return a pattern for "contains"; %, _ and backslash stand for themselves."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def contains_any(texts: Iterable[str]) -> CollectionAggregate[Any]:
    """Return the argument of LIKE ANY for a column that contains any of the texts."""
    patterns: ColumnElement[list[str]] = literal([contains(text) for text in texts], ARRAY(Text))
    return any_(patterns)


def is_blunt(text: str) -> bool:
    """True if the text has no three letters in a row, which the trigram index needs."""
    return _INDEXABLE.search(text) is None
