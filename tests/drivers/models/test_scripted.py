"""The scripted model behaves as the protocol defines."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.drivers.models.asking import request_of
from voyagent.drivers.models.errors import ModelBusy, ModelTimeout
from voyagent.drivers.models.protocol import ModelAnswer, ModelDriver, ToolCall
from voyagent.drivers.models.scripted import Reply, Scripted
from voyagent.drivers.models.usage import Usage

CALL = ToolCall("one", "read_balance", {})


def test_answers_are_returned_in_order_and_requests_recorded() -> None:
    driver: ModelDriver = Scripted(
        [
            Reply("Good morning.", (CALL,)),
            lambda request: Reply(f"You have {len(request.tools)} tools.", usage=Usage(1, 2)),
        ]
    )
    pieces: list[str] = []
    first, second = (
        driver.answer(request_of("One"), pieces.append),
        driver.answer(request_of("Two"), pieces.append),
    )
    assert (first.text, first.calls, first.stop_reason) == ("Good morning.", (CALL,), "tool_use")
    assert (second.text, second.calls, second.stop_reason, second.usage) == (
        "You have 2 tools.",
        (),
        "end",
        Usage(1, 2),
    )
    assert "".join(pieces) == first.text + second.text
    assert ModelAnswer.from_raw(first.raw) == first
    assert isinstance(driver, Scripted)
    assert [request.messages[0].text for request in driver.requests] == ["One", "Two"]
    with pytest.raises(LookupError):
        driver.answer(request_of("Three"), pieces.append)


def test_a_failure_is_raised_at_its_place_in_the_script() -> None:
    driver = Scripted(
        [ModelBusy("429", driver="scripted", retry_after_s=3), Reply("Good morning.")]
    )
    with pytest.raises(ModelBusy):
        driver.answer(request_of(), lambda _text: None)
    assert driver.answer(request_of(), lambda _text: None).text == "Good morning."


def test_a_scripted_delay_ends_at_the_deadline() -> None:
    with pytest.raises(ModelTimeout):
        Scripted([Reply("Too late.", delay_s=5)]).answer(
            request_of(within_s=0.1), lambda _text: None
        )


def test_the_scripted_model_stops_on_request() -> None:
    until = time.monotonic() + 0.2
    answer = Scripted([Reply("word " * 100, (CALL,), word_pause_s=0.05)]).answer(
        request_of(), lambda _text: None, lambda: time.monotonic() > until
    )
    assert (answer.stop_reason, answer.calls) == ("stopped", ())
    assert 0 < len(answer.text) < 100


@pytest.mark.parametrize(
    "broken", [{"stop_reason": "tired"}, {"calls": [{"id": "one"}]}, {"more": 1}]
)
def test_invalid_stored_answers_are_refused(broken: dict[str, object]) -> None:
    answer = Scripted([Reply("Good morning.")]).answer(request_of(), lambda _text: None)
    assert replace(answer, text="x") != answer
    with pytest.raises((TypeError, ValueError)):
        ModelAnswer.from_raw(answer.raw | broken)
