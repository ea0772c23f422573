"""Reports and lists as PDF tables under the agency's letterhead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import get_locale, gettext as _

from voyagent.drivers.paper import Paper, picture
from voyagent.http.extensions import installed
from voyagent.http.template_filters import amount, currency_name, moment
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.copy_export import Exports
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Unprocessable
from voyagent.kernel.money import Money
from voyagent.kernel.sheets import check_rows

ROWS_MAX = 10_000
"""Maximum number of rows of a PDF."""
_WIDE = 6
Cells = list[str]


class TooManyRows(Unprocessable):
    """The table has more than ROWS_MAX rows."""

    code = "too_many_rows"
    message = N_("A PDF has at most 10,000 rows. Choose fewer days, or download the XLSX.")


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of a table under a heading, with their totals; the heading may be empty."""

    title: str
    rows: Sequence[Cells]
    sums: Sequence[Cells] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the first columns contain texts, the other columns contain amounts.

    `texts` is the number of columns with texts. `stretch` is the index of the column that takes the
    remaining width. `note` is printed below the table.
    """

    title: str
    columns: Cells
    groups: Sequence[Group]
    totals: Sequence[Cells]
    note: str
    texts: int = 1
    stretch: int = 0


@dataclass(frozen=True, slots=True)
class Printed:
    """A report to be printed: its title and its tables."""

    title: str
    tables: Sequence[Table]

    def pdf(self, words: str, actor: Actor, letterhead: Row) -> bytes:
        """Return the report as PDF; `words` describes the filters of the report.

        `letterhead` has logo, postal address and tax number of the agency. Raises TooManyRows above
        ROWS_MAX rows, LargeFile if the report is so long that a worker must make it, ExportsBusy
        if too many exports are running, and the errors of `Paper.pdf`.
        """
        count = sum(len(group.rows) for table in self.tables for group in table.groups)
        if count > ROWS_MAX:
            raise TooManyRows
        check_rows(count)
        locale = get_locale()
        data: dict[str, Any] = {
            "lang": locale.language if locale else "en",
            "title": self.title,
            "words": words,
            "agency": actor.tenant_name,
            "logo": picture(letterhead["logo"]),
            "address": letterhead.get("address") or "",
            "tax_number": (
                _("Tax number %(number)s", number=letterhead["tax_number"])
                if letterhead.get("tax_number")
                else ""
            ),
            "made": "\n".join(
                (
                    _("Printed %(moment)s", moment=moment(clock.now())),
                    _("by %(name)s", name=actor.full_name or actor.email),
                )
            ),
            "is_wide": any(len(table.columns) > _WIDE for table in self.tables),
            "empty": _("Nothing to report in this selection."),
            "tables": [asdict(table) for table in self.tables],
        }
        with installed(Exports, "exports").making_file(actor.tenant_id, rows=count):
            return installed(Paper, "paper").pdf("report.typ", data)


def named(currency: str) -> str:
    """Return the title for amounts in a currency, such as `Indian Rupee (INR)`."""
    return f"{currency_name(currency)} ({currency})"


def figure(value: Money) -> str:
    """Return an amount as text, empty for zero."""
    return amount(value) if value else ""
