"""The only place that runs a capability: permission, policy, then the act or a proposal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from voyagent.approvals import service as approvals
from voyagent.capabilities.capability import Capability, Invocation, JsonObject, Policy
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import spoken
from voyagent.kernel.outbound import OutboundCall


@dataclass(frozen=True, slots=True)
class Proposed:
    """A stored proposal that waits for a person's decision."""

    approval_id: str
    summary: str


def execute(
    capability: Capability[Any], call: Invocation, wanted: BaseModel
) -> JsonObject | OutboundCall[JsonObject] | Proposed:
    """Run the capability, or store a proposal if approval is required.

    An act that asks an outside system returns an outbound call, which the caller runs without an
    open transaction.

    Raises Forbidden, the errors of the service, and WouldBeRefused for a proposal that a rule
    would refuse.
    """
    call.actor.require(capability.permission)
    policy = capability.policy(call, wanted) if capability.policy else Policy()
    if capability.approval == "required":
        return _propose(capability, call, wanted, policy)
    return capability.run(call, wanted)


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
        tool_call_id=call.call_id or str(new_id()),
        tool_name=capability.name,
        arguments=wanted.model_dump(mode="json", exclude_none=True),
        summary=_line(capability, call, wanted, policy),
        if_it_stands=True,
    )
    return Proposed(approval.id, approval.summary)


def _line(capability: Capability[Any], call: Invocation, wanted: BaseModel, policy: Policy) -> str:
    described = capability.preview(call, wanted) if capability.preview else {}
    title = str(described.get("title") or capability.title)
    if not policy.amounts:
        return title
    return f"{title}, {spoken(policy.amounts[0].wire, policy.amounts[0].currency)}"
