"""Request and response schemas of the closing and reopening of months."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Closed, Instant, Query, Trimmed
from voyagent.kernel.serializers import AnswerOf, Computed, Converted, Read
from voyagent.ledger.queries.closed_months import Months
from voyagent.ledger.service.months import wire_month

Month = Annotated[
    str, Field(pattern=r"^(19\d\d|2[01]\d\d|2200)-(0[1-9]|1[0-2])$", examples=["2026-03"])
]


class CloseMonthRequest(Closed):
    """Reason for closing a month whose foreign balances are not revalued.

    The audit log records it. The caller needs the permission `ledger.close_unrevalued`.
    """

    unrevalued_reason: Annotated[str, Trimmed(500)] | None = None


class ReopenMonthRequest(Closed):
    """Reason for reopening a month; the audit log records it."""

    reason: Annotated[str, Trimmed(500)]


class MonthsQuery(Query):
    """Page of the list of months: the newest, or those before the month `before`."""

    before: Annotated[Month | None, BeforeValidator(lambda value: value or None)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 24


def _state(row: Row) -> str:
    return "closed" if row["is_closed"] else "open"


class MonthOut(AnswerOf[Row]):
    """A month of the books, open or closed.

    `closed_at` and `closed_by` are null if the month is open, or if it was closed together with a
    later month.
    """

    month: Annotated[Month, Converted(wire_month)]
    state: Annotated[Literal["open", "closed"], Computed(_state)]
    closed_at: Instant | None
    closed_by: str | None


class MonthList(AnswerOf[Months]):
    """A page of the months that have journal entries or were closed, newest first.

    All months up to and including `closed_through` are closed. `next_to_close` is the first open
    month with entries. To get the next page, send the value of `next_before` as the parameter
    `before`. `next_before` is null on the last page.
    """

    items: list[MonthOut]
    closed_through: Annotated[Month | None, Converted(wire_month)]
    next_to_close: Annotated[Month | None, Converted(wire_month)]
    next_before: Annotated[Month | None, Read("before"), Converted(wire_month)]


class MonthState(AnswerOf[Row]):
    """State of a month after it was closed or reopened.

    All months up to and including `closed_through` are closed; `closed_through` is null if no month
    is closed.
    """

    month: Month
    state: Literal["open", "closed"]
    closed_through: Annotated[Month | None, Converted(wire_month)]
