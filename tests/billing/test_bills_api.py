"""JSON API of bills: the list, all acts from draft to void, parallel requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, ISSUED, bill_seen, draft_bill, issued, line, receive, untied
from tests.billing.test_api import code
from tests.chat.parallel import at_once
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.billing.bills import errors as bill_errors, service as bill_service
from voyagent.billing.core import errors
from voyagent.billing.payments.service import payments as payment_service
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.service import months
from voyagent.settings.service import tenant_settings as settings

VISAS = {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}
DRAWN = {
    "vendor_name": " BSP  India",
    "vendor_reference": " BSP  1 ",
    "issue_date": "2024-06-10",
    "currency": "INR",
    "line_items": [VISAS],
}
PRICED = {
    "quantity": 2,
    "unit": None,
    "discount": "0.00",
    "price_includes_tax": False,
    "unit_price": "22500.00",
    "amount": "45000.00",
    "bought_as": "cost",
    "taxes": [],
    "input_credit": False,
    "service_date": None,
    "service_to": None,
    "recognition": None,
}


def references(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["vendor_reference"] for item in answer.json["items"]]


def many(person: Person, count: int = 3) -> None:
    for number in range(1, count + 1):
        receive(
            person,
            vendor_reference=f"BSP-{number}",
            vendor_name=f"Supplier {number}",
            issue_date=ISSUED + timedelta(days=number),
        )


# Reading
# --------------------------------------------------------------------------------


def test_a_bill_is_read_with_its_lines_and_payments(alice: Person) -> None:
    bill_id = receive(
        alice, line(description="Tickets"), party_reference="Agent 7", notes="Week 23"
    )
    alice.does(payment_service.pay_bill, bill_id, Money(1_000_000, "INR"), DUE, reference="NEFT 9")
    body = alice.api.get(f"/bills/{bill_id}").json
    assert (
        body["vendor_name"],
        body["vendor_reference"],
        body["party_reference"],
        body["notes"],
    ) == ("BSP India", "BSP-1", "Agent 7", "Week 23")
    assert (body["status"], body["issue_date"], body["due_date"], body["currency"]) == (
        "received",
        "2024-06-10",
        "2024-06-25",
        "INR",
    )
    amounts = ("total_amount", "paid_amount", "credited_amount", "open_amount")
    assert [body[name] for name in amounts] == ["45000.00", "10000.00", "0.00", "35000.00"]
    assert body["line_items"] == [PRICED | {"description": "Tickets"}]
    assert [(row["amount"], row["paid_on"], row["reference"]) for row in body["payments"]] == [
        ("10000.00", "2024-06-25", "NEFT 9")
    ]
    assert (body["journal_entry_id"] is None, body["voided_on"]) == (False, None)
    brief = alice.api.get("/bills").json["items"][0]
    assert brief == {name: body[name] for name in brief}


def test_a_void_bill_has_its_reason(alice: Person) -> None:
    bill_id = receive(alice)
    alice.does(bill_service.void_bill, bill_id, reason="Entered twice", on=DUE)
    body = alice.api.get(f"/bills/{bill_id}").json
    assert (body["status"], body["voided_on"], body["void_reason"], body["open_amount"]) == (
        "void",
        "2024-06-25",
        "Entered twice",
        "0.00",
    )
    assert body["void_journal_entry_id"] != body["journal_entry_id"]


def test_the_list_is_by_issue_date_and_a_bill_must_match_all_filters(alice: Person) -> None:
    many(alice)
    alice.does(
        payment_service.pay_bill,
        receive(alice, vendor_reference="BSP-9", vendor_name="Supplier 1"),
        Money(4_500_000, "INR"),
        DUE,
    )
    assert references(alice.api.get("/bills")) == ["BSP-3", "BSP-2", "BSP-1", "BSP-9"]
    assert references(alice.api.get("/bills?party=supplier 1")) == ["BSP-1", "BSP-9"]
    assert references(alice.api.get("/bills?party=supplier 1&status=open")) == ["BSP-1"]
    assert references(alice.api.get("/bills?status=paid")) == ["BSP-9"]
    assert references(alice.api.get("/bills?from=2024-06-12&to=2024-06-12&status=&party=")) == [
        "BSP-2"
    ]
    assert references(alice.api.get("/bills?status=void")) == []
    assert alice.api.get("/bills?status=issued").status_code == 422


def test_the_pages_of_the_list_follow_each_other(alice: Person) -> None:
    many(alice)
    first = alice.api.get("/bills?limit=2")
    assert references(first) == ["BSP-3", "BSP-2"]
    second = alice.api.get(f"/bills?limit=2&cursor={first.json['next_cursor']}")
    assert (references(second), second.json["next_cursor"]) == (["BSP-1"], None)
    assert code(alice.api.get("/bills?cursor=nonsense")) == (422, "invalid_cursor")


def test_the_list_needs_the_same_statements_for_any_number(
    alice: Person, statements: list[str]
) -> None:
    costs = []
    for batch in range(2):
        for number in range(3):
            receive(alice, vendor_reference=f"B-{batch}-{number}")
        statements.clear()
        assert len(alice.api.get("/bills").json["items"]) == 3 * (batch + 1)
        costs.append(len(statements))
    assert costs[0] == costs[1]


# From draft to void
# --------------------------------------------------------------------------------


def test_a_bill_is_entered_changed_received_and_voided(alice: Person) -> None:
    drawn = alice.api.post("/bills", json=DRAWN)
    assert drawn.status_code == 201, drawn.text
    body = drawn.json
    assert (body["status"], body["vendor_name"], body["vendor_reference"], body["due_date"]) == (
        "draft",
        "BSP India",
        "BSP 1",
        "2024-06-10",
    )
    assert (body["total_amount"], body["open_amount"], body["journal_entry_id"]) == (
        "45000.00",
        "0.00",
        None,
    )
    path = f"/bills/{body['id']}"
    more = {
        "line_items": [VISAS, {"description": "Fee", "quantity": 1, "unit_price": "0.50"}],
        "due_date": "2024-06-25",
        "vendor_reference": "BSP-7",
    }
    changed = alice.api.patch(path, json=more).json
    assert (changed["total_amount"], changed["due_date"], changed["vendor_reference"]) == (
        "45000.50",
        "2024-06-25",
        "BSP-7",
    )
    assert [item["description"] for item in changed["line_items"]] == ["Dubai visa", "Fee"]
    assert balances(alice) == {}, "A draft posts nothing"
    received = alice.api.post(f"{path}/receive")
    assert (received.status_code, received.json["status"], received.json["open_amount"]) == (
        200,
        "received",
        "45000.50",
    )
    assert balances(alice) == {
        ("cost_of_services", "INR"): 4_500_050,
        ("payable", "INR"): -4_500_050,
    }
    void = alice.api.post(
        f"{path}/void", json={"reason": "Entered twice", "voided_on": "2024-06-12"}
    )
    assert (void.status_code, void.json["status"], void.json["void_reason"]) == (
        200,
        "void",
        "Entered twice",
    )
    assert set(balances(alice).values()) == {0}
    assert alice.api.get(path).json == void.json
    assert untied(alice) == []


def test_a_deleted_draft_frees_its_reference(alice: Person) -> None:
    thrown = draft_bill(alice)
    assert alice.api.delete(f"/bills/{thrown}").status_code == 204
    assert code(alice.api.get(f"/bills/{thrown}")) == (404, "bill_not_found")
    assert draft_bill(alice) != thrown


def test_a_reference_can_be_entered_once(alice: Person, charlie: Person) -> None:
    draft_bill(charlie, vendor_reference="BSP-7")
    receive(alice, vendor_reference="BSP-7")
    assert code(alice.api.post("/bills", json=DRAWN | {"vendor_reference": "BSP-7"})) == (
        409,
        "vendor_reference_taken",
    )
    other = draft_bill(alice)
    assert code(alice.api.patch(f"/bills/{other}", json={"vendor_reference": "BSP-7"})) == (
        409,
        "vendor_reference_taken",
    )
    assert bill_seen(alice, other)["vendor_reference"] == "BSP-1"


def test_a_void_bill_frees_its_reference_once(alice: Person) -> None:
    void = receive(alice)
    alice.does(bill_service.void_bill, void, reason="Entered with the wrong amount")
    path = f"/bills/{receive(alice, line('100.00'))}"
    assert references(alice.api.get("/bills")) == ["BSP-1", "BSP-1"]
    with pytest.raises(bill_errors.VendorReferenceTaken):
        receive(alice)
    assert alice.api.post(f"{path}/void", json={"reason": "Wrong again"}).status_code == 200
    assert {bill["status"] for bill in alice.api.get("/bills").json["items"]} == {"void"}


def test_a_change_without_difference_records_no_event(alice: Person) -> None:
    bill_id = draft_bill(alice)
    before = bill_seen(alice, bill_id)
    assert (
        alice.api.patch(
            f"/bills/{bill_id}",
            json={"line_items": [VISAS], "currency": "INR", "vendor_name": "BSP India"},
        ).status_code
        == 200
    )
    assert bill_seen(alice, bill_id) == before
    assert alice.api.get("/audit?kind=bill.revised").json["items"] == []
    alice.api.patch(f"/bills/{bill_id}", json={"vendor_name": "IATA", "notes": "x"})
    assert len(alice.api.get("/audit?kind=bill.revised").json["items"]) == 1


def test_null_clears_only_reference_and_notes(alice: Person) -> None:
    bill_id = draft_bill(alice, party_reference="Agent 7", notes="Week 23")
    changed = alice.api.patch(
        f"/bills/{bill_id}", json={"party_reference": None, "notes": None}
    ).json
    assert (changed["party_reference"], changed["notes"], changed["vendor_name"]) == (
        None,
        None,
        "BSP India",
    )
    for name in (
        "vendor_name",
        "vendor_reference",
        "issue_date",
        "due_date",
        "currency",
        "line_items",
    ):
        assert alice.api.patch(f"/bills/{bill_id}", json={name: None}).status_code == 422, name


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"due_date": "2024-06-09"}, (400, "invalid_date")),
        ({"issue_date": "2024-06-26", "due_date": "2024-06-25"}, (400, "invalid_date")),
        ({"line_items": [VISAS | {"unit_price": "1.005"}]}, (422, "invalid_amount")),
        ({"line_items": [VISAS | {"unit_price": "0"}]}, (422, "total_out_of_range")),
        ({"vendor_reference": " "}, (422, None)),
        ({"vendor_name": "x" * 256}, (422, None)),
    ],
)
def test_the_rules_apply_to_a_changed_draft(
    alice: Person, changes: dict[str, Any], refusal: tuple[int, str | None]
) -> None:
    bill_id = draft_bill(alice)
    before = bill_seen(alice, bill_id)
    for answer in (
        alice.api.patch(f"/bills/{bill_id}", json=changes),
        alice.api.post("/bills", json=DRAWN | {"vendor_reference": "BSP-2"} | changes),
    ):
        assert answer.status_code == refusal[0]
        assert refusal[1] in {
            None,
            answer.json["detail"] if isinstance(answer.json["detail"], str) else "",
        }
    assert bill_seen(alice, bill_id) == before


def test_the_service_refuses_a_blank_reference(alice: Person) -> None:
    for reference in (" ", "x" * 65):
        with pytest.raises(bill_errors.VendorReferenceRequired):
            draft_bill(alice, vendor_reference=reference)
        with pytest.raises(bill_errors.VendorReferenceRequired):
            alice.does(
                bill_service.revise_bill,
                draft_bill(alice, vendor_reference=str(len(reference))),
                {"vendor_reference": reference},
            )


def test_a_received_bill_is_neither_changed_nor_deleted_nor_received_again(
    alice: Person,
) -> None:
    path = f"/bills/{receive(alice)}"
    for answer in (
        alice.api.patch(path, json={"notes": "x"}),
        alice.api.delete(path),
        alice.api.post(f"{path}/receive"),
    ):
        assert code(answer) == (409, "bill_not_draft")


def test_a_draft_is_neither_paid_nor_voided(alice: Person) -> None:
    bill_id = draft_bill(alice)
    with pytest.raises(errors.DocumentNotOpen):
        alice.does(payment_service.pay_bill, bill_id, None, DUE)
    assert code(alice.api.post(f"/bills/{bill_id}/void", json={"reason": "Entered twice"})) == (
        409,
        "document_not_voidable",
    )


def test_a_closed_month_refuses_a_bill(alice: Person) -> None:
    bill_id = draft_bill(alice)
    alice.does(months.close_month, ISSUED.replace(day=1))
    assert code(alice.api.post(f"/bills/{bill_id}/receive")) == (409, "period_locked")
    assert bill_seen(alice, bill_id)["status"] == "draft"


def test_receiving_directly_is_limited_by_the_role(people: People, alice: Person) -> None:
    lead = people.colleague(alice, "Leela Lead", role="accounting_lead")
    limits = {"approval_limits": {"accounting_lead": {"amount": "44999.99", "currency": "INR"}}}
    alice.does(lambda actor: settings.update(actor, limits).tenant_id)
    bill_id = draft_bill(alice)
    assert code(lead.api.post(f"/bills/{bill_id}/receive")) == (403, "amount_above_limit")
    assert alice.api.post(f"/bills/{bill_id}/receive").status_code == 200


def test_of_parallel_receipts_of_a_bill_only_one_succeeds(alice: Person) -> None:
    bill_id = draft_bill(alice)
    answers = at_once([lambda: alice.api.post(f"/bills/{bill_id}/receive").status_code] * 5)
    assert sorted(answers) == [200, 409, 409, 409, 409]
    assert balances(alice)["payable", "INR"] == -4_500_000


def test_of_parallel_entries_of_one_bill_only_one_succeeds(alice: Person) -> None:
    answers = at_once([lambda: alice.api.post("/bills", json=DRAWN).status_code] * 5)
    assert sorted(answers) == [201, 409, 409, 409, 409]
    assert references(alice.api.get("/bills")) == ["BSP 1"]


def test_a_draft_is_changed_before_its_receipt_or_not_at_all(alice: Person) -> None:
    bill_id = draft_bill(alice)
    more = {"line_items": [VISAS, VISAS]}
    changed, sent = at_once(
        [
            lambda: alice.api.patch(f"/bills/{bill_id}", json=more).status_code,
            lambda: alice.api.post(f"/bills/{bill_id}/receive").status_code,
        ]
    )
    assert sent == 200
    total = 9_000_000 if changed == 200 else 4_500_000
    assert bill_seen(alice, bill_id)["total_minor"] == total
    assert balances(alice)["payable", "INR"] == -total


# Permissions
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/bills", "/bills/{bill_id}"])
def test_every_member_of_the_agency_can_read_and_nobody_else(
    people: People, alice: Person, charlie: Person, path: str
) -> None:
    bill_id = receive(alice)
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    assert viewer.api.get(path.format(bill_id=bill_id)).status_code == 200
    theirs = charlie.api.get(path.format(bill_id=bill_id))
    assert (
        theirs.json["items"] == []
        if theirs.status_code == 200
        else code(theirs) == (404, "bill_not_found")
    )
    assert code(alice.api.get(f"/bills/{new_id()}")) == (404, "bill_not_found")


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("agency_admin", True),
        ("accounting_lead", True),
        ("ticketing_lead", False),
        ("agent", False),
        ("viewer", False),
    ],
)
def test_posting_directly_is_for_roles_that_could_approve(
    people: People, alice: Person, role: str, may: bool
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    drawn, received = draft_bill(alice), receive(alice, vendor_reference="BSP-2")
    answers = [
        person.api.post(f"/bills/{drawn}/receive"),
        person.api.post(f"/bills/{received}/void", json={"reason": "Entered twice"}),
    ]
    assert [answer.status_code for answer in answers] == ([200, 200] if may else [403, 403])
    assert bill_seen(alice, drawn)["status"] == ("received" if may else "draft")
    writes = 403 if role == "viewer" else 200
    other = draft_bill(alice, vendor_reference="BSP-3")
    assert person.api.patch(f"/bills/{other}", json={"notes": "x"}).status_code == writes
    assert person.api.post("/bills", json=DRAWN).status_code == (403 if role == "viewer" else 201)
    assert person.api.delete(f"/bills/{other}").status_code == (403 if role == "viewer" else 204)


def test_another_agency_s_bill_is_not_found(alice: Person, charlie: Person) -> None:
    path = f"/bills/{draft_bill(charlie)}"
    answers = [
        alice.api.get(path),
        alice.api.delete(path),
        alice.api.patch(path, json={"notes": "x"}),
        alice.api.post(f"{path}/receive"),
    ]
    for answer in (*answers, alice.api.post(f"{path}/void", json={"reason": "x"})):
        assert code(answer) == (404, "bill_not_found")
    assert charlie.api.get(path).json["status"] == "draft"


# Bought as agent
# --------------------------------------------------------------------------------

AGENT = VISAS | {"bought_as": "agent"}
FEE = {"description": "Fee", "quantity": 1, "unit_price": "0.50"}


def test_a_sale_and_a_purchase_as_agent_cancel_out_and_are_neither_revenue_nor_cost(
    alice: Person,
) -> None:
    issued(alice, line() | {"sold_as": "agent"}, line("100.00", quantity=1) | {"sold_as": "fee"})
    assert balances(alice)["held_for_suppliers", "INR"] == -4_500_000
    drawn = alice.api.post("/bills", json=DRAWN | {"line_items": [AGENT, FEE]}).json
    assert [item["bought_as"] for item in drawn["line_items"]] == ["agent", "cost"]
    assert alice.api.post(f"/bills/{drawn['id']}/receive").json["open_amount"] == "45000.50"
    assert balances(alice) == {
        ("receivable", "INR"): 4_510_000,
        ("revenue_fees", "INR"): -10_000,
        ("held_for_suppliers", "INR"): 0,
        ("cost_of_services", "INR"): 50,
        ("payable", "INR"): -4_500_050,
    }
    assert untied(alice) == []


def test_a_bill_as_agent_is_no_cost_and_its_void_reverses_it(
    alice: Person,
) -> None:
    bill_id = receive(alice, line() | {"bought_as": "agent"})
    assert balances(alice) == {
        ("held_for_suppliers", "INR"): 4_500_000,
        ("payable", "INR"): -4_500_000,
    }
    alice.does(bill_service.void_bill, bill_id, reason="Entered twice")
    assert set(balances(alice).values()) == {0}


def test_the_purchase_type_of_a_line_can_change_and_survives_a_new_currency(
    alice: Person,
) -> None:
    path = f"/bills/{draft_bill(alice)}"
    assert [item["bought_as"] for item in alice.api.get(path).json["line_items"]] == ["cost"]
    assert [
        item["bought_as"]
        for item in alice.api.patch(path, json={"line_items": [AGENT]}).json["line_items"]
    ] == ["agent"]
    changed = alice.api.patch(path, json={"currency": "USD"}).json
    assert ([item["bought_as"] for item in changed["line_items"]], changed["currency"]) == (
        ["agent"],
        "USD",
    )
    assert len(alice.api.get("/audit?kind=bill.revised").json["items"]) == 2
    assert (
        alice.api.patch(path, json={"line_items": [VISAS | {"bought_as": "principal"}]}).status_code
        == 422
    )


def test_the_database_protects_the_purchase_type_of_a_received_bill(
    alice: Person, owner_engine: sa.Engine
) -> None:
    draft, received = draft_bill(alice, vendor_reference="BSP-2"), receive(alice)
    for bill_id, bought_as, refusal in (
        (draft, "gift", "ck_bill_lines_bought_as"),
        (received, "agent", "cannot be changed"),
    ):
        with pytest.raises(sa.exc.DBAPIError, match=refusal), owner_engine.begin() as connection:
            connection.execute(
                sa.text("update bill_lines set bought_as = :b where bill_id = :id"),
                {"b": bought_as, "id": bill_id},
            )
