"""Errors of bills."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable


class BillNotFound(NotFound):
    """The agency has no bill with this id."""

    code = "bill_not_found"
    message = N_("We could not find that bill.")


class BillNotScheduled(Conflict):
    """The bill has no payment date."""

    code = "bill_not_scheduled"
    message = N_("No payment is scheduled for this bill.")


class VendorReferenceTaken(Conflict):
    """Another bill that is not void has this supplier's reference."""

    code = "vendor_reference_taken"
    message = N_("A bill with this reference already exists.")


class VendorReferenceRequired(Unprocessable):
    """The supplier's reference is missing or longer than 64 characters."""

    code = "vendor_reference_required"
    message = N_("Enter the supplier’s reference, in at most 64 characters.")
