"""Errors of receipt vouchers and refund vouchers."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class ReceiptVoucherNotFound(NotFound):
    """The agency has no receipt voucher with this id."""

    code = "receipt_voucher_not_found"
    message = N_("We could not find that receipt voucher.")


class RefundVoucherNotFound(NotFound):
    """The agency has no refund voucher with this id."""

    code = "refund_voucher_not_found"
    message = N_("We could not find that refund voucher.")


class NotATaxableAdvance(Conflict):
    """The payment is no advance of a customer in rupees, or the agency has no GSTIN."""

    code = "not_a_taxable_advance"
    message = N_(
        "A receipt voucher is for an advance in rupees from a customer, and the agency needs a"
        " GSTIN."
    )


class VoucherExists(Conflict):
    """The advance has a receipt voucher already."""

    code = "receipt_voucher_exists"
    message = N_("This advance already has a receipt voucher.")


class VoucherUsed(Conflict):
    """An invoice or a refund has used a part of the advance of the voucher."""

    code = "receipt_voucher_used"
    message = N_("A part of this advance is used. Take the allocation or refund back first.")


class VoucherReversed(Conflict):
    """The receipt voucher is already reversed, which is final."""

    code = "receipt_voucher_reversed"
    message = N_("This receipt voucher is already reversed.")
