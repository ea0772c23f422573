"""Dates on which an action on a document or a payment may be booked."""

from __future__ import annotations

from datetime import date

from voyagent.billing.core.errors import InvalidDate
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries import reversals as reversal_queries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor


def day_of(actor: Actor, given: date | None, earliest: date) -> date:
    """Return the date of an action on a payment, by default today.

    Raises InvalidDate if it is before `earliest` or in the future.
    """
    today = clock.today(actor.timezone)
    day = given or today
    if not earliest <= day <= today:
        raise InvalidDate
    return day


def first_day(actor: Actor, document: Invoice | Bill) -> date:
    """Return the default date to void or credit a document: today, or the issue date if later."""
    return max(clock.today(actor.timezone), document.issue_date)


def book_day(actor: Actor, document: Invoice | Bill, on: date | None) -> date:
    """Return the date to void or credit a document, by default that of `first_day`.

    Raises InvalidDate if the date is after that of `first_day`, before the issue date, or before
    the last reversal of a payment, credit or write-off of the document.
    """
    latest = first_day(actor, document)
    day = on or latest
    if (
        not max(
            document.issue_date,
            reversal_queries.last_taken_back(document_ids=[document.id]) or document.issue_date,
        )
        <= day
        <= latest
    ):
        raise InvalidDate
    return day
