"""Rules of who may approve: limits of roles, and approval by a second person."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from voyagent.approvals.models import Approval
from voyagent.approvals.service import effects
from voyagent.approvals.service.effects import Effect
from voyagent.approvals.service.errors import AmountUnknown
from voyagent.identity.queries import people as identity
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.settings import queries as settings
from voyagent.settings.queries import AmountAboveLimit, is_above


def amount_of(approval: Approval) -> Money | None:
    """Return a proposal's amount from its last dry run, or None if it is unknown."""
    return (
        None
        if approval.amount_minor is None or approval.currency is None
        else Money(approval.amount_minor, approval.currency)
    )


def amounts_of(approval: Approval) -> list[Money] | None:
    """Return all amounts of a proposal, one for each currency.

    The list is empty if the act never moves money. The result is None if the amount is unknown: it
    is not known in advance, or a rule refused the last dry run before it was known.
    """
    effect, first = effects.find(approval.tool_name), amount_of(approval)
    if first is None:
        return [] if effect is None or effect.amount is None else None
    if effect is None or effect.amounts is None:
        return [first]
    return effect.amounts(dict(approval.payload))


def may_decide(actor: Actor, approval: Approval) -> bool:
    """Return True if the user's role may decide the proposal."""
    effect = effects.find(approval.tool_name)
    return actor.can("approval.resolve") and (effect is None or actor.role in effect.approver_roles)


def may_edit(actor: Actor, approval: Approval) -> bool:
    """Return True if the user's role may decide the proposal and the act is editable."""
    effect = effects.find(approval.tool_name)
    return effect is not None and effect.schema is not None and may_decide(actor, approval)


def above_limit(actor: Actor, approval: Approval) -> bool:
    """Return True if the amount is unknown or above the limit of the user's role.

    An unknown amount is above every limit. A role may have no limit.
    """
    return is_above(actor.role, amounts_of(approval))


def check_limit(actor: Actor, approval: Approval) -> None:
    """Check that the amount is within the limit of the user's role.

    Raises AmountUnknown, AmountAboveLimit.
    """
    if above_limit(actor, approval):
        raise AmountUnknown if amounts_of(approval) is None else AmountAboveLimit


def who_may_grant(approval: Approval) -> list[str]:
    """Return the roles that may approve the proposal within their limits."""
    effect = effects.find(approval.tool_name)
    return sorted(_who_could(effect, amounts_of(approval))) if effect is not None else []


def editors_of(approval: Approval) -> frozenset[UUID]:
    """Return all users who have edited the proposal."""
    return frozenset(
        user_id
        for user_id in (approval.edited_by_user_id, *approval.earlier_editor_ids)
        if user_id is not None
    )


def needs_another(actor: Actor, approval: Approval) -> bool:
    """Return True if the four-eyes rule forbids the user to approve the proposal.

    The rule covers acts with `Effect.money`, if the agency's setting `four_eyes` is on, as it is by
    default. It forbids the requester and the editors to approve, with two exceptions:

    - An editor may approve if no other user has a role that could approve.
    - A requester who has not edited the proposal may approve if only the requester and the editors
      have such a role.

    Active and suspended users count. Otherwise a reset that suspends colleagues
    (`identity.service.suspending`) would also end the need for a second person.
    """
    effect = effects.find(approval.tool_name)
    if (
        effect is None
        or not effect.money
        or actor.user_id is None
        or actor.user_id not in editors_of(approval) | {approval.requested_by_user_id}
    ):
        return False
    could = _who_could(effect, amounts_of(approval) or [])
    return (
        settings.get_settings().four_eyes
        and actor.user_id in _authors(approval, could)
        and _others({actor.user_id}, could) > 0
    )


def who_else_may_grant(approval: Approval) -> list[str]:
    """Return the roles of users, besides requester and editors, who may approve."""
    roles = who_may_grant(approval)
    authors = _authors(approval, frozenset(roles))
    return [role for role in roles if _others(authors, frozenset({role})) > 0]


def _authors(approval: Approval, could: frozenset[str]) -> frozenset[UUID]:
    """Return the users whom the four-eyes rule forbids to approve.

    These are the requester and all editors. If no other user has one of the roles `could`, the
    result has only the editors.
    """
    editors, requester = editors_of(approval), approval.requested_by_user_id
    everybody = editors if requester is None else editors | {requester}
    return everybody if _others(everybody, could) > 0 else editors


def _others(user_ids: Iterable[UUID], roles: frozenset[str]) -> int:
    return identity.other_active_people(user_ids, roles, or_suspended=True)


def _who_could(effect: Effect, amounts: list[Money] | None) -> frozenset[str]:
    return frozenset(role for role in effect.approver_roles if not is_above(role, amounts))
