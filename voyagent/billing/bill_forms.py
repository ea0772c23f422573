"""The address of the list of bills."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from flask_babel import lazy_gettext as _l
from pydantic import BeforeValidator

from voyagent.billing.document_wire import DocumentQuery
from voyagent.billing.lists import WORDS, Listing
from voyagent.billing.queries import BillSearch

_TABS = (
    (None, _l("All")),
    ("draft", _l("Draft")),
    ("open", _l("Unpaid")),
    ("overdue", _l("Overdue")),
    ("scheduled", _l("Scheduled")),
    ("paid", _l("Paid")),
    ("void", _l("Void")),
)


class BillList(DocumentQuery, Listing):
    """What the address of the list of bills asks for; `overdue` is open and due before today."""

    endpoint = "billing.bills"
    kept = ("status", "party", "from", "to")
    words = WORDS | {"status": _l("Status")}
    status: Annotated[Literal["draft", "received", "scheduled", "paid", "void", "open", "overdue"] | None, BeforeValidator(lambda value: value or None)] = None

    def search(self, today: date) -> BillSearch:
        """What the list is narrowed to on a day."""
        return BillSearch(today, status=self.status, party=self.party, issued_from=self.issued_from, issued_to=self.issued_to)

    def tabs(self) -> list[dict[str, Any]]:
        """One for each state that people ask for."""
        return self.tabs_of("status", self.status, _TABS)
