"""Unreadable responses are reported without keys or text.

The text is that of the conversation.
"""

from __future__ import annotations

import json
import logging
import traceback

import pytest
from structlog.testing import capture_logs

from tests.drivers.models.asking import KEY, ask, beginning, request_of
from tests.model_server import Act, Endless, Failure, Frames, Hang, ModelServer, Reply, Use
from voyagent.drivers.models.assembly import ARGUMENT_BYTES_MAX, CHARACTERS_A_TOKEN_MAX
from voyagent.drivers.models.errors import ModelError, ModelNonsense, ModelRefused, ModelUnavailable
from voyagent.drivers.models.protocol import ModelDriver

# Invalid responses
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        '{"origin": ',
        "BOM",
        '["BOM"]',
        '"BOM"',
        "null",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": "\\u0000"}',
        '{"\\ud800": 1}',
        '{"a": ' * 40 + "1" + "}" * 40,
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_arguments_that_are_no_object_are_refused(
    driver: ModelDriver, server: ModelServer, pauses: list[float], arguments: str
) -> None:
    server.next(Reply("I look.", uses=(Use("search_flights", json_text=arguments),)))
    with pytest.raises(ModelNonsense, match="arguments of a tool call") as failed:
        ask(driver)
    assert (len(server.heard), pauses) == (1, [])
    assert failed.value.__cause__ is None
    assert failed.value.usage.input > 0


def test_arguments_may_have_at_most_one_mebibyte(driver: ModelDriver, server: ModelServer) -> None:
    frame = len('{"note": ""}')
    for more in (0, 1):
        server.next(
            Reply(
                uses=(Use("search_flights", {"note": "x" * (ARGUMENT_BYTES_MAX - frame + more)}),)
            )
        )
    assert len(ask(driver).calls[0].arguments["note"]) == ARGUMENT_BYTES_MAX - frame
    with pytest.raises(ModelNonsense, match="too long"):
        ask(driver)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply("Hm.", stop="tired"), "unknown stop reason"),
        (Reply("Hm.", stop="tool"), "stop reason is tool_use and there is no tool call"),
        (Reply(uses=(Use(""),)), "an invalid name or id of a tool call"),
        (Reply(uses=(Use("x" * 200),)), "an invalid name or id of a tool call"),
        (
            Reply(uses=(Use("read_balance", id="one"), Use("read_balance", id="one"))),
            "the same position or id",
        ),
        (Reply(uses=(Use("read_balance"),) * 65), "too many tool calls"),
        (Reply("Hm.", output_tokens=-1), "invalid number of tokens"),
        (Reply("Hm.", output_tokens=2**40), "invalid number of tokens"),
    ],
)
def test_an_invalid_answer_is_refused(
    driver: ModelDriver, server: ModelServer, reply: Reply, message: str
) -> None:
    if reply.stop == "tool":
        reply = Reply(
            reply.text, stop={"anthropic": "tool_use", "openai": "tool_calls"}[driver.name]
        )
    server.next(reply)
    with pytest.raises(ModelNonsense, match=message):
        ask(driver)


@pytest.mark.parametrize("frame", [b"{", b"\xff\xfe", b'{"type": ', b"<html>"])
def test_malformed_frames_are_refused_without_a_retry(
    driver: ModelDriver, server: ModelServer, pauses: list[float], frame: bytes
) -> None:
    server.next(Frames(b"event: message_start\ndata: " + frame + b"\n\n"))
    with pytest.raises(ModelNonsense):
        ask(driver)
    assert (len(server.heard), pauses) == (1, [])


@pytest.mark.parametrize(
    "frame",
    [
        "[]",
        "1",
        "null",
        '"text"',
        "{}",
        '{"type": 1}',
        '{"choices": [1]}',
        '{"choices": [{"delta": []}]}',
        '{"type": "unknown"}',
    ],
)
def test_unknown_frames_are_ignored(
    driver: ModelDriver, server: ModelServer, pauses: list[float], frame: str
) -> None:
    server.next(*[Frames(f"event: message_start\ndata: {frame}\n\n".encode())] * 2)
    with pytest.raises(ModelError) as failed:
        ask(driver)
    assert isinstance(failed.value, ModelUnavailable | ModelNonsense)
    assert len(pauses) <= 1


@pytest.mark.parametrize("field", ["text", "content"])
def test_text_of_another_type_is_refused(
    driver: ModelDriver, server: ModelServer, field: str
) -> None:
    frame = (
        beginning(driver, "Hm.").replace(b'"Hm."', b"[1]")
        if field == "text"
        else beginning(driver, "Hm.").replace(b'"Hm."', b'{"a": 1}')
    )
    server.next(Frames(frame))
    with pytest.raises(ModelNonsense, match="not text"):
        ask(driver)


def test_too_long_text_is_refused(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Endless("x" * 100))
    pieces: list[str] = []
    answer = driver.answer(request_of(max_tokens=64), pieces.append)
    assert len(answer.text) == 64 * CHARACTERS_A_TOKEN_MAX == len("".join(pieces))
    assert answer.stop_reason == "max_tokens"
    assert answer.usage.output >= 64
    assert server.left_alone.wait(2), "the connection stays open"


def test_a_too_long_frame_is_refused(
    driver: ModelDriver, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voyagent.drivers.models.line.BYTES_MAX", 100_000)
    server.next(Frames(b"data: " + b"x" * 200_000, "silence"))
    with pytest.raises(ModelNonsense, match="TooMuch"):
        ask(driver)


# Contents of errors and logs
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        Failure(401, "authentication_error", f"the key {KEY} is wrong"),
        Failure(400, f"Who owes us {KEY}", f"you said: Who owes us {KEY}"),
        Failure(400, KEY * 3),
        Hang(),
    ],
)
def test_errors_contain_no_key_and_no_text_of_the_conversation(
    driver: ModelDriver, server: ModelServer, act: Act, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.next(act)
    with capture_logs() as lines, pytest.raises(ModelError) as failed:
        ask(driver, within_s=1)
    seen = (
        "".join(traceback.format_exception(failed.value))
        + json.dumps(lines)
        + repr(driver)
        + repr(failed.value.__dict__)
    )
    assert KEY not in seen
    assert "owes us" not in seen
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
    assert KEY not in caplog.text
    (entry,) = lines
    assert (entry["log_level"], entry["event"], entry["driver"], entry["error"]) == (
        "warning",
        "model.failed",
        driver.name,
        type(failed.value).__name__,
    )


def test_the_log_contains_the_vendors_error_codes(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Failure(400, "invalid_request_error"))
    with capture_logs() as lines, pytest.raises(ModelRefused):
        ask(driver)
    assert lines[0]["message"].startswith("400 invalid_request_error")
    assert lines[0]["vendor_ref"] == "req-stand-in"
