"""Jobs of conversations: wipe deleted ones, and resume turns without a job each minute."""

from __future__ import annotations

from uuid import UUID

from voyagent.chat.queries import sessions
from voyagent.chat.service import conversations, turns
from voyagent.kernel import tenancy
from voyagent.kernel.db import db
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.jobs import task


@task(conversations.WIPE_TASK)
def wipe(tenant_id: str, session_id: str, deleted_at: str) -> None:
    """Wipe a deleted conversation."""
    tenancy.bind(db.session(), UUID(tenant_id))
    conversations.wipe(UUID(session_id), deleted_at)


@task("chat.housekeeping", own_transactions=True, every="* * * * *")
def housekeeping(timestamp: int) -> None:  # noqa: ARG001 - the worker hands the tick in
    """Resume turns whose job failed for good or was lost."""
    in_agencies(sessions.agencies_with_turns, turns.resume)
