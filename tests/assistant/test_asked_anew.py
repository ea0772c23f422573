"""Stale proposals are replaced and the conversation is informed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.conftest import Talk, kinds, of_kind, text
from tests.assistant.line import Line, frames
from tests.assistant.models import DRAFT, Killed
from tests.billing.papers import draft, issue, issued, line as article
from tests.people import Person
from voyagent.approvals import queries as approvals
from voyagent.approvals.service import deciding, execution, proposing
from voyagent.approvals.service.errors import PreviewStale
from voyagent.assistant.api import event_stream
from voyagent.assistant.queries import turn_context
from voyagent.assistant.service import loop
from voyagent.billing.core.errors import InvoiceNotDraft
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import turns
from voyagent.kernel.db import transaction

TOOL = "issue_invoice"


def asked(person: Person, session_id: UUID, price: str = "100.00", call_id: str = "call-1") -> str:
    """Propose to issue an invoice of Deepa's and return the id of the proposal."""
    invoice_id = draft(person, article(price))
    with person.acting() as actor:
        given: dict[str, Any] = {
            "arguments": {"invoice_id": str(invoice_id)},
            "summary": f"Issue the invoice over {price}",
        }
        return proposing.propose(
            actor,
            session_id=session_id,
            turn_id="t-0123456789ab",
            tool_call_id=call_id,
            tool_name=TOOL,
            **given,
        ).id


def stale(person: Person, approval_id: str) -> str:
    """Try to approve it after another invoice to Deepa; return the new proposal."""
    issued(person, article("7.00"))
    with pytest.raises(PreviewStale):
        person.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    with person.acting():
        fresh = approvals.get_approval(approval_id).superseded_by
    assert fresh is not None
    return fresh


# The conversation
# --------------------------------------------------------------------------------


def test_a_replaced_proposal_is_announced_in_a_turn_of_its_own(
    talk: Talk, alice: Person, leila: Person
) -> None:
    session_id = talk.begin(alice)
    old = asked(alice, session_id)
    fresh = stale(leila, old)
    talk.drain()
    events = talk.events(alice, session_id)
    assert kinds(events) == ["text_delta", "approval_request", "final"]
    assert len({event["turn_id"] for event in events}) == 1
    assert "new request" in text(events)
    (request,) = of_kind(events, "approval_request")
    assert (
        request["approval_id"],
        request["approval_summary"],
        request["tool_name"],
        request["tool_call_id"],
    ) == (
        fresh,
        "Issue the invoice over 100.00",
        TOOL,
        "call-1",
    )
    message = talk.messages(alice, session_id)[-1]
    assert [block["type"] for block in message["blocks"]] == ["text", "approval"]
    assert (message["turn_kind"], message["turn_status"]) == ("continuation", "waiting")
    talk.decide(leila, fresh)
    assert [
        event["approval_id"]
        for event in of_kind(talk.events(alice, session_id), "approval_granted")
    ] == [fresh]


def test_a_replaced_proposal_that_would_be_refused_says_so(
    talk: Talk, alice: Person, leila: Person
) -> None:
    session_id = talk.begin(alice)
    old = asked(alice, session_id)
    with alice.acting():
        invoice_id = approvals.get_approval(old).payload["invoice_id"]
    issue(alice, UUID(invoice_id))
    with pytest.raises(PreviewStale):
        leila.does(lambda actor: deciding.resolve(actor, old, granted=True).id)
    talk.drain()
    answer_text = text(talk.events(alice, session_id))
    assert "This can’t be done now" in answer_text
    assert "new request" not in answer_text
    assert answer_text.rstrip().endswith(InvoiceNotDraft.message)


def test_each_replaced_proposal_is_announced_and_an_empty_message_follows_them(
    line: Line, leila: Person
) -> None:
    session_id = UUID(line.session_id)
    first, second = (
        asked(line.person, session_id),
        asked(line.person, session_id, "200.00", "call-2"),
    )
    issued(leila, article("7.00"))
    refused = line.post({"approvals": {first: True, second: True}}, person=leila)
    assert (refused.status_code, refused.json["detail"]) == (409, "preview_stale")
    picked_up = line.post({}, person=leila)
    line.drain()
    shown = [
        event["approval_id"] for event in frames(picked_up) if event["kind"] == "approval_request"
    ]
    with leila.acting():
        fresh = [
            approvals.get_approval(approval_id).superseded_by for approval_id in (first, second)
        ]
    assert shown == fresh[:1], "a stream ends with the turn that it follows"
    assert [
        event["approval_id"]
        for event in frames(line.post({}, last_event_id="0"))
        if event["kind"] == "approval_request"
    ] == fresh


def test_a_proposal_replaced_twice_is_announced_twice(
    talk: Talk, alice: Person, leila: Person
) -> None:
    session_id = talk.begin(alice)
    second = stale(leila, asked(alice, session_id))
    third = stale(leila, second)
    talk.drain()
    assert [
        event["approval_id"]
        for event in of_kind(talk.events(alice, session_id), "approval_request")
    ] == [second, third]


def test_the_announcement_waits_for_the_running_turn(
    talk: Talk, alice: Person, leila: Person
) -> None:
    session_id = talk.begin(alice)
    old = asked(alice, session_id)
    with alice.acting() as actor:
        turns.start_turn(actor, session_id, message="help")
    stale(leila, old)
    talk.drain()
    events = talk.events(alice, session_id)
    assert kinds(events) == ["text_delta", "final", "text_delta", "approval_request", "final"]


@pytest.mark.parametrize("dies_after", range(1, 8))
def test_a_worker_that_dies_during_the_announcement_repeats_nothing(
    app: Flask,
    talk: Talk,
    alice: Person,
    leila: Person,
    monkeypatch: pytest.MonkeyPatch,
    dies_after: int,
) -> None:
    session_id = talk.begin(alice)
    old = asked(alice, session_id)
    fresh = stale(leila, old)
    with alice.acting():
        turn = chats.find_continuation(old)
    assert turn is not None
    count, emit = [0], turns.append_event

    def dying(*given: Any, **more: Any) -> int:
        seq = emit(*given, **more)
        count[0] += 1
        if count[0] == dies_after:
            raise Killed
        return seq

    with monkeypatch.context() as patched, app.app_context():
        patched.setattr(loop.turns, "append_event", dying)
        with suppress(Killed):
            loop.run(alice.actor.tenant_id, turn.id, _Nobody())
    talk.drain()
    events = talk.events(alice, session_id)
    assert kinds(events) == ["text_delta", "approval_request", "final"]
    assert text(events) == loop.ANEW
    assert [event["approval_id"] for event in of_kind(events, "approval_request")] == [fresh]


class _Nobody:
    """A planner that must not be called."""

    def next_move(self, _conversation: Any, _tell: Any) -> Any:
        """See Planner."""
        raise AssertionError("nothing is to be thought")


def test_the_announcing_turn_replays_byte_for_byte(
    app: Flask, talk: Talk, alice: Person, leila: Person
) -> None:
    session_id = talk.begin(alice)
    stale(leila, asked(alice, session_id))
    talk.drain()
    turn_id = talk.events(alice, session_id)[0]["turn_id"]
    done = app.test_cli_runner().invoke(args=["replay", turn_id])
    assert (done.exit_code, "identical byte for byte" in done.output) == (0, True), done.output


# The page
# --------------------------------------------------------------------------------


def card(page: str, approval_id: str) -> str:
    """Return the only card of a proposal on the page."""
    start = rf'(?s)<(?P<tag>div|p)\s+class="v-ask(?:ed)?"\s+id="ask-{approval_id}".*?</(?P=tag)>'
    (found,) = re.finditer(start, page)
    return found[0]


def test_the_page_shows_the_new_proposal_in_place_of_the_old(
    talk: Talk, alice: Person, leila: Person
) -> None:
    session_id = talk.begin(alice)
    talk.ask(alice, session_id, "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100")
    talk.decide(leila, talk.pending(alice, session_id)[0]["approval_id"])
    talk.say(alice, session_id, "yes")
    old = talk.pending(alice, session_id)[0]["approval_id"]
    fresh = stale(leila, old)
    browser = leila.tab
    page = browser.get(f"/assistant/{session_id}").text
    assert f'id="ask-{old}"' not in page
    assert 'class="v-ask"' in card(page, fresh)
    talk.drain()
    page = browser.get(f"/assistant/{session_id}").text
    assert "Replaced by a new request." in card(page, old)
    assert 'class="v-ask"' in card(page, fresh)
    assert page.index(f'id="ask-{old}"') < page.index(f'id="ask-{fresh}"')
    about = page[page.index('id="about"') :]
    assert (about.count(fresh), about.count(old)) == (1, 0)


# Events of other windows
# --------------------------------------------------------------------------------


@pytest.fixture
def heard(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> Callable[[UUID, Callable[[], object]], list[str]]:
    """Return the marks of proposals that a stream sends.

    The stream begins with the present proposals and then waits. It ends with the first change by
    somebody else.
    """
    whole = event_stream.frames
    monkeypatch.setattr(
        event_stream, "frames", lambda *given, **more: whole(*given, **more, total_s=4.0)
    )

    def listen(session_id: UUID, act: Callable[[], object]) -> list[str]:
        with alice.acting():
            mark = turn_context.change_mark(session_id)
            seq = chats.last_seq(session_id)
        answer = alice.tab.get(f"/assistant/{session_id}/events?after={seq}&asked={mark}")
        received = ""

        def later() -> None:
            time.sleep(0.5)  # the page has looked by then, and sleeps until it is woken
            act()

        with ThreadPoolExecutor(1) as pool:
            parts = iter(answer.response)
            next(parts)
            done = pool.submit(later)
            for part in parts:
                received += part.decode() if isinstance(part, bytes) else part
                if "event: asked" in received:
                    break
            done.result()
        answer.close()
        return re.findall(r"event: asked\ndata: (\S+)\n\n", received)

    return listen


def test_an_open_page_is_notified_of_decisions_edits_and_replacements(
    talk: Talk,
    alice: Person,
    leila: Person,
    heard: Callable[[UUID, Callable[[], object]], list[str]],
) -> None:
    session_id = talk.begin(alice)
    talk.ask(alice, session_id, "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100")
    first, second = talk.pending(alice, session_id)[0]["approval_id"], asked(alice, session_id)
    acts: dict[str, Callable[[], object]] = {
        "edited": lambda: leila.does(lambda actor: proposing.edit(actor, first, DRAFT).id),
        "rejected": lambda: leila.does(
            lambda actor: deciding.resolve(actor, first, granted=False).id
        ),
        "superseded": lambda: stale(leila, second),
    }
    for what, act in acts.items():
        marks = heard(session_id, act)
        with alice.acting():
            assert marks[-1:] == [turn_context.change_mark(session_id)], what


def test_an_open_page_is_notified_of_an_expiry(
    talk: Talk,
    alice: Person,
    owner_engine: sa.Engine,
    app: Flask,
    heard: Callable[[UUID, Callable[[], object]], list[str]],
) -> None:
    session_id = talk.begin(alice)
    approval_id = asked(alice, session_id)

    def run_out() -> None:
        with owner_engine.begin() as connection:
            connection.execute(
                sa.text("update approvals set expires_at = now() where id = :i"), {"i": approval_id}
            )
        with app.app_context(), transaction(alice.actor.tenant_id):
            execution.expire_overdue()

    assert len(heard(session_id, run_out)) == 1


def test_an_open_page_is_notified_of_a_turn_before_its_first_text(
    talk: Talk,
    alice: Person,
    leila: Person,
    heard: Callable[[UUID, Callable[[], object]], list[str]],
) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "help")
    marks = heard(
        session_id,
        lambda: leila.does(
            lambda actor: turns.start_turn(actor, session_id, message="trial balance").id
        ),
    )
    with alice.acting():
        assert marks == [turn_context.change_mark(session_id)]
        running = chats.find_running_turn(session_id)
    assert running is not None
    assert running.id in marks[0]


def test_an_open_page_is_not_notified_of_other_conversations(
    talk: Talk,
    alice: Person,
    leila: Person,
    heard: Callable[[UUID, Callable[[], object]], list[str]],
) -> None:
    session_id, other = talk.begin(alice), talk.begin(alice)
    here, elsewhere = asked(alice, session_id), asked(alice, other, "200.00")

    def decide_elsewhere_first() -> None:
        talk.decide(leila, elsewhere, granted=False)
        leila.does(lambda actor: deciding.resolve(actor, here, granted=False).id)

    marks = heard(session_id, decide_elsewhere_first)
    with alice.acting():
        assert marks == [turn_context.change_mark(session_id)], "only of the second decision"


def test_a_reconnecting_page_is_told_of_missed_changes(
    talk: Talk, alice: Person, leila: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = talk.begin(alice)
    approval_id = asked(alice, session_id)
    with alice.acting():
        before = turn_context.change_mark(session_id)
    leila.does(lambda actor: deciding.resolve(actor, approval_id, granted=False).id)
    whole = event_stream.frames
    monkeypatch.setattr(
        event_stream, "frames", lambda *given, **more: whole(*given, **more, total_s=0.3)
    )
    answer = alice.tab.get(f"/assistant/{session_id}/events?after=0&asked={before}")
    assert "event: asked\n" in answer.text


def test_programs_receive_only_events(
    line: Line, leila: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = asked(line.person, UUID(line.session_id))
    leila.does(lambda actor: deciding.resolve(actor, approval_id, granted=False).id)
    whole = event_stream.frames
    monkeypatch.setattr(
        event_stream, "frames", lambda *given, **more: whole(*given, **more, total_s=0.3)
    )
    answer = line.person.api.get(f"/chat/sessions/{line.session_id}/events")
    line.opened.append(answer)
    assert frames(answer) == []
