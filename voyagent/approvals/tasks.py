"""Background work of proposals: carry a grant out, and each minute let overdue ones expire."""

from __future__ import annotations

from uuid import UUID

from voyagent.approvals import service
from voyagent.identity.agencies import in_each_agency
from voyagent.kernel import tenancy
from voyagent.kernel.db import db
from voyagent.kernel.jobs import task


@task(service.EFFECT_TASK)
def run_effect(tenant_id: str, approval_id: str) -> None:
    """Carry a granted proposal out, in one transaction."""
    tenancy.bind(db.session(), UUID(tenant_id))
    service.carry_out(approval_id)


@task("approvals.housekeeping", own_transactions=True, every="* * * * *")
def housekeeping(timestamp: int) -> None:  # noqa: ARG001 - the worker hands the tick in
    """For each agency: write overdue proposals down as expired, and try effects again that nobody finished."""
    in_each_agency(lambda: (service.expire_overdue(), service.resume_effects()))
