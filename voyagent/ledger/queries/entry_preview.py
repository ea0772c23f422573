"""Preview of an unposted journal entry, with its effect on account balances."""

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
    """Balance of an account before an unposted entry, and the change by the entry.

    `before` is debit less credit. `debit` and `credit` are the sums of the entry's lines on the
    account.
    """

    account: Row
    before: Money
    debit: Money
    credit: Money

    @property
    def after(self) -> Money:
        """Return the balance after the entry is posted, debit less credit."""
        return self.before + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class EntryPreview:
    """Totals and balance changes of an unposted journal entry in one currency.

    `accounts` are the accounts that a person can select, ordered by code. `changes` has one item
    for each account in the entry, in the order of the entry's lines. `debit` and `credit` are the
    entry's totals.
    """

    accounts: list[Row]
    changes: list[AccountChange]
    debit: Money
    credit: Money

    @property
    def difference(self) -> Money:
        """Return debits less credits; zero if the entry balances and can be posted."""
        return self.debit - self.credit


def preview_entry(
    reader: Reader,
    currency: str,
    lines: Sequence[tuple[UUID | None, Money, Money]],
    *,
    day: date | None = None,
    selected: Iterable[UUID] = (),
) -> EntryPreview:
    """Return totals and account balances before and after an unposted journal entry.

    Each of `lines` is an account id, a debit and a credit; one of the two amounts is zero. A line
    without an account of the agency counts only in the totals. Balances of revenue and expense
    accounts cover only the financial year of `day`. `selected` are ids of accounts to offer for
    selection even if they are archived or control accounts. The database is read in one round trip.
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
        if account["id"] in selected or (account["is_active"] and account["purpose"] not in CONTROL)
    ]
    return EntryPreview(
        offered,
        changes,
        sum((left for left, _right in sums.values()), nothing),
        sum((right for _left, right in sums.values()), nothing),
    )
