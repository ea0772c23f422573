"""Payments on the wire of the API: the bodies that it takes, the address of its list, and what it
answers.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from voyagent.billing.core.schemas.documents import LIMIT_MAX, in_currency
from voyagent.billing.core.schemas.lines import PAGE_SIZE
from voyagent.billing.core.schemas.payments import MoneyAccount, PartialAmountIn
from voyagent.billing.core.schemas.rates import RateIn, RateOut, rated
from voyagent.billing.payments.queries.documents import (
    PaymentDocument,
    PaymentSearch,
)
from voyagent.billing.payments.service.settling import PARTS_MAX, Part
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    CurrencyCode,
    DateFilter,
    Filter,
    Id,
    Instant,
    PlainAmount,
    Query,
    Text,
    Trimmed,
    WireAmount,
)
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor
from voyagent.kernel.serializers import AnswerOf, Computed, CursorPageOf, Minor, Read

Direction = Literal["in", "out"]
SignedAmount = Annotated[str, Field(pattern=r"^-?\d+\.\d{2,4}$")]


class PartIn(Closed):
    """Amount allocated to a document: an invoice for a receipt, a bill for a payment.

    If the document is in another currency, give the settled amount in that currency
    (`settled_amount` and `settled_currency`), or the rate of the day (`exchange_rate`); with both,
    they must agree. One of the two currencies is the agency's.
    """

    document_id: Id
    amount: PlainAmount
    settled_amount: PlainAmount | None = None
    settled_currency: CurrencyCode | None = None
    exchange_rate: RateIn | None = None

    @model_validator(mode="after")
    def _settled_whole(self) -> Self:
        if (self.settled_amount is None) != (self.settled_currency is None):
            raise PydanticCustomError(
                "settled_whole", "What is settled is an amount and its currency"
            )
        return self

    def part(self, currency: str) -> Part:
        """Return the part for the service. Raises InvalidAmount, UnknownCurrency."""
        settled = (
            Money.parse(self.settled_amount, self.settled_currency)
            if self.settled_amount and self.settled_currency
            else None
        )
        return Part(
            self.document_id,
            Money.parse(self.amount, currency),
            settled,
            self.exchange_rate.quoted if self.exchange_rate else None,
        )


class PaymentRecordIn(Closed):
    """Money that came in from a customer or went out to a supplier.

    What no document takes is an advance. Without a day it is today in the agency's zone.
    """

    direction: Direction = "in"
    party_name: Annotated[str, Trimmed(255)]
    amount: PlainAmount
    currency: CurrencyCode
    paid_on: BusinessDate | None = None
    account: MoneyAccount = "bank"
    reference: Annotated[str, Text(128)] | None = None
    allocations: Annotated[list[PartIn], Field(max_length=PARTS_MAX)] = Field(default_factory=list)

    def money(self) -> Money:
        """The amount. Raises InvalidAmount, UnknownCurrency."""
        return Money.parse(self.amount, self.currency)

    def parts(self) -> list[Part]:
        """Return the allocations to documents."""
        return [one.part(self.currency) for one in self.allocations]


class AllocateIn(Closed):
    """Which documents an advance settles, from which day on; today in the agency's zone where none
    is named.

    Without documents the open ones of the party that are due longest take what is left.
    """

    allocations: Annotated[list[PartIn], Field(min_length=1, max_length=PARTS_MAX)] | None = None
    effective_on: BusinessDate | None = None

    def parts(self, currency: str) -> list[Part] | None:
        """Return the allocations for the service. Raises InvalidAmount."""
        return (
            None if self.allocations is None else [one.part(currency) for one in self.allocations]
        )


class UnallocateIn(Closed):
    """The day from which on the allocation does not hold any more; today in the agency's zone where
    none is named.
    """

    effective_on: BusinessDate | None = None


class RefundIn(Closed):
    """Refund of an advance.

    The amount defaults to all of the rest, the date to today in the agency's time zone, the account
    to the bank.
    """

    amount: PlainAmount | None = None
    refunded_on: BusinessDate | None = None
    account: MoneyAccount = "bank"
    reference: Annotated[str, Text(128)] | None = None

    def money(self, currency: str) -> Money | None:
        """The amount in the payment's currency. Raises InvalidAmount."""
        return None if self.amount is None else Money.parse(self.amount, currency)


class ReceiptIn(PartialAmountIn):
    """Payment of a customer.

    The amount defaults to the amount due, the date to today in the agency's time zone, the account
    to the bank.
    """

    paid_on: BusinessDate | None = None
    account: MoneyAccount = "bank"
    reference: Annotated[str, Text(128)] | None = None


class PaymentQuery(Query):
    """Filters of the list of payments, all combined, and the page behind a cursor."""

    direction: Annotated[Direction | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="`in` or `out`."
    )
    party: Annotated[str | None, Filter(255)] = Field(
        default=None, description="The party's whole name, whatever the case."
    )
    paid_from: DateFilter = Field(
        default=None, alias="from", description="The first day of payment."
    )
    paid_to: DateFilter = Field(default=None, alias="to", description="The last day of payment.")
    unapplied: Annotated[int, Field(ge=0, le=1)] = Field(
        default=0, description="1: only those of which something is left."
    )
    reversed: Annotated[int, Field(ge=0, le=1)] = Field(
        default=0, description="1: only those that were reversed."
    )
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description="Part of the number, the party or the reference, in the next 20,000 payments.",
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the page before."
    )

    def search(self) -> PaymentSearch:
        """Return the search for the queries."""
        only = {"is_unapplied": bool(self.unapplied), "is_reversed": bool(self.reversed)}
        return PaymentSearch(
            self.direction, self.party, self.paid_from, self.paid_to, text=self.q, **only
        )

    def place(self) -> Cursor | None:
        """Return where the page begins. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


def _refunded_minor(row: Row) -> int:
    """Return what was refunded: nothing of a payment that was reversed."""
    return 0 if row["reversed_on"] else row["refunded_minor"]


def _unapplied_minor(row: Row) -> int:
    unapplied_minor: int = row["amount_minor"] - row["allocated_minor"] - row["refunded_minor"]
    return unapplied_minor


class PaymentBrief(AnswerOf[Row]):
    """A payment in the list.

    `unapplied_amount` is the advance: what settles no document and was not given back.

    `account` is `opening_balances` for what was left of a payment of the program before, whose
    number there is the reference. One with `reversed_on` was noted by mistake and moves nothing
    from that day on, for `reversal_reason`.
    """

    id: UUID
    number: str
    direction: Direction
    party_name: str
    currency: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    allocated_amount: Annotated[WireAmount, Minor("allocated_minor")]
    refunded_amount: Annotated[WireAmount, Minor(_refunded_minor)]
    unapplied_amount: Annotated[WireAmount, Minor(_unapplied_minor)]
    paid_on: date
    account: Literal["bank", "cash", "opening_balances"]
    reference: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None
    created_at: Instant


def _document_id(row: Row) -> UUID:
    found: UUID = row["invoice_id"] or row["bill_id"]
    return found


def _settled_minor(row: Row) -> int:
    settled_minor: int | None = row["settled_minor"]
    return int(row["amount_minor"]) if settled_minor is None else settled_minor


def _is_taken_back(row: Row) -> bool:
    return row["is_over"] and row["reverses_id"] is None


class AllocationOut(AnswerOf[Row]):
    """The part that settles a document from a day on.

    What is taken back stays; the row that counts against it has an amount below zero and
    `reverses_id`.

    `amount` is what it takes of the payment, `settled_amount` what it settles of the document, in
    `settled_currency`. Where those are two currencies, `booked_amount` is what as much of the
    document stood in the books for, in the payment's currency, and the rest of `amount` a gain, or
    a loss; null where the document is in the agency's currency. `exchange_rate` is the rate of the
    day, where it was by one.
    """

    id: UUID
    document_id: Annotated[UUID, Computed(_document_id)]
    document_reference: Annotated[str | None, Read("reference")]
    amount: Annotated[SignedAmount, Minor("amount_minor")]
    settled_amount: Annotated[SignedAmount, Minor(_settled_minor, "document_currency")]
    settled_currency: Annotated[str, Read("document_currency")]
    booked_amount: Annotated[SignedAmount | None, Minor("booked_minor")]
    exchange_rate: Annotated[RateOut | None, Computed(rated)]
    effective_on: date
    is_taken_back: Annotated[bool, Computed(_is_taken_back)]
    reverses_id: UUID | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]


class RefundOut(AnswerOf[Row]):
    """Refund of an advance.

    With `reversed_on` it was reversed on that date, for `reversal_reason`.
    """

    id: UUID
    number: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    refunded_on: date
    account: Literal["bank", "cash"]
    reference: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None


class PaymentOut(PaymentBrief):
    """A payment with all that happened to it, the oldest first."""

    allocations: list[AllocationOut]
    refunds: list[RefundOut]


class PaymentListOut(CursorPageOf[PaymentBrief]):
    """A page of payments, newest day first; without `next_cursor` the list ends here."""


def payment_row(document: PaymentDocument) -> Row:
    """Return a payment with its parts as `PaymentOut` reads them."""
    row = document.payment
    return {
        **row,
        "allocations": in_currency(document.allocations, row["currency"]),
        "refunds": in_currency(document.refunds, row["currency"]),
    }
