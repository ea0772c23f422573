"""General ledger: one account over a period, with running balances.

Revenue and expense accounts start each financial year at zero. If a new financial year begins
within the period, a computed line first transfers the balance to the result of earlier years.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
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
from voyagent.ledger.queries.yearly import yearly_balances_statement
from voyagent.ledger.rules import PROFIT_AND_LOSS
from voyagent.reports.queries.periods import Days, Period, year_began
from voyagent.reports.queries.trial_balance import Sides, both_sides, on_one_side

PAGE_LINES = 100


class LedgerLine(NamedTuple):
    """A posting; `balance` is the running debit less credit in the posting's currency."""

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
class CarriedLine:
    """A computed line that transfers a year's balance to the result of earlier years.

    `balance` is the account's running balance after the transfer.
    """

    day: date
    debit: Money
    credit: Money
    balance: Money


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
    currency codes. `rows` is a page of postings and computed year-end lines, oldest first.
    """

    account: Row
    period: Period
    currencies: tuple[CurrencyMovement, ...]
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
    read["ended"] = _with_amount(read["ended"])
    shown, is_last = read["lines"][:limit], len(read["lines"]) <= limit
    ended = (
        read["ended"]
        if after is None
        else [row for row in read["ended"] if row["year_began"] >= year_began(after.day, month)]
    )
    balances = (
        _net(read["opened"], read["before"])
        if after is None
        else _net(read["behind"], read["before_behind"])
    )
    return GeneralLedger(
        account=account,
        period=period,
        currencies=tuple(
            _movements(
                read["opened"],
                read["closed"],
                _net(read["opened"], read["before"]),
                _carried(read["ended"]) if "ended" in statements else None,
            )
        ),
        rows=tuple(_running(shown, ended, balances, month, is_last=is_last)),
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
    `carried` are the lines that transfer the balances at the end of the year.
    """

    days: Days
    balances: Mapping[str, int]
    carried: tuple[CarriedLine, ...]


def stretches(reader: Reader, report: GeneralLedger) -> list[Stretch]:
    """Return the parts of a period, split where financial years begin."""
    period, month = report.period, report.period.year_began.month
    balances = {one.opening.currency: one.opening.amount_minor for one in report.currencies}
    if not report.is_of_the_year or not period.is_over_a_turn:
        return [Stretch(Days(period.first, period.last), balances, ())]
    (ended,) = reader.read(
        yearly_balances_statement(
            period.year_began, period.last_year_began, PROFIT_AND_LOSS, report.account["id"]
        )
    )
    found, first = [], period.first
    while year_began(first, month) <= period.last_year_began:
        began = year_began(first, month)
        following = began.replace(year=began.year + 1)
        of_year = [row for row in _with_amount(ended) if row["year_began"] == began]
        in_all = {row["currency"]: row["balance_minor"] for row in of_year}
        carried = tuple(_carry(row, dict(in_all)) for row in of_year)
        found.append(
            Stretch(Days(first, min(following - timedelta(days=1), period.last)), balances, carried)
        )
        first, balances = following, dict.fromkeys(balances, 0)
    return found


def _with_amount(ended: list[Row]) -> list[Row]:
    """Return the balances of years that are not zero in their own currency."""
    return [row for row in ended if row["balance_minor"]]


def _net(rows: list[Row], before: list[Row]) -> dict[str, int]:
    """Return debit less credit by currency, minus the amounts of the rows in `before`."""
    net: defaultdict[str, int] = defaultdict(int)
    for sign, some in ((1, rows), (-1, before)):
        for row in some:
            net[row["currency"]] += sign * (row["debit_minor"] - row["credit_minor"])
    return net


def _movements(
    opened: list[Row], closed: list[Row], opening: dict[str, int], carried: dict[str, Sides] | None
) -> Iterable[CurrencyMovement]:
    before = {row["currency"]: row for row in opened}
    for row in closed:
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


def _running(
    lines: list[Row], ended: list[Row], balances: dict[str, int], month: int, *, is_last: bool
) -> Iterable[LedgerLine | CarriedLine]:
    """Yield postings with running balances, and year-end lines before each new year.

    `ended` has the balance at the end of each financial year of the period except the last year.
    Financial years begin in the month with the number `month`. If `is_last` is true, the page is
    the last one, and year-end lines that are left over follow its postings. The call changes
    `balances`, a mapping from currency to minor units.
    """
    turns = deque(ended)
    for row in lines:
        began = year_began(row["effective_date"], month)
        while turns and turns[0]["year_began"] < began:
            yield _carry(turns.popleft(), balances)
        currency = row["currency"]
        balances[currency] += row["debit_minor"] - row["credit_minor"]
        yield LedgerLine(
            entry_id=row["entry_id"],
            line_no=row["line_no"],
            day=row["effective_date"],
            narration=row["narration"],
            party_name=row["party_name"],
            memo=row["memo"],
            source_type=row["source_type"],
            source_id=row["source_id"],
            debit=Money(row["debit_minor"], currency),
            credit=Money(row["credit_minor"], currency),
            balance=Money(balances[currency], currency),
        )
    while turns and is_last:
        yield _carry(turns.popleft(), balances)


def _carry(ended: Row, balances: dict[str, int]) -> CarriedLine:
    """Return the line that transfers a year's closing balance, and update `balances`."""
    currency, began = ended["currency"], ended["year_began"]
    balances[currency] -= ended["balance_minor"]
    debit, credit = on_one_side(Money(-ended["balance_minor"], currency))
    return CarriedLine(
        began.replace(year=began.year + 1) - timedelta(days=1),
        debit,
        credit,
        Money(balances[currency], currency),
    )
