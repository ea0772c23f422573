"""The only place that runs a capability: permission, policy, then the act or a proposal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from voyagent.approvals import queries as approval_queries, service as approvals
from voyagent.approvals.service.effects import Approval
from voyagent.audit.service import recording as audit
from voyagent.capabilities.capability import Capability, Invocation, JsonObject, Policy
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import spoken
from voyagent.kernel.outbound import OutboundCall


class NotPermitted(Forbidden):
    """The role, or the scopes of an API key, do not reach the capability.

    The audit event of the refusal is kept; the sentence is that of the refusal.
    """

    keeps_work = True

    def __init__(self, refusal: Forbidden) -> None:
        super().__init__()
        self.message = refusal.message  # type: ignore[misc]  # role and key have one each


@dataclass(frozen=True, slots=True)
class Proposed:
    """A stored proposal that waits for a person's decision, and its conversation."""

    approval_id: str
    summary: str
    session_id: UUID


def execute(
    capability: Capability[Any], call: Invocation, wanted: BaseModel
) -> JsonObject | OutboundCall[JsonObject] | Proposed:
    """Run the capability, or store a proposal if approval is required.

    Somebody whose role may act without a grant (`Actor.may_act_directly`) acts at once. An act
    that asks an outside system returns an outbound call, which the caller runs without an open
    transaction.

    Raises NotPermitted, the errors of the service, and WouldBeRefused for a proposal that a rule
    would refuse.
    """
    require_permission(capability, call)
    policy = capability.policy(call, wanted) if capability.policy else Policy()
    if capability.approval == "required" and not call.actor.may_act_directly(capability.permission):
        return _propose(capability, call, wanted, policy)
    return capability.run(call, wanted)


def may_use(capability: Capability[Any], actor: Actor) -> bool:
    """True if the actor may run the capability, or propose it if approval is required."""
    return actor.can(capability.permission) and (
        capability.approval != "required"
        or actor.may_act_directly(capability.permission)
        or actor.can("tool.propose")
    )


def require_permission(capability: Capability[Any], call: Invocation) -> None:
    """Require the permission of the capability; a refusal is audited under its name.

    `execute` calls it first. Whoever undoes the work of a refused call with a savepoint calls it
    before the savepoint, so that the event stays. Raises NotPermitted.
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


def summary_of(capability: Capability[Any], call: Invocation, wanted: BaseModel) -> str:
    """Return the proposal in one line, such as “Issue the invoice for Deepa, INR 45,000.00”.

    Raises the errors of the policy and the preview: nobody is asked for an impossible act.
    """
    policy = capability.policy(call, wanted) if capability.policy else Policy()
    return _line(capability, call, wanted, policy)


def _propose(
    capability: Capability[Any], call: Invocation, wanted: BaseModel, policy: Policy
) -> Proposed:
    approval = approvals.propose(
        call.actor,
        session_id=call.session_id,
        turn_id=call.turn_id,
        tool_call_id=call.call_id or f"{approval_queries.PAGE_CALL}{new_id()}",
        tool_name=capability.name,
        arguments=wanted.model_dump(mode="json", exclude_none=True),
        summary=_line(capability, call, wanted, policy),
        if_it_stands=True,
    )
    if call.turn_id is None:
        _show_in_conversation(call.actor, approval)
    return Proposed(approval.id, approval.summary, approval.session_id)


def _show_in_conversation(actor: Actor, approval: Approval) -> None:
    """Add the request to the messages; within a turn the assistant's message shows it."""
    request = {
        "type": "approval",
        "approval_id": approval.id,
        "tool_name": approval.tool_name,
        "summary": approval.summary,
    }
    chat.append_message(actor, approval.session_id, role="system", blocks=[request])


def _line(capability: Capability[Any], call: Invocation, wanted: BaseModel, policy: Policy) -> str:
    described = capability.preview(call, wanted) if capability.preview else {}
    title = str(described.get("title") or capability.title)
    if not policy.amounts:
        return title
    return f"{title}, {spoken(policy.amounts[0].wire, policy.amounts[0].currency)}"
