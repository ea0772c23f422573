"""Registry of all capabilities, by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from voyagent.approvals.service import effects
from voyagent.audit import words as audit_words
from voyagent.capabilities.approval import effect_of
from voyagent.capabilities.capability import Capability
from voyagent.kernel.errors import N_, NotFound

_installed: dict[str, Capability[Any]] = {}


class CapabilityUnknown(NotFound):
    """No capability has this name."""

    code = "capability_unknown"
    message = N_("There is no such action.")


def install(capabilities: Iterable[Capability[Any]]) -> None:
    """Register capabilities and their audit sentences.

    A capability that can be proposed is also registered with `approvals`, which runs the approved
    proposals. Registering a capability again changes nothing. Raises ValueError for a name that
    another capability has, and for approvers that are not roles.
    """
    for capability in capabilities:
        known = _installed.get(capability.name)
        if known is capability:
            continue
        if known is not None:
            raise ValueError(f"two capabilities are called {capability.name}")
        if capability.may_propose:
            effects.register(effect_of(capability))
        audit_words.register_sentence(capability.name, capability.audit)
        _installed[capability.name] = capability


def find(name: str) -> Capability[Any] | None:
    """Return the capability of a name, or None."""
    return _installed.get(name)


def get(name: str) -> Capability[Any]:
    """Return the capability of a name. Raises CapabilityUnknown."""
    if name not in _installed:
        raise CapabilityUnknown
    return _installed[name]


def every() -> tuple[Capability[Any], ...]:
    """Return all capabilities, ordered by name."""
    return tuple(_installed[name] for name in sorted(_installed))
