"""HTML pages of margins, and of the journal lines that add up to a margin."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, get_args

from flask import request, url_for
from flask_babel import gettext as _

from voyagent.http.files import exported_file
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.ids import parse_id
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.queries.trip_earnings import Side
from voyagent.reports.documents import books, pdf
from voyagent.reports.documents.sentences import (
    group_words,
    margin_lines_words,
    margins_note,
    opened_words,
    share_words,
    side_words,
    whose_words,
    without_trip_words,
)
from voyagent.reports.exports import spreadsheets
from voyagent.reports.forms import Address, invalid_sentences
from voyagent.reports.queries.margin_lines import (
    PAGE_LINES,
    MonthElsewhere,
    Whose,
    read_margin_lines,
)
from voyagent.reports.queries.margins import PAGE_TRIPS, read_margins
from voyagent.reports.queries.periods import Days, Period, PeriodInverted, settings_statement
from voyagent.reports.views.answers import answered, page_size
from voyagent.reports.views.blueprint import pages
from voyagent.trips.queries.trips import TripNotFound

_WORDS = {
    "share_words": share_words,
    "group_words": group_words,
    "margins_note": margins_note,
    "without_trip_words": without_trip_words,
}


@pages.page("/reports/trip-margins", permission="report.read")
def trip_margins(reader: RequestReader) -> Any:
    """Show planned and actual margins by trip, customer or month.

    By default, the period is the current financial year up to today.
    """
    address = Address.read("reports.trip_margins", request.args)
    settings = reader.read(settings_statement())[0]
    zone = reader.authenticate().timezone
    last = address.days.get("to") or clock.today(zone)
    wrong = invalid_sentences(address)
    report, words = None, ""
    try:
        if not wrong:
            days = Period.of(address.days.get("from"), last, settings)
            by = address.group_by or "trip"
            report = read_margins(
                reader,
                days,
                zone,
                group_by=by,
                after=address.after,
                limit=page_size(address, PAGE_TRIPS),
            )
            words = opened_words(report)
    except (PeriodInverted, InvalidCursor) as error:
        wrong = [_(error.message)]
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(books.trip_margins(report), f"trip-margins-{last}", words, reader)
        )
    sheet = partial(spreadsheets.trip_margins, report) if report else None
    facts = {
        "last": last,
        "report": report,
        "words": words,
        "ways": partial(_ways, report.days) if report else None,
    }
    return answered(
        "reports/trip_margins.html", sheet, address=address, wrong=wrong, **facts, **_WORDS
    )


@pages.page("/reports/trip-margins/lines", permission="report.read")
def margin_lines(reader: RequestReader) -> Any:
    """Show the journal lines that add up to a revenue, cost or margin.

    If the URL selects no trips, the page offers the choice of trips.
    """
    address = Address.read("reports.margin_lines", request.args)
    settings = reader.read(settings_statement())[0]
    actor = reader.authenticate()
    last = address.days.get("to") or clock.today(actor.timezone)
    which = _("Choose one trip, one customer, one month, all trips or no trip.")
    selection_count = _selection_count(address)
    wrong = invalid_sentences(address) or ([which] if selection_count > 1 else [])
    report, words = None, ""
    try:
        if selection_count and not wrong:
            days = Period.of(address.days.get("from"), last, settings)
            selection = (
                _whose(address),
                address.of or "margin",
                address.currency or actor.currency,
            )
            report = read_margin_lines(
                reader, days, *selection, after=address.place, limit=page_size(address, PAGE_LINES)
            )
            words = margin_lines_words(report)
    except (PeriodInverted, MonthElsewhere, TripNotFound, InvalidCursor) as error:
        wrong = [_(error.message)]
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(
                books.margin_lines(report),
                f"trip-margins-lines-{report.days.last}",
                words,
                reader,
            )
        )
    sheet = partial(spreadsheets.margin_lines, report) if report else None
    facts = {
        "last": last,
        "report": report,
        "words": words,
        "which": which,
        "sides": side_words(),
        "whose_words": whose_words,
    }
    return answered("reports/margin_lines.html", sheet, address=address, wrong=wrong, **facts)


def _ways(days: Days, currency: str, **whose: Any) -> dict[Side, str]:
    """Return the URLs of the journal lines of revenue, cost and margin.

    `whose` has the query parameters that select the trips. A month is given by its first day.
    """
    selected = {
        name: f"{value:%Y-%m}" if isinstance(value, date) else value
        for name, value in whose.items()
    }
    parameters: dict[str, Any] = selected | {
        "currency": currency,
        "from": days.first.isoformat(),
        "to": days.last.isoformat(),
    }
    return {side: url_for("reports.margin_lines", of=side, **parameters) for side in get_args(Side)}


def _selection_count(address: Address) -> int:
    """Return how many of the parameters trip, customer, month and trips are given.

    They exclude each other, so the page reports an error if the result is more than one.
    """
    return sum(
        value is not None
        for value in (address.trip, address.customer, address.month, address.trips)
    )


def _whose(address: Address) -> Whose:
    return Whose(
        parse_id(address.trip or ""),
        address.customer,
        address.month_begun,
        without_trip=address.trips == "none",
    )
