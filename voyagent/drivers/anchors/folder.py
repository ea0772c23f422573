"""A folder of signed statements, with one append-only file for each agency."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from uuid import UUID

from voyagent.kernel.ids import parse_id


@dataclass(frozen=True, slots=True)
class StatementFolder:
    """A folder for signed statements about the audit logs.

    The folder should be on another machine, so that somebody who can change the database cannot
    change the statements.
    """

    path: Path

    def file(self, tenant_id: UUID) -> Path:
        """Return the path of an agency's file: `<agency id>.jsonl`."""
        return self.path / f"{tenant_id}.jsonl"

    def agencies(self) -> list[UUID]:
        """Return the ids of the agencies that have a file, in order. Raises OSError.

        The list is empty if the folder does not exist.
        """
        try:
            names = [entry.name for entry in os.scandir(self.path)]
        except FileNotFoundError:
            return []
        stems = [name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl")]
        ids = [found for stem in stems if (found := parse_id(stem)) is not None]
        return sorted(ids)

    def read(self, tenant_id: UUID) -> list[bytes]:
        """Return the lines of an agency's file, oldest first. Raises OSError.

        Each line is one audit statement. If a write was cut off, the last line is incomplete. The
        list is empty if the file does not exist.
        """
        try:
            with self.file(tenant_id).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def append(self, tenant_id: UUID, *lines: str) -> None:
        """Append lines to an agency's file and wait for the disk. Raises OSError.

        If a write fails, the incomplete lines are removed, unless the system refuses to shorten the
        file.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self.file(tenant_id), flags, 0o600), "ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            before = os.fstat(file.fileno()).st_size
            content = "".join(f"{line}\n" for line in lines).encode()
            try:
                _write(file, content)
                os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):  # the folder may refuse to shorten a file
                    os.ftruncate(file.fileno(), before)
                raise
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write(file: FileIO, content: bytes) -> None:
    if file.write(content) != len(content):
        raise OSError(errno.ENOSPC, "the disk took only part of a statement")
