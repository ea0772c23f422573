"""Background jobs of the assistant."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from voyagent.assistant.service import loop, turn_jobs
from voyagent.assistant.service.built_in import BuiltInPlanner
from voyagent.assistant.service.planner_factory import Configured
from voyagent.assistant.service.turn_jobs import TURN_TASK
from voyagent.chat.queries import sessions as chats
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.jobs import task


@task(TURN_TASK, own_transactions=True, is_outward=True)
def run_turn(tenant_id: str, turn_id: str) -> None:
    """Run a turn to its end, in many small transactions."""
    loop.run(
        UUID(tenant_id),
        turn_id,
        BuiltInPlanner(),
        Configured(current_app.extensions["voyagent.settings"]),
    )


# The name of the task is stored with its scheduled jobs, so it must not change.
@task("chat.housekeeping", own_transactions=True, every="* * * * *")
def housekeeping(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Resume turns whose job was lost or has failed for good."""
    in_agencies(chats.agencies_with_turns, turn_jobs.resume)
