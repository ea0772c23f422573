"""Background work of conversations: remove what was deleted, once its undo is over."""

from __future__ import annotations

from uuid import UUID

from voyagent.chat import service
from voyagent.kernel import tenancy
from voyagent.kernel.db import db
from voyagent.kernel.jobs import task


@task(service.WIPE_TASK)
def wipe(tenant_id: str, session_id: str, deleted_at: str) -> None:
    """Remove the rows of a deleted conversation."""
    tenancy.bind(db.session(), UUID(tenant_id))
    service.wipe(UUID(session_id), deleted_at)
