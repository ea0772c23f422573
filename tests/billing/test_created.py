"""Invoices that are created and issued by one approval."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import carry_out, describe, issued
from tests.ledger.books import balances
from tests.people import Person
from voyagent.approvals.service import effects as registry
from voyagent.approvals.service.dry_run import dry_run
from voyagent.approvals.service.time_limits import TimeLimit
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.enquiries import service as enquiries
from voyagent.kernel.errors import VoyagentError

ADDRESS = {"lines": ["12 MG Road"], "city": "Kochi", "postal_code": "682001", "country": "IN"}


def wanted(customer: UUID, **changes: Any) -> dict[str, Any]:
    invoice: dict[str, Any] = {
        "invoice_number": "2024-25/000001",
        "client_id": str(customer),
        "issue_date": "2024-06-10",
        "due_date": "2024-06-25",
        "currency": "INR",
        "lines": [{"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}],
        "billing_address": ADDRESS,
    }
    return {"invoice": invoice | changes}


@pytest.fixture
def client_id(alice: Person) -> UUID:
    with alice.acting() as actor:
        return enquiries.create(actor, customer_name="Deepa Krishnan").id


def test_a_created_invoice_is_numbered_posted_and_has_its_address(
    alice: Person, client_id: UUID
) -> None:
    result = alice.does(carry_out("create_invoice"), wanted(client_id, notes="As agreed."))
    assert result | {"invoice_id": "?"} == {
        "created": True,
        "invoice_id": "?",
        "invoice_number": "2024-25/000001",
        "number": "2024-25/000001",
        "total_amount": "45000.00",
        "currency": "INR",
        "status": "issued",
        "customer_name": "Deepa Krishnan",
        "due_date": "2024-06-25",
    }
    assert balances(alice) == {
        ("receivable", "INR"): 4_500_000,
        ("revenue_services", "INR"): -4_500_000,
    }
    with alice.reading() as reader:
        invoice = invoice_queries.read_document(reader, UUID(result["invoice_id"])).invoice
    assert invoice["notes"] == "Billed to: 12 MG Road, 682001 Kochi, IN\nAs agreed."
    assert invoice["enquiry_id"] == client_id


def test_another_number_than_the_next_is_refused(alice: Person, client_id: UUID) -> None:
    issued(alice)
    before = balances(alice)
    for act in (describe("create_invoice"), carry_out("create_invoice")):
        with pytest.raises(VoyagentError) as failure:
            alice.does(act, wanted(client_id))
        assert failure.value.code == "invoice_number_conflict"
        assert "not the next number" in failure.value.message
    assert balances(alice) == before
    assert (
        alice.does(carry_out("create_invoice"), wanted(client_id, invoice_number="2024-25/000002"))[
            "invoice_number"
        ]
        == "2024-25/000002"
    )


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"lines": []}, "invalid_arguments"),
        (
            {"lines": [{"description": "Visa", "quantity": 1, "unit_price": "1.005"}]},
            "invalid_amount",
        ),
        ({"due_date": "2024-06-09"}, "invalid_date"),
        ({"billing_address": {"lines": [], "country": "IN"}}, "invalid_arguments"),
        ({"billing_address": {"lines": ["x"], "country": "India"}}, "invalid_arguments"),
        ({"client_id": "0190a0a0-0000-7000-8000-000000000009"}, "enquiry_not_found"),
        ({"surprise": 1}, "invalid_arguments"),
    ],
)
def test_a_refusal_is_shown_before_and_after_the_approval(
    alice: Person, client_id: UUID, change: dict[str, Any], error: str
) -> None:
    for act in (describe("create_invoice"), carry_out("create_invoice")):
        with pytest.raises(VoyagentError) as failure:
            alice.does(act, wanted(client_id, **change))
        assert failure.value.code == error
    assert balances(alice) == {}


def test_another_agencys_customer_is_not_found(charlie: Person, client_id: UUID) -> None:
    with pytest.raises(VoyagentError) as failure:
        charlie.does(carry_out("create_invoice"), wanted(client_id))
    assert failure.value.code == "enquiry_not_found"


def test_the_review_shows_number_lines_and_the_customers_balance(
    alice: Person, client_id: UUID
) -> None:
    effect = registry.find("create_invoice")
    assert effect is not None
    assert effect.approver_roles == {"accounting_lead", "agency_admin"}
    assert (effect.money, effect.reversible) == (True, True)
    shown = alice.does(lambda actor: dry_run(effect, actor, wanted(client_id), TimeLimit()))
    assert shown is not None
    assert shown["title"] == "Create invoice 2024-25/000001 for Deepa Krishnan"
    assert shown["document"]["number"] == "2024-25/000001"
    assert [(row["code"], row["debit"], row["credit"]) for row in shown["lines"]] == [
        ("1200", "45000.00", None),
        ("4300", None, "45000.00"),
    ]
    assert [(row["label"], row["after"]["amount"]) for row in shown["balances"]] == [
        ("Balance of Deepa Krishnan", "45000.00")
    ]
    assert [fact["value"] for fact in shown["facts"]] == [
        "10 Jun 2024",
        "25 Jun 2024",
        "12 MG Road, 682001 Kochi, IN",
    ]
    assert balances(alice) == {}, "looking changes nothing"
