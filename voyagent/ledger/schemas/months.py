"""Input and output of the months."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Closed, Instant, Query, Trimmed
from voyagent.kernel.serializers import AnswerOf, Computed, Converted, Read
from voyagent.ledger.queries.closed_months import Months
from voyagent.ledger.service import wire_month

Month = Annotated[
    str, Field(pattern=r"^(19\d\d|2[01]\d\d|2200)-(0[1-9]|1[0-2])$", examples=["2026-03"])
]


class ReopenMonthRequest(Closed):
    """Reason for opening a month again; the audit log keeps it."""

    reason: Annotated[str, Trimmed(500)]


class MonthsQuery(Query):
    """Page of months: the newest, or those before `before`."""

    before: Annotated[Month | None, BeforeValidator(lambda value: value or None)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 24


def _state(row: Row) -> str:
    return "closed" if row["is_closed"] else "open"


class MonthOut(AnswerOf[Row]):
    """A month of the books.

    `closed_at` and `closed_by` are null if the month is open or was closed with a later one.
    """

    month: Annotated[Month, Converted(wire_month)]
    state: Annotated[Literal["open", "closed"], Computed(_state)]
    closed_at: Instant | None
    closed_by: str | None


class MonthList(AnswerOf[Months]):
    """Months that have entries or were closed, newest first.

    Everything up to `closed_through` is closed. `next_to_close` is the first open month with
    entries. `next_before` is the `before` of the next page, null on the last page.
    """

    items: list[MonthOut]
    closed_through: Annotated[Month | None, Converted(wire_month)]
    next_to_close: Annotated[Month | None, Converted(wire_month)]
    next_before: Annotated[Month | None, Read("before"), Converted(wire_month)]


class MonthState(AnswerOf[Row]):
    """State of a month after it was closed or opened again.

    Everything up to `closed_through` is closed; null if nothing is.
    """

    month: Month
    state: Literal["open", "closed"]
    closed_through: Annotated[Month | None, Converted(wire_month)]
