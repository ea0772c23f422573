"""Reports as sheets of columns and rows, for CSV and XLSX."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from voyagent.billing.core.queries.open_list import AGES
from voyagent.kernel.money import Money
from voyagent.kernel.sheets import (
    AGE,
    BOOKS,
    CARRIED,
    LINE,
    OPENING,
    ROW,
    TOTAL,
    Cell,
    Sheet,
    TooManyLines,
)
from voyagent.reports.queries.cash_flow import CashFlow
from voyagent.reports.queries.currencies import ByCurrency
from voyagent.reports.queries.day_book import DayBook, EntryLine
from voyagent.reports.queries.general_ledger import (
    CarriedLine,
    CurrencyMovement,
    GeneralLedger,
    LedgerLine,
)
from voyagent.reports.queries.margin_lines import MarginLines
from voyagent.reports.queries.margins import Margin, Margins
from voyagent.reports.queries.party_statement import PartyStatement
from voyagent.reports.queries.receivables import AGE_NAMES, Open, OpenInBase
from voyagent.reports.queries.statements import COMPUTED, BalanceSheet, ProfitAndLoss, Section
from voyagent.reports.queries.trial_balance import PeriodBalance
from voyagent.trips.rules.journey import Total

_COMPARED = ("amount", "before", "difference")
_IN_BASE = ("base_currency", "base_revenue", "base_direct_cost", "base_actual_margin")

_LEDGER_COLUMNS = (
    ROW,
    "entry_date",
    "entry_id",
    "line_no",
    "narration",
    "party",
    "memo",
    "currency",
    "debit",
    "credit",
    "balance",
)
_LEDGER_BASE = ("base_currency", "base_debit", "base_credit", "base_balance")
STATEMENT_COLUMNS = [ROW, "entry_date", "entry_id", "narration", "currency", "amount", "balance"]
_DAYBOOK_COLUMNS = (
    ROW,
    "entry_date",
    "entry_id",
    "narration",
    "line_no",
    "code",
    "name",
    "party",
    "memo",
    "currency",
    "debit",
    "credit",
)
_DAYBOOK_BASE = ("base_currency", "base_debit", "base_credit")


def ageing(report: Open, as_of: date) -> Sheet:
    """Return receivables or payables by age as a sheet with totals.

    There is one row for each party and currency. A sheet of payables also has the amount that is
    scheduled for payment and the nearest payment day. If the base amounts are established and there
    are other currencies, further rows at the end compare all documents in the base currency with
    the balance of their account.
    """
    rows: list[list[Cell]] = []
    for block in report.blocks:
        rows += [
            [
                LINE,
                block.currency,
                party.name,
                *party.ages,
                party.open,
                party.advance,
                party.outstanding,
                party.scheduled,
                party.next_pay_on,
            ]
            for party in block.parties
        ]
        scheduled = sum((party.scheduled for party in block.parties), Money(0, block.currency))
        rows.append(
            [
                TOTAL,
                block.currency,
                None,
                *block.totals,
                block.open,
                block.advance,
                block.outstanding,
                scheduled,
                None,
            ]
        )
    rows += _in_base(report.base) if report.base else []
    youngest, *older = AGE_NAMES
    columns = [
        ROW,
        "currency",
        "party",
        youngest if report.basis == "due_date" else "days_0",
        *older,
        "open",
        "advances",
        "outstanding",
    ]
    columns += ["scheduled", "next_pay_on"]
    shown = len(columns) if report.kind == "payable" else len(columns) - 2
    return Sheet(f"{report.kind}s-{as_of}", columns[:shown], [row[:shown] for row in rows])


def _in_base(base: OpenInBase) -> list[list[Cell]]:
    """Return the rows of an ageing that are in the base currency."""
    blank: list[Cell] = [None] * 4
    none: list[Cell] = [None] * AGES
    rows: list[list[Cell]] = []
    for line in base.lines:
        name = f"Carried, {line.currency}"
        rows.append([BOOKS, base.currency, name, *line.ages, line.total, *blank])
    for line in base.lines:
        if line.revaluation:
            name = f"Revaluation, {line.currency}"
            rows.append([BOOKS, base.currency, name, *none, line.revaluation, *blank])
    rows.append([BOOKS, base.currency, "Total", *base.ages, base.total, *blank])
    account = f"Account {base.control_code}"
    return [*rows, [BOOKS, base.currency, account, *none, base.control, *blank]]


def trial_balance(report: PeriodBalance, currency: str | None) -> Sheet:
    """Return the trial balance as a sheet with totals.

    If `currency` is None and the base amounts are established, there is one row for each account in
    the base currency, with a column for the closing balance in each other currency, debit less
    credit. Otherwise there is one row for each account and currency. The computed row with
    the result of earlier years has no account code. `carried_debit` and `carried_credit` are the
    debit and the credit that transfer the balances at the end of a financial year. Both are zero if
    the period is within one financial year.
    """
    rows: list[list[Cell]] = []
    for block in report.shown(currency):
        rows += [
            [
                LINE,
                block.currency,
                line.type,
                line.code,
                line.name,
                *(side for pair in line.four_pairs for side in pair),
            ]
            for line in block.accounts
        ]
        rows.append(
            [
                TOTAL,
                block.currency,
                None,
                None,
                None,
                *(side for pair in block.four_totals for side in pair),
            ]
        )
    columns = [
        ROW,
        "currency",
        "type",
        "code",
        "name",
        "opening_debit",
        "opening_credit",
        "debit",
        "credit",
    ]
    columns += ["carried_debit", "carried_credit", "closing_debit", "closing_credit"]
    return _by_account(f"trial-balance-{report.period.last}", report, currency, columns, rows)


def profit_and_loss(report: ProfitAndLoss, currency: str | None) -> Sheet:
    """Return the profit and loss as a sheet.

    There is one row for each account and currency, a total for each type of account, and a row with
    the result of each currency. If `currency` is given, only this currency is included. If it is
    None and the base amounts are established, all these rows are in the base currency, with a
    column for the amount in each other currency.
    """
    compared = _beside if report.before else _alone
    rows: list[list[Cell]] = []
    for block in report.shown(currency):
        for section in block.sections:
            rows += _section(section, compared)
            rows.append(
                [
                    TOTAL,
                    block.currency,
                    section.type,
                    None,
                    None,
                    *compared(section.total, section.total_before),
                ]
            )
        rows.append(
            [
                TOTAL,
                block.currency,
                "result",
                None,
                None,
                *compared(block.result, block.result_before),
            ]
        )
    columns = [ROW, "currency", "type", "code", "name", *_COMPARED]
    return _by_account(f"profit-and-loss-{report.days.last}", report, currency, columns, rows)


def cash_flow(report: CashFlow, currency: str | None) -> Sheet:
    """Return the cash flow statement as a sheet.

    For each currency, there is a row with the opening money, one for each account, a total for each
    kind of activity, and rows with the net flow, the effect of exchange rates and the closing
    money. If `currency` is given, only this currency is included. If it is None and the base
    amounts are established, all these rows are in the base currency, with a column for the amount
    in each other currency.
    """
    compared = _beside if report.before else _alone
    rows: list[list[Cell]] = []
    for block in report.shown(currency):
        of_currency: list[Cell] = [TOTAL, block.currency]
        rows.append([*of_currency, "opening", None, None, *compared(*block.opening)])
        for section in block.sections:
            rows += _section(section, compared)
            total = compared(section.total, section.total_before)
            rows.append([*of_currency, section.type, None, None, *total])
        rows.append([*of_currency, "net", None, None, *compared(*block.net)])
        rows.append([*of_currency, "exchange_effect", None, None, *compared(*block.effect)])
        rows.append([*of_currency, "closing", None, None, *compared(*block.closing)])
    columns = [ROW, "currency", "type", "code", "name", *_COMPARED]
    return _by_account(f"cash-flow-{report.days.last}", report, currency, columns, rows)


def balance_sheet(report: BalanceSheet, currency: str | None) -> Sheet:
    """Return the balance sheet as a sheet.

    There is one row for each account and currency, and a total for each type of account. The two
    computed results, `retained_earnings` and `result_of_year`, are rows without an account code. If
    `currency` is given, only this currency is included. If it is None and the base amounts are
    established, all these rows are in the base currency, with a column for the amount in each other
    currency.
    """
    compared = _beside if report.before else _alone
    rows: list[list[Cell]] = []
    for block in report.shown(currency):
        for section in (block.assets, block.liabilities):
            rows += _section(section, compared)
            rows.append(
                [
                    TOTAL,
                    block.currency,
                    section.type,
                    None,
                    None,
                    *compared(section.total, section.total_before),
                ]
            )
        rows += _section(block.equity, compared)
        rows += [
            [LINE, block.currency, kind, None, None, *compared(*pair)]
            for kind, pair in zip(COMPUTED, block.computed, strict=True)
        ]
        rows.append(
            [
                TOTAL,
                block.currency,
                "equity",
                None,
                None,
                *compared(block.total_equity, block.total_equity_before),
            ]
        )
        against = compared(block.liabilities_and_equity, block.liabilities_and_equity_before)
        rows.append([TOTAL, block.currency, "liabilities_and_equity", None, None, *against])
    columns = [ROW, "currency", "type", "code", "name", *_COMPARED]
    return _by_account(f"balance-sheet-{report.now.as_of}", report, currency, columns, rows)


def _by_account(
    name: str,
    report: ByCurrency[Any],
    currency: str | None,
    columns: list[str],
    rows: list[list[Cell]],
) -> Sheet:
    """Return a sheet, with a column for each other currency beside the base currency.

    The third and fourth cell of a row are type and code of the account. An account that has no
    amount in the base currency is a line of its own at the end.
    """
    if currency is not None or not report.foreign:
        return Sheet(name, columns, rows)
    found = {(one.type, one.code): one for one in report.foreign_amounts}
    nothing: list[Cell] = [None] * len(report.foreign)
    wide: list[list[Cell]] = []
    for row in rows:
        one = found.pop((str(row[2]), str(row[3] or "")), None) if row[0] == LINE else None
        wide.append([*row, *(one.amounts if one else nothing)])
    blank: list[Cell] = [None] * (len(columns) - 5)
    wide += [
        [LINE, rows[0][1], one.type, one.code, one.name, *blank, *one.amounts]
        for one in found.values()
    ]
    return Sheet(name, [*columns, *(block.currency for block in report.foreign)], wide)


def _section(
    section: Section, compared: Callable[[Money, Money], tuple[Cell, Cell, Cell]]
) -> list[list[Cell]]:
    return [
        [
            LINE,
            section.currency,
            section.type,
            line.code,
            line.name,
            *compared(line.amount, line.before),
        ]
        for line in section.lines
    ]


def _beside(amount: Money, before: Money) -> tuple[Cell, Cell, Cell]:
    return amount, before, amount - before


def _alone(amount: Money, before: Money) -> tuple[Cell, Cell, Cell]:  # noqa: ARG001 - nothing is held against it
    return amount, None, None


def ledger_name(report: GeneralLedger) -> str:
    """Return the file name of a general ledger, without an extension."""
    return f"general-ledger-{report.account['code']}-{report.period.last}"


def ledger_columns(report: GeneralLedger) -> tuple[str, ...]:
    """Return the columns of a general ledger.

    If the base amounts are established and there are other currencies, each line also has its
    amounts in the base currency.
    """
    return (*_LEDGER_COLUMNS, *(_LEDGER_BASE if report.added else ()))


def ledger_opening(report: GeneralLedger) -> list[list[Cell]]:
    """Return the opening balance: a row for each currency, and one in base."""
    about: list[Cell] = [OPENING, report.period.first, None, None, "Opening", None, None]
    if report.added is None:
        return [
            [*about, one.opening.currency, None, None, one.opening] for one in report.currencies
        ]
    blank: list[Cell] = [None] * 4
    base: list[Cell] = [report.added.opening.currency, None, None, report.added.opening]
    rows = (
        [*about, one.opening.currency, None, None, one.opening, *blank] for one in report.currencies
    )
    return [*rows, [*about, *blank, *base]]


def carried_row(report: GeneralLedger, row: CarriedLine) -> list[Cell]:
    """Return the row that transfers the balance at the end of a financial year."""
    about: list[Cell] = [
        CARRIED,
        row.day,
        None,
        None,
        "Carried to the result of earlier years",
        None,
        None,
    ]
    return [*about, *_ledger_amounts(report, row)]


def ledger_closing(report: GeneralLedger) -> list[list[Cell]]:
    """Return totals and closing balance: a row for each currency, and one in base."""
    about: list[Cell] = [TOTAL, report.period.last, None, None, "Closing", None, None]

    def closing(one: CurrencyMovement) -> list[Cell]:
        return [one.opening.currency, *one.in_all, one.closing]

    if report.added is None:
        return [[*about, *closing(one)] for one in report.currencies]
    blank: list[Cell] = [None] * 4
    rows = ([*about, *closing(one), *blank] for one in report.currencies)
    return [*rows, [*about, *blank, *closing(report.added)]]


def general_ledger(report: GeneralLedger) -> Sheet:
    """Return the general ledger as a sheet.

    Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    rows = ledger_opening(report)
    for row in report.rows:
        if isinstance(row, LedgerLine):
            about: list[Cell] = [
                LINE,
                row.day,
                row.entry_id,
                row.line_no,
                row.narration,
                row.party_name,
                row.memo,
            ]
            rows.append([*about, *_ledger_amounts(report, row)])
        else:
            rows.append(carried_row(report, row))
    return Sheet(ledger_name(report), ledger_columns(report), rows + ledger_closing(report))


def _ledger_amounts(report: GeneralLedger, row: LedgerLine | CarriedLine) -> list[Cell]:
    amounts: list[Cell] = [row.debit.currency, row.debit, row.credit, row.balance]
    if report.added is None or row.base is None:
        return amounts
    return [*amounts, row.base.debit.currency, *row.base]


def daybook_name(report: DayBook) -> str:
    """Return the file name of the day book, without an extension."""
    return f"day-book-{report.days.last}"


def daybook_columns(report: DayBook) -> tuple[str, ...]:
    """Return the columns of a day book.

    If the base amounts are established and there are other currencies, each line also has its
    amounts in the base currency.
    """
    return (*_DAYBOOK_COLUMNS, *(_DAYBOOK_BASE if report.base else ()))


def daybook_totals(report: DayBook) -> list[list[Cell]]:
    """Return the totals of all entries: a row for each currency, and one in base."""
    about: list[Cell] = [TOTAL, report.days.last, None, "All entries", *(None,) * 5]
    blank: list[Cell] = [None] * 3
    rows: list[list[Cell]] = [
        [*about, debit.currency, debit, credit, *(blank if report.base else [])]
        for debit, credit in report.totals
    ]
    if report.base is None:
        return rows
    return [*rows, [*about, *blank, report.base[0].currency, *report.base]]


def day_book(report: DayBook) -> Sheet:
    """Return the day book as a sheet with totals by currency.

    Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    rows: list[list[Cell]] = []
    for entry in report.entries:
        about: list[Cell] = [LINE, entry.day, entry.id, entry.narration]
        rows += [
            [
                *about,
                line.line_no,
                line.code,
                line.name,
                line.party_name,
                line.memo,
                line.debit.currency,
                line.debit,
                line.credit,
                *(_base_cells(line) if report.base else []),
            ]
            for line in entry.lines
        ]
    return Sheet(daybook_name(report), daybook_columns(report), rows + daybook_totals(report))


def _base_cells(line: EntryLine) -> list[Cell]:
    sides = line.base_sides
    return [] if sides is None else [sides[0].currency, *sides]


def statement_name(report: PartyStatement) -> str:
    """Return the file name of a party's statement, without an extension."""
    return f"statement-{report.days.last}"


def statement_opening(report: PartyStatement) -> list[list[Cell]]:
    """Return the rows with the opening balance, one for each currency."""
    return [
        [OPENING, report.days.first, None, "Opening", one.currency, None, one.opening]
        for one in report.currencies
    ]


def statement_closing(report: PartyStatement) -> list[list[Cell]]:
    """Return the closing balance and the open documents by age, of each currency."""
    rows: list[list[Cell]] = []
    for one in report.currencies:
        moved = one.closing - one.opening
        rows.append([TOTAL, report.days.last, None, "Closing", one.currency, moved, one.closing])
    for one in report.currencies:
        rows += [
            [AGE, report.days.last, None, name, one.currency, amount, None]
            for name, amount in zip(AGE_NAMES, one.ages, strict=True)
            if amount
        ]
    return rows


def party_statement(report: PartyStatement) -> Sheet:
    """Return the party statement as a sheet.

    Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    rows: list[list[Cell]] = [
        [
            LINE,
            one.day,
            one.entry_id,
            one.narration,
            one.balance.currency,
            one.more - one.less,
            one.balance,
        ]
        for one in report.moved
    ]
    return Sheet(
        statement_name(report),
        STATEMENT_COLUMNS,
        statement_opening(report) + rows + statement_closing(report),
    )


def trip_margins(report: Margins) -> Sheet:
    """Return the margins as a sheet with totals.

    If the base amounts are established and there are other currencies, each row has its posted
    amounts in the base currency too, in which the rows can be added.

    Raises TooManyLines if `report` does not contain all its trips or groups.
    """
    whole(report)
    keys: list[tuple[list[Cell], tuple[Margin, ...]]] = [
        ([one.id, one.title], one.totals) for one in report.trips
    ]
    keys += [([one.key], one.totals) for one in report.groups]
    customers = [one.customer for one in report.trips] or [None] * len(report.groups)
    names = {"trip": ["trip_id", "trip"], "customer": ["customer"], "month": ["month"]}[
        report.group_by
    ]
    blank: list[Cell] = [None] * (len(names) - 1)
    of_trip, adds_others = report.group_by == "trip", report.adds_others

    def row(kind: str, key: list[Cell], margin: Margin, customer: str | None = None) -> list[Cell]:
        planned = margin.planned
        return [
            kind,
            *key,
            margin.currency,
            planned.price,
            planned.cost,
            planned.margin,
            *([customer] if of_trip else []),
            *_amounts(margin.actual),
            *_amounts(margin.booked),
            *_amounts(margin.forecast),
            *_amounts(margin.proposed),
            *(
                [margin.base.currency, *_amounts(margin.base)]
                if adds_others and margin.base
                else []
            ),
        ]

    rows = [
        row(LINE, key, margin, customer)
        for (key, totals), customer in zip(keys, customers, strict=True)
        for margin in totals
    ]
    rows += [row(TOTAL, [*blank, "All trips"], margin) for margin in report.totals]
    for tie in report.books:
        books = (("Posted without a trip", tie.without_trip), ("Trial balance", tie.trial_balance))
        rows += [
            [
                BOOKS,
                *blank,
                name,
                tie.currency,
                None,
                None,
                None,
                *([None] if of_trip else []),
                *_amounts(total),
                *[None] * (13 if adds_others else 9),
            ]
            for name, total in books
        ]
    columns = [
        ROW,
        *names,
        "currency",
        "price",
        "cost",
        "margin",
        *(["customer"] if of_trip else []),
        "revenue",
        "direct_cost",
        "actual_margin",
        *("booked_price", "booked_cost", "booked_margin"),
        *("forecast_price", "forecast_cost", "forecast_margin"),
        *("proposed_price", "proposed_cost", "proposed_margin"),
        *(_IN_BASE if adds_others else ()),
    ]
    return Sheet(f"trip-margins-{report.days.last}", columns, rows)


def margin_lines(report: MarginLines) -> Sheet:
    """Return the journal lines of a revenue, cost or margin as a sheet with their sum.

    Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    columns = [
        ROW,
        "entry_date",
        "entry_id",
        "line_no",
        "code",
        "name",
        "narration",
        "party",
        "memo",
        "currency",
        "amount",
    ]
    rows: list[list[Cell]] = []
    for line in report.lines:
        about: list[Cell] = [
            LINE,
            line.day,
            line.entry_id,
            line.line_no,
            line.code,
            line.name,
            line.narration,
            line.party_name,
            line.memo,
        ]
        rows.append([*about, line.amount.currency, line.amount])
    closing: list[Cell] = [
        TOTAL,
        report.days.last,
        *(None,) * 3,
        "All lines",
        *(None,) * 3,
        report.total.currency,
        report.total,
    ]
    return Sheet(f"trip-margins-lines-{report.days.last}", columns, [*rows, closing])


def _amounts(total: Total) -> list[Cell]:
    return [total.price, total.cost, total.margin]


def whole(report: Any) -> None:
    """Raise TooManyLines unless a report contains all its lines.

    A report that has a `next_cursor` does not contain all its lines.
    """
    if report.next_cursor is not None:
        raise TooManyLines
