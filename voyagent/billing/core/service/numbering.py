"""Document numbers: consecutive by financial year, without gaps.

In India Rule 46 of the CGST Rules, at most 16 characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text

from voyagent.kernel.db import db
from voyagent.kernel.tenancy import current_tenant
from voyagent.settings.queries import get_settings

_NEXT = text(
    "insert into number_series as s (tenant_id, series, financial_year, last_number) values"
    " (:tenant_id, :series, :financial_year, 1) on conflict (tenant_id, series, financial_year) do"
    " update set last_number = s.last_number + 1 returning last_number"
)
_LAST = text(
    "select last_number from number_series where tenant_id = :tenant_id and series = :series and"
    " financial_year = :financial_year"
)
INVOICE_SERIES = "invoice"
OPENING_SERIES = ("opening", "O")
"""Series of imported opening invoices and its prefix."""


@dataclass(frozen=True, slots=True)
class OtherYear:
    """Another financial year than today's.

    `is_first` tells whether the number would be the year's first, None without a number.
    """

    year: str
    is_first: bool | None


def financial_year(day: date, start_month: int) -> str:
    """Write a day's financial year: `2026-27`, or `2026` for calendar years."""
    if start_month == 1:
        return str(day.year)
    first = day.year if day.month >= start_month else day.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def year_of(day: date) -> str:
    """Return a day's financial year by the agency's settings."""
    return financial_year(day, get_settings().financial_year_start_month)


def days_of_year(day: date) -> tuple[date, date]:
    """Return the first and last day of a day's financial year by the agency's settings."""
    month = get_settings().financial_year_start_month
    first = date(day.year if day.month >= month else day.year - 1, month, 1)
    return first, date(first.year + 1, month, 1) - timedelta(days=1)


def take_number(series: str, day: date, *, letter: str = "") -> str:
    """Take the next number, such as `2026-27/000123`, or `R/2026-27/000123` with a prefix.

    The counter's row is locked until the end: the next caller waits, and receives this number if
    this transaction fails.
    """
    year = year_of(day)
    number = db.session.scalar(
        _NEXT, {"tenant_id": current_tenant(db.session), "series": series, "financial_year": year}
    )
    return f"{letter}/{year}/{number:06d}" if letter else f"{year}/{number:06d}"


def next_number(series: str, day: date) -> str:
    """Return the next number without a lock; another transaction may take it."""
    year = year_of(day)
    return f"{year}/{_last(series, year) + 1:06d}"


def other_year(day: date, today: date, series: str | None = None) -> OtherYear | None:
    """Return a day's financial year if it is not today's; `series` is that of the number."""
    year = year_of(day)
    if year == year_of(today):
        return None
    return OtherYear(year, None if series is None else _last(series, year) == 0)


def _last(series: str, year: str) -> int:
    """Return the last number of a year, 0 without one."""
    return (
        db.session.scalar(
            _LAST,
            {"tenant_id": current_tenant(db.session), "series": series, "financial_year": year},
        )
        or 0
    )
