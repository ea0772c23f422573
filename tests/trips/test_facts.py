"""Facts of the services of a trip: what is invoiced, received and paid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.billing.papers import DUE, draft, issued, line, pay, write_off
from tests.billing.test_credits import credit
from tests.billing.test_credits_above_open import reversed_note
from tests.billing.test_taxes import HERE, ON, taxed
from tests.people import Person
from tests.reports.test_margins import PATH
from tests.reports.test_views import words
from tests.trips.things import DESERT, a_line, a_trip
from voyagent.billing.invoices.service import issuing
from voyagent.trips.queries.facts import read_trip_facts
from voyagent.trips.service import acceptance

Amounts = tuple[str | None, str | None]


def sold(person: Person, *prices: str) -> tuple[UUID, list[UUID]]:
    """Create an accepted trip with services at these prices."""
    trip_id = a_trip(person)
    line_ids = [
        a_line(person, trip_id, DESERT, price=price, currency="INR", cost="1.00")
        for price in prices
    ]
    person.does(acceptance.decide, trip_id, "accepted")
    return trip_id, line_ids


def invoice(person: Person, trip_id: UUID, lines: dict[UUID | None, str], **given: Any) -> UUID:
    """Issue an invoice with an amount for each line of the trip, and for a fee (None)."""
    items = [
        line(price, quantity=1) | ({"trip_line_id": line_id} if line_id else {})
        for line_id, price in lines.items()
    ]
    return issued(person, *items, trip_id=trip_id, **given)


def amounts(person: Person, trip_id: UUID) -> list[Amounts]:
    """Return what is invoiced and received for each service, in the order of creation."""
    with person.reading() as reader:
        found = sorted(read_trip_facts(reader, trip_id).lines, key=lambda one: one.line.created_at)
    return [
        (
            None if one.invoiced is None else one.invoiced.wire,
            None if one.received is None else one.received.wire,
        )
        for one in found
    ]


def test_a_receipt_is_divided_over_the_lines_of_its_invoice(alice: Person) -> None:
    trip_id, (one, two, three, other) = sold(alice, *["100.00"] * 4)
    invoice_id = invoice(alice, trip_id, {one: "100.00", two: "100.00", three: "100.00"})
    assert amounts(alice, trip_id) == [("100.00", None)] * 3 + [(None, None)]
    pay(alice, invoice_id, 10_000)
    shares = [("100.00", "33.33"), ("100.00", "33.34"), ("100.00", "33.33")]
    assert amounts(alice, trip_id)[:3] == shares, "no paisa is lost"
    pay(alice, invoice_id, 20_000)
    assert amounts(alice, trip_id)[:3] == [("100.00", "100.00")] * 3
    second = invoice(alice, trip_id, {other: "60.00", None: "40.00"})
    pay(alice, second, 5_000)
    assert amounts(alice, trip_id)[3] == ("60.00", "30.00"), "the fee has a share of its own"


def test_tax_is_in_neither_amount(alice: Person) -> None:
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    trip_id, (one, two) = sold(alice, "100.00", "200.00")
    items = [
        taxed("100.00", trip_line_id=one),
        line("200.00", quantity=1) | {"trip_line_id": two},
    ]
    invoice_id = issued(alice, *items, trip_id=trip_id, place_of_supply="27", **ON)
    pay(alice, invoice_id, 15_900, ON["due_date"])
    assert amounts(alice, trip_id) == [("100.00", "50.00"), ("200.00", "100.00")], "half of 318.00"


def test_a_draft_and_a_void_invoice_do_not_count(alice: Person) -> None:
    trip_id, (one,) = sold(alice, "100.00")
    draft(alice, line("100.00", quantity=1) | {"trip_line_id": one}, trip_id=trip_id)
    assert amounts(alice, trip_id) == [(None, None)]
    invoice_id = invoice(alice, trip_id, {one: "100.00"})
    alice.does(issuing.void_invoice, invoice_id, reason="Mistake")
    assert amounts(alice, trip_id) == [(None, None)]


def test_a_credit_of_the_open_amount_leaves_the_receipts_to_the_other_lines(
    alice: Person,
) -> None:
    trip_id, (one, two) = sold(alice, "100.00", "100.00")
    invoice_id = invoice(alice, trip_id, {one: "100.00", two: "100.00"})
    credit(alice, invoice_id, line_1=10_000)
    assert amounts(alice, trip_id) == [("0.00", None), ("100.00", None)]
    pay(alice, invoice_id, 10_000)
    assert amounts(alice, trip_id) == [("0.00", "0.00"), ("100.00", "100.00")]


def test_a_credit_of_a_paid_line_reduces_what_is_invoiced_and_not_what_is_received(
    alice: Person,
) -> None:
    trip_id, (one, two) = sold(alice, "100.00", "100.00")
    invoice_id = invoice(alice, trip_id, {one: "100.00", two: "100.00"})
    pay(alice, invoice_id, 20_000)
    credit(alice, invoice_id, line_1=10_000)
    assert amounts(alice, trip_id) == [("0.00", "100.00"), ("100.00", "100.00")]
    (note,) = alice.api.get(f"/credit-notes?invoice_id={invoice_id}").json["items"]
    credit(alice, invoice_id, line_2=1_000)
    alice.does(reversed_note, UUID(note["id"]), on=DUE)
    left = [("100.00", "100.00"), ("90.00", "100.00")]
    assert amounts(alice, trip_id) == left, "a reversed credit does not count"


def test_a_credit_takes_the_open_amount_of_a_line_first(alice: Person) -> None:
    trip_id, (one, two) = sold(alice, "100.00", "100.00")
    invoice_id = invoice(alice, trip_id, {one: "100.00", two: "100.00"})
    pay(alice, invoice_id, 15_000)
    credit(alice, invoice_id, line_1=10_000)
    assert amounts(alice, trip_id) == [("0.00", "50.00"), ("100.00", "100.00")]


def test_of_an_invoice_that_is_credited_as_a_whole_nothing_is_left(alice: Person) -> None:
    trip_id, (one,) = sold(alice, "100.00")
    credit(alice, invoice(alice, trip_id, {one: "100.00"}))
    assert amounts(alice, trip_id) == [("0.00", None)]


def test_a_written_off_amount_is_not_received(alice: Person) -> None:
    trip_id, (one,) = sold(alice, "100.00")
    invoice_id = invoice(alice, trip_id, {one: "100.00"})
    pay(alice, invoice_id, 6_000)
    write_off(alice, invoice_id)
    assert amounts(alice, trip_id) == [("100.00", "60.00")]


def test_an_invoice_in_another_currency_is_not_added(alice: Person) -> None:
    trip_id, (one,) = sold(alice, "100.00")
    items = [line("100.00", quantity=1, currency="USD") | {"trip_line_id": one}]
    invoice_id = issued(alice, *items, trip_id=trip_id)
    pay(alice, invoice_id, 10_000, currency="USD")
    assert amounts(alice, trip_id) == [(None, None)]


def test_the_page_shows_what_is_received_and_the_forecast_follows_a_credit(
    alice: Person,
) -> None:
    trip_id, (one,) = sold(alice, "100.00")
    invoice_id = invoice(alice, trip_id, {one: "100.00"})
    pay(alice, invoice_id, 5_000)
    credit(alice, invoice_id, line_1=3_000)
    with alice.reading() as reader:
        (margins,) = read_trip_facts(reader, trip_id).margins
    assert margins["forecast"].price.wire == "70.00"
    (total,) = alice.api.get(PATH).json["totals"]
    assert total["forecast"]["price"] == "70.00", "the report has the same forecast"
    page = words(alice.tab.get(f"/trips/{trip_id}").text)
    assert "Invoiced Received Next" in page
    assert "70.00 50.00" in page
