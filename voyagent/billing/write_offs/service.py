"""Services of write-offs: request, post and reverse."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask_babel import gettext

from voyagent.approvals import queries as approvals
from voyagent.approvals.service.effects import Approval
from voyagent.approvals.service.proposing import propose
from voyagent.audit.service import recording as audit
from voyagent.billing.core.errors import CustomerCreditUnused, DocumentNotOpen
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import INVOICE
from voyagent.billing.core.models.parts import OPEN_INVOICE
from voyagent.billing.core.models.write_offs import WriteOff
from voyagent.billing.core.queries.credits import has_unused_credit
from voyagent.billing.core.service.carrying import carried_by_document, money_or_none
from voyagent.billing.core.service.days import book_day, day_of
from voyagent.billing.core.service.exchange import booked_at
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.write_offs import queries as write_off_queries
from voyagent.billing.write_offs.errors import (
    WriteOffExceedsOpen,
    WriteOffRequested,
    WriteOffTakenBack,
)
from voyagent.chat.service import conversations as chat
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import MixedCurrencies, Money, spoken
from voyagent.ledger import words
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.settings.queries import check_limit


def write_off_invoice(
    actor: Actor,
    invoice_id: UUID,
    *,
    reason: str,
    amount: Money | None = None,
    on: date | None = None,
) -> WriteOff:
    """Write off all or a part of the open amount of an invoice.

    `amount` defaults to the open amount. The date `on` defaults to today, or to the issue date if
    the issue date is later. Taxes do not change, because a bad debt does not change the supply
    (section 34 of the CGST Act).

    Raises Forbidden, InvoiceNotFound, DocumentNotOpen, ReasonRequired, TextTooLong,
    MixedCurrencies, InvalidAmount, WriteOffExceedsOpen, CustomerCreditUnused, InvalidDate,
    AmountAboveLimit, PeriodLocked, AccountNotFound, AccountInactive.
    """
    actor.require_authority("invoice.write_off")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    total, why, day = checked(actor, invoice, amount, reason, on)
    check_limit(actor, total)
    write_off_id = new_id()
    base_minor = carried_by_document(invoice, total.amount_minor)
    posted = entries.post(
        actor,
        source_type="write_off",
        source_id=write_off_id,
        purpose="write_off",
        narration=words.with_reason(
            f"Write-off of invoice {invoice.number}", invoice.party_name, why
        ),
        lines=entries.lines_of(
            [("bad_debts", 1, total), ("receivable", -1, total)],
            memo=invoice.number,
            party_id=invoice.party_id,
            party_name=invoice.party_name,
            bases=[money_or_none(base_minor, actor.currency)] * 2,
        ),
        entry_date=day,
        **booked_at(invoice),
    )
    return _store(
        actor,
        invoice,
        WriteOff(
            id=write_off_id,
            amount_minor=total.amount_minor,
            base_minor=base_minor,
            effective_on=day,
            reason=why,
            entry_id=posted.entry_id,
        ),
    )


def reverse_write_off(
    actor: Actor, invoice_id: UUID, write_off_id: UUID, *, reason: str, on: date | None = None
) -> WriteOff:
    """Reverse a whole write-off on a day (default today).

    Raises Forbidden, InvoiceNotFound, WriteOffNotFound, WriteOffTakenBack, ReasonRequired,
    TextTooLong, AmountAboveLimit, InvalidDate, PeriodLocked.
    """
    actor.require_authority("invoice.reverse_write_off")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    written_off = write_off_queries.get_write_off(invoice_id, write_off_id)
    if written_off.reverses_id is not None or write_off_queries.is_written_back(write_off_id):
        raise WriteOffTakenBack
    why = why_of(reason)
    check_limit(actor, Money(written_off.amount_minor, invoice.currency))
    day = day_of(actor, on, written_off.effective_on)
    narration = words.with_reason(
        f"Write-off of invoice {invoice.number} taken back", invoice.party_name, why
    )
    reversal = entries.reverse(
        actor,
        written_off.entry_id,
        reason=narration,
        entry_date=day,
        carried={INVOICE.account: written_off.base_minor},
    )
    counter = WriteOff(
        id=new_id(),
        amount_minor=-written_off.amount_minor,
        base_minor=None if written_off.base_minor is None else -written_off.base_minor,
        effective_on=day,
        reason=why,
        entry_id=reversal.entry_id,
        reverses_id=write_off_id,
    )
    return _store(actor, invoice, counter)


def checked(
    actor: Actor, invoice: Invoice, amount: Money | None, reason: str, on: date | None
) -> tuple[Money, str, date]:
    """Check a write-off and return its amount, reason and date.

    The amount defaults to the open amount. The date defaults to today, or to the issue date if the
    issue date is later. Raises DocumentNotOpen, ReasonRequired, TextTooLong, MixedCurrencies,
    InvalidAmount, WriteOffExceedsOpen, CustomerCreditUnused, InvalidDate, PeriodLocked.
    """
    if invoice.status not in OPEN_INVOICE:
        raise DocumentNotOpen
    why = why_of(reason)
    total = Money(invoice.open_minor, invoice.currency) if amount is None else amount
    if total.currency != invoice.currency:
        raise MixedCurrencies
    if total.within(1).amount_minor > invoice.open_minor:
        raise WriteOffExceedsOpen
    if invoice.excess_minor and has_unused_credit(invoice.id):
        raise CustomerCreditUnused
    day = book_day(actor, invoice, on)
    if months.is_closed(day):
        raise PeriodLocked
    return total, why, day


def _store(actor: Actor, invoice: Invoice, row: WriteOff) -> WriteOff:
    """Store a write-off or its reversal, and update the invoice.

    The caller has locked the row of the invoice.
    """
    row.invoice_id, row.created_by_user_id = invoice.id, actor.user_id
    invoice.credited_minor += row.amount_minor
    invoice.written_off_minor += row.amount_minor
    invoice.base_settled_minor += row.base_minor or 0
    invoice.status = (
        "paid" if invoice.open_minor == 0 else "partially_paid" if invoice.paid_minor else "issued"
    )
    invoice.updated_at = clock.now()
    db.session.add(row)
    db.session.flush()
    db.session.expire(
        invoice, ["due_date"]
    )  # with instalments, the database trigger may have changed it
    amount = Money(abs(row.amount_minor), invoice.currency)
    audit.record(
        actor,
        "invoice.written_off" if row.reverses_id is None else "invoice.write_off_taken_back",
        entity_refs={
            "invoice_id": invoice.id,
            "write_off_id": row.id,
            "journal_entry_id": row.entry_id,
        },
        private={"reason": row.reason},
        outputs={
            "amount": amount.wire,
            "currency": amount.currency,
            "effective_on": row.effective_on,
        },
    )
    return row


def ask_for_write_off(
    actor: Actor,
    invoice_id: UUID,
    *,
    reason: str,
    amount: Money | None = None,
    on: date | None = None,
) -> Approval:
    """Request approval to write off an amount of an invoice.

    `amount` defaults to the open amount.

    Raises Forbidden, InvoiceNotFound, WriteOffRequested, and the errors of `checked`.
    """
    actor.require("invoice.write_off")
    # Because of the lock the second of two simultaneous requests finds the first.
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    total, why, day = checked(actor, invoice, amount, reason, on)
    if (
        approvals.find_unfinished(invoice_queries.WRITE_OFF, "invoice_id", str(invoice_id))
        is not None
    ):
        raise WriteOffRequested
    session = chat.create_session(
        actor, title=gettext("Write-off of %(number)s", number=invoice.number)
    )
    approval = propose(
        actor,
        session_id=session.id,
        turn_id=None,
        tool_call_id=f"{approvals.PAGE_CALL}{new_id()}",
        tool_name=invoice_queries.WRITE_OFF,
        arguments={
            "invoice_id": str(invoice_id),
            "amount": total.wire,
            "currency": total.currency,
            "reason": why,
            "written_off_on": day.isoformat(),
        },
        summary=f"{write_off_title(invoice)}, {spoken(total.wire, total.currency)}",
    )
    request = {
        "type": "approval",
        "approval_id": approval.id,
        "tool_name": approval.tool_name,
        "summary": approval.summary,
    }
    source = {
        "type": "text",
        "text": gettext("Requested on invoice %(number)s.", number=invoice.number),
    }
    chat.append_message(actor, session.id, role="system", blocks=[source, request])
    return approval


def write_off_title(invoice: Invoice) -> str:
    """Return the title of a request: the customer and the invoice to write off."""
    return str(
        gettext(
            "Write off the balance of %(name)s on invoice %(number)s",
            name=invoice.party_name,
            number=invoice.number or gettext("a draft"),
        )
    )
