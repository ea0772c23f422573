"""Conditions of decisions and edits: role of the user, status and time limit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from voyagent.approvals.models import Approval
from voyagent.approvals.service import effects
from voyagent.approvals.service.effects import Effect
from voyagent.approvals.service.errors import ApprovalAlreadyResolved, ApprovalOverdue
from voyagent.audit.service import recording as audit
from voyagent.chat.queries.sessions import topic
from voyagent.identity.queries import people as identity
from voyagent.kernel import events
from voyagent.kernel.actor import Actor, Channel, system_actor
from voyagent.kernel.database.reauthentication import authenticate_again
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden, Unauthorized
from voyagent.kernel.metrics import after_commit, meters
from voyagent.settings import queries as settings

NOW = func.clock_timestamp()
RESOLVE = "approval.resolve"


def authenticate_reviewer(actor: Actor) -> Actor:
    """Authenticate the caller of a decision or an edit again.

    Call this function after the locks, for which many requests can wait, and after the dry runs,
    which take time. Without this check, the requests of a person who was removed meanwhile, or of a
    revoked key, would still be carried out. The returned actor has the present role.

    Raises Unauthorized, Forbidden.
    """
    present = authenticate_again(actor)
    present.require(RESOLVE)
    settings.forget()
    return present


def check_state(actor: Actor, approval: Approval) -> Effect | None:
    """Return the act of a pending proposal if the user's role may decide it.

    The result is None if the act of the proposal is not registered.

    Raises:
        Forbidden: the role may not decide the proposal.
        ApprovalAlreadyResolved: the proposal is not pending.
        ApprovalOverdue: the time limit is over. The expiry is stored.
    """
    effect = check_role(actor, approval)
    if is_overdue(approval):
        expire(Approval.id == approval.id)
        raise ApprovalOverdue
    return effect


def check_role(actor: Actor, approval: Approval) -> Effect | None:
    """Return the act as `check_state` does, but do not check the time limit.

    Raises Forbidden, ApprovalAlreadyResolved.
    """
    effect = effects.find(approval.tool_name)
    if effect is not None and actor.role not in effect.approver_roles:
        raise Forbidden
    if approval.status != "pending":
        raise ApprovalAlreadyResolved
    return effect


def is_overdue(approval: Approval) -> bool:
    """Return True if the proposal's time limit is over by the database's clock."""
    return approval.status == "pending" and bool(
        db.session.scalar(select(Approval.expires_at <= NOW).where(Approval.id == approval.id))
    )


def expire(which: ColumnElement[bool]) -> int:
    """Store the expiry of overdue pending proposals, and return their number.

    `which` is an SQL condition that restricts the proposals.
    """
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
            inputs={"tool_name": one.tool_name},
            private={"summary": one.summary},
        )
    notify_followers(*{one.session_id for one in expired})
    if expired:
        after_commit(db.session, lambda: meters().decisions.labels("expired").inc(len(expired)))
    return len(expired)


def notify_followers(*session_ids: UUID) -> None:
    """Notify the clients that show these conversations, after the commit."""
    for session_id in session_ids:
        events.notify(topic(session_id))


def person_of(user_id: UUID | None) -> Actor | None:
    """Return an actor that acts for a user through the assistant, or None.

    The actor has the user's present permissions. The result is None if the user is not active.
    """
    if user_id is None:
        return None
    try:
        return identity.get_actor(user_id).via(Channel.ASSISTANT)
    except Unauthorized:
        return None


def refs_of(approval: Approval) -> dict[str, str]:
    """Return the ids that the audit events of a proposal refer to, by name."""
    return {"approval_id": approval.id, "session_id": str(approval.session_id)}
