"""How much a role may grant, and who could grant in another's place: the amount limits of the
settings as they bear on a request, and four eyes.
"""

from __future__ import annotations

from voyagent.approvals import effects
from voyagent.approvals.effects import Effect
from voyagent.approvals.models import Approval
from voyagent.identity import queries as identity
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.settings import queries as settings
from voyagent.settings.limits import is_above


def amount_of(approval: Approval) -> Money | None:
    """What granting is worth, as it was found at the last rehearsal."""
    return (
        None
        if approval.amount_minor is None or approval.currency is None
        else Money(approval.amount_minor, approval.currency)
    )


def amounts_of(approval: Approval) -> list[Money]:
    """All that granting moves, one amount for each currency; none where nobody knows."""
    effect, first = effects.find(approval.tool_name), amount_of(approval)
    if first is None or effect is None or effect.amounts is None:
        return [] if first is None else [first]
    return effect.amounts(dict(approval.payload))


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


def who_may_grant(approval: Approval) -> list[str]:
    """The roles whose word the request waits for and whose limit it keeps within; none where it is
    above every one of them.
    """
    effect = effects.find(approval.tool_name)
    return sorted(_who_could(effect, approval)) if effect is not None else []


def needs_another(actor: Actor, approval: Approval) -> bool:
    """Whether four eyes are asked for and this person's are not enough: her own request, about
    money, and a colleague could grant it.
    """
    effect = effects.find(approval.tool_name)
    if (
        effect is None
        or not effect.money
        or approval.requested_by_user_id is None
        or approval.requested_by_user_id != actor.user_id
    ):
        return False
    return (
        settings.get_settings().four_eyes
        and identity.other_active_people(
            approval.requested_by_user_id, _who_could(effect, approval)
        )
        > 0
    )


def who_else_may_grant(approval: Approval) -> list[str]:
    """The same roles, as far as somebody active other than who asked for it holds them."""
    asker = approval.requested_by_user_id
    return [
        role
        for role in who_may_grant(approval)
        if asker is None or identity.other_active_people(asker, frozenset({role})) > 0
    ]


def _who_could(effect: Effect, approval: Approval) -> frozenset[str]:
    amounts = amounts_of(approval)
    return frozenset(role for role in effect.approver_roles if not is_above(role, amounts))
