"""Request and response bodies of the invoices API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import BeforeValidator, Field

from voyagent.billing.core.rules import credited_minor_of
from voyagent.billing.core.schemas.credits import CreditLineIn, amounts_of
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
from voyagent.billing.core.schemas.parties import PartyName
from voyagent.billing.core.service.pricing import LINES_MAX, REASON_MAX
from voyagent.billing.invoices.queries.board import InvoiceSearch
from voyagent.billing.invoices.queries.documents import InvoiceDocument
from voyagent.billing.invoices.schemas.lines import (
    SoldLineIn,
    SoldLineOut,
    State,
    TaxNumber,
)
from voyagent.billing.invoices.service.drafts import DraftChanges, InvoiceFields
from voyagent.identity.schemas.entry import Email
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    MAY_BE_ABSENT,
    BusinessDate,
    Closed,
    Filter,
    Id,
    Instant,
    Trimmed,
    WireAmount,
)
from voyagent.kernel.money import Money
from voyagent.kernel.serializers import AnswerOf, Computed, CursorPageOf, Minor, Read

DocumentStatus = Literal["draft", "issued", "partially_paid", "paid", "void"]


ADVANCES_MAX = 50


class InvoiceDraftIn(DocumentDraftIn):
    """An invoice to create as a draft.

    `due_date` defaults to the due date of the first instalment. Without instalments, the customer's
    payment terms determine the due date. Without instalments and terms, the due date is the issue
    date.
    """

    customer_name: PartyName = None
    line_items: Annotated[Sequence[SoldLineIn], Field(min_length=1, max_length=LINES_MAX)]
    place_of_supply: State | None = None
    customer_tax_number: TaxNumber | None = None
    customer_pan: TaxNumber | None = None
    customer_address_id: Id | None = Field(
        default=None, description="A further address of the customer to print on the invoice."
    )
    enquiry_id: Id | None = None

    def fields(self) -> InvoiceFields:
        """Return the fields as keyword arguments of `draft_invoice`."""
        return cast("InvoiceFields", self._fields())


class InvoicePatch(DocumentPatch):
    """Changes of a draft invoice.

    Omitted members stay unchanged; null clears `party_reference`, `notes`, `trip_id`,
    `instalments`, `exchange_rate`, `place_of_supply`, `customer_tax_number`, `customer_pan` and
    `customer_address_id`.

    `line_items` replaces all lines. If `currency` is sent without `line_items`, the figures of the
    amounts stay: USD 100.00 becomes INR 100.00. A change of the currency clears the exchange rate,
    unless `exchange_rate` is sent too.
    """

    customer_name: Annotated[str, Trimmed(255)] = MAY_BE_ABSENT
    line_items: Annotated[Sequence[SoldLineIn], Field(min_length=1, max_length=LINES_MAX)] = (
        MAY_BE_ABSENT
    )
    place_of_supply: State | None = None
    customer_tax_number: TaxNumber | None = None
    customer_pan: TaxNumber | None = None
    customer_address_id: Id | None = None

    def changes(self, currency: str) -> DraftChanges:
        """Return the members that were sent, as the argument of `revise_draft`.

        The lines are in the currency that was sent, or in `currency` if none was sent.
        """
        return cast("DraftChanges", self._changes(currency))


class IssueIn(Closed):
    """Reasons that confirm an unusual invoice.

    `over_limit_reason` is for an invoice above the credit limit or to a customer on hold.
    `out_of_order_reason` is for a date before that of an earlier number.

    `advance_ids` are payments of the customer in the currency of the invoice. Their unused amounts
    settle the invoice in this order. If the invoice is in a foreign currency, the part that they
    settle is booked at their base amounts.
    """

    over_limit_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None
    out_of_order_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None
    advance_ids: Annotated[Sequence[Id], Field(max_length=ADVANCES_MAX)] = ()


class InvoiceSendIn(Closed):
    """The e-mail address to send an invoice to, and the language of the mail.

    The PDF of an invoice is kept in the language of the agency's settings. Only the PDF of an
    opening balance is in the language of the mail.
    """

    to: Email
    locale: Literal["en", "hi"]


class InvoiceQuery(TripDocumentQuery):
    """Filters of the list of invoices, and the cursor of a page.

    An invoice must match all filters.
    """

    status: Annotated[
        Literal["draft", "issued", "partially_paid", "paid", "void", "open"] | None,
        BeforeValidator(lambda value: value or None),
    ] = Field(default=None, description="A status; `open` is issued or partly paid.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None, description="Part of the number, the customer's name or the reference."
    )

    def search(self) -> InvoiceSearch:
        """Return the filters in the type that the query `list_invoices` takes."""
        first, last = self.issued_from, self.issued_to
        return InvoiceSearch(
            clock.today(),
            text=self.q,
            status=self.status,
            party=self.party,
            party_id=self.party_id,
            issued_from=first,
            issued_to=last,
            trip_id=self.trip_id,
        )


class InvoiceBrief(DocumentBrief):
    """An invoice in a list; a draft has no number.

    `round_off` is the amount that rounds the total to whole units; it is negative if the total is
    rounded down. `credited_amount` excludes write-offs. `excess_amount` is the part of
    `credited_amount` above the open amount of the invoice. It became a credit of the customer.
    """

    # The stored amount includes write-offs.
    credited_amount: Annotated[WireAmount, Minor(credited_minor_of)]
    excess_amount: Annotated[WireAmount, Minor("excess_minor")]
    status: DocumentStatus
    number: str | None
    customer_name: Annotated[str, Read("party_name")]
    tax_amount: Annotated[WireAmount, Minor("tax_minor")]
    round_off: Annotated[SignedAmount, Minor("round_off_minor")]
    written_off_amount: Annotated[WireAmount, Minor("written_off_minor")]
    enquiry_id: UUID | None


class CreditedOut(AnswerOf[Row]):
    """A credit note on this invoice.

    From `reversed_on` on, the credit note no longer reduces the invoice.
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


class DebitNoteIn(Closed):
    """The further amounts to charge on lines of an invoice, with the reason.

    The amounts are before tax. The issue date defaults to today in the agency's time zone, or to
    that of the invoice if it is later. The due date defaults to the customer's terms. `reason` is
    printed on the debit note.
    """

    reason: Annotated[str, Trimmed(REASON_MAX)]
    issue_date: BusinessDate | None = None
    due_date: BusinessDate | None = None
    lines: Annotated[list[CreditLineIn], Field(min_length=1, max_length=LINES_MAX)]

    def amounts(self, currency: str) -> Mapping[int, Money]:
        """Return the amounts by line number, in the currency of the invoice.

        Raises InvalidAmount, and LineAlreadyNamed if two items name the same line.
        """
        return amounts_of(self.lines, currency)


class DebitNoteOut(AnswerOf[Row]):
    """A debit note of this invoice; a draft has no number."""

    invoice_id: Annotated[UUID, Read("id")]
    number: str | None
    status: DocumentStatus
    issue_date: date
    amount: Annotated[WireAmount, Minor("total_minor")]


class WrittenOffOut(AnswerOf[Row]):
    """A write-off of this invoice.

    A write-off with `reverses_id` reverses the write-off with that id, and has a negative amount.
    """

    id: UUID
    effective_on: date
    amount: Annotated[SignedAmount, Minor("amount_minor")]
    reason: str
    reverses_id: UUID | None
    is_taken_back: Annotated[bool, Computed(_is_taken_back)]
    journal_entry_id: Annotated[UUID, Read("entry_id")]


class InvoiceOut(InvoiceBrief, DocumentParts):
    """An invoice with its lines, taxes, payments, credit notes and write-offs.

    The total is the sum of lines, taxes and `round_off`.

    `customer_address` is the customer's postal address when the invoice was issued, and
    `customer_address_id` the further address that was chosen for it, which may have been removed.
    `write_off_approval_id` is the id of the pending request for a write-off, if any.

    A debit note names its invoice in `debited_invoice_id`, which is null for other invoices.
    `debit_notes` has the debit notes of this invoice.
    """

    line_items: list[SoldLineOut]
    place_of_supply: str | None
    customer_tax_number: str | None
    customer_pan: str | None
    customer_address: Annotated[str | None, Read("party_address")]
    customer_address_id: Annotated[UUID | None, Read("party_address_id")]
    session_id: UUID | None
    issued_at: Instant | None
    credit_notes: list[CreditedOut]
    debited_invoice_id: Annotated[UUID | None, Read("debits_id")]
    debited_invoice_number: Annotated[str | None, Read("debits_number")]
    debited_invoice_date: Annotated[date | None, Read("debits_on")]
    debit_notes: list[DebitNoteOut]
    write_offs: list[WrittenOffOut]
    write_off_approval_id: str | None
    recognitions: list[RecognitionOut]


class InvoiceFromTripIn(Closed):
    """The trip to invoice, and its lines, by default all not invoiced yet."""

    trip_id: Id
    line_ids: Annotated[Sequence[Id], Field(min_length=1, max_length=LINES_MAX)] | None = None
    customer_name: Annotated[str, Trimmed(255)] | None = None


class InvoiceFromTripOut(InvoiceOut):
    """A draft of a trip; `left_out` has a sentence about each other service."""

    left_out: list[str]


class InvoiceSplitOut(AnswerOf[Row]):
    """The drafts into which a draft was split, one for each place of supply."""

    items: list[InvoiceOut]


class InvoiceListOut(CursorPageOf[InvoiceBrief]):
    """A page of invoices, newest issue date first; the last page has no `next_cursor`."""


def invoice_row(document: InvoiceDocument) -> Row:
    """Return an invoice with its parts as the row that `InvoiceOut` serializes."""
    row = document.invoice
    currency = row["currency"]
    return {
        **row,
        "line_items": taxed_lines(document.lines, document.taxes, currency),
        "payments": in_currency(document.payments, currency),
        "credit_notes": in_currency(document.credit_notes, currency),
        "debit_notes": document.debit_notes,
        "write_offs": in_currency(document.write_offs, currency),
        "write_off_approval_id": document.write_off_requests[0]["id"]
        if document.write_off_requests
        else None,
        "recognitions": document.recognitions,
    }
