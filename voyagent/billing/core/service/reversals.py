"""Reasons and marks of what is reversed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from voyagent.billing.core.errors import ReasonRequired
from voyagent.billing.core.models.parts import Reversible
from voyagent.billing.core.service import pricing
from voyagent.billing.core.service.voiding import REASON_MAX
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db


def why_of(reason: str) -> str:
    """Return the reason of a reversal or a write-off. Raises ReasonRequired, TextTooLong."""
    why = pricing.words(reason, REASON_MAX)
    if why is None:
        raise ReasonRequired
    return why


def mark(actor: Actor, row: Reversible, day: date, why: str, entry_id: UUID) -> None:
    """Mark a row as reversed: day, reason, entry, person."""
    row.reversed_on, row.reversal_reason = day, why
    row.reversal_entry_id, row.reversed_by_user_id = entry_id, actor.user_id
    db.session.flush()
