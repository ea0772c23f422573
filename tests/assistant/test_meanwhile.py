"""Events during the preparation of a page or a stream are never missed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.assistant.conftest import Talk
from tests.assistant.line import INVOICE
from tests.people import Person
from voyagent.approvals import queries as approvals
from voyagent.approvals.service import deciding, execution
from voyagent.assistant.api import stream
from voyagent.assistant.views import screen
from voyagent.chat.queries import sessions as chats

Moment = tuple[Any, str]
READING = [
    (approvals, "session_statement"),
    (chats, "find_running_turn"),
    (chats, "messages"),
    (chats, "last_seq"),
]
LISTENING = [(approvals, "find_approval"), (chats, "find_continuation")]


def then(monkeypatch: pytest.MonkeyPatch, moment: Moment, happens: Callable[[], None]) -> None:
    """Run an act once, right after a given function was called."""
    room, name = moment
    whole, left = getattr(room, name), [happens]

    def looked(*given: Any, **more: Any) -> Any:
        found = whole(*given, **more)
        while left:
            left.pop()()
        return found

    monkeypatch.setattr(room, name, looked)


@pytest.fixture
def granted(talk: Talk, alice: Person, leila: Person) -> tuple[UUID, str]:
    """Return a conversation with an approved invoice, and the proposal.

    The invoice is not issued yet. After issuing, the assistant states the number.
    """
    session_id = talk.begin(alice)
    talk.ask(alice, session_id, INVOICE)
    talk.decide(leila, talk.pending(alice, session_id)[0]["approval_id"])
    talk.say(alice, session_id, "yes")
    approval_id = str(talk.pending(alice, session_id)[0]["approval_id"])
    with leila.acting() as actor:
        deciding.resolve(actor, approval_id, granted=True)
    return session_id, approval_id


@pytest.fixture(params=["carried out", "carried out, and gone on"])
def happens(
    request: pytest.FixtureRequest, talk: Talk, alice: Person, granted: tuple[UUID, str]
) -> Callable[[], None]:
    """Let a worker run meanwhile: only the effect, so that the turn waits, or both."""

    def carry_out() -> None:
        with ThreadPoolExecutor(1) as worker:
            worker.submit(alice.does, lambda _actor: execution.carry_out(granted[1])).result()

    return carry_out if request.param == "carried out" else talk.drain


def names(moments: list[Moment]) -> list[str]:
    return [name for _, name in moments]


@pytest.mark.parametrize("moment", READING, ids=names(READING))
def test_a_page_read_during_an_approved_act_shows_or_follows_its_turn(
    alice: Person,
    granted: tuple[UUID, str],
    happens: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    moment: Moment,
) -> None:
    then(monkeypatch, moment, happens)
    with alice.acting() as actor:
        shown = screen.read(actor, granted[0])
        assert approvals.get_approval(granted[1]).effect_status == "done"
    assert shown.is_live or "/000001" in shown.entries[-1].text


@pytest.mark.parametrize("moment", LISTENING, ids=names(LISTENING))
def test_a_stream_that_waits_for_an_act_finds_the_next_turn(
    app: Flask,
    alice: Person,
    granted: tuple[UUID, str],
    happens: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    moment: Moment,
) -> None:
    then(monkeypatch, moment, happens)
    turn_id, complete = stream._continuation(app, alice.actor.tenant_id, [granted[1]])  # noqa: SLF001 - the moment between its two looks
    assert turn_id is not None or not complete
