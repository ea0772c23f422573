"""Errors of invoices."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class InvoiceNotFound(NotFound):
    """The agency has no invoice with this id."""

    code = "invoice_not_found"
    message = N_("We could not find that invoice.")


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


class InvoiceNotSendable(Conflict):
    """The invoice is a draft or void, so it cannot be sent."""

    code = "invoice_not_sendable"
    message = N_("Only an issued invoice that is not void can be sent.")


class FormerNumberTaken(Conflict):
    """An invoice with this number of the former program has already been imported."""

    code = "former_number_taken"
    message = N_("An invoice with this number is already imported.")
