"""Quantity, unit and discount of document lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import carry_out, describe, draft, issued, line, receive
from tests.billing.test_document_files import table
from tests.billing.test_taxes import HERE, ON, amounts, charged, taxed
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import Person, csrf_token
from voyagent.billing.core.errors import DiscountOutOfRange, InvalidLine, TextTooLong
from voyagent.billing.core.service import pricing
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.kernel.money import InvalidAmount, Money

TYPED = {
    "issue_date": "10 Jun 2026",
    "due_date": "25 Jun 2026",
    "currency": "INR",
    "description": ["Room"],
    "quantity": ["1.5"],
    "unit": ["nights"],
    "unit_price": ["1,000"],
    "discount": ["100"],
}
CUSTOMER = {"customer_name": "Deepa Krishnan"}
SUPPLIER = {"vendor_name": "BSP India", "vendor_reference": "BSP-1"}
SENT: dict[str, Any] = {
    "description": "Room",
    "quantity": "1.5",
    "unit": "nights",
    "unit_price": "1000.00",
    "discount": "100.00",
}


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def send(person: Person, path: str, **fields: Any) -> Any:
    browser = person.tab
    return browser.post(path, data=fields | {"csrf_token": csrf_token(browser)})


def item(
    quantity: int | str | Decimal = 1, price: str = "100", currency: str = "INR", **more: Any
) -> LineItem:
    return LineItem(
        description="Room", quantity=quantity, unit_price=price, currency=currency, **more
    )


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "currency", "minor"),
    [
        (1, "1000", "100", "INR", 90_000),
        ("1.5", "100.00", None, "INR", 15_000),
        (3, "1333.37", None, "INR", 400_011),
        ("0.5", "0.01", None, "INR", 1),
        ("0.499", "0.01", None, "INR", 0),
        ("1.5", "333", "1", "JPY", 499),
        ("0.001", "1", None, "KWD", 1),
        (Decimal("2.250"), "10", "22.50", "INR", 0),
        (1_000_000, "0.01", None, "INR", 1_000_000),
    ],
)
def test_an_amount_is_rounded_half_up_and_then_reduced_by_the_discount(
    quantity: int | str | Decimal, price: str, discount: str | None, currency: str, minor: int
) -> None:
    priced = pricing.price(
        [item(quantity, price, currency, discount=discount), line(currency=currency, price="1")]
    )
    assert priced.lines[0].amount == Money(minor, currency)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        *(
            ({"quantity": quantity}, InvalidLine)
            for quantity in (
                *("0", "0.000", "1.0001", "1,5", "1e3", "-1", " 1", "", "٣", "1000000.001"),
                *(Decimal("NaN"), Decimal("1E+2"), 1.5, True, None),
            )
        ),
        ({"discount": "100.01"}, DiscountOutOfRange),
        ({"discount": "-0.01"}, DiscountOutOfRange),
        ({"discount": "0.001"}, InvalidAmount),
        ({"unit": "x" * 21}, TextTooLong),
    ],
)
def test_a_wrong_quantity_discount_or_unit_is_refused(
    given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        pricing.price([item() | given])  # type: ignore[list-item]


def test_tax_is_on_the_value_after_the_discount(agency: Person) -> None:
    invoice_id = issued(agency, taxed("1000", discount="100"), place_of_supply="27", **ON)
    assert charged(agency, invoice_id) == [
        (1, "cgst", "9.000", 90_000, 8_100),
        (1, "sgst", "9.000", 90_000, 8_100),
    ]
    assert amounts(agency, invoice_id) == (106_200, 16_200)
    assert balances(agency)["revenue_services", "INR"] == -90_000


def test_credits_of_a_rounded_invoice_add_up_to_its_total(agency: Person) -> None:
    agency.api.patch("/tenant-settings", json={"round_invoices": True})
    invoice_id = issued(agency, taxed("1333.37", quantity=3), place_of_supply="27", **ON)
    with agency.acting() as actor:
        notes = [
            credit_note_service.issue_credit_note(
                actor, invoice_id, reason="Not travelled", amounts=part
            ).total_minor
            for part in ({1: Money(200_005, "INR")}, None)
        ]
    assert notes == [236_005, 235_995]
    assert agency.api.get(f"/invoices/{invoice_id}").json["open_amount"] == "0.00"


def test_a_credit_takes_back_at_most_the_amount_after_the_discount(agency: Person) -> None:
    invoice_id = issued(agency, taxed("1000", discount="100"), place_of_supply="27", **ON)
    sent = {
        "invoice_id": str(invoice_id),
        "reason": "Not travelled",
        "lines": [{"line_no": 1, "amount": "900.01"}],
    }
    refused = agency.api.post("/credit-notes", json=sent)
    assert (refused.status_code, refused.json["detail"]) == (409, "credit_exceeds_line")
    note = agency.api.post("/credit-notes", json=sent | {"lines": None})
    assert (note.status_code, note.json["total_amount"]) == (201, "1062.00")
    assert note.json["lines"][0]["taxable_amount"] == "900.00"


@pytest.mark.parametrize(("path", "party"), [("/invoices", CUSTOMER), ("/bills", SUPPLIER)])
def test_the_api_returns_what_it_accepts(alice: Person, path: str, party: dict[str, str]) -> None:
    whole = {"description": "Visa", "quantity": 2, "unit_price": "10.00"}
    body = party | {"issue_date": "2026-06-10", "currency": "INR", "line_items": [SENT, whole]}
    made = alice.api.post(path, json=body)
    assert made.status_code == 201, made.json
    first, second = made.json["line_items"]
    assert first | SENT | {"amount": "1400.00"} == first
    assert second | whole | {"unit": None, "discount": "0.00", "amount": "20.00"} == second
    changed = alice.api.patch(f"{path}/{made.json['id']}", json={"currency": "USD"})
    assert changed.json["line_items"][0] | SENT == changed.json["line_items"][0]


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"quantity": "1.0005"}, 422, "quantity_invalid"),
        ({"quantity": 1.5}, 422, "quantity_invalid"),
        ({"quantity": 0}, 422, "quantity_invalid"),
        ({"unit": "x" * 21}, 422, "string_too_long"),
        ({"discount": "1500.01"}, 422, "discount_out_of_range"),
        ({"discount": "-1"}, 422, "string_pattern_mismatch"),
    ],
)
def test_the_api_names_what_is_wrong(
    alice: Person, given: dict[str, Any], status: int, code: str
) -> None:
    body = CUSTOMER | {"issue_date": "2026-06-10", "currency": "INR", "line_items": [SENT | given]}
    answer = alice.api.post("/invoices", json=body)
    detail = answer.json["detail"]
    assert (answer.status_code, detail if isinstance(detail, str) else detail[0]["type"]) == (
        status,
        code,
    )


@pytest.mark.parametrize(("path", "party"), [("/invoices", CUSTOMER), ("/bills", SUPPLIER)])
def test_a_form_keeps_quantity_unit_and_discount(
    alice: Person, path: str, party: dict[str, str]
) -> None:
    saved = send(alice, f"{path}/new", **TYPED, **party)
    assert saved.status_code == 303, saved.text
    words = Page(alice.tab.get(saved.location)).words(".//*[@id='items']")
    assert all(
        one in words for one in ("1.5 nights", "1,000.00", "Discount", "−100.00", "1,400.00")
    )
    form = Page(alice.tab.get(f"{saved.location}/edit"))
    assert [form.field(name) for name in ("quantity", "unit", "unit_price", "discount")] == [
        "1.5",
        "nights",
        "1,000.00",
        "100.00",
    ]


def test_a_page_without_discount_has_no_column_for_it(alice: Person) -> None:
    invoice_id = draft(alice)
    assert "Discount" not in Page(alice.tab.get(f"/invoices/{invoice_id}")).words(
        ".//*[@id='items']"
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"quantity": ["1.0005"]}, "Enter a quantity above 0"),
        ({"discount": ["1,500.01"]}, "The discount can’t be negative or more than"),
        ({"discount": ["some"]}, "Enter an amount such as"),
        ({"unit": ["x" * 21]}, "a unit at most 20"),
    ],
)
def test_a_form_says_what_is_wrong(
    alice: Person, given: dict[str, list[str]], sentence: str
) -> None:
    for then in ({}, {"then": "look"}):
        answer = send(alice, "/invoices/new", **TYPED | CUSTOMER | given | then)
        assert answer.status_code == (200 if then else 422)
        assert sentence in Page(answer).words()


def test_the_files_show_unit_and_discount(alice: Person) -> None:
    lines = item("1.5", "1000", unit="nights", discount="100"), line()
    for path, made in (("invoices", issued(alice, *lines)), ("bills", receive(alice, *lines))):
        name = path.removesuffix("s")
        pdf = text_of(alice.tab.get(f"/{path}/{made}/{name}.pdf").data)
        assert all(one in pdf for one in ("1.5 nights", "Discount", "100.00", "1,400.00"))
        rows = table(alice.api.get(f"/{path}/{made}/{name}.csv").text)
        assert [
            (row["quantity"], row["unit"], row["unit_price"], row["amount"])
            for row in rows
            if row["row"] == "line"
        ] == [("1.5", "nights", "1000.00", "1400.00"), ("2", "", "22500.00", "45000.00")]
        assert [row["amount"] for row in rows if row["row"] == "line.discount"] == ["100.00"]
        assert alice.api.get(f"/{path}/{made}/{name}.xlsx").status_code == 200


def test_the_assistant_previews_and_drafts_the_same(alice: Person) -> None:
    given = {"issue_date": "2026-06-10", "due_date": "2026-06-25"}
    lines = {"line_items": [SENT | {"currency": "INR"}]}
    for name, party in (("draft_invoice", CUSTOMER), ("receive_bill", SUPPLIER)):
        shown = alice.does(describe(name), party | given | lines)["document"]
        assert shown["rows"][0]["text"] == "Room, 1.5 nights × INR 1,000.00, discount INR 100.00"
        assert shown["rows"][0]["amount"] == "1400.00"
        assert shown["total"]["amount"] == "1400.00"
        done = alice.does(carry_out(name), party | given | lines)
        assert done["total_amount"] == "1400.00"
    invoice = alice.does(describe("issue_invoice"), {"invoice_id": str(drafted(alice))})
    assert invoice["document"]["rows"][0]["text"].startswith("Room, 1.5 nights")


def drafted(person: Person) -> UUID:
    return draft(person, item("1.5", "1000", unit="nights", discount="100"))


def test_the_database_refuses_a_line_whose_amount_is_wrong(
    alice: Person, owner_engine: sa.Engine
) -> None:
    made = drafted(alice)
    for wrong in (
        "amount_minor = amount_minor + 1",
        "quantity_part = 0",
        "discount_minor = -1, amount_minor = amount_minor + 10001",
        "quantity = 0, quantity_part = 0, discount_minor = 0, amount_minor = 0",
        "unit = ''",
    ):
        change = sa.text(f"update invoice_lines set {wrong} where invoice_id = :id")
        with (
            pytest.raises(sa.exc.IntegrityError, match="ck_invoice_lines_"),
            owner_engine.begin() as connection,
        ):
            connection.execute(change, {"id": made})
