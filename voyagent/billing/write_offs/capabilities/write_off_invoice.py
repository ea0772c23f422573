"""Capability `write_off_invoice`: write off an invoice as a bad debt."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import Description, FactShown, Measured
from voyagent.billing.core.capabilities.payments import (
    APPROVERS,
    PAYMENT_FACTS,
    amount_due,
    open_invoices,
    party_balance,
)
from voyagent.billing.invoices.capabilities.invoices import (
    INVOICE_STEPS,
    invoice_records,
)
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.write_offs import service as write_off_service
from voyagent.billing.write_offs.schemas import WriteOffIn
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Invocation,
    Policy,
    Slot,
)
from voyagent.capabilities.cards import day, sum_note
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, CurrencyCode, Id, PlainAmount, Trimmed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken


class WriteOffInvoiceInput(WriteOffIn):
    """A write-off of one invoice."""

    amount: Annotated[PlainAmount | None, Slot("amount")] = Field(
        default=None, description="Amount to write off, such as 500.00; the open amount if absent."
    )
    currency: Annotated[CurrencyCode | None, Slot("currency")] = Field(
        default=None, description="ISO 4217 code; the currency of the invoice if absent."
    )
    reason: Annotated[str, Trimmed(500), Slot("reason", N_("Why is it written off?"))] = Field(
        description="Reason for the books and the reviewer."
    )
    written_off_on: Annotated[BusinessDate | None, Slot("date_or_today")] = Field(
        default=None, description="The day of the posting, YYYY-MM-DD; today if absent."
    )
    invoice_id: Annotated[Id, Slot("open_invoice", N_("Which invoice is written off?"))] = Field(
        description="The invoice to write off."
    )


def run(call: Invocation, inputs: WriteOffInvoiceInput) -> JsonObject:
    """Write the amount off; return the write-off and the new state of the invoice.

    Raises the errors of `service.write_off_invoice`.
    """
    amount = inputs.money(invoice_queries.get_invoice(inputs.invoice_id).currency)
    written = write_off_service.write_off_invoice(
        call.actor, inputs.invoice_id, reason=inputs.reason, amount=amount, on=inputs.written_off_on
    )
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    return {
        "written_off": True,
        "write_off_id": str(written.id),
        "invoice_id": str(invoice.id),
        "number": invoice.number,
        "party_name": invoice.party_name,
        "amount": Money(written.amount_minor, invoice.currency).wire,
        "currency": invoice.currency,
        "open_amount": Money(invoice.open_minor, invoice.currency).wire,
        "status": invoice.status,
    }


def preview(call: Invocation, inputs: WriteOffInvoiceInput) -> Description:
    """Return invoice, amount and reason for the reviewer.

    Raises InvoiceNotFound, and the errors of `service.checked`.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    amount, reason, on = write_off_service.checked(
        call.actor, invoice, inputs.money(invoice.currency), inputs.reason, inputs.written_off_on
    )
    facts = [
        FactShown(label=gettext("Amount"), value=spoken(amount.wire, amount.currency)),
        FactShown(
            label=gettext("Amount due before"),
            value=spoken(Money(invoice.open_minor, invoice.currency).wire, invoice.currency),
        ),
        FactShown(label=gettext("Date"), value=day(on)),
        FactShown(label=gettext("Reason"), value=reason),
    ]
    return Description(
        title=write_off_service.write_off_title(invoice),
        undo=gettext("Reversible once"),
        facts=facts,
    )


def measure(_call: Invocation, inputs: WriteOffInvoiceInput) -> Measured:
    """Return the customer's open balance, to compare before and after the dry run.

    Raises InvoiceNotFound.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    return party_balance(
        "receivable", invoice.party_name, invoice.currency, party_id=invoice.party_id
    )


def policy(_call: Invocation, inputs: WriteOffInvoiceInput) -> Policy:
    """Return the amount of the write-off, which is compared with the amount limits.

    Raises InvoiceNotFound, InvalidAmount, UnknownCurrency.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    amount = inputs.money(invoice.currency) or Money(invoice.open_minor, invoice.currency)
    return Policy(amounts=(amount,))


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Return the sentence about the write-off that its card shows.

    Before the write-off `output` is empty, and the sentence names no invoice. After the write-off
    the sentence has the number of the invoice.
    """
    if not output.get("written_off"):
        return str(gettext("Write off an invoice"))
    return str(gettext("Wrote off a part of %(number)s", number=output["number"]))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the amount, the invoice, and the amount still due."""
    written = gettext(
        "Wrote off %(amount)s of invoice %(number)s to %(name)s.",
        amount=spoken(output["amount"], output["currency"]),
        number=output["number"],
        name=output["party_name"],
    )
    return f"{written} {amount_due(output)}"


CAPABILITY = Capability(
    name="write_off_invoice",
    title=N_("Write off an invoice"),
    summary=("Write off the open amount of an invoice, or a part of it, as a bad debt."),
    area="accounting",
    input=WriteOffInvoiceInput,
    output=frozenset(
        {
            "written_off",
            "write_off_id",
            "invoice_id",
            "number",
            "party_name",
            "amount",
            "currency",
            "open_amount",
            "status",
        }
    ),
    permission="invoice.write_off",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    measure=measure,
    lookups={"invoice_id": open_invoices},
    card=Card(
        icon="dash-circle",
        sentence=sentence,
        note=sum_note,
        answer=answer,
        fills=("invoice_id",),
        records=invoice_records,
        next_steps=INVOICE_STEPS,
        results=(PAYMENT_FACTS,),
    ),
    book_date="written_off_on",
    audit=N_("Write off an invoice"),
    follow_ups=("find_invoices", "list_receivables"),
    examples={
        "en": (
            "write off invoice 000042, customer is untraceable",
            "write off 500 of Deepa's invoice as bank charges",
            "bad debt: Al Noor will not pay the balance",
            "give up the open amount of invoice 000017",
            "the remaining 120 rupees of Joseph's invoice can be written off",
            "we won't get this money, write it off",
            "treat 2026-27/000031 as bad debt, company closed down",
            "waive the small balance on Mrs Fernandes' invoice",
            "write off the forex difference of 45 on inv 58",
            "he refuses to pay the rest, close his invoice as a loss",
            "w/off the balance of the Kurian invoice pls",
            "irrecoverable, write off all of 000022",
            "write off the balance of Rohan, he left the country",
            "invoice 000051 is uncollectable, write it off",
            "Zenith Pharma short paid 300, write off the difference",
            "bad debt entry for Farhan's invoice, phone is switched off",
            "please write off 1,200 from inv 000047, bank charges by customer",
            "forget the remaining amount on Kavita's invoice, too small",
            "waive 50 rupees rounding on the Desai invoice",
            "Mr Bhatia passed away, write off what he owes",
            "cannot recover from the Patel group, write off",
        ),
        "hi": (
            "invoice 000042 write off kar do",
            "Deepa ka 500 rupaya chhod do, bank charges",
            "Al Noor paisa nahi dega, bad debt mein daalo",
            "yeh paisa ab nahi aayega, write off karo",
            "Joseph ka bacha hua 120 maaf kar do",
            "company band ho gayi, invoice 000031 doobat khaate mein daalo",
            "Rohan ka bakaya write off karo, bhaag gaya",
            "000051 ka paisa nahi milega, bad debt",
            "Kavita ka 200 rupaye maaf kar do",
            "Farhan ka invoice doobat mein daal do",
            "इनवॉइस राइट ऑफ कर दो, पैसा नहीं आएगा",
            "दीपा का 500 रुपया छोड़ दो",
            "बाकी रकम माफ कर दो",
            "ग्राहक भाग गया, बट्टे खाते में डाल दो",
        ),
    },
)
