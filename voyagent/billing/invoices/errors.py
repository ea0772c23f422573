"""Errors of invoices."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class InvoiceNotFound(NotFound):
    """The agency has no invoice with this id."""

    code = "invoice_not_found"
    message = N_("We could not find that invoice.")


class NothingToInvoice(Conflict):
    """No service of the trip can be invoiced: each is invoiced or has no price."""

    code = "nothing_to_invoice"
    message = N_("Nothing of this trip is left to invoice.")


class NothingToSplit(Conflict):
    """The lines of the draft may be on one invoice, so there is nothing to split."""

    code = "one_place_of_supply"
    message = N_("All lines may be on one invoice.")


class InvoiceNumberConflict(Conflict):
    """The caller chose an invoice number, or the number is used already.

    Numbers are taken from a series when an invoice is issued.
    """

    code = "invoice_number_conflict"
    message = N_(
        "An invoice gets the next number of its series on issue. The number can’t be chosen."
    )


class NumberIsNotNext(InvoiceNumberConflict):
    """The invoice number that the caller gave is not the next number of its year."""

    message = N_(
        "This is not the next number of its year. Create the invoice as a draft; it gets the"
        " right number on issue."
    )


class NotDebitable(Conflict):
    """No debit note can charge more for the invoice.

    It is a draft, void, imported, or itself a debit note.
    """

    code = "invoice_not_debitable"
    message = N_(
        "A debit note is for an issued invoice that is not void, not imported and no debit note."
    )


class DebitNoteFixed(Conflict):
    """A draft of a debit note cannot be changed, only deleted."""

    code = "debit_note_fixed"
    message = N_("A debit note can’t be edited. Delete this draft, and draft it again.")


class InvoiceHasDebitNotes(Conflict):
    """The invoice has an issued debit note, so it cannot be voided."""

    code = "invoice_has_debit_notes"
    message = N_("Void the debit notes of this invoice first.")


class PartyOnHold(Conflict):
    """The customer is on hold, and nobody has confirmed the invoice with a reason."""

    code = "party_on_hold"
    message = N_(
        "This customer is on hold. Issue the invoice with a reason, or ask for approval with one."
    )


class CreditLimitExceeded(Conflict):
    """The invoice is above the customer's credit limit, and nobody has confirmed it.

    The message has the parts of the sum.
    """

    code = "credit_limit_exceeded"
    message = N_("This invoice is above the credit limit of the customer.")

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.message = sentence  # type: ignore[misc]  # the sum differs by invoice


class InvoiceNotSendable(Conflict):
    """The invoice is a draft or void, so it cannot be sent."""

    code = "invoice_not_sendable"
    message = N_("Only an issued invoice that is not void can be sent.")


class FormerNumberTaken(Conflict):
    """An invoice with this number of the former program has already been imported."""

    code = "former_number_taken"
    message = N_("An invoice with this number is already imported.")
