"""A possessive is no part of a name that is looked for: `Anil Das’s balance` is that of Anil Das.

A name that goes into the books stays as it was said.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import ACCOUNTS, PLAIN, invoice
from tests.billing.papers import issued
from tests.people import Person
from voyagent.assistant.moves import Call, Conversation, Outcome, Played, Say
from voyagent.assistant.planner.about import about_whom
from voyagent.assistant.planner.builtin import BuiltInPlanner, understand
from voyagent.kernel.text.people import without_possessive

BALANCES = [
    ("what is Harbinder Singh Gill's balance", "Harbinder Singh Gill"),
    ("what's Deepa Krishnan’s balance", "Deepa Krishnan"),
    ("Deepa Krishnan's account balance", "Deepa Krishnan"),
    ("balance of Anil Das's account", "Anil Das"),
    ("Anil Das' balance?", "Anil Das"),
    ("what is Anil Das’ balance", "Anil Das"),
]
WHOSE: list[tuple[str, str, dict[str, Any]]] = [
    ("what is Anil Das' outstanding", "list_receivables", {"customer_name": "Anil Das"}),
    ("what are Deepa Krishnan’s dues", "list_receivables", {"customer_name": "Deepa Krishnan"}),
    ("outstanding of Anil Das's", "list_receivables", {"customer_name": "Anil Das"}),
    ("what do we owe to Emirates'", "list_payables", {"vendor_name": "Emirates"}),
    ("show Anil Das' invoices", "find_invoices", {"customer_name": "Anil Das"}),
    (
        "Deepa Krishnan's overdue invoices",
        "find_invoices",
        {"status": "overdue", "customer_name": "Deepa Krishnan"},
    ),
    (
        "show last week's invoices",
        "find_invoices",
        {"issued_from": "2026-11-16", "issued_to": "2026-11-22"},
    ),
    ("list Emirates' bills", "find_bills", {"vendor_name": "Emirates"}),
    ("bills of BSP India's", "find_bills", {"vendor_name": "BSP India"}),
    ("issue Anil Das' draft", "find_invoices", {"status": "draft", "customer_name": "Anil Das"}),
    (
        "write off Anil Das' balance because of the dispute",
        "find_invoices",
        {"status": "open", "customer_name": "Anil Das"},
    ),
    (
        "record Anil Das’ payment of 20,000",
        "find_invoices",
        {"status": "open", "customer_name": "Anil Das"},
    ),
    ("Priya Menon's enquiry", "summarise_enquiry", {"customer_name": "Priya Menon"}),
    ("show priya menon’s enquiry", "summarise_enquiry", {"customer_name": "Priya Menon"}),
    ("summarise Anil Das' enquiry", "summarise_enquiry", {"customer_name": "Anil Das"}),
    ("mark Anil Das' enquiry as quoted", "summarise_enquiry", {"customer_name": "Anil Das"}),
    ("enquiries of Priya Menon's", "find_enquiries", {"q": "Priya Menon"}),
    (
        "show last week's enquiries",
        "find_enquiries",
        {"created_from": "2026-11-16", "created_to": "2026-11-22"},
    ),
    ("show Priya Menon's", "find_enquiries", {"q": "Priya Menon"}),
]


@pytest.mark.parametrize(("said", "name"), BALANCES, ids=[row[0] for row in BALANCES])
def test_a_balance_is_looked_for_under_the_name_alone(said: str, name: str) -> None:
    assert about_whom(said, PLAIN) == [(name, "customer"), (name, "supplier")]
    first = understand(said, PLAIN)
    then = BuiltInPlanner().next_move(
        Conversation(said, PLAIN, (Played(first, Outcome(ACCOUNTS)),))
    )
    assert then == Call("list_receivables", {"customer_name": name})


@pytest.mark.parametrize(("said", "tool", "arguments"), WHOSE, ids=[row[0] for row in WHOSE])
def test_so_is_everything_else_that_is_somebodys(
    said: str, tool: str, arguments: dict[str, Any]
) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments) == (tool, arguments)


@pytest.mark.parametrize(
    "said",
    ["Deepa Krishnan's statement", "show me Anil Das' ledger", "statement of Anil Das's account"],
)
def test_somebodys_statement_stands_on_its_page(said: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Say), move
    assert "/reports/party-statement" in move.text


def test_a_name_that_goes_into_the_books_keeps_what_belongs_to_it() -> None:
    move = understand("invoice McDonald's 5,000 for visa", PLAIN)
    assert isinstance(move, Call), move
    assert move.arguments["customer_name"] == invoice("McDonald's")["customer_name"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Das’s", "Das"),
        ("Das'", "Das"),
        ("Das’", "Das"),
        ("Gill's?", "Gill"),
        ("D'Souza", "D'Souza"),
        ("O’Brien", "O’Brien"),
        ("Das", "Das"),
    ],
)
def test_only_the_end_of_a_name_is_a_possessive(said: str, name: str) -> None:
    assert without_possessive(said) == name


def test_what_somebody_owes_is_found_by_the_possessive(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Anil Das")
    told = text(talk.say(alice, talk.begin(alice), "what is Anil Das's balance"))
    assert "Anil Das, INR" in told
    assert "nothing" not in told
