"""Party statement: balances, entries, and a comparison with the open documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

from sqlalchemy import Select

from voyagent.billing.ageing.queries import open_items
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.queries.open_list import AGES
from voyagent.billing.core.rules import CLAIMS
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement
from voyagent.kernel.money import Money
from voyagent.kernel.pages import InvalidCursor
from voyagent.ledger.queries.account_lines import LineCursor
from voyagent.ledger.queries.exports import party_entries_cells
from voyagent.ledger.queries.party_lines import (
    PartyRef,
    party_balances_at_statement,
    party_balances_statement,
    party_entries_statement,
)
from voyagent.parties import queries as parties
from voyagent.reports.queries import receivables
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.receivables import EVER, SIDE

PartyKind = Literal["customer", "supplier"]
PARTY_KINDS: tuple[PartyKind, ...] = get_args(PartyKind)
CONTROL: dict[PartyKind, Kind] = {"customer": "receivable", "supplier": "payable"}
"""Kind of open documents, and purpose of the control account, of each kind of party."""
ADVANCES: dict[PartyKind, tuple[str, ...]] = {
    "customer": receivables.ADVANCES["receivable"],
    "supplier": (*receivables.ADVANCES["payable"], CLAIMS),
}
"""Purposes of the accounts of advances, credits and claims of each kind of party."""
PAGE_ENTRIES = 100


class Moved(NamedTuple):
    """A journal entry of a party in one currency.

    `more` is the amount by which the party's balance increases, and `less` the amount by which it
    decreases. `balance` is the running balance.
    """

    entry_id: UUID
    day: date
    narration: str
    source_type: str
    source_id: UUID
    more: Money
    less: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class PartyBalances:
    """Balances of a party in one currency.

    A balance is positive if the customer owes it to the agency, or if the agency owes it to the
    supplier. `open` is the party's balance on the control account. `advances` is the sum of the
    party's unused payments and credits, and of open claims on a supplier. `closing` is `open` less
    `advances`. `ages` has one sum of open documents for each age from 0 to 4, as in
    `receivables.Document`.
    """

    opening: Money
    closing: Money
    open: Money
    ages: tuple[Money, ...]
    advances: Money

    @property
    def currency(self) -> str:
        """Currency of all balances."""
        return self.opening.currency

    @property
    def aged(self) -> Money:
        """Sum of the open documents; it equals `open` if the books are correct."""
        return sum(self.ages[1:], self.ages[0])

    @property
    def is_proved(self) -> bool:
        """True if the sum of the open documents equals the balance of the control account."""
        return self.open == self.aged


@dataclass(frozen=True, slots=True)
class PartyStatement:
    """Statement of a customer or supplier: balances, and a page of entries.

    `ref` is the id or name with which the statement was requested, and `party` is the name that it
    shows. `currencies` has the balances of each currency for the whole period.
    """

    kind: PartyKind
    ref: PartyRef
    party: str
    days: Days
    currencies: tuple[PartyBalances, ...]
    moved: tuple[Moved, ...]
    is_first_page: bool
    next_cursor: str | None

    @property
    def has_open_documents(self) -> bool:
        """True if a document is open on the last day."""
        return any(one.aged for one in self.currencies)

    @property
    def is_proved(self) -> bool:
        """True if open documents and control account are equal in every currency."""
        return all(one.is_proved for one in self.currencies)


def read_party_statement(
    reader: Reader,
    kind: PartyKind,
    party: PartyRef,
    days: Days,
    *,
    name: str | None = None,
    after: LineCursor | None = None,
    limit: int = PAGE_ENTRIES,
) -> PartyStatement:
    """Return a page of a party statement, in one database round trip.

    `party` is the id of the customer or supplier, whose `name` is shown, or a name. Raises
    InvalidCursor if `after` is outside the period.
    """
    if after is not None and not days.first <= after.day <= days.last:
        raise InvalidCursor
    purposes = (CONTROL[kind], *ADVANCES[kind])
    closed, ages, rows, *balances_at = reader.read(
        party_balances_statement(purposes, party, days.last, earlier=days.day_before),
        _ages_statement(kind, days.last, party),
        party_entries_statement(
            purposes, party, days.first, days.last, after=after, limit=limit + 1
        ),
        *([party_balances_at_statement(purposes, party, after)] if after else []),
    )
    entries = [list(same) for _, same in groupby(rows, key=lambda row: row["id"])]
    shown = entries[:limit]
    marked = (
        LineCursor(shown[-1][0]["entry_date"], shown[-1][0]["id"], 1)
        if len(entries) > limit
        else None
    )
    side = SIDE[CONTROL[kind]]
    balances: defaultdict[str, int] = defaultdict(int)
    for row in balances_at[0] if balances_at else closed:
        balances[row["currency"]] += side * (
            _net(row) if balances_at else int(row["earlier_minor"])
        )
    return PartyStatement(
        kind=kind,
        ref=party,
        party=name or max((row["party_name"] for row in closed), default=str(party)),
        days=days,
        currencies=tuple(_party_balances(kind, closed, ages)),
        moved=tuple(_running([row for rows in shown for row in rows], balances, side)),
        is_first_page=after is None,
        next_cursor=marked.encode() if marked else None,
    )


def read_ref(
    reader: Reader, name: str | None, party_id: UUID | None
) -> tuple[PartyRef, str | None]:
    """Return the party that is given by its id or a name.

    The second value is the name of the party with the id, or None. Raises PartyNotFound.
    """
    if party_id is None:
        return name or "", None
    return party_id, parties.read_party(reader, party_id)["name"]


def cells_statement(report: PartyStatement, mark: str) -> Select[Any]:
    """Select the entries of a party statement as CSV cells.

    `mark` is the first cell of each row: the kind of row, such as `line`. The other cells: day,
    entry id, narration, currency, amount, running balance.
    """
    purposes = (CONTROL[report.kind], *ADVANCES[report.kind])
    opening = {one.currency: one.opening.amount_minor for one in report.currencies}
    return party_entries_cells(
        purposes,
        report.ref,
        report.days.first,
        report.days.last,
        mark,
        opening,
        SIDE[CONTROL[report.kind]],
    )


@cached_statement
def _ages_statement(kind: PartyKind, day: date, party: PartyRef) -> Select[Any]:
    return open_items.parties_by_age_statement(
        CONTROL[kind], *EVER, today=day, as_of=day, party=party
    )


def _party_balances(kind: PartyKind, closed: list[Row], ages: list[Row]) -> Iterable[PartyBalances]:
    side = SIDE[CONTROL[kind]]
    for currency in sorted({row["currency"] for row in (*closed, *ages)}):
        then = [row for row in closed if row["currency"] == currency]
        on = {row["purpose"]: side * _net(row) for row in then}
        yield PartyBalances(
            opening=Money(side * sum(int(row["earlier_minor"]) for row in then), currency),
            closing=Money(side * sum(map(_net, then)), currency),
            open=Money(on.get(CONTROL[kind], 0), currency),
            ages=tuple(
                Money(
                    sum(
                        int(row["open_minor"])
                        for row in ages
                        if (row["currency"], row["age"]) == (currency, age)
                    ),
                    currency,
                )
                for age in range(AGES)
            ),
            advances=Money(-sum(on.get(purpose, 0) for purpose in ADVANCES[kind]), currency),
        )


def _running(rows: list[Row], balances: defaultdict[str, int], side: int) -> Iterable[Moved]:
    for row in rows:
        currency, net = row["currency"], side * _net(row)
        balances[currency] += net
        yield Moved(
            entry_id=row["id"],
            day=row["entry_date"],
            **{name: row[name] for name in ("narration", "source_type", "source_id")},
            more=Money(max(net, 0), currency),
            less=Money(max(-net, 0), currency),
            balance=Money(balances[currency], currency),
        )


def _net(row: Row) -> int:
    return int(row["debit_minor"]) - int(row["credit_minor"])
