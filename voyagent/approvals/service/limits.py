"""How much a role may grant, and who could grant in another's place: amount limits of the settings, and four eyes."""

from __future__ import annotations

from collections.abc import Sequence

from voyagent.approvals import effects
from voyagent.approvals.effects import Effect
from voyagent.approvals.models import Approval
from voyagent.approvals.service.errors import AmountAboveLimit
from voyagent.identity import queries as identity
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.money import Money
from voyagent.settings import queries as settings


def amount_of(approval: Approval) -> Money | None:
    """What granting is worth, as it was found at the last rehearsal."""
    return None if approval.amount_minor is None or approval.currency is None else Money(approval.amount_minor, approval.currency)


def amounts_of(approval: Approval) -> list[Money]:
    """All that granting moves, one amount for each currency; none where nobody knows."""
    effect, first = effects.find(approval.tool_name), amount_of(approval)
    if first is None or effect is None or effect.amounts is None:
        return [] if first is None else [first]
    return effect.amounts(dict(approval.payload))


def is_above(role: str, amounts: Sequence[Money]) -> bool:
    """Whether one of the amounts is more than the role may grant. Where the limit is in another currency nobody can tell, so it is."""
    limit = settings.get_settings().approval_limits.get(role)
    if limit is None:
        return False
    most = Money.parse(limit["amount"], limit["currency"])
    return any(amount.currency != most.currency or amount.amount_minor > most.amount_minor for amount in amounts)


def may_decide(actor: Actor, approval: Approval) -> bool:
    """Whether the person's role could decide it, for the page's buttons; `resolve` has the word."""
    effect = effects.find(approval.tool_name)
    return actor.can("approval.resolve") and (effect is None or actor.role in effect.approver_roles)


def may_edit(actor: Actor, approval: Approval) -> bool:
    """Whether the person's role could edit it, and the tool's arguments can be edited at all."""
    effect = effects.find(approval.tool_name)
    return effect is not None and effect.schema is not None and may_decide(actor, approval)


def above_limit(actor: Actor, approval: Approval) -> bool:
    """Whether it is worth more than the person's role may grant."""
    return is_above(actor.role, amounts_of(approval))


def check_limit(actor: Actor, *amounts: Money) -> None:
    """That a person does by hand no more than her role may grant: a door of its own is no way around the limit. Raises AmountAboveLimit.

    What the assistant does for somebody was granted before, by a person within her own limit.
    """
    if actor.channel is not Channel.ASSISTANT and is_above(actor.role, amounts):
        raise AmountAboveLimit


def needs_another(actor: Actor, approval: Approval) -> bool:
    """Whether four eyes are asked for and this person's are not enough: her own request, about money, and a colleague could grant it."""
    effect = effects.find(approval.tool_name)
    if effect is None or not effect.money or approval.requested_by_user_id is None or approval.requested_by_user_id != actor.user_id:
        return False
    return settings.get_settings().four_eyes and identity.other_active_people(approval.requested_by_user_id, _who_could(effect, approval)) > 0


def _who_could(effect: Effect, approval: Approval) -> frozenset[str]:
    amounts = amounts_of(approval)
    return frozenset(role for role in effect.approver_roles if not is_above(role, amounts))
