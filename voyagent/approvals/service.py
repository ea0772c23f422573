"""Proposing, deciding, carrying out: only a stored proposal can be granted, one decision wins, and its effect happens once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from voyagent.approvals import effects, queries
from voyagent.approvals.effects import Description, Effect
from voyagent.approvals.models import Approval
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.audit import service as audit
from voyagent.chat import queries as chat_queries, service as chat
from voyagent.identity import queries as identity
from voyagent.kernel import jobs
from voyagent.kernel.actor import Actor, Channel, system_actor
from voyagent.kernel.canonical import digest
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict, Forbidden, Unauthorized, VoyagentError
from voyagent.kernel.metrics import after_commit, meters
from voyagent.settings import queries as settings

log = structlog.get_logger(__name__)
EFFECT_TASK = "approvals.run_effect"
SUMMARY_MAX = 1024
TITLE_MAX = 60
_NOW = func.clock_timestamp()


class ApprovalAlreadyResolved(Conflict):
    """Somebody has decided, or the fifteen minutes are over."""

    code = "approval_already_resolved"
    message = N_("This request has been decided already, or its time is over.")


class ApprovalOverdue(ApprovalAlreadyResolved):
    """The fifteen minutes are over; that it expired is kept."""

    keeps_work = True


class SelfApproval(Forbidden):
    """Granting one's own request where a colleague could."""

    code = "self_approval"
    message = N_("You asked for this yourself. A colleague who may grant it has to decide.")


class RequesterGone(VoyagentError):
    """Nobody stands behind a proposal any more."""

    code = "requester_unknown"
    message = N_("Whoever asked for this is no longer with the agency.")


class ToolUnknown(VoyagentError):
    """No effect is registered for the tool."""

    code = "tool_unknown"
    message = N_("This program does not know how to do that any more.")


class ArgumentsChanged(VoyagentError):
    """The stored arguments are not those that were hashed."""

    code = "arguments_changed"
    message = N_("What is stored is not what was proposed, so nothing was done.")


def propose(
    actor: Actor, *, session_id: UUID | None, turn_id: str | None, tool_call_id: str, tool_name: str, arguments: dict[str, Any], summary: str
) -> Approval:
    """Ask for a person's grant; called by our code only, never at a client's or a model's word.

    The same call proposed again (a turn that was taken over) is the same proposal; other arguments are another. Without a conversation it gets one of its own.
    Raises Forbidden, SessionNotFound.
    """
    actor.require("tool.propose")
    words = summary.strip()[:SUMMARY_MAX] or tool_name
    session = chat_queries.get_session(session_id, lock=True) if session_id is not None else chat.create_session(actor, title=words[:TITLE_MAX])
    hashed = digest(arguments)
    known = _proposed_before(session.id, turn_id, tool_call_id, hashed)
    if known is not None:
        return known
    approval = Approval(
        session_id=session.id,
        turn_id=turn_id,
        tool_call_id=tool_call_id,
        tool_name=tool_name,
        summary=words,
        payload=arguments,
        arguments_hash=hashed,
        requested_by_user_id=actor.user_id,
    )
    db.session.add(approval)
    db.session.flush()
    db.session.refresh(approval)
    audit.record(
        actor,
        "proposal.made",
        entity_refs=_refs(approval),
        inputs={"tool_name": tool_name, "arguments": arguments, "arguments_hash": hashed, "summary": words},
    )
    return approval


def resolve(actor: Actor, approval_id: str, *, granted: bool, reason: str | None = None) -> Approval:
    """Grant or reject a proposal; one decision wins.

    In this order raises Forbidden (`viewer`), ApprovalNotFound, Forbidden (a role that the tool does not name), ApprovalAlreadyResolved (an overdue
    one expires), SelfApproval. From the API contract.
    """
    actor.require("approval.resolve")
    approval = queries.get_approval(approval_id)
    return _decide(actor, approval, granted=granted, reason=reason)


def resolve_all(actor: Actor, session_id: UUID, decisions: Mapping[str, bool]) -> list[Approval]:
    """Decide several proposals of a conversation, all or none; the same decision on one that has it already is no error.

    Returns those that were decided now, in the order given. Raises as `resolve`; ApprovalNotFound for another conversation's too.
    """
    actor.require("approval.resolve")
    chat_queries.get_session(session_id, lock=True)
    found = [(queries.get_approval(approval_id), granted) for approval_id, granted in decisions.items()]
    if any(approval.session_id != session_id for approval, _ in found):
        raise ApprovalNotFound
    wanted = [(approval, granted) for approval, granted in found if approval.status != ("granted" if granted else "rejected")]
    for approval, granted in wanted:
        _check(actor, approval, granted=granted)
        if _is_overdue(approval):
            raise ApprovalAlreadyResolved  # not ApprovalOverdue: nothing at all is kept
    return [_decide(actor, approval, granted=granted, reason=None) for approval, granted in wanted]


def may_decide(actor: Actor, approval: Approval) -> bool:
    """Whether the person's role could decide it, for the page's buttons; `resolve` has the word."""
    effect = effects.find(approval.tool_name)
    return actor.can("approval.resolve") and (effect is None or actor.role in effect.approver_roles)


def needs_another(actor: Actor, approval: Approval) -> bool:
    """Whether four eyes are asked for and this person's are not enough: her own request, about money, and a colleague could grant it."""
    effect = effects.find(approval.tool_name)
    if effect is None or not effect.money or approval.requested_by_user_id is None or approval.requested_by_user_id != actor.user_id:
        return False
    return settings.get_settings().four_eyes and identity.other_active_people(approval.requested_by_user_id, effect.approver_roles) > 0


def preview(actor: Actor, approval: Approval) -> Description:
    """What granting would change now, for the review page; a `warning` in words where that cannot be told."""
    effect = effects.find(approval.tool_name)
    if effect is None or effect.describe is None:
        return {}
    try:
        with audit.savepoint():
            return effect.describe(actor, dict(approval.payload))
    except VoyagentError as failure:
        return {"warning": failure.message}


def carry_out(approval_id: str) -> None:
    """Do what was granted, once: the effect, its result and its audit event are one transaction, so a crash leaves either all or nothing.

    A repeat finds the result and does nothing. An effect that fails expectedly ends as failed with its reason, and nothing of it stays.
    """
    approval = _lock(approval_id)
    if approval is None or approval.effect_status != "waiting":
        return
    actor = _requester(approval)
    try:
        with audit.savepoint():
            _end(approval, "done", result=_run(actor, approval))
    except VoyagentError as failure:
        _fail(approval, failure.code)
    except OperationalError:
        raise  # the connection, a deadlock: the job is tried again, and nothing has happened
    except Exception:  # whatever it is, a grant must end with a reason
        log.exception("effect.crashed", approval_id=approval_id, tool=approval.tool_name)
        _fail(approval, "internal_error")
    _finish(actor, approval)


def expire_overdue() -> int:
    """Write down which proposals of the bound agency ran out of time; how many."""
    return _expire(Approval.status == "pending")


def resume_effects() -> int:
    """Have effects that still wait a minute after the grant tried again, for jobs that ran out of tries; how many."""
    overdue = func.now() - func.make_interval(0, 0, 0, 0, 0, 1)
    waiting = db.session.scalars(select(Approval).where(Approval.effect_status == "waiting", Approval.resolved_at < overdue)).all()
    for approval in waiting:
        _defer_effect(approval)
    return len(waiting)


def hide(session_id: UUID) -> None:
    """Take the proposals of a deleted conversation away; a granted effect still finishes."""
    db.session.execute(update(Approval).where(Approval.session_id == session_id, Approval.hidden_at.is_(None)).values(hidden_at=func.now()))


def show(session_id: UUID) -> None:
    """Bring them back when the deletion is taken back."""
    db.session.execute(update(Approval).where(Approval.session_id == session_id, Approval.hidden_at.is_not(None)).values(hidden_at=None))


def may_wipe(session_id: UUID) -> bool:
    """Whether no granted effect of the conversation is still to come."""
    return db.session.scalar(select(Approval.id).where(Approval.session_id == session_id, Approval.effect_status.in_(("waiting", "running"))).limit(1)) is None


def _decide(actor: Actor, approval: Approval, *, granted: bool, reason: str | None) -> Approval:
    _lock_session(approval.session_id)
    self_approved = _check(actor, approval, granted=granted)
    decided = db.session.execute(
        update(Approval)
        .where(Approval.id == approval.id, Approval.status == "pending", Approval.expires_at > _NOW, Approval.hidden_at.is_(None))
        .values(
            status="granted" if granted else "rejected",
            resolved_at=func.now(),
            resolved_by_user_id=actor.user_id,
            reason=reason or None,
            effect_status="waiting" if granted else "none",
        )
        .execution_options(synchronize_session=False)
    )
    if decided.rowcount != 1:  # type: ignore[attr-defined]
        if _expire(Approval.id == approval.id):
            raise ApprovalOverdue
        raise ApprovalAlreadyResolved
    db.session.refresh(approval)
    _record(actor, approval, granted=granted, reason=reason, self_approved=self_approved)
    if granted:
        _defer_effect(approval)
    else:
        _tell(_requester(approval), approval)
    return approval


def _check(actor: Actor, approval: Approval, *, granted: bool) -> bool:
    """Everything that refuses before the one UPDATE; whether the requester grants herself."""
    effect = effects.find(approval.tool_name)
    if effect is not None and actor.role not in effect.approver_roles:
        raise Forbidden
    if approval.status != "pending":
        raise ApprovalAlreadyResolved
    if not granted or _is_overdue(approval):
        return False
    if needs_another(actor, approval):
        raise SelfApproval
    return approval.requested_by_user_id == actor.user_id


def _record(actor: Actor, approval: Approval, *, granted: bool, reason: str | None, self_approved: bool) -> None:
    inputs: dict[str, Any] = {
        "approval_id": approval.id,
        "session_id": str(approval.session_id),
        "tool_name": approval.tool_name,
        "summary": approval.summary,
        "arguments_hash": approval.arguments_hash,
        "reason": reason,
    }
    if self_approved:
        inputs["self_approved"] = True
    audit.record(actor, "approval.granted" if granted else "approval.rejected", entity_refs=_refs(approval), inputs=inputs)
    after_commit(db.session, meters().decisions.labels("granted" if granted else "rejected").inc)


def _run(actor: Actor | None, approval: Approval) -> dict[str, Any]:
    effect: Effect | None = effects.find(approval.tool_name)
    if effect is None:
        raise ToolUnknown
    if digest(approval.payload) != approval.arguments_hash:
        raise ArgumentsChanged
    if actor is None:
        raise RequesterGone
    return effect.run(actor, dict(approval.payload))


def _fail(approval: Approval, reason: str) -> None:
    db.session.refresh(approval)
    _end(approval, "failed", error=reason)


def _end(approval: Approval, effect_status: str, *, result: dict[str, Any] | None = None, error: str | None = None) -> None:
    finished_at = db.session.scalar(select(_NOW))
    approval.effect_status, approval.effect_result, approval.effect_error, approval.effect_finished_at = effect_status, result, error, finished_at
    db.session.flush()


def _finish(actor: Actor | None, approval: Approval) -> None:
    who = actor or Actor(tenant_id=approval.tenant_id, user_id=approval.requested_by_user_id, role="system", channel=Channel.ASSISTANT)
    audit.record(
        who,
        approval.tool_name,
        entity_refs=_refs(approval),
        inputs={"approval_id": approval.id, "arguments": approval.payload, "arguments_hash": approval.arguments_hash},
        outputs=approval.effect_result or {},
        status="succeeded" if approval.effect_status == "done" else "failed",
        error=approval.effect_error,
        approved_by=approval.resolved_by_user_id,
        approved_at=approval.resolved_at,
        started_at=approval.resolved_at,
    )
    _tell(actor, approval)


def _tell(actor: Actor | None, approval: Approval) -> None:
    listener = actor or _person(approval.resolved_by_user_id)
    if listener is None:
        return
    for hook in effects.settled_hooks():
        try:
            with audit.savepoint():
                hook(listener, approval)
        except Exception:  # what was decided and done stands, whatever a listener makes of it
            log.exception("settled.listener_failed", approval_id=approval.id)


def _requester(approval: Approval) -> Actor | None:
    return _person(approval.requested_by_user_id)


def _person(user_id: UUID | None) -> Actor | None:
    if user_id is None:
        return None
    try:
        return identity.get_actor(user_id).via(Channel.ASSISTANT)
    except Unauthorized:
        return None


def _lock(approval_id: str) -> Approval | None:
    """Conversation first, then proposal: the order of everybody who holds both."""
    approval = queries.find_approval(approval_id)
    if approval is None:
        return None
    _lock_session(approval.session_id)
    return db.session.scalar(select(Approval).where(Approval.id == approval_id).with_for_update().execution_options(populate_existing=True))


def _lock_session(session_id: UUID) -> None:
    chat_queries.lock(session_id)


def _is_overdue(approval: Approval) -> bool:
    return approval.status == "pending" and bool(db.session.scalar(select(Approval.expires_at <= _NOW).where(Approval.id == approval.id)))


def _expire(which: Any) -> int:
    expired = db.session.execute(
        update(Approval)
        .where(which, Approval.status == "pending", Approval.expires_at <= _NOW)
        .values(status="expired")
        .returning(Approval.tenant_id, Approval.id, Approval.session_id, Approval.tool_name, Approval.summary)
        .execution_options(synchronize_session=False)
    ).all()
    for one in expired:
        refs = {"approval_id": one.id, "session_id": str(one.session_id)}
        audit.record(system_actor(one.tenant_id), "proposal.expired", entity_refs=refs, inputs={"tool_name": one.tool_name, "summary": one.summary})
    if expired:
        after_commit(db.session, lambda: meters().decisions.labels("expired").inc(len(expired)))
    return len(expired)


def _proposed_before(session_id: UUID, turn_id: str | None, tool_call_id: str, hashed: str) -> Approval | None:
    if turn_id is None:
        return None
    return db.session.scalar(
        select(Approval).where(
            Approval.session_id == session_id, Approval.turn_id == turn_id, Approval.tool_call_id == tool_call_id, Approval.arguments_hash == hashed
        )
    )


def _defer_effect(approval: Approval) -> None:
    jobs.defer(EFFECT_TASK, lock=f"approval:{approval.id}", tenant_id=str(approval.tenant_id), approval_id=approval.id)


def _refs(approval: Approval) -> dict[str, str]:
    return {"approval_id": approval.id, "session_id": str(approval.session_id)}


chat.on_deleted(hide)
chat.on_restored(show)
chat.before_wipe(may_wipe)
