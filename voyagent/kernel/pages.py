"""Paging of lists by limit and offset, or by cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.fields import Filter, Offset, Query, contains_unstorable
from voyagent.kernel.ids import parse_id

OFFSET_MAX = 2**31 - 1
Item = TypeVar("Item")
Found = TypeVar("Found")
Place = TypeVar("Place")


class InvalidCursor(Unprocessable):
    """The cursor was not issued by this list."""

    code = "invalid_cursor"
    message = N_("This page marker is not valid. Start from the first page.")


@dataclass(frozen=True, slots=True)
class CursorPage(Generic[Item]):
    """A page of a list without a total count; the last page has no `next_cursor`."""

    items: list[Item]
    limit: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page of a list, with the total count of the rows that match the filter."""

    items: list[Item]
    total: int
    limit: int
    offset: int
    next_cursor: str | None = None

    @property
    def first(self) -> int:
        """Return the number of the page's first row, counted from 1; 0 for an empty page."""
        return self.offset + 1 if self.items else 0

    @property
    def last(self) -> int:
        """Return the number of the page's last row; for an empty page, the offset."""
        return self.offset + len(self.items)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The position after a row in a list, newest first: the row's datetime and id.

    The id decides the order of rows with the same datetime.
    """

    at: datetime
    id: UUID

    @classmethod
    def of_day(cls, day: date, key: UUID) -> Cursor:
        """Return the position after a row of a list that is ordered by a date.

        The cursor contains midnight in UTC.
        """
        return cls(datetime.combine(day, time(), UTC), key)

    def encode(self) -> str:
        """Return the cursor as an opaque text for clients."""
        return (
            base64.urlsafe_b64encode(f"{self.at.isoformat()}|{self.id}".encode())
            .decode()
            .rstrip("=")
        )

    @classmethod
    def decode(cls, token: str) -> Cursor:
        """Return the cursor of an opaque text. Raises InvalidCursor."""
        try:
            at, _, key = (
                base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition("|")
            )
            instant, row = datetime.fromisoformat(at), parse_id(key)
        except (ValueError, binascii.Error):
            raise InvalidCursor from None
        if row is None or instant.tzinfo is None:
            raise InvalidCursor
        return cls(instant, row)


@dataclass(frozen=True, slots=True)
class Part:
    """The requested part of a list: `limit` rows after an offset or a cursor's row.

    If `backward` is true, the part has the `limit` rows before the cursor's row.
    """

    limit: int = 50
    offset: int = 0
    cursor: Cursor | None = None
    backward: bool = False


class PartQuery(Query):
    """Query parameters of a list with an offset or a cursor."""

    limit: Annotated[int, Field(ge=1)]
    offset: Offset = 0
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None,
        description=(
            "`next_cursor` of the previous page. With a cursor, `offset` does not select the page."
        ),
    )

    def part(self) -> Part:
        """Return the requested part of the list. Raises InvalidCursor."""
        return Part(
            limit=self.limit,
            offset=self.offset,
            cursor=None if self.cursor is None else Cursor.decode(self.cursor),
        )


@dataclass(frozen=True, slots=True)
class NameCursor:
    """The position after a row in a list that is ordered by unique names."""

    key: str

    def encode(self) -> str:
        """Return the cursor as an opaque text for clients."""
        return base64.urlsafe_b64encode(f"n|{self.key}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, token: str) -> NameCursor:
        """Return the cursor of an opaque text. Raises InvalidCursor."""
        try:
            kind, _, key = (
                base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition("|")
            )
        except (ValueError, binascii.Error):
            raise InvalidCursor from None
        if kind != "n" or contains_unstorable(key):
            raise InvalidCursor
        return cls(key)


def page_or_first(
    read: Callable[[Place | None], Found], place: Callable[[], Place | None]
) -> tuple[Found, tuple[str, ...]]:
    """Read the requested page, or the first page if the requested cursor is invalid.

    `place` returns the requested cursor, or None for the first page. It raises InvalidCursor if the
    cursor is invalid. `read` returns the page after a cursor. The result is the page, and the names
    of invalid parameters: `("cursor",)` or an empty tuple.
    """
    try:
        cursor = place()
    except InvalidCursor:
        return read(None), ("cursor",)
    return read(cursor), ()


def next_cursor(rows: list[dict[str, Any]], limit: int, *, at: str = "created_at") -> str | None:
    """Return the cursor after the last row, or None if the page is not full.

    A full page has `limit` rows. `at` is the datetime column that orders the list.
    """
    if len(rows) < limit or not rows:
        return None
    return Cursor(rows[-1][at], rows[-1]["id"]).encode()


def page_by_day(rows: list[dict[str, Any]], limit: int, day: str) -> CursorPage[dict[str, Any]]:
    """Return a page of a list that is ordered by the date column `day`.

    `rows` must contain one row more than `limit` if another page follows.
    """
    shown = rows[:limit]
    return CursorPage(
        shown,
        limit,
        Cursor.of_day(shown[-1][day], shown[-1]["id"]).encode() if len(rows) > limit else None,
    )
