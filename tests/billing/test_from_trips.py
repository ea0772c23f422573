"""Invoices that are drafted from the services of a trip."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.billing.papers import carry_out, issue
from tests.billing.test_forms import send
from tests.billing.test_taxes import HERE, charged
from tests.capabilities.test_current_trip import perform
from tests.chat.parallel import at_once
from tests.enquiries.test_following import an_enquiry
from tests.people import Person
from tests.trips.test_service import session_of
from tests.trips.things import CREEK, DESERT, RIDE, YAS, a_line, a_trip
from voyagent.assistant.queries import turn_context
from voyagent.billing.core.errors import CustomerNameRequired
from voyagent.billing.invoices.errors import NothingToInvoice
from voyagent.billing.invoices.service import drafts, issuing
from voyagent.billing.invoices.service.from_trips import draft_from_trip
from voyagent.kernel.errors import Forbidden
from voyagent.trips.capabilities import show_trip
from voyagent.trips.queries.trips import TripNotFound


def a_sold_trip(person: Person) -> tuple[UUID, UUID, UUID]:
    """Return a trip, and its hotel for 200.00 and ride for 30.00."""
    trip_id = a_trip(person, enquiry_id=an_enquiry(person))
    return (
        trip_id,
        a_line(person, trip_id, CREEK, price="200.00", currency="INR"),
        a_line(person, trip_id, RIDE, price="30.00", currency="INR"),
    )


def drafted(person: Person, trip_id: UUID, **given: Any) -> tuple[UUID, list[str]]:
    with person.acting() as actor:
        invoice, left_out = draft_from_trip(actor, trip_id, **given)
        return invoice.id, left_out


def lines_of(person: Person, invoice_id: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.api.get(f"/invoices/{invoice_id}").json["line_items"]
    return found


def _first(page: str, name: str) -> str:
    """Return the value of the first input of a name."""
    (field,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)[:1]
    (value,) = re.findall(r'value="([^"]*)"', field)
    return str(value)


def test_a_draft_has_the_services_the_customer_and_the_enquiry(alice: Person) -> None:
    trip_id, hotel, ride = a_sold_trip(alice)
    answer = alice.api.post("/invoices/from-trip", json={"trip_id": str(trip_id)})
    assert answer.status_code == 201, answer.text
    invoice = answer.json
    assert (invoice["customer_name"], invoice["trip_id"], invoice["left_out"]) == (
        "Deepa Krishnan",
        str(trip_id),
        [],
    )
    assert invoice["enquiry_id"] is not None
    assert [
        (one["quantity"], one["unit"], one["unit_price"], one["service_date"], one["trip_line_id"])
        for one in invoice["line_items"]
    ] == [
        (4, "nights", "50.00", "2026-12-19", str(hotel)),
        (1, None, "30.00", "2026-12-23", str(ride)),
    ]
    assert [one["service_to"] for one in invoice["line_items"]] == ["2026-12-22", None]


def test_a_stay_has_its_nights_and_the_rate_of_a_room_by_the_night(alice: Person) -> None:
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    trip_id = a_trip(alice, enquiry_id=an_enquiry(alice))
    hotel = a_line(alice, trip_id, CREEK, price="20000.50", currency="INR")
    page = alice.tab.get(f"/invoices/new?trip={trip_id}").text
    shown = {name: _first(page, name) for name in ("quantity", "unit", "unit_price", "discount")}
    assert shown == {
        "quantity": "4",
        "unit": "nights",
        "unit_price": "5000.13",
        "discount": "0.02",
    }
    invoice_id, _left_out = drafted(alice, trip_id)
    (line,) = lines_of(alice, invoice_id)
    assert [line[name] for name in (*shown, "amount")] == [
        *(4, "nights", "5000.13", "0.02", "20000.50"),
    ]
    named = ("description", "quantity", "unit", "unit_price", "discount", "service_date")
    room = {name: line[name] for name in named} | {"tax": "room", "trip_line_id": str(hotel)}
    change = {"line_items": [room], "place_of_supply": "27"}
    assert alice.api.patch(f"/invoices/{invoice_id}", json=change).status_code == 200
    assert {one[2] for one in charged(alice, invoice_id)} == {"2.500"}


def test_what_is_invoiced_is_left_out_and_named_until_it_is_void(alice: Person) -> None:
    trip_id, hotel, ride = a_sold_trip(alice)
    first, _left = drafted(alice, trip_id, line_ids=[hotel])
    second, left_out = drafted(alice, trip_id)
    assert [one["trip_line_id"] for one in lines_of(alice, second)] == [str(ride)]
    (sentence,) = left_out
    assert sentence == f"{CREEK.name}, Dubai, 19 Dec 2026 – 23 Dec 2026: on a draft"
    with pytest.raises(NothingToInvoice):
        drafted(alice, trip_id)
    alice.does(drafts.discard_draft, second)
    number = issue(alice, first)
    third, (sentence,) = drafted(alice, trip_id)
    assert sentence.endswith(f": on invoice {number}")
    alice.does(drafts.discard_draft, third)
    alice.does(issuing.void_invoice, first, reason="Mistake")
    again, left_out = drafted(alice, trip_id)
    assert (len(lines_of(alice, again)), left_out) == (2, [])


def test_other_currencies_and_discounts_are_left_out(alice: Person) -> None:
    trip_id, _hotel, _ride = a_sold_trip(alice)
    a_line(alice, trip_id, YAS, price="90.00", currency="AED")
    a_line(alice, trip_id, DESERT, price="-10.00", currency="INR")
    invoice_id, left_out = drafted(alice, trip_id)
    assert len(lines_of(alice, invoice_id)) == 2
    assert sorted(one.rpartition(": ")[2] for one in left_out) == [
        "a discount; reduce the price of another line",
        "in AED",
    ]
    (one,) = lines_of(alice, drafted(alice, trip_id)[0])
    assert (one["quantity"], one["unit_price"]) == (2, "45.00")


def test_a_trip_without_an_enquiry_needs_a_name(alice: Person) -> None:
    trip_id = a_trip(alice)
    a_line(alice, trip_id, price="10.00")
    with pytest.raises(CustomerNameRequired):
        drafted(alice, trip_id)
    drafted(alice, trip_id, customer_name="Deepa Krishnan")


def test_other_agencies_and_viewers_cannot(alice: Person, victor: Person, charlie: Person) -> None:
    trip_id, _hotel, _ride = a_sold_trip(alice)
    with pytest.raises(Forbidden):
        drafted(victor, trip_id)
    with pytest.raises(TripNotFound):
        drafted(charlie, trip_id)


def test_of_two_drafts_at_once_one_has_the_services(alice: Person) -> None:
    trip_id, _hotel, _ride = a_sold_trip(alice)
    results = at_once([lambda: drafted(alice, trip_id)] * 2)
    assert sum(isinstance(result, NothingToInvoice) for result in results) == 1, results


def test_the_form_begins_with_the_services_and_keeps_their_lines(alice: Person) -> None:
    trip_id, hotel, ride = a_sold_trip(alice)
    drafted(alice, trip_id, line_ids=[ride])
    page = alice.tab.get(f"/invoices/new?trip={trip_id}").text
    assert "Left out: Transfer Dubai to Abu Dhabi, 23 Dec 2026: on a draft." in page
    assert 'value="Deepa Krishnan"' in page
    assert re.findall(r'name="trip_line_id" value="([^"]*)"', page)[0] == str(hotel)
    answer = send(
        alice,
        "/invoices/new",
        customer_name="Deepa Krishnan",
        issue_date=f"{date(2024, 6, 10):%d %b %Y}",
        currency="INR",
        trip_id=trip_id,
        description=["Hotel", "Our fee"],
        quantity=["1", "1"],
        unit_price=["200.00", "5.00"],
        trip_line_id=[str(hotel), ""],
    )
    assert answer.status_code == 303, answer.text
    invoice_id = UUID(answer.headers["Location"].rpartition("/")[2])
    assert [one["trip_line_id"] for one in lines_of(alice, invoice_id)] == [str(hotel), None]
    edit = alice.tab.get(f"/invoices/{invoice_id}/edit").text
    assert re.findall(r'name="trip_line_id" value="([^"]*)"', edit)[:2] == [str(hotel), ""]


def test_what_the_assistant_invoices_is_invoiced(alice: Person) -> None:
    trip_id, _hotel, _ride = a_sold_trip(alice)
    shown = perform(alice, show_trip.CAPABILITY, {"trip_id": str(trip_id)})
    named = ("description", "currency", "trip_line_id")
    lines = [
        {name: one[name] for name in named} | {"quantity": 1, "unit_price": one["price"]}
        for one in shown["charges"]
    ]
    wanted = {"customer_name": "Deepa Krishnan", "issue_date": "2026-12-01", "line_items": lines}
    alice.does(carry_out("draft_invoice"), wanted | {"trip_id": str(trip_id)})
    with pytest.raises(NothingToInvoice):
        drafted(alice, trip_id)


def test_the_assistant_s_lines_of_a_trip_have_the_nights_of_a_stay(alice: Person) -> None:
    session_id = session_of(alice)
    trip_id = a_trip(alice, session_id=session_id)
    hotel = a_line(alice, trip_id, CREEK, price="20000.50", currency="INR")
    ride = a_line(alice, trip_id, RIDE, price="30.00", currency="INR")
    with alice.acting() as actor:
        stay, transfer = turn_context.context_of(actor, session_id, "").trip["charges"]
    del stay["description"], transfer["description"]
    assert stay == {
        "quantity": 4,
        "unit": "nights",
        "unit_price": "5000.13",
        "discount": "0.02",
        "currency": "INR",
        "trip_line_id": str(hotel),
    }
    assert transfer == {
        "quantity": 1,
        "unit_price": "30.00",
        "currency": "INR",
        "trip_line_id": str(ride),
    }


def test_a_line_names_a_service_of_the_invoice_s_trip_only(alice: Person) -> None:
    trip_id, hotel, _ride = a_sold_trip(alice)
    other = a_trip(alice)
    named = {
        "customer_name": "Deepa Krishnan",
        "issue_date": "2026-12-01",
        "currency": "INR",
        "line_items": [
            {
                "description": "Hotel",
                "quantity": 1,
                "unit_price": "200.00",
                "trip_line_id": str(hotel),
            }
        ],
    }
    for given in ({}, {"trip_id": str(other)}):
        answer = alice.api.post("/invoices", json=named | given)
        assert (answer.status_code, answer.json["detail"]) == (404, "line_not_found")
    made = alice.api.post("/invoices", json=named | {"trip_id": str(trip_id)}).json
    moved = alice.api.patch(f"/invoices/{made['id']}", json={"trip_id": str(other)})
    assert moved.status_code == 200, moved.text
    assert [one["trip_line_id"] for one in moved.json["line_items"]] == [None]
