"""Approval of a draft and of an issue, and the reviewer's preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import carry_out, describe, draft, issue, issued, line, pay, receive, seen
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.approvals import queries as approval_queries
from voyagent.approvals.service import deciding, effects as registry, proposing
from voyagent.approvals.service.dry_run import dry_run
from voyagent.approvals.service.effects import Description
from voyagent.approvals.service.time_limits import TimeLimit
from voyagent.billing.core import errors
from voyagent.billing.invoices import errors as invoice_errors
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.enquiries import service as enquiry
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.money import MixedCurrencies

WANTED: dict[str, Any] = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2024-06-10",
    "due_date": "2024-06-25",
    "line_items": [
        {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00", "currency": "INR"}
    ],
}
Grant = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """Alice's colleague who leads accounting."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")


@pytest.fixture
def grant(bob: Person, leila: Person, drain: Callable[[], None]) -> Grant:
    """Let Bob propose through the assistant and Leila approve.

    Returns the stored result.
    """

    def granted(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        with bob.acting() as actor:
            approval_id = proposing.propose(
                actor.via(Channel.ASSISTANT),
                session_id=None,
                turn_id=None,
                tool_call_id="c1",
                tool_name=tool,
                arguments=arguments,
                summary="Please",
            ).id
        leila.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
        drain()
        with leila.acting():
            approval = approval_queries.get_approval(approval_id)
            return {
                "status": approval.effect_status,
                "result": approval.effect_result,
                "error": approval.effect_error,
            }

    return granted


def test_both_tools_name_their_approvers_and_that_they_move_money() -> None:
    for name in ("draft_invoice", "issue_invoice"):
        effect = registry.find(name)
        assert effect is not None
        assert effect.approver_roles == {"accounting_lead", "agency_admin"}
        assert (effect.money, effect.reversible) == (True, True)


def test_an_approved_draft_and_an_approved_issue_are_posted(alice: Person, grant: Grant) -> None:
    drafted = grant("draft_invoice", WANTED)
    result = drafted["result"]
    assert drafted["status"] == "done", drafted
    assert result | {"invoice_id": "?"} == {
        "drafted": True,
        "invoice_id": "?",
        "number": None,
        "total_amount": "45000.00",
        "currency": "INR",
        "status": "draft",
        "customer_name": "Deepa Krishnan",
        "due_date": "2024-06-25",
    }
    assert balances(alice) == {}
    issued_ = grant("issue_invoice", {"invoice_id": result["invoice_id"]})
    assert issued_["status"] == "done", issued_
    unchanged = {name: value for name, value in result.items() if name != "drafted"}
    assert issued_["result"] == unchanged | {
        "issued": True,
        "number": "2024-25/000001",
        "status": "issued",
    }
    assert balances(alice) == {
        ("receivable", "INR"): 4_500_000,
        ("revenue_services", "INR"): -4_500_000,
    }
    with alice.reading() as reader:
        invoice = invoice_queries.read_document(reader, UUID(result["invoice_id"])).invoice
    assert (invoice["created_by"], invoice["issued_by"]) == (
        "Bob Colleague",
        "Bob Colleague",
    ), "the requester acts, the approval knows who granted"


def test_a_draft_issued_meanwhile_fails_with_its_reason(alice: Person, grant: Grant) -> None:
    invoice_id = issued(alice)
    assert grant("issue_invoice", {"invoice_id": str(invoice_id)}) == {
        "status": "failed",
        "result": None,
        "error": "invoice_not_draft",
    }
    assert balances(alice)[("receivable", "INR")] == 4_500_000


def test_another_agency_s_draft_cannot_be_issued(charlie: Person, grant: Grant) -> None:
    invoice_id = draft(charlie)
    assert grant("issue_invoice", {"invoice_id": str(invoice_id)})["error"] == "invoice_not_found"
    assert seen(charlie, invoice_id)["status"] == "draft"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            {"line_items": [*WANTED["line_items"], {**WANTED["line_items"][0], "currency": "AED"}]},
            "mixed_currency",
        ),
        ({"due_date": "2024-06-09"}, "invalid_date"),
        ({"number": "INV-1"}, "invoice_number_conflict"),
        ({"line_items": [{**WANTED["line_items"][0], "unit_price": "1.005"}]}, "invalid_amount"),
        ({"line_items": [{**WANTED["line_items"][0], "unit_price": "-1.00"}]}, "invalid_arguments"),
        ({"line_items": [{**WANTED["line_items"][0], "unit_price": "NaN"}]}, "invalid_arguments"),
        ({"line_items": [{**WANTED["line_items"][0], "unit_price": 22500}]}, "invalid_arguments"),
        ({"line_items": [{**WANTED["line_items"][0], "quantity": "2.0001"}]}, "invalid_arguments"),
        ({"line_items": [{**WANTED["line_items"][0], "quantity": 0}]}, "invalid_arguments"),
        ({"line_items": []}, "invalid_arguments"),
        ({"customer_name": " "}, "invalid_arguments"),
        ({"issue_date": "10 June"}, "invalid_arguments"),
        ({"enquiry_id": "x"}, "invalid_arguments"),
        ({"surprise": 1}, "invalid_arguments"),
    ],
)
def test_a_refusal_of_an_issue_is_shown_before_and_after_the_approval(
    alice: Person, change: dict[str, Any], error: str
) -> None:
    for act in (describe("draft_invoice"), carry_out("draft_invoice")):
        with pytest.raises(VoyagentError) as failure:
            alice.does(act, WANTED | change)
        assert failure.value.code == error
    with alice.reading() as reader:
        assert invoice_queries.list_drafts(reader) == []


def test_the_draft_belongs_to_the_enquiry(alice: Person) -> None:
    with alice.acting() as actor:
        enquiry_id = enquiry.create(actor, customer_name="Deepa Krishnan").id
    result = alice.does(carry_out("draft_invoice"), WANTED | {"enquiry_id": str(enquiry_id)})
    with alice.reading() as reader:
        assert (
            invoice_queries.read_document(reader, UUID(result["invoice_id"])).invoice["enquiry_id"]
            == enquiry_id
        )


def test_the_review_of_a_draft_shows_the_document_and_that_nothing_is_posted(alice: Person) -> None:
    shown: Description = alice.does(describe("draft_invoice"), WANTED)
    document = shown["document"]
    assert (document["party"], document["date"]) == ("Deepa Krishnan", "10 Jun 2024")
    assert document["rows"] == [{"text": "Dubai visa, 2 × INR 22,500.00", "amount": "45000.00"}]
    assert document["total"] == {"amount": "45000.00", "currency": "INR"}
    assert "lines" not in shown
    assert [fact["value"] for fact in shown["facts"]] == [
        "10 Jun 2024",
        "25 Jun 2024",
        "Nothing yet. Issuing it needs a separate approval.",
    ]
    assert [check["ok"] for check in shown["checks"]] == [True, True]
    with alice.reading() as reader:
        assert invoice_queries.list_drafts(reader) == [], "looking changes nothing"


def run_dry(person: Person, tool: str, arguments: dict[str, Any]) -> Description:
    """Return the reviewer's preview of a proposal."""
    effect = registry.find(tool)
    assert effect is not None
    shown = person.does(lambda actor: dry_run(effect, actor, arguments, TimeLimit()))
    assert shown is not None
    return shown


def test_the_review_of_an_issue_shows_the_journal_lines_with_balances_before_and_after(
    alice: Person,
) -> None:
    pay(alice, issued(alice), 500_000)
    issued(alice, line("7.00", currency="AED"))
    invoice_id = draft(alice, line("100.00"))
    shown = run_dry(alice, "issue_invoice", {"invoice_id": str(invoice_id)})
    rows = [tuple(x.values()) for x in shown["lines"]]
    assert rows == [
        (
            "1200",
            "Trade receivables",
            "Deepa Krishnan",
            "INR",
            "200.00",
            None,
            "40000.00",
            "40200.00",
        ),
        ("4300", "Sales of travel services", None, "INR", None, "200.00", "-45000.00", "-45200.00"),
    ]
    assert shown["balances"] == [
        {
            "key": "Deepa Krishnan",
            "label": "Balance of Deepa Krishnan",
            "before": {"amount": "40000.00", "currency": "INR"},
            "after": {"amount": "40200.00", "currency": "INR"},
            "note": "Due 25 Jun 2024",
        }
    ]
    assert shown["document"]["number"] == "next number of 2024-25"
    assert shown["document"]["total"] == {"amount": "200.00", "currency": "INR"}
    assert seen(alice, invoice_id)["status"] == "draft"


def test_the_review_of_a_bill_shows_the_suppliers_balance_before_and_after(
    alice: Person,
) -> None:
    receive(alice)
    receive(alice, vendor_reference="BSP-2", vendor_name="Air India")
    receive(alice, line("7.00", currency="AED"), vendor_reference="BSP-3")
    item = {"description": "Dubai visa", "quantity": 1, "unit_price": "8000.00", "currency": "INR"}
    given = {
        "vendor_name": " bsp  india",
        "vendor_reference": "BSP-4",
        "issue_date": "2024-06-10",
        "due_date": "2024-06-25",
        "line_items": [item],
    }
    (owed,) = run_dry(alice, "receive_bill", given)["balances"]
    assert (owed["before"], owed["after"]) == (
        {"amount": "45000.00", "currency": "INR"},
        {"amount": "53000.00", "currency": "INR"},
    )
    assert owed["label"].startswith("Payable to ")
    assert balances(alice)["payable", "INR"] == -9_000_000, "looking changes nothing"


def test_the_review_shows_the_postings_that_are_made(alice: Person) -> None:
    invoice_id = draft(alice)
    shown = run_dry(alice, "issue_invoice", {"invoice_id": str(invoice_id)})
    issue(alice, invoice_id)
    with alice.reading() as reader:
        journal = invoice_queries.read_document(reader, invoice_id).journal
    shown_lines = [(x["code"], x["debit"] is not None, x["currency"]) for x in shown["lines"]]
    assert shown_lines == [(x["code"], x["debit_minor"] > 0, x["currency"]) for x in journal]


def test_the_same_bill_entered_twice_is_pointed_out(alice: Person) -> None:
    from voyagent.kernel import clock  # noqa: PLC0415

    today = clock.today()
    first, second = (
        draft(alice, issue_date=today, due_date=today),
        draft(alice, issue_date=today, due_date=today),
    )
    shown: Description = alice.does(describe("issue_invoice"), {"invoice_id": str(second)})
    assert [check["text"] for check in shown["checks"] if not check["ok"]] == [
        "Possible duplicate: another invoice of the same amount for this customer, a draft"
    ]
    issue(alice, first)
    shown = alice.does(describe("issue_invoice"), {"invoice_id": str(second)})
    assert not shown["checks"][-1]["ok"]
    assert seen(alice, first)["number"] in shown["checks"][-1]["text"]


def test_the_review_of_an_invoice_that_cannot_be_issued_says_why(
    alice: Person, charlie: Person
) -> None:
    invoice_id = issued(alice)
    with pytest.raises(errors.InvoiceNotDraft):
        alice.does(describe("issue_invoice"), {"invoice_id": str(invoice_id)})
    with pytest.raises(invoice_errors.InvoiceNotFound):
        charlie.does(describe("issue_invoice"), {"invoice_id": str(draft(alice))})


def test_mixed_currencies_are_the_same_error_everywhere(alice: Person) -> None:
    with pytest.raises(MixedCurrencies):
        draft(alice, line(), line(currency="AED"))
