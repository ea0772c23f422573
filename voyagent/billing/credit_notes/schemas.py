"""Credit notes on the wire of the API: the body that draws one up, the address of the list, and
what is answered.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.billing.core.queries.credits import CreditSearch
from voyagent.billing.core.queries.documents import Listed
from voyagent.billing.core.schemas.credits import CreditIn
from voyagent.billing.core.schemas.documents import (
    DocumentQuery,
    RecognitionOut,
    SignedAmount,
    wire_recognitions,
)
from voyagent.billing.credit_notes.queries import CreditDocument
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Answer,
    Filter,
    Id,
    Instant,
    WireAmount,
    row_instant,
    wire_members,
)
from voyagent.kernel.money import wire_amount


class CreditNoteIn(CreditIn):
    """A credit note on an issued invoice."""

    invoice_id: Id


class CreditNoteQuery(DocumentQuery):
    """What the list of credit notes is narrowed to, all of it at once, and the page behind a
    cursor.
    """

    invoice_id: Id | None = Field(default=None, description="The notes on one invoice.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the number, the customer or the invoice's number, in the next 20,000 notes."
        ),
    )

    def search(self) -> CreditSearch:
        """The same as the reads take it."""
        return CreditSearch(self.invoice_id, self.party, self.issued_from, self.issued_to, self.q)


class CreditNoteBrief(Answer):
    """A credit note in the list; the amount is a decimal string in its currency.

    `round_off` is what it gives back of what the invoice was rounded by.

    One with `reversed_on` was issued by mistake and credits nothing from that day on, for
    `reversal_reason`.
    """

    id: UUID
    number: str
    invoice_id: UUID
    invoice_number: str
    customer_name: str
    issue_date: date
    currency: str
    total_amount: WireAmount
    tax_amount: WireAmount
    round_off: SignedAmount
    reason: str
    journal_entry_id: UUID
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None
    created_at: Instant


class CreditLineOut(Answer):
    """What was credited of a line of the invoice before tax, how much of that is commission, and
    what was credited of the tax on it.
    """

    line_no: int
    description: str
    amount: WireAmount
    commission: WireAmount
    tax_amount: WireAmount


class CreditNoteOut(CreditNoteBrief):
    """A credit note with its lines."""

    lines: list[CreditLineOut]
    recognitions: list[RecognitionOut]


class CreditNoteListOut(Answer):
    """A page of credit notes, newest day first; without `next_cursor` the list ends here."""

    items: list[CreditNoteBrief]
    limit: int
    next_cursor: str | None


def wire_credit_notes(page: Listed, limit: int) -> Row:
    """A page as the API writes it."""
    return {
        "items": [_brief(row) for row in page.items],
        "limit": limit,
        "next_cursor": page.next_cursor,
    }


def wire_credit_note(document: CreditDocument) -> Row:
    """A credit note as the API writes it."""
    currency = document.note["currency"]
    lines = [
        {
            "line_no": line["line_no"],
            "description": line["description"],
            "amount": wire_amount(line["amount_minor"], currency),
            "commission": wire_amount(line["commission_minor"], currency),
            "tax_amount": wire_amount(
                sum(
                    tax["amount_minor"]
                    for tax in document.taxes
                    if tax["line_no"] == line["line_no"]
                ),
                currency,
            ),
        }
        for line in document.lines
    ]
    return _brief(document.note) | {
        "lines": lines,
        "recognitions": wire_recognitions(document.further),
    }


def _brief(row: Row) -> Row:
    told = {
        "customer_name": row["party_name"],
        "total_amount": wire_amount(row["total_minor"], row["currency"]),
        "tax_amount": wire_amount(row["tax_minor"], row["currency"]),
        "round_off": wire_amount(row["round_off_minor"], row["currency"]),
        "journal_entry_id": row["entry_id"],
        "created_at": row_instant(row["created_at"]),
    }
    return wire_members(CreditNoteBrief, row, told)
