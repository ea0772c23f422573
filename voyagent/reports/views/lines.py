"""HTML pages: day book, party statement, and the list of reports."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext as _

from voyagent.billing.ageing.queries import open_items
from voyagent.http.files import exported, exported_file, saved, streamed
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.ids import parse_id
from voyagent.kernel.pages import InvalidCursor
from voyagent.parties.queries import PartyNotFound
from voyagent.reports.documents import books, pdf
from voyagent.reports.documents.sentences import age_titles, filtered, period_words
from voyagent.reports.exports import spreadsheets, streams, tally
from voyagent.reports.forms import Address, invalid_sentences
from voyagent.reports.queries.day_book import PAGE_ENTRIES, DayBook, read_day_book
from voyagent.reports.queries.party_statement import (
    CONTROL,
    PAGE_ENTRIES as PARTY_PAGE,
    read_party_statement,
    read_ref,
)
from voyagent.reports.queries.periods import Days, Period, PeriodInverted, settings_statement
from voyagent.reports.queries.receivables import EVER
from voyagent.reports.views.answers import answered, page_size
from voyagent.reports.views.blueprint import pages

NAMED_MAX = 50


@pages.page("/reports", permission="report.read")
def index(reader: RequestReader) -> Any:
    """Show every report with the question that it answers."""
    reader.authenticate()
    return render_template("reports/index.html")


@pages.page("/reports/day-book", permission="report.read")
def day_book(reader: RequestReader) -> Any:
    """Show the journal entries with their lines.

    By default, the period is the current month up to today.
    """
    address = Address.read("reports.day_book", request.args)
    actor = reader.authenticate()
    last = address.days.get("to") or clock.today(actor.timezone)
    wrong = invalid_sentences(address)
    report, words = None, ""
    try:
        if not wrong:
            days = Days.between(address.days.get("from") or last.replace(day=1), last)
            if address.is_csv:
                return streamed(
                    lambda snapshot: streams.day_book(snapshot, days),
                    actor.tenant_id,
                    bom=address.format == "csv-bom",
                )
            report = read_day_book(
                reader, days, after=address.place, limit=page_size(address, PAGE_ENTRIES)
            )
            words = filtered([period_words(days)])
    except (PeriodInverted, InvalidCursor) as error:
        wrong = [_(error.message)]
    if report is not None and address.format == "tally":
        return _tally(reader, report, address.currency, actor.currency)
    if report is not None and address.format == "pdf":
        return exported_file(pdf.file(books.day_book(report), f"day-book-{last}", words, reader))
    sheet = partial(spreadsheets.day_book, report) if report else None
    return answered(
        "reports/day_book.html",
        sheet,
        address=address,
        wrong=wrong,
        last=last,
        report=report,
        words=words,
    )


@pages.page("/reports/party-statement", permission="report.read")
def party_statement(reader: RequestReader) -> Any:
    """Show the statement of a party, or the parties to choose from if none is named."""
    address = Address.read("reports.party_statement", request.args)
    kind = address.kind or "customer"
    largest = open_items.top_parties_statement(CONTROL[kind], *EVER, limit=NAMED_MAX)
    settings, parties = reader.read(settings_statement(), largest)
    actor = reader.authenticate()
    last = address.days.get("to") or clock.today(actor.timezone)
    wrong = invalid_sentences(address)
    report, words = None, ""
    try:
        if (address.party or address.party_id) and not wrong:
            party, name = read_ref(reader, address.party, parse_id(address.party_id or ""))
            if name and address.party and address.party.lower() != name.lower():
                party, name = address.party, None  # typed after the page was opened
            days = Period.of(address.days.get("from"), last, settings)
            if address.is_csv:
                return streamed(
                    lambda snapshot: streams.party_statement(snapshot, kind, party, days, name),
                    actor.tenant_id,
                    bom=address.format == "csv-bom",
                )
            report = read_party_statement(
                reader,
                kind,
                party,
                days,
                name=name,
                after=address.place,
                limit=page_size(address, PARTY_PAGE),
            )
            words = filtered([period_words(days)])
    except (PeriodInverted, InvalidCursor, PartyNotFound) as error:
        wrong = [_(error.message)]
    names = list(dict.fromkeys(row["party_name"] for row in parties))
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(pdf.party_statement(report), f"statement-{report.days.last}", words, reader)
        )
    sheet = partial(spreadsheets.party_statement, report) if report else None
    facts = {"kind": kind, "names": names, "last": last, "report": report, "words": words}
    facts |= {"age_titles": age_titles()}
    return answered("reports/party_statement.html", sheet, address=address, wrong=wrong, **facts)


def _tally(
    reader: RequestReader, report: DayBook, currency: str | None, home_currency: str
) -> Response:
    """Return the file for Tally with a voucher for each entry.

    The file is in one currency, or in the base currency if no currency is asked for.
    The names of accounts and parties are read after the entries, so that the names include every
    account and party of the entries. Raises TooManyLines if `report` does not contain all its
    entries.
    """
    spreadsheets.whole(report)
    if currency is None and report.base_currency is not None:
        shown = report.base_currency
        pieces = tally.base_document(reader, report.days, report.entries, shown)
    else:
        shown = currency or home_currency
        names = tally.read_names(reader, report.days, shown)
        pieces = tally.document(names, report.entries, shown)
    return exported(saved(pieces, f"tally-{shown}-{report.days.last}.xml", "application/xml"))
