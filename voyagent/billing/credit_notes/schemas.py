"""Credit notes on the wire of the API: the body that draws one up, the address of the list, and
what is answered.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.billing.core.queries.credits import CreditSearch
from voyagent.billing.core.schemas.credits import CreditIn
from voyagent.billing.core.schemas.documents import (
    DocumentQuery,
    RecognitionOut,
    SignedAmount,
    taxed_lines,
)
from voyagent.billing.credit_notes.queries import CreditDocument
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Filter,
    Id,
    Instant,
    WireAmount,
)
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor, Read


class CreditNoteIn(CreditIn):
    """A credit note on an issued invoice."""

    invoice_id: Id


class CreditNoteQuery(DocumentQuery):
    """Filters of the list of credit notes, all combined, and the page behind a cursor."""

    invoice_id: Id | None = Field(default=None, description="The notes on one invoice.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the number, the customer or the invoice's number, in the next 20,000 notes."
        ),
    )

    def search(self) -> CreditSearch:
        """Return the search for the queries."""
        return CreditSearch(self.invoice_id, self.party, self.issued_from, self.issued_to, self.q)


class CreditNoteBrief(AnswerOf[Row]):
    """A credit note in the list; the amount is a decimal string in its currency.

    `round_off` is what it gives back of what the invoice was rounded by.

    One with `reversed_on` was issued by mistake and credits nothing from that day on, for
    `reversal_reason`.
    """

    id: UUID
    number: str
    invoice_id: UUID
    invoice_number: str
    customer_name: Annotated[str, Read("party_name")]
    issue_date: date
    currency: str
    total_amount: Annotated[WireAmount, Minor("total_minor")]
    tax_amount: Annotated[WireAmount, Minor("tax_minor")]
    round_off: Annotated[SignedAmount, Minor("round_off_minor")]
    reason: str
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None
    created_at: Instant


def _tax_minor(line: Row) -> int:
    return sum(tax["amount_minor"] for tax in line["taxes"])


class CreditLineOut(AnswerOf[Row]):
    """Credited amount of an invoice line before tax, its commission, and its credited taxes."""

    line_no: int
    description: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    commission: Annotated[WireAmount, Minor("commission_minor")]
    tax_amount: Annotated[WireAmount, Minor(_tax_minor)]


class CreditNoteOut(CreditNoteBrief):
    """A credit note with its lines."""

    lines: list[CreditLineOut]
    recognitions: list[RecognitionOut]


class CreditNoteListOut(CursorPageOf[CreditNoteBrief]):
    """A page of credit notes, newest day first; without `next_cursor` the list ends here."""


def credit_note_row(document: CreditDocument) -> Row:
    """Return a credit note with its parts as `CreditNoteOut` reads them."""
    row = document.note
    return {
        **row,
        "lines": taxed_lines(document.lines, document.taxes, row["currency"]),
        "recognitions": document.further,
    }
