"""Each capability of the program is complete."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from voyagent import catalogue
from voyagent.capabilities.capability import Capability, Invocation
from voyagent.capabilities.describe import form_fields, tool_schema
from voyagent.drivers.suppliers import Suppliers
from voyagent.identity.rules.permissions import ROLE_PERMISSIONS
from voyagent.kernel.actor import system_actor
from voyagent.kernel.ids import new_id

ENGLISH_MIN, OTHER_MIN = 12, 6
ICONS = (Path(__file__).parents[2] / "static/vendor/bootstrap-icons.min.css").read_text()


def every(capability: Capability[Any]) -> str:
    return capability.name


@pytest.mark.parametrize("capability", catalogue.CAPABILITIES, ids=every)
def test_a_capability_is_complete(capability: Capability[Any]) -> None:
    assert capability.name.isidentifier()
    assert capability.summary.endswith(".")
    assert any(capability.permission in granted for granted in ROLE_PERMISSIONS.values())
    assert f".bi-{capability.card.icon}:" in ICONS
    assert set(capability.examples) >= {"en", "hi"}
    for language, sentences in capability.examples.items():
        least = ENGLISH_MIN if language == "en" else OTHER_MIN
        assert len(set(sentences)) == len(sentences) >= least, language
    properties = tool_schema(capability)["input_schema"].get("properties", {})
    assert all(field.get("description") for field in properties.values())
    assert [field.name for field in form_fields(capability, {})] == list(properties)
    for name in capability.required_fields:
        if name in capability.slots:
            assert capability.slots[name].question or name == "currency", name


def test_no_sentence_is_an_example_of_two_capabilities() -> None:
    counts = Counter(
        sentence.casefold()
        for capability in catalogue.CAPABILITIES
        for sentences in capability.examples.values()
        for sentence in sentences
    )
    assert [sentence for sentence, count in counts.items() if count > 1] == []


def test_importing_the_catalogue_installs_nothing() -> None:
    program = (
        "from voyagent import catalogue\n"
        "from voyagent.approvals.service import effects\n"
        "from voyagent.capabilities import registry\n"
        "assert registry.every() == ()\n"
        "assert not any(effects.find(one.name) for one in catalogue.CAPABILITIES)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_application_binds_its_suppliers(app: Flask) -> None:
    with app.app_context():
        found = Invocation(system_actor(new_id())).port(Suppliers)
    assert found is app.extensions["voyagent.suppliers"]
