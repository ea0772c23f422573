"""HTML pages: day book, party statement, and the list of reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext as _

from voyagent.billing.ageing.queries import open_items
from voyagent.http.files import exported, exported_file, saved, streamed
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import RequestReader, Row
from voyagent.kernel.ids import parse_id
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.queries.party_lines import PartyRef
from voyagent.parties.forms import told
from voyagent.parties.queries import PartyNotFound, ids_statement, namesakes_statement, told_apart
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
    """Show the statement of a party, or the parties to choose from.

    There is a choice if no party is named, or if several have the name.
    """
    address = Address.read("reports.party_statement", request.args)
    kind = address.kind or "customer"
    largest = open_items.top_parties_statement(CONTROL[kind], *EVER, limit=NAMED_MAX)
    named = [namesakes_statement(address.party, with_archived=True)] if address.party else []
    settings, parties, *of_name = reader.read(settings_statement(), largest, *named)
    actor = reader.authenticate()
    last = address.days.get("to") or clock.today(actor.timezone)
    wrong = invalid_sentences(address)
    report, words = None, ""
    asked = Asked()
    try:
        asked = Asked() if wrong else _asked(reader, address, of_name[0] if of_name else ())
        party, name = asked.party, asked.name
        if party and not asked.namesakes:
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
    names = {row["party_key"]: row["party_name"] for row in parties}
    shown = asked.namesakes if report or asked.party else _with_ids(reader, names)
    if report is not None and address.format == "pdf":
        return exported_file(
            pdf.file(pdf.party_statement(report), f"statement-{report.days.last}", words, reader)
        )
    sheet = partial(spreadsheets.party_statement, report) if report else None
    facts: dict[str, Any] = {"kind": kind, "last": last, "report": report, "words": words}
    facts |= {"names": list(dict.fromkeys(names.values())), "choices": shown}
    facts |= {"has_namesakes": bool(asked.namesakes), "age_titles": age_titles()}
    return answered("reports/party_statement.html", sheet, address=address, wrong=wrong, **facts)


@dataclass(frozen=True, slots=True)
class Asked:
    """The party of a query with its name, as `read_ref` returns them.

    `party` is empty if none is asked for. `namesakes` has the parties to choose from, if several
    have the given name.
    """

    party: PartyRef = ""
    name: str | None = None
    namesakes: Sequence[Row] = ()


def _asked(reader: RequestReader, address: Address, of_name: Sequence[Row]) -> Asked:
    """Return the party that a query asks for. Raises PartyNotFound.

    `of_name` has the rows of `namesakes_statement` for the name in the query.
    """
    party, name = read_ref(reader, address.party, parse_id(address.party_id or ""))
    if name and address.party and address.party.lower() != name.lower():
        party, name = address.party, None  # typed after the page was opened
    found = told_apart(of_name) if isinstance(party, str) else []
    return Asked(party, name, [dict(row) | {"words": told(row)} for row in found])


def _with_ids(reader: RequestReader, names: Mapping[str, str]) -> list[Row]:
    """Return the parties with the given names by key: id, name."""
    ids = reader.read(ids_statement(list(names)))[0] if names else []
    by_key = {row["party_key"]: row["id"] for row in ids}
    return [{"id": by_key[key], "name": name} for key, name in names.items() if key in by_key]


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
