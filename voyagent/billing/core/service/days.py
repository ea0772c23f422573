"""Days on which an act on a document or payment may be booked."""

from __future__ import annotations

from datetime import date

from voyagent.billing.core.errors import InvalidDate
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries import reversals as reversal_queries
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor


def day_of(actor: Actor, given: date | None, earliest: date) -> date:
    """Return the day of an act on a payment: not before its predecessor, not in the future.

    Raises InvalidDate.
    """
    today = clock.today(actor.timezone)
    day = given or today
    if not earliest <= day <= today:
        raise InvalidDate
    return day


def first_day(actor: Actor, document: Invoice | Bill) -> date:
    """Return the default day of voiding and crediting: today, or a later issue date."""
    return max(clock.today(actor.timezone), document.issue_date)


def book_day(actor: Actor, document: Invoice | Bill, on: date | None) -> date:
    """Return the given day, or `first_day`.

    Raises InvalidDate for a day after that, before the document, or before the last deallocation.
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
