"""Import exchange rates, one rate in each row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from voyagent.imports.rules.cell_types import Context, RowCurrency, RowDate
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict
from voyagent.kernel.fields import Closed, Trimmed
from voyagent.kernel.money import ungrouped
from voyagent.kernel.rates import RATE_SHAPE, SOURCE_MAX, Quote
from voyagent.rates import service
from voyagent.rates.queries import read_base_currency
from voyagent.rates.rules import Kind, Units, rate_of_one

ERROR_FIELDS = {
    **dict.fromkeys(("same_currency", "rate_of_other_books"), "currency"),
    "rate_in_future": "on",
    "rate_out_of_range": "rate",
}
_UNITS = {"1": 1, "100": 100}


class RateTwice(Conflict):
    """An earlier row of the file has a rate of the same pair, kind and day."""

    code = "rate_twice"
    message = N_("An earlier line of this file has a rate of this currency, kind and day.")


class RateRow(Closed):
    """A row of a file of exchange rates: `units` units of `currency` cost `rate`.

    `price_in` is the other currency, by default that of the books. `units` is 1 or 100.
    """

    on: RowDate
    currency: RowCurrency
    rate: Annotated[str, BeforeValidator(ungrouped), Field(pattern=RATE_SHAPE)]
    units: Annotated[Units, BeforeValidator(lambda cell: _UNITS.get(cell, cell))] = 1
    price_in: RowCurrency | None = None
    kind: Kind = "reference"
    source: Annotated[str, Trimmed(SOURCE_MAX)]


COLUMNS = tuple(RateRow.model_fields)
NEEDED = ("on", "currency", "rate", "source")


class Taker:
    """Importer of exchange rates."""

    def __init__(self, actor: Actor, _on: date | None) -> None:
        self._actor = actor
        self._context = Context(
            clock.today(actor.timezone), read_base_currency(SessionReader(db.session))
        )
        self._had: set[tuple[str, str, str, date]] = set()

    def take(self, cells: dict[str, str]) -> None:
        """Import one rate.

        Raises ValidationError, RateTwice, and the errors of `enter_rate`.
        """
        row = RateRow.model_validate(cells, strict=False, context=self._context)
        books = row.price_in or self._context.currency
        key = (min(row.currency, books), max(row.currency, books), row.kind, row.on)
        if key in self._had:
            raise RateTwice
        rate = rate_of_one(Decimal(row.rate), row.units)
        service.enter_rate(
            self._actor, Quote(row.currency, books, rate, row.on, row.source), kind=row.kind
        )
        self._had.add(key)

    def finish(self) -> None:
        """Do nothing, because each row is already imported."""
