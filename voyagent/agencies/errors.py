"""Refusals about one agency; each message is one sentence for the operator."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from voyagent.backup.errors import BackupError

NAMES_MAX = 3


class AgencyMissing(BackupError):
    """The installation has no such agency."""

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(f"There is no agency {tenant_id}.")


class ValueUnreadable(BackupError):
    """A value was encrypted with a secret that the installation does not have."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"A value of {table} cannot be decrypted: add the secret that encrypted it to"
            " VOYAGENT_AUTH_SECRETS_PREVIOUS."
        )


class OtherRevision(BackupError):
    """The schema of the file is not that of this installation."""

    def __init__(self, revision: str, own: str) -> None:
        super().__init__(
            f"The file has the schema revision {revision}, and this installation has {own}: upgrade"
            " both to the same release, and export the agency again."
        )


class AgencyExists(BackupError):
    """The installation has the agency already."""

    def __init__(self, name: str, agency: str) -> None:
        super().__init__(f"The agency {name} ({agency}) is in this installation already.")


class AgencyDeleted(BackupError):
    """The agency was deleted from this installation."""

    def __init__(self, agency: str) -> None:
        super().__init__(f"The agency {agency} was deleted from this installation.")


class NotYet(BackupError):
    """The grace period of the deletion has not ended."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__(
            f"The agency can be deleted from {due_at:%Y-%m-%d %H:%M} UTC on. `flask agency resume`"
            " ends its deletion."
        )


class ArchiveNeeded(BackupError):
    """No new file is named to which the agency's audit log can be written."""

    def __init__(self) -> None:
        super().__init__(
            "Name a new file for the audit log, which you have to keep: --audit-to FILE."
        )


class LogNotSound(BackupError):
    """The audit log of the agency is not valid, or has changed since it was archived."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Nothing is deleted, because the audit log is not sound: {reason}.")


class ProofNeedsKey(BackupError):
    """The agency has signed statements, so the proof must be signed too."""

    def __init__(self) -> None:
        super().__init__(
            "The audit log of the agency has signed statements: set VOYAGENT_AUDIT_SIGNING_KEY to"
            " sign the proof of its deletion too."
        )


class AddressesTaken(BackupError):
    """People of the imported agency have accounts in other agencies here."""

    def __init__(self, addresses: list[str]) -> None:
        shown = ", ".join(addresses[:NAMES_MAX])
        more = f" and {len(addresses) - NAMES_MAX} more" if len(addresses) > NAMES_MAX else ""
        super().__init__(
            f"These addresses have an account in another agency here: {shown}{more}. Remove the"
            " accounts there, or suspend the people in the exported agency, and export it again."
        )


class KeysTaken(BackupError):
    """API keys of the file have the prefix of a key of this installation."""

    def __init__(self, prefixes: list[str]) -> None:
        super().__init__(
            f"API keys of another agency here begin like those of the file:"
            f" {', '.join(prefixes[:NAMES_MAX])}."
        )


class UnknownSigningKey(BackupError):
    """The installation does not trust the keys that signed the statements of the file."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(
            f"The audit log was signed with {', '.join(keys)}: compare it with the output of `flask"
            " audit keys` of the other installation, and add it to"
            " VOYAGENT_AUDIT_PUBLIC_KEYS_PREVIOUS."
        )


class CannotMove(BackupError):
    """The database login may not use the role that inserts and deletes agencies."""

    def __init__(self) -> None:
        super().__init__(
            "The login of VOYAGENT_DB_ADMIN_URL may not use the role voyagent_mover: run `grant"
            " voyagent_mover to` that login as a superuser."
        )


class NotImported(BackupError):
    """The database refuses rows of the file, or a check of the imported data fails."""

    def __init__(self, faults: list[str]) -> None:
        more = f" and {len(faults) - NAMES_MAX} more" if len(faults) > NAMES_MAX else ""
        super().__init__(f"The agency was not imported: {'; '.join(faults[:NAMES_MAX])}{more}.")
