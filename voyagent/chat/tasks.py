"""Background job that deletes the rows of deleted conversations."""

from __future__ import annotations

from uuid import UUID

from voyagent.chat.service import conversations
from voyagent.kernel import tenancy
from voyagent.kernel.db import db
from voyagent.kernel.jobs import task


@task(conversations.WIPE_TASK)
def wipe(tenant_id: str, session_id: str, deleted_at: str) -> None:
    """Delete the rows of a conversation that was deleted at `deleted_at`."""
    tenancy.bind(db.session(), UUID(tenant_id))
    conversations.wipe(UUID(session_id), deleted_at)
