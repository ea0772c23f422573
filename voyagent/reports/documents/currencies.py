"""PDF table of the amounts in other currencies, beside those in base."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from voyagent.drivers.paper.tables import Group, Table, figure, named
from voyagent.http.account_names import account_name
from voyagent.reports.queries.currencies import ByCurrency, ForeignAmounts


def block_title(report: ByCurrency[Any], block: Any) -> str:
    """Return the title of a block: its currency, or all currencies."""
    name = named(block.currency)
    if block is report.base and report.foreign:
        return str(_("All currencies, in %(currency)s", currency=name))
    return name


def other_currencies(report: ByCurrency[Any], currency: str | None, note: str) -> list[Table]:
    """Return a table with a column for each other currency.

    The result is empty if there are no others, or if the report is of one currency only. `note` is
    printed below the table.
    """
    if currency is not None or not report.foreign:
        return []
    rows = [[account_words(one), *map(figure, one.amounts)] for one in report.foreign_amounts]
    columns = [_("Account"), *(block.currency for block in report.foreign)]
    return [Table(_("Other currencies"), columns, [Group("", rows)], [], note)]


def account_words(one: ForeignAmounts) -> str:
    """Return code and name of an account, or the name of a computed row."""
    computed = {
        "retained_earnings": _("Result of earlier years"),
        "result_of_year": _("Result of this financial year"),
    }
    return computed.get(one.name) or f"{one.code} {account_name(one.name)}".strip()


def own_currency_note() -> str:
    """Return the sentence below amounts of accounts in other currencies."""
    return str(_("Each amount is in the currency of its column."))


def closing_note() -> str:
    """Return the sentence below closing balances in other currencies."""
    return str(_("Closing balances. A negative amount is a credit."))
