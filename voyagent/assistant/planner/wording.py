"""Sentences through the catalogue, as texts."""

from __future__ import annotations

from babel import Locale
from flask_babel import get_locale, gettext, ngettext as plural_gettext

from voyagent.trips.words import state_word


def _(sentence: str, **values: object) -> str:
    """A sentence in the reader's language, with its values filled in."""
    return str(gettext(sentence, **values))


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """A sentence in the form that its number asks for; `%(num)d` is the number."""
    return str(plural_gettext(one, many, number, **values))


def language() -> Locale:
    """The reader's language, for days; English where nobody reads."""
    return get_locale() or Locale("en")


def state(status: str) -> str:
    """Return the state of a line or a booking as part of a sentence."""
    return state_word(status)
