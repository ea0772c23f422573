"""Build a copy of the database from a backup, migrate it, and verify it."""

from __future__ import annotations

import dataclasses
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from voyagent.audit.queries import chain
from voyagent.audit.rules.verifier import BrokenError, parse_head
from voyagent.audit.service import checks as audit_checks, statements
from voyagent.audit.service.statements import Anchors
from voyagent.backup import queries
from voyagent.backup.errors import MigrationFailed, NotSound, UnknownRevision
from voyagent.backup.rules.manifest import DATABASE, STATEMENTS, Manifest, differences
from voyagent.backup.service.database import Databases
from voyagent.backup.service.opening import Opened, open_file
from voyagent.backup.service.secrets import require_secrets
from voyagent.drivers.anchors.folder import StatementFolder
from voyagent.kernel.config import Settings
from voyagent.kernel.database.logins import grant_app_role
from voyagent.kernel.database.start_checks import MIGRATIONS
from voyagent.kernel.db import db
from voyagent.kernel.db_connections import Purpose, parameters_for
from voyagent.kernel.housekeeping import in_agencies
from voyagent.parties.service import parties
from voyagent.reports.queries import checks as book_checks
from voyagent.reports.service.rebuilding import fill_base_sums

# After the restore all functions belong to the login that restored them. The migration applies the
# functions again if this record of them is empty, and each then gets its own owner.
_APPLY_AGAIN = "delete from app.sql_files"
_REVISION = (
    "select current_database()::text, coalesce(max(version_num), '0000') from alembic_version"
)


@dataclass(frozen=True, slots=True)
class Program:
    """Acts of the application that a restore needs.

    `over` returns a context in which the application uses other settings. `migrate` migrates the
    database of the context. `anchors` has the keys and the folder of the signed statements.
    """

    over: Callable[[Settings], AbstractContextManager[None]]
    migrate: Callable[[], None]
    anchors: Anchors


@dataclass(frozen=True, slots=True)
class Copy:
    """A verified copy: the ids of its agencies, and the seconds of its migrations."""

    agencies: list[UUID]
    migrations_s: float


def open_backup(file: Path, passphrase: str) -> AbstractContextManager[Opened[Manifest]]:
    """Check a whole backup and decrypt its secrets; keep it open in the block.

    Raises WrongFile, WrongPassphrase.
    """
    return open_file(file, passphrase, Manifest.decode)


@contextmanager
def verified_copy(
    databases: Databases, backup: Opened[Manifest], program: Program, say: Callable[[str], object]
) -> Iterator[Copy]:
    """Build, migrate and verify a copy, and yield it.

    In the block the application uses the copy. Raises BackupError, psycopg.Error.
    """
    say(f"Restoring to the database {databases.copy} …")
    databases.create_copy()
    databases.fill_copy(lambda write: backup.archive.copy(DATABASE, write))
    say("Comparing it with the manifest …")
    _compare(databases, backup.manifest)
    say("Migrating it and checking books and audit logs …")
    with databases.connect_to_copy() as owner:
        owner.execute(_APPLY_AGAIN)
    grant_app_role(databases.settings_of_copy)
    with program.over(databases.settings_of_copy):
        migrations_s = migrate(program, databases.settings_of_copy)
        agencies = list(chain.every_agency())
        db.session.remove()
        # Complete the rows of an earlier release, which the check of the books would report.
        parties.link(agencies)
        in_agencies(lambda: agencies, fill_base_sums, agency_max_s=math.inf)
        _verify(backup, program.anchors, agencies)
        yield Copy(agencies, migrations_s)
        db.session.remove()
        db.engine.dispose()


def migrate(program: Program, settings: Settings) -> float:
    """Migrate the database of `settings` and return how many seconds it took.

    The application must already use these settings. Raises MigrationFailed.
    """
    began = time.monotonic()
    try:
        program.migrate()
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = str(cause).splitlines()[0]
        raise MigrationFailed(*read_revision(settings), reason) from error
    return time.monotonic() - began


def read_revision(settings: Settings) -> tuple[str, str]:
    """Return a database's name and the revision of its schema. Raises psycopg.Error."""
    with psycopg.connect(**parameters_for(settings, Purpose.MIGRATE)) as owner:
        name, revision = owner.execute(_REVISION).fetchone() or ("", "")
    return name, revision


def require_readable(settings: Settings, backup: Opened[Manifest]) -> None:
    """Check that this release can migrate and read a backup.

    Raises UnknownRevision, OtherSecrets.
    """
    manifest = backup.manifest
    known = known_migrations()
    if manifest.revision not in known:
        raise UnknownRevision(manifest.revision, max(known), manifest.release)
    require_secrets(settings, backup.secrets)


def known_migrations() -> dict[str, str]:
    """Return the names of the migrations by their revisions, in order."""
    return {path.stem.partition("_")[0]: path.stem for path in sorted(MIGRATIONS.glob("[0-9]*.py"))}


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


def _verify(backup: Opened[Manifest], anchors: Anchors, agencies: list[UUID]) -> None:
    faults = []
    with tempfile.TemporaryDirectory(prefix="voyagent-statements-") as place:
        folder = StatementFolder(Path(place))
        for name in backup.archive.members:
            if name.startswith(STATEMENTS):
                (folder.path / Path(name).name).write_bytes(backup.archive.read(name))
        anchors = dataclasses.replace(anchors, folder=folder)
        for tenant_id in agencies:
            found = book_checks.damages(book_checks.run(tenant_id))
            faults += [f"agency {tenant_id}: {one}" for one in found]
            faults += _audit_faults(backup, anchors, tenant_id)
        faults += [
            f"agency {tenant_id}: {verdict.reason}"
            for tenant_id, verdict in audit_checks.walk_missing(
                anchors, statements.count_by_agency(folder)
            )
        ]
    if faults:
        raise NotSound(faults)


def _audit_faults(backup: Opened[Manifest], anchors: Anchors, tenant_id: UUID) -> list[str]:
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
