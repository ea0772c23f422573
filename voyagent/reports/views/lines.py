"""The page of the day book, and the one that names every report."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from voyagent.kernel import clock
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.reading import LaneReader
from voyagent.ledger.lines import Place
from voyagent.reports.forms import Address
from voyagent.reports.queries.day_book import read_day_book
from voyagent.reports.queries.periods import Days, PeriodInverted
from voyagent.reports.views.blueprint import pages
from voyagent.reports.views.words import filtered, period_words, unread_sentences


@pages.page("/reports", permission="report.read")
def index(reader: LaneReader) -> Any:
    """Every report, with a sentence about what it answers."""
    reader.prove()
    return render_template("reports/index.html")


@pages.page("/reports/day-book", permission="report.read")
def day_book(reader: LaneReader) -> Any:
    """Every entry of some days with its lines; without days, of this month so far."""
    address = Address.read("reports.day_book", request.args)
    actor = reader.prove()
    last = address.days.get("to") or clock.today(actor.timezone)
    wrong = unread_sentences(address)
    report, words = None, ""
    try:
        if not wrong:
            days = Days.between(address.days.get("from") or last.replace(day=1), last)
            report = read_day_book(reader, days, after=Place.decode(address.after) if address.after else None)
            words = filtered([period_words(days)])
    except (PeriodInverted, InvalidCursor) as error:
        wrong = [_(error.message)]
    return render_template("reports/day_book.html", address=address, last=last, report=report, wrong=wrong, words=words), 422 if wrong else 200
