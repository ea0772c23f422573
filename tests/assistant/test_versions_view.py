"""Messages are copied, regenerated and edited, and earlier versions are shown."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.assistant.conftest import Talk
from tests.assistant.line import INVOICE
from tests.people import Person, csrf_token
from voyagent.chat.queries import search, sessions
from voyagent.chat.service import conversations as chat, turns


@pytest.fixture
def browser(alice: Person) -> FlaskClient:
    return alice.tab


def read(browser: FlaskClient, session_id: UUID, **query: str) -> str:
    answer = browser.get(f"/assistant/{session_id}", query_string=query)
    assert answer.status_code == 200
    return answer.text


def send(browser: FlaskClient, session_id: UUID, path: str, **fields: Any) -> Any:
    return browser.post(path, data={"csrf_token": csrf_token(browser), **fields})


def addresses(page: str) -> tuple[list[str], list[str]]:
    """Return the URLs to regenerate and to edit messages."""
    found = re.findall(r'action="(/assistant/[^"]*/turns/[^"]*)"', page)
    return [path for path in found if path.endswith("regenerate")], [
        path for path in found if path.endswith("edit")
    ]


def test_a_message_is_regenerated_and_edited_on_the_page(
    talk: Talk, alice: Person, browser: FlaskClient
) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "help")
    again, edit = addresses(read(browser, session_id))
    assert (len(again), len(edit)) == (1, 1)
    assert send(browser, session_id, again[0]).status_code == 303
    page = read(browser, session_id)
    assert addresses(page) == ([], []), "not while one runs"
    assert "Working…" in page
    talk.drain()
    _, edit = addresses(read(browser, session_id))
    assert send(browser, session_id, edit[0], message="trial balance").status_code == 303
    talk.drain()
    page = read(browser, session_id)
    assert "the trial balance is empty" in page
    assert '<p class="v-pre">help</p>' not in page
    assert "branch=all" in page
    everything = read(browser, session_id, branch="all")
    assert everything.count("Previous version") == 4
    assert "the trial balance is empty" in everything
    assert addresses(everything) == addresses(page)


def test_a_blank_edited_message_is_not_sent(
    talk: Talk, alice: Person, browser: FlaskClient
) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "help")
    _, edit = addresses(read(browser, session_id))
    answer = send(browser, session_id, edit[0], message="   ")
    assert answer.status_code == 422
    with alice.acting():
        assert sessions.find_running_turn(session_id) is None


def test_approved_acts_are_listed_on_the_page(
    talk: Talk, alice: Person, leila: Person, browser: FlaskClient
) -> None:
    session_id = talk.begin(alice)
    asked = talk.ask(alice, session_id, INVOICE)
    talk.decide(
        leila, next(event["approval_id"] for event in asked if event["kind"] == "approval_request")
    )
    _, edit = addresses(read(browser, session_id))
    send(browser, session_id, edit[0], message="help")
    talk.drain()
    assert "Already done and kept: " in read(browser, session_id)


def test_a_viewer_can_copy_but_not_change(talk: Talk, alice: Person, victor: Person) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "help")
    page = read(victor.tab, session_id)
    assert addresses(page) == ([], [])
    assert page.count("data-copy=") == 2


def test_markdown_is_rendered_for_the_assistant_and_not_for_people(
    talk: Talk, alice: Person, browser: FlaskClient
) -> None:
    session_id = talk.begin(alice)
    words = "**now** <script>alert(1)</script> [x](https://evil.example)"
    with alice.acting() as actor:
        turn = turns.start_turn(actor, session_id, message=words)
        chat.append_message(
            actor,
            session_id,
            role="assistant",
            blocks=[{"type": "text", "text": words}],
            turn_id=turn.id,
        )
        turns.mark_finished(turn, "done")
    page = read(browser, session_id)
    assert '<p class="v-pre">**now** &lt;script&gt;alert(1)&lt;/script&gt;' in page
    assert "<strong>now</strong> &lt;script&gt;alert(1)&lt;/script&gt; " in page
    assert 'href="https://evil.example"' not in page


def test_screen_readers_are_told_a_summary_and_not_the_conversation(
    talk: Talk, alice: Person, browser: FlaskClient
) -> None:
    page = read(browser, talk.begin(alice))
    assert re.search(r'id="talk"[^>]*aria-live="off"', page)
    assert re.search(r'id="aloud" role="status" aria-live="polite"', page)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("deepa", True),
        ("45,000", True),
        ("100%", False),
        ("_", False),
        ("type", False),
        ("dubai visa", True),
    ],
)
def test_conversations_are_found_by_their_text(
    talk: Talk, alice: Person, browser: FlaskClient, words: str, found: bool
) -> None:
    session_id = talk.begin(alice)
    with alice.acting() as actor:
        turns.start_turn(actor, session_id, message=INVOICE)
        chat.rename(actor, session_id, "Winter")
    page = browser.get("/assistant", query_string={"q": words}).text
    assert (f"/assistant/{session_id}" in page) is found
    assert ("No match for “" in page) is not found


def test_the_search_finds_names_and_nothing_of_another_agency(
    talk: Talk, alice: Person, charlie: Person
) -> None:
    session_id = talk.begin(alice)
    with alice.acting() as actor:
        chat.rename(actor, session_id, "Krishnan family")
    with alice.reading() as reader:
        assert [row["id"] for row in search.find_sessions(reader, "krishnan")[0]] == [session_id]
    with charlie.reading() as reader:
        assert search.find_sessions(reader, "krishnan")[0] == []
