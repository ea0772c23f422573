"""Approval limits of roles, alone and with the four-eyes rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.approvals.conftest import Desk
from tests.billing.papers import DUE, draft, issue, issued, line, receive, seen
from tests.enquiries.reading import Page, submit
from tests.ledger.books import account_id
from tests.people import Person
from voyagent.approvals import queries
from voyagent.approvals.queries import mark_of
from voyagent.approvals.service import deciding, limits, proposing
from voyagent.settings.service import tenant_settings as settings


@pytest.fixture
def limited(alice: Person) -> None:
    """Let leads approve up to a thousand rupees."""
    alice.does(
        lambda actor: (
            settings.update(
                actor,
                {"approval_limits": {"accounting_lead": {"amount": "1000.00", "currency": "INR"}}},
            ).tenant_id
        )
    )


def worth(desk: Desk, person: Person, amount: str, currency: str = "INR") -> str:
    session_id = desk.conversation(person)
    arguments = {
        "session_id": str(session_id),
        "text": "hello",
        "amount": amount,
        "currency": currency,
    }
    return desk.propose(person, "probe_invoice", session_id=session_id, arguments=arguments)


def grant(person: Person, approval_id: str) -> tuple[int, Any]:
    answer = person.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    return answer.status_code, answer.json["detail"] if answer.status_code != 200 else None  # type: ignore[index]


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("amount", "currency", "status"),
    [
        ("999.99", "INR", 200),
        ("1000.00", "INR", 200),
        ("1000.01", "INR", 403),
        ("1.00", "AED", 403),
        ("0.00", "INR", 200),
    ],
)
def test_a_role_approves_up_to_its_limit_in_the_currency_of_the_limit(
    desk: Desk, bob: Person, leila: Person, amount: str, currency: str, status: int
) -> None:
    approval_id = worth(desk, bob, amount, currency)
    assert grant(leila, approval_id) == (status, None if status == 200 else "amount_above_limit")
    assert desk.row(approval_id)["status"] == ("granted" if status == 200 else "pending")


@pytest.mark.usefixtures("limited")
def test_declining_has_no_limit_and_an_administrator_has_none_by_default(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    first, second = worth(desk, bob, "5000.00"), worth(desk, bob, "5000.00")
    leila.does(lambda actor: deciding.resolve(actor, first, granted=False).id)
    assert grant(alice, second) == (200, None)
    alice.does(
        lambda actor: (
            settings.update(
                actor, {"approval_limits": {"agency_admin": {"amount": "10.00", "currency": "INR"}}}
            ).tenant_id
        )
    )
    assert grant(alice, worth(desk, bob, "11.00")) == (403, "amount_above_limit")


@pytest.mark.usefixtures("limited")
def test_the_status_is_checked_first_and_an_edit_below_the_limit_can_be_approved(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    approval_id = worth(desk, bob, "5000.00")
    arguments = desk.row(approval_id)["payload"] | {"amount": "500.00"}
    mark = alice.does(lambda actor: mark_of(proposing.edit(actor, approval_id, arguments)))
    leila.does(lambda actor: deciding.resolve(actor, approval_id, granted=True, seen=mark).id)
    assert grant(leila, approval_id) == (409, "approval_already_resolved")


@pytest.mark.usefixtures("limited")
def test_a_colleague_whose_limit_is_too_low_does_not_count_for_four_eyes(
    desk: Desk, alice: Person, leila: Person
) -> None:
    assert grant(alice, worth(desk, alice, "1000.00")) == (403, "self_approval")
    approval_id = worth(desk, alice, "1000.01")
    assert grant(alice, approval_id) == (200, None)
    assert desk.events(approval_id, "approval.granted")[0]["inputs"]["self_approved"] is True


def entry(desk: Desk, alice: Person, bob: Person, *amounts: tuple[str, str]) -> str:
    """Propose a journal entry that moves these amounts, each in its currency."""
    bank, cash = str(account_id(alice, "bank")), str(account_id(alice, "cash"))
    lines = [
        {"account_id": account, "currency": currency, side: amount}
        for currency, amount in amounts
        for account, side in ((cash, "debit_amount"), (bank, "credit_amount"))
    ]
    return desk.propose(
        bob,
        "post_journal_entry",
        arguments={"entry": {"narration": "Fees", "lines": lines}},
        summary="Post it",
    )


@pytest.mark.usefixtures("limited")
def test_each_currency_of_an_entry_is_compared_with_the_limit(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    hidden = entry(desk, alice, bob, ("INR", "1.00"), ("INR", "1.00"), ("USD", "900000.00"))
    assert grant(leila, hidden) == (403, "amount_above_limit")
    assert grant(leila, entry(desk, alice, bob, ("INR", "600.00"), ("INR", "400.01"))) == (
        403,
        "amount_above_limit",
    )
    assert grant(leila, entry(desk, alice, bob, ("INR", "600.00"), ("INR", "400.00"))) == (
        200,
        None,
    )


@pytest.mark.usefixtures("limited")
def test_a_direct_act_cannot_exceed_the_limit(alice: Person, leila: Person) -> None:
    dear, cheap = (
        draft(alice, line("1000.01", quantity=1)),
        draft(alice, line("1000.00", quantity=1)),
    )
    refused = leila.api.post(f"/invoices/{dear}/issue")
    assert (refused.status_code, (refused.json or {})["detail"]) == (403, "amount_above_limit")
    assert leila.api.post(f"/invoices/{cheap}/issue").status_code == 200
    issue(alice, dear)
    paid = {"amount": "1000.01", "paid_on": DUE.isoformat()}
    assert (leila.api.post(f"/invoices/{dear}/receipts", json=paid).json or {})[
        "detail"
    ] == "amount_above_limit"
    ahead = {"direction": "in", "party_name": "Ravi Menon", "amount": "1000.01", "currency": "INR"}
    assert (leila.api.post("/payments", json=ahead).json or {})["detail"] == "amount_above_limit"
    assert alice.api.post(f"/invoices/{dear}/receipts", json=paid).status_code == 201
    assert seen(alice, dear)["status"] == "paid"


@pytest.mark.usefixtures("limited")
def test_an_approved_act_runs_even_above_the_requesters_limit(
    desk: Desk, alice: Person, leila: Person, drain: Callable[[], None]
) -> None:
    invoice_id = draft(alice, line("5000.00", quantity=1))
    approval_id = desk.propose(
        leila, "issue_invoice", arguments={"invoice_id": str(invoice_id)}, summary="Issue it"
    )
    assert grant(alice, approval_id) == (200, None)
    drain()
    assert desk.row(approval_id)["effect_status"] == "done"


@pytest.mark.usefixtures("limited")
def test_credits_and_reversals_are_compared_with_the_limit_too(
    alice: Person, leila: Person
) -> None:
    """Otherwise a credit note and a void would bypass the limit."""
    large, small, bill = issued(alice), issued(alice, line("1000", quantity=1)), receive(alice)
    whole = {"invoice_id": str(large), "reason": "Not travelled"}
    for path, body in (
        ("/credit-notes", whole),
        (f"/invoices/{large}/void", {"reason": "Billed twice"}),
        (f"/bills/{bill}/void", {"reason": "Entered twice"}),
    ):
        refused = leila.api.post(path, json=body)
        assert (refused.status_code, refused.json["detail"]) == (403, "amount_above_limit"), path
    assert seen(alice, large)["status"] == "issued"
    assert (
        leila.api.post(
            "/credit-notes", json=whole | {"lines": [{"line_no": 1, "amount": "1000.00"}]}
        ).status_code
        == 201
    )
    assert (
        leila.api.post(f"/invoices/{small}/void", json={"reason": "Billed twice"}).status_code
        == 200
    )
    assert alice.api.post("/credit-notes", json=whole).status_code == 201, (
        "an administrator has none unless one is set"
    )
    browser, other = leila.tab, issued(alice)
    for step in ("void", "credit"):
        page = submit(
            browser,
            f"/invoices/{other}/{step}",
            reason="Billed twice",
            amount="45,000",
            voided_on="25 Jun 2024",
            issue_date="25 Jun 2024",
        )
        assert page.status_code == 422
        assert "above your approval limit" in Page(page).words()


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    "preview", ["null", """'{"refusal": "period_closed", "warning": "No."}'"""]
)
def test_an_amount_that_could_not_be_determined_is_above_every_limit(
    desk: Desk, alice: Person, bob: Person, leila: Person, preview: str
) -> None:
    approval_id = worth(desk, bob, "5.00")
    desk.run(
        "update approvals set amount_minor = null, currency = null, preview = "
        f"cast({preview} as jsonb), preview_hash = case when {preview} is null then null else"
        " preview_hash end where id = :i",
        i=approval_id,
    )
    assert grant(leila, approval_id) == (403, "amount_above_limit")
    with alice.acting():
        approval = queries.get_approval(approval_id)
        assert limits.who_may_grant(approval) == ["agency_admin"]


@pytest.mark.usefixtures("limited")
def test_an_act_that_moves_no_money_is_not_above_a_limit(
    desk: Desk, bob: Person, leila: Person
) -> None:
    assert grant(leila, desk.propose(bob, "probe_note")) == (200, None)


@pytest.mark.usefixtures("limited")
def test_an_act_that_moves_money_of_unknown_amount_is_above_every_limit(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    """Also if its preview was made without an error."""
    first, second = desk.propose(bob, "probe_invoice"), desk.propose(bob, "probe_invoice")
    refused = leila.api.post(f"/approvals/{first}/resolve", json={"granted": True})
    assert (refused.status_code, refused.json["detail"]) == (403, "amount_above_limit")  # type: ignore[index]
    assert "isn’t known in advance" in refused.json["message"]  # type: ignore[index]
    page = Page(leila.tab.get(f"/approvals/{first}")).words()
    assert "isn’t known in advance" in page
    assert "above your approval limit" in page
    assert grant(alice, first) == (200, None)
    leila.does(lambda actor: deciding.resolve(actor, second, granted=False).id)
    assert desk.row(second)["status"] == "rejected"


def test_an_unknown_amount_does_not_end_the_four_eyes_rule(
    desk: Desk, alice: Person, leila: Person
) -> None:
    limits_of_all = {"accounting_lead": {"amount": "1.00", "currency": "INR"}}
    alice.does(lambda actor: settings.update(actor, {"approval_limits": limits_of_all}).tenant_id)
    approval_id = worth(desk, alice, "0.50")
    desk.run(
        "update approvals set amount_minor = null, currency = null, preview = null,"
        " preview_hash = null where id = :i",
        i=approval_id,
    )
    assert grant(alice, approval_id) == (403, "self_approval")
    assert leila.actor.role == "accounting_lead"
