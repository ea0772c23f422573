"""Airports from `airportsdata`, with a rank by traffic that the sandbox needs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from zoneinfo import ZoneInfo

import airportsdata

EARTH_RADIUS_KM = 6371.0088
RANK_LOCAL = 4
"""Rank of airports that are not in `gateways.csv`; only domestic airlines fly to them."""


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport; `rank` is from 1 (busiest) to 4."""

    code: str
    name: str
    city: str
    country: str
    latitude: float
    longitude: float
    zone: str
    rank: int

    @property
    def tz(self) -> ZoneInfo:
        """Return the time zone of the airport."""
        return ZoneInfo(self.zone)


@cache
def airport(code: str) -> Airport | None:
    """Return the airport of an IATA code, or None."""
    row = _all().get(code)
    if row is None:
        return None
    rank = _ranks().get(code, RANK_LOCAL)
    return Airport(
        code,
        str(row["name"]),
        str(row["city"] or row["name"]),
        str(row["country"]),
        float(row["lat"]),
        float(row["lon"]),
        str(row["tz"]),
        rank,
    )


@cache
def airports_of(code: str) -> tuple[Airport, ...]:
    """Return the airports of an IATA airport or city code (LON); empty if unknown."""
    one = airport(code)
    if one is not None:
        return (one,)
    city = _cities().get(code)
    found = (
        [found for found in map(airport, sorted(city["airports"])) if found is not None]
        if city
        else []
    )
    return tuple(one for one in found if one.rank < RANK_LOCAL) or tuple(found)


@cache
def distance_km(a: Airport, b: Airport) -> int:
    """Return the great-circle distance in whole kilometres (haversine formula)."""
    lat_a, lat_b = radians(a.latitude), radians(b.latitude)
    across = (
        sin((lat_b - lat_a) / 2) ** 2
        + cos(lat_a) * cos(lat_b) * sin(radians(b.longitude - a.longitude) / 2) ** 2
    )
    return round(2 * EARTH_RADIUS_KM * asin(sqrt(across)))


@cache
def cities_of(country: str) -> dict[str, str]:
    """Return the cities of a country that have an airport, by case-folded name."""
    rows = (row for row in _all().values() if row["country"] == country)
    return {str(row["city"]).casefold(): str(row["city"]) for row in rows if row["city"]}


@cache
def _all() -> dict[str, airportsdata.Airport]:
    return airportsdata.load("IATA")


@cache
def _cities() -> dict[str, airportsdata.IATAMAC]:
    return airportsdata.load_iata_macs()


@cache
def _ranks() -> dict[str, int]:
    with (Path(__file__).parent / "gateways.csv").open(encoding="utf-8", newline="") as file:
        rows = [(int(row["rank"]), row["airports"].split()) for row in csv.DictReader(file)]
    return {code: rank for rank, codes in reversed(rows) for code in codes}
