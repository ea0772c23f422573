"""Journeys between two cities on a day, non-stop or with one connection."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from voyagent.drivers.suppliers.protocols.flights import Cabin, Journey, Segment
from voyagent.drivers.suppliers.sandbox.airports import Airport
from voyagent.drivers.suppliers.sandbox.carriers import Carrier
from voyagent.drivers.suppliers.sandbox.network import routes
from voyagent.drivers.suppliers.sandbox.timetable import LAYOVER_MAX, connection_minimum, flights

CONNECTIONS_MAX = 3
"""Maximum number of connections at one hub of an airline; the quickest are used."""


def journeys(
    origins: tuple[Airport, ...],
    destinations: tuple[Airport, ...],
    day: date,
    cabin: Cabin,
    *,
    direct_only: bool,
) -> dict[str, list[Journey]]:
    """Return the journeys that leave on a day, by the IATA code of the airline."""
    found: defaultdict[str, list[Journey]] = defaultdict(list)
    for origin in origins:
        for destination in destinations:
            for one, way in routes(origin, destination):
                if cabin not in one.cabins or (direct_only and len(way) > 2):
                    continue
                found[one.code].extend(_along(one, way, day, cabin))
    return {code: ways for code, ways in found.items() if ways}


def _along(one: Carrier, way: tuple[Airport, ...], day: date, cabin: Cabin) -> list[Journey]:
    if len(way) == 2:
        return [Journey((flight,)) for flight in flights(one, way[0], way[1], day, cabin)]
    joined = [
        Journey((first, second))
        for first in flights(one, way[0], way[1], day, cabin)
        for second in _onward(one, first, way, cabin)
    ]
    return sorted(joined, key=lambda journey: (journey.minutes, journey.departs_at))[
        :CONNECTIONS_MAX
    ]


def _onward(one: Carrier, first: Segment, way: tuple[Airport, ...], cabin: Cabin) -> list[Segment]:
    origin, hub, destination = way
    ready = first.arrives_at + connection_minimum(hub, origin, destination)
    latest = first.arrives_at + timedelta(minutes=LAYOVER_MAX)
    days = (first.arrives_at.date(), first.arrives_at.date() + timedelta(days=1))
    return [
        second
        for day in days
        for second in flights(one, hub, destination, day, cabin)
        if ready <= second.departs_at <= latest
    ]
