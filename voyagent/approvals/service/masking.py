"""Mask financial numbers in the arguments of finished proposals.

The hash of the unmasked arguments is kept as proof of what was approved.
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
    """Return the columns with arguments of finished proposals, each as a Masking.

    With `only_recent`, only proposals that were made in the last 30 days are masked.
    """
    conditions: list[ColumnElement[bool]] = [_FINISHED]
    if only_recent:
        conditions.append(Approval.requested_at >= clock.now() - RECENT)
    edited = Approval.original_payload.is_not(None)
    return [
        Masking(Approval.payload, *conditions),
        Masking(Approval.original_payload, *conditions, edited),
    ]
