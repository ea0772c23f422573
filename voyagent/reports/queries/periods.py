"""Periods of reports, comparison periods, and financial years."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, Self

from sqlalchemy import Select

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.ledger.rules import YEAR_START_MONTH, year_began
from voyagent.settings import queries as settings

Comparison = Literal["period", "year", "none"]


class PeriodInverted(Unprocessable):
    """The first day of the period is after the last."""

    code = "from must be on or before to"
    message = N_("The start date is after the end date. Swap them.")


@dataclass(frozen=True, slots=True)
class Days:
    """A period of book dates from `first` to `last`, both included."""

    first: date
    last: date

    @classmethod
    def between(cls, first: date, last: date) -> Self:
        """Return the period from `first` to `last`. Raises PeriodInverted."""
        if first > last:
            raise PeriodInverted
        return cls(first, last)

    @property
    def day_before(self) -> date:
        """The day before the first day of the period."""
        return self.first - timedelta(days=1)

    @property
    def is_whole_months(self) -> bool:
        """True if the period consists of whole calendar months."""
        return self.first.day == 1 and self.last == _month_end(self.last)

    def from_day(self, first: date) -> Days:
        """Return a period of the same length that starts on another day.

        If this period consists of whole months and `first` is the first day of a month, the length
        is counted in months, else in days.
        """
        if self.is_whole_months and first.day == 1:
            return Days(first, _months_earlier(first, -self._months) - timedelta(days=1))
        return Days(first, first + (self.last - self.first))

    @property
    def _months(self) -> int:
        """Return the number of calendar months in the period."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    def compared(self, comparison: Comparison) -> Days | None:
        """Return the comparison period of this period.

        By `comparison`:
          - `period`: the days just before this period. If this period consists of whole months, the
            result has the same number of whole months, else the same number of days.
          - `year`: the days one year earlier
          - `none`: None
        """
        if comparison == "none":
            return None
        if comparison == "year":
            last = _year_earlier(self.last)
            return Days(
                _year_earlier(self.first), _month_end(last) if self.is_whole_months else last
            )
        if self.is_whole_months:
            return Days(_months_earlier(self.first, self._months), self.day_before)
        return Days(self.first - (self.last - self.first) - timedelta(days=1), self.day_before)


@dataclass(frozen=True, slots=True)
class BalanceDay:
    """The day of a balance sheet, and the first day of its financial year.

    The balances are those at the end of the day.
    """

    as_of: date
    year_began: date

    @classmethod
    def of(cls, as_of: date, month: int) -> Self:
        """Return the day `as_of` with the first day of its financial year.

        Financial years begin on the first day of the month with the number `month`.
        """
        return cls(as_of, year_began(as_of, month))

    @property
    def year_so_far(self) -> Days:
        """The period from the first day of the financial year to this day."""
        return Days(self.year_began, self.as_of)


@dataclass(frozen=True, slots=True)
class Period(Days):
    """A period, with the first day of its financial year.

    `year_began` is the first day of the financial year that contains `first`.
    """

    year_began: date

    @classmethod
    def of(cls, first: date | None, last: date, settings_rows: list[Row]) -> Period:
        """Return the period from `first` to `last`.

        `first` defaults to the first day of the financial year that contains `last`.
        `settings_rows` are the rows of `settings_statement`. Raises PeriodInverted.
        """
        month = year_month(settings_rows)
        first = first or year_began(last, month)
        if first > last:
            raise PeriodInverted
        return cls(first, last, year_began(first, month))

    @property
    def year_before(self) -> date:
        """Last day before `year_began`, on which the previous financial year ended."""
        return self.year_began - timedelta(days=1)

    @property
    def last_year_began(self) -> date:
        """First day of the financial year that contains `last`."""
        return year_began(self.last, self.year_began.month)

    @property
    def is_over_a_turn(self) -> bool:
        """True if a financial year begins within the period, after its first day."""
        return self.last_year_began > self.year_began


def balance_days(
    as_of: date, before: date | None, month: int
) -> tuple[BalanceDay, BalanceDay | None]:
    """Return the day of a balance sheet, and the comparison day.

    The days are `as_of` and `before`, each with the first day of its financial year. The second
    result is None if `before` is None. `month` is the number of the month in which the financial
    year begins.
    """
    return BalanceDay.of(as_of, month), BalanceDay.of(before, month) if before else None


def day_compared(day: date, comparison: Comparison) -> date | None:
    """Return the comparison day of a day.

    By `comparison`:
      - `period`: the end of the previous month
      - `year`: the day one year earlier. The last day of a month is compared with the last day
        of that month one year earlier, for example 28 February 2025 with 29 February 2024.
      - `none`: None
    """
    if comparison == "none":
        return None
    if comparison == "period":
        return day.replace(day=1) - timedelta(days=1)
    earlier = _year_earlier(day)
    return _month_end(earlier) if day == _month_end(day) else earlier


def settings_statement() -> Select[Any]:
    """Select the agency's settings; `year_month` and `Period.of` take the rows."""
    return settings.statement()


def year_month(settings_rows: list[Row]) -> int:
    """Return the number of the month in which the financial year begins."""
    return settings_rows[0]["financial_year_start_month"] if settings_rows else YEAR_START_MONTH


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _months_earlier(first: date, months: int) -> date:
    counted = first.year * 12 + first.month - 1 - months
    return date(counted // 12, counted % 12 + 1, 1)


def _year_earlier(day: date) -> date:
    """Return the date one year earlier; for 29 February it is 28 February."""
    return date(day.year - 1, day.month, min(day.day, monthrange(day.year - 1, day.month)[1]))
