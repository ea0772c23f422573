"""What came of a tool: as an outcome that is kept, and as the event that tells of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext

from voyagent.assistant.planner.moves import Call, Outcome
from voyagent.assistant.tools.registry import ArgumentsRefused
from voyagent.audit import service as audit
from voyagent.capabilities.capability import JsonObject
from voyagent.kernel.errors import N_, Conflict, VoyagentError


class GrantedBefore(Conflict):
    """Asked again, or in other words, a turn does not ask once more for what somebody has granted
    in the answer whose place it took.
    """

    code = "granted_before"
    message = N_(
        "This was already approved in the answer that was replaced, so it is not requested again."
        " Describe any change in a new message."
    )


def settled(settle: Callable[[], JsonObject]) -> Outcome:
    """What came of an outbound call; a refusal undoes what settling it has written and nothing else."""
    try:
        with audit.savepoint():
            return Outcome(settle())
    except VoyagentError as refusal:
        return refused(refusal)


def refused(refusal: VoyagentError) -> Outcome:
    """A refusal, as the assistant is told of it."""
    told = refusal.told if isinstance(refusal, ArgumentsRefused) else gettext(refusal.message)
    return Outcome(error=refusal.code, message=told)


def outcome_event(
    call: Call, call_id: str, outcome: Outcome, summary: str
) -> tuple[str, dict[str, Any]]:
    """The event that tells of an outcome."""
    fields: dict[str, Any] = {"tool_name": call.tool, "tool_call_id": call_id}
    if outcome.approval_id is not None:
        return "approval_request", fields | {
            "approval_id": outcome.approval_id,
            "approval_summary": summary,
        }
    return "tool_result", fields | {"tool_output": output_of(outcome)}


def output_of(outcome: Outcome) -> dict[str, Any]:
    """What a tool gave, or its refusal in a code and a sentence."""
    return (
        outcome.output
        if outcome.error is None
        else {"error": outcome.error, "message": outcome.message}
    )
