"""A question of ours that got words which are no answer: asked a second time with what was not
understood and an example, a third time with the way out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from voyagent.assistant.moves import Ask
from voyagent.assistant.planner import hindrances, offers, sentences
from voyagent.assistant.planner.wording import _

ASKED_MAX = 3
_QUOTED_MAX = 60
_SEARCHED = frozenset({"city", "check_in", "check_out", "guests"})
_OF_ROOMS = frozenset({"search_hotels", "check_hotel_rate", "book_hotel"})
_EXAMPLES: dict[str, Callable[[], str]] = {
    **dict.fromkeys(
        ("customer_name", "full_name", "enquiry_id"), lambda: _("Such as “Deepa Krishnan”.")
    ),
    "vendor_name": lambda: _("Such as “Emirates Holidays”."),
    "vendor_reference": lambda: _("Such as “EK-77”."),
    "supplier_ref": lambda: _("Such as “K7PQ2M”."),
    "amount": lambda: _("Such as “45,000” or “1.2 lakh”."),
    **dict.fromkeys(
        ("description", "narration", "reason"), lambda: _("Such as “Dubai visa for two”.")
    ),
    **dict.fromkeys(("origin", "destination", "city"), lambda: _("Such as “Dubai”.")),
    **dict.fromkeys(hindrances.DAYS, lambda: _("Such as “12 Dec” or “next Friday”.")),
    **dict.fromkeys(("passengers", "guests"), lambda: _("Such as “2 adults”.")),
    "nationality": lambda: _("Such as “Indian”."),
    "to": lambda: _("Such as “deepa@example.com”."),
    **dict.fromkeys(("debit", "credit"), lambda: _("Such as “Bank” or “5100”.")),
    "sure": lambda: _("Such as “yes” or “no”."),
}


def picks_too_early(question: Ask, said: str) -> bool:
    """Whether words only choose a room, `book the cheapest one`, while something of its search is
    still asked for; a flight is another matter.
    """
    bare = re.sub(r"^\s*(?:please\s+)?(?:book|reserve|take)\s+", "", said, flags=re.IGNORECASE)
    is_flight = re.search(r"\b(?:flights?|fares?|seats?)\b", said, re.IGNORECASE)
    return (
        question.tool in _OF_ROOMS
        and question.missing in _SEARCHED
        and not is_flight
        and offers.number_said(bare) is not None
    )


def with_time(question: Ask) -> Ask:
    """The same question after words that only hesitate."""
    first = question.first or question.text
    return replace(
        question,
        text=_(
            "Take your time, nothing is lost. %(question)s %(leave)s",
            question=first,
            leave=sentences.way_out(),
        ),
        first=first,
    )


def once_more(question: Ask, said: str) -> Ask | None:
    """The same question after words that are neither its answer nor a request; None where it has
    been asked often enough, and is let go.
    """
    asked = int(question.again) + 1
    if asked >= ASKED_MAX:
        return None
    plain = hindrances.plain(question) if question.missing in hindrances.DAYS else None
    first = plain.text if plain else question.first or question.text
    strange = _("I do not understand “%(words)s” as an answer.", words=_quoted(said))
    if asked == 1:
        example = _EXAMPLES.get(question.missing)
        told = [
            strange,
            first,
            example() if example and "“" not in first else "",
            sentences.way_out(),
        ]
    else:
        told = [
            strange,
            _("I can leave it: say “never mind”. If not: %(question)s", question=first),
        ]
    return replace(question, text=" ".join(filter(None, told)), again=asked, first=first)


def _quoted(said: str) -> str:
    words = " ".join(said.split())
    return words if len(words) <= _QUOTED_MAX else f"{words[:_QUOTED_MAX].rstrip()}…"
