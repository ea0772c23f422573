"""Pages of the assistant without JavaScript, and the stream for scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.assistant.conftest import Talk
from tests.people import Person, csrf_token
from voyagent.assistant.service import messages
from voyagent.billing.invoices.service.issuing import issue_invoice
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import conversations as chat, turns
from voyagent.enquiries import service as enquiries
from voyagent.kernel.ids import new_id

INVOICE = "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100"


@pytest.fixture
def browser(alice: Person) -> FlaskClient:
    return alice.tab


def post(browser: FlaskClient, path: str, page: str = "/assistant", **fields: Any) -> Any:
    return browser.post(path, data={"csrf_token": csrf_token(browser), **fields})


def begun(answer: Any) -> UUID:
    assert answer.status_code == 303, answer.text
    return UUID(answer.location.rsplit("/", 1)[1])


def test_the_first_message_creates_a_conversation_and_the_page_streams_the_answer(
    talk: Talk, browser: FlaskClient
) -> None:
    session_id = begun(post(browser, "/assistant", message="trial balance"))
    page = browser.get(f"/assistant/{session_id}").text
    assert "trial balance" in page
    assert "Working…" in page
    assert "Refresh" in page
    assert 'aria-keyshortcuts="Escape"' in page
    talk.drain()
    page = browser.get(f"/assistant/{session_id}").text
    assert "Working…" not in page
    assert "the trial balance is empty" in page
    assert "Viewed the trial balance" in page
    assert 'role="log"' in page


def test_a_conversation_of_an_enquiry_shows_its_facts(
    talk: Talk, alice: Person, browser: FlaskClient
) -> None:
    with alice.acting() as actor:
        enquiry = enquiries.create(
            actor,
            customer_name="Deepa Krishnan",
            origin="Kochi",
            destination="Dubai",
            pax_count=4,
            depart_date=date(2026, 12, 19),
            budget_amount=Decimal(120000),
            budget_currency="INR",
        )
        enquiry_id, session_id = enquiry.id, enquiries.promote(actor, enquiry.id)[1]
    page = browser.get(f"/assistant/{session_id}").text
    assert re.search(r'<dt>Customer</dt>\s*<dd class="v-strong">Deepa Krishnan</dd>', page)
    assert re.search(r"<dt>Departs</dt>\s*<dd>19 Dec 2026</dd>", page)
    budget = page.split("<dt>Budget</dt>")[1].split("</dd>")[0]
    assert "1,20,000" in budget
    assert "customer name" not in page
    assert f'href="/enquiries/{enquiry_id}"' in page
    post(
        browser,
        f"/assistant/{session_id}",
        f"/assistant/{session_id}",
        message="draft the invoice for her, 45,000 for Dubai visa",
    )
    talk.drain()
    page = browser.get(f"/assistant/{session_id}").text
    assert 'class="v-ask v-draft"' in page
    assert "Deepa Krishnan" in page[page.index("v-draft") :]


def save(browser: FlaskClient, session_id: str) -> None:
    """Confirm the open card with its button."""
    shown = browser.get(f"/assistant/{session_id}").text
    path = re.search(r'action="(/assistant/[^"]+/cards/[^"]+/save)"', shown)
    assert path
    assert post(browser, path.group(1), f"/assistant/{session_id}").status_code == 303


def test_a_request_approved_on_the_page_becomes_a_document(
    talk: Talk, browser: FlaskClient
) -> None:
    session_id = begun(post(browser, "/assistant", message=INVOICE))
    for _ in range(2):
        talk.drain()
        save(browser, session_id)
        talk.drain()
        page = browser.get(f"/assistant/{session_id}").text
        assert 'class="v-ask"' in page
        decide = re.search(r'action="(/approvals/ap-[^"]+/decide)" data-decide', page)
        assert decide
        assert (
            post(browser, decide.group(1), f"/assistant/{session_id}", granted="1").status_code
            == 303
        )
    talk.drain()
    page = browser.get(f"/assistant/{session_id}").text
    assert 'class="v-ask"' not in page
    assert re.search(r"Invoice \d{4}-\d\d/000001", page)
    assert "Alice Owner approved: Draft an invoice for Deepa Krishnan" in page
    assert re.search(r'href="/invoices/[0-9a-f-]{36}"', page)
    assert browser.get("/invoices").text.count("000001") >= 1
    decided = browser.get(decide.group(1).removesuffix("/decide")).text
    assert re.search(r'href="/invoices/[0-9a-f-]{36}">Open invoice \d{4}-\d\d/000001</a>', decided)


def test_a_draft_issued_on_its_page_is_shown_as_issued_in_the_conversation(
    talk: Talk, alice: Person, browser: FlaskClient
) -> None:
    session_id = begun(post(browser, "/assistant", message=INVOICE))
    talk.drain()
    save(browser, session_id)
    talk.drain()
    decide = re.search(
        r'action="(/approvals/ap-[^"]+/decide)" data-decide',
        browser.get(f"/assistant/{session_id}").text,
    )
    assert decide
    post(browser, decide.group(1), f"/assistant/{session_id}", granted="1")
    talk.drain()

    def documents() -> str:
        page = browser.get(f"/assistant/{session_id}").text
        return page[page.index('<h2 class="mb-2">Documents</h2>') :]

    before = documents()
    assert "Draft invoice" in before
    assert 'data-st="draft"' in before
    invoice_id = UUID(re.findall(r"/invoices/([0-9a-f-]{36})", before)[0])
    alice.does(lambda actor: issue_invoice(actor, invoice_id).id)
    after = documents()
    assert re.search(r"Invoice \d{4}-\d\d/000001", after)
    assert 'data-st="issued"' in after
    assert "Draft invoice" not in after


def test_who_may_not_approve_sees_who_may_and_no_button(
    talk: Talk, alice: Person, bob: Person
) -> None:
    with alice.acting() as actor:
        session_id = chat.create_session(actor).id
        messages.send(actor, session_id, message=INVOICE)
    talk.drain()
    talk.say(alice, session_id, "yes")
    page = bob.tab.get(f"/assistant/{session_id}").text
    assert "data-decide" not in page
    assert "Administrator" in page


def test_ones_own_money_request_waits_for_a_colleague(
    talk: Talk, alice: Person, leila: Person
) -> None:
    with alice.acting() as actor:
        session_id = chat.create_session(actor).id
        messages.send(actor, session_id, message=INVOICE)
    talk.drain()
    talk.say(alice, session_id, "yes")
    mine, hers = (person.tab.get(f"/assistant/{session_id}").text for person in (alice, leila))
    assert (
        "can’t approve what you requested or changed yourself. It can be approved by:"
        " Accounting lead." in mine
    )
    assert 'href="/approvals">Approvals</a>' in mine
    assert 'name="granted" value="1"' not in mine
    assert 'name="granted" value="1"' in hers


def test_a_card_on_the_page_shows_start_and_duration(talk: Talk, browser: FlaskClient) -> None:
    session_id = begun(post(browser, "/assistant", message="show new enquiries to Dubai"))
    talk.drain()
    page = browser.get(f"/assistant/{session_id}").text
    card = page[page.index('<details class="v-tool"') :]
    assert re.search(r'v-end v-tiny v-3">0 found · \d+\.\d s</span>', card)
    assert re.search(r"<time datetime=[^>]*>\d\d:\d\d</time>", card[: card.index("</details>")])


def test_a_message_that_cannot_be_sent_stays_in_the_form(talk: Talk, browser: FlaskClient) -> None:
    session_id = begun(post(browser, "/assistant", message="help"))
    page = f"/assistant/{session_id}"
    busy = post(browser, page, page, message="who owes us")
    assert busy.status_code == 422
    assert "who owes us</textarea>" in busy.text
    assert "still answering" in busy.text
    talk.drain()
    blank = post(browser, page, page, message="   ")
    assert blank.status_code == 422
    assert 'aria-describedby="say-err"' in blank.text
    assert post(browser, "/assistant", message="").status_code == 422


def test_a_turn_is_stopped_with_a_button(talk: Talk, alice: Person, browser: FlaskClient) -> None:
    session_id = begun(post(browser, "/assistant", message="help"))
    page = f"/assistant/{session_id}"
    assert post(browser, f"{page}/stop", page).status_code == 303
    talk.drain()
    assert "Stopped." in browser.get(page).text


def test_a_conversation_is_renamed_deleted_and_restored(talk: Talk, browser: FlaskClient) -> None:
    session_id = begun(post(browser, "/assistant", message="help"))
    talk.drain()
    page = f"/assistant/{session_id}"
    assert post(browser, f"{page}/rename", page, title="Krishnan family").status_code == 303
    assert "<h1" in browser.get(page).text
    assert "Krishnan family" in browser.get("/assistant").text
    refused = post(browser, f"{page}/rename", page, title="   ")
    assert refused.status_code == 422
    assert 'id="title-err"' in refused.text
    assert post(browser, f"{page}/delete", page).status_code == 303
    gone = browser.get("/assistant").text
    assert "Deleted: Krishnan family" in gone
    assert f"{page}/restore" in gone
    assert browser.get(page).status_code == 404
    assert post(browser, f"{page}/restore").status_code == 303
    assert browser.get(page).status_code == 200


def test_a_viewer_can_read_and_not_send(talk: Talk, alice: Person, victor: Person) -> None:
    with alice.acting() as actor:
        session_id = chat.create_session(actor, title="Krishnan family").id
    looking = victor.tab
    page = looking.get(f"/assistant/{session_id}")
    assert page.status_code == 200
    assert "<textarea" not in page.text
    token = csrf_token(looking)
    for path in (
        "/assistant",
        *(
            f"/assistant/{session_id}{act}"
            for act in ("", "/stop", "/rename", "/delete", "/restore")
        ),
    ):
        answer = looking.post(path, data={"csrf_token": token, "message": "hi", "title": "x"})
        assert answer.status_code == 403, path


def test_another_agencys_conversation_is_not_found(
    talk: Talk, alice: Person, charlie: Person
) -> None:
    with alice.acting() as actor:
        session_id = chat.create_session(actor, title="Krishnan family").id
    stranger = charlie.tab
    token = csrf_token(stranger)
    for path in (session_id, new_id(), "nonsense"):
        assert stranger.get(f"/assistant/{path}").status_code == 404
        assert stranger.get(f"/assistant/{path}/events").status_code == 404
        for act in ("", "/stop", "/rename", "/delete", "/restore"):
            answer = stranger.post(
                f"/assistant/{path}{act}", data={"csrf_token": token, "message": "hi", "title": "x"}
            )
            assert answer.status_code == 404, (path, act)
    assert "Krishnan" not in stranger.get("/assistant").text
    with alice.acting():
        assert chats.get_session(session_id).message_count == 0


def test_a_form_needs_its_csrf_token(browser: FlaskClient) -> None:
    assert browser.post("/assistant", data={"message": "help"}).status_code == 400


def test_a_link_can_fill_the_message_field(browser: FlaskClient) -> None:
    assert "draft an invoice</textarea>" in browser.get("/assistant?about=draft an invoice").text


def test_hostile_text_is_escaped(talk: Talk, browser: FlaskClient) -> None:
    session_id = begun(
        post(browser, "/assistant", message="<script>alert(1)</script> {{ 7*7 }} trip")
    )
    talk.drain()
    page = browser.get(f"/assistant/{session_id}").text
    assert "<script>alert" not in page
    assert "{{ 7*7 }}" in page


def frames(chunks: Iterator[bytes], count: int) -> list[bytes]:
    """Return frames of a stream after its first one, whatever its chunks are."""
    heard = b""
    while heard.count(b"\n\n") <= count:
        heard += next(chunks)
    return heard.split(b"\n\n")[1 : count + 1]


def test_the_stream_of_a_page_continues_after_the_last_event_shown(
    talk: Talk, alice: Person, browser: FlaskClient
) -> None:
    session_id = begun(post(browser, "/assistant", message="help"))
    talk.drain()
    events = talk.events(alice, session_id)
    page = browser.get(f"/assistant/{session_id}").text
    assert f'data-seq="{events[-1]["seq"]}" data-heard="{events[-1]["seq"]}"' in page
    assert "data-live" not in page
    for options in (
        {"query_string": {"after": 3}},
        {"query_string": {"after": 0}, "headers": {"Last-Event-ID": "3"}},
    ):
        answer = browser.get(f"/assistant/{session_id}/events", **options)
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        heard = frames(answer.iter_encoded(), len(events) - 3)
        assert [chunk.split(b"\n")[0] for chunk in heard] == [
            f"id: {event['seq']}".encode() for event in events[3:]
        ]
        answer.close()


def test_a_page_opened_during_an_answer_continues_with_its_stream(
    talk: Talk, alice: Person, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = begun(post(browser, "/assistant", message="help"))
    with alice.acting():
        turn = chats.find_running_turn(session_id)
        assert turn is not None
        running = turns.begin_turn(turn.id)
        assert running is not None
        seq = turns.append_event(running, "text_delta", text="half a ")
    whole = chats.events_after

    def told_meanwhile(*given: Any, **more: Any) -> Any:
        turns.append_event(running, "text_delta", text="sentence")
        return whole(*given, **more)

    monkeypatch.setattr(chats, "events_after", told_meanwhile)
    page = browser.get(f"/assistant/{session_id}").text
    assert f'data-seq="{seq}"' in page
    assert (
        f'data-heard="{seq - 1}"' in page
    )  # read aloud from its first word, not from the middle of a sentence
    assert '<p class="v-pre">half a </p>' in page


@pytest.mark.parametrize(
    ("status", "cut_short"),
    [
        ("failed", {"type": "error", "message": "Please ask again."}),
        ("stopped", {"type": "stopped"}),
    ],
)
def test_an_answer_without_text_can_be_regenerated(
    talk: Talk, alice: Person, browser: FlaskClient, status: str, cut_short: dict[str, str]
) -> None:
    session_id = begun(post(browser, "/assistant", message="trial balance"))
    with alice.acting():
        turn = chats.find_running_turn(session_id)
        assert turn is not None
        running = turns.begin_turn(turn.id)
        assert running is not None
        turns.finish_turn(running, status, [cut_short])
    page = browser.get(f"/assistant/{session_id}").text
    acts = page[page.index(f'id="acts-{turn.id}"') :]
    again = f"/assistant/{session_id}/turns/{turn.id}/regenerate"
    assert again in acts
    assert "data-copy" not in acts[: acts.index("</form>")]
    assert begun(post(browser, again, page=f"/assistant/{session_id}")) == session_id
    talk.drain()
    assert "the trial balance is empty" in browser.get(f"/assistant/{session_id}").text


def test_a_long_conversation_shows_its_end_and_a_link_to_earlier_messages(
    alice: Person, browser: FlaskClient
) -> None:
    with alice.acting() as actor:
        session_id = chat.create_session(actor).id
        for number in range(1, 131):
            chat.append_message(
                actor, session_id, role="user", blocks=[{"type": "text", "text": f"word {number}."}]
            )
    page = browser.get(f"/assistant/{session_id}").text
    assert "word 130." in page
    assert "word 30." not in page
    assert "?from=1" in page
    assert "word 1." in browser.get(f"/assistant/{session_id}?from=1").text


def test_a_page_needs_the_same_statements_for_any_length(
    alice: Person, browser: FlaskClient, statements: list[str]
) -> None:
    costs = []
    with alice.acting() as actor:
        session_id = chat.create_session(actor).id
    for _ in range(2):
        statements.clear()
        browser.get(f"/assistant/{session_id}")
        costs.append(len(statements))
        with alice.acting() as actor:
            for number in range(20):
                chat.append_message(
                    actor,
                    session_id,
                    role="user",
                    blocks=[{"type": "text", "text": f"word {number}"}],
                )
    assert costs[0] == costs[1]
