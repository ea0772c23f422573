"""Deadlines, stop requests and lost connections of model calls."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.drivers.models.asking import KINDS, ask, driver_of, request_of
from tests.drivers.smtp_server import certificate, in_tls
from tests.model_server import Act, Endless, Failure, Frames, Hang, ModelServer, Reply, serving
from voyagent.drivers.models import line
from voyagent.drivers.models.errors import ModelTimeout, ModelUnavailable
from voyagent.drivers.models.protocol import ModelDriver


@pytest.mark.parametrize(
    "act", [Hang(), Frames(b": nothing yet\n\n", "silence"), Endless("", pause_s=0.05)]
)
def test_a_server_without_a_response_times_out_at_the_deadline(
    driver: ModelDriver, server: ModelServer, act: Act
) -> None:
    ask(driver)  # what is imported for the first time is no matter of this test
    server.next(act)
    begun = time.monotonic()
    with pytest.raises(ModelTimeout) as failed:
        ask(driver, within_s=0.5)
    assert 0.45 <= time.monotonic() - begun < 2.5
    assert failed.value.tries == 1
    assert server.left_alone.wait(2), "the connection stays open"


@pytest.mark.parametrize(
    "act",
    [
        Hang(),
        Frames(b": nothing yet\n\n", "silence"),
        Endless(pause_s=0.02),
        Endless(),
        Failure(429, headers={"Retry-After": "8"}),
    ],
)
def test_the_requester_can_stop_a_turn_at_any_time(
    driver: ModelDriver, server: ModelServer, act: Act
) -> None:
    ask(driver)
    server.next(act)
    pieces: list[str] = []
    wanted, begun = _set_when(
        lambda: len(server.heard) == 2 and bool(pieces or not isinstance(act, Endless))
    )
    answer = driver.answer(request_of(max_tokens=10_000_000), pieces.append, wanted.is_set)
    assert time.monotonic() - begun[0] < 1
    assert (answer.stop_reason, answer.calls, answer.text) == ("stopped", (), "".join(pieces))
    if isinstance(act, Endless):
        assert answer.usage.output >= len(answer.text) // 4 > 0
    if not isinstance(act, Failure):
        assert server.left_alone.wait(2), "the connection stays open"


@pytest.mark.parametrize("kind", KINDS)
def test_all_cases_work_over_tls(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setattr(line, "_tls", lambda: ssl.create_default_context(cafile=str(pem)))
    with serving(in_tls(pem)) as server:
        driver = driver_of(kind, server)
        server.next(Reply("Good morning."), Hang(), Endless(pause_s=0.01))
        assert ask(driver).text == "Good morning."
        for requests in (2, 3):
            wanted, begun = _set_when(lambda requests=requests: len(server.heard) == requests)
            answer = driver.answer(request_of(), lambda _text: None, wanted.is_set)
            assert time.monotonic() - begun[0] < 1
            assert answer.stop_reason == "stopped"
            assert server.left_alone.wait(2), "the connection stays open"
            server.left_alone.clear()
        _no_thread_is_left()


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_with_an_untrusted_certificate_is_not_used(
    kind: str, tmp_path: Path, pauses: list[float]
) -> None:
    with serving(in_tls(certificate(tmp_path))) as server:
        with pytest.raises(ModelUnavailable, match="ConnectError"):
            ask(driver_of(kind, server))
        assert server.heard == []
    assert pauses == [1.0]


def test_a_stop_request_is_checked_four_times_a_second(
    driver: ModelDriver, server: ModelServer
) -> None:
    ask(driver)
    server.next(Endless(pause_s=0.002))
    asked: list[float] = []

    def should_stop() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 2

    driver.answer(request_of(max_tokens=10_000_000), lambda _text: None, should_stop)
    assert 0.45 <= asked[-1] - asked[0] < 2


def test_an_error_of_the_listener_closes_the_connection_and_is_raised(
    driver: ModelDriver, server: ModelServer
) -> None:
    server.next(Endless(pause_s=0.02))

    def on_text(_text: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        driver.answer(request_of(), on_text)
    assert server.left_alone.wait(2), "the connection stays open"
    _no_thread_is_left()


def test_no_thread_runs_after_its_answer(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Reply("Good morning."), Hang(), Endless())
    ask(driver)
    with pytest.raises(ModelTimeout):
        ask(driver, within_s=0.5)
    ask(driver, max_tokens=10)
    _no_thread_is_left()


def _set_when(ready: Callable[[], bool]) -> tuple[threading.Event, list[float]]:
    """Return an event that is set as soon as `ready()`, and a list with its time."""
    event = threading.Event()
    times: list[float] = []

    def wait() -> None:
        while not ready():
            time.sleep(0.01)
        times.append(time.monotonic())
        event.set()

    threading.Thread(target=wait, daemon=True).start()
    return event, times


def _no_thread_is_left() -> None:
    until = time.monotonic() + 3
    while [thread.name for thread in threading.enumerate() if thread.name.startswith("model-")]:
        assert time.monotonic() < until
        time.sleep(0.02)
