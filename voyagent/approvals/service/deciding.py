"""Rules of decisions on proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, update

from voyagent.approvals import queries
from voyagent.approvals.models import Approval
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.approvals.service.effects import Description
from voyagent.approvals.service.errors import (
    ApprovalAlreadyResolved,
    ApprovalOverdue,
    PreviewStale,
    SelfApproval,
    ShownChanged,
)
from voyagent.approvals.service.execution import defer_effect, notify_listeners
from voyagent.approvals.service.limits import above_limit, needs_another
from voyagent.approvals.service.preconditions import (
    NOW,
    RESOLVE,
    authenticate_reviewer,
    check_state,
    expire,
    notify_followers,
    person_of,
    refs_of,
)
from voyagent.approvals.service.proposing import (
    find_movement,
    is_edited,
    lock_balances,
    supersede,
)
from voyagent.audit.service import recording as audit
from voyagent.chat.queries import sessions as chat_queries
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import Unauthorized, VoyagentError
from voyagent.kernel.metrics import after_commit, meters
from voyagent.settings.queries import AmountAboveLimit

BATCH_MAX = 50


@dataclass(frozen=True, slots=True)
class ProposalDecision:
    """A decision on one proposal; `seen` is the version that the user has read."""

    approval_id: str
    granted: bool
    reason: str | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """Result of one of several decisions: the proposal, or the error."""

    approval_id: str
    approval: Approval | None = None
    refusal: VoyagentError | None = None


def resolve(
    actor: Actor,
    approval_id: str,
    *,
    granted: bool,
    reason: str | None = None,
    seen: str | None = None,
) -> Approval:
    """Approve or decline a proposal; only the first decision counts.

    `seen` is the version (`queries.mark_of`) that the caller has read. A proposal that somebody
    else has edited since it was made or renewed is approved only with `seen`.

    Raises these errors, in the order of the API contract: Forbidden (role `viewer`),
    ApprovalNotFound, Forbidden (a role that may not decide on this act), ApprovalAlreadyResolved,
    SelfApproval, AmountAboveLimit, ShownChanged, PreviewStale. Unauthorized is raised if the
    caller's access ended while the decision waited for the locks.

    Before PreviewStale is raised, a new proposal is stored in place of this one.
    """
    actor.require(RESOLVE)
    approval = queries.get_locked(approval_id)
    decision = ProposalDecision(approval_id, granted, reason, seen)
    if granted:
        lock_balances([approval])
    actor = authenticate_reviewer(actor)
    _check(actor, approval, decision)
    shown, is_stale = _find_staleness(actor, approval, decision)
    if is_stale:
        supersede(actor, approval, shown)
        raise PreviewStale
    return _decide(actor, approval, granted=granted, reason=reason)


def resolve_each(actor: Actor, decisions: Sequence[ProposalDecision]) -> list[Answered]:
    """Decide several proposals independently; return the results in the same order.

    Raises Forbidden (role `viewer`). Raises Unauthorized, and decides nothing, if the caller's
    access ended meanwhile.
    """
    actor.require(RESOLVE)
    found = filter(None, (queries.find_approval(decision.approval_id) for decision in decisions))
    for session_id in sorted({approval.session_id for approval in found}):
        chat_queries.lock(session_id)  # always in one order, so that two batches cannot deadlock
    granted = (queries.find_approval(one.approval_id) for one in decisions if one.granted)
    lock_balances(filter(None, granted))
    return [_try(actor, decision) for decision in decisions]


def check_all(
    actor: Actor, session_id: UUID, decisions: Mapping[str, bool]
) -> list[ProposalDecision]:
    """Check decisions on a conversation's proposals; return the decisions to make.

    `decisions` maps the id of a proposal to True (approve) or False (decline). The result leaves
    out a decision if its proposal already has this decision. Each preview is compared after the
    acts of the older proposals that are approved with it. Raises the errors of `resolve`, and
    ApprovalNotFound for a proposal of another conversation.
    """
    actor.require(RESOLVE)
    chat_queries.get_session(session_id, lock=True)
    found = [
        (queries.get_approval(approval_id), ProposalDecision(approval_id, granted))
        for approval_id, granted in sorted(decisions.items())  # oldest first
    ]
    if any(approval.session_id != session_id for approval, _ in found):
        raise ApprovalNotFound
    wanted = [
        (approval, decision)
        for approval, decision in found
        if approval.status != ("granted" if decision.granted else "rejected")
    ]
    lock_balances(approval for approval, decision in wanted if decision.granted)
    actor = authenticate_reviewer(actor)
    for approval, decision in wanted:
        try:
            _check(actor, approval, decision)
        except ApprovalOverdue:
            raise ApprovalAlreadyResolved from None  # no decision is stored: all or none
    ahead: list[Approval] = []
    stale: list[tuple[Approval, Description | None]] = []
    for approval, decision in wanted:
        shown, is_stale = _find_staleness(actor, approval, decision, ahead)
        ahead += [approval] if decision.granted else []
        stale += [(approval, shown)] if is_stale else []
    for approval, shown in stale:
        supersede(actor, approval, shown)
    if stale:
        raise PreviewStale
    return [decision for _, decision in wanted]


def decide_all(actor: Actor, decisions: Sequence[ProposalDecision]) -> list[Approval]:
    """Make the decisions that `check_all` has checked in the same transaction."""
    return [
        _decide(
            actor, queries.get_approval(decision.approval_id), granted=decision.granted, reason=None
        )
        for decision in decisions
    ]


def _try(actor: Actor, decision: ProposalDecision) -> Answered:
    """Make one decision in its own savepoint.

    An error rolls the savepoint back, unless the error's `keeps_work` is true.
    """
    recorded: VoyagentError | None = None
    approval: Approval | None = None
    try:
        with audit.savepoint():
            try:
                approval = resolve(
                    actor,
                    decision.approval_id,
                    granted=decision.granted,
                    reason=decision.reason,
                    seen=decision.seen,
                )
            except VoyagentError as refusal:
                if not refusal.keeps_work:
                    raise
                recorded = refusal
    except Unauthorized:
        raise  # the caller's access has ended, so that no decision of the batch may remain
    except VoyagentError as refusal:
        return Answered(decision.approval_id, refusal=refusal)
    return Answered(decision.approval_id, approval, recorded)


def _check(actor: Actor, approval: Approval, decision: ProposalDecision) -> None:
    """Make all checks that come before the dry run, in the order of the API contract."""
    check_state(actor, approval)
    if decision.granted and needs_another(actor, approval):
        raise SelfApproval
    if decision.granted and above_limit(actor, approval):
        raise AmountAboveLimit
    if decision.seen is not None and decision.seen != queries.mark_of(approval):
        raise ShownChanged


def _find_staleness(
    actor: Actor,
    approval: Approval,
    decision: ProposalDecision,
    ahead: Sequence[Approval] = (),
) -> tuple[Description | None, bool]:
    """Return a new preview, and whether the approver must read the proposal again.

    That is so if the new preview differs from the stored one, or if somebody else edited the
    proposal and the decision does not say which version was read. The result of a rejection is
    (None, False).
    """
    if not decision.granted:
        return None, False
    shown, has_moved = find_movement(approval, ahead)
    is_unread = (
        decision.seen is None
        and approval.edited_by_user_id != actor.user_id
        and is_edited(approval)
    )
    return shown, has_moved or is_unread


def _decide(actor: Actor, approval: Approval, *, granted: bool, reason: str | None) -> Approval:
    decided = db.session.execute(
        update(Approval)
        .where(
            Approval.id == approval.id,
            Approval.status == "pending",
            Approval.expires_at > NOW,
            Approval.hidden_at.is_(None),
        )
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
        if expire(Approval.id == approval.id):
            raise ApprovalOverdue
        raise ApprovalAlreadyResolved
    db.session.refresh(approval)
    _record(actor, approval, granted=granted, reason=reason)
    notify_followers(approval.session_id)
    if granted:
        defer_effect(approval)
    else:
        notify_listeners(person_of(approval.requested_by_user_id), approval)
    return approval


def _record(actor: Actor, approval: Approval, *, granted: bool, reason: str | None) -> None:
    inputs: dict[str, Any] = {
        "approval_id": approval.id,
        "session_id": str(approval.session_id),
        "tool_name": approval.tool_name,
        "arguments_hash": approval.arguments_hash,
    }
    if approval.preview_hash is not None:
        inputs["preview_hash"] = approval.preview_hash
    if granted and approval.requested_by_user_id == actor.user_id:
        inputs["self_approved"] = True
    if approval.edited_by_user_id is not None:
        inputs["edited_by"] = approval.edited_by_user_id
    audit.record(
        actor,
        "approval.granted" if granted else "approval.rejected",
        entity_refs=refs_of(approval),
        inputs=inputs,
        private={"summary": approval.summary, "reason": reason},
    )
    after_commit(db.session, meters().decisions.labels("granted" if granted else "rejected").inc)
