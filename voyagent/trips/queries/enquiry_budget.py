"""The enquiry of a trip and its budget."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from voyagent.enquiries.queries import enquiries
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money


def enquiry_of(session_id: UUID | None, enquiry_id: UUID | None) -> Row | None:
    """Return the named enquiry, else the newest of the conversation.

    Raises EnquiryNotFound.
    """
    reader = SessionReader(db.session)
    if enquiry_id is not None:
        return enquiries.get_row(reader, enquiry_id)
    found = enquiries.find_by_session(reader, session_id) if session_id is not None else []
    return found[-1] if found else None


def budget_of(session_id: UUID | None, enquiry_id: UUID | None = None) -> Money | None:
    """Return the enquiry's budget; None without an amount. Raises EnquiryNotFound."""
    enquiry = enquiry_of(session_id, enquiry_id)
    if enquiry is None or enquiry["budget_hundredths"] is None:
        return None
    return Money.rounded(
        Decimal(enquiry["budget_hundredths"]).scaleb(-2), enquiry["budget_currency"]
    )


def is_above(cost: Money, budget: Money | None) -> bool:
    """True if a cost exceeds the budget; different currencies are not compared."""
    return (
        budget is not None
        and cost.currency == budget.currency
        and cost.amount_minor > budget.amount_minor
    )
