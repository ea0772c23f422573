"""A visa in words: its country in every name that people have for it, the traveller beside it, and
the filing of what was just asked about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, of_kind, text
from tests.assistant.phrasings import PLAIN
from tests.people import Person
from voyagent.assistant.moves import Ask, Call, Context
from voyagent.assistant.planner.builtin import understand

SUNITHA = {"id": "p-1", "full_name": "Sunitha Varma", "nationality": "IN", "kind": "adult"}
GEORGIA = {"id": "p-2", "full_name": "Georgia Thomas", "nationality": "GB", "kind": "adult"}
ALONG = replace(PLAIN, trip={"id": "t-1", "passengers": [SUNITHA, GEORGIA], "held": []})
ASKED = {"destination": "AE", "said": "visa for Sunitha to the UAE"}
RIDE = "add a transfer from Dubai airport to Atlantis on 12 Dec 2100 for 2,500"
INVOICE = Ask(
    "What is it for?",
    tool="create_invoice",
    known={"customer_name": "Sunitha", "amount": "4500"},
    missing="description",
)


@pytest.mark.parametrize(
    ("said", "country"),
    [
        ("visa for Sunitha to the UAE", "AE"),
        ("a visa to the UAE for Sunitha", "AE"),
        ("UAE visa for Sunitha", "AE"),
        ("visa for sunitha to uae", "AE"),
        ("visa to the U.A.E. for Sunitha", "AE"),
        ("visa for Sunitha for the Emirates", "AE"),
        ("visa for Sunitha to the United Arab Emirates", "AE"),
        ("a visa for Sunitha, UK", "GB"),
        ("visa for Sunitha for the u.k.", "GB"),
        ("visa for Sunitha for the United Kingdom", "GB"),
        ("visa for Sunitha for the US", "US"),
        ("visa for Sunitha to the USA", "US"),
        ("visa for Sunitha for the Schengen area", "FR"),
        ("Schengen visa for Sunitha", "FR"),
        ("the Maldives visa for Sunitha", "MV"),
        ("visa for Sunitha for the Netherlands", "NL"),
        ("need a visa for Sunitha to the Philippines", "PH"),
        ("does Sunitha need a visa for the UAE", "AE"),
        ("Dubai visa for Sunitha", "AE"),
    ],
)
def test_the_country_is_read_and_the_passport_is_that_of_the_traveller(
    said: str, country: str
) -> None:
    move = understand(said, ALONG)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (
        "visa_requirements",
        {"nationality": "IN", "destination": country},
    )
    asked = understand(said, PLAIN)
    assert isinstance(asked, Ask), asked
    assert (asked.missing, asked.known) == ("nationality", {"destination": country})


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("visa for Georgia Thomas for Italy", {"nationality": "GB", "destination": "IT"}),
        ("visa for US citizens to Thailand", {"nationality": "US", "destination": "TH"}),
        (
            "visa for an Indian living in the UAE to Thailand",
            {"nationality": "IN", "destination": "TH"},
        ),
        (
            "visa for a UAE resident to Thailand, Indian passport",
            {"nationality": "IN", "destination": "TH"},
        ),
    ],
)
def test_a_name_a_home_and_a_passport_are_no_destination(said: str, known: dict[str, str]) -> None:
    move = understand(said, ALONG)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("visa_requirements", known)


def test_us_in_small_letters_is_no_country() -> None:
    move = understand("visa for us to Dubai", PLAIN)
    assert isinstance(move, Ask), move
    assert (move.missing, move.known) == ("nationality", {"destination": "AE"})


def test_what_only_names_a_visa_answers_what_an_invoice_is_for() -> None:
    move = understand("UAE visa for Sunitha", replace(ALONG, question=INVOICE))
    assert isinstance(move, Ask), move
    assert (move.tool, move.known["description"]) == ("create_invoice", "UAE visa for Sunitha")


@pytest.mark.parametrize(
    "said",
    [
        "file it",
        "file it please",
        "go ahead and file",
        "ok, please file that",
        "yes, file it",
        "file the visa",
        "apply for it",
    ],
)
def test_it_is_the_visa_that_was_asked_about(said: str) -> None:
    move = understand(said, replace(PLAIN, offers={"visa": ASKED}))
    assert isinstance(move, Call), move
    assert move.tool == "show_trip"
    nothing = understand(said.replace("the visa", "it"), PLAIN)
    assert not isinstance(nothing, Call), nothing


@pytest.mark.parametrize(
    ("said", "about", "context", "missing"),
    [
        (
            "file it",
            {"destination": "FR", "said": "Schengen visa for Sunitha"},
            ALONG,
            "destination",
        ),
        ("file it", {"destination": "TH", "said": "visa for Thailand\nIndian"}, ALONG, "full_name"),
        ("file it", {"destination": None, "said": "visa for Sunitha"}, ALONG, "destination"),
    ],
)
def test_only_what_is_missing_is_asked_for(
    said: str, about: dict[str, Any], context: Context, missing: str
) -> None:
    move = understand(said, replace(context, offers={"visa": about}))
    assert isinstance(move, Ask), move
    assert (move.tool, move.missing) == ("file_visa", missing)


def _filed(talk: Talk, person: Person, session_id: Any, said: str) -> dict[str, Any]:
    events = talk.say(person, session_id, said)
    return dict(of_kind(events, "tool_use")[-1]["tool_input"])


def test_the_visa_that_was_asked_about_is_filed_once_somebody_grants_it(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    added = talk.say(alice, session_id, "add passenger Sunitha Varma, Indian")
    sunitha = of_kind(added, "tool_result")[-1]["tool_output"]["passenger_id"]
    talk.say(alice, session_id, RIDE)
    assert "electronic visa" in text(talk.say(alice, session_id, "visa for Sunitha to the UAE"))
    assert _filed(talk, alice, session_id, "go ahead and file") == {
        "passenger_id": sunitha,
        "destination": "AE",
    }
    assert [row["tool_name"] for row in talk.pending(alice, session_id)] == ["file_visa"]
    assert "waits for a decision" in text(talk.say(alice, session_id, "file it please"))


def test_a_filing_that_lacks_the_nationality_leads_to_the_form(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    added = talk.say(alice, session_id, "add passenger Sunitha Varma")
    sunitha = of_kind(added, "tool_result")[-1]["tool_output"]["passenger_id"]
    talk.say(alice, session_id, RIDE)
    assert "Which passport" in text(talk.say(alice, session_id, "visa for Sunitha to the UAE"))
    talk.say(alice, session_id, "Indian")
    told = text(talk.say(alice, session_id, "file it"))
    assert "Say of which nationality the passenger is." in told
    assert f"/passengers/{sunitha})" in told
    assert not talk.pending(alice, session_id)


def test_a_visa_told_about_nobody_is_that_of_the_one_who_travels_or_is_asked_for(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "visa requirements for the UK, Indian passport")
    assert text(talk.say(alice, session_id, "file it")) == "For which passenger?"
    talk.say(alice, session_id, "never mind")
    added = talk.say(alice, session_id, "add passenger Sunitha Varma, Indian")
    sunitha = of_kind(added, "tool_result")[-1]["tool_output"]["passenger_id"]
    assert _filed(talk, alice, session_id, "file it") == {
        "passenger_id": sunitha,
        "destination": "GB",
    }


def test_a_country_put_right_is_the_one_that_is_filed(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "add passenger Ravi Menon, Indian")
    talk.say(alice, session_id, "add passenger Sunitha Varma, Indian")
    talk.say(alice, session_id, "visa for Ravi to Thailand, Indian passport")
    talk.say(alice, session_id, "no, Singapore")
    assert _filed(talk, alice, session_id, "file it")["destination"] == "SG"
