"""The itinerary as text for customers, by day."""

from __future__ import annotations

from datetime import date

import pytest
from flask_babel import force_locale

from tests.people import Person
from tests.trips.things import BACK, CREEK, OUT, RIDE, a_line, a_trip
from voyagent.trips.queries import trips
from voyagent.trips.queries.itinerary import Itinerary, itinerary_of
from voyagent.trips.rules import places


def sheet(person: Person, check_out: date, locale: str = "en") -> Itinerary:
    trip_id = a_trip(person)
    a_line(person, trip_id, OUT)
    a_line(person, trip_id, CREEK.model_copy(update={"check_out": check_out}))
    with person.reading() as reader, force_locale(locale):
        return itinerary_of(trips.read_trip(reader, trip_id), [])


@pytest.mark.parametrize(
    ("check_out", "days"),
    [
        (date(2026, 12, 20), [("19 Dec", "To Dubai"), ("20 Dec", "Check-out, Marsa Creek Hotel")]),
        (
            date(2026, 12, 21),
            [
                ("19 Dec", "To Dubai"),
                ("20 Dec", "At leisure"),
                ("21 Dec", "Check-out, Marsa Creek Hotel"),
            ],
        ),
        (
            date(2026, 12, 24),
            [
                ("19 Dec", "To Dubai"),
                ("20 – 23 Dec", "At leisure"),
                ("24 Dec", "Check-out, Marsa Creek Hotel"),
            ],
        ),
        (
            date(2027, 1, 3),
            [
                ("19 Dec", "To Dubai"),
                ("20 Dec – 2 Jan", "At leisure"),
                ("3 Jan", "Check-out, Marsa Creek Hotel"),
            ],
        ),
    ],
)
def test_consecutive_days_at_leisure_are_one_entry(
    alice: Person, check_out: date, days: list[tuple[str, str]]
) -> None:
    found = sheet(alice, check_out).days
    assert [(day.day, day.heading) for day in found] == days


def test_consecutive_days_show_the_first_and_last_weekday(alice: Person) -> None:
    assert sheet(alice, date(2026, 12, 24)).days[1].weekday == "Sun – Wed"
    assert sheet(alice, date(2027, 1, 3)).days[1].weekday == ""
    assert sheet(alice, date(2026, 12, 24), "hi").days[1].weekday == "रवि – बुध"


def test_a_night_in_two_hotels_counts_once(
    alice: Person,
) -> None:
    trip_id = a_trip(alice)
    for details in (
        OUT,
        CREEK,
        CREEK.model_copy(update={"name": "Banyan Quay", "check_out": date(2026, 12, 25)}),
        BACK,
    ):
        a_line(alice, trip_id, details)
    with alice.reading() as reader:
        itinerary = itinerary_of(trips.read_trip(reader, trip_id), [])
    assert itinerary.span == "19 to 25 December 2026 · 6 nights"
    assert dict(itinerary.summaries)["Stay"].startswith("6 nights Dubai")


def test_transfers_are_listed_before_and_after_their_flight(
    alice: Person,
) -> None:
    trip_id = a_trip(alice)
    rides = [
        RIDE.model_copy(update={"on": date(2026, 12, 25), "at": at, "vehicle": words})
        for at, words in (("18:00", "to"), ("22:00", "from"))
    ]
    for details in (BACK, *rides):
        a_line(alice, trip_id, details)
    with alice.reading() as reader:
        day = itinerary_of(trips.read_trip(reader, trip_id), []).days[0]
    assert [item.about for item in day.before] == ["18:00 · to"]
    assert [leg.leaves for leg in day.legs] == ["21:25"]
    assert [item.about for item in day.items] == ["22:00 · from"]


@pytest.mark.parametrize(
    ("code", "city"),
    [
        ("COK", "Kochi"),
        ("CCJ", "Kozhikode"),
        ("IST", "Istanbul"),
        ("DEL", "Delhi"),
        ("DXB", "Dubai"),
        ("LHR", "London"),
        ("QQQ", "QQQ"),
    ],
)
def test_cities_are_shown_by_their_common_names(code: str, city: str) -> None:
    assert places.city_of(code) == city


def test_a_city_name_does_not_move_an_airport_to_another_city() -> None:
    assert places.same_city("DXB", "DWC") == places.same_city("DWC", "DXB")
    assert not places.same_city("DEL", "BOM")
