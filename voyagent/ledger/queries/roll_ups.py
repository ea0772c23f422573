"""Declarations of the balances by month and by day, which triggers maintain."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, cast, func, select

from voyagent.kernel.database.roll_ups import RollUp
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import DailyBalance, MonthlyBalance, Posting
from voyagent.ledger.rules import next_month

_POSTINGS = Posting.__table__.c
_MONTHS = MonthlyBalance.__table__.c
_DAYS = DailyBalance.__table__.c


def balances(only: date | None = None) -> tuple[RollUp, RollUp]:
    """Return the balances by month and by day as roll-ups.

    `only` is the first day of a month and limits both to that month.
    """
    day = _POSTINGS.effective_date
    lines = select(
        _POSTINGS.account_id,
        _POSTINGS.currency,
        cast(func.date_trunc("month", day), Date).label("month"),
        day.label("day"),
        _POSTINGS.debit_minor,
        _POSTINGS.credit_minor,
        func.coalesce(_POSTINGS.base_debit_minor, 0).label("base_debit_minor"),
        func.coalesce(_POSTINGS.base_credit_minor, 0).label("base_credit_minor"),
    ).where(owned(Posting), *_within(day, only))
    return (
        RollUp("months", MonthlyBalance, (lines,), _within(_MONTHS.month, only)),
        RollUp("days", DailyBalance, (lines,), _within(_DAYS.day, only)),
    )


def _within(day: Any, only: date | None) -> tuple[Any, ...]:
    return () if only is None else (day >= only, day < next_month(only))
