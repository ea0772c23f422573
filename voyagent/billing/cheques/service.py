"""Services of received cheques: receive, deposit and give back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.cheques import queries
from voyagent.billing.cheques.errors import ChequeNotDue, ChequeNotHeld
from voyagent.billing.core.errors import DocumentNotOpen
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.cheques import ChequeInvoice, ReceivedCheque
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.service import pricing
from voyagent.billing.core.service.days import day_of
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.errors import AnotherParty
from voyagent.billing.payments.service.allocations import spread
from voyagent.billing.payments.service.means import Means, find_means
from voyagent.billing.payments.service.payments import Side, payment_sides, record_payment
from voyagent.billing.payments.service.settling import Part, lock_documents
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.ledger.service import entries, months
from voyagent.parties import queries as parties

CHEQUE = "cheque"
NOTE_MAX = 500


def receive(  # noqa: PLR0913 - each keyword is a field of the cheque
    actor: Actor,
    *,
    amount: Money,
    cheque_no: str,
    cheque_on: date,
    party_id: UUID | None = None,
    party_name: str | None = None,
    drawee_bank: str | None = None,
    bank_account_id: UUID | None = None,
    invoice_ids: Sequence[UUID] = (),
    on: date | None = None,
    note: str | None = None,
) -> ReceivedCheque:
    """Record a cheque of a customer, received on a day (default today).

    Nothing is posted. The customer is given by its id, its name or both. `cheque_on` is the date on
    the cheque. `bank_account_id` is the account into which it will be deposited, by default that of
    the currency. `invoice_ids` are open invoices of the customer in this currency, which the
    deposit settles.

    Raises Forbidden, InvalidAmount, InvalidDate, TextTooLong, InvoiceNotFound, DocumentTwice,
    InvalidAllocations, DocumentNotOpen, AnotherParty, MixedCurrencies, and the errors of
    `pricing.party_of` and `find_means`.
    """
    actor.require("payment.record")
    party = pricing.party_of(actor, "customer", party_id, party_name)
    checked = amount.within(1, entries.AMOUNT_MAX_MINOR)
    means = Means(
        bank_account_id=bank_account_id,
        mode=CHEQUE,
        instrument_no=cheque_no,
        instrument_bank=drawee_bank,
    )
    paid = find_means(actor, means, checked.currency)
    for invoice in lock_documents("in", invoice_ids).values():
        if invoice.status not in OPEN:
            raise DocumentNotOpen
        if invoice.party_id != party.id:
            raise AnotherParty
        if invoice.currency != checked.currency:
            raise MixedCurrencies
    cheque = ReceivedCheque(
        id=new_id(),
        party_id=party.id,
        currency=checked.currency,
        amount_minor=checked.amount_minor,
        cheque_no=paid.instrument_no,
        cheque_on=cheque_on,
        drawee_bank=paid.instrument_bank,
        bank_account_id=paid.bank_account_id,
        note=pricing.words(note, NOTE_MAX),
        received_on=day_of(actor, on, months.FIRST_DAY),
        created_by_user_id=actor.user_id,
    )
    db.session.add(cheque)
    db.session.flush()
    db.session.add_all(
        ChequeInvoice(cheque_id=cheque.id, invoice_id=invoice_id) for invoice_id in invoice_ids
    )
    _record(actor, "cheque.received", cheque, cheque_on=cheque_on)
    return cheque


def deposit(
    actor: Actor, cheque_id: UUID, *, on: date | None = None, bank_account_id: UUID | None = None
) -> ReceivedCheque:
    """Record the deposit of a held cheque on a day (default today), with its receipt.

    The receipt settles the invoices of the cheque that are still open, earliest due date first; the
    rest is an advance. `bank_account_id` replaces the account that was named on receipt.

    Raises Forbidden, ApprovalRequired, ChequeNotFound, ChequeNotHeld, ChequeNotDue, and the errors
    of `record_payment`.
    """
    actor.require_authority("payment.record")
    cheque = queries.get_cheque(cheque_id, lock=True)
    day = _deposited_on(actor, cheque, on)
    invoices = list(lock_documents("in", queries.invoice_ids(cheque.id)).values())
    payment = record_payment(
        actor,
        direction="in",
        party_id=cheque.party_id,
        amount=Money(cheque.amount_minor, cheque.currency),
        on=day,
        means=_means(cheque, bank_account_id),
        parts=_parts(cheque, invoices),
    )
    cheque.payment_id = payment.id
    db.session.flush()
    _record(actor, "cheque.deposited", cheque, deposited_on=day)
    return cheque


def deposit_sides(
    actor: Actor, cheque_id: UUID, *, on: date | None = None, bank_account_id: UUID | None = None
) -> list[Side]:
    """Return the journal lines that the deposit of a cheque would post now.

    Raises the errors of `deposit`.
    """
    cheque = queries.get_cheque(cheque_id)
    day = _deposited_on(actor, cheque, on)
    invoices = [invoice_queries.get_invoice(one) for one in queries.invoice_ids(cheque.id)]
    return payment_sides(
        actor,
        direction="in",
        party_name=parties.get_party(cheque.party_id).name,
        amount=Money(cheque.amount_minor, cheque.currency),
        on=day,
        means=_means(cheque, bank_account_id),
        parts=_parts(cheque, invoices),
    )


def give_back(
    actor: Actor, cheque_id: UUID, *, reason: str, on: date | None = None
) -> ReceivedCheque:
    """Record that a held cheque was given back on a day (default today).

    Raises Forbidden, ChequeNotFound, ChequeNotHeld, ReasonRequired, TextTooLong, InvalidDate.
    """
    actor.require("payment.record")
    cheque = queries.get_cheque(cheque_id, lock=True)
    if not cheque.is_held:
        raise ChequeNotHeld
    cheque.return_reason = why_of(reason)
    cheque.returned_on = day_of(actor, on, cheque.received_on)
    db.session.flush()
    _record(
        actor,
        "cheque.returned",
        cheque,
        returned_on=cheque.returned_on,
        private={"reason": cheque.return_reason},
    )
    return cheque


def _deposited_on(actor: Actor, cheque: ReceivedCheque, on: date | None) -> date:
    """Check that a cheque can be deposited, and return the day.

    Raises ChequeNotHeld, ChequeNotDue, InvalidDate.
    """
    if not cheque.is_held:
        raise ChequeNotHeld
    day = day_of(actor, on, cheque.received_on)
    if day < cheque.cheque_on:
        raise ChequeNotDue(cheque.cheque_on)
    return day


def _means(cheque: ReceivedCheque, bank_account_id: UUID | None) -> Means:
    return Means(
        bank_account_id=bank_account_id or cheque.bank_account_id,
        mode=CHEQUE,
        instrument_no=cheque.cheque_no,
        instrument_on=cheque.cheque_on,
        instrument_bank=cheque.drawee_bank,
    )


def _parts(cheque: ReceivedCheque, invoices: Sequence[Invoice | Bill]) -> list[Part]:
    """Distribute the amount over the open invoices, earliest due date first."""
    by_due = sorted(invoices, key=lambda one: (one.due_date, one.id))
    still = [(one.id, one.open_minor) for one in by_due if one.status in OPEN]
    return [
        Part(invoice_id, Money(minor, cheque.currency))
        for invoice_id, minor in spread(cheque.amount_minor, still)
    ]


def _record(
    actor: Actor,
    kind: str,
    cheque: ReceivedCheque,
    *,
    private: dict[str, str | None] | None = None,
    **days: date,
) -> None:
    audit.record(
        actor,
        kind,
        entity_refs={
            "cheque_id": cheque.id,
            "party_id": cheque.party_id,
            **({"payment_id": cheque.payment_id} if cheque.payment_id else {}),
        },
        outputs={
            "amount": Money(cheque.amount_minor, cheque.currency).wire,
            "currency": cheque.currency,
            **{name: day.isoformat() for name, day in days.items()},
        },
        private=private,
    )
