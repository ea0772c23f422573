"""Rules of decisions on proposals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import update

from voyagent.approvals import queries
from voyagent.approvals.models import Approval
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.approvals.service.errors import (
    ApprovalAlreadyResolved,
    ApprovalOverdue,
    PreviewStale,
    SelfApproval,
    ShownChanged,
)
from voyagent.approvals.service.execution import defer_effect, notify_listeners
from voyagent.approvals.service.limits import check_limit, needs_another
from voyagent.approvals.service.order import lock_balances
from voyagent.approvals.service.preconditions import (
    NOW,
    RESOLVE,
    authenticate_reviewer,
    check_role,
    check_state,
    expire,
    notify_followers,
    person_of,
    refs_of,
)
from voyagent.approvals.service.proposing import (
    Movement,
    find_movements,
    is_edited,
    supersede,
)
from voyagent.approvals.service.time_limits import TimeLimit, decision as deciding
from voyagent.audit.service import recording as audit
from voyagent.chat.queries import sessions as chat_queries
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.metrics import after_commit, meters

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
    SelfApproval, AmountAboveLimit, ShownChanged, RequesterGone, PreviewMissing, PreviewStale.
    Unauthorized is raised if the caller's access ended while the decision waited for the locks or
    made the dry run. DecisionTimedOut is raised if the decision takes too long.

    Before PreviewStale is raised, a new proposal is stored in place of this one.
    """
    actor.require(RESOLVE)
    decision = ProposalDecision(approval_id, granted, reason, seen)
    with deciding(actor, RESOLVE, 1) as (_, limit):
        limit.check()
        approval = queries.get_locked(approval_id)
        if granted:
            lock_balances([approval])
        actor = authenticate_reviewer(actor)
        check_state(actor, approval)
        previewed = _previewed(actor, [(approval, decision)], limit)
        return _conclude(authenticate_reviewer(actor), approval, decision, previewed)


def resolve_each(actor: Actor, decisions: Sequence[ProposalDecision]) -> list[Answered]:
    """Decide several proposals independently; return the results in the same order.

    The caller must not have written anything, because several decisions may wait (`decision` in
    `time_limits`). Raises Forbidden (role `viewer`). Raises Unauthorized, and decides nothing, if
    the caller's access ended meanwhile. Raises DecisionsBusy or DecisionTimedOut, and decides
    nothing.
    """
    actor.require(RESOLVE)
    with deciding(actor, RESOLVE, len(decisions)) as (present, limit):
        return _resolve_each(present, decisions, limit)


def check_all(
    actor: Actor, session_id: UUID, decisions: Mapping[str, bool], limit: TimeLimit
) -> list[ProposalDecision]:
    """Check decisions on a conversation's proposals; return the decisions to make.

    `decisions` maps the id of a proposal to True (approve) or False (decline). The result leaves
    out a decision if its proposal already has this decision. Each act is previewed again, after the
    acts of the older proposals that are approved with it. The caller must have begun a `decision`
    of `time_limits`. Raises the errors of `resolve`, and ApprovalNotFound for a proposal of another
    conversation.
    """
    actor.require(RESOLVE)
    limit.check()
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
        limit.check()
        try:
            check_state(actor, approval)
        except ApprovalOverdue:
            raise ApprovalAlreadyResolved from None  # no decision is stored: all or none
        _check(actor, approval, decision)
    previewed = _previewed(actor, wanted, limit, keeps_moved=True)
    actor = authenticate_reviewer(actor)
    for approval, decision in wanted:
        _check(actor, approval, decision)
    for movement in previewed.values():
        if movement.refusal is not None:
            raise movement.refusal
    stale = [
        approval
        for approval, _ in wanted
        if approval.id in previewed and previewed[approval.id].has_moved
    ]
    for approval in stale:
        limit.check()
        supersede(actor, approval, previewed[approval.id].shown)
    if stale:
        raise PreviewStale
    return [decision for _, decision in wanted]


def decide_all(
    actor: Actor, decisions: Sequence[ProposalDecision], limit: TimeLimit
) -> list[Approval]:
    """Make the decisions that `check_all` has returned; return the proposals in order.

    `check_all` must have run in the same transaction. Raises DecisionTimedOut.
    """
    decided = []
    for one in decisions:
        limit.check()
        approval = queries.get_approval(one.approval_id)
        decided.append(_decide(actor, approval, granted=one.granted, reason=None))
    return decided


def _resolve_each(
    actor: Actor, decisions: Sequence[ProposalDecision], limit: TimeLimit
) -> list[Answered]:
    limit.check()
    found = filter(None, (queries.find_approval(decision.approval_id) for decision in decisions))
    for session_id in sorted({approval.session_id for approval in found}):
        limit.check()
        chat_queries.lock(session_id)  # always in one order, so that two batches cannot deadlock
    granted = (queries.find_approval(one.approval_id) for one in decisions if one.granted)
    lock_balances(filter(None, granted))
    actor = authenticate_reviewer(actor)
    checked = [_attempt(limit, decision, _find_checked, actor) for decision in decisions]
    previewed = _previewed(
        actor,
        [
            (one.approval, decision)
            for one, decision in zip(checked, decisions, strict=True)
            if one.approval is not None and one.refusal is None
        ],
        limit,
    )
    actor = authenticate_reviewer(actor)
    return [
        one
        if one.refusal is not None
        else _attempt(limit, decision, _find_concluded, actor, previewed)
        for one, decision in zip(checked, decisions, strict=True)
    ]


def _attempt(
    limit: TimeLimit, decision: ProposalDecision, step: Callable[..., Approval], *arguments: Any
) -> Answered:
    """Take a step of one decision in its own savepoint.

    An error rolls the savepoint back, unless the error's `keeps_work` is true. Raises
    DecisionTimedOut if there is no time for the step.
    """
    limit.check()
    recorded: VoyagentError | None = None
    approval: Approval | None = None
    try:
        with audit.savepoint():
            try:
                approval = step(decision, *arguments)
            except VoyagentError as refusal:
                if not refusal.keeps_work:
                    raise
                recorded = refusal
    except VoyagentError as refusal:
        return Answered(decision.approval_id, refusal=refusal)
    return Answered(decision.approval_id, approval, recorded)


def _find_checked(decision: ProposalDecision, actor: Actor) -> Approval:
    approval = queries.get_approval(decision.approval_id)
    check_state(actor, approval)
    _check(actor, approval, decision)
    return approval


def _find_concluded(
    decision: ProposalDecision, actor: Actor, previewed: Mapping[str, Movement]
) -> Approval:
    """Read a proposal again, which an earlier decision may have changed, and decide."""
    return _conclude(actor, queries.get_approval(decision.approval_id), decision, previewed)


def _conclude(
    actor: Actor,
    approval: Approval,
    decision: ProposalDecision,
    previewed: Mapping[str, Movement],
) -> Approval:
    """Make a decision after its dry run, or raise the error that forbids it."""
    _check(actor, approval, decision)
    if decision.granted:
        movement = previewed[approval.id]
        if movement.refusal is not None:
            raise movement.refusal
        if movement.has_moved:
            supersede(actor, approval, movement.shown)
            raise PreviewStale
    return _decide(actor, approval, granted=decision.granted, reason=decision.reason)


def _check(actor: Actor, approval: Approval, decision: ProposalDecision) -> None:
    """Check role, four-eyes rule, amount limit and version; raise the first error.

    The order of the checks is part of the API contract. The time limit is not checked.
    """
    check_role(actor, approval)
    if decision.granted and needs_another(actor, approval):
        raise SelfApproval
    if decision.granted:
        check_limit(actor, approval)
    if decision.seen is not None and decision.seen != queries.mark_of(approval):
        raise ShownChanged


def _previewed(
    actor: Actor,
    wanted: Sequence[tuple[Approval, ProposalDecision]],
    limit: TimeLimit,
    *,
    keeps_moved: bool = False,
) -> dict[str, Movement]:
    """Preview the acts that are approved; return the results by id.

    A result has moved if the approver must read the proposal again: the new preview differs from
    the stored one, or somebody else edited the proposal and the decision does not say which version
    was read.
    """
    first = {approval.id: (approval, decision) for approval, decision in reversed(wanted)}
    granted = [
        (approval, decision)
        for approval, decision in wanted
        if decision.granted and first[approval.id][1] is decision
    ]
    unread = {
        approval.id
        for approval, decision in granted
        if decision.seen is None
        and approval.edited_by_user_id != actor.user_id
        and is_edited(approval)
    }
    found = find_movements(
        [approval for approval, _ in granted], limit, unread=unread, keeps_moved=keeps_moved
    )
    limit.check()
    return {
        approval_id: replace(movement, has_moved=movement.has_moved or approval_id in unread)
        for approval_id, movement in found.items()
    }


def _decide(actor: Actor, approval: Approval, *, granted: bool, reason: str | None) -> Approval:
    decided = db.session.scalar(
        update(Approval)
        .where(
            Approval.id == approval.id,
            Approval.status == "pending",
            Approval.expires_at > NOW,
            Approval.hidden_at.is_(None),
        )
        .values(
            status="granted" if granted else "rejected",
            # Not the time of the transaction: the acts run in the order of the decisions.
            resolved_at=NOW,
            resolved_by_user_id=actor.user_id,
            reason=reason or None,
            effect_status="waiting" if granted else "none",
        )
        .returning(Approval)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if decided is None:
        if expire(Approval.id == approval.id):
            raise ApprovalOverdue
        raise ApprovalAlreadyResolved
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
