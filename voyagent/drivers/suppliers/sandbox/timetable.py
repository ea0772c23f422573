"""A timetable that repeats every week, in the local time of each airport."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from voyagent.drivers.suppliers.protocols.flights import Cabin, Segment
from voyagent.drivers.suppliers.sandbox.airports import Airport, distance_km
from voyagent.drivers.suppliers.sandbox.carriers import Carrier
from voyagent.drivers.suppliers.sandbox.draws import draw, happens

FIRST_DEPARTURE = 5 * 60
LAST_DEPARTURE = 23 * 60 + 30
STEP_MINUTES = 5
KM_PER_MINUTE = 13.8
GROUND_MINUTES = 35
"""Minutes for taxiing, climb and approach."""
WIND_PER_CENT = 4
"""Percentage by which flights are faster eastward and slower westward, outside the tropics."""
MCT_DOMESTIC, MCT_INTERNATIONAL, MCT_MIXED = 45, 60, 90
"""Minimum connection time in minutes: domestic, international, mixed."""
LAYOVER_MAX = 12 * 60
_THIN_RANK = 3
BOOKING_CLASSES = {Cabin.ECONOMY: "T", Cabin.PREMIUM: "P", Cabin.BUSINESS: "D", Cabin.FIRST: "A"}
"""Fare class of a new offer, by cabin."""
FULL_CLASSES = {Cabin.ECONOMY: "Y", Cabin.PREMIUM: "W", Cabin.BUSINESS: "J", Cabin.FIRST: "F"}
"""Dearest fare class by cabin, which is left when the usual one is sold out."""


def flights(
    one: Carrier, origin: Airport, destination: Airport, day: date, cabin: Cabin
) -> list[Segment]:
    """Return an airline's non-stop flights on a local day, the earliest first."""
    times = _departures(one, origin, destination, day)
    return [
        _segment(one, origin, destination, day, turn, minute, cabin)
        for turn, minute in enumerate(times)
    ]


def connection_minimum(hub: Airport, origin: Airport, destination: Airport) -> timedelta:
    """Return the minimum connection time at a hub between `origin` and `destination`."""
    domestic = [one.country == hub.country for one in (origin, destination)]
    minutes = MCT_DOMESTIC if all(domestic) else MCT_MIXED if any(domestic) else MCT_INTERNATIONAL
    return timedelta(minutes=minutes)


def block_minutes(origin: Airport, destination: Airport) -> int:
    """Return the minutes from departure to arrival, in steps of five."""
    in_air = distance_km(origin, destination) / KM_PER_MINUTE
    if min(abs(origin.latitude), abs(destination.latitude)) > 15:
        east = (destination.longitude - origin.longitude + 540) % 360 - 180
        in_air *= 1 - WIND_PER_CENT / 100 * (1 if east > 10 else -1 if east < -10 else 0)
    return round((GROUND_MINUTES + in_air) / STEP_MINUTES) * STEP_MINUTES


def _departures(one: Carrier, origin: Airport, destination: Airport, day: date) -> list[int]:
    subject = (one.code, origin.code, destination.code)
    if (
        origin.country != destination.country
        and max(origin.rank, destination.rank) >= _THIN_RANK
        and not happens(600, "day", *subject, day.weekday())
    ):
        return []
    often = _often(origin, destination) + draw(2, "often", *subject)
    width = (LAST_DEPARTURE - FIRST_DEPARTURE) // often
    starts = (
        FIRST_DEPARTURE + turn * width + draw(width * 4 // 5, "time", *subject, turn)
        for turn in range(often)
    )
    return [start // STEP_MINUTES * STEP_MINUTES for start in starts]


def _often(origin: Airport, destination: Airport) -> int:
    """Return the lowest number of flights per day, to which the caller adds 0 or 1."""
    far, rank = distance_km(origin, destination), max(origin.rank, destination.rank)
    if far < 2000:
        return {1: 5, 2: 3, 3: 2}.get(rank, 1)
    if far < 5000:
        return {1: 3, 2: 2}.get(rank, 1)
    return 2 if rank == 1 else 1


def _segment(
    one: Carrier,
    origin: Airport,
    destination: Airport,
    day: date,
    turn: int,
    minute: int,
    cabin: Cabin,
) -> Segment:
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=origin.tz)
    # Converting to UTC and back turns a time that daylight saving skips into a valid one.
    leaves = local.astimezone(UTC)
    arrives = leaves + timedelta(minutes=block_minutes(origin, destination))
    return Segment(
        carrier=one.code,
        carrier_name=one.name,
        number=str(_number(one, origin, destination, turn)),
        origin=origin.code,
        destination=destination.code,
        departs_at=leaves.astimezone(origin.tz),
        arrives_at=arrives.astimezone(destination.tz),
        cabin=cabin,
        booking_class=BOOKING_CLASSES[cabin],
    )


def _number(one: Carrier, origin: Airport, destination: Airport, turn: int) -> int:
    """Return the flight number: even in one direction, odd in the other.

    `turn` counts the flights of the day from 0.
    """
    a, b = sorted((origin.code, destination.code))
    long = one.cabins == {Cabin.ECONOMY} or origin.country == destination.country
    first, width = (1000, 8000) if long else (100, 860)
    return (
        (first + draw(width, "number", one.code, a, b)) // 2 * 2
        + 2 * turn
        + (1 if origin.code > destination.code else 0)
    )
