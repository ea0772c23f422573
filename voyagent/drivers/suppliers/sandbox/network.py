"""Routes of airlines, non-stop or with one connection at a hub.

A non-stop route has a hub of the airline at one end. The airport at the other end decides whether
the route exists. An airport's rank is from 1 (busiest) to 4.

| airport at the other end | route exists |
|---|---|
| any airport of the airline's country | always, if the distance is within the airline's range |
| abroad, rank 1 | always for full-service airlines from their first hub, else mostly |
| abroad, rank 2 | mostly, less often for long distances |
| abroad, rank 3 | sometimes, within 4,500 km |
| abroad, rank 4 | never |

Between two busy airports of its own country an airline may also fly without touching a hub.
Domestic journeys do not connect abroad. Between the two countries of a pair in `_CLOSED` there are
no flights.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from voyagent.drivers.suppliers.sandbox.airports import Airport, distance_km
from voyagent.drivers.suppliers.sandbox.carriers import Carrier, Style, carriers
from voyagent.drivers.suppliers.sandbox.draws import happens

SHORTEST_KM = 120
NEAR_KM = 4500
FAR_KM = 5500
DETOUR_PER_CENT = 135
DETOUR_KM = 1200
_LIKELY = {1: 850, 2: 750, 3: 400}
"""Number of routes per thousand that are flown from a hub, by rank of the other airport."""
_TRUNK = 650
_CLOSED = {frozenset({"IN", "PK"}), frozenset({"AM", "AZ"})} | {
    frozenset({"IL", other})
    for other in ("BD", "ID", "KW", "LB", "MV", "MY", "OM", "PK", "QA", "SA", "TN")
}
"""Pairs of countries between which there are no flights."""
_TRUNK_RANK = 3


def routes(origin: Airport, destination: Airport) -> Iterator[tuple[Carrier, tuple[Airport, ...]]]:
    """Yield pairs of an airline and one of its routes.

    A route has two airports, or three with the hub of the connection in the middle.
    """
    for one in carriers():
        if flies(one, origin, destination):
            yield one, (origin, destination)
            continue
        for hub in one.hubs:
            if (
                hub not in {origin, destination}
                and flies(one, origin, hub)
                and flies(one, hub, destination)
                and _sensible(origin, hub, destination)
            ):
                yield one, (origin, hub, destination)


@cache
def flies(one: Carrier, a: Airport, b: Airport) -> bool:
    """Return True if an airline flies non-stop both ways between two airports."""
    if a.code > b.code:
        return flies(one, b, a)
    far = distance_km(a, b)
    if not SHORTEST_KM <= far <= one.reach_km or frozenset({a.country, b.country}) in _CLOSED:
        return False
    if a.country == b.country:
        return a.country == one.country and (a in one.hubs or b in one.hubs or _trunk(one, a, b))
    return any(_abroad(one, hub, other, far) for hub, other in ((a, b), (b, a)) if hub in one.hubs)


def _trunk(one: Carrier, a: Airport, b: Airport) -> bool:
    return (
        max(a.rank, b.rank) <= _TRUNK_RANK
        and min(a.rank, b.rank) < _TRUNK_RANK
        and happens(_TRUNK, "trunk", one.code, a.code, b.code)
    )


def _abroad(one: Carrier, hub: Airport, other: Airport, far: int) -> bool:
    if other.rank not in _LIKELY or (other.rank == max(_LIKELY) and far > NEAR_KM):
        return False
    home = hub == one.hubs[0]
    if home and other.rank == 1 and one.style is not Style.LOW:
        return True
    likely = _LIKELY[other.rank]
    if not home:
        likely = likely * 2 // 3
    if far > FAR_KM:
        likely = likely * 2 // 3
    return happens(likely, "route", one.code, hub.code, other.code)


def _sensible(origin: Airport, hub: Airport, destination: Airport) -> bool:
    if origin.country == destination.country != hub.country:
        return False
    flown = distance_km(origin, hub) + distance_km(hub, destination)
    return flown * 100 <= distance_km(origin, destination) * DETOUR_PER_CENT + DETOUR_KM * 100
