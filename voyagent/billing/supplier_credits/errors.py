"""Errors of supplier credits."""

from __future__ import annotations

from voyagent.billing.core.errors import NeedsReason
from voyagent.kernel.errors import N_, Conflict, NotFound


class SupplierCreditNotFound(NotFound):
    """The agency has no supplier credit with this id."""

    code = "supplier_credit_not_found"
    message = N_("We could not find that supplier credit note.")


class SupplierCreditTaken(Conflict):
    """Another credit of the same supplier has this number."""

    code = "supplier_credit_taken"
    message = N_("A credit note of this supplier with this reference already exists.")


class LineCreditedByCancellation(NeedsReason):
    """A cancellation has already credited a line that is to be credited.

    `number` is that of the cancellation. The member `further_credit_reason` of the request confirms
    that the supplier gives back more.
    """

    code = "line_credited_by_cancellation"
    message = N_(
        "A cancellation has already credited this line. If this is the supplier’s credit note for"
        " it, do not enter it again. If the supplier gives back more, enter the reason."
    )

    def __init__(self, number: str) -> None:
        super().__init__()
        self.further = (N_("It is cancellation %(number)s."), {"number": number})


class SupplierCreditOfCancellation(Conflict):
    """A cancellation made the supplier credit, or kept a part of one of its lines."""

    code = "supplier_credit_of_cancellation"
    message = N_(
        "A cancellation made this credit note or kept a part of one of its lines, so it can’t be"
        " reversed. If the booking stands after all, enter a new bill."
    )
