"""Searching conversations by what they are called and what was said in them, at a cost that does
not grow with what was ever said.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, DateTime, Integer, Select, Text, Uuid, cast, func, literal, select
from sqlalchemy.types import TypeEngine

from voyagent.chat.models import ChatSession
from voyagent.chat.queries import LISTED, SESSIONS_MAX
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.pages import Cursor, next_cursor
from voyagent.kernel.patterns import contains, is_blunt
from voyagent.kernel.tenancy import owned

MET_MAX, LOOKED_MAX = 2_000, 5_000
"""Up to so many messages the trigrams name the conversations; beyond, so many of the newest
conversations are looked at one after another.
"""
_NEWEST = (ChatSession.__table__.c.created_at, ChatSession.__table__.c.id)


def find_sessions(
    reader: Reader, words: str, limit: int = SESSIONS_MAX, cursor: str | None = None
) -> tuple[list[Row], str | None, bool]:
    """The newest conversations that are called so, or in which a person or the assistant said so,
    and the marker of the next page.

    The last is whether older ones were not looked at, since the words are too short or too common
    for the index. Raises InvalidCursor.
    """
    rows = reader.read(found_statement(words, limit, cursor))[0]
    found = [row for row in rows if row["id"] is not None]
    return found, next_cursor(found, limit), len(found) < len(rows)


def found_statement(words: str, limit: int, cursor: str | None = None) -> Select[Any]:
    """The look-up function names the keys, for behind the policy no trigram would help; the rows
    are read behind the wall.

    A last row without an id says that older ones were not looked at. Raises InvalidCursor.
    """
    after = Cursor.decode(cursor) if cursor is not None else None
    values: tuple[tuple[Any, TypeEngine[Any]], ...] = (
        (contains(words), Text()),
        (after and after.at, DateTime(timezone=True)),
        (after and after.id, Uuid()),
        *((number, Integer()) for number in (limit, MET_MAX, LOOKED_MAX)),
        (is_blunt(words), Boolean()),
    )
    call = func.app.find_sessions(*(cast(literal(value, kind), kind) for value, kind in values))
    found, rows = call.table_valued("id", name="found"), ChatSession.__table__
    newest = (column.desc().nulls_last() for column in _NEWEST)
    return (
        select(*LISTED)
        .select_from(found.outerjoin(rows, owned(rows) & (rows.c.id == found.c.id)))
        .order_by(*newest)
    )
