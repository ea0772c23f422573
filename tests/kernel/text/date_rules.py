"""The rules for dates as a table.

Each has words, the kind of field, and the date or why there is none. Today is Sunday, 29 November
2026.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from voyagent.kernel.text.dates import DateKind

TODAY = date(2026, 11, 29)


class Rule(NamedTuple):
    """One date as written and as read.

    `offers` are days that the refusal or the card offers.
    """

    written: str
    kind: DateKind
    found: str
    offers: tuple[str, ...] = ()

    @property
    def day(self) -> date | None:
        """Return the expected date, or None if the text is refused."""
        return date.fromisoformat(self.found) if self.found[:1].isdigit() else None


def _everywhere(written: str, found: str, *offers: str) -> list[Rule]:
    return [Rule(written, kind, found, offers) for kind in ("travel", "due", "book")]


def _by_kind(written: str, travel: str, due: str, book: str, birth: str = "") -> list[Rule]:
    rules = [
        Rule(written, "travel", travel),
        Rule(written, "due", due),
        Rule(written, "book", book),
    ]
    return [*rules, Rule(written, "birth", birth)] if birth else rules


RULES: list[Rule] = [
    # Day before month, two digits are 20yy; a birth takes the latest past year.
    *_everywhere("12/03/2027", "2027-03-12"),
    *_everywhere("1.12.26", "2026-12-01"),
    *_everywhere("2027-03-12", "2027-03-12"),
    Rule("1.12.26", "birth", "1926-12-01"),
    Rule("28.11.26", "birth", "2026-11-28"),
    Rule("12/03/2027", "birth", "2027-03-12"),
    # Refused; the reading with the month first is offered.
    *_everywhere("03/15/2027", "month_first", "2027-03-15"),
    *_everywhere("30 Feb", "no_such_day"),
    *_everywhere("13/14/2026", "no_such_day"),
    *_everywhere("25 Dec 25", "2025-12-25"),
    *_everywhere("10MAY27", "2027-05-10"),
    # The year by the kind.
    *_by_kind("25 Dec", "2026-12-25", "2026-12-25", "2026-12-25", "no_year"),
    *_by_kind("12/03", "2027-03-12", "2027-03-12", "2026-03-12", "no_year"),
    *_by_kind("10MAY", "2027-05-10", "2027-05-10", "2026-05-10", "no_year"),
    *_by_kind("30 May", "2027-05-30", "2027-05-30", "2026-05-30"),
    *_by_kind("31 May", "2027-05-31", "2026-05-31", "2026-05-31"),
    *_by_kind("30 Dec", "2026-12-30", "2026-12-30", "2026-12-30"),
    *_by_kind("31 Dec", "2026-12-31", "2026-12-31", "2025-12-31"),
    *_by_kind("29 Nov", "2026-11-29", "2026-11-29", "2026-11-29"),
    *_by_kind("29 Feb", "2028-02-29", "2028-02-29", "2024-02-29", "no_year"),
    # Weekdays.
    *_by_kind("Friday", "2026-12-04", "2026-12-04", "2026-11-27"),
    *_by_kind("this Friday", "2026-12-04", "2026-12-04", "2026-11-27"),
    *_by_kind("Sunday", "2026-12-06", "2026-12-06", "2026-11-22"),
    *_everywhere("Friday week", "2026-12-11"),
    *_everywhere("next Friday", "2026-12-04"),
    *_everywhere("tomorrow", "2026-11-30"),
    *_everywhere("in 7 days", "2026-12-06"),
    *_by_kind("kal", "2026-11-30", "2026-11-30", "2026-11-28"),
    *_by_kind("parso", "2026-12-01", "2026-12-01", "2026-11-27"),
    # A number alone is a day of the month.
    *_by_kind("5th", "2026-12-05", "2026-12-05", "2026-11-05"),
    *_by_kind("15", "2026-12-15", "2026-12-15", "2026-11-15"),
    *_by_kind("31", "2026-12-31", "2026-12-31", "2026-10-31", "no_year"),
    # Two dates are not one.
    *_everywhere("19-25 Dec", "two_dates"),
    *_everywhere("31 Dec – 5 Jan", "two_dates"),
    # Words that leave the day open.
    *_everywhere("12/2026", "open"),
    *_everywhere("in December", "open"),
    *_everywhere("jan 2nd week", "open"),
    *_everywhere("around Diwali", "open"),
    *_everywhere("[30/11/26, 10:42 am]", "none"),
]
