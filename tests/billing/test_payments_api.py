"""JSON API of payments: the list, allocations, advances, refunds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import DUE, advance, issued, left_of, line, pay, receive, seen
from tests.billing.test_api import code
from tests.chat.parallel import at_once
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.billing.payments.service import settling
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money

PAID = {
    "party_name": " Deepa  Krishnan",
    "amount": "50000",
    "currency": "INR",
    "paid_on": "2024-06-25",
}


def part(document_id: UUID, amount: str) -> dict[str, str]:
    return {"document_id": str(document_id), "amount": amount}


def test_a_payment_is_recorded_allocated_and_refunded(alice: Person) -> None:
    first, second = issued(alice), issued(alice)
    created = alice.api.post(
        "/payments",
        json=PAID
        | {
            "account": "cash",
            "reference": "UPI 12",
            "allocations": [part(first, "45000.00")],
        },
    )
    assert created.status_code == 201, created.text
    body = created.json
    assert (body["number"], body["direction"], body["party_name"], body["account"]) == (
        "R/2024-25/000001",
        "in",
        "Deepa Krishnan",
        "cash",
    )
    amounts = ("amount", "allocated_amount", "refunded_amount", "unapplied_amount")
    assert [body[name] for name in amounts] == ["50000.00", "45000.00", "0.00", "5000.00"]
    assert seen(alice, first)["status"] == "paid"
    path = f"/payments/{body['id']}"
    more = alice.api.post(
        f"{path}/allocate",
        json={"allocations": [part(second, "1000")], "effective_on": "2024-06-26"},
    )
    assert (more.status_code, more.json["unapplied_amount"]) == (200, "4000.00")
    stored = more.json["allocations"]
    assert [
        (one["document_id"], one["amount"], one["effective_on"], one["is_taken_back"])
        for one in stored
    ] == [
        (str(first), "45000.00", "2024-06-25", False),
        (str(second), "1000.00", "2024-06-26", False),
    ]
    back = alice.api.post(
        f"{path}/allocations/{stored[0]['id']}/unallocate", json={"effective_on": "2024-06-27"}
    )
    assert (back.status_code, back.json["unapplied_amount"]) == (200, "49000.00")
    assert [
        (one["amount"], one["is_taken_back"], one["reverses_id"])
        for one in back.json["allocations"]
    ] == [
        ("45000.00", True, None),
        ("1000.00", False, None),
        ("-45000.00", False, stored[0]["id"]),
    ]
    assert seen(alice, first)["status"] == "issued"
    refunded = alice.api.post(
        f"{path}/refund",
        json={"amount": "49000", "refunded_on": "2024-06-28", "reference": "UTR 9"},
    )
    assert (
        refunded.status_code,
        refunded.json["unapplied_amount"],
        refunded.json["refunded_amount"],
    ) == (201, "0.00", "49000.00")
    changing = {"id": "", "journal_entry_id": "", "bank_account_id": ""}
    assert refunded.json["refunds"][0] | changing == changing | {
        "number": "F/2024-25/000001",
        "amount": "49000.00",
        "total_amount": "49000.00",
        "payout_id": None,
        "refunded_on": "2024-06-28",
        "account": "bank",
        "bank_account_name": "Bank, current account",
        "mode": None,
        "instrument_no": None,
        "instrument_on": None,
        "instrument_bank": None,
        "reference": "UTR 9",
        "reversed_on": None,
        "reversal_reason": None,
        "reversal_entry_id": None,
    }
    assert alice.api.get(path).json == refunded.json
    assert code(alice.api.post(f"{path}/refund", json={})) == (409, "payment_over_allocated")


def test_without_documents_the_longest_due_are_settled_first(alice: Person) -> None:
    late, early, later = (issued(alice, due_date=DUE + timedelta(days=days)) for days in (9, 1, 20))
    issued(alice, line(currency="AED"))
    issued(alice, customer_name="Somebody else")
    payment_id = advance(alice, 5_000_000)
    body = alice.api.post(f"/payments/{payment_id}/allocate", json={}).json
    assert [(one["document_id"], one["amount"]) for one in body["allocations"]] == [
        (str(early), "45000.00"),
        (str(late), "5000.00"),
    ]
    assert seen(alice, later)["paid_minor"] == 0
    assert code(alice.api.post(f"/payments/{payment_id}/allocate", json={})) == (
        409,
        "payment_over_allocated",
    )


def test_an_allocation_without_open_documents_gives_the_reason(alice: Person) -> None:
    bare, given_back, reversed_id = (advance(alice, 100) for _ in range(3))
    issued(alice, line(currency="AED"))
    issued(alice, customer_name="Somebody else")
    paths = [f"/payments/{payment_id}/allocate" for payment_id in (bare, given_back, reversed_id)]
    assert alice.api.post(f"/payments/{given_back}/refund", json={}).status_code == 201
    assert (
        alice.api.post(
            f"/payments/{reversed_id}/reverse", json={"reason": "Typed twice"}
        ).status_code
        == 200
    )
    assert [code(alice.api.post(path, json={})) for path in paths] == [
        (409, "nothing_open"),
        (409, "payment_over_allocated"),
        (409, "payment_reversed"),
    ]
    invoice_id = issued(alice)
    assert [
        code(alice.api.post(path, json={"allocations": [part(invoice_id, "1")]}))
        for path in paths[1:]
    ] == [
        (409, "payment_over_allocated"),
        (409, "payment_reversed"),
    ]
    for body in ({}, {"amount": "1"}):
        assert code(alice.api.post(f"/payments/{reversed_id}/refund", json=body)) == (
            409,
            "payment_reversed",
        )
    documented = alice.api.get("/openapi.json").json["paths"]
    for act, codes in (
        ("allocate", ("nothing_open", "payment_reversed", "payment_over_allocated")),
        ("refund", ("payment_reversed",)),
    ):
        answers = documented[f"/api/payments/{{payment_id}}/{act}"]["post"]["responses"]
        assert all(f"`{one}`" in answers["409"]["description"] for one in codes), act


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"amount": "0"}, (422, "invalid_amount")),
        ({"amount": "1.001"}, (422, "invalid_amount")),
        ({"paid_on": "2100-01-01"}, (400, "date_in_future")),
        ({"amount": "100", "allocations": "over"}, (409, "payment_over_allocated")),
        ({"allocations": "over"}, (409, "payment_exceeds_open")),
        ({"allocations": "twice"}, (422, "document_twice")),
        ({"allocations": "other"}, (409, "another_party")),
        ({"allocations": "bill"}, (404, "invoice_not_found")),
        ({"currency": "AED", "allocations": "one"}, (422, "settled_amount_required")),
    ],
)
def test_an_invalid_payment_is_refused(
    alice: Person, body: dict[str, Any], refusal: tuple[int, str]
) -> None:
    invoice_id = issued(alice)
    kinds = {
        "over": lambda: [part(invoice_id, "45000" if "amount" in body else "45000.01")],
        "twice": lambda: [part(invoice_id, "1"), part(invoice_id, "1")],
        "other": lambda: [part(issued(alice, customer_name="Somebody else"), "1")],
        "bill": lambda: [part(receive(alice), "1")],
        "one": lambda: [part(invoice_id, "1")],
    }
    asked = (
        PAID
        | body
        | ({"allocations": kinds[body["allocations"]]()} if "allocations" in body else {})
    )
    before = balances(alice)
    assert code(alice.api.post("/payments", json=asked)) == refusal
    assert balances(alice)[("receivable", "INR")] == before[("receivable", "INR")]
    assert alice.api.get("/payments").json["items"] == []


def test_a_supplier_is_paid_and_the_bill_is_settled(alice: Person) -> None:
    bill_id = receive(alice)
    body = alice.api.post(
        "/payments",
        json=PAID
        | {
            "direction": "out",
            "party_name": "BSP India",
            "allocations": [part(bill_id, "45000")],
        },
    ).json
    assert (
        body["number"],
        body["allocations"][0]["document_reference"],
        body["unapplied_amount"],
    ) == ("P/2024-25/000001", "BSP-1", "5000.00")


def test_a_receipt_of_an_invoice_is_listed_as_a_payment(alice: Person) -> None:
    invoice_id = issued(alice)
    alice.api.post(
        f"/invoices/{invoice_id}/receipts",
        json={"amount": "100", "paid_on": "2024-06-25", "account": "cash"},
    )
    (body,) = alice.api.get("/payments").json["items"]
    assert (body["number"], body["account"], body["unapplied_amount"]) == (
        "R/2024-25/000001",
        "cash",
        "0.00",
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
def test_moving_money_directly_requires_the_right_to_approve(
    people: People, alice: Person, role: str, may: bool
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    issued(alice)
    payment_id = advance(alice, 100)
    answers = [
        person.api.post(f"/payments{path}", json=body)
        for path, body in (("", PAID), (f"/{payment_id}/allocate", {}))
    ]
    assert [answer.status_code for answer in answers] == ([201, 200] if may else [403, 403])
    allocation = alice.api.get(f"/payments/{payment_id}").json["allocations"]
    path = (
        f"/payments/{payment_id}/allocations/{allocation[0]['id'] if may else new_id()}/unallocate"
    )
    answers = [
        person.api.post(path, json={}),
        person.api.post(f"/payments/{payment_id}/refund", json={}),
    ]
    assert [answer.status_code for answer in answers] == ([200, 201] if may else [403, 403])
    assert person.api.get(f"/payments/{payment_id}").status_code == 200


def test_a_payment_of_another_agency_is_404(alice: Person, charlie: Person) -> None:
    invoice_id = issued(charlie)
    payment_id = advance(charlie, 200, DUE, settling.Part(invoice_id, Money(100, "INR")))
    allocation_id = charlie.api.get(f"/payments/{payment_id}").json["allocations"][0]["id"]
    path = f"/payments/{payment_id}"
    for answer in (
        alice.api.get(path),
        alice.api.post(f"{path}/allocate", json={}),
        alice.api.post(f"{path}/refund", json={}),
    ):
        assert code(answer) == (404, "payment_not_found")
    assert (
        alice.api.post(f"{path}/allocations/{allocation_id}/unallocate", json={}).status_code == 404
    )
    mine = advance(alice, 100)
    assert code(
        alice.api.post(f"/payments/{mine}/allocations/{allocation_id}/unallocate", json={})
    ) == (404, "allocation_not_found")
    assert code(
        alice.api.post(f"/payments/{mine}/allocate", json={"allocations": [part(invoice_id, "1")]})
    ) == (404, "invoice_not_found")
    assert [item["id"] for item in alice.api.get("/payments").json["items"]] == [str(mine)]


def test_parallel_allocations_share_the_open_amount(alice: Person) -> None:
    invoices = [issued(alice, line("1.00", quantity=1)) for _ in range(3)]
    payments = [advance(alice, 200) for _ in range(2)]
    answers = at_once(
        [
            lambda one=one: alice.api.post(f"/payments/{one}/allocate", json={}).status_code
            for one in payments
        ]
    )  # type: ignore[misc]
    assert answers == [200, 200]
    assert [seen(alice, one)["status"] for one in invoices] == ["paid"] * 3
    assert sum(left_of(alice, one)[2] for one in payments) == 100


def test_an_idempotency_key_records_one_payment(alice: Person) -> None:
    answers = at_once(
        [
            lambda: alice.api.post(
                "/payments", json=PAID, headers={"Idempotency-Key": "once"}
            ).json["id"]
        ]
        * 3
    )
    assert len(set(answers)) == 1
    assert balances(alice)[("bank", "INR")] == 5_000_000


# The list
# --------------------------------------------------------------------------------


def test_the_list_has_cursors_and_the_newest_day_first(alice: Person, charlie: Person) -> None:
    advance(charlie, 1)
    days = [DUE + timedelta(days=day) for day in (0, 0, 0, 1, 2)]
    made = {advance(alice, 1, day): day for day in days}
    found: list[tuple[date, UUID]] = []
    cursor = ""
    while cursor is not None:
        page = alice.api.get(f"/payments?limit=2&cursor={cursor}").json
        assert 0 < len(page["items"]) <= page["limit"] == 2
        found += [(date.fromisoformat(item["paid_on"]), UUID(item["id"])) for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == sorted(((day, payment_id) for payment_id, day in made.items()), reverse=True)
    assert code(alice.api.get("/payments?cursor=nonsense")) == (422, "invalid_cursor")


@pytest.mark.parametrize(
    "query",
    [
        "direction=in&unapplied=1",
        "party=AL+NOOR",
        "from=2024-07-02&to=2024-07-02",
        "unapplied=1&from=2024-07-01&direction=",
        "from=2024-07-01&party=",
    ],
)
def test_every_filter_restricts_the_list(alice: Person, query: str) -> None:
    pay(alice, issued(alice), 100)
    advance(alice, 100, direction="out", party_name="BSP India")
    advance(alice, 100, date(2024, 7, 2), party_name="Al Noor")
    names = [item["party_name"] for item in alice.api.get(f"/payments?{query}").json["items"]]
    assert names == ["Al Noor"]


def test_the_list_needs_the_same_statements_for_any_number(
    alice: Person, statements: list[str]
) -> None:
    invoice_id = issued(alice)
    costs = []
    for _ in range(2):
        for _ in range(5):
            pay(alice, invoice_id, 100)
        statements.clear()
        assert len(alice.api.get("/payments").json["items"]) == 5 * (len(costs) + 1)
        costs.append(len(statements))
    assert costs[0] == costs[1]
