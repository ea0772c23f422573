"""Services of debit notes: charge more for lines of an issued invoice.

A debit note (section 34(3) of the CGST Act) is an invoice that names the invoice which it corrects.
It has that invoice's customer, place of supply and rates, and a number of a series of its own. It
is issued, posted, paid, credited and voided like any invoice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import cast
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.core.errors import DateTooEarly, LineNotOnInvoice, NoLines
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.service import drafts
from voyagent.billing.core.service.days import default_day
from voyagent.billing.core.service.exchange import quote_of
from voyagent.billing.core.service.pricing import LineItem, SoldAs
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.core.service.voiding import has_debit_note
from voyagent.billing.invoices.errors import InvoiceHasDebitNotes, NotDebitable
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.parties import queries as parties
from voyagent.parties.service.parties import NamedParty
from voyagent.settings.queries import get_settings


def is_debitable(invoice: Invoice) -> bool:
    """Return True if a debit note can charge more for an invoice.

    The invoice is issued and not void. It is neither imported nor itself a debit note.
    """
    return (
        invoice.status not in ("draft", "void")
        and not invoice.is_opening
        and invoice.debits_id is None
    )


def draft_debit_note(
    actor: Actor,
    invoice_id: UUID,
    *,
    reason: str,
    amounts: Mapping[int, Money],
    on: date | None = None,
    due_date: date | None = None,
) -> Invoice:
    """Draft a debit note that charges more for lines of an invoice.

    `amounts` are the further amounts before tax, by line number of the invoice. Basic fare and
    commission of a line grow in proportion. `reason` is printed. `on` is the issue date; it
    defaults to today, or to the issue date of the invoice if that is later.

    Raises Forbidden, InvoiceNotFound, NotDebitable, ReasonRequired, TextTooLong, DateTooEarly,
    NoLines, LineNotOnInvoice, MixedCurrencies, and the errors of `drafts.create_draft`.
    """
    actor.require("invoice.draft")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    if not is_debitable(invoice):
        raise NotDebitable
    why = why_of(reason)
    day = on or default_day(actor, invoice)
    if day < invoice.issue_date:
        raise DateTooEarly
    lines = {line.line_no: line for line in document_queries.get_lines(invoice)}
    if not amounts:
        raise NoLines
    if not set(amounts) <= set(lines):
        raise LineNotOnInvoice
    if any(amount.currency != invoice.currency for amount in amounts.values()):
        raise MixedCurrencies
    terms = parties.terms_days(invoice.party_id or invoice.party_name)
    note = drafts.create_draft(
        actor,
        Invoice,
        party=NamedParty(invoice.party_id, invoice.party_name, terms),
        issue_date=day,
        due_date=due_date,
        line_items=[_item(lines[number], amount) for number, amount in sorted(amounts.items())],
        party_reference=invoice.party_reference,
        notes=why,
        trip_id=invoice.trip_id,
        exchange_rate=quote_of(invoice),
        enquiry_id=invoice.enquiry_id,
        place_of_supply=invoice.place_of_supply,
        customer_tax_number=invoice.customer_tax_number,
        customer_pan=invoice.customer_pan,
        debits_id=invoice.id,
    )
    note.party_address = invoice.party_address
    audit.record(
        actor,
        "debit_note.drafted",
        entity_refs=drafts.refs_of(note) | {"debited_invoice_id": invoice.id},
        outputs=drafts.audit_facts(note),
        private={"reason": why},
    )
    return note


def check_debited(note: Invoice) -> None:
    """Check that the invoice of a debit note can still be debited, and lock it.

    Raises NotDebitable if it was voided.
    """
    if note.debits_id is None:
        return
    if not is_debitable(invoice_queries.get_invoice(note.debits_id, lock=True)):
        raise NotDebitable


def check_not_debited(invoice: Invoice) -> None:
    """Check that an invoice, which is locked, has no issued debit note.

    Raises InvoiceHasDebitNotes.
    """
    if has_debit_note(invoice.id):
        raise InvoiceHasDebitNotes


def _item(line: InvoiceLine, amount: Money) -> LineItem:
    """Return a line of a debit note, with the tax of the invoice's line."""

    def share(minor: int) -> Money:
        if not line.amount_minor:
            return Money(0, amount.currency)
        part = Money(minor, amount.currency).decimal * amount.amount_minor / line.amount_minor
        return Money.rounded(part, amount.currency)

    fare = None if line.basic_fare_minor is None else share(line.basic_fare_minor).decimal
    has_code = line.sac is not None and len(line.sac) >= get_settings().sac_digits
    return LineItem(
        description=line.description,
        quantity=1,
        unit_price=amount.decimal,
        currency=amount.currency,
        sold_as=cast("SoldAs", line.sold_as),
        tax=line.tax,
        collection=line.collection,
        basic_fare=fare,
        service_date=line.service_date,
        service_to=line.service_to,
        commission=share(line.commission_minor).decimal if line.commission_minor else None,
        sac=line.sac if has_code else None,
        debits_line_no=line.line_no,
    )
