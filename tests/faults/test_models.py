"""Faults of models end a turn with one error and one final event.

The turn stays within its budget. Nothing is done, and the next turn works.
"""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr

from tests.assistant.conftest import Talk, kinds, of_kind, text
from tests.assistant.models import LEAD
from tests.faults.conftest import Report, Rounds
from tests.model_server import Act, Endless, Failure, Frames, Hang, ModelServer, Reply, Use, serving
from tests.people import Person
from voyagent.assistant.service import messages
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.config import Settings

CALLS_MAX = 4
ANSWER_S = 4.0
ROUNDS = 10
LOG = Use("create_enquiry", LEAD)
KINDS = ("anthropic", "openai")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as made:
        yield made


@pytest.fixture(params=KINDS)
def asked(
    request: pytest.FixtureRequest,
    app: Flask,
    settings: Settings,
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """An installation with the model stand-in and short timeouts."""
    importlib.import_module(
        request.param
    )  # the SDK: what it takes to load is none of an answer's time here
    little = {
        "model_calls_max": CALLS_MAX,
        "model_timeout_s": ANSWER_S,
        "model_turn_s": 3 * ANSWER_S,
    }
    where: dict[str, Any] = {
        "anthropic_api_key": SecretStr("a-key"),
        "anthropic_base_url": server.url,
    }
    if request.param == "openai":
        where = {"openai_base_url": server.url + "/v1", "openai_model": "local-1"}
    monkeypatch.setitem(
        app.extensions, "voyagent.settings", settings.model_copy(update=little | where)
    )
    return str(request.param)


@pytest.fixture
def talk(drain: Callable[[], None]) -> Talk:
    return Talk(drain)


def _circles(_heard: object) -> Act:
    return Reply(uses=(Use("find_enquiries"),))


def _too_long() -> Reply:
    return Reply(uses=(Use("create_enquiry", {**LEAD, "notes": "x" * 1024 * 1024}),))


FAULTS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "no answer in time": lambda: (Hang(),),
    "429": lambda: (Failure(429, "rate_limit_error"),) * 3,
    "500": lambda: (Failure(500),) * 2,
    "a malformed call": lambda: (
        Reply(uses=(Use("create_enquiry", json_text='{"customer_name": "Ravi Menon"'),)),
    ),
    "a mebibyte of arguments": lambda: (_too_long(),),
    "an endless loop": lambda: (_circles,) * (CALLS_MAX + 5),
    "an endless answer": lambda: (Endless(pause_s=0.05),),
    "a broken stream behind a call": lambda: (Frames(b"event: message_start\ndata: {broken\n\n"),),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_turn_with_a_failing_model_ends_in_one_error(
    fault: str,
    asked: str,
    server: ModelServer,
    talk: Talk,
    alice: Person,
    rounds: Rounds,
    report: Report,
) -> None:
    longest = 0.0
    for _ in range(rounds(ROUNDS)):
        session_id = talk.begin(alice)
        server.next(*FAULTS[fault]())
        heard, begun = len(server.heard), time.monotonic()
        events = talk.say(alice, session_id, "log Ravi Menon, who wants to go to Dubai")
        longest = max(longest, time.monotonic() - begun)
        requests = len(server.heard) - heard
        assert [kinds(events).count(kind) for kind in ("error", "final")] == [1, 1], events
        assert kinds(events)[-2:] == ["error", "final"]
        sentence = events[-2]["error_message"]
        assert sentence.endswith(".")
        assert not any(word in sentence for word in ("429", "500", "JSON", "Error", asked))
        assert 1 <= requests <= CALLS_MAX
        with alice.reading() as reader:
            assert enquiries.find_by_text(reader, "Ravi Menon") == []
            assert talk.pending(alice, session_id) == []
        server._queue.clear()  # noqa: SLF001 - what a turn within its budget did not fetch
        server.next(Reply("Good morning."))
        after = talk.say(alice, session_id, "good morning")
        assert (kinds(after), text(after)) == (["text_delta", "final"], "Good morning.")
    assert longest < 3 * ANSWER_S + 5
    report(f"{requests} requests of at most {CALLS_MAX}, the longest turn took {longest:.1f} s")


def test_a_tool_call_of_the_model_becomes_a_card_and_runs_once(
    asked: str, server: ModelServer, talk: Talk, alice: Person
) -> None:
    """Without a fault the request is done, so the faults above prevented it."""
    server.next(Reply(uses=(LOG,)), Reply("He is logged."))
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, "log Ravi Menon, who wants to go to Dubai")
    card_id = next(event["card"]["card_id"] for event in events if event.get("card"))
    with alice.acting() as actor:
        messages.save_card(actor, session_id, card_id)
    talk.drain()
    assert kinds(of_kind(talk.events(alice, session_id), "tool_result")) == ["tool_result"], asked
    with alice.reading() as reader:
        assert len(enquiries.find_by_text(reader, "Ravi Menon")) == 1


@pytest.mark.parametrize(
    "wish",
    [
        Use("delete_everything"),
        Use("create_enquiry", {**LEAD, "tenant_id": "x"}),
        Use("create_enquiry", {"pax_count": "many"}),
        Use("approve", {"granted": True}),
    ],
    ids=[
        "a tool that does not exist",
        "a member that the schema has not",
        "wrong types",
        "a grant",
    ],
)
def test_a_refused_call_is_reported_to_the_model(
    wish: Use, asked: str, server: ModelServer, talk: Talk, alice: Person
) -> None:
    server.next(Reply(uses=(wish,)), Reply("I could not do that."))
    events = talk.say(alice, talk.begin(alice), "log Ravi Menon")
    refused = of_kind(events, "tool_result")[0]["tool_output"]
    assert refused["error"] in ("capability_unknown", "invalid_arguments"), asked
    assert json.loads(json.dumps(server.heard[-1].results[-1][1])) == refused
    with alice.reading() as reader:
        assert enquiries.find_by_text(reader, "Ravi Menon") == []
