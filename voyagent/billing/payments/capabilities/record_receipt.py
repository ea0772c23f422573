"""Capability `record_receipt`: record a customer's payment of an invoice."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import Description, Measured
from voyagent.billing.bills.schemas import InputTaxes
from voyagent.billing.core.capabilities.payments import (
    APPROVERS,
    PAYMENT_FACTS,
    PAYMENT_OUTPUT,
    PaymentInput,
    amount_due,
    open_invoices,
    party_balance,
    payment_policy,
    payment_preview,
    settled,
)
from voyagent.billing.core.schemas.payments import MoneyAccount
from voyagent.billing.core.service.charges import CHARGE_SHARE, entered_total
from voyagent.billing.core.service.pricing import REASON_MAX
from voyagent.billing.invoices.capabilities.invoices import INVOICE_STEPS, invoice_records
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.schemas import ChargeIn
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.means import Means
from voyagent.capabilities.capability import Capability, Card, Invocation, Policy, Slot
from voyagent.capabilities.cards import sum_note
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Id, PlainAmount, Trimmed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken


class RecordReceiptInput(PaymentInput, ChargeIn):
    """A customer's payment of one invoice."""

    invoice_id: Annotated[Id, Slot("open_invoice", N_("Which invoice was paid?"))] = Field(
        description="The invoice that was paid."
    )
    amount: Annotated[PlainAmount, Slot("amount", N_("How much was received?"))] = Field(
        description="The amount received, such as 45000.00."
    )
    paid_on: Annotated[BusinessDate, Slot("date_or_today", N_("When was it received?"))] = Field(
        description="The day of the bank statement, YYYY-MM-DD."
    )
    account: Annotated[MoneyAccount, Slot("cash_or_bank")] = Field(
        default="bank", description="The account that received the money: bank or cash."
    )
    fee: PlainAmount | None = Field(
        default=None,
        title=N_("Charge before tax"),
        description="What the bank or gateway kept of the payment, before tax; not in `amount`.",
    )
    taxes: InputTaxes | None = Field(
        default=None, description="The tax on this charge, each component such as igst once."
    )
    deduction_reason: Annotated[str, Trimmed(REASON_MAX)] | None = Field(
        default=None,
        title=N_("Reason for the unusual deduction"),
        description=f"Needed only for a charge above {CHARGE_SHARE.percent} % of the sum, or for a"
        " tax on it above the highest rate.",
    )
    over_cash_limit_reason: Annotated[str, Trimmed(REASON_MAX)] | None = Field(
        default=None,
        title=N_("Reason for cash above the limit"),
        description="Needed only for cash of the amount that the law forbids.",
    )


def run(call: Invocation, inputs: RecordReceiptInput) -> JsonObject:
    """Record the payment; return its id, the invoice, and the amount still open.

    Raises the errors of `service.record_receipt`.
    """
    amount = Money.parse(inputs.amount, inputs.currency)
    payment = payment_service.record_receipt(
        call.actor,
        inputs.invoice_id,
        amount,
        inputs.paid_on,
        reference=inputs.reference,
        means=Means(account=inputs.account),
        charge=inputs.charge(),
        over_cash_limit_reason=inputs.over_cash_limit_reason,
    )
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    return {
        "recorded": True,
        "payment_id": str(payment.id),
        "invoice_id": str(invoice.id),
        "number": invoice.number,
    } | settled(invoice, amount)


def preview(_call: Invocation, inputs: RecordReceiptInput) -> Description:
    """Return the preview of the payment for the reviewer.

    Raises InvoiceNotFound, InvalidAmount, UnknownCurrency.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    title = gettext(
        "Record a payment of %(name)s for invoice %(number)s",
        name=invoice.party_name,
        number=invoice.number or gettext("a draft"),
    )
    return payment_preview(
        title, invoice, inputs, charged=_charged(inputs), reason=inputs.deduction_reason
    )


def measure(_call: Invocation, inputs: RecordReceiptInput) -> Measured:
    """Return the customer's open balance, to compare before and after the dry run.

    Raises InvoiceNotFound.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    return party_balance(
        "receivable", invoice.party_name, invoice.currency, party_id=invoice.party_id
    )


def policy(_call: Invocation, inputs: RecordReceiptInput) -> Policy:
    """Return the settled amount, which is compared with the amount limits.

    Raises InvalidAmount, UnknownCurrency.
    """
    return payment_policy(inputs, _charged(inputs))


def _charged(inputs: RecordReceiptInput) -> Money:
    """Return the charge with the tax on it. Raises InvalidAmount, UnknownCurrency."""
    return entered_total(inputs.charge(), inputs.currency)


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card."""
    if not output.get("recorded"):
        return str(gettext("Record payment"))
    return str(
        gettext(
            "Recorded a payment of %(name)s for %(number)s",
            name=output["party_name"],
            number=output["number"],
        )
    )


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the amount, the customer, and the amount still due."""
    recorded = gettext(
        "Recorded %(amount)s from %(name)s for invoice %(number)s.",
        amount=spoken(output["amount"], output["currency"]),
        name=output["party_name"],
        number=output["number"],
    )
    return f"{recorded} {amount_due(output)}"


CAPABILITY = Capability(
    name="record_receipt",
    title=N_("Record a receipt"),
    summary="Record a customer's payment of an invoice or a part of it.",
    area="accounting",
    input=RecordReceiptInput,
    output=PAYMENT_OUTPUT | {"recorded", "invoice_id", "number"},
    permission="payment.record",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    measure=measure,
    lookups={"invoice_id": open_invoices},
    card=Card(
        icon="cash-coin",
        sentence=sentence,
        note=sum_note,
        answer=answer,
        fills=("invoice_id",),
        records=invoice_records,
        next_steps=INVOICE_STEPS,
        results=(PAYMENT_FACTS,),
    ),
    book_date="paid_on",
    audit=N_("Assistant: record a receipt"),
    follow_ups=("list_receivables", "find_invoices"),
    examples={
        "en": (
            "record a payment of 45,000 from Deepa Krishnan",
            "Deepa Krishnan paid 45,000 today",
            "received 20000 from Ravi Menon by UPI",
            "we got 1.2 lakh by NEFT from Al Noor for invoice 000042",
            "customer has cleared invoice 2026-27/000042",
            "rcvd cheque of 60k from Joseph",
            "mark invoice 000017 as paid",
            "payment received for 000042, UTR HDFC0001234",
            "Mrs Fernandes gave 15000 cash at the counter yesterday, put it against her invoice",
            "Zachariah Kurian transferred the balance, 80,000 gpay",
            "part payment of 25k from Al Noor Trading against inv 000031",
            "the Singapore group has paid their advance of 3 lakh on 5th",
            "enter receipt: 1,72,750 NEFT, Zachariah Kurian",
            "Neha Kapoor has paid 40k by phonepe",
            "received 1,10,000 from Zenith Pharma in bank, ref N2281",
            "customer gave cheque 004512 for 35,000, Mr Bhatia",
            "cash 8000 collected from Kavita today",
            "Imps credit of 22,500 from Rohan against inv 000051",
            "Kiran Desai cleared his full amount",
            "got advance of 25% from Qureshi, 18,000 cash",
            "money came from the Dsouzas, 64,000, on 3rd",
            "book receipt of USD 700 from Kenji Tanaka",
            "customer payment 15k gpay Farhan",
            "payment recd Meena 90000 neft dated 12 Nov utr SBIN2211",
            "Patel party paid the remaining 45 thousand",
            "second instalment came in from the Bhatias 30000 upi",
        ),
        "hi": (
            "Deepa ne 20000 de diye",
            "Ravi Menon ka payment aa gaya 15000",
            "invoice 000042 ka paisa mil gaya",
            "Gupta ji ne 50 hazaar cash diya hai, entry kar do",
            "kal Al Noor se 1.2 lakh NEFT aaya",
            "Joseph ka cheque mil gaya 60 hazaar ka, 000017 mein laga do",
            "Neha ne 40 hazaar phonepe kiya",
            "Zenith Pharma se 1.1 lakh bank mein aaya",
            "Bhatia ji ka 35000 ka cheque aaya hai",
            "Kavita ne 8000 cash diye aaj",
            "Patel ji se pachaas hazaar mile",
            "Suresh 15000 diye",
            "Verma ji aaj 9000 de gaye",
            "Irfan kal 4500 diya",
            "Lata Rao ne kal 30 hazaar bheje",
            "दीपा ने 20000 दे दिए",
            "रमेश जी से 50 हज़ार नकद मिले",
            "सुनीता का पेमेंट आ गया 15000 यूपीआई से",
            "ग्राहक ने 1 लाख जमा किए, एंट्री कर दो",
            "अनिल का चेक मिल गया 60 हज़ार का",
        ),
    },
)
