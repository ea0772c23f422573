"""The address of the list of bills, and the form of the day on which one is to be paid."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel, BeforeValidator

from voyagent.billing.bills_wire import ScheduleIn
from voyagent.billing.document_wire import DocumentQuery
from voyagent.billing.lists import WORDS, Listing
from voyagent.billing.queries import BillSearch
from voyagent.http.forms import DateText, SchemaForm
from voyagent.kernel.fields import filter_field

_TABS = (
    (None, _l("All")),
    ("draft", _l("Draft")),
    ("open", _l("Unpaid")),
    ("overdue", _l("Overdue")),
    ("scheduled", _l("Scheduled")),
    ("paid", _l("Paid")),
    ("void", _l("Void")),
)


# Where a refusal of the rules is shown.
SCHEDULE_PLACES = {"invalid_date": "pay_on", "document_not_open": ""}


class ScheduleForm(SchemaForm[ScheduleIn]):
    """The day on which a bill is to be paid."""

    schema: ClassVar[type[BaseModel]] = ScheduleIn

    pay_on = DateText(_l("To be paid on"))


class BillList(DocumentQuery, Listing):
    """What the address of the list of bills asks for; `overdue` is open and due before today."""

    endpoint = "billing.bills"
    kept = ("status", "q", "party", "from", "to")
    words = WORDS | {"status": _l("Status")}
    status: Annotated[Literal["draft", "received", "scheduled", "paid", "void", "open", "overdue"] | None, BeforeValidator(lambda value: value or None)] = None
    q: filter_field(255) = None  # type: ignore[valid-type]

    def search(self, today: date) -> BillSearch:
        """What the list is narrowed to on a day."""
        return BillSearch(today, text=self.q, status=self.status, party=self.party, issued_from=self.issued_from, issued_to=self.issued_to)

    def tabs(self) -> list[dict[str, Any]]:
        """One for each state that people ask for."""
        return self.tabs_of("status", self.status, _TABS)
