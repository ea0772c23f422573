"""The assistant asks which customer or supplier is meant if several have the name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.test_cards import card_of
from tests.parties.test_api import made
from tests.people import Person
from voyagent.capabilities.dialogue import choice_message
from voyagent.parties.service import merges, parties

AMIT = "Amit Shah"
INVOICE = f"draft an invoice for {AMIT}, 45,000 for Dubai visa, due 10 Dec 2100"
WHICH = "Several have this name. Which one is meant?"


@pytest.fixture
def two(alice: Person) -> tuple[str, str]:
    first = made(alice, name=AMIT, phone="98200 11111", country="IN", state="32")
    second = made(alice, name="AMIT shah", phone="98200 22222", is_supplier=True)
    return first["id"], second["id"]


def labels(card: dict[str, Any]) -> list[str]:
    return [row["label"] for row in card["choices"]["party_id"]]


def test_a_card_asks_which_one_and_saves_the_chosen_one(
    talk: Talk, alice: Person, leila: Person, two: tuple[str, str]
) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, INVOICE)
    card = card_of(events)
    assert (card["missing"], WHICH in text(events)) == (["party_id"], True)
    first, second = labels(card)
    assert first.startswith("Amit Shah, Kerala, phone number ending in 1111, added on ")
    assert second.startswith("AMIT shah, phone number ending in 2222, added on ")
    assert "98200" not in first + second
    card = card_of(talk.say(alice, session_id, "yes"))
    assert card["missing"] == ["party_id"]
    card = card_of(talk.say(alice, session_id, choice_message(2, second)))
    assert (card["fields"]["party_id"], card["missing"]) == (two[1], [])
    talk.say(alice, session_id, "yes")
    (approval,) = talk.pending(alice, session_id)
    talk.decide(leila, approval["approval_id"])
    (stored,) = alice.api.get("/invoices").json["items"]
    assert stored["party_id"] == two[1]


def test_the_choice_can_be_said_and_falls_with_the_name(
    talk: Talk, alice: Person, two: tuple[str, str]
) -> None:
    made(alice, name="Deepa Krishnan")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, INVOICE)
    card = card_of(talk.say(alice, session_id, "the first one"))
    assert card["fields"]["party_id"] == two[0]
    card = card_of(talk.say(alice, session_id, "no, for Deepa Krishnan"))
    assert card["fields"]["customer_name"] == "Deepa Krishnan"
    assert "party_id" not in card["fields"]
    assert (card["missing"], card["choices"]) == ([], {})


def test_one_party_of_a_name_needs_no_choice(
    talk: Talk, alice: Person, two: tuple[str, str]
) -> None:
    def missing() -> list[str]:
        found: list[str] = card_of(talk.say(alice, talk.begin(alice), INVOICE))["missing"]
        return found

    merge_id = alice.does(
        lambda actor: merges.merge(actor, UUID(two[1]), UUID(two[0]), reason="Twice").id
    )
    assert missing() == []
    alice.does(lambda actor: merges.unmerge(actor, merge_id).id)
    assert missing() == ["party_id"]
    alice.does(lambda actor: parties.update(actor, UUID(two[0]), {"is_archived": True}).id)
    assert missing() == []


def test_a_namesake_who_is_added_meanwhile_is_asked_about(talk: Talk, alice: Person) -> None:
    made(alice, name=AMIT)
    session_id = talk.begin(alice)
    assert card_of(talk.say(alice, session_id, INVOICE))["missing"] == []
    made(alice, name=AMIT)
    assert card_of(talk.say(alice, session_id, "yes"))["missing"] == ["party_id"]


def test_a_bill_asks_which_supplier(talk: Talk, alice: Person, two: tuple[str, str]) -> None:
    message = f"enter bill B-77 from {AMIT}, 12,000 for hotel rooms, due 10 Dec 2100"
    session_id = talk.begin(alice)
    card = card_of(talk.say(alice, session_id, message))
    assert (card["capability"], card["missing"]) == ("receive_bill", ["party_id"])
    card = card_of(talk.say(alice, session_id, "2"))
    assert (card["fields"]["party_id"], card["missing"]) == (two[1], [])


def test_the_parties_of_another_agency_are_not_offered(
    talk: Talk, alice: Person, charlie: Person
) -> None:
    for _time in range(2):
        made(charlie, name=AMIT)
    assert card_of(talk.say(alice, talk.begin(alice), INVOICE))["missing"] == []


def test_the_form_offers_parties_that_share_a_name(alice: Person, two: tuple[str, str]) -> None:
    made(alice, name="Zeenat")
    page = alice.tab.get("/do/draft_invoice").text
    assert all(f'value="{one}"' in page for one in two)
    assert "Zeenat, added" not in page


def test_the_form_has_no_empty_choice(alice: Person) -> None:
    assert 'name="party_id"' not in alice.tab.get("/do/draft_invoice").text
