"""Mask financial numbers in the arguments and previews of finished proposals.

The hashes of the unmasked arguments and previews are kept as proof of what was approved.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement

from voyagent.approvals.models import Approval
from voyagent.kernel import clock
from voyagent.kernel.financial_numbers import hidden_everywhere
from voyagent.kernel.stored_texts import Masking

RECENT = timedelta(days=30)
_FINISHED = Approval.status.in_(("rejected", "expired")) | Approval.effect_status.in_(
    ("done", "failed")
)


def maskings(*, only_recent: bool = False) -> list[Masking]:
    """Return the columns of finished proposals to mask, each as a Masking.

    They have the arguments and the preview. In a preview only what issued documents print is
    masked. With `only_recent`, only proposals that were made in the last 30 days are masked.
    """
    conditions: list[ColumnElement[bool]] = [_FINISHED]
    if only_recent:
        conditions.append(Approval.requested_at >= clock.now() - RECENT)
    edited = Approval.original_payload.is_not(None)
    shown = Approval.preview.is_not(None)
    return [
        Masking(Approval.payload, *conditions),
        Masking(Approval.original_payload, *conditions, edited),
        Masking(Approval.preview, *conditions, shown, mask=_hidden_on_papers),
    ]


def _hidden_on_papers(preview: dict[str, Any]) -> dict[str, Any]:
    papers = preview.get("papers")
    return preview | {"papers": hidden_everywhere(papers)} if papers else preview
