"""Request and response bodies of the supplier credits API."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.billing.bills.schemas import InputTaxOut
from voyagent.billing.core.queries.credits import CreditSearch
from voyagent.billing.core.schemas.credits import SupplierCreditFields
from voyagent.billing.core.schemas.documents import DocumentQuery, RecognitionOut
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Filter,
    Id,
    Instant,
    Trimmed,
    WireAmount,
)
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor, Read


class BillCreditIn(SupplierCreditFields):
    """A supplier's credit note: its number, the lines to credit, reason and date.

    Without `lines`, everything that is not credited yet is credited. `further_credit_reason` is
    required if a cancellation has already credited one of the lines.
    """

    vendor_reference: Annotated[str, Trimmed(64)]


class SupplierCreditIn(BillCreditIn):
    """A supplier's credit note to enter on a received bill."""

    bill_id: Id


class SupplierCreditQuery(DocumentQuery):
    """Filters of the list of supplier credits, and the cursor of a page.

    A supplier credit must match all filters.
    """

    bill_id: Id | None = Field(default=None, description="Id of the credited bill.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the supplier's number or name, or of the bill's number. A page searches at"
            " most 20,000 credits after the cursor."
        ),
    )

    def search(self) -> CreditSearch:
        """Return the filters as a CreditSearch for the queries."""
        return CreditSearch(
            self.bill_id,
            self.party,
            self.issued_from,
            self.issued_to,
            self.q,
            party_id=self.party_id,
        )


class SupplierCreditBrief(AnswerOf[Row]):
    """A supplier credit in a list; amounts are decimal strings.

    The amounts are in `currency`. From `reversed_on` on, the credit no longer reduces the bill.
    """

    id: UUID
    vendor_reference: str
    bill_id: UUID
    bill_reference: str
    party_id: UUID | None
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
    """The credited amount of a bill line before tax, with its credited taxes."""

    line_no: int
    description: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    taxes: list[InputTaxOut]


class SupplierCreditOut(SupplierCreditBrief):
    """A supplier credit with its lines and the prepaid cost that it cancels.

    `recognitions` has only cost of service dates after the date of the credit. All other cost is
    cancelled by the entry of the credit itself. `cancellation_id` is the cancellation that made the
    credit, or null.
    """

    cancellation_id: UUID | None
    tax_amount: Annotated[WireAmount, Minor("tax_minor")]
    lines: list[SupplierCreditLineOut]
    recognitions: list[RecognitionOut]


class SupplierCreditListOut(CursorPageOf[SupplierCreditBrief]):
    """A page of supplier credits, newest issue date first.

    The last page has no `next_cursor`.
    """
