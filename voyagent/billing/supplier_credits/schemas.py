"""Credits from suppliers on the wire of the API: the body that enters one, the address of the list,
and what is answered.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.billing.bills.schemas import InputTaxOut, wire_taxes
from voyagent.billing.core.queries.credits import CreditSearch
from voyagent.billing.core.queries.documents import Listed
from voyagent.billing.core.schemas.credits import CreditIn
from voyagent.billing.core.schemas.documents import DocumentQuery
from voyagent.billing.supplier_credits.queries import SupplierCreditDocument
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Answer,
    Filter,
    Id,
    Instant,
    Trimmed,
    WireAmount,
    row_instant,
    wire_members,
)
from voyagent.kernel.money import wire_amount


class BillCreditIn(CreditIn):
    """What a supplier has credited of lines of a bill, by the supplier's own number, why, and on
    which day. Without lines it is all that is left.
    """

    vendor_reference: Annotated[str, Trimmed(64)]


class SupplierCreditIn(BillCreditIn):
    """A supplier's credit note on a received bill."""

    bill_id: Id


class SupplierCreditQuery(DocumentQuery):
    """What the list of credits from suppliers is narrowed to, all of it at once, and the page
    behind a cursor.
    """

    bill_id: Id | None = Field(default=None, description="The credits on one bill.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the supplier's number, the supplier or the bill's number, in the next 20,000"
            " credits."
        ),
    )

    def search(self) -> CreditSearch:
        """The same as the reads take it."""
        return CreditSearch(self.bill_id, self.party, self.issued_from, self.issued_to, self.q)


class SupplierCreditBrief(Answer):
    """A supplier's credit in the list; the amount is a decimal string in its currency.

    One with `reversed_on` was entered by mistake and credits nothing from that day on, for
    `reversal_reason`.
    """

    id: UUID
    vendor_reference: str
    bill_id: UUID
    bill_reference: str
    vendor_name: str
    issue_date: date
    currency: str
    total_amount: WireAmount
    reason: str
    journal_entry_id: UUID
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None
    created_at: Instant


class SupplierCreditLineOut(Answer):
    """What was credited of a line of the bill."""

    line_no: int
    description: str
    amount: WireAmount
    taxes: list[InputTaxOut]


class SupplierCreditOut(SupplierCreditBrief):
    """A supplier's credit with its lines before tax."""

    tax_amount: WireAmount

    lines: list[SupplierCreditLineOut]


class SupplierCreditListOut(Answer):
    """A page of credits from suppliers, newest day first; without `next_cursor` the list ends here."""

    items: list[SupplierCreditBrief]
    limit: int
    next_cursor: str | None


def wire_supplier_credits(page: Listed, limit: int) -> Row:
    """A page as the API writes it."""
    return {
        "items": [_brief(row) for row in page.items],
        "limit": limit,
        "next_cursor": page.next_cursor,
    }


def wire_supplier_credit(document: SupplierCreditDocument) -> Row:
    """A supplier's credit as the API writes it."""
    currency = document.credit["currency"]
    lines = [
        {
            "line_no": line["line_no"],
            "description": line["description"],
            "amount": wire_amount(line["amount_minor"], currency),
            "taxes": wire_taxes(line, document.taxes, currency),
        }
        for line in document.lines
    ]
    return _brief(document.credit) | {
        "tax_amount": wire_amount(document.credit["tax_minor"], currency),
        "lines": lines,
    }


def _brief(row: Row) -> Row:
    told = {
        "vendor_name": row["party_name"],
        "total_amount": wire_amount(row["total_minor"], row["currency"]),
        "journal_entry_id": row["entry_id"],
        "created_at": row_instant(row["created_at"]),
    }
    return wire_members(SupplierCreditBrief, row, told)
