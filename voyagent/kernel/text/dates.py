"""Find dates in plain text; `5/12` is 5 December.

The purpose of a date (`DateKind`) decides its year if none is written. Words that do not name one
day (`next month`, `around Diwali`) and dates that do not exist become an `UnclearDate`.

Notes of staff (`by_staff=True`) may contain more kinds of dates than messages of customers. In a
note, `Friday`, `next Friday`, `in 7 days` and `kal` count from today. In a customer's message such
words are not read, because the message may have been written on another day.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from voyagent.kernel.fields import YEAR_MAX, YEAR_MIN
from voyagent.kernel.text import date_words
from voyagent.kernel.text.date_words import MONTH, WEEKDAY_NUMBERS, count, month_number
from voyagent.kernel.text.passages import FIELD_MAX, STAMP_BEFORE_MESSAGE

DateKind = Literal["travel", "due", "book", "past", "birth"]
"""The purpose of a date, which decides a missing year and the direction of `Friday`.

For `5 March` without a year the purposes mean:
- `travel`: the next 5 March;
- `due`: the last 5 March that is at most `DUE_DAYS` days ahead;
- `book`: the last 5 March that is at most `BOOK_DAYS` days ahead;
- `past`: the last 5 March that is not after today;
- `birth`: no date, because the year must be written. Two digits of a year mean the latest such year
of the past.
"""
Reason = Literal[
    "no_such_day", "month_first", "no_year", "other_weekday", "open", "two_dates", "unknown"
]
DUE_DAYS, BOOK_DAYS = 182, 31
_DAYS_AHEAD = {"due": DUE_DAYS, "book": BOOK_DAYS, "past": 0}
_BACKWARD = frozenset({"book", "past", "birth"})
_YEARS_BACK = 8
"""Number of years that always contain a 29 February, also around 1900 and 2100."""
_DAY_WRITTEN_MAX = 39
"""Largest number that may be a mistyped day of the month."""
_YEARS_NEAR = range(-20, 11)
"""Years around the current one that two digits in a sentence can mean."""
_LEADS = re.compile(r"\s*(?:(?:on|by|the|from|till|until|dated|due)\s+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Day:
    """A date in a text and its position.

    `is_range` is true for both days of `19-25 Dec`. `is_relative` is true for words that count from
    today. `other` is a second day that the words may mean, or None.
    """

    day: date
    start: int
    end: int
    words: str
    has_year: bool
    is_range: bool = False
    is_relative: bool = False
    other: date | None = None


@dataclass(frozen=True, slots=True)
class UnclearDate:
    """Words for a date that do not name one day.

    `reason` is the code of the problem. `offers` are the days that may be meant.
    """

    reason: Reason
    start: int
    end: int
    words: str
    offers: tuple[date, ...] = ()


_Found = Iterator[Day | UnclearDate]


def scan(
    text: str, today: date, kind: DateKind = "travel", *, by_staff: bool = False
) -> list[Day | UnclearDate]:
    """Return the dates and unclear dates of a text, in order and without overlaps.

    Time stamps that chat programs write before messages are ignored.
    """
    plain = STAMP_BEFORE_MESSAGE.sub(lambda stamp: " " * len(stamp.group()), text)
    covered = bytearray(len(plain))
    found: list[Day | UnclearDate] = []
    patterns = (
        *date_words.OPEN_WEEKS,
        *(date_words.COUNTED_FROM_TODAY if by_staff else ()),
        *date_words.DATES,
        *(date_words.FREE_WORDS if by_staff else ()),
        *date_words.OPEN,
        *(date_words.UNKNOWN if by_staff else ()),
    )
    for name, pattern in patterns:
        for match in pattern.finditer(plain):
            if 1 in covered[match.start() : match.end()]:
                continue
            read = [*_read(name, match, today, kind, in_text=True)]
            for one in read:
                covered[one.start : one.end] = b"\1" * (one.end - one.start)
            found += read
    return _ordered(plain, sorted(found, key=lambda one: one.start), kind)


def read_date(
    text: str, today: date, kind: DateKind = "travel", *, since: date | None = None
) -> Day | UnclearDate | None:
    """Read a text that is only a date, such as a field; return None for other text.

    A number alone is a day of the month. If `since` is given, a day without a year is the first
    such day on or after `since`. A text of more than FIELD_MAX characters is not read.
    """
    if len(text) > FIELD_MAX:
        return None
    trimmed = text.rstrip(" .,!")
    lead = _LEADS.match(trimmed)
    start = lead.end() if lead else 0
    for name, pattern in date_words.IN_FIELD:
        match = pattern.fullmatch(trimmed, start)
        counted_from = since if since and name == "number" else today
        read = [*_read(name, match, counted_from, kind, in_text=False)] if match else []
        if read:
            return read[0] if name == "number" else _since(read[0], since)
    found = scan(trimmed, today, kind, by_staff=True)
    if not found or found[0].start > start or found[-1].end < len(trimmed):
        return None
    if len(found) == 1:
        return _since(found[0], since)
    return UnclearDate("two_dates", start, len(trimmed), trimmed[start:])


def month_range(text: str, today: date) -> tuple[date, date, str] | None:
    """Return first and last day of the month that a text names, and the words for it.

    The words are, for example, `in December`, `next month` or `this month`. A month without a year
    is in this year, or in the next year if it is over. Returns None if the text names no month or
    if the written year is not between YEAR_MIN and YEAR_MAX.
    """
    relative = re.search(r"\b(this|next|last)\s+month\b", text, re.IGNORECASE)
    if relative:
        step = {"this": 0, "next": 1, "last": -1}[relative.group(1).lower()]
        number = today.year * 12 + today.month - 1 + step
        return (*_month(number // 12, number % 12 + 1), relative.group())
    named = re.search(
        rf"\b(?:in|during|for|of|departing|travelling|traveling)\s+(?P<mon>{MONTH})\.?"
        r"(?!\s*\d{1,2}\b(?!\d))(?:,?\s*(?:(?P<y4>\d{4})|'(?P<y2>\d{2}))(?!\d))?",
        text,
        re.IGNORECASE,
    )
    if named is None:
        return None
    month = month_number(named["mon"])
    written = named["y4"] or (f"20{named['y2']}" if named["y2"] else None)
    year = int(written) if written else today.year + (month < today.month)
    return (*_month(year, month), named.group()) if YEAR_MIN <= year <= YEAR_MAX else None


def month_end(day: date) -> date:
    """Return the last day of the month of a day."""
    return _month(day.year, day.month)[1]


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _read(name: str, match: re.Match[str], today: date, kind: DateKind, *, in_text: bool) -> _Found:
    """Yield the dates that a match of the pattern `name` contains, if there are any."""
    if name == "open":
        yield UnclearDate("open", *match.span(), match.group().strip(" .,"))
    elif name == "unknown":
        is_part = match.re.groups == 0  # `on the 20th` may be read with the date before it
        if date_words.is_like_date(match) and (kind in _BACKWARD or not is_part):
            yield UnclearDate("unknown", *match.span(), match.group())
    elif name in ("iso", "numeric", "pair", "named"):
        yield from _written(name, match, today, kind, in_text=in_text)
    elif name == "number":
        yield from _number(match, today, kind)
    else:
        day, other = _counted(name, match, today, kind)
        if day is not None:
            yield Day(
                day, *match.span(), match.group(), has_year=True, is_relative=True, other=other
            )


def _written(
    name: str, match: re.Match[str], today: date, kind: DateKind, *, in_text: bool
) -> _Found:
    """Yield the dates in a match that has a day and a month, with or without a year."""
    groups = match.groupdict()
    numbers = [int(groups[key]) for key in ("d", "d2") if groups.get(key)]
    month = month_number(groups["mon"]) if groups.get("mon") else int(groups["m"])
    year, end = _year(match, today, in_text=in_text)
    words = match.string[match.start() : end].strip(" .,")
    if not all(0 < number <= _DAY_WRITTEN_MAX for number in (*numbers, month)):
        return
    wrong = UnclearDate("no_such_day", match.start(), end, words)
    is_bare = name == "numeric" and year is None
    if in_text and is_bare and (words == "24/7" or numbers[0] > 31 or month > 12):
        return  # in a sentence `3/15` is a house number and `24/7` is not a date
    if month > 12:
        moved = numbers[0] <= 12 and _placed(month, numbers[0], year, today, kind)
        yield replace(wrong, reason="month_first", offers=(moved,)) if moved else wrong
        return
    if not all(_exists(number, month, year) for number in numbers):
        yield wrong
        return
    days = [_placed(number, month, _century(year, groups, kind, today, number, month), today, kind)
            for number in numbers]  # fmt: skip
    if None in days:
        yield replace(wrong, reason="no_year")
        return
    weekday = groups.get("wd") or groups.get("wd2")
    for day in days:
        assert day is not None
        if in_text and not YEAR_MIN <= day.year <= YEAR_MAX:
            return
        if weekday and WEEKDAY_NUMBERS[weekday.lower()] != day.weekday():
            yield replace(wrong, reason="other_weekday", offers=(day,))
        else:
            yield Day(day, match.start(), end, words, year is not None, is_range=len(days) > 1)


def _year(match: re.Match[str], today: date, *, in_text: bool) -> tuple[int | None, int]:
    """Return the year in a match, and the position where the date ends.

    The year is None if no year is written. If a number was matched as a year but is not a year, the
    date ends before this number.
    """
    groups = match.groupdict()
    bare = groups.get("y2b")
    if groups.get("y4"):
        year = int(groups["y4"])
        is_year = not in_text or "year" not in groups or YEAR_MIN <= year <= YEAR_MAX
    else:
        written = groups.get("y2") or bare
        if written is None:
            return None, match.end()
        year = 2000 + int(written)
        is_year = not in_text or bare is None or year - today.year in _YEARS_NEAR
    return (year, match.end()) if is_year else (None, match.start("year"))


def _century(
    year: int | None,
    groups: dict[str, str | None],
    kind: DateKind,
    today: date,
    number: int,
    month: int,
) -> int | None:
    """Return the year, 100 years earlier for a birth date that would be in the future.

    Only a year that is written with two digits is changed. `number` is the day of the month.
    """
    is_short = year is not None and not groups.get("y4")
    if year is None or kind != "birth" or not is_short:
        return year
    return year if (year, month, number) <= (today.year, today.month, today.day) else year - 100


def _exists(number: int, month: int, year: int | None) -> bool:
    """Return True if the day exists; without a year, if it exists in a leap year."""
    leap = 2024
    if month > 12 or not 0 < (year if year is not None else leap) < 10_000:
        return False
    return number <= calendar.monthrange(year if year is not None else leap, month)[1]


def _placed(number: int, month: int, year: int | None, today: date, kind: DateKind) -> date | None:
    """Return the date with this day of the month, month and year.

    If `year` is None, `kind` decides the year. For the kind `birth`, the result is then None.
    The result is also None if the date does not exist.
    """
    if year is not None:
        return date(year, month, number) if _exists(number, month, year) else None
    if kind == "birth" or not _exists(number, month, None):
        return None
    if kind == "travel" or (kind == "due" and (month, number) == (2, 29)):
        return _first_from(number, month, today)
    return _last_until(number, month, today + timedelta(days=_DAYS_AHEAD[kind]))


def _first_from(number: int, month: int, since: date) -> date:
    years = range(since.year, since.year + _YEARS_BACK + 1)
    days = (date(year, month, number) for year in years if _exists(number, month, year))
    return next(day for day in days if day >= since)


def _last_until(number: int, month: int, until: date) -> date:
    years = range(until.year, until.year - _YEARS_BACK - 1, -1)
    days = (date(year, month, number) for year in years if _exists(number, month, year))
    return next(day for day in days if day <= until)


def _since(found: Day | UnclearDate, since: date | None) -> Day | UnclearDate:
    if since is None or not isinstance(found, Day) or found.has_year:
        return found
    return replace(found, day=_first_from(found.day.day, found.day.month, since))


def _number(match: re.Match[str], today: date, kind: DateKind) -> _Found:
    """Yield the date of a day that is written without a month, such as `15th`.

    The date is today or the next day with this number. For the kinds `book` and `past`, the date is
    today or the last day with this number; for the kind `birth`, the date is unclear.
    """
    number = int(match["d"])
    if not 1 <= number <= 31:
        return
    if kind == "birth":
        yield UnclearDate("no_year", *match.span(), match.group())
        return
    step = -1 if kind in _BACKWARD else 1
    months = (today.year * 12 + today.month - 1 + step * n for n in range(3))
    days = (
        date(month // 12, month % 12 + 1, number)
        for month in months
        if _exists(number, month % 12 + 1, month // 12)
    )
    day = next(day for day in days if (day - today).days * step >= 0)
    yield Day(day, *match.span(), match.group(), has_year=False)


_HOW_FAR = {"tomorrow": 1, "day after tomorrow": 2, "yesterday": -1, "day before yesterday": -2}
_HINDI_DAYS = {"आज": 0, "कल": 1, "परसों": 2}


def _counted(
    name: str, match: re.Match[str], today: date, kind: DateKind
) -> tuple[date | None, date | None]:
    """Return the day that a match counts from today, and another possible day.

    The first day is None if the words name no day, and the second if they have only one meaning.
    """
    groups = {key: value.lower() for key, value in match.groupdict().items() if value}
    weekday = next(
        (WEEKDAY_NUMBERS[groups[key]] for key in groups if key.startswith("weekday")), None
    )
    if name == "week":
        first = (
            _coming(weekday, today) if weekday is not None else _date_of_word(groups["said"], today)
        )
        return first + timedelta(days=7), None
    if name == "next" and weekday is not None:
        day, nearest = (
            today + timedelta(days=7 - today.weekday() + weekday),
            _coming(weekday, today),
        )
        return day, nearest if nearest != day else None
    if name == "months":
        months = count(groups.get("n") or groups["ago"])
        return _months_on(today, -months if "ago" in groups else months), None
    if weekday is not None:
        is_back = name == "ago" or (kind in _BACKWARD and "coming" not in match.group().lower())
        return (_past(weekday, today) if is_back else _coming(weekday, today)), None
    if name in ("ahead", "ago"):
        unit = groups.get("unit") or groups["unit2"]
        span = timedelta(
            days=count(groups.get("n") or groups["n2"]) * (7 if unit.startswith("week") else 1)
        )
        return today + (-span if name == "ago" else span), None
    number_text = groups.get("said") or groups["hindi"]
    return _date_of_word(number_text, today, is_back=kind in _BACKWARD), None


def _date_of_word(word: str, today: date, *, is_back: bool = False) -> date:
    """Return the day of a word such as `tomorrow`.

    If `is_back` is true, the Hindi words `kal` and `parso` are days of the past.
    """
    words = " ".join(word.split())
    if words in _HINDI_DAYS or words == "kal" or words.startswith("pars"):
        days = _HINDI_DAYS.get(words, 1 if words == "kal" else 2)
        return today + timedelta(days=-days if is_back else days)
    if words.startswith(("y", "day b")):
        return today - timedelta(days=2 if words.startswith("day") else 1)
    if words.startswith(("tm", "tom")):
        return today + timedelta(days=1)
    return today + timedelta(days=_HOW_FAR.get(words, 0))


def _coming(weekday: int, today: date) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _past(weekday: int, today: date) -> date:
    return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)


def _months_on(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _ordered(text: str, found: list[Day | UnclearDate], kind: DateKind) -> list[Day | UnclearDate]:
    """Change the days of ranges so that no range ends before it begins.

    A range is one match with two days, such as `19-25 Dec`, or two dates with a word such as `to`
    between them.
    """
    for place, (one, other) in enumerate(pairwise(found)):
        if not (isinstance(one, Day) and isinstance(other, Day)):
            continue
        is_pair = one.is_range and one.start == other.start
        if not is_pair and not date_words.LINK.fullmatch(text, one.end, other.start):
            continue
        first, second = one.day, other.day
        if other.has_year and not one.has_year:
            first = _last_until(first.day, first.month, second)
        elif not other.has_year and (one.has_year or (second < first and kind not in _BACKWARD)):
            second = _first_from(second.day, second.month, first)
        elif second < first and not one.has_year:
            first = _last_until(first.day, first.month, second)
        elif second < first and _is_weekday(other.words) and _is_weekday(one.words):
            second += timedelta(days=7)
        found[place], found[place + 1] = replace(one, day=first), replace(other, day=second)
    return found


def _is_weekday(words: str) -> bool:
    return words.rsplit(maxsplit=1)[-1].lower() in WEEKDAY_NUMBERS
