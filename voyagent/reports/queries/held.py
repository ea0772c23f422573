"""Money held for suppliers that is left after the documents of a sale.

Sales as agent credit the account, and purchases as agent debit it. Once both are posted, the
documents of a trip come to zero. What is left is a missing bill, or an amount to clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from voyagent.billing.core.queries.of_trips import cases
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.ledger.queries.sources import left_by_case_statement
from voyagent.reports.queries.periods import Days
from voyagent.trips.queries import trips

HELD = "held_for_suppliers"
"""Purpose of the account."""
ROWS_MAX = 200


class HeldDocument(NamedTuple):
    """A document with its postings to the account, debit less credit."""

    source_type: str
    source_id: UUID
    entry_id: UUID
    narration: str
    day: date
    amount: Money


@dataclass(frozen=True, slots=True)
class HeldCase:
    """Documents that are settled together, and what they leave on the account.

    They are those of the trip with the title `title`. Without a trip, they are an invoice or a bill
    with its credits, or an entry of another source. `left` is debit less credit.
    """

    trip_id: UUID | None
    title: str | None
    left: Money
    documents: tuple[HeldDocument, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The cases that leave an amount on the account, the earliest first.

    `cut_at` is the number of documents of `cases` if there are more, else None.
    """

    cases: tuple[HeldCase, ...]
    cut_at: int | None


def read_held(reader: Reader, account_id: UUID, days: Days) -> Held:
    """Return what the postings of a period leave on the account, by trip and document.

    All cases together are the movement of the account in the period.
    """
    period = (days.first, days.last)
    (rows,) = reader.read(left_by_case_statement(account_id, period, cases(), limit=ROWS_MAX + 1))
    shown = rows[:ROWS_MAX]
    titles = trips.read_titles(reader, {row["trip_id"] for row in shown if row["trip_id"]})
    return Held(tuple(_cases(shown, titles)), ROWS_MAX if len(rows) > ROWS_MAX else None)


def _cases(rows: list[Row], titles: dict[UUID, str]) -> Iterator[HeldCase]:
    for (_case, currency), found in groupby(rows, lambda row: (row["case_id"], row["currency"])):
        of_case = list(found)
        trip_id = of_case[0]["trip_id"]
        yield HeldCase(
            trip_id,
            titles.get(trip_id),
            Money(of_case[0]["left_minor"], currency),
            tuple(
                HeldDocument(
                    row["source_type"],
                    row["source_id"],
                    row["entry_id"],
                    row["narration"],
                    row["day"],
                    Money(row["minor"], currency),
                )
                for row in of_case
            ),
        )
