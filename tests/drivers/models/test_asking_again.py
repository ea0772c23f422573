"""Retries of model requests, and cases without a retry."""

from __future__ import annotations

import json
import socket
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.drivers.models.asking import KEY, ask, beginning, driver_of, request_of
from tests.model_server import Failure, Frames, ModelServer, Reply
from voyagent.drivers.models.anthropic import Anthropic
from voyagent.drivers.models.errors import (
    ModelBusy,
    ModelError,
    ModelMissing,
    ModelRefused,
    ModelUnavailable,
)
from voyagent.drivers.models.openai import OpenAI
from voyagent.drivers.models.protocol import ModelDriver
from voyagent.drivers.models.usage import Usage
from voyagent.kernel import clock

BUSY = Failure(429, "rate_limit_error")


def test_a_busy_model_is_called_again_after_one_and_two_seconds(
    driver: ModelDriver, server: ModelServer, pauses: list[float]
) -> None:
    server.next(BUSY, BUSY, Reply("Here I am."))
    answer = ask(driver)
    assert (answer.text, answer.tries, pauses, len(server.heard)) == (
        "Here I am.",
        3,
        [1.0, 2.0],
        3,
    )


def test_the_retry_after_header_sets_the_wait(driver: ModelDriver, server: ModelServer) -> None:
    server.next(
        Failure(429, "rate_limit_error", headers={"Retry-After": "0.3"}), Reply("Here I am.")
    )
    begun = time.monotonic()
    answer = ask(driver)
    assert (answer.text, answer.tries) == ("Here I am.", 2)
    assert 0.3 <= time.monotonic() - begun < 5


def test_retry_after_may_be_a_date(
    driver: ModelDriver, server: ModelServer, pauses: list[float]
) -> None:
    until = format_datetime(clock.now() + timedelta(seconds=5), usegmt=True)
    server.next(
        Failure(429, headers={"Retry-After": until}),
        Failure(429, headers={"Retry-After": "-3"}),
        Reply("Here I am."),
    )
    assert ask(driver).tries == 3
    assert 2 < pauses[0] <= 5
    assert pauses[1] == 0


@pytest.mark.parametrize("nonsense", ["soon", "inf", "nan", "2026-03-02", "1e999"])
def test_an_invalid_retry_after_is_ignored(
    driver: ModelDriver, server: ModelServer, pauses: list[float], nonsense: str
) -> None:
    server.next(Failure(429, headers={"Retry-After": nonsense}), Reply("Here I am."))
    assert ask(driver).tries == 2
    assert pauses == [1.0]


def test_a_busy_model_fails_after_the_retries(
    driver: ModelDriver, server: ModelServer, pauses: list[float]
) -> None:
    server.next(BUSY, BUSY, BUSY, Reply("Too late."))
    with pytest.raises(ModelBusy) as failed:
        ask(driver)
    assert (failed.value.tries, len(server.heard), pauses) == (3, 3, [1.0, 2.0])
    assert (failed.value.vendor_ref, failed.value.has_sent_text, failed.value.usage) == (
        "req-stand-in",
        False,
        Usage(),
    )


def test_no_retry_waits_beyond_the_deadline(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Failure(429, headers={"Retry-After": "30"}))
    begun = time.monotonic()
    with pytest.raises(ModelBusy) as failed:
        ask(driver, within_s=10)
    assert (failed.value.retry_after_s, failed.value.tries) == (30, 1)
    assert time.monotonic() - begun < 5


def test_requests_are_limited_by_the_budget(driver: ModelDriver, server: ModelServer) -> None:
    server.next(BUSY, BUSY)
    with pytest.raises(ModelBusy):
        ask(driver, tries_max=1)
    assert len(server.heard) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_failing_server_is_called_once_more(
    driver: ModelDriver, server: ModelServer, pauses: list[float], status: int
) -> None:
    server.next(Failure(status), Failure(status), Reply("Too late."))
    with pytest.raises(ModelUnavailable, match=str(status)) as failed:
        ask(driver)
    assert (failed.value.tries, len(server.heard), pauses) == (2, 2, [1.0])


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 413, 422])
def test_a_refusal_is_not_retried(
    driver: ModelDriver, server: ModelServer, pauses: list[float], status: int
) -> None:
    server.next(
        Failure(status, "invalid_request_error", headers={"Location": f"{server.url}/elsewhere"})
    )
    with pytest.raises(ModelRefused, match=f"{status} invalid_request_error"):
        ask(driver)
    assert (len(server.heard), pauses) == (1, [])


@pytest.mark.parametrize(
    ("kind", "named"), [("anthropic", "not_found_error"), ("openai", "model_not_found")]
)
def test_a_missing_model_is_distinguished_from_a_wrong_url(
    server: ModelServer, pauses: list[float], kind: str, named: str
) -> None:
    driver = driver_of(kind, server)
    server.next(Failure(404, named), Failure(404, "page_missing"))
    with pytest.raises(ModelMissing, match=f"404 {named}"):
        ask(driver)
    with pytest.raises(ModelRefused) as failed:
        ask(driver)
    assert not isinstance(failed.value, ModelMissing)
    assert (len(server.heard), pauses) == (2, [])


def test_an_unreachable_server_is_called_twice(pauses: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for driver in (Anthropic("m", KEY, url), OpenAI("m", url)):
            with pytest.raises(ModelUnavailable, match="ConnectError") as failed:
                ask(driver)
            assert failed.value.tries == 2
    assert pauses == [1.0, 1.0]


@pytest.mark.parametrize("then", ["end", "break"])
def test_a_stream_that_ends_before_any_text_is_retried(
    driver: ModelDriver, server: ModelServer, pauses: list[float], then: str
) -> None:
    server.next(Frames(b": nothing yet\n\n", then), Reply("Here I am."))
    answer = ask(driver)
    assert (answer.text, answer.tries, pauses) == ("Here I am.", 2, [1.0])


@pytest.mark.parametrize("then", ["end", "break", "silence"])
def test_a_response_without_token_counts_is_complete(server: ModelServer, then: str) -> None:
    driver = driver_of("openai", server)
    ended = json.dumps(
        {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    )
    server.next(Frames(beginning(driver, "Good morning.") + f"data: {ended}\n\n".encode(), then))
    answer = ask(driver, within_s=2)
    assert (answer.text, answer.stop_reason, answer.usage.output, answer.usage.estimated) == (
        "Good morning.",
        "end",
        4,
        True,
    )


@pytest.mark.parametrize("then", ["end", "break"])
def test_an_answer_that_was_partly_sent_is_not_retried(
    driver: ModelDriver, server: ModelServer, pauses: list[float], then: str
) -> None:
    server.next(Frames(beginning(driver, "Sharma owes "), then), Reply("Sharma owes 45,000."))
    pieces: list[str] = []
    with pytest.raises(ModelUnavailable) as failed:
        driver.answer(request_of(), pieces.append)
    assert (pieces, failed.value.has_sent_text, failed.value.tries, pauses) == (
        ["Sharma owes "],
        True,
        1,
        [],
    )
    assert failed.value.usage.output == 3
    assert failed.value.usage.estimated


def test_tokens_of_failed_requests_are_counted(server: ModelServer, pauses: list[float]) -> None:
    begun = (
        b"event: message_start\ndata:"
        b' {"type":"message_start","message":{"id":"m","model":"x",'
        b'"usage":{"input_tokens":40,"output_tokens":1}}}\n\n'
    )
    server.next(Frames(begun, "break"), Reply("Here I am.", input_tokens=40, output_tokens=5))
    answer = ask(driver_of("anthropic", server))
    assert (answer.usage, pauses) == (Usage(80, 6), [1.0])


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("overloaded_error", ModelUnavailable),
        ("rate_limit_error", ModelBusy),
        ("invalid_request_error", ModelRefused),
        ("api_error", ModelUnavailable),
    ],
)
def test_an_error_during_a_response_has_its_error_class(
    driver: ModelDriver,
    server: ModelServer,
    pauses: list[float],
    word: str,
    error: type[ModelError],
) -> None:
    error_event = json.dumps({"type": "error", "error": {"type": word, "message": f"about {KEY}"}})
    server.next(
        *[Frames(beginning(driver, "Sharma ") + f"event: error\ndata: {error_event}\n\n".encode())]
        * 3
    )
    with pytest.raises(error, match=word) as failed:
        ask(driver)
    assert (len(server.heard), pauses) == (1, [])
    assert KEY not in str(failed.value)
