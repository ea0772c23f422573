"""Rules of months: close months, reopen the latest one, and check a book date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, text

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.models import ClosedMonth
from voyagent.ledger.queries import closed_months, revaluations
from voyagent.ledger.service.errors import (
    EarlierMonthOpen,
    LaterMonthClosed,
    MonthAlreadyClosed,
    MonthNotClosed,
    MonthNotOver,
    MonthStillRuns,
    NotRevalued,
    PeriodLocked,
    ReasonRequired,
)

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
# Posting takes this advisory lock in shared mode, and closing or reopening a month takes it in
# exclusive mode, so that no entry is posted into a month while the month is being closed. The SQL
# function takes the shared lock and then reads the latest closed month, in one round trip.
_POSTING = text("select app.closed_through()")
_TERMS = text("select * from app.posting_terms()")
_CLOSING = text(
    "select pg_advisory_xact_lock(hashtextextended('months of ' ||"
    " current_setting('app.tenant'), 0))"
)


def close_month(actor: Actor, month: date, *, unrevalued_reason: str | None = None) -> None:
    """Close a month, and the earlier open months that have no entries.

    `month` is the first day of the month. If an earlier open month has entries, EarlierMonthOpen is
    raised. If foreign balances are not at the closing rates of the month, the function needs
    `unrevalued_reason`, and the permission `ledger.close_unrevalued`.

    Raises Forbidden, MonthNotFound, MonthNotOver, MonthAlreadyClosed, EarlierMonthOpen,
    NotRevalued.
    """
    actor.require("ledger.close")
    stop_posting()
    check_month(actor, month)
    is_revalued = revaluations.is_revalued(SessionReader(db.session), month)
    why = None if is_revalued else " ".join((unrevalued_reason or "").split())
    if why == "":
        raise NotRevalued
    if why:
        actor.require("ledger.close_unrevalued")
    db.session.add(ClosedMonth(month=month, closed_at=clock.now(), closed_by_user_id=actor.user_id))
    db.session.flush()
    audit.record(
        actor,
        "month.closed",
        inputs={"month": wire_month(month)},
        outputs={"is_revalued": False} if why else {},
        private={"reason": why} if why else {},
    )


def check_month(actor: Actor, month: date) -> None:
    """Check that `close_month` would accept a month; close nothing.

    Raises the errors of `close_month` except Forbidden and NotRevalued.
    """
    if month.day != 1 or not FIRST_DAY <= month <= LAST_DAY:
        raise MonthNotFound
    if month >= clock.today(actor.timezone).replace(day=1):
        raise MonthNotOver
    closed = closed_months.last_closed_month()
    if closed is not None and month <= closed:
        raise MonthAlreadyClosed
    if closed_months.has_entries_between(closed, month):
        raise EarlierMonthOpen


def check_month_end(actor: Actor, month: date) -> None:
    """Check that the entries of a month's end can be posted now.

    Raises MonthNotFound, MonthStillRuns, PeriodLocked.
    """
    if month.day != 1 or not FIRST_DAY <= month <= LAST_DAY:
        raise MonthNotFound
    if month >= clock.today(actor.timezone).replace(day=1):
        raise MonthStillRuns
    closed = closed_months.last_closed_month()
    if closed is not None and month <= closed:
        raise PeriodLocked


def reopen_month(actor: Actor, month: date, *, reason: str) -> date:
    """Reopen the latest closed month, given by its first day, and return this day.

    Raises Forbidden, ReasonRequired, MonthNotClosed, LaterMonthClosed.
    """
    actor.require("ledger.reopen")
    why = " ".join(reason.split())
    if not why:
        raise ReasonRequired
    stop_posting()
    closed = closed_months.last_closed_month()
    if closed is None or month > closed:
        raise MonthNotClosed
    if month < closed:
        raise LaterMonthClosed
    db.session.execute(delete(ClosedMonth).where(ClosedMonth.month == month))
    audit.record(
        actor, "month.reopened", inputs={"month": wire_month(month)}, private={"reason": why}
    )
    return month


def stop_posting() -> None:
    """Let nobody else post for the agency until this transaction ends.

    The call first waits for the transactions that are posting.
    """
    db.session.execute(_CLOSING)


def wire_month(month: date) -> str:
    """Return a month as text in the format of the API: `2026-03`."""
    return f"{month:%Y-%m}"


def is_closed(day: date) -> bool:
    """Return True if the month of a day is closed.

    The call takes a lock: nobody can close or reopen a month of the agency until this transaction
    ends.
    """
    return _is_through(day, db.session.scalar(_POSTING))


@dataclass(frozen=True, slots=True)
class PostingTerms:
    """Facts that decide how an entry is posted.

    `is_closed` says that the month of its day is closed. If `is_ready`, every line needs an amount
    in `base_currency`.
    """

    is_closed: bool
    base_currency: str
    is_ready: bool


def posting_terms(day: date) -> PostingTerms:
    """Return the facts that decide how an entry of a day is posted.

    Like `is_closed`, the call takes a lock: nobody can close or reopen a month of the agency until
    this transaction ends.
    """
    closed, base_currency, is_ready = db.session.execute(_TERMS).one()
    return PostingTerms(_is_through(day, closed), base_currency, is_ready)


def _is_through(day: date, closed: date | None) -> bool:
    return closed is not None and day.replace(day=1) <= closed
