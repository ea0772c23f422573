"""Costs of models, and limits of an agency: turns per minute and hour, tokens per day.

Counted in the database for all processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import Select, case, delete, func, select

from voyagent.assistant.models import (
    BudgetReservation,
    MissingModel,
    ModelDailyUsage,
    RateLimitHit,
    TurnCost,
)
from voyagent.chat.queries.sessions import Turn
from voyagent.drivers.models.prices import cost_of
from voyagent.drivers.models.usage import Usage
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.errors import N_
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import owned
from voyagent.settings import queries as settings

MINUTE, HOUR, DAY = timedelta(seconds=60), timedelta(seconds=3600), timedelta(days=1)
WARN_AT = (100, 80, 50)
BUDGET_SPENT = "daily_budget_exceeded"
GRACE_S = 10.0
"""Seconds after its deadline for which an uncounted answer keeps its reservation."""
_COSTS, _DAYS, _MISSING = (
    TurnCost.__table__.c,
    ModelDailyUsage.__table__.c,
    MissingModel.__table__.c,
)
_COUNT_DAY = """
insert into model_daily_usage as known
  (tenant_id, day, answers, tokens, cost_usd, unpriced)
values (:tenant_id, :day, 1, :tokens, :cost, :unpriced)
on conflict (tenant_id, day) do update
  set answers = known.answers + 1, tokens = known.tokens + excluded.tokens,
      cost_usd = known.cost_usd + excluded.cost_usd, unpriced = known.unpriced + excluded.unpriced
"""
_HOLD = """
insert into budget_reservations (tenant_id, turn_id, tokens, expires_at)
values (:tenant_id, :turn_id, :tokens, clock_timestamp() + :lasts)
on conflict (tenant_id, turn_id) do update
  set tokens = excluded.tokens, expires_at = excluded.expires_at
"""
_MISS = """
insert into missing_models (tenant_id, model) values (:tenant_id, :model)
on conflict (tenant_id, model) do update set missed_at = excluded.missed_at
"""
_WORDS = {
    "rate_limited: minute": N_(
        "Your agency has reached its limit of assistant turns per minute. Try again in a minute."
    ),
    "rate_limited: hour": N_(
        "Your agency has reached its limit of assistant turns per hour. Try again later."
    ),
    BUDGET_SPENT: N_(
        "Your agency’s tokens for today are used up. The built-in planner answers until midnight."
    ),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and USD of answers; those of the `unpriced` ones are in no sum of money."""

    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    answers: int = 0
    unpriced: int = 0

    @property
    def cost(self) -> Money:
        """The cost for pages, rounded up from less than a cent."""
        cents = Money.rounded(self.cost_usd, "USD")
        return cents if cents or not self.cost_usd else Money(1, "USD")

    @property
    def is_under_a_cent(self) -> bool:
        """True if the cost is positive and below a cent."""
        return 0 < self.cost_usd < Decimal("0.01")

    @property
    def is_priced(self) -> bool:
        """True if a sum of money is known."""
        return bool(self.cost_usd) or not self.unpriced


@dataclass(frozen=True, slots=True)
class Spending:
    """An agency's day and month so far, and its daily budget of tokens."""

    today: Spent
    month: Spent
    budget: int | None = None

    @property
    def percent(self) -> int:
        """Percentage of today's budget; 0 without one."""
        return self.today.tokens * 100 // self.budget if self.budget else 0

    @property
    def warns_at(self) -> int | None:
        """The highest of 50, 80 and 100 per cent that today has reached."""
        return next((step for step in WARN_AT if self.percent >= step), None)

    @property
    def is_shown(self) -> bool:
        """True if there is something to show."""
        return self.month.answers > 0 or self.budget is not None


def admit(turn: Turn) -> str | None:
    """Count a turn, or return the limit that is reached, as the API contract words it.

    Continuations after decisions are not counted. The settings' row is locked, so that parallel
    turns are counted one after the other in all processes.
    """
    if turn.kind != "message":
        return None
    limits = settings.get_settings(lock=True)
    now = func.clock_timestamp()
    db.session.execute(
        delete(RateLimitHit)
        .where(RateLimitHit.admitted_at <= now - HOUR)
        .execution_options(synchronize_session=False)
    )
    counts = select(
        func.count(case((RateLimitHit.admitted_at > now - MINUTE, 1))).label("minute"),
        func.count().label("hour"),
    ).select_from(RateLimitHit)
    found = db.session.execute(counts).one()
    if found.minute >= limits.rate_limit_per_minute:
        return "rate_limited: minute"
    if found.hour >= limits.rate_limit_per_hour:
        return "rate_limited: hour"
    rows_changed(
        "insert into rate_limit_hits (tenant_id, turn_id, admitted_at) values (:tenant_id,"
        " :turn_id, clock_timestamp()) on conflict do nothing",
        turn_id=turn.id,
    )
    return None


def budget_spent() -> str | None:
    """Return the message for a spent daily budget in the agency's zone, or None."""
    row = settings.get_settings()
    if row.daily_token_budget is None:
        return None
    used = db.session.scalar(_used_today(row.timezone)) or 0
    return _spent_words(row.daily_token_budget, used) if used >= row.daily_token_budget else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """No tokens are left; `may_pass` if they are only reserved for others.

    `told` then counts reservations as used.
    """

    told: str
    may_pass: bool


def reserve(turn: Turn, tokens: int, seconds: float) -> Refusal | None:
    """Reserve the most tokens that an answer can take.

    The reservation ends when the answer is counted, or after `seconds` and a grace. While any
    tokens are left one answer is allowed; further ones only if all fit together. A reservation
    counts for the day on which it is read. The settings' row is locked, as for `admit`. Without a
    budget nothing is reserved.
    """
    if settings.get_settings().daily_token_budget is None:
        return None
    row = settings.get_settings(lock=True)
    limit = row.daily_token_budget
    if limit is None:
        return None
    now = func.clock_timestamp()
    db.session.execute(
        delete(BudgetReservation)
        .where(BudgetReservation.expires_at <= now)
        .execution_options(synchronize_session=False)
    )
    others = select(func.sum(BudgetReservation.tokens)).where(BudgetReservation.turn_id != turn.id)
    # One statement and so one instant: an answer is counted and let go in one transaction, and must
    # be seen on one side.
    used, kept = db.session.execute(
        select(_used_today(row.timezone).scalar_subquery(), others.scalar_subquery())
    ).one()
    used, kept = int(used or 0), int(kept or 0)
    if used >= limit:
        return Refusal(_spent_words(limit, used), may_pass=False)
    if kept and used + kept + tokens > limit:
        return Refusal(_spent_words(limit, used + kept), may_pass=True)
    rows_changed(_HOLD, turn_id=turn.id, tokens=tokens, lasts=timedelta(seconds=seconds + GRACE_S))
    return None


def release(turn: Turn) -> None:
    """Release the reservation of a turn."""
    rows_changed(
        "delete from budget_reservations where tenant_id = :tenant_id and turn_id = :turn_id",
        turn_id=turn.id,
    )


def record(turn: Turn, number: int, model: str, usage: Usage) -> None:
    """Store the usage of an answer with its step."""
    day, price = clock.today(settings.get_settings().timezone), cost_of(model, usage)
    cost = price or Decimal(0)
    db.session.add(
        TurnCost(
            session_id=turn.session_id,
            turn_id=turn.id,
            number=number,
            model=model,
            input_tokens=usage.input,
            output_tokens=usage.output,
            cache_read_tokens=usage.cache_read,
            cache_write_tokens=usage.cache_write,
            estimated=usage.estimated,
            cost_usd=cost,
            day=day,
        )
    )
    db.session.flush()
    rows_changed(
        _COUNT_DAY,
        day=day,
        tokens=usage.total,
        cost=cost,
        unpriced=int(price is None and usage.total > 0),
    )


def note_missing(model: str) -> None:
    """Record that the vendor does not know a model."""
    rows_changed(_MISS, model=model)


def missed_at(reader: Reader, model: str) -> datetime | None:
    """Return when the vendor did not know a model, within the last day.

    It is asked at every turn, so an older failure has been mended.
    """
    found = select(_MISSING.missed_at).where(
        owned(MissingModel), _MISSING.model == model, _MISSING.missed_at > func.now() - DAY
    )
    rows = reader.read(found)[0]
    return rows[0]["missed_at"] if rows else None


def in_words(message: str) -> str:
    """Return the sentence of a stream's error; an unknown message as it is."""
    code = message if message in _WORDS else message.partition(":")[0]
    return gettext(_WORDS[code]) if code in _WORDS else message


def spending(reader: Reader, today: date) -> Spending:
    """Return today's and this month's spending and the budget, in one trip."""
    return spending_of(*reader.read(*spending_statements(today)))


def spending_statements(today: date) -> tuple[Select[Any], Select[Any], Select[Any]]:
    """Select today's and this month's spending."""
    return _day(today, today), _day(today.replace(day=1), today), settings.statement()


def spending_of(day: list[Row], month: list[Row], rows: list[Row]) -> Spending:
    """Return the spending from their rows."""
    return Spending(
        _spent(day[0]), _spent(month[0]), rows[0]["daily_token_budget"] if rows else None
    )


def spent_in(reader: Reader, session_id: UUID) -> tuple[Spent, dict[str, Spent]]:
    """Return the spending of a conversation, in total and by turn."""
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


def _used_today(timezone: str) -> Select[Any]:
    return select(ModelDailyUsage.tokens).where(ModelDailyUsage.day == clock.today(timezone))


def _spent_words(limit: int, used: int) -> str:
    return f"{BUDGET_SPENT}: limit={limit} used={used}"


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
