"""Costs of models and limits of an agency over all processes.

Turns per minute and per hour, tokens per day.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.conftest import Event, Talk, kinds, of_kind, text
from tests.assistant.line import Line
from tests.assistant.models import DRAFT, FIND, Always, Killed, ModelTalk, use, wants
from tests.people import Person
from voyagent.assistant import words
from voyagent.assistant.models import BudgetReservation
from voyagent.assistant.queries import spending as spending_queries
from voyagent.assistant.queries.spending import Spending, Spent
from voyagent.assistant.service import costs
from voyagent.chat.queries.sessions import Turn
from voyagent.chat.service import conversations as chat, turns as chat_turns
from voyagent.drivers.models.errors import ModelUnavailable
from voyagent.drivers.models.protocol import ModelRequest, PersonMessage
from voyagent.drivers.models.scripted import Reply, Scripted
from voyagent.drivers.models.usage import Usage
from voyagent.enquiries import service as enquiries
from voyagent.kernel import clock
from voyagent.kernel.db import db, transaction

SONNET = "claude-sonnet-4-5"


@pytest.fixture
def model(app: Flask, talk: Talk, alice: Person) -> ModelTalk:
    return ModelTalk(app, talk, alice, talk.begin(alice))


def spending(person: Person, day: date | None = None) -> Spending:
    with person.reading() as reader:
        return spending_queries.spending(reader, day or clock.today(person.actor.timezone))


def sonnet(*script: Any) -> Scripted:
    return Scripted(list(script), model=SONNET)


def settle(person: Person, **changes: Any) -> None:
    assert person.api.patch("/tenant-settings", json=changes).status_code == 200


def together(
    model: ModelTalk, count: int, driver: Callable[[int], Scripted]
) -> tuple[list[list[Event]], list[Scripted]]:
    """Run a message in several conversations at once and return the events.

    Each conversation has its model.
    """
    talks = [
        ModelTalk(model.app, model.talk, model.person, model.talk.begin(model.person))
        for _ in range(count)
    ]
    begun, drivers = (
        [one.begin("trial balance") for one in talks],
        [driver(place) for place in range(count)],
    )
    start = threading.Barrier(count)

    def run(place: int) -> list[Event]:
        start.wait(30)
        return talks[place].run(begun[place], drivers[place])

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count))), drivers


def turns(model: ModelTalk, count: int) -> list[Turn]:
    """Return started turns, each in its own conversation."""
    begun = [
        ModelTalk(model.app, model.talk, model.person, model.talk.begin(model.person)).begin(
            "hello"
        )
        for _ in range(count)
    ]
    with model.person.acting():
        return [turn for turn in map(chat_turns.begin_turn, begun) if turn is not None]


def keep(model: ModelTalk, turn: Turn, tokens: int, seconds: float = 60.0) -> costs.Refusal | None:
    """Reserve tokens for an answer of a turn."""
    with model.app.app_context(), transaction(model.person.actor.tenant_id):
        return costs.reserve(turn, tokens, seconds)


def open_answers(model: ModelTalk) -> int:
    """Return the number of answers with reserved tokens."""
    with model.app.app_context(), transaction(model.person.actor.tenant_id):
        return db.session.scalar(sa.select(sa.func.count()).select_from(BudgetReservation)) or 0


def test_usage_is_counted_by_answer_conversation_day_and_month(
    model: ModelTalk,
) -> None:
    first = model.begin("who is new?")
    model.run(
        first, sonnet(wants(use(FIND)), Reply("Nobody.", usage=Usage(1000, 100, cache_read=5000)))
    )
    second = model.begin("thanks")
    model.run(second, sonnet(Reply("Welcome.")))
    with model.person.reading() as reader:
        whole, replies = spending_queries.spent_in(reader, model.session_id)
    # USD 3 and 15 for a million; what is read from the cache costs a tenth.
    one = Decimal("0.00060000")
    assert replies[second] == Spent(120, one, 1)
    assert replies[first] == Spent(120 + 6100, one + Decimal("0.00600000"), 2)
    assert whole == Spent(6340, Decimal("0.00720000"), 3)
    assert (spending(model.person).today, spending(model.person).month) == (whole, whole)


def test_failed_and_stopped_answers_are_counted_too(
    model: ModelTalk,
) -> None:
    error = ModelUnavailable("it broke off", driver="scripted")
    error.usage, error.tries = Usage(50, 7, estimated=True), 2
    model.run(model.begin("hello"), Scripted([error]))
    assert spending(model.person).today.tokens == 57
    turn_id = model.begin("hello")

    class Interrupted(Scripted):
        def answer(self, request: Any, on_text: Any, should_stop: Any = lambda: False) -> Any:
            model.person.does(chat_turns.request_stop, model.session_id)
            return super().answer(request, on_text, should_stop)

    model.run(turn_id, Interrupted([Reply("Never sent")]))
    assert spending(model.person).today.tokens == 57 + 120


def test_usage_is_kept_when_its_conversation_is_deleted(model: ModelTalk, charlie: Person) -> None:
    model.say("hello", Reply("Hello."))
    model.person.does(chat.delete, model.session_id)
    assert spending(model.person).month.tokens == 120
    assert spending(charlie).month == Spent()


def test_a_day_of_usage_is_in_the_agencys_time_zone(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(model.person, timezone="Pacific/Kiritimati")
    late = datetime(2100, 3, 31, 11, 0, tzinfo=UTC)  # there it is April by an hour
    turn_id = model.begin("hello")
    with monkeypatch.context() as patched:
        patched.setattr(
            "voyagent.assistant.service.costs.clock.today",
            lambda zone="UTC": date(2100, 4, 1) if zone == "Pacific/Kiritimati" else late.date(),
        )
        model.run(turn_id, Scripted([Reply("Hello.")]))
    assert spending(model.person, date(2100, 3, 31)).month.tokens == 0
    assert spending(model.person, date(2100, 4, 2)).month.tokens == 120
    assert spending(model.person, date(2100, 4, 2)).today.tokens == 0


@pytest.mark.parametrize(
    ("setting", "word"), [("rate_limit_per_minute", "minute"), ("rate_limit_per_hour", "hour")]
)
def test_a_turn_above_the_rate_limit_gets_an_error_and_is_not_counted(
    line: Line, owner_engine: sa.Engine, setting: str, word: str
) -> None:
    settle(line.person, **{setting: 2})
    assert [kinds(line.say("help")) for _ in range(3)] == [["text_delta", "final"]] * 2 + [
        ["error", "final"]
    ]
    refused = line.say("help")
    assert refused[0]["error_message"] == f"rate_limited: {word}"
    with owner_engine.begin() as connection:
        counted = "select count(*) from rate_limit_hits where tenant_id = :t"
        assert connection.scalar(sa.text(counted), {"t": line.person.actor.tenant_id}) == 2
        back = (
            "update rate_limit_hits set admitted_at = admitted_at - interval '61 seconds' where"
            " tenant_id = :t"
        )
        connection.execute(
            sa.text(back if word == "minute" else back.replace("61 seconds", "61 minutes")),
            {"t": line.person.actor.tenant_id},
        )
    assert kinds(line.say("help")) == ["text_delta", "final"]
    assert line.person.api.get(f"/chat/sessions/{line.session_id}").json["message_count"] >= 5


def test_a_turn_after_a_decision_does_not_count_towards_the_limit(model: ModelTalk) -> None:
    settle(model.person, rate_limit_per_minute=1)
    events, _ = model.say("invoice her", wants(use("draft_invoice", **DRAFT)))
    model.talk.decide(model.person, of_kind(events, "approval_request")[0]["approval_id"])
    recorded = model.talk.events(model.person, model.session_id)[len(events) :]
    assert kinds(recorded)[:2] == ["approval_granted", "tool_result"]
    assert of_kind(recorded, "error") == []


def test_of_parallel_turns_the_limit_admits_the_allowed_number(model: ModelTalk) -> None:
    settle(model.person, rate_limit_per_minute=3)
    sessions = [model.talk.begin(model.person) for _ in range(8)]
    talks = [ModelTalk(model.app, model.talk, model.person, session_id) for session_id in sessions]
    begun = [one.begin("hello") for one in talks]
    together = threading.Barrier(8)

    def run(place: int) -> list[str]:
        together.wait(10)
        return kinds(talks[place].run(begun[place], Scripted([Reply("Hello.")])))

    with ThreadPoolExecutor(8) as pool:
        all_kinds = list(pool.map(run, range(8)))
    assert all_kinds.count(["text_delta", "final"]) == 3
    assert all_kinds.count(["error", "final"]) == 5


def test_with_a_used_up_budget_the_built_in_planner_answers_after_a_notice(
    model: ModelTalk,
) -> None:
    settle(model.person, daily_token_budget=100)
    model.say("hello", Reply("Hello."))
    events, driver = model.say("trial balance")
    assert kinds(events) == ["error", "tool_use", "tool_result", "text_delta", "final"]
    assert events[0]["error_message"] == "daily_budget_exceeded: limit=100 used=120"
    assert driver.requests == []
    assert "empty" in text(events)
    settle(model.person, daily_token_budget=None)
    again, _ = model.say("hello", Reply("Hello again."))
    assert text(again) == "Hello again."


def test_a_budget_used_up_during_a_turn_ends_the_turn(model: ModelTalk) -> None:
    settle(model.person, daily_token_budget=100)
    events, driver = model.say("who is new?", wants(use(FIND)), Reply("Nobody."))
    assert kinds(events) == ["tool_use", "tool_result", "error", "final"]
    assert events[2]["error_message"] == "daily_budget_exceeded: limit=100 used=120"
    assert len(driver.requests) == 1


def test_parallel_turns_near_the_budget_make_as_many_requests_as_successive_ones(
    model: ModelTalk,
) -> None:
    settle(model.person, daily_token_budget=100)
    all_events, drivers = together(
        model, 8, lambda _place: Scripted([Reply("x y", usage=Usage(60, 20), delay_s=0.2)])
    )
    answered = [
        events
        for events in all_events
        if kinds(events) == ["text_delta", "final"] and text(events) == "x y"
    ]
    assert len(answered) == sum(len(driver.requests) for driver in drivers) == 2
    others = [events for events in all_events if events not in answered]
    assert {events[0]["error_message"] for events in others} == {
        "daily_budget_exceeded: limit=100 used=160"
    }
    assert all(
        kinds(events)[:1] == ["error"]
        and kinds(events).count("error") == 1
        and kinds(events)[-2:] == ["text_delta", "final"]
        for events in others
    )
    assert spending(model.person).today.tokens == 160


def test_parallel_turns_far_from_the_budget_do_not_wait(model: ModelTalk) -> None:
    settle(model.person, daily_token_budget=10_000_000)
    all_at_once = threading.Barrier(4)

    def reply(_request: Any) -> Reply:
        all_at_once.wait(30)
        return Reply("Hello.")

    all_events, _ = together(model, 4, lambda _place: Scripted([reply]))
    assert [kinds(events) for events in all_events] == [["text_delta", "final"]] * 4


def test_of_parallel_reservations_only_those_that_fit_are_made(model: ModelTalk) -> None:
    settle(model.person, daily_token_budget=100)
    begun = turns(model, 8)
    at_once = threading.Barrier(8)

    def ask(turn: Turn) -> costs.Refusal | None:
        at_once.wait(30)
        return keep(model, turn, 30)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, begun))
    assert found.count(None) == 3
    assert {one for one in found if one is not None} == {
        costs.Refusal("daily_budget_exceeded: limit=100 used=90", may_pass=True)
    }
    assert keep(model, begun[found.index(None)], 40) is None, (
        "whoever takes a turn over keeps anew, in the place of the first"
    )


def test_an_answer_larger_than_the_rest_of_the_budget_may_run_alone(
    model: ModelTalk,
) -> None:
    settle(model.person, daily_token_budget=100)
    first, second = turns(model, 2)
    assert keep(model, first, 5000) is None
    waiting = keep(model, second, 1)
    assert waiting is not None
    assert waiting.may_pass
    with model.app.app_context(), transaction(model.person.actor.tenant_id):
        costs.release(first)
    assert keep(model, second, 5000) is None


@pytest.mark.parametrize("crash", [False, True], ids=["it fails", "a fault of ours"])
def test_a_failed_answer_releases_its_reservation(model: ModelTalk, crash: bool) -> None:
    settle(model.person, daily_token_budget=100)
    script: list[Any] = [] if crash else [ModelUnavailable("it broke off", driver="scripted")]
    events, _ = model.say("hello", *script)
    assert kinds(events) == ["error", "final"]
    assert open_answers(model) == 0
    again, _ = model.say("hello", Reply("Hello."))
    assert text(again) == "Hello."
    assert open_answers(model) == 0


def test_a_running_answer_reserves_its_maximum_and_a_stop_releases_it(
    model: ModelTalk,
) -> None:
    settle(model.person, daily_token_budget=10_000)
    turn_id = model.begin("दुबई का वीज़ा")
    seen: list[int] = []

    def stop(request: ModelRequest) -> Reply:
        with model.app.app_context(), transaction(model.person.actor.tenant_id):
            seen.extend(db.session.scalars(sa.select(BudgetReservation.tokens)))
        sent_texts = [
            *(part.text for part in request.system),
            *(one.text for one in request.messages if isinstance(one, PersonMessage)),
        ]
        assert seen == [request.tokens_max]
        assert (
            seen[0]
            >= sum(len(words.encode()) for words in sent_texts)
            + sum(len(str(tool.schema)) for tool in request.tools)
            + request.max_tokens
        )
        model.person.does(chat_turns.request_stop, model.session_id)
        return Reply("Never sent")

    model.run(turn_id, Scripted([stop]))
    assert len(seen) == 1
    assert open_answers(model) == 0


def test_the_reservation_of_a_killed_worker_expires(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "GRACE_S", 0.5)
    settle(model.person, daily_token_budget=100)

    def die(_request: Any) -> Reply:
        raise Killed

    with pytest.raises(Killed):
        model.run(model.begin("hello"), Scripted([die]), answer_s=1.0)
    assert open_answers(model) == 1
    other = ModelTalk(model.app, model.talk, model.person, model.talk.begin(model.person))
    events, _ = other.say("hello", Reply("Hello."), answer_s=5.0)
    assert text(events) == "Hello."
    assert open_answers(model) == 0


def test_a_worker_that_takes_over_uses_the_reservation_of_the_first(
    model: ModelTalk,
) -> None:
    settle(model.person, daily_token_budget=100)
    turn_id = model.begin("hello")

    def die(_request: Any) -> Reply:
        raise Killed

    with pytest.raises(Killed):
        model.run(turn_id, Scripted([die]))
    assert text(model.run(turn_id, Scripted([Reply("Hello.")]))) == "Hello."
    assert open_answers(model) == 0


def test_a_turn_waiting_for_tokens_can_be_stopped_and_waits_at_most_one_answer(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "GRACE_S", 0.0)
    settle(model.person, daily_token_budget=100)
    (other,) = turns(model, 1)
    assert keep(model, other, 70, seconds=60.0) is None
    events, driver = model.say("trial balance", answer_s=0.5)
    assert events[0]["error_message"] == "daily_budget_exceeded: limit=100 used=70"
    assert kinds(events) == ["error", "tool_use", "tool_result", "text_delta", "final"]
    assert driver.requests == []
    turn_id = model.begin("trial balance")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(model.run, turn_id, Scripted([]), answer_s=60.0)
        time.sleep(1)
        model.person.does(chat_turns.request_stop, model.session_id)
        assert kinds(running.result(20)) == ["final"]


def test_a_reservation_over_midnight_counts_for_the_new_day(
    model: ModelTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(model.person, daily_token_budget=100, timezone="Pacific/Kiritimati")
    first, second = turns(model, 2)
    days = {"Pacific/Kiritimati": date(2100, 3, 31)}
    with monkeypatch.context() as patched:
        patched.setattr(
            "voyagent.assistant.service.costs.clock.today",
            lambda zone="UTC": days.get(zone, date(2100, 3, 31)),
        )
        with model.app.app_context(), transaction(model.person.actor.tenant_id):
            costs.record(first, 1, SONNET, Usage(80, 10))
        assert keep(model, first, 70) is None
        days["Pacific/Kiritimati"] = date(2100, 4, 1)
        waiting = keep(model, second, 70)
        assert waiting == costs.Refusal(
            "daily_budget_exceeded: limit=100 used=70", may_pass=True
        ), "yesterday's 90 are forgotten, the open answer is not"
        with model.app.app_context(), transaction(model.person.actor.tenant_id):
            costs.record(first, 2, SONNET, Usage(10, 10))
            costs.release(first)
        assert keep(model, second, 70) is None
    assert spending(model.person, date(2100, 4, 1)).today.tokens == 20


def test_a_reservation_is_deleted_with_its_conversation(
    model: ModelTalk, charlie: Person, owner_engine: sa.Engine
) -> None:
    for person in (model.person, charlie):
        settle(person, daily_token_budget=100)
    (turn,) = turns(model, 1)
    assert keep(model, turn, 100) is None
    theirs = ModelTalk(model.app, model.talk, charlie, model.talk.begin(charlie))
    assert keep(theirs, turns(theirs, 1)[0], 100) is None
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from chat_sessions where id = :id"), {"id": turn.session_id}
        )
    assert (open_answers(model), open_answers(theirs)) == (0, 1)


def test_without_a_budget_nothing_is_reserved(model: ModelTalk) -> None:
    (turn,) = turns(model, 1)
    assert keep(model, turn, 100) is None
    assert open_answers(model) == 0


def test_without_a_model_the_budget_is_not_checked(line: Line) -> None:
    settle(line.person, daily_token_budget=1)
    assert [kinds(line.say("help")) for _ in range(2)] == [["text_delta", "final"]] * 2


def test_a_used_up_budget_is_a_stream_with_status_200(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = Scripted([Reply("Hello.")])
    monkeypatch.setattr("voyagent.assistant.tasks.Configured", lambda _settings: Always(driver))
    settle(line.person, daily_token_budget=100)
    assert kinds(line.say("hello")) == ["text_delta", "final"]
    assert next(event["kind"] for event in line.say("help")) == "error"


@pytest.mark.parametrize(
    ("used", "warns_at"),
    [(0, None), (49, None), (50, 50), (79, 50), (80, 80), (99, 80), (100, 100), (250, 100)],
)
def test_warnings_appear_at_50_80_and_100_per_cent_of_the_budget(
    used: int, warns_at: int | None
) -> None:
    assert Spending(Spent(used * 10), Spent(), 1000).warns_at == warns_at
    assert Spending(Spent(used), Spent()).warns_at is None


def test_pages_show_a_sentence_where_the_api_has_a_code(app: Flask) -> None:
    with app.test_request_context():
        assert words.in_words("rate_limited: minute").endswith("in a minute.")
        assert words.in_words("daily_budget_exceeded: limit=1 used=2").startswith(
            "Your agency’s tokens"
        )
        assert words.in_words("The model took too long.") == "The model took too long."


def test_home_and_settings_show_usage_and_a_warning(model: ModelTalk, bob: Person) -> None:
    browser, reader = model.person.tab, bob.tab
    assert 'id="spending"' not in browser.get("/settings").text
    settle(model.person, daily_token_budget=200)
    model.run(model.begin("hello"), sonnet(Reply("Hello.", usage=Usage(100, 20))))
    with model.person.acting() as actor:
        enquiries.create(
            actor, customer_name="Deepa Krishnan"
        )  # no new agency any more: the home page has its figures
    for page in (
        browser.get("/settings").text,
        reader.get("/settings").text,
        browser.get("/").text,
    ):
        assert re.search(
            r"(?s)<dt>Today</dt>\s*<dd>120 tokens, under .{1,90}0\.01.{0,90}"
            r">of 200 tokens, 60 %</span>",
            page,
        )
        assert re.search("50 % of today.{1,5}s tokens are used: 120 of 200", page)
        assert re.search(r"<dt>This month</dt>\s*<dd>120 tokens, under ", page)
        assert '<rect class="v-budget-used" width="60"' in page


@pytest.mark.parametrize(
    ("used", "tone", "words"),
    [
        (49, None, None),
        (50, 50, "50 %"),
        (80, 80, "80 %"),
        (100, 100, "used up"),
        (250, 100, "used up"),
    ],
)
def test_the_warning_is_shown_from_half_of_the_budget_on(
    model: ModelTalk, used: int, tone: int | None, words: str | None
) -> None:
    settle(model.person, daily_token_budget=100)
    with model.person.acting() as actor:
        enquiries.create(actor, customer_name="Deepa Krishnan")
    model.run(model.begin("hello"), sonnet(Reply("Hello.", usage=Usage(used, 0))))
    browser = model.person.tab
    for page in (browser.get("/settings").text, browser.get("/").text):
        found = re.search(r'id="budget" data-warns="(\d+)">(.*?)</div>\s*</div>', page, re.DOTALL)
        assert (int(found[1]) if found else None) == tone
        assert words is None or (found is not None and words in found[2])


def test_an_answer_shows_its_usage_and_the_conversation_the_total(model: ModelTalk) -> None:
    model.talk.say(model.person, model.session_id, "help")
    model.run(model.begin("hello"), sonnet(Reply("Hello.", usage=Usage(123_456, 20_000))))
    model.run(model.begin("thanks"), sonnet(Reply("Welcome.", usage=Usage(100, 20))))
    page = model.person.tab.get(f"/assistant/{model.session_id}").text
    took = [
        " ".join(re.sub("<[^>]+>", " ", words).split())
        for words in re.findall(r'(?s)<p class="v-tiny v-3 v-took">(.*?)</p>', page)
    ]
    assert took == [
        "1,43,456 tokens, USD 0.67",
        "120 tokens, under USD 0.01",
    ], "the built-in planner took nothing and says nothing"
    whole = re.search(r'(?s)id="spent">(.*?)</p>', page)
    assert whole is not None
    assert " ".join(re.sub("<[^>]+>", " ", whole[1]).split()) == "1,43,576 tokens, USD 0.67"


def test_token_numbers_are_grouped_as_the_agency_counts(model: ModelTalk) -> None:
    settle(model.person, daily_token_budget=1_234_567)
    browser = model.person.tab
    assert 'value="12,34,567"' in browser.get("/settings").text
    settle(model.person, default_currency="AED")
    assert 'value="1,234,567"' in browser.get("/settings").text
    settle(model.person, locale="hi")
    assert 'value="12,34,567"' in browser.get("/settings").text


def test_a_refusal_is_shown_as_a_sentence_in_the_conversation(line: Line) -> None:
    settle(line.person, rate_limit_per_minute=1)
    line.say("help")
    line.say("help")
    page = line.person.tab.get(f"/assistant/{line.session_id}").text
    assert "reached its limit of assistant turns" in page
    assert "rate_limited" not in page
