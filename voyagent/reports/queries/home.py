"""What now: what waits for a person, what comes in, what the assistant did; and for a new agency which first steps are done."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from voyagent.approvals import queries as approvals
from voyagent.assistant import costs
from voyagent.assistant.costs import Spending
from voyagent.billing import queries as billing
from voyagent.chat import queries as chats
from voyagent.enquiries import queries as enquiries
from voyagent.identity import queries as identity
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.kernel.reading import Reader, Row
from voyagent.ledger import queries as ledger
from voyagent.reports.queries.receivables import EVER

WEEKS, WEEKS_AHEAD = 8, 4
WAITING_MAX, ASKED_MAX, OVERDUE_MAX, DONE_MAX = 3, 4, 2, 6
LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Due:
    """Money of one currency that should have come, comes this week, and comes in the weeks after (up to four, this one first)."""

    overdue: Money
    overdue_count: int
    weeks: tuple[Money, ...]
    this_week_count: int


@dataclass(frozen=True, slots=True)
class OverdueInvoice:
    """An invoice whose day has passed."""

    id: UUID
    number: str
    party_name: str
    open: Money
    days_past_due: int


@dataclass(frozen=True, slots=True)
class Act:
    """Something that the assistant did: `kind` is done, failed, rejected, expired or talked; `id` is the request's, or the conversation's."""

    at: datetime
    kind: str
    thing: str
    id: Any


@dataclass(frozen=True, slots=True)
class Week:
    """Enquiries of one week."""

    monday: date
    received: int
    booked: int


@dataclass(frozen=True, slots=True)
class Now:
    """The home page. `due` is by currency, the agency's own first and always there."""

    today: date
    waiting: list[Row]
    asked: list[Row]
    overdue: list[OverdueInvoice]
    due: dict[str, Due]
    done: list[Act]
    weeks: list[Week]
    enquiries: int
    people: int
    has_talked: bool
    is_new: bool
    is_confirmed: bool
    spending: Spending


def read_now(reader: Reader, actor: Actor) -> Now:
    """Everything on the page in one trip; a second one only where an agency may be new, to see whether anything was ever posted."""
    today = clock.today(actor.timezone)
    monday = today - timedelta(days=today.weekday())
    since = datetime.combine(monday - timedelta(weeks=WEEKS - 1), time(), ZoneInfo(actor.timezone))
    people = select(func.count()).select_from(identity.people_statement(removed=False).subquery()).scalar_subquery()
    waiting, asked, due, overdue, decided, talks, weeks, numbers, *spent = reader.read(
        approvals.waiting_statement(WAITING_MAX),
        enquiries.unanswered_statement(ASKED_MAX),
        billing.due_statement("receivable"),
        billing.list_open_statement("receivable", *EVER, today=today).limit(OVERDUE_MAX),
        approvals.decided_statement(clock.now() - LOOK_BACK),
        chats.sessions_statement(DONE_MAX),
        enquiries.weeks_statement(since, actor.timezone),
        select(enquiries.counted().label("enquiries"), people.label("people"), identity.is_confirmed(actor.user_id).label("is_confirmed")),
        *costs.spending_statements(today),
    )
    is_idle = not (numbers[0]["enquiries"] or waiting or decided or due)
    return Now(
        today=today,
        waiting=waiting,
        asked=asked,
        overdue=[_overdue(row, today) for row in overdue if row["due_date"] < today],
        due=_due(due, today, monday, actor.currency),
        done=_done(decided, talks),
        weeks=_weeks(weeks, monday),
        enquiries=numbers[0]["enquiries"],
        people=numbers[0]["people"],
        has_talked=bool(talks),
        is_confirmed=numbers[0]["is_confirmed"],
        spending=costs.spending_of(*spent),
        is_new=is_idle and not reader.read(ledger.trial_balance_statement(today).limit(1))[0],
    )


def _due(rows: list[Row], today: date, monday: date, home_currency: str) -> dict[str, Due]:
    by_currency: dict[str, list[Row]] = defaultdict(list, {home_currency: []})
    for row in rows:
        by_currency[row["currency"]].append(row)
    return {currency: _due_in(currency, mine, today, monday) for currency, mine in by_currency.items()}


def _due_in(currency: str, rows: list[Row], today: date, monday: date) -> Due:
    weeks, counts = [0] * WEEKS_AHEAD, [0] * WEEKS_AHEAD
    late = [row for row in rows if row["due_date"] < today]
    for row in rows:
        ahead = (row["due_date"] - monday).days // 7
        if row["due_date"] >= today and ahead < WEEKS_AHEAD:
            weeks[ahead] += int(row["open_minor"])
            counts[ahead] += int(row["n"])
    return Due(
        overdue=Money(sum(int(row["open_minor"]) for row in late), currency),
        overdue_count=sum(int(row["n"]) for row in late),
        weeks=tuple(Money(amount, currency) for amount in weeks),
        this_week_count=counts[0],
    )


def _overdue(row: Row, today: date) -> OverdueInvoice:
    return OverdueInvoice(row["id"], row["reference"], row["party_name"], Money(int(row["open_minor"]), row["currency"]), (today - row["due_date"]).days)


def _done(decided: list[Row], talks: list[Row]) -> list[Act]:
    """The latest of what was decided and what was talked about, newest first. A grant that is being carried out is not done yet."""
    acts = [act for row in decided if (act := _decided(row)) is not None]
    acts += [Act(row["last_message_at"], "talked", row["title"] or "", row["id"]) for row in talks if row["last_message_at"] is not None]
    return sorted(acts, key=lambda act: act.at, reverse=True)[:DONE_MAX]


def _decided(row: Row) -> Act | None:
    kind = row["effect_status"] if row["status"] == "granted" else row["status"]
    at = row["effect_finished_at"] or row["resolved_at"] or row["expires_at"]
    return Act(at, kind, row["summary"], row["id"]) if kind in {"done", "failed", "rejected", "expired"} else None


def _weeks(rows: list[Row], monday: date) -> list[Week]:
    found = {row["monday"]: row for row in rows}
    mondays = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    return [Week(day, int(found[day]["received"]), int(found[day]["booked"])) if day in found else Week(day, 0, 0) for day in mondays]
