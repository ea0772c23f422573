"""A message becomes a card, and only its confirmation saves something."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.assistant.conftest import Event, Talk, kinds, of_kind, text
from tests.enquiries.reading import Page
from tests.people import People, Person, csrf_token
from voyagent.assistant.service import messages
from voyagent.assistant.service.messages import CardNotOpen
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.chat.service.turns import TurnInProgress
from voyagent.enquiries.queries import enquiries

LEAD = "new enquiry from Ravi Menon: Kochi to Dubai on 12 Dec 2100, 2 adults, ravi@example.com"
REVERSED = LEAD.replace("12 Dec 2100,", "12 Dec 2100, returning 1 Dec 2100,")
UNCLEAR = "Kochi Dubai 12 Dec 2100"
INVOICE = "draft an invoice for Deepa Krishnan, 45,000 for Dubai visa, due 10 Dec 2100"


def card_of(events: list[Event]) -> dict[str, Any]:
    return next(event["card"] for event in reversed(events) if event.get("card"))


def names(person: Person) -> list[str]:
    with person.reading() as reader:
        return [row["customer_name"] for row in enquiries.find_by_text(reader, "Ravi")]


def press(talk: Talk, person: Person, act: Callable[..., None], *what: Any) -> None:
    with person.acting() as actor:
        act(actor, *what)
    talk.drain()


def test_a_write_becomes_a_card_with_the_words_of_each_field(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, LEAD)
    assert kinds(events) == ["text_delta", "final"]
    card = card_of(events)
    assert card["capability"] == "create_enquiry"
    assert card["fields"]["customer_name"] == "Ravi Menon"
    assert (card["fields"]["origin"], card["fields"]["destination"]) == ("Kochi", "Dubai")
    assert card["words"]["depart_date"] == "12 Dec 2100"
    assert (card["missing"], card["draft_id"]) == ([], card["card_id"])
    assert names(alice) == []
    block = talk.messages(alice, session_id)[-1]["blocks"][-1]
    assert block == {"type": "card", **card}


def test_a_new_customer_with_a_known_surname_is_not_the_known_customer(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, LEAD)
    talk.say(alice, session_id, "yes")
    card = card_of(talk.say(alice, talk.begin(alice), LEAD.replace("Ravi", "Rohan")))
    assert card["fields"]["customer_name"] == "Rohan Menon"
    card = card_of(talk.say(alice, talk.begin(alice), LEAD.replace("Ravi Menon", "mr menon")))
    assert card["fields"]["customer_name"] == "Ravi Menon"
    assert card["words"]["customer_name"] == "menon"


def test_save_runs_the_capability_with_exactly_the_fields_of_the_card(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    card = card_of(talk.say(alice, session_id, LEAD))
    press(talk, alice, messages.save_card, session_id, card["card_id"])
    events = talk.events(alice, session_id)
    assert of_kind(events, "tool_use")[-1]["tool_input"] == card["fields"]
    assert kinds(events)[-4:] == ["tool_use", "tool_result", "text_delta", "final"]
    assert names(alice) == ["Ravi Menon"]


def test_yes_saves_a_complete_card(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, LEAD)
    talk.say(alice, session_id, "yes")
    assert names(alice) == ["Ravi Menon"]


def test_a_card_confirmed_twice_is_saved_once(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    card_id = card_of(talk.say(alice, session_id, LEAD))["card_id"]
    with alice.acting() as actor:
        messages.save_card(actor, session_id, card_id)
        messages.save_card(actor, session_id, card_id)
    talk.drain()
    press(talk, alice, messages.save_card, session_id, card_id)
    assert names(alice) == ["Ravi Menon"]
    assert len(talk.messages(alice, session_id)) == 4


def test_a_card_cannot_be_confirmed_while_another_message_is_processed(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    card_id = card_of(talk.say(alice, session_id, LEAD))["card_id"]
    with alice.acting() as actor:
        messages.send(actor, session_id, message="who owes us money")
    with alice.acting() as actor, pytest.raises(TurnInProgress):
        messages.save_card(actor, session_id, card_id)
    talk.drain()


def test_a_corrected_card_is_refused_and_the_newest_is_saved(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    first = card_of(talk.say(alice, session_id, LEAD))
    second = card_of(talk.say(alice, session_id, "no, 3 adults"))
    assert second["draft_id"] == first["card_id"] != second["card_id"]
    notes = first["fields"]["notes"].replace("2 adults", "3 adults")
    assert second["fields"] == first["fields"] | {"pax_count": 3, "notes": notes}
    with alice.acting() as actor, pytest.raises(CardNotOpen):
        messages.save_card(actor, session_id, first["card_id"])
    press(talk, alice, messages.save_card, session_id, second["card_id"])
    with alice.reading() as reader:
        assert enquiries.find_by_text(reader, "Ravi")[0]["pax_count"] == 3


@pytest.mark.parametrize("says", [True, False], ids=["in words", "by its button"])
def test_a_discarded_card_cannot_be_confirmed(talk: Talk, alice: Person, says: bool) -> None:
    session_id = talk.begin(alice)
    card_id = card_of(talk.say(alice, session_id, LEAD))["card_id"]
    if says:
        talk.say(alice, session_id, "cancel")
    else:
        press(talk, alice, messages.discard_card, session_id, card_id)
    assert "Nothing was saved." in text(talk.events(alice, session_id))
    with alice.acting() as actor, pytest.raises(CardNotOpen):
        messages.save_card(actor, session_id, card_id)
    assert names(alice) == []


def test_a_missing_field_is_asked_for_and_the_answer_completes_the_card(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    asked = talk.say(alice, session_id, "add a passenger to the trip")
    card = card_of(asked)
    assert (card["capability"], card["missing"]) == ("add_passenger", ["full_name"])
    assert "?" in text(asked)
    answered = card_of(talk.say(alice, session_id, "Anna Kurian"))
    assert (answered["fields"]["full_name"], answered["missing"]) == ("Anna Kurian", [])


def test_a_query_runs_at_once_and_the_next_message_can_refer_to_its_records(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, "who owes us money")
    assert kinds(events) == ["tool_use", "tool_result", "text_delta", "final"]
    assert events[0]["tool_name"] == "list_receivables"


def test_an_act_that_needs_approval_is_proposed_once_its_card_is_confirmed(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    card = card_of(talk.say(alice, session_id, INVOICE))
    assert card["capability"] == "draft_invoice"
    assert talk.pending(alice, session_id) == []
    press(talk, alice, messages.save_card, session_id, card["card_id"])
    assert kinds(talk.events(alice, session_id))[-4:] == [
        "text_delta",
        "tool_use",
        "approval_request",
        "final",
    ]
    waiting = talk.pending(alice, session_id)
    assert [row["tool_name"] for row in waiting] == ["draft_invoice"]
    talk.decide(alice, waiting[0]["approval_id"])
    with alice.reading() as reader:
        assert [row["total_minor"] for row in invoice_queries.list_drafts(reader)] == [4_500_000]
    follow_up = card_of(talk.events(alice, session_id))
    assert (follow_up["capability"], follow_up["missing"]) == ("issue_invoice", [])


def test_a_document_line_is_shown_as_one_text(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    talk.say(
        alice, session_id, "draft an invoice for Deepa Krishnan, 2 tickets to Dubai 18500 each"
    )
    shown = Page(alice.tab.get(f"/assistant/{session_id}")).words()
    assert "Tickets to Dubai, 2 × INR 18,500.00" in shown
    assert "Unit price" not in shown


def test_a_refused_card_shows_the_reason_and_stays_open(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    card_id = card_of(talk.say(alice, session_id, REVERSED))["card_id"]
    press(talk, alice, messages.save_card, session_id, card_id)
    events = talk.events(alice, session_id)
    assert of_kind(events, "tool_result")[-1]["tool_output"]["error"] == "invalid_date_range"
    assert "Nothing was changed." in text(events)
    assert names(alice) == []
    corrected = card_of(talk.say(alice, session_id, "sorry, returning 20 Dec 2100"))
    press(talk, alice, messages.save_card, session_id, corrected["card_id"])
    assert names(alice) == ["Ravi Menon"]


def test_a_viewer_cannot_confirm_a_card(talk: Talk, alice: Person, people: People) -> None:
    session_id = talk.begin(alice)
    card_id = card_of(talk.say(alice, session_id, LEAD))["card_id"]
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    page = f"/assistant/{session_id}/cards/{card_id}/save"
    for person, status in ((viewer, 403), (alice, 303)):
        client = person.tab
        token = csrf_token(client)
        assert client.post(page, data={"csrf_token": token}).status_code == status
    talk.drain()
    assert names(alice) == ["Ravi Menon"]


def test_a_person_who_lost_the_permission_reads_why_the_card_is_refused(
    talk: Talk, alice: Person, owner_engine: sa.Engine
) -> None:
    session_id = talk.begin(alice)
    card = card_of(talk.say(alice, session_id, LEAD))
    with alice.acting() as actor:
        messages.save_card(actor, session_id, card["card_id"])
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update users set role = 'viewer' where id = :i"), {"i": alice.actor.user_id}
        )
    talk.drain()
    result = of_kind(talk.events(alice, session_id), "tool_result")[-1]
    assert result["tool_output"]["error"] == "forbidden_role"
    assert names(alice) == []


def test_the_page_shows_the_buttons_of_a_card_until_it_is_confirmed(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    card_id = card_of(talk.say(alice, session_id, LEAD))["card_id"]
    client = alice.tab
    shown = client.get(f"/assistant/{session_id}").text
    assert "12 Dec 2100" in shown
    assert f"/cards/{card_id}/save" in shown
    assert f"/cards/{card_id}/discard" in shown
    press(talk, alice, messages.save_card, session_id, card_id)
    assert "/cards/" not in client.get(f"/assistant/{session_id}").text


def test_another_offered_action_starts_with_the_same_message(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    card = card_of(talk.say(alice, session_id, UNCLEAR))
    assert len(card["offered"]) > 1
    press(talk, alice, messages.choose_action, session_id, card["card_id"], card["offered"][1])
    events = talk.events(alice, session_id)
    started = [event["tool_name"] for event in of_kind(events, "tool_use")]
    started += [event["card"]["capability"] for event in events if event.get("card")][1:]
    assert started == [card["offered"][1]]


def test_a_message_without_a_matching_action_gets_a_next_step(talk: Talk, alice: Person) -> None:
    events = talk.say(alice, talk.begin(alice), "qwertz zxcvb")
    assert kinds(events) == ["text_delta", "final"]
    assert "Ctrl K" in text(events)


def test_a_misspelt_message_gets_a_card_of_the_most_similar_action(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, "invoce")
    assert text(events).startswith("No action clearly matches this message.")
    card = card_of(events)
    assert card["capability"] == card["offered"][0]
    shown = alice.tab.get(f"/assistant/{session_id}").text
    assert all(f"/choose/{name}" in shown for name in card["offered"][1:])


def test_the_records_to_choose_from_are_buttons(talk: Talk, alice: Person) -> None:
    for name in ("Deepa Krishnan", "Deepa Krishna"):
        message = INVOICE.replace("Deepa Krishnan", name)
        draft = talk.ask(alice, talk.begin(alice), message)
        talk.decide(alice, of_kind(draft, "approval_request")[-1]["approval_id"])
    session_id = talk.begin(alice)
    card = card_of(talk.say(alice, session_id, "issue the invoice"))
    rows = card["choices"]["invoice_id"]
    shown = alice.tab.get(f"/assistant/{session_id}").text
    messages_of_buttons = [f'value="{n}. {row["label"]}"' for n, row in enumerate(rows, 1)]
    assert len(rows) > 1
    assert all(one in shown for one in messages_of_buttons)
    events = talk.say(alice, session_id, f"2. {rows[1]['label']}")
    assert card_of(events)["fields"]["invoice_id"] == rows[1]["id"]


def test_what_no_message_states_is_marked_as_assumed(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    message = "received a payment of 4000 from Ravi Menon"
    card = card_of(talk.say(alice, session_id, message))
    assert card["assumed"] == ["currency", "paid_on"]
    shown = alice.tab.get(f"/assistant/{session_id}").text
    fields = [re.sub(r"<[^>]+>|\s+", " ", one).split() for one in shown.split("<dt>")[1:]]
    notes = {field[0]: " ".join(field) for field in fields if "assumed" in field}
    assert set(notes) == {"Currency", "Paid", "Account"}
    card = card_of(talk.say(alice, session_id, "no, ₹5000 in cash yesterday"))
    assert card["assumed"] == []
    page = alice.tab.get(f"/assistant/{session_id}").text
    assert page.count(">assumed<") == shown.count(">assumed<") == len(notes)


def test_confirming_after_an_edited_message_changes_the_same_enquiry(
    talk: Talk, alice: Person
) -> None:
    session_id = talk.begin(alice)
    first = talk.say(alice, session_id, LEAD)
    press(talk, alice, messages.save_card, session_id, card_of(first)["card_id"])
    with alice.acting() as actor:
        messages.ask_again(
            actor, session_id, first[0]["turn_id"], message=LEAD.replace("2 adults", "4 adults")
        )
    talk.drain()
    card = card_of(talk.events(alice, session_id))
    press(talk, alice, messages.save_card, session_id, card["card_id"])
    with alice.reading() as reader:
        assert [row["pax_count"] for row in enquiries.find_by_text(reader, "Ravi")] == [4]


def test_facts_that_no_field_takes_are_listed_on_each_card(talk: Talk, alice: Person) -> None:
    session_id = talk.begin(alice)
    events = talk.say(alice, session_id, INVOICE.replace("visa", "visa plus 18% GST"))
    assert text(events).startswith("“18% GST” was not used.")
    assert card_of(events)["unread"] == [{"kind": "tax", "words": "18% GST"}]
    assert "“18% GST” was not used." in text(talk.say(alice, session_id, "no, 46,000"))


def test_a_refund_request_is_answered_with_the_page_for_refunds(talk: Talk, alice: Person) -> None:
    events = talk.say(alice, talk.begin(alice), "refund 5000 to Deepa Krishnan")
    assert text(events).startswith("The assistant records no refunds")
    assert not any(event.get("card") for event in events)


def test_the_second_request_of_a_message_is_named_to_be_sent_next(
    talk: Talk, alice: Person
) -> None:
    message = f"{INVOICE} and then show the trial balance"
    events = talk.say(alice, talk.begin(alice), message)
    assert "Send the other one next: “show the trial balance”" in text(events)
    assert card_of(events)["capability"] == "draft_invoice"
