"""What an entry that is still being written would change: the sums of its sides, and each account
before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.ledger.queries.accounts import chart_statement
from voyagent.ledger.queries.balances import book_balances_statement
from voyagent.ledger.rules import CONTROL


@dataclass(frozen=True, slots=True)
class AccountChange:
    """An account with what stands on it before, and what an entry would put on each of its sides.

    Balances are debit less credit.
    """

    account: Row
    before: Money
    debit: Money
    credit: Money

    @property
    def after(self) -> Money:
        """What would stand on it then."""
        return self.before + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class EntryPreview:
    """The accounts that may be posted to by hand, by code; the changes, in the order of the lines;
    and both sums, in one currency.
    """

    accounts: list[Row]
    changes: list[AccountChange]
    debit: Money
    credit: Money

    @property
    def difference(self) -> Money:
        """Debits less credits; zero in an entry that can be posted."""
        return self.debit - self.credit


def preview_entry(
    reader: Reader,
    currency: str,
    lines: Sequence[tuple[UUID | None, Money, Money]],
    *,
    day: date | None = None,
    kept: Iterable[UUID] = (),
) -> EntryPreview:
    """What lines of an account, a debit and a credit (one of them zero) would change of what
    `standings` has in the financial year of a day; in one trip.

    A line without an account of the agency counts in the sums alone. `kept` are accounts that are
    offered though nothing is posted to them by hand any more.
    """
    chosen = {account_id for account_id, _debit, _credit in lines if account_id}
    accounts, balances = reader.read(chart_statement(), book_balances_statement(chosen, day))
    before = {
        row["account_id"]: row["balance_minor"] for row in balances if row["currency"] == currency
    }
    nothing = Money(0, currency)
    sums: dict[UUID | None, tuple[Money, Money]] = {}
    for account_id, debit, credit in lines:
        left, right = sums.get(account_id, (nothing, nothing))
        sums[account_id] = (left + debit, right + credit)
    chart = {account["id"]: account for account in accounts}
    changes = [
        AccountChange(chart[key], Money(before.get(key, 0), currency), *sides)
        for key, sides in sums.items()
        if key in chart
    ]
    offered = [
        account
        for account in accounts
        if account["id"] in kept or (account["is_active"] and account["purpose"] not in CONTROL)
    ]
    return EntryPreview(
        offered,
        changes,
        sum((left for left, _right in sums.values()), nothing),
        sum((right for _left, right in sums.values()), nothing),
    )
