"""The page of what is left of trips."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import request
from flask_babel import gettext as _

from voyagent.kernel import clock
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.reading import LaneReader
from voyagent.reports import books_on_paper, paper, spreadsheets
from voyagent.reports.forms import Address
from voyagent.reports.queries.margins import PAGE_TRIPS, read_margins, share
from voyagent.reports.queries.periods import Period, PeriodInverted, settings_statement
from voyagent.reports.views.answers import answered, page_size
from voyagent.reports.views.blueprint import pages
from voyagent.reports.words import group_words, margins_note, opened_words, tie_words, unread_sentences

_WORDS = {"share": share, "group_words": group_words, "margins_note": margins_note, "tie_words": tie_words}


@pages.page("/reports/trip-margins", permission="report.read")
def trip_margins(reader: LaneReader) -> Any:
    """Planned and actual margin of each trip opened in a period or with anything posted in it, without days in this financial year; or grouped."""
    address = Address.read("reports.trip_margins", request.args)
    settings = reader.read(settings_statement())[0]
    zone = reader.prove().timezone
    last = address.days.get("to") or clock.today(zone)
    wrong = unread_sentences(address)
    report, words = None, ""
    try:
        if not wrong:
            days = Period.of(address.days.get("from"), last, settings)
            by = address.group_by or "trip"
            report = read_margins(reader, days, zone, group_by=by, after=address.after, limit=page_size(address, PAGE_TRIPS))
            words = opened_words(days)
    except (PeriodInverted, InvalidCursor) as error:
        wrong = [_(error.message)]
    if report is not None and address.format == "pdf":
        return paper.shown(books_on_paper.trip_margins(report), f"trip-margins-{last}", words, reader)
    sheet = partial(spreadsheets.trip_margins, report) if report else None
    return answered("reports/trip_margins.html", sheet, address=address, wrong=wrong, last=last, report=report, words=words, **_WORDS)
