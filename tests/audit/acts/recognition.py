"""Acts on the policies of recognition."""

from __future__ import annotations

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage

POLICY = {"applies_to": "agent", "method": "at_service", "reason": "Advice of the auditor"}
SET = Left(
    "recognition_policy.set",
    ("recognition_policy_id",),
    says={"applies_to": "agent", "method": "at_service"},
)


@act("POST /api/recognition-policies", leaves=SET, answers=201)
def set_policy_over_the_api(stage: Stage) -> Doing:
    return lambda: stage.alice.api.post("/recognition-policies", json=POLICY)


@act("POST /settings/recognition/change", leaves=in_the_browser(SET), answers=303)
def set_policy_on_the_page(stage: Stage) -> Doing:
    browser = stage.alice.browser  # signs in
    return lambda: stage.submit(
        browser,
        "/settings/recognition/change",
        choice="agent:at_service",
        reason="Advice of the auditor",
    )
