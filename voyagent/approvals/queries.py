"""Reading proposals; those of a deleted conversation are not there, and an overdue one is expired whether or not that has been written down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from voyagent.approvals.models import Approval
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.reading import Reader, Row
from voyagent.kernel.tenancy import owned

_C = Approval.__table__.c


class ApprovalNotFound(NotFound):
    """No such proposal in the agency, or its conversation has been deleted."""

    code = "approval_not_found"
    message = N_("We could not find that request. Its conversation may have been deleted.")


def get_approval(approval_id: str) -> Approval:
    """A proposal that is visible. Raises ApprovalNotFound."""
    found = find_approval(approval_id)
    if found is None or found.hidden_at is not None:
        raise ApprovalNotFound
    return found


def find_approval(approval_id: str) -> Approval | None:
    """A proposal, hidden ones too."""
    return db.session.scalar(select(Approval).where(Approval.id == approval_id).execution_options(populate_existing=True))


def is_pending(now: ColumnElement[Any] | None = None) -> ColumnElement[bool]:
    """For a Core select of another room: whether a proposal can still be decided."""
    return (_C.status == "pending") & (_C.expires_at > (func.now() if now is None else now)) & _C.hidden_at.is_(None)


def pending_of_session(reader: Reader, session_id: UUID) -> list[Row]:
    """What waits for a decision in a conversation: `approval_id, tool_name, summary, expires_at`, oldest first."""
    return reader.read(pending_statement(session_id))[0]


def pending_statement(session_id: UUID) -> Select[Any]:
    """The same as a select, for a trip that reads more."""
    return (
        select(_C.id.label("approval_id"), _C.tool_name, _C.summary, _C.expires_at)
        .where(owned(Approval), _C.session_id == session_id, is_pending())
        .order_by(_C.requested_at, _C.id)
    )
