"""Days of a report: its period, and the financial year that it lies in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select

from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.reading import Row
from voyagent.settings import queries as settings

APRIL = 4


class PeriodInverted(Unprocessable):
    """The first day lies after the last."""

    code = "from must be on or before to"
    message = N_("The first day is after the last. Turn them round.")


@dataclass(frozen=True, slots=True)
class Period:
    """Book dates from `first` to `last`, both inclusive; `year_began` is the first day of the financial year that `first` lies in."""

    first: date
    last: date
    year_began: date

    @classmethod
    def of(cls, first: date | None, last: date, settings_rows: list[Row]) -> Period:
        """The period up to `last`, from the beginning of its financial year where no first day is given. Raises PeriodInverted."""
        month = settings_rows[0]["financial_year_start_month"] if settings_rows else APRIL
        first = first or year_began(last, month)
        if first > last:
            raise PeriodInverted
        return cls(first, last, year_began(first, month))

    @property
    def evening_before(self) -> date:
        """The day whose closing is this period's opening."""
        return self.first - timedelta(days=1)

    @property
    def year_before(self) -> date:
        """The last day of the financial year before."""
        return self.year_began - timedelta(days=1)


def settings_statement() -> Select[Any]:
    """The agency's settings, for the month in which its financial year begins."""
    return settings.statement()


def year_began(day: date, month: int) -> date:
    """The first day of the financial year that a day lies in; years begin on the first of `month`."""
    return date(day.year if day.month >= month else day.year - 1, month, 1)
