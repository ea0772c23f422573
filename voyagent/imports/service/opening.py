"""Import opening balances: a trial balance on a date becomes journal entries.

Open invoices, open bills and advances are imported separately, and each of them posts its amount to
the account for receivables, payables or advances. Therefore the trial balance's own figures for
these accounts are posted to the opening balance account instead.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from voyagent.imports.rules import base_amounts
from voyagent.imports.rules.cell_types import plain_amount
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money
from voyagent.ledger import rules
from voyagent.ledger.queries import accounts
from voyagent.ledger.queries.base_amounts import is_established
from voyagent.ledger.service import chart, direct, entries
from voyagent.ledger.service.entries import Line
from voyagent.ledger.service.errors import AccountInactive
from voyagent.rates.errors import RateMissing
from voyagent.rates.queries import DayRates

COLUMNS = ("account", "currency", "debit", "credit", "exchange_rate", "base_amount")
NEEDED = ("account", "debit", "credit")
NARRATION = "Opening balances"
ERROR_FIELDS = {
    **base_amounts.ERROR_FIELDS,
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


class FileUnbalancedInBase(Unprocessable):
    """Debits and credits differ in the currency of the books."""

    code = "file_unbalanced_in_base"
    message = N_(
        "Debits and credits of the file must be equal in the currency of your books. Add the"
        " missing lines, or correct the base amounts."
    )


@dataclass(slots=True)
class _Sum:
    """Debit less credit in minor units, and its base amount or None."""

    minor: int = 0
    base_minor: int | None = 0

    def add(self, minor: int, base_minor: int | None) -> None:
        self.minor += minor
        known = self.base_minor is not None and base_minor is not None
        self.base_minor = (self.base_minor or 0) + (base_minor or 0) if known else None


class Taker:
    """Importer of a trial balance, posted as journal entries.

    If a row in a foreign currency states its base amount or a rate, or if the base amounts of the
    agency are established, the file need balance only in the currency of the books. The
    difference in each other currency is then exchanged, with the opening balance account as the
    other side. This takes one entry for each such currency, and one for the rest.

    The constructor raises DayNeeded if `on` is None.
    """

    def __init__(self, actor: Actor, on: date | None) -> None:
        if on is None:
            raise DayNeeded
        self._actor = actor
        self._on = on
        self._reader = SessionReader(db.session)
        self._in_base = self._is_ready = is_established(self._reader)
        self._rates = DayRates(self._reader)
        self._opened = direct.opened_direct(NARRATION)
        self._sums: dict[tuple[UUID, str], _Sum] = defaultdict(_Sum)
        self._waiting: dict[str, _Sum] = defaultdict(_Sum)

    def take(self, cells: dict[str, str]) -> None:
        """Add one account's balance, which `finish` posts.

        The cell `account` has the id, code, purpose or name of the account, or a part of its name.
        The cell `exchange_rate` or `base_amount` says what a balance in a foreign currency is worth
        in the currency of the books; without one, it is the reference rate of the day, if base
        amounts are needed.

        Raises AccountNotFound, AccountAmbiguous, AccountInactive, UnknownCurrency, InvalidAmount,
        OneSideNeeded, OpenedAlready, InvalidRate, BaseAmountAndRate, BaseAmountInexact,
        RateMissing.
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
        base_minor = self._base(cells, Money(debit or credit, currency))
        if base_minor is not None and credit:
            base_minor = -base_minor
        if account["purpose"] in rules.CONTROL:
            self._waiting[currency].add(debit - credit, base_minor)
        else:
            self._sums[account["id"], currency].add(debit - credit, base_minor)

    def finish(self) -> None:
        """Post all balances.

        Raises FileUnbalanced, FileUnbalancedInBase, RateMissing, and the errors of `post_direct`.
        """
        totals: dict[str, _Sum] = defaultdict(_Sum)
        for currency, one in (
            *((currency, one) for (_account, currency), one in self._sums.items()),
            *self._waiting.items(),
        ):
            totals[currency].add(one.minor, one.base_minor)
        exchanged = self._exchanged(totals)
        opening = chart.opening_account(self._actor)
        for currency, one in self._waiting.items():
            self._sums[opening, currency].add(one.minor, one.base_minor)
        books = self._actor.currency
        for currency in exchanged:
            self._post(
                self._lines({currency})
                + self._exchange(opening, Money(totals[currency].minor, currency), totals[currency])
            )
        if exchanged:
            self._sums[opening, books].add(-totals[books].minor, -totals[books].minor)
        rest = self._lines({currency for currency in totals if currency not in exchanged})
        if rest or not exchanged:
            self._post(rest)

    def _exchanged(self, totals: dict[str, _Sum]) -> list[str]:
        """Return the foreign currencies whose debits and credits differ.

        Raises FileUnbalanced, FileUnbalancedInBase, RateMissing.
        """
        books = self._actor.currency
        if not self._in_base:
            if any(one.minor for one in totals.values()):
                raise FileUnbalanced
            return []
        for currency, one in totals.items():
            if one.base_minor is None:
                raise RateMissing(currency, self._on)
        balanced = [
            one.base_minor for code, one in totals.items() if code != books and not one.minor
        ]
        if sum(one.base_minor or 0 for one in totals.values()) or any(balanced):
            raise FileUnbalancedInBase
        found = [code for code, one in totals.items() if code != books and one.minor]
        # The exchange has the amount on one side and the base amount on the other, so both totals
        # must have the same sign.
        if any(totals[code].minor * (totals[code].base_minor or 0) <= 0 for code in found):
            raise FileUnbalanced
        return found

    def _lines(self, currencies: set[str]) -> list[Line]:
        return [
            _line(account, Money(one.minor, currency), self._base_of(one))
            for (account, currency), one in self._sums.items()
            if one.minor and currency in currencies
        ]

    def _exchange(self, opening: UUID, amount: Money, total: _Sum) -> list[Line]:
        """Return the lines that exchange the difference in a currency for its base amount."""
        base = Money(total.base_minor or 0, self._actor.currency)
        return [
            _line(rules.EXCHANGE, -amount, self._base_of(total)),
            _line(rules.EXCHANGE, base),
            _line(opening, -base),
        ]

    def _post(self, lines: list[Line]) -> None:
        direct.post_direct(self._actor, narration=NARRATION, lines=lines, entry_date=self._on)

    def _base_of(self, one: _Sum) -> Money | None:
        if one.base_minor is None or not self._in_base:
            return None
        return Money(abs(one.base_minor), self._actor.currency)

    def _base(self, cells: dict[str, str], amount: Money) -> int | None:
        """Return the base amount of a row in minor units, or None if it is not known.

        Raises BaseAmountInexact, BaseAmountAndRate, InvalidRate, RateMissing.
        """
        books, stated = self._actor.currency, cells.get("base_amount")
        if amount.currency == books:
            if stated and self._amount(stated, books) != amount.amount_minor:
                raise base_amounts.BaseAmountInexact
            return amount.amount_minor
        if stated:
            if cells.get("exchange_rate"):
                raise base_amounts.BaseAmountAndRate
            self._in_base = True
            return self._amount(stated, books)
        if rate := cells.get("exchange_rate"):
            self._in_base = True
            return (
                base_amounts.rate_of_cell(rate, amount, books, self._on)
                .convert(amount)
                .amount_minor
            )
        try:
            return self._rates.find(amount.currency, self._on).convert(amount).amount_minor
        except RateMissing:
            if self._is_ready:
                raise
            return None  # an error only if another row has a base amount or a rate

    def _amount(self, cell: str, currency: str) -> int:
        """Return an amount in minor units; the text may have group separators."""
        return (
            Money.parse(plain_amount(cell, currency), currency)
            .within(0, entries.AMOUNT_MAX_MINOR)
            .amount_minor
        )


def _line(account: UUID | str, amount: Money, base: Money | None = None) -> Line:
    line = (
        entries.debit(account, amount)
        if amount.amount_minor > 0
        else entries.credit(account, -amount)
    )
    return line if base is None or base.currency == amount.currency else replace(line, base=base)
