"""Capability `cancel_sale`: cancel an invoice, with a fee and a refund."""

from __future__ import annotations

from typing import Annotated, Literal

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.service.effects import Description, FactShown, Measured
from voyagent.billing.cancellations import queries, service
from voyagent.billing.cancellations.service import Cancel, Fee, PayBack
from voyagent.billing.core.capabilities.payments import (
    APPROVERS,
    amount_due,
    documents_meant,
    party_balance,
)
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.schemas.payments import MoneyAccount
from voyagent.billing.core.service import taxing
from voyagent.billing.core.service.pricing import REASON_MAX
from voyagent.billing.invoices.capabilities.invoices import INVOICE_STEPS, invoice_records
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.schemas.lines import TaxCode
from voyagent.billing.payments.service.means import Means
from voyagent.capabilities.capability import Capability, Card, Choice, Invocation, Policy, Slot
from voyagent.capabilities.cards import day, sum_note
from voyagent.capabilities.results import Column, Result, ResultLink
from voyagent.kernel import clock
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    Id,
    PlainAmount,
    Trimmed,
)
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money, spoken
from voyagent.taxes.rules import tables
from voyagent.taxes.words import TREATMENTS

INVOICES_MAX = 200


class CancelSaleInput(Closed):
    """The cancellation of all that is not credited yet of one invoice.

    Parts of an invoice, several invoices and the suppliers' bills are cancelled on the page.
    """

    invoice_id: Annotated[Id, Slot("document", N_("Which invoice is cancelled?"))] = Field(
        description="The invoice to cancel."
    )
    reason: Annotated[str, Trimmed(REASON_MAX), Slot("reason", N_("Why is it cancelled?"))] = Field(
        description="Reason for the books, the customer and the reviewer."
    )
    kept: Annotated[PlainAmount | None, Slot("amount")] = Field(
        default=None,
        title=N_("Kept, before tax"),
        description="Amount before tax that the agency keeps of the invoice; nothing if absent.",
    )
    fee: PlainAmount | None = Field(
        default=None,
        title=N_("Fee before tax"),
        description="Fee before tax, on an invoice of its own; none if absent.",
    )
    fee_tax: TaxCode | None = Field(
        default=None,
        title=N_("Tax on the fee"),
        description="Code of a tax treatment of the agency's country; no tax if absent.",
    )
    currency: Annotated[CurrencyCode | None, Slot("currency")] = Field(
        default=None, description="ISO 4217 code of the amounts; that of the invoice if absent."
    )
    cancelled_on: Annotated[BusinessDate | None, Slot("date_or_today")] = Field(
        default=None,
        title=N_("Cancelled on"),
        description="The day of the posting, YYYY-MM-DD; today if absent.",
    )
    tcs: Literal["keep", "credit"] = Field(
        default="keep",
        title=N_("Tax collected at source"),
        description="`keep` once it is deposited, or `credit` before.",
    )
    pays_back: Annotated[bool, Slot("flag")] = Field(
        default=False,
        title=N_("Pay back what the customer has left"),
        description="True to refund the credit that the cancellation leaves the customer.",
    )
    account: Annotated[MoneyAccount, Slot("cash_or_bank")] = Field(
        default="bank", description="The account from which it is paid back: bank or cash."
    )
    out_of_order_reason: Annotated[str, Trimmed(REASON_MAX)] | None = Field(
        default=None,
        title=N_("Reason for the earlier date"),
        description="Needed only if a document of the financial year has a later date.",
    )

    def amount_of(self, text: str | None, invoice: Invoice) -> Money | None:
        """Return an amount of this input. Raises InvalidAmount, UnknownCurrency."""
        return None if text is None else Money.parse(text, self.currency or invoice.currency)

    def cancel(self, invoice: Invoice) -> Cancel:
        """Return the cancellation for the service.

        Raises InvalidAmount, UnknownCurrency, and the errors of `service.keeping`.
        """
        fee = self.amount_of(self.fee, invoice)
        return Cancel(
            invoice_ids=[invoice.id],
            reason=self.reason,
            trip_id=invoice.trip_id,
            on=self.cancelled_on,
            lines=service.keeping(invoice.id, self.amount_of(self.kept, invoice)),
            credits_tcs=self.tcs == "credit",
            fee=(
                None
                if fee is None
                else Fee(fee.within(1), gettext("Cancellation fee"), self.fee_tax)
            ),
            pay_back=PayBack(means=Means(account=self.account)) if self.pays_back else None,
            out_of_order_reason=self.out_of_order_reason,
        )


def run(call: Invocation, inputs: CancelSaleInput) -> JsonObject:
    """Cancel the invoice; return the cancellation and the new state of the invoice.

    Raises the errors of `service.cancel`.
    """
    before = invoice_queries.get_invoice(inputs.invoice_id)
    done = service.cancel(call.actor, inputs.cancel(before), preview_hash=None)
    found = queries.read_cancellation(call.reader, done.id)
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    currency = invoice.currency
    credited, kept = (
        sum(line[name] for line in found.lines) for name in ("customer_credit_minor", "kept_minor")
    )
    return {
        "cancelled": True,
        "cancellation_id": str(done.id),
        "cancellation_number": done.number,
        "invoice_id": str(invoice.id),
        "number": invoice.number,
        "party_name": invoice.party_name,
        "amount": Money(credited, currency).wire,
        "kept_amount": Money(kept, currency).wire,
        "currency": currency,
        "open_amount": Money(invoice.open_minor, currency).wire,
        "fee_number": found.cancellation["fee_invoice_number"],
        "refund_number": found.cancellation["refund_number"],
    }


def preview(call: Invocation, inputs: CancelSaleInput) -> Description:
    """Return invoice, amounts and reason for the reviewer.

    Raises InvoiceNotFound, InvalidAmount, UnknownCurrency.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    nothing = Money(0, invoice.currency)
    kept, fee = (inputs.amount_of(text, invoice) or nothing for text in (inputs.kept, inputs.fee))
    facts = [
        (gettext("Not yet credited"), _words(_left(invoice))),
        (gettext("Kept, before tax"), _words(kept)),
        *([(gettext("Fee before tax"), _words(fee))] if fee else []),
        *(
            [(gettext("Tax on the fee"), str(TREATMENTS.get(inputs.fee_tax, inputs.fee_tax)))]
            if inputs.fee_tax
            else []
        ),
        (gettext("Date"), day(inputs.cancelled_on or clock.today(call.actor.timezone))),
        (
            gettext("Left for the customer"),
            gettext("Paid back") if inputs.pays_back else gettext("Stays a credit"),
        ),
        (gettext("Reason"), inputs.reason),
    ]
    return Description(
        title=gettext(
            "Cancel invoice %(number)s to %(name)s",
            number=invoice.number or gettext("a draft"),
            name=invoice.party_name,
        ),
        undo=gettext("Not reversible"),
        facts=[FactShown(label=label, value=value) for label, value in facts],
    )


def measure(_call: Invocation, inputs: CancelSaleInput) -> Measured:
    """Return the customer's open balance, to compare before and after the dry run.

    Raises InvoiceNotFound.
    """
    invoice = invoice_queries.get_invoice(inputs.invoice_id)
    return party_balance(
        "receivable", invoice.party_name, invoice.currency, party_id=invoice.party_id
    )


def policy(_call: Invocation, inputs: CancelSaleInput) -> Policy:
    """Return what is not credited yet, which is compared with the amount limits.

    Raises InvoiceNotFound.
    """
    return Policy(amounts=(_left(invoice_queries.get_invoice(inputs.invoice_id)),))


def cancellable_invoices(call: Invocation, text: str) -> list[Choice]:
    """Return the invoices that a text can mean, newest first."""
    rows = queries.list_cancellable(call.reader, text, limit=INVOICES_MAX)
    return documents_meant(rows, text)


def treatments(_call: Invocation, _text: str) -> list[Choice]:
    """Return the tax treatments of the agency's country; the text is ignored."""
    home = taxing.home()
    codes = tables.treatments(home.country) if home else ()
    return [Choice(code, str(TREATMENTS.get(code, code))) for code in codes]


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Return the text of the card, with the number once the invoice is cancelled."""
    if not output.get("cancelled"):
        return str(gettext("Cancel a sale"))
    return str(gettext("Cancelled invoice %(number)s", number=output["number"]))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the credit, fee and refund, and the amount due."""
    cancelled = gettext(
        "Cancelled invoice %(number)s to %(name)s: %(credited)s credited before tax.",
        number=output["number"],
        name=output["party_name"],
        credited=spoken(output["amount"], output["currency"]),
    )
    fee, refund = output["fee_number"], output["refund_number"]
    parts = (
        cancelled,
        fee and gettext("The fee is invoice %(number)s.", number=fee),
        refund and gettext("The rest is paid back with refund %(number)s.", number=refund),
        amount_due(output),
    )
    return " ".join(filter(None, parts))


def _left(invoice: Invoice) -> Money:
    """Return the total of an invoice that is not credited."""
    minor = invoice.total_minor - invoice.credited_minor - invoice.excess_minor
    return Money(minor, invoice.currency)


def _words(amount: Money) -> str:
    return spoken(amount.wire, amount.currency)


CAPABILITY = Capability(
    name="cancel_sale",
    title=N_("Cancel a sale"),
    summary=(
        "Cancel an issued invoice because the customer does not travel: credit it, keep a part,"
        " charge a fee and pay the rest back."
    ),
    area="accounting",
    input=CancelSaleInput,
    output=frozenset(
        {
            "cancelled",
            "cancellation_id",
            "cancellation_number",
            "invoice_id",
            "number",
            "party_name",
            "amount",
            "kept_amount",
            "currency",
            "open_amount",
            "fee_number",
            "refund_number",
        }
    ),
    permission="invoice.credit",
    further_permissions=frozenset({"invoice.issue", "payment.record"}),
    approval="required",
    approvers=APPROVERS,
    undoable=False,
    four_eyes=True,
    policy=policy,
    run=run,
    preview=preview,
    measure=measure,
    lookups={"invoice_id": cancellable_invoices},
    choices={"fee_tax": treatments},
    card=Card(
        icon="x-circle",
        sentence=sentence,
        note=sum_note,
        answer=answer,
        fills=("invoice_id",),
        records=invoice_records,
        next_steps=INVOICE_STEPS,
        results=(
            Result(
                columns=(
                    Column(label=N_("Customer"), value="party_name"),
                    Column(label=N_("Invoice"), value="number"),
                    Column(label=N_("Credited before tax"), value="amount", kind="money"),
                    Column(label=N_("Amount due"), value="open_amount", kind="money"),
                ),
                link=ResultLink(label=N_("Open the cancellation"), page="cancellation_id"),
            ),
        ),
    ),
    book_date="cancelled_on",
    audit=N_("Assistant: cancel a sale"),
    follow_ups=("find_invoices", "list_receivables"),
    examples={
        "en": (
            "cancel invoice 000042, the customer is not travelling",
            "Deepa cancelled her tour, keep 5,000 and pay back the rest",
            "cancel the sale to Ravi Menon, he fell ill",
            "customer cancelled the Singapore package, retain 10% i.e. 12,000 of invoice 000031",
            "trip cancelled by the Kurians, cancel invoice 2026-27/000017 fully",
            "cancellation of inv 000058, visa refused, nothing kept",
            "Al Noor called the group off, cancel the invoice and keep 25k",
            "process cancellation for Joseph, keep 8000 as cancellation charges, return balance",
            "Mrs Fernandes is not going any more, cancel her invoice 000022",
            "cancel sale 000051 and refund by bank, wedding postponed",
            "full cancellation of the Bali honeymoon invoice of Rohan, flight withdrawn",
            "Zenith Pharma called off the offsite, cancel inv 000047, we keep 30,000",
            "invoice 000063 is cancelled, death in the family, give everything back",
            "cancel Kavita's ticket invoice, penalty 3,500 kept",
            "the Patel group cancelled, book the cancellation of their invoice",
            "please do the cancellation entry of invoice 000029, passport not ready",
            "Farhan wants out of the Umrah package, cancel it and keep the deposit of 20,000",
            "sale to Meena cancelled yesterday, lockdown, keep 1,200",
            "cancel what we sold to Kiran Desai, she is pregnant, cash back",
            "customer no longer travelling, cancel 2026-27/000071 and deduct 4,000",
            "client cancelled after invoicing, inv 000036, retention 6,500",
        ),
        "hi": (
            "invoice 000042 cancel kar do, customer nahi ja raha",
            "Deepa ne tour cancel kiya, 5000 kaat ke baaki wapas karo",
            "Ravi ki sale cancel karo, bimaar ho gaye",
            "Joseph ka package radd karo, 8000 rakh lo",
            "000031 ki cancellation entry karo, visa nahi mila",
            "Al Noor ne group booking chhod di, invoice radd karo, 25 hazaar kaat lo",
            "Gupta ji nahi ja rahe, unka invoice cancel karke paisa lauta do",
            "party ne yatra radd kar di, invoice 000017 cancel karo",
            "cancellation charge 3500 kaat ke Kavita ka bill cancel karo",
            "इनवॉइस 000042 रद्द कर दो, ग्राहक नहीं जा रहा",
            "दीपा का टूर रद्द हुआ, 5000 काट कर बाकी वापस करो",
            "रवि की बिक्री रद्द करो, तबीयत खराब है",
            "ग्रुप ने यात्रा रद्द की, इनवॉइस कैंसल करो",
            "जोसेफ का पैकेज कैंसल, 8000 रख लो",
        ),
    },
)
