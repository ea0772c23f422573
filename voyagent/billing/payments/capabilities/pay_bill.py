"""Capability `pay_bill`: record a payment of a supplier's bill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import Description, Measured
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.core.capabilities.payments import (
    APPROVERS,
    PAYMENT_FACTS,
    PAYMENT_OUTPUT,
    PaymentInput,
    amount_due,
    due_record,
    open_documents,
    party_balance,
    payment_policy,
    payment_preview,
    settled,
)
from voyagent.billing.core.schemas.payments import MoneyAccount
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.payments.service.means import Means
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Choice,
    Invocation,
    Policy,
    Slot,
)
from voyagent.capabilities.cards import sum_note
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Id, PlainAmount
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken


class PayBillInput(PaymentInput):
    """A payment of one bill."""

    amount: Annotated[PlainAmount, Slot("amount", N_("How much was paid?"))] = Field(
        description="The amount paid, such as 45000.00."
    )
    paid_on: Annotated[BusinessDate, Slot("date_or_today", N_("When was it paid?"))] = Field(
        description="The day of the bank statement, YYYY-MM-DD."
    )
    account: Annotated[MoneyAccount, Slot("cash_or_bank")] = Field(
        default="bank", description="The account from which it was paid: bank or cash."
    )
    bill_id: Annotated[Id, Slot("open_bill", N_("Which bill was paid?"))] = Field(
        description="The bill that was paid."
    )


def run(call: Invocation, inputs: PayBillInput) -> JsonObject:
    """Record the payment; return its id, the bill, and the amount still open.

    Raises the errors of `service.pay_bill`.
    """
    amount = Money.parse(inputs.amount, inputs.currency)
    payment = payment_service.pay_bill(
        call.actor,
        inputs.bill_id,
        amount,
        inputs.paid_on,
        reference=inputs.reference,
        means=Means(account=inputs.account),
    )
    bill = bill_queries.get_bill(inputs.bill_id)
    return {
        "paid": True,
        "payment_id": str(payment.id),
        "bill_id": str(bill.id),
        "vendor_reference": bill.vendor_reference,
    } | settled(bill, amount)


def preview(_call: Invocation, inputs: PayBillInput) -> Description:
    """Return the preview of the payment for the reviewer.

    Raises BillNotFound, InvalidAmount, UnknownCurrency.
    """
    bill = bill_queries.get_bill(inputs.bill_id)
    title = gettext(
        "Record the payment of bill %(reference)s of %(name)s",
        reference=bill.vendor_reference,
        name=bill.party_name,
    )
    return payment_preview(title, bill, inputs)


def measure(_call: Invocation, inputs: PayBillInput) -> Measured:
    """Return the supplier's open balance, to compare before and after the dry run.

    Raises BillNotFound.
    """
    bill = bill_queries.get_bill(inputs.bill_id)
    return party_balance("payable", bill.party_name, bill.currency, party_id=bill.party_id)


def policy(_call: Invocation, inputs: PayBillInput) -> Policy:
    """Return the amount of the payment, which is compared with the amount limits.

    Raises InvalidAmount, UnknownCurrency.
    """
    return payment_policy(inputs)


def open_bills(call: Invocation, text: str) -> list[Choice]:
    """Return the open bills that match a text, earliest due date first."""
    return open_documents(call, "payable", text)


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card.

    After the payment is recorded, the text names the supplier and the bill.
    """
    if not output.get("paid"):
        return str(gettext("Record a bill payment"))
    return str(
        gettext(
            "Recorded a payment to %(name)s for bill %(reference)s",
            name=output["party_name"],
            reference=output["vendor_reference"],
        )
    )


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the amount, the supplier, and the amount still due."""
    recorded = gettext(
        "Recorded %(amount)s to %(name)s for bill %(reference)s.",
        amount=spoken(output["amount"], output["currency"]),
        name=output["party_name"],
        reference=output["vendor_reference"],
    )
    return f"{recorded} {amount_due(output)}"


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the paid bill, to which the user's next message can refer."""
    return due_record(output, "bill_id", "vendor_reference")


CAPABILITY = Capability(
    name="pay_bill",
    title=N_("Record a payment"),
    summary="Record the payment of a supplier's bill or a part of it.",
    area="accounting",
    input=PayBillInput,
    output=PAYMENT_OUTPUT | {"paid", "bill_id", "vendor_reference"},
    permission="payment.record",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    measure=measure,
    lookups={"bill_id": open_bills},
    card=Card(
        icon="cash-stack",
        sentence=sentence,
        note=sum_note,
        fills=("bill_id",),
        answer=answer,
        records=records,
        next_steps={"bill_not_found": N_("Give the bill’s number, or list the open bills.")},
        results=(PAYMENT_FACTS,),
    ),
    book_date="paid_on",
    audit=N_("Assistant: pay a bill"),
    follow_ups=("list_payables", "find_bills"),
    examples={
        "en": (
            "we paid Riya Holidays 80,000 today",
            "record payment of bill RH-2211",
            "paid 1.5 lakh to Akbar Travels by NEFT",
            "transferred 60k to the DMC, ref AXIS99812",
            "bill 4471 is paid",
            "mark the hotel's bill as paid, 32000 cash",
            "part payment of 25,000 to Sky Consolidators",
            "settled the bill of the bus operator yesterday",
            "we have cleared Riya's bill dated 3 Nov",
            "cheque of 90,000 given to the transport vendor for bill T-118",
            "entry for vendor payment: 2,10,000 RTGS to the consolidator",
            "USD 1200 sent to the Bangkok supplier against their bill",
            "pls book payment to vendor, bill RH-2290, full amt, from bank",
            "paid Blue Star Tours 42,000 neft ref HDFC7712",
            "made payment to Om Transport 9,800 cash",
            "we sent USD 2,300 to Bali DMC today",
            "cleared bill BS/221 by bank transfer",
            "vendor payment done: VFS 25,200 upi",
            "gave cheque to Taj Goa for 36,000",
            "pay Oman Air 1,45,000 from the bank",
            "part paid 20k to Sky Consolidators against bill 4471",
            "bill HI-2009 settled yesterday",
            "transferred balance to the guide, 12,500 gpay",
            "payment released to supplier Marhaba Services AED 1,800",
        ),
        "hi": (
            "Riya Holidays ko 80 hazaar de diye",
            "bill RH-2211 ka payment kar diya",
            "Akbar Travels ko 1.5 lakh NEFT kiya",
            "hotel wale ko cash de diya 32000, entry kar do",
            "supplier ka bill chuka diya kal",
            "gaadi wale ko 15 hazaar diye bill T-118 ke",
            "Blue Star ko 42 hazaar bhej diye",
            "Om Transport ko cash 9800 diya",
            "hotel ka bill pay kar diya",
            "VFS ko payment ho gaya 25200 upi",
            "Suresh ko 15000 diye",
            "Amber Court ko aaj 9000 cash mein diye",
            "transport wale ko kal 30 hazaar bheje",
            "होटल को 32000 दे दिए",
            "सप्लायर को 80 हज़ार का भुगतान किया",
            "बिल का पेमेंट कर दिया कल",
            "अकबर ट्रैवल्स को डेढ़ लाख भेज दिए",
        ),
    },
)
