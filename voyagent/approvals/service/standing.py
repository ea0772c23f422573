"""What deciding and editing ask first of a proposal: whose it is, whether the role fits, whether it
can still be decided.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from voyagent.approvals import effects
from voyagent.approvals.effects import Effect
from voyagent.approvals.models import Approval
from voyagent.approvals.service.errors import ApprovalAlreadyResolved, ApprovalOverdue
from voyagent.audit import service as audit
from voyagent.chat.queries import topic
from voyagent.identity import queries as identity
from voyagent.kernel import events
from voyagent.kernel.actor import Actor, Channel, system_actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden, Unauthorized
from voyagent.kernel.metrics import after_commit, meters

NOW = func.clock_timestamp()


def check_state(actor: Actor, approval: Approval) -> Effect | None:
    """The tool's effect, once the role is one that it names and nobody has decided.

    Raises Forbidden, ApprovalAlreadyResolved; ApprovalOverdue where the time is over, which is then
    written down.
    """
    effect = effects.find(approval.tool_name)
    if effect is not None and actor.role not in effect.approver_roles:
        raise Forbidden
    if approval.status != "pending":
        raise ApprovalAlreadyResolved
    if is_overdue(approval):
        expire(Approval.id == approval.id)
        raise ApprovalOverdue
    return effect


def is_overdue(approval: Approval) -> bool:
    """Whether the fifteen minutes are over, by the database's clock."""
    return approval.status == "pending" and bool(
        db.session.scalar(select(Approval.expires_at <= NOW).where(Approval.id == approval.id))
    )


def expire(which: Any) -> int:
    """Write down which of the pending proposals have run out of time; how many."""
    expired = db.session.execute(
        update(Approval)
        .where(which, Approval.status == "pending", Approval.expires_at <= NOW)
        .values(status="expired")
        .returning(
            Approval.tenant_id,
            Approval.id,
            Approval.session_id,
            Approval.tool_name,
            Approval.summary,
        )
        .execution_options(synchronize_session=False)
    ).all()
    for one in expired:
        refs = {"approval_id": one.id, "session_id": str(one.session_id)}
        audit.record(
            system_actor(one.tenant_id),
            "proposal.expired",
            entity_refs=refs,
            inputs={"tool_name": one.tool_name, "summary": one.summary},
        )
    ring(*{one.session_id for one in expired})
    if expired:
        after_commit(db.session, lambda: meters().decisions.labels("expired").inc(len(expired)))
    return len(expired)


def ring(*session_ids: UUID) -> None:
    """Have whoever follows these conversations look at their proposals again, once this transaction
    has committed.
    """
    for session_id in session_ids:
        events.notify(topic(session_id))


def person_of(user_id: UUID | None) -> Actor | None:
    """A person for whom the assistant acts, with her present rights; None where she is gone."""
    if user_id is None:
        return None
    try:
        return identity.get_actor(user_id).via(Channel.ASSISTANT)
    except Unauthorized:
        return None


def refs_of(approval: Approval) -> dict[str, str]:
    """What the audit names a proposal by."""
    return {"approval_id": approval.id, "session_id": str(approval.session_id)}
