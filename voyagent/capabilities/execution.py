"""Execution of capabilities, after a check of the permission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from voyagent.approvals import queries as approval_queries
from voyagent.approvals.service import proposing
from voyagent.approvals.service.effects import Approval
from voyagent.audit.service import recording as audit
from voyagent.capabilities.capability import Capability, Invocation, Policy
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import spoken
from voyagent.kernel.outbound import OutboundCall


class NotPermitted(Forbidden):
    """The role or the scopes of the API key do not allow the capability.

    Although an error is raised, the audit event of the refusal is committed.
    """

    keeps_work = True

    def __init__(self, refusal: Forbidden) -> None:
        super().__init__()
        self.message = refusal.message  # type: ignore[misc]  # one message for the role, one for the API key


@dataclass(frozen=True, slots=True)
class Proposed:
    """A stored proposal that waits for a decision, and its conversation."""

    approval_id: str
    summary: str
    session_id: UUID


def execute(
    capability: Capability[Any], call: Invocation, inputs: BaseModel
) -> JsonObject | OutboundCall[JsonObject] | Proposed:
    """Run a capability, or store a proposal if approval is required.

    If the user's role may act without approval (`Actor.may_act_directly`), the capability runs at
    once. A capability that calls an outside system returns an outbound call, which the caller must
    run without an open transaction.

    Raises NotPermitted, the errors of the service, and WouldBeRefused for a proposal that a rule
    would refuse.
    """
    require_permission(capability, call)
    policy = capability.policy(call, inputs) if capability.policy else Policy()
    if needs_approval(capability, call, inputs):
        return _propose(capability, call, inputs, policy)
    return capability.run(call, inputs)


def needs_approval(capability: Capability[Any], call: Invocation, inputs: BaseModel) -> bool:
    """Return True if this call must be a proposal, for this actor and this input.

    Raises the errors of `Capability.needs_approval`.
    """
    if call.actor.may_act_directly(capability.permission):
        return False
    if capability.needs_approval is not None:
        return capability.needs_approval(call, inputs)
    return capability.approval == "required"


def may_use(capability: Capability[Any], actor: Actor) -> bool:
    """Return True if the actor may run or propose the capability."""
    return actor.can(capability.permission) and (
        capability.approval != "required"
        or actor.may_act_directly(capability.permission)
        or actor.can("tool.propose")
    )


def require_permission(capability: Capability[Any], call: Invocation) -> None:
    """Check the permission of a capability, and record a refusal in the audit log.

    A caller that rolls a refused call back to a savepoint must call this function before it makes
    the savepoint. Otherwise the audit event would be lost. Raises NotPermitted.
    """
    try:
        call.actor.require(capability.permission)
    except Forbidden as refusal:
        audit.record(
            call.actor,
            capability.name,
            status="rejected",
            error=refusal.code,
            entity_refs={"session_id": call.session_id} if call.session_id else {},
            inputs={"turn_id": call.turn_id} if call.turn_id else {},
        )
        raise NotPermitted(refusal) from None


def summary_of(capability: Capability[Any], call: Invocation, inputs: BaseModel) -> str:
    """Return a proposal as one line: “Issue the invoice for Deepa, INR 45,000.00”.

    Raises the errors of `policy` and `preview`.
    """
    policy = capability.policy(call, inputs) if capability.policy else Policy()
    return _line(capability, call, inputs, policy)


def _propose(
    capability: Capability[Any], call: Invocation, inputs: BaseModel, policy: Policy
) -> Proposed:
    approval = proposing.propose(
        call.actor,
        session_id=call.session_id,
        turn_id=call.turn_id,
        tool_call_id=call.call_id or f"{approval_queries.PAGE_CALL}{new_id()}",
        tool_name=capability.name,
        arguments=inputs.model_dump(mode="json", exclude_none=True),
        summary=_line(capability, call, inputs, policy),
        if_it_stands=True,
    )
    if call.turn_id is None:
        _show_in_conversation(call.actor, approval)
    return Proposed(approval.id, approval.summary, approval.session_id)


def _show_in_conversation(actor: Actor, approval: Approval) -> None:
    """Add the proposal to its conversation as a message."""
    request = {
        "type": "approval",
        "approval_id": approval.id,
        "tool_name": approval.tool_name,
        "summary": approval.summary,
    }
    chat.append_message(actor, approval.session_id, role="system", blocks=[request])


def _line(capability: Capability[Any], call: Invocation, inputs: BaseModel, policy: Policy) -> str:
    described = capability.preview(call, inputs) if capability.preview else {}
    title = str(described.get("title") or capability.title)
    if not policy.amounts:
        return title
    return f"{title}, {spoken(policy.amounts[0].wire, policy.amounts[0].currency)}"
