"""Bills on the wire of the API: the bodies that it takes, the address of the list, and what is
answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from voyagent.billing.bills.queries import BillDocument, BillSearch
from voyagent.billing.bills.service import BillChanges
from voyagent.billing.core.queries.documents import Listed
from voyagent.billing.core.schemas.documents import (
    DocumentBrief,
    DocumentDraftIn,
    DocumentLineOut,
    DocumentParts,
    DocumentPatch,
    TripDocumentQuery,
    wire_brief,
    wire_parts,
)
from voyagent.billing.core.schemas.lines import InvoiceLineIn
from voyagent.billing.core.service.pricing import LINES_MAX, BoughtAs, LineItem
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    MAY_BE_ABSENT,
    Answer,
    BusinessDate,
    Closed,
    Filter,
    PlainAmount,
    Trimmed,
    WireAmount,
)
from voyagent.kernel.money import wire_amount

TAXES_MAX = 8
BillStatus = Literal["draft", "received", "scheduled", "paid", "void"]


class InputTaxIn(Closed):
    """A component of the tax on a line, such as `cgst`, and the amount of it that is printed on the
    bill.
    """

    component: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    amount: PlainAmount


class BoughtLineIn(InvoiceLineIn):
    """A line of a bill before tax: the agency's own `cost`, or bought as `agent` for a customer,
    which stands against what is held for the supplier.

    `taxes` are what is printed, each component once and together not above the line. With
    `input_credit` they are credited to the agency; without, they are part of what the line costs.
    """

    bought_as: BoughtAs = "cost"
    taxes: Annotated[Sequence[InputTaxIn], Field(max_length=TAXES_MAX)] = ()
    input_credit: bool = False

    @field_validator("taxes")
    @classmethod
    def _each_once(cls, taxes: Sequence[InputTaxIn]) -> Sequence[InputTaxIn]:
        if len({tax.component for tax in taxes}) < len(taxes):
            raise PydanticCustomError("component_twice", "Each component stands once")
        return taxes

    def item(self, currency: str) -> LineItem:
        """The line as the rules take it."""
        item = super().item(currency)
        item |= {
            "bought_as": self.bought_as,
            "input_taxes": {tax.component: tax.amount for tax in self.taxes},
            "input_credit": self.input_credit,
        }
        return item


class BillDraftIn(DocumentDraftIn):
    """A supplier's bill to be entered, by the supplier's own reference; `party_reference` is ours.

    Without a due day it is due by the supplier's terms.
    """

    vendor_name: Annotated[str, Trimmed(255)]
    vendor_reference: Annotated[str, Trimmed(64)]
    line_items: Annotated[Sequence[BoughtLineIn], Field(min_length=1, max_length=LINES_MAX)]


class BillPatch(DocumentPatch):
    """What changes of a draft, in the same way as of an invoice."""

    vendor_name: Annotated[str, Trimmed(255)] = MAY_BE_ABSENT
    vendor_reference: Annotated[str, Trimmed(64)] = MAY_BE_ABSENT
    line_items: Annotated[Sequence[BoughtLineIn], Field(min_length=1, max_length=LINES_MAX)] = (
        MAY_BE_ABSENT
    )

    def changes(self, currency: str) -> BillChanges:
        """What was sent; lines are read in the currency that is sent with them, or else in the one
        given.
        """
        changes: BillChanges = self.said(currency)
        return changes


class ScheduleIn(Closed):
    """The day on which a bill is to be paid."""

    pay_on: BusinessDate


class BillQuery(TripDocumentQuery):
    """What the list of bills is narrowed to, all of it at once, and the page behind a cursor."""

    status: Annotated[
        Literal["draft", "received", "scheduled", "paid", "void", "open"] | None,
        BeforeValidator(lambda value: value or None),
    ] = Field(default=None, description="A state; `open` is received or scheduled.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the supplier's number, the supplier or our reference, in the next 20,000"
            " bills."
        ),
    )

    def search(self) -> BillSearch:
        """The same as the reads take it."""
        first, last = self.issued_from, self.issued_to
        return BillSearch(
            clock.today(),
            text=self.q,
            status=self.status,
            party=self.party,
            issued_from=first,
            issued_to=last,
            trip_id=self.trip_id,
        )


class BillBrief(DocumentBrief):
    """A bill in the list, known by the supplier's own reference; `party_reference` is ours.

    A scheduled one is to be paid on `pay_on`.
    """

    status: BillStatus
    vendor_reference: str
    vendor_name: str
    pay_on: date | None


class BillCreditOut(Answer):
    """A supplier's credit on this bill.

    One with `reversed_on` was entered by mistake and credits nothing from that day on, for
    `reversal_reason`.
    """

    supplier_credit_id: UUID
    vendor_reference: str
    issue_date: date
    amount: WireAmount
    reason: str
    journal_entry_id: UUID
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None


class InputTaxOut(Answer):
    """A component of the tax on a line, as it is printed."""

    component: str
    amount: WireAmount


class BoughtLineOut(DocumentLineOut):
    """A line: the amount is quantity times price, before tax."""

    bought_as: BoughtAs
    taxes: list[InputTaxOut]
    input_credit: bool


class BillOut(BillBrief, DocumentParts):
    """A bill with its lines, what was paid on it and what the supplier has credited."""

    tax_amount: WireAmount
    line_items: list[BoughtLineOut]
    credits: list[BillCreditOut]


class BillListOut(Answer):
    """A page of bills, newest issue date first; without `next_cursor` the list ends here."""

    items: list[BillBrief]
    limit: int
    next_cursor: str | None


def wire_bills(page: Listed, limit: int) -> Row:
    """A page as the API writes it."""
    return {
        "items": [_brief(row) for row in page.items],
        "limit": limit,
        "next_cursor": page.next_cursor,
    }


def wire_bill(document: BillDocument) -> Row:
    """A bill as the API writes it."""
    credited = [
        {
            "supplier_credit_id": credit["id"],
            "vendor_reference": credit["vendor_reference"],
            "issue_date": credit["issue_date"],
            "amount": wire_amount(credit["amount_minor"], document.bill["currency"]),
            "reason": credit["reason"],
            "journal_entry_id": credit["entry_id"],
            **{
                name: credit[name]
                for name in ("reversed_on", "reversal_reason", "reversal_entry_id")
            },
        }
        for credit in document.credits
    ]
    parts = wire_parts(document.bill, document.lines, document.payments)
    currency = document.bill["currency"]
    lines = [
        told
        | {
            "bought_as": line["bought_as"],
            "taxes": wire_taxes(line, document.taxes, currency),
            "input_credit": line["input_credit"],
        }
        for told, line in zip(parts["line_items"], document.lines, strict=True)
    ]
    told = {
        "tax_amount": wire_amount(document.bill["tax_minor"], currency),
        "line_items": lines,
        "credits": credited,
    }
    return _brief(document.bill) | parts | told


def wire_taxes(line: Row, taxes: Iterable[Row], currency: str) -> list[Row]:
    """The taxes on a line as the API writes them."""
    return [
        {"component": tax["component"], "amount": wire_amount(tax["amount_minor"], currency)}
        for tax in taxes
        if tax["line_no"] == line["line_no"]
    ]


def _brief(row: Row) -> Row:
    told = wire_brief(row, row["credited_minor"])
    told["status"] = row["status"]
    told["vendor_reference"] = row["vendor_reference"]
    told["vendor_name"] = row["party_name"]
    told["pay_on"] = row["pay_on"]
    return told
