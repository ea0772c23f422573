"""What a reviewer sees of a proposal: the preview that was kept and that a grant is held to, or a description where none was."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import ValidationError

from voyagent.approvals import effects
from voyagent.approvals.effects import Description
from voyagent.approvals.models import Approval
from voyagent.audit import service as audit
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import VoyagentError


def arguments_of(approval: Approval) -> dict[str, Any]:
    """What will run, in the order in which the tool's schema names it; stored, it has none."""
    effect = effects.find(approval.tool_name)
    stored = dict(approval.payload)
    if effect is None or effect.schema is None:
        return stored
    try:
        ordered = effect.schema.model_validate_json(json.dumps(stored)).model_dump(mode="json", exclude_none=True)
    except ValidationError:
        return stored
    return ordered if ordered == stored else stored


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
