"""Background jobs of reports: make large files, and delete expired ones."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from uuid import UUID

import structlog
from flask import Flask, current_app
from werkzeug.http import parse_options_header
from werkzeug.test import Client

from voyagent.http.guards import CREDENTIAL
from voyagent.identity.queries.people import tenant_ids
from voyagent.kernel import sheets
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.housekeeping import in_agencies, stopping
from voyagent.kernel.jobs import task
from voyagent.reports.service import files as service

MEMORY_MAX = 1536 * 1024 * 1024
"""Address space of the process that makes a file, in bytes."""
TIME_MAX_S = 300.0
_LOOK_EVERY_S = 0.2
log = structlog.get_logger(__name__)


class WorkerStopping(Exception):
    """The worker stops before the file is made."""


@task(service.MAKE_TASK, own_transactions=True)
def make_file(tenant_id: str, file_id: str) -> None:
    """Make a large file in a child process with limits of memory and time.

    If the worker stops before the file is made, another worker repeats the job.
    """
    process = get_context("spawn").Process(
        target=run_child,
        args=(
            current_app.extensions["voyagent.create_app"],
            current_app.extensions["voyagent.settings"],
            MEMORY_MAX,
            tenant_id,
            file_id,
        ),
        daemon=True,
    )
    process.start()
    _await(process)
    if process.exitcode != 0:
        log.warning("report.not_made", file_id=file_id, exit_code=process.exitcode)
        with transaction(UUID(tenant_id)):
            service.fail(UUID(file_id))
    db.session.remove()


@task("reports.sweep", own_transactions=True, every="23 * * * *")
def sweep(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Delete the expired files of all agencies."""
    in_agencies(tenant_ids, service.sweep)


def run_child(
    create_app: Callable[[Settings], Flask],
    settings: Settings,
    memory_max: int,
    tenant_id: str,
    file_id: str,
) -> None:
    """Make a file in this process, whose memory is limited to `memory_max` bytes."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_max, memory_max))
    make(create_app(settings.model_copy(update={"metrics_dir": None})), tenant_id, file_id)


def _await(process: SpawnProcess) -> None:
    until = time.monotonic() + TIME_MAX_S
    while process.is_alive() and time.monotonic() < until and not stopping.is_set():
        process.join(_LOOK_EVERY_S)
    if process.is_alive():
        process.kill()
        process.join()
        if stopping.is_set():
            raise WorkerStopping


def make(app: Flask, tenant_id: str, file_id: str) -> None:
    """Repeat the person's request, and store the file or mark the file as failed.

    The request runs in this process and checks the rights of the person again.
    """
    agency, file = UUID(tenant_id), UUID(file_id)
    with app.app_context(), transaction(agency):
        order = service.begin(file)
    if order is None:
        return
    with sheets.in_worker():
        answer = Client(app).get(
            order.address, environ_overrides={CREDENTIAL: order.credential}, base_url=_base(app)
        )
    with app.app_context(), transaction(agency):
        if answer.status_code != 200:
            log.warning("report.refused", file_id=file_id, status=answer.status_code)
            service.fail(file)
            return
        service.finish(
            app.extensions["voyagent.identity"].keyring,
            file,
            name=parse_options_header(answer.headers["Content-Disposition"])[1]["filename"],
            media_type=answer.mimetype or "application/octet-stream",
            content=answer.data,
        )


def _base(app: Flask) -> str:
    return str(app.extensions["voyagent.settings"].public_url)
