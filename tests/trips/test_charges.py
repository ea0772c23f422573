"""Invoice lines of a trip, each booking once and in plain words.

They have cost and price.
"""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.people import Person
from tests.trips.things import BACK, CREEK, DESERT, OUT, YAS, a_line, a_trip, whole_trip
from voyagent.trips.queries import trips
from voyagent.trips.queries.charges import charges_of
from voyagent.trips.rules.details import HotelDetails


def charges(person: Person, trip_id: UUID) -> list[tuple[str, str, str]]:
    with person.reading() as reader:
        return [
            (one.description, one.cost.wire, one.price.wire)
            for one in charges_of(trips.read_trip(reader, trip_id))
        ]


def test_the_flights_of_a_booking_are_one_charge_and_other_lines_one_each(
    alice: Person,
) -> None:
    assert charges(alice, whole_trip(alice)) == [
        (
            (
                "Flights EK 533 Kochi – Dubai 19 Dec 2026, EK 532 Dubai – Kochi 25 Dec 2026,"
                " booking Q7X2LM"
            ),
            "96000.00",
            "104000.00",
        ),
        ("Marsa Creek Hotel, Dubai, 19 Dec 2026 – 23 Dec 2026", "62000.00", "71000.50"),
        ("Desert at sunset, 21 Dec 2026", "11000.00", "14000.00"),
        ("Transfer Dubai to Abu Dhabi, 23 Dec 2026", "4000.00", "5200.00"),
        ("Yas Bay Residences, Abu Dhabi, 23 Dec 2026 – 25 Dec 2026", "30000.00", "34000.00"),
        ("4 visas for United Arab Emirates", "1200.00", "1480.00"),
    ]


def test_free_lines_are_not_charged_and_separate_bookings_are_two_charges(alice: Person) -> None:
    trip_id = a_trip(alice)
    a_line(alice, trip_id, OUT, price="40000", supplier_ref="AAAAAA")
    a_line(alice, trip_id, BACK, price="30000", supplier_ref="BBBBBB")
    a_line(alice, trip_id, DESERT, cost="500")
    assert [price for _what, _cost, price in charges(alice, trip_id)] == ["40000.00", "30000.00"]


def test_flights_of_a_booking_with_own_prices_are_two_charges(alice: Person) -> None:
    trip_id = a_trip(alice)
    a_line(alice, trip_id, OUT, price="20000", supplier_ref="AAAAAA")
    a_line(alice, trip_id, BACK, price="18000", supplier_ref="AAAAAA")
    assert [price for _what, _cost, price in charges(alice, trip_id)] == ["20000.00", "18000.00"]


@pytest.mark.parametrize(
    ("details", "price", "line"),
    [
        (CREEK, "71000.50", (4, "nights", "17750.13", "0.02")),
        (CREEK, "16000", (4, "nights", "4000.00", "0.00")),
        (CREEK, "0.01", (4, "nights", "0.01", "0.03")),
        (YAS.model_copy(update={"check_out": YAS.check_in.replace(day=24)}), "9000.01", None),
        (DESERT, "100.01", None),
    ],
)
def test_a_stay_is_charged_by_the_night_and_adds_up_to_its_price(
    alice: Person,
    details: HotelDetails,
    price: str,
    line: tuple[int, str, str, str] | None,
) -> None:
    trip_id = a_trip(alice)
    a_line(alice, trip_id, details, price=price)
    with alice.reading() as reader:
        (one,) = charges_of(trips.read_trip(reader, trip_id))
    unit = "night" if isinstance(details, HotelDetails) else None
    assert (one.quantity, one.unit, one.unit_price.wire, one.discount.wire) == (
        line or (1, unit, price, "0.00")
    )
    whole = one.unit_price.amount_minor * one.quantity
    assert whole - one.discount.amount_minor == one.price.amount_minor
