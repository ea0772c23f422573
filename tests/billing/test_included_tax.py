"""Unit prices that include tax, on invoices and bills."""

from __future__ import annotations

from typing import Any

import pytest

from tests.billing.papers import carry_out, describe, draft, issue, issued, receive
from tests.billing.test_line_amounts import CUSTOMER, SUPPLIER, TYPED, send
from tests.billing.test_taxes import ELSEWHERE, HERE, ON, amounts, charged, findings, taxed
from tests.enquiries.reading import Page
from tests.ledger.books import balances
from tests.paper_text import text_of
from tests.people import Person
from voyagent.billing.core.errors import BasicFareOutOfRange, CommissionOutOfRange, TaxAboveLine
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.service import drafts as invoice_drafts

INCLUSIVE: dict[str, Any] = {"price_includes_tax": True}
DATES = {"issue_date": "2026-06-10", "due_date": "2026-06-25"}


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def lines_of(person: Person, kind: str, made: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.api.get(f"/{kind}s/{made}").json["line_items"]
    return found


@pytest.mark.parametrize(
    ("line", "place", "value", "taxes"),
    [
        (taxed("50000", "tour_without_credit"), ELSEWHERE, 4_761_905, [238_095]),
        (taxed("50000", "tour_without_credit"), "27", 4_761_904, [119_048, 119_048]),
        (taxed("999"), "27", 84_662, [7_619, 7_619]),
        (taxed("599.50", quantity=2, discount="200"), "27", 84_662, [7_619, 7_619]),
        (taxed("78450", "air_international", basic_fare="52000"), ELSEWHERE, 7_751_400, [93_600]),
        (taxed("100", "exempt"), "27", 10_000, []),
        (taxed("100", None), "27", 10_000, []),
    ],
)
def test_value_and_taxes_add_up_to_the_price(
    agency: Person, line: LineItem, place: str, value: int, taxes: list[int]
) -> None:
    made = issued(agency, line | INCLUSIVE, place_of_supply=place, **ON)  # type: ignore[arg-type]
    total, tax = amounts(agency, made)
    taxable = 520_000 if "basic_fare" in line else value
    assert {one[3] for one in charged(agency, made)} <= {taxable}
    assert (total - tax, [amount for *_rest, amount in charged(agency, made)]) == (value, taxes)
    assert total == value + sum(taxes)
    (stored,) = lines_of(agency, "invoice", made)
    assert (stored["price_includes_tax"], stored["amount"]) == (True, f"{value / 100:.2f}")
    assert balances(agency)["receivable", "INR"] == total
    assert findings(agency) == []


def test_a_draft_keeps_its_total_while_the_place_is_unknown_and_when_it_changes(
    agency: Person,
) -> None:
    made = draft(agency, taxed("999") | INCLUSIVE, **ON)  # type: ignore[arg-type]
    assert amounts(agency, made) == (99_900, 0)
    for place, taxes in (("27", [7_619, 7_619]), (ELSEWHERE, [15_239])):
        agency.does(
            lambda actor, place=place: invoice_drafts.revise_draft(
                actor, made, {"place_of_supply": place}
            )
        )
        assert [amount for *_rest, amount in charged(agency, made)] == taxes
        assert amounts(agency, made)[0] == 99_900
    issue(agency, made)
    assert balances(agency)["revenue_services", "INR"] == -84_661


def test_the_same_lines_are_no_change(agency: Person) -> None:
    line: Any = taxed("999") | INCLUSIVE
    made = draft(agency, line, place_of_supply="27", **ON)
    before = agency.api.get(f"/invoices/{made}").json["updated_at"]
    agency.does(lambda actor: invoice_drafts.revise_draft(actor, made, {"line_items": [line]}))
    assert agency.api.get(f"/invoices/{made}").json["updated_at"] == before


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"sold_as": "agent", "commission": "100"}, CommissionOutOfRange),
        ({"tax": "air_domestic", "basic_fare": "118"}, BasicFareOutOfRange),
    ],
)
def test_commission_and_fare_are_at_most_the_value(
    agency: Person, more: dict[str, Any], error: type[Exception]
) -> None:
    line: Any = taxed("118", **INCLUSIVE) | more
    with pytest.raises(error):
        draft(
            agency,
            line | ({"commission": "100.01"} if "commission" in more else {}),
            place_of_supply="27",
            **ON,
        )
    if "commission" in more:
        draft(agency, line, place_of_supply="27", **ON)


def test_a_bill_takes_the_printed_taxes_out_of_the_price(agency: Person) -> None:
    taxes = {"cgst": "90", "sgst": "90"}
    line = LineItem(
        description="Room",
        quantity=1,
        unit_price="1180",
        currency="INR",
        input_taxes=taxes,
        input_credit=True,
        price_includes_tax=True,
    )
    made = receive(agency, line, **ON)
    (stored,) = lines_of(agency, "bill", made)
    assert (stored["amount"], stored["price_includes_tax"]) == ("1000.00", True)
    assert balances(agency) == {
        ("payable", "INR"): -118_000,
        ("cost_of_services", "INR"): 100_000,
        ("input_cgst", "INR"): 9_000,
        ("input_sgst", "INR"): 9_000,
    }
    with pytest.raises(TaxAboveLine):
        receive(agency, line | {"unit_price": "359.99"}, vendor_reference="BSP-2", **ON)


def test_form_page_and_pdf_say_that_the_rate_includes_tax(agency: Person) -> None:
    typed = TYPED | {"price_includes_tax": ["yes"]}
    invoice = typed | CUSTOMER | {"tax": ["service_fee"], "place_of_supply": "27"}
    bill = typed | SUPPLIER | {"tax_cgst": ["100"], "tax_sgst": ["100"], "tax_igst": [""]}
    for path, given, value in (
        ("/invoices", invoice, "1,186.44"),
        ("/bills", bill, "1,200.00"),
    ):
        look = Page(send(agency, f"{path}/new", **given, then="look"))
        assert "1,400.00" in look.words(".//*[@id='postings']")
        saved = send(agency, f"{path}/new", **given)
        assert saved.status_code == 303, saved.text
        words = Page(agency.tab.get(saved.location)).words(".//*[@id='sheet']")
        assert all(
            one in words
            for one in ("in the rate" if path == "/bills" else "Rate includes tax", value)
        )
        assert Page(agency.tab.get(f"{saved.location}/edit")).field("price_includes_tax") == "yes"
        pdf = text_of(agency.tab.get(f"{saved.location}{path.removesuffix('s')}.pdf").data)
        assert value in pdf


def test_the_assistant_previews_the_amounts_before_tax(agency: Person) -> None:
    line = {
        "description": "Fee",
        "quantity": 1,
        "unit_price": "999",
        "currency": "INR",
        "price_includes_tax": True,
    }
    sold = line | {"tax": "service_fee"}
    bought = line | {"taxes": [{"component": "igst", "amount": "99"}]}
    for name, given, rows in (
        (
            "draft_invoice",
            CUSTOMER | {"line_items": [sold], "place_of_supply": "27"},
            ["846.62", "76.19", "76.19"],
        ),
        ("receive_bill", SUPPLIER | {"line_items": [bought]}, ["900.00", "99.00"]),
    ):
        shown = agency.does(describe(name), given | DATES)["document"]
        assert [row["amount"] for row in shown["rows"]] == rows
        assert shown["total"]["amount"] == "999.00"
        assert agency.does(carry_out(name), given | DATES)["total_amount"] == "999.00"
