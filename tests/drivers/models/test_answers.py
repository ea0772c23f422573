"""Both drivers against a stand-in server: requests and responses."""

from __future__ import annotations

import json
import threading

import pytest

from tests.drivers.models.asking import BALANCE, FLIGHTS, KEY, ask, driver_of, request_of
from tests.model_server import ModelServer, Reply, Use
from voyagent.drivers.models.protocol import (
    ModelAnswer,
    ModelDriver,
    ModelMessage,
    PersonMessage,
    ToolCall,
    ToolResult,
    ToolsAnswered,
)
from voyagent.drivers.models.usage import Usage

# Responses
# --------------------------------------------------------------------------------


def test_text_is_delivered_while_the_server_is_writing(
    driver: ModelDriver, server: ModelServer
) -> None:
    gate = threading.Event()
    server.next(Reply("Sharma owes 45,000 rupees.", gate=gate))
    pieces: list[str] = []

    def on_text(piece: str) -> None:
        pieces.append(piece)
        gate.set()

    answer = driver.answer(request_of(), on_text)
    assert not server.gate_missed, "the last piece was sent before the first was delivered"
    assert "".join(pieces) == answer.text == "Sharma owes 45,000 rupees."
    assert len(pieces) == 4
    assert (answer.stop_reason, answer.calls, answer.tries) == ("end", (), 1)


def test_text_is_delivered_in_the_callers_thread(driver: ModelDriver, server: ModelServer) -> None:
    server.next(Reply("Good morning."))
    threads: set[int] = set()
    driver.answer(request_of(), lambda _text: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def test_tool_calls_are_assembled_from_pieces_of_json(
    driver: ModelDriver, server: ModelServer
) -> None:
    wanted = {
        "origin": "BOM",
        "passengers": {"adult": 2},
        "note": 'a "quoted" नमस्ते',
        "amount": 1.5,
    }
    server.next(
        Reply(
            "I look.",
            uses=(
                Use("search_flights", wanted, id="one"),
                Use("read_balance", json_text="", id="two"),
            ),
        )
    )
    answer = ask(driver)
    assert answer.calls == (
        ToolCall("one", "search_flights", wanted),
        ToolCall("two", "read_balance", {}),
    )
    assert (answer.text, answer.stop_reason) == ("I look.", "tool_use")


def test_an_answer_can_be_stored_as_json_without_loss(
    driver: ModelDriver, server: ModelServer
) -> None:
    server.next(Reply("I look.", uses=(Use("search_flights", {"origin": "BOM"}),), cache_read=3))
    answer = ask(driver)
    assert ModelAnswer.from_raw(json.loads(json.dumps(answer.raw, allow_nan=False))) == answer
    assert answer.vendor_ref == {"anthropic": "msg-1", "openai": "chatcmpl-1"}[driver.name]
    assert answer.model == driver.model


def test_tokens_are_counted_by_price_category(driver: ModelDriver, server: ModelServer) -> None:
    server.next(
        Reply("Good morning.", input_tokens=40, output_tokens=7, cache_read=1000, cache_write=200)
    )
    assert ask(driver).usage == Usage(40, 7, 1000, 200)


def test_tokens_without_a_count_from_the_server_are_estimated(server: ModelServer) -> None:
    server.next(Reply("Good morning.", counts=False))
    usage = ask(driver_of("openai", server)).usage
    assert usage.estimated
    assert usage.input > 40
    assert usage.output == 4


def test_tool_calls_of_refused_and_cut_answers_are_ignored(
    driver: ModelDriver, server: ModelServer
) -> None:
    cut, declined = {
        "anthropic": ("max_tokens", "refusal"),
        "openai": ("length", "content_filter"),
    }[driver.name]
    server.next(
        Reply("I", uses=(Use("search_flights", json_text='{"origin": "B'),), stop=cut),
        Reply("No.", stop=declined),
    )
    first, second = ask(driver), ask(driver)
    assert (first.stop_reason, first.calls) == ("max_tokens", ())
    assert (second.stop_reason, second.text) == ("refusal", "No.")


def test_characters_that_cannot_be_stored_are_replaced(
    driver: ModelDriver, server: ModelServer
) -> None:
    server.next(Reply(pieces=("a\0b", "\ud83d", "c")))
    assert ask(driver).text == "a\ufffdb\ufffdc"


def test_local_servers_may_omit_ids_and_end_a_call_with_stop(
    server: ModelServer,
) -> None:
    server.next(
        Reply(
            uses=(Use("read_balance"), Use("search_flights", {"origin": "BOM"})),
            stop="stop",
            gives_ids=False,
        )
    )
    answer = ask(driver_of("openai", server))
    assert answer.stop_reason == "tool_use"
    assert [call.id for call in answer.calls] == ["chatcmpl-1-0", "chatcmpl-1-1"]


# Requests
# --------------------------------------------------------------------------------


def test_key_and_request_are_sent_to_the_base_url(driver: ModelDriver, server: ModelServer) -> None:
    ask(driver, temperature=0.5)
    (heard,) = server.heard
    assert (
        heard.path == {"anthropic": "/v1/messages", "openai": "/v1/chat/completions"}[driver.name]
    )
    assert KEY in {
        heard.headers.get("x-api-key"),
        heard.headers.get("authorization", "").removeprefix("Bearer "),
    }
    assert (heard.model, heard.words, heard.tools) == (
        driver.model,
        "Who owes us money?",
        ["search_flights", "read_balance"],
    )
    assert heard.system == "You help a travel agency.\n\nToday is 2 March 2026."
    assert (heard.body["max_tokens"], heard.body["temperature"], heard.body["stream"]) == (
        500,
        0.5,
        True,
    )


def test_tools_and_instructions_are_marked_for_the_vendors_cache(server: ModelServer) -> None:
    ask(driver_of("anthropic", server))
    (heard,) = server.heard
    mark = {"type": "ephemeral"}
    assert [part.get("cache_control") for part in heard.body["system"]] == [mark, None]
    assert [tool.get("cache_control") for tool in heard.body["tools"]] == [None, mark]
    assert heard.body["tools"][0] == {
        "name": "search_flights",
        "description": "Find fares",
        "input_schema": FLIGHTS.schema,
    }
    assert FLIGHTS.schema.keys() == {"type", "properties", "required"}
    assert BALANCE.schema.keys() == {
        "type",
        "properties",
    }, "a mark must not stay in what others use too"


def test_without_a_key_no_key_is_sent(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "somebody")
    ask(driver_of("openai", server, key=""))
    (heard,) = server.heard
    assert "authorization" not in heard.headers
    assert not {name for name in heard.headers if name.startswith("openai-")}


def test_a_local_server_is_called_without_a_proxy(
    driver: ModelDriver, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.next(Reply("Here I am."))
    assert ask(driver, tries_max=1).text == "Here I am."


def test_the_conversation_is_sent_with_calls_and_results(
    driver: ModelDriver, server: ModelServer
) -> None:
    calls = (
        ToolCall("one", "search_flights", {"origin": "BOM"}),
        ToolCall("two", "read_balance", {}),
    )
    results = ToolsAnswered(
        (
            ToolResult("one", '{"count": 0}'),
            ToolResult("two", '{"error": "not_found"}', failed=True),
        )
    )
    ask(driver, messages=(PersonMessage("Flights?"), ModelMessage("I look.", calls), results))
    (heard,) = server.heard
    assert heard.words == "Flights?"
    assert heard.results == [
        ("search_flights", {"count": 0}),
        ("read_balance", {"error": "not_found"}),
    ]
    if driver.name == "anthropic":
        assert [block["is_error"] for block in heard.body["messages"][2]["content"]] == [
            False,
            True,
        ]
        assert heard.body["messages"][1]["content"][1] == {
            "type": "tool_use",
            "id": "one",
            "name": "search_flights",
            "input": {"origin": "BOM"},
        }
    else:
        assert json.loads(heard.body["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {
            "origin": "BOM"
        }


def test_a_round_of_tool_calls_is_accepted_by_the_stand_in(
    driver: ModelDriver, server: ModelServer
) -> None:
    server.when("flight", Reply("I look.", uses=(Use("search_flights", {"origin": "BOM"}),)))
    server.after(
        "search_flights", lambda heard: Reply(f"There are {heard.results[-1][1]['count']}.")
    )
    first = ask(driver, messages=(PersonMessage("A flight, please"),))
    results = ToolsAnswered((ToolResult(first.calls[0].id, '{"count": 3}'),))
    second = ask(
        driver,
        messages=(
            PersonMessage("A flight, please"),
            ModelMessage(first.text, first.calls),
            results,
        ),
    )
    assert second.text == "There are 3."
