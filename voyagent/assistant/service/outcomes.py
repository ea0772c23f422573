"""Outcomes of calls, and the events for them."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext

from voyagent.assistant.rules.arguments import ArgumentsRefused
from voyagent.assistant.rules.moves import Call, Outcome
from voyagent.audit.service import recording as audit
from voyagent.kernel.errors import N_, Conflict, VoyagentError
from voyagent.kernel.json_values import JsonObject


class GrantedBefore(Conflict):
    """A regenerated turn repeats a proposal that was approved in the replaced turn."""

    code = "granted_before"
    message = N_(
        "This was already approved in the answer that was replaced, so it is not requested again."
        " Describe any change in a new message."
    )


def settled(settle: Callable[[], JsonObject]) -> Outcome:
    """Call `settle`, which stores the result of an outbound call; return the outcome.

    If a rule refuses the result, the changes of `settle` are rolled back.
    """
    try:
        with audit.savepoint():
            return Outcome(settle())
    except VoyagentError as refusal:
        return refused(refusal)


def refused(refusal: VoyagentError) -> Outcome:
    """Return the outcome of a refused call."""
    message = (
        refusal.full_message if isinstance(refusal, ArgumentsRefused) else gettext(refusal.message)
    )
    return Outcome(error=refusal.code, message=message)


def outcome_event(
    call: Call, call_id: str, outcome: Outcome, summary: str
) -> tuple[str, JsonObject]:
    """Return the kind and the fields of the event for an outcome."""
    fields: JsonObject = {"tool_name": call.tool, "tool_call_id": call_id}
    if outcome.approval_id is not None:
        return "approval_request", fields | {
            "approval_id": outcome.approval_id,
            "approval_summary": summary,
        }
    return "tool_result", fields | {"tool_output": output_of(outcome)}


def output_of(outcome: Outcome) -> JsonObject:
    """Return the output of a call, or code and message of its refusal."""
    return (
        outcome.output
        if outcome.error is None
        else {"error": outcome.error, "message": outcome.message}
    )
