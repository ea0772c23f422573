"""Installation: one name, one capability, with its audit sentence and its effect."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.capabilities.probes import PROPOSES, READS, WRITES, made
from voyagent.approvals.service import effects
from voyagent.audit import words
from voyagent.capabilities import registry
from voyagent.capabilities.registry import CapabilityUnknown


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the capabilities of a test after it."""
    monkeypatch.setattr(registry, "_installed", {})
    monkeypatch.setattr(effects, "_effects", {})
    monkeypatch.setattr(words, "_KINDS", {})


def test_capabilities_are_found_by_name_and_listed_in_order(app: Flask) -> None:
    second, first = made(READS, name="probe_b"), made(PROPOSES, name="probe_a")
    registry.install([second, first])
    assert registry.every() == (first, second)
    assert registry.find("probe_b") is registry.get("probe_b") is second
    assert registry.find("probe_c") is None
    with pytest.raises(CapabilityUnknown):
        registry.get("probe_c")
    with app.test_request_context():
        assert words.kind("probe_b") == "Assistant: note something"
    assert effects.find("probe_b") is None
    assert effects.find("probe_a") is not None


def test_repeating_an_installation_changes_nothing() -> None:
    capability = made(PROPOSES)
    registry.install([capability])
    effect = effects.find("probe_note")
    registry.install([capability])
    assert registry.every() == (capability,)
    assert effects.find("probe_note") is effect


def test_a_name_is_unique() -> None:
    registry.install([made(READS)])
    with pytest.raises(ValueError, match="two capabilities are called probe_note"):
        registry.install([made(WRITES)])


def test_approvers_must_be_roles() -> None:
    with pytest.raises(ValueError, match="cannot decide"):
        registry.install([made(PROPOSES, approvers=frozenset({"the_owner"}))])
    assert registry.find("probe_note") is None
