"""Withdrawn models, and agencies that choose the built-in planner."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.conftest import Talk, kinds, of_kind, text
from tests.assistant.models import FIND, Killed, ModelTalk, use, wants
from tests.people import Person
from voyagent.assistant.queries import spending
from voyagent.assistant.service import loop
from voyagent.assistant.service.planner_factory import Configured
from voyagent.chat.queries import sessions as chats
from voyagent.drivers.models.errors import ModelMissing
from voyagent.drivers.models.scripted import Reply, Scripted
from voyagent.drivers.models.usage import Usage
from voyagent.kernel.config import Settings

GONE = "claude-sonnet-4-5"


@pytest.fixture
def model(app: Flask, talk: Talk, alice: Person) -> ModelTalk:
    return ModelTalk(app, talk, alice, talk.begin(alice))


def missing() -> ModelMissing:
    return ModelMissing("404 not_found_error", driver="scripted")


def gone() -> Scripted:
    return Scripted([missing()], model=GONE)


@pytest.fixture
def keyed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose operator has set a key."""
    known: Settings = app.extensions["voyagent.settings"]
    monkeypatch.setitem(
        app.extensions,
        "voyagent.settings",
        Settings(**{**known.model_dump(), "anthropic_api_key": "a-key"}),
    )


# The turn
# --------------------------------------------------------------------------------


def built_in(events: list[Any]) -> bool:
    """True if one error came first and the built-in planner's answer after it."""
    sequence = kinds(events)
    found = [event["tool_name"] for event in of_kind(events, "tool_result")]
    return (
        sequence[0] == "error"
        and sequence.count("error") == 1
        and sequence[-2:] == ["text_delta", "final"]
        and found[-1:] == ["trial_balance"]
    )


def test_a_missing_model_is_reported_and_the_built_in_planner_answers(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []

    class Recorder:
        def warning(self, event: str, **values: Any) -> None:
            lines.append({"event": event, **values})

    monkeypatch.setattr(loop, "log", Recorder())
    events = model.run(model.begin("trial balance"), gone())
    assert built_in(events)
    (error,) = of_kind(events, "error")
    assert error["error_message"] == ModelMissing.sentence
    assert "trial balance is empty" in text(events)
    with model.person.acting():
        newest = chats.newest_turn(model.session_id)
    assert newest is not None
    assert newest.status == "done"
    assert [(line["event"], line["model"], line["cause"]) for line in lines] == [
        ("turn.gave_up", GONE, "ModelMissing: 404 not_found_error")
    ]


def test_a_turn_begun_by_a_model_is_not_restarted_without_it(model: ModelTalk) -> None:
    events, _ = model.say("who is new?", wants(use(FIND)), missing())
    assert kinds(events) == ["tool_use", "tool_result", "error", "final"]


@pytest.mark.parametrize("dies_in", ["_make", "_call"])
def test_a_worker_that_takes_over_also_uses_no_model(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    turn_id = model.begin("trial balance")

    def killed(*_arguments: Any, **_keywords: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(loop.Performance, dies_in, killed)
        model.run(turn_id, gone())
    assert built_in(model.run(turn_id, Scripted([])))


def test_a_turn_without_its_model_replays_byte_for_byte(model: ModelTalk) -> None:
    turn_id = model.begin("trial balance")
    model.run(turn_id, gone())
    done = model.app.test_cli_runner().invoke(args=["replay", turn_id])
    assert (done.exit_code, "identical byte for byte" in done.output) == (0, True), done.output


# The settings
# --------------------------------------------------------------------------------


@pytest.mark.usefixtures("keyed")
def test_the_settings_report_a_model_missing_within_the_last_day(
    model: ModelTalk, bob: Person, owner_engine: sa.Engine
) -> None:
    model.person.api.patch("/tenant-settings", json={"model": GONE})
    expected = "Claude Sonnet 4.5 is no longer available"
    assert expected not in model.person.tab.get("/settings").text
    model.run(model.begin("help"), gone())
    assert expected in model.person.tab.get("/settings").text
    assert expected in bob.tab.get("/settings").text
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update missing_models set missed_at = now() - interval '25 hours'")
        )
    assert expected not in model.person.tab.get("/settings").text
    model.run(model.begin("help"), gone())
    model.person.api.patch("/tenant-settings", json={"model_override": "claude-sonnet-5"})
    page = model.person.tab.get("/settings").text
    assert "no longer available" not in page
    assert (
        "Current: Claude Sonnet 5, USD 2 per million input tokens, USD 10 per million output"
        " tokens." in page
    )


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 11, 30), "is available until 30 November 2026"),
        (date(2026, 12, 1), "was available until 30 November 2026"),
    ],
)
def test_the_settings_show_the_last_day_of_a_model(
    alice: Person, monkeypatch: pytest.MonkeyPatch, today: date, expected: str
) -> None:
    monkeypatch.setattr("voyagent.assistant.views.panels.clock.today", lambda _zone="UTC": today)
    assert f"Claude Sonnet 4.5 {expected}" in alice.tab.get("/settings").text


@pytest.mark.usefixtures("keyed")
def test_an_agency_can_choose_the_built_in_planner_although_a_key_is_set(
    alice: Person, app: Flask
) -> None:
    configured = Configured(app.extensions["voyagent.settings"])
    assert configured.choose(None) is not None
    assert configured.choose("built-in") is None
    answer = alice.api.patch("/tenant-settings", json={"model_override": "built-in"})
    assert (answer.status_code, answer.json["model_override"]) == (200, "built-in")  # type: ignore[index]
    assert alice.api.get("/tenant-settings").json["model_override"] == "built-in"  # type: ignore[index]
    browser = alice.tab
    page = browser.get("/settings").text
    assert "Current: built-in planner, at no cost." in page
    assert "Answered by the built-in planner" in browser.get("/assistant").text
    alice.api.patch("/tenant-settings", json={"model": None})
    assert "Answered by Claude Sonnet 4.5" in browser.get("/assistant").text


@pytest.mark.parametrize(
    ("name", "label"), [("claude-sonnet-5", "Claude Sonnet 5"), ("claude-opus-5", "Claude Opus 5")]
)
def test_a_newer_model_can_be_chosen(
    alice: Person, app: Flask, name: str, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert alice.api.patch("/tenant-settings", json={"model_override": name}).status_code == 200
    known: Settings = app.extensions["voyagent.settings"]
    monkeypatch.setitem(
        app.extensions,
        "voyagent.settings",
        Settings(
            **{**known.model_dump(), "anthropic_api_key": "a-key", "agent_model": "claude-new-one"}
        ),
    )
    page = alice.tab.get("/settings").text
    assert f"Current: {label}" in page
    alice.api.patch("/tenant-settings", json={"model": None})
    assert "Current: claude-new-one. Its price is unknown" in alice.tab.get("/settings").text


# Unknown prices
# --------------------------------------------------------------------------------


def test_a_model_without_a_price_is_counted_and_not_shown_as_free(model: ModelTalk) -> None:
    turn_id = model.begin("hello")
    model.run(turn_id, Scripted([Reply("Hello.", usage=Usage(1_200_000, 34_567))], model="local-1"))
    with model.person.reading() as reader:
        whole, _ = spending.spent_in(reader, model.session_id)
        day = spending.spending(reader, date.today()).today  # noqa: DTZ011 - the agency is in UTC, as the tests are
    assert (whole.unpriced, whole.is_priced, day.unpriced) == (1, False, 1)
    browser = model.person.tab
    page = browser.get(f"/assistant/{model.session_id}").text
    assert page.count("12,34,567 tokens, price unknown") == 2, "under the reply and beside the talk"
    assert "USD" not in page[page.index('id="talk"') :]
    assert "12,34,567 tokens, price unknown" in browser.get("/settings").text
