"""Decisions of several acts: few at a time, and each ends in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.approvals import probes
from tests.approvals.conftest import Desk
from tests.approvals.test_series import SEVERAL, Send, replaced
from tests.approvals.test_waiting import batch, message, one
from tests.people import People, Person
from voyagent.approvals import queries
from voyagent.approvals.service import deciding, time_limits
from voyagent.approvals.service.errors import DecisionsBusy
from voyagent.chat.queries import sessions as chats
from voyagent.kernel import time_limits as kernel_time_limits
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.limits import long_work
from voyagent.kernel.limits.callers import note_network

Two = tuple[UUID, list[str]]
EVERYWAY = pytest.mark.parametrize("send", [one, message, batch])


def two(desk: Desk, person: Person) -> Two:
    session_id = desk.conversation(person)
    return session_id, [
        desk.propose(person, "probe_invoice", session_id=session_id, tool_call_id=call)
        for call in "ab"
    ]


@contextmanager
def deciding_of(*parties: Hashable) -> Iterator[None]:
    """Hold places for decisions of several acts."""
    with ExitStack() as held:
        for party in parties:
            held.enter_context(long_work.deciding(party, DecisionsBusy, 0))
        yield


def refusal(answer: TestResponse) -> tuple[int, str, bool]:
    return answer.status_code, answer.json["detail"], int(answer.headers["Retry-After"]) > 0  # type: ignore[index]


def provisional(desk: Desk, *people: Person) -> None:
    for person in people:
        agency = person.actor.tenant_id
        desk.run("update tenants set verified_at = null where id = :t", t=agency)
        desk.run("update users set email_verified = false where tenant_id = :t", t=agency)


# --- the places ---


@SEVERAL
def test_a_decision_of_several_acts_is_refused_while_all_places_are_taken(
    desk: Desk, bob: Person, leila: Person, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    monkeypatch.setattr(time_limits, "WAIT_S", 0.1)
    session_id, made = two(desk, bob)
    with deciding_of(*(uuid4() for _ in range(long_work.DECISIONS))):
        assert refusal(send(leila.api, session_id, made)) == (503, "decisions_busy", True)
        assert one(leila.api, session_id, made[:1]).status_code == 200
        assert message(leila.api, session_id, made[1:]).status_code == 200
    assert [desk.row(approval_id)["status"] for approval_id in made] == ["granted"] * 2
    session_id, made = two(desk, bob)
    assert send(leila.api, session_id, made).status_code == 200


@SEVERAL
def test_an_agency_makes_one_decision_of_several_acts_at_a_time(
    desk: Desk,
    bob: Person,
    leila: Person,
    charlie: Person,
    monkeypatch: pytest.MonkeyPatch,
    send: Send,
) -> None:
    monkeypatch.setattr(time_limits, "WAIT_S", 0.1)
    (session_id, made), theirs = two(desk, bob), two(desk, charlie)
    with deciding_of(bob.actor.tenant_id):
        assert refusal(send(leila.api, session_id, made))[1] == "decisions_busy"
        assert send(charlie.api, *theirs).status_code == 200


@SEVERAL
def test_provisional_agencies_make_one_decision_of_several_acts_at_a_time(
    desk: Desk,
    bob: Person,
    leila: Person,
    charlie: Person,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    send: Send,
) -> None:
    monkeypatch.setattr(time_limits, "WAIT_S", 0.1)
    stranger = people.sign_up("Third Person", agency="Third Agency")
    (session_id, made), theirs, third = two(desk, bob), two(desk, charlie), two(desk, stranger)
    provisional(desk, charlie, stranger)
    began, over = threading.Event(), threading.Event()

    def slow(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
        if actor.tenant_id == charlie.actor.tenant_id:
            began.set()
            assert over.wait(30)
        return probes.note(actor, arguments)

    replaced(monkeypatch, "probe_invoice", run=slow)
    with ThreadPoolExecutor(1) as thread:
        try:
            first = thread.submit(send, charlie.api, *theirs)
            assert began.wait(30)
            assert refusal(send(stranger.api, *third))[1] == "decisions_busy"
            assert send(leila.api, session_id, made).status_code == 200
        finally:
            over.set()
        assert first.result(30).status_code in {200, 503}  # 503 if this machine is slow
    assert send(stranger.api, *third).status_code == 200


@SEVERAL
def test_a_decision_that_waits_holds_no_connection_and_authenticates_again(
    app: Flask,
    desk: Desk,
    bob: Person,
    leila: Person,
    monkeypatch: pytest.MonkeyPatch,
    send: Send,
) -> None:
    session_id, made = two(desk, bob)
    locked: list[object] = []
    for name in ("lock", "get_session"):
        monkeypatch.setattr(chats, name, lambda *given, **_named: locked.append(given))
    with app.app_context():
        pool = db.engine.pool
    before = pool.checkedout()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as thread:
        with deciding_of(bob.actor.tenant_id):
            waiting = thread.submit(send, leila.api, session_id, made)
            while not long_work._decisions._waiting:  # noqa: SLF001 - the callers that wait
                assert not waiting.done()
            assert pool.checkedout() == before  # type: ignore[attr-defined]
            desk.run("update users set role = 'viewer' where id = :i", i=leila.actor.user_id)
        assert waiting.result(30).status_code == 403
    assert locked == []
    assert [desk.row(approval_id)["status"] for approval_id in made] == ["pending"] * 2


def test_one_address_makes_one_decision_of_several_acts_at_a_time() -> None:
    try:
        note_network("203.0.113.9")
        with deciding_of(uuid4()):
            with pytest.raises(DecisionsBusy), deciding_of(uuid4()):
                pass
            note_network("203.0.113.10")
            with deciding_of(uuid4()):
                pass
            note_network("203.0.113.9")
    finally:
        note_network(None)


def test_two_agencies_that_decide_all_the_time_do_not_refuse_a_third(
    desk: Desk, bob: Person, leila: Person
) -> None:
    over = threading.Event()

    def decide(agency: UUID) -> None:
        while not over.is_set():
            with suppress(DecisionsBusy), long_work.deciding(agency, DecisionsBusy, 5):
                over.wait(0.1)

    with ThreadPoolExecutor(6) as threads:
        try:
            for agency in (uuid4(), uuid4()) * 3:
                threads.submit(decide, agency)
            statuses = [batch(leila.api, *two(desk, bob)).status_code for _ in range(3)]
        finally:
            over.set()
    assert statuses == [200] * 3


# --- the time limit ---


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, str], None]:
    """Let the time of a decision pass in a function, by a clock of its own."""
    now = [0.0]
    monkeypatch.setattr(kernel_time_limits, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def pass_in(module: object, name: str) -> None:
        function = getattr(module, name)

        def slow(*arguments: Any, **named: Any) -> Any:
            result = function(*arguments, **named)
            now[0] += time_limits.DECISION_MAX_S
            return result

        monkeypatch.setattr(module, name, slow)

    return pass_in


@EVERYWAY
@pytest.mark.parametrize("step", ["lock_balances", "check_state", "find_movements"])
def test_the_time_of_a_decision_counts_locks_checks_and_dry_runs(
    desk: Desk,
    bob: Person,
    leila: Person,
    passes: Callable[[object, str], None],
    send: Send,
    step: str,
) -> None:
    session_id, made = two(desk, bob)
    passes(deciding, step)
    assert refusal(send(leila.api, session_id, made)) == (503, "decision_timed_out", True)
    assert [desk.row(approval_id)["status"] for approval_id in made] == ["pending"] * 2


@SEVERAL
@pytest.mark.parametrize("step", ["_decide", "supersede"])
def test_a_decision_that_takes_too_long_decides_nothing(
    desk: Desk,
    bob: Person,
    leila: Person,
    passes: Callable[[object, str], None],
    send: Send,
    step: str,
) -> None:
    session_id, made = two(desk, bob)
    if step == "supersede":
        outdated = "update approvals set preview_hash = repeat('0', 64) where session_id = :s"
        desk.run(outdated, s=session_id)
    passes(deciding, step)
    assert refusal(send(leila.api, session_id, made)) == (503, "decision_timed_out", True)
    rows = [desk.row(approval_id) for approval_id in made]
    assert [(row["status"], row["superseded_by"]) for row in rows] == [("pending", None)] * 2


def test_the_time_of_an_edit_counts_its_lock(
    desk: Desk, bob: Person, leila: Person, passes: Callable[[object, str], None]
) -> None:
    session_id = desk.conversation(bob)
    approval_id = desk.propose(bob, "probe_invoice", session_id=session_id)
    passes(queries, "get_locked")
    arguments = dict(desk.row(approval_id)["payload"]) | {"text": "edited"}
    answer = leila.api.post(f"/approvals/{approval_id}/edit", json={"arguments": arguments})
    assert refusal(answer) == (503, "decision_timed_out", True)
    assert desk.row(approval_id)["original_payload"] is None


@EVERYWAY
def test_an_act_that_takes_too_long_is_ended_by_the_time_limit(
    desk: Desk, bob: Person, leila: Person, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    session_id, made = two(desk, bob)
    ended: list[object] = []

    def slow(actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
        db.session.execute(sa.text("select pg_sleep(4)"))
        ended.append(arguments)
        return probes.note(actor, arguments)

    replaced(monkeypatch, "probe_invoice", run=slow)
    monkeypatch.setattr(time_limits, "DECISION_MAX_S", 1.0)
    assert refusal(send(leila.api, session_id, made)) == (503, "decision_timed_out", True)
    assert ended == []
    assert [desk.row(approval_id)["status"] for approval_id in made] == ["pending"] * 2
