"""Invented hotels of a city, with `(sandbox)` in each name.

A city has the same hotels on every computer.
"""

from __future__ import annotations

from functools import cache

from voyagent.drivers.suppliers.protocols.hotels import HotelProperty
from voyagent.drivers.suppliers.sandbox.airports import airports_of, cities_of
from voyagent.drivers.suppliers.sandbox.draws import draw

MARK = "(sandbox)"
_FIRST = (
    "Saffron",
    "Lantern",
    "Banyan",
    "Indigo",
    "Marigold",
    "Harbour",
    "Cedar",
    "Opal",
    "Lotus",
    "Copper",
    "Jasmine",
    "Amber",
    "Juniper",
    "Coral",
    "Monsoon",
)
_SECOND = (
    "Court",
    "House",
    "Residency",
    "Palace",
    "Inn",
    "Suites",
    "Gardens",
    "Terrace",
    "Plaza",
    "Retreat",
    "Lodge",
    "Quay",
)
_AREAS = (
    "Old town",
    "Business district",
    "Near the station",
    "Near the airport",
    "Riverside",
    "Market quarter",
    "Museum quarter",
    "Garden district",
)
_STARS = (3, 4, 5, 4, 3, 5, 4, 3, 2, 5, 4, 3)
_FEWEST, _MORE = 8, 5
_ALSO_CALLED = {
    "IN": {
        "bengaluru": "Bangalore",
        "bombay": "Mumbai",
        "calcutta": "Kolkata",
        "madras": "Chennai",
        "kochi": "Cochin",
        "thiruvananthapuram": "Trivandrum",
        "kozhikode": "Calicut",
        "mangaluru": "Mangalore",
        "mysuru": "Mysore",
        "prayagraj": "Allahabad",
        "delhi": "New Delhi",
        "goa": "Goa",
        "munnar": "Munnar",
        "alleppey": "Alappuzha",
        "alappuzha": "Alappuzha",
        "ooty": "Ooty",
        "manali": "Manali",
        "shimla": "Shimla",
        "rishikesh": "Rishikesh",
        "haridwar": "Haridwar",
        "darjeeling": "Darjeeling",
        "gangtok": "Gangtok",
        "kodaikanal": "Kodaikanal",
        "agra": "Agra",
        "amritsar": "Amritsar",
        "srinagar": "Srinagar",
        "pushkar": "Pushkar",
    },
    "SA": {"makkah": "Makkah", "mecca": "Makkah", "madinah": "Medina", "dammam": "Ad Dammam"},
    "ID": {"bali": "Bali", "ubud": "Ubud"},
    "TH": {"pattaya": "Pattaya", "krabi": "Krabi"},
    "GB": {"oxford": "Oxford", "cambridge": "Cambridge"},
    "CH": {"interlaken": "Interlaken", "lucerne": "Lucerne", "zermatt": "Zermatt"},
    "NP": {"pokhara": "Pokhara"},
    "LK": {"kandy": "Kandy", "nuwara eliya": "Nuwara Eliya"},
}
"""Other names of cities, and places with hotels that have no airport."""


def city_of(country: str, text: str) -> str | None:
    """Return the usual name of the city in `country` that a text names.

    `text` is a name of the city or an IATA code. The result is None if the city is unknown.
    """
    wanted = " ".join(text.split())
    places = (
        [place for place in airports_of(wanted.upper()) if place.country == country]
        if len(wanted) == len("LON")
        else []
    )
    if places:
        wanted = places[0].city
    known = _ALSO_CALLED.get(country, {}).get(wanted.casefold()) or cities_of(country).get(
        wanted.casefold()
    )
    return known or (wanted if places else None)


@cache
def properties(country: str, city: str) -> tuple[HotelProperty, ...]:
    """Return the eight to twelve hotels of a city, of two to five stars."""
    many = _FEWEST + draw(_MORE, "hotels", country, city)
    start = draw(len(_FIRST) * len(_SECOND), "names", country, city)
    return tuple(_property(country, city, number, start) for number in range(many))


def _property(country: str, city: str, number: int, start: int) -> HotelProperty:
    # Both words advance by one for each hotel, so no two hotels of a city have the same name.
    first, second = (
        _FIRST[(start + number) % len(_FIRST)],
        _SECOND[(start // len(_FIRST) + number) % len(_SECOND)],
    )
    area = _AREAS[draw(len(_AREAS), "area", country, city, number)]
    return HotelProperty(
        f"sbx-{country}-{'-'.join(city.casefold().split())}-{number + 1}",
        f"{first} {second}, {city} {MARK}",
        city,
        country,
        area,
        _STARS[number],
    )
