"""Document numbers, which are consecutive and without gaps in each financial year.

India requires consecutive numbers of at most 16 characters (Rule 46 of the CGST Rules).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text

from voyagent.billing.core.models.invoices import BILL_OF_SUPPLY, DEBIT_NOTE
from voyagent.billing.core.rules import is_bill_of_supply
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
"""Name and prefix of the number series of imported open invoices."""
BILL_OF_SUPPLY_SERIES = ("bill_of_supply", BILL_OF_SUPPLY)
"""Name and prefix of the number series of bills of supply (Rule 49 of the CGST Rules)."""
DEBIT_NOTE_SERIES = ("debit_note", DEBIT_NOTE)
"""Name and prefix of the number series of debit notes (Rule 53 of the CGST Rules)."""


@dataclass(frozen=True, slots=True)
class OtherYear:
    """A financial year other than the present one.

    `year` is written like `2026-27`. `is_first` is True if the next number of a series would be the
    first of that year. `is_first` is None if `other_year` was called without a series.
    """

    year: str
    is_first: bool | None


def financial_year(day: date, start_month: int) -> str:
    """Return a day's financial year: `2026-27`, or `2026` if years begin in January."""
    if start_month == 1:
        return str(day.year)
    first = day.year if day.month >= start_month else day.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def year_of(day: date) -> str:
    """Return the financial year of a day, according to the agency's settings."""
    return financial_year(day, get_settings().financial_year_start_month)


def days_of_year(day: date) -> tuple[date, date]:
    """Return the first and last day of the financial year that contains a day."""
    month = get_settings().financial_year_start_month
    first = date(day.year if day.month >= month else day.year - 1, month, 1)
    return first, date(first.year + 1, month, 1) - timedelta(days=1)


def take_number(series: str, day: date, *, letter: str = "") -> str:
    """Take the next number of a series, such as `2026-27/000123`.

    `day` determines the financial year. `letter` is put before the number, as in
    `R/2026-27/000123`. The counter is locked until the transaction ends, so other transactions that
    need a number of this series and year wait.
    """
    year = year_of(day)
    number = db.session.scalars(
        _NEXT, {"tenant_id": current_tenant(db.session), "series": series, "financial_year": year}
    ).one()
    return _written(letter, year, number)


def series_of(treatments: Iterable[str | None], *, is_debit_note: bool = False) -> tuple[str, str]:
    """Return name and prefix of the series of an invoice, by its tax treatments."""
    if is_debit_note:
        return DEBIT_NOTE_SERIES
    return BILL_OF_SUPPLY_SERIES if is_bill_of_supply(treatments) else (INVOICE_SERIES, "")


def next_number(series: str, day: date, *, letter: str = "") -> str:
    """Return the next number of a series without taking it.

    Another request may take it first. `letter` is put before the number.
    """
    year = year_of(day)
    return _written(letter, year, _last(series, year) + 1)


def other_year(day: date, today: date, series: str | None = None) -> OtherYear | None:
    """Return the financial year of a day if it is not today's, else None.

    If `series` is given, `is_first` of the result is true if the next number of that series would
    be the first of the year.
    """
    year = year_of(day)
    if year == year_of(today):
        return None
    return OtherYear(year, None if series is None else _last(series, year) == 0)


def _written(letter: str, year: str, number: int) -> str:
    return f"{letter}/{year}/{number:06d}" if letter else f"{year}/{number:06d}"


def _last(series: str, year: str) -> int:
    """Return the last number used in a year, or 0."""
    return (
        db.session.scalar(
            _LAST,
            {"tenant_id": current_tenant(db.session), "series": series, "financial_year": year},
        )
        or 0
    )
