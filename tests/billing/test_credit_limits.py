"""Credit limits and holds of customers: which invoice needs a confirmation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import advance, draft, issue, issued, line, pay
from tests.billing.test_api import code
from tests.billing.test_forms import send
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.parties.test_api import made
from tests.people import Person
from tests.rates.entered import entered
from voyagent.billing.core.errors import ReasonRequired, TextTooLong
from voyagent.billing.invoices.errors import CreditLimitExceeded, PartyOnHold
from voyagent.billing.invoices.service import issuing
from voyagent.identity.rules.permissions import ROLE_PERMISSIONS
from voyagent.kernel.actor import ApprovalRequired
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.rates import Quote

WHY = "The managing director agreed by phone"
ABOVE = (
    "This is INR 10,00,590.00 above the credit limit of INR 5,00,000.00: INR 590.00 due now, plus"
    " this invoice of INR 15,00,000.00, less advances of INR 0.00. Issue it with a reason, or ask"
    " for approval with one."
)


def limited(person: Person, limit: str | None = "500000", **values: Any) -> dict[str, Any]:
    return made(person, credit_limit=limit, **values)


def a_draft(person: Person, amount: str, **given: Any) -> UUID:
    return draft(person, line(amount, quantity=1), **given)


def confirmed(person: Person, invoice_id: UUID, reason: str = WHY) -> str:
    with person.acting() as actor:
        invoice = issuing.issue_invoice(actor, invoice_id, over_limit_reason=reason)
        return invoice.number or ""


def test_an_invoice_above_the_limit_is_refused_with_the_sum(alice: Person) -> None:
    limited(alice)
    issued(alice, line("590", quantity=1), customer_name="DEEPA krishnan")
    invoice_id = a_draft(alice, "1500000")
    answer = alice.api.post(f"/invoices/{invoice_id}/issue")
    assert code(answer) == (409, "credit_limit_exceeded")
    assert answer.json["message"] == ABOVE
    answer = alice.api.post("/capabilities/issue_invoice", json={"invoice_id": str(invoice_id)})
    assert code(answer) == (409, "credit_limit_exceeded")
    assert alice.api.get(f"/invoices/{invoice_id}").json["status"] == "draft"


def test_the_limit_itself_may_be_reached(alice: Person) -> None:
    limited(alice, "1000")
    assert issue(alice, a_draft(alice, "1000"))
    with pytest.raises(CreditLimitExceeded):
        issue(alice, a_draft(alice, "0.01"))


def test_payments_and_advances_reduce_the_sum_but_not_those_of_others(alice: Person) -> None:
    limited(alice, "1000")
    paid = issued(alice, line("900", quantity=1))
    advance(alice, 50_000, date(2024, 6, 12), party_name="Somebody else")
    advance(alice, 50_000, date(2024, 6, 12), currency="AED")
    with pytest.raises(CreditLimitExceeded):
        issue(alice, a_draft(alice, "400"))
    advance(alice, 20_000, date(2024, 6, 12))
    with pytest.raises(CreditLimitExceeded):
        issue(alice, a_draft(alice, "400"))
    pay(alice, paid, 10_000)
    assert issue(alice, a_draft(alice, "400"))


def test_invoices_of_others_and_other_drafts_do_not_count(alice: Person, charlie: Person) -> None:
    limited(alice, "1000")
    issued(charlie, line("900", quantity=1))
    issued(alice, line("900", quantity=1), customer_name="Somebody else")
    a_draft(alice, "900")
    assert issue(alice, a_draft(alice, "1000"))


@pytest.mark.parametrize(
    ("rate", "is_refused"),
    [("80", False), ("125", True), (None, True)],
)
def test_an_invoice_in_another_currency_counts_at_its_rate(
    alice: Person, rate: str | None, is_refused: bool
) -> None:
    limited(alice, "1000")
    quote = rate and Quote("USD", "INR", Decimal(rate), date(2024, 6, 10), "RBI")
    given = {"exchange_rate": quote} if quote else {}
    invoice_id = draft(alice, line("10", quantity=1, currency="USD"), **given)
    if not is_refused:
        assert issue(alice, invoice_id)
        with pytest.raises(CreditLimitExceeded):
            issue(alice, a_draft(alice, "200.01"))
        assert issue(alice, a_draft(alice, "200"))
        return
    answer = alice.api.post(f"/invoices/{invoice_id}/issue")
    assert code(answer) == (409, "credit_limit_exceeded")
    assert ("INR 250.00 above" if rate else "far from the usual rate (USD 10.00)") in answer.json[
        "message"
    ]
    confirmed(alice, invoice_id)
    if rate is None:  # what is due has no rate either
        with pytest.raises(CreditLimitExceeded):
            issue(alice, a_draft(alice, "1"))


def at_rate(rate: str, currency: str = "USD") -> Quote:
    return Quote(currency, "INR", Decimal(rate), date(2024, 6, 10), "me")


@pytest.mark.parametrize(
    ("rate", "currency", "is_in_table", "counts"),
    [
        ("41.99", "USD", True, False),
        ("42", "AED", True, True),
        ("168", "USD", False, True),
        ("168.01", "AED", False, False),
    ],
)
def test_a_rate_far_from_the_known_one_does_not_count(
    alice: Person, rate: str, currency: str, is_in_table: bool, counts: bool
) -> None:
    one = line("10", quantity=1, currency=currency)
    if is_in_table:
        entered(alice, date(2024, 6, 8), "84", pair=(currency, "INR"))
    else:
        issued(alice, one, customer_name="Somebody", exchange_rate=at_rate("84", currency))
    limited(alice, "10000")
    invoice_id = draft(alice, one, exchange_rate=at_rate(rate, currency))
    if counts:
        assert issue(alice, invoice_id)
        return
    with pytest.raises(CreditLimitExceeded) as refused:
        issue(alice, invoice_id)
    assert f"far from the usual rate ({currency} 10.00)" in str(refused.value.message)
    confirmed(alice, invoice_id)
    if is_in_table:  # and so for what is due
        with pytest.raises(CreditLimitExceeded):
            issue(alice, a_draft(alice, "1"))


def test_an_amount_too_large_at_its_rate_has_no_rate(alice: Person) -> None:
    limited(alice, "10000")
    much = line("999999999", quantity=1, currency="USD")
    with pytest.raises(CreditLimitExceeded):
        issue(alice, draft(alice, much, exchange_rate=at_rate("999999999")))


def test_an_approval_shows_the_rate(alice: Person, bob: Person) -> None:
    """A rate with which nothing can be compared counts, so the reviewer must see it."""
    limited(alice, "1000")
    dollars = line("5000", quantity=1, currency="USD")
    invoice_id = draft(bob, dollars, exchange_rate=at_rate("0.00000001"))
    asked = bob.api.post("/capabilities/issue_invoice", json={"invoice_id": str(invoice_id)})
    shown = alice.api.get(f"/approvals/{asked.json['approval_id']}").json["preview"]["facts"]
    assert [(one["label"], one["value"]) for one in shown] == [
        ("Exchange rate", "1 USD = 0.00000001 INR, me, 10 Jun 2024")
    ]


def test_a_hold_stops_every_invoice(alice: Person) -> None:
    made(alice, is_on_hold=True)
    with pytest.raises(PartyOnHold):
        issue(alice, a_draft(alice, "1"))
    assert confirmed(alice, a_draft(alice, "1"))


@pytest.mark.parametrize(("reason", "error"), [(" ", ReasonRequired), ("x" * 501, TextTooLong)])
def test_a_confirmation_needs_a_reason(alice: Person, reason: str, error: type[Exception]) -> None:
    limited(alice, "0")
    with pytest.raises(error):
        confirmed(alice, a_draft(alice, "1"), reason)


def test_a_confirmation_is_recorded_with_its_reason_outside_the_chain(
    alice: Person, owner_engine: sa.Engine
) -> None:
    limited(alice, "0")
    invoice_id = a_draft(alice, "1")
    answer = alice.api.post(f"/invoices/{invoice_id}/issue", json={"over_limit_reason": WHY})
    assert (answer.status_code, answer.json["status"]) == (200, "issued")
    (event,) = alice.api.get("/audit?kind=invoice.issued").json["items"]
    assert event["payload"]["outputs"]["is_over_limit"] is True
    assert event["payload"]["inputs"]["reason"] == WHY
    with owner_engine.connect() as connection:
        chained = connection.execute(
            sa.text("select inputs::text from audit_events where kind = 'invoice.issued'")
        ).scalars()
        assert not any(WHY in one for one in chained)
    issued(alice, customer_name="Somebody else")
    first = alice.api.get("/audit?kind=invoice.issued&limit=1").json["items"][0]
    assert "is_over_limit" not in first["payload"]["outputs"]


def test_an_agent_needs_an_approval_that_shows_the_sum(
    alice: Person, bob: Person, drain: Callable[[], None]
) -> None:
    limited(alice)
    issued(alice, line("590", quantity=1))
    invoice_id = a_draft(bob, "1500000")
    path, body = "/capabilities/issue_invoice", {"invoice_id": str(invoice_id)}
    refused = bob.api.post(path, json=body)
    assert code(refused) == (409, "credit_limit_exceeded")
    assert refused.json["message"] == ABOVE
    asked = bob.api.post(path, json=body | {"over_limit_reason": WHY})
    assert asked.status_code == 202
    approval = f"/approvals/{asked.json['approval_id']}"
    shown = alice.api.get(approval).json["preview"]["facts"]
    assert [(one["label"], one["value"]) for one in shown] == [
        ("Credit limit", "INR 5,00,000.00"),
        ("Due now", "INR 590.00"),
        ("This invoice", "INR 15,00,000.00"),
        ("Advances not used yet", "INR 0.00"),
        ("Above the credit limit", "INR 10,00,590.00"),
        ("Reason", WHY),
    ]
    assert alice.api.post(f"{approval}/resolve", json={"granted": True}).status_code == 200
    drain()
    assert alice.api.get(approval).json["effect_status"] == "done"
    assert alice.api.get(f"/invoices/{invoice_id}").json["status"] == "issued"


def test_an_approval_does_not_stand_if_the_sum_has_changed(
    alice: Person, bob: Person, drain: Callable[[], None]
) -> None:
    limited(alice, "1000")
    body = {"invoice_id": str(a_draft(bob, "1500")), "over_limit_reason": WHY}
    asked = bob.api.post("/capabilities/issue_invoice", json=body).json["approval_id"]
    issued(alice, line("10", quantity=1))
    answer = alice.api.post(f"/approvals/{asked}/resolve", json={"granted": True})
    drain()
    assert answer.status_code == 409
    assert alice.api.get(f"/invoices/{body['invoice_id']}").json["status"] == "draft"


def test_the_assistant_and_a_plain_grant_confirm_nothing(alice: Person, bob: Person) -> None:
    limited(alice, "0")
    invoice_id = a_draft(alice, "1")
    with pytest.raises(CreditLimitExceeded):
        issue(bob.granted("invoice.issue"), invoice_id)
    with pytest.raises(ApprovalRequired):
        confirmed(bob, invoice_id)
    with pytest.raises(ApprovalRequired):
        confirmed(alice.granted("invoice.void"), invoice_id)


def test_a_role_without_the_direct_right_confirms_nothing(alice: Person) -> None:
    limited(alice, "0")
    invoice_id = a_draft(alice, "1")
    held = ROLE_PERMISSIONS[alice.actor.role]
    for missing, error in (
        ("invoice.issue_over_limit_direct", ApprovalRequired),
        ("invoice.issue_over_limit", Forbidden),
    ):
        actor = replace(alice.actor, permissions=held - {missing})
        with pytest.raises(error):
            confirmed(replace(alice, actor=actor), invoice_id)


def test_of_two_invoices_at_the_same_moment_one_passes(alice: Person) -> None:
    limited(alice, "1000")
    # In two financial years, so that the lock of the number does not put them in order.
    drafts = [
        a_draft(alice, "600", issue_date=day, due_date=day)
        for day in (date(2023, 6, 10), date(2024, 6, 10)) * 2
    ]
    answers = at_once([lambda one=one: alice.api.post(f"/invoices/{one}/issue") for one in drafts])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


def test_a_customer_without_limit_costs_one_statement_and_no_lock(
    alice: Person, statements: list[str]
) -> None:
    made(alice)
    invoice_id = a_draft(alice, "1")
    statements.clear()
    issue(alice, invoice_id)
    terms, address = (one for one in statements if "parties" in one)
    assert "LEFT OUTER JOIN LATERAL" in terms
    assert "party_addresses" in address


def test_the_page_shows_the_sum_and_asks_for_a_reason(alice: Person) -> None:
    limited(alice)
    issued(alice, line("590", quantity=1))
    invoice_id = a_draft(alice, "1500000")
    path = f"/invoices/{invoice_id}/issue"
    page = Page(alice.tab.get(path))
    assert "Above the credit limitINR 10,00,590.00" in page.words(".//div[@id='credit']")
    answer = send(alice, path, over_limit_reason=" ")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert "above the credit limit" in Page(alice.tab.get(path)).words()
    answer = send(alice, path, over_limit_reason=f" {WHY}\r\n")
    assert answer.headers["Location"] == f"/invoices/{invoice_id}"
    event = alice.api.get("/audit?kind=invoice.issued&limit=1").json["items"][0]
    assert event["payload"]["inputs"]["reason"] == WHY
    fine = a_draft(alice, "1", customer_name="Somebody else")
    assert not Page(alice.tab.get(f"/invoices/{fine}/issue")).all(".//textarea")
