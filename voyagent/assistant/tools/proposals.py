"""How a proposal is put in a line, from the effect that a grant carries out."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel

from voyagent.approvals.effects import Effect
from voyagent.assistant.planner.sentences import money
from voyagent.capabilities.capability import Invocation


def what_is_asked(effect: Effect) -> Callable[[Invocation, BaseModel], str]:
    """A line such as `Issue the invoice for Deepa, INR 45,000.00`; what could not be carried out is
    refused before anybody is asked.
    """

    def summarise(call: Invocation, wanted: BaseModel) -> str:
        arguments = wanted.model_dump(mode="json", exclude_none=True)
        described = effect.describe(call.actor, arguments) if effect.describe else {}
        worth = effect.amount(call.actor, arguments) if effect.amount else None
        title = str(described.get("title") or effect.title)
        return title if worth is None else f"{title}, {money(worth.wire, worth.currency)}"

    return summarise
