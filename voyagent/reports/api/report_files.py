"""Reports as files, made by the queries of the reports' JSON operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from flask import Response
from flask_babel import force_locale, gettext as _
from pydantic import BaseModel, create_model

from voyagent.billing.core.queries.open_documents import Kind
from voyagent.drivers.paper.tables import Printed
from voyagent.http.files import Format, PdfQuery, exported, exported_file, filed, streamed
from voyagent.kernel import clock
from voyagent.kernel.database.copy_export import Snapshot
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.fields import Query
from voyagent.kernel.listings import Stream
from voyagent.kernel.sheets import LINES_MAX, Sheet
from voyagent.ledger.queries.accounts import chart_statement
from voyagent.ledger.queries.revaluations import closing_rates
from voyagent.reports.documents import books as books_documents, pdf, sentences
from voyagent.reports.exports import spreadsheets, streams
from voyagent.reports.queries import (
    general_ledger as ledgers,
    receivables,
    statements,
    trial_balance as books,
)
from voyagent.reports.queries.cash_flow import read_cash_flow
from voyagent.reports.queries.day_book import read_day_book
from voyagent.reports.queries.margins import read_margins
from voyagent.reports.queries.party_statement import read_party_statement, read_ref
from voyagent.reports.queries.periods import (
    Days,
    Period,
    day_compared,
    settings_statement,
)
from voyagent.reports.schemas import books as books_schemas, statements as statements_schemas
from voyagent.reports.schemas.lines import DayBookQuery, GeneralLedgerQuery, PartyStatementQuery
from voyagent.reports.schemas.margins import MarginsQuery

_PLACED = ("limit", "cursor")


@dataclass(frozen=True, slots=True)
class Made:
    """A report that was read, and the functions that make each of its file formats."""

    name: str
    sheet: Callable[[], Sheet]
    printed: Callable[[], Printed]
    filters: Callable[[], str]


class Maker(NamedTuple):
    """Definition of a report's files.

    `query` is the query schema, and `make` reads the report. `stream` returns a CSV stream of any
    length; None if the report has none.
    """

    query: type[BaseModel]
    make: Callable[[RequestReader, Any], Made]
    stream: Callable[[RequestReader, Any], Callable[[Snapshot], Stream]] | None = None


def query_of(report: str, form: Format) -> type[BaseModel]:
    """Return the query schema of a report's file.

    The schema has the fields of the report's JSON operation, without `limit` and `cursor`.
    """
    model = REPORTS[report].query
    fields: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in model.model_fields.items()
        if name not in _PLACED
    }
    base = PdfQuery if form == "pdf" else Query
    return create_model(
        f"{model.__name__.removesuffix('Query')}{form.title()}Query",
        __base__=base,
        __doc__=model.__doc__,
        **fields,
    )


def report_file(report: str, form: Format, reader: RequestReader, query: Any) -> Response:
    """Return a report as a file.

    Raises TooManyLines, TooManyRows, ExportsBusy, and the errors of reading the report.
    """
    maker = REPORTS[report]
    if form == "csv" and maker.stream:
        stream = maker.stream(reader, query)
        return streamed(stream, reader.authenticate().tenant_id)
    if form != "pdf":
        with force_locale("en"):  # as in the JSON, whose texts are not translated
            return exported(filed(maker.make(reader, query).sheet(), form))
    with force_locale(query.locale or reader.authenticate().locale):
        made = maker.make(reader, query)
        return exported_file(pdf.file(made.printed(), made.name, made.filters(), reader))


def _ageing(kind: Kind, reader: RequestReader, query: books_schemas.AgeingQuery) -> Made:
    filters = receivables.OpenFilters(
        query.as_of or clock.today(query.tz or "UTC"),
        query.first,
        query.last,
        None,
        None,
        0,
        query.basis,
    )
    report = receivables.read_open(
        reader, kind, filters, reader.authenticate().currency, is_paged=False
    )
    base = receivables.read_in_base(reader, kind, filters.as_of, query.basis)
    report = replace(report, base=base)
    name = f"{kind}s-{filters.as_of}"
    return Made(
        name,
        partial(spreadsheets.ageing, report, filters.as_of),
        partial(pdf.ageing, report),
        partial(sentences.open_words, kind, filters),
    )


def _trial_balance(reader: RequestReader, query: books_schemas.TrialBalanceQuery) -> Made:
    as_of, zeros = query.as_of or clock.today(query.tz or "UTC"), query.include_zero == 1
    period = Period.of(query.first, as_of, reader.read(settings_statement())[0])
    report = books.read_period(
        reader,
        period,
        reader.authenticate().currency,
        include_zero=zeros,
        retained_earnings=_("Result of earlier years"),
    )
    filters = partial(sentences.trial_balance_words, report, None, include_zero=zeros)
    return Made(
        f"trial-balance-{as_of}",
        partial(spreadsheets.trial_balance, report, None),
        partial(pdf.trial_balance, report, None),
        filters,
    )


def _profit_and_loss(reader: RequestReader, query: statements_schemas.ProfitAndLossQuery) -> Made:
    days = Days.between(query.first, query.last)
    read, policies, before = statements.read_profit_and_loss(
        reader, days, query.compare, query.compare_from
    )
    report = statements.profit_and_loss(
        read, policies, days, before, reader.authenticate().currency
    )
    filters = partial(sentences.profit_and_loss_words, report, None)
    name = f"profit-and-loss-{days.last}"
    return Made(
        name,
        partial(spreadsheets.profit_and_loss, report, None),
        partial(books_documents.profit_and_loss, report, None),
        filters,
    )


def _cash_flow(reader: RequestReader, query: statements_schemas.ProfitAndLossQuery) -> Made:
    days = Days.between(query.first, query.last)
    currency = reader.authenticate().currency
    report = read_cash_flow(reader, days, query.compare, query.compare_from, currency)
    return Made(
        f"cash-flow-{days.last}",
        partial(spreadsheets.cash_flow, report, None),
        partial(books_documents.cash_flow, report, None),
        partial(sentences.profit_and_loss_words, report, None),
    )


def _balance_sheet(reader: RequestReader, query: statements_schemas.BalanceSheetQuery) -> Made:
    as_of = query.as_of or clock.today(query.tz or "UTC")
    read, now, before = statements.read_balance_sheet_in_year(
        reader, as_of, query.compare_as_of or day_compared(as_of, query.compare)
    )
    report = statements.balance_sheet(read, now, before, reader.authenticate().currency)
    filters = partial(sentences.balance_sheet_words, report, None)
    name = f"balance-sheet-{as_of}"
    return Made(
        name,
        partial(spreadsheets.balance_sheet, report, None),
        partial(books_documents.balance_sheet, report, None, closing_rates(reader, as_of)),
        filters,
    )


def _general_ledger(reader: RequestReader, query: GeneralLedgerQuery) -> Made:
    account, period = _account(reader, query)
    report = ledgers.read_general_ledger(reader, account, period, limit=LINES_MAX)
    name, filters = spreadsheets.ledger_name(report), partial(sentences.period_words, period)
    return Made(
        name,
        partial(spreadsheets.general_ledger, report),
        partial(books_documents.general_ledger, report),
        filters,
    )


def _general_ledger_stream(
    reader: RequestReader, query: GeneralLedgerQuery
) -> Callable[[Snapshot], Stream]:
    account, period = _account(reader, query)
    return lambda snapshot: streams.general_ledger(snapshot, account, period)


def _account(reader: RequestReader, query: GeneralLedgerQuery) -> tuple[Any, Period]:
    settings, accounts = reader.read(settings_statement(), chart_statement())
    return ledgers.account_of(accounts, query.account), Period.of(query.first, query.last, settings)


def _day_book(reader: RequestReader, query: DayBookQuery) -> Made:
    days = Days.between(query.first, query.last)
    report = read_day_book(reader, days, limit=LINES_MAX)
    name, filters = spreadsheets.daybook_name(report), partial(_of_days, days)
    return Made(
        name,
        partial(spreadsheets.day_book, report),
        partial(books_documents.day_book, report),
        filters,
    )


def _day_book_stream(_reader: RequestReader, query: DayBookQuery) -> Callable[[Snapshot], Stream]:
    days = Days.between(query.first, query.last)
    return lambda snapshot: streams.day_book(snapshot, days)


def _party_statement(reader: RequestReader, query: PartyStatementQuery) -> Made:
    days = Days.between(query.first, query.last)
    party, name = read_ref(reader, query.party, query.party_id)
    report = read_party_statement(reader, query.kind, party, days, name=name, limit=LINES_MAX)
    return Made(
        spreadsheets.statement_name(report),
        partial(spreadsheets.party_statement, report),
        partial(pdf.party_statement, report),
        partial(_of_days, days),
    )


def _party_statement_stream(
    reader: RequestReader, query: PartyStatementQuery
) -> Callable[[Snapshot], Stream]:
    days = Days.between(query.first, query.last)
    party, name = read_ref(reader, query.party, query.party_id)
    return lambda snapshot: streams.party_statement(snapshot, query.kind, party, days, name)


def _trip_margins(reader: RequestReader, query: MarginsQuery) -> Made:
    days = Days.between(query.first, query.last)
    report = read_margins(reader, days, query.tz or "UTC", group_by=query.group_by, limit=LINES_MAX)
    filters = partial(sentences.opened_words, report)
    return Made(
        f"trip-margins-{days.last}",
        partial(spreadsheets.trip_margins, report),
        partial(books_documents.trip_margins, report),
        filters,
    )


def _of_days(days: Days) -> str:
    return sentences.filtered([sentences.period_words(days)])


REPORTS: dict[str, Maker] = {
    "receivables": Maker(books_schemas.AgeingQuery, partial(_ageing, "receivable")),
    "payables": Maker(books_schemas.AgeingQuery, partial(_ageing, "payable")),
    "trial-balance": Maker(books_schemas.TrialBalanceQuery, _trial_balance),
    "profit-and-loss": Maker(statements_schemas.ProfitAndLossQuery, _profit_and_loss),
    "cash-flow": Maker(statements_schemas.ProfitAndLossQuery, _cash_flow),
    "balance-sheet": Maker(statements_schemas.BalanceSheetQuery, _balance_sheet),
    "general-ledger": Maker(GeneralLedgerQuery, _general_ledger, _general_ledger_stream),
    "day-book": Maker(DayBookQuery, _day_book, _day_book_stream),
    "party-statement": Maker(PartyStatementQuery, _party_statement, _party_statement_stream),
    "trip-margins": Maker(MarginsQuery, _trip_margins),
}
"""Every report that is offered as a file, by its name in the URL."""
