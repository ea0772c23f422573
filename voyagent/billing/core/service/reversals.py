"""Reason and columns of a reversal."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from voyagent.billing.core.errors import ReasonRequired
from voyagent.billing.core.models.parts import Reversible
from voyagent.billing.core.service import pricing
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db


def why_of(reason: str) -> str:
    """Return the trimmed reason of a credit, void, reversal or write-off.

    Raises ReasonRequired, TextTooLong.
    """
    return pricing.confirmed(ReasonRequired(), reason)


def mark(actor: Actor, row: Reversible, day: date, why: str, entry_id: UUID) -> None:
    """Set the reversal columns of a row: date, reason, journal entry and user."""
    row.reversed_on, row.reversal_reason = day, why
    row.reversal_entry_id, row.reversed_by_user_id = entry_id, actor.user_id
    db.session.flush()
