"""A stored turn is replayed without effects; the first difference is reported."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.conftest import Talk, of_kind
from tests.assistant.line import INVOICE
from tests.assistant.models import DRAFT, FIND, LEAD, Always, Killed, ModelTalk, use, wants
from tests.people import Person
from voyagent.assistant.rules.moves import Say
from voyagent.assistant.service.built_in import BuiltInPlanner
from voyagent.chat.service import turns
from voyagent.drivers.models.errors import ModelUnavailable
from voyagent.drivers.models.scripted import Reply, Scripted


@pytest.fixture
def model(app: Flask, talk: Talk, alice: Person) -> ModelTalk:
    return ModelTalk(app, talk, alice, talk.begin(alice))


def replay(app: Flask, turn_id: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["replay", turn_id])
    return done.exit_code, done.output


def everything(engine: sa.Engine, person: Person) -> list[int]:
    """Count the rows of a turn."""
    tables = (
        "chat_events",
        "chat_turn_steps",
        "chat_messages",
        "turn_costs",
        "audit_events",
        "enquiries",
        "approvals",
        "procrastinate_jobs",
    )
    with engine.connect() as connection:
        where = {
            table: " where tenant_id = :t" if table != "procrastinate_jobs" else ""
            for table in tables
        }
        found = [
            connection.scalar(
                sa.text(f"select count(*) from {table}{where[table]}"),
                {"t": person.actor.tenant_id},
            )
            for table in tables
        ]
    return [int(count or 0) for count in found]


def assert_same(model: ModelTalk, engine: sa.Engine, turn_id: str) -> None:
    before = everything(engine, model.person)
    code, output = replay(model.app, turn_id)
    count = len(
        [
            event
            for event in model.talk.events(model.person, model.session_id)
            if event["turn_id"] == turn_id
        ]
    )
    assert (code, output) == (0, f"{turn_id}: {count} events, identical byte for byte.\n")
    assert everything(engine, model.person) == before


@pytest.mark.parametrize(
    "message",
    [
        "help",
        "trial balance",
        "balance of trade receivables",
        INVOICE,
        "yes",
    ],
)
def test_a_turn_of_the_built_in_planner_replays_equally(
    model: ModelTalk, owner_engine: sa.Engine, message: str
) -> None:
    if message == "yes":
        model.talk.say(model.person, model.session_id, INVOICE)
    assert_same(
        model, owner_engine, model.talk.say(model.person, model.session_id, message)[0]["turn_id"]
    )


def test_a_turn_of_a_model_replays_equally_without_the_model(
    model: ModelTalk, owner_engine: sa.Engine
) -> None:
    script = (
        wants(use(FIND), use("nothing"), text="Let me look."),
        wants(use("create_enquiry", **LEAD), text="Let me log him."),
    )
    events, _ = model.say("log Ravi Menon", *script)
    assert len(of_kind(events, "tool_result")) == 2
    assert events[-2]["card"]["fields"] == LEAD
    assert_same(model, owner_engine, events[0]["turn_id"])


def test_a_proposal_and_the_turn_after_its_approval_replay_equally(
    model: ModelTalk, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, _ = model.say("invoice her", wants(use("draft_invoice", **DRAFT)))
    monkeypatch.setattr(
        "voyagent.assistant.tasks.Configured",
        lambda _settings: Always(Scripted([Reply("The draft is made.")])),
    )
    model.talk.decide(model.person, of_kind(events, "approval_request")[0]["approval_id"])
    recorded = model.talk.events(model.person, model.session_id)
    for turn_id in dict.fromkeys(event["turn_id"] for event in recorded):
        assert_same(model, owner_engine, turn_id)
    assert len({event["turn_id"] for event in recorded}) == 2


def test_failures_refusals_stops_and_restarts_replay_equally(
    model: ModelTalk, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, _ = model.say("hello", ModelUnavailable("away", driver="scripted"))

    class Dying(Scripted):
        def answer(self, _request: Any, on_text: Any, _should_stop: Any) -> Any:
            on_text("Good mor")
            raise Killed

    restarted = model.begin("hello")
    with pytest.raises(Killed):
        model.run(restarted, Dying([]))
    model.run(restarted, Scripted([Reply("Hello there")]))
    stopped = model.begin("a story")

    class Interrupted(Scripted):
        def answer(self, request: Any, on_text: Any, should_stop: Any = lambda: False) -> Any:
            def pass_on(piece: str) -> None:
                on_text(piece)
                model.person.does(turns.request_stop, model.session_id)

            return super().answer(request, pass_on, should_stop)

    model.run(stopped, Interrupted([Reply("Once upon a time")]))

    def broken(_self: BuiltInPlanner, _conversation: Any, _tell: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(BuiltInPlanner, "next_move", broken)
        crashed = model.talk.say(model.person, model.session_id, "help")
    model.person.api.patch("/tenant-settings", json={"rate_limit_per_minute": 1})
    refused = model.talk.say(model.person, model.session_id, "help")
    assert [event["kind"] for event in refused] == ["error", "final"]
    for turn_id in (
        failed[0]["turn_id"],
        restarted,
        stopped,
        crashed[0]["turn_id"],
        refused[0]["turn_id"],
    ):
        assert_same(model, owner_engine, turn_id)


@pytest.mark.parametrize(
    ("forged", "named"),
    [
        (
            "update chat_events set data = replace(data, 'Nobody', 'Somebody') where turn_id = :i",
            "event 3",
        ),
        (
            (
                "update chat_events set data = replace(data, '\"total\"\\:0', '\"total\"\\:1')"
                " where turn_id = :i and kind = 'tool_result'"
            ),
            "event 2",
        ),
        ("delete from chat_events where turn_id = :i and kind = 'tool_result'", "event 2"),
        (
            (
                "update chat_turn_steps set outcome = jsonb_set(outcome, '{tool}',"
                " '\"trial_balance\"') where turn_id = :i and kind = 'move' and number = 3"
            ),
            "step 3",
        ),
        (
            (
                "update chat_turn_steps set outcome = jsonb_set(outcome, '{raw,text}',"
                " '\"Anybody.\"') where turn_id = :i and number = 5"
            ),
            "event 3",
        ),
        (
            (
                "update chat_turn_steps set outcome = jsonb_set(outcome, '{output,total}', '77')"
                " where turn_id = :i and kind = 'outcome'"
            ),
            '"total":77',
        ),
        (
            "delete from chat_turn_steps where turn_id = :i and kind = 'outcome'",
            "step 4: recorded answer",
        ),
        ("delete from chat_turn_steps where turn_id = :i", "the journal is empty"),
        ("delete from chat_events where turn_id = :i and kind <> 'final'", "events were deleted"),
    ],
    ids=[
        "an event's words",
        "a result",
        "a missing event",
        "a move",
        "an answer",
        "an outcome",
        "a missing step",
        "no journal",
        "events of another week",
    ],
)
def test_the_first_difference_is_printed_and_the_exit_code_is_1(
    model: ModelTalk, owner_engine: sa.Engine, forged: str, named: str
) -> None:
    events, _ = model.say("who is new?", wants(use(FIND)), Reply("Nobody."))
    turn_id = events[0]["turn_id"]
    with owner_engine.begin() as connection:
        assert connection.execute(sa.text(forged), {"i": turn_id}).rowcount > 0
    code, output = replay(model.app, turn_id)
    assert code == 1
    assert named in output, output


def test_a_changed_planner_is_reported_as_a_difference(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_id = model.talk.say(model.person, model.session_id, "help")[0]["turn_id"]
    monkeypatch.setattr(BuiltInPlanner, "next_move", lambda *_: Say("Something else."))
    code, output = replay(model.app, turn_id)
    assert (code, "step 2" in output, "Something else." in output) == (1, True, True)


def test_a_turn_of_an_older_release_uses_its_recorded_moves(
    model: ModelTalk, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_id = model.talk.say(model.person, model.session_id, "trial balance")[0]["turn_id"]
    older = (
        "update chat_turn_steps set outcome = outcome #- '{context,reading}'"
        " where turn_id = :t and number = 1"
    )
    with owner_engine.begin() as connection:
        connection.execute(sa.text(older), {"t": turn_id})
    monkeypatch.setattr(BuiltInPlanner, "next_move", lambda *_: Say("Something else."))
    assert_same(model, owner_engine, turn_id)


def test_an_unknown_or_running_turn_is_not_replayed(model: ModelTalk) -> None:
    assert replay(model.app, "t-000000000000")[0] == 1
    code, output = replay(model.app, model.begin("help"))
    assert (code, "is still running" in output) == (1, True)
