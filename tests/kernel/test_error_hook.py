"""The operator's function gets unexpected errors and cannot disturb the program."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest
import structlog
from flask import Flask

from tests.people import Person
from voyagent.kernel import jobs, logs
from voyagent.kernel.config import ConfigurationError, Settings
from voyagent.kernel.error_hook import WAITING_MAX, ErrorHook, load_hook

Reported = tuple[str, str, dict[str, Any]]
PATIENCE_S = 10


@pytest.fixture
def hooked(settings: Settings) -> Iterator[Callable[[Callable[..., object]], ErrorHook]]:
    """Use a function as the hook until the test ends."""

    def use(function: Callable[..., object]) -> ErrorHook:
        hook = ErrorHook(function)
        logs.configure(as_json=settings.log_json, report=hook.report)
        return hook

    yield use
    logs.configure(as_json=settings.log_json)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every view raise an error."""

    def fail(_self: Flask) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("voyagent.http.app.VoyagentFlask._dispatch_once", fail)


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_of_a_request_is_reported_with_its_ids(
    alice: Person, hooked: Callable[..., ErrorHook]
) -> None:
    reported: Queue[Reported] = Queue()
    hooked(lambda *given: reported.put(given))
    answer = alice.api.get("/enquiries")
    event, error, ids = reported.get(timeout=PATIENCE_S)
    assert (event, error) == ("request.failed", "ZeroDivisionError")
    assert ids["request_id"] == answer.headers["X-Request-Id"]
    assert ids["route"] == "/api/enquiries"
    assert set(ids) <= set(logs._IDS)  # noqa: SLF001 - ids only
    assert reported.empty()


def test_an_unexpected_error_of_a_job_is_reported(
    app: Flask, hooked: Callable[..., ErrorHook]
) -> None:
    reported: Queue[Reported] = Queue()
    hooked(lambda *given: reported.put(given))

    def fail() -> None:
        raise ZeroDivisionError

    run = jobs._in_context(app, jobs.Task("probe.fails", fail))  # noqa: SLF001 - as the worker has it
    with logs.bound(job=7), pytest.raises(ZeroDivisionError):
        run()
    event, error, ids = reported.get(timeout=PATIENCE_S)
    assert (event, error, ids["job"], ids["task"]) == (
        "job.failed",
        "ZeroDivisionError",
        7,
        "probe.fails",
    )


def test_an_expected_error_is_not_reported(
    app: Flask, alice: Person, hooked: Callable[..., ErrorHook]
) -> None:
    reported: Queue[Reported] = Queue()
    hook = hooked(lambda *given: reported.put(given))
    assert alice.api.get("/nowhere").status_code == 404
    structlog.get_logger("voyagent.tests").error("database.unavailable", error="OperationalError")
    hook.report("end", "", {})
    assert reported.get(timeout=PATIENCE_S)[0] == "end"


@pytest.mark.usefixtures("broken")
def test_a_hook_that_raises_is_called_again(
    alice: Person, hooked: Callable[..., ErrorHook]
) -> None:
    called: Queue[str] = Queue()

    def raises(event: str, _error: str, _ids: dict[str, Any]) -> None:
        called.put(event)
        raise SystemExit

    hooked(raises)
    for _ in range(2):
        assert alice.api.get("/enquiries").status_code == 500
        assert called.get(timeout=PATIENCE_S) == "request.failed"


@pytest.mark.usefixtures("broken")
def test_a_hook_that_hangs_delays_no_request(
    alice: Person, hooked: Callable[..., ErrorHook]
) -> None:
    returns = threading.Event()
    hook = hooked(lambda *_: returns.wait(PATIENCE_S * 6))
    for _ in range(WAITING_MAX + 2):
        hook.report("earlier", "", {})
    began = time.monotonic()
    assert alice.api.get("/enquiries").status_code == 500
    assert time.monotonic() - began < PATIENCE_S
    returns.set()


@pytest.mark.parametrize(
    "name", ["nowhere:hook", "voyagent.kernel.clock:nothing", "voyagent", ":", "os:sep"]
)
def test_a_wrong_name_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_hook(name)
    assert str(refusal.value).startswith("VOYAGENT_ERROR_HOOK must name a function")
    assert "\n" not in str(refusal.value)


def test_a_function_is_found_by_its_name() -> None:
    assert isinstance(load_hook("builtins:print"), ErrorHook)
