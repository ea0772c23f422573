"""What a trip answers: the enquiry that it belongs to, and how much its customer wants to spend."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from voyagent.enquiries import queries as enquiries
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money


def enquiry_of(session_id: UUID | None, enquiry_id: UUID | None) -> Row | None:
    """The enquiry that is named, else the newest that the conversation is about.

    Raises EnquiryNotFound.
    """
    reader = SessionReader(db.session)
    if enquiry_id is not None:
        return enquiries.get_row(reader, enquiry_id)
    found = enquiries.find_by_session(reader, session_id) if session_id is not None else []
    return found[-1] if found else None


def budget_of(session_id: UUID | None, enquiry_id: UUID | None = None) -> Money | None:
    """What that enquiry's customer wants to spend; None where no amount was named.

    Raises EnquiryNotFound.
    """
    enquiry = enquiry_of(session_id, enquiry_id)
    if enquiry is None or enquiry["budget_hundredths"] is None:
        return None
    return Money.rounded(
        Decimal(enquiry["budget_hundredths"]).scaleb(-2), enquiry["budget_currency"]
    )


def is_above(cost: Money, budget: Money | None) -> bool:
    """Whether something costs more than the budget; two currencies are not compared."""
    return (
        budget is not None
        and cost.currency == budget.currency
        and cost.amount_minor > budget.amount_minor
    )
