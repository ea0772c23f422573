"""Background jobs of proposals: carry out, expire and retry."""

from __future__ import annotations

from uuid import UUID

from voyagent.approvals import queries, service
from voyagent.kernel.db import transaction
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.jobs import task


@task(service.EFFECT_TASK, own_transactions=True)
def run_effect(tenant_id: str, approval_id: str) -> None:
    """Carry out an approved proposal in one transaction, after its outbound call."""
    agency = UUID(tenant_id)
    with transaction(agency):
        call = service.prepare(approval_id)
    settle = call.go() if call is not None else None
    with transaction(agency):
        service.carry_out(approval_id, settle)


@task("approvals.housekeeping", own_transactions=True, every="* * * * *")
def housekeeping(timestamp: int) -> None:  # noqa: ARG001 - the worker hands the tick in
    """Store the expiry of proposals past their time limit, and retry unfinished acts."""
    in_agencies(
        queries.agencies_with_proposals,
        lambda: (service.expire_overdue(), service.resume_effects()),
    )
