"""Response schemas of month-end revaluations."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import Instant
from voyagent.kernel.serializers import AnswerOf, Computed, Converted, Minor, MoneyText, Read
from voyagent.ledger.queries.revaluations import Position, Positions, Runs
from voyagent.ledger.schemas.months import Month
from voyagent.ledger.service.months import wire_month
from voyagent.rates.schemas import RateText


def _rate(one: Position) -> Decimal | None:
    return None if one.quote is None else one.quote.rate


def _is_rate_inverse(one: Position) -> bool | None:
    return None if one.quote is None else one.quote.is_inverse_for(one.balance.currency)


def _rate_on(one: Position) -> date | None:
    return None if one.quote is None else one.quote.on


def _rate_source(one: Position) -> str | None:
    return None if one.quote is None else one.quote.source


def _items(positions: Positions) -> list[Position]:
    return list(positions.items)


class PositionOut(AnswerOf[Position]):
    """A foreign balance of a monetary account, and its amounts in the base currency.

    Amounts are debit less credit. `rate` is as it was quoted on `rate_on`: one unit of `currency`
    costs `rate` of the base currency, or if `is_rate_inverse`, one unit of the base currency costs
    `rate` of `currency`. A balance of zero needs no rate, and has none. Without a rate that is
    needed, `base_after` and `difference` are null too. If `is_reversed`, the difference is taken
    back on the next day, else it is kept.
    """

    account_id: Annotated[UUID, Read("account[id]")]
    code: Annotated[str, Read("account[code]")]
    name: Annotated[str, Read("account[name]")]
    currency: Annotated[str, Read("balance.currency")]
    balance: MoneyText
    rate: Annotated[RateText | None, Computed(_rate)]
    is_rate_inverse: Annotated[bool | None, Computed(_is_rate_inverse)]
    rate_on: Annotated[date | None, Computed(_rate_on)]
    rate_source: Annotated[str | None, Computed(_rate_source)]
    base_before: MoneyText
    base_after: MoneyText | None
    difference: MoneyText | None
    is_reversed: bool


class RevaluationPreview(AnswerOf[Positions]):
    """The foreign balances at the end of a month, and their closing rates.

    A closing rate is the reference rate of `day`. `missing` has the currencies that have none. If
    `is_revalued`, nothing is left to post.
    """

    month: Annotated[Month, Converted(wire_month)]
    day: date
    base_currency: str
    is_revalued: bool
    missing: list[str]
    items: Annotated[list[PositionOut], Computed(_items)]


class RevaluationOut(AnswerOf[Row]):
    """The result of a run for an account and currency.

    `difference` is debit less credit in the base currency. The entry `entry_id` posts it on the
    last day of the month, and the entry `reversal_entry_id` takes it back on the next day.
    `reversal_entry_id` is null if the difference is kept. A balance of zero has no rate.
    """

    id: UUID
    run_no: int
    account_id: UUID
    code: str
    name: str
    currency: str
    balance: Annotated[str, Minor("balance_minor")]
    rate: RateText | None
    is_rate_inverse: bool | None
    rate_on: date | None
    rate_source: str | None
    base_currency: str
    base_before: Annotated[str, Minor("base_before_minor", currency="base_currency")]
    base_after: Annotated[str, Minor("base_after_minor", currency="base_currency")]
    difference: Annotated[str, Minor("difference_minor", currency="base_currency")]
    entry_id: UUID
    reversal_entry_id: UUID | None
    created_by: str | None
    created_at: Instant


class RevaluationList(AnswerOf[Runs]):
    """The results of the runs of a month, by run, account code and currency."""

    month: Annotated[Month, Converted(wire_month)]
    items: list[RevaluationOut]
