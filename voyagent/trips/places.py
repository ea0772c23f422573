"""What is known of an airport: its city, its country, its clock.

A code that is not listed is kept as it was typed and nothing is guessed of it.
"""

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
"""Cities as customers call them, where the list has an older name or the suburb in which the
airport lies.
"""


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport by its IATA code.

    `metro` is the code that airlines use for all airports of one city, where there is one, else the
    city and country.
    """

    code: str
    name: str
    city: str
    country: str
    zone: str
    metro: str


def find_airport(code: str) -> Airport | None:
    """The airport of a code, or None for one that is not listed."""
    return _airports().get(code)


def city_of(code: str) -> str:
    """The city of an airport; of an unknown one its code."""
    found = find_airport(code)
    return found.city if found else code


def country_of(code: str) -> str | None:
    """ISO 3166 alpha-2 of an airport's country, or None."""
    found = find_airport(code)
    return found.country if found else None


def same_city(one: str, other: str) -> bool:
    """Whether two airports serve one city; an unknown one is only itself."""
    here, there = find_airport(one), find_airport(other)
    return one == other or (here is not None and there is not None and here.metro == there.metro)


def instant(code: str, local: datetime) -> datetime | None:
    """The instant of a wall clock's time at an airport, in UTC; None where the clock is not known.

    An hour that comes twice is its first.
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
