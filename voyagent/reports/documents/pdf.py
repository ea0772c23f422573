"""PDF files of reports, and tables of ageing, trial balance and party statement."""

from __future__ import annotations

from flask_babel import gettext as _

from voyagent.billing.core.queries.open_list import Basis
from voyagent.drivers.paper.tables import Group, Printed, Table, figure, named
from voyagent.http.account_names import account_name
from voyagent.http.template_filters import amount, symbol_money
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.mail.service import Attached
from voyagent.reports.documents.currencies import block_title, closing_note, other_currencies
from voyagent.reports.documents.sentences import age_titles, written
from voyagent.reports.exports.spreadsheets import whole
from voyagent.reports.queries.party_statement import PartyBalances, PartyStatement
from voyagent.reports.queries.receivables import CurrencyBlock, Open, OpenInBase
from voyagent.reports.queries.trial_balance import PeriodBalance, PeriodBlock
from voyagent.settings import queries as settings


def file(printed: Printed, name: str, words: str, reader: RequestReader) -> Attached:
    """Return a report as a PDF file with the agency's letterhead.

    `name` is part of the file's name. `words` describes the filters of the report.
    """
    return Attached(
        f"voyagent-{name}.pdf",
        "application/pdf",
        printed.pdf(words, reader.authenticate(), settings.read_letterhead(reader)),
    )


def ageing(report: Open) -> Printed:
    """Return receivables or payables by age as one table for each currency.

    If the base amounts are established and there are other currencies, the first table has all
    currencies in base.
    """
    owed_to_us = report.kind == "receivable"
    return Printed(
        _("Receivables by age") if owed_to_us else _("Payables by age"),
        [
            *([_aged_in_base(report.base, report.basis)] if report.base else []),
            *(_aged(block, owed_to_us=owed_to_us, basis=report.basis) for block in report.blocks),
        ],
    )


def trial_balance(report: PeriodBalance, currency: str | None) -> Printed:
    """Return the trial balance as one table for each currency, or one in base.

    The columns are debit and credit of opening balance, movement and closing balance, and of the
    year-end transfer if the period is in more than one financial year.
    """
    tables = [_balanced(block, report) for block in report.shown(currency)]
    return Printed(
        _("Trial balance"), [*tables, *other_currencies(report, currency, closing_note())]
    )


def party_statement(report: PartyStatement) -> Printed:
    """Return the party statement: a table for each currency, and open documents.

    The last table has the open documents by age.

    Raises TooManyLines if `report` does not contain all its lines.
    """
    whole(report)
    tables = [_moved(one, report) for one in report.currencies]
    return Printed(
        _("Statement, %(name)s", name=report.party),
        [*tables, _open_by_age(report)] if report.has_open_documents else tables,
    )


def _aged_in_base(base: OpenInBase, basis: Basis) -> Table:
    rows = [
        [line.currency, *map(figure, (*line.ages, line.total)), amount(line.open)]
        for line in base.lines
    ]
    rows += [
        [
            _("Revaluation, %(currency)s", currency=line.currency),
            *[""] * len(base.ages),
            amount(line.revaluation),
            "",
        ]
        for line in base.lines
        if line.revaluation
    ]
    total = _("Total %(currency)s", currency=base.currency)
    proof = (
        _("equals account %(code)s,", code=base.control_code)
        if base.is_proved
        else _("ledger balance")
    )
    return Table(
        title=_("All currencies, in %(currency)s", currency=named(base.currency)),
        columns=[
            _("Currency"),
            *age_titles(basis),
            _("Amount due"),
            _("In its currency"),
        ],
        groups=[Group("", rows)],
        totals=[[total, *map(amount, (*base.ages, base.total)), ""]],
        note=f"{proof} {symbol_money(base.control)}",
    )


def _aged(block: CurrencyBlock, *, owed_to_us: bool, basis: Basis) -> Table:
    ahead = [_("Advances"), _("Outstanding")] if block.advance else []
    rows = [
        [
            party.name,
            *map(
                figure,
                (*party.ages, party.open, *([party.advance, party.outstanding] if ahead else [])),
            ),
        ]
        for party in block.parties
    ]
    sums = [*block.totals, block.open, *([block.advance, block.outstanding] if ahead else [])]
    proof = [
        (
            _("equals account %(code)s,", code=block.control_code)
            if block.ever_open == block.control
            else _("ledger balance")
        ),
        symbol_money(block.control),
    ]
    if not block.is_ahead_proved:
        ahead_of = _("%(currency)s: advances total", currency=block.currency)
        proof += [
            "·",
            ahead_of,
            symbol_money(block.ever_ahead) + ",",
            _("balance of their account"),
            symbol_money(block.ahead_control),
        ]
    return Table(
        title=named(block.currency),
        columns=[
            _("Customer") if owed_to_us else _("Supplier"),
            *age_titles(basis),
            _("Amount due"),
            *ahead,
        ],
        groups=[Group("", rows)],
        totals=[[_("Total %(currency)s", currency=block.currency), *map(amount, sums)]],
        note=" ".join(proof),
    )


def _balanced(block: PeriodBlock, report: PeriodBalance) -> Table:
    types = {
        "asset": _("Assets"),
        "liability": _("Liabilities"),
        "equity": _("Equity"),
        "revenue": _("Revenue"),
        "expense": _("Expenses"),
    }
    turn = [_("Year-end transfer")] if report.period.is_over_a_turn else []
    pairs = (
        _("Opening, %(day)s", day=written(report.period.first)),
        _("Movement"),
        *turn,
        _("Closing, %(day)s", day=written(report.period.last)),
    )
    groups = [
        Group(
            types[kind],
            [
                [
                    f"{line.code} {account_name(line.name)}".strip(),
                    *(figure(side) for pair in line.pairs for side in pair),
                ]
                for line in lines
            ],
        )
        for kind, lines in block.by_type
    ]
    differences = [symbol_money(one) for one in block.differences if one]
    return Table(
        title=block_title(report, block),
        columns=[
            _("Account"),
            *(f"{pair}\n{side}" for pair in pairs for side in (_("Debit"), _("Credit"))),
        ],
        groups=groups,
        totals=[
            [
                _("Total %(currency)s", currency=block.currency),
                *(amount(side) for pair in block.totals for side in pair),
            ]
        ],
        note=" ".join((_("out of balance by"), *differences)) if differences else _("in balance"),
    )


def _moved(one: PartyBalances, report: PartyStatement) -> Table:
    is_customer = report.kind == "customer"
    rows = [
        [
            written(moved.day),
            moved.narration,
            figure(moved.more),
            figure(moved.less),
            amount(moved.balance),
        ]
        for moved in report.moved
        if moved.balance.currency == one.currency
    ]
    opening, closing = (
        _("Opening, %(day)s", day=written(report.days.first)),
        _("Closing, %(day)s", day=written(report.days.last)),
    )
    return Table(
        title=named(one.currency),
        columns=[
            _("Book date"),
            _("Entry"),
            _("Invoiced or refunded") if is_customer else _("Billed or refunded"),
            _("Paid or credited"),
            _("Balance"),
        ],
        groups=[Group("", [["", opening, "", "", amount(one.opening)], *rows])],
        totals=[["", closing, "", "", amount(one.closing)]],
        note=_proof(one),
        texts=2,
        stretch=1,
    )


def _open_by_age(report: PartyStatement) -> Table:
    rows = [
        [one.currency, *map(figure, (*one.ages, one.aged))] for one in report.currencies if one.aged
    ]
    return Table(
        title=_("Open documents by age, %(day)s", day=written(report.days.last)),
        columns=[_("Currency"), *age_titles(), _("Amount due")],
        groups=[Group("", rows)],
        totals=[],
        note="",
    )


def _proof(one: PartyBalances) -> str:
    aged = symbol_money(one.aged)
    if not one.is_proved:
        text = _(
            "%(currency)s: the ageing report shows %(aged)s due, the ledger shows %(open)s.",
            currency=one.currency,
            aged=aged,
            open=symbol_money(one.open),
        )
        return str(text)
    come_to = _("%(currency)s: open documents total", currency=one.currency)
    return (
        f"{come_to} {aged}, {_('advances')} {symbol_money(one.advances)}."
        if one.advances
        else f"{come_to} {aged}."
    )
