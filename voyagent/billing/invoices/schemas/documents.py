"""Invoices on the wire of the API: the bodies that it takes, the address of its list, and what it
answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from voyagent.billing.core.queries.documents import Listed
from voyagent.billing.core.schemas.documents import (
    DocumentBrief,
    DocumentDraftIn,
    DocumentParts,
    DocumentPatch,
    RecognitionOut,
    SignedAmount,
    TripDocumentQuery,
    wire_brief,
    wire_parts,
    wire_recognitions,
)
from voyagent.billing.core.service.pricing import LINES_MAX
from voyagent.billing.invoices.queries.board import InvoiceSearch
from voyagent.billing.invoices.queries.documents import InvoiceDocument
from voyagent.billing.invoices.schemas.lines import (
    SoldLineIn,
    SoldLineOut,
    State,
    TaxNumber,
    wire_sold_line,
)
from voyagent.billing.invoices.service.drafts import DraftChanges
from voyagent.identity.schemas.entry import Email
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    MAY_BE_ABSENT,
    Answer,
    Closed,
    Filter,
    Id,
    Instant,
    Trimmed,
    WireAmount,
    wire_instant,
)
from voyagent.kernel.money import wire_amount

DocumentStatus = Literal["draft", "issued", "partially_paid", "paid", "void"]


class InvoiceDraftIn(DocumentDraftIn):
    """An invoice to be drawn up.

    Without a due day it is due by the terms of the customer, else on the day of issue.
    """

    customer_name: Annotated[str, Trimmed(255)]
    line_items: Annotated[Sequence[SoldLineIn], Field(min_length=1, max_length=LINES_MAX)]
    place_of_supply: State | None = None
    customer_tax_number: TaxNumber | None = None
    customer_pan: TaxNumber | None = None
    enquiry_id: Id | None = None


class InvoicePatch(DocumentPatch):
    """What changes of a draft: an absent member stays, null clears reference, notes, trip,
    instalments, the rate and what the tax goes by.

    Lines are replaced whole; another currency alone keeps the figures and clears the rate.
    """

    customer_name: Annotated[str, Trimmed(255)] = MAY_BE_ABSENT
    line_items: Annotated[Sequence[SoldLineIn], Field(min_length=1, max_length=LINES_MAX)] = (
        MAY_BE_ABSENT
    )
    place_of_supply: State | None = None
    customer_tax_number: TaxNumber | None = None
    customer_pan: TaxNumber | None = None

    def changes(self, currency: str) -> DraftChanges:
        """What was sent; lines are read in the currency that is sent with them, or else in the one
        given.
        """
        changes: DraftChanges = self.said(currency)
        return changes


class InvoiceSendIn(Closed):
    """To whom an invoice goes, and in which language."""

    to: Email
    locale: Literal["en", "hi"]


class InvoiceQuery(TripDocumentQuery):
    """What the list of invoices is narrowed to, all of it at once, and the page behind a cursor."""

    status: Annotated[
        Literal["draft", "issued", "partially_paid", "paid", "void", "open"] | None,
        BeforeValidator(lambda value: value or None),
    ] = Field(default=None, description="A state; `open` is issued or partly paid.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None, description="Part of the number, the customer or the reference."
    )

    def search(self) -> InvoiceSearch:
        """The same as the reads take it."""
        first, last = self.issued_from, self.issued_to
        return InvoiceSearch(
            clock.today(),
            text=self.q,
            status=self.status,
            party=self.party,
            issued_from=first,
            issued_to=last,
            trip_id=self.trip_id,
        )


class InvoiceBrief(DocumentBrief):
    """An invoice in the list; a draft has no number.

    `round_off` is what moves the total to whole units, below zero where it goes down.
    """

    status: DocumentStatus
    number: str | None
    customer_name: str
    tax_amount: WireAmount
    round_off: SignedAmount
    written_off_amount: WireAmount
    enquiry_id: UUID | None


class CreditedOut(Answer):
    """A credit note on this invoice.

    One with `reversed_on` was issued by mistake and credits nothing from that day on, for
    `reversal_reason`.
    """

    credit_note_id: UUID
    number: str
    issue_date: date
    amount: WireAmount
    reason: str
    journal_entry_id: UUID
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None


class WrittenOffOut(Answer):
    """A write-off of this invoice; one that takes another back names it, with the amount below
    zero.
    """

    id: UUID
    effective_on: date
    amount: SignedAmount
    reason: str
    reverses_id: UUID | None
    is_taken_back: bool
    journal_entry_id: UUID


class InvoiceOut(InvoiceBrief, DocumentParts):
    """An invoice with its lines and their taxes, what was paid on it, credited and written off.

    The total is that of lines, taxes and `round_off`.

    `write_off_approval_id` is the request for a write-off that waits for a decision.
    """

    line_items: list[SoldLineOut]
    place_of_supply: str | None
    customer_tax_number: str | None
    customer_pan: str | None
    session_id: UUID | None
    issued_at: Instant | None
    credit_notes: list[CreditedOut]
    write_offs: list[WrittenOffOut]
    write_off_approval_id: str | None
    recognitions: list[RecognitionOut]


class InvoiceListOut(Answer):
    """A page of invoices, newest issue date first; without `next_cursor` the list ends here."""

    items: list[InvoiceBrief]
    limit: int
    next_cursor: str | None


def wire_invoices(page: Listed, limit: int) -> Row:
    """A page as the API writes it."""
    return {
        "items": [_brief(row) for row in page.items],
        "limit": limit,
        "next_cursor": page.next_cursor,
    }


def wire_invoice(document: InvoiceDocument) -> Row:
    """An invoice as the API writes it."""
    row = document.invoice
    return (
        _brief(row)
        | wire_parts(row, document.lines, document.payments)
        | {name: row[name] for name in ("place_of_supply", "customer_tax_number", "customer_pan")}
        | {
            "line_items": [
                wire_sold_line(line, document.taxes, row["currency"]) for line in document.lines
            ],
            "session_id": row["session_id"],
            "issued_at": wire_instant(row["issued_at"]) if row["issued_at"] else None,
            "credit_notes": [
                {
                    "credit_note_id": note["id"],
                    "number": note["number"],
                    "issue_date": note["issue_date"],
                    "amount": wire_amount(note["amount_minor"], row["currency"]),
                    "reason": note["reason"],
                    "journal_entry_id": note["entry_id"],
                    **{
                        name: note[name]
                        for name in ("reversed_on", "reversal_reason", "reversal_entry_id")
                    },
                }
                for note in document.credit_notes
            ],
            "write_offs": [
                {
                    "id": one["id"],
                    "effective_on": one["effective_on"],
                    "amount": wire_amount(one["amount_minor"], row["currency"]),
                    "reason": one["reason"],
                    "reverses_id": one["reverses_id"],
                    "is_taken_back": one["is_over"] and one["reverses_id"] is None,
                    "journal_entry_id": one["entry_id"],
                }
                for one in document.write_offs
            ],
            "write_off_approval_id": document.asked[0]["id"] if document.asked else None,
            "recognitions": wire_recognitions(document.further),
        }
    )


def _brief(row: Row) -> Row:
    currency, written_off_minor = row["currency"], row["written_off_minor"]
    told = wire_brief(row, row["credited_minor"] - written_off_minor)
    told["status"] = row["status"]
    told["number"] = row["number"]
    told["customer_name"] = row["party_name"]
    told["tax_amount"] = wire_amount(row["tax_minor"], currency)
    told["round_off"] = wire_amount(row["round_off_minor"], currency)
    told["written_off_amount"] = wire_amount(written_off_minor, currency)
    told["enquiry_id"] = row["enquiry_id"]
    return told
