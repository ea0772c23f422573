"""A line of staff's own is no customer's message, and what a trip has come to is told."""

from __future__ import annotations

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.people import Person
from voyagent.assistant.planner import intake

LINE = "hi, need 2 adults 1 child mumbai to dubai 12 dec 2100"


@pytest.mark.parametrize(
    "letter",
    [
        "Hi, this is Riya Shah, need 2 adults mumbai to dubai 12 dec",
        "hi, need 2 adults mumbai to dubai 12 dec, please quote",
        "hi, need 2 adults mumbai to dubai 12 dec, call 98470 12345",
        "hi, need 2 adults mumbai to dubai 12 dec, riya@example.com",
        "Hi, need 2 tickets to Dubai for my family",
        "Hi\nneed 2 adults 1 child mumbai to dubai 12 dec\nThanks\nRavi Menon",
    ],
)
def test_what_says_who_writes_or_speaks_as_a_customer_does_is_an_enquiry(letter: str) -> None:
    assert intake.pasted(letter) == letter


def test_a_line_of_staff_is_a_search_for_that_party_and_no_enquiry(
    talk: Talk, alice: Person
) -> None:
    assert intake.pasted(LINE) is None
    session_id = talk.begin(alice)
    told = talk.say(alice, session_id, LINE)
    assert of_kind(told, "tool_use")[-1]["tool_input"] == {
        "origin": "BOM",
        "destination": "DXB",
        "outbound_date": "2100-12-12",
        "passengers": {"adult": 2, "child": 1},
    }


def test_how_a_trip_stands_is_told_with_what_waits_and_what_is_wrong(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "add passenger Sunitha Varma, Indian")
    talk.say(
        alice, session_id, "add a transfer from Dubai airport to Atlantis on 12 Dec 2100 for 2,500"
    )
    talk.say(alice, session_id, "file a visa for Sunitha Varma to the UAE")
    told = text(talk.say(alice, session_id, "where do we stand with the trip"))
    assert "Sunitha Varma" in told
    assert "Dubai airport – Atlantis, 12 Dec 2100, planned" in told
    assert "Waits for a decision: " in told
