"""Translate the lines of earlier entries into the base currency.

The lines of a document have the rate of the document, also in its credits, recognitions and
reversals. Other lines have the reference rate of their day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from uuid import UUID

from sqlalchemy import text

from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.queries.translation import lines_statement, next_entries_statement
from voyagent.ledger.rules import EXCHANGE
from voyagent.ledger.service.bases import BasedLine, translated
from voyagent.rates.errors import RateMissing
from voyagent.rates.queries import DayRates


class RatesMissing(RateMissing):
    """Earlier entries need rates that the agency does not have.

    `all` has each currency and day, earliest day first; the message names the first one.
    """

    def __init__(self, missing: Sequence[tuple[str, date]]) -> None:
        super().__init__(*missing[0])
        self.all = list(missing)


Source = tuple[str, UUID]
"""Type and id of the source of an entry, such as `invoice` and the id of the invoice."""
_COLUMNS = (
    *("base_debit_minor", "base_credit_minor", "base_basis"),
    *("rate", "is_rate_inverse", "rate_on", "rate_source"),
)
_FILL = text("""
    select app.fill_translated(
      cast(:entry_id as uuid[]), cast(:line_no as bigint[]), cast(:base_debit_minor as bigint[]),
      cast(:base_credit_minor as bigint[]), cast(:base_basis as text[]), cast(:rate as numeric[]),
      cast(:is_rate_inverse as boolean[]), cast(:rate_on as date[]), cast(:rate_source as text[]))
    """)


@dataclass(frozen=True, slots=True)
class DocumentRate:
    """The rate at which a document in a foreign currency is translated.

    It is `quote`, or the reference rate of the day `on` if `quote` is None.
    """

    currency: str
    on: date
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class Documents:
    """Functions about documents and payments, which the ledger does not know.

    `rates` returns the rates of those sources that are or belong to documents. `fill` gives
    documents and payments their base amounts; the argument is the base currency. `carried` returns
    the open amounts of documents and payments at the end of a day, by purpose of the account and
    currency. Each is a pair: the amount in the currency and its base amount, both debit less
    credit, in minor units. `accounts` are the purposes of the accounts whose base balance must
    equal these base amounts.
    `unrated` returns some foreign documents without a rate, and the number of all. Each has kind
    (`invoice` or `bill`), id, number, party_name, issue_date, currency and total (Money).
    """

    rates: Callable[[Collection[Source]], Mapping[Source, DocumentRate]]
    fill: Callable[[str], None]
    carried: Callable[[Reader, date], Mapping[tuple[str, str], tuple[int, int]]]
    accounts: frozenset[str]
    unrated: Callable[[Reader, int], tuple[list[Row], int]]


_registered: list[Documents] = []


def use_documents(documents: Documents) -> None:
    """Register the functions that know documents and payments."""
    _registered[:] = [documents]


def documents() -> Documents:
    """Return the registered functions."""
    return _registered[0]


def translate_next(base_currency: str, most: int) -> int:
    """Translate the earliest entries without base amounts, and return their number.

    At most `most` entries are changed. A line that has a base amount keeps it. Raises RatesMissing
    with all currencies and days without a rate; then nothing is changed.
    """
    reader = SessionReader(db.session)
    entry_ids = [row["entry_id"] for row in reader.read(next_entries_statement(most))[0]]
    if not entry_ids:
        return 0
    rows: list[Row] = reader.read(lines_statement(entry_ids))[0]
    reversed_ids = {row["reverses_id"] for row in rows} - {None, *entry_ids}
    done: dict[UUID, list[BasedLine]] = {}
    if reversed_ids:
        for entry_id, lines in _by_entry(reader.read(lines_statement(reversed_ids))[0]):
            done[entry_id] = [_based(line, base_currency) for line in lines]
    rates, filled = DayRates(reader), list[Row]()
    booked = documents().rates({(row["source_type"], row["source_id"]) for row in rows})
    for entry_id, lines in _by_entry(rows):
        try:
            done[entry_id] = _translate(lines, base_currency, done, booked, rates)
        except RateMissing:
            continue
        filled += [
            {"entry_id": entry_id, "line_no": row["line_no"], **line.columns}
            for row, line in zip(lines, done[entry_id], strict=True)
            if row["base_basis"] is None
        ]
    if rates.missing:
        raise RatesMissing(sorted(rates.missing, key=lambda one: (one[1], one[0])))
    names = ("entry_id", "line_no", *_COLUMNS)
    db.session.execute(_FILL, {name: [row[name] for row in filled] for name in names})
    return len(entry_ids)


def _by_entry(rows: Iterable[Row]) -> Iterable[tuple[UUID, list[Row]]]:
    for entry_id, lines in groupby(rows, key=lambda row: row["entry_id"]):
        yield entry_id, list(lines)


def _translate(
    rows: Sequence[Row],
    base_currency: str,
    done: Mapping[UUID, Sequence[BasedLine]],
    booked: Mapping[Source, DocumentRate],
    rates: DayRates,
) -> list[BasedLine]:
    lines = [_based(row, base_currency) for row in rows]
    first = rows[0]
    taken_back = done.get(first["reverses_id"], ())
    if taken_back and all(line.base is not None for line in taken_back):
        return [
            line if line.base is not None else _reversed(line, other)
            for line, other in zip(lines, taken_back, strict=True)
        ]
    rate = booked.get((first["source_type"], first["source_id"]))

    def find(currency: str) -> Quote:
        if rate is None or rate.currency != currency:
            return rates.find(currency, first["entry_date"])
        if rate.quote is not None and {rate.quote.base, rate.quote.quote} == {
            currency,
            base_currency,
        }:
            return rate.quote
        return rates.find(currency, rate.on)

    known = {line.amount.currency: line.quote for line in lines if line.quote is not None}
    return translated(lines, base_currency, known, find)


def _based(row: Row, base_currency: str) -> BasedLine:
    """Return a stored line, with its base amount and rate if it has them."""
    currency, quote, base = row["currency"], None, None
    if row["rate"] is not None:
        one, other = sorted(
            (currency, base_currency), key=lambda code: (code == currency) == row["is_rate_inverse"]
        )
        quote = Quote(one, other, row["rate"], row["rate_on"], row["rate_source"])
    if row["base_basis"] is not None:
        base = Money(row["base_debit_minor"] - row["base_credit_minor"], base_currency)
    return BasedLine(
        row["account_id"],
        Money(row["debit_minor"] - row["credit_minor"], currency),
        is_exchange=row["purpose"] == EXCHANGE,
        base=base,
        basis=row["base_basis"],
        quote=quote,
    )


def _reversed(line: BasedLine, other: BasedLine) -> BasedLine:
    """Return a line with the base amount of the line that it takes back."""
    base = None if other.base is None else -other.base
    return replace(line, base=base, basis=other.basis, quote=other.quote)
