"""The rules of payments, first part: money that settles one document, never more than is open."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from voyagent.audit import service as audit
from voyagent.billing import queries
from voyagent.billing.models import OPEN_BILL, OPEN_INVOICE, Allocation, Bill, Invoice, Payment
from voyagent.billing.service import pricing
from voyagent.billing.service.errors import DocumentNotOpen, InvalidDate, PaymentExceedsOpen
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger import service as ledger


def record_receipt(
    actor: Actor, invoice_id: UUID, amount: Money | None, on: date | None = None, *, reference: str | None = None, account: str = "bank"
) -> Payment:
    """Note that a customer has paid an invoice or a part of it: `bank` or `cash` stands against receivable on that day, or today in the agency's zone.

    Without an amount it is all that is open.

    Raises Forbidden, InvoiceNotFound, DocumentNotOpen, MixedCurrencies, InvalidAmount, PaymentExceedsOpen, InvalidDate, TextTooLong.
    """
    actor.require("payment.record")
    invoice = queries.get_invoice(invoice_id, lock=True)
    amount = Money(invoice.open_minor, invoice.currency) if amount is None else amount
    day = _check(actor, invoice, OPEN_INVOICE, amount, on)
    payment = _settle(actor, invoice, amount, day, reference, direction="in", accounts=(account, "receivable"), narration=f"Receipt, {invoice.number}")
    invoice.status = "paid" if invoice.open_minor == 0 else "partially_paid"
    db.session.flush()
    audit.record(actor, "payment.received", entity_refs={"invoice_id": invoice.id, "payment_id": payment.id}, outputs=_told(amount, day))
    return payment


def pay_bill(
    actor: Actor, bill_id: UUID, amount: Money | None = None, on: date | None = None, *, reference: str | None = None, account: str = "bank"
) -> Payment:
    """Note that a bill or a part of it was paid: payable stands against `bank` or `cash` on that day, or today in the agency's zone.

    Without an amount it is all that is open.

    Raises Forbidden, BillNotFound, DocumentNotOpen, MixedCurrencies, InvalidAmount, PaymentExceedsOpen, InvalidDate, TextTooLong.
    """
    actor.require("payment.record")
    bill = queries.get_bill(bill_id, lock=True)
    amount = Money(bill.open_minor, bill.currency) if amount is None else amount
    day = _check(actor, bill, OPEN_BILL, amount, on)
    payment = _settle(actor, bill, amount, day, reference, direction="out", accounts=("payable", account), narration=f"Payment, {bill.vendor_reference}")
    if bill.open_minor == 0:
        bill.status = "paid"
    db.session.flush()
    audit.record(actor, "payment.made", entity_refs={"bill_id": bill.id, "payment_id": payment.id}, outputs=_told(amount, day))
    return payment


def _check(actor: Actor, document: Invoice | Bill, open_statuses: tuple[str, ...], amount: Money, on: date | None) -> date:
    if document.status not in open_statuses:
        raise DocumentNotOpen
    if amount.currency != document.currency:
        raise MixedCurrencies
    if amount.amount_minor <= 0:
        raise InvalidAmount
    if amount.amount_minor > document.open_minor:
        raise PaymentExceedsOpen
    day = on or clock.today(actor.timezone)
    if not document.issue_date <= day <= clock.today(actor.timezone):
        raise InvalidDate
    return day


def _settle(  # noqa: PLR0913 - the two directions differ in exactly these
    actor: Actor,
    document: Invoice | Bill,
    amount: Money,
    day: date,
    reference: str | None,
    *,
    direction: str,
    accounts: tuple[str, str],
    narration: str,
) -> Payment:
    """Post the payment, keep it, allocate it, and move what was paid; the ledger's roll-ups come before the document's, as everywhere."""
    payment_id = new_id()
    said = pricing.words(reference, 128)
    posted = ledger.post(
        actor,
        source_type="payment",
        source_id=payment_id,
        purpose="receipt" if direction == "in" else "payment",
        narration=f"{narration}, {document.party_name}",
        lines=[
            ledger.debit(accounts[0], amount, party_name=document.party_name, memo=said),
            ledger.credit(accounts[1], amount, party_name=document.party_name, memo=said),
        ],
        entry_date=day,
    )
    payment = Payment(
        id=payment_id,
        direction=direction,
        party_name=document.party_name,
        currency=amount.currency,
        amount_minor=amount.amount_minor,
        paid_on=day,
        reference=said,
        entry_id=posted.entry_id,
        created_by_user_id=actor.user_id,
    )
    db.session.add(payment)
    db.session.flush()
    target = {"invoice_id": document.id} if isinstance(document, Invoice) else {"bill_id": document.id}
    db.session.add(Allocation(payment_id=payment_id, amount_minor=amount.amount_minor, effective_on=day, **target))
    document.paid_minor += amount.amount_minor
    document.updated_at = clock.now()
    return payment


def _told(amount: Money, day: date) -> dict[str, str]:
    return {"amount": amount.wire, "currency": amount.currency, "paid_on": day.isoformat()}
