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
)
Read = tuple[Row, list[Row]]


def entry_sheet(found: Read) -> Sheet:
    """Return a journal entry as the rows of a CSV or XLSX sheet.

    The first cell of each row is the kind of row: `head` for one field of the entry, `line` for one
    journal line, or `total` for the total debit and total credit in one currency.
    """
    entry, lines = found
    rows: list[list[Cell]] = [
        [HEAD, None, item, text, day, *(None,) * 5]
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
        rows.append(
            [
                *cells,
                *(Money(line[f"{side}_minor"], line["currency"]) for side in ("debit", "credit")),
            ]
        )
    rows += [
        [TOTAL, *(None,) * 6, debit.currency, debit, credit] for debit, credit in _totals(lines)
    ]
    return Sheet(_file(entry), COLUMNS, rows)


def entry_paper(
    reader: RequestReader,
    found: Read,
    agency: str,  # noqa: ARG001 - every `typeset` function of a kind of document takes it
) -> Attached:
    """Return a journal entry as a PDF: one table with totals for each currency."""
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
    printed = Printed(
        _("Journal entry"), [_table(lines, debit, credit) for debit, credit in _totals(lines)]
    )
    return Attached(
        f"{_file(entry)}.pdf",
        "application/pdf",
        printed.pdf(words, reader.authenticate(), settings.read_letterhead(reader)),
    )


def _table(lines: list[Row], debit: Money, credit: Money) -> Table:
    rows = [
        [
            f"{line['code']} {account_name(line['name'])}",
            " · ".join(filter(None, (line["party_name"], line["memo"]))),
            *(
                figure(Money(line[f"{side}_minor"], line["currency"]))
                for side in ("debit", "credit")
            ),
        ]
        for line in lines
        if line["currency"] == debit.currency
    ]
    columns = [_("Account"), _("Party or note"), _("Debit"), _("Credit")]
    totals = [[_("Total %(currency)s", currency=debit.currency), "", amount(debit), amount(credit)]]
    return Table(named(debit.currency), columns, [Group("", rows)], totals, note="", texts=2)


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
