"""Forms of documents: one with its lines, a receipt, and why one is made void. What they accept is what the API accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from flask_babel import gettext, lazy_gettext as _l
from pydantic import BaseModel, ValidationError
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from voyagent.billing.bills_wire import BillDraftIn
from voyagent.billing.document_wire import DocumentDraftIn, VoidIn
from voyagent.billing.models import Bill, BillLine, BillTax, Invoice, InvoiceLine
from voyagent.billing.plan_forms import InstalmentsField, TypedPlan, read_plan, rows_of
from voyagent.billing.schemas import items
from voyagent.billing.service import INPUT, Bought, Buyer, Home, Sketch, bought_sides, sketch
from voyagent.billing.service.pricing import LINES_MAX
from voyagent.billing.wire import InvoiceDraftIn, InvoiceSendIn, ReceiptIn
from voyagent.http.forms import AMOUNT_SENTENCE, DateText, RowsField, SchemaForm, plain
from voyagent.http.presentation import today
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency, currency_codes
from voyagent.taxes import tables
from voyagent.taxes.reckoning import is_ever_on_fare
from voyagent.taxes.words import TREATMENTS

Draft = TypeVar("Draft", bound=DocumentDraftIn)
BOUGHT_AS = (("cost", _l("Our own cost")), ("agent", _l("As agent")))
INPUT_CREDIT = (("", _l("Tax is part of the cost")), ("yes", _l("Tax is credited to us")))
SOLD_AS = (("principal", _l("Our own sale")), ("agent", _l("For a supplier, as agent")), ("fee", _l("Our fee")))
# Where a refusal of the rules is shown.
DRAFT_PLACES = {
    "customer_name_required": "customer_name",
    "vendor_reference_required": "vendor_reference",
    "vendor_reference_taken": "vendor_reference",
    "invalid_date": "due_date",
    "invalid_amount": "line_items",
    **dict.fromkeys(("invalid_instalments", "invalid_instalment_dates", "invalid_instalment_amount", "instalments_do_not_add_up"), "instalments"),
    "invalid_currency": "currency",
    "total_out_of_range": "line_items",
    "invoice_not_draft": "",
    "bill_not_draft": "",
    "draft_changed": "",
    "enquiry_not_found": "",
    "tax_number_invalid": "customer_tax_number",
    "place_of_supply_unknown": "place_of_supply",
    "place_of_supply_required": "place_of_supply",
    "basic_fare_required": "line_items",
    "basic_fare_out_of_range": "line_items",
    "tax_treatment_unknown": "line_items",
    "tax_rate_not_known": "issue_date",
    "tax_component_unknown": "line_items",
    "tax_currency": "currency",
    "agency_tax_number_required": "",
}
RECEIPT_PLACES = {
    "payment_exceeds_open": "amount",
    "amount_above_limit": "amount",
    "invalid_amount": "amount",
    "invalid_date": "paid_on",
    "period_locked": "paid_on",
    "document_not_open": "",
    "account_not_found": "account",
    "account_inactive": "account",
}


VOID_PLACES = {
    "reason_required": "reason",
    "text_too_long": "reason",
    "invalid_date": "voided_on",
    "period_locked": "voided_on",
    "document_not_voidable": "",
    "amount_above_limit": "",
    "journal_entry_already_reversed": "",
}
SEND_PLACES = {"invoice_not_sendable": ""}


class LinesField(RowsField):
    """Lines of a document as rows of inputs; one without words and price is none."""

    names = ("description", "quantity", "unit_price")
    also = ("tax", "basic_fare", "sold_as", "bought_as", "input_credit", *(f"tax_{component}" for component in INPUT))
    written = ("description", "unit_price")
    most = LINES_MAX


_DRAFT_SENTENCES: dict[str, Any] = {
    "invalid_currency": _l("That is not a currency code. Use three capitals such as INR."),
    "line_items.string_pattern_mismatch": AMOUNT_SENTENCE,
    "line_items.too_short": _l("Write at least one line."),
    "line_items.too_long": _l("A document has at most 200 lines."),
    "line_items.string_too_short": _l("Each line says what it is for."),
    "line_items.int_parsing": _l("Write how many in figures."),
    "instalments.string_pattern_mismatch": _l("Write an amount, a share such as %(share)s, or leave one empty for the rest.", share="30 %"),
    "instalments.too_long": _l("A document has from 2 to 36 instalments, each above zero."),
}


class DocumentForm(SchemaForm[Draft]):
    """A document that is drawn up or changed; thousands may be grouped."""

    party: ClassVar[str]
    """The field that says whom the document is for or from."""
    kept: ClassVar[tuple[str, ...]] = ("issue_date", "due_date", "party_reference", "notes")

    issue_date = DateText(_l("Issued"))
    due_date = DateText(_l("Due"))
    currency = SelectField(_l("Currency"), validate_choice=False)
    line_items = LinesField(_l("Lines"))
    instalments = InstalmentsField(_l("Instalments"))
    seen = HiddenField()

    def __init__(self, currency: str, **given: Any) -> None:
        super().__init__(**given)
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        if self.currency.data is None:
            self.currency.data = currency
        self.wrong: set[tuple[int, str]] = set()

    @classmethod
    def data_of(cls, document: Invoice | Bill, lines: Sequence[InvoiceLine | BillLine]) -> dict[str, Any]:
        """What stands in the form over a draft."""
        rows = [cls.row_of(line, document.currency) for line in lines]
        plan = rows_of(document.instalment_dues, document.instalment_minors, document.currency)
        return (
            {name: getattr(document, name) for name in cls.kept}
            | {cls.party: document.party_name, "line_items": rows, "instalments": plan}
            | {"seen": document.updated_at.isoformat()}
        )

    @classmethod
    def row_of(cls, line: Any, currency: str) -> dict[str, str]:
        """What stands in the inputs of a line."""
        return {"description": line.description, "quantity": str(line.quantity), "unit_price": _grouped(line.unit_price_minor, currency)}

    def values(self) -> dict[str, Any]:
        """What was typed, prices without their grouping; a quantity that is not written is one. Instalments say themselves when the document is due."""
        plan = self.plan.values
        return self.unplanned() | ({"instalments": plan, "due_date": None} if plan else {"instalments": None})

    def unplanned(self) -> dict[str, Any]:
        """The same without instalments."""
        return super().values() | {"line_items": [self.line_values(row) for row in self.line_items.data]}

    @property
    def plan(self) -> TypedPlan:
        """The instalments as they are typed, and what they come to."""
        return read_plan(self.instalments.data, self.to_pay, self.currency.data)

    @property
    def to_pay(self) -> Money | None:
        """What the document comes to so far."""
        return self.total

    def line_values(self, row: dict[str, str]) -> dict[str, Any]:
        """What was typed of a line."""
        return {"description": row["description"], "quantity": row["quantity"].strip() or "1", "unit_price": plain(row["unit_price"]) or "0"}

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """A finding about a line is told at the lines, and its input is marked."""
        if len(loc) == 3 and isinstance(loc[1], int):
            self.wrong.add((loc[1], str(loc[2])))
        return super().place_of(loc)

    @property
    def minors(self) -> list[int] | None:
        """What each line comes to so far, in minor units; None while one of them cannot be read."""
        try:
            prices = [(Money.parse(plain(row["unit_price"]) or "0", self.currency.data), int(row["quantity"] or 1)) for row in self.line_items.data]
        except (InvalidAmount, UnknownCurrency, ValueError):  # it has its sentence once the form is sent
            return None
        return [price.amount_minor * quantity for price, quantity in prices]

    @property
    def total(self) -> Money | None:
        """What the lines come to so far."""
        minors = self.minors
        return None if minors is None else Money(sum(minors), self.currency.data)


class InvoiceForm(DocumentForm[InvoiceDraftIn]):
    """An invoice that is drawn up or changed."""

    schema: ClassVar[type[BaseModel]] = InvoiceDraftIn
    party = "customer_name"
    kept = (*DocumentForm.kept, "enquiry_id", "place_of_supply", "customer_tax_number", "customer_pan")
    sentences: ClassVar[dict[str, Any]] = _DRAFT_SENTENCES | {
        "enquiry_id.uuid_parsing": _l("We could not find that enquiry."),
        "customer_name.string_too_short": _l("A name is needed."),
        "customer_name.missing": _l("A name is needed."),
    }

    customer_name = StringField(_l("Customer"))
    party_reference = StringField(_l("Their reference"))
    place_of_supply = SelectField(_l("Place of supply"), validate_choice=False)
    customer_tax_number = StringField(_l("Customer’s GSTIN"))
    customer_pan = StringField(_l("Customer’s PAN"))
    collection = BooleanField(_l("Overseas tour package: collect TCS on top"))
    notes = TextAreaField(_l("Notes for the customer"))
    enquiry_id = HiddenField()

    def __init__(self, currency: str, home: Home | None, **given: Any) -> None:
        super().__init__(currency, **given)
        self.home = home
        states = tables.states(home.country) if home else {}
        self.place_of_supply.choices = [
            SelectChoice("", _l("Not known yet")),
            *(SelectChoice(code, f"{gettext(name)} ({code})") for code, name in states.items()),
        ]
        if not states:
            del self.place_of_supply, self.customer_tax_number, self.customer_pan
        if home is None or not tables.collections(home.country):
            del self.collection

    @classmethod
    def of(cls, invoice: Invoice, lines: Sequence[InvoiceLine], home: Home | None) -> InvoiceForm:
        """The form over a draft."""
        data = cls.data_of(invoice, lines) | {"collection": any(line.collection for line in lines)}
        return cls(invoice.currency, home, data=data)

    @classmethod
    def row_of(cls, line: InvoiceLine, currency: str) -> dict[str, str]:
        """What stands in the inputs of a line, with how it is sold and taxed."""
        basic_fare = "" if line.basic_fare_minor is None else _grouped(line.basic_fare_minor, currency)
        return super().row_of(line, currency) | {"tax": line.tax or "", "basic_fare": basic_fare, "sold_as": line.sold_as}

    def unplanned(self) -> dict[str, Any]:
        """The same; what is collected is collected on every line."""
        values = super().unplanned()
        is_collected = self.home is not None and "collection" in self._fields and bool(self.collection.data)
        collection = tables.collections(self.home.country)[0] if self.home and is_collected else None
        return values | {"line_items": [row | {"collection": collection} for row in values["line_items"]]}

    def line_values(self, row: dict[str, str]) -> dict[str, Any]:
        """What was typed of a line, with how it is sold and taxed."""
        taxed = {"tax": row.get("tax") or None, "basic_fare": plain(row.get("basic_fare") or "") or None, "sold_as": row.get("sold_as") or "principal"}
        return super().line_values(row) | taxed

    @property
    def treatments(self) -> list[tuple[str, Any, bool]]:
        """How a line may be taxed here: the code, what it is called, and whether it is on the basic fare."""
        if self.home is None:
            return []
        country = self.home.country
        return [(code, TREATMENTS.get(code, code), is_ever_on_fare(country, code)) for code in tables.treatments(country)]

    @property
    def to_pay(self) -> Money | None:
        """What the invoice comes to so far, with its taxes where they can be reckoned."""
        come_to = self.sketch()
        return come_to.total if come_to else self.total

    def sketch(self) -> Sketch | None:
        """What the invoice would come to as it is typed; None while it cannot be read, which has its sentence once the form is sent."""
        try:
            body = InvoiceDraftIn.model_validate(self.unplanned() | {"instalments": None}, strict=False)
            buyer = Buyer.of(body.customer_name, body.place_of_supply, body.customer_tax_number, body.customer_pan)
            return sketch(items(body.line_items, body.currency), issue_date=body.issue_date, party=body.customer_name, buyer=buyer)
        except (ValidationError, VoyagentError):
            return None


class BillForm(DocumentForm[BillDraftIn]):
    """A supplier's bill that is entered or changed."""

    schema: ClassVar[type[BaseModel]] = BillDraftIn
    party = "vendor_name"
    kept = (*DocumentForm.kept, "vendor_reference")
    sentences: ClassVar[dict[str, Any]] = _DRAFT_SENTENCES | {
        **dict.fromkeys(("vendor_name.string_too_short", "vendor_name.missing"), _l("A name is needed.")),
        **dict.fromkeys(("vendor_reference.string_too_short", "vendor_reference.missing"), _l("Write the number that stands on the supplier’s paper.")),
    }

    vendor_name = StringField(_l("Supplier"))
    vendor_reference = StringField(_l("Their reference"))
    party_reference = StringField(_l("Our reference"))
    notes = TextAreaField(_l("Notes"))

    def __init__(self, currency: str, home: Home | None, **given: Any) -> None:
        super().__init__(currency, **given)
        self.home = home

    @classmethod
    def of(cls, bill: Bill, lines: Sequence[BillLine], taxes: Sequence[BillTax], home: Home | None) -> BillForm:
        """The form over a draft."""
        data = cls.data_of(bill, lines)
        for line, row in zip(lines, data["line_items"], strict=True):
            row |= {f"tax_{tax.component}": _grouped(tax.amount_minor, bill.currency) for tax in taxes if tax.line_no == line.line_no}
        return cls(bill.currency, home, data=data)

    @classmethod
    def row_of(cls, line: BillLine, currency: str) -> dict[str, str]:
        """What stands in the inputs of a line, with how it is bought and what becomes of its tax."""
        return super().row_of(line, currency) | {"bought_as": line.bought_as, "input_credit": "yes" if line.input_credit else ""}

    @property
    def components(self) -> list[str]:
        """The taxes that a supplier may have printed: those of the agency's country now, and what stands in the lines already."""
        known = tables.components_on(self.home.country, today()) if self.home else ()
        return [one for one in INPUT if one in known or any(row.get(f"tax_{one}") for row in self.line_items.data)]

    def line_values(self, row: dict[str, str]) -> dict[str, Any]:
        """What was typed of a line, with how it is bought and which tax is printed on it."""
        taxes = [{"component": one, "amount": typed} for one, typed in _printed(row)]
        return super().line_values(row) | {"bought_as": row.get("bought_as") or "cost", "taxes": taxes, "input_credit": row.get("input_credit") == "yes"}

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """The same; a finding about a tax marks its input."""
        match loc:
            case ("line_items", int(at), "taxes", int(number), "amount"):
                self.wrong.add((at, f"tax_{_printed(self.line_items.data[at])[number][0]}"))
        return super().place_of(loc)

    @property
    def to_pay(self) -> Money | None:
        """What the supplier is to be paid: the lines with the tax that is printed on them."""
        return self.sides[-1][2]

    @property
    def sides(self) -> list[tuple[str, int, Money | None]]:
        """What receiving the bill as it is typed would post; without amounts while the lines cannot be read."""
        rows, minors, currency = self.line_items.data, self.minors, self.currency.data
        try:
            taxes = [[(one, Money.parse(typed, currency).amount_minor) for one, typed in _printed(row)] for row in rows]
        except (InvalidAmount, UnknownCurrency):  # it has its sentence once the form is sent
            minors = None
        if minors is None:
            return [(purpose, sign, None) for purpose, sign, _amount in bought_sides([Bought(row.get("bought_as") or "cost", 1) for row in rows], currency)]
        lines = zip(rows, minors, taxes, strict=True)
        return list(bought_sides((Bought(row.get("bought_as") or "cost", minor, on, row.get("input_credit") == "yes") for row, minor, on in lines), currency))


def _printed(row: dict[str, str]) -> list[tuple[str, str]]:
    """The taxes that are typed of a line, by component, without their grouping."""
    typed = ((component, plain(row.get(f"tax_{component}") or "")) for component in INPUT)
    return [(component, amount) for component, amount in typed if amount]


class SendForm(SchemaForm[InvoiceSendIn]):
    """To whom an invoice goes: the customer of the enquiry, unless another address is typed."""

    schema: ClassVar[type[BaseModel]] = InvoiceSendIn
    sentences: ClassVar[dict[str, Any]] = {
        "to.missing": _l("An address is needed."),
        "to.email_invalid": _l("That is not an e-mail address. It looks like name@example.com."),
    }

    to = StringField(_l("E-mail address"))
    locale = SelectField(_l("Language"), choices=[SelectChoice("en", "English"), SelectChoice("hi", "हिन्दी")], validate_choice=False)

    def __init__(self, locale: str, address: str | None, **given: Any) -> None:
        super().__init__(data={"to": address, "locale": locale}, **given)


class ReceiptForm(SchemaForm[ReceiptIn]):
    """What a customer has paid."""

    schema: ClassVar[type[BaseModel]] = ReceiptIn
    sentences: ClassVar[dict[str, Any]] = {"amount.string_pattern_mismatch": AMOUNT_SENTENCE, "cash_or_bank": _l("Choose one of the list.")}

    amount = StringField(_l("Amount"))
    paid_on = DateText(_l("Paid on"))
    account = SelectField(_l("Into"), choices=[SelectChoice("bank", _l("Bank")), SelectChoice("cash", _l("Cash"))], validate_choice=False)
    reference = StringField(_l("Reference"))

    def values(self) -> dict[str, Any]:
        """What was typed, the amount without its grouping."""
        values = super().values()
        return values | ({"amount": plain(values["amount"])} if values.get("amount") else {})


class VoidForm(SchemaForm[VoidIn]):
    """Why a document is made void, and when."""

    schema: ClassVar[type[BaseModel]] = VoidIn

    reason = StringField(_l("Why"))
    voided_on = DateText(_l("On the day"))


def _grouped(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).decimal:,f}"
