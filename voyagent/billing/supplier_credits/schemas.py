"""Credits from suppliers on the wire of the API: the body that enters one, the address of the list,
and what is answered.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.billing.bills.schemas import InputTaxOut
from voyagent.billing.core.queries.credits import CreditSearch
from voyagent.billing.core.schemas.credits import CreditIn
from voyagent.billing.core.schemas.documents import DocumentQuery, taxed_lines
from voyagent.billing.supplier_credits.queries import SupplierCreditDocument
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Filter,
    Id,
    Instant,
    Trimmed,
    WireAmount,
)
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor, Read


class BillCreditIn(CreditIn):
    """Supplier credit note on lines of a bill: the supplier's number, reason and date.

    Without lines it credits all that is not yet credited.
    """

    vendor_reference: Annotated[str, Trimmed(64)]


class SupplierCreditIn(BillCreditIn):
    """A supplier's credit note on a received bill."""

    bill_id: Id


class SupplierCreditQuery(DocumentQuery):
    """Filters of the list of supplier credit notes, all combined, and the page behind a cursor."""

    bill_id: Id | None = Field(default=None, description="The credits on one bill.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the supplier's number, the supplier or the bill's number, in the next 20,000"
            " credits."
        ),
    )

    def search(self) -> CreditSearch:
        """Return the search for the queries."""
        return CreditSearch(self.bill_id, self.party, self.issued_from, self.issued_to, self.q)


class SupplierCreditBrief(AnswerOf[Row]):
    """A supplier's credit in the list; the amount is a decimal string in its currency.

    One with `reversed_on` was entered by mistake and credits nothing from that day on, for
    `reversal_reason`.
    """

    id: UUID
    vendor_reference: str
    bill_id: UUID
    bill_reference: str
    vendor_name: Annotated[str, Read("party_name")]
    issue_date: date
    currency: str
    total_amount: Annotated[WireAmount, Minor("total_minor")]
    reason: str
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None
    created_at: Instant


class SupplierCreditLineOut(AnswerOf[Row]):
    """Credited amount of a bill line."""

    line_no: int
    description: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    taxes: list[InputTaxOut]


class SupplierCreditOut(SupplierCreditBrief):
    """A supplier's credit with its lines before tax."""

    tax_amount: Annotated[WireAmount, Minor("tax_minor")]
    lines: list[SupplierCreditLineOut]


class SupplierCreditListOut(CursorPageOf[SupplierCreditBrief]):
    """A page of credits from suppliers, newest day first; without `next_cursor` the list ends here."""


def supplier_credit_row(document: SupplierCreditDocument) -> Row:
    """Return a supplier's credit with its lines as `SupplierCreditOut` reads them."""
    row = document.credit
    return {**row, "lines": taxed_lines(document.lines, document.taxes, row["currency"])}
