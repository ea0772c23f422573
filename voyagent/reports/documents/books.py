"""PDF tables of statements, ledgers and margins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from flask_babel import gettext as _, ngettext

from voyagent.drivers.paper.tables import Cells, Group, Printed, Table, figure, named
from voyagent.http.account_names import account_name
from voyagent.http.template_filters import amount, symbol_money
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.words import CASH_FLOWS
from voyagent.reports.documents.currencies import (
    block_title,
    other_currencies,
    own_currency_note,
)
from voyagent.reports.documents.sentences import (
    flow_totals,
    group_words,
    margins_note,
    policies_note,
    rate_note,
    share_words,
    side_words,
    whose_words,
    without_trip_words,
    written,
)
from voyagent.reports.exports.spreadsheets import whole
from voyagent.reports.queries.cash_flow import CashFlow, Flows
from voyagent.reports.queries.day_book import BookedEntry, DayBook
from voyagent.reports.queries.general_ledger import (
    CarriedLine,
    CurrencyMovement,
    GeneralLedger,
    LedgerLine,
)
from voyagent.reports.queries.margin_lines import MarginLines
from voyagent.reports.queries.margins import Margin, Margins, Tie
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.statements import (
    BalanceSheet,
    Position,
    ProfitAndLoss,
    Result,
    Section,
)
from voyagent.trips.rules.journey import Total


def profit_and_loss(report: ProfitAndLoss, currency: str | None) -> Printed:
    """Return the profit and loss as one table for each currency, or one in base.

    If two periods are compared, the table also has the second period's amounts and the differences.
    If `currency` is given, only the table of that currency is returned. The note of a table has the
    methods of recognition.
    """
    tables = [_earned(block, report) for block in report.shown(currency)]
    return Printed(
        _("Profit and loss"),
        [*tables, *other_currencies(report, currency, own_currency_note())],
    )


def cash_flow(report: CashFlow, currency: str | None) -> Printed:
    """Return the cash flow statement as one table for each currency, or one in base.

    If two periods are compared, the table also has the second period's amounts and the differences.
    If `currency` is given, only the table of that currency is returned.
    """
    tables = [_flowed(block, report) for block in report.shown(currency)]
    return Printed(
        _("Cash flow statement"),
        [*tables, *other_currencies(report, currency, own_currency_note())],
    )


def balance_sheet(
    report: BalanceSheet, currency: str | None, closing_rates: Mapping[str, Quote]
) -> Printed:
    """Return the balance sheet as one table for each currency, or one in base.

    If two days are compared, the table also has the second day's amounts and the differences. If
    `currency` is given, only the table of that currency is returned. The note of a table names the
    closing rate of its currency, if it is in `closing_rates`; in base, the table of other
    currencies names them all.
    """
    tables = [
        _stood(block, report, closing_rates.get(block.currency)) for block in report.shown(currency)
    ]
    note = " · ".join([own_currency_note().rstrip(".।"), *map(rate_note, closing_rates.values())])
    return Printed(_("Balance sheet"), [*tables, *other_currencies(report, currency, note)])


def general_ledger(report: GeneralLedger) -> Printed:
    """Return the general ledger of an account as one table for each currency.

    If the base amounts are established and there are other currencies, the first table has all
    lines in the base currency, and the others those of each other currency.

    Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    account = f"{report.account['code']} {account_name(report.account['name'])}"
    return Printed(
        _("General ledger, %(account)s", account=account),
        [
            *([_moved_in_base(report.added, report)] if report.added else []),
            *(
                _moved(one, report)
                for one in report.currencies
                if not report.added or one.opening.currency != report.added.opening.currency
            ),
        ],
    )


def day_book(report: DayBook) -> Printed:
    """Return the day book as a table of journal entries with their lines.

    If the base amounts are established and there are other currencies, each line also has its
    amounts in the base currency.

    Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    sums = [
        [
            _("All entries in this period in %(currency)s", currency=debit.currency),
            symbol_money(debit),
            symbol_money(credit),
        ]
        for debit, credit in report.totals
    ]
    columns = [_("Account"), _("Debit"), _("Credit")]
    if report.base is not None:
        books = report.base[0].currency
        columns += [
            _("Debit in %(currency)s", currency=books),
            _("Credit in %(currency)s", currency=books),
        ]
        total = _("All currencies, in %(currency)s", currency=books)
        sums = [*([*row, "", ""] for row in sums), [total, "", "", *map(amount, report.base)]]
    table = Table(
        _("Entries in this period"),
        columns,
        [_entry(entry, is_in_base=report.base is not None) for entry in report.entries],
        sums,
        note="",
    )
    return Printed(_("Day book"), [table] if report.entries else [])


def trip_margins(report: Margins) -> Printed:
    """Return the margins as tables.

    For each currency there is a table of trips or groups of trips, and a table that compares the
    margins with the trial balance. The first tables are in the base currency if it adds other
    currencies. Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    base_books = [report.base_books] if report.base_books else []
    return Printed(
        _("Margin by trip"),
        [
            *([_left_in_base(report, report.base)] if report.adds_others and report.base else []),
            *(_left(total, report) for total in report.totals),
            *map(_in_the_books, [*(base_books if report.adds_others else []), *report.books]),
        ],
    )


def margin_lines(report: MarginLines) -> Printed:
    """Return the journal lines of a margin as a table, with their sum.

    Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    rows = [
        [
            written(line.day),
            _beneath(line.narration, line.party_name, line.memo),
            f"{line.code} {account_name(line.name)}",
            amount(line.amount),
        ]
        for line in report.lines
    ]
    table = Table(
        title=f"{side_words()[report.of]}: {whose_words(report)}, {named(report.total.currency)}",
        columns=[_("Book date"), _("Entry"), _("Account"), _("Amount")],
        groups=[Group("", rows)],
        totals=[
            [
                "",
                ngettext("%(num)d line in all", "%(num)d lines in all", report.count),
                "",
                amount(report.total),
            ]
        ],
        note=(_("Revenue is positive, direct cost is negative.") if report.of == "margin" else ""),
        texts=3,
        stretch=1,
    )
    return Printed(_("Breakdown"), [table] if rows else [])


def _earned(block: Result, report: ProfitAndLoss) -> Table:
    titles = {
        "revenue": (_("Revenue"), _("Total revenue")),
        "expense": (_("Expenses"), _("Total expenses")),
    }
    columns = [_("Account"), _between(report.days)]
    if report.before:
        columns += [_between(report.before), _("Difference")]

    row = partial(_compared, is_compared=bool(report.before))

    def group(section: Section) -> Group:
        title, total = titles[section.type]
        rows = [
            row(f"{line.code} {account_name(line.name)}", line.amount, line.before)
            for line in section.lines
        ]
        return Group(title, rows, [row(total, section.total, section.total_before)])

    is_loss = block.result.amount_minor < 0
    name = (
        _("Loss in %(currency)s", currency=block.currency)
        if is_loss
        else _("Profit in %(currency)s", currency=block.currency)
    )
    result = row(name, block.result, block.result_before)
    return Table(
        block_title(report, block),
        columns,
        [group(section) for section in block.sections],
        [result],
        note=policies_note(report),
    )


def _flowed(block: Flows, report: CashFlow) -> Table:
    columns = [_("Account"), _between(report.days)]
    if report.before:
        columns += [_between(report.before), _("Difference")]

    row = partial(_compared, is_compared=bool(report.before))

    def group(section: Section) -> Group:
        rows = [
            row(f"{line.code} {account_name(line.name)}", line.amount, line.before)
            for line in section.lines
        ]
        total = row(flow_totals()[section.type], section.total, section.total_before)
        return Group(str(CASH_FLOWS[section.type]), rows, [total])

    return Table(
        block_title(report, block),
        columns,
        [group(section) for section in block.sections],
        [
            row(_("Net cash flow"), *block.net),
            row(_("Effect of exchange rate changes"), *block.effect),
            row(_("Money at the beginning"), *block.opening),
            row(_("Money at the end"), *block.closing),
        ],
        note="",
    )


def _stood(block: Position, report: BalanceSheet, closing_rate: Quote | None) -> Table:
    titles = {
        "asset": (_("Assets"), _("Total assets")),
        "liability": (_("Liabilities"), _("Total liabilities")),
        "equity": (_("Equity"), _("Total equity")),
    }
    columns = [_("Account"), written(report.now.as_of)]
    if report.before:
        columns += [written(report.before.as_of), _("Difference")]

    row = partial(_compared, is_compared=bool(report.before))

    def group(section: Section) -> Group:
        title, total = titles[section.type]
        rows = [
            row(f"{line.code} {account_name(line.name)}", line.amount, line.before)
            for line in section.lines
        ]
        if section.type != "equity":
            return Group(title, rows, [row(total, section.total, section.total_before)])
        computed = zip(
            (_("Result of earlier years"), _("Result of this financial year")),
            block.computed,
            strict=True,
        )
        rows += [row(f"{name} ({_('computed')})", *pair) for name, pair in computed if any(pair)]
        return Group(title, rows, [row(total, block.total_equity, block.total_equity_before)])

    against = row(
        _("Liabilities and equity in %(currency)s", currency=block.currency),
        block.liabilities_and_equity,
        block.liabilities_and_equity_before,
    )
    proof = (
        _("assets equal liabilities and equity")
        if block.in_balance
        else f"{_('out of balance by')} {symbol_money(block.difference)}"
    )
    closing = [rate_note(closing_rate)] if closing_rate else []
    return Table(
        block_title(report, block),
        columns,
        [group(section) for section in block.sections],
        [against],
        " · ".join([proof, *closing]),
    )


def _compared(name: str, now: Money, before: Money, *, is_compared: bool) -> Cells:
    return [name, amount(now), *([amount(before), amount(now - before)] if is_compared else [])]


def _moved(one: CurrencyMovement, report: GeneralLedger) -> Table:
    currency = one.opening.currency
    rows = [
        [
            written(row.day),
            _description(row),
            figure(row.debit),
            figure(row.credit),
            _balance(row.balance),
        ]
        for row in report.rows
        if row.balance.currency == currency and (row.debit or row.credit)
    ]
    return _ledger(named(currency), one, report, rows)


def _moved_in_base(base: CurrencyMovement, report: GeneralLedger) -> Table:
    books = base.opening.currency

    def description(row: LedgerLine | CarriedLine) -> str:
        foreign = row.debit or row.credit
        beside = symbol_money(foreign) if foreign and foreign.currency != books else None
        return _beneath(_description(row), beside)

    rows = [
        [
            written(row.day),
            description(row),
            figure(row.base.debit),
            figure(row.base.credit),
            _balance(row.base.balance),
        ]
        for row in report.rows
        if row.base is not None
    ]
    title = _("All currencies, in %(currency)s", currency=named(books))
    return _ledger(title, base, report, rows)


def _description(row: LedgerLine | CarriedLine) -> str:
    if isinstance(row, LedgerLine):
        return _beneath(row.narration, row.party_name, row.memo)
    return f"{_('Transferred to the result of earlier years')} ({_('computed')})"


def _ledger(
    title: str, one: CurrencyMovement, report: GeneralLedger, rows: Sequence[Cells]
) -> Table:
    """Return a table of lines between opening and closing balance."""
    carried = _("Transferred to the result of earlier years")
    opening, closing = (
        _("Opening, %(day)s", day=written(report.period.first)),
        _("Closing, %(day)s", day=written(report.period.last)),
    )
    moved = [amount(one.debit), amount(one.credit)]
    sums = [["", closing, *moved, _balance(one.closing)]]
    if one.carried is not None:
        sums = [
            ["", _("Posted in this period"), *moved, ""],
            ["", carried, *map(amount, one.carried), ""],
            ["", closing, "", "", _balance(one.closing)],
        ]
    return Table(
        title=title,
        columns=[_("Book date"), _("Entry"), _("Debit"), _("Credit"), _("Balance")],
        groups=[Group("", [["", opening, "", "", _balance(one.opening)], *rows])],
        totals=sums,
        note="",
        texts=2,
        stretch=1,
    )


def _entry(entry: BookedEntry, *, is_in_base: bool) -> Group:
    rows = [
        [
            _beneath(f"{line.code} {account_name(line.name)}", line.party_name, line.memo),
            *(symbol_money(side) if side else "" for side in (line.debit, line.credit)),
            *(map(figure, line.base_sides or ()) if is_in_base else ()),
        ]
        for line in entry.lines
    ]
    return Group(f"{written(entry.day)} · {entry.narration}", rows)


def _left(total: Margin, report: Margins) -> Table:
    def row(name: str, of: Margin) -> Cells:
        planned, actual = (
            [amount(one.price), amount(one.cost), amount(one.margin), share_words(one)]
            for one in (of.planned, of.actual)
        )
        return [name, *planned, *actual]

    named_totals = [(_beneath(trip.title, trip.customer), trip.totals) for trip in report.trips] + [
        (group_words(one.key), one.totals) for one in report.groups
    ]
    return Table(
        title=named(total.currency),
        columns=[
            {"trip": _("Trip"), "customer": _("Customer"), "month": _("Month")}[report.group_by],
            *(
                _("Price"),
                _("Cost"),
                _("Margin"),
                _("Share of price"),
                _("Revenue"),
                _("Direct cost"),
                _("Actual margin"),
                _("Share of revenue"),
            ),
        ],
        groups=[
            Group(
                "",
                [
                    row(name, one)
                    for name, totals in named_totals
                    for one in totals
                    if one.currency == total.currency
                ],
            )
        ],
        totals=[row(_("All trips in this period in %(currency)s", currency=total.currency), total)],
        note=margins_note(report),
    )


def _left_in_base(report: Margins, base: Total) -> Table:
    def row(name: str, of: Total) -> Cells:
        return [name, amount(of.price), amount(of.cost), amount(of.margin), share_words(of)]

    named_totals = [(_beneath(trip.title, trip.customer), trip.base) for trip in report.trips] + [
        (group_words(one.key), one.base) for one in report.groups
    ]
    return Table(
        title=_("All currencies, in %(currency)s", currency=named(base.currency)),
        columns=[
            {"trip": _("Trip"), "customer": _("Customer"), "month": _("Month")}[report.group_by],
            *(_("Revenue"), _("Direct cost"), _("Actual margin"), _("Share of revenue")),
        ],
        groups=[Group("", [row(name, one) for name, one in named_totals if one is not None])],
        totals=[row(_("All trips in this period"), base)],
        note="",
    )


def _in_the_books(tie: Tie) -> Table:
    def row(name: str, of: Total) -> Cells:
        return [name, amount(of.price), amount(of.cost), amount(of.margin)]

    return Table(
        title=_("All postings, %(currency)s", currency=named(tie.currency)),
        columns=["", _("Revenue"), _("Direct cost"), _("Margin")],
        groups=[
            Group(
                "",
                [
                    row(_("Posted for trips"), tie.of_trips),
                    row(_("Posted without a trip"), tie.without_trip),
                ],
            )
        ],
        totals=[row(_("Trial balance of this period"), tie.trial_balance)],
        note=without_trip_words(),
    )


def _between(days: Days) -> str:
    return str(_("%(first)s to %(last)s", first=written(days.first), last=written(days.last)))


def _beneath(name: str, *more: str | None) -> str:
    """Return a table cell with a name and further facts on a second line."""
    beneath = " · ".join(filter(None, more))
    return f"{name}\n{beneath}" if beneath else name


def _balance(balance: Money) -> str:
    """Return a balance followed by its side, debit or credit; zero has no side."""
    if not balance:
        return amount(balance)
    return (
        f"{amount(balance)} {_('Dr')}"
        if balance.amount_minor > 0
        else f"{amount(-balance)} {_('Cr')}"
    )
