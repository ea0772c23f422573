"""Errors of credit notes."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable


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


class RecallOutOfRange(Unprocessable):
    """The recalled commission of a line is more than is left, or than its credit."""

    code = "recall_out_of_range"
    message = N_(
        "The commission to take back can’t be more than what is left of it, nor more than the"
        " amount credited."
    )


class CreditNoteOfCancellation(Conflict):
    """A cancellation has issued the credit note, which is therefore not reversed."""

    code = "credit_note_of_cancellation"
    message = N_(
        "A cancellation issued this credit note, so it can’t be reversed. If the booking stands"
        " after all, issue a new invoice."
    )


class CreditedBeforeCancellation(CreditNoteOfCancellation):
    """A cancellation has kept a part of an invoice line that the note credits."""

    message = N_(
        "A cancellation kept a part of a line of this credit note, so it can’t be reversed. If the"
        " booking stands after all, issue a new invoice."
    )


class CustomerCreditUsed(Conflict):
    """The customer's credit from the credit note is refunded or allocated."""

    code = "customer_credit_used"
    message = N_(
        "The customer’s credit from this credit note was refunded or allocated. Reverse that first."
    )
