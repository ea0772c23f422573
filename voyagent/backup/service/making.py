"""Make a backup of the whole installation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from voyagent.backup import queries
from voyagent.backup.errors import ProgramFailed
from voyagent.backup.rules import sealing
from voyagent.backup.rules.manifest import DATABASE, FORMAT, KEYS, MANIFEST, STATEMENTS, Manifest
from voyagent.backup.service.archive import Writer, writing
from voyagent.backup.service.secrets import check_passphrase, secrets_of
from voyagent.drivers.anchors.folder import StatementFolder
from voyagent.drivers.postgres.clients import Clients, NoClients, ProgramError
from voyagent.kernel.config import Settings
from voyagent.kernel.db_connections import Purpose, parameters_for


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup: its manifest, and sentences about what it lacks."""

    manifest: Manifest
    warnings: list[str]


def make_backup(settings: Settings, file: Path, passphrase: str) -> Made:
    """Write a backup to a file, which is replaced if it exists.

    All figures of the manifest and the dump are from one snapshot of the database. The statements
    of the audit logs in the archive are those of which the snapshot has copies, so that both fit
    together.

    Raises PassphraseTooShort, SeesNotAll, ProgramFailed, BackupRunning, OSError, psycopg.Error.
    """
    check_passphrase(passphrase)
    parameters = parameters_for(settings, Purpose.BACKUP)
    with (
        psycopg.connect(**parameters, autocommit=True) as connection,
        writing(file) as writer,
    ):
        queries.require_full_sight(connection)
        queries.begin_snapshot(connection)
        origin = queries.origin(connection)
        snapshot = queries.export_snapshot(connection)
        with writer.member(DATABASE) as write:
            try:
                version = connection.info.server_version // 10000
                clients = Clients.find(settings.db_programs_dir, version)
                clients.dump(parameters, snapshot, write)
            except NoClients as error:
                raise ProgramFailed("pg_dump", str(error)) from None
            except ProgramError as error:
                raise ProgramFailed(error.program, str(error)) from None
        warnings = _add_statements(settings, connection, writer)
        manifest = Manifest(
            format=FORMAT,
            release=settings.version,
            revision=origin.revision,
            server_version=origin.server_version,
            made_at=origin.made_at,
            lsn=origin.lsn,
            installation=queries.installation_id(connection),
            census=queries.census(connection),
            members=dict(writer.digests),
        )
        content = manifest.encode()
        writer.add(MANIFEST, content)
        writer.add(KEYS, sealing.seal(secrets_of(settings), passphrase, content))
    return Made(manifest, warnings)


def _add_statements(
    settings: Settings, connection: psycopg.Connection[TupleRow], writer: Writer
) -> list[str]:
    folder, warnings = StatementFolder(settings.anchor_place), []
    for tenant_id, number in sorted(queries.statements_by_agency(connection).items()):
        try:
            lines = folder.read(tenant_id)[:number]
        except OSError as error:
            lines = []
            warnings.append(f"The folder of statements cannot be read: {error.strerror}.")
        if len(lines) < number:
            warnings.append(
                f"The folder of statements has {len(lines)} of the {number} statements of the"
                f" agency {tenant_id}. The backup has the copies of the database."
            )
        if lines:
            writer.add(f"{STATEMENTS}{tenant_id}.jsonl", b"".join(line + b"\n" for line in lines))
    return warnings
