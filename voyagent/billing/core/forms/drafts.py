"""Base forms to draft and to void a document; they accept what the API accepts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, ClassVar, TypeVar

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import BooleanField, HiddenField, SelectField, StringField

from voyagent.billing.core.errors import DiscountOutOfRange, InvalidLine
from voyagent.billing.core.forms.instalments import (
    InstalmentsField,
    TypedPlan,
    check_typed_days,
    iso_day,
    read_plan,
    rows_of,
)
from voyagent.billing.core.forms.parties import PartyFields
from voyagent.billing.core.forms.rates import (
    RATE_ERROR_FIELDS,
    RATE_SENTENCES,
    RateFields,
    rate_data,
)
from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.rules import plain_quantity
from voyagent.billing.core.schemas.documents import DocumentDraftIn, VoidIn
from voyagent.billing.core.service.input_taxes import INPUT
from voyagent.billing.core.service.pricing import (
    LINES_MAX,
    check_days,
    due_day_of,
    line_amount,
    read_quantity,
)
from voyagent.http.forms import (
    AMOUNT_SENTENCE,
    DateText,
    RowsField,
    SchemaForm,
    SentOnce,
    plain,
    typed_amount,
)
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency, currency_codes
from voyagent.ledger.service.entries import AMOUNT_MAX_MINOR

Draft = TypeVar("Draft", bound=DocumentDraftIn)
# The input at which each error of the service is shown, by error code.
DRAFT_ERROR_FIELDS = {
    "customer_name_required": "customer_name",
    "party_ambiguous": "party_id",
    "vendor_reference_required": "vendor_reference",
    "vendor_reference_taken": "vendor_reference",
    "invalid_date": "due_date",
    "invalid_amount": "line_items",
    **dict.fromkeys(
        (
            "invalid_instalments",
            "invalid_instalment_dates",
            "invalid_instalment_amount",
            "instalments_do_not_add_up",
        ),
        "instalments",
    ),
    "invalid_currency": "currency",
    "total_out_of_range": "line_items",
    "invoice_not_draft": "",
    "bill_not_draft": "",
    "draft_changed": "",
    "enquiry_not_found": "",
    "trip_not_found": "trip_id",
    "tax_number_invalid": "customer_tax_number",
    "place_of_supply_unknown": "place_of_supply",
    "place_of_supply_required": "place_of_supply",
    "basic_fare_required": "line_items",
    **dict.fromkeys(
        (
            *("discount_out_of_range", "basic_fare_out_of_range"),
            *("service_dates_inverted", "service_too_long"),
            *("commission_out_of_range", "commission_not_agent"),
        ),
        "line_items",
    ),
    "tax_treatment_unknown": "line_items",
    "service_code_invalid": "line_items",
    "line_place_not_allowed": "line_items",
    "tax_rate_not_known": "issue_date",
    "tax_rate_not_for_price": "line_items",
    "tax_component_unknown": "line_items",
    "tax_currency": "currency",
    "agency_tax_number_required": "",
} | RATE_ERROR_FIELDS


VOID_ERROR_FIELDS = {
    "reason_required": "reason",
    "text_too_long": "reason",
    "invalid_date": "voided_on",
    "date_in_future": "voided_on",
    "period_locked": "voided_on",
    "document_not_voidable": "",
    "invoice_has_debit_notes": "",
    "amount_above_limit": "",
    "journal_entry_already_reversed": "",
}


AMOUNTS = (
    *("unit_price", "discount", "basic_fare", "commission"),
    *(f"tax_{component}" for component in INPUT),
)
"""Names of the inputs of a document line that contain an amount."""


class LinesField(RowsField):
    """The lines of a document as rows of inputs.

    A row with neither a description nor a price is ignored.
    """

    names = ("description", "quantity", "unit_price")
    also = (
        "unit",
        "discount",
        "price_includes_tax",
        "tax",
        "basic_fare",
        "sold_as",
        "commission",
        "service_date",
        "service_to",
        "collect",
        "sac",
        "line_place",
        "trip_line_id",
        "bought_as",
        "input_credit",
        *(f"tax_{component}" for component in INPUT),
    )
    written = ("description", "unit_price")
    most = LINES_MAX


DRAFT_SENTENCES: dict[str, Any] = RATE_SENTENCES | {
    "invalid_currency": _l("Enter a currency code of three capital letters, such as INR."),
    "line_items.string_pattern_mismatch": AMOUNT_SENTENCE,
    "line_items.too_short": _l("Enter at least one line."),
    "trip_id.uuid_parsing": _l("We could not find that trip."),
    "line_items.too_long": _l("A document has at most 200 lines."),
    "line_items.string_too_short": _l("Enter a description on each line."),
    "line_items.string_too_long": _l(
        "A description has at most 500 characters, and a unit at most 20."
    ),
    "line_items.string_pattern_mismatch.blank": _l("Enter a rate on each line."),
    "instalments.string_pattern_mismatch": _l(
        "Enter an amount or a share such as %(share)s, or leave one empty for the rest.",
        share="30 %",
    ),
    "instalments.too_long": _l("Enter 2 to 36 instalments, each above zero."),
}


class DocumentForm(SentOnce, RateFields, PartyFields[Draft]):
    """Form to create or change a draft; amounts may have grouping separators."""

    is_bill: ClassVar[bool] = False

    awaited: ClassVar[Collection[str]] = ("basic_fare_required",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("unit", "discount", "price_includes_tax")
    """Inputs of a line that are shown on request, or if one of them has a value."""

    copied_fields: ClassVar[tuple[str, ...]] = (
        "issue_date",
        "due_date",
        "party_reference",
        "notes",
        "trip_id",
    )

    issue_date = DateText(_l("Issued"), kind="book")
    due_date = DateText(_l("Due"), kind="due")
    currency = SelectField(_l("Currency"), validate_choice=False)
    trip_id = SelectField(_l("Trip"), validate_choice=False)
    line_items = LinesField(_l("Lines"))
    details = BooleanField()
    instalments = InstalmentsField(_l("Instalments"))
    seen = HiddenField()

    def __init__(self, currency: str, books: str | None = None, **given: Any) -> None:
        super().__init__(**given)
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        if self.currency.data is None:
            self.currency.data = currency
        self.offer_rate(books or currency)
        self.wrong: set[tuple[int, str]] = set()
        if any(row.get(name) for row in self.line_items.data for name in self.optional_inputs):
            self.details.data = True

    @classmethod
    def data_of(
        cls, document: Invoice | Bill, lines: Sequence[InvoiceLine | BillLine]
    ) -> dict[str, Any]:
        """Return the form values of a stored draft."""
        rows = [cls.row_of(line, document.currency) for line in lines]
        plan = rows_of(document.instalment_dues, document.instalment_minors, document.currency)
        return (
            {name: getattr(document, name) for name in cls.copied_fields}
            | {cls.party: document.party_name, "party_id": document.party_id}
            | {"line_items": rows, "instalments": plan}
            | {"seen": document.updated_at.isoformat()}
            | rate_data(document)
        )

    @classmethod
    def row_of(cls, line: Any, currency: str) -> dict[str, Any]:
        """Return the input values of a document line."""
        return {
            "description": line.description,
            "quantity": plain_quantity(line.exact_quantity),
            "unit": line.unit or "",
            "unit_price": grouped(line.unit_price_minor, currency),
            "discount": grouped(line.discount_minor, currency) if line.discount_minor else "",
            "price_includes_tax": "" if line.included_tax_minor is None else "yes",
        }

    def values(self) -> dict[str, Any]:
        """Return the entered values; prices have no grouping, and an empty quantity is 1.

        If there are instalments, the entered due date is ignored.
        """
        plan = self.plan.values
        return self.unplanned() | (
            {"instalments": plan, "due_date": None} if plan else {"instalments": None}
        )

    def unplanned(self) -> dict[str, Any]:
        """Return the entered values without the instalments."""
        values = super().values() | {
            "line_items": [self.line_values(row) for row in self.line_items.data],
            "exchange_rate": self.typed_rate(),
        }
        return values | (
            {"due_date": iso_day(self.due_date.data, since=self.issued)}
            if self.due_date.data
            else {}
        )

    def typed_values(self) -> dict[str, Any]:
        """Return the entered values for a preview of a form that is not complete yet.

        A missing description becomes “–”, and a missing price becomes zero. The instalments are
        left out.
        """
        values = self.unplanned()
        lines = [
            line
            | {
                "description": line["description"].strip() or "–",
                "unit_price": line["unit_price"] or "0",
            }
            for line in values["line_items"]
        ]
        rate = values["exchange_rate"] if self.rate_source.data else None
        priced = lines if any(row["unit_price"].strip() for row in self.line_items.data) else []
        return values | {"exchange_rate": rate, "line_items": priced, "instalments": None}

    def check(self, body: Draft) -> None:
        """Check the exchange rate of a draft and, if it has no instalments, its dates.

        Raises InvalidRate, DueBeforeIssue, and InvalidDate if a date is outside 1900 to 2200.
        """
        if body.exchange_rate is not None:
            body.exchange_rate.quoted.changing(body.currency)
        if not self.instalments.data:
            check_days(
                body.issue_date,
                due_day_of(self._fields[self.party].data or "", body.issue_date, body.due_date),
            )

    def previewed_plan(self) -> TypedPlan:
        """Return the entered instalments, and check their dates for a preview.

        The error of a wrong date is added to the form's `problems`, unless these already have
        another error.
        """
        plan = (
            self.plan
        )  # before the dry run: shares need the total of the lines, but not the dates
        if not self.problems:
            self.dry_run(lambda body: check_typed_days(self.instalments.data, body.issue_date))
        return plan

    @property
    def plan(self) -> TypedPlan:
        """The entered instalments and their amounts."""
        return read_plan(self.instalments.data, self.to_pay, self.currency.data, self.issued)

    @property
    def issued(self) -> date | None:
        """The entered issue date, or None if it cannot be read."""
        try:
            return date.fromisoformat(self.issue_date.iso or "")
        except ValueError:
            return None

    @property
    def to_pay(self) -> Money | None:
        """Return the total to pay of the entered lines, or None if a line cannot be read.

        Here it is before tax. Subclasses return it with taxes.
        """
        return self.total

    def line_values(self, row: dict[str, str]) -> dict[str, Any]:
        """Return the entered values of a document line."""
        return {
            "description": row["description"],
            "quantity": row["quantity"].strip() or "1",
            "unit": (row.get("unit") or "").strip() or None,
            "unit_price": plain(row["unit_price"], self.currency.data),
            "discount": plain(row.get("discount") or "", self.currency.data) or None,
        }

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the input at which to show an error.

        `loc` is the location of the error in the schema. An error of a line also marks the wrong
        input of that line.
        """
        if len(loc) == 3 and isinstance(loc[1], int):
            self.wrong.add((loc[1], str(loc[2])))
        return super().place_of(loc)

    def refuse(self, error: VoyagentError, **fields: str) -> None:
        """Show an error of the service.

        `fields` maps the code of an error to the name of the input at which the error is shown.
        Other errors are shown above the form. For InvalidAmount, the inputs with an invalid
        amount are marked too.
        """
        super().refuse(error, **fields)
        if error.code == InvalidAmount.code:
            self.wrong |= {
                (at, name)
                for at, row in enumerate(self.line_items.data)
                for name in row
                if name in AMOUNTS and not self._is_amount(row[name])
            }

    def _is_amount(self, typed: str) -> bool:
        try:
            self._money(typed).within(0, AMOUNT_MAX_MINOR)
        except (InvalidAmount, UnknownCurrency):
            return False
        return True

    @property
    def minors(self) -> list[int] | None:
        """Return the amounts of the lines in minor units, or None if one cannot be read."""
        try:
            return [
                line_amount(
                    self._money(row["unit_price"]),
                    read_quantity(row["quantity"].strip() or "1"),
                    self._money(row.get("discount") or ""),
                ).amount_minor
                for row in self.line_items.data
            ]
        except (
            InvalidAmount,
            UnknownCurrency,
            InvalidLine,
            DiscountOutOfRange,
        ):  # reported when the form is submitted
            return None

    def _money(self, typed: str) -> Money:
        """Return a typed amount, zero if blank. Raises InvalidAmount, UnknownCurrency."""
        currency = self.currency.data
        return Money.parse(plain(typed, currency) or "0", currency)

    @property
    def total(self) -> Money | None:
        """Return the sum of the lines before tax, or None if one cannot be read."""
        minors = self.minors
        return None if minors is None else Money(sum(minors), self.currency.data)


class VoidForm(SchemaForm[VoidIn]):
    """Form with the reason and the date of voiding a document."""

    schema: ClassVar[type[BaseModel]] = VoidIn

    reason = StringField(_l("Reason"))
    voided_on = DateText(_l("Date"), kind="book")


def grouped(minor: int, currency: str) -> str:
    """Return an amount with grouping separators, as the value of an input."""
    return typed_amount(Money(minor, currency))
