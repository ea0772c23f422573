"""Request and response bodies of the API of received cheques."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from voyagent.billing.cheques.queries import ChequeDocument, ChequeSearch, Status
from voyagent.billing.cheques.service import NOTE_MAX
from voyagent.billing.core.schemas.documents import LIMIT_MAX
from voyagent.billing.core.schemas.lines import PAGE_SIZE
from voyagent.billing.core.schemas.parties import PartyName
from voyagent.billing.core.service.pricing import REASON_MAX
from voyagent.billing.payments.service.means import BANK_MAX, NUMBER_MAX
from voyagent.billing.payments.service.settling import PARTS_MAX
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    DateFilter,
    Filter,
    Id,
    IdFilter,
    Instant,
    PlainAmount,
    Query,
    Text,
    Trimmed,
    WireAmount,
    not_before,
)
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor


class ChequeIn(Closed):
    """A cheque that a customer has given.

    The customer is given by `party_id`, by its name or by both. If no party has the name, a party
    is created. `cheque_on` is the date on the cheque, and `drawee_bank` the bank that pays it.
    `bank_account_id` is the account into which it will be deposited, by default that of the
    currency. `invoice_ids` are open invoices of the customer in this currency, which the deposit
    settles. `received_on` defaults to today in the agency's time zone.
    """

    party_id: Id | None = None
    party_name: PartyName = None
    amount: PlainAmount
    currency: CurrencyCode
    cheque_no: Annotated[str, Trimmed(NUMBER_MAX)]
    cheque_on: BusinessDate
    drawee_bank: Annotated[str, Text(BANK_MAX)] | None = None
    bank_account_id: Id | None = None
    invoice_ids: Annotated[list[Id], Field(max_length=PARTS_MAX)] = Field(default_factory=list)
    received_on: BusinessDate | None = None
    note: Annotated[str, Text(NOTE_MAX)] | None = None

    def money(self) -> Money:
        """Return the amount. Raises InvalidAmount, UnknownCurrency."""
        return Money.parse(self.amount, self.currency)


class DepositIn(Closed):
    """The day on which a cheque is deposited, and the account.

    `deposited_on` defaults to today in the agency's time zone, and the account to the one that was
    named on receipt.
    """

    deposited_on: BusinessDate | None = None
    bank_account_id: Id | None = None


class ReturnIn(Closed):
    """The reason why a cheque is given back, and the day.

    `returned_on` defaults to today in the agency's time zone.
    """

    reason: Annotated[str, Trimmed(REASON_MAX)]
    returned_on: BusinessDate | None = None


class ChequeQuery(Query):
    """Filters of the list of received cheques, and the cursor of a page.

    A cheque must match all filters.
    """

    status: Annotated[Status | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="`received` for the cheques that are held."
    )
    dated_from: DateFilter = Field(
        default=None, alias="from", description="First date on the cheque."
    )
    dated_to: Annotated[DateFilter, not_before("dated_from")] = Field(
        default=None, alias="to", description="Last date on the cheque."
    )
    party_id: IdFilter = Field(default=None, description="Id of the customer.")
    invoice_id: IdFilter = Field(
        default=None, description="Id of an invoice that the cheque is to settle."
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def search(self) -> ChequeSearch:
        """Return the filters for the queries."""
        return ChequeSearch(
            self.status, self.dated_from, self.dated_to, self.party_id, self.invoice_id
        )

    def place(self) -> Cursor | None:
        """Return the decoded cursor, or None for the first page. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class ChequeBrief(AnswerOf[Row]):
    """A received cheque.

    `status` is `received` while the cheque is held. A `deposited` cheque has the payment that its
    deposit recorded, and a `returned` one the day and the reason. `payment_reversed_on` is the day
    on which this payment was reversed, for example because the cheque bounced.
    """

    id: UUID
    status: Status
    party_id: UUID
    party_name: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    currency: str
    cheque_no: str
    cheque_on: date
    drawee_bank: str | None
    bank_account_id: UUID | None
    note: str | None
    received_on: date
    payment_id: UUID | None
    payment_number: str | None
    deposited_on: date | None
    payment_reversed_on: date | None
    returned_on: date | None
    return_reason: str | None
    created_at: Instant


class ChequeOut(ChequeBrief):
    """A received cheque, with the ids of the invoices that it is to settle."""

    invoice_ids: list[UUID]


class ChequeListOut(CursorPageOf[ChequeBrief]):
    """A page of received cheques. The last page has no `next_cursor`."""


def cheque_row(document: ChequeDocument) -> Row:
    """Return a cheque with its invoices as a row for `ChequeOut`."""
    return {**document.cheque, "invoice_ids": [row["id"] for row in document.invoices]}
