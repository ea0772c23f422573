"""The most that a role may do: an amount that the agency's settings name.

It binds what is granted and what is done by hand alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Forbidden
from voyagent.kernel.money import Money
from voyagent.settings import queries


class AmountAboveLimit(Forbidden):
    """Granting, or doing by hand, more than the agency's settings let the role grant."""

    code = "amount_above_limit"
    message = N_("This is above your approval limit. Ask a colleague with a higher limit.")


def is_above(role: str, amounts: Sequence[Money]) -> bool:
    """Whether one of the amounts is more than the role may grant.

    Where the limit is in another currency nobody can tell, so it is.
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
    """Refuse to do directly more than the role may grant. Raises AmountAboveLimit.

    What a grant covers was approved by somebody within a limit of their own.
    """
    if actor.grant is None and is_above(actor.role, amounts):
        raise AmountAboveLimit
