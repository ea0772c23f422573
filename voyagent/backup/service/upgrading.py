"""Upgrade a running installation: backup, rehearsal on a copy, migration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from voyagent.backup.errors import FileExists, NewerSchema, StopSkipped
from voyagent.backup.service import making
from voyagent.backup.service.copies import (
    Program,
    known_migrations,
    migrate,
    open_backup,
    read_revision,
    verified_copy,
)
from voyagent.backup.service.database import restoring
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import UPGRADE_FROM


def upgrade(
    settings: Settings,
    file: Path,
    passphrase: str,
    program: Program,
    say: Callable[[str], object],
    *,
    only_rehearse: bool,
) -> None:
    """Back up the database, migrate a copy of it, and then the database itself.

    `file` is a new file for the backup. The processes of the release before may run. The database
    is unchanged until the copy is migrated and verified. The application of `program` must use this
    database. `say` receives a sentence about each step. With `only_rehearse` the
    database itself is not migrated.

    Raises BackupError, OSError, psycopg.Error.
    """
    steps = migrations_to_run(settings)
    if file.exists():
        raise FileExists(file)
    with restoring(settings) as databases:
        say(f"To run: {', '.join(steps) or 'no migration, only changed functions'}.")
        say(f"Making a backup to {file} …")
        for warning in making.make_backup(settings, file, passphrase).warnings:
            say(f"Warning: {warning}")
        with (
            open_backup(file, passphrase) as backup,
            verified_copy(databases, backup, program, say) as copy,
        ):
            say(f"The rehearsal succeeded. The migrations took {copy.migrations_s:.1f} s.")
        databases.drop_copy()
        if not only_rehearse:
            say(f"Migrating the database {databases.name} …")
            say(f"The migrations took {migrate(program, settings):.1f} s.")


def migrations_to_run(settings: Settings) -> list[str]:
    """Return the names of the migrations that the database lacks, in order.

    Raises StopSkipped, NewerSchema, psycopg.Error.
    """
    known = known_migrations()
    _name, revision = read_revision(settings)
    if revision > (newest := max(known)):
        raise NewerSchema(revision, newest)
    if revision < UPGRADE_FROM:
        raise StopSkipped(revision, UPGRADE_FROM)
    return [name for number, name in known.items() if number > revision]
