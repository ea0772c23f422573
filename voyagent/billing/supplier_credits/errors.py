"""Errors of supplier credits."""

from __future__ import annotations

from voyagent.billing.core.errors import CreditExceedsOpen, LineNotOnInvoice
from voyagent.kernel.errors import N_, Conflict, NotFound


class SupplierCreditNotFound(NotFound):
    """The agency has no supplier credit with this id."""

    code = "supplier_credit_not_found"
    message = N_("We could not find that supplier credit note.")


class LineNotOnBill(LineNotOnInvoice):
    """The bill has no line with this number."""

    code = "line_not_on_bill"
    message = N_("The bill has no such line.")


class SupplierCreditExceedsOpen(CreditExceedsOpen):
    """The amount is above the open amount; a payment has to be deallocated first."""

    message = N_(
        "This is more than the amount due on this bill. To credit a paid amount, reverse the"
        " payment’s allocation first; it becomes an advance. Then enter the credit note, and"
        " record the refund once the supplier pays it."
    )


class SupplierCreditTaken(Conflict):
    """Another credit of the same supplier has this number."""

    code = "supplier_credit_taken"
    message = N_("A credit note of this supplier with this reference already exists.")


class SupplierCreditReversed(Conflict):
    """The supplier credit is already reversed; a reversal is final."""

    code = "supplier_credit_reversed"
    message = N_("This supplier credit note is already reversed.")
