"""Execution of approved proposals as the requester."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import OperationalError

from voyagent.approvals import queries
from voyagent.approvals.models import Approval
from voyagent.approvals.service import effects
from voyagent.approvals.service.dry_run import run_as_shown
from voyagent.approvals.service.errors import (
    ArgumentsChanged,
    PreviewMissing,
    RequesterGone,
    ToolUnknown,
)
from voyagent.approvals.service.order import queue_of
from voyagent.approvals.service.preconditions import (
    NOW,
    expire,
    notify_followers,
    person_of,
    refs_of,
)
from voyagent.audit.service import recording as audit
from voyagent.chat.queries import sessions as chat_queries
from voyagent.chat.service import conversations as chat, turns
from voyagent.kernel import jobs
from voyagent.kernel.actor import Actor, Channel, Grant
from voyagent.kernel.canonical import digest
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, VoyagentError
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.metrics import after_commit, meters
from voyagent.kernel.outbound import OutboundCall

log = structlog.get_logger(__name__)
Settle = Callable[[], JsonObject]
EFFECT_TASK = "approvals.run_effect"
WITHDRAWN = N_("Withdrawn because its message was edited or answered again. Nothing was done.")


def prepare(approval_id: str) -> OutboundCall[JsonObject] | None:
    """Return the outbound call of an approved act, or None.

    The result is None if the act makes no call, if it is not waiting to run, or if it fails before
    the call. `carry_out` then fails in the same way and stores the reason.
    """
    approval = queries.find_approval(approval_id)
    if approval is None or approval.effect_status != "waiting":
        return None
    effect = effects.find(approval.tool_name)
    if effect is None or not effect.asks:
        return None
    try:
        with audit.savepoint():
            made = _run(person_of(approval.requested_by_user_id), approval)
    except OperationalError:
        raise  # the job is retried
    except Exception as failure:  # noqa: BLE001 - the act fails in the same way and stores the reason
        log.info(
            "effect.not_prepared",
            approval_id=approval_id,
            tool=approval.tool_name,
            reason=type(failure).__name__,
        )
        return None
    assert isinstance(made, OutboundCall), f"{approval.tool_name} asks, and its run gives no call"
    return made


def carry_out(approval_id: str, settle: Settle | None = None) -> None:
    """Carry out an approved proposal once.

    `settle` is given if `prepare` returned a call. `settle` stores the response of the outside
    system and returns the result of the act. If a rule refuses the act or an unexpected
    error occurs, the proposal ends as failed. After a database error the job is retried.
    """
    approval = _lock(approval_id)
    if approval is None or approval.effect_status != "waiting":
        return
    actor = person_of(approval.requested_by_user_id)
    try:
        with audit.savepoint():
            _end(approval, "done", result=_result(actor, approval, settle))
    except VoyagentError as failure:
        _fail(approval, failure.code)
    except OperationalError:
        raise  # lost connection or deadlock: nothing was committed, and the job is retried
    except Exception:  # an approved act must end with a result or a reason
        log.exception("effect.crashed", approval_id=approval_id, tool=approval.tool_name)
        _fail(approval, "internal_error")
    _finish(actor, approval)


def expire_overdue() -> int:
    """Store the expiry of the current agency's overdue proposals; return their number."""
    return expire(Approval.status == "pending")


def resume_effects() -> int:
    """Queue again each act that was approved a minute ago or earlier and has not run.

    Returns the number of these acts.
    """
    overdue = func.now() - func.make_interval(0, 0, 0, 0, 0, 1)
    waiting = db.session.scalars(
        select(Approval)
        .where(Approval.effect_status == "waiting", Approval.resolved_at < overdue)
        .order_by(Approval.resolved_at, Approval.id)
    ).all()
    for approval in waiting:
        defer_effect(approval)
    return len(waiting)


def hide(session_id: UUID) -> None:
    """Hide the proposals of a deleted conversation; approved acts still run."""
    db.session.execute(
        update(Approval)
        .where(Approval.session_id == session_id, Approval.hidden_at.is_(None))
        .values(hidden_at=func.now())
    )


def show(session_id: UUID) -> None:
    """Show the proposals of a restored conversation again."""
    db.session.execute(
        update(Approval)
        .where(Approval.session_id == session_id, Approval.hidden_at.is_not(None))
        .values(hidden_at=None)
    )


def may_erase_conversation(session_id: UUID) -> bool:
    """Return True if no approved act of the conversation is still waiting to run."""
    return (
        db.session.scalar(
            select(Approval.id)
            .where(
                Approval.session_id == session_id,
                Approval.effect_status == "waiting",
            )
            .limit(1)
        )
        is None
    )


def withdraw(actor: Actor, session_id: UUID, turn_ids: Sequence[str]) -> None:
    """End the pending proposals of replaced turns with the reason WITHDRAWN.

    Approved acts are still carried out.
    """
    _withdraw(actor, session_id, Approval.turn_id.in_(turn_ids), WITHDRAWN)


def end_about(actor: Actor, tool_name: str, name: str, value: str, reason: str) -> int:
    """End the pending proposals of an act, and return their number.

    `tool_name` is the name of the act. Only proposals whose argument `name` has the value `value`
    are ended, in all conversations. `reason` is a sentence marked for translation.
    """
    which = (Approval.tool_name == tool_name) & (Approval.payload[name].astext == value)
    sessions = db.session.scalars(
        select(Approval.session_id).where(which, Approval.status == "pending").distinct()
    ).all()
    return sum(_withdraw(actor, session_id, which, reason) for session_id in sessions)


def _withdraw(actor: Actor, session_id: UUID, which: ColumnElement[bool], reason: str) -> int:
    ended = db.session.execute(
        update(Approval)
        .where(Approval.session_id == session_id, which, Approval.status == "pending")
        .values(status="expired", reason=reason)
        .returning(Approval.id, Approval.tool_name)
        .execution_options(synchronize_session=False)
    ).all()
    for one in ended:
        refs = {"approval_id": one.id, "session_id": str(session_id)}
        audit.record(
            actor, "proposal.withdrawn", entity_refs=refs, inputs={"tool_name": one.tool_name}
        )
    if ended:
        notify_followers(session_id)
        after_commit(db.session, lambda: meters().decisions.labels("expired").inc(len(ended)))
    return len(ended)


def notify_listeners(actor: Actor | None, approval: Approval) -> None:
    """Call the functions registered with `on_settled`.

    If a function fails, only its own changes are undone. Without `actor` the functions receive the
    user who decided on the proposal. If that user is not active either, none is called.
    """
    listener = actor or person_of(approval.resolved_by_user_id)
    if listener is None:
        return
    for hook in effects.settled_hooks():
        try:
            with audit.savepoint():
                hook(listener, approval)
        except Exception:  # an error in a listener must not undo the decision or the act
            log.exception("settled.listener_failed", approval_id=approval.id)


def defer_effect(approval: Approval) -> None:
    """Queue a job that carries the approved act out after this transaction commits.

    The acts of a queue run in the order of these calls, so make the calls in the order of the
    decisions.
    """
    jobs.defer(
        EFFECT_TASK,
        lock=queue_of(approval),
        tenant_id=str(approval.tenant_id),
        approval_id=approval.id,
    )


def _result(actor: Actor | None, approval: Approval, settle: Settle | None) -> JsonObject:
    if settle is not None:
        return settle()
    made = _run(actor, approval)
    return made.done() if isinstance(made, OutboundCall) else made


def _run(actor: Actor | None, approval: Approval) -> JsonObject | OutboundCall[JsonObject]:
    effect = effects.find(approval.tool_name)
    if effect is None:
        raise ToolUnknown
    if digest(approval.payload) != approval.arguments_hash:
        raise ArgumentsChanged
    if actor is None:
        raise RequesterGone
    if approval.preview is None:
        raise PreviewMissing  # nobody has seen the consequences
    grant = Grant(approval.id, effect.permission, effect.further)
    return run_as_shown(effect, actor, grant, dict(approval.payload), approval.preview)


def _fail(approval: Approval, reason: str) -> None:
    db.session.refresh(approval)
    _end(approval, "failed", error=reason)


def _end(
    approval: Approval,
    effect_status: str,
    *,
    result: JsonObject | None = None,
    error: str | None = None,
) -> None:
    finished_at = db.session.scalar(select(NOW))
    (
        approval.effect_status,
        approval.effect_result,
        approval.effect_error,
        approval.effect_finished_at,
    ) = (
        effect_status,
        result,
        error,
        finished_at,
    )
    db.session.flush()


def _finish(actor: Actor | None, approval: Approval) -> None:
    who = actor or Actor(
        tenant_id=approval.tenant_id,
        user_id=approval.requested_by_user_id,
        role="system",
        channel=Channel.ASSISTANT,
    )
    audit.record(
        who,
        approval.tool_name,
        entity_refs=refs_of(approval),
        inputs={
            "approval_id": approval.id,
            "arguments_hash": approval.arguments_hash,
        },
        private={"arguments": approval.payload},
        private_outputs=approval.effect_result,
        status="succeeded" if approval.effect_status == "done" else "failed",
        error=approval.effect_error,
        approved_by=approval.resolved_by_user_id,
        approved_at=approval.resolved_at,
        started_at=approval.resolved_at,
    )
    notify_followers(approval.session_id)
    notify_listeners(actor, approval)


def _lock(approval_id: str) -> Approval | None:
    """Lock a proposal's conversation and the proposal; return it, None if missing.

    All callers that lock both rows use this order.
    """
    approval = queries.find_approval(approval_id)
    if approval is None:
        return None
    chat_queries.lock(approval.session_id)
    return db.session.scalar(
        select(Approval)
        .where(Approval.id == approval_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


chat.on_deleted(hide)
chat.on_restored(show)
chat.before_wipe(may_erase_conversation)
turns.on_superseded(withdraw)
