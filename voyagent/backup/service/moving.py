"""Move the database of a stopped installation to an empty server."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from voyagent.backup.service import making
from voyagent.backup.service.copies import (
    Program,
    open_backup,
    require_readable,
    verified_copy,
)
from voyagent.backup.service.database import restoring
from voyagent.backup.service.restoring import prepare_logins
from voyagent.kernel.config import Settings


def move(
    source: Settings, target: Settings, file: Path, program: Program, say: Callable[[str], object]
) -> None:
    """Copy the database by a backup and a restore, and verify it as a restore does.

    No process of the installation may run. The copy is the same installation, so sessions stay and
    there is no hold. The backup is written to `file`, which is removed at the end. A database of
    the target with the same name is dropped. `say` receives a sentence about each step.

    Raises BackupError, OSError, psycopg.Error.
    """
    passphrase = secrets.token_urlsafe(32)  # nobody needs the secrets of this backup
    try:
        for warning in making.make_backup(source, file, passphrase).warnings:
            say(f"Warning: {warning}")
        with open_backup(file, passphrase) as backup, restoring(target) as databases:
            require_readable(target, backup)
            with verified_copy(databases, backup, program, say):
                pass
            databases.drop(databases.name)
            databases.exchange()
        for warning in prepare_logins(target):
            say(f"Warning: {warning}")
    finally:
        file.unlink(missing_ok=True)
