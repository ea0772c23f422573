"""Forms to draft an invoice and to send one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import gettext, lazy_gettext as _l
from pydantic import BaseModel
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from voyagent.billing.core.forms.drafts import DRAFT_SENTENCES, DocumentForm, grouped
from voyagent.billing.core.forms.instalments import (
    iso_day,
)
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.schemas.lines import items
from voyagent.billing.core.service.taxing import Buyer, Home, Sketch, sketch, usual_code
from voyagent.billing.invoices.schemas.documents import InvoiceDraftIn, InvoiceSendIn
from voyagent.http.forms import (
    SchemaForm,
    SentOnce,
    plain,
)
from voyagent.http.template_filters import today
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.parties import queries as parties
from voyagent.parties.forms import ADDRESS_KINDS
from voyagent.taxes.rules import tables
from voyagent.taxes.rules.calculation import is_ever_on_fare
from voyagent.taxes.words import SERVICE_CODES, TREATMENTS

SOLD_AS = (
    ("principal", _l("Our own sale")),
    ("agent", _l("For a supplier, as agent")),
    ("fee", _l("Our fee")),
)


COLLECT = (("", _l("TCS as set below")), ("yes", _l("Collect TCS")), ("no", _l("No TCS")))


SEND_ERROR_FIELDS = {"invoice_not_sendable": "", "agency_not_verified": ""}


class InvoiceForm(DocumentForm[InvoiceDraftIn]):
    """Form to create or change a draft invoice."""

    schema: ClassVar[type[BaseModel]] = InvoiceDraftIn
    party = "customer_name"
    copied_fields = (
        *DocumentForm.copied_fields,
        "enquiry_id",
        "place_of_supply",
        "customer_tax_number",
        "customer_pan",
    )
    sentences: ClassVar[dict[str, Any]] = DRAFT_SENTENCES | {
        "enquiry_id.uuid_parsing": _l("We could not find that enquiry."),
        "customer_name.string_too_short": _l("Enter a name."),
        "customer_name.missing": _l("Enter a name."),
    }

    stand_ins: ClassVar[dict[str, Any]] = {"customer_name": "–"}
    optional_inputs = (
        *DocumentForm.optional_inputs,
        *("service_date", "service_to", "collect", "sac", "line_place"),
    )

    customer_name = StringField(_l("Customer"))
    party_reference = StringField(_l("Their reference"))
    place_of_supply = SelectField(_l("Place of supply"), validate_choice=False)
    customer_tax_number = StringField(_l("Customer’s GSTIN"))
    customer_pan = StringField(_l("Customer’s PAN"))
    customer_address_id = SelectField(_l("Address on the invoice"), validate_choice=False)
    collection = BooleanField(_l("Overseas tour package: add TCS"))
    notes = TextAreaField(_l("Notes for the customer"))
    enquiry_id = HiddenField()

    tax_numbers: Sequence[str] = ()
    """Tax numbers to offer; a number may be typed, too."""

    def __init__(
        self, currency: str, home: Home | None, books: str | None = None, **given: Any
    ) -> None:
        super().__init__(currency, books, **given)
        self.home = home
        states = tables.states(home.country) if home else {}
        self.states = [(code, f"{gettext(name)} ({code})") for code, name in states.items()]
        self.place_of_supply.choices = [
            SelectChoice("", _l("Not known yet")),
            *(SelectChoice(code, words) for code, words in self.states),
        ]
        if not states:
            del self.place_of_supply, self.customer_tax_number, self.customer_pan
        if home is None or not tables.collections(home.country):
            del self.collection
        is_asked_there = not self.treatments  # else it is shown with the tax
        if is_asked_there and any(
            row.get("sold_as") in ("agent", "fee") for row in self.line_items.data
        ):
            self.details.data = True

    @classmethod
    def of(
        cls, invoice: Invoice, lines: Sequence[InvoiceLine], home: Home | None, books: str
    ) -> InvoiceForm:
        """Return the form filled with a draft.

        `home` is the country whose taxes the agency charges, or None if the agency has no tax
        number. `books` is the currency of the ledger.
        """
        data = cls.data_of(invoice, lines) | {
            "collection": all(line.collection for line in lines),
            "customer_address_id": invoice.party_address_id or "",
        }
        for line, row in zip(lines, data["line_items"], strict=True):
            row["collect"] = "yes" if line.collection and not data["collection"] else ""
            is_usual = line.sac == usual_code(line.tax, invoice.issue_date)
            row["sac"] = "" if is_usual else line.sac  # else it would outlive a change of the tax
        return cls(invoice.currency, home, books, data=data)

    @classmethod
    def row_of(cls, line: InvoiceLine, currency: str) -> dict[str, Any]:
        """Return the input values of a line, with its kind of sale and its tax treatment."""
        fare = "" if line.basic_fare_minor is None else grouped(line.basic_fare_minor, currency)
        sold = {
            "tax": line.tax or "",
            "basic_fare": fare,
            "sold_as": line.sold_as,
            "service_date": line.service_date or "",
            "service_to": line.service_to or "",
            "line_place": line.place_of_supply or "",
            "trip_line_id": str(line.trip_line_id or ""),
        }
        sold["commission"] = (
            grouped(line.commission_minor, currency) if line.commission_minor else ""
        )
        return super().row_of(line, currency) | sold

    def unplanned(self) -> dict[str, Any]:
        """Return the entered values without instalments.

        `collection` of each line is the treatment of tax collected at source (TCS), or None. A line
        without a choice of its own follows the form's checkbox for TCS. An address of another
        customer, who was named before, is left out.
        """
        values = super().unplanned()
        if values.get("customer_address_id") not in self._addresses(values):
            values["customer_address_id"] = None
        if self.home is None or "collection" not in self._fields:
            return values
        kind, usual = (
            tables.collections(self.home.country)[0],
            "yes" if self.collection.data else "no",
        )
        typed = zip(values["line_items"], self.line_items.data, strict=True)
        return values | {
            "line_items": [
                line | {"collection": kind if (row.get("collect") or usual) == "yes" else None}
                for line, row in typed
            ]
        }

    def offer_details(self) -> None:
        """Offer the further addresses and the tax numbers of the entered customer."""
        party_id = self.found_id
        if party_id is None:
            return
        reader = SessionReader(db.session)
        usual = SelectChoice("", _l("The usual one"))
        further = [
            SelectChoice(str(row["id"]), f"{ADDRESS_KINDS[row['kind']]} · {_on_one_line(row)}")
            for row in parties.read_addresses(reader, party_id)
        ]
        self.customer_address_id.choices = [usual, *further] if further else []
        self.tax_numbers = [row["number"] for row in parties.read_all_numbers(reader, party_id)]

    def _addresses(self, values: dict[str, Any]) -> set[str | None]:
        """Return the ids that a chosen address may have: those of the customer."""
        party_id = self.found_id if values.get("customer_address_id") else None
        if party_id is None:
            return {None}
        rows = parties.read_addresses(SessionReader(db.session), party_id)
        return {str(row["id"]) for row in rows}

    def line_values(self, row: dict[str, str]) -> dict[str, Any]:
        """Return the values of a line, with its kind of sale and tax treatment."""
        taxed: dict[str, Any] = {
            "tax": row.get("tax") or None,
            "basic_fare": plain(row.get("basic_fare") or "", self.currency.data) or None,
            "sold_as": row.get("sold_as") or "principal",
        }
        taxed |= {
            "service_date": iso_day(row.get("service_date") or "") or None,
            "service_to": iso_day(row.get("service_to") or "") or None,
            "commission": plain(row.get("commission") or "", self.currency.data) or None,
            "sac": (row.get("sac") or "").strip() or None,
            "place_of_supply": row.get("line_place") or None,
            "trip_line_id": row.get("trip_line_id") or None,
            "price_includes_tax": row.get("price_includes_tax") == "yes",
        }
        return super().line_values(row) | taxed

    @property
    def treatments(self) -> list[tuple[str, Any, bool]]:
        """Return the tax treatments to offer.

        Each item is a tuple: code, label, and a boolean. The boolean is True if, on any day, the
        tax is on the basic fare and not on the whole line.
        """
        if self.home is None:
            return []
        country = self.home.country
        return [
            (code, TREATMENTS.get(code, code), is_ever_on_fare(country, code))
            for code in tables.treatments(country)
        ]

    @property
    def service_codes(self) -> list[tuple[str, Any]]:
        """Return the service codes (SAC) to offer today, each with its label."""
        if self.home is None:
            return []
        codes = tables.service_codes_on(self.home.country, today())
        return [(one.code, SERVICE_CODES[one.code]) for one in codes]

    @property
    def to_pay(self) -> Money | None:
        """Return the total of the form, with taxes if they can be calculated, or None."""
        come_to = self.sketch()
        return come_to.total if come_to else self.total

    def sketch(self) -> Sketch | None:
        """Return the computed taxes, total and postings of the entered invoice.

        The result is None if the form is incomplete or would be refused.
        """
        return self.dry_run(self._sketched)

    def _sketched(self, body: InvoiceDraftIn) -> Sketch:
        self.check(body)
        name = body.customer_name or ""
        buyer = Buyer.of(
            body.party_id or name,
            body.place_of_supply,
            body.customer_tax_number,
            body.customer_pan,
        )
        return sketch(
            items(body.line_items, body.currency),
            issue_date=body.issue_date,
            party=name,
            party_id=body.party_id,
            buyer=buyer,
        )


def _on_one_line(address: Row) -> str:
    words = " ".join(address["lines"].split())[:80]
    return ", ".join(filter(None, (words, address["city"])))


class SendForm(SentOnce, SchemaForm[InvoiceSendIn]):
    """Form to send an invoice by mail.

    The e-mail address is at first that of the customer's default contact, else that in the enquiry,
    else that of the customer (`address_of_customer`).
    """

    schema: ClassVar[type[BaseModel]] = InvoiceSendIn
    sentences: ClassVar[dict[str, Any]] = {
        "to.missing": _l("Enter an e-mail address."),
        "to.email_invalid": _l("Enter an e-mail address such as name@example.com."),
    }

    to = StringField(_l("E-mail address"))
    locale = SelectField(
        _l("Language"),
        choices=[SelectChoice("en", "English"), SelectChoice("hi", "हिन्दी")],
        validate_choice=False,
    )

    def __init__(self, locale: str, address: str | None, **given: Any) -> None:
        super().__init__(data={"to": address, "locale": locale}, **given)
