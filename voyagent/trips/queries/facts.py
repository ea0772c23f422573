"""Facts of the lines of a trip, such as what is booked, billed and invoiced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, select

from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.trip_earnings import earnings_of_trip_statement
from voyagent.trips.models import ExpectedBill
from voyagent.trips.queries.trips import TripNotFound, read_with
from voyagent.trips.rules.journey import BOOKED, Journey, Line, Total

Step = Literal["book", "bill", "invoice"]
DocumentFacts = Callable[[UUID, Select[Any]], Select[Any]]
"""Function from the id of a trip, and a select of the ids of its expected bills, to a select.

Rows: `fact` (`paid`, `invoiced` or `received`), `trip_line_id` or `expected_bill_id`, and
`amount_minor` in the currency `currency`.
"""
_EXPECTED = ExpectedBill.__table__.c
_sources: list[DocumentFacts] = []


def on_documents(source: DocumentFacts) -> DocumentFacts:
    """Register a function that selects amounts on documents for the lines of a trip."""
    if source not in _sources:
        _sources.append(source)
    return source


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of a trip with its facts; None stands for a missing fact.

    `expected` is what the supplier is still expected to bill, or what is accrued if that is more,
    with the id of the expected bill. `billed` is zero if the accrued cost was released, because no
    bill will come. `invoiced` is before tax and less credit notes. `received` is the line's part of
    what the customer has paid of its invoices.
    """

    line: Line
    is_accepted: bool
    billed: Money | None
    paid: Money | None
    invoiced: Money | None
    received: Money | None
    expected: Money | None
    expected_bill_id: UUID | None

    @property
    def quoted(self) -> Total:
        """Return cost and price at the acceptance, or the present ones if there is none."""
        return Total(
            self.line.cost if self.line.quoted_cost is None else self.line.quoted_cost,
            self.line.price if self.line.quoted_price is None else self.line.quoted_price,
        )

    @property
    def booked(self) -> Money | None:
        """Return the booked cost."""
        if self.line.status not in BOOKED:
            return None
        return self.line.cost if self.line.booked_cost is None else self.line.booked_cost

    @property
    def forecast(self) -> Total:
        """Return the forecast cost and the forecast price of the line."""
        known = [one for one in (self.billed, self.expected) if one is not None]
        cost = sum(known[1:], known[0]) if known else self.line.cost
        return Total(cost, self.quoted.price if self.invoiced is None else self.invoiced)

    @property
    def steps(self) -> list[Step]:
        """Return the missing facts of an accepted trip, as things to do."""
        if not self.is_accepted:
            return []
        if self.booked is None:
            return ["book"]
        is_missing: dict[Step, bool] = {
            "invoice": self.invoiced is None and bool(self.line.price),
            "bill": self.expected_bill_id is not None,
        }
        return [step for step, missing in is_missing.items() if missing]


@dataclass(frozen=True)
class TripFacts:
    """A trip with the facts of its active lines, and its actual totals by currency."""

    journey: Journey
    lines: tuple[LineFacts, ...]
    actual: dict[str, Total]

    @cached_property
    def margins(self) -> list[dict[str, Total]]:
        """Return planned, booked, actual and forecast totals, for each currency."""
        currencies = dict.fromkeys(
            (*(one.line.price.currency for one in self.lines), *self.actual)
        ) or {self.journey.trip["currency"]: None}
        return [self._in(currency) for currency in currencies]

    def _in(self, currency: str) -> dict[str, Total]:
        of = [one for one in self.lines if one.line.price.currency == currency]
        booked = [Total(one.booked, one.quoted.price) for one in of if one.booked is not None]
        return {
            "planned": _sum([one.quoted for one in of], currency),
            "booked": _sum(booked, currency),
            "actual": self.actual.get(currency, _sum([], currency)),
            "forecast": _sum([one.forecast for one in of], currency),
        }


def read_trip_facts(reader: Reader, trip_id: UUID) -> TripFacts:
    """Return a trip with the facts of its lines. Raises TripNotFound."""
    ids = select(_EXPECTED.id).where(owned(ExpectedBill), _EXPECTED.trip_id == trip_id)
    expected = select(
        *(_EXPECTED[name] for name in ("id", "trip_line_id", "status", "currency")),
        _EXPECTED.amount_minor,
        _EXPECTED.matched_minor,
        _EXPECTED.accrued_minor,
    ).where(owned(ExpectedBill), _EXPECTED.trip_id == trip_id, _EXPECTED.status != "released")
    journey, (rows, earned, *documents) = read_with(
        reader,
        trip_id,
        expected,
        earnings_of_trip_statement(trip_id),
        *(source(trip_id, ids) for source in _sources),
    )
    if journey is None:
        raise TripNotFound
    known = {row["trip_line_id"]: row for row in rows}
    of_documents = [row for found in documents for row in found]
    lines = (_facts(journey, line, known.get(line.id), of_documents) for line in journey.lines)
    return TripFacts(
        journey,
        tuple(one for one in lines if not one.line.is_over),
        {
            row["currency"]: Total(
                Money(int(row["cost_minor"]), row["currency"]),
                Money(int(row["revenue_minor"]), row["currency"]),
            )
            for row in earned
        },
    )


def _facts(
    journey: Journey, line: Line, expected: Row | None, documents: Sequence[Row]
) -> LineFacts:
    currency = line.price.currency
    own = expected if expected is not None and expected["currency"] == currency else None
    keys = {"trip_line_id": line.id, "expected_bill_id": own and own["id"]}

    def amount(fact: str) -> Money | None:
        minors = [
            int(row["amount_minor"])
            for row in documents
            if row["fact"] == fact
            and row["currency"] == currency
            and any(key is not None and row[name] == key for name, key in keys.items())
        ]
        return Money(sum(minors), currency) if minors else None

    is_open = own is not None and own["status"] == "open"
    accrued_minor = own["accrued_minor"] if own and is_open else 0
    rest_minor = own["amount_minor"] - own["matched_minor"] if own and is_open else 0
    is_billed = own is not None and (own["matched_minor"] or own["status"] == "matched")
    return LineFacts(
        line,
        journey.trip["acceptance"] == "accepted",
        Money(own["matched_minor"], currency) if own and is_billed else None,
        amount("paid"),
        amount("invoiced"),
        amount("received"),
        Money(max(rest_minor, accrued_minor), currency) if is_open else None,
        own["id"] if own and is_open else None,
    )


def _sum(totals: Sequence[Total], currency: str) -> Total:
    nothing = Money(0, currency)
    return Total(
        sum((one.cost for one in totals), nothing), sum((one.price for one in totals), nothing)
    )
