"""Words for a period give its first and last day."""

from __future__ import annotations

from datetime import date

import pytest

from voyagent.kernel.text.periods import find_period

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("this week", "2026-11-23", "2026-11-29"),
        ("agle hafte", "2026-11-30", "2026-12-06"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("this year", "2026-01-01", "2026-12-31"),
        ("the last 7 days", "2026-11-17", "2026-11-24"),
        ("the next 10 days", "2026-11-24", "2026-12-04"),
        ("first half of November", "2026-11-01", "2026-11-15"),
        ("last fortnight", "2026-11-01", "2026-11-15"),
        ("पिछले महीने", "2026-10-01", "2026-10-31"),
    ],
)
def test_a_period_has_two_days(text: str, start: str, end: str) -> None:
    found = find_period(text, TODAY)
    assert found is not None
    assert (found.start, found.end) == (date.fromisoformat(start), date.fromisoformat(end))


def test_a_bare_month_is_in_the_past_for_documents() -> None:
    found = find_period("BSP statement of December", TODAY, is_past=True)
    assert found is not None
    assert found.start == date(2025, 12, 1)


def test_other_words_are_not_read_as_period() -> None:
    assert find_period("invoices of 5 December", TODAY, is_past=True) is None
