"""Find periods for a filter: `this week`, `last month`, `the last 7 days`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from voyagent.kernel.text.date_words import MONTH, count, month_number
from voyagent.kernel.text.dates import month_end, month_range

_NOW = {"this": 0, "current": 0, "is": 0, "इस": 0, "next": 1, "agle": 1, "agli": 1, "coming": 1,
        "अगले": 1, "last": -1, "past": -1, "previous": -1, "pichhle": -1, "pichle": -1,
        "पिछले": -1}  # fmt: skip
_WHICH = "|".join(_NOW)
_N = r"(?:\d{1,3}|two|three|four|five|six|seven|ten)"
_WEEK = re.compile(rf"(?<!\w)(?P<which>{_WHICH})\s+(?:week\b|haft[ea]\b|हफ़्ते|हफ्ते)", re.IGNORECASE)
_MONTH = re.compile(rf"(?<!\w)(?P<which>{_WHICH})\s+(?:month\b|mahin[ea]\b|महीने)", re.IGNORECASE)
_YEAR = re.compile(rf"(?<!\w)(?P<which>{_WHICH})\s+(?:year\b|saal\b|साल)", re.IGNORECASE)
_DAYS = re.compile(
    rf"\b(?P<which>last|past|next|coming)\s+(?P<n>{_N})\s+(?P<unit>days?|weeks?)\b", re.IGNORECASE
)
_HALF = re.compile(
    rf"\b(?P<half>first|1st|second|2nd)\s+(?:half|fortnight)\s+(?:of\s+)?(?P<mon>{MONTH})",
    re.IGNORECASE,
)
_FORTNIGHT = re.compile(r"\b(?P<which>last|previous|this|current)\s+fortnight\b", re.IGNORECASE)
_NAMED = re.compile(
    rf"(?<![\d\w/-])(?<!\d )(?P<mon>{MONTH})\.?(?!\s*\d{{1,2}}\b(?!\d))(?:,?\s*(?P<year>20\d\d))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Period:
    """The first and last day of a period, and the words for it.

    `is_open` is true if the words name no last day, such as `the last 7 days`; then `end` is today.
    """

    start: date
    end: date
    words: str
    is_open: bool = False


def find_period(text: str, today: date, *, is_past: bool = False) -> Period | None:
    """Return the period that a text names, None if there is none.

    If `is_past` is true, a month without a year is the latest month of this name that has begun.
    """
    days = _DAYS.search(text)
    if days:
        number = count(days["n"]) * (7 if days["unit"].lower().startswith("week") else 1)
        if days["which"].lower() in ("next", "coming"):
            return Period(today, today + timedelta(days=number), days.group())
        return Period(today - timedelta(days=number), today, days.group(), is_open=True)
    week = _WEEK.search(text)
    if week:
        monday = today + timedelta(days=7 * _step(week) - today.weekday())
        return Period(monday, monday + timedelta(days=6), week.group())
    return _fortnight(text, today) or _month(text, today, is_past=is_past)


def _fortnight(text: str, today: date) -> Period | None:
    half, named = _HALF.search(text), _FORTNIGHT.search(text)
    if half:
        first = _past_month(month_number(half["mon"]), today)
        is_first = half["half"].lower() in ("first", "1st")
        return _half(first, half.group(), is_first=is_first)
    if named is None:
        return None
    is_this = _step(named) == 0 if named["which"].lower() in _NOW else False
    first, in_first = today.replace(day=1), today.day <= 15
    if is_this:
        return _half(first, named.group(), is_first=in_first)
    before = (first - timedelta(days=1)).replace(day=1) if in_first else first
    return _half(before, named.group(), is_first=not in_first)


def _half(first: date, words: str, *, is_first: bool) -> Period:
    if is_first:
        return Period(first, first.replace(day=15), words)
    return Period(first.replace(day=16), month_end(first), words)


def _month(text: str, today: date, *, is_past: bool) -> Period | None:
    which, year = _MONTH.search(text), _YEAR.search(text)
    if which:
        number = today.year * 12 + today.month - 1 + _step(which)
        first = date(number // 12, number % 12 + 1, 1)
        return Period(first, month_end(first), which.group())
    if year:
        at = today.year + _step(year)
        return Period(date(at, 1, 1), date(at, 12, 31), year.group())
    named = _NAMED.search(text)
    if is_past and named and not named["year"]:
        first = _past_month(month_number(named["mon"]), today)
        return Period(first, month_end(first), named.group())
    found = month_range(text, today)
    return Period(*found) if found else None


def _past_month(number: int, today: date) -> date:
    return date(today.year - (number > today.month), number, 1)


def _step(match: re.Match[str]) -> int:
    return _NOW[match["which"].lower()]
