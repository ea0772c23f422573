"""Errors of refunds that suppliers owe."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable


class ClaimNotFound(NotFound):
    """The agency has no claim with this id."""

    code = "claim_not_found"
    message = N_("We could not find that claim.")


class ClaimReceiptNotFound(NotFound):
    """The agency has no receipt of a claim with this id."""

    code = "claim_receipt_not_found"
    message = N_("We could not find that receipt.")


class NothingToClaim(Conflict):
    """All that is credited is still open on the bill, so the supplier owes no refund."""

    code = "nothing_to_claim"
    message = N_(
        "This amount is not paid yet, so there is nothing to get back. Enter a supplier credit"
        " note instead."
    )


class ClaimNotOpen(Conflict):
    """The claim is settled completely, or reversed."""

    code = "claim_not_open"
    message = N_("Nothing is open of this claim.")


class ClaimExceeded(Conflict):
    """The amount is above what is open of the claim."""

    code = "claim_exceeded"
    message = N_("This is more than the supplier still owes for this claim.")


class NothingSettled(Unprocessable):
    """A receipt has no amount, and nothing is given up."""

    code = "nothing_settled"
    message = N_("Enter the amount that came in, or give up the rest.")


class ClaimReceiptReversed(Conflict):
    """The receipt is already reversed, which is final."""

    code = "claim_receipt_reversed"
    message = N_("This receipt is already reversed.")


class ClaimMatched(Conflict):
    """The claim already has the number of the supplier's credit note."""

    code = "claim_matched"
    message = N_("This claim already has its credit note.")
