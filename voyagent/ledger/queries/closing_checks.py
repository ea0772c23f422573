"""Checks shown before a month is closed; other packages register their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from voyagent.kernel.database.read_pool import Reader
from voyagent.ledger.queries.roll_ups import balances
from voyagent.ledger.queries.trial_balance import trial_balance_statement
from voyagent.ledger.rules import next_month


@dataclass(frozen=True, slots=True)
class Check:
    """Result of a check before a month is closed.

    `text` is the result as a sentence. A month can be closed even if `ok` is False.
    """

    ok: bool
    text: str
    address: str = ""
    """Path of the page on which a person can fix the problem, or an empty string."""
    details: tuple[str, ...] = ()
    """The first things that the check has found, such as the names of services."""


MonthChecks = Callable[[Reader, date, date], list[Check]]
_further: list[MonthChecks] = []


def register_checks(checks: MonthChecks) -> MonthChecks:
    """Register a function `checks(reader, first_day, last_day)`, and return it.

    The function returns the results of its checks of the month from `first_day` to `last_day`.
    """
    _further.append(checks)
    return checks


def run_checks(reader: Reader, month: date) -> list[Check]:
    """Return the results of all registered checks for a month, given by its first day."""
    last = next_month(month) - timedelta(days=1)
    rows, *differences = reader.read(
        trial_balance_statement(last), *(one.differences_statement for one in balances(month))
    )
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["currency"]] = (
            sums.get(row["currency"], 0) + row["debit_minor"] - row["credit_minor"]
        )
    wrong = [currency for currency, difference in sorted(sums.items()) if difference]
    own = [
        Check(
            not wrong,
            (
                _("Debits and credits differ in %(currencies)s.", currencies=", ".join(wrong))
                if wrong
                else _("Debits equal credits in every currency.")
            ),
        ),
        Check(
            not any(differences),
            (
                _("Monthly balances and journal lines differ.")
                if any(differences)
                else _("Monthly balances match the journal lines.")
            ),
        ),
    ]
    return own + [check for checks in _further for check in checks(reader, month, last)]
