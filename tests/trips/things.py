"""Trips with passengers and lines for tests, created through the services."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from tests.people import Person
from voyagent.kernel.keyring import Keyring
from voyagent.trips.queries import trips
from voyagent.trips.rules.details import (
    FlightDetails,
    HotelDetails,
    OtherDetails,
    TransferDetails,
    VisaDetails,
)
from voyagent.trips.rules.journey import Line, Passenger
from voyagent.trips.service import lines, passengers, trips as trip_service

PASSPORT = "Z1234567"
OUT = FlightDetails(
    kind="flight",
    carrier="EK",
    number="533",
    origin="COK",
    destination="DXB",
    departs_at="2026-12-19T04:30",
    arrives_at="2026-12-19T07:10",
    cabin="Economy",
)
BACK = FlightDetails(
    kind="flight",
    carrier="EK",
    number="532",
    origin="DXB",
    destination="COK",
    departs_at="2026-12-25T21:25",
    arrives_at="2026-12-26T02:50",
)
CREEK = HotelDetails(
    kind="hotel",
    name="Marsa Creek Hotel",
    city="Dubai",
    country="AE",
    check_in=date(2026, 12, 19),
    check_out=date(2026, 12, 23),
)
YAS = HotelDetails(
    kind="hotel",
    name="Yas Bay Residences",
    city="Abu Dhabi",
    country="AE",
    check_in=date(2026, 12, 23),
    check_out=date(2026, 12, 25),
)
RIDE = TransferDetails(
    kind="transfer",
    on=date(2026, 12, 23),
    at="10:00",
    origin="Dubai",
    destination="Abu Dhabi",
    vehicle="Van",
)
VISA = VisaDetails(kind="visa", country="AE", count=4)
DESERT = OtherDetails(
    kind="other",
    title="Desert at sunset",
    on=date(2026, 12, 21),
    at="14:30",
    notes="Dunes, camels and dinner under the stars.",
)


def keyring(person: Person) -> Keyring:
    found = person.app.extensions["voyagent.keyring"]
    assert isinstance(found, Keyring)
    return found


def a_trip(person: Person, **values: Any) -> UUID:
    with person.acting() as actor:
        return trip_service.open_trip(actor, **{"title": "Krishnan family, Dubai", **values}).id


def a_passenger(
    person: Person, trip_id: UUID, full_name: str = "Deepa Krishnan", **values: Any
) -> UUID:
    return passenger(person, trip_id, full_name, **values).id


def passenger(
    person: Person, trip_id: UUID, full_name: str = "Deepa Krishnan", **values: Any
) -> Passenger:
    with person.acting() as actor:
        return trips.passenger_of(
            passengers.add_passenger(
                keyring(person), actor, trip_id, {"full_name": full_name, **values}
            )
        )


def a_line(person: Person, trip_id: UUID, details: Any = DESERT, **values: Any) -> UUID:
    return line(person, trip_id, details, **values).id


def line(person: Person, trip_id: UUID, details: Any = DESERT, **values: Any) -> Line:
    with person.acting() as actor:
        return trips.line_of(lines.add_line(actor, trip_id, details, values))


def whole_trip(person: Person, **values: Any) -> UUID:
    """The Krishnans' week, with four people and seven services.

    There are two flights, two hotels, a ride, visas and an excursion.
    """
    trip_id = a_trip(person, **values)
    born = {
        "Deepa": date(1986, 5, 4),
        "Rajiv": date(1984, 1, 30),
        "Ananya": date(2017, 8, 9),
        "Aarav": date(2020, 3, 2),
    }
    for number, (name, day) in enumerate(born.items()):
        a_passenger(
            person,
            trip_id,
            f"{name} Krishnan",
            kind="adult" if number < 2 else "child",
            date_of_birth=day,
            nationality="IN",
            passport_number=f"Z123456{number}",
            passport_expiry=date(2031, 4, 30),
        )
    a_line(
        person, trip_id, OUT, cost="96000", price="104000", status="ticketed", supplier_ref="Q7X2LM"
    )
    a_line(
        person,
        trip_id,
        CREEK,
        cost="62000",
        price="71000.50",
        status="booked",
        supplier_ref="MC-77120",
    )
    a_line(person, trip_id, DESERT, cost="11000", price="14000")
    a_line(person, trip_id, RIDE, cost="4000", price="5200")
    a_line(
        person, trip_id, YAS, cost="30000", price="34000", status="booked", supplier_ref="YB-40316"
    )
    a_line(person, trip_id, VISA, cost="1200", price="1480", currency="AED", status="filed")
    a_line(person, trip_id, BACK, status="ticketed", supplier_ref="Q7X2LM")
    return trip_id
