"""An open question takes an answer; a request goes before it; what is neither gets it once more,
and then it is let go.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.phrasings import PLAIN, bill, entered, invoice
from voyagent.assistant.moves import (
    Ask,
    Call,
    Context,
    Conversation,
    Outcome,
    Played,
    Say,
    kept,
    move_from,
)
from voyagent.assistant.planner import fulfilment
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.assistant.planner.wishes import SLOTS, Wish

QUESTIONS = [
    Ask(slot.question(), tool=tool, known={}, missing=slot.name)
    for tool, slots in SLOTS.items()
    for slot in slots
    if (tool, slot.name) != ("draft_invoice", "")
] + [
    Ask(
        "How much is “Visa” for Deepa Krishnan?",
        "draft_invoice",
        {"customer_name": "Deepa", "line_items": [{"description": "Visa"}], "took": []},
        "amount",
    ),
    Ask(
        "What is the amount for?",
        "draft_invoice",
        {
            "customer_name": "Deepa",
            "line_items": [{"unit_price": "5", "currency": "INR"}],
            "took": [],
        },
        "description",
    ),
    Ask(
        "Whom is the invoice for?",
        "draft_invoice",
        {"line_items": [{"description": "Visa", "unit_price": "5", "currency": "INR"}], "took": []},
        "customer_name",
    ),
    Ask(
        "Several are open. Which one? Say its number, “the first” or “the oldest”.\n1."
        " 2026-27/000012",
        "record_receipt",
        {
            "customer_name": "Deepa",
            "amount": "5",
            "among": [
                {
                    "id": "i-1",
                    "reference": "2026-27/000012",
                    "open": {"amount": "5", "currency": "INR"},
                    "issue_date": "",
                }
            ],
        },
        "document",
    ),
    Ask(
        "What is the customer’s name?",
        "create_enquiry",
        {"arguments": {"notes": "Dubai, please"}, "message": "Dubai, please"},
        "customer_name",
    ),
]
REQUESTS: list[tuple[str, str]] = [
    ("who owes us more than 50,000", "list_receivables"),
    ("show the trip", "show_trip"),
    ("trial balance", "trial_balance"),
    ("show new enquiries to Dubai", "find_enquiries"),
    ("invoice Rajan Nair 45,000 for Dubai visa", "draft_invoice"),
    ("Deepa Krishnan paid 20,000 today", "find_invoices"),
    ("flights from Mumbai to Dubai on 12 Dec for 2 adults", "search_flights"),
]
NAMES = [f"{question.tool}-{question.missing}" for question in QUESTIONS]


def asked(question: Ask) -> Context:
    return replace(PLAIN, question=question)


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
@pytest.mark.parametrize(("said", "tool"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_a_request_goes_before_every_question_and_says_that_it_is_left(
    question: Ask, said: str, tool: str
) -> None:
    move = understand(said, asked(question))
    assert isinstance(move, Call), move
    assert move.tool == tool
    plain = understand(said, PLAIN)
    assert isinstance(plain, Call)
    assert move.arguments == plain.arguments
    assert move.words == plain.words


@pytest.mark.parametrize("said", ["profit this month", "show the balance sheet", "general ledger"])
def test_words_for_a_page_are_no_answer_to_what_an_entry_is_about(said: str) -> None:
    question = Ask(
        "What is the entry about?",
        "post_journal_entry",
        {"debit": "Rent", "credit": "Bank", "amount": "20000", "currency": "INR"},
        "narration",
    )
    move = understand(said, asked(question))
    assert isinstance(move, Say), move
    assert "(/reports/" in move.text
    answered = understand("Profit withdrawn by the partners of the firm last year", asked(question))
    assert isinstance(answered, Call), answered


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_thanks_are_no_answer_to_any_question(question: Ask) -> None:
    move = understand("thanks", asked(question))
    assert isinstance(move, Say), move
    assert move.text == "You are welcome."


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_what_is_neither_gets_an_example_then_the_way_out_and_then_the_question_is_let_go(
    question: Ask,
) -> None:
    again = understand("ok", asked(question))
    assert isinstance(again, Ask), again
    assert again.text.startswith(f"I do not understand “ok” as an answer. {question.text} ")
    assert again.text.endswith(" Or say “never mind”.")
    assert "“" in again.text.split("as an answer.")[1].removesuffix("Or say “never mind”."), (
        "an example"
    )
    third = understand("ok", asked(move_from(kept(again))))  # type: ignore[arg-type]
    assert isinstance(third, Ask), third
    assert (
        third.text
        == "I do not understand “ok” as an answer. I can leave it: say “never mind”. If not:"
        f" {question.text}"
    )
    for move in (again, third):
        assert (move.tool, move.known, move.missing) == (
            question.tool,
            question.known,
            question.missing,
        )
    last = understand("ok", asked(move_from(kept(third))))  # type: ignore[arg-type]
    assert isinstance(last, Say), last
    assert last.text.startswith("I have let my question go; nothing was done.")


@pytest.mark.parametrize(
    "said", ["thanks", "show the rest of it", "the usual one", "as soon as possible please"]
)
def test_words_that_are_no_address_are_not_asked_for_one_for_ever(said: str) -> None:
    question: Any = understand("send the itinerary", PLAIN)
    assert isinstance(question, Ask)
    for _turn in range(3):
        question = understand(said, asked(question))
        if not isinstance(question, Ask):
            break
    assert isinstance(question, Say), question


def test_what_was_not_understood_is_quoted_in_a_few_words_and_an_example_fits_the_question() -> (
    None
):
    question: Any = understand("flights from Kochi to Dubai for 2 adults", PLAIN)
    again = understand("some time when it is cheap " * 9, asked(question))
    assert isinstance(again, Ask), again
    assert again.text.startswith(
        "I do not understand “some time when it is cheap some time when it is cheap some t…” as an"
        " answer."
    )
    assert again.text.endswith(
        "On which day do they leave? Such as “12 Dec” or “next Friday”. Or say “never mind”."
    )
    third = understand("whenever", asked(again))
    assert isinstance(third, Ask), third
    assert isinstance(understand("yes", asked(third)), Say), "a nod at the way out starts nothing"
    assert isinstance(understand("next Friday", asked(third)), Call)


def test_an_answer_after_the_second_asking_still_counts() -> None:
    first = understand("send the itinerary", PLAIN)
    assert isinstance(first, Ask)
    again = understand("the usual one", asked(first))
    assert isinstance(again, Ask)
    assert again.again
    assert understand("deepa@example.com", asked(again)) == Call("show_trip", {})


def test_what_a_request_looks_up_does_not_go_on_with_the_question_before_it() -> None:
    question = Ask(
        "From where do they fly?",
        tool="send_itinerary",
        known={"to": "deepa@example.com"},
        missing="to",
    )
    said = Conversation("show the trip", asked(question))
    first = BuiltInPlanner().next_move(said)
    trip = {
        "trip_id": "t",
        "title": "Dubai",
        "passengers": [],
        "lines": [],
        "totals": [],
        "findings": [],
        "charges": [],
    }
    then = BuiltInPlanner().next_move(replace(said, played=(Played(first, Outcome(trip)),)))
    assert isinstance(then, Say), then


@pytest.mark.parametrize(
    "said",
    [
        "Her name is Fathima Beevi",
        "Fathima Beevi",
        "it's Fathima Beevi",
        "the customer's name is Fathima Beevi.",
        "from Fathima Beevi",
    ],
)
def test_a_name_is_taken_as_people_give_it(said: str) -> None:
    question = QUESTIONS[-1]
    move = understand(said, asked(question))
    assert isinstance(move, Call), move
    assert move.arguments["customer_name"] == "Fathima Beevi"


KOCHI_DUBAI: dict[str, Any] = {
    "origin": "COK",
    "destination": "DXB",
    "outbound_date": "2026-12-12",
    "passengers": {"adult": 2},
}
EMIRATES: dict[str, Any] = entered("Emirates", "EK-77", bill("Ticket EK 501", "45000"))
VISA: dict[str, Any] = invoice("Deepa Krishnan", bill("Visa", "45000"), due="2026-12-10")
FULLER: list[tuple[list[str], str, dict[str, Any]]] = [
    (
        ["search flights", "Kochi to Dubai on 4 Dec, 2 adults"],
        "search_flights",
        {
            "origin": "COK",
            "destination": "DXB",
            "outbound_date": "2026-12-04",
            "passengers": {"adult": 2},
        },
    ),
    (
        ["search flights", "from Kochi to Dubai", "4 Dec returning 12 Dec", "2"],
        "search_flights",
        {
            "origin": "COK",
            "destination": "DXB",
            "outbound_date": "2026-12-04",
            "return_date": "2026-12-12",
            "passengers": {"adult": 2},
        },
    ),
    (
        ["search flights", "Kochi", "Dubai on 4 Dec, 2 adults"],
        "search_flights",
        {
            "origin": "COK",
            "destination": "DXB",
            "outbound_date": "2026-12-04",
            "passengers": {"adult": 2},
        },
    ),
    (
        ["find hotels", "Dubai, 12-15 Dec, 2 adults"],
        "search_hotels",
        {
            "city": "Dubai",
            "country": "AE",
            "check_in": "2026-12-12",
            "check_out": "2026-12-15",
            "guests": 2,
        },
    ),
    (
        ["find hotels", "Dubai", "12-15 Dec, 2 adults"],
        "search_hotels",
        {
            "city": "Dubai",
            "country": "AE",
            "check_in": "2026-12-12",
            "check_out": "2026-12-15",
            "guests": 2,
        },
    ),
    (
        ["add a transfer", "Dubai airport to Marina Palace on 12 Dec"],
        "add_transfer",
        {"origin": "Dubai airport", "destination": "Marina Palace", "on": "2026-12-12"},
    ),
    (
        ["add a passenger", "Arun Pillai, 12/03/1985, Indian"],
        "add_passenger",
        {"full_name": "Arun Pillai", "date_of_birth": "1985-03-12", "nationality": "IN"},
    ),
    (
        ["add passenger Arun Pillai, 12 Mar 1985"],
        "add_passenger",
        {"full_name": "Arun Pillai", "date_of_birth": "1985-03-12"},
    ),
    (["pay a bill", "BSP India 8000"], "find_bills", {"vendor_name": "BSP India"}),
    (
        ["record a payment", "Deepa Krishnan 20,000"],
        "find_invoices",
        {"status": "open", "customer_name": "Deepa Krishnan"},
    ),
    (["file a visa", "Deepa Krishnan to Thailand"], "show_trip", {}),
    (["flights", "to Dubai", "from Kochi", "12 Dec", "2 adults"], "search_flights", KOCHI_DUBAI),
    (["flights", "from Kochi, 12 Dec, 2 adults", "Dubai"], "search_flights", KOCHI_DUBAI),
    (
        ["flights", "Kochi", "from Mumbai", "to Dubai", "12 Dec", "2"],
        "search_flights",
        KOCHI_DUBAI | {"origin": "BOM"},
    ),
    (
        [
            "flights from Kochi to Dubai 12 Dec",
            "for two adults and a child, returning 18 Dec, business class",
        ],
        "search_flights",
        KOCHI_DUBAI
        | {
            "return_date": "2026-12-18",
            "passengers": {"adult": 2, "child": 1},
            "cabin": "business",
        },
    ),
    (
        ["flights from Kochi to Dubai", "coming back on 18 Dec", "12 Dec", "2"],
        "search_flights",
        KOCHI_DUBAI | {"return_date": "2026-12-18"},
    ),
    (
        ["add a transfer", "Dubai airport", "Marina Palace", "12 Dec at 9:30 for 2,500"],
        "add_transfer",
        {
            "origin": "Dubai airport",
            "destination": "Marina Palace",
            "on": "2026-12-12",
            "at": "09:30",
            "price": "2500",
            "currency": "INR",
        },
    ),
    (
        ["bill from Emirates 45,000 due next Friday", "for ticket EK 501", "EK-77"],
        "receive_bill",
        EMIRATES | {"due_date": "2026-12-04"},
    ),
    (
        ["enter a bill", "Emirates", "EK-77", "45,000 for ticket EK 501 due 10 Dec"],
        "receive_bill",
        EMIRATES | {"due_date": "2026-12-10"},
    ),
    (["invoice Deepa Krishnan for visa", "45,000 due 10 Dec"], "draft_invoice", VISA),
    (["invoice Deepa Krishnan 45,000", "visa, due 10 Dec"], "draft_invoice", VISA),
    (["invoice", "Deepa Krishnan due 10 Dec", "45,000 for visa"], "draft_invoice", VISA),
    (["invoice Deepa Krishnan for tickets", "45,000 for visa, due 10 Dec"], "draft_invoice", VISA),
]


@pytest.mark.parametrize(
    ("talk", "tool", "arguments"), FULLER, ids=[" / ".join(talk) for talk, *_rest in FULLER]
)
def test_an_answer_that_says_more_than_was_asked_is_taken_whole(
    talk: list[str], tool: str, arguments: dict[str, Any]
) -> None:
    context = PLAIN
    for said in talk:
        move = understand(said, context)
        context = replace(PLAIN, question=move if isinstance(move, Ask) else None)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)


LOOKED_UP_WITH = [
    (
        ["record a payment", "Deepa Krishnan", "20,000 in cash yesterday"],
        {"amount": "20000", "account": "cash", "paid_on": "2026-11-23"},
    ),
    (
        ["we paid BSP India", "8,000 yesterday, UTR AB12"],
        {"amount": "8000", "paid_on": "2026-11-23", "reference": "AB12"},
    ),
    (
        ["send the itinerary", "deepa@example.com in Hindi without prices"],
        {"to": "deepa@example.com", "locale": "hi", "prices": False},
    ),
    (
        ["journal entry", "cash", "bank", "500 for petty cash"],
        {"amount": "500", "narration": "Petty cash"},
    ),
    (["hotels in Dubai 12-18 Dec", "2 adults, 4 star"], {"guests": 2, "want": {"stars": 4}}),
]


@pytest.mark.parametrize(
    ("talk", "known"), LOOKED_UP_WITH, ids=[" / ".join(talk) for talk, _known in LOOKED_UP_WITH]
)
def test_what_an_answer_says_besides_is_kept_for_what_follows_a_look_up(
    talk: list[str], known: dict[str, Any]
) -> None:
    context = PLAIN
    for said in talk[:-1]:
        move = understand(said, context)
        assert isinstance(move, Ask), move
        context = asked(move)
    wish = fulfilment.wished(talk[-1], context)
    assert isinstance(wish, Wish), wish
    assert {name: wish.known.get(name) for name in known} == known


def test_an_invoice_can_be_told_whole_to_the_question_whom_it_is_for() -> None:
    question = understand("draft an invoice", PLAIN)
    assert isinstance(question, Ask)
    move = understand("Deepa Krishnan, 45,000 for Dubai visas", asked(question))
    assert isinstance(move, Call), move
    assert (move.arguments["customer_name"], move.arguments["line_items"][0]["unit_price"]) == (
        "Deepa Krishnan",
        "45000",
    )


def test_a_city_that_nobody_knows_is_named() -> None:
    move = understand("search hotels in Atlantis 12-14 Dec", PLAIN)
    assert isinstance(move, Ask), move
    assert move.text == "I know no city called Atlantis. In which city?"
    assert move.known == {"check_in": "2026-12-12", "check_out": "2026-12-14"}
