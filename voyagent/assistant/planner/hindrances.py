"""What stands against a wish that is read well: days that do not exist or are past, more people
than an airline takes. The one fault is asked for anew.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from babel.dates import format_date

from voyagent.assistant.moves import Ask, Call, Context, Move, Say
from voyagent.assistant.planner import passengers, sentences, wishes
from voyagent.assistant.planner.searches import PARTY_MAX
from voyagent.assistant.planner.wishes import Wish
from voyagent.assistant.planner.wording import _, language
from voyagent.kernel.text.dates import UnclearDate, find_days, impossible_date

JsonObject = dict[str, Any]
DAYS = frozenset(
    {"outbound_date", "return_date", "check_in", "check_out", "on", "period_start", "period_end"}
)
_DAYS_OF = (
    ({"search_flights", "hold_flight"}, ("outbound_date", "return_date")),
    ({"search_hotels", "check_hotel_rate", "book_hotel"}, ("check_in", "check_out")),
    ({"add_transfer"}, ("on",)),
)


def asked_of_the_day(question: Ask, said: str, context: Context) -> Ask | None:
    """The same question for a day, after a word on the answer that names none of the calendar; None
    for every other answer.
    """
    wrong = (
        impossible_date(said, context.today)
        if question.missing in DAYS and not find_days(said, context.today, by_staff=True)
        else None
    )
    asked = plain(question) if wrong else None
    return replace(asked, text=f"{_no_day(wrong)} {asked.text}") if asked and wrong else None


def plain(question: Ask) -> Ask | None:
    """A wish's question as it is asked first, without what was said before or behind it; None for a
    question of another kind.
    """
    asked = wishes.ask(Wish(question.tool, question.known)) if wishes.is_of_wish(question) else None
    return asked if asked is not None and asked.missing == question.missing else None


def told_of_the_day(move: Move, said: str, context: Context) -> Move:
    """The same move; where the words name a day that does not exist, that is said before the
    question for it, or in the place of an act or a report.
    """
    wrong = impossible_date(said, context.today)
    if wrong is None:
        return _with_birth_asked(move, said, context)
    if isinstance(move, Ask) and move.missing in DAYS:
        return replace(move, text=f"{_no_day(wrong)} {move.text}")
    is_told_already = isinstance(move, Call) and move.tool == "trial_balance" and move.words
    if (
        isinstance(move, Call | Ask)
        and move.tool not in ("create_enquiry", "draft_invoice")
        and not is_told_already
    ):
        return Say(
            _(
                "%(reason)s Say it once more with the day that you mean. I have done nothing.",
                reason=_no_day(wrong),
            )
        )
    return move


def _with_birth_asked(move: Move, said: str, context: Context) -> Move:
    if not isinstance(move, Call) or move.tool != "add_passenger":
        return move
    words = passengers.birth_without_year(said, context)
    if words is None or move.arguments.get("date_of_birth"):
        return move
    asked = _("Say the date of birth with its year: “%(words)s” leaves it open.", words=words)
    return replace(move, words=f"{move.words} {asked}".strip())


def _no_day(wrong: UnclearDate) -> str:
    if wrong.reason == "month_first":
        return _(
            "There is no %(day)s, for the day stands before the month. Do you mean %(offer)s?",
            day=wrong.words,
            offer=_full_day(wrong.offers[0]),
        )
    if wrong.reason == "other_weekday":
        return _(
            "“%(day)s” does not fit: that day is %(offer)s.",
            day=wrong.words,
            offer=_full_day(wrong.offers[0]),
        )
    return _("There is no %(day)s.", day=wrong.words)


def _full_day(day: date) -> str:
    return format_date(day, "EEE d MMM y", locale=language())


def refused(wish: Wish, context: Context) -> Say | Ask | None:
    """What no airline or hotel would sell, in a sentence, which asks for the days anew where they
    are at fault; None where nothing stands against it.
    """
    known = wish.known
    if wish.tool in {"search_flights", "hold_flight"}:
        first, last, party = (
            known.get("outbound_date"),
            known.get("return_date"),
            known.get("passengers") or {},
        )
        if first and last and last < first:
            return _days_anew(
                wish,
                _(
                    "They would come back on %(back)s, before they leave on %(out)s. Which days do"
                    " you mean?",
                    back=_day(last),
                    out=_day(first),
                ),
            )
        if first and first < context.today.isoformat():
            return _days_anew(
                wish, _("%(day)s is past. On which day do they leave?", day=_day(first))
            )
        sentence = (
            _("From and to are the same place. Where do they fly to?")
            if known.get("origin") and known.get("origin") == known.get("destination")
            else (
                _(
                    "I search one way at a time, there and back. Say the first way, and then the"
                    " next."
                )
                if known.get("legs")
                else _about_party(party)
            )
        )
    elif wish.tool in {"search_hotels", "check_hotel_rate", "book_hotel"}:
        first, last = known.get("check_in"), known.get("check_out")
        if known.get("unsold") and not known.get("city"):
            return Say(
                _(
                    "No supplier here has hotels in %(city)s. Say a city with an airport near by.",
                    city=known["unsold"],
                )
            )
        sentence = (
            _(
                "They would leave the hotel on %(out)s, which is not behind the day they come,"
                " %(day)s. Which days do you mean?",
                out=_day(last),
                day=_day(first),
            )
            if first and last and last <= first
            else (
                _("%(day)s is past. From which day do they stay?", day=_day(first))
                if first and first < context.today.isoformat()
                else ""
            )
        )
        return _days_anew(wish, sentence) if sentence else None
    elif wish.tool == "add_transfer" and known.get("on", "9") < context.today.isoformat():
        return _days_anew(
            wish, _("%(day)s is past. On which day is the transfer?", day=_day(known["on"]))
        )
    else:
        return None
    return Say(sentence) if sentence else None


def _days_anew(wish: Wish, sentence: str) -> Ask:
    """The question for the days, with all that is known besides."""
    days = next(days for tools, days in _DAYS_OF if wish.tool in tools)
    return Ask(
        sentence,
        tool=wish.tool,
        known={name: value for name, value in wish.known.items() if name not in days},
        missing=days[0],
    )


def _about_party(party: JsonObject) -> str:
    grown = party.get("adult", 0) + party.get("senior", 0)
    if sum(party.values()) > PARTY_MAX:
        return _(
            "An airline books at most %(most)s in one go, and these are %(number)s. Search for them"
            " in groups.",
            most=PARTY_MAX,
            number=sum(party.values()),
        )
    if party.get("infant", 0) > grown:
        return _(
            "An infant flies on the lap of an adult of its own: infants %(infants)s, adults"
            " %(adults)s.",
            infants=party["infant"],
            adults=grown,
        )
    return ""


def _day(day: str | None) -> str:
    return sentences.day(day) if day else ""
