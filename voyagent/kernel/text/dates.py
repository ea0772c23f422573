"""Days as people write them, day before month; words that leave the day open (`next month`, `around
Diwali`) are no date at all.

Staff who ask for something are read more freely than a customer's message (`find_days(...,
by_staff=True)`), for they see at once which day was taken: `next Friday` is the Friday of the next
week from Monday on, `Friday` the coming one, `Friday week` that and seven days, `tomorrow week`
eight days from today; `kal` and `parso` lie behind us where the past is meant.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

import dateparser

from voyagent.kernel.fields import YEAR_MAX, YEAR_MIN

Prefer = Literal["future", "past"]
MONTHS = (
    {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
    | {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
    | {"sept": 9}
)
_MONTH = "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR = r"(?:,?\s*(?:(?P<y4>\d{4})|'(?P<y2>\d{2}))(?!\d))?"
_TO = r"\s*(?:-|–|—|to|till|until|and|&)\s*"
_PATTERNS = (
    ("iso", re.compile(r"(?<!\d)(?P<y4>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)")),
    (
        "numeric",
        re.compile(
            r"(?<![\d/.-])(?P<d>\d{1,2})(?P<sep>[/.-])(?P<m>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})(?![\d/])"
        ),
    ),
    ("numeric", re.compile(r"(?<![\d/])(?P<d>\d{1,2})/(?P<m>\d{1,2})(?![\d/])")),
    (
        "pair",
        re.compile(
            rf"(?<![\d/])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?{_TO}(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s*(?:of\s+)?(?P<mon>{_MONTH})\b\.?{_YEAR}",
            re.IGNORECASE,
        ),
    ),
    (
        "pair",
        re.compile(
            rf"\b(?P<mon>{_MONTH})\b\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?{_TO}(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d,]*\d|\s*{_MONTH}\b){_YEAR}",
            re.IGNORECASE,
        ),
    ),
    (
        "named",
        re.compile(
            rf"(?<![\d/.,])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s-]*(?:of\s+)?(?P<mon>{_MONTH})\b\.?(?:-(?P<dash>\d{{4}}))?{_YEAR}",
            re.IGNORECASE,
        ),
    ),
    (
        "named",
        re.compile(
            rf"\b(?P<mon>{_MONTH})\b\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d/]|,\d|\.\d|\s*(?:adults?|pax|people|lakh|k\b)){_YEAR}",
            re.IGNORECASE,
        ),
    ),
    (
        "word",
        re.compile(
            r"\b(?:day after"
            rf" tomorrow|tomorrow|today|tonight|yesterday|(?:this|coming|on)\s+(?:{'|'.join(_WEEKDAYS)}))\b",
            re.IGNORECASE,
        ),
    ),
)
_OPEN = re.compile(
    rf"\b(?:(?:early|mid|late|end of|beginning of|first week of|second week of|last week"
    rf" of|around|sometime in|in|during"
    rf"|for)\s+(?:next\s+)?{_MONTH}\b(?!\s*\d{{1,2}}\b)"
    rf"|next\s+(?:week(?:end)?|month|year|summer|winter|{'|'.join(_WEEKDAYS)})|this\s+(?:weekend|month|summer|winter)"
    r"|(?:around|during|for|over)\s+(?:diwali|christmas|xmas|new"
    r" year|eid|holi|easter|onam|pongal|dussehra|summer|winter|spring)"
    r"|(?:summer|winter|diwali|christmas|school) (?:holidays|vacation|break))",
    re.IGNORECASE,
)


_DAY = "|".join(_WEEKDAYS)
_BY_STAFF = (
    (
        "week",
        re.compile(
            r"\b(?P<said>day after"
            rf" tomorrow|tomorrow|today|(?:on\s+|this\s+|coming\s+)?(?:{_DAY}))\s+week\b",
            re.IGNORECASE,
        ),
    ),
    ("next", re.compile(rf"\bnext\s+(?P<weekday>{_DAY})\b", re.IGNORECASE)),
    (
        "ahead",
        re.compile(
            r"\b(?:in\s+(?:a|(?P<n>\d{1,3}))\s+(?P<unit>days?|weeks?)(?:'?"
            r" time)?|(?P<n2>\d{1,3})\s+(?P<unit2>days?|weeks?)\s+from (?:now|today))\b",
            re.IGNORECASE,
        ),
    ),
    (
        "ago",
        re.compile(
            r"\b(?P<n>\d{1,3}|a)\s+(?P<unit>days?|weeks?)\s+ago\b|\blast\s+(?P<weekday>"
            + _DAY
            + r")\b",
            re.IGNORECASE,
        ),
    ),
)
_SHORT = (
    "short",
    re.compile(r"\b(?P<said>tmrw|tmr|tomo|tommorow|tomorow|kal|pars[ou]n?|aaj)\b", re.IGNORECASE),
)
_BARE = ("bare", re.compile(rf"\b(?<!every )(?P<weekday>{_DAY})\b(?!\s+week)", re.IGNORECASE))

DAY_SAID_MAX = 39  # what is above it is no day that somebody mistook


@dataclass(frozen=True, slots=True)
class Day:
    """A day in a text, where it stands, and whether its year was written.

    The two days of a span like `19-25 Dec` have `span` set.
    """

    day: date
    start: int
    end: int
    words: str
    year_said: bool
    span: bool = False


AHEAD_DAYS = 31
"""A day of the coming month is never last year's, whatever it is the day of: a rule says what is
wrong with it.
"""


def find_days(
    text: str, today: date, *, prefer: Prefer = "future", by_staff: bool = False
) -> list[Day]:
    """Every day that a text names in full (day and month), in order.

    A missing year is the next such day, or with `past` the last (see `AHEAD_DAYS`).
    """
    taken: list[tuple[int, int]] = []
    found: list[Day] = []
    for kind, pattern in (*_BY_STAFF, *_PATTERNS, _SHORT, _BARE) if by_staff else _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            days = list(_days(kind, match, today, prefer))
            if days:
                taken.append(match.span())
                found += days
    return sorted(found, key=lambda day: day.start)


def no_such_day(text: str, today: date) -> str | None:
    """Words that name a day which the calendar does not have: `30 Feb`, `31/11/2026`, `29 Feb`
    where neither this year nor the next has one.
    """
    for kind, pattern in _PATTERNS:
        if kind == "word":
            continue
        for match in pattern.finditer(text):
            groups = match.groupdict()
            numbers = [int(groups[name]) for name in ("d", "d2") if groups.get(name)]
            year = _year(
                groups.get("y4") or groups.get("dash") or groups.get("y"), groups.get("y2")
            )
            month = MONTHS[groups["mon"].lower()[:3]] if groups.get("mon") else int(groups["m"])
            is_written_out = bool(groups.get("mon")) or (year is not None and month in range(1, 13))
            if is_written_out and any(
                0 < number <= DAY_SAID_MAX and not _exists(number, month, year, today)
                for number in numbers
            ):
                return match.group().strip(" .,")
    return None


def _exists(number: int, month: int, year: int | None, today: date) -> bool:
    years = [year] if year is not None else [today.year - 1, today.year, today.year + 1]
    return any(
        YEAR_MIN <= one <= YEAR_MAX and number <= calendar.monthrange(one, month)[1]
        for one in years
    )


def read_day(text: str, today: date, *, prefer: Prefer = "future") -> Day | None:
    """The first day that a text names, or None."""
    days = find_days(text, today, prefer=prefer)
    return days[0] if days else None


def open_words(text: str) -> list[str]:
    """Words that speak of a time without naming a day."""
    return [match.group().strip() for match in _OPEN.finditer(text)]


def month_range(text: str, today: date) -> tuple[date, date, str] | None:
    """The month that a filter names (`in December`, `next month`, `this month`) as first and last
    day, with the words.
    """
    relative = re.search(r"\b(this|next|last)\s+month\b", text, re.IGNORECASE)
    if relative:
        step = {"this": 0, "next": 1, "last": -1}[relative.group(1).lower()]
        number = today.year * 12 + today.month - 1 + step
        return (*_month(number // 12, number % 12 + 1), relative.group())
    named = re.search(
        rf"\b(?:in|during|for|of|departing|travelling|traveling)\s+(?P<mon>{_MONTH})\b\.?(?!\s*\d{{1,2}}\b(?!\d)){_YEAR}",
        text,
        re.IGNORECASE,
    )
    if named is None:
        return None
    month = MONTHS[named["mon"].lower()[:3]]
    year = _year(named["y4"], named["y2"]) or today.year + (month < today.month)
    return (*_month(year, month), named.group())


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return _month(day.year, day.month)[1]


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _days(kind: str, match: re.Match[str], today: date, prefer: Prefer) -> Iterator[Day]:
    groups = match.groupdict()
    if kind == "short":
        ahead = (
            0
            if match["said"].lower() == "aaj"
            else 2
            if match["said"].lower().startswith("pars")
            else 1
        )
        is_back = prefer == "past" and match["said"].lower() in {
            "kal",
            "parso",
            "parson",
            "parsun",
        }  # Hindi has one word for the day on either side
        yield Day(
            today + timedelta(days=-ahead if is_back else ahead),
            match.start(),
            match.end(),
            match.group(),
            year_said=True,
        )
        return
    if kind in {"week", "next", "ahead", "ago", "bare"}:
        day = _counted(kind, groups, today, prefer)
        if day is not None:
            yield Day(day, match.start(), match.end(), match.group(), year_said=True)
        return
    if kind == "word":
        day = _spoken(match.group(), today, prefer)
        if day is not None:
            yield Day(day, match.start(), match.end(), match.group(), year_said=True)
        return
    year = _year(groups.get("y4") or groups.get("dash") or groups.get("y"), groups.get("y2"))
    if kind in ("iso", "numeric"):
        if match.group() == "24/7":
            return
        month = int(groups["m"])
        numbers = [int(groups["d"])]
    else:
        month = MONTHS[groups["mon"].lower()[:3]]
        numbers = [int(groups["d"]), *([int(groups["d2"])] if groups.get("d2") else [])]
    days = [_on(number, month, year, today, prefer) for number in numbers]
    if None in days:
        return
    for day in days:
        assert day is not None
        yield Day(
            day,
            match.start(),
            match.end(),
            match.group().strip(" .,"),
            year is not None,
            span=len(days) > 1,
        )


def _on(number: int, month: int, year: int | None, today: date, prefer: Prefer) -> date | None:
    years = [year] if year is not None else _years(today, prefer)
    for candidate in years:
        try:
            day = date(candidate, month, number)
        except ValueError:
            continue
        if year is not None or (
            day >= today if prefer == "future" else day <= today or (day - today).days <= AHEAD_DAYS
        ):
            return day if YEAR_MIN <= day.year <= YEAR_MAX else None
    return None


def _years(today: date, prefer: Prefer) -> list[int]:
    # A day that neither this year nor its neighbour has (29 February) is left unread rather than
    # moved years away.
    return (
        [today.year, today.year + 1]
        if prefer == "future"
        else [(today + timedelta(days=AHEAD_DAYS)).year, today.year, today.year - 1]
    )


def _year(four: str | None, two: str | None) -> int | None:
    if four and len(four) == 4:
        return int(four)
    short = four or two
    return 2000 + int(short) if short else None


def _counted(kind: str, groups: dict[str, str | None], today: date, prefer: Prefer) -> date | None:
    """A day that staff count from today."""
    named = groups.get("weekday")
    weekday = _WEEKDAYS.index(named.lower()) if named else None
    if kind == "week":
        near = _spoken(groups["said"] or "", today)
        return near + timedelta(days=7) if near else None
    if kind == "next" and weekday is not None:
        return today + timedelta(days=7 - today.weekday() + weekday)
    if weekday is not None:
        back = kind == "ago" or prefer == "past"
        return (
            today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
            if back
            else today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
        )
    many, unit = (
        groups.get("n") or groups.get("n2") or "1",
        groups.get("unit") or groups.get("unit2") or "day",
    )
    span = timedelta(
        days=(1 if many == "a" else int(many)) * (7 if unit.lower().startswith("week") else 1)
    )
    return today - span if kind == "ago" else today + span


def _spoken(words: str, today: date, prefer: Prefer = "future") -> date | None:
    weekday = next((number for number, name in enumerate(_WEEKDAYS) if name in words.lower()), None)
    if (
        weekday is not None
        and prefer == "past"
        and not re.search(r"\b(?:coming|next|this)\b", words, re.IGNORECASE)
    ):
        return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    found = dateparser.parse(
        words,
        languages=["en"],
        settings={"RELATIVE_BASE": datetime.combine(today, time(12)), "DATE_ORDER": "DMY"},
    )
    if found is None and words.lower() == "tonight":
        return today
    return found.date() if found else None
