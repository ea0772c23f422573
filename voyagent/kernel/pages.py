"""Pages of a list: limit and offset as the API contract has them, a cursor beside them for flat
cost at any depth.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Generic, TypeVar
from uuid import UUID

from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.fields import contains_unstorable
from voyagent.kernel.ids import parse_id

OFFSET_MAX = 2**31 - 1
Item = TypeVar("Item")
Found = TypeVar("Found")
Place = TypeVar("Place")


class InvalidCursor(Unprocessable):
    """A cursor that this list did not hand out."""

    code = "invalid_cursor"
    message = N_("That page marker is not one of ours. Start again from the first page.")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page and the size of the whole filtered set."""

    items: list[Item]
    total: int
    limit: int
    offset: int
    next_cursor: str | None = None

    @property
    def first(self) -> int:
        """Number of the first row shown, counted from 1; 0 when there is none."""
        return self.offset + 1 if self.items else 0

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return self.offset + len(self.items)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after a row in newest-first order: its instant, and its id to tell equal instants
    apart.
    """

    at: datetime
    id: UUID

    @classmethod
    def of_day(cls, day: date, key: UUID) -> Cursor:
        """The place after a row that is ordered by a day.

        Days have no zone, so the day's midnight in UTC stands for it.
        """
        return cls(datetime.combine(day, time(), UTC), key)

    def encode(self) -> str:
        """The opaque text that a client hands back."""
        return (
            base64.urlsafe_b64encode(f"{self.at.isoformat()}|{self.id}".encode())
            .decode()
            .rstrip("=")
        )

    @classmethod
    def decode(cls, token: str) -> Cursor:
        """Read a token of ours. Raises InvalidCursor."""
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
    """Which part of a list: `limit` rows behind an offset, or behind (`backward`: before) the row
    of a cursor.
    """

    limit: int = 50
    offset: int = 0
    cursor: Cursor | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class NameCursor:
    """The place after a row of a list by a name that no other row has."""

    key: str

    def encode(self) -> str:
        """The opaque text that a client hands back."""
        return base64.urlsafe_b64encode(f"n|{self.key}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, token: str) -> NameCursor:
        """Read a token of ours. Raises InvalidCursor."""
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
    """The page behind the place that was asked for, or the first one where its marker is none of
    ours, and then `cursor` as what could not be read.
    """
    try:
        behind = place()
    except InvalidCursor:
        return read(None), ("cursor",)
    return read(behind), ()


def next_cursor(rows: list[dict[str, Any]], limit: int, *, at: str = "created_at") -> str | None:
    """The cursor behind the last row of a full page, or None where the list ends."""
    if len(rows) < limit or not rows:
        return None
    return Cursor(rows[-1][at], rows[-1]["id"]).encode()


def cut_by_day(
    rows: list[dict[str, Any]], limit: int, day: str
) -> tuple[list[dict[str, Any]], str | None]:
    """Of rows by a day, of which one more than is shown was read: those that are shown, and the
    cursor behind the last of them where there are more.
    """
    shown = rows[:limit]
    return shown, (
        Cursor.of_day(shown[-1][day], shown[-1]["id"]).encode() if len(rows) > limit else None
    )
