"""Refusals of a backup or restore; each message is one sentence for the operator."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from voyagent.kernel.fields import without_controls


class BackupError(Exception):
    """A backup, a restore, an upgrade or an act on one agency failed.

    The message says why. Nothing was changed, unless the subclass says otherwise.

    The message is printed on a terminal and may have texts of a file, so it has no control
    characters.
    """

    def __init__(self, message: str) -> None:
        super().__init__(without_controls(message))


class PassphraseTooShort(BackupError):
    """The passphrase has too few characters, so it could be guessed."""

    def __init__(self, length_min: int) -> None:
        super().__init__(f"The passphrase is too short: use at least {length_min} characters.")


class SeesNotAll(BackupError):
    """The role of the backup cannot read every row of every table."""

    def __init__(self, role: str, tables: Iterable[str]) -> None:
        super().__init__(
            f"The role {role} does not see all rows of {', '.join(tables)}: set"
            " VOYAGENT_DB_BACKUP_URL to the address with a role that has BYPASSRLS and"
            " pg_read_all_data."
        )


class WrongFile(BackupError):
    """The file is not a backup, is incomplete, or was changed."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file} cannot be restored: {reason}.")


class WrongPassphrase(BackupError):
    """The secrets of the backup cannot be decrypted."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"The passphrase is not that of {file}.")


class UnknownRevision(BackupError):
    """The schema of the backup is newer than this release, or unknown to it."""

    def __init__(self, revision: str, newest: str, release: str) -> None:
        super().__init__(
            f"The backup has the schema revision {revision} of release {release}, and this release"
            f" knows revisions up to {newest}: restore it with the release that made it."
        )


class OtherSecrets(BackupError):
    """The installation does not have the secrets with which the backup can be read."""

    def __init__(self, variables: Iterable[str]) -> None:
        super().__init__(
            f"The backup was made with another value of {' and '.join(variables)}: write its"
            " secrets to a file with --secrets-to, set these variables to them, and restore again."
        )


class DatabaseInUse(BackupError):
    """Other sessions use the database that is to be replaced."""

    def __init__(self, name: str, sessions: Iterable[str]) -> None:
        super().__init__(
            f"The database {name} is in use by {', '.join(sessions)}: stop all processes of the"
            " installation, and restore again."
        )


class RestoreRunning(BackupError):
    """Another restore or upgrade of this database is running."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Another restore or upgrade of the database {name} is running.")


class ProgramFailed(BackupError):
    """A program of PostgreSQL failed; the message has its first line of error output."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f"{program} failed: {reason or 'it gave no reason'}.")


class NotPermitted(BackupError):
    """The database login may not create a database, or a role that the copy needs."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The server does not permit a copy of the database ({reason}): the login of"
            " VOYAGENT_DB_ADMIN_URL needs CREATEDB, and CREATEROLE if roles are missing."
        )


class NotSound(BackupError):
    """The restored copy differs from the backup, or has errors in books or audit logs."""

    def __init__(self, faults: list[str]) -> None:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        super().__init__(f"The restored copy is not sound: {'; '.join(faults[:3])}{more}.")


class NotOnHold(BackupError):
    """The installation is not on hold, so there is nothing to release."""

    def __init__(self) -> None:
        super().__init__("The installation is not on hold.")


class StopSkipped(BackupError):
    """The installed release is too old for an upgrade without a stop of its processes."""

    def __init__(self, revision: str, lowest: str) -> None:
        super().__init__(
            f"The schema is at revision {revision}, and this release upgrades a running"
            f" installation from {lowest} on: upgrade to each release between first, or stop all"
            " processes, make a backup, and run `flask migrate-up`."
        )


class NewerSchema(BackupError):
    """The schema belongs to a newer release."""

    def __init__(self, revision: str, newest: str) -> None:
        super().__init__(
            f"The schema is at revision {revision}, and this release knows revisions up to"
            f" {newest}: upgrade with the release that belongs to the schema."
        )


class FileExists(BackupError):
    """The file for the backup exists; it may be the backup of a failed upgrade."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} exists already: choose another name for the backup.")


class MigrationFailed(BackupError):
    """A migration failed; those before it stay, and the upgrade can be run again."""

    def __init__(self, name: str, revision: str, reason: str) -> None:
        super().__init__(
            f"The migration of the database {name} from revision {revision} failed: {reason}."
        )
