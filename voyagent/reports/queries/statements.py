"""Profit and loss of a period, and balance sheet of a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select

from voyagent.billing.core.queries.policies import (
    MethodInPeriod,
    policies_in,
    policies_statement,
)
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.ledger.queries.trial_balance import (
    base_currency_of,
    in_base,
    trial_balance_statement,
)
from voyagent.ledger.rules import PROFIT_AND_LOSS, YEAR_START_MONTH
from voyagent.reports.queries.currencies import AccountAmount, ByCurrency
from voyagent.reports.queries.periods import (
    BalanceDay,
    Comparison,
    Days,
    balance_days,
    settings_statement,
    year_month,
)

GROWS_IN_CREDIT = ("liability", "equity", "revenue")
"""Types of accounts whose amounts are shown as credit less debit."""
COMPUTED = ("retained_earnings", "result_of_year")
"""Names of the two computed results in a balance sheet, in the order of `Position.computed`."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """Amount of an account in a profit and loss or a balance sheet.

    `before` is the amount in the comparison period or on the comparison day. An amount is positive
    if it is on the normal side of the account's type.
    """

    code: str
    name: str
    amount: Money
    before: Money


@dataclass(frozen=True, slots=True)
class Section:
    """Accounts of one type in one currency, ordered by code."""

    type: str
    currency: str
    lines: tuple[StatementLine, ...]

    @property
    def amounts(self) -> list[AccountAmount]:
        """The amount of each account."""
        return [AccountAmount(one.code, one.name, self.type, one.amount) for one in self.lines]

    @property
    def total(self) -> Money:
        """Sum of the accounts."""
        return sum((line.amount for line in self.lines), Money(0, self.currency))

    @property
    def total_before(self) -> Money:
        """Sum of the accounts in the comparison period or on the comparison day."""
        return sum((line.before for line in self.lines), Money(0, self.currency))


@dataclass(frozen=True, slots=True)
class Result:
    """Revenue and expense accounts in one currency."""

    currency: str
    revenue: Section
    expense: Section

    @property
    def result(self) -> Money:
        """Revenue less expenses; a positive amount is a profit."""
        return self.revenue.total - self.expense.total

    @property
    def result_before(self) -> Money:
        """Revenue less expenses in the comparison period."""
        return self.revenue.total_before - self.expense.total_before

    @property
    def sections(self) -> tuple[Section, Section]:
        """The revenue section and the expense section."""
        return self.revenue, self.expense

    @property
    def amounts(self) -> list[AccountAmount]:
        """The amount of each account in the period."""
        return [*self.revenue.amounts, *self.expense.amounts]

    @property
    def is_blank(self) -> bool:
        """True if there are no revenue and no expense accounts."""
        return not (self.revenue.lines or self.expense.lines)


@dataclass(frozen=True, slots=True)
class ProfitAndLoss(ByCurrency[Result]):
    """Profit and loss in each currency and in the base currency.

    `before` is the comparison period, or None. `policies` are the methods of recognition for
    documents of the period.
    """

    days: Days
    before: Days | None
    policies: list[MethodInPeriod]


@dataclass(frozen=True, slots=True)
class Position:
    """Assets, liabilities and equity in one currency.

    `retained` is the result of all earlier financial years, and `of_the_year` the result of the
    current year so far. Both results are computed and are part of equity. `retained_before` and
    `of_the_year_before` are the two results on the comparison day.
    """

    currency: str
    assets: Section
    liabilities: Section
    equity: Section
    retained: Money
    of_the_year: Money
    retained_before: Money
    of_the_year_before: Money

    @property
    def total_equity(self) -> Money:
        """Sum of equity: its accounts, the earlier years' profits and this year's profit."""
        return self.equity.total + self.retained + self.of_the_year

    @property
    def liabilities_and_equity(self) -> Money:
        """Sum of liabilities and equity."""
        return self.liabilities.total + self.total_equity

    @property
    def total_equity_before(self) -> Money:
        """Sum of equity on the comparison day; see `total_equity`."""
        return self.equity.total_before + self.retained_before + self.of_the_year_before

    @property
    def liabilities_and_equity_before(self) -> Money:
        """Sum of liabilities and equity on the comparison day."""
        return self.liabilities.total_before + self.total_equity_before

    @property
    def computed(self) -> tuple[tuple[Money, Money], tuple[Money, Money]]:
        """Results of earlier years and of the current year, as two pairs.

        The first amount of a pair is of the day of the balance sheet, the second of the comparison
        day.
        """
        return (self.retained, self.retained_before), (self.of_the_year, self.of_the_year_before)

    @property
    def difference(self) -> Money:
        """Assets less liabilities and equity; zero if the books are correct."""
        return self.assets.total - self.liabilities_and_equity

    @property
    def in_balance(self) -> bool:
        """True if assets equal liabilities and equity."""
        return not self.difference

    @property
    def sections(self) -> tuple[Section, Section, Section]:
        """The sections of assets, liabilities and equity accounts."""
        return self.assets, self.liabilities, self.equity

    @property
    def amounts(self) -> list[AccountAmount]:
        """The balance of each account, and the two results named by `COMPUTED`."""
        computed = (
            AccountAmount("", name, name, amount)
            for name, (amount, _before) in zip(COMPUTED, self.computed, strict=True)
        )
        return [*(one for section in self.sections for one in section.amounts), *computed]

    @property
    def is_blank(self) -> bool:
        """True if all amounts are zero."""
        return not (
            any(section.lines for section in self.sections)
            or any(amount for pair in self.computed for amount in pair)
        )


@dataclass(frozen=True, slots=True)
class BalanceSheet(ByCurrency[Position]):
    """Balance sheet in each currency and in the base currency.

    `before` is the comparison day, or None.
    """

    now: BalanceDay
    before: BalanceDay | None

    @property
    def in_balance(self) -> bool:
        """True if assets equal liabilities and equity in every currency, and in base."""
        both = (*self.blocks, self.base) if self.base else self.blocks
        return all(block.in_balance for block in both)


def read_profit_and_loss(
    reader: Reader, days: Days, comparison: Comparison, first: date | None = None
) -> tuple[dict[date, list[Row]], list[Row], Days | None]:
    """Return trial balances by day, policies, and the comparison period.

    The results are the input of `profit_and_loss`. For each of the two periods, there is a trial
    balance at the end of the day before the period and one at the end of its last day. If `first`
    is given, the comparison period begins on this day, and `comparison` is ignored. The comparison
    period is None if `comparison` is `none` and `first` is None.
    """
    before = days.from_day(first) if first else days.compared(comparison)
    closing_days = [days.last, days.day_before]
    if before is not None:
        closing_days += [before.last, before.day_before]
    wanted = list(dict.fromkeys(closing_days))
    policies, *balances = reader.read(policies_statement(), *map(trial_balance_statement, wanted))
    return dict(zip(wanted, balances, strict=True)), policies, before


def profit_and_loss(
    read: dict[date, list[Row]],
    policies: list[Row],
    days: Days,
    before: Days | None,
    home_currency: str | None,
) -> ProfitAndLoss:
    """Return the profit and loss from the results of `read_profit_and_loss`.

    `read`, `policies` and `before` are the results. An account that has postings in neither period
    is left out. If `home_currency` is given, this currency comes first and is included even without
    postings.
    """
    base_currency = base_currency_of(row for rows in read.values() for row in rows)
    base = None
    if base_currency is not None:
        read_in_base = {day: in_base(rows) for day, rows in read.items()}
        base = _results(read_in_base, days, before, base_currency)[0]
    blocks = _results(read, days, before, home_currency)
    methods = policies_in(policies, days.first, days.last)
    return ProfitAndLoss(days, before, methods, blocks=tuple(blocks), base=base)


def read_balance_sheet(
    reader: Reader, now: BalanceDay, before: BalanceDay | None = None
) -> list[list[Row]]:
    """Return the trial balances that `balance_sheet` needs, for one or two days.

    For each day, the result has the trial balance of that day and the trial balance at the end of
    the previous financial year.
    """
    return reader.read(*_balance_sheet_statements(now, before))


def read_balance_sheet_in_year(
    reader: Reader, as_of: date, compared: date | None
) -> tuple[list[list[Row]], BalanceDay, BalanceDay | None]:
    """Return the first three arguments of `balance_sheet`: data, day, comparison day.

    The comparison day is None if `compared` is None. The first read assumes that the financial year
    begins in the month YEAR_START_MONTH, and also reads the agency's settings. If its year begins
    in another month, the trial balances are read again.
    """
    days = balance_days(as_of, compared, YEAR_START_MONTH)
    settings, *read = reader.read(settings_statement(), *_balance_sheet_statements(*days))
    if (month := year_month(settings)) != YEAR_START_MONTH:
        days = balance_days(as_of, compared, month)
        read = read_balance_sheet(reader, *days)
    return read, *days


def balance_sheet(
    read: list[list[Row]], now: BalanceDay, before: BalanceDay | None, home_currency: str | None
) -> BalanceSheet:
    """Return the balance sheet from the result of `read_balance_sheet`.

    `read` is this result. Accounts whose balance is zero on both days are left out. If
    `home_currency` is given, this currency comes first and is included even without postings.
    """
    base_currency = base_currency_of(row for rows in read for row in rows)
    base = None
    if base_currency is not None:
        base = _positions([in_base(rows) for rows in read], base_currency)[0]
    blocks = _positions(read, home_currency)
    return BalanceSheet(now, before, blocks=tuple(blocks), base=base)


def _balance_sheet_statements(now: BalanceDay, before: BalanceDay | None) -> list[Select[Any]]:
    return [
        trial_balance_statement(day)
        for balance_day in ((now, before) if before else (now,))
        for day in (balance_day.as_of, balance_day.year_began - timedelta(days=1))
    ]


def _results(
    read: dict[date, list[Row]], days: Days, before: Days | None, home_currency: str | None
) -> list[Result]:
    now, then = _movement(read, days), _movement(read, before) if before else {}
    accounts = _accounts(row for rows in read.values() for row in rows)
    blocks = []
    for currency in _currencies(now.keys() | then.keys(), home_currency):
        revenue, expense = (
            _section(kind, currency, accounts, now, then) for kind in PROFIT_AND_LOSS
        )
        blocks.append(Result(currency, revenue, expense))
    return blocks


def _positions(read: list[list[Row]], home_currency: str | None) -> list[Position]:
    closed, earlier, closed_then, earlier_then = [*map(_balances, read), *({}, {})][:4]
    accounts = _accounts(row for rows in read for row in rows)
    blocks = []
    for currency in _currencies(closed.keys() | closed_then.keys(), home_currency):
        assets, liabilities, equity = (
            _section(kind, currency, accounts, closed, closed_then)
            for kind in ("asset", "liability", "equity")
        )
        retained, ever, retained_then, ever_then = (
            _earned(balances, currency, accounts)
            for balances in (earlier, closed, earlier_then, closed_then)
        )
        blocks.append(
            Position(
                currency,
                assets,
                liabilities,
                equity,
                retained,
                ever - retained,
                retained_then,
                ever_then - retained_then,
            )
        )
    return blocks


Balances = dict[tuple[str, str], tuple[int, int]]
"""Debit and credit in minor units, by currency and account code."""
Accounts = dict[str, tuple[str, str]]
"""Name and type of accounts, by code."""


def _balances(rows: list[Row]) -> Balances:
    return {
        (row["currency"], row["code"]): (int(row["debit_minor"]), int(row["credit_minor"]))
        for row in rows
    }


def _movement(read: dict[date, list[Row]], days: Days) -> Balances:
    """Return debit and credit of each revenue and expense account in a period.

    Accounts whose debit and credit did not change in the period are left out.
    """
    opened = _balances(read[days.day_before])
    moved = {}
    for row in read[days.last]:
        key = (row["currency"], row["code"])
        debit, credit = opened.get(key, (0, 0))
        change = int(row["debit_minor"]) - debit, int(row["credit_minor"]) - credit
        if row["type"] in PROFIT_AND_LOSS and any(change):
            moved[key] = change
    return moved


def _accounts(rows: Iterable[Row]) -> Accounts:
    return {row["code"]: (row["name"], row["type"]) for row in rows}


def _currencies(keys: Iterable[tuple[str, str]], home_currency: str | None) -> list[str]:
    """Return the sorted currencies of `keys`, with `home_currency` first.

    `home_currency` is included even if no key has it. If `home_currency` is None, it is ignored.
    """
    others = sorted({currency for currency, _ in keys} - {home_currency})
    return [home_currency, *others] if home_currency else others


def _section(
    kind: str, currency: str, accounts: Accounts, now: Balances, then: Balances
) -> Section:
    codes = sorted(
        code
        for code, (_, of) in accounts.items()
        if of == kind and ((currency, code) in now or (currency, code) in then)
    )
    lines = (
        StatementLine(
            code,
            accounts[code][0],
            *(_shown(kind, balances.get((currency, code)), currency) for balances in (now, then)),
        )
        for code in codes
    )
    return Section(
        kind,
        currency,
        tuple(line for line in lines if kind in PROFIT_AND_LOSS or line.amount or line.before),
    )


def _shown(kind: str, sides: tuple[int, int] | None, currency: str) -> Money:
    debit, credit = sides or (0, 0)
    return Money(credit - debit if kind in GROWS_IN_CREDIT else debit - credit, currency)


def _earned(balances: Balances, currency: str, accounts: Accounts) -> Money:
    """Return revenue less expenses in one currency, over all postings in `balances`."""
    balances_of_type = (
        (code, sides)
        for (of, code), sides in balances.items()
        if of == currency and accounts[code][1] in PROFIT_AND_LOSS
    )
    return sum(
        (Money(credit - debit, currency) for _, (debit, credit) in balances_of_type),
        Money(0, currency),
    )
