"""The capability `draft_invoice` returns the result of the invoice form."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import carry_out, describe
from tests.people import Person, csrf_token
from voyagent.approvals.service import effects
from voyagent.billing.core.errors import InstalmentsDoNotAddUp
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.enquiries import service as enquiries
from voyagent.kernel.errors import VoyagentError
from voyagent.trips.service import trips

OWN = {
    "id",
    "created_at",
    "updated_at",
    "invoice_id",
    "customer_pan_sealed",
    "customer_tax_number_sealed",
}
FORM = {
    "customer_name": "Deepa Krishnan",
    "description": ["Visa fee"],
    "quantity": ["2"],
    "unit_price": ["22,500.00"],
    "issue_date": "10 Jun 2026",
    "due_date": "25 Jun 2026",
    "currency": "INR",
}
LINE: dict[str, Any] = {
    "description": "Visa fee",
    "quantity": 2,
    "unit_price": "22500.00",
    "currency": "INR",
}
WANTED: dict[str, Any] = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2026-06-10",
    "line_items": [LINE],
}
TAXED = {"tax": "service_fee", "sold_as": "fee"}


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, which charges the taxes of Maharashtra."""
    answer = alice.api.patch("/tenant-settings", json={"tax_number": "27AACCN6194P1ZP"})
    assert answer.status_code == 200
    return alice


def by_form(person: Person, **given: Any) -> UUID:
    browser = person.browser
    token = csrf_token(browser)
    saved = browser.post("/invoices/new", data=FORM | given | {"csrf_token": token})
    assert saved.status_code == 303, saved.text
    return UUID(saved.headers["Location"].rsplit("/", 1)[1])


def by_capability(person: Person, **given: Any) -> UUID:
    return UUID(person.does(carry_out("draft_invoice"), WANTED | given)["invoice_id"])


def stored(person: Person, invoice_id: UUID) -> dict[str, Any]:
    """Return the rows of a draft, without ids and times."""
    with person.acting():
        invoice = invoice_queries.get_invoice(invoice_id)
        rows = [invoice, *document_queries.get_lines(invoice), *tax_queries.get_taxes(invoice)]
        return {
            f"{row.__tablename__}{at}": {
                column.key: getattr(row, column.key)
                for column in row.__mapper__.columns
                if column.key not in OWN
            }
            for at, row in enumerate(rows)
        }


@pytest.mark.parametrize(
    ("form", "wanted", "total", "taxes"),
    [
        ({}, {"due_date": "2026-06-25"}, 4_500_000, 0),
        ({}, {"terms_days": 15}, 4_500_000, 0),
        ({"due_date": ""}, {}, 4_500_000, 0),
        (
            {"tax": ["service_fee"], "sold_as": ["fee"], "place_of_supply": "27"},
            {
                "due_date": "2026-06-25",
                "line_items": [LINE | TAXED],
                "place_of_supply": "27",
            },
            5_310_000,
            2,
        ),
        (
            {
                "tax": ["service_fee"],
                "sold_as": ["agent"],
                "commission": ["1,000"],
                "service_date": ["20 Jul 2026"],
                "customer_tax_number": "32AACCN6194P1ZY",
                "instalment_due": ["10 Jun 2026", "20 Jul 2026"],
                "instalment_amount": ["50 %", ""],
                "party_reference": "PO-7",
                "notes": "Thank you",
            },
            {
                "line_items": [
                    LINE
                    | {
                        "tax": "service_fee",
                        "sold_as": "agent",
                        "commission": "1000",
                        "service_date": "2026-07-20",
                    }
                ],
                "customer_tax_number": "32AACCN6194P1ZY",
                "instalments": [
                    {"due_date": "2026-06-10", "amount": "26550.00"},
                    {"due_date": "2026-07-20", "amount": "26550.00"},
                ],
                "party_reference": "PO-7",
                "notes": "Thank you",
            },
            5_310_000,
            1,
        ),
    ],
)
def test_a_draft_by_the_capability_equals_one_by_the_form(
    agency: Person, form: dict[str, Any], wanted: dict[str, Any], total: int, taxes: int
) -> None:
    mine = stored(agency, by_capability(agency, **wanted))
    assert mine == stored(agency, by_form(agency, **form))
    assert mine["invoices0"]["total_minor"] == total
    assert sum(name.startswith("invoice_taxes") for name in mine) == taxes


def test_the_capability_stores_the_same_links_as_the_form(agency: Person) -> None:
    with agency.acting() as actor:
        enquiry_id = enquiries.create(actor, customer_name="Deepa Krishnan").id
        trip_id = trips.open_trip(actor, title="Dubai").id
    links = {"enquiry_id": str(enquiry_id), "trip_id": str(trip_id)}
    mine = stored(agency, by_capability(agency, due_date="2026-06-25", **links))
    assert mine == stored(agency, by_form(agency, **links))
    invoice = mine["invoices0"]
    assert (invoice["enquiry_id"], invoice["trip_id"]) == (enquiry_id, trip_id)


def test_preview_and_policy_amount_include_the_tax(agency: Person) -> None:
    wanted = WANTED | {
        "line_items": [LINE | TAXED],
        "place_of_supply": "27",
        "instalments": [
            {"due_date": "2026-06-10", "amount": "20000"},
            {"due_date": "2026-07-20", "amount": "33100"},
        ],
    }
    shown = agency.does(describe("draft_invoice"), wanted)
    document = shown["document"]
    assert document["total"] == {"amount": "53100.00", "currency": "INR"}
    assert [(row["text"], row["amount"]) for row in document["rows"]][1:] == [
        ("CGST 9 %", "4050.00"),
        ("SGST 9 %", "4050.00"),
    ]
    assert [
        fact["value"].replace("\xa0", " ") for fact in shown["facts"] if fact["label"] == "Due"
    ] == ["10 Jun 2026: INR 20,000.00", "20 Jul 2026: INR 33,100.00"]
    effect = effects.find("draft_invoice")
    assert effect is not None
    assert effect.amount is not None
    worth = agency.does(effect.amount, wanted)
    assert worth is not None
    assert worth.wire == "53100.00"


def test_instalments_that_differ_from_the_total_are_refused_before_approval(
    agency: Person,
) -> None:
    wanted = WANTED | {
        "line_items": [LINE | TAXED],
        "place_of_supply": "27",
        "instalments": [
            {"due_date": "2026-06-10", "amount": "20000"},
            {"due_date": "2026-07-20", "amount": "25000"},
        ],
    }
    with pytest.raises(InstalmentsDoNotAddUp):
        agency.does(describe("draft_invoice"), wanted)


def test_a_due_date_together_with_terms_is_refused(agency: Person) -> None:
    with pytest.raises(VoyagentError):
        by_capability(agency, due_date="2026-06-25", terms_days=15)
