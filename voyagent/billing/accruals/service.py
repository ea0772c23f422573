"""Services of accrued trip costs: accrue at a month end, and release."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.accruals import queries
from voyagent.billing.accruals.errors import AccrualMatched
from voyagent.billing.accruals.queries import AccrualsDue
from voyagent.billing.core.errors import ExpectedBillNotFound
from voyagent.billing.core.models.accruals import Accrual
from voyagent.billing.core.rules import ACCRUED
from voyagent.billing.core.service import accruals
from voyagent.billing.core.service.days import day_of
from voyagent.billing.core.service.reversals import why_of
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.ledger import words
from voyagent.ledger.queries.base_amounts import is_established
from voyagent.ledger.service import chart
from voyagent.ledger.service.errors import BaseNotEstablished
from voyagent.ledger.service.months import check_month_end, wire_month
from voyagent.rates.errors import RateMissing
from voyagent.settings.queries import check_limit
from voyagent.trips.queries import expected_bills
from voyagent.trips.service.expected_bills import close_without_bill


def preview_accruals(reader: Reader, month: date) -> AccrualsDue:
    """Return what `accrue` would post for a month, given by its first day.

    An accrual without a rate has no base amount. Raises BaseNotEstablished if one is in a foreign
    currency and the base amounts of the agency are not established.
    """
    due = queries.read_due(reader, month)
    foreign = {one.amount.currency for one in due.items} - {due.base_currency}
    if foreign and not is_established(reader):
        raise BaseNotEstablished(sorted(foreign))
    return due


def accrue(actor: Actor, month: date) -> list[Accrual]:
    """Post the cost of services that were given by a month's end and are not billed.

    For each open expected bill whose service has ended, one entry on the last day of the service
    debits cost of services and credits accrued trip costs with what is expected and not accrued
    yet, at the reference rate of the day. If the month of that day is closed, the entry is on the
    first open day. The cost stays accrued until the bill is received or the cost is released. A
    further run posts only what is not accrued yet. A run posts at most 1,000 accruals.

    Raises Forbidden, MonthNotFound, MonthStillRuns, PeriodLocked, BaseNotEstablished, RateMissing,
    AccountCodeTaken (no code is left for a new account).
    """
    actor.require_authority("ledger.post")
    actor.require("ledger.close")
    accruals.hold()
    check_month_end(actor, month)
    due = preview_accruals(SessionReader(db.session), month)
    if due.missing:
        raise RateMissing(due.missing[0].amount.currency, due.missing[0].day)
    if not due.items:
        return []
    chart.account_of(actor, ACCRUED)
    rows = [
        accruals.accrue_cost(actor, one.expected, one.amount, one.day, one.rates)
        for one in due.items
    ]
    accruals.record(rows)
    audit.record(
        actor,
        "costs.accrued",
        inputs={"month": wire_month(month)},
        outputs={"count": len(rows), "currency": due.base_currency, "total": due.total.wire},
    )
    return rows


def release_accrual(
    actor: Actor, expected_bill_id: UUID, *, reason: str, on: date | None = None
) -> Accrual:
    """Take back the accrued cost of an expected bill, because no bill is expected.

    The entry of the day `on`, by default today, credits cost of services with the accrued amount
    and its base amount. The expected bill is closed.

    Raises Forbidden, ExpectedBillNotFound, AccrualMatched (nothing is accrued), ReasonRequired,
    TextTooLong, DateInFuture, DateTooEarly (before the accrual), AmountAboveLimit, PeriodLocked.
    """
    actor.require_authority("ledger.post")
    actor.require("ledger.close")
    accruals.hold()
    found = expected_bills.get_expected_bills([expected_bill_id])
    if not found:
        raise ExpectedBillNotFound
    (expected,) = found
    if not expected["accrued_minor"]:
        raise AccrualMatched
    why = why_of(reason)
    amount = Money(expected["accrued_minor"], expected["currency"])
    check_limit(actor, amount)
    day = day_of(actor, on, queries.last_booked(expected_bill_id))
    title = f"Release of the accrued cost of {accruals.service_of(expected)}"
    row = accruals.release(
        actor,
        expected,
        day,
        words.with_reason(title, expected["supplier"] or expected["trip_title"], why),
    )
    accruals.record([row])
    close_without_bill(expected_bill_id)
    audit.record(
        actor,
        "accrual.released",
        entity_refs={
            "expected_bill_id": expected_bill_id,
            "trip_id": expected["trip_id"],
            "journal_entry_id": row.entry_id,
        },
        private={"reason": why},
        outputs={"amount": amount.wire, "currency": amount.currency, "released_on": day},
    )
    return row
