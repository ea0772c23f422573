"""Jobs of the assistant: run a turn."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from voyagent.assistant.service import loop
from voyagent.assistant.service.built_in import BuiltInPlanner
from voyagent.assistant.service.planner_factory import Configured
from voyagent.chat.service.conversations import TURN_TASK
from voyagent.kernel.jobs import task


@task(TURN_TASK, own_transactions=True)
def run_turn(tenant_id: str, turn_id: str) -> None:
    """Run a turn to its end, in many small transactions."""
    loop.run(
        UUID(tenant_id),
        turn_id,
        BuiltInPlanner(),
        Configured(current_app.extensions["voyagent.settings"]),
    )
