"""Split a draft invoice whose lines belong on several invoices by law.

A return (GSTR-1) and an e-invoice state one place of supply and one kind of supply per document.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.rules import Supply
from voyagent.billing.core.service import drafts, taxing
from voyagent.billing.core.service.exchange import quote_of
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.errors import NothingToSplit
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service.drafts import draft_invoice, revise_draft
from voyagent.kernel.actor import Actor


def by_supply(
    invoice: Invoice, lines: Sequence[InvoiceLine]
) -> list[tuple[Supply, list[InvoiceLine]]]:
    """Return the lines of a draft by the supply to which they belong."""
    groups: dict[Supply, list[InvoiceLine]] = {}
    for supply, line in zip(taxing.supplies(invoice, lines), lines, strict=True):
        groups.setdefault(supply, []).append(line)
    return list(groups.items())


def split_draft(actor: Actor, invoice_id: UUID, *, seen: datetime | None = None) -> list[Invoice]:
    """Split a draft into one draft for each supply of its lines, and return them.

    The draft keeps the lines of the first supply (`by_supply`). The others are new drafts with its
    customer, dates, texts, trip and exchange rate. `seen` is the `updated_at` that the caller has
    read.

    Raises NothingToSplit if there is nothing to split, InstalmentsDoNotAddUp if the draft has
    instalments, and the errors of `revise_draft` and `draft_invoice`.
    """
    actor.require("invoice.draft")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    drafts.check_draft(invoice, seen)
    first, *others = [
        _items(lines, invoice.currency)
        for _supply, lines in by_supply(invoice, document_queries.get_lines(invoice))
    ]
    if not others:
        raise NothingToSplit
    revised = revise_draft(actor, invoice_id, {"line_items": first})
    return [
        revised,
        *(
            draft_invoice(
                actor,
                party_id=invoice.party_id,
                customer_name=invoice.party_name,
                issue_date=invoice.issue_date,
                due_date=invoice.due_date,
                line_items=items,
                party_reference=invoice.party_reference,
                notes=invoice.notes,
                enquiry_id=invoice.enquiry_id,
                trip_id=invoice.trip_id,
                place_of_supply=invoice.place_of_supply,
                customer_tax_number=invoice.customer_tax_number,
                customer_pan=invoice.customer_pan,
                copied_from=invoice,
                exchange_rate=quote_of(invoice),
                session_id=invoice.session_id,
            )
            for items in others
        ),
    ]


def _items(lines: Sequence[InvoiceLine], currency: str) -> list[LineItem]:
    return [drafts.as_item(line, {}, currency, currency) for line in lines]
