"""Forms of bills and payment dates, and query parameters of the list of bills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel, BeforeValidator
from wtforms import (
    BooleanField,
    FieldList,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)

from voyagent.billing.bills.queries import BillSearch
from voyagent.billing.bills.schemas import (
    BillDraftIn,
    BillFromExpectedIn,
    ExpectedBillQuery,
    MatchesIn,
    RematchIn,
    ScheduleIn,
)
from voyagent.billing.core.forms.drafts import DRAFT_SENTENCES, DocumentForm, grouped
from voyagent.billing.core.forms.instalments import iso_day
from voyagent.billing.core.models.bills import Bill, BillLine, BillTax
from voyagent.billing.core.schemas.documents import DocumentQuery
from voyagent.billing.core.schemas.lines import items
from voyagent.billing.core.service.earning import Recognition
from voyagent.billing.core.service.input_taxes import (
    INPUT,
    Bought,
    bought_sides,
    later_costs,
    sketch_bill,
)
from voyagent.billing.core.service.taxing import Home
from voyagent.http.forms import DateText, SchemaForm, plain
from voyagent.http.list_queries import LABELS, Listing
from voyagent.http.template_filters import today
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import CurrencyCode, DateFilter, Filter, IdFilter, not_before
from voyagent.kernel.money import Money, spoken
from voyagent.taxes.rules import tables

_TABS = (
    (None, _l("All")),
    ("draft", _l("Draft")),
    ("open", _l("Unpaid")),
    ("overdue", _l("Overdue")),
    ("scheduled", _l("Scheduled")),
    ("paid", _l("Settled")),
    ("void", _l("Void")),
)

_EXPECTED_STATES = (
    ("open", _l("Open")),
    ("matched", _l("Billed")),
    ("released", _l("Released")),
)
BOUGHT_AS = (("cost", _l("Our own cost")), ("agent", _l("As agent")))
INPUT_CREDIT = (("", _l("Tax is part of the cost")), ("yes", _l("Tax is credited to us")))

# The input at which each error of the service is shown, by error code.
SCHEDULE_ERROR_FIELDS = {"invalid_date": "pay_on", "document_not_open": ""}
MATCH_ERROR_FIELDS = dict.fromkeys(
    (
        *("expected_bill_not_found", "expected_bill_not_open", "expected_bills_differ"),
        "match_exceeds_line",
    ),
    "",
) | {"bill_variance": "variance_reason", "invalid_date": "matched_on"}
FROM_EXPECTED_ERROR_FIELDS = MATCH_ERROR_FIELDS | {
    "vendor_reference_taken": "vendor_reference",
    "customer_name_required": "",
    "invalid_date": "issue_date",
}
_DUE = ("due_from", "due_to")


class ScheduleForm(SchemaForm[ScheduleIn]):
    """Form for the payment date of a bill."""

    schema: ClassVar[type[BaseModel]] = ScheduleIn

    pay_on = DateText(_l("To be paid on"), kind="due")


class MatchForm(SchemaForm[MatchesIn]):
    """A choice of an expected bill for each line of a draft bill."""

    schema: ClassVar[type[BaseModel]] = MatchesIn

    expected = FieldList(SelectField(_l("Expected bill"), validate_choice=False))

    def __init__(
        self, lines: Sequence[Row], candidates: Sequence[Row], currency: str, matched: Sequence[Row]
    ) -> None:
        self.matched, self.currency = matched, currency
        chosen = {row["line_no"]: str(row["expected_bill_id"]) for row in matched}
        alike: dict[int, list[str]] = {}
        for row in candidates:
            alike.setdefault(row["open_minor"], []).append(str(row["id"]))

        def suggested(line: Row) -> str:
            """Return an expected bill of this amount that no earlier line has, or nothing."""
            free = [] if matched else alike.get(line["amount_minor"], [])
            return free.pop(0) if free else ""

        super().__init__(
            data={"expected": [chosen.get(line["line_no"]) or suggested(line) for line in lines]}
        )
        for field in self.expected:
            field.choices = [
                SelectChoice("", _l("None")),
                *(SelectChoice(str(row["id"]), _named(row, currency)) for row in candidates),
            ]

    def values(self) -> dict[str, Any]:
        """Return the chosen matches; a line whose choice is the same keeps its matches.

        A new match is for the whole cost of its line.
        """
        found: list[dict[str, Any]] = []
        for line_no, chosen in enumerate(self.expected.data, start=1):
            present = [row for row in self.matched if row["line_no"] == line_no]
            if chosen and chosen in {str(row["expected_bill_id"]) for row in present}:
                found += (_kept(row, self.currency) for row in present)
            elif chosen:
                found.append({"line_no": line_no, "expected_bill_id": chosen})
        return super().values() | {"matches": found}

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the field of an error; errors of matches are shown above the form."""
        return "" if loc[:1] == ("matches",) else super().place_of(loc)


class RematchForm(MatchForm):
    """A choice of an expected bill for each line of a received bill."""

    schema: ClassVar[type[BaseModel]] = RematchIn

    variance_reason = StringField(_l("Reason for the difference"))
    matched_on = DateText(_l("Day of the entries"), kind="past")


class FromExpectedForm(SchemaForm[BillFromExpectedIn]):
    """Form for the supplier's number and the date of a bill that was expected."""

    schema: ClassVar[type[BaseModel]] = BillFromExpectedIn
    sentences: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(
            ("vendor_reference.string_too_short", "vendor_reference.missing"),
            _l("Enter the number on the supplier’s document."),
        ),
        "too_short": _l("Choose at least one expected bill."),
    }

    vendor_reference = StringField(_l("Their reference"))
    issue_date = DateText(_l("Issued on"), kind="past")

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.ids = given["data"]["expected_bill_ids"]

    def values(self) -> dict[str, Any]:
        """Return the entered values with the chosen expected bills."""
        return super().values() | {"expected_bill_ids": self.ids}

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the field at which to show an error, or the place above the form."""
        return "" if loc and loc[0] == "expected_bill_ids" else super().place_of(loc)


def _kept(row: Row, currency: str) -> dict[str, Any]:
    """Return a present match as it is entered, in a draft possibly without amount."""
    minor = row["amount_minor"]
    return {name: row[name] for name in ("line_no", "expected_bill_id", "is_final")} | {
        "amount": None if minor is None else Money(minor, currency).wire
    }


def _named(row: Row, currency: str) -> str:
    amount = spoken(Money(row["open_minor"], currency).wire, currency)
    return " · ".join(filter(None, (row["service"], row["trip_title"], amount)))


class BillForm(DocumentForm[BillDraftIn]):
    """Form to enter or change a draft bill."""

    is_bill: ClassVar[bool] = True

    schema: ClassVar[type[BaseModel]] = BillDraftIn
    party = "vendor_name"
    copied_fields = (*DocumentForm.copied_fields, "vendor_reference")
    sentences: ClassVar[dict[str, Any]] = DRAFT_SENTENCES | {
        **dict.fromkeys(
            ("vendor_name.string_too_short", "vendor_name.missing"), _l("Enter a name.")
        ),
        **dict.fromkeys(
            ("vendor_reference.string_too_short", "vendor_reference.missing"),
            _l("Enter the number on the supplier’s document."),
        ),
    }

    stand_ins: ClassVar[dict[str, Any]] = {"vendor_name": "–", "vendor_reference": "–"}

    vendor_name = StringField(_l("Supplier"))
    vendor_reference = StringField(_l("Their reference"))
    party_reference = StringField(_l("Our reference"))
    details = BooleanField()
    notes = TextAreaField(_l("Notes"))

    def __init__(
        self, currency: str, home: Home | None, books: str | None = None, **given: Any
    ) -> None:
        super().__init__(currency, books, **given)
        self.home = home
        if any(row.get("service_date") for row in self.line_items.data):
            self.details.data = True  # show the optional input if it has a value

    @classmethod
    def of(
        cls,
        bill: Bill,
        lines: Sequence[BillLine],
        taxes: Sequence[BillTax],
        home: Home | None,
        books: str,
    ) -> BillForm:
        """Return the form filled with a draft bill.

        `home` is the country and state for the taxes of the agency, or None. `books` is the
        currency of the ledger.
        """
        data = cls.data_of(bill, lines)
        for line, row in zip(lines, data["line_items"], strict=True):
            row |= {
                f"tax_{tax.component}": grouped(tax.amount_minor, bill.currency)
                for tax in taxes
                if tax.line_no == line.line_no
            }
        return cls(bill.currency, home, books, data=data)

    @classmethod
    def row_of(cls, line: BillLine, currency: str) -> dict[str, Any]:
        """Return the input values of a bill line, such as its service dates."""
        return super().row_of(line, currency) | {
            "bought_as": line.bought_as,
            "service_date": line.service_date or "",
            "service_to": line.service_to or "",
            "input_credit": "yes" if line.input_credit else "",
        }

    @property
    def components(self) -> list[str]:
        """Return the tax components for which the form has inputs.

        These are the components of the agency's country, and the components that the bill already
        has.
        """
        known = tables.components_on(self.home.country, today()) if self.home else ()
        return [
            one
            for one in INPUT
            if one in known or any(row.get(f"tax_{one}") for row in self.line_items.data)
        ]

    def line_values(self, row: dict[str, str]) -> dict[str, Any]:
        """Return the entered values of a bill line, with printed taxes and service date."""
        taxes = [{"component": one, "amount": typed} for one, typed in _printed(row)]
        return super().line_values(row) | {
            "bought_as": row.get("bought_as") or "cost",
            "taxes": taxes,
            "input_credit": row.get("input_credit") == "yes",
            "price_includes_tax": row.get("price_includes_tax") == "yes",
            "service_date": iso_day(row.get("service_date") or "") or None,
            "service_to": iso_day(row.get("service_to") or "") or None,
        }

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the input at which to show an error.

        `loc` is the location of the error in the schema. An error of a tax amount also marks the
        input of that tax.
        """
        match loc:
            case ("line_items", int(at), "taxes", int(number), "amount"):
                self.wrong.add((at, f"tax_{_printed(self.line_items.data[at])[number][0]}"))
        return super().place_of(loc)

    @property
    def to_pay(self) -> Money | None:
        """Return the bill's total with the entered taxes; None if an entry is unreadable."""
        return self.sides[-1][2]

    @property
    def sides(self) -> Sequence[tuple[str, int, Money | None]]:
        """Return the journal lines that receiving the bill would post.

        A journal line is a tuple: key of the account, 1 for debit or -1 for credit, and amount. The
        amounts are None if the form is incomplete or if the service would refuse it.
        """
        currency, lines = self.currency.data, self.dry_run(self._bought)
        if lines is not None:
            return bought_sides(lines, currency)
        typed = [Bought(row.get("bought_as") or "cost", 1) for row in self.line_items.data]
        return [(purpose, sign, None) for purpose, sign, _amount in bought_sides(typed, currency)]

    @property
    def recognitions(self) -> list[Recognition]:
        """Return the cost that receiving the bill would recognise on later service dates."""
        return later_costs(self.dry_run(self._bought) or (), self.currency.data)

    def _bought(self, body: BillDraftIn) -> list[Bought]:
        self.check(body)
        return sketch_bill(items(body.line_items, body.currency), issue_date=body.issue_date)


def _printed(row: dict[str, str]) -> list[tuple[str, str]]:
    """Return the entered taxes of a bill line as component and plain amount."""
    typed = ((component, plain(row.get(f"tax_{component}") or "")) for component in INPUT)
    return [(component, amount) for component, amount in typed if amount]


class ExpectedBillList(ExpectedBillQuery, Listing):
    """Query parameters of the page of expected bills."""

    endpoint = "billing.expected_bills"
    parameters = ("state", "party_id", "trip_id", "currency", "due_from", "due_to")
    days = ("due_from", "due_to")
    narrowing = ("party_id", "trip_id", "currency", "due_from", "due_to")
    words = LABELS | {
        "state": _l("Status"),
        "party_id": _l("Supplier"),
        "trip_id": _l("Trip"),
        "currency": _l("currency"),
        "due_from": _l("due from"),
        "due_to": _l("due until"),
    }

    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs of the list, one for each state."""
        return self.tabs_of("state", self.state, _EXPECTED_STATES)


class BillList(DocumentQuery, Listing):
    """Query parameters of the list of bills.

    The status `overdue` means open and due before today.
    """

    endpoint = "billing.bills"
    parameters = ("status", "q", "party", "party_id", "from", "to", *_DUE, "currency", "trip")
    days = ("from", "to", *_DUE)
    narrowing = ("q", "party", "party_id", *days, "currency", "trip")
    words = LABELS | {
        "status": _l("Status"),
        "due_from": _l("due from"),
        "due_to": _l("due until"),
        "currency": _l("currency"),
        "trip": _l("Trip"),
    }
    status: Annotated[
        Literal["draft", "received", "scheduled", "paid", "void", "open", "overdue"] | None,
        BeforeValidator(lambda value: value or None),
    ] = None
    q: Annotated[str | None, Filter(255)] = None
    due_from: DateFilter = None
    due_to: Annotated[DateFilter, not_before("due_from")] = None
    currency: Annotated[CurrencyCode | None, BeforeValidator(lambda value: value or None)] = None
    trip: IdFilter = None

    def search(self, today: date) -> BillSearch:
        """Return the filters for a query; bills due before `today` are overdue."""
        due: dict[str, Any] = {
            "due_from": self.due_from,
            "due_to": self.due_to,
            "currency": self.currency,
            "trip_id": self.trip,
        }
        return BillSearch(
            today,
            text=self.q,
            status=self.status,
            party=self.party,
            party_id=self.party_id,
            issued_from=self.issued_from,
            issued_to=self.issued_to,
            **due,
        )

    def carried(self) -> dict[str, str]:
        """Return the active filters that the page submits again as hidden inputs.

        These are filters of the URL for which the page has no visible input.
        """
        return self.model_dump(
            mode="json", exclude_none=True, include={*_DUE, "currency", "trip", "party_id"}
        )

    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs of the list, one for each status that can be chosen."""
        return self.tabs_of("status", self.status, _TABS)
