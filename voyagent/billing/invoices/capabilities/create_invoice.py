"""Capability `create_invoice`: create and issue an invoice for an enquiry."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import Description, FactShown, Measured
from voyagent.billing.core.capabilities.payments import APPROVERS, party_balance
from voyagent.billing.core.schemas.lines import InvoiceLineIn, items
from voyagent.billing.core.service import numbering, pricing
from voyagent.billing.core.service.pricing import LINES_MAX
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.capabilities.invoices import (
    INVOICE_FACTS,
    INVOICE_OUTPUT,
    check_alike,
    check_day,
    check_terms,
    due_note,
    invoice_output,
    invoice_records,
    issued_answer,
    priced_rows,
    priced_total,
    shown_document,
)
from voyagent.billing.invoices.service import issuing
from voyagent.capabilities.capability import Capability, Card, Invocation, Policy, Slot
from voyagent.capabilities.cards import day, sum_note
from voyagent.enquiries.capabilities import lookups as enquiry_lookups
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    Id,
    Lines,
    Text,
    Trimmed,
)
from voyagent.kernel.json_values import (
    JsonObject,
)


class AddressIn(Closed):
    """The customer's address on an invoice."""

    lines: Annotated[list[Annotated[str, Trimmed(120)]], Field(min_length=1, max_length=5)] = Field(
        description="Street, house and area, one to five lines."
    )
    city: Annotated[str, Text(120)] | None = Field(default=None, description="The city.")
    postal_code: Annotated[str, Text(20)] | None = Field(
        default=None, description="The postal code."
    )
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = Field(
        description="ISO 3166 code of the country, such as IN."
    )

    @property
    def plain(self) -> str:
        """The address in one line."""
        town = " ".join(filter(None, (self.postal_code, self.city)))
        return ", ".join(filter(None, (*self.lines, town, self.country)))


class InvoiceIn(Closed):
    """An invoice whose lines all have the same currency."""

    invoice_number: Annotated[str, Trimmed(64)] = Field(
        description="The next number of the series; any other is refused."
    )
    client_id: Id = Field(description="Id of the customer's enquiry.")
    issue_date: BusinessDate = Field(description="The day of issue and of the posting, YYYY-MM-DD.")
    currency: CurrencyCode = Field(description="ISO 4217 code, such as INR.")
    lines: Annotated[list[InvoiceLineIn], Field(min_length=1, max_length=LINES_MAX)] = Field(
        description="The lines, without taxes."
    )
    billing_address: AddressIn = Field(description="The address of the customer.")
    due_date: BusinessDate | None = Field(
        default=None,
        description="Due date, YYYY-MM-DD; from the customer's terms if absent.",
    )
    notes: Annotated[str, Lines(1000)] | None = Field(
        default=None, description="A note for the customer."
    )

    @property
    def items(self) -> list[pricing.LineItem]:
        """The lines in the type that the invoice service takes."""
        return items(self.lines, self.currency)


class CreateInvoiceInput(Closed):
    """The invoice to create."""

    invoice: Annotated[InvoiceIn, Slot("invoice", N_("Who is the invoice for, and how much?"))] = (
        Field(description="The invoice with its lines and address.")
    )


def run(call: Invocation, inputs: CreateInvoiceInput) -> JsonObject:
    """Create and issue the invoice, and return it as `invoice_output` does.

    Raises the errors of `service.create_invoice`.
    """
    given = inputs.invoice
    address = gettext("Billed to: %(address)s", address=given.billing_address.plain)
    invoice = issuing.create_invoice(
        call.actor,
        number=given.invoice_number,
        enquiry_id=given.client_id,
        issue_date=given.issue_date,
        due_date=given.due_date,
        line_items=given.items,
        notes="\n".join(filter(None, (address, given.notes))),
    )
    return {"created": True, "invoice_number": invoice.number} | invoice_output(invoice)


def preview(call: Invocation, inputs: CreateInvoiceInput) -> Description:
    """Return the preview of the invoice for the reviewer.

    Raises NumberIsNotNext and the errors of `policy`.
    """
    given = inputs.invoice
    name, due, priced = _checked(inputs)
    if given.invoice_number != numbering.next_number(numbering.INVOICE_SERIES, given.issue_date):
        raise invoice_errors.NumberIsNotNext
    total = priced_total(priced)
    document = shown_document(
        gettext("Invoice"), name, given.issue_date, priced_rows(priced), total
    )
    document["number"] = given.invoice_number
    return Description(
        title=gettext(
            "Create invoice %(number)s for %(name)s", number=given.invoice_number, name=name
        ),
        undo=gettext("Reversible with a credit note"),
        document=document,
        facts=[
            FactShown(label=gettext("Issued"), value=day(given.issue_date)),
            FactShown(label=gettext("Due"), value=day(due)),
            FactShown(label=gettext("Billed to"), value=given.billing_address.plain),
        ],
        checks=[
            check_terms(given.issue_date, due),
            check_day(call.actor, given.issue_date),
            check_alike(call.reader, call.actor, name, total),
        ],
    )


def measure(_call: Invocation, inputs: CreateInvoiceInput) -> Measured:
    """Return the customer's present open balance, which the preview shows.

    Raises EnquiryNotFound.
    """
    given = inputs.invoice
    name = enquiries.get_enquiry(given.client_id).customer_name
    due = pricing.due_day_of(name, given.issue_date, given.due_date)
    return party_balance("receivable", name, given.currency, due_note(due))


def policy(_call: Invocation, inputs: CreateInvoiceInput) -> Policy:
    """Return the invoice's total, which is compared with the amount limits.

    Raises EnquiryNotFound, and the errors of `pricing.check_days` and `pricing.price`, in this
    order.
    """
    _, _, priced = _checked(inputs)
    return Policy(amounts=(priced_total(priced),))


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card, with the invoice number."""
    number = output.get("invoice_number")
    if number:
        return str(gettext("Created invoice %(number)s", number=number))
    number = (given.get("invoice") or {}).get("invoice_number", "")
    return str(gettext("Create invoice %(number)s", number=number)).strip()


def _checked(inputs: CreateInvoiceInput) -> tuple[str, date, pricing.Priced]:
    given = inputs.invoice
    name = enquiries.get_enquiry(given.client_id).customer_name
    due = pricing.due_day_of(name, given.issue_date, given.due_date)
    pricing.check_days(given.issue_date, due)
    return name, due, pricing.price(given.items)


CAPABILITY = Capability(
    name="create_invoice",
    title=N_("Create an invoice"),
    summary=(
        "Create and issue an invoice for the customer of an enquiry (`client_id`), with the next"
        " number of the series. Its lines have no taxes; an invoice with taxes is drafted first."
    ),
    area="accounting",
    input=CreateInvoiceInput,
    output=INVOICE_OUTPUT | {"created", "invoice_number"},
    permission="invoice.issue",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    measure=measure,
    card=Card(
        icon="receipt",
        sentence=sentence,
        note=sum_note,
        answer=issued_answer,
        fills=("invoice_id",),
        records=invoice_records,
        next_steps={
            "enquiry_not_found": N_("Give the customer’s name, or list the enquiries."),
            "party_ambiguous": N_("Draft the invoice instead, and choose the customer there."),
        },
        results=(INVOICE_FACTS,),
    ),
    book_date="invoice.issue_date",
    audit=N_("Assistant: create an invoice"),
    follow_ups=("record_receipt", "find_invoices"),
    choices={"invoice.client_id": enquiry_lookups.enquiries},
    examples={
        "en": (
            "create invoice 2026-27/000043 for the enquiry of Deepa Krishnan, 45,000 Dubai visa",
            "create and issue an invoice for this enquiry",
            "make the final invoice straight away, no draft",
            "bill this enquiry now, 1.2 lakh for the Bali package",
            "raise invoice for enquiry of Joseph, 60k, due in 15 days",
            "invoice the customer of this enquiry directly",
            "issue a new invoice under the next number for Sneha Pillai",
            "direct invoice, Thomas Kurian, Europe tour 5.4 lakh",
            "create the invoice in one go with his address",
            "enquiry is confirmed, invoice it with number 2026-27/000044",
            "pls generate a final bill for the Singapore enquiry",
            "new invoice without draft, USD 900 hotel for Al Noor's enquiry",
            "create final invoice no 2026-27/000061 Neha Kapoor Dubai package 1,70,000 due 10 Jan",
            (
                "directly issue invoice to Zenith Pharma from their enquiry, 1.4 lakh, address 14 "
                "Residency Road Bengaluru"
            ),
            "invoice the enquiry of Kiran Desai at once with number 000062",
            "generate invoice number 000063 for Rohan's enquiry, Vietnam tour 1.85 lakh",
            "make tax invoice straight from the enquiry, bill to 7 Park Street Kolkata",
            "issue invoice 2026-27/000064 dated today for the Bhatia enquiry, Kerala 60,000",
            "enquiry booked, create its invoice AED 4,500, no draft needed",
            "final invoice directly for Meena's enquiry, 2 lines: tickets 30,000 and visa 6,000",
        ),
        "hi": (
            "is enquiry ka invoice seedha bana do",
            "Deepa ki enquiry ka final invoice banao 45 hazaar",
            "bina draft ke invoice issue karo",
            "agle number se invoice bana do Joseph ka",
            "enquiry confirm ho gayi, bill bana do 1.2 lakh",
            "Sneha ka pakka invoice banao address ke saath",
            "Neha ki enquiry ka seedha invoice bana do number 000061",
            "bina draft ke final bill banao Zenith ka",
            "Rohan ki enquiry invoice karo 1.85 lakh",
            "Bhatia ji ka pakka invoice number 000064 ke saath",
            "पूछताछ का सीधा इनवॉइस बना दो",
            "बिना ड्राफ्ट के पक्का इनवॉइस बनाओ दीपा का",
            "इस पूछताछ का फाइनल बिल बना दो 1.2 लाख",
            "सुनीता का इनवॉइस सीधे जारी करो",
        ),
    },
)
