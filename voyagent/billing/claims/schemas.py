"""Request and response bodies of the API of claims on suppliers."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from voyagent.billing.claims.queries import ClaimDocument, ClaimSearch
from voyagent.billing.claims.service import Refund
from voyagent.billing.core.schemas.credits import SupplierCreditFields
from voyagent.billing.core.schemas.documents import LIMIT_MAX
from voyagent.billing.core.schemas.lines import PAGE_SIZE
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    Filter,
    Id,
    IdFilter,
    Instant,
    PlainAmount,
    Query,
    WireAmount,
)
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor, Read

Number = Annotated[str, Field(pattern=r"^[0-9A-Za-z_./-]{1,64}$", examples=["CN-77"])]


class BillClaimIn(SupplierCreditFields):
    """A refund of a paid bill that a supplier owes: lines, reason and date.

    Without `lines` it is everything that is not credited yet. `expected_on` is the day on which the
    money is expected. `credit_note_number` is that of the supplier's credit note, if it has
    arrived. `further_credit_reason` is required if a cancellation has already credited one of the
    lines.
    """

    expected_on: BusinessDate | None = None
    credit_note_number: Number | None = None


class SupplierClaimIn(BillClaimIn):
    """A claim on a supplier for a paid or part-paid bill."""

    bill_id: Id


class ClaimReceiptIn(Closed):
    """Money of a supplier for a claim.

    `amount` is in the currency of the claim, and is by default all that is open. If the bank
    account has another currency, `money_amount` and `money_currency` are what reached it. With
    `give_up_rest` the rest is given up and becomes cost; `amount` may then be `0.00`.
    `received_on` defaults to today in the agency's time zone, and the account to the default one of
    the currency. `reference` is that of the bank.
    """

    amount: PlainAmount | None = None
    money_amount: PlainAmount | None = None
    money_currency: CurrencyCode | None = None
    bank_account_id: Id | None = None
    received_on: BusinessDate | None = None
    give_up_rest: bool = False
    reference: Number | None = None

    def refund(self, currency: str) -> Refund:
        """Return the refund for the service; `currency` is that of the claim.

        Raises InvalidAmount.
        """
        amount, money = (
            None if typed is None else Money.parse(typed, money_currency)
            for typed, money_currency in (
                (self.amount, currency),
                (self.money_amount, self.money_currency or currency),
            )
        )
        return Refund(
            amount=amount,
            money=money,
            bank_account_id=self.bank_account_id,
            on=self.received_on,
            give_up_rest=self.give_up_rest,
            reference=self.reference,
        )


class FollowUpIn(Closed):
    """An answer of a supplier about a claim.

    `chased_on` is the day of the reminder, by default today if there is no `credit_note_number`.
    `expected_on` is the new day on which the money is expected.
    """

    chased_on: BusinessDate | None = None
    expected_on: BusinessDate | None = None
    credit_note_number: Number | None = None


class SupplierClaimQuery(Query):
    """Filters of the list of claims, and the cursor of a page.

    A claim must match all filters.
    """

    open: bool = Field(default=False, description="Only claims of which something is open.")
    party_id: IdFilter = Field(default=None, description="Id of the supplier.")
    bill_id: IdFilter = Field(default=None, description="Id of the bill.")
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def search(self) -> ClaimSearch:
        """Return the filters for the queries."""
        return ClaimSearch(self.open, self.party_id, self.bill_id)

    def place(self) -> Cursor | None:
        """Return the decoded cursor, or None for the first page. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class SupplierClaimBrief(AnswerOf[Row]):
    """A refund that a supplier owes; amounts are decimal strings in `currency`.

    `open_amount` is `amount` less what was received and given up, and zero from `reversed_on` on.
    """

    id: UUID
    number: str
    bill_id: UUID
    bill_reference: str
    supplier_credit_id: UUID
    trip_id: UUID | None
    party_id: UUID | None
    vendor_name: Annotated[str, Read("party_name")]
    currency: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    received_amount: Annotated[WireAmount, Minor("received_minor")]
    given_up_amount: Annotated[WireAmount, Minor("given_up_minor")]
    open_amount: Annotated[WireAmount, Minor("open_minor")]
    claimed_on: date
    expected_on: date | None
    chased_on: date | None
    credit_note_number: str | None
    reason: str
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    created_at: Instant


class ClaimReceiptOut(AnswerOf[Row]):
    """Money of a supplier for a claim, a part that was given up, or both.

    `received_amount` and `given_up_amount` are in the currency of the claim, and `money_amount`,
    which reached the bank account, in `money_currency`.
    """

    id: UUID
    currency: str
    received_amount: Annotated[WireAmount, Minor("received_minor")]
    given_up_amount: Annotated[WireAmount, Minor("given_up_minor")]
    money_currency: str
    money_amount: Annotated[WireAmount, Minor("money_minor", "money_currency")]
    bank_account_id: UUID | None
    received_on: date
    reference: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_entry_id: UUID | None
    created_at: Instant


class SupplierClaimOut(SupplierClaimBrief):
    """A claim with its receipts, oldest first."""

    receipts: list[ClaimReceiptOut]


class SupplierClaimListOut(CursorPageOf[SupplierClaimBrief]):
    """A page of claims, newest first. The last page has no `next_cursor`."""


def claim_row(document: ClaimDocument) -> Row:
    """Return a claim with its receipts as a row for `SupplierClaimOut`."""
    claim = document.claim
    receipts = [row | {"currency": claim["currency"]} for row in document.receipts]
    return {**claim, "receipts": receipts}
