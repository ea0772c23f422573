"""Request and response bodies of cancellations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.cancellations.queries import CancellationDocument
from voyagent.billing.cancellations.service import (
    Cancel,
    CancellationPreview,
    CancelledCost,
    CancelledLine,
    Fee,
    PayBack,
)
from voyagent.billing.core.errors import LineAlreadyNamed, LineNotOnInvoice
from voyagent.billing.core.schemas.documents import SignedAmount
from voyagent.billing.core.service.pricing import LINES_MAX, REASON_MAX
from voyagent.billing.invoices.schemas.lines import TaxCode
from voyagent.billing.payments.schemas import MeansIn
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    BusinessDate,
    Closed,
    Id,
    Instant,
    PlainAmount,
    Text,
    Trimmed,
    WireAmount,
)
from voyagent.kernel.money import Money
from voyagent.kernel.serializers import AnswerOf, Minor, Read
from voyagent.ledger.queries.entries import sides_of


class CancelledLineIn(Closed):
    """A line to cancel, and what the agency keeps of it, before tax.

    `invoice_id` is needed if the trip has several invoices. `commission_recalled` is the commission
    that the supplier takes back of a line sold as agent; by default it is in proportion.
    """

    invoice_id: Id | None = None
    line_no: Annotated[int, Field(ge=1, le=LINES_MAX)]
    kept: PlainAmount = "0"
    commission_recalled: PlainAmount | None = None


class CancelledCostIn(Closed):
    """A bill line that the supplier cancels, and what the supplier keeps.

    `kept` is before tax, in the currency of the bill.
    """

    bill_id: Id
    line_no: Annotated[int, Field(ge=1, le=LINES_MAX)]
    kept: PlainAmount = "0"


class FeeIn(Closed):
    """The agency's fee for the cancellation, on an invoice of its own.

    `amount` is before tax. `tax` is the code of a tax treatment of the agency's country.
    """

    amount: PlainAmount
    description: Annotated[str, Trimmed(REASON_MAX)]
    tax: TaxCode | None = None


class PayBackIn(MeansIn):
    """The refund of the credit that the cancellation leaves the customer.

    `amount` is by default the whole credit. The date defaults to that of the cancellation.
    """

    amount: PlainAmount | None = None
    refunded_on: BusinessDate | None = None
    reference: Annotated[str, Text(128)] | None = None


class CancelPreviewIn(Closed):
    """A cancellation of invoices of one customer.

    Without `lines`, all that is not credited yet is cancelled and nothing is kept. `tcs` says
    whether tax collected at source is kept, which is required once it is deposited, or credited in
    proportion. `cancelled_on` defaults to today in the agency's time zone, or to the latest issue
    date of the invoices and bills if that is later. `out_of_order_reason` is required if a document
    of the financial year has a later date.

    `bill_lines` are lines of bills of the trip that suppliers cancel; other bills stay as they are.
    What is paid of them is claimed from the supplier, and expected on `refund_expected_on`.
    """

    reason: Annotated[str, Trimmed(REASON_MAX)]
    cancelled_on: BusinessDate | None = None
    lines: Annotated[list[CancelledLineIn], Field(min_length=1, max_length=LINES_MAX)] | None = None
    tcs: Literal["keep", "credit"] = "keep"
    bill_lines: (
        Annotated[list[CancelledCostIn], Field(min_length=1, max_length=LINES_MAX)] | None
    ) = None
    refund_expected_on: BusinessDate | None = None
    fee: FeeIn | None = None
    pay_back: PayBackIn | None = None
    out_of_order_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None

    def cancel(
        self, invoice_ids: Sequence[UUID], currency: str, trip_id: UUID | None = None
    ) -> Cancel:
        """Return the cancellation for the service.

        `currency` is that of the invoices.

        Raises InvalidAmount, BillNotFound, LineAlreadyNamed if two items name one line, and
        LineNotOnInvoice if an item does not say which of several invoices it means.
        """
        return Cancel(
            invoice_ids=invoice_ids,
            reason=self.reason,
            trip_id=trip_id,
            on=self.cancelled_on,
            lines=None if self.lines is None else self._lines(invoice_ids, currency),
            credits_tcs=self.tcs == "credit",
            costs=self._costs(),
            refund_expected_on=self.refund_expected_on,
            fee=None
            if self.fee is None
            else Fee(
                Money.parse(self.fee.amount, currency).within(1),
                self.fee.description,
                self.fee.tax,
            ),
            pay_back=None if self.pay_back is None else _pay_back(self.pay_back, currency),
            out_of_order_reason=self.out_of_order_reason,
        )

    def _lines(self, invoice_ids: Sequence[UUID], currency: str) -> list[CancelledLine]:
        found = []
        for line in self.lines or ():
            invoice_id = line.invoice_id or (invoice_ids[0] if len(invoice_ids) == 1 else None)
            if invoice_id is None:
                raise LineNotOnInvoice
            recalled = line.commission_recalled
            found.append(
                CancelledLine(
                    invoice_id,
                    line.line_no,
                    Money.parse(line.kept, currency),
                    None if recalled is None else Money.parse(recalled, currency),
                )
            )
        _check_each_once((line.invoice_id, line.line_no) for line in found)
        return found

    def _costs(self) -> list[CancelledCost]:
        lines = self.bill_lines or ()
        _check_each_once((line.bill_id, line.line_no) for line in lines)
        currencies = {
            bill_id: bill_queries.get_bill(bill_id).currency
            for bill_id in {line.bill_id for line in lines}
        }
        return [
            CancelledCost(
                line.bill_id, line.line_no, Money.parse(line.kept, currencies[line.bill_id])
            )
            for line in lines
        ]


class CancelIn(CancelPreviewIn):
    """A cancellation with the hash of the preview that the caller has seen."""

    preview_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _check_each_once(named: Iterable[tuple[UUID, int]]) -> None:
    found = list(named)
    if len(set(found)) < len(found):
        raise LineAlreadyNamed


def _pay_back(body: PayBackIn, currency: str) -> PayBack:
    amount = None if body.amount is None else Money.parse(body.amount, currency).within(1)
    return PayBack(amount, body.refunded_on, body.means(), body.reference)


class PostedLineOut(AnswerOf[Row]):
    """A journal line: the account, and a debit or a credit in a currency."""

    account_code: Annotated[str, Read("code")]
    account_name: Annotated[str, Read("name")]
    party_name: str | None
    currency: str
    debit: WireAmount
    credit: WireAmount


class PostedEntryOut(AnswerOf[Row]):
    """A journal entry that the cancellation would post on a day."""

    entry_date: date
    narration: str
    lines: list[PostedLineOut]


class SupplierEffectOut(AnswerOf[Row]):
    """The effect on a bill, in its currency.

    `credited_amount` is the supplier credit with tax, and `claimed_amount` the part of it that is
    claimed because it is paid. `lost_amount` is prepaid cost that is recognised now.
    """

    bill_id: UUID
    bill_reference: str
    vendor_name: Annotated[str, Read("party_name")]
    currency: str
    credited_amount: WireAmount
    claimed_amount: WireAmount
    lost_amount: WireAmount


class CancellationPreviewOut(AnswerOf[Row]):
    """The effect of a cancellation.

    `credited_amount` is the total of the credit notes. `kept_amount` is revenue that was still to
    come and is recognised now. `fee_amount` is the total of the fee invoice. `credit_amount` is
    what the customer is owed after the fee, and `paid_back_amount` what is paid back of it.
    `due_amount` is what the customer still owes. `suppliers` has the effect on each bill.
    `held_amount` is what the lines leave on “Held for suppliers”, if purchases as agent are
    cancelled: if it is not zero, the commission taken back or the supplier's charge is not right
    yet. Numbers in narrations may differ when the cancellation is recorded. Send `preview_hash`
    with it.
    """

    preview_hash: str
    cancelled_on: date
    currency: str
    credited_amount: WireAmount
    kept_amount: WireAmount
    fee_amount: WireAmount
    credit_amount: WireAmount
    paid_back_amount: WireAmount
    due_amount: WireAmount
    suppliers: list[SupplierEffectOut]
    held_amount: SignedAmount | None
    entries: list[PostedEntryOut]


def preview_row(found: CancellationPreview) -> Row:
    """Return a preview as the row that the API serializes."""
    amounts = ("credited", "kept", "fee", "credit", "paid_back", "due")
    return {
        "preview_hash": found.preview_hash,
        "cancelled_on": found.cancelled_on,
        "currency": found.credited.currency,
        **{f"{name}_amount": getattr(found, name).wire for name in amounts},
        "suppliers": [
            {
                "bill_id": one.bill_id,
                "bill_reference": one.bill_reference,
                "party_name": one.party_name,
                "currency": one.credited.currency,
                "credited_amount": one.credited.wire,
                "claimed_amount": one.claimed.wire,
                "lost_amount": one.lost.wire,
            }
            for one in found.suppliers
        ],
        "held_amount": None if found.held is None else found.held.wire,
        "entries": [
            {
                "entry_date": entry.day,
                "narration": entry.narration,
                "lines": [line | _sides(line) for line in entry.lines],
            }
            for entry in found.entries
        ],
    }


def _sides(line: Row) -> Row:
    debit, credit = sides_of(line)
    return {"currency": debit.currency, "debit": debit.wire, "credit": credit.wire}


class CancellationLineOut(AnswerOf[Row]):
    """A cancelled line of an invoice; amounts are before tax.

    `kept_amount` is the deferred revenue that was recognised on the day of the cancellation.
    """

    invoice_id: UUID
    invoice_number: str
    line_no: Annotated[int, Read("invoice_line_no")]
    description: str
    credit_note_id: UUID | None
    currency: str
    credited_amount: Annotated[WireAmount, Minor("customer_credit_minor")]
    kept_amount: Annotated[WireAmount, Minor("kept_minor")]
    commission_recalled: Annotated[WireAmount, Minor("commission_recalled_minor")]
    tcs: Annotated[Literal["keep", "credit"], Read("tax_treatment")]


class CancelledCostOut(AnswerOf[Row]):
    """A cancelled line of a bill; amounts are before tax.

    `refund_amount` is what the supplier credits, and `kept_amount` what the supplier keeps. If the
    line was paid, `claim_id` is the claim on the supplier.
    """

    bill_id: UUID
    bill_reference: Annotated[str, Read("vendor_reference")]
    vendor_name: Annotated[str, Read("party_name")]
    line_no: Annotated[int, Read("bill_line_no")]
    description: str
    supplier_credit_id: UUID | None
    claim_id: UUID | None
    currency: str
    refund_amount: Annotated[WireAmount, Minor("supplier_refund_minor")]
    kept_amount: Annotated[WireAmount, Minor("supplier_charge_minor")]
    expected_on: Annotated[date | None, Read("supplier_expected_on")]


class CancellationOut(AnswerOf[Row]):
    """A cancellation with its lines.

    The credit notes are named by the lines. `fee_invoice_id` is the invoice of the agency's fee,
    and `refund_id` the refund to the customer.
    """

    id: UUID
    number: str
    trip_id: UUID | None
    cancelled_on: date
    reason: str
    fee_invoice_id: UUID | None
    refund_id: UUID | None
    created_at: Instant
    lines: list[CancellationLineOut]
    bill_lines: list[CancelledCostOut]


def cancellation_row(document: CancellationDocument) -> Row:
    """Return a cancellation with its lines as the row that the API serializes."""
    return {**document.cancellation, "lines": document.lines, "bill_lines": document.costs}
