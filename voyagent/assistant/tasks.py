"""Jobs of the assistant: run a turn."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from voyagent.assistant import loop
from voyagent.assistant.desks import FrontDesk
from voyagent.assistant.planner_factory import Configured
from voyagent.assistant.tools import registry, routing
from voyagent.chat.service.conversations import TURN_TASK
from voyagent.kernel.jobs import task

TOOLS = (routing,)  # named here so that the loop finds them
registry.check()


@task(TURN_TASK, own_transactions=True)
def run_turn(tenant_id: str, turn_id: str) -> None:
    """Run a turn to its end, in many small transactions."""
    loop.run(
        UUID(tenant_id),
        turn_id,
        FrontDesk(),
        Configured(current_app.extensions["voyagent.settings"]),
    )
