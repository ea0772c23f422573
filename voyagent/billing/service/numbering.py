"""Numbers of documents: consecutive within a financial year, without gap or repeat (in India Rule
46 of the CGST Rules, at most 16 characters).
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


@dataclass(frozen=True, slots=True)
class OtherYear:
    """A financial year that is not today's as it is written, and whether a number in it would be
    its first; None for what has no number of ours.
    """

    year: str
    is_first: bool | None


def financial_year(day: date, start_month: int) -> str:
    """The financial year of a day as it is written: `2026-27`, or `2026` where it is the calendar
    year.
    """
    if start_month == 1:
        return str(day.year)
    first = day.year if day.month >= start_month else day.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def year_of(day: date) -> str:
    """The financial year of a day by the settings of the bound agency."""
    return financial_year(day, get_settings().financial_year_start_month)


def days_of_year(day: date) -> tuple[date, date]:
    """The first and the last day of the financial year that a day lies in, by the settings of the
    bound agency.
    """
    month = get_settings().financial_year_start_month
    first = date(day.year if day.month >= month else day.year - 1, month, 1)
    return first, date(first.year + 1, month, 1) - timedelta(days=1)


def take_number(series: str, day: date, *, letter: str = "") -> str:
    """The next number, such as `2026-27/000123`; of a series with a letter `R/2026-27/000123`.

    The counter's row stays locked until the transaction ends: whoever comes next waits and gets the
    number after, or, where this transaction fails, this one.
    """
    year = year_of(day)
    number = db.session.scalar(
        _NEXT, {"tenant_id": current_tenant(db.session), "series": series, "financial_year": year}
    )
    return f"{letter}/{year}/{number:06d}" if letter else f"{year}/{number:06d}"


def next_number(series: str, day: date) -> str:
    """The number that `take_number` would give now; nothing is locked, so another transaction may
    take it first.
    """
    year = year_of(day)
    return f"{year}/{_last(series, year) + 1:06d}"


def other_year(day: date, today: date, series: str | None = None) -> OtherYear | None:
    """The financial year of a day where today lies in another one, and None where it does not;
    `series` is that of the number, where there will be one.
    """
    year = year_of(day)
    if year == year_of(today):
        return None
    return OtherYear(year, None if series is None else _last(series, year) == 0)


def _last(series: str, year: str) -> int:
    """The last number that was given in a year; 0 where none was."""
    return (
        db.session.scalar(
            _LAST,
            {"tenant_id": current_tenant(db.session), "series": series, "financial_year": year},
        )
        or 0
    )
