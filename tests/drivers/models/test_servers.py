"""Both drivers against a stand-in of their servers: what is sent, what comes, and what happens when it does not."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from tests.drivers.models.asking import BALANCE, FLIGHTS, KEY, driver_of, request_of
from tests.drivers.smtp_server import certificate, in_tls
from tests.model_server import Act, Endless, Failure, Frames, Hang, ModelServer, Reply, Use, serving
from voyagent.drivers.models import calling, line
from voyagent.drivers.models.anthropic import Anthropic
from voyagent.drivers.models.assembly import ARGUMENT_BYTES_MAX, CHARACTERS_A_TOKEN_MAX
from voyagent.drivers.models.errors import ModelBusy, ModelError, ModelNonsense, ModelRefused, ModelTimeout, ModelUnavailable
from voyagent.drivers.models.openai import OpenAI
from voyagent.drivers.models.protocol import ModelAnswer, ModelDriver, ModelSaid, PersonSaid, ToolCall, ToolResult, ToolsAnswered
from voyagent.drivers.models.usage import Usage
from voyagent.kernel import clock

KINDS = ("anthropic", "openai")
BUSY = Failure(429, "rate_limit_error")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as server:
        yield server


@pytest.fixture(params=KINDS)
def driver(request: pytest.FixtureRequest, server: ModelServer) -> ModelDriver:
    return driver_of(request.param, server)


@pytest.fixture(autouse=True)
def own_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that can be looked at, whatever was chosen before."""
    monkeypatch.setattr(calling, "log", structlog.get_logger())


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits before a request is sent again, which take no time here."""
    waited: list[float] = []

    def wait(pause_s: float, should_stop: Callable[[], bool]) -> bool:
        waited.append(pause_s)
        return not should_stop()

    monkeypatch.setattr(calling, "_wait", wait)
    return waited


def ask(driver: ModelDriver, **more: Any) -> ModelAnswer:
    return driver.answer(request_of(**more), lambda _text: None)


# What comes --------------------------------------------------------------------------------------------------------------


def test_text_is_told_while_the_server_is_still_writing(driver: ModelDriver, server: ModelServer) -> None:
    gate = threading.Event()
    server.next(Reply("Sharma owes 45,000 rupees.", gate=gate))
    told: list[str] = []

    def on_text(piece: str) -> None:
        told.append(piece)
        gate.set()

    answer = driver.answer(request_of(), on_text)
    assert not server.gate_missed, "the last piece was sent before the first was told"
    assert "".join(told) == answer.text == "Sharma owes 45,000 rupees."
    assert len(told) == 4
    assert (answer.stop_reason, answer.calls, answer.tries) == ("end", (), 1)


def test_text_is_told_in_the_callers_thread(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Reply("Good morning."))
    threads: set[int] = set()
    driver.answer(request_of(), lambda _text: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def test_calls_are_put_together_from_pieces_of_json(driver: ModelDriver, server: ModelServer) -> None:
    wanted = {"origin": "BOM", "passengers": {"adult": 2}, "note": 'a "quoted" नमस्ते', "amount": 1.5}
    server.next(Reply("I look.", uses=(Use("search_flights", wanted, id="one"), Use("read_balance", json_text="", id="two"))))
    answer = ask(driver)
    assert answer.calls == (ToolCall("one", "search_flights", wanted), ToolCall("two", "read_balance", {}))
    assert (answer.text, answer.stop_reason) == ("I look.", "tool_use")


def test_an_answer_is_kept_as_json_and_read_back_equal(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Reply("I look.", uses=(Use("search_flights", {"origin": "BOM"}),), cache_read=3))
    answer = ask(driver)
    assert ModelAnswer.from_raw(json.loads(json.dumps(answer.raw, allow_nan=False))) == answer
    assert answer.vendor_ref == {"anthropic": "msg-1", "openai": "chatcmpl-1"}[driver.name]
    assert answer.model == driver.model


def test_tokens_are_counted_by_what_they_are_charged_as(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Reply("Good morning.", input_tokens=40, output_tokens=7, cache_read=1000, cache_write=200))
    assert ask(driver).usage == Usage(40, 7, 1000, 200)


def test_tokens_that_the_server_does_not_tell_are_estimated(server: ModelServer) -> None:
    server.next(Reply("Good morning.", counts=False))
    usage = ask(driver_of("openai", server)).usage
    assert usage.estimated
    assert usage.input > 40
    assert usage.output == 4


def test_a_refusal_and_a_cut_answer_act_on_nothing(driver: ModelDriver, server: ModelServer) -> None:
    cut, declined = {"anthropic": ("max_tokens", "refusal"), "openai": ("length", "content_filter")}[driver.name]
    server.next(Reply("I", uses=(Use("search_flights", json_text='{"origin": "B'),), stop=cut), Reply("No.", stop=declined))
    first, second = ask(driver), ask(driver)
    assert (first.stop_reason, first.calls) == ("max_tokens", ())
    assert (second.stop_reason, second.text) == ("refusal", "No.")


def test_characters_that_cannot_be_kept_are_replaced(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Reply(pieces=("a\0b", "\ud83d", "c")))
    assert ask(driver).text == "a\ufffdb\ufffdc"


def test_servers_of_local_models_may_give_no_ids_and_say_stop_after_a_call(server: ModelServer) -> None:
    server.next(Reply(uses=(Use("read_balance"), Use("search_flights", {"origin": "BOM"})), stop="stop", gives_ids=False))
    answer = ask(driver_of("openai", server))
    assert answer.stop_reason == "tool_use"
    assert [call.id for call in answer.calls] == ["chatcmpl-1-0", "chatcmpl-1-1"]


# What is sent ------------------------------------------------------------------------------------------------------------


def test_the_key_and_the_request_go_to_the_base_url(driver: ModelDriver, server: ModelServer) -> None:
    ask(driver, temperature=0.5)
    (heard,) = server.heard
    assert heard.path == {"anthropic": "/v1/messages", "openai": "/v1/chat/completions"}[driver.name]
    assert KEY in {heard.headers.get("x-api-key"), heard.headers.get("authorization", "").removeprefix("Bearer ")}
    assert (heard.model, heard.words, heard.tools) == (driver.model, "Who owes us money?", ["search_flights", "read_balance"])
    assert heard.system == "You help a travel agency.\n\nToday is 2 March 2026."
    assert (heard.body["max_tokens"], heard.body["temperature"], heard.body["stream"]) == (500, 0.5, True)


def test_the_vendor_keeps_tools_and_instructions_in_its_cache(server: ModelServer) -> None:
    ask(driver_of("anthropic", server))
    (heard,) = server.heard
    mark = {"type": "ephemeral"}
    assert [part.get("cache_control") for part in heard.body["system"]] == [mark, None]
    assert [tool.get("cache_control") for tool in heard.body["tools"]] == [None, mark]
    assert heard.body["tools"][0] == {"name": "search_flights", "description": "Find fares", "input_schema": FLIGHTS.schema}
    assert FLIGHTS.schema.keys() == {"type", "properties", "required"}
    assert BALANCE.schema.keys() == {"type", "properties"}, "a mark must not stay in what others use too"


def test_without_a_key_none_is_sent_not_even_the_environments(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "somebody")
    ask(driver_of("openai", server, key=""))
    (heard,) = server.heard
    assert "authorization" not in heard.headers
    assert not {name for name in heard.headers if name.startswith("openai-")}


def test_a_server_on_this_computer_is_not_looked_for_behind_a_proxy(driver: ModelDriver, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.next(Reply("Here I am."))
    assert ask(driver, tries_max=1).text == "Here I am."


def test_the_conversation_is_told_with_its_calls_and_their_results(driver: ModelDriver, server: ModelServer) -> None:
    calls = (ToolCall("one", "search_flights", {"origin": "BOM"}), ToolCall("two", "read_balance", {}))
    results = ToolsAnswered((ToolResult("one", '{"count": 0}'), ToolResult("two", '{"error": "not_found"}', failed=True)))
    ask(driver, messages=(PersonSaid("Flights?"), ModelSaid("I look.", calls), results))
    (heard,) = server.heard
    assert heard.words == "Flights?"
    assert heard.results == [("search_flights", {"count": 0}), ("read_balance", {"error": "not_found"})]
    if driver.name == "anthropic":
        assert [block["is_error"] for block in heard.body["messages"][2]["content"]] == [False, True]
        assert heard.body["messages"][1]["content"][1] == {"type": "tool_use", "id": "one", "name": "search_flights", "input": {"origin": "BOM"}}
    else:
        assert json.loads(heard.body["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {"origin": "BOM"}


def test_a_whole_round_of_tools_by_the_rules_of_the_stand_in(driver: ModelDriver, server: ModelServer) -> None:
    server.when("flight", Reply("I look.", uses=(Use("search_flights", {"origin": "BOM"}),)))
    server.after("search_flights", lambda heard: Reply(f"There are {heard.results[-1][1]['count']}."))
    first = ask(driver, messages=(PersonSaid("A flight, please"),))
    results = ToolsAnswered((ToolResult(first.calls[0].id, '{"count": 3}'),))
    second = ask(driver, messages=(PersonSaid("A flight, please"), ModelSaid(first.text, first.calls), results))
    assert second.text == "There are 3."


# Asking again ------------------------------------------------------------------------------------------------------------


def test_a_busy_model_is_asked_again_after_one_second_and_after_two(driver: ModelDriver, server: ModelServer, pauses: list[float]) -> None:
    server.next(BUSY, BUSY, Reply("Here I am."))
    answer = ask(driver)
    assert (answer.text, answer.tries, pauses, len(server.heard)) == ("Here I am.", 3, [1.0, 2.0], 3)


def test_a_busy_model_says_how_long_to_wait(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Failure(429, "rate_limit_error", headers={"Retry-After": "0.3"}), Reply("Here I am."))
    begun = time.monotonic()
    answer = ask(driver)
    assert (answer.text, answer.tries) == ("Here I am.", 2)
    assert 0.3 <= time.monotonic() - begun < 5


def test_it_may_say_so_with_a_date(driver: ModelDriver, server: ModelServer, pauses: list[float]) -> None:
    until = format_datetime(clock.now() + timedelta(seconds=5), usegmt=True)
    server.next(Failure(429, headers={"Retry-After": until}), Failure(429, headers={"Retry-After": "-3"}), Reply("Here I am."))
    assert ask(driver).tries == 3
    assert 2 < pauses[0] <= 5
    assert pauses[1] == 0


@pytest.mark.parametrize("nonsense", ["soon", "inf", "nan", "2026-03-02", "1e999"])
def test_a_wait_that_cannot_be_read_is_the_usual_one(driver: ModelDriver, server: ModelServer, pauses: list[float], nonsense: str) -> None:
    server.next(Failure(429, headers={"Retry-After": nonsense}), Reply("Here I am."))
    assert ask(driver).tries == 2
    assert pauses == [1.0]


def test_a_model_that_stays_busy_is_given_up(driver: ModelDriver, server: ModelServer, pauses: list[float]) -> None:
    server.next(BUSY, BUSY, BUSY, Reply("Too late."))
    with pytest.raises(ModelBusy) as failed:
        ask(driver)
    assert (failed.value.tries, len(server.heard), pauses) == (3, 3, [1.0, 2.0])
    assert (failed.value.vendor_ref, failed.value.told, failed.value.usage) == ("req-stand-in", False, Usage())


def test_a_wait_beyond_the_deadline_is_not_begun(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Failure(429, headers={"Retry-After": "30"}))
    begun = time.monotonic()
    with pytest.raises(ModelBusy) as failed:
        ask(driver, within_s=10)
    assert (failed.value.retry_after_s, failed.value.tries) == (30, 1)
    assert time.monotonic() - begun < 5


def test_no_more_requests_are_sent_than_the_budget_has(driver: ModelDriver, server: ModelServer) -> None:
    server.next(BUSY, BUSY)
    with pytest.raises(ModelBusy):
        ask(driver, tries_max=1)
    assert len(server.heard) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_server_that_fails_is_asked_once_more(driver: ModelDriver, server: ModelServer, pauses: list[float], status: int) -> None:
    server.next(Failure(status), Failure(status), Reply("Too late."))
    with pytest.raises(ModelUnavailable, match=str(status)) as failed:
        ask(driver)
    assert (failed.value.tries, len(server.heard), pauses) == (2, 2, [1.0])


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 413, 422])
def test_what_is_refused_is_not_asked_again(driver: ModelDriver, server: ModelServer, pauses: list[float], status: int) -> None:
    server.next(Failure(status, "invalid_request_error", headers={"Location": f"{server.url}/elsewhere"}))
    with pytest.raises(ModelRefused, match=f"{status} invalid_request_error"):
        ask(driver)
    assert (len(server.heard), pauses) == (1, [])


def test_a_server_that_is_not_there_is_tried_twice(pauses: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for driver in (Anthropic("m", KEY, url), OpenAI("m", url)):
            with pytest.raises(ModelUnavailable, match="ConnectError") as failed:
                ask(driver)
            assert failed.value.tries == 2
    assert pauses == [1.0, 1.0]


@pytest.mark.parametrize("then", ["end", "break"])
def test_a_stream_that_breaks_off_before_any_text_is_asked_for_anew(driver: ModelDriver, server: ModelServer, pauses: list[float], then: str) -> None:
    server.next(Frames(b": nothing yet\n\n", then), Reply("Here I am."))
    answer = ask(driver)
    assert (answer.text, answer.tries, pauses) == ("Here I am.", 2, [1.0])


@pytest.mark.parametrize("then", ["end", "break", "silence"])
def test_a_server_that_fails_only_where_the_figures_would_come_has_answered(server: ModelServer, then: str) -> None:
    driver = driver_of("openai", server)
    ended = json.dumps({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    server.next(Frames(_beginning(driver, "Good morning.") + f"data: {ended}\n\n".encode(), then))
    answer = ask(driver, within_s=2)
    assert (answer.text, answer.stop_reason, answer.usage.output, answer.usage.estimated) == ("Good morning.", "end", 4, True)


@pytest.mark.parametrize("then", ["end", "break"])
def test_what_has_been_told_is_never_told_again(driver: ModelDriver, server: ModelServer, pauses: list[float], then: str) -> None:
    server.next(Frames(_beginning(driver, "Sharma owes "), then), Reply("Sharma owes 45,000."))
    told: list[str] = []
    with pytest.raises(ModelUnavailable) as failed:
        driver.answer(request_of(), told.append)
    assert (told, failed.value.told, failed.value.tries, pauses) == (["Sharma owes "], True, 1, [])
    assert failed.value.usage.output == 3
    assert failed.value.usage.estimated


def test_tokens_of_requests_that_failed_are_counted_too(server: ModelServer, pauses: list[float]) -> None:
    begun = b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":40,"output_tokens":1}}}\n\n'
    server.next(Frames(begun, "break"), Reply("Here I am.", input_tokens=40, output_tokens=5))
    answer = ask(driver_of("anthropic", server))
    assert (answer.usage, pauses) == (Usage(80, 6), [1.0])


@pytest.mark.parametrize(
    ("word", "error"),
    [("overloaded_error", ModelUnavailable), ("rate_limit_error", ModelBusy), ("invalid_request_error", ModelRefused), ("api_error", ModelUnavailable)],
)
def test_an_error_in_the_midst_of_an_answer_is_told_by_its_kind(
    driver: ModelDriver, server: ModelServer, pauses: list[float], word: str, error: type[ModelError]
) -> None:
    told = json.dumps({"type": "error", "error": {"type": word, "message": f"about {KEY}"}})
    server.next(*[Frames(_beginning(driver, "Sharma ") + f"event: error\ndata: {told}\n\n".encode())] * 3)
    with pytest.raises(error, match=word) as failed:
        ask(driver)
    assert (len(server.heard), pauses) == (1, [])
    assert KEY not in str(failed.value)


# Time --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [Hang(), Frames(b": nothing yet\n\n", "silence"), Endless("", pause_s=0.05)])
def test_a_server_that_gives_no_answer_is_waited_for_until_the_deadline(driver: ModelDriver, server: ModelServer, act: Act) -> None:
    ask(driver)  # what is imported for the first time is no matter of this test
    server.next(act)
    begun = time.monotonic()
    with pytest.raises(ModelTimeout) as failed:
        ask(driver, within_s=1)
    assert 0.9 <= time.monotonic() - begun < 3
    assert failed.value.tries == 1
    assert server.left_alone.wait(2), "the connection stays open"


@pytest.mark.parametrize(
    "act",
    [Hang(), Frames(b": nothing yet\n\n", "silence"), Endless(pause_s=0.02), Endless(), Failure(429, headers={"Retry-After": "8"})],
)
def test_whoever_asked_may_stop_at_any_moment(driver: ModelDriver, server: ModelServer, act: Act) -> None:
    ask(driver)
    server.next(act)
    told: list[str] = []
    wanted = threading.Event()
    begun: list[float] = []

    def stop() -> None:
        begun.append(time.monotonic())
        wanted.set()

    timer = threading.Timer(0.5, stop)
    timer.start()
    answer = driver.answer(request_of(max_tokens=10_000_000), told.append, wanted.is_set)
    assert time.monotonic() - begun[0] < 1
    assert (answer.stop_reason, answer.calls, answer.text) == ("stopped", (), "".join(told))
    if isinstance(act, Endless):
        assert answer.usage.output >= len(answer.text) // 4 > 0
    if not isinstance(act, Failure):
        assert server.left_alone.wait(2), "the connection stays open"


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_it_goes_through_tls_too(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setattr(line, "_tls", lambda: ssl.create_default_context(cafile=str(pem)))
    with serving(in_tls(pem)) as server:
        driver = driver_of(kind, server)
        server.next(Reply("Good morning."), Hang(), Endless(pause_s=0.01))
        assert ask(driver).text == "Good morning."
        for _ in range(2):
            until = time.monotonic() + 0.3
            answer = driver.answer(request_of(), lambda _text: None, lambda until=until: time.monotonic() > until)
            assert time.monotonic() - until < 1
            assert answer.stop_reason == "stopped"
            assert server.left_alone.wait(2), "the connection stays open"
            server.left_alone.clear()
        _no_thread_is_left()


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(kind: str, tmp_path: Path, pauses: list[float]) -> None:
    with serving(in_tls(certificate(tmp_path))) as server:
        with pytest.raises(ModelUnavailable, match="ConnectError"):
            ask(driver_of(kind, server))
        assert server.heard == []
    assert pauses == [1.0]


def test_the_question_whether_to_stop_is_asked_four_times_a_second(driver: ModelDriver, server: ModelServer) -> None:
    ask(driver)
    server.next(Endless(pause_s=0.002))
    asked: list[float] = []

    def should_stop() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 4

    driver.answer(request_of(max_tokens=10_000_000), lambda _text: None, should_stop)
    assert 0.9 <= asked[-1] - asked[0] < 4


def test_what_the_listener_raises_reaches_the_caller_and_hangs_up(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Endless(pause_s=0.02))

    def on_text(_text: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        driver.answer(request_of(), on_text)
    assert server.left_alone.wait(2), "the connection stays open"
    _no_thread_is_left()


def test_no_thread_outlives_its_answer(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Reply("Good morning."), Hang(), Endless())
    ask(driver)
    with pytest.raises(ModelTimeout):
        ask(driver, within_s=0.5)
    ask(driver, max_tokens=10)
    _no_thread_is_left()


# Nonsense ----------------------------------------------------------------------------------------------------------------


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
def test_arguments_that_are_no_object_are_nonsense(driver: ModelDriver, server: ModelServer, pauses: list[float], arguments: str) -> None:
    server.next(Reply("I look.", uses=(Use("search_flights", json_text=arguments),)))
    with pytest.raises(ModelNonsense, match="arguments of a tool call") as failed:
        ask(driver)
    assert (len(server.heard), pauses) == (1, [])
    assert failed.value.__cause__ is None
    assert failed.value.usage.input > 0


def test_an_argument_of_a_mebibyte_passes_and_one_letter_more_does_not(driver: ModelDriver, server: ModelServer) -> None:
    frame = len('{"note": ""}')
    for more in (0, 1):
        server.next(Reply(uses=(Use("search_flights", {"note": "x" * (ARGUMENT_BYTES_MAX - frame + more)}),)))
    assert len(ask(driver).calls[0].arguments["note"]) == ARGUMENT_BYTES_MAX - frame
    with pytest.raises(ModelNonsense, match="too long"):
        ask(driver)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply("Hm.", stop="tired"), "unknown way to end"),
        (Reply("Hm.", stop="tool"), "wants a tool and names none"),
        (Reply(uses=(Use(""),)), "a name that is none"),
        (Reply(uses=(Use("x" * 200),)), "a name that is none"),
        (Reply(uses=(Use("read_balance", id="one"), Use("read_balance", id="one"))), "twice the same"),
        (Reply(uses=(Use("read_balance"),) * 65), "one tool call too many"),
        (Reply("Hm.", output_tokens=-1), "count of tokens"),
        (Reply("Hm.", output_tokens=2**40), "count of tokens"),
    ],
)
def test_an_answer_that_cannot_be_acted_upon_is_nonsense(driver: ModelDriver, server: ModelServer, reply: Reply, message: str) -> None:
    if reply.stop == "tool":
        reply = Reply(reply.text, stop={"anthropic": "tool_use", "openai": "tool_calls"}[driver.name])
    server.next(reply)
    with pytest.raises(ModelNonsense, match=message):
        ask(driver)


@pytest.mark.parametrize("frame", [b"{", b"\xff\xfe", b'{"type": ', b"<html>"])
def test_broken_frames_are_nonsense_and_not_asked_for_again(driver: ModelDriver, server: ModelServer, pauses: list[float], frame: bytes) -> None:
    server.next(Frames(b"event: message_start\ndata: " + frame + b"\n\n"))
    with pytest.raises(ModelNonsense):
        ask(driver)
    assert (len(server.heard), pauses) == (1, [])


@pytest.mark.parametrize("frame", ["[]", "1", "null", '"text"', "{}", '{"type": 1}', '{"choices": [1]}', '{"choices": [{"delta": []}]}', '{"type": "unknown"}'])
def test_frames_of_another_shape_say_nothing(driver: ModelDriver, server: ModelServer, pauses: list[float], frame: str) -> None:
    server.next(*[Frames(f"event: message_start\ndata: {frame}\n\n".encode())] * 2)
    with pytest.raises(ModelError) as failed:
        ask(driver)
    assert isinstance(failed.value, ModelUnavailable | ModelNonsense)
    assert len(pauses) <= 1


@pytest.mark.parametrize("field", ["text", "content"])
def test_text_that_is_no_text_is_nonsense(driver: ModelDriver, server: ModelServer, field: str) -> None:
    frame = _beginning(driver, "Hm.").replace(b'"Hm."', b"[1]") if field == "text" else _beginning(driver, "Hm.").replace(b'"Hm."', b'{"a": 1}')
    server.next(Frames(frame))
    with pytest.raises(ModelNonsense, match="no text"):
        ask(driver)


def test_text_without_end_is_cut_where_no_honest_answer_goes_on(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Endless("x" * 100))
    told: list[str] = []
    answer = driver.answer(request_of(max_tokens=64), told.append)
    assert len(answer.text) == 64 * CHARACTERS_A_TOKEN_MAX == len("".join(told))
    assert answer.stop_reason == "max_tokens"
    assert answer.usage.output >= 64
    assert server.left_alone.wait(2), "the connection stays open"


def test_a_frame_without_end_is_not_read_to_its_end(driver: ModelDriver, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voyagent.drivers.models.line.BYTES_MAX", 100_000)
    server.next(Frames(b"data: " + b"x" * 200_000, "silence"))
    with pytest.raises(ModelNonsense, match="TooMuch"):
        ask(driver)


# What may be seen --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        Failure(401, "authentication_error", f"the key {KEY} is wrong"),
        Failure(400, f"Who owes us {KEY}", f"you said: Who owes us {KEY}"),
        Failure(400, KEY * 3),
        Hang(),
    ],
)
def test_no_key_and_no_word_of_the_conversation_gets_out(driver: ModelDriver, server: ModelServer, act: Act, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.next(act)
    with capture_logs() as lines, pytest.raises(ModelError) as failed:
        ask(driver, within_s=1)
    seen = "".join(traceback.format_exception(failed.value)) + json.dumps(lines) + repr(driver) + repr(failed.value.__dict__)
    assert KEY not in seen
    assert "owes us" not in seen
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None
    assert KEY not in caplog.text
    (told,) = lines
    assert (told["log_level"], told["event"], told["driver"], told["error"]) == ("warning", "model.failed", driver.name, type(failed.value).__name__)


def test_the_log_has_the_cause_by_the_vendors_own_names(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Failure(400, "invalid_request_error"))
    with capture_logs() as lines, pytest.raises(ModelRefused):
        ask(driver)
    assert lines[0]["message"].startswith("400 invalid_request_error")
    assert lines[0]["vendor_ref"] == "req-stand-in"


def _beginning(driver: ModelDriver, text: str) -> bytes:
    """The frames of an answer up to and with its first piece of text."""
    if driver.name == "openai":
        return f"data: {json.dumps({'id': 'c', 'model': 'm', 'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n".encode()
    start = {"type": "message_start", "message": {"id": "m", "model": "m", "usage": {"input_tokens": 4, "output_tokens": 1}}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    return b"".join(f"event: {frame['type']}\ndata: {json.dumps(frame)}\n\n".encode() for frame in (start, block, delta))


def _no_thread_is_left() -> None:
    until = time.monotonic() + 3
    while [thread.name for thread in threading.enumerate() if thread.name.startswith("model-")]:
        assert time.monotonic() < until
        time.sleep(0.02)
