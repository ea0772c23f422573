"""Create three trips of the demo's customers.

One trip is booked, one has warnings and one is planned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from voyagent.demo.service import documents
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db, transaction
from voyagent.kernel.keyring import Keyring
from voyagent.trips.queries import trips
from voyagent.trips.rules.details import (
    AnyDetails,
    FlightDetails,
    HotelDetails,
    OtherDetails,
    TransferDetails,
    VisaDetails,
)
from voyagent.trips.service import lines, passengers, trips as trip_service
from voyagent.trips.service.lines import LineChanges
from voyagent.trips.service.passengers import PassengerChanges

AIR_SUPPLIER, LAND_SUPPLIER = "BSP India", "Cox and Kings Wholesale"
LONG_AFTER = 1500
"""Days from the departure to the expiry of a long-valid passport."""


class Goer(NamedTuple):
    """A passenger.

    `passport` is the passport number, and the number of days from the departure until the passport
    expires.
    """

    name: str
    born: date
    kind: str = "adult"
    passport: tuple[str, int] | None = None


class PlannedService(NamedTuple):
    """A service of a trip: its details, status, cost and price.

    `of` is a function that returns the details for a date of departure. `cost` and `price` are
    decimal strings. `number` is the booking number.
    """

    of: Callable[[date], AnyDetails]
    status: str = "planned"
    cost: str = "0"
    price: str = "0"
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A trip for a customer's newest enquiry about a destination.

    `planner` is the name of the colleague who plans the trip. `bought` has, by supplier, the lines
    of the supplier's bill. If it is empty, the trip has no documents.
    """

    customer: str
    destination: str
    planner: str
    title: str
    notes: str
    people: Sequence[Goer]
    things: Sequence[PlannedService]
    bought: Mapping[str, str] = field(default_factory=dict)


def plan_all(keyring: Keyring, staff: dict[str, Actor], accountant: Actor) -> int:
    """Create the missing trips with their documents and return their number."""
    return sum(_plan(keyring, staff[plan.planner], accountant, plan) for plan in PLANS)


def _plan(keyring: Keyring, planner: Actor, accountant: Actor, plan: Plan) -> bool:
    with transaction(planner.tenant_id):
        enquiry = _enquiry(plan)
        if trips.find_trip(enquiry_id=enquiry["id"]) is not None:
            return False
        trip_id = trip_service.trip_for(planner, enquiry_id=enquiry["id"]).id
        trip_service.update_trip(planner, trip_id, {"title": plan.title, "notes": plan.notes})
        departs = enquiry["depart_date"]
        for goer in plan.people:
            passengers.add_passenger(keyring, planner, trip_id, _known(goer, departs))
        for thing in plan.things:
            details = thing.of(departs)
            changes: LineChanges = {
                "status": thing.status,
                "cost": thing.cost,
                "price": thing.price,
                "supplier": AIR_SUPPLIER if details.kind == "flight" else LAND_SUPPLIER,
                "supplier_ref": thing.number,
            }
            lines.add_line(planner, trip_id, details, changes)
        if plan.bought:
            documents.book_trip(accountant, trip_id, plan.bought)
    return True


def _enquiry(plan: Plan) -> Row:
    found = enquiries.find_by_text(SessionReader(db.session), plan.customer)
    return next(row for row in found if row["destination"] == plan.destination)


def _known(goer: Goer, departs: date) -> PassengerChanges:
    known: PassengerChanges = {
        "full_name": goer.name,
        "kind": goer.kind,
        "date_of_birth": goer.born,
        "nationality": "IN",
    }
    if goer.passport is not None:
        number, days = goer.passport
        known |= {"passport_number": number, "passport_expiry": departs + timedelta(days=days)}
    return known


# Contents of the trips
# --------------------------------------------------------------------------------


def _flight(
    number: str, name: str, route: str, leaves: tuple[int, str], lands: tuple[int, str], **more: Any
) -> Callable[[date], AnyDetails]:
    carrier, _, figures = number.partition(" ")
    origin, _, destination = route.partition("-")

    def at(departs: date, when: tuple[int, str]) -> str:
        return f"{departs + timedelta(days=when[0])}T{when[1]}"

    return lambda departs: FlightDetails(
        kind="flight",
        carrier=carrier,
        carrier_name=name,
        number=figures,
        origin=origin,
        destination=destination,
        departs_at=at(departs, leaves),
        arrives_at=at(departs, lands),
        **more,
    )


def _hotel(
    name: str, city: str, country: str, first: int, after: int, **more: Any
) -> Callable[[date], AnyDetails]:
    return lambda departs: HotelDetails(
        kind="hotel",
        name=name,
        city=city,
        country=country,
        check_in=departs + timedelta(days=first),
        check_out=departs + timedelta(days=after),
        **more,
    )


def _ride(
    origin: str, destination: str, day: int, at: str, vehicle: str
) -> Callable[[date], AnyDetails]:
    return lambda departs: TransferDetails(
        kind="transfer",
        on=departs + timedelta(days=day),
        at=at,
        origin=origin,
        destination=destination,
        vehicle=vehicle,
    )


def _visa(
    country: str, count: int, filed: int, granted: int | None = None
) -> Callable[[date], AnyDetails]:
    return lambda departs: VisaDetails(
        kind="visa",
        country=country,
        type="Tourist, 30 days",
        count=count,
        filed_on=departs + timedelta(days=filed),
        granted_on=None if granted is None else departs + timedelta(days=granted),
    )


def _outing(title: str, day: int, at: str, notes: str) -> Callable[[date], AnyDetails]:
    return lambda departs: OtherDetails(
        kind="other", title=title, on=departs + timedelta(days=day), at=at, notes=notes
    )


_AIR_INDIA_EXPRESS = "Air India Express"
_TO_DUBAI = {"cabin": "Economy", "baggage": "30 kg"}
_TO_ISTANBUL = {"cabin": "Economy", "baggage": "25 kg"}
PLANS = (
    Plan(
        "Mohammed Ashraf",
        "DXB",
        "Joseph Varghese",
        "Ashraf family, Dubai",
        "Dubai is an hour and a half behind India. Sockets are British.\nIn an emergency call our"
        " desk in Kozhikode, day and night: +91 495 400 1180.",
        (
            Goer("Mohammed Ashraf", date(1979, 6, 11), passport=("N4471820", LONG_AFTER)),
            Goer("Ramla Ashraf", date(1983, 2, 3), passport=("P2093377", LONG_AFTER)),
            Goer("Kunjipathu Kader", date(1955, 9, 27), "senior", ("R7715406", LONG_AFTER)),
        ),
        (
            PlannedService(
                _flight(
                    "IX 345", _AIR_INDIA_EXPRESS, "CCJ-DXB", (0, "09:20"), (0, "11:35"), **_TO_DUBAI
                ),
                "ticketed",
                "41700",
                "46200",
                "K7T2QD",
            ),
            PlannedService(
                _ride("Dubai airport", "Al Rigga Residence", 0, "12:30", "Van with a ramp"),
                "booked",
                "1900",
                "2400",
                "DT-5518",
            ),
            PlannedService(
                _hotel(
                    "Al Rigga Residence",
                    "Dubai",
                    "AE",
                    0,
                    12,
                    room="Two-bedroom apartment",
                    board="Breakfast",
                    phone="+971 4 555 0142",
                ),
                *("booked", "58800", "66500", "ARR-20814"),
            ),
            PlannedService(_visa("AE", 2, -20, -12), "filed", "13200", "15000"),
            PlannedService(
                _outing(
                    "Desert at sunset",
                    3,
                    "14:30",
                    "Dunes, camels and dinner under the stars. The car comes to the hotel.",
                ),
                *("booked", "6900", "8400", "SUN-0931"),
            ),
            PlannedService(
                _ride("Al Rigga Residence", "Dubai airport", 12, "09:15", "Van with a ramp"),
                "booked",
                "1900",
                "2400",
                "DT-5519",
            ),
            PlannedService(
                _flight(
                    "IX 346",
                    _AIR_INDIA_EXPRESS,
                    "DXB-CCJ",
                    (12, "12:35"),
                    (12, "18:05"),
                    **_TO_DUBAI,
                ),
                "ticketed",
                number="K7T2QD",
            ),
        ),
        bought={
            AIR_SUPPLIER: "Air tickets CCJ–DXB–CCJ, net | 3 | 13900.00",
            LAND_SUPPLIER: (
                "Al Rigga Residence, night, net | 12 | 4900.00;"
                " Transfer from the airport, net | 1 | 1900.00;"
                " Transfer to the airport, net | 1 | 1900.00"
            ),
        },
    ),
    Plan(
        "Deepa Krishnan",
        "DXB",
        "Neha Kulkarni",
        "Krishnan family, Dubai and Abu Dhabi",
        "The Burj Khalifa is booked for the evening of the second day; wear something warm, the"
        " lifts are cold.",
        (
            Goer("Deepa Krishnan", date(1986, 5, 4), passport=("Z1845523", LONG_AFTER)),
            Goer("Rajiv Krishnan", date(1984, 1, 30), passport=("L6620914", 120)),
            Goer("Ananya Krishnan", date(2017, 8, 9), "child", ("U3081179", LONG_AFTER)),
            Goer("Aarav Krishnan", date(2020, 10, 2), "child"),
        ),
        (
            PlannedService(
                _flight("EK 533", "Emirates", "COK-DXB", (0, "04:30"), (0, "07:10"), **_TO_DUBAI),
                "booked",
                "71200",
                "75600",
                "Q7X2LM",
            ),
            PlannedService(
                _hotel(
                    "Marsa Creek Hotel",
                    "Dubai",
                    "AE",
                    0,
                    3,
                    room="Family room with a view of the creek",
                    board="Half board",
                ),
                "booked",
                "48900",
                "55500",
                "MC-77120",
            ),
            PlannedService(
                _ride(
                    "Marsa Creek Hotel, Dubai", "Yas Bay Residences, Abu Dhabi", 4, "10:00", "Van"
                ),
                cost="4000",
                price="5200",
            ),
            PlannedService(
                _hotel(
                    "Yas Bay Residences",
                    "Abu Dhabi",
                    "AE",
                    4,
                    6,
                    room="Two-bedroom suite",
                    board="Breakfast",
                ),
                cost="29800",
                price="34000",
            ),
            PlannedService(_visa("AE", 4, -15), "filed", "24400", "27600"),
            PlannedService(
                _flight("EK 532", "Emirates", "DXB-COK", (6, "21:25"), (7, "02:50"), **_TO_DUBAI),
                "booked",
                number="Q7X2LM",
            ),
        ),
    ),
    Plan(
        "Harbinder Singh Gill",
        "IST",
        "Joseph Varghese",
        "Istanbul and Cappadocia",
        "Balloons fly only in still air; if they stay on the ground, the fare is paid back.",
        (
            Goer("Harbinder Singh Gill", date(1961, 3, 18), "senior", ("S5530271", LONG_AFTER)),
            Goer("Manjit Kaur Gill", date(1964, 11, 5), "senior", ("S5530272", LONG_AFTER)),
        ),
        (
            PlannedService(
                _flight("6E 2046", "IndiGo", "ATQ-DEL", (0, "01:10"), (0, "02:25"), **_TO_ISTANBUL),
                cost="9800",
                price="10800",
            ),
            PlannedService(
                _flight(
                    "TK 717",
                    "Turkish Airlines",
                    "DEL-IST",
                    (0, "06:55"),
                    (0, "11:20"),
                    **_TO_ISTANBUL,
                ),
                cost="74600",
                price="80200",
            ),
            PlannedService(
                _hotel(
                    "Golden Horn House",
                    "Istanbul",
                    "TR",
                    0,
                    4,
                    room="Double, quiet side",
                    board="Breakfast",
                ),
                cost="39200",
                price="45600",
            ),
            PlannedService(
                _flight(
                    "TK 2008",
                    "Turkish Airlines",
                    "IST-NAV",
                    (4, "10:30"),
                    (4, "11:55"),
                    **_TO_ISTANBUL,
                ),
                cost="8800",
                price="9900",
            ),
            PlannedService(
                _hotel(
                    "Cave Court Göreme",
                    "Göreme",
                    "TR",
                    4,
                    8,
                    room="Cave room",
                    board="Half board, vegetarian",
                ),
                cost="33600",
                price="39000",
            ),
            PlannedService(
                _outing(
                    "Balloons over Cappadocia",
                    5,
                    "05:15",
                    "An hour in the air, tea on landing. Bring a jacket.",
                ),
                cost="31000",
                price="36000",
            ),
            PlannedService(_visa("TR", 2, -30), cost="9000", price="10400"),
            PlannedService(
                _flight(
                    "TK 2009",
                    "Turkish Airlines",
                    "NAV-IST",
                    (8, "13:00"),
                    (8, "14:35"),
                    **_TO_ISTANBUL,
                )
            ),
            PlannedService(
                _flight(
                    "TK 716",
                    "Turkish Airlines",
                    "IST-DEL",
                    (8, "20:15"),
                    (9, "04:45"),
                    **_TO_ISTANBUL,
                )
            ),
            PlannedService(
                _flight("6E 2045", "IndiGo", "DEL-ATQ", (9, "08:05"), (9, "09:20"), **_TO_ISTANBUL)
            ),
        ),
    ),
)
