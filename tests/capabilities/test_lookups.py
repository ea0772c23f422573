"""Invoices and drafts that a sentence can mean."""

from __future__ import annotations

import pytest

from tests.billing.papers import draft, issued
from tests.people import Person
from voyagent.billing.core.capabilities.payments import open_invoices
from voyagent.billing.invoices.capabilities.issue_invoice import drafts
from voyagent.capabilities.capability import Invocation
from voyagent.kernel.money import Money


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("invoice 2024-25/000002 is paid", [2]),
        ("received against 000001 from Al Noor", [1]),
        ("deepa paid 100", [1, 3]),
        ("some money came in today", [1, 2, 3]),
        ("1 lakh received from Al Noor Trading", [2]),
    ],
)
def test_a_number_takes_precedence_over_a_name(
    alice: Person, charlie: Person, text: str, meant: list[int]
) -> None:
    for name in ("Deepa Krishnan", "Al Noor Trading", "Deepa Krishnan"):
        issued(alice, customer_name=name)
    issued(charlie)
    found = alice.does(lambda actor: open_invoices(Invocation(actor), text))
    assert [choice.number for choice in found] == [f"2024-25/{number:06d}" for number in meant]
    assert {choice.amount for choice in found} == {Money(4_500_000, "INR")}
    assert (
        found[0].label
        == f"{found[0].number}, {'Al Noor Trading' if meant == [2] else 'Deepa Krishnan'}"
    )


@pytest.mark.parametrize(
    ("text", "is_near"),
    [
        ("received 45,000 from Rohan Krishnan", True),
        ("received 45,000 from Harish Bedi", True),
        ("received 45,000 from Krishnan", False),
        ("received 45,000 today", False),
    ],
)
def test_an_invoice_of_another_customer_is_only_offered(
    alice: Person, text: str, *, is_near: bool
) -> None:
    issued(alice, customer_name="Deepa Krishnan")
    found = alice.does(lambda actor: open_invoices(Invocation(actor), text))
    assert [choice.is_near for choice in found] == [is_near]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("issue the invoice for deepa", ["Deepa Krishnan"]),
        ("issue the draft", ["Al Noor Trading", "Deepa Krishnan"]),
    ],
)
def test_a_draft_is_found_by_its_customer(
    alice: Person, charlie: Person, text: str, meant: list[str]
) -> None:
    issued(alice, customer_name="Deepa Krishnan")
    draft(charlie)
    for name in ("Deepa Krishnan", "Al Noor Trading"):
        draft(alice, customer_name=name)
    found = alice.does(lambda actor: drafts(Invocation(actor), text))
    assert [choice.label for choice in found] == [f"draft, {name}, INR 45,000.00" for name in meant]
    assert {choice.amount for choice in found} == {Money(4_500_000, "INR")}
