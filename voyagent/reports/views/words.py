"""What a report says of itself: its days and filters in words for paper, and what of its address could not be read."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from voyagent.http.presentation import long_day
from voyagent.reports.forms import Address
from voyagent.reports.queries.periods import Days


def unread_sentences(address: Address) -> list[str]:
    """The sentence about what could not be read; none where all could."""
    if not address.unread:
        return []
    return [_("We could not read: %(what)s. Write a day such as 24 Nov 2026, and a currency as its three letters.", what=", ".join(address.unread_words))]


def period_words(days: Days) -> str:
    """From which to which book date."""
    return _("Book dates from %(first)s to %(last)s", first=written(days.first), last=written(days.last))


def in_currency(currency: str | None) -> str:
    """Which currencies are shown."""
    return _("in %(currency)s only", currency=currency) if currency else _("all currencies")


def filtered(words: list[str]) -> str:
    """Filters as one sentence, and that currencies are apart."""
    return _("%(filters)s. Currencies are never added.", filters=", ".join(words))


def written(day: date) -> str:
    """A day as paper has it."""
    return long_day(day, weekday=False, year=True)
