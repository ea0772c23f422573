"""Mask financial numbers in the arguments of finished proposals.

Until then the arguments are stored as they are shown and run. The hash of the arguments stays, so
they can still be proved.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement

from voyagent.approvals.models import Approval
from voyagent.kernel import clock
from voyagent.kernel.stored_texts import Masking

RECENT = timedelta(days=30)
_FINISHED = Approval.status.in_(("rejected", "expired")) | Approval.effect_status.in_(
    ("done", "failed")
)


def maskings(*, only_recent: bool = False) -> list[Masking]:
    """Return a walk over each column with arguments.

    With `only_recent` only over proposals that were made in the last 30 days.
    """
    conditions: list[ColumnElement[bool]] = [_FINISHED]
    if only_recent:
        conditions.append(Approval.requested_at >= clock.now() - RECENT)
    edited = Approval.original_payload.is_not(None)
    return [
        Masking(Approval.payload, *conditions),
        Masking(Approval.original_payload, *conditions, edited),
    ]
