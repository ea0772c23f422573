"""Home page: pending work, amounts due, activity and first steps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from voyagent.approvals import queries as approvals
from voyagent.assistant.queries import spending
from voyagent.assistant.queries.spending import Spending
from voyagent.billing.ageing.queries import open_items
from voyagent.billing.ageing.queries.open_items import OVERDUE
from voyagent.billing.core.queries import cheques, open_list
from voyagent.chat.queries import sessions as chats
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.counts import weeks_statement
from voyagent.identity.queries import people as identity
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.ledger.queries.monthly import monthly_sales_statement
from voyagent.ledger.queries.trial_balance import trial_balance_statement
from voyagent.reports.queries.receivables import EVER

WEEKS, WEEKS_AHEAD, MONTHS = 8, 8, 12
MONEY = ("billing.read", "report.read")
"""Permissions that a user needs to see amounts on the home page."""
WAITING_MAX, UNANSWERED_MAX, OVERDUE_MAX, DONE_MAX = 3, 4, 2, 6
RECENT_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Due:
    """Amounts due in one currency: overdue, in the next eight weeks, and later.

    `weeks` has one amount for each week from Monday to Sunday. The first amount is for the rest of
    the current week, from today to Sunday. `overdue_count` and `this_week_count` count documents.
    """

    overdue: Money
    overdue_count: int
    weeks: tuple[Money, ...]
    this_week_count: int
    later: Money

    @property
    def total(self) -> Money:
        """Sum of all amounts, overdue or not."""
        return sum(self.weeks, self.overdue + self.later)


@dataclass(frozen=True, slots=True)
class Month:
    """Sales and cost of a calendar month in one currency.

    The current month has only the amounts up to today.
    """

    first: date
    sales: Money
    cost: Money

    @property
    def margin(self) -> Money:
        """Sales less cost."""
        return self.sales - self.cost


@dataclass(frozen=True, slots=True)
class OverdueInvoice:
    """An overdue invoice, as listed on the home page."""

    id: UUID
    number: str
    party_name: str
    open: Money
    days_past_due: int


@dataclass(frozen=True, slots=True)
class Act:
    """A recent event: a decided proposal of the assistant, or a conversation.

    For a proposal, `kind` is `done`, `failed`, `rejected` or `expired`, `thing` is the summary of
    the proposal, and `id` is the id of the proposal. For a conversation, `kind` is `talked`,
    `thing` is the title of the conversation, and `id` is the id of the conversation.
    """

    at: datetime
    kind: str
    thing: str
    id: Any


@dataclass(frozen=True, slots=True)
class Week:
    """Number of enquiries received in a week, and how many of them were booked."""

    monday: date
    received: int
    booked: int


@dataclass(frozen=True, slots=True)
class Now:
    """Contents of the home page.

    `waiting` are the proposals that wait for a decision. `asked` are the enquiries that nobody has
    answered, and `cheques_due` counts the cheques that can be deposited. `due` (from customers),
    `owed` (to suppliers) and `months` (sales and costs) map each currency code to amounts. The
    agency's own currency is the first key and always present. If `is_in_base` is true, `months` has
    the base currency only, with the amounts of all currencies. If `is_due_in_base` is true, `due`
    and `owed` are in the base currency in the same way. If the user may not see amounts,
    `sees_money` is False and all amounts are zero.
    """

    today: date
    waiting: list[Row]
    asked: list[Row]
    overdue: list[OverdueInvoice]
    due: dict[str, Due]
    owed: dict[str, Due]
    months: dict[str, tuple[Month, ...]]
    is_in_base: bool
    is_due_in_base: bool
    sees_money: bool
    done: list[Act]
    weeks: list[Week]
    enquiries: int
    people: int
    has_talked: bool
    is_new: bool
    is_confirmed: bool
    spending: Spending
    cheques_due: int


def read_now(reader: Reader, actor: Actor) -> Now:
    """Return the contents of the home page."""
    today = clock.today(actor.timezone)
    monday = today - timedelta(days=today.weekday())
    people = (
        select(func.count())
        .select_from(identity.people_statement(removed=False).subquery())
        .scalar_subquery()
    )
    firsts = _first_days(today)
    money = _money_statements(today, monday, firsts) if all(map(actor.can, MONEY)) else []
    waiting, unanswered, decided, talks, weeks, numbers, *rest = reader.read(
        approvals.waiting_statement(WAITING_MAX),
        enquiries.unanswered_statement(UNANSWERED_MAX),
        approvals.decided_statement(clock.now() - RECENT_FOR),
        chats.sessions_statement(DONE_MAX),
        weeks_statement(monday - timedelta(weeks=WEEKS - 1), WEEKS, actor.timezone),
        select(
            enquiries.counted().label("enquiries"),
            people.label("people"),
            identity.is_confirmed(actor.user_id).label("is_confirmed"),
            cheques.count_due(today).label("cheques_due"),
        ),
        *money,
        *spending.spending_statements(today),
    )
    due, owed, overdue, months = rest[: len(money)] or [[]] * 4
    is_due_in_base = _adds_others([*due, *owed])
    if is_due_in_base:
        due, owed = _due_in_base(due), _due_in_base(owed)
    is_idle = not (numbers[0]["enquiries"] or waiting or decided or due)
    return Now(
        today=today,
        waiting=waiting,
        asked=unanswered,
        overdue=[_overdue(row, today) for row in overdue if row["due_date"] < today],
        due=_due(due, actor.currency),
        owed=_due(owed, actor.currency),
        months=_months(_in_base(months) or months, firsts, actor.currency),
        is_in_base=bool(_in_base(months)),
        is_due_in_base=is_due_in_base,
        sees_money=bool(money),
        done=_done(decided, talks),
        weeks=_weeks(weeks, monday),
        enquiries=numbers[0]["enquiries"],
        people=numbers[0]["people"],
        has_talked=bool(talks),
        is_confirmed=numbers[0]["is_confirmed"],
        cheques_due=numbers[0]["cheques_due"] if money else 0,
        spending=spending.spending_of(*rest[len(money) :]),
        is_new=is_idle and not reader.read(trial_balance_statement(today).limit(1))[0],
    )


def _first_days(today: date) -> list[date]:
    """Return the first day of each of the last twelve months, oldest month first.

    The last month is the current one.
    """
    months = range(today.year * 12 + today.month - MONTHS, today.year * 12 + today.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _money_statements(today: date, monday: date, firsts: list[date]) -> list[Select[Any]]:
    return [
        open_items.due_statement("receivable", today=today, monday=monday, weeks=WEEKS_AHEAD),
        open_items.due_statement("payable", today=today, monday=monday, weeks=WEEKS_AHEAD),
        open_list.list_open_statement("receivable", *EVER, today=today).limit(OVERDUE_MAX),
        monthly_sales_statement(firsts[0], today),
    ]


def _due(rows: list[Row], home_currency: str) -> dict[str, Due]:
    by_currency: dict[str, dict[int, Row]] = defaultdict(dict, {home_currency: {}})
    for row in rows:
        by_currency[row["currency"]][row["week"]] = row
    return {currency: _due_in(currency, own_rows) for currency, own_rows in by_currency.items()}


def _adds_others(rows: list[Row]) -> bool:
    """Return True if amounts due in other currencies are known in the base currency.

    The base amount is None if a document has none, or if its sum has not been filled yet.
    """
    others = [row for row in rows if row["currency"] != row["base_currency"]]
    return bool(others) and all(
        row["base_currency"] and row["open_base_minor"] is not None for row in others
    )


def _due_in_base(rows: list[Row]) -> list[Row]:
    """Return the amounts due of all currencies in base, one row for each week."""
    weeks: dict[int, Row] = {}
    for row in rows:
        books = row["base_currency"]
        minor = row["open_minor"] if row["currency"] == books else row["open_base_minor"]
        known = weeks.setdefault(
            row["week"], {"currency": books, "week": row["week"], "n": 0, "open_minor": 0}
        )
        known["n"] += row["n"]
        known["open_minor"] += minor
    return list(weeks.values())


def _due_in(currency: str, by_week: dict[int, Row]) -> Due:
    def amount(week: int) -> Money:
        return Money(int(by_week[week]["open_minor"]) if week in by_week else 0, currency)

    overdue, this_week = (
        int(by_week[week]["n"]) if week in by_week else 0 for week in (OVERDUE, 0)
    )
    return Due(
        amount(OVERDUE),
        overdue,
        tuple(map(amount, range(WEEKS_AHEAD))),
        this_week,
        amount(WEEKS_AHEAD),
    )


def _in_base(rows: list[Row]) -> list[Row]:
    """Return sales and cost in the base currency.

    The result is empty if they are not known, or if there are no others.
    """
    if all(row["base_currency"] in (None, row["currency"]) for row in rows):
        return []
    return [
        {
            "currency": row["base_currency"],
            "month": row["month"],
            "sales_minor": row["base_sales_minor"],
            "cost_minor": row["base_cost_minor"],
        }
        for row in rows
    ]


def _months(
    rows: list[Row], firsts: list[date], home_currency: str
) -> dict[str, tuple[Month, ...]]:
    found: defaultdict[tuple[str, date], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows:
        key = row["currency"], row["month"]
        sales, cost = found[key]
        found[key] = sales + int(row["sales_minor"]), cost + int(row["cost_minor"])
    currencies = dict.fromkeys([home_currency, *(row["currency"] for row in rows)])
    return {
        currency: tuple(
            Month(
                first, *(Money(minor, currency) for minor in found.get((currency, first), (0, 0)))
            )
            for first in firsts
        )
        for currency in currencies
    }


def _overdue(row: Row, today: date) -> OverdueInvoice:
    return OverdueInvoice(
        row["id"],
        row["reference"],
        row["party_name"],
        Money(int(row["open_minor"]), row["currency"]),
        (today - row["due_date"]).days,
    )


def _done(decided: list[Row], talks: list[Row]) -> list[Act]:
    """Return the latest events, newest first: decided proposals and conversations.

    Approved proposals are left out until their act is done or has failed.
    """
    acts = [act for row in decided if (act := _decided(row)) is not None]
    acts += [
        Act(row["last_message_at"], "talked", row["title"] or "", row["id"])
        for row in talks
        if row["last_message_at"] is not None
    ]
    return sorted(acts, key=lambda act: act.at, reverse=True)[:DONE_MAX]


def _decided(row: Row) -> Act | None:
    """Return the event of a decided proposal; None if the proposal was withdrawn."""
    if row["state"] == "withdrawn":
        return None
    kind = row["effect_status"] if row["status"] == "granted" else row["status"]
    at = row["effect_finished_at"] or row["resolved_at"] or row["expires_at"]
    return (
        Act(at, kind, row["summary"], row["id"])
        if kind in {"done", "failed", "rejected", "expired"}
        else None
    )


def _weeks(rows: list[Row], monday: date) -> list[Week]:
    found = {row["monday"]: row for row in rows}
    mondays = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    return [
        (
            Week(day, int(found[day]["received"]), int(found[day]["booked"]))
            if day in found
            else Week(day, 0, 0)
        )
        for day in mondays
    ]
