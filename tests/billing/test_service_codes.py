"""Service codes (SAC) of invoice lines: usual and typed codes, and the paper."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issue
from tests.billing.test_taxes import HERE, ON, taxed
from tests.enquiries.reading import Page
from tests.paper_text import text_of
from tests.people import Person, csrf
from voyagent.billing.core.errors import InvalidServiceCode
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.invoices.service import drafts as invoice_drafts
from voyagent.taxes.rules import tables
from voyagent.taxes.words import SERVICE_CODES

PLACE = {"place_of_supply": "27", **ON}


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def codes(person: Person, invoice_id: UUID) -> list[str | None]:
    with person.acting():
        found = document_queries.get_lines(invoice_queries.get_invoice(invoice_id))
        return [line.sac for line in found]


def set_digits(person: Person, digits: int) -> None:
    assert person.api.patch("/tenant-settings", json={"sac_digits": digits}).status_code == 200


def revise(person: Person, invoice_id: UUID, *lines: LineItem) -> None:
    with person.acting() as actor:
        invoice_drafts.revise_draft(actor, invoice_id, {"line_items": lines})


@pytest.mark.parametrize(
    ("tax", "more", "code"),
    [
        ("service_fee", {}, "998559"),
        ("air_international", {"basic_fare": "60"}, "998551"),
        ("tour_without_credit", {}, "998555"),
        ("room", {}, "996311"),
        ("room_above_7500", {}, "996311"),
        ("flight_economy", {}, "996425"),
        (None, {}, None),
    ],
)
def test_a_line_has_the_usual_code_of_its_tax_treatment(
    agency: Person,
    tax: str | None,
    more: dict[str, Any],
    code: str | None,
) -> None:
    assert codes(agency, draft(agency, taxed("8000", tax, **more), **PLACE)) == [code]


def test_a_typed_code_stays_and_another_treatment_changes_the_usual_one(
    agency: Person,
) -> None:
    invoice_id = draft(agency, taxed("100"), taxed("100", sac="998556"), **PLACE)
    assert codes(agency, invoice_id) == ["998559", "998556"]
    page = Page(agency.tab.get(f"/invoices/{invoice_id}/edit"))
    typed = [one.get("value") for one in page.all(".//input[@name='sac']")]
    assert typed[:2] == ["", "998556"]  # the usual code is not typed, so it follows the tax
    revise(agency, invoice_id, taxed("100", "tour_with_credit"), taxed("100", sac="998556"))
    assert codes(agency, invoice_id) == ["998555", "998556"]


def test_an_agency_with_four_digits_uses_the_heading_and_may_type_six(
    agency: Person,
) -> None:
    set_digits(agency, 4)
    lines = taxed("100"), taxed("100", sac="9963"), taxed("100", sac="996332")
    assert codes(agency, draft(agency, *lines, **PLACE)) == ["9985", "9963", "996332"]


@pytest.mark.parametrize("code", ["9985", "123456", "99855", "99855a", "9985590"])
def test_a_code_that_is_too_short_or_none_is_refused(
    agency: Person,
    code: str,
) -> None:
    with pytest.raises(InvalidServiceCode):
        draft(agency, taxed("100", sac=code), **PLACE)


def test_a_refused_code_is_reported_on_the_form_and_over_the_api(
    agency: Person,
) -> None:
    browser = agency.tab
    typed = {
        "csrf_token": csrf(browser, "/team"),
        "customer_name": "Deepa Krishnan",
        "issue_date": "10 Jun 2026",
        "currency": "INR",
        "description": "Visa fee",
        "quantity": "1",
        "unit_price": "100",
        "tax": "service_fee",
        "sac": "9985",
    }
    answer = Page(browser.post("/invoices/new", data=typed))
    assert answer.status == 422
    assert "Enter a SAC of 6 digits" in answer.words()
    body = {
        "customer_name": "Deepa Krishnan",
        "issue_date": "2026-06-10",
        "currency": "INR",
        "line_items": [
            {"description": "Fee", "quantity": 1, "unit_price": "1.00", "sac": "9985"},
        ],
    }
    sent = agency.api.post("/invoices", json=body)
    assert (sent.status_code, sent.json["detail"]) == (422, "service_code_invalid")


def test_the_code_is_on_the_page_the_pdf_and_in_the_api(agency: Person) -> None:
    invoice_id = draft(agency, taxed("100"), **PLACE)
    issue(agency, invoice_id)
    assert agency.api.get(f"/invoices/{invoice_id}").json["line_items"][0]["sac"] == "998559"
    assert "998559" in Page(agency.tab.get(f"/invoices/{invoice_id}")).words()
    assert "998559" in text_of(agency.tab.get(f"/invoices/{invoice_id}/invoice.pdf").data)


def test_a_draft_of_an_earlier_release_gets_its_code_at_issue(
    agency: Person,
    owner_engine: sa.Engine,
) -> None:
    invoice_id = draft(agency, taxed("100"), **PLACE)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update invoice_lines set sac = null where invoice_id = :id"),
            {"id": invoice_id},
        )
    issue(agency, invoice_id)
    assert codes(agency, invoice_id) == ["998559"]


def test_an_agency_without_an_indian_tax_number_has_no_usual_code(alice: Person) -> None:
    invoice_id = draft(alice)
    assert codes(alice, invoice_id) == [None]
    assert not Page(alice.tab.get(f"/invoices/{invoice_id}/edit")).all(".//input[@name='sac']")


def test_each_code_has_a_label_and_at_most_one_code_is_usual() -> None:
    day = date(2026, 6, 10)
    rows = tables.service_codes_on("IN", day)
    assert {row.code for row in rows} == set(SERVICE_CODES)
    usual = [treatment for row in rows for treatment in row.treatments]
    assert {*usual, "exempt"} == set(tables.treatments("IN"))
    assert len(usual) == len(set(usual))
    assert tables.service_codes_on("IN", date(2017, 6, 30)) == []
    assert tables.service_codes_on("AE", day) == []
