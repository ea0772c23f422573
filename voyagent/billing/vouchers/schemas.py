"""Request and response bodies of the API of receipt vouchers and refund vouchers."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from voyagent.billing.core.models.vouchers import COMPONENTS
from voyagent.billing.core.schemas.documents import SignedAmount, in_currency
from voyagent.billing.invoices.schemas.lines import Percent, State, TaxCode
from voyagent.billing.vouchers.queries import RefundVoucherDocument, VoucherDocument
from voyagent.billing.vouchers.service import Taxation
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Closed, Instant, PlainAmount, WireAmount
from voyagent.kernel.money import Money
from voyagent.kernel.serializers import AnswerOf, Minor, Read


class ReceiptVoucherIn(Closed):
    """The tax on an advance.

    `amount` is the taxed part of the advance, tax included, by default all that is unused. Of a
    sale as agent only the agency's own fee is taxed. `tax` is the tax treatment; without one the
    rate is 18 % (Rule 50). `place_of_supply` is by default the state of the customer; if it is not
    known either, the tax is IGST. `issued_on` is by default the date of the payment, whose rates
    apply.
    """

    amount: PlainAmount | None = None
    tax: TaxCode | None = None
    place_of_supply: State | None = None
    issued_on: BusinessDate | None = None

    def taxation(self, currency: str) -> Taxation:
        """Return the facts for the service; `currency` is that of the payment.

        Raises InvalidAmount.
        """
        amount = None if self.amount is None else Money.parse(self.amount, currency)
        return Taxation(amount, self.tax, self.place_of_supply, self.issued_on)


def _tax_minor(row: Row) -> int:
    return sum(row[f"{name}_minor"] for name in COMPONENTS)


def _taxable_minor(row: Row) -> int:
    return int(row["amount_minor"]) - _tax_minor(row)


class VoucherUseOut(AnswerOf[Row]):
    """A use of the advance of a receipt voucher, with the tax that it releases.

    `amount` is the used part of the advance, tax included. The amounts are negative if a use was
    taken back. A refund that uses the advance has a refund voucher, whose number is `number`.
    """

    id: UUID
    number: str | None
    refund_id: UUID | None
    used_on: date
    amount: Annotated[SignedAmount, Minor("amount_minor")]
    taxable_amount: Annotated[SignedAmount, Minor(_taxable_minor)]
    cgst: Annotated[SignedAmount, Minor("cgst_minor")]
    sgst: Annotated[SignedAmount, Minor("sgst_minor")]
    igst: Annotated[SignedAmount, Minor("igst_minor")]
    journal_entry_id: Annotated[UUID, Read("entry_id")]


class _VoucherOut(AnswerOf[Row]):
    """Members of receipt vouchers and of refund vouchers."""

    id: UUID
    number: str
    party_id: UUID | None
    customer_name: Annotated[str, Read("party_name")]
    party_address: str | None
    customer_tax_number: str | None
    currency: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    taxable_amount: Annotated[WireAmount, Minor(_taxable_minor)]
    tax: str | None
    percent: Percent
    cgst: Annotated[WireAmount, Minor("cgst_minor")]
    sgst: Annotated[WireAmount, Minor("sgst_minor")]
    igst: Annotated[WireAmount, Minor("igst_minor")]
    place_of_supply: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    created_at: Instant


class ReceiptVoucherOut(_VoucherOut):
    """A receipt voucher (Rule 50 of the CGST Rules) with the uses of its advance.

    `amount` is the taxed part of the advance, tax included, and `percent` the whole rate. `tax` is
    null if the rate was not known when the voucher was issued, and `place_of_supply` if the place
    was not. `party_address` and `customer_tax_number` are those that the customer has now; the PDF
    has those of the day of issue.
    """

    payment_id: UUID
    payment_number: str
    issued_on: date
    reversal_entry_id: UUID | None
    uses: list[VoucherUseOut]


class RefundVoucherOut(_VoucherOut):
    """A refund voucher (Rule 51 of the CGST Rules).

    `tax`, `percent` and `place_of_supply` are those of its receipt voucher. `amount` is the
    refunded part of the taxed advance, tax included. `reversed_on` is the day on which its refund
    was reversed.
    """

    receipt_voucher_id: Annotated[UUID, Read("voucher_id")]
    receipt_voucher_number: str
    refund_id: UUID
    refund_number: str
    issued_on: Annotated[date, Read("used_on")]


def voucher_row(document: VoucherDocument) -> Row:
    """Return a receipt voucher with its uses as a row for `ReceiptVoucherOut`."""
    row = document.voucher
    return row | {"uses": in_currency(document.uses, row["currency"])}


def refund_voucher_row(document: RefundVoucherDocument) -> Row:
    """Return a refund voucher as a row for `RefundVoucherOut`."""
    return document.voucher
