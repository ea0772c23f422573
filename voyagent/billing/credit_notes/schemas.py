"""Request and response bodies of the credit notes API."""

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
)
from voyagent.billing.core.service.pricing import REASON_MAX
from voyagent.billing.invoices.schemas.lines import TaxOut
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    Filter,
    Id,
    Instant,
    Trimmed,
    WireAmount,
)
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor, Read


class CreditNoteFields(CreditIn):
    """The contents of a credit note.

    `out_of_order_reason` is required if an issued credit note of the financial year has a later
    date.
    """

    out_of_order_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None


class CreditNoteIn(CreditNoteFields):
    """A credit note to issue on an invoice."""

    invoice_id: Id


class CreditNoteQuery(DocumentQuery):
    """Filters of the list of credit notes, and the cursor of a page.

    A credit note must match all filters.
    """

    invoice_id: Id | None = Field(default=None, description="Id of the credited invoice.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the number, the customer's name or the invoice's number. A page searches at"
            " most 20,000 credit notes after the cursor."
        ),
    )

    def search(self) -> CreditSearch:
        """Return the filters in the type that the query takes."""
        return CreditSearch(
            self.invoice_id,
            self.party,
            self.issued_from,
            self.issued_to,
            self.q,
            party_id=self.party_id,
        )


class CreditNoteBrief(AnswerOf[Row]):
    """A credit note in a list; amounts are decimal strings in its currency.

    `round_off` is the rounding amount of the invoice if the credit note returns it, otherwise zero.
    `excess_amount` is the part of the total above what was open of the invoice; it is a credit of
    the customer, which can be refunded or allocated.

    A credit note with `reversed_on` was issued by mistake: from that date it no longer reduces the
    invoice. `reversal_reason` has the reason.
    """

    id: UUID
    number: str
    invoice_id: UUID
    invoice_number: str
    party_id: UUID | None
    customer_name: Annotated[str, Read("party_name")]
    issue_date: date
    currency: str
    total_amount: Annotated[WireAmount, Minor("total_minor")]
    tax_amount: Annotated[WireAmount, Minor("tax_minor")]
    round_off: Annotated[SignedAmount, Minor("round_off_minor")]
    excess_amount: Annotated[WireAmount, Minor("excess_minor")]
    reason: str
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None
    created_at: Instant


def _tax_minor(line: Row) -> int:
    return sum(tax["amount_minor"] for tax in line["taxes"])


def _taxable_minor(line: Row) -> int:
    return max((tax["taxable_minor"] for tax in line["taxes"]), default=0)


class CreditLineOut(AnswerOf[Row]):
    """The credited part of an invoice line.

    `amount` is the credited amount before tax. `commission` is the part of `amount` that takes back
    the agency's commission. `tax_amount` is the credited tax. `taxable_amount` is the credited part
    of the taxable value, and `taxes` has the credited taxes with the rates of the invoice.
    """

    line_no: int
    description: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    taxable_amount: Annotated[WireAmount, Minor(_taxable_minor)]
    taxes: list[TaxOut]
    commission: Annotated[WireAmount, Minor("commission_minor")]
    tax_amount: Annotated[WireAmount, Minor(_tax_minor)]


class CreditNoteOut(CreditNoteBrief):
    """A credit note with its lines and the revenue that it cancels.

    `recognitions` has only revenue of service dates after the date of the credit note. All other
    revenue is cancelled by the entry of the credit note itself.

    `customer_credit_id` is the id of the payment that is the customer's credit from this note, and
    `cancellation_id` that of the cancellation that made the note. Each is null if there is none.
    """

    invoice_date: date
    customer_credit_id: UUID | None
    cancellation_id: UUID | None
    place_of_supply: str | None
    lines: list[CreditLineOut]
    recognitions: list[RecognitionOut]


class CreditNoteListOut(CursorPageOf[CreditNoteBrief]):
    """A page of credit notes, newest issue date first.

    The last page has no `next_cursor`.
    """
