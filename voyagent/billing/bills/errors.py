"""Errors of bills."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable


class BillNotFound(NotFound):
    """No such bill in the agency."""

    code = "bill_not_found"
    message = N_("We could not find that bill.")


class BillNotDraft(Conflict):
    """The bill is received already."""

    code = "bill_not_draft"
    message = N_("This bill is already received.")


class BillNotScheduled(Conflict):
    """The bill has no payment day."""

    code = "bill_not_scheduled"
    message = N_("No payment is scheduled for this bill.")


class VendorReferenceTaken(Conflict):
    """The supplier's reference is on another bill that is not void."""

    code = "vendor_reference_taken"
    message = N_("A bill with this reference already exists.")


class VendorReferenceRequired(Unprocessable):
    """A bill needs the supplier's reference."""

    code = "vendor_reference_required"
    message = N_("Enter the supplier’s reference, in at most 64 characters.")
