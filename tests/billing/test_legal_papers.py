"""Contents that Indian law requires on invoices and credit notes."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import draft, issue
from tests.billing.test_taxes import HERE, ON, taxed
from tests.enquiries.reading import Page
from tests.paper_text import text_of
from tests.people import Person
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.kernel.money import Money

GSTIN_OF_BUYER = "27AAACR5055K1Z7"
NOV = {"issue_date": date(2026, 11, 10), "due_date": date(2026, 11, 25)}


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def issued(person: Person, *lines: LineItem, **given: Any) -> UUID:
    invoice_id = draft(person, *lines, **({"place_of_supply": "27"} | ON | given))
    issue(person, invoice_id)
    return invoice_id


def taxes_of(person: Person, invoice_id: UUID) -> tuple[list[list[str]], str]:
    """Return taxable value and taxes of each line, and the total of an invoice."""
    body = person.api.get(f"/invoices/{invoice_id}").json
    lines = [
        [
            *{tax["taxable_amount"] for tax in line["taxes"]},
            *(tax["amount"] for tax in line["taxes"]),
        ]
        for line in body["line_items"]
    ]
    return lines, body["total_amount"]


def sheet(person: Person, path: str) -> str:
    return Page(person.tab.get(path)).words(".//*[@id='sheet']")


def pdf(person: Person, path: str) -> str:
    return " ".join(text_of(person.tab.get(path).data).split())


AIR = (
    taxed("78450", "air_international", basic_fare="52000", sold_as="agent"),
    taxed("1500", "service_fee", sold_as="fee"),
)


@pytest.mark.parametrize(
    ("lines", "place", "expected"),
    [
        (AIR, "27", ([["5200.00", *["468.00"] * 2], ["1500.00", *["135.00"] * 2]], "81156.00")),
        (
            [taxed("90000.11", "tour_without_credit")],
            "24",
            ([["90000.11", "4500.01"]], "94500.12"),
        ),
        ([taxed("1333.37", quantity=3)], "27", ([["4000.11", *["360.01"] * 2]], "4720.13")),
        (
            [taxed("7500", "room_up_to_7500", quantity=3)],
            "27",
            ([["22500.00", *["562.50"] * 2]], "23625.00"),
        ),
        (
            [taxed("7500.01", "room_above_7500", quantity=3)],
            "27",
            ([["22500.03", *["2025.00"] * 2]], "26550.03"),
        ),
        (
            [taxed("20000", "room_above_7500", quantity=2)],
            "30",
            ([["40000.00", "7200.00"]], "47200.00"),
        ),
    ],
    ids=["air and fee", "tour", "rounding", "room", "dear room", "another State"],
)
def test_each_line_has_its_taxable_value_and_taxes(
    agency: Person,
    lines: list[LineItem],
    place: str,
    expected: tuple[list[list[str]], str],
) -> None:
    made = issued(agency, *lines, place_of_supply=place, **NOV)
    assert taxes_of(agency, made) == expected


def test_page_and_pdf_show_what_rule_46_asks(agency: Person) -> None:
    made = issued(agency, *AIR, place_of_supply="27", customer_tax_number=GSTIN_OF_BUYER, **NOV)
    for words in (sheet(agency, f"/invoices/{made}"), pdf(agency, f"/invoices/{made}/invoice.pdf")):
        for wanted in (
            "Tax invoice",
            f"Tax number {HERE}, Maharashtra (27)",
            f"Tax number {GSTIN_OF_BUYER}, Maharashtra (27)",
            "998551",
            "Taxable value",
            "5,200.00",
            "CGST 9 % 468.00",
            "SGST 9 % 135.00",
            "6,700.00",
            "Tax payable on reverse charge: No",
            "Authorised signatory",
        ):
            assert wanted in words


def test_a_tour_without_credit_says_what_its_price_includes(agency: Person) -> None:
    made = issued(agency, taxed("90000", "tour_without_credit"))
    assert "includes the charges for accommodation, transport" in sheet(agency, f"/invoices/{made}")


@pytest.mark.parametrize(
    ("treatments", "buyer", "title"),
    [
        (("exempt",), None, "Bill of supply"),
        (("exempt", "service_fee"), None, "Invoice-cum-bill of supply"),
        (("exempt",), GSTIN_OF_BUYER, "Bill of supply"),
        (("sez_under_lut",), GSTIN_OF_BUYER, "Tax invoice"),
        (("export_under_lut", None), None, "Tax invoice"),
        (("service_fee",), None, "Tax invoice"),
        ((None,), None, "Invoice"),
    ],
)
def test_the_title_follows_from_the_lines(
    agency: Person, treatments: tuple[str | None, ...], buyer: str | None, title: str
) -> None:
    lines = [taxed("100", treatment) for treatment in treatments]
    made = issued(agency, *lines, customer_tax_number=buyer)
    assert Page(agency.tab.get(f"/invoices/{made}")).words(".//*[@id='sheet']//h2") == title
    assert title in pdf(agency, f"/invoices/{made}/invoice.pdf")


def test_an_exempt_line_needs_no_place_of_supply(agency: Person) -> None:
    made = issued(agency, taxed("100", "exempt"), place_of_supply=None)
    assert taxes_of(agency, made) == ([[]], "100.00")
    assert "Exempt" in sheet(agency, f"/invoices/{made}")


def test_an_invoice_without_gst_has_no_tax_columns_and_no_signature(alice: Person) -> None:
    invoice_id = draft(alice)
    issue(alice, invoice_id)
    words = sheet(alice, f"/invoices/{invoice_id}")
    for absent in ("Taxable value", "Authorised signatory", "reverse charge"):
        assert absent not in words


def test_tax_collected_at_source_is_the_last_row_and_names_its_section(agency: Person) -> None:
    assert agency.api.patch("/tenant-settings", json={"round_invoices": True}).status_code == 200
    line = taxed("90000.11", "tour_without_credit", collection="overseas_package")
    made = issued(agency, line, place_of_supply="24", customer_pan="ABCPD1234E", **NOV)
    rows = Page(agency.tab.get(f"/invoices/{made}")).all(".//table[@id='sums']//tr/td[1]")
    assert ["".join(row.itertext()).strip() for row in rows] == [
        "Before tax",
        "Taxable value",
        "IGST 5 %",
        "Round-off",
        "TCS 2 %, section 394(1)",
        "Total",
    ]
    assert "TCS 2 %, section 394(1)" in pdf(agency, f"/invoices/{made}/invoice.pdf")


def test_a_credit_note_shows_what_rule_53_asks(agency: Person) -> None:
    made = issued(agency, *AIR, customer_tax_number=GSTIN_OF_BUYER, **NOV)
    with agency.acting() as actor:
        note = credit_note_service.issue_credit_note(
            actor,
            made,
            reason="Not travelled",
            on=date(2026, 11, 20),
            amounts={1: Money.parse("39225", "INR")},
        )
        path = f"/credit-notes/{note.id}"
    body = agency.api.get(path).json
    assert (body["invoice_date"], body["place_of_supply"]) == ("2026-11-10", "27")
    (line,) = body["lines"]
    assert line["taxable_amount"] == "2600.00"
    assert [(tax["component"], tax["percent"], tax["amount"]) for tax in line["taxes"]] == [
        ("cgst", "9", "234.00"),
        ("sgst", "9", "234.00"),
    ]
    for words in (sheet(agency, path), pdf(agency, f"{path}/credit-note.pdf")):
        for wanted in (
            "of 10 Nov",
            f"Tax number {GSTIN_OF_BUYER}, Maharashtra (27)",
            "Maharashtra (27)",
            "2,600.00",
            "CGST 9 % 234.00",
            "Authorised signatory",
        ):
            assert wanted in words


# Address of the customer
# --------------------------------------------------------------------------------


def party_with(person: Person, **changes: Any) -> str:
    """Create the customer of `papers.draft` and return its path in the API."""
    made = person.api.post(
        "/parties", json={"name": "Deepa Krishnan", "is_customer": True} | changes
    )
    assert made.status_code == 201, made.text
    return f"/parties/{made.json['id']}"


MAIN = {"address": "4 Hill Road\nPune 411001", "country": "IN", "state": "27"}
BILLING = {
    "kind": "billing",
    "lines": "9 Lake View",
    "city": "Kochi",
    "postcode": "682011",
    "country": "IN",
    "state": "32",
    "is_default": True,
}


def test_an_issued_invoice_keeps_the_address_of_its_customer(agency: Person) -> None:
    party = party_with(agency, **MAIN)
    made = issued(agency, taxed("100"))
    kept = "4 Hill Road\nPune 411001\nMaharashtra (27)"
    assert agency.api.patch(party, json={"address": "8 New Street"}).status_code == 200
    assert agency.api.get(f"/invoices/{made}").json["customer_address"] == kept
    for words in (sheet(agency, f"/invoices/{made}"), pdf(agency, f"/invoices/{made}/invoice.pdf")):
        assert "Pune 411001" in words
        assert "8 New Street" not in words


def test_the_default_address_for_billing_comes_first(agency: Person) -> None:
    party = party_with(agency, **MAIN)
    other = BILLING | {"is_default": False, "lines": "1 Old Town"}
    for address in (other, BILLING):
        assert agency.api.post(f"{party}/addresses", json=address).status_code == 201
    made = issued(agency, taxed("100"))
    assert agency.api.get(f"/invoices/{made}").json["customer_address"] == (
        "9 Lake View\nKochi 682011\nKerala (32)"
    )


def test_a_draft_shows_the_address_and_another_country_its_name(agency: Person) -> None:
    party_with(agency, address="1 Corniche", country="AE")
    invoice_id = draft(agency, taxed("100"), **ON)
    assert "United Arab Emirates" in sheet(agency, f"/invoices/{invoice_id}")
    party_with(agency, name="Ravi Menon")
    body = {"customer_name": "Ravi Menon"}
    assert agency.api.patch(f"/invoices/{invoice_id}", json=body).status_code == 200
    assert agency.api.get(f"/invoices/{invoice_id}").json["customer_address"] is None


def test_a_credit_note_has_the_address_of_its_invoice(agency: Person) -> None:
    party_with(agency, **MAIN)
    made = issued(agency, taxed("100"))
    with agency.acting() as actor:
        note = credit_note_service.issue_credit_note(actor, made, reason="Not travelled")
        path = f"/credit-notes/{note.id}"
    assert "Pune 411001" in sheet(agency, path)
    assert "Pune 411001" in pdf(agency, f"{path}/credit-note.pdf")
