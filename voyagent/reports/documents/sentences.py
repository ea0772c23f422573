"""Sentences that describe the periods and filters of reports."""

from __future__ import annotations

from datetime import date

from flask_babel import format_date, gettext as _

from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.queries.open_list import Basis
from voyagent.billing.policies.words import policy_words
from voyagent.http.template_filters import MINUS, long_day
from voyagent.kernel.rates import Quote, plain_rate
from voyagent.ledger.queries.trip_earnings import Side
from voyagent.reports.queries.cash_flow import CashFlow
from voyagent.reports.queries.margin_lines import MarginLines
from voyagent.reports.queries.margins import Margins, share
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.receivables import OpenFilters
from voyagent.reports.queries.statements import BalanceSheet, ProfitAndLoss
from voyagent.reports.queries.trial_balance import PeriodBalance
from voyagent.trips.rules.journey import Total


def share_words(total: Total) -> str:
    """Return the margin as a percentage of the price; empty if the price is zero."""
    percent = share(total)
    return "" if percent is None else f"{percent} %".replace("-", MINUS)


def period_words(days: Days) -> str:
    """Return the sentence part that names the book dates of a period."""
    return str(
        _(
            "Book dates from %(first)s to %(last)s",
            first=written(days.first),
            last=written(days.last),
        )
    )


def in_currency(currency: str | None) -> str:
    """Return the sentence part that names the currency, or says that all are included."""
    return str(_("in %(currency)s only", currency=currency) if currency else _("all currencies"))


def filtered(words: list[str], books: str | None = None) -> str:
    """Join the texts of filters into a sentence, followed by a second sentence.

    The second sentence says that amounts in different currencies are not added together. If the
    report is in the base currency `books`, it says instead that other currencies are included.
    """
    if books is not None:
        return str(
            _(
                "%(filters)s. Other currencies are included at their amount in %(currency)s.",
                filters=", ".join(words),
                currency=books,
            )
        )
    return str(
        _(
            "%(filters)s. Amounts in different currencies are not added together.",
            filters=", ".join(words),
        )
    )


def written(day: date) -> str:
    """Return a date as text for a PDF, with the year and without the weekday."""
    return long_day(day, weekday=False, year=True)


def rate_note(quote: Quote) -> str:
    """Return the sentence part that names a closing rate with its day and source."""
    return str(
        _(
            "closing rate 1 %(base)s = %(rate)s %(quote)s, %(day)s, %(source)s",
            base=quote.base,
            rate=plain_rate(quote.rate),
            quote=quote.quote,
            day=written(quote.on),
            source=quote.source,
        )
    )


def age_titles(basis: Basis = "due_date") -> list[str]:
    """Return the titles of the columns of an ageing table, the newest documents first."""
    youngest = _("Not due") if basis == "due_date" else _("Same day")
    return [str(youngest), "1–30", "31–60", "61–90", str(_("Over 90"))]


def open_words(kind: Kind, filters: OpenFilters) -> str:
    """Return the sentence that describes the filters of an ageing report."""
    day = written(filters.as_of)
    words = [
        (
            _("As of %(day)s, by due date", day=day)
            if filters.basis == "due_date"
            else _("As of %(day)s, by date of the document", day=day)
        )
    ]
    if filters.first:
        words.append(_("issued from %(day)s", day=written(filters.first)))
    if filters.last:
        words.append(_("issued to %(day)s", day=written(filters.last)))
    words.append(in_currency(filters.currency))
    words.append(_("all customers") if kind == "receivable" else _("all suppliers"))
    return filtered(words)


def trial_balance_words(report: PeriodBalance, currency: str | None, *, include_zero: bool) -> str:
    """Return the sentence that describes the filters of a trial balance."""
    words = [period_words(report.period)]
    words.append(in_currency(currency))
    words.append(
        _("every account of the chart")
        if include_zero
        else _("without accounts that have no postings")
    )
    return filtered(words, report.added_in(currency))


def compared_words(before: Days | None) -> list[str]:
    """Return a list with the text that names the comparison period `before`.

    The list is empty if `before` is None.
    """
    return (
        [
            _(
                "compared with %(first)s to %(last)s",
                first=written(before.first),
                last=written(before.last),
            )
        ]
        if before
        else []
    )


def profit_and_loss_words(report: ProfitAndLoss | CashFlow, currency: str | None) -> str:
    """Return the filters of a profit and loss or cash flow statement as a sentence."""
    words = [period_words(report.days), *compared_words(report.before), in_currency(currency)]
    return filtered(words, report.added_in(currency))


def policies_note(report: ProfitAndLoss) -> str:
    """Return the methods of recognition in the period, a sentence for each."""
    return " ".join(map(policy_words, report.policies))


def flow_totals() -> dict[str, str]:
    """Return the name of the total of each kind of activity of a cash flow statement."""
    return {
        "operating": _("Cash flow from operating activities"),
        "investing": _("Cash flow from investing activities"),
        "financing": _("Cash flow from financing activities"),
    }


def balance_sheet_words(report: BalanceSheet, currency: str | None) -> str:
    """Return the sentence that describes the filters of a balance sheet."""
    before = report.before
    beside = [_("compared with %(day)s", day=written(before.as_of))] if before else []
    words = [_("As of %(day)s", day=written(report.now.as_of)), *beside, in_currency(currency)]
    return filtered(words, report.added_in(currency))


def opened_words(report: Margins) -> str:
    """Return the sentence that describes the period of a margins report."""
    days = report.days
    return filtered(
        [
            _(
                "Trips opened or posted from %(first)s to %(last)s",
                first=written(days.first),
                last=written(days.last),
            )
        ],
        report.base.currency if report.adds_others and report.base else None,
    )


def group_words(key: str | date | None) -> str:
    """Return the name of a group of trips: a month, a customer or "No customer".

    `key` is the first day of the month or the customer's name. None or an empty name means that the
    customer is not known.
    """
    if isinstance(key, date):
        return str(format_date(key, "MMMM y"))
    return key or str(_("No customer"))


def whose_words(report: MarginLines) -> str:
    """Return the label of the selected trips, such as a customer's name or a month."""
    whose = report.whose
    if whose.without_trip:
        return str(_("Posted without a trip"))
    if whose.customer is not None:
        return group_words(whose.customer)
    return report.title or (group_words(whose.month) if whose.month else str(_("Posted for trips")))


def side_words() -> dict[Side, str]:
    """Return the labels of revenue, direct cost and margin."""
    return {"revenue": _("Revenue"), "cost": _("Direct cost"), "margin": _("Margin")}


def margin_lines_words(report: MarginLines) -> str:
    """Return the sentence that describes the filters of a list of journal lines.

    The sentence names revenue, cost or margin, the selected trips, the period and the currency.
    """
    return filtered(
        [
            f"{side_words()[report.of]}, {whose_words(report)}",
            period_words(report.days),
            in_currency(report.total.currency),
        ]
    )


def margins_note(report: Margins) -> str:
    """Return the sentences that explain planned and actual margins."""
    planned = _(
        "Planned price and cost are those that accepted trips were quoted at, invoiced or not."
        " Cancelled and failed lines, and declined trips, are left out."
    )
    actual = _(
        "Revenue and direct cost are the postings in this period of a trip’s invoices, bills and"
        " credit notes."
    )
    base = report.base if report.adds_others else None
    added = (
        _(
            "The first row of each has all currencies at their amount in %(currency)s.",
            currency=base.currency,
        )
        if base
        else _("Amounts in different currencies are not added together.")
    )
    return f"{planned} {actual} {added}"


def without_trip_words() -> str:
    """Return the sentence that explains postings without a trip."""
    return str(
        _("Postings without a trip are computed as the trial balance minus the postings for trips.")
    )
