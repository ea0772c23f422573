"""LIKE patterns that search for texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, any_, literal
from sqlalchemy.sql.elements import CollectionAggregate

_INDEXABLE = re.compile(r"[^\W_]{3}")


def contains(text: str) -> str:
    """Return a LIKE pattern for texts that contain `text`.

    The characters %, _ and backslash are escaped.
    """
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def contains_any(texts: Iterable[str]) -> CollectionAggregate[Any]:
    """Return the argument of `column.like` for texts that contain one of `texts`."""
    patterns: ColumnElement[list[str]] = literal([contains(text) for text in texts], ARRAY(Text))
    return any_(patterns)


def is_blunt(text: str) -> bool:
    """Return True if the text has no three adjacent letters or digits.

    PostgreSQL cannot use a trigram index to search for such a text.
    """
    return _INDEXABLE.search(text) is None
