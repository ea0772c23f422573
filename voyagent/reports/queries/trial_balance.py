"""Trial balance: of one day, or with opening, movement and closing of a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.ledger.queries.balances import SUMS
from voyagent.ledger.queries.trial_balance import (
    base_currency_of,
    in_base,
    trial_balance_statement,
)
from voyagent.ledger.queries.yearly import yearly_balances_statement, years_in_base
from voyagent.ledger.rules import PROFIT_AND_LOSS
from voyagent.reports.queries.currencies import AccountAmount, ByCurrency
from voyagent.reports.queries.periods import Period

TYPES = ("asset", "liability", "equity", "revenue", "expense")
Sides = tuple[Money, Money]
"""A debit and a credit."""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """Total debits and credits of an account in one currency.

    `base` has both in the base currency, or is None if the base amounts are not established.
    """

    code: str
    name: str
    type: str
    debit: Money
    credit: Money
    base: Sides | None = None

    @property
    def balance(self) -> Money:
        """Debit less credit, for accounts of every type."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class CurrencyBalance:
    """Accounts of one currency, ordered by code."""

    currency: str
    accounts: tuple[AccountLine, ...]

    @property
    def total_debit(self) -> Money:
        """Sum of all debits."""
        return Money(sum(line.debit.amount_minor for line in self.accounts), self.currency)

    @property
    def total_credit(self) -> Money:
        """Sum of all credits."""
        return Money(sum(line.credit.amount_minor for line in self.accounts), self.currency)

    @property
    def difference(self) -> Money:
        """Debits less credits; zero if the books are correct."""
        return self.total_debit - self.total_credit

    @property
    def in_balance(self) -> bool:
        """True if debits equal credits."""
        return not self.difference


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Trial balance at the end of a day.

    `home` has the accounts in the agency's currency, and `others` those in each other currency.
    `base` has all postings in the base currency. It is None if the base amounts are not
    established, or nothing is posted.
    """

    as_of: date
    home: CurrencyBalance
    others: tuple[CurrencyBalance, ...]
    base: CurrencyBalance | None = None

    @property
    def blocks(self) -> tuple[CurrencyBalance, ...]:
        """Trial balance of every currency, the agency's own first."""
        return (self.home, *self.others)

    @property
    def in_balance(self) -> bool:
        """True if debits equal credits in every currency."""
        return all(block.in_balance for block in self.blocks)


def trial_balance(
    rows: list[Row], as_of: date, home_currency: str, *, include_zero: bool
) -> TrialBalance:
    """Return the trial balance from the rows of `trial_balance_rows`.

    With `include_zero`, accounts without postings are listed in each currency.
    """
    others = sorted({row["currency"] for row in rows} - {None, home_currency})
    blocks = [
        _in_currency(rows, currency, include_zero=include_zero)
        for currency in (home_currency, *others)
    ]
    base, base_currency = None, base_currency_of(rows)
    if base_currency is not None:
        base = _in_currency(in_base(rows), base_currency, include_zero=include_zero)
    return TrialBalance(as_of, blocks[0], tuple(blocks[1:]), base)


def _in_currency(rows: list[Row], currency: str, *, include_zero: bool) -> CurrencyBalance:
    lines = [
        _line(posted or same[0], currency)
        for same in (list(group) for _, group in groupby(rows, key=lambda row: row["code"]))
        if (posted := next((row for row in same if row["currency"] == currency), None))
        or include_zero
    ]
    return CurrencyBalance(currency, tuple(lines))


def _line(row: Row, currency: str) -> AccountLine:
    sums = {name: int(row[name]) if row["currency"] == currency else 0 for name in SUMS}

    def sides(prefix: str, unit: str) -> Sides:
        return Money(sums[f"{prefix}debit_minor"], unit), Money(sums[f"{prefix}credit_minor"], unit)

    base_currency = row["base_currency"]
    return AccountLine(
        row["code"],
        row["name"],
        row["type"],
        *sides("", currency),
        base=base_currency and sides("base_", base_currency),
    )


def on_one_side(balance: Money) -> Sides:
    """Return a positive balance as a debit, and a negative balance as a credit."""
    zero = Money(0, balance.currency)
    return (balance, zero) if balance.amount_minor > 0 else (zero, -balance)


def with_carried(pairs: tuple[Sides, ...], currency: str) -> tuple[Sides, ...]:
    """Return four pairs: opening, movement, year-end transfer and closing.

    A pair is a debit and a credit. The movement is the sum of the postings in the period. If
    `pairs` has no year-end transfer, a pair of zeros is inserted.
    """
    opening, movement, *carried, closing = pairs
    return opening, movement, *(carried or [(Money(0, currency), Money(0, currency))]), closing


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """Opening balance, movement and year-end transfer of an account over a period.

    `opening` is debit less credit. `movement` has the sums of the debits and of the credits in the
    period. `carried` is the year-end transfer, or None if the period is within one financial year.
    The computed row with the result of earlier years has an empty `code`.
    """

    code: str
    name: str
    type: str
    opening: Money
    movement: Sides
    carried: Sides | None = None

    @property
    def closing(self) -> Money:
        """Closing balance, debit less credit."""
        debit, credit = self.carried or (Money(0, self.opening.currency),) * 2
        return self.opening + self.movement[0] - self.movement[1] + debit - credit

    @property
    def pairs(self) -> tuple[Sides, ...]:
        """Opening, movement, year-end transfer and closing, each as debit and credit.

        The year-end transfer is left out if the period is within one financial year. A positive
        opening or closing balance is a debit, and a negative one a credit.
        """
        carried = () if self.carried is None else (self.carried,)
        return on_one_side(self.opening), self.movement, *carried, on_one_side(self.closing)

    @property
    def four_pairs(self) -> tuple[Sides, ...]:
        """Opening, movement, year-end transfer and closing, each as debit and credit.

        Unlike in `pairs`, the year-end transfer is always present.
        """
        return with_carried(self.pairs, self.opening.currency)

    @property
    def is_blank(self) -> bool:
        """True if all amounts are zero."""
        return not any(side for pair in self.pairs for side in pair)


@dataclass(frozen=True, slots=True)
class PeriodBlock:
    """Accounts of one currency over a period."""

    currency: str
    accounts: tuple[PeriodLine, ...]

    @property
    def is_blank(self) -> bool:
        """True if there are no accounts."""
        return not self.accounts

    @property
    def amounts(self) -> list[AccountAmount]:
        """The closing balance of each account, debit less credit."""
        return [AccountAmount(one.code, one.name, one.type, one.closing) for one in self.accounts]

    @property
    def totals(self) -> tuple[Sides, ...]:
        """Totals of all accounts: opening, movement, year-end transfer and closing.

        The year-end transfer is left out if the period is within one financial year.
        """
        zero = Money(0, self.currency)
        return tuple(
            (sum((debit for debit, _ in pair), zero), sum((credit for _, credit in pair), zero))
            for pair in zip(*(line.pairs for line in self.accounts), strict=True)
        )

    @property
    def four_totals(self) -> tuple[Sides, ...]:
        """Totals of opening, movement, year-end transfer and closing.

        Unlike in `totals`, the year-end transfer is always present.
        """
        return with_carried(self.totals, self.currency)

    @property
    def differences(self) -> tuple[Money, ...]:
        """Debit less credit of each total; zero if the books are correct."""
        return tuple(debit - credit for debit, credit in self.totals)

    @property
    def in_balance(self) -> bool:
        """True if debits equal credits in each total."""
        return not any(self.differences)

    @property
    def by_type(self) -> Iterator[tuple[str, list[PeriodLine]]]:
        """Yield the accounts of each type: assets, liabilities, equity, revenue, expenses."""
        ranked = sorted(self.accounts, key=lambda line: TYPES.index(line.type))
        return ((kind, list(lines)) for kind, lines in groupby(ranked, key=lambda line: line.type))


@dataclass(frozen=True, slots=True)
class PeriodBalance(ByCurrency[PeriodBlock]):
    """Trial balance of a period in every currency and in the base currency."""

    period: Period

    @property
    def in_balance(self) -> bool:
        """True if debits equal credits in every total of every currency, and in base."""
        both = (*self.blocks, self.base) if self.base else self.blocks
        return all(block.in_balance for block in both)


def read_period(
    reader: Reader,
    period: Period,
    home_currency: str,
    *,
    include_zero: bool,
    retained_earnings: str,
) -> PeriodBalance:
    """Return the trial balance of a period, in one database round trip.

    The opening balance of a revenue or expense account covers only the financial year that contains
    the first day of the period. One computed row has the results of earlier years; the argument
    `retained_earnings` is the name of this row. If a financial year begins within the period, the
    balances of revenue and expense accounts are transferred to this row. Accounts whose amounts are
    all zero are left out unless `include_zero` is true.
    """
    statements = [
        trial_balance_statement(period.year_before),
        trial_balance_statement(period.day_before),
        trial_balance_statement(period.last, include_zero=include_zero),
    ]
    if period.is_over_a_turn:
        statements.append(
            yearly_balances_statement(period.year_began, period.last_year_began, PROFIT_AND_LOSS)
        )
    before, opened, closed, *ended = reader.read(*statements)
    read = _PeriodRows(before, opened, closed, ended[0] if ended else None)
    others = sorted({row["currency"] for row in closed} - {None, home_currency})
    blocks = [
        read.block(currency, include_zero=include_zero, retained_earnings=retained_earnings)
        for currency in (home_currency, *others)
    ]
    base, base_currency = None, base_currency_of(closed)
    if base_currency is not None:
        base = read.in_base(base_currency).block(
            base_currency, include_zero=include_zero, retained_earnings=retained_earnings
        )
    return PeriodBalance(
        period, blocks=tuple(block for block in blocks if block.accounts), base=base
    )


@dataclass(frozen=True, slots=True)
class _PeriodRows:
    """Rows of the trial balances of a period, and of the balances at year ends.

    `before` is before the financial year, `opened` before the period, `closed` at its end.
    """

    before: list[Row]
    opened: list[Row]
    closed: list[Row]
    ended: list[Row] | None

    def in_base(self, base_currency: str) -> _PeriodRows:
        return _PeriodRows(
            in_base(self.before),
            in_base(self.opened),
            in_base(self.closed),
            None if self.ended is None else years_in_base(self.ended, base_currency),
        )

    def block(self, currency: str, *, include_zero: bool, retained_earnings: str) -> PeriodBlock:
        nothing = Money(0, currency), Money(0, currency)
        given, taken = ({}, None) if self.ended is None else _carried(self.ended, currency)
        before, opened = _in(self.before, currency), _in(self.opened, currency)
        lines = [
            _period_line(
                line,
                before,
                opened,
                None if self.ended is None else given.get(line.code, nothing),
            )
            for line in _in_currency(self.closed, currency, include_zero=include_zero).accounts
        ]
        retained = PeriodLine(
            "", retained_earnings, "equity", _earned(self.before, currency), nothing, taken
        )
        shown = tuple(line for line in lines if include_zero or not line.is_blank)
        return PeriodBlock(currency, shown if retained.is_blank else (*shown, retained))


def _in(rows: list[Row], currency: str) -> dict[str, AccountLine]:
    return {row["code"]: _line(row, currency) for row in rows if row["currency"] == currency}


def _earned(rows: list[Row], currency: str) -> Money:
    """Return revenue and expense, debit less credit; a negative amount is a profit."""
    return sum(
        (line.balance for line in _in(rows, currency).values() if line.type in PROFIT_AND_LOSS),
        Money(0, currency),
    )


def _carried(rows: list[Row], currency: str) -> tuple[dict[str, Sides], Sides]:
    """Return the year-end transfers of one currency.

    The first result has the transfer out of each account, by account code. The second result is the
    sum that the computed row of earlier years receives. Each amount is a debit and a credit.
    """
    zero = Money(0, currency)
    given: defaultdict[str, Sides] = defaultdict(lambda: (zero, zero))
    of_years: defaultdict[date, Money] = defaultdict(lambda: zero)
    for row in (row for row in rows if row["currency"] == currency):
        balance = Money(row["balance_minor"], currency)
        given[row["code"]] = both_sides(given[row["code"]], on_one_side(-balance))
        of_years[row["year_began"]] += balance
    taken = (zero, zero)
    for balance in of_years.values():
        taken = both_sides(taken, on_one_side(balance))
    return given, taken


def both_sides(some: Sides, more: Sides) -> Sides:
    """Return the sum of two pairs of debit and credit."""
    return some[0] + more[0], some[1] + more[1]


def _period_line(
    closed: AccountLine,
    before: dict[str, AccountLine],
    opened: dict[str, AccountLine],
    carried: Sides | None,
) -> PeriodLine:
    zero = Money(0, closed.debit.currency)
    blank = replace(closed, debit=zero, credit=zero)
    at_opening = opened.get(closed.code, blank)
    opening = at_opening.balance
    if closed.type in PROFIT_AND_LOSS:
        opening -= before.get(closed.code, blank).balance
    return PeriodLine(
        closed.code,
        closed.name,
        closed.type,
        opening,
        (closed.debit - at_opening.debit, closed.credit - at_opening.credit),
        carried,
    )
