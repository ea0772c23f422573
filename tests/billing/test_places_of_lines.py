"""Places of supply of lines, and the split of a draft."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import draft, issue, plan
from tests.billing.test_legal_papers import pdf
from tests.billing.test_taxes import HERE, ON, amounts, charged, taxed
from tests.enquiries.reading import Page
from tests.people import Person, csrf
from voyagent.billing.core.errors import InstalmentsDoNotAddUp, LinePlaceNotAllowed, PlacesDiffer
from voyagent.billing.invoices.errors import InvoiceNotFound, NothingToSplit
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service.splitting import split_draft
from voyagent.kernel.errors import Forbidden
from voyagent.taxes.rules.tables import UnknownState

BUYER = "27AAPFU0939F1ZV"


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def test_a_room_in_goa_is_taxed_in_goa_between_parties_of_maharashtra(agency: Person) -> None:
    body = {
        "customer_name": "Deepa Krishnan",
        "issue_date": "2026-06-10",
        "currency": "INR",
        "place_of_supply": "27",
        "customer_tax_number": BUYER,
        "line_items": [
            {"description": "Room in Goa", "quantity": 1, "unit_price": "10000.00"}
            | {"tax": "room", "place_of_supply": "30"}
        ],
    }
    made = agency.api.post("/invoices", json=body).json
    assert made["place_of_supply"] == "27"  # the customer's, until the draft is issued
    assert made["line_items"][0]["place_of_supply"] == "30"
    (tax,) = made["line_items"][0]["taxes"]
    assert (tax["component"], tax["percent"], tax["amount"]) == ("igst", "18", "1800.00")
    sent = agency.api.post(f"/invoices/{made['id']}/issue", json={}).json
    assert (sent["total_amount"], sent["place_of_supply"]) == ("11800.00", "30")
    fee = {"amount": "500", "description": "Cancellation fee", "tax": "service_fee"}
    cancel = {"reason": "Stay cancelled", "cancelled_on": "2026-06-12", "fee": fee}
    seen = agency.api.post(f"/invoices/{made['id']}/cancellations/preview", json=cancel).json
    fee_lines = next(one["lines"] for one in seen["entries"] if len(one["lines"]) == 4)
    assert [one["credit"] for one in fee_lines] == ["0.00", "500.00", "45.00", "45.00"]
    credit = {"invoice_id": made["id"], "reason": "Stay cancelled", "issue_date": "2026-06-12"}
    note = agency.api.post("/credit-notes", json=credit).json
    assert note["place_of_supply"] == "30"
    rows = csv.DictReader(agency.api.get(f"/invoices/{made['id']}/invoice.csv").text.splitlines())
    assert next(row for row in rows if row["row"] == "line")["place_of_supply"] == "30"
    for words in (
        Page(agency.tab.get(f"/invoices/{made['id']}")).words(),
        pdf(agency, f"/invoices/{made['id']}/invoice.pdf"),
        pdf(agency, f"/credit-notes/{note['id']}/credit-note.pdf"),
    ):
        assert "Goa (30)" in words


def two_places(person: Person, **more: Any) -> UUID:
    lines = taxed("1000"), taxed("10000", "room", place_of_supply="30"), taxed("500", None)
    return draft(person, *lines, place_of_supply="27", notes="Two guests", **(ON | more))


def test_a_draft_of_two_places_is_split_before_it_is_issued(agency: Person) -> None:
    invoice_id = two_places(agency)
    assert amounts(agency, invoice_id) == (13_480_00, 180_00 + 1_800_00)
    with pytest.raises(PlacesDiffer):
        issue(agency, invoice_id)
    browser = agency.tab
    assert "Split this draft" in Page(browser.get(f"/invoices/{invoice_id}")).words()
    where = browser.get(f"/invoices/{invoice_id}/issue").headers["Location"]
    assert where.endswith(f"/invoices/{invoice_id}/split")
    assert "Goa (30)" in Page(browser.get(where)).words()
    answer = browser.post(where, data={"csrf_token": csrf(browser, "/team")})
    assert answer.status_code == 303
    with agency.reading() as reader:
        first, second = (
            invoice_queries.read_document(reader, row["id"])
            for row in reversed(invoice_queries.list_drafts(reader))
        )
    assert first.invoice["id"] == invoice_id
    assert [(one.invoice["total_minor"], one.invoice["notes"]) for one in (first, second)] == [
        (1_680_00, "Two guests"),
        (11_800_00, "Two guests"),
    ]
    for one in (first, second):
        issue(agency, one.invoice["id"])
    assert charged(agency, second.invoice["id"]) == [(1, "igst", "18.000", 10_000_00, 1_800_00)]
    with agency.acting():
        places = [
            invoice_queries.get_invoice(one.invoice["id"]).place_of_supply
            for one in (first, second)
        ]
    assert places == ["27", "30"]


def test_a_journey_has_its_own_place_only_for_a_customer_without_gstin(agency: Person) -> None:
    flight = taxed("1000", "flight_economy", place_of_supply="07")
    assert charged(agency, draft(agency, flight, place_of_supply="27", **ON))[0][1] == "igst"
    registered = {"customer_tax_number": BUYER, **ON}
    for line, refusal in (
        (flight, LinePlaceNotAllowed),
        (taxed("1000", place_of_supply="30"), LinePlaceNotAllowed),
        (taxed("1000", None, place_of_supply="30"), LinePlaceNotAllowed),
        (taxed("8000", "room", place_of_supply="55"), UnknownState),
    ):
        with pytest.raises(refusal):
            draft(agency, line, **registered)


def test_only_who_drafts_splits_and_only_a_draft_of_two_places(
    agency: Person, charlie: Person
) -> None:
    invoice_id = two_places(agency)
    with charlie.acting() as actor, pytest.raises(InvoiceNotFound):
        split_draft(actor, invoice_id)
    with agency.acting() as actor, pytest.raises(Forbidden):
        split_draft(replace(actor, role="auditor"), invoice_id)
    with agency.acting() as actor, pytest.raises(NothingToSplit):
        split_draft(actor, draft(agency, taxed("1000"), place_of_supply="27", **ON))
    with agency.acting() as actor, pytest.raises(InstalmentsDoNotAddUp):
        parts = plan((ON["issue_date"], "500.00"), (ON["due_date"], "12980.00"))
        split_draft(actor, two_places(agency, instalments=parts, due_date=None))


def test_the_form_keeps_the_place_of_a_line(agency: Person) -> None:
    invoice_id = two_places(agency)
    page = Page(agency.tab.get(f"/invoices/{invoice_id}/edit"))
    chosen = page.all(".//select[@name='line_place']/option[@selected]")
    assert [one.get("value") for one in chosen] == ["30"]
