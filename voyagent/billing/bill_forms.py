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
from voyagent.kernel.fields import CurrencyCode, DateFilter, filter_field

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
    kept = ("status", "q", "party", "from", "to", "due_from", "due_to", "currency")
    days = ("from", "to", "due_from", "due_to")
    narrowing = ("q", "party", *days, "currency")
    words = WORDS | {"status": _l("Status"), "due_from": _l("due from"), "due_to": _l("due until"), "currency": _l("currency")}
    status: Annotated[Literal["draft", "received", "scheduled", "paid", "void", "open", "overdue"] | None, BeforeValidator(lambda value: value or None)] = None
    q: filter_field(255) = None  # type: ignore[valid-type]
    due_from: DateFilter = None
    due_to: DateFilter = None
    currency: Annotated[CurrencyCode | None, BeforeValidator(lambda value: value or None)] = None

    def search(self, today: date) -> BillSearch:
        """What the list is narrowed to on a day."""
        due: dict[str, Any] = {"due_from": self.due_from, "due_to": self.due_to, "currency": self.currency}
        return BillSearch(today, text=self.q, status=self.status, party=self.party, issued_from=self.issued_from, issued_to=self.issued_to, **due)

    def carried(self) -> dict[str, str]:
        """The filters that are on and have no field of their own."""
        return self.model_dump(mode="json", exclude_none=True, include={"due_from", "due_to", "currency"})

    def tabs(self) -> list[dict[str, Any]]:
        """One for each state that people ask for."""
        return self.tabs_of("status", self.status, _TABS)
