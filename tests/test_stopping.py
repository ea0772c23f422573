"""A stopping web process ends its streams first, so that it stops at once."""

from __future__ import annotations

import logging
import runpy
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from voyagent.factory import create_app
from voyagent.kernel.config import Settings

CONFIGURATION = str(Path(__file__).resolve().parent.parent / "gunicorn.conf.py")


@pytest.fixture
def stop_requests() -> Iterator[list[int]]:
    """Record the calls of the server's own handler, instead of gunicorn's."""
    calls: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: calls.append(number))
    yield calls
    signal.signal(signal.SIGTERM, before)


def web_process(app: Flask) -> SimpleNamespace:
    """Return gunicorn's arguments to the hook."""
    return SimpleNamespace(
        wsgi=app, log=SimpleNamespace(error_log=logging.getLogger("tests.web_process"))
    )


def test_streams_are_released_before_the_server_stops(
    settings: Settings, stop_requests: list[int]
) -> None:
    app = create_app(settings)
    listener = app.extensions["voyagent.listener"]
    runpy.run_path(CONFIGURATION)["post_worker_init"](web_process(app))
    with listener.waiting_for("chat:any") as bell:
        bell.clear()
        signal.raise_signal(signal.SIGTERM)
        assert listener.is_closed
        assert bell.is_set()
    assert stop_requests == [signal.SIGTERM]


@pytest.mark.usefixtures("stop_requests")
def test_disconnected_clients_are_not_logged_but_other_errors_are(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    worker = web_process(create_app(settings))
    runpy.run_path(CONFIGURATION)["post_worker_init"](worker)
    for error in (TimeoutError(), OSError("trouble")):
        try:
            raise error
        except OSError:
            worker.log.error_log.exception("Socket error processing request.")
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["trouble"]
