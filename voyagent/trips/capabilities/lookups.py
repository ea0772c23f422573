"""Find the trips, passengers and bookings that a user's text may refer to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voyagent.capabilities.capability import Choice, Invocation
from voyagent.capabilities.cards import day
from voyagent.kernel.text.naming import Run, find_runs
from voyagent.trips.queries import trips as trips_queries
from voyagent.trips.rules.journey import Line

SEARCHED_MAX = 200
_NAME_WORD_MIN = 3
_NO_NAMES = {"and", "booking", "family", "flight", "for", "hotel", "the", "trip", "visa"}
"""Words of trip titles and labels that are not the name of a person or place."""


def held_flights(call: Invocation, text: str) -> list[Choice]:
    """Return the held flight bookings that a text may refer to.

    Bookings of the conversation's trip come first. The id of a choice is the id of the booking's
    first flight. The amount of a choice is the cost of the booking.
    """
    bookings: dict[tuple[str, str | None], list[Line]] = {}
    titles = {}
    for title, line in _bookings(call, "flight", "held"):
        key = (str(line.trip_id), line.supplier_ref)
        bookings.setdefault(key, []).append(line)
        titles[key] = title
    choices = []
    for key, lines in bookings.items():
        lines.sort(key=lambda line: line.place_in_time)
        flights = ", ".join(line.name for line in lines)
        cost = sum((line.cost for line in lines[1:]), lines[0].cost)
        label = _label(lines[0].supplier_ref, flights, lines[0], titles[key])
        choices.append((Choice(str(lines[0].id), label, lines[0].supplier_ref or "", cost), label))
    return matching(choices, text)


def booked_stays(call: Invocation, text: str) -> list[Choice]:
    """Return the hotel bookings that a text may refer to.

    Bookings of the conversation's trip come first.
    """
    choices = []
    for title, line in _bookings(call, "hotel", "booked"):
        label = _label(line.supplier_ref, line.name, line, title)
        choices.append((Choice(str(line.id), label, line.supplier_ref or "", line.cost), label))
    return matching(choices, text)


def passengers(call: Invocation, text: str) -> list[Choice]:
    """Return the passengers that a text may refer to.

    Passengers of the conversation's trip come first, then passengers of the newest trips.
    """
    found = trips_queries.list_passengers(
        call.reader, session_id=call.session_id, limit=SEARCHED_MAX
    )
    return matching(
        [
            (Choice(str(row["id"]), f"{row['full_name']}, {row['title']}"), row["full_name"])
            for row in found
        ],
        text,
    )


def trips(call: Invocation, text: str) -> list[Choice]:
    """Return the trips that a text may refer to.

    The conversation's trip comes first, then the newest trips.
    """
    found = trips_queries.list_titles(call.reader, session_id=call.session_id, limit=SEARCHED_MAX)
    return matching([(Choice(str(row["id"]), row["title"]), row["title"]) for row in found], text)


def matching(choices: Sequence[tuple[Choice, str]], text: str) -> list[Choice]:
    """Return the choices that a text refers to.

    Each choice comes with the text by which a user can refer to the choice. Booking numbers in
    `text` decide first, then the words that a name has in common with `text`. If nothing matches,
    all choices are returned.

    If the best choices share only a surname with a person in `text`, these choices have `is_near`
    set, so that the user must choose.
    """
    given_words = _words(text)
    numbered = [one for one, _ in choices if one.number and one.number.casefold() in given_words]
    names = {word for word in given_words if len(word) >= _NAME_WORD_MIN} - _NO_NAMES
    runs = find_runs(text)
    common = [(len(names & _words(known)), one, known) for one, known in choices]
    most = max((count for count, _, _ in common), default=0)
    named = [(one, known) for count, one, known in common if count == most] if most else []
    full = [one for one, known in named if _words(known) in (_run_words(run) for run in runs)]
    sure = [one for one, known in named if not _is_other(known, runs)]
    near = [one._replace(is_near=True) for one, _ in named]
    return numbered or full or sure or near or [one for one, _ in choices]


def _is_other(known: str, runs: Sequence[Run]) -> bool:
    """Return True if a text shares a word with a name but has another given name.

    `known` is the name and `runs` are the names in the text. For example, `known` is `Anil Nair`
    and the text has `Sunil Nair`.
    """
    words = _words(known)
    return any(
        bool(words & _run_words(run)) and run.named[0].text.casefold() not in words for run in runs
    )


def _run_words(run: Run) -> set[str]:
    return {one.text.casefold() for one in run.named}


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _bookings(call: Invocation, kind: str, status: str) -> list[tuple[str, Line]]:
    return trips_queries.list_bookings(
        call.reader, kind, status, session_id=call.session_id, limit=SEARCHED_MAX
    )


def _label(number: str | None, name: str, line: Line, title: str) -> str:
    first = day(line.starts_on) if line.starts_on else ""
    return ", ".join(filter(None, (number, name, first, title)))
