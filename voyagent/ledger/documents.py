"""Export of one journal entry as PDF, CSV and XLSX."""

from __future__ import annotations

from flask_babel import gettext as _

from voyagent.drivers.paper.tables import Group, Printed, Table, figure, named
from voyagent.http.account_names import account_name
from voyagent.http.documents import Document, facts_of
from voyagent.http.files import file_name
from voyagent.http.template_filters import amount, long_day
from voyagent.kernel.database.read_pool import RequestReader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.sheets import HEAD, LINE, ROW, TOTAL, Cell, Sheet
from voyagent.ledger.errors import EntryNotFound
from voyagent.ledger.queries import entries
from voyagent.ledger.schemas.journal import JournalEntryOut, with_lines
from voyagent.mail.service import Attached
from voyagent.settings import queries as settings

COLUMNS = (
    ROW,
    "line_no",
    "item",
    "text",
    "day",
    "party",
    "narration",
    "currency",
    "debit",
    "credit",
    *("base_currency", "base_debit", "base_credit"),
)
Read = tuple[Row, list[Row]]


def entry_sheet(found: Read) -> Sheet:
    """Return a journal entry as the rows of a CSV or XLSX sheet.

    The first cell of each row is the kind of row: `head` for one field of the entry, `line` for one
    journal line, or `total` for the total debit and total credit in one currency. A line also has
    its amount in the base currency, if the base amounts of the agency are established. If a line is
    in another currency, a further total is in the base currency.
    """
    entry, lines = found
    rows: list[list[Cell]] = [
        [HEAD, None, item, text, day, *(None,) * 8]
        for item, text, day in facts_of(JournalEntryOut.members_of(with_lines(entry, lines)))
    ]
    for line in lines:
        cells: list[Cell] = [
            LINE,
            line["line_no"],
            line["code"],
            line["name"],
            None,
            line["party_name"],
            line["memo"],
            line["currency"],
        ]
        books = line["base_currency"]
        in_base = (books, *_in(line, books, "base_")) if books else (None,) * 3
        rows.append([*cells, *_in(line, line["currency"]), *in_base])
    rows += [
        [TOTAL, *(None,) * 6, debit.currency, debit, credit, *(None,) * 3]
        for debit, credit in _totals(lines)
    ]
    if base := entries.base_sides_of(lines):
        rows.append([TOTAL, *(None,) * 9, base[0].currency, *base])
    return Sheet(_file(entry), COLUMNS, rows)


def entry_paper(
    reader: RequestReader,
    found: Read,
    agency: str,  # noqa: ARG001 - every `typeset` function of a kind of document takes it
) -> Attached:
    """Return a journal entry as a PDF: one table with totals for each currency.

    If the base amounts of the agency are established, and a line is in another currency, the first
    table has all lines in the base currency.
    """
    entry, lines = found
    day = long_day(entry["entry_date"], weekday=False, year=True)
    words = "\n".join(
        filter(
            None,
            (
                entry["narration"],
                _("Book date: %(day)s", day=day),
                _("This entry was reversed.") if entry["reversed_by_id"] else "",
            ),
        )
    )
    base = entries.base_sides_of(lines)
    printed = Printed(
        _("Journal entry"),
        [
            *([_base_table(lines, base)] if base else []),
            *(_table(lines, *sides) for sides in _totals(lines) if any(sides) or not base),
        ],
    )
    return Attached(
        f"{_file(entry)}.pdf",
        "application/pdf",
        printed.pdf(words, reader.authenticate(), settings.read_letterhead(reader)),
    )


def _table(lines: list[Row], debit: Money, credit: Money) -> Table:
    rows = [
        [*_about(line), *map(figure, sides)]
        for line in lines
        if line["currency"] == debit.currency and any(sides := _in(line, debit.currency))
    ]
    columns = [_("Account"), _("Party or note"), _("Debit"), _("Credit")]
    totals = [[_("Total %(currency)s", currency=debit.currency), "", amount(debit), amount(credit)]]
    return Table(named(debit.currency), columns, [Group("", rows)], totals, note="", texts=2)


def _base_table(lines: list[Row], base: tuple[Money, Money]) -> Table:
    currency = base[0].currency
    rows = [[*_about(line), *map(figure, _in(line, currency, "base_"))] for line in lines]
    columns = [_("Account"), _("Party or note"), _("Debit"), _("Credit")]
    totals = [[_("Total %(currency)s", currency=currency), "", *map(amount, base)]]
    title = _("All currencies, in %(currency)s", currency=named(currency))
    return Table(title, columns, [Group("", rows)], totals, note="", texts=2)


def _about(line: Row) -> list[str]:
    """Return the first two cells of a line: its account, and party or note."""
    return [
        f"{line['code']} {account_name(line['name'])}",
        " · ".join(filter(None, (line["party_name"], line["memo"]))),
    ]


def _in(line: Row, currency: str, prefix: str = "") -> tuple[Money, Money]:
    """Return debit and credit of a line; the prefix `base_` selects those in base."""
    debit, credit = (Money(line[f"{prefix}{side}_minor"], currency) for side in ("debit", "credit"))
    return debit, credit


def _totals(lines: list[Row]) -> list[tuple[Money, Money]]:
    currencies = dict.fromkeys(line["currency"] for line in lines)
    sums = {
        (code, side): sum(line[f"{side}_minor"] for line in lines if line["currency"] == code)
        for code in currencies
        for side in ("debit", "credit")
    }
    return [
        (Money(sums[code, "debit"], code), Money(sums[code, "credit"], code)) for code in currencies
    ]


def _file(entry: Row) -> str:
    return file_name("journal-entry", f"{entry['entry_date']}-{str(entry['id'])[-8:]}")


ENTRY = Document(
    name="journal-entry",
    title="a journal entry",
    contents="fields, lines and totals",
    path="/journal-entries/<entry_id>",
    page_path="/journal/<entry_id>",
    parameter="entry_id",
    permission="ledger.read",
    missing=EntryNotFound,
    read=entries.read_entry,
    sheet=entry_sheet,
    typeset=entry_paper,
    limits_itself=True,
)
