"""Regenerated and edited messages replace later turns but undo no approved act."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests.assistant.conftest import kinds, text as spoken
from tests.assistant.line import INVOICE, Line, frames, proposal
from tests.people import Person
from voyagent.chat.service import conversations as chat
from voyagent.kernel import clock
from voyagent.kernel.ids import new_id


def ask_again(
    line: Line, turn_id: str, message: str | None = None, person: Person | None = None, **more: Any
) -> TestResponse:
    act = "regenerate" if message is None else "edit"
    options = {} if message is None else {"json": {"message": message}}
    return (person or line.person).api.post(
        f"/chat/sessions/{line.session_id}/turns/{turn_id}/{act}", **options, **more
    )


def transcript(line: Line, **query: str) -> list[dict[str, Any]]:
    answer = line.person.api.get(f"/chat/sessions/{line.session_id}/messages", query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["messages"])


def words(messages: list[dict[str, Any]]) -> list[str]:
    return [
        "".join(block["text"] for block in message["blocks"] if block["type"] == "text")
        for message in messages
        if message["role"] == "user"
    ]


def answered(line: Line) -> str:
    """The newest answer."""
    newest = [message for message in transcript(line) if message["role"] == "assistant"][-1]
    return "".join(block["text"] for block in newest["blocks"] if block["type"] == "text")


def turns(messages: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(message["turn"]["turn_id"] for message in messages))


def status_of(line: Line, approval_id: str) -> str:
    return str(line.person.api.get(f"/approvals/{approval_id}").json["status"])


def test_regenerating_replaces_a_turn_and_all_later_ones(
    line: Line,
) -> None:
    for message in ("help", "trial balance", "who owes us"):
        line.say(message)
    first, second, third = turns(transcript(line))
    answer = ask_again(line, second)
    assert (answer.status_code, answer.json["replaces"]) == (202, second)
    fresh = answer.json["turn_id"]
    assert fresh not in (first, second, third)
    line.drain()
    shown = transcript(line)
    assert (turns(shown), words(shown)) == ([first, fresh], ["help", "trial balance"])
    assert [message["turn"]["replaces"] for message in shown] == [None, None, second, second]
    everything = transcript(line, branch="all")
    assert turns(everything) == [first, second, third, fresh]
    gone = {
        message["turn"]["turn_id"] for message in everything if message["turn"]["superseded_at"]
    }
    assert gone == {second, third}
    assert [message["sequence"] for message in everything] == list(range(1, 9))


def test_editing_a_message_keeps_the_earlier_text_readable(line: Line) -> None:
    line.say("help")
    (first,) = turns(transcript(line))
    answer = ask_again(line, first, "  trial balance ")
    line.drain()
    assert words(transcript(line)) == ["trial balance"]
    assert words(transcript(line, branch="all")) == ["help", "trial balance"]
    events = frames(line.post({}, last_event_id=str(answer.json["last_event_id"])))
    assert kinds(events) == ["tool_use", "tool_result", "text_delta", "final"]
    assert {event["turn_id"] for event in events} == {answer.json["turn_id"]}


def test_replacing_a_turn_withdraws_its_pending_proposals(
    line: Line, leila: Person, owner_engine: sa.Engine
) -> None:
    approval_id = proposal(line)
    turn_id = turns(transcript(line))[-1]
    assert ask_again(line, turn_id).status_code == 202
    assert status_of(line, approval_id) == "expired"
    late = leila.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert (late.status_code, late.json["detail"]) == (409, "approval_already_resolved")
    browser = leila.tab
    page = browser.get(f"/approvals/{approval_id}").text
    assert "was edited or answered again" in page
    assert ('data-st="withdrawn"' in page, 'data-st="expired"' in page) == (True, False)
    assert 'data-st="withdrawn"' in browser.get("/approvals?status=expired").text
    with owner_engine.connect() as connection:
        read = sa.text(
            "select kind, actor_id, entity_refs from audit_events where tenant_id = :t and kind in"
            " ('proposal.withdrawn', 'chat.regenerated') order by seq"
        )
        events = connection.execute(read, {"t": line.person.actor.tenant_id}).all()
    assert [event.kind for event in events] == ["proposal.withdrawn", "chat.regenerated"]
    assert events[0].entity_refs["approval_id"] == approval_id
    assert {event.actor_id for event in events} == {line.person.actor.user_id}
    line.drain()
    (fresh,) = line.person.api.get(f"/chat/sessions/{line.session_id}").json["pending_approvals"]
    assert fresh["approval_id"] != approval_id, "the new turn asks for itself"


@pytest.mark.parametrize("end", ["granted", "rejected", "out of time"])
def test_a_turn_waits_until_its_proposal_is_decided(
    line: Line, leila: Person, owner_engine: sa.Engine, end: str
) -> None:
    approval_id = proposal(line)
    assert {message["turn"]["status"] for message in transcript(line)[-2:]} == {"waiting"}
    if end == "out of time":
        with owner_engine.begin() as connection:
            connection.execute(
                sa.text(
                    "update approvals set expires_at = now() - interval '1 millisecond' where id"
                    " = :i"
                ),
                {"i": approval_id},
            )
    else:
        assert (
            leila.api.post(
                f"/approvals/{approval_id}/resolve", json={"granted": end == "granted"}
            ).status_code
            == 200
        )
    assert {message["turn"]["status"] for message in transcript(line)} == {"done"}


def test_approved_acts_are_not_undone_and_are_listed_in_the_new_turn(
    line: Line, leila: Person
) -> None:
    approval_id = proposal(line)
    leila.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    line.drain()
    first = turns(transcript(line))[0]
    ask_again(line, first, "help")
    line.drain()
    shown = transcript(line)
    assert [message["role"] for message in shown] == ["user", "system", "assistant"]
    (stored,) = shown[1]["blocks"]
    assert (stored["type"], stored["approval_id"], stored["tool_name"]) == (
        "kept",
        approval_id,
        "draft_invoice",
    )
    assert status_of(line, approval_id) == "granted"
    again = turns(shown)[0]
    ask_again(line, again)
    assert [
        block["approval_id"]
        for message in transcript(line)
        if message["role"] == "system"
        for block in message["blocks"]
    ] == [approval_id], "named once"


@pytest.mark.parametrize("message", [None, INVOICE.replace("45,000", "46,000")])
def test_an_approved_act_is_not_proposed_again(
    line: Line, leila: Person, message: str | None
) -> None:
    leila.api.post(f"/approvals/{proposal(line)}/resolve", json={"granted": True})
    line.drain()
    ask_again(line, turns(transcript(line))[0], message)
    line.drain()
    line.say("yes")
    assert line.person.api.get(f"/chat/sessions/{line.session_id}").json["pending_approvals"] == []
    texts = [block["text"] for block in transcript(line)[-1]["blocks"] if block["type"] == "text"]
    assert "already approved in the answer that was replaced" in "".join(texts)
    assert len(leila.api.get("/invoices", query_string={"status": "draft"}).json["items"]) == 1
    assert "approval_request" in kinds(line.ask(INVOICE)), "a new message may ask for another one"


def test_a_new_version_of_a_later_message_lists_only_later_acts(line: Line, leila: Person) -> None:
    approval_id = proposal(line)
    leila.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    line.drain()
    line.say("help")
    ask_again(line, turns(transcript(line))[-1])
    assert [message["role"] for message in transcript(line)].count("system") == 0
    assert status_of(line, approval_id) == "granted"


def test_an_answer_to_a_question_of_a_replaced_turn_proposes_nothing(line: Line) -> None:
    asked = line.say("invoice Deepa Krishnan for Dubai visa due 10 Dec 2100")
    assert kinds(asked) == ["text_delta", "final"]
    ask_again(line, asked[0]["turn_id"], "help")
    line.drain()
    assert "approval_request" not in kinds(line.say("45,000"))


def test_only_one_turn_runs_at_a_time(line: Line) -> None:
    line.say("help")
    (turn_id,) = turns(transcript(line))
    waiting = line.post({"message": "trial balance"})
    assert waiting.status_code == 200
    for answer in (ask_again(line, turn_id), ask_again(line, turn_id, "who owes us")):
        assert (answer.status_code, answer.json["detail"]) == (409, "turn_in_progress")
    line.drain()
    assert ask_again(line, turn_id).status_code == 202
    again = ask_again(line, turn_id)
    assert (again.status_code, again.json["detail"]) == (409, "turn_in_progress")
    line.drain()
    again = ask_again(line, turn_id)
    assert (again.status_code, again.json["detail"]) == (409, "turn_superseded")


def test_a_turn_after_a_decision_cannot_be_regenerated(line: Line, leila: Person) -> None:
    approval_id = proposal(line)
    leila.api.post(f"/approvals/{approval_id}/resolve", json={"granted": False})
    line.drain()
    continuation = turns(transcript(line))[-1]
    answer = ask_again(line, continuation)
    assert (answer.status_code, answer.json["detail"]) == (409, "turn_not_replaceable")


def test_a_turn_of_another_conversation_is_not_found(line: Line, charlie: Person) -> None:
    line.say("help")
    (turn_id,) = turns(transcript(line))
    other = line.person.api.post("/chat/sessions").json["session_id"]
    answer = line.person.api.post(f"/chat/sessions/{other}/turns/{turn_id}/regenerate")
    assert (answer.status_code, answer.json["detail"]) == (404, "turn_not_found")
    for session_id, person in ((line.session_id, charlie), (new_id(), line.person)):
        answer = person.api.post(f"/chat/sessions/{session_id}/turns/{turn_id}/regenerate")
        assert (answer.status_code, answer.json["detail"]) == (404, "session_not_found")


@pytest.mark.parametrize("message", ["", "   ", "x" * 32_001])
def test_an_edited_message_must_not_be_blank(line: Line, message: str) -> None:
    line.say("help")
    (turn_id,) = turns(transcript(line))
    assert ask_again(line, turn_id, message).status_code == 422
    assert words(transcript(line)) == ["help"]


def test_deleting_a_conversation_deletes_its_versions(line: Line, owner_engine: sa.Engine) -> None:
    line.ask(INVOICE)
    ask_again(line, turns(transcript(line))[0])
    line.drain()
    with line.person.acting() as actor:
        chat.delete(actor, line.session_id)  # type: ignore[arg-type]
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from chat_sessions where id = :id"), {"id": line.session_id}
        )
        assert (
            connection.scalar(
                sa.text("select count(*) from chat_turns where session_id = :id"),
                {"id": line.session_id},
            )
            == 0
        )


PASTED = "new enquiry from Gopal Menon: Kochi to Muscat on 5 Jan 2100 for 2 adults. 9447099887"


def logged(line: Line) -> list[dict[str, Any]]:
    answer = line.person.api.get("/enquiries", query_string={"q": "Gopal"})
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def test_regenerating_does_not_log_a_customer_twice(
    line: Line,
) -> None:
    line.ask(PASTED)
    turn_id = turns(transcript(line))[0]
    (first,) = logged(line)
    assert ask_again(line, turn_id).status_code == 202
    line.drain()
    line.say("yes")
    assert [(row["id"], row["pax_count"]) for row in logged(line)] == [(first["id"], 2)]
    turn_id = turns(transcript(line))[0]
    ask_again(
        line,
        turn_id,
        PASTED.replace("5 Jan", "20 Feb").replace("2 adults. 9447099887", "4 adults."),
    )
    line.drain()
    line.say("yes")
    (now,) = logged(line)
    assert (now["id"], now["depart_date"], now["pax_count"], now["customer_phone"]) == (
        first["id"],
        "2100-02-20",
        4,
        None,
    )
    text = "".join(
        event["text"]
        for event in line.say("summarise this enquiry")
        if event["kind"] == "text_delta"
    )
    assert "Gopal Menon" in text


def test_regenerating_leaves_an_enquiry_that_somebody_changed(line: Line) -> None:
    line.ask(PASTED)
    turn_id = turns(transcript(line))[0]
    (first,) = logged(line)
    assert (
        line.person.api.patch(f"/enquiries/{first['id']}", json={"status": "quoted"}).status_code
        == 200
    )
    ask_again(line, turn_id)
    line.drain()
    line.say("yes")
    assert sorted(row["status"] for row in logged(line)) == ["new", "quoted"]


def along(line: Line) -> list[dict[str, Any]]:
    trips = line.person.api.get("/trips").json
    found = line.person.api.get(f"/trips/{trips['items'][0]['id']}").json
    return list(found["passengers"])


def test_regenerating_does_not_add_a_passenger_twice(line: Line) -> None:
    line.ask("add passenger Nisha Varma")
    turn_id = turns(transcript(line))[0]
    ask_again(line, turn_id)
    line.drain()
    line.say("yes")
    assert [one["full_name"] for one in along(line)] == ["Nisha Varma"]
    line.ask("add passenger Nisha Varma")
    assert [one["full_name"] for one in along(line)] == ["Nisha Varma"], (
        "nor in a message of its own"
    )


def test_regenerating_does_not_add_a_transfer_twice_but_replaces_a_removed_one(line: Line) -> None:
    line.ask("add a transfer on 12 Dec 2099 from Dubai to Sharjah")
    turn_id = turns(transcript(line))[-1]
    trip = line.person.api.get("/trips").json["items"][0]["id"]
    planned = line.person.api.get(f"/trips/{trip}").json["lines"]
    assert len(planned) == 1
    ask_again(line, turn_id)
    line.drain()
    assert line.person.api.get(f"/trips/{trip}").json["lines"] == planned


def test_a_hold_of_a_replaced_answer_is_reported_with_its_time_limit(
    line: Line,
) -> None:
    day = clock.today("Asia/Kolkata") + timedelta(days=40)
    line.ask("add passenger Nisha Varma, born 12 May 1990")
    line.say(f"flights from Mumbai to Dubai on {day:%d %b %Y} for 1 adult")
    first = spoken(line.ask("hold the first one"))
    locator = re.search(r"Held as (\w+)", first)
    assert locator is not None, first
    turn_id = turns(transcript(line))[-2]
    ask_again(line, turn_id, "hold the second one")
    line.drain()
    line.say("yes")
    events = answered(line)
    assert f"The earlier booking {locator[1]} is still held until" in events
    assert f"Held as {locator[1]}" not in events
