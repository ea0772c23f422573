"""Labels of trips: warnings, countries, kinds and statuses."""

from __future__ import annotations

from datetime import date

from babel.core import Locale
from flask_babel import format_date, get_locale, gettext, lazy_gettext

from voyagent.trips.rules.lint import CountryCode, Finding

PASSENGER_WORDS = {
    "adult": lazy_gettext("Adult"),
    "child": lazy_gettext("Child"),
    "infant": lazy_gettext("Infant"),
    "senior": lazy_gettext("Senior"),
}
LINE_WORDS = {
    "flight": lazy_gettext("Flight"),
    "hotel": lazy_gettext("Hotel"),
    "transfer": lazy_gettext("Transfer"),
    "visa": lazy_gettext("Visa"),
    "other": lazy_gettext("Other"),
}

STATE_WORDS = {
    "planned": lazy_gettext("Planned"),
    "held": lazy_gettext("Held"),
    "booked": lazy_gettext("Booked"),
    "ticketed": lazy_gettext("Ticketed"),
    "filed": lazy_gettext("Applied for"),
    "granted": lazy_gettext("Approved"),
    "cancelled": lazy_gettext("Cancelled"),
    "failed": lazy_gettext("Failed"),
}

BOARD_WORDS = {
    "room_only": lazy_gettext("room only"),
    "bed_and_breakfast": lazy_gettext("with breakfast"),
    "half_board": lazy_gettext("half board"),
    "full_board": lazy_gettext("full board"),
}


def state_word(status: str) -> str:
    """Return the status of a line or booking as part of a sentence, such as `held`."""
    word = str(STATE_WORDS.get(status, status))
    return word[:1].lower() + word[1:]


def board_word(board: str) -> str:
    """Return the meals of a rate as part of a sentence; empty for an unknown code."""
    return str(BOARD_WORDS.get(board, ""))


def sentence_of(finding: Finding) -> str:
    """Return the sentence of a warning with its values filled in."""
    return str(
        gettext(
            finding.sentence, **{name: _formatted(value) for name, value in finding.values.items()}
        )
    )


def country_name(code: str) -> str:
    """Return a country's name, or the code itself if it is unknown."""
    return str((get_locale() or Locale("en")).territories.get(code, code))


def _formatted(value: str | int | date) -> str | int:
    if isinstance(value, CountryCode):
        return country_name(value)
    return str(format_date(value, "d MMM y")) if isinstance(value, date) else value
