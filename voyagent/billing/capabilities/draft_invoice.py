"""Draft an invoice: it has no number and is not in the books."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.effects import Description, FactShown
from voyagent.billing import service
from voyagent.billing.capabilities.invoices import (
    INVOICE_OUTPUT,
    check_alike,
    check_terms,
    invoice_output,
    priced_rows,
    priced_total,
    shown_document,
)
from voyagent.billing.capabilities.payments import APPROVERS
from voyagent.billing.names import check_name
from voyagent.billing.schemas import LineItemIn
from voyagent.billing.service.pricing import LINES_MAX
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Invocation,
    JsonObject,
    Policy,
    Slot,
)
from voyagent.capabilities.cards import day, sum_note
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed, Id, Text, Trimmed


class DraftInvoiceInput(Closed):
    """An invoice to draft."""

    customer_name: Annotated[
        str, Trimmed(255), Slot("party", N_("What is the customer's name?"))
    ] = Field(description="The name of the customer.")
    issue_date: Annotated[
        BusinessDate, Slot("date_or_today", N_("What is the date of the invoice?"))
    ] = Field(description="The day of issue, YYYY-MM-DD.")
    due_date: Annotated[BusinessDate, Slot("date", N_("When is the invoice due?"))] = Field(
        description="The day by which it must be paid, YYYY-MM-DD."
    )
    line_items: Annotated[
        list[LineItemIn],
        Field(min_length=1, max_length=LINES_MAX),
        Slot("lines", N_("What is the invoice for, and how much?")),
    ] = Field(description="The lines, all in one currency.")
    number: Annotated[str, Text(64)] | None = Field(
        default=None, description="Always absent: a draft has no number, and one is refused."
    )
    party_reference: Annotated[str, Text(128)] | None = Field(
        default=None, description="The customer's own reference, such as an order number."
    )
    notes: Annotated[Annotated[str, Text(2000)] | None, Slot("message")] = Field(
        default=None, description="A note for the customer, printed on the invoice."
    )
    enquiry_id: Annotated[Id | None, Slot("enquiry")] = Field(
        default=None, description="The enquiry that the invoice belongs to."
    )
    trip_id: Annotated[Id | None, Slot("trip")] = Field(
        default=None, description="The trip that the invoice belongs to."
    )


def run(call: Invocation, wanted: DraftInvoiceInput) -> JsonObject:
    """Draft the invoice. Raises as `service.draft_invoice`."""
    invoice = service.draft_invoice(
        call.actor,
        customer_name=wanted.customer_name,
        issue_date=wanted.issue_date,
        due_date=wanted.due_date,
        line_items=[line.item() for line in wanted.line_items],
        number=wanted.number,
        party_reference=wanted.party_reference,
        notes=wanted.notes,
        enquiry_id=wanted.enquiry_id,
        trip_id=wanted.trip_id,
    )
    return {"drafted": True} | invoice_output(invoice)


def preview(call: Invocation, wanted: DraftInvoiceInput) -> Description:
    """Show the draft as a document; nothing is posted.

    Raises as `policy`; InvoiceNumberConflict.
    """
    name, priced = _checked(wanted)
    if wanted.number:
        raise service.InvoiceNumberConflict
    total = priced_total(priced)
    return Description(
        title=gettext("Draft an invoice for %(name)s", name=name),
        undo=gettext("A draft posts nothing"),
        document=shown_document(
            gettext("Draft invoice"), name, wanted.issue_date, priced_rows(priced), total
        ),
        facts=[
            FactShown(label=gettext("Issued"), value=day(wanted.issue_date)),
            FactShown(label=gettext("Due"), value=day(wanted.due_date)),
            FactShown(
                label=gettext("Posted"),
                value=gettext("Nothing yet. Issuing it needs a separate approval."),
            ),
        ],
        checks=[
            *check_name(call.reader, name, "customer"),
            check_terms(wanted.issue_date, wanted.due_date),
            check_alike(call.reader, call.actor, name, total),
        ],
    )


def policy(_call: Invocation, wanted: DraftInvoiceInput) -> Policy:
    """The draft is worth its total; no money moves.

    Raises as `service.party`, `service.check_days` and `service.price`, in this order.
    """
    name, priced = _checked(wanted)
    return Policy(amounts=(priced_total(priced),), party=name)


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Name the customer."""
    name = output.get("customer_name") or given.get("customer_name")
    if not name:
        return str(gettext("Draft invoice"))
    return str(gettext("Draft invoice for %(name)s", name=name))


def _checked(wanted: DraftInvoiceInput) -> tuple[str, service.Priced]:
    name = service.party(wanted.customer_name)
    service.check_days(wanted.issue_date, wanted.due_date)
    return name, service.price([line.item() for line in wanted.line_items])


CAPABILITY = Capability(
    name="draft_invoice",
    title=N_("Draft an invoice"),
    summary="Propose a draft invoice.",
    area="accounting",
    input=DraftInvoiceInput,
    output=INVOICE_OUTPUT | {"drafted"},
    permission="invoice.draft",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    card=Card(icon="pencil", sentence=sentence, note=sum_note),
    audit=N_("Assistant: draft an invoice"),
    follow_ups=("issue_invoice", "find_invoices"),
    examples={
        "en": (
            "invoice Deepa Krishnan 45,000 for the Dubai visa",
            "draft an invoice for Al Noor Trading, 1.2 lakh",
            "make a bill for Mrs Fernandes, umrah package 5 pax at 85,000 each",
            "prepare an invoice for Joseph due 10 Dec",
            "raise an invoice of 60k to Thomas Kurian for air tickets",
            "bill the customer of this trip",
            "proforma for Ravi Menon, Bali 4 nights, 2.4 lakh",
            "new invoice: Sneha Pillai, Andaman honeymoon, 78,500, due in 7 days",
            "create a draft for 2 tickets Kochi-Doha at 18,250",
            "invoice USD 900 to Al Noor for hotel rooms",
            "pls make invoice, Anil, train tickets 3,400 + service charge 300",
            "draft bill for the Singapore group, 6 x 55,000",
            "charge Zachariah Kurian 12,000 for date change",
        ),
        "hi": (
            "Deepa ka invoice banao 45 hazaar Dubai visa",
            "Al Noor ko 1.2 lakh ka bill banao",
            "Joseph ke liye draft invoice taiyar karo",
            "Fernandes madam ka bill banao 5 log 85 hazaar per head",
            "is trip ka invoice bana do",
            "naya bill banao Ravi Menon Bali package 2.4 lakh",
        ),
    },
)
