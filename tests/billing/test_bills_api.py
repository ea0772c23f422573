"""Bills over the API: the list and one bill; who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.billing.papers import DUE, ISSUED, line, receive
from tests.billing.test_api import code
from tests.people import People, Person
from voyagent.billing import service
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money

PRICED = {"quantity": 2, "unit_price": "22500.00", "amount": "45000.00"}


def references(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["vendor_reference"] for item in answer.json["items"]]


def many(person: Person, count: int = 3) -> None:
    for number in range(1, count + 1):
        receive(person, vendor_reference=f"BSP-{number}", vendor_name=f"Supplier {number}", issue_date=ISSUED + timedelta(days=number))


# Reading --------------------------------------------------------------------------------------------------------------------


def test_a_bill_is_read_with_its_lines_and_what_was_paid_on_it(alice: Person) -> None:
    bill_id = receive(alice, line(description="Tickets"), party_reference="Agent 7", notes="Week 23")
    alice.does(service.pay_bill, bill_id, Money(1_000_000, "INR"), DUE, reference="NEFT 9")
    told = alice.api.get(f"/bills/{bill_id}").json
    assert (told["vendor_name"], told["vendor_reference"], told["party_reference"], told["notes"]) == ("BSP India", "BSP-1", "Agent 7", "Week 23")
    assert (told["status"], told["issue_date"], told["due_date"], told["currency"]) == ("received", "2024-06-10", "2024-06-25", "INR")
    amounts = ("total_amount", "paid_amount", "credited_amount", "open_amount")
    assert [told[name] for name in amounts] == ["45000.00", "10000.00", "0.00", "35000.00"]
    assert told["line_items"] == [PRICED | {"description": "Tickets"}]
    assert [(row["amount"], row["paid_on"], row["reference"]) for row in told["payments"]] == [("10000.00", "2024-06-25", "NEFT 9")]
    assert (told["journal_entry_id"] is None, told["voided_on"]) == (False, None)
    brief = alice.api.get("/bills").json["items"][0]
    assert brief == {name: told[name] for name in brief}


def test_a_void_bill_says_why(alice: Person) -> None:
    bill_id = receive(alice)
    alice.does(service.void_bill, bill_id, reason="Entered twice", on=DUE)
    told = alice.api.get(f"/bills/{bill_id}").json
    assert (told["status"], told["voided_on"], told["void_reason"], told["open_amount"]) == ("void", "2024-06-25", "Entered twice", "0.00")
    assert told["void_journal_entry_id"] != told["journal_entry_id"]


def test_the_list_is_by_issue_date_and_narrowed_by_all_filters_at_once(alice: Person) -> None:
    many(alice)
    alice.does(service.pay_bill, receive(alice, vendor_reference="BSP-9", vendor_name="Supplier 1"), Money(4_500_000, "INR"), DUE)
    assert references(alice.api.get("/bills")) == ["BSP-3", "BSP-2", "BSP-1", "BSP-9"]
    assert references(alice.api.get("/bills?party=supplier 1")) == ["BSP-1", "BSP-9"]
    assert references(alice.api.get("/bills?party=supplier 1&status=open")) == ["BSP-1"]
    assert references(alice.api.get("/bills?status=paid")) == ["BSP-9"]
    assert references(alice.api.get("/bills?from=2024-06-12&to=2024-06-12&status=&party=")) == ["BSP-2"]
    assert references(alice.api.get("/bills?status=void")) == []
    assert alice.api.get("/bills?status=issued").status_code == 422


def test_the_pages_of_the_list_follow_one_another(alice: Person) -> None:
    many(alice)
    first = alice.api.get("/bills?limit=2")
    assert references(first) == ["BSP-3", "BSP-2"]
    second = alice.api.get(f"/bills?limit=2&cursor={first.json['next_cursor']}")
    assert (references(second), second.json["next_cursor"]) == (["BSP-1"], None)
    assert code(alice.api.get("/bills?cursor=nonsense")) == (422, "invalid_cursor")


def test_the_list_costs_the_same_however_many_there_are(alice: Person, statements: list[str]) -> None:
    costs = []
    for batch in range(2):
        for number in range(3):
            receive(alice, vendor_reference=f"B-{batch}-{number}")
        statements.clear()
        assert len(alice.api.get("/bills").json["items"]) == 3 * (batch + 1)
        costs.append(len(statements))
    assert costs[0] == costs[1]


# Who may --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/bills", "/bills/{bill_id}"])
def test_everybody_of_the_agency_reads_and_nobody_else(people: People, alice: Person, charlie: Person, path: str) -> None:
    bill_id = receive(alice)
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    assert viewer.api.get(path.format(bill_id=bill_id)).status_code == 200
    theirs = charlie.api.get(path.format(bill_id=bill_id))
    assert theirs.json["items"] == [] if theirs.status_code == 200 else code(theirs) == (404, "bill_not_found")
    assert code(alice.api.get(f"/bills/{new_id()}")) == (404, "bill_not_found")
