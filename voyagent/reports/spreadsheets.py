"""Reports as tables for a spreadsheet: which columns they have, and CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money
from voyagent.reports.queries.day_book import DayBook
from voyagent.reports.queries.general_ledger import GeneralLedger, LedgerLine
from voyagent.reports.queries.margins import Margins
from voyagent.reports.queries.party_statement import PartyStatement
from voyagent.reports.queries.receivables import Open, Party
from voyagent.reports.queries.statements import BalanceSheet, ProfitAndLoss
from voyagent.reports.queries.trial_balance import PeriodBalance

LINES_MAX = 20_000
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COMPARED = ("amount", "before", "difference")
Cell = Money | UUID | date | str | int | None


class TooManyLines(Unprocessable):
    """More lines than one file may have."""

    code = "too_many_lines"
    message = N_("That is more than 20,000 entries or lines. Choose fewer days, and download again.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the name of its file, its columns, its rows."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]

    def csv(self, *, bom: bool) -> str:
        """The table as RFC 4180 has it; `bom` puts a mark in front by which spreadsheets know UTF-8."""
        out = io.StringIO()
        out.write(BOM if bom else "")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self.columns)
        writer.writerows([written(cell) for cell in row] for row in self.rows)
        return out.getvalue()


def written(cell: Cell) -> str:
    """A cell: amounts as plain numbers, negative ones too; a text that a spreadsheet would take for a formula gets a quote in front."""
    if isinstance(cell, Money):
        return cell.wire
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text


def ageing(report: Open, as_of: date) -> Sheet:
    """Receivables or payables: a row for each party and currency; of payables also what is to be paid on a day, and the nearest such day."""
    rows: list[list[Cell]] = [
        [block.currency, party.name, *party.ages, party.open, party.advance, party.outstanding, *(_planned(party) if report.kind == "payable" else ())]
        for block in report.blocks
        for party in block.parties
    ]
    columns = ["currency", "party", "not_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "days_over_90", "open", "advances", "outstanding"]
    columns += ["scheduled", "next_pay_on"] if report.kind == "payable" else []
    return Sheet(f"{report.kind}s-{as_of}", columns, rows)


def _planned(party: Party) -> tuple[Cell, Cell]:
    return party.scheduled, party.next_pay_on


def trial_balance(report: PeriodBalance, currency: str | None) -> Sheet:
    """The trial balance: a row for each account and currency; what earlier years came to has no code. Nothing is carried where no financial year begins."""
    rows: list[list[Cell]] = [
        [block.currency, line.type, line.code, line.name, *(side for pair in line.four_pairs for side in pair)]
        for block in report.blocks
        if currency in (None, block.currency)
        for line in block.accounts
    ]
    columns = ["currency", "type", "code", "name", "opening_debit", "opening_credit", "debit", "credit"]
    columns += ["carried_debit", "carried_credit", "closing_debit", "closing_credit"]
    return Sheet(f"trial-balance-{report.period.last}", columns, rows)


def profit_and_loss(report: ProfitAndLoss, currency: str | None) -> Sheet:
    """Profit and loss: a row for each account and currency, and one for the result of each currency."""
    compared = _beside if report.before else _alone
    rows: list[list[Cell]] = []
    for block in report.blocks:
        if currency in (None, block.currency) and not block.is_blank:
            lines = [(section.type, line) for section in block.sections for line in section.lines]
            rows += [[block.currency, kind, line.code, line.name, *compared(line.amount, line.before)] for kind, line in lines]
            rows.append([block.currency, "result", None, None, *compared(block.result, block.result_before)])
    return Sheet(f"profit-and-loss-{report.days.last}", ["currency", "type", "code", "name", *_COMPARED], rows)


def balance_sheet(report: BalanceSheet, currency: str | None) -> Sheet:
    """The balance sheet: a row for each account and currency; the two computed amounts have a type of their own and no code."""
    compared = _beside if report.before else _alone
    rows: list[list[Cell]] = []
    for block in report.blocks:
        if currency in (None, block.currency) and not block.is_blank:
            lines = [(section.type, line) for section in block.sections for line in section.lines]
            rows += [[block.currency, kind, line.code, line.name, *compared(line.amount, line.before)] for kind, line in lines]
            computed = zip(("retained_earnings", "result_of_year"), block.computed, strict=True)
            rows += [[block.currency, kind, None, None, *compared(*pair)] for kind, pair in computed]
    return Sheet(f"balance-sheet-{report.now.as_of}", ["currency", "type", "code", "name", *_COMPARED], rows)


def _beside(amount: Money, before: Money) -> tuple[Cell, Cell, Cell]:
    return amount, before, amount - before


def _alone(amount: Money, before: Money) -> tuple[Cell, Cell, Cell]:  # noqa: ARG001 - nothing is held against it
    return amount, None, None


def general_ledger(report: GeneralLedger) -> Sheet:
    """An account line by line; the opening of each currency, and what is carried when a financial year ends, are rows without an entry. Raises TooManyLines."""
    whole(report)
    first = report.period.first
    rows: list[list[Cell]] = [[first, None, None, "Opening", None, None, one.opening.currency, None, None, one.opening] for one in report.currencies]
    for row in report.rows:
        about: list[Cell] = [row.day, None, None, "Carried to the result of earlier years", None, None]
        if isinstance(row, LedgerLine):
            about = [row.day, row.entry_id, row.line_no, row.narration, row.party_name, row.memo]
        rows.append([*about, row.debit.currency, row.debit, row.credit, row.balance])
    columns = ["entry_date", "entry_id", "line_no", "narration", "party", "memo", "currency", "debit", "credit", "balance"]
    return Sheet(f"general-ledger-{report.account['code']}-{report.period.last}", columns, rows)


def day_book(report: DayBook) -> Sheet:
    """Every entry, a row for each of its lines. Raises TooManyLines."""
    whole(report)
    rows: list[list[Cell]] = [
        [entry.day, entry.id, entry.narration, line.line_no, line.code, line.name, line.party_name, line.memo, line.debit.currency, line.debit, line.credit]
        for entry in report.entries
        for line in entry.lines
    ]
    columns = ["entry_date", "entry_id", "narration", "line_no", "code", "name", "party", "memo", "currency", "debit", "credit"]
    return Sheet(f"day-book-{report.days.last}", columns, rows)


def party_statement(report: PartyStatement) -> Sheet:
    """What moved a party, entry by entry; the opening of each currency is a row without an entry. Raises TooManyLines."""
    whole(report)
    rows: list[list[Cell]] = [[report.days.first, None, "Opening", one.currency, None, one.opening] for one in report.currencies]
    rows += [[one.day, one.entry_id, one.narration, one.balance.currency, one.more - one.less, one.balance] for one in report.moved]
    return Sheet(f"statement-{report.days.last}", ["entry_date", "entry_id", "narration", "currency", "amount", "balance"], rows)


def trip_margins(report: Margins) -> Sheet:
    """What is left of trips: a row for each trip and currency. Raises TooManyLines."""
    whole(report)
    rows: list[list[Cell]] = [[one.id, one.title, total.currency, total.price, total.cost, total.margin] for one in report.trips for total in one.totals]
    return Sheet(f"trip-margins-{report.days.last}", ["trip_id", "trip", "currency", "price", "cost", "margin"], rows)


def whole(report: Any) -> None:
    """Let a report pass that has all its lines. Raises TooManyLines."""
    if report.next_cursor is not None:
        raise TooManyLines
