"""A stopping web process ends its streams, so that it need not wait for them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.processes import gunicorn_settings
from voyagent.factory import create_app
from voyagent.http.buffering import BufferingWorker, Limits
from voyagent.kernel.config import Settings


@pytest.fixture(autouse=True)
def own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process keeps the clock of its computer, which other tests move."""
    monkeypatch.setattr("voyagent.kernel.database.clock_follower.follow", lambda _engine: None)


def test_streams_are_released_when_the_drain_ends_and_not_before(settings: Settings) -> None:
    app = create_app(settings)
    listener, draining = app.extensions["voyagent.listener"], app.extensions["voyagent.draining"]
    told: dict[str, Any] = {}

    def use(limits: Limits, **hooks: Callable[[], object]) -> None:
        told.update(hooks, limits=limits)

    worker = SimpleNamespace(wsgi=app, use=use, sample=lambda: None)
    gunicorn_settings()["post_worker_init"](worker)
    with listener.waiting_for("chat:any") as bell:
        bell.clear()
        told["on_drain"]()
        assert draining.is_set()
        assert not listener.is_closed
        told["on_stop"]()
        assert listener.is_closed
        assert bell.is_set()


def test_the_settings_are_the_limits_of_the_web_process(settings: Settings) -> None:
    app = create_app(
        settings.model_copy(update={"http_header_s": 7.0, "trusted_proxies": "10.0.0.5"})
    )
    told: list[Limits] = []
    worker = SimpleNamespace(
        wsgi=app, use=lambda limits, **_hooks: told.append(limits), sample=lambda: None
    )
    gunicorn_settings()["post_worker_init"](worker)
    (limits,) = told
    assert limits.header_s == 7.0
    assert [str(network) for network in limits.trusted] == ["10.0.0.5/32"]


@pytest.mark.parametrize(("drain_s", "seconds"), [("3", 13), ("0", 10), ("2.5", 13)])
def test_the_master_waits_for_the_drain_and_ten_seconds(drain_s: str, seconds: int) -> None:
    assert gunicorn_settings(VOYAGENT_DRAIN_S=drain_s)["graceful_timeout"] == seconds


@pytest.mark.parametrize(
    ("variables", "bind"),
    [
        ({}, "127.0.0.1:5000"),
        ({"PORT": "5001"}, "127.0.0.1:5001"),
        ({"PORT": "5001", "VOYAGENT_PORT": "5002"}, "127.0.0.1:5002"),
        ({"VOYAGENT_BIND": "0.0.0.0", "VOYAGENT_PORT": "80"}, "0.0.0.0:80"),  # noqa: S104
        ({"VOYAGENT_BIND": "::1"}, "[::1]:5000"),
    ],
)
def test_variables_choose_the_address(variables: dict[str, str], bind: str) -> None:
    settings = gunicorn_settings(**variables)
    assert settings["bind"] == bind
    assert settings["worker_class"].endswith(BufferingWorker.__name__)
