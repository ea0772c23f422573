"""What a question narrows to is honoured, or the answer says what it leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import PLAIN
from tests.billing.papers import issued, line, receive
from tests.people import Person
from voyagent.assistant.moves import Call, Say
from voyagent.assistant.planner import completion
from voyagent.assistant.planner.builtin import understand
from voyagent.assistant.tools import registry


@pytest.mark.parametrize(
    ("said", "tool", "arguments"),
    [
        ("overdue more than 60 days", "list_receivables", {"overdue_days": 61}),
        ("who owes us for more than 60 days", "list_receivables", {"overdue_days": 61}),
        ("30 days overdue", "list_receivables", {"overdue_days": 30}),
        ("ageing over 60 days", "list_receivables", {"overdue_days": 61}),
        ("90+ days overdue", "list_receivables", {"overdue_days": 90}),
        (
            "who owes us more than 50,000 and is overdue",
            "list_receivables",
            {"more_than": "50000", "currency": "INR", "overdue_only": True},
        ),
        ("whom do we owe, overdue more than 30 days", "list_payables", {"overdue_days": 31}),
        ("who owes us in AED", "list_receivables", {"currency": "AED"}),
        ("what are we owed in dollars?", "list_receivables", {"currency": "USD"}),
        (
            "how much does Al Noor Trading owe us in rupees",
            "list_receivables",
            {"currency": "INR", "customer_name": "Al Noor Trading"},
        ),
        (
            "who owes us more than 5,000 in AED",
            "list_receivables",
            {"more_than": "5000", "currency": "AED"},
        ),
        (
            "who owes us in AED as of 31 March",
            "list_receivables",
            {"as_of": "2026-03-31", "currency": "AED"},
        ),
        ("AED receivables", "list_receivables", {"currency": "AED"}),
        ("payables in USD", "list_payables", {"currency": "USD"}),
        ("what do we owe in AED", "list_payables", {"currency": "AED"}),
        (
            "what do we owe Emirates in AED",
            "list_payables",
            {"currency": "AED", "vendor_name": "Emirates"},
        ),
        ("trial balance as of last month end", "trial_balance", {"as_of": "2026-10-31"}),
        ("trial balance at the end of last month", "trial_balance", {"as_of": "2026-10-31"}),
        ("trial balance as of month end", "trial_balance", {"as_of": "2026-11-30"}),
        (
            "what did we invoice in October",
            "find_invoices",
            {"issued_from": "2026-10-01", "issued_to": "2026-10-31"},
        ),
        (
            "show the invoices of this month",
            "find_invoices",
            {"issued_from": "2026-11-01", "issued_to": "2026-11-30"},
        ),
        (
            "paid invoices last week",
            "find_invoices",
            {"status": "paid", "issued_from": "2026-11-16", "issued_to": "2026-11-22"},
        ),
        ("which enquiries have not been answered", "find_enquiries", {"status": "new"}),
        ("which enquiries haven't been answered yet", "find_enquiries", {"status": "new"}),
    ],
)
def test_the_tool_gets_what_was_said(said: str, tool: str, arguments: dict[str, Any]) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments, move.words) == (tool, arguments, "")
    registry.get(tool).read(move.arguments)


@pytest.mark.parametrize(
    ("said", "tool", "words"),
    [
        ("enquiries to Dubai with budget over 1 lakh", "find_enquiries", "budget"),
        ("show enquiries for 2 pax", "find_enquiries", "how many travel"),
        ("show invoices over 50,000", "find_invoices", "amount"),
        ("trial balance as of the last quarter", "trial_balance", "“the last quarter”"),
    ],
)
def test_what_no_tool_narrows_by_is_said(said: str, tool: str, words: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert move.tool == tool
    assert words in move.words


def test_an_account_that_is_not_there_is_answered_with_the_nearest() -> None:
    accounts = [
        {"id": code, "code": code, "name": name}
        for code, name in (("5100", "Rent and utilities"), ("5200", "Salaries"), ("1010", "Bank"))
    ]
    nearest = completion.which_account(
        "office rent", [], completion.accounts_near("office rent", accounts)
    )
    assert (
        nearest.text
        == "No account is called “office rent”. The nearest: 5100 Rent and utilities. “chart of"
        " accounts” shows all."
    )
    assert completion.accounts_near("elephants", accounts) == []
    assert (
        "No account is called “elephants”. Say “chart of accounts”"
        in completion.which_account("elephants", [], []).text
    )


def test_taxes_are_not_told_as_what_suppliers_are_owed() -> None:
    move = understand("how much TDS do we owe", PLAIN)
    assert isinstance(move, Say), move
    assert "TDS" in move.text


def test_only_what_is_owed_in_the_currency_is_listed(alice: Person, talk: Talk) -> None:
    issued(alice, line("22500.00"), customer_name="Deepa Krishnan")
    issued(alice, line("1500.00", currency="AED"), customer_name="Al Noor Trading")
    receive(alice, line("900.00", currency="AED"), vendor_name="Emirates Holidays")
    session_id = talk.begin(alice)
    owed = text(talk.say(alice, session_id, "who owes us in AED"))
    assert "Al Noor Trading, AED" in owed
    assert "Deepa" not in owed
    assert "INR" not in owed
    assert "Emirates Holidays, AED" in text(talk.say(alice, session_id, "what do we owe in AED"))
    for words in (
        "payables in USD",
        "who owes us in USD",
        "how much does Deepa Krishnan owe us in USD",
    ):
        assert text(talk.say(alice, session_id, words)).endswith(
            "I looked at what is owed in USD alone."
        ), words
