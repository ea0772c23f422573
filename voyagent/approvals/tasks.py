"""Background jobs of proposals: carry out, expire and retry."""

from __future__ import annotations

from uuid import UUID

from voyagent.approvals import queries
from voyagent.approvals.service import execution
from voyagent.kernel.db import transaction
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.jobs import task


@task(execution.EFFECT_TASK, own_transactions=True, is_outward=True)
def run_effect(tenant_id: str, approval_id: str) -> None:
    """Carry out an approved proposal in one transaction, after its outbound call."""
    agency = UUID(tenant_id)
    with transaction(agency):
        call = execution.prepare(approval_id)
    settle = call.go() if call is not None else None
    with transaction(agency):
        execution.carry_out(approval_id, settle)


@task("approvals.housekeeping", own_transactions=True, every="* * * * *", is_outward=True)
def housekeeping(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Store the expiry of proposals past their time limit, and retry unfinished acts."""
    in_agencies(
        queries.agencies_with_proposals,
        lambda: (execution.expire_overdue(), execution.resume_effects()),
    )
