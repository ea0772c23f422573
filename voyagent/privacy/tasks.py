"""Jobs of personal data and retention: encrypt, mask, and delete old rows."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import structlog
from flask import current_app

from voyagent.approvals.service import masking as proposals
from voyagent.banking import service as banking
from voyagent.billing.core.service import kept_papers
from voyagent.billing.invoices.service import tax_numbers
from voyagent.capabilities.ports import find_port
from voyagent.identity.queries.people import tenant_ids
from voyagent.kernel import clock, failed_jobs
from voyagent.kernel.db import db, transaction
from voyagent.kernel.housekeeping import in_agencies, stopping
from voyagent.kernel.jobs import task
from voyagent.kernel.keyring import Keyring
from voyagent.parties.service import parties
from voyagent.privacy.rules.retention import KINDS
from voyagent.privacy.service import retention
from voyagent.settings.service import tenant_settings

log = structlog.get_logger(__name__)


@task("privacy.seal", own_transactions=True, every="40 * * * *")
def seal(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Encrypt sensitive values of all agencies with the current secret.

    The job finds bank details, bank accounts, PANs, tax numbers and kept PDFs that an earlier
    release stored unencrypted, or that an earlier secret encrypted.
    """
    keyring = find_port(Keyring)
    in_agencies(
        tenant_ids,
        lambda: tenant_settings.reseal(keyring),
        lambda: tax_numbers.reseal(keyring),
        lambda: parties.reseal(keyring),
        lambda: kept_papers.reseal(keyring),
        lambda: banking.reseal(keyring),
        more=bool,
    )


@task("privacy.mask", own_transactions=True, every="25 2 * * *")
def mask(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Mask financial numbers in the arguments of finished requests for approval."""
    in_agencies(tenant_ids, *proposals.maskings(only_recent=True), more=bool)


@task("privacy.retention", own_transactions=True, every="40 2 * * *")
def apply_retention(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Delete or overwrite data that is older than its retention period."""
    in_agencies(tenant_ids, *(partial(retention.apply, (kind,)) for kind in KINDS), more=bool)


@task("privacy.delete_failed_jobs", own_transactions=True, every="50 2 * * *")
def delete_failed_jobs(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Delete the jobs of all agencies that failed long ago, in batches."""
    days = current_app.extensions["voyagent.settings"].failed_jobs_days
    before, total, deleted = clock.now() - timedelta(days=days), 0, 1
    while deleted and not stopping.is_set():
        with transaction():
            deleted = failed_jobs.delete_failed(before)
        db.session.remove()
        total += deleted
    if total:
        log.info("job.failed_deleted", number=total)
