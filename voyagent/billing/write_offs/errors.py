"""Errors of write-offs."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class WriteOffNotFound(NotFound):
    """No such write-off of this invoice."""

    code = "write_off_not_found"
    message = N_("We could not find that write-off.")


class WriteOffExceedsOpen(Conflict):
    """The amount exceeds what is open."""

    code = "write_off_exceeds_open"
    message = N_("This is more than the amount due on this invoice.")


class WriteOffTakenBack(Conflict):
    """A write-off is reversed once, and its reversal is final."""

    code = "write_off_taken_back"
    message = N_("This write-off is already reversed.")


class WriteOffRequested(Conflict):
    """A write-off of the invoice is requested and undecided."""

    code = "write_off_requested"
    message = N_(
        "A write-off of this invoice is already waiting for approval. Decide that request first."
    )
