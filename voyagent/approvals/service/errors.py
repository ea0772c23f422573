"""Errors of proposals, edits, decisions and execution."""

from __future__ import annotations

from voyagent.kernel.errors import (
    N_,
    Conflict,
    Forbidden,
    PreconditionFailed,
    Unprocessable,
    VoyagentError,
)


class ApprovalAlreadyResolved(Conflict):
    """The proposal is decided or expired."""

    code = "approval_already_resolved"
    message = N_("This request was already decided or has expired.")


class ApprovalOverdue(ApprovalAlreadyResolved):
    """The proposal has expired, which is stored."""

    keeps_work = True


class SelfApproval(Forbidden):
    """The requester's own approval, although a colleague could approve."""

    code = "self_approval"
    message = N_("You can’t approve your own request. Ask a colleague who can approve it.")


class PreviewStale(Conflict):
    """The consequences differ from those shown; a new proposal was stored."""

    code = "preview_stale"
    message = N_(
        "The figures changed after you opened this request. Review the new request and decide"
        " again."
    )
    keeps_work = True


class ShownChanged(PreconditionFailed):
    """The proposal has changed since the caller read it."""

    code = "preview_stale"
    message = N_("This request was edited after you opened it. Review it again, then decide.")


class NotEditable(Conflict):
    """The tool's arguments cannot be edited."""

    code = "approval_not_editable"
    message = N_(
        "This request can’t be edited. Decline it with a reason, and the assistant can ask again."
    )


class ArgumentsInvalid(Unprocessable):
    """Edited arguments that the tool's schema refuses; `items` are as for a body."""

    code = "invalid_arguments"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, items: list[dict[str, object]]) -> None:
        super().__init__()
        self.items = items


class EditRefused(Unprocessable):
    """Edited arguments that a rule refuses; code and sentence are the rule's."""

    code = "edit_refused"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.message = sentence  # type: ignore[misc]  # each refusal of a rule has its own


class WouldBeRefused(Conflict):
    """A proposal that a rule would refuse now; code and sentence are the rule's."""

    code = "would_be_refused"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__()
        self.code, self.message = code, sentence  # type: ignore[misc]  # each refusal of a rule has its own


class RequesterGone(VoyagentError):
    """The requester is no longer in the agency."""

    code = "requester_unknown"
    message = N_("The requester has left the agency.")


class ToolUnknown(VoyagentError):
    """No effect is registered for the tool."""

    code = "tool_unknown"
    message = N_("This action is no longer supported.")


class ArgumentsChanged(VoyagentError):
    """The stored arguments do not match their hash."""

    code = "arguments_changed"
    message = N_("The stored request differs from the proposal, so nothing was done.")
