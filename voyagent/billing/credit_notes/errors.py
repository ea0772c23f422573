"""Errors of credit notes."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class CreditNoteNotFound(NotFound):
    """No such credit note in the agency."""

    code = "credit_note_not_found"
    message = N_("We could not find that credit note.")


class CreditNoteReversed(Conflict):
    """A credit note is reversed once, and its reversal is final."""

    code = "credit_note_reversed"
    message = N_("This credit note is already reversed.")
