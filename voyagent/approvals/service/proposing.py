"""Rules that make, edit and replace proposals."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ColumnElement, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from voyagent.approvals import queries
from voyagent.approvals.models import Approval, new_approval_id
from voyagent.approvals.service import effects, limits, order
from voyagent.approvals.service.dry_run import (
    DryRuns,
    PendingEffect,
    dry_run,
    dry_runs,
    hash_of,
)
from voyagent.approvals.service.effects import Description, Effect
from voyagent.approvals.service.errors import (
    ArgumentsInvalid,
    EditRefused,
    NotEditable,
    PreviewMissing,
    PreviewStale,
    RequesterGone,
    ShownChanged,
    WouldBeRefused,
)
from voyagent.approvals.service.preconditions import (
    NOW,
    RESOLVE,
    authenticate_reviewer,
    check_role,
    check_state,
    notify_followers,
    person_of,
    refs_of,
)
from voyagent.approvals.service.time_limits import TimeLimit
from voyagent.audit.service import recording as audit
from voyagent.chat.queries import sessions as chat_queries
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.canonical import digest
from voyagent.kernel.db import db
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.json_values import JsonMapping, JsonObject
from voyagent.kernel.metrics import after_commit, meters
from voyagent.kernel.money import Money, spoken
from voyagent.kernel.problems import problems

SUMMARY_MAX = 1024
TITLE_MAX = 60
RenewalHook = Callable[[Actor, Approval], None]
_renewal_hooks: list[RenewalHook] = []
_COPIED = (
    "session_id",
    "turn_id",
    "tool_call_id",
    "tool_name",
    "summary",
    "payload",
    "arguments_hash",
    "requested_by_user_id",
    "original_payload",
    "edited_by_user_id",
    "earlier_editor_ids",
    "edited_at",
)


@dataclass(frozen=True, slots=True)
class Movement:
    """A new preview of a pending proposal.

    `has_moved` is true if the preview differs from the stored one. `refusal` is the reason why
    there is no preview, so that the proposal cannot be approved.
    """

    shown: Description | None = None
    has_moved: bool = False
    refusal: VoyagentError | None = None


def propose(  # noqa: PLR0913 - each keyword is a filter or a position
    actor: Actor,
    *,
    session_id: UUID | None,
    turn_id: str | None,
    tool_call_id: str,
    tool_name: str,
    arguments: JsonMapping,
    summary: str,
    if_it_stands: bool = False,
) -> Approval:
    """Store a proposal with its preview, and return it.

    `tool_name` is the name of the act. `tool_call_id` is the id of the call in the turn that
    proposes the act. Without `session_id` a conversation is created. If a resumed turn repeats a
    call with the same arguments, the existing proposal is returned.

    Raises Forbidden, SessionNotFound. If a rule would refuse the act now, the proposal is stored
    with this refusal in its preview; with `if_it_stands`, WouldBeRefused is raised instead.
    """
    actor.require("tool.propose")
    words = summary.strip()[:SUMMARY_MAX] or tool_name
    session = (
        chat_queries.get_session(session_id, lock=True)
        if session_id is not None
        else chat.create_session(actor, title=words[:TITLE_MAX])
    )
    hashed = digest(arguments)
    known = _proposed_before(session.id, turn_id, tool_call_id, arguments, hashed)
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
    carrier = actor.via(Channel.ASSISTANT)  # the channel of the later execution
    shown = preview_of(carrier, tool_name, arguments, TimeLimit())
    if if_it_stands and shown is not None and "refusal" in shown:
        raise WouldBeRefused(shown["refusal"], shown["warning"])
    _show(approval, shown, _worth(carrier, tool_name, arguments))
    db.session.add(approval)
    db.session.flush()
    db.session.refresh(approval)
    _record_made(actor, approval)
    return approval


def edit(
    actor: Actor, approval_id: str, arguments: JsonMapping, *, seen: str | None = None
) -> Approval:
    """Replace the arguments of a pending proposal and repeat the dry run.

    `seen` is the version (`queries.mark_of`) that the caller has read. It may be None if nobody has
    edited the proposal since it was made or renewed.

    Raises, in this order: Forbidden (role `viewer`), ApprovalNotFound, Forbidden (a role that may
    not decide on this act), ApprovalAlreadyResolved, NotEditable, ArgumentsInvalid, ShownChanged
    (`seen` is not the present version), PreviewStale (`seen` is missing), RequesterGone, and
    EditRefused (a rule would refuse the act). Unauthorized is raised if the caller's access ended
    while the edit waited for the lock or made the dry run.

    Before PreviewStale is raised, a new proposal is stored in place of this one.
    """
    actor.require(RESOLVE)
    limit = TimeLimit()
    approval = queries.get_locked(approval_id)
    actor = authenticate_reviewer(actor)
    effect = check_state(actor, approval)
    tool_inputs = _read(effect, arguments)
    if seen is not None and seen != queries.mark_of(approval):
        raise ShownChanged
    if tool_inputs == approval.payload:
        return approval
    if seen is None and is_edited(approval):
        movement = find_movements([approval], limit)[approval.id]
        if movement.refusal is not None:
            raise movement.refusal
        supersede(authenticate_reviewer(actor), approval, movement.shown)
        raise PreviewStale
    before = approval.arguments_hash
    requester = person_of(approval.requested_by_user_id)
    if requester is None:
        raise RequesterGone  # neither the preview nor the amount would be known
    shown = preview_of(requester, approval.tool_name, tool_inputs, limit)
    if shown is not None and "refusal" in shown:
        raise EditRefused(shown["refusal"], shown["warning"])
    worth = _worth(requester, approval.tool_name, tool_inputs)
    actor = authenticate_reviewer(actor)
    check_role(actor, approval)
    edited_at = db.session.scalar(select(NOW))
    # Set all fields together after the last query, because a query would flush some of them.
    approval.original_payload = approval.original_payload or approval.payload
    approval.payload, approval.arguments_hash = tool_inputs, digest(tool_inputs)
    approval.earlier_editor_ids = sorted(limits.editors_of(approval))
    approval.edited_by_user_id, approval.edited_at = actor.user_id, edited_at
    _show(approval, shown, worth)
    approval.summary = _line_of(shown, worth) or approval.summary
    db.session.flush()
    db.session.refresh(approval)
    inputs: dict[str, audit.Fact] = {
        "tool_name": approval.tool_name,
        "arguments_hash": approval.arguments_hash,
        "arguments_hash_before": before,
    }
    audit.record(
        actor,
        "proposal.edited",
        entity_refs=refs_of(approval),
        inputs=inputs,
        private={"arguments": tool_inputs},
    )
    notify_followers(approval.session_id)
    return approval


def is_edited(approval: Approval) -> bool:
    """Return True if the proposal was edited since it was made or renewed.

    A renewed proposal has a new id, which no caller can know from before the edit.
    """
    renewed = select(Approval.id).where(
        Approval.superseded_by == approval.id, Approval.edited_at == approval.edited_at
    )
    return approval.edited_at is not None and db.session.scalar(renewed.limit(1)) is None


def preview_of(
    requester: Actor, tool_name: str, arguments: JsonMapping, limit: TimeLimit
) -> Description | None:
    """Return the preview of an act, or None if no dry run is possible.

    Approved acts on the same customer or supplier that have not run yet are run first. Raises
    DecisionTimedOut.
    """
    effect = effects.find(tool_name)
    if effect is None:
        return None
    shown = dry_run(effect, requester, arguments, limit)
    pending = _pending_effects(order.waiting_about(order.parties_in(shown)), person_of)
    return dry_run(effect, requester, arguments, limit, pending=pending) if pending else shown


def find_movements(
    approvals: Sequence[Approval],
    limit: TimeLimit,
    *,
    unread: Container[str] = (),
    keeps_moved: bool = False,
) -> dict[str, Movement]:
    """Preview the acts of proposals again; return the results by id.

    The proposals are approved in this order. Each act is previewed after the acts that run before
    it in its queue (`order.queue_of`): the approved ones on the same parties that have not run, and
    the earlier ones of `approvals`. An earlier one is left out if its preview has moved or its id
    is in `unread`, unless `keeps_moved` is true.

    The caller must have called `order.lock_balances`. Raises DecisionTimedOut.
    """
    person = cache(person_of)
    found: dict[str, Movement] = {}
    queues: dict[str, list[Approval]] = {}
    for approval in approvals:
        queues.setdefault(order.queue_of(approval), []).append(approval)
    for queue in queues.values():
        parties = set[tuple[str, str]]().union(*(_parties_of(one, person, limit) for one in queue))
        with dry_runs(limit) as runs:
            for act in _pending_effects(order.waiting_about(parties), person):
                runs.run(act)
            for approval in queue:
                found[approval.id] = _movement(
                    approval,
                    person(approval.requested_by_user_id),
                    runs,
                    is_last=approval is queue[-1],
                    keeps_moved=keeps_moved,
                    may_keep=keeps_moved or approval.id not in unread,
                )
    return found


def on_renewed(hook: RenewalHook) -> RenewalHook:
    """Register a function that is called when a new proposal replaces an outdated one.

    `hook(requester, old)` runs in the transaction that stores the new proposal; `old` is the
    outdated proposal.
    """
    _renewal_hooks.append(hook)
    return hook


def supersede(actor: Actor, approval: Approval, shown: Description | None) -> Approval:
    """Expire a proposal with an outdated preview, and return its replacement.

    The new proposal has the preview `shown` and a new time limit. Raises RequesterGone, because
    without the requester the amount is not known.
    """
    fresh = Approval(id=new_approval_id(), **{name: getattr(approval, name) for name in _COPIED})
    requester = person_of(approval.requested_by_user_id)
    if requester is None:
        raise RequesterGone
    worth = _worth(requester, approval.tool_name, approval.payload)
    _show(fresh, shown, worth)
    if (fresh.amount_minor, fresh.currency) != (approval.amount_minor, approval.currency):
        fresh.summary = (
            _line_of(shown, worth) or fresh.summary
        )  # the old summary contains the old amount
    db.session.execute(
        update(Approval)
        .where(Approval.id == approval.id, Approval.status == "pending")
        .values(status="expired", superseded_by=fresh.id)
        .execution_options(synchronize_session=False)
    )
    db.session.add(fresh)
    db.session.flush()
    db.session.refresh(fresh)
    inputs = {
        "tool_name": approval.tool_name,
        "superseded_by": fresh.id,
        "preview_hash": approval.preview_hash,
        "preview_hash_now": fresh.preview_hash,
    }
    audit.record(actor, "proposal.superseded", entity_refs=refs_of(approval), inputs=inputs)
    _record_made(requester, fresh)
    after_commit(db.session, meters().decisions.labels("superseded").inc)
    notify_followers(approval.session_id)
    for hook in _renewal_hooks:
        hook(requester, approval)
    return fresh


def _parties_of(
    approval: Approval, person: Callable[[UUID | None], Actor | None], limit: TimeLimit
) -> set[tuple[str, str]]:
    """Return the parties of a proposal as pairs of party name and currency.

    If the stored preview is only a refusal, a new dry run finds the parties. The reason of the
    refusal may be an approved act about these parties that has not run yet.
    """
    effect, requester = (
        effects.find(approval.tool_name),
        person(approval.requested_by_user_id),
    )
    known = order.parties_in(approval.preview)
    if known or "refusal" not in (approval.preview or {}) or effect is None or requester is None:
        return known
    with dry_runs(limit) as runs:
        shown = runs.preview(effect, requester, approval.payload)
    return order.parties_in(shown)


def _movement(
    approval: Approval,
    requester: Actor | None,
    runs: DryRuns,
    *,
    is_last: bool,
    keeps_moved: bool,
    may_keep: bool,
) -> Movement:
    effect = effects.find(approval.tool_name)
    if requester is None:
        return Movement(refusal=RequesterGone())
    if effect is None:
        return Movement(refusal=PreviewMissing())
    if digest(approval.payload) != approval.arguments_hash:
        return Movement()  # the act refuses to run

    def has_moved(shown: Description) -> bool:
        return hash_of(approval.arguments_hash, shown) != approval.preview_hash

    shown = runs.preview(
        effect,
        requester,
        approval.payload,
        locale=(approval.preview or {}).get("locale"),
        keeps=None if is_last else lambda now: may_keep and (keeps_moved or not has_moved(now)),
    )
    if shown is None:
        return Movement(refusal=PreviewMissing())
    return Movement(shown, has_moved=has_moved(shown))


def _pending_effects(
    waiting: Iterable[Approval], person: Callable[[UUID | None], Actor | None]
) -> list[PendingEffect]:
    """Return the acts of approved proposals; `person` finds the requester."""
    found = []
    for approval in waiting:
        effect, requester = (
            effects.find(approval.tool_name),
            person(approval.requested_by_user_id),
        )
        if effect and requester:
            found.append(PendingEffect(effect, requester, dict(approval.payload)))
    return found


def _record_made(actor: Actor, approval: Approval) -> None:
    inputs: dict[str, audit.Fact] = {
        "tool_name": approval.tool_name,
        "arguments_hash": approval.arguments_hash,
    }
    shown = {"preview_hash": approval.preview_hash} if approval.preview_hash else {}
    audit.record(
        actor,
        "proposal.made",
        entity_refs=refs_of(approval),
        inputs=inputs | shown,
        private={"arguments": approval.payload, "summary": approval.summary},
    )


def _show(approval: Approval, shown: Description | None, worth: Money | None) -> None:
    """Set the preview, its hash and the amount of a proposal."""
    approval.preview = dict(shown) if shown is not None else None
    approval.preview_hash = hash_of(approval.arguments_hash, shown) if shown is not None else None
    approval.amount_minor, approval.currency = (
        (worth.amount_minor, worth.currency) if worth is not None else (None, None)
    )


def _worth(requester: Actor, tool_name: str, arguments: JsonMapping) -> Money | None:
    effect = effects.find(tool_name)
    if effect is None or effect.amount is None:
        return None
    try:
        with audit.savepoint():
            return effect.amount(requester, dict(arguments))
    except VoyagentError:
        return None  # the rule that refuses here will refuse the act as well


def _line_of(shown: Description | None, worth: Money | None) -> str:
    """Return the title of a preview with the amount; empty without a title."""
    if shown is None or not shown.get("title"):
        return ""
    return ", ".join([shown["title"], *([spoken(worth.wire, worth.currency)] if worth else [])])[
        :SUMMARY_MAX
    ]


def _read(effect: Effect | None, arguments: JsonMapping) -> JsonObject:
    """Return arguments validated by the schema of the act.

    Raises NotEditable, ArgumentsInvalid.
    """
    if effect is None or effect.schema is None:
        raise NotEditable
    try:
        return effect.schema.model_validate_json(json.dumps(arguments)).model_dump(
            mode="json", exclude_none=True
        )
    except ValidationError as error:
        raise ArgumentsInvalid(problems(error, "body", "arguments")) from None


def _proposed_before(
    session_id: UUID, turn_id: str | None, tool_call_id: str, arguments: JsonMapping, hashed: str
) -> Approval | None:
    """Return the proposal that an earlier run of this call has made, or None.

    Somebody may have edited the proposal since then.
    """
    if turn_id is None:
        return None
    same_arguments: ColumnElement[bool] = or_(
        Approval.arguments_hash == hashed, Approval.original_payload == literal(arguments, JSONB)
    )
    return db.session.scalar(
        select(Approval).where(
            Approval.session_id == session_id,
            Approval.turn_id == turn_id,
            Approval.tool_call_id == tool_call_id,
            Approval.superseded_by.is_(None),
            same_arguments,
        )
    )
