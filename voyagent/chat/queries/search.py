"""Search of conversations by name and text.

If the words are too short for the index, or more than MET_MAX messages match, only the newest
LOOKED_MAX conversations are searched. This limits the time of a search.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, DateTime, Integer, Select, Text, Uuid, cast, func, literal, select
from sqlalchemy.types import TypeEngine

from voyagent.chat.models import ChatSession
from voyagent.chat.queries.sessions import LISTED, SESSIONS_MAX
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.pages import Cursor, next_cursor
from voyagent.kernel.patterns import contains, is_blunt
from voyagent.kernel.tenancy import owned

MET_MAX, LOOKED_MAX = 2_000, 5_000
"""Limits of a search.

If at most MET_MAX messages match, the trigram index finds the conversations. Otherwise the
LOOKED_MAX newest conversations are searched one by one.
"""
_NEWEST = (ChatSession.__table__.c.created_at, ChatSession.__table__.c.id)


def find_sessions(
    reader: Reader, words: str, limit: int = SESSIONS_MAX, cursor: str | None = None
) -> tuple[list[Row], str | None, bool]:
    """Return the newest conversations that have `words` in their name or messages.

    The second value is the next cursor. The third value is True if older conversations were not
    searched, because `words` is too short or too frequent for the index. Raises InvalidCursor.
    """
    rows = reader.read(found_statement(words, limit, cursor))[0]
    found = [row for row in rows if row["id"] is not None]
    return found, next_cursor(found, limit), len(found) < len(rows)


def found_statement(words: str, limit: int, cursor: str | None = None) -> Select[Any]:
    """Select the conversations that have `words` in their name or messages.

    If older conversations were not searched, the last row has no id. Raises InvalidCursor.
    """
    after = Cursor.decode(cursor) if cursor is not None else None
    values: tuple[tuple[Any, TypeEngine[Any]], ...] = (
        (contains(words), Text()),
        (after and after.at, DateTime(timezone=True)),
        (after and after.id, Uuid()),
        *((number, Integer()) for number in (limit, MET_MAX, LOOKED_MAX)),
        (is_blunt(words), Boolean()),
    )
    # Under row-level security PostgreSQL would not use the trigram index, so a function is used.
    call = func.app.find_sessions(*(cast(literal(value, kind), kind) for value, kind in values))
    found, rows = call.table_valued("id", name="found"), ChatSession.__table__
    newest = (column.desc().nulls_last() for column in _NEWEST)
    return (
        select(*LISTED)
        .select_from(found.outerjoin(rows, owned(rows) & (rows.c.id == found.c.id)))
        .order_by(*newest)
    )
