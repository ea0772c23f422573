"""Turns of a language model: streamed text, tool calls, and a change of worker."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.conftest import Talk, kinds, of_kind, text
from tests.assistant.models import DRAFT, FIND, LEAD, Always, Killed, ModelTalk, use, wants
from tests.people import Person
from voyagent.assistant.service import loop
from voyagent.assistant.service.built_in import BuiltInPlanner
from voyagent.assistant.service.planner_factory import Bounds, Configured
from voyagent.capabilities import registry
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.events import EVENT_FIELDS
from voyagent.chat.service import turns
from voyagent.drivers.models.errors import ModelUnavailable
from voyagent.drivers.models.protocol import (
    ModelMessage,
    ModelRequest,
    PersonMessage,
    ToolsAnswered,
)
from voyagent.drivers.models.scripted import Reply, Scripted
from voyagent.enquiries.queries import enquiries
from voyagent.kernel import clock
from voyagent.kernel.config import Settings


@pytest.fixture
def model(app: Flask, talk: Talk, alice: Person) -> ModelTalk:
    return ModelTalk(app, talk, alice, talk.begin(alice))


def logged(person: Person) -> int:
    with person.reading() as reader:
        return len(enquiries.find_by_text(reader, "Ravi Menon"))


def status(model: ModelTalk) -> str:
    with model.person.acting():
        newest = chats.newest_turn(model.session_id)
    assert newest is not None
    return newest.status


def test_text_is_sent_as_it_arrives_and_the_turn_ends_with_the_answer(model: ModelTalk) -> None:
    told_meanwhile: list[int] = []

    def slowly(_request: ModelRequest) -> Reply:
        return Reply("Good morning to you")

    class Watched(Scripted):
        def answer(
            self, request: ModelRequest, on_text: Any, should_stop: Any = lambda: False
        ) -> Any:
            def pass_on(piece: str) -> None:
                on_text(piece)
                told_meanwhile.append(len(model.talk.events(model.person, model.session_id)))

            return super().answer(request, pass_on, should_stop)

    events = model.run(model.begin("hello"), Watched([slowly]))
    assert [event["text"] for event in events[:-1]] == ["Good ", "morning ", "to ", "you"]
    assert told_meanwhile == [1, 2, 3, 4]
    assert kinds(events) == ["text_delta", "final"]
    assert all(
        set(event) == {"seq", "kind", "session_id", "turn_id", "timestamp", *EVENT_FIELDS}
        for event in events
    )
    assert status(model) == "done"
    assert model.talk.messages(model.person, model.session_id)[-1]["blocks"] == [
        {"type": "text", "text": "Good morning to you"}
    ]


def test_several_calls_of_an_answer_run_in_order_and_all_get_results(
    model: ModelTalk,
) -> None:
    events, driver = model.say(
        "who is new?", wants(use(FIND), use("trial_balance"), text="Let me look."), Reply("Nobody.")
    )
    assert kinds(events) == [
        "text_delta",
        "tool_use",
        "tool_result",
        "tool_use",
        "tool_result",
        "text_delta",
        "final",
    ]
    assert [event["tool_name"] for event in of_kind(events, "tool_use")] == [FIND, "trial_balance"]
    *_, model_message, answered = driver.requests[1].messages
    assert isinstance(model_message, ModelMessage)
    assert isinstance(answered, ToolsAnswered)
    assert [call.id for call in model_message.calls] == [
        result.call_id for result in answered.results
    ]
    assert [
        json.loads(result.content).keys() >= keys
        for result, keys in zip(answered.results, ({"total"}, {"accounts"}), strict=True)
    ] == [True, True]


def test_calls_after_a_proposal_are_not_made(
    model: ModelTalk,
) -> None:
    events, driver = model.say(
        "invoice her and log him",
        wants(use("draft_invoice", **DRAFT), use("create_enquiry", **LEAD)),
    )
    assert [kind for kind in kinds(events) if kind != "text_delta"] == [
        "tool_use",
        "approval_request",
        "final",
    ]
    assert (status(model), logged(model.person), len(driver.requests)) == ("waiting", 0, 1)


def test_after_an_approval_the_program_informs_the_model(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, _ = model.say("invoice her", wants(use("draft_invoice", **DRAFT)))
    driver = Scripted([Reply("The draft is made.")])
    monkeypatch.setattr("voyagent.assistant.tasks.Configured", lambda _settings: Always(driver))
    model.talk.decide(model.person, of_kind(events, "approval_request")[0]["approval_id"])
    recorded = model.talk.events(model.person, model.session_id)[len(events) :]
    assert kinds(recorded) == ["approval_granted", "tool_result", "text_delta", "final"]
    note = driver.requests[0].messages[-1]
    assert isinstance(note, PersonMessage)
    assert '"decision":"granted"' in note.text
    assert '"drafted":true' in note.text
    again, driver = model.say("and now?", Reply("Nothing more."))
    assert kinds(again) == ["text_delta", "final"]
    ids = [
        call.id
        for message in driver.requests[0].messages
        if isinstance(message, ModelMessage)
        for call in message.calls
    ]
    assert len(ids) == len(set(ids)) == 1
    assert isinstance(driver.requests[0].messages[0], PersonMessage)


def test_a_model_is_offered_all_permitted_capabilities_in_a_fixed_order(
    model: ModelTalk,
) -> None:
    _, driver = model.say("who owes us", wants(use("list_receivables")), Reply("Nobody."))
    offered = [[tool.name for tool in request.tools] for request in driver.requests]
    assert offered == [[one.name for one in registry.every()]] * 2


def test_a_models_write_becomes_a_card_and_ends_the_turn(model: ModelTalk) -> None:
    events, driver = model.say(
        "log Ravi", wants(use("create_enquiry", **LEAD), use(FIND), text="I log him.")
    )
    assert kinds(events) == ["text_delta", "final"]
    assert len(driver.requests) == 1
    card = next(event["card"] for event in events if event.get("card"))
    assert (card["capability"], card["fields"]) == ("create_enquiry", LEAD)
    assert logged(model.person) == 0
    recorded, driver = model.say("yes")
    assert (kinds(recorded)[:2], driver.requests) == (["tool_use", "tool_result"], [])
    assert logged(model.person) == 1


def test_a_model_that_continues_reads_that_its_card_waits(model: ModelTalk) -> None:
    model.say("log Ravi", wants(use("create_enquiry", **LEAD)))
    _, driver = model.say("and who owes us?", Reply("Nobody."))
    (answered,) = [
        message for message in driver.requests[0].messages if isinstance(message, ToolsAnswered)
    ]
    assert "waits_for_a_person" in answered.results[0].content


def test_the_prompt_has_agency_day_person_and_system_prompt_suffix(model: ModelTalk) -> None:
    model.person.api.patch(
        "/tenant-settings",
        json={"system_prompt_suffix": "Always mention insurance.", "timezone": "Asia/Kolkata"},
    )
    _, driver = model.say("hello", Reply("Hello."))
    lasting, now = driver.requests[0].system
    assert lasting.cacheable
    assert not now.cacheable
    assert "Always mention insurance." in lasting.text
    assert all(word in lasting.text for word in ("Alice Travels", "INR", "Asia/Kolkata", "is data"))
    assert "Alice Owner" in now.text


def test_earlier_messages_are_part_of_the_request_within_limits(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.say("who is new?", wants(use(FIND)), Reply("Nobody."))
    _, driver = model.say("and now?", Reply("Still nobody."))
    first, called, answered, model_message, last = driver.requests[0].messages
    assert (first, model_message, last) == (
        PersonMessage("who is new?"),
        ModelMessage("Nobody."),
        PersonMessage("and now?"),
    )
    assert isinstance(called, ModelMessage)
    assert isinstance(answered, ToolsAnswered)
    monkeypatch.setattr("voyagent.assistant.service.prompt.HISTORY_MAX", 150)
    _, driver = model.say("and then?", Reply("No."))
    assert driver.requests[0].messages == (
        PersonMessage("and now?"),
        ModelMessage("Still nobody."),
        PersonMessage("and then?"),
    )


def test_a_result_of_a_search_can_be_chosen_in_the_next_turn(model: ModelTalk) -> None:
    day = (clock.today("UTC") + timedelta(days=40)).isoformat()
    search = use(
        "search_flights",
        origin="COK",
        destination="DXB",
        outbound_date=day,
        return_date=day,
        passengers={"adult": 1},
    )
    events, _ = model.say(
        "search flights",
        wants(search),
        Reply("There are some."),
    )
    fares = of_kind(events, "tool_result")[-1]["tool_output"]["fares"]
    _, driver = model.say("hold the eighth", Reply("Let me see."))
    shown = str(
        [message for message in driver.requests[0].messages if isinstance(message, ToolsAnswered)]
    )
    assert all(fare["fare_id"] in shown for fare in fares[:8])


def test_a_stop_ends_an_answer_and_keeps_its_text(model: ModelTalk) -> None:
    turn_id = model.begin("tell me a story")

    class Interrupted(Scripted):
        def answer(
            self, request: ModelRequest, on_text: Any, should_stop: Any = lambda: False
        ) -> Any:
            def pass_on(piece: str) -> None:
                on_text(piece)
                if piece == "upon ":
                    model.person.does(turns.request_stop, model.session_id)

            return super().answer(request, pass_on, should_stop)

    events = model.run(turn_id, Interrupted([Reply("Once upon a time there was")]))
    assert (text(events), kinds(events), status(model)) == (
        "Once upon ",
        ["text_delta", "final"],
        "stopped",
    )
    assert model.talk.messages(model.person, model.session_id)[-1]["blocks"][-1] == {
        "type": "stopped"
    }


SCRIPT = (
    wants(use("trial_balance"), use(FIND), text="I look now."),
    Reply("There is nothing."),
)
PLAN = ["text_delta", "tool_use", "tool_result", "tool_use", "tool_result", "text_delta", "final"]


@pytest.mark.parametrize("dies_after", range(1, 20))
def test_a_turn_taken_over_repeats_neither_an_answer_nor_a_call(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    turn_id = model.begin("look at the books")
    count, killed = [0], False

    def dying(act: Any) -> Any:
        def run(*arguments: Any, **keywords: Any) -> Any:
            done = act(*arguments, **keywords)
            count[0] += 1
            if count[0] == dies_after:
                raise Killed
            return done

        return run

    first = Scripted(list(SCRIPT))
    with monkeypatch.context() as patched:
        patched.setattr(loop.turns, "append_event", dying(turns.append_event))
        patched.setattr(loop.turns, "record_step", dying(turns.record_step))
        try:
            model.run(turn_id, first)
        except Killed:
            killed = True
    with model.person.acting():
        answers = sum(step.kind == "answer" for step in chats.steps_of(turn_id))
    before = [
        event
        for event in model.talk.events(model.person, model.session_id)
        if event["turn_id"] == turn_id
    ]
    second = Scripted(list(SCRIPT)[answers:])
    events = model.run(turn_id, second)
    assert events[: len(before)] == before
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert kinds(events) == PLAN
    assert len(second.requests) == (2 - answers if killed else 0)
    restarted = [event for event in events if event.get("restarts")]
    assert len(restarted) <= 1
    blocks = model.talk.messages(model.person, model.session_id)[-1]["blocks"]
    assert [block["text"] for block in blocks if block["type"] == "text"] == [
        "I look now.",
        "There is nothing.",
    ]


def test_the_text_of_an_incomplete_answer_is_withdrawn(model: ModelTalk) -> None:
    turn_id = model.begin("hello")

    class Dying(Scripted):
        def answer(self, _request: ModelRequest, on_text: Any, _should_stop: Any) -> Any:
            on_text("Good mor")
            raise Killed

    with pytest.raises(Killed):
        model.run(turn_id, Dying([]))
    events = model.run(turn_id, Scripted([Reply("Hello there")]))
    assert [(event["text"], event.get("restarts")) for event in events[:-1]] == [
        ("Good mor", None),
        ("", True),
        ("Hello ", None),
        ("there", None),
    ]
    assert model.talk.messages(model.person, model.session_id)[-1]["blocks"] == [
        {"type": "text", "text": "Hello there"}
    ]


def test_a_broken_answer_is_one_error_also_after_a_takeover(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_id = model.begin("hello")

    class Breaking(Scripted):
        def answer(self, _request: ModelRequest, on_text: Any, _should_stop: Any) -> Any:
            on_text("Good mor")
            raise ModelUnavailable("it broke off", driver="scripted")

    def killed(*_arguments: Any, **_keywords: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(
            loop.Performance, "_make", killed
        )  # the failure is stored and not yet reported
        model.run(turn_id, Breaking([]))
    events = model.run(turn_id, Scripted([]))
    assert kinds(events) == ["text_delta", "error", "final"]
    assert "it broke off" not in events[1]["error_message"]
    assert status(model) == "failed"


def test_the_model_depends_on_keys_and_the_agencys_choice(settings: Settings) -> None:
    opus, sonnet = "claude-opus-4-6", "claude-sonnet-4-5"
    key: dict[str, Any] = {"anthropic_api_key": "a-key"}
    server = {"openai_base_url": "http://127.0.0.1:1/v1", "openai_model": "local-1"}
    local, paid = {"driver": "openai", "model": "local-1"}, {"driver": "anthropic", "model": opus}

    def chosen(given: dict[str, Any], wanted: str | None) -> dict[str, str] | None:
        return Configured(Settings(**{**settings.model_dump(), **given})).choose(wanted)

    assert (chosen({}, None), chosen({}, opus)) == (None, None)
    assert (chosen(key, None), chosen(key, opus)) == (
        {"driver": "anthropic", "model": sonnet},
        paid,
    )
    assert (chosen(server, None), chosen(server, opus)) == (local, local)
    assert (chosen(key | server, None), chosen(key | server, opus)) == (local, paid)


def test_a_turn_whose_model_is_no_longer_configured_ends_with_a_sentence(model: ModelTalk) -> None:
    turn_id = model.begin("hello")

    class Gone:
        bounds = Bounds()

        def choose(self, _wanted: str | None) -> dict[str, str]:
            return {"driver": "anthropic", "model": "claude-gone"}

        def open(self, _choice: dict[str, str]) -> None:
            return None

    with model.app.app_context():
        loop.run(model.person.actor.tenant_id, turn_id, BuiltInPlanner(), Gone())
    assert kinds(model.talk.events(model.person, model.session_id)) == ["error", "final"]


def test_a_person_who_lost_a_permission_is_not_offered_its_tools(
    model: ModelTalk, bob: Person, owner_engine: sa.Engine
) -> None:
    turn_id = model.begin("log him", bob)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update users set role = 'viewer' where id = :i"), {"i": bob.actor.user_id}
        )
    driver = Scripted([wants(use("create_enquiry", **LEAD)), Reply("I may not.")])
    events = model.run(turn_id, driver)
    assert of_kind(events, "tool_result")[0]["tool_output"]["error"] == "forbidden_role"
    assert logged(model.person) == 0


def test_calls_of_the_last_allowed_answer_are_not_made(
    model: ModelTalk,
) -> None:
    events, _ = model.say("log him", wants(use("create_enquiry", **LEAD)), calls_max=1)
    assert (kinds(events), logged(model.person), status(model)) == (["error", "final"], 0, "failed")


def test_calls_after_a_request_are_not_made_and_a_text_says_so(model: ModelTalk) -> None:
    events, _ = model.say(
        "draft two",
        wants(
            use("draft_invoice", **DRAFT),
            use("draft_invoice", **DRAFT | {"customer_name": "Ravi Menon"}),
        ),
    )
    assert len(of_kind(events, "approval_request")) == 1
    assert "1 further step was not started" in text(events)


def test_a_model_is_told_which_fields_are_invalid(model: ModelTalk) -> None:
    events, _ = model.say(
        "log him", wants(use("create_enquiry", pax_count="many")), Reply("Who is it?")
    )
    (result,) = of_kind(events, "tool_result")
    assert result["tool_output"] == {
        "error": "invalid_arguments",
        "message": "Some values are not valid: customer_name, pax_count. Check them and try again.",
    }


def test_a_model_that_repeats_itself_is_stopped(
    model: ModelTalk,
) -> None:
    events, driver = model.say("who is new?", *[wants(use(FIND))] * 12)
    assert (kinds(events).count("tool_result"), kinds(events)[-2:], len(driver.requests)) == (
        2,
        ["error", "final"],
        3,
    )


def test_far_too_long_arguments_end_the_turn(model: ModelTalk) -> None:
    events, _ = model.say(
        "log him",
        wants(use("create_enquiry", **LEAD, notes="x" * 70_000), use("create_enquiry", **LEAD)),
    )
    assert (kinds(events), logged(model.person)) == (["error", "final"], 0)


@pytest.mark.parametrize("stop_reason", ["max_tokens", "refusal"])
def test_a_cut_or_declined_answer_ends_in_one_error_and_does_nothing(
    model: ModelTalk, stop_reason: Any
) -> None:
    events, _ = model.say(
        "log him", Reply("I am about", (use("create_enquiry", **LEAD),), stop_reason=stop_reason)
    )
    assert (kinds(events), logged(model.person)) == (["text_delta", "error", "final"], 0)


def test_all_answers_of_a_turn_share_a_time_limit(model: ModelTalk) -> None:
    events, driver = model.say(
        "who is new?", *[wants(use(FIND), text="Still at it."), Reply("Nobody.")], turn_s=0.0001
    )
    assert kinds(events)[-2:] == ["error", "final"]
    assert len(driver.requests) == 1
