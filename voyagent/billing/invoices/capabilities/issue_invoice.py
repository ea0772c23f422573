"""Capability `issue_invoice`: issue a draft, which numbers and posts it."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import Description, FactShown, Measured
from voyagent.billing.core.capabilities.payments import APPROVERS, party_balance
from voyagent.billing.core.capabilities.rates import rate_facts
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.core.service import numbering
from voyagent.billing.core.service.drafts import check_draft
from voyagent.billing.core.service.exchange import quote_of
from voyagent.billing.core.service.pricing import REASON_MAX
from voyagent.billing.invoices.capabilities.invoices import (
    INVOICE_FACTS,
    INVOICE_OUTPUT,
    INVOICE_STEPS,
    check_alike,
    check_day,
    check_terms,
    due_note,
    invoice_output,
    invoice_records,
    issued_answer,
    round_off_rows,
    shown_document,
    stored_rows,
    tax_rows,
)
from voyagent.billing.invoices.queries import credit, documents as invoice_queries
from voyagent.billing.invoices.service import credit_limits, issuing
from voyagent.billing.invoices.service.credit_limits import Stop
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Choice,
    Invocation,
    Policy,
    Slot,
)
from voyagent.capabilities.cards import day, sum_note
from voyagent.capabilities.lookups import of_party
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Id, Trimmed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken

DRAFTS_MAX = 50


class IssueInvoiceInput(Closed):
    """The draft invoice to issue."""

    invoice_id: Annotated[Id, Slot("document", N_("Which draft do you want to issue?"))] = Field(
        description="The draft invoice."
    )
    over_limit_reason: Annotated[str, Trimmed(REASON_MAX)] | None = Field(
        default=None,
        title=N_("Reason to issue it above the credit limit"),
        description="Why it is issued although the customer is above the limit or on hold.",
    )
    out_of_order_reason: Annotated[str, Trimmed(REASON_MAX)] | None = Field(
        default=None,
        title=N_("Reason for the earlier date"),
        description="Needed only if an issued invoice of the financial year has a later date.",
    )


def run(call: Invocation, inputs: IssueInvoiceInput) -> JsonObject:
    """Issue the draft, and return the invoice as `invoice_output` does.

    Raises the errors of `service.issue_invoice`.
    """
    invoice = issuing.issue_invoice(
        call.actor,
        inputs.invoice_id,
        over_limit_reason=inputs.over_limit_reason,
        out_of_order_reason=inputs.out_of_order_reason,
    )
    return {"issued": True} | invoice_output(invoice)


def preview(call: Invocation, inputs: IssueInvoiceInput) -> Description:
    """Return the preview of the invoice, with its taxes, for the reviewer.

    Raises InvoiceNotFound, InvoiceNotDraft.
    """
    # The locks keep the draft as it is described here, if the act itself follows.
    terms = credit.find_terms(inputs.invoice_id, lock=True)
    invoice = invoice_queries.get_invoice(inputs.invoice_id, lock=True)
    check_draft(invoice)
    total = Money(invoice.total_minor, invoice.currency)
    rows = [
        *stored_rows(document_queries.get_lines(invoice), invoice.currency),
        *tax_rows(
            tax_queries.sum_taxes(tax_queries.read_taxes(call.reader, invoice.id), invoice.currency)
        ),
        *round_off_rows(Money(invoice.round_off_minor, invoice.currency)),
    ]
    document = shown_document(
        gettext("Invoice"), invoice.party_name, invoice.issue_date, rows, total
    )
    document["version"] = invoice.updated_at.isoformat()
    document["number"] = gettext(
        "next number of %(year)s", year=numbering.year_of(invoice.issue_date)
    )
    return Description(
        title=gettext("Issue the invoice for %(name)s", name=invoice.party_name),
        undo=gettext("Reversible with a credit note"),
        document=document,
        checks=[
            check_terms(invoice.issue_date, invoice.due_date),
            check_day(call.actor, invoice.issue_date),
            check_alike(call.reader, call.actor, invoice.party_name, total, invoice),
        ],
        facts=rate_facts(quote_of(invoice))
        + [
            FactShown(
                label=gettext("Revenue on %(day)s", day=day(one.day)),
                value=spoken(one.amount.wire, one.amount.currency),
            )
            for one in issuing.recognitions_of(invoice)
        ]
        + _limit_facts(credit_limits.find_stop(invoice, terms), inputs.over_limit_reason),
    )


def measure(_call: Invocation, inputs: IssueInvoiceInput) -> Measured:
    """Return the customer's present open balance, which the preview shows.

    Raises InvoiceNotFound.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    return party_balance(
        "receivable",
        invoice.party_name,
        invoice.currency,
        due_note(invoice.due_date),
        party_id=invoice.party_id,
    )


def policy(_call: Invocation, inputs: IssueInvoiceInput) -> Policy:
    """Return the invoice's total, which is compared with the amount limits.

    Raises InvoiceNotFound.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    return Policy(amounts=(Money(invoice.total_minor, invoice.currency),))


def drafts(call: Invocation, text: str) -> list[Choice]:
    """Return the drafts of the customers that a text mentions, newest first.

    If the text mentions no customer, the newest drafts of all customers are returned.
    """
    rows = invoice_queries.list_drafts(call.reader, limit=DRAFTS_MAX)
    return of_party([(_draft(row), row["party_name"]) for row in rows], text, is_asked=True)


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card, with the number once the invoice is issued."""
    if not output.get("number"):
        return str(gettext("Issue invoice"))
    return str(gettext("Issued invoice %(number)s", number=output["number"]))


def _limit_facts(stop: Stop | None, reason: str | None) -> list[FactShown]:
    """Return the sum above the credit limit, and the reason to issue it anyway."""
    if stop is None:
        return []
    held = [(gettext("Customer"), gettext("On hold"))] if stop.is_on_hold else []
    why = [(gettext("Reason"), reason)] if reason else []
    return [FactShown(label=label, value=value) for label, value in (*held, *stop.parts, *why)]


def _draft(row: Row) -> Choice:
    total = Money(row["total_minor"], row["currency"])
    label = f"{gettext('draft')}, {row['party_name']}, {spoken(total.wire, total.currency)}"
    return Choice(str(row["id"]), label, amount=total)


CAPABILITY = Capability(
    name="issue_invoice",
    title=N_("Issue an invoice"),
    summary="Issue a draft invoice: give it a number and post it.",
    area="accounting",
    input=IssueInvoiceInput,
    output=INVOICE_OUTPUT | {"issued"},
    permission="invoice.issue",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    editable=False,
    policy=policy,
    run=run,
    preview=preview,
    measure=measure,
    lookups={"invoice_id": drafts},
    card=Card(
        icon="receipt",
        sentence=sentence,
        note=sum_note,
        answer=issued_answer,
        fills=("invoice_id",),
        records=invoice_records,
        next_steps=INVOICE_STEPS,
        results=(INVOICE_FACTS,),
    ),
    book_date="invoice_id",
    audit=N_("Assistant: issue an invoice"),
    follow_ups=("record_receipt", "find_invoices"),
    examples={
        "en": (
            "issue the draft",
            "issue the invoice for Deepa Krishnan",
            "finalise the draft invoice",
            "post Al Noor's draft",
            "the draft is ok, make it final",
            "give the draft a number",
            "issue it now",
            "confirm the invoice of Mrs Fernandes",
            "customer agreed, issue his invoice",
            "pls finalize Joseph's bill",
            "raise the final invoice from the draft",
            "release the draft for the Singapore group",
            "issue Neha Kapoor's draft",
            "finalise invoice for Zenith Pharma",
            "draft of Mr Bhatia is approved by customer, issue",
            "make the draft invoice final",
            "send it to the books, issue the draft of Kiran",
            "convert draft to invoice",
            "please post the draft bill of Rohan",
            "assign number and issue the invoice of the Dsouzas",
            "draft invoice checked, go ahead and issue",
        ),
        "hi": (
            "draft issue kar do",
            "Deepa ka invoice final karo",
            "invoice pakka kar do",
            "Al Noor ka draft post karo",
            "draft ko number de do",
            "Joseph ka bill final kar dena",
            "Neha ka draft issue karo",
            "Bhatia ji ka bill final kar do",
            "draft ko pakka invoice bana do",
            "Zenith ka draft post kar do",
            "ड्राफ्ट इनवॉइस जारी करो",
            "दीपा का इनवॉइस फाइनल कर दो",
            "ड्राफ्ट को पक्का कर दो",
            "रमेश जी का बिल फाइनल करके नंबर दे दो",
        ),
    },
)
