"""A turn in the worker: its events, its stored steps and its end."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.assistant.conftest import Talk, kinds, of_kind, text
from tests.people import Person
from voyagent.approvals.service import deciding
from voyagent.assistant.rules.moves import Conversation, Move, SendText, discard_text
from voyagent.assistant.service import loop, messages
from voyagent.assistant.service.built_in import BuiltInPlanner
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import issuing
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.events import EVENT_FIELDS
from voyagent.chat.service import cancellation, conversations as chat, turns
from voyagent.enquiries import service as enquiries_service
from voyagent.enquiries.queries import enquiries
from voyagent.ledger.queries.trial_balance import trial_balance_rows

FAR = date(2200, 12, 31)
INVOICE = "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100"
LEAD = "new enquiry from Ravi Menon: Kochi to Dubai, 2 adults, ravi@example.com"


def test_a_question_is_answered_by_a_tool_with_text_in_pieces_and_one_final(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, "trial balance")
    assert kinds(events) == ["tool_use", "tool_result", "text_delta", "final"]
    assert len(of_kind(events, "text_delta")) > 1
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {event["turn_id"] for event in events} == {events[0]["turn_id"]}
    assert all(
        set(event) == {"seq", "kind", "session_id", "turn_id", "timestamp", *EVENT_FIELDS}
        for event in events
    )
    used, result = events[0], events[1]
    assert (used["tool_name"], used["tool_input"]) == ("trial_balance", {})
    assert used["tool_call_id"] == result["tool_call_id"]
    assert result["tool_output"]["accounts"] == []
    assert "empty" in text(events)


def test_the_transcript_stores_texts_and_results(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, "show new enquiries to Dubai")
    question, answered = talk.messages(alice, session_id)
    assert (question["role"], question["blocks"]) == (
        "user",
        [{"type": "text", "text": "show new enquiries to Dubai"}],
    )
    assert answered["role"] == "assistant"
    assert answered["turn_id"] == events[0]["turn_id"]
    tool, words = answered["blocks"]
    assert (tool["type"], tool["tool_name"], tool["output"]["total"]) == (
        "tool",
        "find_enquiries",
        0,
    )
    assert words == {"type": "text", "text": text(events)}
    used, found = of_kind(events, "tool_use")[-1], of_kind(events, "tool_result")[-1]
    assert tool["at"] == used["timestamp"]
    assert (
        tool["took_s"]
        == (
            datetime.fromisoformat(found["timestamp"]) - datetime.fromisoformat(used["timestamp"])
        ).total_seconds()
        > 0
    )


def test_a_pasted_message_is_logged_on_behalf_of_the_person_who_confirms(
    talk: Talk, alice: Person, bob: Person
) -> None:
    session_id = talk.begin(bob)
    events = talk.ask(bob, session_id, LEAD)
    assert kinds(events) == ["tool_use", "tool_result", "text_delta", "final"]
    with alice.reading() as reader:
        found = enquiries.find_by_text(reader, "Ravi Menon")
    assert len(found) == 1
    assert found[0]["created_by_user_id"] == bob.actor.user_id
    assert found[0]["session_id"] == session_id
    assert (
        found[0]["origin"],
        found[0]["destination"],
        found[0]["pax_count"],
        found[0]["depart_date"],
    ) == ("Kochi", "Dubai", 2, None)
    assert found[0]["notes"] == LEAD


def test_an_enquiry_is_followed_through_to_the_books(talk: Talk, alice: Person) -> None:
    with alice.acting() as actor:
        enquiry = enquiries_service.create(
            actor, customer_name="Deepa Krishnan", destination="Dubai"
        )
        session_id = enquiries_service.promote(actor, enquiry.id)[1]
    asked = talk.ask(
        alice, session_id, "draft the invoice for her, 45,000 for Dubai visa due 10 Dec 2100"
    )
    assert kinds(asked) == ["text_delta", "tool_use", "approval_request", "final"]
    request = of_kind(asked, "approval_request")[0]
    assert "Deepa Krishnan" in request["approval_summary"]
    assert "INR 45,000.00" in request["approval_summary"]
    assert [row["approval_id"] for row in talk.pending(alice, session_id)] == [
        request["approval_id"]
    ]
    before = len(talk.events(alice, session_id))

    talk.decide(alice, request["approval_id"])
    drafted = talk.events(alice, session_id)[before:]
    assert kinds(drafted) == ["approval_granted", "tool_result", "text_delta", "final"]
    assert drafted[0]["approval_id"] == request["approval_id"]
    assert drafted[1]["tool_output"]["drafted"] is True
    with alice.reading() as reader:
        assert [row["total_minor"] for row in invoice_queries.list_drafts(reader)] == [4_500_000]
        assert trial_balance_rows(reader, FAR) == []

    issue = of_kind(talk.say(alice, session_id, "yes"), "approval_request")[0]
    before = len(talk.events(alice, session_id))
    talk.decide(alice, issue["approval_id"])
    issued = talk.events(alice, session_id)[before:]
    assert kinds(issued) == ["approval_granted", "tool_result", "text_delta", "final"]
    assert issued[1]["tool_output"]["number"] in text(issued)

    balance = talk.say(alice, session_id, "trial balance")
    total = of_kind(balance, "tool_result")[-1]["tool_output"]["totals"]
    assert total == [
        {"currency": "INR", "debit": "45000.00", "credit": "45000.00", "in_balance": True}
    ]


def after(
    talk: Talk, person: Person, session_id: UUID, asked: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    return [one for one in talk.events(person, session_id) if one["seq"] > asked[-1]["seq"]]


def test_nothing_is_created_before_approval(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, INVOICE)
    with alice.reading() as reader:
        assert invoice_queries.list_drafts(reader) == []


def test_a_declined_proposal_changes_nothing_and_is_reported(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    asked = talk.ask(alice, session_id, INVOICE)
    talk.decide(
        alice,
        of_kind(asked, "approval_request")[0]["approval_id"],
        granted=False,
        reason="not yet agreed",
    )
    events = after(talk, alice, session_id, asked)
    assert kinds(events) == ["approval_denied", "text_delta", "final"]
    assert "not yet agreed" in text(events)
    with alice.reading() as reader:
        assert invoice_queries.list_drafts(reader) == []


def test_a_failed_act_is_reported_with_its_reason(
    talk: Talk, alice: Person, owner_engine: sa.Engine
) -> None:
    session_id = talk.begin(alice)
    asked = talk.ask(alice, session_id, INVOICE)
    talk.decide(alice, of_kind(asked, "approval_request")[0]["approval_id"])
    issue = of_kind(talk.say(alice, session_id, "yes"), "approval_request")[0]
    drafted = talk.events(alice, session_id)
    invoice_id = issue_arguments(owner_engine, issue["approval_id"])["invoice_id"]
    with alice.acting() as actor:
        deciding.resolve(actor, issue["approval_id"], granted=True)
    with (
        alice.acting() as actor
    ):  # after the grant: before it, the grant itself would be refused as stale
        issuing.issue_invoice(actor, UUID(invoice_id))
    talk.drain()
    events = talk.events(alice, session_id)[len(drafted) :]
    assert kinds(events) == ["approval_granted", "tool_result", "text_delta", "final"]
    assert events[1]["tool_output"]["error"] == "invoice_not_draft"
    assert "This invoice is already issued." in text(events)


def issue_arguments(engine: sa.Engine, approval_id: str) -> dict[str, Any]:
    with engine.connect() as connection:
        return connection.scalar(
            sa.text("select payload from approvals where id = :i"), {"i": approval_id}
        )


def test_a_missing_field_is_asked_for_and_the_next_message_answers(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    asked = talk.say(alice, session_id, "invoice Deepa Krishnan for Dubai visa")
    assert kinds(asked) == ["text_delta", "final"]
    answered = talk.say(alice, session_id, "Dubai visa 45,000")
    assert answered[-2]["card"]["fields"]["line_items"][0]["unit_price"] == "45000"
    asked = talk.say(alice, session_id, "yes")
    assert kinds(asked)[-2:] == ["approval_request", "final"]


def test_data_of_another_agency_is_not_visible(talk: Talk, alice: Person, charlie: Person) -> None:
    talk.ask(alice, talk.begin(alice), LEAD)
    theirs = talk.say(charlie, talk.begin(charlie), "show enquiries to Dubai")
    assert of_kind(theirs, "tool_result")[0]["tool_output"]["total"] == 0


def test_a_person_who_lost_the_permission_cannot_use_the_tool(
    talk: Talk, alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    session_id = talk.begin(bob)
    talk.say(bob, session_id, LEAD)
    with bob.acting() as actor:
        messages.send(actor, session_id, message="yes")
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update users set role = 'viewer' where id = :i"), {"i": bob.actor.user_id}
        )
    talk.drain()
    events = talk.events(alice, session_id)
    assert of_kind(events, "tool_result")[0]["tool_output"]["error"] == "forbidden_role"
    with alice.reading() as reader:
        assert enquiries.find_by_text(reader, "Ravi") == []


def test_the_turn_of_a_removed_person_ends_with_a_sentence(
    talk: Talk, alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    session_id = talk.begin(bob)
    with bob.acting() as actor:
        messages.send(actor, session_id, message=LEAD)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update users set is_active = false where id = :i"), {"i": bob.actor.user_id}
        )
    talk.drain()
    events = talk.events(alice, session_id)
    assert kinds(events) == ["error", "final"]
    assert "requester has left the agency" in events[0]["error_message"]


def test_a_crash_is_an_error_and_a_final_and_the_next_turn_works(
    talk: Talk,
    alice: Person,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(_self: BuiltInPlanner, _conversation: Conversation, _send_text: SendText) -> Move:
        raise ZeroDivisionError

    session_id = talk.begin(alice)
    monkeypatch.setattr(BuiltInPlanner, "next_move", broken)
    events = talk.say(alice, session_id, "help")
    assert kinds(events) == ["error", "final"]
    assert "ZeroDivision" not in events[0]["error_message"]
    logged = map(json.loads, capsys.readouterr().out.splitlines())
    (crash,) = [line for line in logged if line["event"] == "turn.crashed"]
    ids = {"person": str(alice.actor.user_id), "turn": str(events[0]["turn_id"])}
    assert crash.items() >= ids.items()
    monkeypatch.undo()
    assert kinds(talk.say(alice, session_id, "help")) == ["text_delta", "final"]


def test_a_stop_ends_the_turn_between_two_events(
    talk: Talk, alice: Person, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = talk.begin(alice)
    real_emit, seen = turns.append_event, []

    def emit_and_stop(turn: chats.Turn, kind: str, **fields: Any) -> int:
        seen.append(kind)
        if len(seen) == 2:
            cancellation.ask_to_stop(session_id)  # as the page's button does, in the middle
        return real_emit(turn, kind, **fields)

    monkeypatch.setattr(loop.turns, "append_event", emit_and_stop)
    events = talk.say(alice, session_id, "trial balance")
    assert [event["kind"] for event in events] == ["tool_use", "tool_result", "final"]
    with alice.acting():
        newest = chats.newest_turn(session_id)
    assert newest is not None
    assert newest.status == "stopped"
    assert talk.messages(alice, session_id)[-1]["blocks"][-1] == {"type": "stopped"}


def confirming(talk: Talk, person: Person, session_id: UUID) -> str:
    """Return the turn that saves a card, before a worker starts it."""
    talk.say(person, session_id, LEAD)
    with person.acting() as actor:
        turn_id = messages.send(actor, session_id, message="yes").turn_id
    assert turn_id is not None
    return turn_id


def test_a_worker_that_lost_its_turn_writes_nothing_more(
    talk: Talk, alice: Person, app: Any
) -> None:
    session_id = talk.begin(alice)
    turn_id = confirming(talk, alice, session_id)

    class Overtaken(BuiltInPlanner):
        def next_move(self, conversation: Conversation, send_text: SendText = discard_text) -> Move:
            if (
                conversation.played
            ):  # the tool has run; meanwhile the job is taken over, and the other finishes it
                talk.drain()
            return super().next_move(conversation, send_text)

    with app.app_context():
        loop.run(alice.actor.tenant_id, turn_id, Overtaken())
    events = talk.events(alice, session_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    events = [event for event in events if event["turn_id"] == turn_id]
    assert kinds(events) == ["tool_use", "tool_result", "text_delta", "final"]
    with alice.reading() as reader:
        assert len(enquiries.find_by_text(reader, "Ravi Menon")) == 1


@pytest.mark.parametrize("dies_after", range(1, 8))
def test_a_turn_taken_over_after_any_event_has_no_gap_and_no_repeat(
    talk: Talk, alice: Person, app: Any, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    session_id = talk.begin(alice)
    turn_id = confirming(talk, alice, session_id)
    real_keep, real_emit, count = turns.record_step, turns.append_event, [0]

    class Killed(BaseException):
        """Stands for SIGKILL: nothing catches it and nothing cleans up."""

    def dying(act: Any) -> Any:
        def run(*arguments: Any, **keywords: Any) -> Any:
            done = act(*arguments, **keywords)
            count[0] += 1
            if count[0] == dies_after:
                raise Killed
            return done

        return run

    monkeypatch.setattr(loop.turns, "append_event", dying(real_emit))
    monkeypatch.setattr(loop.turns, "record_step", dying(real_keep))
    with app.app_context(), pytest.raises(Killed):
        loop.run(alice.actor.tenant_id, turn_id, BuiltInPlanner())
    monkeypatch.undo()
    talk.drain()
    events = talk.events(alice, session_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    events = [event for event in events if event["turn_id"] == turn_id]
    assert kinds(events) == ["tool_use", "tool_result", "text_delta", "final"]
    assert text(events).count("Ravi Menon") == 1
    with alice.reading() as reader:
        assert len(enquiries.find_by_text(reader, "Ravi Menon")) == 1


def test_a_turn_that_has_ended_is_not_run_again(talk: Talk, alice: Person, app: Any) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, "help")
    with app.app_context():
        loop.run(alice.actor.tenant_id, events[0]["turn_id"], BuiltInPlanner())
    assert talk.events(alice, session_id) == events


def test_a_deleted_conversation_is_not_answered(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    with alice.acting() as actor:
        messages.send(actor, session_id, message=LEAD)
        chat.delete(actor, session_id)
    talk.drain()
    with alice.reading() as reader:
        assert enquiries.find_by_text(reader, "Ravi") == []
        assert chats.find_running_turn(session_id) is None


def test_an_overtaken_worker_may_not_write_while_the_turn_runs(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    with alice.acting() as actor:
        turn_id = messages.send(actor, session_id, message="help").turn_id
    assert turn_id is not None
    with alice.acting():
        first = turns.begin_turn(turn_id)
    with alice.acting():
        second = turns.begin_turn(turn_id)
    assert first is not None
    assert second is not None
    with alice.acting(), pytest.raises(turns.TurnTakenOver):
        turns.lock_turn(first)
    with alice.acting():
        assert turns.lock_turn(second) is False
