"""The JSON door of the general ledger, the day book and the statement of a party: what was posted
line by line, behind a cursor.
"""

from __future__ import annotations

from typing import Any

from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.queries.accounts import chart_statement
from voyagent.reports.api.blueprint import api
from voyagent.reports.line_schemas import (
    DayBookQuery,
    DayBookResponse,
    GeneralLedgerQuery,
    GeneralLedgerResponse,
    PartyStatementQuery,
    PartyStatementResponse,
    wire_day_book,
    wire_general_ledger,
    wire_party_statement,
)
from voyagent.reports.queries import general_ledger
from voyagent.reports.queries.day_book import read_day_book
from voyagent.reports.queries.party_statement import read_party_statement
from voyagent.reports.queries.periods import Days, Period, PeriodInverted, settings_statement


@api.get(
    "/reports/general-ledger",
    answer=GeneralLedgerResponse,
    permission="report.read",
    errors=(PeriodInverted, AccountNotFound, InvalidCursor),
)
def get_reports_general_ledger(reader: RequestReader, query: GeneralLedgerQuery) -> dict[str, Any]:
    """One account with book dates from `from` to `to`, line by line with the balance behind each.

    The page behind a cursor costs the same at any depth.
    """
    after = query.place()
    settings, accounts = reader.read(settings_statement(), chart_statement())
    period = Period.of(query.first, query.last, settings)
    account = general_ledger.account_of(accounts, query.account)
    report = general_ledger.read_general_ledger(
        reader, account, period, after=after, limit=query.limit
    )
    return wire_general_ledger(reader.authenticate().tenant_id, report, query.limit)


@api.get(
    "/reports/day-book",
    answer=DayBookResponse,
    permission="report.read",
    errors=(PeriodInverted, InvalidCursor),
)
def get_reports_day_book(reader: RequestReader, query: DayBookQuery) -> dict[str, Any]:
    """Every entry with book dates from `from` to `to`, with its lines.

    The page behind a cursor costs the same at any depth.
    """
    report = read_day_book(
        reader, Days.between(query.first, query.last), after=query.place(), limit=query.limit
    )
    return wire_day_book(reader.authenticate().tenant_id, report, query.limit)


@api.get(
    "/reports/party-statement",
    answer=PartyStatementResponse,
    permission="report.read",
    errors=(PeriodInverted, InvalidCursor),
)
def get_reports_party_statement(
    reader: RequestReader, query: PartyStatementQuery
) -> dict[str, Any]:
    """The statement of a customer or supplier: opening, every entry that moved it, closing, and
    what ageing says of it. A name without entries has none.

    It is for the party: a narration comes without the reason that the books keep of a write-off, a
    credit, or what was made void or reversed.
    """
    days = Days.between(query.first, query.last)
    report = read_party_statement(
        reader, query.kind, query.party, days, after=query.place(), limit=query.limit
    )
    return wire_party_statement(reader.authenticate().tenant_id, report, query.limit)
