"""Airports: their city, country and time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import airportsdata

_SPOKEN = {
    "BLR": "Bengaluru",
    "CCJ": "Kozhikode",
    "CNN": "Kannur",
    "COK": "Kochi",
    "DEL": "Delhi",
    "GOI": "Goa",
    "GOX": "Goa",
    "TRV": "Thiruvananthapuram",
    "DMM": "Dammam",
    "DPS": "Bali",
    "DWC": "Dubai",
    "FRA": "Frankfurt",
    "IST": "Istanbul",
    "YVR": "Vancouver",
    "YYZ": "Toronto",
}
"""City names that replace names in the airport data.

The list has renamed cities, and airports that the data lists under a suburb.
"""


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport with its IATA code.

    `metro` is the airlines' code for all airports of a city. If there is no such code, `metro` is
    the city and the country.
    """

    code: str
    name: str
    city: str
    country: str
    zone: str
    metro: str


def find_airport(code: str) -> Airport | None:
    """Return the airport with an IATA code, or None."""
    return _airports().get(code)


def city_of(code: str) -> str:
    """Return the city of an airport, or the code itself if it is unknown."""
    found = find_airport(code)
    return found.city if found else code


def country_of(code: str) -> str | None:
    """Return the country of an airport (ISO 3166 alpha-2), or None if it is unknown."""
    found = find_airport(code)
    return found.country if found else None


def same_city(one: str, other: str) -> bool:
    """Return True if two airports serve the same city."""
    here, there = find_airport(one), find_airport(other)
    return one == other or (here is not None and there is not None and here.metro == there.metro)


def instant(code: str, local: datetime) -> datetime | None:
    """Return the UTC instant of a local time at an airport.

    The result is None if the airport is unknown. If the local time occurs twice, the result is the
    first occurrence.
    """
    found = find_airport(code)
    return local.replace(tzinfo=ZoneInfo(found.zone)).astimezone(UTC) if found else None


@cache
def _airports() -> dict[str, Airport]:
    metros = {
        code: metro
        for metro, city in airportsdata.load_iata_macs().items()
        for code in city["airports"]
    }
    return {
        code: Airport(
            code,
            row["name"],
            _SPOKEN.get(code) or row["city"] or code,
            row["country"],
            row["tz"],
            metros.get(code) or f"{row['city'] or code}, {row['country']}",
        )
        for code, row in airportsdata.load("IATA").items()
    }
