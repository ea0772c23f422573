"""Read the machine-readable zone of passports (ICAO Doc 9303 part 4, TD3).

Correct check digits do not exclude a misreading. Therefore the result only fills a form that a
person reviews.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from unicodedata import combining, normalize

from babel.core import get_global

from voyagent.kernel.errors import N_, Invalid

LINE = 44
FILLER = "<"
WEIGHTS = (7, 3, 1)
FUTURE_YEARS_MAX = 50
"""Largest number of years that an expiry can be in the future.

A later date is taken to be in the previous century.
"""
_LINES = re.compile(r"(P[A-Z0-9<]{43})?[A-Z0-9<]{43}[A-Z0-9]")
_VALUES = {FILLER: 0} | {
    character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
_COUNTRIES = {"D": "DE", "RKS": "XK", **dict.fromkeys(("GBD", "GBN", "GBO", "GBP", "GBS"), "GB")}
"""Country codes of Doc 9303 outside ISO 3166-1: Germany, Kosovo, British nationalities."""


class NoPassportLines(Invalid):
    """The text does not have the form of the two lines of a passport."""

    code = "passport_lines_unreadable"
    message = N_(
        "These are not valid passport lines. Each line has 44 characters (letters, digits and <),"
        " and the first begins with P."
    )


class PassportLinesMisread(Invalid):
    """A check digit is wrong, or a date does not exist."""

    code = "passport_lines_misread"
    message = N_("The check digits do not match. Compare each character with the passport.")


class NumberMisread(PassportLinesMisread):
    """The check digit of the passport number is wrong."""

    message = N_(
        "The check digit of the passport number does not match (second line, characters 1 to 10)."
        " Compare these characters with the passport."
    )


class BirthMisread(PassportLinesMisread):
    """The check digit of the date of birth is wrong, or this date does not exist."""

    message = N_(
        "The check digit of the date of birth does not match (second line, characters 14 to 20)."
        " Compare these characters with the passport."
    )


class ExpiryMisread(PassportLinesMisread):
    """The check digit of the date of expiry is wrong, or this date does not exist."""

    message = N_(
        "The check digit of the expiry date does not match (second line, characters 22 to 28)."
        " Compare these characters with the passport."
    )


class PersonalNumberMisread(PassportLinesMisread):
    """The check digit of the personal number is wrong."""

    message = N_(
        "The check digit of the personal number does not match (second line, characters 29 to"
        " 43). Compare these characters with the passport."
    )


class LineMisread(PassportLinesMisread):
    """The final check digit, over number, birth, expiry and personal number, is wrong."""

    message = N_(
        "The last check digit, for the whole second line, does not match. Compare each character"
        " with the passport."
    )


@dataclass(frozen=True, slots=True)
class MachineZone:
    """The contents of the machine-readable lines of a passport.

    `nationality_code` is the code in the passport. `nationality` is the ISO 3166 code of two
    letters for the same country, or None if the passport's code is unknown. Names are None if the
    first line is missing. `date_of_birth` is None if the passport omits the day, month or year.
    """

    number: str
    nationality: str | None
    nationality_code: str
    date_of_birth: date | None
    expires_on: date
    given_names: str | None
    surname: str | None

    @property
    def full_name(self) -> str | None:
        """Return given names and surname as one text; None if the lines have neither."""
        return " ".join(part for part in (self.given_names, self.surname) if part) or None

    def is_named(self, name: str) -> bool:
        """Return True if a name equals the name in the passport lines.

        Accents and the order of the words are ignored. A word may be longer than in the passport
        lines, because passport lines cut off long names.
        """
        typed, read = (sorted(_plain(one).split()) for one in (name, self.full_name or ""))
        return len(typed) == len(read) and all(
            word.startswith(part) for word, part in zip(typed, read, strict=True)
        )


def read_zone(text: str, today: date) -> MachineZone:
    """Parse the passport lines: both lines, or only the second line.

    Spaces and case are ignored. `today` decides the century of two-digit years. Raises
    NoPassportLines, PassportLinesMisread.
    """
    whole = "".join(text.split()).upper()
    if _LINES.fullmatch(whole) is None:
        raise NoPassportLines
    names, second = whole[:-LINE], whole[-LINE:]
    _check(second)
    surname, given_names = _names(names[5:]) if names else (None, None)
    code = second[10:13].strip(FILLER)
    return MachineZone(
        number=second[:9].rstrip(FILLER),
        nationality=_country(code),
        nationality_code=code,
        date_of_birth=_birth(second[13:19], today),
        expires_on=_expiry(second[21:27], today),
        given_names=given_names,
        surname=surname,
    )


def check_digit(text: str) -> str:
    """Return the check digit of a text (Doc 9303 part 3, 4.9)."""
    return str(sum(_VALUES[character] * WEIGHTS[at % 3] for at, character in enumerate(text)) % 10)


def _check(line: str) -> None:
    personal = line[28:42]
    digits = (
        (NumberMisread, line[:9], line[9]),
        (BirthMisread, line[13:19], line[19]),
        (ExpiryMisread, line[21:27], line[27]),
        (
            PersonalNumberMisread,
            personal,
            "0" if line[42] == FILLER and not personal.strip(FILLER) else line[42],
        ),
        (LineMisread, line[:10] + line[13:20] + line[21:43], line[43]),
    )
    for misread, text, digit in digits:
        if check_digit(text) != digit:
            raise misread


def _names(field: str) -> tuple[str | None, str | None]:
    """Return surname and given names from the name field of the first passport line."""
    surname, _, given = field.rstrip(FILLER).partition(FILLER * 2)
    in_words = [
        " ".join(part.title() for part in name.split(FILLER) if part) or None
        for name in (surname, given)
    ]
    return in_words[0], in_words[1]


def _plain(name: str) -> str:
    return "".join(
        character
        for character in normalize("NFKD", name.replace("-", " ").replace("'", "")).casefold()
        if not combining(character)
    )


def _country(code: str) -> str | None:
    if code in _COUNTRIES:
        return _COUNTRIES[code]
    found = get_global("territory_aliases").get(code, []) if len(code) == 3 else []
    return found[0] if len(found) == 1 else None


def _birth(figures: str, today: date) -> date | None:
    """Return the date of birth, in the past; None if the passport omits a part of it."""
    if FILLER in figures:
        return None
    found = [
        day
        for century in (today.year // 100 * 100, today.year // 100 * 100 - 100)
        if (day := _day(figures, century)) is not None and day <= today
    ]
    if not found:
        raise BirthMisread
    return found[0]


def _expiry(figures: str, today: date) -> date:
    last = today.year + FUTURE_YEARS_MAX
    century = (
        last // 100 * 100
        if figures[:2].isdigit() and int(figures[:2]) <= last % 100
        else last // 100 * 100 - 100
    )
    found = _day(figures, century)
    if found is None:
        raise ExpiryMisread
    return found


def _day(figures: str, century: int) -> date | None:
    if not figures.isdecimal():
        return None
    year, month, day = century + int(figures[:2]), int(figures[2:4]), int(figures[4:])
    return (
        date(year, month, day)
        if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
        else None
    )
