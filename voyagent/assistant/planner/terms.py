"""The days of an invoice as people say them: when it is issued, and when it is due."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from voyagent.kernel.text.dates import Day, find_days, month_end

if TYPE_CHECKING:
    from voyagent.assistant.planner.invoicing import InvoiceRequest

_DUE = re.compile(
    r"[,;.]?\s*\b(?:(?:which is\s+|is\s+)?(?:due|payable|to be"
    r" paid|pay(?:ment)?(?:\s+due)?)\s*(?:date\s*)?(?::|is\b|on\b|by\b|in\b|within\b"
    r"|before\b|at\b)?|net)\s*"
    r"(?P<when>[^,;\n]*?)(?=$|[,;\n]|\.\s|\s+for\s)",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"[,;]?\s*\b(?<!due )(?:dated|invoice date|issue date|issued"
    r" on|date)\s*(?::|is\b|on\b)?\s*(?P<when>[^,;\n]+)",
    re.IGNORECASE,
)
_DAYS = re.compile(
    r"(?:(?P<n>\d{1,3})\s*days?|(?P<w>\d{1,2}|one|two|three|a)\s*weeks?|^\s*(?P<net>\d{1,3})\s*$)",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(
    r"\b(?:today|now|immediately|(?:up)?on receipt|receipt|at once)\b|^\s*$", re.IGNORECASE
)
_MONTH_END = re.compile(r"\b(?:end of (?:the |this )?month|month[- ]end)\b", re.IGNORECASE)


def read_days(rest: str, today: date, request: InvoiceRequest) -> str:
    """Note the days of issue and of payment; the words without them."""
    dated = _DATED.search(rest)
    if dated and (days := find_days(dated["when"], today, "book")):
        request.known["issue_date"] = days[0].day.isoformat()
        rest = rest[: dated.start()] + rest[dated.start("when") + days[0].end :]
        today = days[0].day
    due = _DUE.search(rest)
    if due is None:
        return rest
    used = read_due(due["when"], today, request)
    return (rest[: due.start()] + " " + due["when"][used:] + rest[due.end() :]).strip()


def read_due(when: str, today: date, request: InvoiceRequest) -> int:
    """Note the due day; how many characters of the words spoke of it."""
    days: list[Day] = find_days(when, today, "due", by_staff=True)
    counted = _DAYS.search(when)
    if days:
        if not days[0].has_year and days[0].day < today:
            request.known["due_unread"] = days[0].words
        else:
            request.known["due_date"] = days[0].day.isoformat()
        return days[0].end
    if counted:
        weeks = {"a": 1, "one": 1, "two": 2, "three": 3}.get((counted["w"] or "").lower()) or int(
            counted["w"] or 0
        )
        span = weeks * 7 or int(counted["n"] or counted["net"] or 0)
        request.known["due_date"] = (today + timedelta(days=span)).isoformat()
        return counted.end()
    if _MONTH_END.search(when):
        request.known["due_date"] = month_end(today).isoformat()
    elif match := _AT_ONCE.search(when):
        request.known["due_date"] = today.isoformat()
        return match.end()
    else:
        request.known["due_unread"] = when.strip()
    return len(when)
