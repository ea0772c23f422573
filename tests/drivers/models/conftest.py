"""A stand-in for the servers of models, and a driver of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import structlog

from tests.drivers.models.asking import KINDS, driver_of
from tests.model_server import ModelServer, serving
from voyagent.drivers.models import calling
from voyagent.drivers.models.protocol import ModelDriver


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as server:
        yield server


@pytest.fixture(params=KINDS)
def driver(request: pytest.FixtureRequest, server: ModelServer) -> ModelDriver:
    return driver_of(request.param, server)


@pytest.fixture(autouse=True)
def own_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log whose lines a test can read, independent of the configuration."""
    monkeypatch.setattr(calling, "log", structlog.get_logger())


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the waits before retries, which take no time in tests."""
    waited: list[float] = []

    def wait(pause_s: float, should_stop: Callable[[], bool]) -> bool:
        waited.append(pause_s)
        return not should_stop()

    monkeypatch.setattr(calling, "_wait", wait)
    return waited
