"""Query parameters of the list of invoices, and the URLs of its tabs and pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from pydantic import Field, ValidationError

from voyagent.billing.core.queries.documents import COUNTED_MAX
from voyagent.billing.core.schemas.lines import PAGE_SIZE
from voyagent.billing.invoices.queries.board import InvoiceListPage, InvoiceSearch
from voyagent.billing.invoices.schemas.lists import InvoiceListQuery
from voyagent.http.forms import read_date
from voyagent.http.list_queries import LABELS, invalid_names, labels_of

_DATES = ("due_from", "due_to", "from", "to")
_TABS = (
    (None, _l("All")),
    ("draft", _l("Draft")),
    ("open", _l("Unpaid")),
    ("overdue", _l("Overdue")),
    ("partially_paid", _l("Partly paid")),
    ("paid", _l("Settled")),
)
_RARE_TABS = (("issued", _l("Issued")), ("void", _l("Void")))


class InvoiceList(InvoiceListQuery):
    """Query parameters of the list of invoices.

    A value that cannot be read is ignored, and the name of its parameter is in `invalid`.
    """

    invalid: Annotated[tuple[str, ...], Field(exclude=True)] = ()
    inverted: Annotated[tuple[str, ...], Field(exclude=True)] = ()

    @classmethod
    def read(cls, given: Mapping[str, str]) -> InvoiceList:
        """Parse the query parameters of a URL; dates are read as in forms."""
        names = (field.alias or name for name, field in InvoiceListQuery.model_fields.items())
        values: dict[str, Any] = {name: given[name] for name in names if name in given}
        for name in _DATES:
            found = (
                read_date(values.get(name, "").strip(), "due")
                if values.get(name, "").strip()
                else None
            )
            values[name] = found.isoformat() if found else values.get(name, "")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = invalid_names(error)
            return cls.model_validate(
                {name: value for name, value in values.items() if name not in wrong["invalid"]}
                | wrong
            )

    @property
    def invalid_labels(self) -> list[str]:
        """Return the names of the parameters that could not be read, for a message."""
        return labels_of(self.invalid, self.inverted, {"to": LABELS["to"]})

    def search(self, today: date) -> InvoiceSearch:
        """Return the filters for a query; invoices due before `today` are overdue."""
        days: dict[str, Any] = {
            "due_from": self.due_from,
            "due_to": self.due_to,
            "issued_from": self.issued_from,
            "issued_to": self.issued_to,
        }
        return InvoiceSearch(
            today,
            text=self.q,
            status=self.status,
            currency=self.currency,
            party=self.party,
            party_id=self.party_id,
            trip_id=self.trip,
            **days,
        )

    @property
    def offset(self) -> int:
        """Return the number of rows before this page."""
        return (self.page - 1) * PAGE_SIZE

    @property
    def narrowed(self) -> bool:
        """Return True if a filter is set; the selected tab does not count."""
        return any(
            (
                self.q,
                self.currency,
                self.party,
                self.party_id,
                self.trip,
                self.due_from,
                self.due_to,
                self.issued_from,
                self.issued_to,
            )
        )

    def address(self, **changes: Any) -> str:
        """Return the URL of the list with changed parameters.

        The URL leads to the first page, unless `page` is given.
        """
        values = (
            self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"page"})
            | changes
        )
        if values.get("page") == 1:
            del values["page"]
        return url_for(
            "billing.invoices",
            **{name: value for name, value in values.items() if value not in (None, "")},
        )

    def tabs(self, by_status: Mapping[str, int]) -> list[dict[str, Any]]:
        """Return the tabs, each with the number of its invoices.

        Each tab has `label`, `href`, `here` (true if it is selected) and `count`.
        """
        rare = [
            tab
            for tab in _RARE_TABS
            if self.status == tab[0] or (tab[0] == "void" and by_status.get("void"))
        ]
        return [
            {
                "label": word,
                "href": self.address(status=status),
                "here": self.status == status,
                "count": by_status.get(status or "all", 0),
            }
            for status, word in (*_TABS, *rare)
        ]

    def hidden(self) -> dict[str, str]:
        """Return the active filters by name, for hidden inputs of the search form."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"page", "q"})

    def newer(self, _board: InvoiceListPage) -> str | None:
        """The URL of the page of newer invoices, or None on the first page."""
        return self.address(page=self.page - 1) if self.page > 1 else None

    def older(self, board: InvoiceListPage) -> str | None:
        """The URL of the page of older invoices, or None if there is none."""
        may_follow = board.page.last < board.page.total or (
            board.is_capped
            and len(board.page.items) == PAGE_SIZE
            and board.page.total > COUNTED_MAX
        )
        return self.address(page=self.page + 1) if may_follow and board.page.items else None
