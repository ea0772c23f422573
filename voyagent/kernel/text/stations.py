"""Find codes of airports and countries by name, for flights and visas.

If cities in several countries have the same name, the name has no code, unless it is one of the
well-known places in `KNOWN`.
"""

from __future__ import annotations

import re
from functools import cache

import airportsdata
from babel.core import Locale

from voyagent.kernel.text.passages import lead
from voyagent.kernel.text.places import IN_HINDI

_PAIRS = """
AUH Abu Dhabi|AMD Ahmedabad|AMS Amsterdam|ATQ Amritsar|ATH Athens|BAH Bahrain|BKK Bangkok|
BCN Barcelona|BLR Bengaluru|BLR Bangalore|DPS Bali|DPS Denpasar|CAI Cairo|CCJ Calicut|
CCJ Kozhikode|MAA Chennai|COK Kochi|COK Cochin|CMB Colombo|DEL Delhi|DEL New Delhi|DOH Doha|
DXB Dubai|FRA Frankfurt|GVA Geneva|GOI Goa|HAN Hanoi|HKG Hong Kong|HYD Hyderabad|IST Istanbul|
JAI Jaipur|JED Jeddah|KTM Kathmandu|CCU Kolkata|KUL Kuala Lumpur|KWI Kuwait|LHR London|MAD Madrid|
MLE Male|MLE Maldives|MAN Manchester|MRU Mauritius|MED Medina|MED Madinah|MEL Melbourne|
BOM Mumbai|MUC Munich|MCT Muscat|NBO Nairobi|JFK New York|CDG Paris|HKT Phuket|PRG Prague|
RUH Riyadh|FCO Rome|SHJ Sharjah|SIN Singapore|SYD Sydney|TPE Taipei|TAS Tashkent|TBS Tbilisi|
TLV Tel Aviv|TRV Thiruvananthapuram|TRV Trivandrum|NRT Tokyo|YYZ Toronto|VIE Vienna|ZNZ Zanzibar|
ZRH Zurich|VTZ Vizag|VTZ Visakhapatnam|IXL Leh|IXL Ladakh|IXB Bagdogra|IXB Darjeeling|IXE Mangalore|
IXE Mangaluru|TRZ Trichy|IXC Chandigarh|VNS Varanasi|VNS Banaras|BDQ Vadodara|BDQ Baroda|
IXZ Port Blair|IXZ Andaman|SXR Srinagar|SXR Kashmir|MYQ Mysore|PNQ Pune|PNQ Poona|SGN Saigon|
SGN Ho Chi Minh City|DAD Da Nang|USM Koh Samui|KBV Krabi|ICN Seoul|KIX Osaka|PVG Shanghai|
PEK Beijing|AMM Amman|TSE Astana|SVO Moscow|SEZ Seychelles|MRU Port Louis|JED Makkah|
JED Mecca|BKK Pattaya|DPS Ubud
"""
KNOWN = [(pair[:3], pair[4:]) for pair in _PAIRS.replace("\n", "").split("|")]
"""Airport codes and names of well-known places."""
_TOWNS = {
    "IN": "Munnar|Ooty|Manali|Shimla|Mussoorie|Nainital|Kerala|Coorg|Alleppey|Thekkady|Kumarakom"
    "|Kovalam|Varkala|Wayanad|Kodaikanal|Lonavala|Mahabaleshwar|Matheran|Rishikesh|Haridwar|Hampi"
    "|Gokarna|Pushkar|Mount Abu|Ranthambore|Jim Corbett|Auli|Dalhousie|Kasol|Spiti|Gulmarg|Pahalgam"
    "|Sonamarg|Sikkim|Gangtok|Shillong|Tawang|Kaziranga|Puri|Ujjain|Nathdwara|Vaishno Devi|Katra"
    "|Char Dham|Kedarnath|Badrinath|Shirdi|Dwarka|Somnath|Havelock|Andaman|Lakshadweep|Rajasthan"
    "|Himachal|Punjab|Pondicherry|Rameswaram|Kanyakumari|Bodh Gaya|Dharamshala|Ajmer|Agra|Nashik"
    "|Mysore|Mysuru|Kutch|Ladakh|Kashmir",
    "TH": "Pattaya|Krabi|Koh Samui",
    "ID": "Bali|Ubud|Bintan",
    "SA": "Makkah|Mecca|Madinah|Medina",
    "CH": "Interlaken|Lucerne|Zermatt",
    "AE": "Ajman|Fujairah|Ras Al Khaimah|Al Ain",
    "GR": "Santorini|Rhodes",
    "MY": "Langkawi|Penang|Genting",
    "VN": "Halong Bay|Phu Quoc|Hanoi",
    "TR": "Cappadocia|Antalya|Istanbul",
    "MV": "Male|Male City",
    "TZ": "Zanzibar|Serengeti",
    "KE": "Masai Mara",
    "SG": "Sentosa",
    "AU": "Gold Coast",
    "US": "Las Vegas|Hawaii|Niagara",
    "PH": "Boracay|Palawan",
    "IT": "Venice|Florence",
    "JP": "Kyoto|Hokkaido",
    "JO": "Petra",
    "EG": "Luxor",
}
_COUNTRY_OF_TOWN = {
    town.casefold(): country for country, towns in _TOWNS.items() for town in towns.split("|")
}
"""Country codes of places that have no airport, or share their name with other places."""
_ALSO = {
    "usa": "US",
    "us": "US",
    "america": "US",
    "uk": "GB",
    "england": "GB",
    "britain": "GB",
    "uae": "AE",
    "emirates": "AE",
    "turkey": "TR",
    "russia": "RU",
    "united states of america": "US",
    "great britain": "GB",
    "scotland": "GB",
    "wales": "GB",
    "ksa": "SA",
    "saudi": "SA",
    "hong kong": "HK",
    "macau": "MO",
    "macao": "MO",
    "nz": "NZ",
    "korea": "KR",
    "south korea": "KR",
    "vietnam": "VN",
    "czech republic": "CZ",
    "holland": "NL",
    "burma": "MM",
    "schengen": "FR",
}
_PEOPLE = {
    "indian": "IN",
    "pakistani": "PK",
    "nepali": "NP",
    "nepalese": "NP",
    "bangladeshi": "BD",
    "sri lankan": "LK",
    "emirati": "AE",
    "saudi": "SA",
    "omani": "OM",
    "qatari": "QA",
    "kuwaiti": "KW",
    "bahraini": "BH",
    "british": "GB",
    "american": "US",
    "canadian": "CA",
    "australian": "AU",
    "german": "DE",
    "french": "FR",
    "italian": "IT",
    "spanish": "ES",
    "chinese": "CN",
    "japanese": "JP",
    "singaporean": "SG",
    "malaysian": "MY",
    "thai": "TH",
    "filipino": "PH",
    "egyptian": "EG",
    "kenyan": "KE",
    "south african": "ZA",
    "irish": "IE",
    "dutch": "NL",
    "swiss": "CH",
    "russian": "RU",
    "turkish": "TR",
    "brazilian": "BR",
    "indonesian": "ID",
    "vietnamese": "VN",
    "korean": "KR",
    "israeli": "IL",
    "iranian": "IR",
    "iraqi": "IQ",
    "jordanian": "JO",
    "lebanese": "LB",
    "syrian": "SY",
    "yemeni": "YE",
    "nigerian": "NG",
    "ethiopian": "ET",
    "ugandan": "UG",
    "tanzanian": "TZ",
    "mauritian": "MU",
    "maldivian": "MV",
    "bhutanese": "BT",
    "burmese": "MM",
    "afghan": "AF",
    "afghani": "AF",
    "portuguese": "PT",
    "swedish": "SE",
    "norwegian": "NO",
    "danish": "DK",
    "finnish": "FI",
    "austrian": "AT",
    "belgian": "BE",
    "ukrainian": "UA",
    "mexican": "MX",
    "bharatiya": "IN",
    "bhartiya": "IN",
    "hindustani": "IN",
    "भारतीय": "IN",
    "भारतीयों": "IN",
    "नेपाली": "NP",
}
_PERSON = re.compile(
    rf"(?<![\w\u0900-\u0963])(?P<who>{'|'.join(sorted(_PEOPLE, key=len, reverse=True))})"
    r"s?(?![\w\u0900-\u0963])|\b(?P<of>(?-i:U\.?S\.?A?|U\.?K|U\.?A\.?E)\.?|us(?=\s+passport))\s+(?:passports?|citizens?|nationals?)\b",
    re.IGNORECASE,
)
_HELD = re.compile(r"\W*(?:ka\s+|wala\s+)?(?:passports?|nationals?|citizens?)\b", re.IGNORECASE)
_NATIONAL = re.compile(
    r"\b(?:nationality|citizens? of|nationals? of|residents? of"
    r"|passport(?: holders?)?(?: of| from)?|(?:customer|client|guest|passenger|pax|traveller"
    r"|person|people|he is|she is) from|visa from)\W*(?:is\s+)?$",
    re.IGNORECASE,
)
_UNION = re.compile(
    r"^(?P<name>schengen)\s+(?:area|zone|states?|countr(?:y|ies)|region)$", re.IGNORECASE
)


_SMALL_WORDS = """
the and not one two six ten all any day now mon tue wed thu fri sat sun may her him
his our out you who how mrs sir for
"""
_NO_CODES = frozenset(_SMALL_WORDS.split())
"""English words that are airport codes only in capital letters."""


def code_of(place_name: str) -> str | None:
    """Return the IATA code of an airport or a city, from its code or its name.

    A code may be in lower case. Three capital letters in parentheses, as in `London (LHR)`, are
    returned without a check. Returns None if the name does not identify an airport or a city.
    """
    words = " ".join(place_name.split())
    words = IN_HINDI.get(words, words)
    place_name = words.casefold()
    if place_name in _NO_CODES and not words.isupper():
        return None
    is_name = not words.isupper() and (
        any(place_name == name.casefold() for _code, name in KNOWN) or place_name in _by_city()
    )  # Goa is a place in India; the code GOA is Genoa
    if (
        len(words) == 3
        and not is_name
        and (words.upper() in _codes() or words.upper() in _metros())
    ):
        return words.upper()
    inside = re.search(r"\(([A-Z]{3})\)", words)
    if inside:
        return inside.group(1)
    known = next((code for code, name in KNOWN if name.casefold() == words.casefold()), None)
    if known:
        return _metro_of(known) if words.casefold() in _MANY_AIRPORTS else known
    found = _by_city().get(words.casefold(), ())
    metros = {_metro_of(code) for code in found}
    return metros.pop() if len(metros) == 1 else None


def country_of_city(name: str) -> str | None:
    """Return a city's country as ISO 3166 alpha-2; None if several have such a city."""
    code = code_of(name)
    if code is None:
        found = {
            str(_codes()[one]["country"])
            for one in _by_city().get(" ".join(name.casefold().split()), ())
        }
        return found.pop() if len(found) == 1 else None
    if code in _codes():
        return str(_codes()[code]["country"])
    metro = _metros().get(code)
    return str(metro["country"]) if metro else None


def country_of(name: str) -> str | None:
    """Return the code of a country by name, code or short form, such as `the U.A.E.`.

    If `name` is a city, the result is the code of the city's country. For the Schengen area the
    result is FR. The result is None if the name is unknown.
    """
    words = _UNION.sub(
        r"\g<name>", re.sub(r"^the\s+", "", " ".join(name.split()), flags=re.IGNORECASE)
    )
    words = IN_HINDI.get(words, words)
    if re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]?", words):
        words = words.replace(".", "")
    if re.fullmatch(r"[A-Z]{2}", words) and words in _countries().values():
        return words
    return (
        _COUNTRY_OF_TOWN.get(words.casefold())
        or _ALSO.get(words.casefold())
        or _countries().get(words.casefold())
        or country_of_city(words)
    )


def countries_in(text: str) -> list[re.Match[str]]:
    """Return the matches of countries in a text.

    A match includes an article before the name. `us` counts only in capital letters or after `the`.
    `Schengen` counts as a country.
    """
    return list(_named_countries().finditer(text))


def nationality_in(text: str) -> str | None:
    """Return the country code of the nationality in a text, or None.

    Examples: `Indian`, `US passport`, `citizen of Nepal`.
    """
    found = _PERSON.search(text)
    if found is None:
        held = next(
            (
                one
                for one in countries_in(text)
                if _HELD.match(text, one.end()) or _NATIONAL.search(lead(text, one.start()))
            ),
            None,
        )
        return country_of(held.group()) if held else None
    return _PEOPLE[found["who"].lower()] if found["who"] else country_of(found["of"])


_MANY_AIRPORTS = frozenset({"london", "new york", "paris", "rome", "tokyo", "milan", "moscow"})


@cache
def _codes() -> dict[str, airportsdata.Airport]:
    return airportsdata.load("IATA")


@cache
def _metros() -> dict[str, airportsdata.IATAMAC]:
    return airportsdata.load_iata_macs()


@cache
def _by_city() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code, row in _codes().items():
        if row["city"]:
            found.setdefault(str(row["city"]).casefold(), []).append(code)
    return {city: tuple(codes) for city, codes in found.items()}


@cache
def _metro_by_code() -> dict[str, str]:
    return {code: metro for metro, city in _metros().items() for code in city["airports"]}


def _metro_of(code: str) -> str:
    """Return the code of the city if several airports serve it, else the given code."""
    return _metro_by_code().get(code, code)


@cache
def _countries() -> dict[str, str]:
    return {
        name.casefold(): code
        for code, name in Locale("en").territories.items()
        if re.fullmatch("[A-Z]{2}", code)
    }


@cache
def _named_countries() -> re.Pattern[str]:
    spelled = {name for name in (*_countries(), *_ALSO) if name != "us"}
    names = "|".join(
        re.escape(name).replace(r"\ ", r"\s+") for name in sorted(spelled, key=len, reverse=True)
    )
    union = r"schengen\s+(?:area|zone|states?|countr(?:y|ies)|region)"
    dotted = r"u\.a\.e\.?|u\.s\.a\.?|u\.k\.?|the\s+u\.?s\.?|(?-i:U\.S\.?|US)"
    return re.compile(rf"(?<![\w.])(?:the\s+)?(?:{union}|{dotted}|{names})(?!\w)", re.IGNORECASE)
