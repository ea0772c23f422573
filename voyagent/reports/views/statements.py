"""HTML pages of profit and loss, cash flow statement and balance sheet."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from voyagent.http.files import exported_file
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.fields import YEAR_MIN
from voyagent.ledger.queries.revaluations import closing_rates
from voyagent.ledger.words import CASH_FLOWS
from voyagent.reports.documents import books, pdf
from voyagent.reports.documents.sentences import (
    balance_sheet_words,
    flow_totals,
    policies_note,
    profit_and_loss_words,
)
from voyagent.reports.exports import spreadsheets
from voyagent.reports.forms import Address, invalid_sentences
from voyagent.reports.queries import statements
from voyagent.reports.queries.cash_flow import read_cash_flow
from voyagent.reports.queries.periods import (
    BalanceDay,
    Days,
    Period,
    PeriodInverted,
    balance_days,
    day_compared,
    settings_statement,
    year_month,
)
from voyagent.reports.views.answers import answered
from voyagent.reports.views.blueprint import pages


@pages.page("/reports/profit-and-loss", permission="report.read")
def profit_and_loss(reader: RequestReader) -> Any:
    """Show revenue and expenses with a comparison; each amount links to its postings."""
    address = Address.read("reports.profit_and_loss", request.args)
    settings = reader.read(settings_statement())[0]
    actor = reader.authenticate()
    last = address.days.get("to") or clock.today(actor.timezone)
    wrong = invalid_sentences(address)
    report, words = None, ""
    try:
        if not wrong:
            days = Period.of(address.days.get("from"), last, settings)
            read, policies, before = statements.read_profit_and_loss(
                reader, days, address.compare or "period", address.days.get("compare_from")
            )
            report = statements.profit_and_loss(read, policies, days, before, actor.currency)
            words = profit_and_loss_words(report, address.currency)
    except PeriodInverted as error:
        wrong = [_(error.message)]
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(
                books.profit_and_loss(report, address.currency),
                f"profit-and-loss-{last}",
                words,
                reader,
            )
        )
    sheet = partial(spreadsheets.profit_and_loss, report, address.currency) if report else None
    facts = {"last": last, "report": report, "words": words, "lines_of": _lines_of}
    facts["policies"] = policies_note(report) if report else ""
    return answered("reports/profit_and_loss.html", sheet, address=address, wrong=wrong, **facts)


@pages.page("/reports/cash-flow", permission="report.read")
def cash_flow(reader: RequestReader) -> Any:
    """Show what moved money, with a comparison; each amount links to its postings."""
    address = Address.read("reports.cash_flow", request.args)
    settings = reader.read(settings_statement())[0]
    actor = reader.authenticate()
    last = address.days.get("to") or clock.today(actor.timezone)
    wrong = invalid_sentences(address)
    report, words = None, ""
    try:
        if not wrong:
            report = read_cash_flow(
                reader,
                Period.of(address.days.get("from"), last, settings),
                address.compare or "period",
                address.days.get("compare_from"),
                actor.currency,
            )
            words = profit_and_loss_words(report, address.currency)
    except PeriodInverted as error:
        wrong = [_(error.message)]
    if report is not None and address.format == "pdf":
        printed = books.cash_flow(report, address.currency)
        return exported_file(pdf.file(printed, f"cash-flow-{last}", words, reader))
    sheet = partial(spreadsheets.cash_flow, report, address.currency) if report else None
    facts = {
        "last": last,
        "report": report,
        "words": words,
        "lines_of": _lines_of,
        "titles": CASH_FLOWS,
        "totals": flow_totals(),
    }
    return answered("reports/cash_flow.html", sheet, address=address, wrong=wrong, **facts)


@pages.page("/reports/balance-sheet", permission="report.read")
def balance_sheet(reader: RequestReader) -> Any:
    """Show assets, liabilities and equity, and whether they balance."""
    address = Address.read("reports.balance_sheet", request.args)
    settings = reader.read(settings_statement())[0]
    actor = reader.authenticate()
    as_of = address.days.get("as_of") or clock.today(actor.timezone)
    wrong = invalid_sentences(address)
    report, words = None, ""
    if not wrong:
        comparison_day = address.days.get("compare_as_of") or day_compared(
            as_of, address.compare or "none"
        )
        now, before = balance_days(as_of, comparison_day, year_month(settings))
        report = statements.balance_sheet(
            statements.read_balance_sheet(reader, now, before), now, before, actor.currency
        )
        words = balance_sheet_words(report, address.currency)
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(
                books.balance_sheet(report, address.currency, closing_rates(reader, as_of)),
                f"balance-sheet-{as_of}",
                words,
                reader,
            )
        )
    sheet = partial(spreadsheets.balance_sheet, report, address.currency) if report else None
    facts = {
        "as_of": as_of,
        "report": report,
        "words": words,
        "lines_of": _lines_of,
        "earned_in": _earned_in,
    }
    return answered("reports/balance_sheet.html", sheet, address=address, wrong=wrong, **facts)


def _lines_of(code: str, days: Days) -> str:
    """Return the URL of an account's postings in a period."""
    return url_for("reports.general_ledger", account=code, **_dated(days))


def _earned_in(balance_day: BalanceDay, *, earlier: bool) -> str:
    """Return the URL of the profit and loss that explains a computed result.

    The result is that of all earlier financial years if `earlier` is true, else that of the current
    financial year up to the day of `balance_day`.
    """
    return (
        earned_until(balance_day.year_began - timedelta(days=1))
        if earlier
        else url_for("reports.profit_and_loss", compare="none", **_dated(balance_day.year_so_far))
    )


def earned_until(last: date) -> str:
    """Return the URL of the profit and loss over all days up to a day."""
    return url_for(
        "reports.profit_and_loss", compare="none", **_dated(Days(date(YEAR_MIN, 1, 1), last))
    )


def earned_in_year(month: int, last: date) -> str:
    """Return the URL of the profit and loss of a financial year up to a day."""
    return _earned_in(BalanceDay.of(last, month), earlier=False)


def kept_ways(period: Period) -> list[str]:
    """Return the links for the trial balance row with the result of earlier years.

    Each amount of the row links to the profit and loss that explains the amount. The order is
    opening balance, movement, year-end transfer and closing balance. The year-end transfer is left
    out if the period is within one financial year.
    """
    if not period.is_over_a_turn:
        return [earned_until(period.year_before)] * 3
    ended = period.last_year_began - timedelta(days=1)
    carried = url_for(
        "reports.profit_and_loss", compare="none", **_dated(Days(period.year_began, ended))
    )
    return [earned_until(period.year_before), carried, carried, earned_until(ended)]


def _dated(days: Days) -> dict[str, Any]:
    return {"from": days.first.isoformat(), "to": days.last.isoformat()}
