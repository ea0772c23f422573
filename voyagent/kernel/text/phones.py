"""Find telephone numbers in plain text, and the country of national numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from voyagent.kernel.text import stations
from voyagent.kernel.text.passages import STAMP, lead
from voyagent.kernel.text.people import EMAIL
from voyagent.kernel.text.places import find_route, places_in

_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_LIVES = re.compile(
    r"\b(?:live|lives|living|based|settled|reside|resides|residing|resident|residents|working"
    r"|calling|writing)\s+(?:in|of|from)\s+(?:the\s+)?$|\b(?:we are|i am|we're|i'm|currently)\s+"
    r"(?:now\s+)?in\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^\s*(?:country|location|city|address|residence|nationality)\s*[:=-]"
    r"\s*(?P<value>[^\n]{2,120})$",
    re.IGNORECASE | re.MULTILINE,
)
_SENDER = re.compile(rf"^\s*{STAMP}\s*[-–]?\s*(?P<number>\+[\d\s()-]{{7,20}}):", re.MULTILINE)
_ANYBODYS = frozenset(["ai", "cc", "co", "eu", "fm", "gg", "io", "la", "ly", "me", "tv", "ws"])
"""Domains of a country that firms of all countries use."""
_DOMAINS = {"uk": "GB"}


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number in a text, and its position.

    `number` is in international form. `number` is None for a national number whose country is not
    certain; then `offers` has the possible numbers in international form.
    """

    number: str | None
    start: int
    end: int
    words: str
    offers: tuple[str, ...] = ()


def find_phones(text: str, region: str | None) -> list[Phone]:
    """Return the valid telephone numbers of a text, in order.

    `region` is the agency's country, whose country code is added to national numbers. The text may
    show that its writer is in another country: by the domain of an e-mail address, or by words such
    as `I live in Dubai` or `Country: UAE`. Then `number` of a national number is None, and `offers`
    has the possible numbers. The same applies if the text names a place in another country, and the
    number would be a mobile number there but not in `region`.
    """
    matches = list(phonenumbers.PhoneNumberMatcher(text, region))
    national = [match for match in matches if not _has_country(match)]
    others = _countries(text) - {region} if national else set()
    visited = _visited(text) - {region} if national else set()
    return [
        _phone(match, others, visited)
        if match in national
        else Phone(_written(match.number), match.start, match.end, match.raw_string)
        for match in matches
    ]


def _phone(
    match: phonenumbers.PhoneNumberMatch,
    others: set[str],
    visited: set[str],
) -> Phone:
    is_mobile = phonenumbers.number_type(match.number) in _MOBILE
    doubts = others | (
        set() if is_mobile else {country for country in visited if _is_mobile(match, country)}
    )
    own = _written(match.number)
    if not doubts:
        return Phone(own, match.start, match.end, match.raw_string)
    offers = [own, *(_read(match, country) for country in sorted(doubts))]
    return Phone(
        None, match.start, match.end, match.raw_string, tuple(offer for offer in offers if offer)
    )


def _has_country(match: phonenumbers.PhoneNumberMatch) -> bool:
    """Return True if the number is written with its country code.

    The plus sign may be missing.
    """
    digits = re.sub(r"\D", "", match.raw_string).removeprefix("00")
    code = str(match.number.country_code)
    return match.raw_string.lstrip("( ").startswith("+") or digits == (
        f"{code}{phonenumbers.national_significant_number(match.number)}"
    )


def _written(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _read(match: phonenumbers.PhoneNumberMatch, country: str) -> str | None:
    try:
        number = phonenumbers.parse(match.raw_string, country)
    except phonenumbers.NumberParseException:
        return None
    return _written(number) if phonenumbers.is_valid_number(number) else None


def _is_mobile(match: phonenumbers.PhoneNumberMatch, country: str) -> bool:
    try:
        number = phonenumbers.parse(match.raw_string, country)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in _MOBILE


def _countries(text: str) -> set[str]:
    """Return the countries in which the writer of a text may be.

    Signs of a country are a place where the writer lives or departs, a line such as `Country: UAE`,
    the sender's number in an exported chat, and the domain of an e-mail address.
    """
    places = [
        match.group() for match in places_in(text) if _LIVES.search(lead(text, match.start()))
    ]
    origin = find_route(text).origin
    places += [origin.name] if origin else []
    for header in _HEADER.finditer(text):
        places += [part.strip(" .") for part in re.split(r"[,;]", header["value"])]
        places += [match.group() for match in stations.countries_in(header["value"])]
    senders = (_region(match["number"]) for match in _SENDER.finditer(text))
    domains = (match.group().rpartition(".")[2].lower() for match in EMAIL.finditer(text))
    found = [stations.country_of(place) for place in places]
    return {
        country
        for country in (*found, *senders, *map(_country_of_domain, domains))
        if country is not None
    }


def _visited(text: str) -> set[str]:
    return {country for match in places_in(text) if (country := stations.country_of(match.group()))}


def _region(number: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return None


def _country_of_domain(domain: str) -> str | None:
    if len(domain) != 2 or domain in _ANYBODYS:
        return None
    return _DOMAINS.get(domain, domain.upper())
