"""Errors of invoices."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class InvoiceNotFound(NotFound):
    """No such invoice in the agency."""

    code = "invoice_not_found"
    message = N_("We could not find that invoice.")


class InvoiceNumberConflict(Conflict):
    """A number was requested or is taken: numbers come from one series, at issue."""

    code = "invoice_number_conflict"
    message = N_(
        "An invoice gets the next number of its series on issue. The number can’t be chosen."
    )


class NumberIsNotNext(InvoiceNumberConflict):
    """The named number is not the next one."""

    message = N_(
        "This is not the next number of its year. Create the invoice as a draft; it gets the"
        " right number on issue."
    )


class InvoiceNotSendable(Conflict):
    """A draft or a void invoice cannot be sent."""

    code = "invoice_not_sendable"
    message = N_("Only an issued invoice that is not void can be sent.")


class InvoiceNotDraft(Conflict):
    """The invoice is issued already."""

    code = "invoice_not_draft"
    message = N_("This invoice is already issued.")


class FormerNumberTaken(Conflict):
    """An invoice with this former number was imported."""

    code = "former_number_taken"
    message = N_("An invoice with this number is already imported.")
