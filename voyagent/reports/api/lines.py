"""JSON API of general ledger, day book and party statement, in pages."""

from __future__ import annotations

from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.serializers import Body
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.queries.accounts import chart_statement
from voyagent.parties.queries import PartyNotFound
from voyagent.reports.api.blueprint import api
from voyagent.reports.queries import general_ledger
from voyagent.reports.queries.day_book import read_day_book
from voyagent.reports.queries.party_statement import read_party_statement, read_ref
from voyagent.reports.queries.periods import Days, Period, PeriodInverted, settings_statement
from voyagent.reports.schemas.books import PageOfReport
from voyagent.reports.schemas.lines import (
    DayBookQuery,
    DayBookResponse,
    GeneralLedgerQuery,
    GeneralLedgerResponse,
    PartyStatementQuery,
    PartyStatementResponse,
)


@api.get(
    "/reports/general-ledger",
    answer=GeneralLedgerResponse,
    permission="report.read",
    errors=(PeriodInverted, AccountNotFound, InvalidCursor),
)
def get_reports_general_ledger(
    reader: RequestReader, query: GeneralLedgerQuery
) -> Body[GeneralLedgerResponse]:
    """Return the postings of one account from `from` to `to`, with running balances.

    `from` and `to` are book dates.
    """
    after = query.place()
    settings, accounts = reader.read(settings_statement(), chart_statement())
    period = Period.of(query.first, query.last, settings)
    account = general_ledger.account_of(accounts, query.account)
    report = general_ledger.read_general_ledger(
        reader, account, period, after=after, limit=query.limit
    )
    return GeneralLedgerResponse.of(
        PageOfReport(reader.authenticate().tenant_id, report, query.limit)
    )


@api.get(
    "/reports/day-book",
    answer=DayBookResponse,
    permission="report.read",
    errors=(PeriodInverted, InvalidCursor),
)
def get_reports_day_book(reader: RequestReader, query: DayBookQuery) -> Body[DayBookResponse]:
    """Return the journal entries from `from` to `to` with their lines.

    `from` and `to` are book dates.
    """
    report = read_day_book(
        reader, Days.between(query.first, query.last), after=query.place(), limit=query.limit
    )
    return DayBookResponse.of(PageOfReport(reader.authenticate().tenant_id, report, query.limit))


@api.get(
    "/reports/party-statement",
    answer=PartyStatementResponse,
    permission="report.read",
    errors=(PeriodInverted, InvalidCursor, PartyNotFound),
)
def get_reports_party_statement(
    reader: RequestReader, query: PartyStatementQuery
) -> Body[PartyStatementResponse]:
    """Return the account statement of a customer or a supplier.

    The statement has the opening balance, the journal entries, the closing balance and the sum of
    the open documents. For a name without entries, the statement is empty. A statement may be sent
    to the party, because narrations omit the internal reasons of write-offs, credits, voids and
    reversals.
    """
    days = Days.between(query.first, query.last)
    party, name = read_ref(reader, query.party, query.party_id)
    report = read_party_statement(
        reader, query.kind, party, days, name=name, after=query.place(), limit=query.limit
    )
    return PartyStatementResponse.of(
        PageOfReport(reader.authenticate().tenant_id, report, query.limit)
    )
