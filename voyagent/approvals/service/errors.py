"""The ways in which proposing, editing, deciding and carrying out are refused."""

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
    """Somebody has decided, or the fifteen minutes are over."""

    code = "approval_already_resolved"
    message = N_("This request was already decided or has expired.")


class ApprovalOverdue(ApprovalAlreadyResolved):
    """The fifteen minutes are over; that it expired is kept."""

    keeps_work = True


class SelfApproval(Forbidden):
    """Granting one's own request where a colleague could."""

    code = "self_approval"
    message = N_("You can’t approve your own request. Ask a colleague who can approve it.")


class PreviewStale(Conflict):
    """What granting would change is no longer what was shown.

    That a fresh request has taken the old one's place is kept.
    """

    code = "preview_stale"
    message = N_(
        "The figures changed after you opened this request. Review the new request and decide"
        " again."
    )
    keeps_work = True


class ShownChanged(PreconditionFailed):
    """The caller has seen another state of the request than the one that stands."""

    code = "preview_stale"
    message = N_("This request was edited after you opened it. Review it again, then decide.")


class NotEditable(Conflict):
    """A tool whose arguments nobody can edit, since no schema reads them."""

    code = "approval_not_editable"
    message = N_(
        "This request can’t be edited. Decline it with a reason, and the assistant can ask again."
    )


class ArgumentsInvalid(Unprocessable):
    """Edited arguments that the tool's schema does not take; `items` say which, as for a body."""

    code = "invalid_arguments"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, items: list[dict[str, object]]) -> None:
        super().__init__()
        self.items = items


class EditRefused(Unprocessable):
    """Edited arguments that a rule refuses as things stand; the code and the sentence are the
    rule's.
    """

    code = "edit_refused"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.message = sentence  # type: ignore[misc]  # each refusal of a rule has its own


class WouldBeRefused(Conflict):
    """What is asked for as a rule would refuse it, as things stand; the code and the sentence are
    the rule's.
    """

    code = "would_be_refused"
    message = N_("Some values are not valid. Check them and try again.")

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__()
        self.code, self.message = code, sentence  # type: ignore[misc]  # each refusal of a rule has its own


class RequesterGone(VoyagentError):
    """Nobody stands behind a proposal any more."""

    code = "requester_unknown"
    message = N_("The requester has left the agency.")


class ToolUnknown(VoyagentError):
    """No effect is registered for the tool."""

    code = "tool_unknown"
    message = N_("This action is no longer supported.")


class ArgumentsChanged(VoyagentError):
    """The stored arguments are not those that were hashed."""

    code = "arguments_changed"
    message = N_("The stored request differs from the proposal, so nothing was done.")
