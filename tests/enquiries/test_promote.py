"""Opening the conversation of an enquiry, and its link."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from tests.enquiries.acts import events, logged, row
from tests.people import Person
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service
from voyagent.enquiries.queries import enquiries


def test_the_conversation_begins_with_the_facts_of_the_enquiry(alice: Person, bob: Person) -> None:
    enquiry_id = logged(
        alice,
        origin="COK",
        destination="DXB",
        depart_date=date(2027, 2, 6),
        budget_amount=Decimal(300000),
        budget_currency="INR",
        notes="Pool",
    )
    before = row(alice, enquiry_id)
    _enquiry, session_id = bob.does(service.promote, enquiry_id)
    with alice.reading() as reader:
        [session], messages = reader.read(
            chats.session_statement(session_id), chats.messages_statement(session_id)
        )
        assert [found["id"] for found in enquiries.find_by_session(reader, session_id)] == [
            enquiry_id
        ]
    assert (session["title"], session["created_by_user_id"]) == (
        "Deepa Krishnan, COK → DXB",
        bob.actor.user_id,
    )
    (opening,) = messages
    assert opening["role"] == "system"
    assert opening["blocks"][0] == {
        "type": "enquiry",
        "enquiry_id": str(enquiry_id),
        "facts": {
            "customer_name": "Deepa Krishnan",
            "origin": "COK",
            "destination": "DXB",
            "depart_date": "2027-02-06",
            "pax_count": "1",
            "budget_amount": "300000.00",
            "budget_currency": "INR",
            "status": "new",
            "notes": "Pool",
        },
    }
    assert "destination: DXB" in opening["blocks"][1]["text"]
    after = row(alice, enquiry_id)
    assert (after["session_id"], after["status"]) == (session_id, "new")
    assert after["updated_at"] > before["updated_at"]
    assert events(alice, enquiry_id)[0]["kind"] == "enquiry.promoted"


def test_the_second_caller_gets_the_same_conversation(alice: Person, bob: Person) -> None:
    enquiry_id = logged(alice, status="cancelled")
    first = alice.does(service.promote, enquiry_id)[1]
    state = row(alice, enquiry_id)["updated_at"]
    assert bob.does(service.promote, enquiry_id)[1] == first
    assert row(alice, enquiry_id)["updated_at"] == state


def test_a_deleted_conversation_is_not_linked_but_replaced(alice: Person) -> None:
    enquiry_id = logged(alice)
    first = alice.does(service.promote, enquiry_id)[1]
    alice.does(chat.delete, first)
    assert row(alice, enquiry_id)["session_id"] is None
    alice.does(chat.restore, first)
    assert row(alice, enquiry_id)["session_id"] == first
    alice.does(chat.delete, first)
    second = alice.does(service.promote, enquiry_id)[1]
    assert second != first
    assert row(alice, enquiry_id)["session_id"] == second


def test_an_enquiry_is_kept_when_its_conversation_is_erased(
    alice: Person, owner_engine: sa.Engine
) -> None:
    enquiry_id = logged(alice)
    session_id = alice.does(service.promote, enquiry_id)[1]
    with owner_engine.begin() as connection:
        connection.execute(sa.text("delete from chat_sessions where id = :id"), {"id": session_id})
    found = row(alice, enquiry_id)
    assert (found["session_id"], found["tenant_id"]) == (None, alice.actor.tenant_id)


def test_a_long_name_is_shortened_for_the_conversation(alice: Person) -> None:
    session_id = alice.does(service.promote, logged(alice, "N" * 255, origin="COK"))[1]
    with alice.reading() as reader:
        assert reader.read(chats.session_statement(session_id))[0][0]["title"] == "N" * 200
