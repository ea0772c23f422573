"""Background jobs that check one chain on request, and check and sign all nightly."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import structlog
from flask import current_app

from voyagent.audit.queries import chain
from voyagent.audit.service import checks
from voyagent.audit.service.statements import Anchors
from voyagent.kernel import jobs
from voyagent.kernel.db import db, transaction
from voyagent.kernel.jobs import task
from voyagent.kernel.last_runs import note_run

log = structlog.get_logger(__name__)
NIGHT_TASK = "audit.check_agencies"
BATCH = 100


@task(checks.CHECK_TASK, own_transactions=True)
def check(tenant_id: str, check_id: str) -> None:
    """Check the chain of one agency and store the result under the requested check."""
    checks.check(UUID(tenant_id), _anchors(), UUID(check_id))


@task(NIGHT_TASK, own_transactions=True, is_outward=True)
def check_agencies(after: str, findings: int = 0) -> None:
    """Check and sign the chains of 100 agencies, then queue a job for the next 100.

    `findings` is the number of chains in earlier jobs of this night that are invalid or no longer
    signed. The last job also reports the agencies that have statements and are not in the database,
    and records the number of findings.
    """
    with transaction():
        batch = chain.agencies(UUID(after), limit=BATCH)
    for tenant_id in batch:
        verdict = checks.check_and_sign(tenant_id, _anchors())
        findings += not verdict.ok or bool(verdict.gap)
    if len(batch) == BATCH:
        _go_on(batch[-1], findings)
    else:
        note_run("audit", findings=findings + checks.report_missing(_anchors()))


@task("audit.nightly", own_transactions=True, every="17 1 * * *", is_outward=True)
def nightly(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Start the nightly check of every chain."""
    anchors = _anchors()
    if anchors.signing_key is None:
        log.warning("audit.no_signing_key")
    elif anchors.is_default:
        log.warning("audit.statements_on_this_computer", folder=str(anchors.folder.path))
    _go_on(chain.FIRST)


def _go_on(after: UUID, findings: int = 0) -> None:
    # A worker of the release before does not know the argument.
    counted: dict[str, Any] = {"findings": findings} if findings else {}
    db.session.remove()
    with transaction():
        jobs.defer(NIGHT_TASK, lock=NIGHT_TASK, after=str(after), **counted)
    db.session.remove()


def _anchors() -> Anchors:
    return cast("Anchors", current_app.extensions["voyagent.anchors"])
