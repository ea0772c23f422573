"""Errors that making, editing, deciding and carrying out proposals raise."""

from __future__ import annotations

from voyagent.kernel.errors import (
    N_,
    Conflict,
    Forbidden,
    PreconditionFailed,
    Unavailable,
    Unprocessable,
    VoyagentError,
)
from voyagent.settings.queries import AmountAboveLimit


class ApprovalAlreadyResolved(Conflict):
    """The proposal is already decided or has expired."""

    code = "approval_already_resolved"
    message = N_("This request was already decided or has expired.")


class ApprovalOverdue(ApprovalAlreadyResolved):
    """The time limit of the proposal is over; the expiry was stored."""

    keeps_work = True


class AmountUnknown(AmountAboveLimit):
    """The amount of the act is unknown, and the person's role has a limit."""

    message = N_(
        "The amount isn’t known in advance, so this counts as above your approval limit. Ask a"
        " colleague without a limit."
    )


class SelfApproval(Forbidden):
    """The requester or an editor may not approve, because another user could do so."""

    code = "self_approval"
    message = N_(
        "You can’t approve what you requested or changed yourself. Ask a colleague who can approve"
        " it."
    )


class PreviewStale(Conflict):
    """The consequences of the act differ from the preview that was shown.

    Also raised if the caller does not name the version of a proposal that was edited. A new
    proposal with the present preview was stored in place of the old one.
    """

    code = "preview_stale"
    message = N_(
        "The figures changed after you opened this request. Review the new request and decide"
        " again."
    )
    keeps_work = True


class ChangedSinceApproval(Conflict):
    """The act would not match its preview, because records were changed meanwhile."""

    code = "changed_since_approval"
    message = N_(
        "The records were changed after the approval, so nothing was done. Ask for the action again"
        " and review it."
    )


class ShownChanged(PreconditionFailed):
    """The proposal has changed since the caller read it."""

    code = "preview_stale"
    message = N_("This request was edited after you opened it. Review it again, then decide.")


class DecisionsBusy(Unavailable):
    """Other decisions of several proposals are being made; nothing was decided."""

    code = "decisions_busy"
    message = N_(
        "Other requests are being decided at the moment, so nothing was decided. Try again in a"
        " moment."
    )


class DecisionTimedOut(Unavailable):
    """A decision or a preview took longer than allowed; nothing was decided."""

    code = "decision_timed_out"
    message = N_(
        "The consequences took too long to calculate, so nothing was decided. Try again in a"
        " moment, with fewer requests at a time."
    )


class NotEditable(Conflict):
    """The arguments of this act cannot be edited."""

    code = "approval_not_editable"
    message = N_(
        "This request can’t be edited. Decline it with a reason, and the assistant can ask again."
    )


class ArgumentsInvalid(Unprocessable):
    """The edited arguments do not match the schema of the act.

    `items` are the errors, in the same format as for an invalid request body.
    """

    code = "invalid_arguments"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, items: list[dict[str, object]]) -> None:
        super().__init__()
        self.items = items


class EditRefused(Unprocessable):
    """A rule refuses the edited arguments; code and message are the rule's."""

    code = "edit_refused"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.message = sentence  # type: ignore[misc]  # each rule has its own class


class WouldBeRefused(Conflict):
    """A rule would refuse the act if it ran now; code and message are the rule's."""

    code = "would_be_refused"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code, self.message = code, sentence  # type: ignore[misc]  # each rule has its own class


class PreviewMissing(Conflict):
    """The consequences of the act could not be calculated, so nobody has seen them."""

    code = "preview_missing"
    message = N_(
        "The consequences of this request can’t be calculated, so nothing was done. Ask for the"
        " action again."
    )


class RequesterGone(Conflict):
    """The requester is not an active user of the agency, so the act has no preview."""

    code = "requester_unknown"
    message = N_(
        "The requester has no access to the agency at the moment, so nothing was done. Ask a"
        " colleague to request it again."
    )


class ToolUnknown(VoyagentError):
    """No act is registered under the name in the proposal."""

    code = "tool_unknown"
    message = N_("This action is no longer supported.")


class ArgumentsChanged(VoyagentError):
    """The stored arguments do not match their hash."""

    code = "arguments_changed"
    message = N_("The stored request differs from the proposal, so nothing was done.")
