"""An export pauses while a request runs, but not for a request that runs long."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.kernel.database import copy_export
from voyagent.kernel.limits import running_requests as module
from voyagent.kernel.limits.running_requests import RunningRequests, running_requests


def seconds_of_a_pause(requests: RunningRequests) -> float:
    began = time.monotonic()
    requests.give_way()
    return time.monotonic() - began


def test_there_is_no_pause_without_a_request() -> None:
    requests = RunningRequests()
    assert seconds_of_a_pause(requests) < module.PAUSE_S / 2
    with requests:
        pass
    assert seconds_of_a_pause(requests) < module.PAUSE_S / 2


def test_the_pause_ends_with_the_last_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 5.0)
    requests = RunningRequests()
    with ThreadPoolExecutor(1) as thread:
        with requests, requests:
            pausing = thread.submit(seconds_of_a_pause, requests)
            time.sleep(0.1)
            assert not pausing.done()
        assert 0.05 < pausing.result(timeout=1) < 1


def test_a_request_that_runs_long_stops_nothing() -> None:
    requests = RunningRequests()
    with requests:
        assert module.PAUSE_S / 2 < seconds_of_a_pause(requests) < 1
        assert seconds_of_a_pause(requests) < module.PAUSE_S / 2


def test_a_request_counts_while_its_view_runs(
    app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def view(**_: object) -> str:
        seen.append(running_requests._number)  # noqa: SLF001 - the number is shown nowhere else
        return ""

    monkeypatch.setitem(app.view_functions, "api_system_root.health", view)
    assert app.test_client().get("/health").status_code == 200
    assert seen == [1]
    assert running_requests._number == 0  # noqa: SLF001


def test_an_export_gives_way_between_two_pieces(app: Flask, alice: Person) -> None:
    snapshot = app.extensions["voyagent.exports"].open(alice.actor.tenant_id)
    pieces = snapshot.copied(sa.select(sa.func.generate_series(1, 10 * copy_export.LINES_AT_ONCE)))
    next(pieces)
    began = time.monotonic()
    with running_requests:
        next(pieces)
    assert time.monotonic() - began > module.PAUSE_S / 2
    snapshot.close()
