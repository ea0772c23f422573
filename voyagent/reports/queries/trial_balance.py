"""The trial balance: debit and credit of each account up to a day, and whether each currency balances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from voyagent.kernel.money import Money
from voyagent.kernel.reading import Reader, Row
from voyagent.ledger import queries as ledger

TYPES = ("asset", "liability", "equity", "revenue", "expense")


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account in one currency: all that was posted to each of its sides."""

    code: str
    name: str
    type: str
    debit: Money
    credit: Money

    @property
    def balance(self) -> Money:
        """Debit less credit, for every type of account."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class CurrencyBalance:
    """The accounts of one currency, by code; nothing of another is ever added."""

    currency: str
    accounts: tuple[AccountLine, ...]

    @property
    def total_debit(self) -> Money:
        """Everything on the left."""
        return sum((line.debit for line in self.accounts), Money(0, self.currency))

    @property
    def total_credit(self) -> Money:
        """Everything on the right."""
        return sum((line.credit for line in self.accounts), Money(0, self.currency))

    @property
    def difference(self) -> Money:
        """What the left has more than the right; zero in sound books."""
        return self.total_debit - self.total_credit

    @property
    def in_balance(self) -> bool:
        """Whether both sides are equal."""
        return not self.difference

    @property
    def by_type(self) -> Iterator[tuple[str, list[AccountLine]]]:
        """The accounts under the heads of a report: assets, liabilities, equity, revenue, expenses."""
        ranked = sorted(self.accounts, key=lambda line: TYPES.index(line.type))
        return ((kind, list(lines)) for kind, lines in groupby(ranked, key=lambda line: line.type))


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The books on the evening of a day: the agency's own currency, and the others beside it."""

    as_of: date
    home: CurrencyBalance
    others: tuple[CurrencyBalance, ...]

    @property
    def blocks(self) -> tuple[CurrencyBalance, ...]:
        """Every currency, the agency's own first."""
        return (self.home, *self.others)

    @property
    def in_balance(self) -> bool:
        """Whether every currency balances."""
        return all(block.in_balance for block in self.blocks)


def read_rows(reader: Reader, as_of: date, *, include_zero: bool) -> list[Row]:
    """What was posted up to and including a day, in one statement; the agency's currency may be known only after it."""
    return reader.read(ledger.trial_balance_statement(as_of, include_zero=include_zero))[0]


def trial_balance(rows: list[Row], as_of: date, home_currency: str, *, include_zero: bool) -> TrialBalance:
    """The rows put under their currencies; with `include_zero` the whole chart stands in each of them."""
    others = sorted({row["currency"] for row in rows} - {None, home_currency})
    blocks = [_in_currency(rows, currency, include_zero=include_zero) for currency in (home_currency, *others)]
    return TrialBalance(as_of, blocks[0], tuple(blocks[1:]))


def _in_currency(rows: list[Row], currency: str, *, include_zero: bool) -> CurrencyBalance:
    lines = [
        _line(posted or same[0], currency)
        for same in (list(group) for _, group in groupby(rows, key=lambda row: row["code"]))
        if (posted := next((row for row in same if row["currency"] == currency), None)) or include_zero
    ]
    return CurrencyBalance(currency, tuple(lines))


def _line(row: Row, currency: str) -> AccountLine:
    debit, credit = (int(row["debit_minor"]), int(row["credit_minor"])) if row["currency"] == currency else (0, 0)
    return AccountLine(row["code"], row["name"], row["type"], Money(debit, currency), Money(credit, currency))
