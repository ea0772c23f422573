"""How a clerk types between two calls: hesitation, two customers in one talk, corrections of what
was just logged, orders in the middle of a question.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import PLAIN, bill, invoice
from tests.assistant.test_corrections import BILLED, FLOWN, PAYING, ROOM, SLEPT, WAITS
from tests.billing.papers import issued
from tests.people import Person
from voyagent.assistant.moves import Ask, Call, Context, EnquiryInView, Say
from voyagent.assistant.planner import smalltalk
from voyagent.assistant.planner.builtin import understand
from voyagent.assistant.planner.completion import after_lookup
from voyagent.assistant.planner.fulfilment import wished
from voyagent.assistant.planner.telling import tell
from voyagent.assistant.planner.wishes import Wish
from voyagent.kernel.text import people
from voyagent.kernel.text.people import find_travellers

WHO = Ask(
    "Nobody travels on this trip yet. Who does?",
    tool="hold_flight",
    known={"fare_id": "f-1"},
    missing="who",
)
NAME = Ask(
    "What is the customer’s name?",
    tool="create_enquiry",
    known={"arguments": {"pax_count": 2, "depart_date": "2026-12-22"}, "message": "Hi"},
    missing="customer_name",
)
WHY = Ask(
    "Why is it given up?",
    tool="write_off_invoice",
    known={"number": "1", "amount": "500", "written_off_on": "2026-11-24"},
    missing="reason",
)
RIDE = Ask(
    "From where does the transfer go?",
    tool="add_transfer",
    known={"on": "2026-12-23"},
    missing="origin",
)
WHAT = Ask(
    "What is the bill for?",
    tool="receive_bill",
    known={
        "vendor_name": "Air Arabia",
        "vendor_reference": "AA-55",
        "amount": "18500",
        "currency": "INR",
    },
    missing="description",
)


@pytest.mark.parametrize(
    "question", [WHO, NAME, WHY, RIDE, WHAT], ids=lambda one: f"{one.tool}-{one.missing}"
)
@pytest.mark.parametrize(
    "said",
    [
        "wait",
        "wait, wrong date",
        "call him first",
        "oops wrong paste",
        "let me check",
        "not sure",
        "hmm check first",
        "one minute",
    ],
)
def test_who_hesitates_answers_nothing(question: Ask, said: str) -> None:
    move = understand(said, replace(PLAIN, question=question))
    assert isinstance(move, Ask), move
    assert (move.tool, move.missing, move.known, move.again) == (
        question.tool,
        question.missing,
        question.known,
        0,
    )
    assert "Take your time" in move.text


@pytest.mark.parametrize(
    "said",
    ["Wait Rahul Menon", "let us invoice Deepa", "Waitrose Holidays", "check rates", "call log"],
)
def test_what_only_begins_alike_is_no_hesitation(said: str) -> None:
    assert not smalltalk.hesitates(said)


@pytest.mark.parametrize("said", ["sorry its 3 people", "sorry 23rd"])
def test_a_correction_is_nobodys_name(said: str) -> None:
    move = understand(said, replace(PLAIN, question=NAME))
    assert isinstance(move, Ask), move
    assert move.missing == "customer_name"
    assert (move.known["arguments"]["pax_count"], move.known["arguments"]["depart_date"]) == (
        (3, "2026-12-22") if "people" in said else (2, "2026-12-23")
    )


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("call him first", None),
        ("deepa krishnan", "Deepa Krishnan"),
        ("Mark Issue", "Mark Issue"),
        ("only 500", None),
    ],
)
def test_words_of_talk_are_nobodys_name(words: str, name: str | None) -> None:
    assert people.as_name(words) == name


@pytest.mark.parametrize(
    "said",
    [
        "what is waiting for a decision?",
        "undo the bill",
        "remove the transfer",
        "add insurance 900",
        "due 20 dec",
    ],
)
def test_an_order_is_no_end_of_a_ride(said: str) -> None:
    wish = wished(said, replace(PLAIN, question=RIDE))
    assert not isinstance(wish, Wish) or not {"origin", "destination"} & wish.known.keys(), wish


def test_the_ends_of_a_ride_in_either_order() -> None:
    move = understand("drop at cochin airport on 23 dec 4pm from the resort, 3500", PLAIN)
    assert isinstance(move, Call), move
    assert move.arguments == {
        "origin": "The resort",
        "destination": "Cochin airport",
        "on": "2026-12-23",
        "at": "16:00",
        "price": "3500",
        "currency": "INR",
    }


def test_money_that_moves_is_no_ride() -> None:
    move = understand("transfer 10,000 from bank to cash", PLAIN)
    assert isinstance(move, Ask), move
    assert (move.tool, move.known["debit"], move.known["credit"], move.known["amount"]) == (
        "post_journal_entry",
        "cash",
        "bank",
        "10000",
    )


def test_the_number_of_a_bill_is_not_what_it_is_for() -> None:
    move = understand("the ref is AA-56", replace(PLAIN, question=WHAT))
    assert isinstance(move, Ask), move
    assert (move.missing, move.known["vendor_reference"]) == ("description", "AA-56")
    other = understand("vendor is Air India not Air Arabia", replace(PLAIN, question=WHAT))
    assert isinstance(other, Ask), other
    assert (other.missing, other.known["vendor_name"]) == ("description", "Air India")


def test_what_sets_a_name_right_is_no_reason() -> None:
    move = understand("it should be Riyas", replace(PLAIN, question=WHY))
    assert isinstance(move, Ask), move
    assert (move.missing, move.known.get("reason")) == ("reason", None)


BILLS = [
    (
        "bill from Air Arabia, 18,500 for 2 tickets, ref AA-55, due 10 dec",
        "Air Arabia",
        "AA-55",
        "2 tickets",
        "18500",
        "INR",
    ),
    (
        "we received a bill of AED 2,300 from Emirates Holidays for hotel, no EH-99 dt 20/11",
        "Emirates Holidays",
        "EH-99",
        "Hotel",
        "2300",
        "AED",
    ),
    (
        "got a bill of Rs 4,000 from BSP India for settlement, no B-9",
        "BSP India",
        "B-9",
        "Settlement",
        "4000",
        "INR",
    ),
    (
        "and bill from Flydubai 30000 for her ticket, no FZ-99, due tomorrow",
        "Flydubai",
        "FZ-99",
        "Her ticket",
        "30000",
        "INR",
    ),
]


@pytest.mark.parametrize(("said", "vendor", "reference", "what", "amount", "currency"), BILLS)
def test_a_bill_as_it_is_dictated(
    said: str, vendor: str, reference: str, what: str, amount: str, currency: str
) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert (
        move.arguments["vendor_name"],
        move.arguments["vendor_reference"],
        move.arguments["line_items"],
    ) == (
        vendor,
        reference,
        [bill(what, amount, currency)],
    )


def test_a_second_payment_is_no_amount_of_the_first() -> None:
    asked = understand("Zachariah Kurian paid by cash", PLAIN)
    assert isinstance(asked, Ask), asked
    move = understand("and Backwater paid 3000 by bank", replace(PLAIN, question=asked))
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["customer_name"]) == ("find_invoices", "Backwater")
    assert not move.words


BOTH = replace(PLAIN, waiting=[WAITS, {**BILLED.waiting[0], "id": "a-2"}])


@pytest.mark.parametrize(
    ("said", "tool", "amount"),
    [
        ("make the bill 4,200", "receive_bill", "4200"),
        ("make the invoice 6,000", "draft_invoice", "6000"),
    ],
)
def test_of_two_requests_that_one_is_changed_which_is_named(
    said: str, tool: str, amount: str
) -> None:
    move = understand(said, BOTH)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["line_items"][0]["unit_price"]) == (tool, amount)


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("no, it was by upi", "account", None),
        ("ref is 88113", "reference", "88113"),
        ("no, dated 20 Nov", "paid_on", "2026-11-20"),
    ],
)
def test_a_payment_takes_its_reference_and_its_way(
    said: str, field: str, value: str | None
) -> None:
    cash = replace(
        PAYING,
        waiting=[
            {
                **PAYING.waiting[0],
                "arguments": {**PAYING.waiting[0]["arguments"], "account": "cash"},
            }
        ],
    )
    move = understand(f"no, {said}" if said.startswith("ref") else said, cash)
    assert isinstance(move, Call), move
    assert move.arguments[field] == (value or "bank")


@pytest.mark.parametrize(
    "said", ["drop the invoice", "undo the draft", "cancel the invoice", "reject it"]
)
def test_a_request_that_waits_is_taken_back_by_its_button(said: str) -> None:
    move = understand(said, replace(PLAIN, waiting=[WAITS]))
    assert isinstance(move, Say), move
    assert "“Decline” on the card" in move.text


@pytest.mark.parametrize(
    ("said", "stay"),
    [
        ("checkout 16 dec instead", ("2026-12-12", "2026-12-16")),
        ("make it 2 nights more", ("2026-12-12", "2026-12-17")),
    ],
)
def test_a_longer_stay_begins_on_the_same_day(said: str, stay: tuple[str, str]) -> None:
    move = understand(said, SLEPT)
    assert isinstance(move, Call), move
    assert (move.arguments["check_in"], move.arguments["check_out"], move.arguments["city"]) == (
        *stay,
        ROOM["city"],
    )


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("leave on 10th", ("2026-12-10", "2026-12-18")),
        ("no, back on 19", ("2026-12-12", "2026-12-19")),
    ],
)
def test_one_end_of_a_journey_is_set_right(said: str, days: tuple[str, str]) -> None:
    search = {**FLOWN.offers["fares_search"], "return_date": "2026-12-18"}
    move = understand(said, replace(FLOWN, offers={**FLOWN.offers, "fares_search": search}))
    assert isinstance(move, Call), move
    assert (move.arguments["outbound_date"], move.arguments["return_date"]) == days


def test_the_flight_one_is_no_room() -> None:
    booking = {
        "id": "a-9",
        "tool": "book_hotel",
        "arguments": {"rate_key": "k-2", "passenger_ids": ["p-1"]},
        "summary": "Book",
    }
    move = understand("no, the flight one", replace(SLEPT, waiting=[booking]))
    assert not isinstance(move, Call) or move.tool != "book_hotel", move


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("me and my wife plus my parents", 4),
        ("me and my wife and our kids, 4 people", 4),
        ("a couple with 3 kids", 5),
        ("Anoop and his wife", 2),
        ("me and my wife and my mother", 3),
    ],
)
def test_who_travels_is_counted_whole(words: str, count: int) -> None:
    found = find_travellers(words)
    assert found
    assert found.count == count


@pytest.mark.parametrize("said", ["four", "4", "Four."])
def test_a_number_in_words_is_one(said: str) -> None:
    asked = Ask(
        "For how many guests?",
        tool="search_hotels",
        known={
            "city": "Dubai",
            "country": "AE",
            "check_in": "2026-12-12",
            "check_out": "2026-12-15",
        },
        missing="guests",
    )
    move = understand(said, replace(PLAIN, question=asked))
    assert isinstance(move, Call), move
    assert move.arguments["guests"] == 4


def test_a_day_of_the_coming_month_is_not_last_years() -> None:
    move = understand("no, 5 Dec", replace(PAYING, today=PAYING.today))
    assert isinstance(move, Call), move
    assert move.arguments["paid_on"] == "2026-12-05"


ABOUT = replace(
    PLAIN,
    enquiry=EnquiryInView("e-1", "Reena Thomas", "Singapore", "Kochi", pax_count=2),
    last={"tool": "create_enquiry", "arguments": {}},
)


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("make that 3 adults", {"pax_count": 3}),
        ("no, 7 of us", {"pax_count": 7}),
        ("return 19 jan", {"return_date": "2027-01-19"}),
        ("and mail is reena@example.com", {"customer_email": "reena@example.com"}),
        ("budget 1 lakh", {"budget_amount": "100000", "budget_currency": "INR"}),
    ],
)
def test_what_was_just_logged_is_set_right(said: str, changes: dict[str, Any]) -> None:
    assert understand(said, ABOUT) == Call("update_enquiry", {"enquiry_id": "e-1", **changes})


def test_they_are_those_of_the_enquiry() -> None:
    move = understand("do they need a visa", ABOUT)
    assert isinstance(move, Ask), move
    assert (move.tool, move.known, move.missing) == (
        "visa_requirements",
        {"destination": "SG"},
        "nationality",
    )


@pytest.mark.parametrize(
    "said", ["hotels in singapore same dates for 2", "hotels in Singapore for 2, the same days"]
)
def test_the_same_days_are_those_of_the_flights(said: str) -> None:
    flown: Context = replace(
        PLAIN,
        offers={
            "newest": "fares",
            "fares": [],
            "fares_search": {"outbound_date": "2026-12-12", "return_date": "2026-12-18"},
        },
    )
    move = understand(said, flown)
    assert isinstance(move, Call), move
    assert (move.arguments["check_in"], move.arguments["check_out"]) == ("2026-12-12", "2026-12-18")


def test_the_newest_enquiry_is_meant_and_the_trip_stays_the_first_ones(
    alice: Person, talk: Talk
) -> None:
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "log an enquiry for Shameer K: kochi to jeddah 3 march, 2 adults")
    told = text(
        talk.say(
            alice,
            session_id,
            "log an enquiry for Reena Thomas, kochi to singapore 12-18 jan, 2 adults",
        )
    )
    assert "The trip of this conversation stays that of Shameer K" in told
    assert "Reena Thomas" in text(talk.say(alice, session_id, "set status to quoted"))
    refused = text(talk.say(alice, session_id, "add passenger Reena Thomas"))
    assert "The trip of this conversation is that of Shameer K, so I have done nothing." in refused
    assert "/enquiries/" in refused
    assert "COK – SIN" in text(talk.say(alice, session_id, "flights"))


def test_a_request_that_was_refused_is_set_right_and_then_made(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    told = text(talk.say(alice, session_id, "Zachariah Kurian paid 9,99,000 by cheque"))
    assert told.startswith(
        "This is more than the amount due on this document. So I have asked for nothing."
    )
    assert "recorded once approved" not in told
    talk.say(alice, session_id, "no it was 510")
    (asked,) = talk.pending(alice, session_id)
    assert "510" in asked["summary"]


@pytest.mark.parametrize(
    "said",
    [
        "write off 500 of invoice 1, he will not pay",
        "Zachariah Kurian paid 50 by upi today ref 88112 for invoice 1",
    ],
)
def test_an_invoice_is_known_by_the_end_of_its_number(said: str, alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, said)
    (asked,) = talk.pending(alice, session_id)
    assert "/000001" in asked["summary"]


def test_two_lines_of_an_invoice_keep_the_other() -> None:
    two = invoice("Deepa Krishnan", bill("Dubai visa", "30000"), bill("Flight tickets", "52000"))
    move = understand(
        "change the visa to 40,000", replace(PLAIN, waiting=[WAITS | {"arguments": two}])
    )
    assert isinstance(move, Call), move
    assert move.arguments["line_items"] == [
        bill("Dubai visa", "40000"),
        bill("Flight tickets", "52000"),
    ]


@pytest.mark.parametrize(
    "said",
    [
        "hmm, make it 8,500",
        "thanks, but change it to 8,500",
        "great, and make it 8,500",
        "ok, make it 8,500",
        "wait, 8,500",
    ],
)
def test_polite_words_before_a_correction_take_nothing_from_it(said: str) -> None:
    move = understand(said, PAYING)
    assert isinstance(move, Call), move
    assert (move.arguments["amount"], move.replaces) == ("8500", "a-1")


@pytest.mark.parametrize("said", ["wait, don't", "hold on, stop"])
def test_a_stop_is_nobody_and_nothing(said: str) -> None:
    move = understand(said, replace(PLAIN, waiting=[WAITS]))
    assert isinstance(move, Say), move


CASH = [
    "Zachariah Kurian paid 10,000 cash, 20 November",
    "Zachariah Kurian paid 10,000 cash, receipt no 55",
    "Zachariah Kurian paid 10,000 in cash",
]


@pytest.mark.parametrize("said", CASH)
def test_cash_is_cash_wherever_it_is_said(said: str) -> None:
    wish = wished(said, PLAIN)
    assert isinstance(wish, Wish)
    assert (wish.known["account"], wish.known["amount"]) == ("cash", "10000")
    assert wish.known.get("reference") == ("55" if "55" in said else None)


@pytest.mark.parametrize(
    ("said", "tool", "field"),
    [
        (
            "journal entry: debit rent 38,000, credit bank 38,000, 20 November, office rent",
            "post_journal_entry",
            "entry_date",
        ),
        (
            "bill from BSP India, BSP-0099, 12,000 for settlement, 20 November, due 5 December",
            "receive_bill",
            "issue_date",
        ),
        (
            "bill BSP-0102 from BSP India of 20 November, 12,000 for settlement, due 5 December",
            "receive_bill",
            "issue_date",
        ),
        (
            (
                "draft a bill from Emirates, ref EK-55, 18,000 for tickets, dated 20 November, due"
                " 20 December"
            ),
            "receive_bill",
            "issue_date",
        ),
    ],
)
def test_a_day_that_is_said_bare_is_the_papers_own(said: str, tool: str, field: str) -> None:
    wish = wished(said, PLAIN)
    assert isinstance(wish, Wish)
    assert (wish.tool, wish.known[field]) == (tool, "2026-11-20")
    assert wish.known["amount"] in ("38000", "12000", "18000")


def test_tickets_for_one_of_a_booking_are_not_asked_for() -> None:
    wish = wished("issue tickets but only for Anand", PLAIN)
    assert isinstance(wish, Wish)
    line = {
        "id": "l-1",
        "kind": "flight",
        "status": "held",
        "supplier_ref": "JKU73Y",
        "name": "IX 1",
    }
    trip = {
        "passengers": [{"full_name": "Anand Paul"}, {"full_name": "Leela Menon"}],
        "lines": [line],
    }
    move = after_lookup(wish, Call("show_trip", {}), {"show_trip": trip}, PLAIN)
    assert isinstance(move, Say), move
    for whole in (
        "issue the tickets",
        "issue the tickets for both",
        "issue the tickets of JKU73Y",
        "issue them",
    ):
        meant = understand(whole, PLAIN)
        assert meant == Call("show_trip", {}), whole
        wish = wished(whole, PLAIN) or Wish("issue_ticket", {})
        assert isinstance(wish, Wish)
        assert isinstance(
            after_lookup(wish, Call("show_trip", {}), {"show_trip": trip}, PLAIN), Call
        ), whole


def test_a_line_is_added_to_an_invoice_that_waits() -> None:
    move = understand("and add a service fee of 1,500", replace(PLAIN, waiting=[WAITS]))
    assert isinstance(move, Call), move
    assert (move.arguments["line_items"], move.replaces) == (
        [bill("Dubai visa", "45000"), bill("Service fee", "1500")],
        "a-1",
    )


LETTER = {
    "id": "a-1",
    "tool": "send_itinerary",
    "arguments": {"trip_id": "t-1", "to": "x@example.com"},
    "summary": "Send",
}


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ("no, to anil.kumar@example.com", {"to": "anil.kumar@example.com"}),
        ("no, without prices", {"prices": False}),
    ],
)
def test_a_mail_that_waits_is_set_right(said: str, changed: dict[str, Any]) -> None:
    move = understand(said, replace(PLAIN, waiting=[LETTER]))
    assert isinstance(move, Call), move
    assert (move.arguments, move.replaces) == (
        {"trip_id": "t-1", "to": "x@example.com"} | changed,
        "a-1",
    )


RATES = [
    {
        "rate_key": "k-1",
        "hotel": "Quay",
        "number": 1,
        "is_refundable": False,
        "stars": 2,
        "board_basis": "room_only",
    },
    {
        "rate_key": "k-2",
        "hotel": "Quay",
        "number": 2,
        "is_refundable": True,
        "stars": 2,
        "board_basis": "bed_and_breakfast",
    },
    {
        "rate_key": "k-3",
        "hotel": "Coral",
        "number": 3,
        "is_refundable": True,
        "stars": 4,
        "board_basis": "bed_and_breakfast",
    },
]


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("book the first refundable one", "k-2"),
        ("book the cheapest with breakfast", "k-2"),
        ("book the first 4 star one", "k-3"),
        ("book the second refundable one", "k-3"),
        ("book the first", "k-1"),
    ],
)
def test_the_first_that_fits_is_meant(said: str, key: str) -> None:
    wish = wished(
        said, replace(SLEPT, offers={"newest": "rates", "rates": RATES, "rates_search": ROOM})
    )
    assert isinstance(wish, Wish), wish
    assert wish.known["rate_key"] == key


def test_a_question_about_a_request_that_is_decided_is_let_go() -> None:
    asked = Ask(
        "Do you mean what waits already?",
        tool="receive_bill",
        known={"put_right": {}, "words": "", "replaces": "a-9"},
        missing="sure",
    )
    move = understand("trial balance", replace(PLAIN, question=asked))
    assert move == understand("trial balance", PLAIN)
    assert understand("yes", replace(PLAIN, question=asked)) == understand("yes", PLAIN)


@pytest.mark.parametrize(
    "said",
    [
        "who is Khalid?",
        "how much is open on it?",
        "is that right?",
        "half of it, bank charges",
        "ask Neha",
    ],
)
@pytest.mark.parametrize("question", [WHY, WHAT], ids=["reason", "description"])
def test_a_question_back_is_no_answer_in_free_words(question: Ask, said: str) -> None:
    move = understand(said, replace(PLAIN, question=question))
    assert not isinstance(move, Call), move
    assert "reason" not in getattr(move, "known", {})
    assert not getattr(move, "known", {}).get("description")


OF_TWO = [
    {
        **WAITS,
        "id": "a-1",
        "summary": "Draft an invoice for Lakshmi Pillai, INR 5,000.00",
        "arguments": invoice("Lakshmi Pillai", bill("Visa", "5000")),
    },
    {
        **WAITS,
        "id": "a-2",
        "summary": "Draft an invoice for Deepa Krishnan, INR 7,000.00",
        "arguments": invoice("Deepa Krishnan", bill("Insurance", "7000")),
    },
]


@pytest.mark.parametrize(
    "said",
    [
        "no, Lakshmi's is 5,500",
        "no, Lakshmi 5,500",
        "sorry, the visa is 5,500",
        "no, 5,500 for Lakshmi Pillai",
    ],
)
def test_the_older_request_is_meant_where_the_words_name_it(said: str) -> None:
    move = understand(said, replace(PLAIN, waiting=OF_TWO))
    assert isinstance(move, Call), move
    assert (
        move.replaces,
        move.arguments["customer_name"],
        move.arguments["line_items"][0]["unit_price"],
    ) == ("a-1", "Lakshmi Pillai", "5500")


def test_an_amount_of_something_else_changes_no_line() -> None:
    move = understand("no, the hotel is 5,500", replace(PLAIN, waiting=OF_TWO))
    assert not isinstance(move, Call), move


@pytest.mark.parametrize(
    ("said", "quantity", "price"),
    [
        ("invoice Deepa Krishnan 20,000 per person for 3 persons for package to Goa", 3, "20000"),
        ("invoice Deepa Krishnan for 3 visas at 6,000 each", 3, "6000"),
    ],
)
def test_so_many_at_a_price(said: str, quantity: int, price: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert [(line["quantity"], line["unit_price"]) for line in move.arguments["line_items"]] == [
        (quantity, price)
    ]


def test_each_kind_of_people_at_its_price() -> None:
    move = understand(
        "invoice Deepa Krishnan for 2 adults at 20,000 and 1 child at 12,000 for package to Goa",
        PLAIN,
    )
    assert isinstance(move, Call), move
    assert [(line["quantity"], line["unit_price"]) for line in move.arguments["line_items"]] == [
        (2, "20000"),
        (1, "12000"),
    ]


@pytest.mark.parametrize(
    "said",
    [
        "invoice Lakshmi Pillai 12,000 for visa, she paid 5,000 already",
        "invoice Deepa Krishnan 60,000 for Goa package, advance 10,000 received",
    ],
)
def test_money_that_came_is_no_line(said: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Say), move
    assert "is money that came" in move.text


SHARES = [
    "write off half of invoice 41, bank charges",
    "write off invoice 41 except 200",
    "pay BSP-0045 in full except 500",
    "Deepa Krishnan paid 2,000, half in cash",
]


@pytest.mark.parametrize("said", SHARES)
def test_a_share_is_not_reckoned(said: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Say), move
    assert "give the amount as a number" in move.text


def test_money_from_one_to_another_is_not_ours() -> None:
    move = understand("Deepa Krishnan paid 2,000 in cash to Spice Coast Cars", PLAIN)
    assert isinstance(move, Say), move


def test_the_way_back_is_on_the_next_such_day() -> None:
    move = understand(
        "flights from Kochi to Dubai on 12 January for 2 adults, and back on the 20th", PLAIN
    )
    assert isinstance(move, Call), move
    assert (move.arguments["outbound_date"], move.arguments["return_date"]) == (
        "2027-01-12",
        "2027-01-20",
    )


def test_a_room_is_picked_only_once_rooms_are_searched() -> None:
    asked = Ask(
        "For how many guests?",
        tool="search_hotels",
        known={"city": "Kochi", "country": "IN"},
        missing="guests",
    )
    move = understand("Book the cheapest one", replace(FLOWN, question=asked))
    assert isinstance(move, Ask), move
    assert (move.tool, move.missing) == ("search_hotels", "guests")


def test_a_flight_that_is_ticketed_is_not_held_anew() -> None:
    told = tell("hold_flight", {}, {"locator": "XTDWAC", "status": "ticketed", "held": True})
    assert told
    assert "ticketed already, as XTDWAC" in told
    assert "unpaid" not in told


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("Meera Nair paid 20,000 in cash on Friday", "2026-11-20"),
        ("Meera Nair paid 20,000 on monday", "2026-11-23"),
    ],
)
def test_a_weekday_of_a_payment_is_the_last_one(said: str, day: str) -> None:
    wish = wished(said, PLAIN)
    assert isinstance(wish, Wish)
    assert wish.known["paid_on"] == day


def test_two_things_are_set_right_at_once() -> None:
    move = understand("make it 12,700 and due 15 December", replace(PLAIN, waiting=BILLED.waiting))
    assert isinstance(move, Call), move
    assert (
        move.arguments["line_items"][0]["unit_price"],
        move.arguments["due_date"],
        move.replaces,
    ) == ("12700", "2026-12-15", "a-1")


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (
            "write off invoice of Zachariah Kurian, 2,850, bad debt",
            {"customer_name": "Zachariah Kurian", "amount": "2850", "reason": "Bad debt"},
        ),
        (
            "write off 2,850 of Zachariah Kurian's invoice as a bad debt",
            {"customer_name": "Zachariah Kurian", "amount": "2850", "reason": "A bad debt"},
        ),
    ],
)
def test_a_part_and_its_reason_in_either_order(said: str, known: dict[str, Any]) -> None:
    wish = wished(said, PLAIN)
    assert isinstance(wish, Wish), wish
    assert {name: wish.known.get(name) for name in known} == known


def test_a_bill_of_a_kind_is_a_bill() -> None:
    wish = wished(
        "We got the November rent bill from Skyline Properties, 45,000, due 10 Dec", PLAIN
    )
    assert isinstance(wish, Wish), wish
    assert (wish.tool, wish.known["vendor_name"], wish.known["amount"], wish.known["due_date"]) == (
        "receive_bill",
        "Skyline Properties",
        "45000",
        "2026-12-10",
    )


def test_a_doctor_is_no_debit() -> None:
    wish = wished("Dr. Elizabeth Cherian paid everything she owes in cash", PLAIN)
    assert isinstance(wish, Wish), wish
    assert (wish.tool, wish.known["full"], wish.known["account"]) == (
        "record_receipt",
        True,
        "cash",
    )


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (
            (
                "Enquiry from Rohit Sharma, +91 98470 12345, hotel in Kochi 10 to 13 January for 2"
                " adults"
            ),
            "Rohit Sharma",
        ),
        (
            "Enquiry: Mrs. Sunitha Pillai, sunitha@example.com, wants a visa for UAE for 3",
            "Mrs. Sunitha Pillai",
        ),
    ],
)
def test_an_enquiry_with_its_address_is_logged(said: str, name: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["customer_name"]) == ("create_enquiry", name)


@pytest.mark.parametrize(
    "said",
    [
        "Write off 500 of invoice 2026-27/000055 and 200 of invoice 2026-27/000045, both rounding",
        "Post a journal entry, debit rent 45,000 and credit bank 44,000 and credit cash 1,000",
    ],
)
def test_two_in_a_sentence_are_not_taken_for_one(said: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Say), move


def test_so_many_of_each() -> None:
    move = understand(
        "Invoice Deepa Krishnan 18,900 for each of the 4 tickets plus 1,500 service fee", PLAIN
    )
    assert isinstance(move, Call), move
    assert [(line["quantity"], line["unit_price"]) for line in move.arguments["line_items"]] == [
        (4, "18900"),
        (1, "1500"),
    ]


def test_what_did_not_happen_is_not_recorded(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Zachariah Kurian paid")
    told = text(talk.say(alice, session_id, "he did not pay 400, the cheque bounced"))
    assert talk.pending(alice, session_id) == [], told
    assert "what did not happen" in told


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        (
            "Draft an invoice for Gulf Crest Contracting for two tickets AED 1,200 each",
            [(2, "1200")],
        ),
        (
            "invoice Deepa Krishnan for 2 airport transfers at 900 and 5 visas at 3,500",
            [(2, "900"), (5, "3500")],
        ),
        ("invoice Deepa Krishnan for 3 nights hotel at 4,500", [(3, "4500")]),
        ("invoice Deepa Krishnan 45,000 for 2 tickets", [(1, "45000")]),
    ],
)
def test_how_many_a_price_is_for(said: str, lines: list[tuple[int, str]]) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert [
        (line["quantity"], line["unit_price"]) for line in move.arguments["line_items"]
    ] == lines


def test_rooms_and_nights_at_one_price_are_asked_about() -> None:
    move = understand("invoice Deepa Krishnan for 2 rooms for 3 nights at 4,500 a night", PLAIN)
    assert isinstance(move, Say), move
    assert "can be reckoned in two ways" in move.text


def test_so_many_of_a_bill_are_multiplied() -> None:
    wish = wished("bill from Spice Coast Cars, SPI-99, 2 days at 3,500 for car hire", PLAIN)
    assert isinstance(wish, Wish)
    assert (wish.known["amount"], wish.known["vendor_reference"]) == ("7000", "SPI-99")


def test_a_bound_in_another_currency_is_not_held_against_the_offers() -> None:
    rate = {
        "rate_key": "k",
        "hotel": "Quay",
        "stars": 2,
        "room": "Standard",
        "price": {"amount": "12009.76", "currency": "INR"},
        "is_refundable": False,
    }
    want = {"most": {"amount": "400", "currency": "AED"}}
    told = tell(
        "search_hotels",
        {},
        {"count": 1, "results": [{**rate, "board_basis": "room_only"}], "want": want},
    )
    assert told
    assert "I cannot hold them against AED 400.00" in told
    assert "None of these" not in told


def test_a_new_entry_that_begins_with_the_credit_is_no_answer() -> None:
    asked = understand("Journal entry: debit salaries, credit bank", PLAIN)
    assert isinstance(asked, Ask), asked
    wish = wished(
        "credit bank 500 debit bank charges 500 on 20 November, cheque return charges",
        replace(PLAIN, question=asked),
    )
    assert isinstance(wish, Wish), wish
    assert (wish.known["debit"], wish.known["credit"], wish.known["amount"]) == (
        "bank charges",
        "bank",
        "500",
    )


PAYING_BSP = Ask(
    "How much was paid?",
    tool="pay_bill",
    known={"vendor_name": "BSP India", "vendor_reference": "BSP-0045", "paid_on": "2026-11-24"},
    missing="amount",
)


def test_another_payment_is_no_amount_of_the_one_that_is_asked_about() -> None:
    wish = wished(
        "Spice Coast Cars was paid 12,000 in cash for SPI-0022", replace(PLAIN, question=PAYING_BSP)
    )
    assert isinstance(wish, Wish), wish
    assert (wish.known["vendor_name"], wish.known["vendor_reference"], wish.known["amount"]) == (
        "Spice Coast Cars",
        "SPI-0022",
        "12000",
    )
    move = understand("Harbinder Singh Gill 5,000 in cash", replace(PLAIN, question=PAYING_BSP))
    assert not isinstance(move, Call), move


def test_a_document_of_another_party_is_not_settled() -> None:
    wish = wished("Deepa Krishnan paid 46,300 for invoice 2026-27/000053", PLAIN)
    assert isinstance(wish, Wish), wish
    found = {
        "id": "i-1",
        "number": "2026-27/000053",
        "customer_name": "Thomas Chacko",
        "status": "issued",
        "open": {"amount": "46300.00", "currency": "INR"},
    }
    move = after_lookup(
        wish, Call("find_invoices", {}), {"find_invoices": {"invoices": [found], "count": 1}}, PLAIN
    )
    assert isinstance(move, Say), move
    assert "is of Thomas Chacko, not of Deepa Krishnan" in move.text


@pytest.mark.parametrize(
    "told",
    [
        "we paid the deposit on 20 November.",
        "I paid INR 15,000 by bank transfer on 24 November for the trip.",
        "We spoke on 20 November.",
    ],
)
def test_the_day_of_a_payment_is_no_day_of_travel(told: str) -> None:
    mail = (
        f"Dear team, {told} Please quote Kochi to London on 5 March, returning 19 March, 2"
        " adults.\nRegards, Nisha Varma, nisha@example.com"
    )
    move = understand(mail, PLAIN)
    assert isinstance(move, Call), move
    assert (move.arguments["depart_date"], move.arguments["return_date"]) == (
        "2027-03-05",
        "2027-03-19",
    )
