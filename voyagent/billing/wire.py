"""Invoices on the wire of the API: the bodies that it takes, the address of its list, and what it answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from voyagent.billing.queries import InvoiceDocument, InvoiceSearch, Listed, open_minor_of
from voyagent.billing.schemas import PAGE_SIZE, InvoiceLineIn, MoneyAccount, items
from voyagent.billing.service import DraftChanges
from voyagent.billing.service.pricing import LINES_MAX
from voyagent.identity.schemas import Email
from voyagent.kernel import clock
from voyagent.kernel.fields import (
    Answer,
    BusinessDate,
    Closed,
    CurrencyCode,
    DateFilter,
    Id,
    Instant,
    PlainAmount,
    Query,
    WireAmount,
    filter_field,
    text_field,
    trimmed_field,
    wire_instant,
)
from voyagent.kernel.money import Money, wire_amount
from voyagent.kernel.pages import Cursor
from voyagent.kernel.reading import Row

LIMIT_MAX = 100
DocumentStatus = Literal["draft", "issued", "partially_paid", "paid", "void"]


class InvoiceDraftIn(Closed):
    """An invoice to be drawn up. Without a due day it is due on the day of issue."""

    customer_name: trimmed_field(255)  # type: ignore[valid-type]
    issue_date: BusinessDate
    due_date: BusinessDate | None = None
    currency: CurrencyCode
    line_items: Annotated[list[InvoiceLineIn], Field(min_length=1, max_length=LINES_MAX)]
    party_reference: text_field(128) | None = None  # type: ignore[valid-type]
    notes: text_field(2000) | None = None  # type: ignore[valid-type]
    enquiry_id: Id | None = None

    def fields(self) -> dict[str, Any]:
        """What was said, as the rules take it."""
        return {
            "customer_name": self.customer_name,
            "issue_date": self.issue_date,
            "due_date": self.due_date or self.issue_date,
            "line_items": items(self.line_items, self.currency),
            "party_reference": self.party_reference,
            "notes": self.notes,
            "enquiry_id": self.enquiry_id,
        }


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


_MAY_BE_ABSENT: Any = Field(default=None, json_schema_extra=_without_default)
"""A member that may be absent and never null."""


class InvoicePatch(Closed):
    """What changes of a draft: an absent member stays, null clears reference and notes. Lines are replaced whole; another currency alone keeps the figures."""

    customer_name: trimmed_field(255) = _MAY_BE_ABSENT  # type: ignore[valid-type]
    issue_date: BusinessDate = _MAY_BE_ABSENT
    due_date: BusinessDate = _MAY_BE_ABSENT
    currency: CurrencyCode = _MAY_BE_ABSENT
    line_items: Annotated[list[InvoiceLineIn], Field(min_length=1, max_length=LINES_MAX)] = _MAY_BE_ABSENT
    party_reference: text_field(128) | None = None  # type: ignore[valid-type]
    notes: text_field(2000) | None = None  # type: ignore[valid-type]

    def changes(self, currency: str) -> DraftChanges:
        """What was sent; lines are read in the currency that is sent with them, or else in the one given."""
        said: Any = {name: getattr(self, name) for name in self.model_fields_set}
        if "line_items" in said:
            said["line_items"] = items(self.line_items, said.get("currency", currency))
        changes: DraftChanges = said
        return changes


class InvoiceSendIn(Closed):
    """To whom an invoice goes, and in which language."""

    to: Email
    locale: Literal["en", "hi"]


class ReceiptIn(Closed):
    """What a customer has paid: all that is open where no amount is named, today in the agency's zone where no day is, into the bank where no account is."""

    amount: PlainAmount | None = None
    currency: CurrencyCode | None = None
    paid_on: BusinessDate | None = None
    account: MoneyAccount = "bank"
    reference: text_field(128) | None = None  # type: ignore[valid-type]

    def money(self, currency: str) -> Money | None:
        """The amount, in the document's currency where none is named. Raises InvalidAmount."""
        return None if self.amount is None else Money.parse(self.amount, self.currency or currency)


class VoidIn(Closed):
    """Why a document is made void, and on which day: today in the agency's zone where none is named, the day of issue where that is later."""

    reason: trimmed_field(500)  # type: ignore[valid-type]
    voided_on: BusinessDate | None = None


class InvoiceQuery(Query):
    """What the list is narrowed to, all of it at once, and the page behind a cursor."""

    status: Annotated[Literal["draft", "issued", "partially_paid", "paid", "void", "open"] | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="A state; `open` is issued or partly paid."
    )
    party: filter_field(255) = Field(default=None, description="The customer's whole name, whatever the case.")  # type: ignore[valid-type]
    issued_from: DateFilter = Field(default=None, alias="from", description="The first day of issue.")
    issued_to: DateFilter = Field(default=None, alias="to", description="The last day of issue.")
    q: filter_field(255) = Field(default=None, description="Part of the number, the customer or the reference.")  # type: ignore[valid-type]
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: filter_field(200) = Field(default=None, description="`next_cursor` of the page before.")  # type: ignore[valid-type]

    def search(self) -> InvoiceSearch:
        """The same as the reads take it."""
        return InvoiceSearch(clock.today(), text=self.q, status=self.status, party=self.party, issued_from=self.issued_from, issued_to=self.issued_to)

    def place(self) -> Cursor | None:
        """Where the page begins. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class InvoiceBrief(Answer):
    """An invoice in the list. Amounts are decimal strings in its currency; `open_amount` is what is still to be paid.

    What is neither paid nor credited is open; with nothing open it is `paid`, also where all of it was credited.
    """

    id: UUID
    status: DocumentStatus
    number: str | None
    customer_name: str
    party_reference: str | None
    issue_date: date
    due_date: date
    currency: str
    total_amount: WireAmount
    paid_amount: WireAmount
    credited_amount: WireAmount
    open_amount: WireAmount
    enquiry_id: UUID | None
    created_at: Instant
    updated_at: Instant


class InvoiceLineOut(Answer):
    """A line: the amount is quantity times price."""

    description: str
    quantity: int
    unit_price: WireAmount
    amount: WireAmount


class SettledOut(Answer):
    """The part of a payment that settles this document."""

    payment_id: UUID
    paid_on: date
    amount: WireAmount
    reference: str | None
    journal_entry_id: UUID


class CreditedOut(Answer):
    """A credit note on this invoice."""

    credit_note_id: UUID
    number: str
    issue_date: date
    amount: WireAmount
    reason: str
    journal_entry_id: UUID


class InvoiceOut(InvoiceBrief):
    """An invoice with its lines, what was paid on it and what was credited."""

    notes: str | None
    session_id: UUID | None
    journal_entry_id: UUID | None
    issued_at: Instant | None
    voided_on: date | None
    void_reason: str | None
    void_journal_entry_id: UUID | None
    line_items: list[InvoiceLineOut]
    payments: list[SettledOut]
    credit_notes: list[CreditedOut]


class InvoiceListOut(Answer):
    """A page of invoices, newest issue date first; without `next_cursor` the list ends here."""

    items: list[InvoiceBrief]
    limit: int
    next_cursor: str | None


def wire_list(page: Listed, limit: int) -> Row:
    """A page as the API writes it."""
    return {"items": [wire_brief(row) for row in page.items], "limit": limit, "next_cursor": page.next_cursor}


def wire_brief(row: Row) -> Row:
    """An invoice in the list as the API writes it."""
    told = {name: wire_amount(minor, row["currency"]) for name, minor in _amounts(row)} | {"customer_name": row["party_name"]}
    told |= {name: wire_instant(row[name]) for name in ("created_at", "updated_at")}
    return {name: told[name] if name in told else row[name] for name in InvoiceBrief.model_fields}


def wire_invoice(document: InvoiceDocument) -> Row:
    """An invoice as the API writes it."""
    row = document.invoice
    money = {"currency": row["currency"]}
    return wire_brief(row) | {
        "notes": row["notes"],
        "session_id": row["session_id"],
        "journal_entry_id": row["entry_id"],
        "issued_at": wire_instant(row["issued_at"]) if row["issued_at"] else None,
        "voided_on": row["voided_on"],
        "void_reason": row["void_reason"],
        "void_journal_entry_id": row["void_entry_id"],
        "line_items": [_wire_line(line | money) for line in document.lines],
        "payments": [
            {
                "payment_id": payment["id"],
                "paid_on": payment["paid_on"],
                "amount": wire_amount(payment["amount_minor"], row["currency"]),
                "reference": payment["reference"],
                "journal_entry_id": payment["entry_id"],
            }
            for payment in document.payments
        ],
        "credit_notes": [
            {
                "credit_note_id": note["id"],
                "number": note["number"],
                "issue_date": note["issue_date"],
                "amount": wire_amount(note["amount_minor"], row["currency"]),
                "reason": note["reason"],
                "journal_entry_id": note["entry_id"],
            }
            for note in document.credit_notes
        ],
    }


def _wire_line(line: Row) -> Row:
    amounts = {name: wire_amount(line[f"{name}_minor"], line["currency"]) for name in ("unit_price", "amount")}
    return {"description": line["description"], "quantity": line["quantity"]} | amounts


def _amounts(row: Row) -> tuple[tuple[str, int], ...]:
    return (
        ("total_amount", row["total_minor"]),
        ("paid_amount", row["paid_minor"]),
        ("credited_amount", row["credited_minor"]),
        ("open_amount", open_minor_of(row)),
    )
