"""The rules of credit notes: what is taken back of an issued invoice, the whole or a part of its lines, numbered and posted at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from voyagent.audit import service as audit
from voyagent.billing import queries
from voyagent.billing.models import OPEN_INVOICE, BillLine, CreditNote, CreditNoteLine, Invoice, InvoiceLine
from voyagent.billing.service import numbering, pricing
from voyagent.billing.service.errors import CreditExceedsLine, CreditExceedsOpen, DocumentNotOpen, LineNotOnInvoice, NoLines, ReasonRequired
from voyagent.billing.service.voiding import REASON_MAX, book_day
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import InvalidAmount, MixedCurrencies, Money
from voyagent.ledger import service as ledger

CREDIT_SERIES, CREDIT_LETTER = "credit_note", "C"
CREDIT_SIDES = (("revenue_services", 1), ("receivable", -1))


def issue_credit_note(actor: Actor, invoice_id: UUID, *, reason: str, on: date | None = None, amounts: Mapping[int, Money] | None = None) -> CreditNote:
    """Credit an invoice by amounts of its lines, by number; without them all that no note has credited yet. Revenue stands against receivable on that day.

    The note gets the next number of its own series and year (Rule 53 of the CGST Rules). Never more is credited than is open: what a customer has paid
    is not credited but paid back. Raises Forbidden, InvoiceNotFound, DocumentNotOpen; ReasonRequired, TextTooLong, InvalidDate; NoLines, LineNotOnInvoice,
    InvalidAmount, MixedCurrencies, CreditExceedsLine, CreditExceedsOpen; PeriodLocked, AccountNotFound, AccountInactive.
    """
    actor.require("invoice.credit")
    invoice = queries.get_invoice(invoice_id, lock=True)
    if invoice.status not in OPEN_INVOICE:
        raise DocumentNotOpen
    why = pricing.words(reason, REASON_MAX)
    if why is None:
        raise ReasonRequired
    day = book_day(actor, invoice, on)
    lines = queries.get_lines(invoice)
    wanted = _wanted(invoice, lines, amounts)
    total = Money(sum(wanted.values()), invoice.currency)
    if total.amount_minor > invoice.open_minor:
        raise CreditExceedsOpen
    note = _write(actor, invoice, total, day, why)
    db.session.add_all(
        CreditNoteLine(credit_note_id=note.id, line_no=line.line_no, description=line.description, amount_minor=wanted[line.line_no])
        for line in lines
        if line.line_no in wanted
    )
    invoice.credited_minor += total.amount_minor
    if invoice.open_minor == 0:
        invoice.status = "paid"
    invoice.updated_at = clock.now()
    db.session.flush()
    audit.record(
        actor,
        "credit_note.issued",
        entity_refs={"credit_note_id": note.id, "invoice_id": invoice.id, "journal_entry_id": note.entry_id},
        inputs={"reason": why},
        outputs={"number": note.number, "total": total.wire, "currency": total.currency, "issue_date": day},
    )
    return note


def creditable(invoice: Invoice) -> dict[int, Money]:
    """What no note has credited yet of each line of an invoice, by its number; lines that are credited whole are left out."""
    return {number: Money(minor, invoice.currency) for number, minor in _left(invoice, queries.get_lines(invoice)).items() if minor}


def _left(invoice: Invoice, lines: Sequence[InvoiceLine | BillLine]) -> dict[int, int]:
    credited = queries.credited_by_line(invoice.id)
    return {line.line_no: line.amount_minor - credited.get(line.line_no, 0) for line in lines}


def _wanted(invoice: Invoice, lines: Sequence[InvoiceLine | BillLine], amounts: Mapping[int, Money] | None) -> dict[int, int]:
    """The amounts that are to be credited, by line."""
    left = _left(invoice, lines)
    if amounts is None:
        return {number: minor for number, minor in left.items() if minor}
    for number, amount in amounts.items():
        if number not in left:
            raise LineNotOnInvoice
        if amount.currency != invoice.currency:
            raise MixedCurrencies
        if amount.amount_minor <= 0:
            raise InvalidAmount
        if amount.amount_minor > left[number]:
            raise CreditExceedsLine
    if not amounts:
        raise NoLines
    return {number: amount.amount_minor for number, amount in amounts.items()}


def _write(actor: Actor, invoice: Invoice, total: Money, day: date, why: str) -> CreditNote:
    """Number the note, post it and keep it."""
    note_id = new_id()
    number = numbering.take_number(CREDIT_SERIES, day, letter=CREDIT_LETTER)
    posted = ledger.post(
        actor,
        source_type="credit_note",
        source_id=note_id,
        purpose="issue",
        narration=f"Credit note {number} on invoice {invoice.number}, {invoice.party_name}: {why}",
        lines=[
            ledger.debit(purpose, total, memo=number) if sign > 0 else ledger.credit(purpose, total, party_name=invoice.party_name, memo=number)
            for purpose, sign in CREDIT_SIDES
        ],
        entry_date=day,
    )
    note = CreditNote(
        id=note_id,
        invoice_id=invoice.id,
        number=number,
        issue_date=day,
        currency=total.currency,
        total_minor=total.amount_minor,
        party_name=invoice.party_name,
        reason=why,
        entry_id=posted.entry_id,
        created_by_user_id=actor.user_id,
        created_at=clock.now(),
    )
    db.session.add(note)
    db.session.flush()
    return note
