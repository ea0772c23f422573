"""Form of a cancellation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar, Self

from flask_babel import lazy_gettext as _l
from pydantic import BaseModel
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField

from voyagent.billing.cancellations.schemas import CancelIn
from voyagent.billing.cancellations.service import together_with
from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.service.taxing import Home
from voyagent.http.forms import AMOUNT_SENTENCE, DateText, SchemaForm, SentOnce, plain
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.taxes.rules import tables
from voyagent.taxes.words import TREATMENTS

Known = tuple[Invoice, InvoiceLine, Money]
"""A line of an invoice, with the amount that is not credited yet."""
KnownBill = tuple[Bill, BillLine, Money]
"""A line of a bill, with the amount that is not credited yet."""
NO_HASH = "0" * 64
ERROR_FIELDS = {
    **dict.fromkeys(("reason_required", "text_too_long"), "reason"),
    **dict.fromkeys(("invalid_date", "date_in_future", "period_locked"), "cancelled_on"),
    "document_out_of_order": "out_of_order_reason",
    **dict.fromkeys(
        (
            *("invalid_amount", "kept_exceeds_line", "recall_out_of_range", "line_not_on_invoice"),
            *("nothing_to_cancel", "invoice_written_off", "amount_above_limit", "invalid_lines"),
        ),
        "lines",
    ),
    **dict.fromkeys(
        ("charge_exceeds_line", "line_not_on_bill", "bill_not_found", "supplier_credit_taken"),
        "bill_lines",
    ),
    **dict.fromkeys(
        (
            *("agency_tax_number_required", "tax_currency", "treatment_unconfirmed"),
            *("place_of_supply_missing", "customer_on_hold", "credit_limit_exceeded"),
        ),
        "fee_amount",
    ),
    **dict.fromkeys(
        (
            *("nothing_to_pay_back", "bank_account_not_found", "bank_account_closed"),
            *("account_currency", "customer_credit_unused"),
        ),
        "account",
    ),
    **dict.fromkeys(
        (
            *("preview_stale", "cancelled_together", "document_not_open"),
            *("account_not_found", "account_inactive"),
        ),
        "",
    ),
}
"""The form field at which each error of the service is shown, by error code."""


class LinesField(StringField):
    """The lines to cancel: their keys, and what is kept and recalled of each.

    The key of a line is `<document_id>.<line_no>`. `chosen` is the name of the checkboxes.
    """

    def __init__(self, *arguments: Any, chosen: str, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.chosen = chosen

    def process(self, formdata: Any, data: Any = (), extra_filters: Any = None) -> None:
        """Use the chosen lines, or the initial ones if no form was submitted."""
        super().process(None, data, extra_filters)
        self.data: list[dict[str, str]] = [{"key": key, "kept": "", "recalled": ""} for key in data]
        if formdata:
            self.data = [
                {
                    "key": key,
                    "kept": formdata.get(f"kept_{key}", "").strip(),
                    "recalled": formdata.get(f"recalled_{key}", "").strip(),
                }
                for key in formdata.getlist(self.chosen)
            ]

    def typed(self, key: str) -> dict[str, str] | None:
        """Return what was entered for a line, or None if it is not chosen."""
        return next((row for row in self.data if row["key"] == key), None)


class CancelForm(SentOnce, SchemaForm[CancelIn]):
    """Form of a cancellation: lines, kept amounts, fee and refund."""

    schema: ClassVar[type[BaseModel]] = CancelIn
    sentences: ClassVar[dict[str, Any]] = {
        "lines.string_pattern_mismatch": AMOUNT_SENTENCE,
        "bill_lines.string_pattern_mismatch": AMOUNT_SENTENCE,
        "lines.too_short": _l("Choose at least one line."),
        "fee_amount.string_pattern_mismatch": AMOUNT_SENTENCE,
        "preview_hash.missing": _l("Check the preview first."),
    }
    stand_ins: ClassVar[dict[str, Any]] = {"reason": "–", "preview_hash": NO_HASH}

    reason = StringField(_l("Reason"))
    cancelled_on = DateText(_l("Date"), kind="book")
    lines = LinesField(_l("Lines"), chosen="line")
    bill_lines = LinesField(_l("Suppliers"), chosen="bill_line")
    refund_expected_on = DateText(_l("Refund expected on"), kind="due")
    tcs = SelectField(
        _l("Tax collected at source"),
        choices=[
            SelectChoice("keep", _l("Keep it: it is deposited")),
            SelectChoice("credit", _l("Credit it: it is not deposited yet")),
        ],
        validate_choice=False,
    )
    fee_amount = StringField(_l("Fee"))
    fee_description = StringField(_l("Description"))
    fee_tax = SelectField(_l("Tax on the fee"), validate_choice=False)
    pays_back = BooleanField(_l("Pay back what the customer has left"))
    account = SelectField(_l("Bank or cash"), validate_choice=False)
    out_of_order_reason = StringField(_l("Reason for the earlier date"))
    preview_hash = HiddenField()

    known: Sequence[Known]
    known_bills: Sequence[KnownBill]
    wrong: set[str]
    is_out_of_order: bool = False
    """True if the preview found a later document, so that a reason is needed."""

    @classmethod
    def of(
        cls,
        known: Sequence[Known],
        known_bills: Sequence[KnownBill],
        day: date,
        home: Home | None,
        fee_words: str,
        accounts_in: Callable[[str], list[SelectChoice]],
    ) -> Self:
        """Return the form to cancel lines of invoices.

        At first all lines with the customer and the currency of the first line are chosen, and no
        line of a bill. `known` and `known_bills` have each line with its document and the amount
        that is not credited yet. `day` is the proposed day, and `fee_words` the proposed
        description of the fee. `accounts_in` returns the choices for the refund in a currency.
        """
        together = together_with(known[0][0])
        form = cls(
            data={
                "cancelled_on": day,
                "lines": [
                    key_of(invoice, line)
                    for invoice, line, _left in known
                    if together_with(invoice) == together
                ],
                "bill_lines": (),
                "fee_description": fee_words,
            }
        )
        codes = tables.treatments(home.country) if home else ()
        form.fee_tax.choices = [
            SelectChoice("", _l("No tax")),
            *(SelectChoice(code, TREATMENTS.get(code, code)) for code in codes),
        ]
        form.known, form.known_bills, form.wrong = known, known_bills, set()
        form.account.choices = accounts_in(form.first.currency)
        return form

    def values(self) -> dict[str, Any]:
        """Return the entered values in the form of the API."""
        values = super().values() | {
            "lines": [self._line(row) for row in self.lines.data],
            "bill_lines": [self._bill_line(row) for row in self.bill_lines.data] or None,
        }
        if self.fee_amount.data and self.fee_amount.data.strip():
            values["fee"] = {
                "amount": plain(self.fee_amount.data),
                "description": self.fee_description.data or "",
                "tax": self.fee_tax.data or None,
            }
        if self.pays_back.data:
            account = self.account.data or "bank"
            is_id = parse_id(account) is not None
            values["pay_back"] = {"bank_account_id" if is_id else "account": account}
        return values

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """Return the input at which to show an error, and mark a wrong line."""
        match loc:
            case ("lines" | "bill_lines" as name, int(at), *_rest):
                self.wrong.add(self[name].data[at]["key"])
                return name
            case ("fee", "amount" | "description" | "tax" as name):
                return f"fee_{name}"
            case ("pay_back", *_rest):
                return "account"
        return super().place_of(loc)

    @property
    def first(self) -> Invoice:
        """Return the invoice of the first chosen line, whose currency the amounts have."""
        chosen = {row["key"] for row in self.lines.data}
        found = (invoice for invoice, line, _left in self.known if key_of(invoice, line) in chosen)
        return next(found, self.known[0][0])

    @property
    def rows(self) -> list[Row]:
        """Return the lines for the page, with what was entered for them."""
        return [self._row(*one) for one in self.known]

    @property
    def bill_rows(self) -> list[Row]:
        """Return the lines of bills for the page, with what was entered for them."""
        return [
            self._typed(self.bill_lines, key_of(bill, line), line)
            | {"reference": bill.vendor_reference, "vendor_name": bill.party_name, "left": left}
            for bill, line, left in self.known_bills
        ]

    @property
    def has_tcs(self) -> bool:
        """Return True if tax was collected at source for one of the lines."""
        return any(line.collection for _invoice, line, _left in self.known)

    def _row(self, invoice: Invoice, line: InvoiceLine, left: Money) -> Row:
        return self._typed(self.lines, key_of(invoice, line), line) | {
            "invoice_number": invoice.number,
            "left": left,
            "commission": Money(line.commission_minor, invoice.currency),
        }

    def _typed(self, field: LinesField, key: str, line: InvoiceLine | BillLine) -> Row:
        typed = field.typed(key)
        return {
            "key": key,
            "description": line.description,
            "service_date": line.service_date,
            "is_chosen": typed is not None,
            "kept": typed["kept"] if typed else "",
            "recalled": typed["recalled"] if typed else "",
            "is_wrong": key in self.wrong,
        }

    def _line(self, row: dict[str, str]) -> dict[str, Any]:
        invoice_id, number = _named(row["key"])
        currency = self.first.currency
        return {
            "invoice_id": invoice_id,
            "line_no": number,
            "kept": plain(row["kept"], currency) or "0",
            "commission_recalled": plain(row["recalled"], currency) or None,
        }

    def _bill_line(self, row: dict[str, str]) -> dict[str, Any]:
        bill_id, number = _named(row["key"])
        currencies = {str(bill.id): bill.currency for bill, _line, _left in self.known_bills}
        kept = plain(row["kept"], currencies.get(bill_id)) or "0"
        return {"bill_id": bill_id, "line_no": number, "kept": kept}


def key_of(document: Invoice | Bill, line: InvoiceLine | BillLine) -> str:
    """Return the key of a line of a document in the form."""
    return f"{document.id}.{line.line_no}"


def _named(key: str) -> tuple[str, int]:
    document_id, _dot, number = key.partition(".")
    return document_id, int(number) if number.isdecimal() else 0
