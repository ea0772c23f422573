"""The command that prints the state of the installation."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.operator.test_attention import QUIET
from tests.people import Person
from voyagent.kernel.database.start_checks import SCHEMA_TO


def test_the_command_prints_the_state_and_fails_if_something_needs_attention(
    app: Flask, alice: Person
) -> None:
    result = app.test_cli_runner().invoke(args=["status"])
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].startswith(f"release: 0.1.0, schema {SCHEMA_TO}, ")
    assert "workers: 0" in lines
    assert "attention: No worker runs." in lines
    assert any(line.startswith("jobs: waiting ") for line in lines)
    assert alice.email not in result.output


def test_the_command_succeeds_if_nothing_needs_attention(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voyagent.operator.commands.read_overview", lambda _settings: QUIET)
    monkeypatch.setattr("voyagent.operator.commands.read_mails", list)
    result = app.test_cli_runner().invoke(args=["status"])
    assert (result.exit_code, "attention" in result.output) == (0, False)
