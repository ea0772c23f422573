"""Service that sets when an agency recognises revenue, cost and commission."""

from __future__ import annotations

from datetime import date

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.policies import RecognitionPolicy
from voyagent.billing.core.queries.policies import list_policies, methods_on
from voyagent.billing.core.rules import METHODS
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.policies.errors import (
    PolicyInPast,
    RecognitionMethodUnknown,
    RecognitionUnchanged,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id


def set_policy(
    actor: Actor, *, applies_to: str, method: str, reason: str, valid_from: date | None = None
) -> Row:
    """Set the method of recognition for documents from a day on.

    Returns the policy as `list_policies` does. `applies_to` and `method` are those of
    `rules.METHODS`. `valid_from` is today or later, by default today. Documents that are posted
    keep the method of their lines.

    Raises Forbidden, NotFresh, RecognitionMethodUnknown, ReasonRequired, TextTooLong, PolicyInPast,
    RecognitionUnchanged.
    """
    actor.require_step_up("settings.policy")
    if method not in METHODS.get(applies_to, ()):
        raise RecognitionMethodUnknown
    why = why_of(reason)
    today = clock.today(actor.timezone)
    day = valid_from or today
    if day < today:
        raise PolicyInPast
    before = getattr(methods_on(day), applies_to)
    if before == method:
        raise RecognitionUnchanged
    policy = RecognitionPolicy(
        id=new_id(),
        valid_from=day,
        applies_to=applies_to,
        method=method,
        reason=why,
        created_by_user_id=actor.user_id,
        created_at=clock.now(),
    )
    db.session.add(policy)
    db.session.flush()
    audit.record(
        actor,
        "recognition_policy.set",
        entity_refs={"recognition_policy_id": policy.id},
        inputs={"applies_to": applies_to, "method": method, "valid_from": day},
        private={"reason": why},
        outputs={"previous_method": before},
    )
    return next(row for row in list_policies(SessionReader(db.session)) if row["id"] == policy.id)
