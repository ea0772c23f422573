"""Forms of documents: one with its lines, a receipt, and why one is made void. What they accept is what the API accepts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import gettext, lazy_gettext as _l
from pydantic import BaseModel, ValidationError
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from voyagent.billing.document_wire import VoidIn
from voyagent.billing.models import Invoice, InvoiceLine
from voyagent.billing.schemas import items
from voyagent.billing.service import Buyer, Home, Sketch, sketch
from voyagent.billing.service.pricing import LINES_MAX
from voyagent.billing.wire import InvoiceDraftIn, InvoiceSendIn, ReceiptIn
from voyagent.http.forms import AMOUNT_SENTENCE, DateText, RowsField, SchemaForm, plain
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.money import InvalidAmount, Money, UnknownCurrency, currency_codes
from voyagent.taxes import tables
from voyagent.taxes.reckoning import is_ever_on_fare
from voyagent.taxes.words import TREATMENTS

SOLD_AS = (("principal", _l("Our own sale")), ("agent", _l("For a supplier, as agent")), ("fee", _l("Our fee")))
# Where a refusal of the rules is shown.
DRAFT_PLACES = {
    "customer_name_required": "customer_name",
    "invalid_date": "due_date",
    "invalid_amount": "line_items",
    "invalid_currency": "currency",
    "total_out_of_range": "line_items",
    "invoice_not_draft": "",
    "enquiry_not_found": "",
    "tax_number_invalid": "customer_tax_number",
    "place_of_supply_unknown": "place_of_supply",
    "place_of_supply_required": "place_of_supply",
    "basic_fare_required": "line_items",
    "basic_fare_out_of_range": "line_items",
    "tax_treatment_unknown": "line_items",
    "tax_rate_not_known": "issue_date",
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
    "journal_entry_already_reversed": "",
}
SEND_PLACES = {"invoice_not_sendable": ""}


class LinesField(RowsField):
    """Lines of a document as rows of inputs; one without words and price is none."""

    names = ("description", "quantity", "unit_price")
    also = ("tax", "basic_fare", "sold_as")
    written = ("description", "unit_price")
    most = LINES_MAX


class InvoiceForm(SchemaForm[InvoiceDraftIn]):
    """An invoice that is drawn up or changed; thousands may be grouped."""

    schema: ClassVar[type[BaseModel]] = InvoiceDraftIn
    sentences: ClassVar[dict[str, Any]] = {
        "invalid_currency": _l("That is not a currency code. Use three capitals such as INR."),
        "enquiry_id.uuid_parsing": _l("We could not find that enquiry."),
        "customer_name.string_too_short": _l("A name is needed."),
        "customer_name.missing": _l("A name is needed."),
        "line_items.string_pattern_mismatch": AMOUNT_SENTENCE,
        "line_items.too_short": _l("Write at least one line."),
        "line_items.too_long": _l("A document has at most 200 lines."),
        "line_items.string_too_short": _l("Each line says what it is for."),
        "line_items.int_parsing": _l("Write how many in figures."),
    }

    customer_name = StringField(_l("Customer"))
    issue_date = DateText(_l("Issued"))
    due_date = DateText(_l("Due"))
    currency = SelectField(_l("Currency"), validate_choice=False)
    party_reference = StringField(_l("Their reference"))
    line_items = LinesField(_l("Lines"))
    place_of_supply = SelectField(_l("Place of supply"), validate_choice=False)
    customer_tax_number = StringField(_l("Customer’s GSTIN"))
    customer_pan = StringField(_l("Customer’s PAN"))
    collection = BooleanField(_l("Overseas tour package: collect TCS on top"))
    notes = TextAreaField(_l("Notes for the customer"))
    enquiry_id = HiddenField()

    def __init__(self, currency: str, home: Home | None, **given: Any) -> None:
        super().__init__(**given)
        self.home = home
        self.currency.choices = [*dict.fromkeys([currency, *currency_codes()])]
        states = tables.states(home.country) if home else {}
        self.place_of_supply.choices = [
            SelectChoice("", _l("Not known yet")),
            *(SelectChoice(code, f"{gettext(name)} ({code})") for code, name in states.items()),
        ]
        if not states:
            del self.place_of_supply, self.customer_tax_number, self.customer_pan
        if home is None or not tables.collections(home.country):
            del self.collection
        if self.currency.data is None:
            self.currency.data = currency
        self.wrong: set[tuple[int, str]] = set()

    @classmethod
    def of(cls, invoice: Invoice, lines: Sequence[InvoiceLine], home: Home | None) -> InvoiceForm:
        """The form over a draft."""
        names = ("issue_date", "due_date", "party_reference", "notes", "enquiry_id", "place_of_supply", "customer_tax_number", "customer_pan")

        def typed(minor: int | None) -> str:
            return "" if minor is None else f"{Money(minor, invoice.currency).decimal:,f}"

        rows = [
            {
                "description": line.description,
                "quantity": str(line.quantity),
                "unit_price": typed(line.unit_price_minor),
                "tax": line.tax or "",
                "basic_fare": typed(line.basic_fare_minor),
                "sold_as": line.sold_as,
            }
            for line in lines
        ]
        data = {name: getattr(invoice, name) for name in names} | {"customer_name": invoice.party_name, "line_items": rows}
        return cls(invoice.currency, home, data=data | {"collection": any(line.collection for line in lines)})

    def values(self) -> dict[str, Any]:
        """What was typed, prices without their grouping; a quantity that is not written is one. What is collected is collected on every line."""
        values = super().values()
        collection = tables.collections(self.home.country)[0] if self.home and values.pop("collection", False) else None
        rows = [
            {
                "description": row["description"],
                "quantity": row["quantity"].strip() or "1",
                "unit_price": plain(row["unit_price"]) or "0",
                "tax": row.get("tax") or None,
                "basic_fare": plain(row.get("basic_fare") or "") or None,
                "sold_as": row.get("sold_as") or "principal",
                "collection": collection,
            }
            for row in self.line_items.data
        ]
        return values | {"line_items": rows}

    @property
    def treatments(self) -> list[tuple[str, Any, bool]]:
        """How a line may be taxed here: the code, what it is called, and whether it is on the basic fare."""
        if self.home is None:
            return []
        country = self.home.country
        return [(code, TREATMENTS.get(code, code), is_ever_on_fare(country, code)) for code in tables.treatments(country)]

    def sketch(self) -> Sketch | None:
        """What the invoice would come to as it is typed; None while it cannot be read, which has its sentence once the form is sent."""
        try:
            body = InvoiceDraftIn.model_validate(self.values())
            buyer = Buyer.read(body.place_of_supply, body.customer_tax_number, body.customer_pan)
            return sketch(items(body.line_items, body.currency), issue_date=body.issue_date, party=body.customer_name, buyer=buyer)
        except (ValidationError, VoyagentError):
            return None

    def place_of(self, loc: tuple[int | str, ...]) -> str:
        """A finding about a line is told at the lines, and its input is marked."""
        if len(loc) == 3 and isinstance(loc[1], int):
            self.wrong.add((loc[1], str(loc[2])))
        return super().place_of(loc)

    @property
    def total(self) -> Money | None:
        """What the lines that can be read come to so far."""
        try:
            prices = [(Money.parse(plain(row["unit_price"]) or "0", self.currency.data), int(row["quantity"] or 1)) for row in self.line_items.data]
        except (InvalidAmount, UnknownCurrency, ValueError):  # it has its sentence once the form is sent
            return None
        return Money(sum(price.amount_minor * quantity for price, quantity in prices), self.currency.data)


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
