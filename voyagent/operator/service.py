"""Acts of an operator: sign in, run failed jobs again, send mails again.

Each act on an agency leaves an event in the audit log of the agency.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import structlog

from voyagent.audit.service import deletions, recording as audit
from voyagent.kernel import failed_jobs, limits, tenancy
from voyagent.kernel.actor import system_actor
from voyagent.kernel.db import db
from voyagent.kernel.failed_jobs import FailedJob
from voyagent.kernel.limits import Limiter
from voyagent.mail import service as mail
from voyagent.operator.errors import AgencyIsSuspended, WrongToken
from voyagent.operator.queries import read_agency

log = structlog.get_logger(__name__)


def sign_in(limiter: Limiter, token: str, *, is_token: Callable[[str], bool], address: str) -> bool:
    """Check the operator's token and return True.

    `address` is the IP address of the client. Only wrong tokens count towards the limit.

    Raises TooManyRequests, WrongToken.
    """
    if not is_token(token):
        log.warning("operator.refused")
        limiter.failed(limits.OPERATOR_TOKEN, address=address)
        raise WrongToken
    log.info("operator.signed_in")
    return True


def retry_job(job_id: int) -> bool:
    """Run a failed job again; return False if the job is no longer a failed one.

    The job gets one more attempt. Raises AgencyNotFound, AgencyIsSuspended.
    """
    job = failed_jobs.find_failed(job_id)
    if job is None:
        return False
    if job.agency is not None:
        _bind_active(job.agency)
        _record(job, "job.retried")
    failed_jobs.retry(job)
    log.info("operator.job_retried", failed_job=job.id, failed_task=job.task)
    return True


def discard_job(job_id: int) -> bool:
    """Delete a failed job; return False if the job is no longer a failed one.

    No event is recorded for an agency whose deletion has begun, because its audit log is closed.
    """
    job = failed_jobs.find_failed(job_id)
    if job is None:
        return False
    if job.agency is not None and deletions.record_of(job.agency) is None:
        tenancy.bind(db.session(), job.agency)
        _record(job, "job.discarded")
    failed_jobs.discard(job)
    log.info("operator.job_discarded", failed_job=job.id, failed_task=job.task)
    return True


def try_mails(tenant_id: UUID) -> int:
    """Send the mails of an agency that wait for another attempt; return their number.

    Raises AgencyNotFound, AgencyIsSuspended.
    """
    _bind_active(tenant_id)
    number = mail.try_now()
    if number:
        audit.record(system_actor(tenant_id), "mail.tried_again", outputs={"mails": number})
        log.info("operator.mails_tried", agency=str(tenant_id), mails=number)
    return number


def _bind_active(tenant_id: UUID) -> None:
    if not read_agency(tenant_id).is_active:
        raise AgencyIsSuspended
    tenancy.bind(db.session(), tenant_id)


def _record(job: FailedJob, kind: str) -> None:
    assert job.agency is not None
    audit.record(system_actor(job.agency), kind, inputs={"job": str(job.id), "task": job.task})
