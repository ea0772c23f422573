"""Requests that no capability handles are recognized and refused clearly."""

from __future__ import annotations

from datetime import date

import pytest

from voyagent import catalogue
from voyagent.capabilities.capability import Choice
from voyagent.capabilities.dialogue import Draft, Engine
from voyagent.capabilities.requests import is_refund
from voyagent.capabilities.slots import Context

CONTEXT = Context(date(2026, 11, 30))
ENGINE = Engine(catalogue.CAPABILITIES, CONTEXT)


@pytest.mark.parametrize(
    "text",
    [
        "refund 5000 to Deepa",
        "please refund Ravi 2,000 by neft",
        "give Deepa back 5000",
        "return 3000 to Anil",
        "refunded 4000 to Meena yesterday",
        "record a refund of 1200 for Neha",
        "refund Deepa for 000042",
        "send the advance back to Joseph",
        "reverse the payment of Ravi",
        "Deepa ko 5000 wapas kar do",
        "Ravi ke paise lauta do",
        "500 refund Ravi ko de do",
        "रवि को 5000 वापस कर दो",
    ],
)
def test_a_refund_is_refused(text: str) -> None:
    assert ENGINE.reply(text, CONTEXT).kind == "refund"


@pytest.mark.parametrize(
    "text",
    [
        "Ravi wants a refund, cancel booking QX7RTA",
        "what is the refund policy",
        "is this fare refundable, 20000 paid",
        "Kochi Dubai return 25,000 budget",
        "return flight to Doha 20 Dec, 60k",
        "12 ko wapas aana hai, budget 50,000",
        "coming back on 12 Dec, budget 60k",
        "kamra wapas kar do",
        "give back the hold",
        "got a refund of 8000 from Akbar",
        "Akbar refunded us 8000 yesterday",
        "refund of 3000 received from the hotel",
        "hotel ne 3000 wapas kar diye",
        "airline ka refund aa gaya 61200",
        "होटल ने 12000 वापस कर दिए",
        "cancel invoice 000042 and refund the rest",
        "we paid Akbar 20,000 by neft",
    ],
)
def test_other_messages_are_not_taken_for_refunds(text: str) -> None:
    assert not is_refund(text)


def test_a_refund_keeps_the_open_card() -> None:
    draft = Draft("record_receipt", {"amount": "500"}, {}, {"invoice_id": (Choice("i1", "1"),)})
    reply = ENGINE.reply("refund 500 to Deepa", CONTEXT, draft)
    assert (reply.kind, reply.open_draft) == ("refund", draft)


@pytest.mark.parametrize("name", ["Zachariah", "Ravi Menon", "Kavita ji", "Meena"])
@pytest.mark.parametrize("tail", ["50000 diye", "12 hazaar de diye", "aaj 5000 diya", "8000 bheje"])
def test_hindi_grammar_distinguishes_a_receipt_from_a_payment(name: str, tail: str) -> None:
    offered = [
        ENGINE.decide(f"{name} {word} {tail}".replace("  ", " "), CONTEXT).offered[0].name
        for word in ("", "ne", "ko")
    ]
    assert offered == ["record_receipt", "record_receipt", "pay_bill"]


@pytest.mark.parametrize(
    ("text", "name", "other"),
    [
        ("invoice Deepa 20000 for the cab and record 5000 received from Ravi", "draft_invoice",
         "record 5000 received from Ravi"),
        ("record a payment of 9000 from Anil by upi, then show the trial balance",
         "record_receipt", "show the trial balance"),
        ("search flights Kochi to Doha 20 Dec 2 adults; also find hotels in Doha 20-22 Dec",
         "search_flights", "find hotels in Doha 20-22 Dec"),
        ("draft an invoice for Neha, 4000 for visa. Please cancel hotel booking QX7RTA",
         "draft_invoice", "cancel hotel booking QX7RTA"),
        ("record 3000 received from Meena and record 4000 received from Joseph",
         "record_receipt", "record 4000 received from Joseph"),
    ],
)  # fmt: skip
def test_of_two_requests_the_first_is_taken_and_the_second_is_named(
    text: str, name: str, other: str
) -> None:
    draft = ENGINE.reply(text, CONTEXT).draft
    assert draft
    assert (draft.name, [one.words for one in draft.unread]) == (name, [other])


def test_a_chosen_action_takes_the_request_that_it_fits() -> None:
    text = "invoice Deepa 20000 for the cab and record 5000 received from Ravi"
    draft = ENGINE.start("record_receipt", text, CONTEXT).draft
    assert draft
    assert draft.values["amount"] == "5000"
    assert [one.words for one in draft.unread] == ["invoice Deepa 20000 for the cab"]


@pytest.mark.parametrize(
    "text",
    [
        "draft an invoice for Shah and Sons, 4000 for visa and 500 service fee",
        "invoice Deepa 20000 for hotel and ticket booking",
        "show invoices and bills of Ravi",
        "new enquiry Ravi, Bali, 4 people, and find hotels with a pool for him",
        "add Anitha and Ravi Menon to the trip",
        "search flights from Kochi to Doha and back for 2 adults",
        "book the first hotel for Deepa and Ravi",
    ],
)
def test_one_request_is_not_split(text: str) -> None:
    reply = ENGINE.reply(text, CONTEXT)
    assert not reply.draft or [one for one in reply.draft.unread if one.kind == "request"] == []
