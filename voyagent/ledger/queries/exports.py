"""Queries that format the cells of exported files in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from voyagent.kernel.database.copy_export import (
    abreast,
    amount_cell,
    running_total,
    text_cell,
    unit_of,
)
from voyagent.kernel.listings import Column, Listing, ends_of
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import owned
from voyagent.ledger.models import Account, JournalEntry, Posting
from voyagent.ledger.queries.account_lines import LINE_ORDER
from voyagent.ledger.queries.narrations import without_reason
from voyagent.ledger.queries.party_lines import CHANGES_BALANCE, PartyRef, party_conditions

_ACCOUNTS = Account.__table__.c
_ENTRIES = JournalEntry.__table__.c
_POSTINGS = Posting.__table__.c
_OF_LINE = (
    _POSTINGS.party_name,
    _POSTINGS.memo,
    _POSTINGS.currency,
    _POSTINGS.debit_minor,
    _POSTINGS.credit_minor,
)
_BASE = ("base_debit_minor", "base_credit_minor")
_ZERO: ColumnElement[int] = literal_column("0::bigint", BigInteger)
# OFFSET 0 keeps the planner from merging a subquery into the outer query.
_OFFSET_ZERO: ColumnElement[int] = literal_column("0")


def account_lines_cells(
    account_id: UUID,
    first: date,
    last: date,
    mark: str,
    opening: Mapping[str, int],
    base: Money | None = None,
) -> Select[Any]:
    """Select the cells of an account's postings in a period, with running balances.

    `mark` is the value of the first cell of each row. `opening` maps each currency to the account's
    balance at the end of the day before `first`: debit less credit in minor units. `base` is the
    same balance over all currencies in the base currency, or None. Cells: mark, day, entry id, line
    number, narration, party, memo, currency, debit, credit, running balance in that currency; and
    with `base`: base currency, and debit, credit and running balance in it.
    """
    moved = _POSTINGS.debit_minor - _POSTINGS.credit_minor
    # One running total for each currency, all in the order of the file. A window partitioned by
    # currency would sort all lines twice before the first row is returned.
    balances = [
        (
            _POSTINGS.currency == currency,
            start
            + running_total(case((_POSTINGS.currency == currency, moved), else_=_ZERO), LINE_ORDER),
        )
        for currency, start in opening.items()
    ]
    of_line = [*_OF_LINE, _unit(opening), case(*balances).label("balance_minor")]
    if base is not None:
        moved_in_base = _POSTINGS.base_debit_minor - _POSTINGS.base_credit_minor
        running = base.amount_minor + running_total(moved_in_base, LINE_ORDER)
        of_line += [*(_POSTINGS[name] for name in _BASE), running.label("base_balance_minor")]
    lines = _in_order(
        select(*LINE_ORDER, *of_line).where(_POSTINGS.account_id == account_id), first, last
    )
    cells = [
        literal(mark),
        lines.c.effective_date,
        lines.c.entry_id,
        lines.c.line_no,
        text_cell(_ENTRIES.narration),
        *_of_line(lines.c),
    ]
    cells.append(lines.c.balance_minor * lines.c.unit)
    if base is not None:
        unit = unit_of(literal(base.currency), [base.currency])
        amounts = (lines.c[name] * unit for name in (*_BASE, "base_balance_minor"))
        cells += [literal(base.currency), *amounts]
    return _with_entries(lines, cells, first, last)


def day_book_cells(first: date, last: date, mark: str, books: str | None = None) -> Select[Any]:
    """Select the cells of every line of the journal entries in a period, oldest first.

    `mark` is the value of the first cell of each row. Cells: mark, day, entry id, narration, line
    number, code and name of the account, party, memo, currency, debit, credit; and with `books`,
    the base currency, this currency, and debit and credit in it.
    """
    # A lateral look-up of the account is cached by PostgreSQL (Memoize); a join under row-level
    # security is not.
    account = select(_ACCOUNTS.code, text_cell(_ACCOUNTS.name).label("name")).where(
        owned(Account), _ACCOUNTS.id == _POSTINGS.account_id
    )
    found = account.offset(_OFFSET_ZERO).lateral("account")
    lines = _in_order(
        select(
            *(*LINE_ORDER, found.c.code, found.c.name, *_OF_LINE, _unit()),
            *(_POSTINGS[name] for name in _BASE if books),
        ).join_from(Posting.__table__, found, true()),
        first,
        last,
    )
    cells = [
        literal(mark),
        lines.c.effective_date,
        lines.c.entry_id,
        text_cell(_ENTRIES.narration),
        lines.c.line_no,
        lines.c.code,
        lines.c.name,
    ]
    cells += _of_line(lines.c)
    if books is not None:
        unit = unit_of(literal(books), [books])
        cells += [literal(books), *(lines.c[name] * unit for name in _BASE)]
    return _with_entries(lines, cells, first, last)


def party_entries_cells(
    purposes: Sequence[str],
    party: PartyRef,
    first: date,
    last: date,
    mark: str,
    opening: Mapping[str, int],
    side: int,
) -> Select[Any]:
    """Select the cells of the entries that change a party's balance in a period.

    There is one row for each entry and currency, oldest first. Only postings to accounts with the
    given purposes are included. `mark` is the value of the first cell of each row. `opening` maps
    each currency to the party's balance in minor units at the end of the day before `first`. `side`
    is 1 if debits increase the balance, -1 if credits do. Cells: mark, day, entry id, narration
    without its reason (`without_reason`), currency, amount, running balance.
    """
    net = cast(side * func.sum(_POSTINGS.debit_minor - _POSTINGS.credit_minor), BigInteger).label(
        "minor"
    )
    key = (_POSTINGS.effective_date, _POSTINGS.entry_id, _POSTINGS.currency)
    name = func.max(_POSTINGS.party_name).label("party_name")
    moved = (
        select(*key, net, name)
        .where(*party_conditions(purposes, party), _POSTINGS.effective_date.between(first, last))
        .group_by(*key)
        .having(CHANGES_BALANCE)
        .subquery("moved")
        .c
    )
    order = (moved.effective_date, moved.entry_id)
    before = case(
        *[
            (moved.currency == currency, literal(start, BigInteger))
            for currency, start in opening.items()
        ]
    )
    balance = before + running_total(moved.minor, order, of=moved.currency)
    return (
        select(
            literal(mark),
            moved.effective_date,
            moved.entry_id,
            text_cell(without_reason(moved.party_name)),
            moved.currency,
            amount_cell(moved.minor, moved.currency),
            amount_cell(balance, moved.currency),
        )
        .join(JournalEntry.__table__, _ENTRIES.id == moved.entry_id)
        .where(owned(JournalEntry))
        .order_by(*order, moved.currency)
    )


def journal_listing(name: str, first: date | None, last: date | None) -> Listing:
    """Return the definition of the journal's export, newest entry first.

    `name` is the file name without an extension. Book dates are from `first` to `last`. There is a
    row for each entry and currency. The amount of a row is the total debit of the entry in that
    currency.
    """
    wanted = [
        owned(JournalEntry),
        *([_ENTRIES.entry_date >= first] if first else []),
        *([_ENTRIES.entry_date <= last] if last else []),
    ]
    reversing = JournalEntry.__table__.alias("reversing")
    grouped = [
        _ENTRIES[column]
        for column in ("entry_date", "id", "narration", "source_type", "purpose", "reverses_id")
    ]
    columns = [
        Column("entry_date", _ENTRIES.entry_date),
        Column("entry_id", _ENTRIES.id),
        Column("narration", _ENTRIES.narration, "text"),
        Column("source_type", _ENTRIES.source_type),
        Column("purpose", _ENTRIES.purpose),
        Column("reverses_id", _ENTRIES.reverses_id),
        Column(
            "reversed_by_id",
            select(reversing.c.id)
            .where(owned(reversing), reversing.c.reverses_id == _ENTRIES.id)
            .scalar_subquery(),
        ),
        Column("currency", _POSTINGS.currency),
        Column("amount", func.sum(_POSTINGS.debit_minor), "amount"),
    ]

    def base(cells: Sequence[ColumnElement[Any]]) -> Select[Any]:
        joined = (_POSTINGS.tenant_id == _ENTRIES.tenant_id) & (_POSTINGS.entry_id == _ENTRIES.id)
        rows = select(*cells).select_from(JournalEntry.__table__).join(Posting.__table__, joined)
        return rows.where(owned(Posting), *wanted).group_by(*grouped, _POSTINGS.currency)

    return Listing(
        name=name,
        columns=columns,
        base=base,
        day=_ENTRIES.entry_date,
        ends=ends_of(_ENTRIES.entry_date, *wanted),
        currency=_POSTINGS.currency,
        order=(_ENTRIES.id.desc(), _POSTINGS.currency),
    )


def _unit(among: Collection[str] = ()) -> ColumnElement[Any]:
    return unit_of(_POSTINGS.currency, among).label("unit")


def _in_order(lines: Select[Any], first: date, last: date) -> Subquery:
    return (
        lines.where(owned(Posting), _POSTINGS.effective_date.between(first, last))
        .order_by(*LINE_ORDER)
        .offset(_OFFSET_ZERO)
        .subquery("lines")
    )


def _with_entries(
    lines: Subquery, cells: Sequence[ColumnElement[Any]], first: date, last: date
) -> Select[Any]:
    same_entry = (_ENTRIES.entry_date == lines.c.effective_date) & (_ENTRIES.id == lines.c.entry_id)
    rows = (
        select(*cells)
        .join_from(lines, JournalEntry.__table__, same_entry)
        .where(owned(JournalEntry), _ENTRIES.entry_date.between(first, last))
    )
    return abreast(rows.order_by(*(lines.c[column.name] for column in LINE_ORDER)))


def _of_line(line: ReadOnlyColumnCollection[str, Any]) -> tuple[ColumnElement[Any], ...]:
    return (
        text_cell(line.party_name),
        text_cell(line.memo),
        line.currency,
        line.debit_minor * line.unit,
        line.credit_minor * line.unit,
    )
