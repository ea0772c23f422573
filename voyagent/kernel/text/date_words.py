"""Patterns for dates in English, romanised Hindi and Hindi.

Each pattern has a name, such as `months` or `week`. The module `dates` reads a match according to
the name of its pattern.
"""

from __future__ import annotations

import calendar
import re

from rapidfuzz.distance import OSA

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HINDI_WEEKDAYS = ("सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार")
_ROMAN_WEEKDAYS = {
    "somvar": 0, "somwar": 0, "mangalvar": 1, "mangalwar": 1, "budhvar": 2, "budhwar": 2,
    "guruvar": 3, "guruwar": 3, "shukravar": 4, "shukrawar": 4, "shukrvar": 4, "shanivar": 5,
    "shaniwar": 5, "ravivar": 6, "raviwar": 6, "itvar": 6, "itwar": 6,
}  # fmt: skip
_SHORT_WEEKDAYS = {
    short: WEEKDAYS.index(next(day for day in WEEKDAYS if day.startswith(short[:3])))
    for short in ("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun")
}
WEEKDAY_NUMBERS = (
    {day: number for number, day in enumerate(WEEKDAYS)}
    | {day: number for number, day in enumerate(_HINDI_WEEKDAYS)}
    | _ROMAN_WEEKDAYS
    | _SHORT_WEEKDAYS
)
_HINDI_MONTHS = (
    ("जनवरी", "जन॰"),
    ("फ़रवरी", "फरवरी", "फ़र॰"),
    ("मार्च",),
    ("अप्रैल",),
    ("मई",),
    ("जून",),
    ("जुलाई", "जुल॰"),
    ("अगस्त", "अग॰"),
    ("सितंबर", "सितम्बर", "सित॰"),
    ("अक्तूबर", "अक्टूबर", "अक्तू॰"),
    ("नवंबर", "नवम्बर", "नव॰"),
    ("दिसंबर", "दिसम्बर", "दिस॰"),
)
_MONTH_NUMBERS = (
    {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
    | {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
    | {"sept": 9}
    | {name: number for number, names in enumerate(_HINDI_MONTHS, 1) for name in names}
)
_LETTER_AFTER = r"(?![^\W\d_]|[\u0900-\u0965])"
r"""Assert that no letter follows; vowel signs of Hindi are not word characters for `\b`."""


def _names(names: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


MONTH = rf"(?:{_names(_MONTH_NUMBERS)}){_LETTER_AFTER}"
_LONG_WEEKDAYS = dict.fromkeys((*WEEKDAYS, *_HINDI_WEEKDAYS, *_ROMAN_WEEKDAYS), 0)
WEEKDAY = rf"(?:{_names(_LONG_WEEKDAYS)}){_LETTER_AFTER}"
_ANY_WEEKDAY = rf"(?:{_names(WEEKDAY_NUMBERS)}){_LETTER_AFTER}"
NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ],
        1,
    )
}
_COUNT = rf"(?:an?|\d{{1,3}}|{'|'.join(NUMBER_WORDS)})"
_TO = r"\s*(?:-|–|—|to|till|until|and|&|se|से)\s*"
LINK = re.compile(r"\s*(?:-|–|—|to|till|until|se|से)\s*(?:the\s+)?", re.IGNORECASE)
"""The words between the first and the last day of a range."""
_ORDINAL = r"(?:st|nd|rd|th)?"
_COUNTED = (
    r"(?:adults?|adls?|adts?|child(?:ren)?|chd|kids?|infants?|inf|seniors?|pax|people|persons?"
    r"|travell?ers?|passengers?|guests?|members?|of us|nights?|days?|weeks?|months?|years?|yrs?"
    r"|hours?|hrs?|rooms?|beds?|seats?|couples?|tickets?|tkts?|visas?|bags?|stars?|k|l|lakhs?|lacs?|cr"
    r"|crores?|thousand|hundred|am|pm|st|nd|rd|th|rs|inr|usd|aed|eur|gbp|rupees?|dollars?|dirhams?)\b"
)
_NO_YEAR = rf"(?!\d|[.,:/-]\d|\s*(?:{_COUNTED}|%|/-|{MONTH}))"
"""Asserts that two digits can be a year: no counted noun and no second date follows."""
_NO_SUM = r"(?!\d|\s*(?:/-|(?:k|lakhs?|lacs?|rs|inr|usd|aed|eur|gbp|rupees?|dollars?|dirhams?)\b))"
_YEAR = (
    rf"(?P<year>(?:,?\s*|[-/.])(?:(?P<y4>\d{{4}}){_NO_SUM}|'(?P<y2>\d{{2}})(?!\d)"
    rf"|(?P<y2b>\d{{2}}){_NO_YEAR}))?"
)
_MARKED_YEAR = rf"(?P<year>(?:,?\s*|[-/.])(?:(?P<y4>\d{{4}}){_NO_SUM}|'(?P<y2>\d{{2}})(?!\d)))?"
"""Pattern of a year after a month and a day, as in `Dec 25, 2026`.

The year has four digits, or an apostrophe and two digits, because `Dec 25 26` means two days.
"""
_WEEKDAY_BEFORE = rf"(?:\b(?P<wd>{_ANY_WEEKDAY})[.,]?\s*(?:the\s+)?)?"
_WEEKDAY_BEHIND = rf"(?:\s*\(\s*(?P<wd2>{_ANY_WEEKDAY})\s*\))?"


def _compiled(*patterns: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in patterns)


_NTH_WEEK = (
    r"(?:(?:1st|2nd|3rd|4th|5th|first|second|third|fourth|last)\s+(?:week|half|fortnight)"
    r"|week\s+\d)"
)
OPEN_WEEKS = _compiled(
    ("open", rf"\b{MONTH}\.?,?\s*(?:the\s+)?{_NTH_WEEK}\b"),
    ("open", rf"\b{_NTH_WEEK}\s+(?:of\s+|in\s+)?{MONTH}(?!\s*\d{{1,2}}\b)"),
)
"""Weeks of a month, such as `jan 2nd week`, which do not name a day.

These patterns are searched first, so that `jan 2` is not taken for a date.
"""

COUNTED_FROM_TODAY = _compiled(
    (
        "week",
        r"\b(?P<said>day after tomorrow|tomorrow|today"
        rf"|(?:on\s+|this\s+|coming\s+)?(?P<weekday>{WEEKDAY}))\s+week\b",
    ),
    (
        "next",
        rf"\bnext\s+(?P<weekday>{_ANY_WEEKDAY})|\b(?P<weekday2>{WEEKDAY})\s+(?:of\s+)?next\s+week\b"
        rf"|\bnext\s+week\s+(?:on\s+)?(?P<weekday3>{WEEKDAY})",
    ),
    (
        "ahead",
        rf"\bin\s+(?P<n>{_COUNT})\s+(?P<unit>days?|weeks?)(?:'?\s+time)?\b"
        rf"|\b(?P<n2>{_COUNT})\s+(?P<unit2>days?|weeks?)\s+from\s+(?:now|today)\b",
    ),
    (
        "ago",
        rf"\b(?P<n>{_COUNT})\s+(?P<unit>days?|weeks?)\s+ago\b|\blast\s+(?P<weekday>{_ANY_WEEKDAY})",
    ),
)
"""Words that count from the day on which they were written, such as `tomorrow`."""

DATES = _compiled(
    ("iso", r"(?<!\d)(?P<y4>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)"),
    (
        "numeric",
        rf"{_WEEKDAY_BEFORE}(?<![\d/.-])(?P<d>\d{{1,2}})(?P<sep>[/.-])(?P<m>\d{{1,2}})(?P=sep)"
        rf"(?:(?P<y4>\d{{4}})|(?P<y2>\d{{2}}))(?![\d/]){_WEEKDAY_BEHIND}",
    ),
    ("open", r"(?<![\d/.-])(?:0?[1-9]|1[0-2])/(?:19|20|21)\d{2}(?![\d/-])"),
    (
        "numeric",
        rf"{_WEEKDAY_BEFORE}(?<![\d/])(?P<d>\d{{1,2}})/(?P<m>\d{{1,2}})(?![\d/]){_WEEKDAY_BEHIND}",
    ),
    (
        "pair",
        rf"(?<![\d/])(?P<d>\d{{1,2}}){_ORDINAL}{_TO}(?P<d2>\d{{1,2}}){_ORDINAL}\s*(?:of\s+)?"
        rf"(?P<mon>{MONTH})\.?{_YEAR}",
    ),
    (
        "pair",
        rf"\b(?P<mon>{MONTH})\.?\s*(?P<d>\d{{1,2}}){_ORDINAL}{_TO}(?P<d2>\d{{1,2}}){_ORDINAL}"
        rf"(?![\d,]*\d|\s*{MONTH}){_MARKED_YEAR}",
    ),
    (
        "named",
        rf"{_WEEKDAY_BEFORE}(?<![\d/.,])(?P<d>\d{{1,2}}){_ORDINAL}(?:[/.]|[\s-]*)(?:of\s+)?"
        rf"(?P<mon>{MONTH})\.?{_YEAR}{_WEEKDAY_BEHIND}",
    ),
    (
        "named",
        rf"{_WEEKDAY_BEFORE}\b(?P<mon>{MONTH})\.?\s*(?P<d>\d{{1,2}}){_ORDINAL}"
        rf"(?![\d/]|,\d|\.\d|\s*(?:adults?|pax|people|lakh|k\b)){_MARKED_YEAR}{_WEEKDAY_BEHIND}",
    ),
    (
        "word",
        r"\b(?P<said>day after tomorrow|tomorrow|today|tonight|day before yesterday|yesterday)\b"
        rf"|(?P<hindi>आज|कल|परसों){_LETTER_AFTER}"
        rf"|\b(?:this(?:\s+coming)?|coming|on)\s+(?P<weekday>{WEEKDAY})",
    ),
)
FREE_WORDS = _compiled(
    (
        "word",
        r"\b(?P<said>tmrw|tmr|tomo|tommorow|tomorow|kal|pars[ou]n?|aaj|(?:day\s+(?:before|bfr|b4)\s+)?"
        r"(?:y'?day|yest|ystday|ystrday|yesterdy|yestrday|yesturday|yesteday))\b"
        r"|\b(?:this|coming)\s+(?P<weekday>mon|tue|wed|thu|fri|sat|sun)\b",
    ),
    ("word", rf"(?<!every )(?<![^\W_])(?P<weekday>{WEEKDAY})(?!\s+week)"),
    ("number", r"(?<![\d/.,-])(?P<d>\d{1,2})\s*(?:tar[ei]+kh\b|तारीख)"),
)
"""Words that are dates in notes of staff and can mean something else in messages."""

UNKNOWN = _compiled(
    ("unknown", r"(?<![\d/.,-])\d{1,2}(?:st|nd|rd|th)?[\s-]?(?P<month>[a-z]{3,10})\b"),
    ("unknown", r"\b(?P<day>[a-z]{6,10})\b"),
    (
        "unknown",
        r"\b(?:dated?|on)\s+(?:the\s+)?\d{1,2}(?:st|nd|rd|th)\b"
        r"(?!\s+(?:floor|class|night|day|leg|level|invoice|bill|one|time)\b)",
    ),
)
"""Words that may be a mistyped date, or a day without its month; `is_like_date` decides."""

OPEN = _compiled(
    (
        "open",
        r"\b(?:(?:early|mid|late|end of|beginning of|first week of|second week of|last week of"
        r"|around|sometime in|in|during|for)\s+(?:next\s+)?"
        rf"{MONTH}(?!\s*\d{{1,2}}\b)"
        rf"|next\s+(?:week(?:end)?|month|year|summer|winter|{WEEKDAY})"
        r"|this\s+(?:weekend|month|summer|winter)"
        r"|(?:around|during|for|over)\s+(?:diwali|christmas|xmas|new year|eid|holi|easter|onam"
        r"|pongal|dussehra|summer|winter|spring)"
        r"|(?:summer|winter|diwali|christmas|school) (?:holidays|vacation|break))",
    ),
)

IN_FIELD = _compiled(
    ("iso", r"(?P<y4>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})"),
    (
        "numeric",
        r"(?P<d>\d{1,2})(?:\s*[/.,-]\s*|\s+)(?P<m>\d{1,2})(?:\s*[/.,-]\s*|\s+)"
        r"(?:(?P<y4>\d{4})|'?(?P<y2>\d{2}))",
    ),
    ("numeric", r"(?P<d>\d{1,2})\s*[/.-]\s*(?P<m>\d{1,2})"),
    (
        "named",
        rf"(?P<mon>{MONTH})[\s./-]*(?P<d>\d{{1,2}}){_ORDINAL}[\s,./-]+"
        r"(?:(?P<y4>\d{4})|'?(?P<y2>\d{2}))",
    ),
    (
        "named",
        rf"(?P<d>\d{{1,2}}){_ORDINAL}[\s./-]*(?:of\s+)?(?P<mon>{MONTH})[\s,./-]*(?P<y4>\d{{4}})",
    ),
    ("number", r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"),
    ("word", rf"(?P<weekday>{_ANY_WEEKDAY})\.?"),
    ("word", r"(?P<said>now)"),
    ("months", rf"in\s+(?P<n>{_COUNT})\s+months?|(?P<ago>{_COUNT})\s+months?\s+ago"),
    ("open", rf"(?:early|mid|late|end of|beginning of)?\s*{MONTH}\.?,?\s*(?:'\d{{2}}|\d{{4}})?"),
    ("open", r"last\s+(?:week|month|year)"),
    ("open", r"diwali|christmas|xmas|new year|eid|holi|easter|onam|pongal|dussehra"),
)
"""Forms that are a date only if the text contains nothing else: in a field, or in an answer."""


def month_number(name: str) -> int:
    """Return the number of a month from its name."""
    return _MONTH_NUMBERS[name.lower()]


def is_like_date(match: re.Match[str]) -> bool:
    """Return True if a match of a pattern in `UNKNOWN` is probably meant as a date.

    The match is either a word that resembles the name of a month or weekday, such as `Decembr`, or
    a day without a month, such as `on the 20th`.
    """
    groups = match.groupdict()
    if groups.get("month"):
        word = groups["month"].lower()
        return word not in _MONTH_NUMBERS and any(
            sorted(word) == sorted(name) if len(word) == len(name) == 3 else _is_near(word, name)
            for name in _MONTH_NUMBERS
            if name[0] == word[0]
        )
    if groups.get("day"):
        word = groups["day"].lower()
        return word not in _LONG_DAYS and any(_is_near(word, name) for name in _LONG_DAYS)
    return True


_LONG_DAYS = (*WEEKDAYS, "yesterday", "tomorrow")


def _is_near(word: str, name: str) -> bool:
    is_long = min(len(word), len(name)) >= 5
    return is_long and word[0] == name[0] and OSA.distance(word, name) <= (1 + (len(name) > 7))


def count(word: str) -> int:
    """Return a number written in digits or words; `a` is 1."""
    lowered = word.lower()
    return 1 if lowered in ("a", "an") else NUMBER_WORDS.get(lowered) or int(lowered)
