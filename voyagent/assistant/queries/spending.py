"""Queries of model costs by conversation, day and month, and of the daily budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from voyagent.assistant.models import MissingModel, ModelDailyUsage, TurnCost
from voyagent.assistant.words import BUDGET_SPENT
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import owned
from voyagent.settings import queries as settings

WARN_AT = (100, 80, 50)
_DAY = timedelta(days=1)
_COSTS, _DAYS, _MISSING = (
    TurnCost.__table__.c,
    ModelDailyUsage.__table__.c,
    MissingModel.__table__.c,
)


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and cost in USD of model answers.

    `unpriced` is the number of answers whose price is not known; `cost_usd` leaves them out.
    """

    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    answers: int = 0
    unpriced: int = 0

    @property
    def cost(self) -> Money:
        """The cost as the page shows it; an amount below one cent is rounded up."""
        cents = Money.rounded(self.cost_usd, "USD")
        return cents if cents or not self.cost_usd else Money(1, "USD")

    @property
    def is_under_a_cent(self) -> bool:
        """True if the cost is more than zero and less than one cent."""
        return 0 < self.cost_usd < Decimal("0.01")

    @property
    def is_priced(self) -> bool:
        """True if a cost is known, or if no answer lacks its price."""
        return bool(self.cost_usd) or not self.unpriced


@dataclass(frozen=True, slots=True)
class Spending:
    """Model usage of an agency today and this month, and its daily budget of tokens."""

    today: Spent
    month: Spent
    budget: int | None = None

    @property
    def percent(self) -> int:
        """Percentage of the daily budget that is used; 0 without a budget."""
        return self.today.tokens * 100 // self.budget if self.budget else 0

    @property
    def warns_at(self) -> int | None:
        """Highest of 50, 80 and 100 per cent that today's usage has reached, or None."""
        return next((step for step in WARN_AT if self.percent >= step), None)

    @property
    def is_shown(self) -> bool:
        """True if there is usage this month, or a daily budget."""
        return self.month.answers > 0 or self.budget is not None


def budget_spent() -> str | None:
    """Return a message if the daily budget is used up, else None."""
    row = settings.get_settings()
    if row.daily_token_budget is None:
        return None
    used = db.session.scalar(used_today(row.timezone)) or 0
    return budget_message(row.daily_token_budget, used) if used >= row.daily_token_budget else None


def used_today(timezone: str) -> Select[Any]:
    """Select the tokens that the agency has used today, in its time zone."""
    return select(ModelDailyUsage.tokens).where(ModelDailyUsage.day == clock.today(timezone))


def budget_message(limit: int, used: int) -> str:
    """Return the message for a used-up daily budget, as the API contract defines it."""
    return f"{BUDGET_SPENT}: limit={limit} used={used}"


def missed_at(reader: Reader, model: str) -> datetime | None:
    """Return when a model was last missing, if within the last day, or None.

    A model is missing if its vendor does not offer it.
    """
    found = select(_MISSING.missed_at).where(
        owned(MissingModel), _MISSING.model == model, _MISSING.missed_at > func.now() - _DAY
    )
    rows = reader.read(found)[0]
    return rows[0]["missed_at"] if rows else None


def spending(reader: Reader, today: date) -> Spending:
    """Return the usage of today and of this month with the budget, in one round trip."""
    return spending_of(*reader.read(*spending_statements(today)))


def spending_statements(today: date) -> tuple[Select[Any], Select[Any], Select[Any]]:
    """Select the usage of today and of this month, and the budget."""
    return _day(today, today), _day(today.replace(day=1), today), settings.statement()


def spending_of(day: list[Row], month: list[Row], rows: list[Row]) -> Spending:
    """Return a Spending from the rows of `spending_statements`, in the same order."""
    return Spending(
        _spent(day[0]), _spent(month[0]), rows[0]["daily_token_budget"] if rows else None
    )


def spent_in(reader: Reader, session_id: UUID) -> tuple[Spent, dict[str, Spent]]:
    """Return the usage of a conversation: in total, and by turn id."""
    statement = (
        _sums(select(_COSTS.turn_id))
        .where(owned(TurnCost), _COSTS.session_id == session_id)
        .group_by(_COSTS.turn_id)
    )
    by_turn = {row["turn_id"]: _spent(row) for row in reader.read(statement)[0]}
    whole = Spent(
        *(
            sum(getattr(one, name) for one in by_turn.values())
            for name in ("tokens", "cost_usd", "answers", "unpriced")
        )
    )
    return whole, by_turn


def _sums(statement: Select[Any]) -> Select[Any]:
    tokens = (
        _COSTS.input_tokens
        + _COSTS.output_tokens
        + _COSTS.cache_read_tokens
        + _COSTS.cache_write_tokens
    )
    return statement.add_columns(
        func.coalesce(func.sum(tokens), 0).label("tokens"),
        func.coalesce(func.sum(_COSTS.cost_usd), 0).label("cost_usd"),
        func.count().label("answers"),
        func.count().filter((_COSTS.cost_usd == 0) & (tokens > 0)).label("unpriced"),
    )


def _day(first: date, last: date) -> Select[Any]:
    totals = (
        func.coalesce(func.sum(_DAYS[name]), 0).label(name)
        for name in ("tokens", "cost_usd", "answers", "unpriced")
    )
    return select(*totals).where(owned(ModelDailyUsage), _DAYS.day.between(first, last))


def _spent(row: Row) -> Spent:
    return Spent(
        int(row["tokens"]), Decimal(row["cost_usd"]), int(row["answers"]), int(row["unpriced"])
    )
