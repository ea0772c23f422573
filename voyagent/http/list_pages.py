"""The place in a list as the address of its page tells it: an offset for the numbers of the rows,
and a mark of the row that the part lies behind or before.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Self

from flask_babel import LazyString, lazy_gettext as _l
from pydantic import BaseModel, Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Filter, Offset
from voyagent.kernel.pages import Cursor, InvalidCursor, Page, Part

PAGE_ROWS = 50
PLACE = ("cursor", "before", "offset")


class PlacedQuery(BaseModel):
    """What the address of a list, newest first, asks for beside its filters; what of it could not
    be read is named in `unread`.
    """

    ordered_by: ClassVar[str]
    """The column of a row that the list is in the order of."""
    words_of: ClassVar[dict[str, LazyString]] = {}
    """How a person calls a part of the address."""

    cursor: Annotated[str | None, Filter(200)] = None
    before: Annotated[str | None, Filter(200)] = None
    offset: Offset = 0
    unread: Annotated[tuple[str, ...], Field(exclude=True)] = ()

    @abstractmethod
    def address(self, **changes: Any) -> str:
        """The page's address with something changed; any change but of the place and of what is
        open leads to the first page.
        """

    @property
    def unread_words(self) -> list[str]:
        """What was left out, as a person says it."""
        return list(
            dict.fromkeys(
                str(self.words_of.get(name, _l("the place in the list"))) for name in self.unread
            )
        )

    def part(self) -> Part:
        """Which part of the list. Raises InvalidCursor."""
        mark = self.cursor or self.before
        return Part(
            limit=PAGE_ROWS,
            offset=self.offset,
            cursor=Cursor.decode(mark) if mark else None,
            backward=self.cursor is None and mark is not None,
        )

    def older(self, page: Page[Row]) -> str | None:
        """The address of the page after this one, by the mark of its last row."""
        if page.next_cursor is None or page.last == page.total:
            return None
        return self.address(cursor=page.next_cursor, offset=page.last)

    def newer(self, page: Page[Row]) -> str | None:
        """The address of the page before this one; near the beginning that is the first page."""
        if self.offset == 0:
            return None
        if self.offset <= PAGE_ROWS or not page.items:
            return self.address(cursor=None)
        first = page.items[0]
        return self.address(
            before=Cursor(first[self.ordered_by], first["id"]).encode(),
            offset=self.offset - PAGE_ROWS,
        )

    def without(self, *wrong: str) -> Self:
        """The same without what is wrong with it, named in `unread`; a mark that is not ours takes
        the whole place along.
        """
        try:
            self.part()
        except InvalidCursor:
            wrong = (*wrong, *PLACE)
        if not wrong:
            return self
        cleared: dict[str, Any] = dict.fromkeys(wrong) | (
            {"offset": 0} if "offset" in wrong else {}
        )
        return self.model_copy(update=cleared | {"unread": (*self.unread, *wrong)})
