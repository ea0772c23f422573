"""Dates on which an action on a document or a payment may be booked."""

from __future__ import annotations

from datetime import date

from voyagent.billing.core.errors import DateInFuture, DateTooEarly
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries import reversals as reversal_queries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor


def day_of(actor: Actor, given: date | None, earliest: date) -> date:
    """Return the given date of an action on a payment, or today's date.

    Raises DateTooEarly if the date is before `earliest`, DateInFuture if it is after today.
    """
    today = clock.today(actor.timezone)
    day = given or today
    check_between(day, earliest, today)
    return day


def default_day(actor: Actor, document: Invoice | Bill) -> date:
    """Return the default date to void or credit a document, which is also the latest.

    It is today, or the issue date of the document if that is later.
    """
    return max(clock.today(actor.timezone), document.issue_date)


def book_day(actor: Actor, document: Invoice | Bill, on: date | None) -> date:
    """Return the date on which a document is voided or credited.

    The date is `on`, or the default date if `on` is None. Raises DateInFuture if `on` is after the
    default date. Raises DateTooEarly if `on` is before the issue date, or before the last reversal
    of a payment, credit or write-off of the document.
    """
    latest = default_day(actor, document)
    day = on or latest
    last = reversal_queries.last_taken_back(document_ids=[document.id])
    check_between(day, max(document.issue_date, last or document.issue_date), latest)
    return day


def check_not_future(actor: Actor, day: date) -> None:
    """Check that a document may be posted on a day.

    Raises DateInFuture if the day is after today in the agency's time zone.
    """
    if day > clock.today(actor.timezone):
        raise DateInFuture


def check_between(day: date, earliest: date, latest: date) -> None:
    """Check that a date is from `earliest` to `latest`, which is today or later.

    Raises DateTooEarly if the date is before `earliest`, DateInFuture if it is after `latest`.
    """
    if day < earliest:
        raise DateTooEarly
    if day > latest:
        raise DateInFuture
