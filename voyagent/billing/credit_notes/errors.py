"""Errors of credit notes."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class CreditNoteNotFound(NotFound):
    """The agency has no credit note with this id."""

    code = "credit_note_not_found"
    message = N_("We could not find that credit note.")


class CreditNoteReversed(Conflict):
    """The credit note is already reversed; a reversal is final."""

    code = "credit_note_reversed"
    message = N_("This credit note is already reversed.")
