"""Shared fixtures of the tests of reports."""

from __future__ import annotations

from typing import Any

import pytest

from voyagent.drivers.paper import Paper


@pytest.fixture
def typeset_input(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Record the last input of the typesetter."""
    given: dict[str, Any] = {}
    plain = Paper.pdf

    def keep(self: Paper, name: str, data: dict[str, Any]) -> bytes:
        given.clear()
        given.update(data)
        return plain(self, name, data)

    monkeypatch.setattr(Paper, "pdf", keep)
    return given
