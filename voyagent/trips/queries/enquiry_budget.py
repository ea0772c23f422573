"""Find the enquiry that a trip is for, and its budget."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from voyagent.enquiries.queries import enquiries
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money


def enquiry_of(session_id: UUID | None, enquiry_id: UUID | None) -> Row | None:
    """Return the given enquiry, or else the conversation's newest enquiry, or None.

    Raises EnquiryNotFound.
    """
    reader = SessionReader(db.session)
    if enquiry_id is not None:
        return enquiries.get_row(reader, enquiry_id)
    found = enquiries.find_by_session(reader, session_id) if session_id is not None else []
    return found[-1] if found else None


def budget_of(session_id: UUID | None, enquiry_id: UUID | None = None) -> Money | None:
    """Return the budget of an enquiry; None without an enquiry or without an amount.

    The enquiry is `enquiry_id`, or else the newest enquiry of the conversation. Raises
    EnquiryNotFound.
    """
    enquiry = enquiry_of(session_id, enquiry_id)
    if enquiry is None or enquiry["budget_hundredths"] is None:
        return None
    return Money.rounded(
        Decimal(enquiry["budget_hundredths"]).scaleb(-2), enquiry["budget_currency"]
    )


def is_above(cost: Money, budget: Money | None) -> bool:
    """Return True if a cost is above the budget.

    The result is False if there is no budget, or if the currencies differ.
    """
    return (
        budget is not None
        and cost.currency == budget.currency
        and cost.amount_minor > budget.amount_minor
    )
