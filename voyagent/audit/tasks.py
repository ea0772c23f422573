"""Background jobs that check one chain on request and all chains nightly."""

from __future__ import annotations

from uuid import UUID

from voyagent.audit.queries import chain
from voyagent.audit.service import checks
from voyagent.kernel import jobs
from voyagent.kernel.db import db, transaction
from voyagent.kernel.jobs import task

NIGHT_TASK = "audit.check_agencies"
BATCH = 100


@task(checks.CHECK_TASK, own_transactions=True)
def check(tenant_id: str, check_id: str) -> None:
    """Check the chain of one agency and store the result under the requested check."""
    checks.check(UUID(tenant_id), UUID(check_id))


@task(NIGHT_TASK, own_transactions=True)
def check_agencies(after: str) -> None:
    """Check the chains of some agencies, then queue a job for the next ones.

    Batches keep each job short.
    """
    with transaction():
        batch = chain.agencies(UUID(after), limit=BATCH)
    for tenant_id in batch:
        checks.check(tenant_id)
    if len(batch) == BATCH:
        _go_on(batch[-1])


@task("audit.nightly", own_transactions=True, every="17 1 * * *")
def nightly(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Start the nightly check of every chain; each check writes the head to the log."""
    _go_on(chain.FIRST)


def _go_on(after: UUID) -> None:
    db.session.remove()
    with transaction():
        jobs.defer(NIGHT_TASK, lock=NIGHT_TASK, after=str(after))
    db.session.remove()
