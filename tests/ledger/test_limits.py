"""Approval limits bind manual entries, on pages and API: posting and reversal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.enquiries.reading import Page, submit
from tests.ledger.books import account_id, balances, inr
from tests.ledger.test_chart import status_and_code
from tests.ledger.test_new_entry import send, typed
from tests.people import People, Person
from voyagent.kernel.actor import Grant
from voyagent.ledger.service import direct, entries
from voyagent.ledger.service.errors import EntryUnbalanced
from voyagent.settings.service import tenant_settings as settings


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """The accounting lead, with a limit of 1,000 rupees."""
    alice.does(
        lambda actor: (
            settings.update(
                actor,
                {"approval_limits": {"accounting_lead": {"amount": "1000.00", "currency": "INR"}}},
            ).tenant_id
        )
    )
    return people.colleague(alice, "Leila Ledger", role="accounting_lead")


def entry(person: Person, *amounts: tuple[str, str]) -> dict[str, Any]:
    """Return a manual entry that moves these amounts, each in its currency."""
    sides = (("bank_charges", "debit_amount"), ("bank", "credit_amount"))
    lines = [
        {"account_id": str(account_id(person, purpose)), "currency": currency, side: amount}
        for currency, amount in amounts
        for purpose, side in sides
    ]
    return {"narration": "Bank charges", "entry_date": "2024-06-10", "lines": lines}


@pytest.mark.parametrize(
    ("amounts", "status"),
    [
        ([("INR", "1000.00")], 201),
        ([("INR", "1000.01")], 403),
        ([("INR", "600.00"), ("INR", "400.00")], 201),
        ([("INR", "600.00"), ("INR", "400.01")], 403),
        ([("INR", "1.00"), ("USD", "1.00")], 403),
    ],
)
def test_an_entry_must_be_within_the_limit_of_the_role(
    alice: Person, leila: Person, amounts: list[tuple[str, str]], status: int
) -> None:
    answer = leila.api.post("/journal-entries", json=entry(alice, *amounts))
    assert (answer.status_code, (answer.json or {}).get("detail")) == (
        status,
        None if status == 201 else "amount_above_limit",
    )
    assert bool(balances(alice)) is (status == 201)
    assert alice.api.post("/journal-entries", json=entry(alice, *amounts)).status_code == 201, (
        "an administrator has no limit here"
    )


def test_a_reversal_counts_with_the_amount_of_its_entry(alice: Person, leila: Person) -> None:
    dear, cheap = (
        alice.api.post("/journal-entries", json=entry(alice, ("INR", amount))).json["id"]
        for amount in ("1000.01", "1000.00")
    )
    assert status_and_code(
        leila.api.post(f"/journal-entries/{dear}/reverse", json={"reason": "Twice"})
    ) == (
        403,
        "amount_above_limit",
    )
    assert (
        leila.api.post(f"/journal-entries/{cheap}/reverse", json={"reason": "Twice"}).status_code
        == 201
    )
    undone = alice.api.post(f"/journal-entries/{dear}/reverse", json={"reason": "Twice"}).json["id"]
    assert status_and_code(
        leila.api.post(f"/journal-entries/{undone}/reverse", json={"reason": "No"})
    ) == (
        403,
        "amount_above_limit",
    ), "which would post it anew"


def test_pages_report_an_exceeded_limit_and_keep_the_input(alice: Person, leila: Person) -> None:
    page = Page(send(leila, typed(leila)))
    assert (
        page.status,
        "above your approval limit" in page.error_at("lines"),
        page.field("debit"),
    ) == (422, True, "1,234.50")
    dear = alice.api.post("/journal-entries", json=entry(alice, ("INR", "1000.01"))).json["id"]
    step = Page(
        submit(leila.tab, f"/journal/{dear}/reverse", reason="Twice", entry_date="11 Jun 2024")
    )
    assert (
        step.status,
        "above your approval limit" in step.words(".//*[@role='alert']"),
        step.field("reason"),
    ) == (422, True, "Twice")


def test_an_approved_posting_is_within_the_approvers_limit(leila: Person) -> None:
    lines = [entries.debit("bank_charges", inr(100_001)), entries.credit("bank", inr(100_001))]
    with leila.acting() as actor:
        direct.post_direct(
            actor.granted(Grant("ap-1", "ledger.post")), narration="Bank charges", lines=lines
        )
    with pytest.raises(EntryUnbalanced):
        leila.does(
            direct.post_direct,
            narration="Bank charges",
            lines=[entries.debit("bank_charges", inr(1)), entries.credit("bank", inr(2))],
        )
