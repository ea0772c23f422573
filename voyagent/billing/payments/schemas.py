"""Request and response bodies of the payments API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from voyagent.billing.bills.schemas import InputTaxes
from voyagent.billing.core.rules import Mode
from voyagent.billing.core.schemas.documents import LIMIT_MAX, in_currency
from voyagent.billing.core.schemas.lines import PAGE_SIZE
from voyagent.billing.core.schemas.parties import PartyName
from voyagent.billing.core.schemas.payments import MoneyAccount, PartialAmountIn
from voyagent.billing.core.schemas.rates import RateOut, rated
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.core.service.charges import Charge
from voyagent.billing.core.service.pricing import REASON_MAX
from voyagent.billing.payments.queries.documents import (
    Origin,
    PaymentDocument,
    PaymentSearch,
    origin_of,
)
from voyagent.billing.payments.service.deducting import (
    CERTIFICATE_MAX,
    SECTION_PATTERN,
    Tds,
)
from voyagent.billing.payments.service.means import BANK_MAX, NUMBER_MAX, Means
from voyagent.billing.payments.service.refunds import Returned
from voyagent.billing.payments.service.settling import PARTS_MAX, Part
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
from voyagent.kernel.serializers import AnswerOf, Computed, CursorPageOf, Minor, Read
from voyagent.rates.schemas import RateIn

Direction = Literal["in", "out"]
SignedAmount = Annotated[str, Field(pattern=r"^-?\d+\.\d{2,4}$")]


class PartIn(Closed):
    """An amount of the payment to allocate to a document.

    The document is an invoice for a payment from a customer, and a bill for a payment to a
    supplier.

    If the document is in another currency than the payment, give the settled amount in the
    document's currency (`settled_amount` and `settled_currency`), or the exchange rate of the day
    (`exchange_rate`). If both are given, they must agree. If the currencies differ and neither is
    the agency's currency, the payment and the document must have base amounts.
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
                "settled_whole", "Give both the settled amount and its currency"
            )
        return self

    def part(self, currency: str) -> Part:
        """Return the allocation for the service. Raises InvalidAmount, UnknownCurrency."""
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


class MeansIn(Closed):
    """The bank account, the mode and the instrument of a payment.

    `account` means the default bank account for bank or cash in the currency of the payment.
    If `bank_account_id` names another one, `account` is ignored. The instrument is a cheque or
    another paper: its number, its date and the bank that pays it.
    """

    account: MoneyAccount = "bank"
    bank_account_id: Id | None = None
    mode: Mode | None = None
    instrument_no: Annotated[str, Text(NUMBER_MAX)] | None = None
    instrument_on: BusinessDate | None = None
    instrument_bank: Annotated[str, Text(BANK_MAX)] | None = None

    def means(self) -> Means:
        """Return the means for the service."""
        return Means(**self.model_dump(include=set(MeansIn.model_fields)))


class TdsIn(Closed):
    """The tax that the payer deducted from a payment, with the section of the law.

    The documents are settled for the amount of the payment and this tax together.
    """

    tds_amount: PlainAmount | None = None
    tds_section: Annotated[str, Field(pattern=SECTION_PATTERN, examples=["194H"])] | None = None
    tds_certificate: Annotated[str, Text(CERTIFICATE_MAX)] | None = None

    def tds(self, currency: str) -> Tds:
        """Return the deducted tax for the service. Raises InvalidAmount, UnknownCurrency."""
        amount = None if self.tds_amount is None else Money.parse(self.tds_amount, currency)
        return Tds(amount, self.tds_section, self.tds_certificate)


class ChargeIn(Closed):
    """A charge of a bank or payment gateway: the fee before tax, and the tax on it.

    The tax is claimed as input tax. `deduction_reason` confirms a tax above the highest rate of the
    day, and a charge or deducted tax that is an unusual share of the payment or payout.
    """

    fee: PlainAmount | None = None
    taxes: InputTaxes | None = None
    deduction_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None

    def charge(self) -> Charge:
        """Return the charge for the service."""
        taxes = {tax.component: tax.amount for tax in self.taxes or ()}
        return Charge(self.fee, taxes, self.deduction_reason)


class BounceIn(ReverseIn, ChargeIn):
    """A cheque that bounced: the reason, the day and the charge of the bank.

    `fee` is the charge before tax. The tax on it is claimed as input tax. `reversed_on` defaults
    to today in the agency's time zone.
    """

    fee: PlainAmount


class PaymentRecordIn(MeansIn, TdsIn, ChargeIn):
    """A payment from a customer (`in`) or to a supplier (`out`).

    `fee` and `taxes` are what the bank or payment gateway kept of a payment from a customer. The
    documents are settled for the amount, the tax deducted and this charge together.

    The party is given by `party_id`, by its name or by both. If no party has the name, a party is
    created. The part of the amount that is not allocated to documents is an advance. `paid_on`
    defaults to today in the agency's time zone. `over_cash_limit_reason` confirms cash of the
    amount that the law forbids; the caller needs the permission `payment.over_cash_limit`.
    """

    direction: Direction = "in"
    party_id: Id | None = None
    party_name: PartyName = None
    amount: PlainAmount
    currency: CurrencyCode
    paid_on: BusinessDate | None = None
    reference: Annotated[str, Text(128)] | None = None
    allocations: Annotated[list[PartIn], Field(max_length=PARTS_MAX)] = Field(default_factory=list)
    over_cash_limit_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None

    def money(self) -> Money:
        """Return the amount. Raises InvalidAmount, UnknownCurrency."""
        return Money.parse(self.amount, self.currency)

    def parts(self) -> list[Part]:
        """Return the allocations for the service."""
        return [one.part(self.currency) for one in self.allocations]


class AllocateIn(Closed):
    """The documents to which an advance is allocated, and the date of the allocation.

    The date defaults to today in the agency's time zone. Without `allocations` the unused amount is
    allocated to the open documents of the party, earliest due date first.
    """

    allocations: Annotated[list[PartIn], Field(min_length=1, max_length=PARTS_MAX)] | None = None
    effective_on: BusinessDate | None = None
    over_cash_limit_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None

    def parts(self, currency: str) -> list[Part] | None:
        """Return the allocations for the service, or None if absent. Raises InvalidAmount."""
        return (
            None if self.allocations is None else [one.part(currency) for one in self.allocations]
        )


class UnallocateIn(Closed):
    """The date from which an allocation is taken back.

    `effective_on` defaults to today in the agency's time zone.
    """

    effective_on: BusinessDate | None = None


class RefundIn(MeansIn):
    """A refund of an advance.

    The amount defaults to the whole unused amount. The date defaults to today in the agency's time
    zone. The account defaults to the bank.
    """

    amount: PlainAmount | None = None
    refunded_on: BusinessDate | None = None
    reference: Annotated[str, Text(128)] | None = None

    def money(self, currency: str) -> Money | None:
        """Return the amount in the payment's currency, or None if none was sent.

        Raises InvalidAmount.
        """
        return None if self.amount is None else Money.parse(self.amount, currency)


class RefundPartIn(Closed):
    """An amount of one payment that a refund returns."""

    payment_id: Id
    amount: PlainAmount


class RefundPartyIn(MeansIn):
    """A refund of unused payments and credits of a customer, in one currency.

    `parts` add up to `amount`; without them the oldest payments are returned first. The date
    defaults to today in the agency's time zone. The account defaults to the bank.
    """

    party_id: Id
    amount: PlainAmount
    currency: CurrencyCode
    parts: Annotated[list[RefundPartIn], Field(min_length=1, max_length=PARTS_MAX)] | None = None
    refunded_on: BusinessDate | None = None
    reference: Annotated[str, Text(128)] | None = None

    def money(self) -> Money:
        """Return the amount. Raises InvalidAmount, UnknownCurrency."""
        return Money.parse(self.amount, self.currency)

    def returned(self) -> list[Returned] | None:
        """Return the parts for the service, or None if absent. Raises InvalidAmount."""
        if self.parts is None:
            return None
        return [
            Returned(part.payment_id, Money.parse(part.amount, self.currency))
            for part in self.parts
        ]


class ReceiptIn(PartialAmountIn, MeansIn, TdsIn, ChargeIn):
    """A payment by the customer of an invoice.

    The amount defaults to the amount due, less the tax that the customer deducted and the charge
    that the bank or payment gateway kept (`fee` and `taxes`). The date defaults to today in the
    agency's time zone. The account defaults to the bank.
    """

    paid_on: BusinessDate | None = None
    reference: Annotated[str, Text(128)] | None = None
    over_cash_limit_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None


class PaymentQuery(Query):
    """Filters of the list of payments, and the cursor of a page.

    A payment must match all filters.
    """

    direction: Annotated[Direction | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="`in` from customers, `out` to suppliers."
    )
    party: Annotated[str | None, Filter(255)] = Field(
        default=None, description="Full name of the customer or supplier, ignoring case."
    )
    party_id: IdFilter = Field(default=None, description="Id of the customer or supplier.")
    paid_from: DateFilter = Field(default=None, alias="from", description="First payment date.")
    paid_to: Annotated[DateFilter, not_before("paid_from")] = Field(
        default=None, alias="to", description="Last payment date."
    )
    unapplied: Annotated[int, Field(ge=0, le=1)] = Field(
        default=0, description="1 for payments with an unused amount only."
    )
    reversed: Annotated[int, Field(ge=0, le=1)] = Field(
        default=0, description="1 for reversed payments only."
    )
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the number, the party's name or the reference. A page searches at most 20,000"
            " payments after the cursor."
        ),
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def search(self) -> PaymentSearch:
        """Return the filters as a PaymentSearch for the queries."""
        only = {"is_unapplied": bool(self.unapplied), "is_reversed": bool(self.reversed)}
        return PaymentSearch(
            self.direction,
            self.party,
            self.paid_from,
            self.paid_to,
            text=self.q,
            party_id=self.party_id,
            **only,
        )

    def place(self) -> Cursor | None:
        """Return the decoded cursor, or None for the first page. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


def _refunded_minor(row: Row) -> int:
    """Return the refunded amount in minor units; it is zero for a reversed payment."""
    return 0 if row["reversed_on"] else row["refunded_minor"]


def _unapplied_minor(row: Row) -> int:
    unapplied_minor: int = row["amount_minor"] - row["allocated_minor"] - row["refunded_minor"]
    return unapplied_minor


def _charge_tax_minor(row: Row) -> int:
    return sum((row["charge_tax"] or {}).values())


class PaymentBrief(AnswerOf[Row]):
    """A payment in a list.

    `unapplied_amount` is the advance: the part that is neither allocated nor refunded.

    `amount` reached or left the bank account. Documents are settled by it, by `tds_amount`, the tax
    that the payer deducted, and by `charge_amount`, which the bank or payment gateway kept;
    `charge_tax_amount` is the tax in this charge.

    `bank_account_id` is null for payments of earlier releases, and in a currency without a bank
    account. `mode` is null if nobody stated it. `payout_id` is the payout with which a payment
    gateway has paid the money out.

    `origin` is `money`, `opening` for an imported advance, or `credit_note` for a credit of a
    customer: what the credit note `credit_note_id` credited above the open amount of its invoice.
    Such a credit has no bank account, and its `account` has no meaning.

    `nature` is `service` for money paid for services, and `refundable` if the agency must return
    the unused amount on demand.

    `account` is `opening_balances` for an advance that was imported from a former program;
    `reference` is then the number of the advance in that program. From `reversed_on` on, the
    payment has no effect. `bounce_entry_id` is the entry with the bank's charge for a cheque that
    bounced.
    """

    id: UUID
    number: str
    direction: Direction
    party_id: UUID | None
    party_name: str
    currency: str
    amount: Annotated[WireAmount, Minor("amount_minor", less=("tds_minor", "charge_minor"))]
    tds_amount: Annotated[WireAmount, Minor("tds_minor")]
    tds_section: str | None
    tds_certificate: str | None
    charge_amount: Annotated[WireAmount, Minor("charge_minor")]
    charge_tax_amount: Annotated[WireAmount, Minor(_charge_tax_minor)]
    allocated_amount: Annotated[WireAmount, Minor("allocated_minor")]
    refunded_amount: Annotated[WireAmount, Minor(_refunded_minor)]
    unapplied_amount: Annotated[WireAmount, Minor(_unapplied_minor)]
    paid_on: date
    origin: Annotated[Origin, Computed(origin_of)]
    nature: Literal["service", "refundable"]
    credit_note_id: UUID | None
    account: Literal["bank", "cash", "opening_balances"]
    bank_account_id: UUID | None
    bank_account_name: str | None
    mode: Mode | None
    instrument_no: str | None
    instrument_on: date | None
    instrument_bank: str | None
    payout_id: UUID | None
    reference: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None
    bounce_entry_id: UUID | None
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
    """An allocation of a payment to a document, from `effective_on`.

    An allocation that is taken back stays in the list. A second allocation with negative amounts is
    added, and its `reverses_id` is the id of the first.

    `amount` is in the payment's currency. `settled_amount` is the settled amount in the document's
    currency, `settled_currency`. `booked_amount` is the settled amount at the document's booked
    rate, in the payment's currency. The difference between `amount` and `booked_amount` is an
    exchange gain or loss. `booked_amount` is null unless a payment in the agency's currency settles
    a document in a foreign currency. `exchange_rate` is the rate that was given for the allocation,
    if any.
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
    """A refund of an advance.

    `amount` is what it returns of this payment, and `total_amount` what it returns of all payments.
    A refund with `reversed_on` was reversed on that date; `reversal_reason` has the reason.
    """

    id: UUID
    number: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    total_amount: Annotated[WireAmount, Minor("total_minor")]
    refunded_on: date
    account: Literal["bank", "cash"]
    bank_account_id: UUID | None
    bank_account_name: str | None
    mode: Mode | None
    instrument_no: str | None
    instrument_on: date | None
    instrument_bank: str | None
    payout_id: UUID | None
    reference: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None


class RefundPartOut(AnswerOf[Row]):
    """The part of a payment that a refund returns."""

    payment_id: UUID
    payment_number: Annotated[str, Read("number")]
    amount: Annotated[WireAmount, Minor("amount_minor")]


class RefundDocumentOut(AnswerOf[Row]):
    """A refund with the amounts by payment, oldest payment first.

    A refund with `reversed_on` was reversed on that date; `reversal_reason` has the reason.
    """

    id: UUID
    number: str
    party_id: UUID | None
    party_name: str
    currency: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    parts: list[RefundPartOut]
    refunded_on: date
    account: Literal["bank", "cash"]
    bank_account_id: UUID | None
    bank_account_name: str | None
    mode: Mode | None
    instrument_no: str | None
    instrument_on: date | None
    instrument_bank: str | None
    payout_id: UUID | None
    reference: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None


def _base_minor(row: Row) -> int | None:
    is_own = row["currency"] == row["base_currency"]
    found: int | None = row["amount_minor"] if is_own else row["base_minor"]
    return found


def _base_unapplied_minor(row: Row) -> int | None:
    if row["currency"] == row["base_currency"]:
        return _unapplied_minor(row)
    return None if row["base_minor"] is None else row["base_minor"] - row["base_used_minor"]


class PaymentOut(PaymentBrief):
    """A payment with its allocations and refunds, oldest first.

    `receipt_voucher_id` is the id of the receipt voucher of an advance.
    `base_total_amount` is the amount with the deducted tax and the charge as it was posted, and
    `base_open_amount` its unused part, in the agency's base currency. They are null as long as they
    are not known.
    """

    receipt_voucher_id: UUID | None
    base_currency: str
    base_total_amount: Annotated[WireAmount | None, Minor(_base_minor, "base_currency")]
    base_open_amount: Annotated[WireAmount | None, Minor(_base_unapplied_minor, "base_currency")]
    allocations: list[AllocationOut]
    refunds: list[RefundOut]


class PaymentListOut(CursorPageOf[PaymentBrief]):
    """A page of payments, newest payment date first.

    The last page has no `next_cursor`.
    """


def payment_row(document: PaymentDocument) -> Row:
    """Return a payment with allocations and refunds as a row for `PaymentOut`."""
    row = document.payment
    return {
        **row,
        "allocations": in_currency(document.allocations, row["currency"]),
        "refunds": in_currency(document.refunds, row["currency"]),
    }
