"""Errors of write-offs."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound


class WriteOffNotFound(NotFound):
    """There is no write-off with this id, or it belongs to another invoice."""

    code = "write_off_not_found"
    message = N_("We could not find that write-off.")


class WriteOffExceedsOpen(Conflict):
    """The amount to write off exceeds the open amount."""

    code = "write_off_exceeds_open"
    message = N_("This is more than the amount due on this invoice.")


class WriteOffTakenBack(Conflict):
    """The write-off is already reversed, or it is itself a reversal."""

    code = "write_off_taken_back"
    message = N_("This write-off is already reversed.")


class WriteOffRequested(Conflict):
    """A request to write off the invoice is pending."""

    code = "write_off_requested"
    message = N_(
        "A write-off of this invoice is already waiting for approval. Decide that request first."
    )
