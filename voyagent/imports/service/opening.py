"""Import opening balances: a trial balance on a date becomes one journal entry.

Open invoices, open bills and advances are imported separately, and each of them posts its amount to
the account for receivables, payables or advances. Therefore the trial balance's own figures for
these accounts are posted to the opening balance account instead.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from uuid import UUID

from voyagent.imports.rules.cell_types import plain_amount
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money
from voyagent.ledger import rules
from voyagent.ledger.queries import accounts
from voyagent.ledger.service import chart, direct, entries
from voyagent.ledger.service.entries import Line
from voyagent.ledger.service.errors import AccountInactive

COLUMNS = ("account", "currency", "debit", "credit")
NEEDED = ("account", "debit", "credit")
NARRATION = "Opening balances"
ERROR_FIELDS = {
    **dict.fromkeys(("account_not_found", "account_ambiguous", "account_inactive"), "account"),
    "invalid_currency": "currency",
    "opened_already": "account",
    **dict.fromkeys(("invalid_amount", "one_side_needed"), "debit"),
}


class DayNeeded(Unprocessable):
    """The date of the data is missing."""

    code = "day_needed"
    message = N_("Enter the date of these balances.")


class OneSideNeeded(Unprocessable):
    """A row needs an amount in exactly one of debit and credit."""

    code = "one_side_needed"
    message = N_("Enter either a debit or a credit on each line.")


class OpenedAlready(Unprocessable):
    """The account already has an opening balance in this currency.

    Each file is a whole trial balance, so a second file would double the balance.
    """

    code = "opened_already"
    message = N_(
        "This account already has an opening balance in this currency. To replace it, "
        "reverse that entry in the journal first."
    )


class FileUnbalanced(Unprocessable):
    """Debits and credits differ in at least one currency."""

    code = "file_unbalanced"
    message = N_(
        "Debits and credits of the file must be equal in each currency. Add the missing lines."
    )


class Taker:
    """Importer of a trial balance, posted as one journal entry.

    The constructor raises DayNeeded if `on` is None.
    """

    def __init__(self, actor: Actor, on: date | None) -> None:
        if on is None:
            raise DayNeeded
        self._actor = actor
        self._on = on
        self._reader = SessionReader(db.session)
        self._opened = direct.opened_direct(NARRATION)
        self._sums: dict[tuple[UUID, str], int] = defaultdict(int)
        self._waiting: dict[str, int] = defaultdict(int)

    def take(self, cells: dict[str, str]) -> None:
        """Add one account's balance, which `finish` posts.

        The cell `account` has the id, code, purpose or name of the account, or a part of its name.
        Raises AccountNotFound, AccountAmbiguous, AccountInactive, UnknownCurrency, InvalidAmount,
        OneSideNeeded, OpenedAlready.
        """
        currency = cells.get("currency", self._actor.currency).upper()
        debit, credit = (
            self._amount(cells.get(side, "0"), currency) for side in ("debit", "credit")
        )
        account = accounts.find_account(self._reader, cells.get("account", ""))
        if not account["is_active"]:
            raise AccountInactive
        if bool(debit) == bool(credit):
            raise OneSideNeeded
        if (account["id"], currency) in self._opened:
            raise OpenedAlready
        signed = debit - credit
        if account["purpose"] in rules.CONTROL:
            self._waiting[currency] += signed
        else:
            self._sums[account["id"], currency] += signed

    def finish(self) -> None:
        """Post all balances as one journal entry.

        Raises FileUnbalanced, and the errors of `post_direct`.
        """
        totals: dict[str, int] = defaultdict(int, self._waiting)
        for (_account, currency), minor in self._sums.items():
            totals[currency] += minor
        if any(totals.values()):
            raise FileUnbalanced
        opening = chart.opening_account(self._actor)
        for currency, minor in self._waiting.items():
            self._sums[opening, currency] += minor
        lines = [
            _line(account, Money(minor, currency))
            for (account, currency), minor in self._sums.items()
            if minor
        ]
        direct.post_direct(self._actor, narration=NARRATION, lines=lines, entry_date=self._on)

    def _amount(self, cell: str, currency: str) -> int:
        """Return an amount in minor units; the text may have group separators."""
        return (
            Money.parse(plain_amount(cell, currency), currency)
            .within(0, entries.AMOUNT_MAX_MINOR)
            .amount_minor
        )


def _line(account: UUID, amount: Money) -> Line:
    return (
        entries.debit(account, amount)
        if amount.amount_minor > 0
        else entries.credit(account, -amount)
    )
