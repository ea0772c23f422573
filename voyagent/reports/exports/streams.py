"""CSV streams of reports of any length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.listings import Stream
from voyagent.kernel.sheets import LINE, Cell
from voyagent.ledger.queries.exports import account_lines_cells, day_book_cells
from voyagent.ledger.queries.party_lines import PartyRef
from voyagent.reports.exports import spreadsheets
from voyagent.reports.queries.day_book import read_day_book
from voyagent.reports.queries.general_ledger import read_general_ledger, stretches
from voyagent.reports.queries.party_statement import (
    PartyKind,
    cells_statement,
    read_party_statement,
)
from voyagent.reports.queries.periods import Days, Period


def general_ledger(reader: Reader, account: Row, period: Period) -> Stream:
    """Return the general ledger of an account as a CSV stream."""
    report = read_general_ledger(reader, account, period, limit=1)

    def parts() -> Iterator[Sequence[Sequence[Cell]] | Select[Any]]:
        yield spreadsheets.ledger_opening(report)
        for stretch in stretches(reader, report) if report.currencies else ():
            yield account_lines_cells(
                account["id"],
                stretch.days.first,
                stretch.days.last,
                LINE,
                stretch.balances,
                stretch.base,
            )
            yield [spreadsheets.carried_row(report, line) for line in stretch.carried]
        yield spreadsheets.ledger_closing(report)

    columns = spreadsheets.ledger_columns(report)
    return Stream(spreadsheets.ledger_name(report), columns, parts())


def day_book(reader: Reader, days: Days) -> Stream:
    """Return the day book as a CSV stream: every journal line, and totals by currency."""
    report = read_day_book(reader, days, limit=1)

    def parts() -> Iterator[Sequence[Sequence[Cell]] | Select[Any]]:
        books = report.base and report.base[0].currency
        yield day_book_cells(days.first, days.last, LINE, books)
        yield spreadsheets.daybook_totals(report)

    columns = spreadsheets.daybook_columns(report)
    return Stream(spreadsheets.daybook_name(report), columns, parts())


def party_statement(
    reader: Reader, kind: PartyKind, party: PartyRef, days: Days, name: str | None = None
) -> Stream:
    """Return a party statement as a CSV stream; `name` is shown for an id."""
    report = read_party_statement(reader, kind, party, days, name=name, limit=1)

    def parts() -> Iterator[Sequence[Sequence[Cell]] | Select[Any]]:
        yield spreadsheets.statement_opening(report)
        if report.currencies:
            yield cells_statement(report, LINE)
        yield spreadsheets.statement_closing(report)

    return Stream(spreadsheets.statement_name(report), spreadsheets.STATEMENT_COLUMNS, parts())
