"""Errors of credit notes."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class CreditNoteNotFound(NotFound):
    """The agency has no credit note with this id."""

    code = "credit_note_not_found"
    message = N_("We could not find that credit note.")


class InvoiceWrittenOff(Conflict):
    """The credit is above the open amount of an invoice that is partly written off."""

    code = "invoice_written_off"
    message = N_(
        "Part of this invoice is written off. To credit more than the amount due, reverse the"
        " write-off first."
    )


class CustomerCreditUsed(Conflict):
    """The customer's credit from the credit note is refunded or allocated."""

    code = "customer_credit_used"
    message = N_(
        "The customer’s credit from this credit note was refunded or allocated. Reverse that first."
    )
