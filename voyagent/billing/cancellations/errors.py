"""Errors of cancellations."""

from __future__ import annotations

from voyagent.kernel.errors import N_, Conflict, NotFound, Unprocessable


class CancellationNotFound(NotFound):
    """The agency has no cancellation with this id."""

    code = "cancellation_not_found"
    message = N_("We could not find that cancellation.")


class PreviewStale(Conflict):
    """The cancellation would not do what its preview said."""

    code = "preview_stale"
    message = N_(
        "The effect of this cancellation has changed. Check the preview and send it again."
    )


class NothingToCancel(Conflict):
    """The invoices have nothing that is neither credited nor kept."""

    code = "nothing_to_cancel"
    message = N_("Nothing is left to cancel: all of it is credited or kept already.")


class CancelledTogether(Conflict):
    """The invoices have different customers or currencies."""

    code = "cancelled_together"
    message = N_(
        "One cancellation is for one customer and one currency. Cancel each invoice by itself."
    )


class KeptExceedsLine(Unprocessable):
    """The amount to keep is more than what is not credited yet of the line."""

    code = "kept_exceeds_line"
    message = N_("You can’t keep more of a line than what is not credited yet.")


class ChargeExceedsLine(Unprocessable):
    """A supplier keeps more than what is not credited yet of the line."""

    code = "charge_exceeds_line"
    message = N_("A supplier can’t keep more of a line than what is not credited yet.")


class NothingToPayBack(Conflict):
    """The cancellation leaves the customer no credit that could be paid back."""

    code = "nothing_to_pay_back"
    message = N_("The cancellation leaves the customer no credit to pay back.")
