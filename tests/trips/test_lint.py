"""Problems of a trip: each rule at both sides of its limit.

Invariants hold for all rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given, settings, strategies as st

from tests.trips.things import BACK, CREEK, DESERT, OUT, YAS
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.trips.rules import places
from voyagent.trips.rules.details import AnyDetails, FlightDetails, HotelDetails, span
from voyagent.trips.rules.journey import Line, Passenger
from voyagent.trips.rules.lint import SEVERITIES, Finding, findings
from voyagent.trips.words import sentence_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)
_moments = (NOW + timedelta(seconds=number) for number in count())


def line(details: AnyDetails, status: str = "planned") -> Line:
    starts, ends = span(details)
    made = next(_moments)
    nothing: dict[str, Any] = dict.fromkeys(
        ("supplier", "supplier_ref", "supplier_key", "our_reference", "hold_expires_at")
    )
    return Line(
        new_id(),
        new_id(),
        details.kind,
        status,
        starts,
        ends,
        details,
        Money(0, "INR"),
        Money(0, "INR"),
        **nothing,
        created_at=made,
        updated_at=made,
    )


def person(
    kind: str = "adult",
    *,
    passport: bool = True,
    expiry: date | None = date(2031, 1, 1),
    nationality: str | None = "IN",
) -> Passenger:
    made = next(_moments)
    return Passenger(
        new_id(),
        new_id(),
        f"{kind.title()} Krishnan",
        kind,
        None,
        nationality,
        "4567" if passport else None,
        expiry,
        made,
        made,
    )


def flight(route: str, departs: str, arrives: str) -> FlightDetails:
    origin, destination = route.split("-")
    return OUT.model_copy(
        update={
            "origin": origin,
            "destination": destination,
            "departs_at": departs,
            "arrives_at": arrives,
        }
    )


def hotel(
    first: str, after: str, name: str = "Marsa Creek Hotel", city: str = "Dubai"
) -> HotelDetails:
    return CREEK.model_copy(
        update={
            "name": name,
            "city": city,
            "check_in": date.fromisoformat(first),
            "check_out": date.fromisoformat(after),
        }
    )


def codes(lines: list[AnyDetails], people: list[Passenger] | None = None) -> list[str]:
    return [
        one.code
        for one in findings(
            [person()] if people is None else people, [line(details) for details in lines]
        )
    ]


def test_a_correct_trip_has_no_findings() -> None:
    assert (
        codes(
            [OUT, CREEK, DESERT, YAS, BACK],
            [person(), person("senior"), person("child"), person("infant")],
        )
        == []
    )


def test_an_empty_trip_has_no_findings() -> None:
    assert findings([], []) == []


# Nights
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stays", "found"),
    [
        ([CREEK, YAS], []),
        ([hotel("2026-12-19", "2026-12-24"), YAS], [("nights_overlap", "error")]),
        ([CREEK, CREEK, YAS], [("nights_overlap", "note")]),
        ([hotel("2026-12-19", "2026-12-22"), YAS], [("night_missing", "warning")]),
        ([hotel("2026-12-20", "2026-12-23"), YAS], [("night_missing", "warning")]),
        ([CREEK], [("night_missing", "warning")]),
        ([], []),
    ],
)
def test_each_night_has_one_bed(stays: list[HotelDetails], found: list[tuple[str, str]]) -> None:
    warnings = findings([], [line(OUT), line(BACK), *map(line, stays)])
    assert [(one.code, one.severity) for one in warnings] == found


def test_missing_nights_in_a_row_are_one_finding() -> None:
    (gap,) = findings(
        [],
        [
            line(OUT),
            line(BACK),
            line(hotel("2026-12-19", "2026-12-20")),
            line(hotel("2026-12-23", "2026-12-25", "Yas")),
        ],
    )
    assert gap.values == {"night": date(2026, 12, 20), "until": date(2026, 12, 23), "nights": 3}


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        # a night in the air, a night's wait for the next flight, and an overnight wait that is too
        # long for a chair
        (
            [
                flight("DEL-LHR", "2026-12-18T23:30", "2026-12-19T04:00"),
                hotel("2026-12-19", "2026-12-20", city="London"),
            ],
            [],
        ),
        (
            [
                flight("COK-DXB", "2026-12-18T20:00", "2026-12-18T22:40"),
                flight("DXB-LHR", "2026-12-19T07:45", "2026-12-19T11:45"),
                hotel("2026-12-19", "2026-12-20"),
            ],
            [],
        ),
        (
            [
                hotel("2026-12-10", "2026-12-18", "Kovalam"),
                flight("TRV-DEL", "2026-12-18T10:00", "2026-12-18T13:00"),
                flight("DEL-LHR", "2026-12-19T03:00", "2026-12-19T08:00"),
                hotel("2026-12-19", "2026-12-20"),
            ],
            ["night_missing"],
        ),
        # who leaves before dawn need not have a bed for that night
        (
            [
                hotel("2026-12-19", "2026-12-24"),
                OUT,
                flight("DXB-COK", "2026-12-25T03:00", "2026-12-25T08:30"),
            ],
            [],
        ),
        (
            [
                hotel("2026-12-19", "2026-12-24"),
                OUT,
                flight("DXB-COK", "2026-12-25T06:00", "2026-12-25T11:30"),
            ],
            ["night_missing"],
        ),
    ],
)
def test_some_nights_need_no_bed(lines: list[AnyDetails], found: list[str]) -> None:
    assert codes(lines, []) == found


@pytest.mark.parametrize(
    ("check_in", "found"),
    [("2026-12-19", []), ("2026-12-18", []), ("2026-12-17", ["hotel_before_arrival"])],
)
def test_a_hotel_may_begin_the_night_before_a_morning_arrival(
    check_in: str, found: list[str]
) -> None:
    assert codes([OUT, hotel(check_in, "2026-12-25"), BACK], []) == found


def test_a_hotel_before_an_evening_arrival_is_found() -> None:
    late = flight("COK-DXB", "2026-12-19T19:30", "2026-12-19T22:10")
    assert codes([late, hotel("2026-12-18", "2026-12-25"), BACK], []) == ["hotel_before_arrival"]


def test_a_hotel_at_home_before_departure_is_accepted() -> None:
    assert "hotel_before_arrival" not in codes(
        [hotel("2026-12-18", "2026-12-19", "Airport hotel", "Kochi"), OUT, CREEK, YAS, BACK], []
    )


# Connections
# --------------------------------------------------------------------------------

INTO_DUBAI = flight("COK-DXB", "2026-12-19T04:30", "2026-12-19T07:10")


@pytest.mark.parametrize(
    ("leaves", "found"),
    [
        ("08:39", ["connection_short"]),
        ("08:40", []),
        ("07:00", ["connection_short"]),
        ("06:50", ["connection_short"]),
    ],
)
def test_an_international_connection_requires_ninety_minutes(leaves: str, found: list[str]) -> None:
    assert (
        codes([INTO_DUBAI, flight("DXB-LHR", f"2026-12-19T{leaves}", "2026-12-19T13:00")], [])
        == found
    )


@pytest.mark.parametrize(("leaves", "found"), [("09:59", ["connection_short"]), ("10:00", [])])
def test_a_domestic_connection_requires_sixty_minutes(leaves: str, found: list[str]) -> None:
    assert (
        codes(
            [
                flight("COK-BOM", "2026-12-19T07:00", "2026-12-19T09:00"),
                flight("BOM-DEL", f"2026-12-19T{leaves}", "2026-12-19T12:30"),
            ],
            [],
        )
        == found
    )


def test_an_airport_may_have_its_own_connection_times() -> None:
    lines = [line(INTO_DUBAI), line(flight("DXB-LHR", "2026-12-19T09:10", "2026-12-19T13:00"))]
    assert findings([], lines) == []
    (short,) = findings([], lines, minimums={"DXB": (60, 121)})
    assert (short.code, short.values["least"]) == ("connection_short", 121)


@pytest.mark.parametrize(
    ("leaves", "found"),
    [("15:30", ("connection_short", "error")), ("16:30", ("airport_change", "note"))],
)
def test_a_change_of_airport_requires_several_hours(leaves: str, found: tuple[str, str]) -> None:
    into = flight("DXB-LHR", "2026-12-19T08:00", "2026-12-19T12:00")
    (warning,) = findings(
        [], [line(into), line(flight("LGW-GLA", f"2026-12-19T{leaves}", "2026-12-19T18:00"))]
    )
    assert (warning.code, warning.severity) == found


def test_connections_use_the_local_time_of_each_airport() -> None:
    """In local times the arrival would be five hours before the departure."""
    assert (
        codes(
            [
                flight("HNL-HND", "2026-12-19T12:00", "2026-12-20T16:30"),
                flight("HND-ITM", "2026-12-20T18:00", "2026-12-20T19:10"),
            ],
            [],
        )
        == []
    )


def test_a_flight_of_another_passenger_is_no_connection() -> None:
    from_mumbai = flight("BOM-DXB", "2026-12-19T10:00", "2026-12-19T12:00")
    assert (
        codes(
            [INTO_DUBAI, from_mumbai, flight("DXB-LHR", "2026-12-19T09:30", "2026-12-19T13:30")], []
        )
        == []
    )


def test_unknown_airports_are_compared_by_local_time() -> None:
    assert codes(
        [
            flight("COK-QQQ", "2026-12-19T07:00", "2026-12-19T09:00"),
            flight("QQQ-DXB", "2026-12-19T10:00", "2026-12-19T13:00"),
        ],
        [],
    ) == ["connection_short"]


# People
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        (["infant", "adult"], []),
        (["infant", "senior"], []),
        (["infant", "infant", "adult"], ["infant_without_adult"]),
        (["infant", "child"], ["infant_without_adult"]),
        (["child"], []),
    ],
)
def test_each_infant_requires_an_adult(kinds: list[str], found: list[str]) -> None:
    assert codes([], [person(kind) for kind in kinds]) == found


def test_a_passport_is_required_for_flights_abroad_only() -> None:
    without = person(passport=False, expiry=None)
    assert codes([OUT, CREEK, YAS, BACK], [person(), without]) == ["passport_missing"]
    assert codes([flight("COK-BOM", "2026-12-19T07:00", "2026-12-19T09:00")], [without]) == []


@pytest.mark.parametrize(
    ("route", "expiry", "found"),
    [
        ("COK-DXB", date(2027, 6, 25), []),
        ("COK-DXB", date(2027, 6, 24), [("passport_expires", "warning")]),
        ("COK-DXB", date(2026, 12, 24), [("passport_expires", "error")]),
        ("COK-CDG", date(2027, 3, 25), []),
        ("COK-CDG", date(2027, 3, 24), [("passport_expires", "warning")]),
        ("COK-LHR", date(2026, 12, 25), []),
        ("COK-LHR", date(2026, 12, 24), [("passport_expires", "error")]),
        ("COK-BOM", date(2026, 12, 1), []),
        ("COK-DXB", None, []),
    ],
)
def test_a_passport_is_valid_as_long_as_the_country_requires(
    route: str, expiry: date | None, found: list[tuple[str, str]]
) -> None:
    out = flight(route, "2026-12-19T04:30", "2026-12-19T12:10")
    stay = hotel("2026-12-19", "2026-12-25").model_copy(
        update={"country": places.country_of(route[-3:])}
    )
    assert [
        (one.code, one.severity)
        for one in findings([person(expiry=expiry)], [line(out), line(stay)])
    ] == found


def test_passport_validity_is_not_checked_at_home_or_in_transit() -> None:
    short = date(2027, 1, 1)
    home = flight("COK-DXB", "2026-12-19T04:30", "2026-12-19T07:10")
    assert codes([home], [person(expiry=short, nationality="AE")]) == []
    assert (
        codes(
            [home, flight("DXB-LHR", "2026-12-19T09:30", "2026-12-19T13:30")],
            [person(expiry=short)],
        )
        == []
    )
    assert codes([home], [person(expiry=short, nationality=None)]) == ["passport_expires"]


def test_cancelled_lines_cause_no_finding() -> None:
    assert (
        findings(
            [person(passport=False)],
            [
                line(OUT, "cancelled"),
                line(CREEK),
                line(hotel("2026-12-19", "2026-12-23", "Other"), "failed"),
            ],
        )
        == []
    )


@pytest.mark.parametrize("locale", ["en", "hi"])
def test_a_finding_is_a_sentence_in_both_languages(app: Flask, locale: str) -> None:
    (warning,) = findings([person(expiry=date(2027, 1, 1))], [line(OUT)])
    with app.test_request_context(), force_locale(locale):
        sentence = sentence_of(warning)
    assert "%(" not in sentence
    assert ("United Arab Emirates" if locale == "en" else "संयुक्त अरब अमीरात") in sentence


# All trips
# --------------------------------------------------------------------------------

CODES = ("COK", "DXB", "DEL", "LHR", "LGW", "CDG", "AUH", "QQQ")
MOMENTS = st.integers(0, 60 * 24 * 60).map(
    lambda minutes: datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def flights(draw: Callable[..., Any]) -> Line:
    left = draw(MOMENTS)
    landed = left + timedelta(minutes=draw(st.integers(30, 1200)))
    route = draw(st.permutations(CODES))
    return line(
        flight(f"{route[0]}-{route[1]}", left.isoformat()[:16], landed.isoformat()[:16]),
        draw(st.sampled_from(["planned", "ticketed", "cancelled"])),
    )


@st.composite
def stays(draw: Callable[..., Any]) -> Line:
    first = draw(st.dates(date(2026, 12, 1), date(2027, 1, 31)))
    return line(
        hotel(
            first.isoformat(),
            (first + timedelta(days=draw(st.integers(1, 9)))).isoformat(),
            draw(st.sampled_from(["Creek", "Yas"])),
        )
    )


PEOPLE = st.builds(
    person,
    st.sampled_from(["adult", "child", "infant", "senior"]),
    passport=st.booleans(),
    expiry=st.none() | st.dates(date(2026, 12, 1), date(2028, 1, 1)),
    nationality=st.sampled_from(["IN", "AE", None]),
)
TRIPS = st.tuples(st.lists(PEOPLE, max_size=5), st.lists(flights() | stays(), max_size=7))


def nights(stay: Line) -> set[date]:
    assert isinstance(stay.details, HotelDetails)
    return {stay.details.check_in + timedelta(days=number) for number in range(stay.details.nights)}


@given(TRIPS, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_lines_does_not_matter(
    trip: tuple[list[Passenger], list[Line]], chance: Random
) -> None:
    people, lines = trip
    warnings = findings(people, lines)
    chance.shuffle(people)
    chance.shuffle(lines)
    assert _plainly(findings(people, lines)) == _plainly(warnings)


@given(TRIPS)
@settings(max_examples=150, deadline=None)
def test_findings_are_ordered_by_severity_and_name_only_known_values(
    trip: tuple[list[Passenger], list[Line]],
) -> None:
    people, lines = trip
    warnings = findings(people, lines)
    active = {one.id for one in lines if not one.is_over}
    assert all(
        set(one.line_ids) <= active
        and set(one.passenger_ids) <= {somebody.id for somebody in people}
        for one in warnings
    )
    assert [SEVERITIES.index(one.severity) for one in warnings] == sorted(
        SEVERITIES.index(one.severity) for one in warnings
    )
    assert all(one.sentence % dict(one.values) for one in warnings)


@given(st.lists(stays(), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_missing_and_double_nights_are_found_without_flights(
    lines: list[Line],
) -> None:
    warnings = findings([], lines)
    beds = [nights(one) for one in lines]
    covered = set().union(*beds)
    first, last = min(covered), max(covered)
    missing = {first + timedelta(days=number) for number in range((last - first).days)} - covered
    gaps = [one for one in warnings if one.code == "night_missing"]
    assert sum(int(one.values["nights"]) for one in gaps) == len(missing)  # type: ignore[call-overload]
    pairs = {
        frozenset({one.id, other.id})
        for one in lines
        for other in lines
        if one.id < other.id and nights(one) & nights(other)
    }
    assert {frozenset(one.line_ids) for one in warnings if one.code == "nights_overlap"} == pairs


@given(st.integers(0, 400), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_a_later_passport_expiry_never_adds_a_finding(days: int, more: int) -> None:
    expiry = date(2026, 12, 1) + timedelta(days=days)
    earlier, later = (
        len(findings([person(expiry=day)], [line(OUT), line(BACK)]))
        for day in (expiry, expiry + timedelta(days=more * 30))
    )
    assert later <= earlier


@given(st.integers(-600, 3000))
@settings(max_examples=80, deadline=None)
def test_a_connection_is_short_only_below_the_minimum(minutes: int) -> None:
    """A flight that leaves before the first one is no connection.

    It leaves 250 minutes before the first one lands.
    """
    leaves = datetime(2026, 12, 19, 7, 10, tzinfo=UTC) + timedelta(minutes=minutes)
    then = flight(
        "DXB-LHR", leaves.isoformat()[:16], (leaves + timedelta(hours=4)).isoformat()[:16]
    )
    assert ("connection_short" in codes([INTO_DUBAI, then], [])) == (-250 < minutes < 90)


def _plainly(warnings: list[Finding]) -> list[Any]:
    return sorted(
        (
            one.code,
            one.severity,
            sorted(map(str, one.line_ids)),
            sorted(map(str, one.passenger_ids)),
            one.sentence,
        )
        for one in warnings
    )


# Duplicate flights, and ages
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "found"),
    [
        (None, None, ["flight_twice"]),
        (["Deepa Krishnan"], ["Deepa Krishnan", "Ravi Menon"], ["flight_twice"]),
        (["Deepa Krishnan"], None, ["flight_twice"]),
        (["Deepa Krishnan"], ["Ravi Menon"], []),
    ],
)
def test_a_flight_twice_for_the_same_passenger_is_found(
    first: list[str] | None, then: list[str] | None, found: list[str]
) -> None:
    lines = [OUT.model_copy(update={"travellers": names}) for names in (first, then)]
    assert [code for code in codes(lines) if code == "flight_twice"] == found


@pytest.mark.parametrize(
    ("departs", "names", "found"),
    [
        ("2026-12-19T05:30", None, []),  # a part of the family, for all that is known
        ("2026-12-19T05:30", ["Deepa Krishnan"], ["flights_overlap"]),
        ("2026-12-19T05:30", ["Ravi Menon"], []),
        ("2026-12-19T09:00", ["Deepa Krishnan"], []),
    ],
)
def test_two_flights_at_the_same_time_are_found(
    departs: str, names: list[str] | None, found: list[str]
) -> None:
    arrives = f"{departs[:11]}{int(departs[11:13]) + 3:02d}{departs[13:]}"
    other = flight("COK-AUH", departs, arrives).model_copy(
        update={"number": "999", "travellers": names}
    )
    into = INTO_DUBAI.model_copy(update={"travellers": ["Deepa Krishnan"]})
    assert [code for code in codes([into, other], []) if code == "flights_overlap"] == found


def test_other_days_and_cancelled_flights_are_no_duplicates() -> None:
    later = OUT.model_copy(
        update={"departs_at": "2026-12-20T10:00", "arrives_at": "2026-12-20T12:00"}
    )
    assert "flight_twice" not in codes([OUT, later])
    assert "flight_twice" not in [
        one.code for one in findings([person()], [line(OUT), line(OUT, "cancelled")])
    ]


@pytest.mark.parametrize(
    ("kind", "years", "days", "found"),
    [
        ("infant", 2, -1, []),  # the last flight is the day before the birthday
        ("infant", 2, 0, ["too_old_for_kind"]),
        ("infant", 2, 1, ["too_old_for_kind"]),
        ("child", 12, -1, []),
        ("child", 12, 0, ["too_old_for_kind"]),
        ("adult", 40, 0, []),
        ("senior", 70, 0, []),
    ],
)
def test_ages_of_infants_and_children_count_on_the_last_flight(
    kind: str, years: int, days: int, found: list[str]
) -> None:
    last = BACK.departs.date()
    birthday = last - timedelta(days=days)
    born = replace(person(kind), date_of_birth=birthday.replace(year=birthday.year - years))
    warnings = findings(
        [person(), born], [line(OUT), line(CREEK), line(DESERT), line(YAS), line(BACK)]
    )
    assert [one.code for one in warnings] == found
    assert all(one.severity == "error" and one.passenger_ids == (born.id,) for one in warnings)


def test_a_trip_without_hotels_has_no_missing_night() -> None:
    assert codes([OUT, BACK]) == []
