"""General ledger: one account over a period, with running balances.

Revenue and expense accounts start each financial year at zero. If a new financial year begins
within the period, a computed line first transfers the balance to the result of earlier years.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter
from typing import NamedTuple, Self
from uuid import UUID

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.queries.account_lines import (
    LineCursor,
    account_lines_statement,
    balances_at_statement,
)
from voyagent.ledger.queries.balances import balances_statement
from voyagent.ledger.queries.trial_balance import base_currency_of
from voyagent.ledger.queries.yearly import yearly_balances_statement
from voyagent.ledger.rules import PROFIT_AND_LOSS, year_began
from voyagent.reports.queries.periods import Days, Period
from voyagent.reports.queries.trial_balance import Sides, both_sides, on_one_side

PAGE_LINES = 100
_amounts = itemgetter("currency", "debit_minor", "credit_minor")


class BaseAmounts(NamedTuple):
    """Debit, credit and running balance of a line in the base currency.

    The balance is debit less credit of the lines in all currencies.
    """

    debit: Money
    credit: Money
    balance: Money


class LedgerLine(NamedTuple):
    """A posting; `balance` is the running debit less credit in the posting's currency.

    `base` is None unless the base amounts are established.
    """

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
    base: BaseAmounts | None


@dataclass(frozen=True, slots=True)
class CarriedLine:
    """A computed line that transfers a year's balance to the result of earlier years.

    `balance` is the account's running balance after the transfer. `base` is None unless the base
    amounts are established.
    """

    day: date
    debit: Money
    credit: Money
    balance: Money
    base: BaseAmounts | None


@dataclass(frozen=True, slots=True)
class CurrencyMovement:
    """Opening balance, postings and year-end transfers of an account in one currency.

    `opening` is debit less credit. `debit` and `credit` are sums of postings. `carried` is the sum
    of the year-end transfers. `carried` is None if the account has no such transfers or the period
    is within one financial year.
    """

    opening: Money
    debit: Money
    credit: Money
    carried: Sides | None = None

    @property
    def in_all(self) -> Sides:
        """Debits and credits of postings and year-end transfers together."""
        debit, credit = self.carried or (Money(0, self.opening.currency),) * 2
        return self.debit + debit, self.credit + credit

    @property
    def closing(self) -> Money:
        """Closing balance, debit less credit."""
        debit, credit = self.in_all
        return self.opening + debit - credit


@dataclass(frozen=True, slots=True)
class GeneralLedger:
    """General ledger of an account over a period.

    `account` has id, code, name and type. `currencies` cover the whole period, in the order of the
    currency codes. `base` has all currencies in the base currency. It is None if the base amounts
    are not established, or nothing is posted. `rows` is a page of postings and computed year-end
    lines, oldest first.
    """

    account: Row
    period: Period
    currencies: tuple[CurrencyMovement, ...]
    base: CurrencyMovement | None
    rows: tuple[LedgerLine | CarriedLine, ...]
    is_first_page: bool
    next_cursor: str | None

    @property
    def lines(self) -> tuple[LedgerLine, ...]:
        """Postings of this page."""
        return tuple(row for row in self.rows if isinstance(row, LedgerLine))

    @property
    def carried(self) -> tuple[CarriedLine, ...]:
        """Computed year-end lines of this page."""
        return tuple(row for row in self.rows if isinstance(row, CarriedLine))

    @property
    def added(self) -> CurrencyMovement | None:
        """The amounts in base, or None unless they add other currencies."""
        if self.base is None:
            return None
        books = self.base.opening.currency
        is_foreign = any(one.opening.currency != books for one in self.currencies)
        return self.base if is_foreign else None

    @property
    def is_of_the_year(self) -> bool:
        """True if the account starts each financial year at zero."""
        return self.account["type"] in PROFIT_AND_LOSS

    @property
    def is_last_page(self) -> bool:
        """True if there is no further page."""
        return self.next_cursor is None


def account_of(accounts: Iterable[Row], name: str) -> Row:
    """Return the account whose code or id is `name`. Raises AccountNotFound."""
    found = next(
        (account for account in accounts if account["code"] == name or str(account["id"]) == name),
        None,
    )
    if found is None:
        raise AccountNotFound
    return found


def read_general_ledger(
    reader: Reader,
    account: Row,
    period: Period,
    *,
    after: LineCursor | None = None,
    limit: int = PAGE_LINES,
) -> GeneralLedger:
    """Return a page of the general ledger of an account, in one database round trip.

    Raises InvalidCursor if `after` is outside the period.
    """
    if after is not None and not period.first <= after.day <= period.last:
        raise InvalidCursor
    account_id, month = account["id"], period.year_began.month
    statements = {
        "opened": balances_statement(period.day_before, [account_id]),
        "closed": balances_statement(period.last, [account_id]),
        "lines": account_lines_statement(
            account_id, period.first, period.last, after=after, limit=limit + 1
        ),
    }
    if after is not None:
        statements["behind"] = balances_at_statement(account_id, after)
    if account["type"] in PROFIT_AND_LOSS:
        statements["before"] = balances_statement(period.year_before, [account_id])
        if period.is_over_a_turn:
            statements["ended"] = yearly_balances_statement(
                period.year_began, period.last_year_began, PROFIT_AND_LOSS, account_id
            )
        if after is not None:
            statements["before_behind"] = balances_statement(
                year_began(after.day, month) - timedelta(days=1), [account_id]
            )
    read = defaultdict(list, zip(statements, reader.read(*statements.values()), strict=True))
    books = base_currency_of(read["closed"])
    read["ended"] = _to_carry(read["ended"], books)
    shown, is_last = read["lines"][:limit], len(read["lines"]) <= limit
    ended = (
        read["ended"]
        if after is None
        else [row for row in read["ended"] if row["year_began"] >= year_began(after.day, month)]
    )
    opened, before = ("opened", "before") if after is None else ("behind", "before_behind")
    running = _Running.after(read[opened], read[before], books)
    has_carried = "ended" in statements
    in_base = _movements(_in_base(read, books), has_carried=has_carried) if books else ()
    return GeneralLedger(
        account=account,
        period=period,
        currencies=tuple(_movements(read, has_carried=has_carried)),
        base=next(iter(in_base), None),
        rows=tuple(_rows(shown, ended, running, month, is_last=is_last)),
        is_first_page=after is None,
        next_cursor=(
            None
            if is_last
            else LineCursor(
                shown[-1]["effective_date"], shown[-1]["entry_id"], shown[-1]["line_no"]
            ).encode()
        ),
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days within one financial year, with opening balances and year-end lines.

    `balances` maps each currency to the account's balance before the first day, in minor units.
    `base` is the balance of all currencies in the base currency, or None if it is not shown.
    `carried` are the lines that transfer the balances at the end of the year.
    """

    days: Days
    balances: Mapping[str, int]
    base: Money | None
    carried: tuple[CarriedLine, ...]


def stretches(reader: Reader, report: GeneralLedger) -> list[Stretch]:
    """Return the parts of a report's period, split where financial years begin.

    An account that does not start each financial year at zero has one part, the whole period.
    """
    period, month = report.period, report.period.year_began.month
    balances = {one.opening.currency: one.opening.amount_minor for one in report.currencies}
    base = None if report.added is None else report.added.opening
    if not report.is_of_the_year or not period.is_over_a_turn:
        return [Stretch(Days(period.first, period.last), balances, base, ())]
    (ended,) = reader.read(
        yearly_balances_statement(
            period.year_began, period.last_year_began, PROFIT_AND_LOSS, report.account["id"]
        )
    )
    books = None if base is None else base.currency
    found, first = [], period.first
    while year_began(first, month) <= period.last_year_began:
        began = year_began(first, month)
        following = began.replace(year=began.year + 1)
        of_year = [row for row in _to_carry(ended, books) if row["year_began"] == began]
        running = _Running.at_end(of_year, books)
        carried = tuple(running.carry(row) for row in of_year)
        days = Days(first, min(following - timedelta(days=1), period.last))
        found.append(Stretch(days, balances, base, carried))
        first, balances = following, dict.fromkeys(balances, 0)
        base = None if books is None else Money(0, books)
    return found


def _to_carry(ended: list[Row], books: str | None) -> list[Row]:
    """Return the year-end balances that are to be transferred.

    If `books` is None, balances that are zero in their own currency are left out. Otherwise all
    balances stay, because such a balance may have an amount in the base currency `books`.
    """
    return [row for row in ended if row["balance_minor"] or books]


def _net(rows: list[Row], before: list[Row], prefix: str = "") -> defaultdict[str, int]:
    """Return debit less credit by currency, minus the amounts of the rows in `before`."""
    net: defaultdict[str, int] = defaultdict(int)
    for sign, some in ((1, rows), (-1, before)):
        for row in some:
            net[row["currency"]] += sign * (
                row[f"{prefix}debit_minor"] - row[f"{prefix}credit_minor"]
            )
    return net


def _in_base(read: Mapping[str, list[Row]], books: str) -> dict[str, list[Row]]:
    """Return the balances that `_movements` needs, all in the base currency."""
    found = {
        name: [
            {
                "currency": books,
                "debit_minor": sum(row["base_debit_minor"] for row in read[name]),
                "credit_minor": sum(row["base_credit_minor"] for row in read[name]),
            }
        ]
        for name in ("opened", "closed", "before")
        if read[name]
    }
    ended = [
        row | {"currency": books, "balance_minor": row["base_balance_minor"]}
        for row in read["ended"]
    ]
    return defaultdict(list, found | {"ended": ended})


def _movements(read: Mapping[str, list[Row]], *, has_carried: bool) -> Iterator[CurrencyMovement]:
    before = {row["currency"]: row for row in read["opened"]}
    opening = _net(read["opened"], read["before"])
    carried = _carried(read["ended"]) if has_carried else None
    for row in read["closed"]:
        currency = row["currency"]
        debit, credit = (
            Money(row[side] - (before[currency][side] if currency in before else 0), currency)
            for side in ("debit_minor", "credit_minor")
        )
        nothing = Money(0, currency), Money(0, currency)
        yield CurrencyMovement(
            Money(opening[currency], currency),
            debit,
            credit,
            None if carried is None else carried.get(currency, nothing),
        )


def _carried(ended: list[Row]) -> dict[str, Sides]:
    """Return the sums of the year-end transfers by currency."""
    sides: dict[str, Sides] = {}
    for row in ended:
        nothing = Money(0, row["currency"]), Money(0, row["currency"])
        sides[row["currency"]] = both_sides(
            sides.get(row["currency"], nothing),
            on_one_side(Money(-row["balance_minor"], row["currency"])),
        )
    return sides


def _rows(
    lines: list[Row], ended: list[Row], running: _Running, month: int, *, is_last: bool
) -> Iterable[LedgerLine | CarriedLine]:
    """Yield postings with running balances, and year-end lines before each new year.

    `ended` has the balance at the end of each financial year of the period except the last year.
    Financial years begin in the month with the number `month`. If `is_last` is true, the page is
    the last one, and year-end lines that are left over follow its postings.
    """
    turns = deque(ended)
    for row in lines:
        began = year_began(row["effective_date"], month)
        while turns and turns[0]["year_began"] < began:
            yield running.carry(turns.popleft())
        yield running.line(row)
    while turns and is_last:
        yield running.carry(turns.popleft())


@dataclass(slots=True)
class _Running:
    """Running balances of an account.

    `balances` are in minor units by currency. `base` is the balance of all currencies in the base
    currency, or None if the base amounts are not established.
    """

    balances: defaultdict[str, int]
    base: Money | None

    @classmethod
    def after(cls, rows: list[Row], before: list[Row], books: str | None) -> Self:
        """Return the balances in `rows`, minus those at the end of the previous year."""
        base = Money(sum(_net(rows, before, "base_").values()), books) if books else None
        return cls(_net(rows, before), base)

    @classmethod
    def at_end(cls, ended: list[Row], books: str | None) -> Self:
        """Return the balances at the end of a financial year."""
        balances = defaultdict(int, {row["currency"]: row["balance_minor"] for row in ended})
        base = Money(sum(row["base_balance_minor"] for row in ended), books) if books else None
        return cls(balances, base)

    def line(self, row: Row) -> LedgerLine:
        """Return a posting with the balances after it."""
        currency, debit_minor, credit_minor = _amounts(row)
        return LedgerLine(
            entry_id=row["entry_id"],
            line_no=row["line_no"],
            day=row["effective_date"],
            narration=row["narration"],
            party_name=row["party_name"],
            memo=row["memo"],
            source_type=row["source_type"],
            source_id=row["source_id"],
            debit=Money(debit_minor, currency),
            credit=Money(credit_minor, currency),
            balance=self._move(currency, debit_minor - credit_minor),
            base=self._move_base(row["base_debit_minor"] or 0, row["base_credit_minor"] or 0),
        )

    def carry(self, ended: Row) -> CarriedLine:
        """Return the line that transfers the balance of a year."""
        currency, began = ended["currency"], ended["year_began"]
        debit, credit = on_one_side(Money(-ended["balance_minor"], currency))
        base_minor = -ended["base_balance_minor"]
        return CarriedLine(
            began.replace(year=began.year + 1) - timedelta(days=1),
            debit,
            credit,
            self._move(currency, -ended["balance_minor"]),
            self._move_base(max(base_minor, 0), max(-base_minor, 0)),
        )

    def _move(self, currency: str, minor: int) -> Money:
        self.balances[currency] += minor
        return Money(self.balances[currency], currency)

    def _move_base(self, debit_minor: int, credit_minor: int) -> BaseAmounts | None:
        if self.base is None:
            return None
        currency = self.base.currency
        self.base = Money(self.base.amount_minor + debit_minor - credit_minor, currency)
        return BaseAmounts(Money(debit_minor, currency), Money(credit_minor, currency), self.base)
