"""Restore a backup to a copy, verify it, and exchange the databases."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg

from voyagent.audit.queries import chain
from voyagent.audit.queries.statements import stored_documents
from voyagent.audit.rules.verifier import BrokenError, parse_head
from voyagent.audit.service import checks as audit_checks, statements
from voyagent.audit.service.statements import Anchors
from voyagent.backup import queries
from voyagent.backup.errors import NotSound, UnknownRevision, WrongFile, WrongPassphrase
from voyagent.backup.rules import sealing
from voyagent.backup.rules.manifest import (
    DATABASE,
    KEYS,
    MANIFEST,
    STATEMENTS,
    Manifest,
    differences,
)
from voyagent.backup.service.archive import CHANGED, Archive
from voyagent.backup.service.database import Databases, restoring
from voyagent.backup.service.secrets import require_secrets
from voyagent.drivers.anchors.folder import StatementFolder
from voyagent.identity.service import reset
from voyagent.identity.service.agencies import sign_everybody_out
from voyagent.kernel.config import Settings
from voyagent.kernel.database.logins import grant_app_role, store_session_settings
from voyagent.kernel.database.start_checks import MIGRATIONS, SCHEMA_TO
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_connections import Purpose, parameters_for
from voyagent.kernel.hold import RESTORED
from voyagent.kernel.ids import new_id
from voyagent.reports.queries import checks as book_checks

_HOLD = "update installation set id = %s, hold = %s, held_since = now()"
# The original has mailed their links. During the hold such a job would make a new mail.
_END_RESET_REQUESTS = "delete from procrastinate_jobs where task_name = %s and status = 'todo'"
# The functions have the restoring login as their owner. Applied again, each gets its own.
_APPLY_AGAIN = "delete from app.sql_files"


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup whose every byte was checked, and its decrypted secrets."""

    archive: Archive
    manifest: Manifest
    secrets: dict[str, str] = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class Program:
    """Acts of the application that a restore needs.

    `over` returns a context in which the application uses other settings. `migrate` migrates the
    database of the context. `anchors` are the keys of the statements.
    """

    over: Callable[[Settings], AbstractContextManager[None]]
    migrate: Callable[[], None]
    anchors: Anchors


@dataclass(frozen=True, slots=True)
class Restored:
    """A finished restore: its databases, agencies and ended sessions.

    `kept` is the name of the earlier database, or None if there was none.
    """

    name: str
    kept: str | None
    agencies: int
    sessions: int


def open_backup(file: Path, passphrase: str) -> Opened:
    """Check a whole backup and decrypt its secrets.

    Raises WrongFile, WrongPassphrase.
    """
    archive = Archive(file)
    content = archive.read(MANIFEST)
    try:
        manifest = Manifest.decode(content)
        secrets = sealing.unseal(archive.read(KEYS), passphrase, content)
    except sealing.CannotOpen:
        raise WrongPassphrase(file) from None
    except ValueError:
        raise WrongFile(file, CHANGED) from None
    found = {name: one.sha256 for name, one in archive.members.items()}
    if {name: found[name] for name in found.keys() - {MANIFEST, KEYS}} != manifest.members:
        raise WrongFile(file, CHANGED)
    return Opened(archive, manifest, secrets)


def restore(
    settings: Settings, backup: Opened, program: Program, say: Callable[[str], object]
) -> Restored:
    """Replace the database by a backup, and put the installation on hold.

    The backup is restored to a new database, which takes the place of the present one only when
    everything in it is verified. Until then nothing is changed, whenever the process ends. `say`
    receives a sentence about each step.

    Raises BackupError, psycopg.Error.
    """
    manifest = backup.manifest
    if manifest.revision not in known_revisions():
        raise UnknownRevision(manifest.revision, SCHEMA_TO, manifest.release)
    require_secrets(settings, backup.secrets)
    with restoring(settings) as databases:
        databases.require_unused()
        say(f"Restoring to the database {databases.copy} …")
        databases.create_copy()
        databases.fill_copy(lambda write: backup.archive.copy(DATABASE, write))
        say("Comparing it with the manifest …")
        _compare(databases, manifest)
        say("Migrating it and checking books and audit logs …")
        with databases.connect_to_copy() as owner:
            owner.execute(_APPLY_AGAIN)
        grant_app_role(databases.settings_of_copy)
        with program.over(databases.settings_of_copy):
            program.migrate()
            agencies = list(chain.every_agency())
            db.session.remove()
            _verify(backup, program.anchors, agencies)
            sessions = sum(_sign_out(tenant_id) for tenant_id in agencies)
            db.session.remove()
            db.engine.dispose()
        with databases.connect_to_copy() as owner:
            owner.execute(_END_RESET_REQUESTS, (reset.MAIL_TASK,))
            owner.execute(_HOLD, (new_id(), RESTORED))
        kept = databases.exchange()
    return Restored(databases.name, kept, len(agencies), sessions)


def known_revisions() -> set[str]:
    """Return the revisions of the schema that this release can migrate from."""
    return {path.name.partition("_")[0] for path in MIGRATIONS.glob("[0-9]*.py")}


def prepare_logins(settings: Settings) -> list[str]:
    """Give the program's logins their role and settings in the restored database.

    The copy is another database, and a pooler would not know its name, so this is done at the end.
    Returns sentences about what failed.
    """
    try:
        grant_app_role(settings)
        store_session_settings(settings)
    except psycopg.Error as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        return [f"The logins of the program are not prepared ({reason}): run `flask migrate-up`."]
    return []


def refill_statements(anchors: Anchors) -> list[str]:
    """Write to the folder the statements that it lacks; return warnings.

    The folder may have statements that were signed after the backup was made.
    """
    warnings = []
    for tenant_id in chain.every_agency():
        try:
            statements.refill(anchors, tenant_id)
            with transaction(tenant_id):
                stored = len(stored_documents())
            db.session.remove()
            newer = len(anchors.folder.read(tenant_id)) - stored
        except (BrokenError, OSError) as error:
            warnings.append(f"The statements of the agency {tenant_id} do not fit: {error}.")
            continue
        if newer > 0:
            warnings.append(
                f"{newer} statements of the agency {tenant_id} were signed after the backup was"
                " made. If they are about newer events, `flask audit verify` reports these as"
                " missing."
            )
    return warnings


def _compare(databases: Databases, manifest: Manifest) -> None:
    parameters = parameters_for(databases.settings_of_copy, Purpose.BACKUP)
    with psycopg.connect(**parameters, autocommit=True) as connection:
        queries.require_full_sight(connection)
        queries.begin_snapshot(connection)
        faults = differences(queries.census(connection), manifest.census)
        revision = queries.origin(connection).revision
    if revision != manifest.revision:
        faults.append(f"the schema has the revision {revision}")
    if faults:
        raise NotSound(faults)


def _verify(backup: Opened, anchors: Anchors, agencies: list[UUID]) -> None:
    faults = []
    with tempfile.TemporaryDirectory(prefix="voyagent-statements-") as place:
        folder = StatementFolder(Path(place))
        for name in backup.archive.members:
            if name.startswith(STATEMENTS):
                (folder.path / Path(name).name).write_bytes(backup.archive.read(name))
        anchors = dataclasses.replace(anchors, folder=folder)
        for tenant_id in agencies:
            faults += [f"agency {tenant_id}: {one}" for one in book_checks.run(tenant_id)]
            faults += _audit_faults(backup, anchors, tenant_id)
        faults += [
            f"agency {tenant_id}: {verdict.reason}"
            for tenant_id, verdict in audit_checks.walk_missing(statements.count_by_agency(folder))
        ]
    if faults:
        raise NotSound(faults)


def _audit_faults(backup: Opened, anchors: Anchors, tenant_id: UUID) -> list[str]:
    try:
        statements.refill(anchors, tenant_id)
    except BrokenError as error:
        return [f"agency {tenant_id}: {error.reason}"]
    known = audit_checks.found_before(tenant_id)
    head = backup.manifest.census.heads.get(str(tenant_id))
    if head is not None:
        known.append(parse_head(head))
    verdict = audit_checks.walk_signed(tenant_id, anchors, known)
    return [] if verdict.ok else [f"agency {tenant_id}: {verdict.reason}"]


def _sign_out(tenant_id: UUID) -> int:
    db.session.remove()
    with transaction(tenant_id):
        return sign_everybody_out(tenant_id)
