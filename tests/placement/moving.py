"""Move an agency to another cluster, with `agency export` and `agency import`.

The clusters have the same secrets, so also the tables move that a file for another installation
leaves out because they are of use in their own installation only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest import mock
from uuid import UUID

import sqlalchemy as sa

from tests.backup.conftest import PASSPHRASE
from tests.placement.clusters import Cluster
from tests.placement.directory import Directory
from tests.placement.router import Router
from voyagent.agencies import queries
from voyagent.agencies.rules.manifest import AgencyManifest
from voyagent.agencies.service import deleting, exporting, importing
from voyagent.backup.commands import over
from voyagent.backup.rules.manifest import Census, differences
from voyagent.backup.service.database import settings_of_owner
from voyagent.identity.service.agencies import resume_agency
from voyagent.kernel import jobs
from voyagent.kernel.db import db, snapshot

STAYS = {name: queries.LEFT_OUT[name] for name in ("rate_limit_hits", "budget_reservations")}
"""Tables with rows of agencies that do not move: they count what happens at this moment."""
WAIT_S = 20.0


class MoveFailed(Exception):
    """The agency was not moved; it stays stopped, and the operator decides."""


def move(
    directory: Directory,
    routers: Iterable[Router],
    source: Cluster,
    target: Cluster,
    tenant_id: UUID,
    folder: Path,
) -> AgencyManifest:
    """Move an agency and return the manifest of its file; requests get 503 meanwhile.

    1. The directory marks the agency, and the source suspends it. From then on, the source refuses
       each request, also one that comes with an old placement, and makes no job or mail.
    2. The requests and jobs that have begun before end.
    3. The agency is exported and imported. The import compares the rows, heads and totals.
    4. Nothing was written in the source after the export, or the move fails.
    5. The directory stores the new cluster with the next version, and the target resumes.

    If it fails before the import, the source resumes. Raises MoveFailed.
    """
    assert directory.begin_move(tenant_id).cluster == source.label
    with source.app.app_context():
        deleting.ask(tenant_id)
    try:
        begun = [(one, one.running(tenant_id)) for one in routers]
        _wait_until(lambda: not any(one.running(tenant_id) & old for one, old in begun), "requests")
        _wait_until(lambda: _has_no_jobs(source, tenant_id), "jobs")
        with mock.patch.object(queries, "LEFT_OUT", STAYS):
            manifest = _copy(source, target, tenant_id, folder / f"{tenant_id}.tar")
    except BaseException:
        _resume(source, tenant_id)
        directory.end_move(tenant_id)
        raise
    if faults := differences(census_of(source, tenant_id, manifest.census), manifest.census):
        raise MoveFailed(f"the source was written to: {faults}")
    directory.change_cluster(tenant_id, target.label)
    _resume(target, tenant_id)
    directory.end_move(tenant_id)
    return manifest


def census_of(cluster: Cluster, tenant_id: UUID, like: Census) -> Census:
    """Return the figures of an agency in a cluster, for the tables of another census."""
    with cluster.app.app_context(), snapshot(tenant_id) as connection:
        counts = {
            table.name: connection.scalar(
                sa.text(f"select count(*) from {table.name} where {queries.is_of_agency(table)}")
            )
            for table in queries.tables()
            if table.name in like.tables
        }
        return queries.census(connection, counts)


def _copy(source: Cluster, target: Cluster, tenant_id: UUID, file: Path) -> AgencyManifest:
    with source.app.app_context():
        anchors = source.app.extensions["voyagent.anchors"]
        exporting.export_agency(source.settings, anchors, tenant_id, file, PASSPHRASE)
    with (
        target.app.app_context(),
        importing.open_export(file, PASSPHRASE) as opened,
        over(settings_of_owner(target.settings)),
    ):
        anchors = target.app.extensions["voyagent.anchors"]
        return importing.import_agency(target.settings, anchors, opened).manifest


def _resume(cluster: Cluster, tenant_id: UUID) -> None:
    """Let an agency work in a cluster; its mails wait for no job of another cluster."""
    with cluster.opened(tenant_id):
        db.session.execute(sa.text("update mails set queued_at = null where sent_at is null"))
        resume_agency(tenant_id)


def _has_no_jobs(cluster: Cluster, tenant_id: UUID) -> bool:
    """Drop the waiting jobs of an agency; return True if none is running."""
    with cluster.opened():
        jobs.drop_jobs(tenant_id, only_waiting=True)
        statement = (
            "select count(*) from procrastinate_jobs where args->>'tenant_id' = :id"
            " and status in ('todo', 'doing')"
        )
        return db.session.scalar(sa.text(statement), {"id": str(tenant_id)}) == 0


def _wait_until(is_over: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WAIT_S
    while not is_over():
        if time.monotonic() > until:
            raise MoveFailed(f"{what} of the agency did not end")
        time.sleep(0.05)
