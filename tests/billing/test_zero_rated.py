"""Exports, supplies to a special economic zone (SEZ), and drafts to split."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issue
from tests.billing.test_exchange import quote
from tests.billing.test_legal_papers import pdf
from tests.billing.test_places_of_lines import BUYER
from tests.billing.test_taxes import HERE, ON, amounts, charged, findings, taxed
from tests.enquiries.reading import Page
from tests.ledger.test_base_amounts import make_ready
from tests.people import Person, csrf
from voyagent.billing.core.errors import (
    PlacesDiffer,
    SuppliesDiffer,
    TaxInAnotherCurrency,
    TreatmentNotForCustomer,
)
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service.splitting import split_draft

LUT = "UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX"


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def a_draft(person: Person, *treatments: str | None, **more: Any) -> UUID:
    lines = (taxed("1000", one) for one in treatments)
    return draft(person, *lines, **({"place_of_supply": "27"} | ON | more))


def place_of(person: Person, invoice_id: UUID) -> str | None:
    with person.acting():
        return invoice_queries.get_invoice(invoice_id).place_of_supply


def test_an_export_commission_in_dollars_has_no_tax_under_a_letter_of_undertaking(
    agency: Person, owner_engine: sa.Engine
) -> None:
    make_ready(owner_engine, agency)
    rate = {"base": "USD", "quote": "INR", "rate": "84.2575"} | {
        "on": "2026-06-10",
        "source": "SBI card rate",
    }
    body = {
        "customer_name": "Nordic Tours",
        "issue_date": "2026-06-10",
        "currency": "USD",
        "exchange_rate": rate,
        "line_items": [
            {"description": "Commission", "quantity": 1, "unit_price": "1250.00"}
            | {"tax": "export_under_lut"}
        ],
    }
    made = agency.api.post("/invoices", json=body)
    assert made.status_code == 201, made.json
    sent = agency.api.post(f"/invoices/{made.json['id']}/issue", json={}).json
    assert (sent["total_amount"], sent["tax_amount"], sent["place_of_supply"]) == (
        "1250.00",
        "0.00",
        "96",
    )
    entry = agency.api.get(f"/journal-entries/{sent['journal_entry_id']}").json
    assert [(line["base_debit"], line["base_credit"]) for line in entry["lines"]] == [
        ("105321.88", "0.00"),
        ("0.00", "105321.88"),
    ]
    words = pdf(agency, f"/invoices/{made.json['id']}/invoice.pdf")
    for wanted in ("Tax invoice", "Outside India (96)", "Zero rated"):
        assert wanted in words
    assert f"SUPPLY MEANT FOR EXPORT {LUT}" in words
    assert findings(agency) == []


def test_the_same_commission_with_payment_of_tax(agency: Person) -> None:
    line = taxed("105321.88", "export_with_tax")
    invoice_id = draft(agency, line, place_of_supply=None, **ON)
    issue(agency, invoice_id)
    assert charged(agency, invoice_id) == [(1, "igst", "18.000", 1_05_321_88, 18_957_94)]
    assert place_of(agency, invoice_id) == "96"
    page = Page(agency.tab.get(f"/invoices/{invoice_id}")).words(".//*[@id='sheet']")
    assert "SUPPLY MEANT FOR EXPORT ON PAYMENT OF INTEGRATED TAX" in page


def test_a_supply_to_an_sez_of_the_same_state_bears_integrated_tax(agency: Person) -> None:
    invoice_id = a_draft(agency, "sez_with_tax", customer_tax_number=BUYER)
    issue(agency, invoice_id)
    assert charged(agency, invoice_id) == [(1, "igst", "18.000", 1000_00, 180_00)]
    assert place_of(agency, invoice_id) == "27"
    assert "SUPPLY TO SEZ UNIT OR SEZ DEVELOPER" in pdf(
        agency, f"/invoices/{invoice_id}/invoice.pdf"
    )


@pytest.mark.parametrize(
    ("treatment", "number"),
    [
        ("export_under_lut", BUYER),
        ("export_with_tax", BUYER),
        ("sez_under_lut", None),
        ("sez_with_tax", None),
    ],
)
def test_a_treatment_for_other_customers_is_refused(
    agency: Person, treatment: str, number: str | None
) -> None:
    with pytest.raises(TreatmentNotForCustomer):
        a_draft(agency, treatment, customer_tax_number=number)


def test_only_lines_without_tax_may_be_in_another_currency(agency: Person) -> None:
    def in_dollars(treatment: str) -> UUID:
        dollars = taxed("10", treatment) | {"currency": "USD"}
        return draft(agency, cast("LineItem", dollars), exchange_rate=quote("84"), **ON)

    assert amounts(agency, in_dollars("export_under_lut")) == (10_00, 0)
    for treatment in ("export_with_tax", "service_fee"):
        with pytest.raises(TaxInAnotherCurrency):
            in_dollars(treatment)


@pytest.mark.parametrize(
    ("treatments", "number", "refusal", "parts"),
    [
        (("service_fee", "export_under_lut"), None, PlacesDiffer, [1, 1]),
        (("service_fee", "sez_under_lut"), BUYER, SuppliesDiffer, [1, 1]),
        (("sez_under_lut", "sez_with_tax"), BUYER, SuppliesDiffer, [1, 1]),
        (("service_fee", "exempt"), BUYER, SuppliesDiffer, [1, 1]),
        ((None, "exempt", "service_fee", None), BUYER, SuppliesDiffer, [3, 1]),
        (("service_fee", "exempt"), None, None, [2]),
        (("exempt", None), BUYER, None, [2]),
    ],
)
def test_lines_that_need_invoices_of_their_own_are_split(
    agency: Person,
    treatments: tuple[str | None, ...],
    number: str | None,
    refusal: type[Exception] | None,
    parts: list[int],
) -> None:
    invoice_id = a_draft(agency, *treatments, customer_tax_number=number)
    if refusal:
        with pytest.raises(refusal):
            issue(agency, invoice_id)
        agency.does(lambda actor: split_draft(actor, invoice_id))
    with agency.reading() as reader:
        found = [
            invoice_queries.read_document(reader, row["id"])
            for row in reversed(invoice_queries.list_drafts(reader))
        ]
    assert [len(one.lines) for one in found] == parts
    for one in found:
        assert issue(agency, one.invoice["id"])
    assert findings(agency) == []


def test_the_page_names_the_parts_of_a_draft(agency: Person) -> None:
    invoice_id = a_draft(agency, "service_fee", "exempt", customer_tax_number=BUYER)
    browser = agency.tab
    assert "Split this draft" in Page(browser.get(f"/invoices/{invoice_id}")).words()
    where = browser.get(f"/invoices/{invoice_id}/issue").headers["Location"]
    assert where.endswith(f"/invoices/{invoice_id}/split")
    words = Page(browser.get(where)).words()
    assert "Maharashtra (27), exempt" in words
    answer = browser.post(where, data={"csrf_token": csrf(browser, "/team")})
    assert answer.status_code == 303
    refused = agency.api.post(f"/invoices/{invoice_id}/split", json={})
    assert (refused.status_code, refused.json["detail"]) == (409, "one_place_of_supply")
