"""Acts of the operator on jobs and mails of an agency."""

from __future__ import annotations

from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from voyagent.kernel.db import transaction
from voyagent.operator import service


def _failed_job(stage: Stage) -> int:
    arguments = f'{{"tenant_id": "{stage.alice.actor.tenant_id}"}}'
    (row,) = stage.sql(
        "insert into procrastinate_jobs (queue_name, task_name, args, status, attempts)"
        " values ('default', 'test.fails', cast(:a as jsonb), 'failed', 10) returning id",
        a=arguments,
    )
    return int(row["id"])


def _by_operator(event: str, *names: str) -> Left:
    return Left(event, names, by=None, via="job")


@act("POST /operator/jobs/<int:job_id>/retry", leaves=_by_operator("job.retried"))
def run_a_failed_job_again(stage: Stage) -> Doing:
    job_id = _failed_job(stage)

    def retry() -> None:
        with stage.app.app_context(), transaction():
            service.retry_job(job_id)

    return retry


@act("POST /operator/jobs/<int:job_id>/discard", leaves=_by_operator("job.discarded"))
def discard_a_failed_job(stage: Stage) -> Doing:
    job_id = _failed_job(stage)

    def discard() -> None:
        with stage.app.app_context(), transaction():
            service.discard_job(job_id)

    return discard


@act("POST /operator/agencies/<tenant_id>/mails", leaves=_by_operator("mail.tried_again"))
def send_waiting_mails_again(stage: Stage) -> Doing:
    tenant_id = stage.alice.actor.tenant_id
    with stage.alice.acting():
        stage.rules.outbox.send(to=stage.alice.email, kind="recovery_codes_changed", locale="en")
    stage.sql(
        "update mails set due_at = now() + interval '1 hour' where tenant_id = :t and sealed is"
        " not null",
        t=tenant_id,
    )

    def send() -> None:
        with stage.app.app_context(), transaction():
            service.try_mails(tenant_id)

    return send
