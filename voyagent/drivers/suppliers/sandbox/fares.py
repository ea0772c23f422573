"""Fares of the sandbox in US dollars.

Children, infants and seniors pay a share of the adult fare; at low-cost airlines only infants pay
less. The adult fare of a journey is a product. Each word outside the parentheses, such as
`season`, is a factor:

(price by distance in three bands + a fixed amount) × domestic × season × weekday × days ahead ×
cabin × airline × demand for the flight × connections
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from voyagent.drivers.suppliers.protocols.flights import Cabin, FareLine, Journey
from voyagent.drivers.suppliers.protocols.parts import Party, PassengerKind
from voyagent.drivers.suppliers.sandbox.airports import Airport, airport, distance_km
from voyagent.drivers.suppliers.sandbox.carriers import Style, carrier
from voyagent.drivers.suppliers.sandbox.currencies import quoted
from voyagent.drivers.suppliers.sandbox.draws import PER_MILLE, draw
from voyagent.drivers.suppliers.sandbox.seasons import days_ahead, season, weekday

_BANDS = ((1000, "0.090"), (4000, "0.055"), (20040, "0.042"))
"""Bands of distance: the last kilometre of a band, and its price in dollars per kilometre."""
_FIXED, _DOMESTIC = Decimal(18), Decimal("0.55")
_CABIN = {
    Cabin.ECONOMY: Decimal(1),
    Cabin.PREMIUM: Decimal("1.6"),
    Cabin.BUSINESS: Decimal("3.1"),
    Cabin.FIRST: Decimal("5.2"),
}
_STYLE = {Style.LOW: Decimal("0.82"), Style.FULL: Decimal(1), Style.PREMIUM: Decimal("1.12")}
_CHANGE_FAR, _CHANGE_NEAR, _FAR_KM = Decimal("0.90"), Decimal("1.05"), 4000
"""Factors on the fare of a journey with a connection.

Over more than `_FAR_KM` kilometres the journey is cheaper than a non-stop flight. Over a shorter
distance it is dearer.
"""
_RETURN = Decimal("0.93")
"""Factor for a return journey on one ticket; low-cost airlines do not give it."""
_DEMAND_LEAST, _DEMAND_WIDTH = 850, 400
_TAX_RATE = Decimal("0.05")
_CHARGE = {True: Decimal(7), False: Decimal(34)}
"""Airport charges in dollars for each direction; the key is True for domestic journeys."""
_SHARE = {
    PassengerKind.ADULT: Decimal(1),
    PassengerKind.CHILD: Decimal("0.75"),
    PassengerKind.INFANT: Decimal("0.10"),
    PassengerKind.SENIOR: Decimal("0.92"),
}
_SHARE_LOW = {**_SHARE, PassengerKind.CHILD: Decimal(1), PassengerKind.SENIOR: Decimal(1)}
"""Shares of the adult fare at low-cost airlines, where only infants pay less."""
SEATS_SHOWN_MAX = 9


@dataclass(frozen=True, slots=True)
class Trip:
    """Flights to be priced: one or two journeys, the cabin and the day of purchase.

    All flights are of one airline.
    """

    journeys: tuple[Journey, ...]
    cabin: Cabin
    bought_on: date


def fare_lines(driver: str, trip: Trip, party: Party, currency: str) -> tuple[FareLine, ...]:
    """Return the fare of each kind of passenger.

    Raises ValidationFailed if the sandbox has no exchange rate for the currency.
    """
    one = carrier(trip.journeys[0].segments[0].carrier)
    share = _SHARE_LOW if one.style is Style.LOW else _SHARE
    base = sum((_fare(journey, trip) for journey in trip.journeys), Decimal())
    if len(trip.journeys) > 1 and one.style is not Style.LOW:
        base *= _RETURN
    charges = sum((_CHARGE[_is_domestic(journey)] for journey in trip.journeys), Decimal())
    lines = []
    for kind, count in party.counts:
        pays = base * share[kind]
        taxes = pays * _TAX_RATE + (Decimal() if kind is PassengerKind.INFANT else charges)
        lines.append(
            FareLine(kind, count, quoted(driver, pays, currency), quoted(driver, taxes, currency))
        )
    return tuple(lines)


def seats_left(journey: Journey) -> int:
    """Return the number of free seats on the fullest flight of a journey, at most 9."""
    return min(
        _seats(segment.flight, segment.departs_at.date(), segment.cabin)
        for segment in journey.segments
    )


def _seats(flight: str, day: date, cabin: Cabin) -> int:
    return min(SEATS_SHOWN_MAX, 1 + draw(27, "seats", flight, day, cabin))


def _fare(journey: Journey, trip: Trip) -> Decimal:
    day = journey.departs_at.date()
    one = carrier(journey.segments[0].carrier)
    flown = sum(distance_km(a, b) for a, b in pairwise(_places(journey)))
    fare = _by_distance(flown)
    if _is_domestic(journey):
        fare *= _DOMESTIC
    fare *= (
        season(day)
        * weekday(day)
        * days_ahead(day, trip.bought_on)
        * _CABIN[trip.cabin]
        * _STYLE[one.style]
    )
    if journey.stops:
        fare *= _CHANGE_FAR if flown > _FAR_KM else _CHANGE_NEAR
    return fare * _demand(journey)


def _by_distance(flown: int) -> Decimal:
    fare, begun = _FIXED, 0
    for end, per_km in _BANDS:
        fare += Decimal(per_km) * max(0, min(flown, end) - begun)
        begun = end
    return fare


def _demand(journey: Journey) -> Decimal:
    """Return the price factor for the demand for the flights of a journey.

    The factor is higher if few seats are left.
    """
    first = journey.segments[0]
    drawn = (
        Decimal(
            _DEMAND_LEAST + draw(_DEMAND_WIDTH, "demand", first.flight, journey.departs_at.date())
        )
        / PER_MILLE
    )
    return drawn + Decimal("0.03") * (SEATS_SHOWN_MAX - seats_left(journey))


def _is_domestic(journey: Journey) -> bool:
    return len({place.country for place in _places(journey)}) == 1


def _places(journey: Journey) -> list[Airport]:
    codes = [journey.origin, *(segment.destination for segment in journey.segments)]
    return [place for place in map(airport, codes) if place is not None]
