"""What is looked at before a month is closed; higher rooms add what they know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from voyagent.kernel.database.read_pool import Reader
from voyagent.ledger.queries.checks import balance_differences_statement
from voyagent.ledger.queries.trial_balance import trial_balance_statement
from voyagent.ledger.rules import next_month


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was looked at, in words; one that is not `ok` is worth a thought, and closes
    nobody's way.
    """

    ok: bool
    text: str
    address: str = ""
    """The page on which it is put right, where there is one."""


MonthChecks = Callable[[Reader, date, date], list[Check]]
_further: list[MonthChecks] = []


def register_checks(look: MonthChecks) -> MonthChecks:
    """Register further checks of a month: `look(reader, first_day, last_day)`."""
    _further.append(look)
    return look


def run_checks(reader: Reader, month: date) -> list[Check]:
    """Every check of a month, by its first day."""
    last = next_month(month) - timedelta(days=1)
    rows, untied = reader.read(trial_balance_statement(last), balance_differences_statement(month))
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
            not untied,
            (
                _("The balances of the month and its lines differ.")
                if untied
                else _("The balances of the month agree with its lines.")
            ),
        ),
    ]
    return own + [check for look in _further for check in look(reader, month, last)]
