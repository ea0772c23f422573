"""Due dates: as entered, else by the terms of the party, else the issue date."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.billing.papers import draft, receive, seen
from tests.billing.test_forms import LINES, TYPED, send
from tests.enquiries.reading import Page
from tests.parties.test_api import made
from tests.people import Person
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.invoices.service import drafts as invoice_drafts

VISAS = {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00"}
DRAWN = {
    "customer_name": "deepa KRISHNAN",
    "issue_date": "2024-06-10",
    "currency": "INR",
    "line_items": [VISAS],
}
ENTERED = {
    "vendor_name": "BSP India",
    "vendor_reference": "B-1",
    "issue_date": "2024-06-10",
    "currency": "INR",
    "line_items": [VISAS],
}


def drawn(person: Person, **values: Any) -> dict[str, Any]:
    answer = person.api.post("/invoices", json=DRAWN | values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json
    return body


@pytest.mark.parametrize(
    ("terms", "due"),
    [(None, "2024-06-10"), (0, "2024-06-10"), (30, "2024-07-10"), (365, "2025-06-10")],
)
def test_the_terms_of_a_customer_apply_in_any_spelling_of_the_name(
    alice: Person, terms: int | None, due: str
) -> None:
    made(alice, terms_days=terms)
    assert drawn(alice)["due_date"] == due
    assert drawn(alice, due_date=None)["due_date"] == due
    assert drawn(alice, customer_name="Somebody else")["due_date"] == "2024-06-10"


def test_an_entered_due_date_has_priority(alice: Person) -> None:
    made(alice, terms_days=30)
    assert drawn(alice, due_date="2024-06-12")["due_date"] == "2024-06-12"
    assert alice.api.post("/invoices", json=DRAWN | {"due_date": "2024-06-09"}).status_code == 400


def test_a_bill_is_due_by_the_terms_of_its_supplier(alice: Person) -> None:
    made(alice, name="BSP India", is_supplier=True, terms_days=15)
    assert alice.api.post("/bills", json=ENTERED).json["due_date"] == "2024-06-25"
    bill_id = receive(alice, due_date=None)
    with alice.reading() as reader:
        assert bill_queries.read_bill(reader, bill_id).bill["due_date"] == date(2024, 6, 25)


def test_due_dates_never_exceed_the_last_book_date(alice: Person) -> None:
    made(alice, terms_days=30)
    assert drawn(alice, issue_date="2200-12-20")["due_date"] == "2200-12-31"


def test_terms_of_another_agency_are_ignored(alice: Person, charlie: Person) -> None:
    made(charlie, terms_days=30)
    assert drawn(alice)["due_date"] == "2024-06-10"


def test_a_draft_keeps_its_due_date_when_terms_change(alice: Person) -> None:
    party = made(alice, terms_days=30)
    invoice = drawn(alice)
    alice.api.patch(f"/parties/{party['id']}", json={"terms_days": 5})
    changed = alice.api.patch(f"/invoices/{invoice['id']}", json={"notes": "Two"})
    assert changed.json["due_date"] == "2024-07-10"


def test_a_draft_without_a_due_date_gets_that_of_the_terms(alice: Person) -> None:
    made(alice, terms_days=30)
    made(alice, name="Zeenat", terms_days=7)
    invoice_id = draft(alice)
    alice.does(
        invoice_drafts.revise_draft, invoice_id, {"due_date": None, "customer_name": "zeenat"}
    )
    assert seen(alice, invoice_id)["due_date"] == date(2024, 6, 17)
    alice.does(
        invoice_drafts.revise_draft, invoice_id, {"due_date": None, "customer_name": "Nobody"}
    )
    assert seen(alice, invoice_id)["due_date"] == date(2024, 6, 10)


def test_the_form_suggests_customers_and_leaves_the_due_date_empty(alice: Person) -> None:
    made(alice, terms_days=15)
    made(alice, name="Air India", is_customer=False, is_supplier=True)
    gone = made(alice, name="Gone")
    alice.api.patch(f"/parties/{gone['id']}", json={"is_archived": True})
    form = Page(alice.tab.get("/invoices/new"))
    assert [
        option.attrib["value"] for option in form.all(".//datalist[@id='known-names']/option")
    ] == ["Deepa Krishnan"]
    assert (form.one(".//input[@name='customer_name']").attrib["list"], form.field("due_date")) == (
        "known-names",
        "",
    )
    answer = send(alice, "/invoices/new", **TYPED | {"due_date": ""}, **LINES)
    assert (
        alice.api.get(f"/invoices/{answer.headers['Location'].rpartition('/')[2]}").json["due_date"]
        == "2024-06-25"
    )
    for direction, name in (("in", "Deepa Krishnan"), ("out", "Air India")):
        page = Page(alice.tab.get(f"/payments/new?direction={direction}"))
        assert [
            option.attrib["value"] for option in page.all(".//datalist[@id='known-names']/option")
        ] == [name]
