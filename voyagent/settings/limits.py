"""Limits: the highest amount that a role may approve or post directly."""

from __future__ import annotations

from collections.abc import Sequence

from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Forbidden
from voyagent.kernel.money import Money
from voyagent.settings import queries


class AmountAboveLimit(Forbidden):
    """The amount is above the limit of the role."""

    code = "amount_above_limit"
    message = N_("This is above your approval limit. Ask a colleague with a higher limit.")


def is_above(role: str, amounts: Sequence[Money]) -> bool:
    """True if one of the amounts is above the role's limit.

    An amount in another currency than the limit's cannot be compared and counts as above.
    """
    limit = queries.get_settings().approval_limits.get(role)
    if limit is None:
        return False
    most = Money.parse(limit["amount"], limit["currency"])
    return any(
        amount.currency != most.currency or amount.amount_minor > most.amount_minor
        for amount in amounts
    )


def check_limit(actor: Actor, *amounts: Money) -> None:
    """Refuse a direct act above the role's limit. Raises AmountAboveLimit.

    A granted act was approved by somebody within a limit of their own.
    """
    if actor.grant is None and is_above(actor.role, amounts):
        raise AmountAboveLimit
