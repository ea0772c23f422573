"""Delete an agency in batches; its audit log and a proof of the deletion remain.

A deletion that was killed goes on with the next call: the record of it, with all figures, is
committed before the first row is deleted.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import Table, text

from voyagent.agencies import queries
from voyagent.agencies.errors import (
    AgencyDeleted,
    ArchiveNeeded,
    LogNotSound,
    NotYet,
    ProofNeedsKey,
)
from voyagent.agencies.service.moving import be_mover, be_program, moving
from voyagent.audit.exports import archive
from voyagent.audit.queries import chain
from voyagent.audit.service import checks as audit_checks, deletions, statements
from voyagent.audit.service.statements import Anchors
from voyagent.identity.service.agencies import AskedDeletion, ask_for_deletion
from voyagent.kernel import clock, jobs
from voyagent.kernel.db import db, transaction
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.tenancy import TENANT

log = structlog.get_logger(__name__)
BATCH = 5000


def ask(tenant_id: UUID) -> AskedDeletion:
    """Suspend an agency and ask for its deletion, unless this was done before.

    Returns the deletion that was asked for, with its dates. Raises AgencyDeleted, AgencyNotFound.
    """
    db.session.remove()
    with transaction(tenant_id):
        record = deletions.record_of(tenant_id)
        if record is not None and record.finished_at is not None:
            raise AgencyDeleted(str(tenant_id))
        return ask_for_deletion(tenant_id)


def has_begun(tenant_id: UUID) -> bool:
    """Return True if the deletion of an agency has begun and is not finished."""
    record = deletions.record_of(tenant_id)
    db.session.remove()
    return record is not None and record.finished_at is None


def begin(anchors: Anchors, tenant_id: UUID, asked: AskedDeletion, file: Path | None) -> None:
    """Write the audit log to the new `file`, and record the figures of the deletion.

    From then on the agency cannot be resumed. Raises NotYet, ArchiveNeeded, LogNotSound,
    ProofNeedsKey, AgencyNotFound, OSError.
    """
    if clock.now() < asked.due_at:
        raise NotYet(asked.due_at)
    if file is None or file.exists():
        raise ArchiveNeeded
    verdict = audit_checks.walk_signed(tenant_id, anchors, audit_checks.found_before(tenant_id))
    if not verdict.ok:
        raise LogNotSound(verdict.reason)
    if verdict.signed and anchors.signing_key is None:
        raise ProofNeedsKey
    head = archive.write(tenant_id, file, anchors)
    digest = _stored_digest(file)
    db.session.remove()
    with transaction(tenant_id):
        # The rows of the agency and of its head are locked too: a call that resumes the agency, and
        # an act that records an event, wait and then find the record of the deletion.
        statements.hold_signers()
        if ask_for_deletion(tenant_id).asked_at != asked.asked_at:
            raise LogNotSound("the agency was resumed meanwhile")
        found = chain.locked_head()
        be_mover()
        if found is None or (found.seq, found.hash) != (head.seq, head.hash):
            raise LogNotSound("an event was recorded after the file was written")
        if len(anchors.folder.read(tenant_id)) != verdict.signed:
            raise LogNotSound("its head was signed after the file was written")
        name = queries.name_of_agency() or ""
        deletions.begin(
            tenant_id,
            {
                "name_sha256": hashlib.sha256(f"{tenant_id} {name}".encode()).hexdigest(),
                "asked_at": wire_instant(asked.asked_at),
                "seq": head.seq,
                "head": head.hash,
                "statements": verdict.signed,
                "archive_sha256": digest,
                "rows": {table.name: _count(table) for table in queries.tables()},
            },
        )


def go_on(anchors: Anchors, tenant_id: UUID) -> str:
    """Delete the rows of an agency whose deletion has begun, and return the proof.

    A batch is one transaction. The files of the agency are rows too; its signed statements stay in
    their folder. Raises CannotMove, ProofNeedsKey.
    """
    record = deletions.record_of(tenant_id)
    if record is not None and record.facts["statements"] and anchors.signing_key is None:
        raise ProofNeedsKey
    *owned, agencies = reversed(queries.tables())
    for table in owned:
        while _delete_batch(tenant_id, table):
            pass
    own_row = f"delete from {agencies.name} where {queries.is_of_agency(agencies)}"  # noqa: S608 - names of the models
    with moving(tenant_id):
        db.session.execute(text(own_row))
        proof = deletions.finish(anchors, tenant_id)
        be_program()
        jobs.drop_jobs(tenant_id, only_waiting=False)
    log.info("agency.deleted", agency=str(tenant_id))
    return proof


def _delete_batch(tenant_id: UUID, table: Table) -> int:
    """Delete up to 5,000 rows to which no row of the same table refers.

    Returns the number of deleted rows.
    """
    referring = [
        f'select from {table.name} o where o.tenant_id = r.tenant_id and o."{name}" = r.id'
        for key in table.foreign_key_constraints
        if key.referred_table is table
        for name in key.column_keys
        if name != TENANT
    ]
    free = "".join(f" and not exists ({one})" for one in referring)
    statement = text(
        f"delete from {table.name} where ctid = any(array(select r.ctid from {table.name} r"  # noqa: S608 - as above
        f" where r.{queries.is_of_agency(table)}{free} limit {BATCH}))"
    )
    with moving(tenant_id):
        deleted = db.session.execute(statement)
    return int(deleted.rowcount)  # type: ignore[attr-defined]


def _count(table: Table) -> int:
    statement = text(f"select count(*) from {table.name} where {queries.is_of_agency(table)}")  # noqa: S608 - as above
    return int(db.session.execute(statement).scalar_one())


def _stored_digest(file: Path) -> str:
    """Make sure that a file is on the disk, and return its SHA-256 in hex digits."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return hashlib.file_digest(opened, "sha256").hexdigest()
