"""Convert a capability that needs approval to an act that `approvals` can run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from voyagent.approvals.service.effects import Effect, read_arguments
from voyagent.capabilities.capability import Capability, Invocation, no_money
from voyagent.kernel.actor import Actor
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money

Result = TypeVar("Result")
Stored = Callable[[Actor, JsonObject], Result]


def effect_of(capability: Capability[Any]) -> Effect:
    """Return the capability as an Effect, an act that `approvals` can preview and run."""
    return Effect(
        capability.name,
        capability.approvers,
        capability.title,
        money=capability.four_eyes,
        reversible=capability.undoable,
        external=capability.external,
        asks=capability.external,
        run=_stored(capability, capability.run),
        permission=capability.permission,
        further=capability.further_permissions,
        dry_run=_stored(capability, capability.dry_run) if capability.dry_run else None,
        describe=_stored(capability, capability.preview) if capability.preview else None,
        measure=_stored(capability, capability.measure) if capability.measure else None,
        amount=_amount_of(capability),
        amounts=_amounts_of(capability),
        schema=capability.input if capability.editable else None,
    )


def _stored(
    capability: Capability[Any], act: Callable[[Invocation, Any], Result]
) -> Stored[Result]:
    return lambda actor, arguments: act(
        Invocation(actor), read_arguments(capability.input, arguments)
    )


def _amount_of(capability: Capability[Any]) -> Stored[Money | None] | None:
    if capability.policy is None or capability.policy is no_money:
        return None
    facts = _stored(capability, capability.policy)
    return lambda actor, arguments: next(iter(facts(actor, arguments).amounts), None)


def _amounts_of(
    capability: Capability[Any],
) -> Callable[[JsonObject], list[Money]] | None:
    amounts = capability.amounts
    if amounts is None:
        return None
    return lambda arguments: list(amounts(read_arguments(capability.input, arguments)))
