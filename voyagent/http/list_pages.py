"""Query parameters of list pages: an offset and a cursor."""

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
    """Base class for the query parameters of a list page, which has newest rows first.

    `invalid` has the names of the invalid parameters.
    """

    ordered_by: ClassVar[str]
    """Name of the column that orders the list."""
    words_of: ClassVar[dict[str, LazyString]] = {}
    """Labels of the query parameters, for messages about invalid ones."""

    cursor: Annotated[str | None, Filter(200)] = None
    before: Annotated[str | None, Filter(200)] = None
    offset: Offset = 0
    invalid: Annotated[tuple[str, ...], Field(exclude=True)] = ()

    @abstractmethod
    def address(self, **changes: Any) -> str:
        """Return the URL of the page with changed parameters."""

    @property
    def invalid_labels(self) -> list[str]:
        """Return the labels of the invalid parameters."""
        return list(
            dict.fromkeys(
                str(self.words_of.get(name, _l("place in the list"))) for name in self.invalid
            )
        )

    def part(self) -> Part:
        """Return which rows of the list the page shows. Raises InvalidCursor."""
        mark = self.cursor or self.before
        return Part(
            limit=PAGE_ROWS,
            offset=self.offset,
            cursor=Cursor.decode(mark) if mark else None,
            backward=self.cursor is None and mark is not None,
        )

    def older(self, page: Page[Row]) -> str | None:
        """Return the URL of the next page, None on the last page."""
        if page.next_cursor is None or page.last == page.total:
            return None
        return self.address(cursor=page.next_cursor, offset=page.last)

    def newer(self, page: Page[Row]) -> str | None:
        """Return the URL of the previous page, None on the first page."""
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
        """Return the query without its invalid parameters.

        `wrong` has the names of the invalid parameters. An invalid cursor is removed too.
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
        return self.model_copy(update=cleared | {"invalid": (*self.invalid, *wrong)})
