"""Records of model costs, and limits: turns per minute and hour, tokens per day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import case, delete, func, select

from voyagent.assistant.models import (
    BudgetReservation,
    RateLimitHit,
    TurnCost,
)
from voyagent.assistant.queries import spending
from voyagent.chat.queries.sessions import Turn
from voyagent.drivers.models.prices import cost_of
from voyagent.drivers.models.usage import Usage
from voyagent.kernel import clock
from voyagent.kernel.db import db, rows_changed
from voyagent.settings import queries as settings

MINUTE, HOUR = timedelta(seconds=60), timedelta(seconds=3600)
GRACE_S = 10.0
"""Seconds after the deadline of an answer for which its reservation remains."""
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


def admit(turn: Turn) -> str | None:
    """Count a turn, or return the message of the limit that it would exceed.

    The result is None if the turn is within the limits. Turns that continue after a decision are
    not counted.
    """
    if turn.kind != "message":
        return None
    # The lock lets concurrent turns of all processes be counted one after the other.
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


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused reservation of tokens, with a message for the user.

    If `may_pass` is true, the missing tokens are reserved for other turns, and a later attempt may
    succeed. If it is false, the tokens of the day are used up.
    """

    message: str
    may_pass: bool


def reserve(turn: Turn, tokens: int, seconds: float) -> Refusal | None:
    """Reserve the maximum number of tokens of a model answer.

    Returns a Refusal if no tokens are left today. If other reservations exist, all must fit into
    the tokens that are left; otherwise a Refusal is returned. Without other reservations, `tokens`
    may exceed the tokens that are left. The result is None if the tokens are reserved, or
    if the agency has no budget. The reservation ends when the answer's usage is recorded, or after
    `seconds` plus GRACE_S seconds.
    """
    if settings.get_settings().daily_token_budget is None:
        return None
    # The lock lets concurrent reservations be made one after the other.
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
    # One statement, so that both sums are of one instant: recording an answer's usage and deleting
    # its reservation are one transaction, and the tokens must be counted exactly once.
    used, reserved = db.session.execute(
        select(spending.used_today(row.timezone).scalar_subquery(), others.scalar_subquery())
    ).one()
    used, reserved = int(used or 0), int(reserved or 0)
    if used >= limit:
        return Refusal(spending.budget_message(limit, used), may_pass=False)
    if reserved and used + reserved + tokens > limit:
        return Refusal(spending.budget_message(limit, used + reserved), may_pass=True)
    rows_changed(_HOLD, turn_id=turn.id, tokens=tokens, lasts=timedelta(seconds=seconds + GRACE_S))
    return None


def release(turn: Turn) -> None:
    """Delete the reservation of a turn."""
    rows_changed(
        "delete from budget_reservations where tenant_id = :tenant_id and turn_id = :turn_id",
        turn_id=turn.id,
    )


def record(turn: Turn, number: int, model: str, usage: Usage) -> None:
    """Store the usage of a model answer with the step that it belongs to."""
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
    """Record that the vendor does not offer a model."""
    rows_changed(_MISS, model=model)
