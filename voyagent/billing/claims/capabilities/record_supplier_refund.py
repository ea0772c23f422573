"""Capability `record_supplier_refund`: record the money that a supplier refunds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import Description, FactShown, Measured, MeasuredBalance
from voyagent.banking import queries as banking
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.claims import queries, service
from voyagent.billing.claims.queries import ClaimSearch
from voyagent.billing.claims.schemas import ClaimReceiptIn, Number
from voyagent.billing.core.capabilities.payments import (
    APPROVERS,
    PAYMENT_FACTS,
    amount_due,
    documents_meant,
    due_record,
)
from voyagent.billing.core.models.claims import SupplierClaim
from voyagent.capabilities.capability import Capability, Card, Choice, Invocation, Policy, Slot
from voyagent.capabilities.cards import day, sum_note
from voyagent.http.account_names import bank_account_label
from voyagent.kernel import clock
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, CurrencyCode, Id, PlainAmount
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken

CLAIMS_MAX = 200


class RecordSupplierRefundInput(ClaimReceiptIn):
    """Money of a supplier for one claim."""

    claim_id: Annotated[Id, Slot("document", N_("Which claim did the supplier refund?"))] = Field(
        title=N_("Claim"), description="The claim on the supplier."
    )
    amount: Annotated[PlainAmount | None, Slot("amount")] = Field(
        default=None, description="Amount in the claim's currency; the open amount if absent."
    )
    received_on: Annotated[BusinessDate | None, Slot("date_or_today")] = Field(
        default=None,
        title=N_("Received on"),
        description="The day of the bank statement, YYYY-MM-DD; today if absent.",
    )
    give_up_rest: Annotated[bool, Slot("flag")] = Field(
        default=False,
        title=N_("Give up the rest"),
        description="True if the rest of the claim will not come; it becomes cost.",
    )
    bank_account_id: Id | None = Field(
        default=None,
        title=N_("Paid into"),
        description="The bank account; the default one of the currency if absent.",
    )
    reference: Annotated[Number | None, Slot("payment_reference")] = Field(
        default=None, description="UTR or other reference of the bank."
    )
    money_amount: PlainAmount | None = Field(
        default=None,
        title=N_("Amount received"),
        description="What reached the account, if the account has another currency.",
    )
    money_currency: CurrencyCode | None = Field(
        default=None,
        title=N_("Currency of the account"),
        description="ISO 4217 code of `money_amount`; the claim's currency if absent.",
    )


def run(call: Invocation, inputs: RecordSupplierRefundInput) -> JsonObject:
    """Record the refund; return its id, the claim, and the amount still open.

    Raises the errors of `service.receive_claim`.
    """
    found = queries.get_claim(inputs.claim_id)
    row = service.receive_claim(call.actor, inputs.claim_id, inputs.refund(found.currency))
    claim = queries.get_claim(inputs.claim_id)
    return {
        "received": True,
        "claim_receipt_id": str(row.id),
        "claim_id": str(claim.id),
        "number": claim.number,
        "party_name": _supplier(claim),
        "amount": Money(row.received_minor, claim.currency).wire,
        "given_up_amount": Money(row.given_up_minor, claim.currency).wire,
        "currency": claim.currency,
        "open_amount": Money(claim.open_minor, claim.currency).wire,
    }


def preview(call: Invocation, inputs: RecordSupplierRefundInput) -> Description:
    """Return claim, amounts and day for the reviewer.

    Raises ClaimNotFound, InvalidAmount.
    """
    claim = queries.get_claim(inputs.claim_id)
    refund, still = inputs.refund(claim.currency), Money(claim.open_minor, claim.currency)
    amount = refund.amount or still
    facts = [
        (gettext("Amount"), spoken(amount.wire, amount.currency)),
        *(
            [(gettext("Amount received"), spoken(refund.money.wire, refund.money.currency))]
            if refund.money
            else []
        ),
        (gettext("Open of the claim before"), spoken(still.wire, still.currency)),
        (gettext("Received on"), day(refund.on or clock.today(call.actor.timezone))),
        *([(gettext("Reference"), refund.reference)] if refund.reference else []),
        *([(gettext("Rest"), gettext("Given up"))] if refund.give_up_rest else []),
    ]
    return Description(
        title=gettext(
            "Record a refund of %(name)s for claim %(number)s",
            name=_supplier(claim),
            number=claim.number,
        ),
        undo=gettext("Reversible"),
        facts=[FactShown(label=label, value=value) for label, value in facts],
    )


def measure(_call: Invocation, inputs: RecordSupplierRefundInput) -> Measured:
    """Return what is open of the claim, to compare before and after the dry run.

    Raises ClaimNotFound.
    """
    claim = queries.get_claim(inputs.claim_id)
    still = Money(claim.open_minor, claim.currency)
    return Measured(
        balances=[
            MeasuredBalance(
                key=_supplier(claim),
                label=gettext("Open of claim %(number)s", number=claim.number),
                amount={"amount": still.wire, "currency": still.currency},
                note="",
            )
        ]
    )


def policy(_call: Invocation, inputs: RecordSupplierRefundInput) -> Policy:
    """Return what is settled and received, which is compared with the amount limits.

    Raises ClaimNotFound, InvalidAmount.
    """
    claim = queries.get_claim(inputs.claim_id)
    refund, still = inputs.refund(claim.currency), Money(claim.open_minor, claim.currency)
    settled = still if refund.give_up_rest else refund.amount or still
    return Policy(amounts=(settled, *([refund.money] if refund.money else [])))


def open_claims(call: Invocation, text: str) -> list[Choice]:
    """Return the open claims that match a text, newest first."""
    rows = queries.list_claims(call.reader, ClaimSearch(is_open=True), limit=CLAIMS_MAX).items
    return documents_meant([row | {"reference": row["number"]} for row in rows], text)


def accounts(call: Invocation, _text: str) -> list[Choice]:
    """Return the open bank accounts by kind and name; the text is ignored."""
    return [
        Choice(str(row["id"]), bank_account_label(row))
        for row in banking.open_accounts(call.reader)
    ]


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card, with supplier and claim once it is recorded."""
    if not output.get("received"):
        return str(gettext("Record a supplier’s refund"))
    return str(
        gettext(
            "Recorded a refund of %(name)s for %(number)s",
            name=output["party_name"],
            number=output["number"],
        )
    )


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the amount, the supplier, and the amount still due."""
    recorded = gettext(
        "Recorded a refund of %(amount)s from %(name)s for claim %(number)s.",
        amount=spoken(output["amount"], output["currency"]),
        name=output["party_name"],
        number=output["number"],
    )
    return f"{recorded} {amount_due(output)}"


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the claim, to which the user's next message can refer."""
    return due_record(output, "claim_id", "number")


def _supplier(claim: SupplierClaim) -> str:
    return bill_queries.get_bill(claim.bill_id).party_name


CAPABILITY = Capability(
    name="record_supplier_refund",
    title=N_("Record a supplier’s refund"),
    summary="Record the money that a supplier refunds for a claim, or a part of it.",
    area="accounting",
    input=RecordSupplierRefundInput,
    output=frozenset(
        {
            "received",
            "claim_receipt_id",
            "claim_id",
            "number",
            "party_name",
            "amount",
            "given_up_amount",
            "currency",
            "open_amount",
        }
    ),
    permission="payment.record",
    approval="required",
    approvers=APPROVERS,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    measure=measure,
    lookups={"claim_id": open_claims},
    choices={"bank_account_id": accounts},
    card=Card(
        icon="arrow-return-left",
        sentence=sentence,
        note=sum_note,
        answer=answer,
        fills=("claim_id",),
        records=records,
        next_steps={"claim_not_found": N_("Open Refunds awaited to see the claims.")},
        results=(PAYMENT_FACTS,),
    ),
    book_date="received_on",
    audit=N_("Assistant: record a supplier’s refund"),
    follow_ups=("list_payables", "find_bills"),
    examples={
        "en": (
            "Akbar Travels refunded 18,000 for the cancelled tickets",
            "refund received from Riya Holidays, 42,500 by NEFT",
            "got the refund of L/2026-27/000003 from the hotel",
            "the airline has refunded 61,200 to our account today",
            "Sky Consolidators sent back 9,750",
            "record a refund of 2,640 dollars from Bali DMC",
            "claim 000004 is refunded in full",
            "supplier refund credited: Taj Goa 12,000, UTR HDFC77123",
            "Om Transport returned the advance for the cancelled coach, 6,000",
            "refund from TBO came in, 33,400",
            "Marhaba gave back 1,800 AED, the rest will not come",
            "part refund of 15k received from the consolidator against our claim",
            "VFS refunded the visa fee 7,200 yesterday",
            "hotel refunded 22,000 for the no show waiver",
            "refund of 14,000 from Blue Star Tours against claim L/2026-27/000009",
            "rcvd vendor refund 5,500 upi",
            "supplier paid us back 28,000 on 3 Nov",
            "enter the refund the DMC sent, USD 900",
            "Oman Air refund landed in the bank, 47,310",
            "only 10,000 refunded by the hotel, give up the rest of the claim",
            "settle claim 000012, the supplier sent the money",
        ),
        "hi": (
            "Akbar Travels se 18 hazaar refund aa gaya",
            "hotel wale ne 12000 wapas kar diye",
            "airline ka refund mil gaya 61200",
            "supplier se paisa wapas aaya 9500 neft",
            "Riya Holidays ne 42 hazaar refund kiya",
            "claim 000004 ka refund aa gaya pura",
            "TBO se 33400 ka refund bank mein aaya",
            "DMC ne 900 dollar lauta diye",
            "Blue Star ne sirf 10 hazaar wapas diye, baaki chhod do",
            "सप्लायर से 18 हज़ार का रिफंड आ गया",
            "होटल ने 12000 वापस कर दिए",
            "एयरलाइन का रिफंड मिल गया",
            "अकबर ट्रैवल्स ने पैसे लौटा दिए 9500",
            "दावे 000004 का पूरा रिफंड आया",
        ),
    },
)
