"""Dates in plain text: the rule table, ranges, and dates within a sentence."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.kernel.text.date_rules import RULES, TODAY, Rule
from voyagent.kernel.text.dates import (
    DateKind,
    Day,
    UnclearDate,
    read_date,
    scan,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.written}-{rule.kind}")
def test_dates_of_a_field_are_read_as_listed(rule: Rule) -> None:
    found = read_date(rule.written, TODAY, rule.kind)
    if rule.day:
        assert isinstance(found, Day), found
        assert found.day == rule.day
    elif rule.found == "none":
        assert found is None
    else:
        assert isinstance(found, UnclearDate), found
        assert found.reason == rule.found
        assert found.offers == tuple(map(date.fromisoformat, rule.offers))


def find_days(text: str, today: date, kind: DateKind = "travel", **given: bool) -> list[Day]:
    return [found for found in scan(text, today, kind, **given) if isinstance(found, Day)]


def unclear(text: str) -> list[UnclearDate]:
    return [found for found in scan(text, TODAY) if isinstance(found, UnclearDate)]


def days(text: str, kind: DateKind = "travel", today: date = TODAY) -> list[str]:
    return [day.day.isoformat() for day in find_days(text, today, kind, by_staff=True)]


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("19-25 Dec", "travel", ["2026-12-19", "2026-12-25"]),
        ("31 Dec – 5 Jan", "travel", ["2026-12-31", "2027-01-05"]),
        ("20 Nov to 5 Dec", "travel", ["2027-11-20", "2027-12-05"]),
        ("25 Nov - 5 Dec", "book", ["2026-11-25", "2026-12-05"]),
        ("20 Dec - 5 Jan", "book", ["2025-12-20", "2026-01-05"]),
        ("28 Dec 2026 - 3 Jan", "travel", ["2026-12-28", "2027-01-03"]),
        ("31 Dec to 5 Jan 2028", "travel", ["2027-12-31", "2028-01-05"]),
        ("Friday to Monday", "travel", ["2026-12-04", "2026-12-07"]),
    ],
)
def test_the_second_day_of_a_range_is_never_before_the_first(
    text: str, kind: DateKind, found: list[str]
) -> None:
    assert days(text, kind) == found


def test_next_friday_offers_the_coming_friday_as_alternative() -> None:
    tuesday = date(2026, 11, 24)
    (found,) = find_days("next Friday", tuesday, by_staff=True)
    assert (found.day, found.other) == (date(2026, 12, 4), date(2026, 11, 27))
    (same,) = find_days("next Friday", TODAY, by_staff=True)
    assert (same.day, same.other) == (date(2026, 12, 4), None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("25 Dec 25 for Ravi", ["2025-12-25"]),
        ("leaving 25 Dec 2 adults", ["2026-12-25"]),
        ("25 Dec 12 pax", ["2026-12-25"]),
        ("25 Dec 50 dollars", ["2026-12-25"]),
        ("paid 25 Dec 2000 rs", ["2026-12-25"]),
        ("25 Dec 26 Dec", ["2026-12-25", "2026-12-26"]),
        ("25 Dec 10:30", ["2026-12-25"]),
        ("flight 25/12 10:30 am to DXB", ["2026-12-25"]),
        ("Friday 4 Dec", ["2026-12-04"]),
        ("jan 2nd week to Bali", []),
        ("call us 24/7", []),
        ("flat 3/15, MG Road", []),
        ("the 5th of them", []),
        ("INV/12/2026", []),
        ("every Friday", []),
        ("[30/11/26, 10:42 am] Riya: from 5 Jan", ["2027-01-05"]),
        ("30/11/26, 10:42 am - Riya: from 5 Jan", ["2027-01-05"]),
        ("24 दिसंबर 2026", ["2026-12-24"]),
        ("१/१२/२०२६", ["2026-12-01"]),
        ("कल", ["2026-11-30"]),
    ],
)
def test_dates_of_a_sentence_are_read_as_listed(text: str, found: list[str]) -> None:
    assert days(text) == found


def test_words_that_count_from_today_are_not_read_in_a_message() -> None:
    for text in ("next Friday", "Friday", "kal", "in 7 days", "last Monday"):
        assert find_days(text, TODAY) == []
    assert [day.day for day in find_days("this Friday", TODAY)] == [date(2026, 12, 4)]


@pytest.mark.parametrize(
    ("text", "reason", "offers"),
    [
        ("from 30 Feb", "no_such_day", ()),
        ("on 03/15/2027", "month_first", (date(2027, 3, 15),)),
        ("on Saturday 4 Dec", "other_weekday", (date(2026, 12, 4),)),
    ],
)
def test_an_impossible_date_in_a_sentence_is_reported(
    text: str, reason: str, offers: tuple[date, ...]
) -> None:
    (found,) = unclear(text)
    assert (found.reason, found.offers) == (reason, offers)


def test_unclear_dates_are_kept_as_written() -> None:
    text = "Bali in December, or jan 2nd week, or around Diwali, 12/2026 at the latest"
    assert [(found.words, found.reason) for found in unclear(text)] == [
        ("in December", "open"),
        ("jan 2nd week", "open"),
        ("around Diwali", "open"),
        ("12/2026", "open"),
    ]


def test_a_date_without_a_year_is_the_first_after_a_given_date() -> None:
    found = read_date("12 Mar", TODAY, since=date(2027, 4, 1))
    assert isinstance(found, Day)
    assert found.day == date(2028, 3, 12)


def test_text_and_position_of_a_date_are_returned() -> None:
    (found,) = scan("they leave on 25 Dec for", TODAY)
    assert isinstance(found, Day)
    assert (found.words, found.start, found.end, found.has_year) == ("25 Dec", 14, 20, False)


@pytest.mark.parametrize("text", ["7 days", "soon", "1/2/3", "24 Dec and a bit", "", "99", "0"])
def test_other_words_are_not_read_as_date(text: str) -> None:
    assert read_date(text, TODAY) is None


def test_every_date_is_read_in_the_notation_of_pages() -> None:
    for n in range(0, 3000, 97):
        day = TODAY + timedelta(days=n)
        for written in (f"{day:%d/%m/%Y}", f"{day.day} {day:%b} {day.year}", day.isoformat()):
            found = read_date(written, TODAY, "book")
            assert isinstance(found, Day)
            assert found.day == day
