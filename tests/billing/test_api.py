"""JSON API of invoices: lists, drafts, issuing, receipts and parallel requests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import DUE, ISSUED, draft, issued, line, pay, seen, untied
from tests.chat.parallel import at_once
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.enquiries import service as enquiries
from voyagent.kernel.ids import new_id

VISAS = {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}
DRAWN = {
    "customer_name": " Deepa  Krishnan",
    "issue_date": "2024-06-10",
    "currency": "INR",
    "line_items": [VISAS],
}


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["customer_name"] for item in answer.json["items"]]


def code(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json["detail"]


# One invoice from draft to payment
# --------------------------------------------------------------------------------


def test_a_draft_is_created_changed_issued_and_paid(alice: Person) -> None:
    drawn = alice.api.post("/invoices", json=DRAWN)
    assert drawn.status_code == 201, drawn.text
    body = drawn.json
    assert (body["status"], body["number"], body["customer_name"], body["due_date"]) == (
        "draft",
        None,
        "Deepa Krishnan",
        "2024-06-10",
    )
    assert (body["total_amount"], body["paid_amount"], body["open_amount"], body["currency"]) == (
        "45000.00",
        "0.00",
        "0.00",
        "INR",
    )
    untaxed = {
        "unit": None,
        "discount": "0.00",
        "price_includes_tax": False,
        "sold_as": "principal",
        "tax": None,
        "collection": None,
        "basic_fare": None,
        "service_date": None,
        "service_to": None,
        "recognition": None,
        "commission": "0.00",
        "sac": None,
        "place_of_supply": None,
        "trip_line_id": None,
        "taxes": [],
    }
    assert body["line_items"] == [VISAS | {"amount": "45000.00"} | untaxed]
    path = f"/invoices/{body['id']}"
    more = [VISAS, {"description": "Fee", "quantity": 1, "unit_price": "0.50"}]
    changed = alice.api.patch(
        path, json={"line_items": more, "due_date": "2024-06-25", "party_reference": "PO 7"}
    ).json
    assert (changed["total_amount"], changed["due_date"], changed["party_reference"]) == (
        "45000.50",
        "2024-06-25",
        "PO 7",
    )
    assert [item["description"] for item in changed["line_items"]] == ["Dubai visa", "Fee"]
    assert balances(alice) == {}, "A draft posts nothing"
    sent = alice.api.post(f"{path}/issue")
    assert (
        sent.status_code,
        sent.json["status"],
        sent.json["number"],
        sent.json["open_amount"],
    ) == (200, "issued", "2024-25/000001", "45000.50")
    assert balances(alice)[("receivable", "INR")] == 4_500_050
    part = alice.api.post(
        f"{path}/receipts",
        json={"amount": "0.50", "paid_on": "2024-06-12", "account": "cash", "reference": "UPI 12"},
    )
    assert (part.status_code, part.json["status"], part.json["open_amount"]) == (
        201,
        "partially_paid",
        "45000.00",
    )
    whole = alice.api.post(f"{path}/receipts", json={})
    assert (whole.json["status"], whole.json["open_amount"], len(whole.json["payments"])) == (
        "paid",
        "0.00",
        2,
    )
    assert whole.json["payments"][0] | {"payment_id": "", "journal_entry_id": ""} == {
        "payment_id": "",
        "paid_on": "2024-06-12",
        "amount": "0.50",
        "payment_amount": "0.50",
        "payment_currency": "INR",
        "reference": "UPI 12",
        "journal_entry_id": "",
    }
    assert balances(alice)[("cash", "INR")] == 50
    assert balances(alice)[("receivable", "INR")] == 0
    assert alice.api.get(path).json == whole.json
    assert untied(alice) == []


def test_a_draft_may_belong_to_an_enquiry(alice: Person, charlie: Person) -> None:
    mine, theirs = (
        person.does(lambda actor: enquiries.create(actor, customer_name="Deepa Krishnan").id)
        for person in (alice, charlie)
    )
    assert alice.api.post("/invoices", json=DRAWN | {"enquiry_id": str(mine)}).json[
        "enquiry_id"
    ] == str(mine)
    assert code(alice.api.post("/invoices", json=DRAWN | {"enquiry_id": str(theirs)})) == (
        404,
        "enquiry_not_found",
    )


def test_deleting_a_draft_leaves_no_gap(alice: Person) -> None:
    thrown = draft(alice)
    assert alice.api.delete(f"/invoices/{thrown}").status_code == 204
    assert code(alice.api.get(f"/invoices/{thrown}")) == (404, "invoice_not_found")
    assert alice.api.post(f"/invoices/{draft(alice)}/issue").json["number"] == "2024-25/000001"


def test_a_new_currency_keeps_the_figures(alice: Person) -> None:
    invoice_id = draft(alice, line("22500.50"))
    changed = alice.api.patch(f"/invoices/{invoice_id}", json={"currency": "AED"}).json
    assert (
        changed["currency"],
        changed["total_amount"],
        changed["line_items"][0]["unit_price"],
    ) == ("AED", "45001.00", "22500.50")
    assert code(alice.api.patch(f"/invoices/{invoice_id}", json={"currency": "JPY"})) == (
        422,
        "invalid_amount",
    ), "half a yen is refused, never rounded"
    assert seen(alice, invoice_id)["currency"] == "AED"


def test_null_clears_only_reference_and_notes(alice: Person) -> None:
    invoice_id = draft(alice, party_reference="PO 7", notes="Soon")
    changed = alice.api.patch(
        f"/invoices/{invoice_id}", json={"party_reference": None, "notes": None}
    ).json
    assert (changed["party_reference"], changed["notes"], changed["customer_name"]) == (
        None,
        None,
        "Deepa Krishnan",
    )
    for name in ("customer_name", "issue_date", "due_date", "currency", "line_items"):
        assert alice.api.patch(f"/invoices/{invoice_id}", json={name: None}).status_code == 422, (
            name
        )


def test_a_change_without_difference_records_no_event(alice: Person) -> None:
    invoice_id = draft(alice)
    before = seen(alice, invoice_id)
    assert (
        alice.api.patch(
            f"/invoices/{invoice_id}",
            json={"line_items": [VISAS], "currency": "INR", "customer_name": "Deepa Krishnan"},
        ).status_code
        == 200
    )
    assert seen(alice, invoice_id) == before
    assert alice.api.get("/audit?kind=invoice.revised").json["items"] == []
    alice.api.patch(f"/invoices/{invoice_id}", json={"notes": "x"})
    assert len(alice.api.get("/audit?kind=invoice.revised").json["items"]) == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"due_date": "2024-06-09"}, (400, "invalid_date")),
        ({"issue_date": "2024-06-26"}, (400, "invalid_date")),
        ({"line_items": [VISAS | {"unit_price": "1.005"}]}, (422, "invalid_amount")),
        ({"line_items": [VISAS | {"unit_price": "0"}]}, (422, "total_out_of_range")),
    ],
)
def test_the_rules_apply_to_a_changed_draft(
    alice: Person, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    invoice_id = draft(alice)
    before = seen(alice, invoice_id)
    assert code(alice.api.patch(f"/invoices/{invoice_id}", json=changes)) == refusal
    assert seen(alice, invoice_id) == before
    if "line_items" in changes:
        assert code(alice.api.post("/invoices", json=DRAWN | changes)) == refusal


def test_an_issued_invoice_is_neither_changed_nor_deleted_nor_issued_again(alice: Person) -> None:
    path = f"/invoices/{issued(alice)}"
    for answer in (
        alice.api.patch(path, json={"notes": "x"}),
        alice.api.delete(path),
        alice.api.post(f"{path}/issue"),
    ):
        assert code(answer) == (409, "invoice_not_draft")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"amount": "45000.01"}, (409, "payment_exceeds_open")),
        ({"amount": "0"}, (422, "invalid_amount")),
        ({"amount": "1.001"}, (422, "invalid_amount")),
        ({"amount": "1", "currency": "AED"}, (400, "mixed_currency")),
        ({"amount": "1", "paid_on": "2024-06-09"}, (400, "invalid_date")),
        ({"amount": "1", "paid_on": "2100-01-01"}, (400, "date_in_future")),
    ],
)
def test_an_invalid_receipt_is_refused(
    alice: Person, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    invoice_id = issued(alice)
    assert code(alice.api.post(f"/invoices/{invoice_id}/receipts", json=body)) == refusal
    assert seen(alice, invoice_id)["paid_minor"] == 0


def test_a_draft_cannot_be_paid(alice: Person) -> None:
    assert code(alice.api.post(f"/invoices/{draft(alice)}/receipts", json={})) == (
        409,
        "document_not_open",
    )


# Permissions and parallel requests
# --------------------------------------------------------------------------------


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
    drawn, sent = draft(alice), issued(alice)
    answers = [
        person.api.post(f"/invoices/{drawn}/issue"),
        person.api.post(f"/invoices/{sent}/receipts", json={}),
    ]
    assert [answer.status_code for answer in answers] == ([200, 201] if may else [403, 403])
    assert seen(alice, drawn)["status"] == ("issued" if may else "draft")
    assert person.api.patch(f"/invoices/{draft(alice)}", json={"notes": "x"}).status_code == (
        403 if role == "viewer" else 200
    )


def test_of_parallel_issues_only_one_succeeds(alice: Person) -> None:
    invoice_id = draft(alice)
    answers = at_once([lambda: alice.api.post(f"/invoices/{invoice_id}/issue").status_code] * 5)
    assert sorted(answers) == [200, 409, 409, 409, 409]
    assert balances(alice)[("receivable", "INR")] == 4_500_000


def test_a_draft_is_changed_before_its_issue_or_not_at_all(alice: Person) -> None:
    invoice_id = draft(alice)
    more = {"line_items": [VISAS, VISAS]}
    changed, sent = at_once(
        [
            lambda: alice.api.patch(f"/invoices/{invoice_id}", json=more).status_code,
            lambda: alice.api.post(f"/invoices/{invoice_id}/issue").status_code,
        ]
    )
    assert sent == 200
    total = 9_000_000 if changed == 200 else 4_500_000
    assert seen(alice, invoice_id)["total_minor"] == total
    assert balances(alice)[("receivable", "INR")] == total


def test_parallel_receipts_never_exceed_the_open_amount(alice: Person) -> None:
    invoice_id = issued(alice)
    answers = at_once(
        [
            lambda: (
                alice.api.post(
                    f"/invoices/{invoice_id}/receipts", json={"amount": "10000"}
                ).status_code
            )
        ]
        * 6
    )
    assert sorted(answers) == [201] * 4 + [409] * 2
    assert seen(alice, invoice_id)["paid_minor"] == 4_000_000
    assert untied(alice) == []


# The list
# --------------------------------------------------------------------------------


def test_the_list_has_cursors_and_the_newest_issue_date_first(
    alice: Person, charlie: Person
) -> None:
    draft(charlie)
    days = [ISSUED + timedelta(days=day) for day in (0, 0, 0, 1, 2, 2, 3)]
    made = {draft(alice, issue_date=day, due_date=day + timedelta(days=9)): day for day in days}
    found: list[tuple[date, UUID]] = []
    cursor = ""
    while cursor is not None:
        page = alice.api.get(f"/invoices?limit=2&cursor={cursor}").json
        assert 0 < len(page["items"]) <= page["limit"] == 2
        found += [
            (date.fromisoformat(item["issue_date"]), UUID(item["id"])) for item in page["items"]
        ]
        cursor = page["next_cursor"]
    assert found == sorted(((day, invoice_id) for invoice_id, day in made.items()), reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        "status=partially_paid",
        "status=open",
        "party=AL+NOOR+TRADING",
        "from=2024-06-12&to=2024-06-20",
        "q=noor",
        "q=PO-77&status=open",
        "q=al&from=2024-06-12",
        "q=trading&to=2024-06-20&party=al+noor+trading&from=2024-06-11",
    ],
)
def test_every_filter_restricts_the_list(alice: Person, query: str) -> None:
    draft(alice)
    draft(alice, customer_name="Al Barsha", issue_date=date(2024, 6, 25))
    day = date(2024, 6, 15)
    invoice_id = issued(
        alice, customer_name="Al Noor Trading", party_reference="PO-77", issue_date=day
    )
    pay(alice, invoice_id, 1, day)
    expected = (
        ["Al Barsha", "Al Noor Trading"] if query.startswith("q=al&") else ["Al Noor Trading"]
    )
    assert names(alice.api.get(f"/invoices?{query}")) == expected


@pytest.mark.parametrize("text", ["visa%20group", "vi"])
def test_a_search_has_cursors_too(alice: Person, text: str) -> None:
    made = [
        draft(
            alice,
            customer_name=f"Visa group {n}",
            issue_date=ISSUED + timedelta(days=n // 2),
            due_date=DUE,
        )
        for n in range(5)
    ]
    draft(alice)
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = alice.api.get(f"/invoices?q={text}&limit=2&cursor={cursor}").json
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == [str(invoice_id) for invoice_id in reversed(made)]


def test_a_wildcard_character_is_searched_literally(alice: Person) -> None:
    draft(alice, customer_name="100% Travel")
    draft(alice)
    assert names(alice.api.get("/invoices?q=100%25")) == ["100% Travel"]
    assert names(alice.api.get("/invoices?q=D__pa")) == []


def test_a_cursor_of_another_list_is_refused(alice: Person) -> None:
    assert code(alice.api.get("/invoices?cursor=nonsense")) == (422, "invalid_cursor")


def test_another_agency_s_invoice_is_not_found(alice: Person, charlie: Person) -> None:
    path = f"/invoices/{draft(charlie)}"
    for answer in (
        alice.api.get(path),
        alice.api.delete(path),
        alice.api.post(f"{path}/issue"),
        alice.api.get(f"/invoices/{new_id()}"),
    ):
        assert code(answer) == (404, "invoice_not_found")
    assert names(alice.api.get("/invoices")) == []
