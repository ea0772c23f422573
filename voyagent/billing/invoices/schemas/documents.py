"""Invoices on the wire of the API: the bodies that it takes, the address of its list, and what it
answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from voyagent.billing.core.schemas.documents import (
    DocumentBrief,
    DocumentDraftIn,
    DocumentParts,
    DocumentPatch,
    RecognitionOut,
    SignedAmount,
    TripDocumentQuery,
    in_currency,
    taxed_lines,
)
from voyagent.billing.core.service.pricing import LINES_MAX
from voyagent.billing.invoices.queries.board import InvoiceSearch
from voyagent.billing.invoices.queries.documents import InvoiceDocument
from voyagent.billing.invoices.schemas.lines import (
    SoldLineIn,
    SoldLineOut,
    State,
    TaxNumber,
)
from voyagent.billing.invoices.service.drafts import DraftChanges
from voyagent.identity.schemas.entry import Email
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    MAY_BE_ABSENT,
    Closed,
    Filter,
    Id,
    Instant,
    Trimmed,
    WireAmount,
)
from voyagent.kernel.serializers import AnswerOf, Computed, CursorPageOf, Minor, Read

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
    """Changes of a draft.

    An absent member stays; null clears reference, notes, trip, instalments, the rate and the facts
    for taxes.

    Lines are replaced as a whole; another currency alone keeps the amounts and clears the rate.
    """

    customer_name: Annotated[str, Trimmed(255)] = MAY_BE_ABSENT
    line_items: Annotated[Sequence[SoldLineIn], Field(min_length=1, max_length=LINES_MAX)] = (
        MAY_BE_ABSENT
    )
    place_of_supply: State | None = None
    customer_tax_number: TaxNumber | None = None
    customer_pan: TaxNumber | None = None

    def changes(self, currency: str) -> DraftChanges:
        """Return the sent changes.

        Lines are in the currency that is sent with them, else in the given one.
        """
        changes: DraftChanges = self.said(currency)
        return changes


class InvoiceSendIn(Closed):
    """To whom an invoice goes, and in which language."""

    to: Email
    locale: Literal["en", "hi"]


class InvoiceQuery(TripDocumentQuery):
    """Filters of the list of invoices, all combined, and the page behind a cursor."""

    status: Annotated[
        Literal["draft", "issued", "partially_paid", "paid", "void", "open"] | None,
        BeforeValidator(lambda value: value or None),
    ] = Field(default=None, description="A state; `open` is issued or partly paid.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None, description="Part of the number, the customer or the reference."
    )

    def search(self) -> InvoiceSearch:
        """Return the search for the queries."""
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

    # The stored amount includes what was written off.
    credited_amount: Annotated[WireAmount, Minor("credited_minor", less="written_off_minor")]
    status: DocumentStatus
    number: str | None
    customer_name: Annotated[str, Read("party_name")]
    tax_amount: Annotated[WireAmount, Minor("tax_minor")]
    round_off: Annotated[SignedAmount, Minor("round_off_minor")]
    written_off_amount: Annotated[WireAmount, Minor("written_off_minor")]
    enquiry_id: UUID | None


class CreditedOut(AnswerOf[Row]):
    """A credit note on this invoice.

    One with `reversed_on` was issued by mistake and credits nothing from that day on, for
    `reversal_reason`.
    """

    credit_note_id: Annotated[UUID, Read("id")]
    number: str
    issue_date: date
    amount: Annotated[WireAmount, Minor("amount_minor")]
    reason: str
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None


def _is_taken_back(write_off: Row) -> bool:
    return write_off["is_over"] and write_off["reverses_id"] is None


class WrittenOffOut(AnswerOf[Row]):
    """A write-off of this invoice; one that takes another back names it, with the amount below
    zero.
    """

    id: UUID
    effective_on: date
    amount: Annotated[SignedAmount, Minor("amount_minor")]
    reason: str
    reverses_id: UUID | None
    is_taken_back: Annotated[bool, Computed(_is_taken_back)]
    journal_entry_id: Annotated[UUID, Read("entry_id")]


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


class InvoiceListOut(CursorPageOf[InvoiceBrief]):
    """A page of invoices, newest issue date first; without `next_cursor` the list ends here."""


def invoice_row(document: InvoiceDocument) -> Row:
    """Return an invoice with its parts as `InvoiceOut` reads them."""
    row = document.invoice
    currency = row["currency"]
    return {
        **row,
        "line_items": taxed_lines(document.lines, document.taxes, currency),
        "payments": in_currency(document.payments, currency),
        "credit_notes": in_currency(document.credit_notes, currency),
        "write_offs": in_currency(document.write_offs, currency),
        "write_off_approval_id": document.asked[0]["id"] if document.asked else None,
        "recognitions": document.further,
    }
