"""Errors of credit notes."""

from __future__ import annotations

from voyagent.kernel.errors import N_, NotFound


class CreditNoteNotFound(NotFound):
    """The agency has no credit note with this id."""

    code = "credit_note_not_found"
    message = N_("We could not find that credit note.")
