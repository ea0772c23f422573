"""Bar charts of the home page, by currency; each bar links to its documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import format_date, gettext as _

from voyagent.http.template_filters import day
from voyagent.kernel.money import Money
from voyagent.reports.queries.home import WEEKS_AHEAD, Due, Month, Now

FULL = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart.

    `href` is the URL to which the bar links. `width` is the length as a percentage of the longest
    bar. `tone` is the style: an empty text, `second`, `warn` or `bad`.
    """

    amount: Money
    href: str
    width: float = 0.0
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Bars next to each other under one label."""

    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one currency: rows of bars with labels, such as a row for each week.

    All rows have the same kinds of bars, such as sales and margin. `totals` has a bar for the total
    of each kind.
    """

    currency: str
    lines: tuple[Line, ...]
    totals: tuple[Bar, ...]


def due_charts(now: Now) -> list[Chart]:
    """Return charts of amounts due from customers and to suppliers, by week."""
    both = {
        currency: (now.due.get(currency), now.owed.get(currency))
        for currency in (*now.due, *now.owed)
    }
    found = {
        currency: tuple(each or _nothing(currency) for each in pair)
        for currency, pair in both.items()
    }
    return [
        _due_chart(now.today, due, owed, only=None if now.is_due_in_base else currency)
        for currency, (due, owed) in found.items()
        if due.total or owed.total
    ]


def month_charts(now: Now) -> list[Chart]:
    """Return charts of sales and margin in the last twelve months."""
    return [
        _month_chart(now.today, currency, months, only=None if now.is_in_base else currency)
        for currency, months in now.months.items()
        if any(month.sales or month.cost for month in months)
    ]


def _due_chart(today: date, due: Due, owed: Due, *, only: str | None) -> Chart:
    """Return a chart of the amounts due by week.

    Its bars link to the open documents, in one currency if `only` is given.
    """
    monday = today - timedelta(days=today.weekday())
    mondays = [monday + timedelta(weeks=ahead) for ahead in range(len(due.weeks) + 1)]
    spans: list[tuple[str, date | None, date | None]] = [
        (_("Overdue"), None, today - timedelta(days=1))
    ]
    spans += [
        (
            _("This week") if begin == monday else day(begin),
            max(begin, today),
            begin + timedelta(days=6),
        )
        for begin in mondays[:-1]
    ]
    spans.append((_("Later"), mondays[-1], None))
    columns = [(each.overdue, *each.weeks, each.later) for each in (due, owed)]
    lines = []
    for at, (label, first, last) in enumerate(spans):
        tones = ("warn", "warn") if at == 0 else ("", "second")
        ways = (
            _open(endpoint, only, first, last) for endpoint in ("billing.invoices", "billing.bills")
        )
        lines.append(
            (
                label,
                [
                    Bar(column[at], way, tone=tone)
                    for column, way, tone in zip(columns, ways, tones, strict=True)
                ],
            )
        )
    wholes = (
        Bar(due.total, url_for("reports.receivables", currency=only)),
        Bar(owed.total, url_for("reports.payables", currency=only)),
    )
    return Chart(due.total.currency, _scaled(lines), wholes)


def _month_chart(today: date, currency: str, months: Sequence[Month], *, only: str | None) -> Chart:
    """Return a chart of sales and margin by month.

    Its bars link to the profit and loss, in one currency if `only` is given.
    """
    lines = []
    for month in months:
        way = _profit(only, month.first, min(_last_day(month.first), today))
        is_loss = month.margin.amount_minor < 0
        lines.append(
            (
                format_date(month.first, "LLL y"),
                [
                    Bar(month.sales, way),
                    Bar(month.margin, way, tone="bad" if is_loss else "second"),
                ],
            )
        )
    way = _profit(only, months[0].first, today)
    nothing = Money(0, currency)
    sums = (
        sum((month.sales for month in months), nothing),
        sum((month.margin for month in months), nothing),
    )
    return Chart(currency, _scaled(lines), tuple(Bar(amount, way) for amount in sums))


def _scaled(lines: Sequence[tuple[str, list[Bar]]]) -> tuple[Line, ...]:
    longest = max(abs(bar.amount.amount_minor) for _label, bars in lines for bar in bars) or 1
    return tuple(
        Line(
            label,
            tuple(
                Bar(
                    bar.amount,
                    bar.href,
                    round(FULL * abs(bar.amount.amount_minor) / longest, 1),
                    bar.tone,
                )
                for bar in bars
            ),
        )
        for label, bars in lines
    )


def _open(endpoint: str, currency: str | None, first: date | None, last: date | None) -> str:
    days = {
        name: value.isoformat() for name, value in (("due_from", first), ("due_to", last)) if value
    }
    return url_for(endpoint, status="open", currency=currency, **days)  # type: ignore[arg-type]


def _profit(currency: str | None, first: date, last: date) -> str:
    days: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat()}
    return url_for("reports.profit_and_loss", compare="none", currency=currency, **days)


def _last_day(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _nothing(currency: str) -> Due:
    zero = Money(0, currency)
    return Due(zero, 0, (zero,) * WEEKS_AHEAD, 0, zero)
