"""The general ledger: one account over a period, line by line with the balance behind each; the cost of a page is that of its lines, whatever stands before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from voyagent.kernel.money import Money
from voyagent.kernel.pages import InvalidCursor
from voyagent.kernel.reading import Reader, Row
from voyagent.ledger import lines as by_line, queries as ledger
from voyagent.ledger.lines import Place
from voyagent.ledger.queries import AccountNotFound
from voyagent.reports.queries.periods import Period

PAGE_LINES = 100


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line of the account; `balance` is debit less credit behind it, in its own currency."""

    entry_id: UUID
    line_no: int
    day: date
    narration: str
    party_name: str | None
    memo: str | None
    source_type: str
    source_id: UUID
    debit: Money
    credit: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class CurrencyMovement:
    """The account in one currency: debit less credit before the period, all that moved on either side in it, and what it comes to."""

    opening: Money
    debit: Money
    credit: Money

    @property
    def closing(self) -> Money:
        """What it stands at on the last evening."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class GeneralLedger:
    """An account (id, code, name, type) over a period: its currencies by code, and a page of its lines, the oldest first."""

    account: Row
    period: Period
    currencies: tuple[CurrencyMovement, ...]
    lines: tuple[LedgerLine, ...]
    is_first_page: bool
    next_cursor: str | None

    @property
    def is_last_page(self) -> bool:
        """Whether no line stands behind this page."""
        return self.next_cursor is None


def account_of(accounts: Iterable[Row], said: str) -> Row:
    """The account with a code. Raises AccountNotFound."""
    found = next((account for account in accounts if account["code"] == said or str(account["id"]) == said), None)
    if found is None:
        raise AccountNotFound
    return found


def read_general_ledger(reader: Reader, account: Row, period: Period, *, after: Place | None = None, limit: int = PAGE_LINES) -> GeneralLedger:
    """A page of the account behind a place, in one trip: balances before and after from roll-ups, and the lines by index. Raises InvalidCursor."""
    if after is not None and not period.first <= after.day <= period.last:
        raise InvalidCursor
    statements = [
        ledger.balances_statement(period.evening_before, [account["id"]]),
        ledger.balances_statement(period.last, [account["id"]]),
        by_line.account_lines_statement(account["id"], period.first, period.last, after=after, limit=limit + 1),
    ]
    if after is not None:
        statements.append(by_line.balances_at_statement(account["id"], after))
    opened, closed, lines, *behind = reader.read(*statements)
    shown = lines[:limit]
    marked = Place(shown[-1]["effective_date"], shown[-1]["entry_id"], shown[-1]["line_no"]) if len(lines) > limit else None
    return GeneralLedger(
        account=account,
        period=period,
        currencies=tuple(_movements(opened, closed)),
        lines=tuple(_running(shown, behind[0] if behind else opened)),
        is_first_page=after is None,
        next_cursor=marked.encode() if marked else None,
    )


def _movements(opened: list[Row], closed: list[Row]) -> Iterable[CurrencyMovement]:
    before = {row["currency"]: row for row in opened}
    for row in closed:
        currency = row["currency"]
        debit, credit = (before[currency][side] if currency in before else 0 for side in ("debit_minor", "credit_minor"))
        yield CurrencyMovement(Money(debit - credit, currency), Money(row["debit_minor"] - debit, currency), Money(row["credit_minor"] - credit, currency))


def _running(rows: list[Row], before: list[Row]) -> Iterable[LedgerLine]:
    standing = {row["currency"]: row["debit_minor"] - row["credit_minor"] for row in before}
    for row in rows:
        currency = row["currency"]
        standing[currency] = standing.get(currency, 0) + row["debit_minor"] - row["credit_minor"]
        yield LedgerLine(
            **{name: row[name] for name in ("entry_id", "line_no", "narration", "party_name", "memo", "source_type", "source_id")},
            day=row["effective_date"],
            debit=Money(row["debit_minor"], currency),
            credit=Money(row["credit_minor"], currency),
            balance=Money(standing[currency], currency),
        )
