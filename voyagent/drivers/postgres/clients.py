"""The programs `pg_dump` and `pg_restore`, which run as the user of this process."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from psycopg.conninfo import make_conninfo

from voyagent.drivers.postgres.errors import EmbeddedServerError
from voyagent.drivers.postgres.place import Place, find_programs

PIECE_BYTES = 1024 * 1024
LOCK_WAIT = "60s"
TRANSACTION_TIMEOUT_SINCE = 17
"""The first version whose `pg_restore` sets a parameter that older servers do not have.

Older programs cannot read the dumps of this version. So nothing could restore a dump that its
`pg_dump` makes of an older server to a server of the same version.
"""
Source = Callable[[Callable[[bytes], object]], None]
"""A function that passes the content of a dump on in pieces."""


class NoClients(Exception):
    """No installed programs fit the server."""

    def __init__(self, server: int) -> None:
        super().__init__(
            f"no installed programs fit a server of version {server}: set VOYAGENT_DB_PROGRAMS_DIR"
            " to the folder with those of its version"
        )


class ProgramError(Exception):
    """A program ended with an error.

    The message is the first line with `error:` in the output, or else the first line.
    """

    def __init__(self, program: str, output: str) -> None:
        lines = [line for line in output.splitlines() if "error:" in line] or output.splitlines()
        super().__init__(re.sub(r"^pg_\w+: (error: )?", "", lines[0]) if lines else "")
        self.program = program


@dataclass(frozen=True, slots=True)
class Clients:
    """The programs of one version of PostgreSQL.

    `folder` has the programs. If `folder` is None, they are in a folder of the variable PATH.
    """

    folder: Path | None

    @classmethod
    def find(cls, folder: Path | None, server: int) -> Clients:
        """Return programs that can dump a server of the major version `server`.

        If `folder` is given, only its programs are tried. Otherwise the programs of the embedded
        server's wheel are tried, and then those in the folders of the variable PATH. Raises
        NoClients.
        """
        for candidate in [folder] if folder is not None else [_wheel(), None]:
            clients = cls(candidate)
            version = min(map(clients._version, ("pg_dump", "pg_restore")))
            is_too_new = version >= TRANSACTION_TIMEOUT_SINCE > server
            if version >= server and not is_too_new:
                return clients
        raise NoClients(server)

    def dump(
        self, parameters: dict[str, Any], snapshot: str, write: Callable[[bytes], object]
    ) -> None:
        """Dump a database in the custom format of `pg_dump`.

        The dump has the rows that the exported snapshot with the id `snapshot` sees. `write` is
        called with each piece of the dump. `parameters` are the arguments of `psycopg.connect`.
        Raises ProgramError.
        """
        command = [
            self._path("pg_dump"),
            "--format=custom",
            f"--snapshot={snapshot}",
            f"--lock-wait-timeout={LOCK_WAIT}",
            "--no-password",
            f"--dbname={_address(parameters)}",
        ]
        with tempfile.TemporaryFile() as errors:
            with subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(parameters),
            ) as program:
                assert program.stdout is not None
                try:
                    while piece := program.stdout.read(PIECE_BYTES):
                        write(piece)
                except BaseException:
                    program.kill()
                    raise
            if program.returncode != 0:
                raise ProgramError("pg_dump", _text(errors))

    def list_entries(self, dump: Source) -> list[str]:
        """Return the lines of a dump's table of contents.

        Raises ProgramError.
        """
        return self._fed("pg_restore", ["--list"], dump, os.environ).splitlines()

    def restore(self, parameters: dict[str, Any], dump: Source, entries: list[str]) -> None:
        """Restore the given entries of a dump in one transaction.

        `entries` are lines of `list_entries`. The login of the connection owns what is restored.
        Comments are left out, because only a superuser may set the comment of an extension. Raises
        ProgramError.
        """
        with tempfile.NamedTemporaryFile("w", prefix="voyagent-list-") as listed:
            listed.write("".join(f"{line}\n" for line in entries))
            listed.flush()
            arguments = [
                "--exit-on-error",
                "--single-transaction",
                "--no-owner",
                "--no-comments",
                "--no-password",
                f"--use-list={listed.name}",
                f"--dbname={_address(parameters)}",
            ]
            self._fed("pg_restore", arguments, dump, _environment(parameters))

    def _fed(self, name: str, arguments: list[str], dump: Source, environment: Any) -> str:
        """Run a program that reads a dump from its standard input; return its output."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            with subprocess.Popen(
                [self._path(name), *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=errors,
                env=environment,
            ) as program:
                assert program.stdin is not None
                try:
                    dump(program.stdin.write)
                    program.stdin.close()
                except BrokenPipeError:
                    pass  # it needs no more, or its exit code says why it ended
                except BaseException:
                    program.kill()
                    with suppress(BrokenPipeError):  # `close` writes what is in the buffer
                        program.stdin.close()
                    raise
            if program.returncode != 0:
                raise ProgramError(name, _text(errors))
            return _text(output)

    def _version(self, program: str) -> int:
        """Return the major version of a program, or 0 if it is not installed."""
        try:
            shown = subprocess.run(
                [self._path(program), "--version"], capture_output=True, text=True, check=False
            ).stdout
        except OSError:
            return 0
        found = re.search(r"\d+", shown)
        return int(found[0]) if found else 0

    def _path(self, program: str) -> str:
        return program if self.folder is None else str(self.folder / program)


def _wheel() -> Path | None:
    """Return the folder with the programs of the wheel, or None if they are missing."""
    try:
        return find_programs(Place(Path("/"), None))
    except EmbeddedServerError:
        return None


def _address(parameters: dict[str, Any]) -> str:
    """Return the connection string for a command line, without the password.

    Other users of the computer can read the arguments of a process.
    """
    return make_conninfo(
        **{name: value for name, value in parameters.items() if name != "password"}
    )


def _environment(parameters: dict[str, Any]) -> dict[str, str]:
    password = parameters.get("password")
    return os.environ | {"LC_ALL": "C"} | ({"PGPASSWORD": str(password)} if password else {})


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
