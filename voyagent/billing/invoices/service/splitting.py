"""Split a draft invoice whose lines have several places of supply.

An invoice has one place of supply, as a return (GSTR-1) and an e-invoice state one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.service import drafts, taxing
from voyagent.billing.core.service.exchange import quote_of
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.errors import OnePlaceOfSupply
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service.drafts import draft_invoice, revise_draft
from voyagent.kernel.actor import Actor


def by_place(
    invoice: Invoice, lines: Sequence[InvoiceLine]
) -> list[tuple[str | None, list[InvoiceLine]]]:
    """Return the lines of a draft by state code of the place of supply.

    The first place is that of the first line with a tax treatment. Lines without a treatment, and
    lines whose place is unknown, are with the first place.
    """
    supplied = (taxing.place_of_line(invoice, line) for line in lines if line.tax)
    first = next((place for place in supplied if place), None)
    groups: dict[str | None, list[InvoiceLine]] = {first: []}
    for line in lines:
        place = taxing.place_of_line(invoice, line) if line.tax else first
        groups.setdefault(place or first, []).append(line)
    return list(groups.items())


def split_draft(actor: Actor, invoice_id: UUID, *, seen: datetime | None = None) -> list[Invoice]:
    """Split a draft into one draft for each place of supply, and return them.

    The draft keeps the lines of the first place (`by_place`). The others are new drafts with its
    customer, dates, texts, trip and exchange rate. `seen` is the `updated_at` that the caller has
    read.

    Raises OnePlaceOfSupply if there is nothing to split, InstalmentsDoNotAddUp if the draft has
    instalments, and the errors of `revise_draft` and `draft_invoice`.
    """
    actor.require("invoice.draft")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    drafts.check_draft(invoice, seen)
    first, *others = [
        _items(lines, invoice.currency)
        for _place, lines in by_place(invoice, document_queries.get_lines(invoice))
    ]
    if not others:
        raise OnePlaceOfSupply
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
