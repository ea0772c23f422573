"""Request and response bodies of the payouts API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from voyagent.billing.core.schemas.documents import LIMIT_MAX
from voyagent.billing.core.schemas.lines import PAGE_SIZE
from voyagent.billing.payments.schemas import ChargeIn, SignedAmount
from voyagent.billing.payouts.queries import WAITING_MAX, PayoutDocument
from voyagent.billing.payouts.service import Payout
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Filter,
    Id,
    IdFilter,
    Instant,
    Query,
    WireAmount,
)
from voyagent.kernel.pages import Cursor
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor, Read

Ids = Annotated[list[Id], Field(max_length=WAITING_MAX)]


class PayoutIn(ChargeIn):
    """A transfer of a payment gateway to a bank account.

    The payments less the refunds are its amount. The bank account gets it less `fee` and `taxes`,
    the tax on the fee, which is claimed as input tax. `paid_on` defaults to today in the agency's
    time zone. `reference` is the gateway's number of the payout.
    """

    gateway_id: Id
    bank_account_id: Id
    payment_ids: Ids = Field(default_factory=list)
    refund_ids: Ids = Field(default_factory=list)
    paid_on: BusinessDate | None = None
    reference: (
        Annotated[str, Field(pattern=r"^[0-9A-Za-z_./-]{1,64}$", examples=["setl_Lx2Q"])] | None
    ) = None

    def payout(self) -> Payout:
        """Return the payout for the service."""
        return Payout(
            self.gateway_id,
            self.bank_account_id,
            self.payment_ids,
            self.refund_ids,
            self.charge(),
            on=self.paid_on,
            reference=self.reference,
        )


class PayoutQuery(Query):
    """The cursor of a page of the list of payouts."""

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def place(self) -> Cursor | None:
        """Return the decoded cursor, or None for the first page. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class WaitingQuery(Query):
    """The gateway whose payments wait for a payout."""

    gateway_id: IdFilter = Field(default=None, description="Id of a gateway; all if absent.")


class PayoutItemOut(AnswerOf[Row]):
    """A payment or refund in a gateway.

    `amount` is negative if the money left the gateway.
    """

    kind: Literal["payment", "refund"]
    id: UUID
    payment_id: UUID
    number: str
    party_name: str
    day: date
    currency: str
    amount: Annotated[SignedAmount, Minor("minor")]


class WaitingOut(AnswerOf[Row]):
    """The payments and refunds that are not paid out, oldest first, at most 500."""

    items: list[PayoutItemOut]


class PayoutBrief(AnswerOf[Row]):
    """A payout in a list.

    `net_amount` reached the bank account: `gross_amount` less the fee and the tax on it. From
    `reversed_on` on, the payout has no effect.
    """

    id: UUID
    gateway_id: UUID
    gateway_name: str
    bank_account_id: UUID
    bank_account_name: str
    currency: str
    gross_amount: Annotated[WireAmount, Minor("gross_minor")]
    fee_amount: Annotated[WireAmount, Minor("fee_minor")]
    tax_amount: Annotated[WireAmount, Minor("tax_minor")]
    net_amount: Annotated[WireAmount, Minor("net_minor")]
    paid_on: date
    reference: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_entry_id: UUID | None
    created_at: Instant


class PayoutOut(PayoutBrief):
    """A payout with its payments and refunds, oldest first.

    A reversed payout has none.
    """

    items: list[PayoutItemOut]


class PayoutListOut(CursorPageOf[PayoutBrief]):
    """A page of payouts, newest first. The last page has no `next_cursor`."""


def payout_row(document: PayoutDocument) -> Row:
    """Return a payout with its payments and refunds as a row for `PayoutOut`."""
    return {**document.payout, "items": document.items}
