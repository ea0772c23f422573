"""Cash flow statement of a period, by the direct method (Ind AS 7, IAS 7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, get_args
from uuid import UUID

from voyagent.banking.queries import account_ids
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.ledger.queries.cash_flows import cash_flows_statement, money_accounts_statement
from voyagent.ledger.queries.trial_balance import (
    base_currency_of,
    in_base,
    trial_balance_statement,
)
from voyagent.ledger.rules import CashFlowKind, cash_flow_kind
from voyagent.reports.queries.currencies import AccountAmount, ByCurrency
from voyagent.reports.queries.periods import Comparison, Days
from voyagent.reports.queries.statements import Section, StatementLine

KINDS: tuple[CashFlowKind, ...] = get_args(CashFlowKind)


class Pair(NamedTuple):
    """An amount of the period, and that of the comparison period."""

    now: Money
    before: Money


@dataclass(frozen=True, slots=True)
class Flows:
    """Flows of money in one currency; a positive amount is an inflow.

    The sections have the accounts of each kind of activity. `opening` is the money before the
    first day, `closing` that after the last one. `effect` is the amount by which month-end
    revaluations changed foreign money.
    """

    currency: str
    operating: Section
    investing: Section
    financing: Section
    opening: Pair
    effect: Pair
    closing: Pair

    @property
    def sections(self) -> tuple[Section, Section, Section]:
        """The sections of operating, investing and financing activities."""
        return self.operating, self.investing, self.financing

    @property
    def net(self) -> Pair:
        """The sum of all flows, without the effect of exchange rates."""
        zero = Money(0, self.currency)
        return Pair(
            sum((one.total for one in self.sections), zero),
            sum((one.total_before for one in self.sections), zero),
        )

    @property
    def differences(self) -> Pair:
        """Opening money, flows and effect less closing money; zero in correct books."""
        parts = zip(self.opening, self.net, self.effect, self.closing, strict=True)
        return Pair(*(opening + net + effect - closing for opening, net, effect, closing in parts))

    @property
    def in_balance(self) -> bool:
        """True if the flows explain the change of the money in both periods."""
        return not any(self.differences)

    @property
    def amounts(self) -> list[AccountAmount]:
        """The flow of each account in the period."""
        return [one for section in self.sections for one in section.amounts]

    @property
    def is_blank(self) -> bool:
        """True if there is no flow, no effect, and no opening or closing money."""
        pairs = (*self.opening, *self.effect, *self.closing)
        return not (any(section.lines for section in self.sections) or any(pairs))


@dataclass(frozen=True, slots=True)
class CashFlow(ByCurrency[Flows]):
    """Cash flow statement in each currency and in the base currency.

    `before` is the comparison period, or None.
    """

    days: Days
    before: Days | None

    @property
    def in_balance(self) -> bool:
        """True if the flows explain the money in every currency and in base."""
        both = (*self.blocks, self.base) if self.base else self.blocks
        return all(block.in_balance for block in both)


def read_cash_flow(
    reader: Reader, days: Days, comparison: Comparison, first: date | None, home_currency: str
) -> CashFlow:
    """Return the cash flow statement of a period and its comparison period.

    If `first` is given, the comparison period begins on this day, and `comparison` is ignored. The
    block of `home_currency` comes first and is included even without money. The duration of the
    query depends on the entries of the two periods, not on earlier ones.
    """
    before = days.from_day(first) if first else days.compared(comparison)
    periods = [days, before] if before else [days]
    ends = list(dict.fromkeys(day for one in periods for day in (one.last, one.day_before)))
    accounts = account_ids()
    money, *read = reader.read(
        money_accounts_statement(accounts),
        *map(trial_balance_statement, ends),
        *(cash_flows_statement(one.first, one.last, accounts) for one in periods),
    )
    balances, flows = dict(zip(ends, read, strict=False)), read[len(ends) :]
    held = {row["id"] for row in money}
    base_currency = base_currency_of(row for rows in balances.values() for row in rows)
    base = None
    if base_currency is not None:
        base = _flows(
            base_currency,
            periods,
            {day: _held(in_base(rows), held) for day, rows in balances.items()},
            [[_in_base(row, base_currency) for row in rows] for rows in flows],
        )
    moved = [row for rows in (*balances.values(), *flows) for row in rows]
    others = sorted({row["currency"] for row in moved} - {home_currency})
    now = {day: _held(rows, held) for day, rows in balances.items()}
    blocks = (_flows(currency, periods, now, flows) for currency in (home_currency, *others))
    return CashFlow(days, before, blocks=tuple(blocks), base=base)


def _flows(
    currency: str,
    periods: list[Days],
    balances: dict[date, dict[str, int]],
    flows: list[list[Row]],
) -> Flows:
    def pair(amounts: Iterable[int]) -> Pair:
        now, before = [*amounts, 0][:2]
        return Pair(Money(now, currency), Money(before, currency))

    in_currency = [[row for row in rows if row["currency"] == currency] for rows in flows]
    accounts = {row["code"]: row for rows in in_currency for row in rows}
    sums = [_by_code(rows) for rows in in_currency]
    lines = defaultdict(list)
    for code, row in sorted(accounts.items()):
        amounts = pair(one.get(code, 0) for one in sums)
        if any(amounts):
            lines[cash_flow_kind(row)].append(StatementLine(code, row["name"], *amounts))
    operating, investing, financing = (
        Section(kind, currency, tuple(lines[kind])) for kind in KINDS
    )
    return Flows(
        currency,
        operating,
        investing,
        financing,
        pair(balances[one.day_before].get(currency, 0) for one in periods),
        pair(sum(row["minor"] for row in rows if row["is_revaluation"]) for rows in in_currency),
        pair(balances[one.last].get(currency, 0) for one in periods),
    )


def _by_code(rows: list[Row]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        if not row["is_revaluation"]:
            sums[row["code"]] += row["minor"]
    return sums


def _held(rows: list[Row], money: set[UUID]) -> dict[str, int]:
    """Return the balance of the accounts that hold money, by currency, in minor units."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["account_id"] in money:
            sums[row["currency"]] += int(row["debit_minor"]) - int(row["credit_minor"])
    return sums


def _in_base(row: Row, base_currency: str) -> Row:
    return row | {"currency": base_currency, "minor": row["base_minor"]}
