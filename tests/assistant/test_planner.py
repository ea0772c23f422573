"""The built-in planner, sentence by sentence: what is said, and the tool with its arguments that
follows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from voyagent.assistant.moves import (
    Ask,
    Call,
    Context,
    Conversation,
    Decision,
    DraftInView,
    EnquiryInView,
    Outcome,
    Played,
    Say,
)
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand

TODAY = date(2026, 11, 24)
PLAIN = Context(TODAY)
ABOUT_DEEPA = Context(TODAY, enquiry=EnquiryInView("e-1", "Deepa Krishnan", "Dubai"))
WITH_DRAFT = Context(TODAY, draft=DraftInView("i-1", "Deepa Krishnan"))
DEEPAS = {"enquiry_id": "e-1"}
IN_DUBAI = Context(TODAY, currency="AED")


def line(description: str, price: str, currency: str = "INR", quantity: int = 1) -> dict[str, Any]:
    return {
        "description": description,
        "quantity": quantity,
        "unit_price": price,
        "currency": currency,
    }


def invoice(
    name: str, *lines: dict[str, Any], due: str = "2026-11-24", issue: str = "2026-11-24"
) -> dict[str, Any]:
    return {"customer_name": name, "issue_date": issue, "due_date": due, "line_items": list(lines)}


QUESTIONS = [
    ("show new enquiries to Dubai", "find_enquiries", {"status": "new", "destination": "Dubai"}),
    ("list enquiries", "find_enquiries", {}),
    ("how many enquiries are open", "find_enquiries", {"status": "open"}),
    ("how many new enquiries do we have?", "find_enquiries", {"status": "new"}),
    ("unanswered enquiries", "find_enquiries", {"status": "new"}),
    ("cancelled enquiries", "find_enquiries", {"status": "cancelled"}),
    ("Show me quoted enquiries", "find_enquiries", {"status": "quoted"}),
    (
        "any enquiries for Bali in December?",
        "find_enquiries",
        {"destination": "Bali", "depart_from": "2026-12-01", "depart_to": "2026-12-31"},
    ),
    (
        "enquiries departing next month",
        "find_enquiries",
        {"depart_from": "2026-12-01", "depart_to": "2026-12-31"},
    ),
    (
        "enquiries from Mumbai to London",
        "find_enquiries",
        {"origin": "Mumbai", "destination": "London"},
    ),
    ("enquiries from Deepa Krishnan", "find_enquiries", {"q": "Deepa Krishnan"}),
    (
        "enquiries this week",
        "find_enquiries",
        {"created_from": "2026-11-23", "created_to": "2026-11-24"},
    ),
    (
        "what came in today",
        "find_enquiries",
        {"created_from": "2026-11-24", "created_to": "2026-11-24"},
    ),
    ("who wants to go to dubai", "find_enquiries", {"destination": "Dubai"}),
    ("find Krishnan", "find_enquiries", {"q": "Krishnan"}),
    ("search for deepa@example.com", "find_enquiries", {"q": "deepa@example.com"}),
    ("what does Deepa Krishnan want", "summarise_enquiry", {"customer_name": "Deepa Krishnan"}),
    (
        "what is Joseph Varghese looking for?",
        "summarise_enquiry",
        {"customer_name": "Joseph Varghese"},
    ),
    ("tell me about Krishnan's enquiry", "summarise_enquiry", {"customer_name": "Krishnan"}),
    (
        "summarise the enquiry of deepa krishnan",
        "summarise_enquiry",
        {"customer_name": "Deepa Krishnan"},
    ),
    ("who owes us", "list_receivables", {}),
    ("Who owes us more than 50000?", "list_receivables", {"more_than": "50000", "currency": "INR"}),
    ("who owes us over 1.5 lakh", "list_receivables", {"more_than": "150000", "currency": "INR"}),
    ("who owes us at least AED 5,000", "list_receivables", {"at_least": "5000", "currency": "AED"}),
    ("who has not paid yet", "list_receivables", {}),
    ("what do customers owe us in total", "list_receivables", {}),
    ("outstanding receivables", "list_receivables", {}),
    ("receivables as of 31 March", "list_receivables", {"as_of": "2026-03-31"}),
    ("what is overdue", "list_receivables", {"overdue_only": True}),
    (
        "how much does Deepa Krishnan owe us",
        "list_receivables",
        {"customer_name": "Deepa Krishnan"},
    ),
    (
        "does Al Noor Trading owe us anything?",
        "list_receivables",
        {"customer_name": "Al Noor Trading"},
    ),
    ("balance of trade receivables", "list_ledger_accounts", {}),
    ("bank balance", "list_ledger_accounts", {}),
    ("what's in 1200", "list_ledger_accounts", {}),
    ("how much money do we have in the bank", "list_ledger_accounts", {}),
    ("chart of accounts", "list_ledger_accounts", {}),
    ("trial balance", "trial_balance", {}),
    ("trial balance as of 31 March", "trial_balance", {"as_of": "2026-03-31"}),
    (
        "trial balance as at 30/09/2026 including zeros",
        "trial_balance",
        {"as_of": "2026-09-30", "include_zero": True},
    ),
    ("show the TB with all accounts", "trial_balance", {"include_zero": True}),
    (
        "issue the invoice for Deepa Krishnan",
        "find_invoices",
        {"status": "draft", "customer_name": "Deepa Krishnan"},
    ),
    ("issue the draft", "find_invoices", {"status": "draft"}),
]

INVOICES = [
    (
        "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec",
        invoice("Deepa Krishnan", line("Dubai visa", "45000"), due="2026-12-10"),
    ),
    (
        "invoice deepa krishnan 45000 for dubai visa net 15",
        invoice("Deepa Krishnan", line("Dubai visa", "45000"), due="2026-12-09"),
    ),
    (
        "invoice for Deepa Krishnan, Dubai visa, 45,000",
        invoice("Deepa Krishnan", line("Dubai visa", "45000")),
    ),
    (
        "invoice 45,000 to Deepa Krishnan for Dubai visa",
        invoice("Deepa Krishnan", line("Dubai visa", "45000")),
    ),
    (
        "Create an invoice for Deepa Krishnan: flights 62900, hotel 56,800, due in 7 days",
        invoice(
            "Deepa Krishnan", line("Flights", "62900"), line("Hotel", "56800"), due="2026-12-01"
        ),
    ),
    (
        "invoice Deepa 45,000 for Dubai visa and 12,000 for insurance",
        invoice("Deepa", line("Dubai visa", "45000"), line("Insurance", "12000")),
    ),
    (
        "bill Al Noor Trading AED 12,500 for Frankfurt fair package",
        invoice("Al Noor Trading", line("Frankfurt fair package", "12500", "AED")),
    ),
    (
        "Invoice Ravi & Sons INR 10,000 service fee, 5,000 visa fee",
        invoice("Ravi & Sons", line("Service fee", "10000"), line("Visa fee", "5000")),
    ),
    (
        "raise an invoice for Joseph Varghese for 1.2 lakh for Bali package due on receipt",
        invoice("Joseph Varghese", line("Bali package", "120000")),
    ),
    (
        "Draft invoice for Mrs. Anita Pillai: USD 1,250.50 Maldives resort, due 31/12",
        invoice("Mrs. Anita Pillai", line("Maldives resort", "1250.50", "USD"), due="2026-12-31"),
    ),
    (
        "send an invoice to Harbinder Singh Gill for Istanbul tour ₹2,85,721",
        invoice("Harbinder Singh Gill", line("Istanbul tour", "285721")),
    ),
    ("invoice Deepa 2 x 4,500 visa fee", invoice("Deepa", line("Visa fee", "4500", quantity=2))),
    (
        "invoice Deepa Krishnan: 2 visas at 9,000 each and insurance 1,200 due tomorrow",
        invoice(
            "Deepa Krishnan",
            line("Visas", "9000", quantity=2),
            line("Insurance", "1200"),
            due="2026-11-25",
        ),
    ),
    (
        "issue an invoice for Deepa Krishnan, 45,000, visa",
        invoice("Deepa Krishnan", line("Visa", "45000")),
    ),
    (
        "bill the Krishnan family 3 lakh for Dubai package, payable by end of month",
        invoice("Krishnan family", line("Dubai package", "300000"), due="2026-11-30"),
    ),
    (
        "Invoice Deepa Krishnan 45000 for Dubai trip 19-25 Dec due 10 Dec",
        invoice("Deepa Krishnan", line("Dubai trip 19-25 Dec", "45000"), due="2026-12-10"),
    ),
    (
        "invoice Deepa Krishnan 45000 for visa dated 20 November due 10 Dec",
        invoice("Deepa Krishnan", line("Visa", "45000"), issue="2026-11-20", due="2026-12-10"),
    ),
]


@pytest.mark.parametrize(("message", "tool", "arguments"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
def test_a_question_becomes_a_tool_with_its_arguments(
    message: str, tool: str, arguments: dict[str, Any]
) -> None:
    move = understand(message, PLAIN)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)


@pytest.mark.parametrize(("message", "arguments"), INVOICES, ids=[i[0] for i in INVOICES])
def test_an_invoice_in_plain_english_becomes_a_proposal(
    message: str, arguments: dict[str, Any]
) -> None:
    move = understand(message, PLAIN)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == ("draft_invoice", arguments)
    assert arguments["customer_name"] in move.words


@pytest.mark.parametrize(
    ("message", "context", "tool", "arguments"),
    [
        ("summarise this enquiry", ABOUT_DEEPA, "summarise_enquiry", {"enquiry_id": "e-1"}),
        ("what is this about?", ABOUT_DEEPA, "summarise_enquiry", {"enquiry_id": "e-1"}),
        ("what does she want", ABOUT_DEEPA, "summarise_enquiry", {"enquiry_id": "e-1"}),
        (
            "how much does she owe",
            ABOUT_DEEPA,
            "list_receivables",
            {"customer_name": "Deepa Krishnan"},
        ),
        (
            "make the invoice, 45000 for visa",
            ABOUT_DEEPA,
            "draft_invoice",
            DEEPAS | invoice("Deepa Krishnan", line("Visa", "45000")),
        ),
        (
            "invoice her 45000 for Dubai visa",
            ABOUT_DEEPA,
            "draft_invoice",
            DEEPAS | invoice("Deepa Krishnan", line("Dubai visa", "45000")),
        ),
        (
            "invoice Deepa 45000 for Dubai visa",
            ABOUT_DEEPA,
            "draft_invoice",
            DEEPAS | invoice("Deepa Krishnan", line("Dubai visa", "45000")),
        ),
        (
            "make the invoice for Dubai visa 45000",
            ABOUT_DEEPA,
            "draft_invoice",
            DEEPAS | invoice("Deepa Krishnan", line("Dubai visa", "45000")),
        ),
        (
            "invoice Joseph 9,000 for Goa",
            ABOUT_DEEPA,
            "draft_invoice",
            invoice("Joseph", line("Goa", "9000")),
        ),
        ("issue the draft", WITH_DRAFT, "issue_invoice", {"invoice_id": "i-1"}),
        ("yes, issue it", WITH_DRAFT, "issue_invoice", {"invoice_id": "i-1"}),
        (
            "issue the invoice for Joseph",
            WITH_DRAFT,
            "find_invoices",
            {"status": "draft", "customer_name": "Joseph"},
        ),
        (
            "issue the draft",
            ABOUT_DEEPA,
            "find_invoices",
            {"status": "draft", "customer_name": "Deepa Krishnan"},
        ),
        (
            "invoice Deepa 500 for visa",
            IN_DUBAI,
            "draft_invoice",
            invoice("Deepa", line("Visa", "500", "AED")),
        ),
        (
            "who owes us more than 500",
            IN_DUBAI,
            "list_receivables",
            {"more_than": "500", "currency": "AED"},
        ),
    ],
)
def test_the_conversation_says_what_the_words_leave_out(
    message: str, context: Context, tool: str, arguments: dict[str, Any]
) -> None:
    move = understand(message, context)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ("invoice", "customer_name"),
        ("invoice 45000 for visa", "customer_name"),
        ("invoice Deepa Krishnan", "amount"),
        ("invoice Deepa Krishnan for Dubai visa", "amount"),
        ("invoice Deepa Krishnan 45000", "description"),
        ("invoice Deepa Krishnan 45000 for visa due next month", "due_date"),
        ("ok make the invoice as quoted", "customer_name"),
    ],
)
def test_what_an_invoice_lacks_is_asked_for(message: str, missing: str) -> None:
    move = understand(message, PLAIN)
    assert isinstance(move, Ask), move
    assert (move.tool, move.missing) == ("draft_invoice", missing)


def test_answers_complete_an_invoice_one_after_another() -> None:
    first = understand("invoice Deepa Krishnan", PLAIN)
    assert isinstance(first, Ask)
    second = understand("45000", Context(TODAY, question=first))
    assert isinstance(second, Ask)
    assert second.missing == "description"
    third = understand("Dubai visa", Context(TODAY, question=second))
    assert isinstance(third, Call)
    assert third.arguments == invoice("Deepa Krishnan", line("Dubai visa", "45000"))


def test_a_price_completes_a_line_that_was_described() -> None:
    question = understand("invoice Deepa Krishnan for Dubai visa", PLAIN)
    assert isinstance(question, Ask)
    answered = understand("AED 1,500", Context(TODAY, question=question))
    assert isinstance(answered, Call)
    assert answered.arguments == invoice("Deepa Krishnan", line("Dubai visa", "1500", "AED"))


def test_a_due_day_is_answered_and_never_made_up() -> None:
    question = understand("invoice Deepa 45000 for visa due next month", PLAIN)
    assert isinstance(question, Ask)
    still_open = understand("some time in January", Context(TODAY, question=question))
    assert isinstance(still_open, Ask)
    assert still_open.missing == "due_date"
    answered = understand("10 Jan", Context(TODAY, question=question))
    assert isinstance(answered, Call)
    assert answered.arguments["due_date"] == "2027-01-10"


def test_another_wish_leaves_the_question_behind() -> None:
    question = understand("invoice Deepa Krishnan", PLAIN)
    assert isinstance(question, Ask)
    assert understand("who owes us", Context(TODAY, question=question)) == Call(
        "list_receivables", {}
    )
    dropped = understand("never mind", Context(TODAY, question=question))
    assert isinstance(dropped, Say)


@pytest.mark.parametrize(
    "message",
    ["invoice Deepa -500 for refund", "invoice Deepa 0 for visa", "invoice Deepa 40-45k for visa"],
)
def test_an_amount_that_is_none_is_refused_with_its_words(message: str) -> None:
    move = understand(message, PLAIN)
    assert isinstance(move, Say), move
    assert "“" in move.text


@pytest.mark.parametrize(
    "message",
    [
        "book me a flight to Dubai",
        "delete all invoices",
        "what is the weather in Dubai",
        "issue ticket for Deepa",
        "asdf qwer",
    ],
)
def test_what_it_cannot_do_it_says_with_three_examples(message: str) -> None:
    move = understand(message, PLAIN)
    assert isinstance(move, Say), move
    assert move.text.count("•") == 3
    assert "cannot" in move.text


@pytest.mark.parametrize("message", ["yes", "grant it", "approve the invoice", "Yes, go ahead"])
def test_words_grant_nothing(message: str) -> None:
    move = understand(message, WITH_DRAFT)
    assert isinstance(move, Say), move
    assert "can’t approve" in move.text


@pytest.mark.parametrize(
    "message",
    [
        "issue invoice 2026-27/000001",
        "invoice Deepa 45,000 for Dubai visa and also invoice Ravi 5000 for Goa",
        "invoice Deepa " + "visa 100, " * 200,
    ],
)
def test_what_would_be_half_understood_is_not_done(message: str) -> None:
    assert isinstance(understand(message, PLAIN), Say)


def test_the_examples_it_gives_are_understood() -> None:
    for move in (understand("asdf qwer", PLAIN), understand("help", PLAIN)):
        assert isinstance(move, Say)
        examples = [
            part.strip()
            for row in move.text.splitlines()
            if row.startswith("•")
            for part in row.lstrip("• ").split("·")
            if "paste" not in part
        ]
        assert len(examples) >= 3
        for example in examples:
            assert isinstance(understand(example, PLAIN), Call), example


def test_an_account_is_found_by_code_by_name_and_by_what_comes_close() -> None:
    accounts = [
        {"id": "a-1", "code": "1010", "name": "Bank", "type": "asset"},
        {"id": "a-2", "code": "1200", "name": "Trade receivables", "type": "asset"},
        {"id": "a-3", "code": "1210", "name": "Tax receivable", "type": "asset"},
    ]
    for message, arguments in (
        ("bank balance as of 31 March", {"account_id": "a-1", "as_of": "2026-03-31"}),
        ("balance of account 1200", {"account_id": "a-2"}),
        ("what is the balance of trade receivable", {"account_id": "a-2"}),
    ):
        assert second_move(
            message, "list_ledger_accounts", {"count": 3, "accounts": accounts}
        ) == Call("read_account_balance", arguments), message
    unknown = second_move(
        "balance of unicorns", "list_ledger_accounts", {"count": 3, "accounts": accounts}
    )
    assert isinstance(unknown, Say)
    assert "unicorns" in unknown.text


def test_of_several_drafts_none_is_chosen() -> None:
    drafts = [
        {"id": f"i-{name}", "customer_name": name, "total": {"amount": "100.00", "currency": "INR"}}
        for name in ("Deepa", "Joseph")
    ]
    assert isinstance(second_move("issue the draft", "find_invoices", {"invoices": drafts}), Say)
    only = second_move("issue the draft", "find_invoices", {"invoices": drafts[:1]})
    assert isinstance(only, Call)
    assert (only.tool, only.arguments) == ("issue_invoice", {"invoice_id": "i-Deepa"})
    assert isinstance(second_move("issue the draft", "find_invoices", {"invoices": []}), Say)


def second_move(message: str, tool: str, output: dict[str, Any]) -> Any:
    first = understand(message, PLAIN)
    assert isinstance(first, Call)
    assert first.tool == tool
    return BuiltInPlanner().next_move(
        Conversation(message, PLAIN, (Played(first, Outcome(output)),))
    )


def test_a_granted_draft_is_proposed_for_issue_at_once() -> None:
    output = {
        "invoice_id": "i-1",
        "customer_name": "Deepa Krishnan",
        "total_amount": "45000.00",
        "currency": "INR",
    }
    decision = Decision(
        "ap-1", "draft_invoice", granted=True, arguments={}, outcome=Outcome(output)
    )
    move = BuiltInPlanner().next_move(Conversation("", PLAIN, decision=decision))
    assert isinstance(move, Call)
    assert (move.tool, move.arguments) == ("issue_invoice", {"invoice_id": "i-1"})
    assert "INR 45,000.00" in move.words


def test_a_rejection_is_told_with_its_reason_and_a_failure_with_its_own() -> None:
    rejected = Decision(
        "ap-1",
        "draft_invoice",
        granted=False,
        arguments={},
        outcome=Outcome(),
        reason="wrong customer",
    )
    told = BuiltInPlanner().next_move(Conversation("", PLAIN, decision=rejected))
    assert isinstance(told, Say)
    assert "wrong customer" in told.text
    assert told.text.endswith("Say it again with what is to be different, and I ask for it anew.")
    failed = Decision(
        "ap-1",
        "issue_invoice",
        granted=True,
        arguments={},
        outcome=Outcome(error="invoice_not_draft", message="It is issued already."),
    )
    told = BuiltInPlanner().next_move(Conversation("", PLAIN, decision=failed))
    assert isinstance(told, Say)
    assert "It is issued already." in told.text


@pytest.mark.parametrize(
    "said",
    [
        "why was it rejected?",
        "but why did they refuse that",
        "who declined it",
        "what was the reason",
    ],
)
def test_whoever_asks_why_a_request_was_rejected_is_told_by_whom_and_why(said: str) -> None:
    rejected = {
        "summary": "Draft an invoice for Deepa Krishnan",
        "by": "Meera Nair",
        "reason": "wrong customer",
    }
    told = understand(said, replace(PLAIN, rejected=rejected))
    assert told == Say(
        "Meera Nair declined “Draft an invoice for Deepa Krishnan”. Reason: wrong customer"
    )
    silent = understand(said, replace(PLAIN, rejected=rejected | {"reason": ""}))
    assert silent == Say(
        "Meera Nair declined “Draft an invoice for Deepa Krishnan” without a reason."
    )
    assert understand(said, PLAIN) == Say("Nothing in this conversation was declined.")
