"""What a reviewer sees of a proposal: the preview that was kept and that a grant is held to, or a description where none was."""

from __future__ import annotations

from typing import cast

from voyagent.approvals import effects
from voyagent.approvals.effects import Description
from voyagent.approvals.models import Approval
from voyagent.audit import service as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import VoyagentError


def preview(actor: Actor, approval: Approval) -> Description:
    """What granting would change, for the review page; a `warning` in words where that cannot be told."""
    if approval.preview is not None:
        return cast("Description", approval.preview)
    effect = effects.find(approval.tool_name)
    if effect is None or effect.describe is None:
        return {}
    try:
        with audit.savepoint():
            return effect.describe(actor, dict(approval.payload))
    except VoyagentError as failure:
        return {"warning": failure.message}
