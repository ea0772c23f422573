"""The tar file of a backup, in which every byte is checked when it is read."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from voyagent.backup.errors import BackupError, WrongFile
from voyagent.kernel import clock

BLOCK = tarfile.BLOCKSIZE
PIECE_BYTES = 1024 * 1024
MODE = 0o600
END = bytes(2 * BLOCK)
CHANGED = "it was changed after it was made"
"""Reason of a refusal: a byte differs from what `Writer` wrote."""


class BackupRunning(BackupError):
    """Another process writes the same file."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"Another backup writes {file} at the moment.")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive: the place of its content in bytes, and its SHA-256.

    `pieces` has the SHA-256 of each PIECE_BYTES of the content; the last piece may be shorter.
    """

    offset: int
    size: int
    sha256: str
    pieces: tuple[bytes, ...]


class Writer:
    """Adds members to a tar file. `digests` has the SHA-256 of each member by name."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digests: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        """Add a member."""
        with self.member(name) as write:
            write(content)

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], object]]:
        """Add a member whose size is not known yet; yield the function that writes to it."""
        header_at, digest = self._file.tell(), hashlib.sha256()
        self._file.write(bytes(BLOCK))

        def write(piece: bytes) -> None:
            digest.update(piece)
            self._file.write(piece)

        yield write
        size = self._file.tell() - header_at - BLOCK
        self._file.write(bytes(-size % BLOCK))
        end = self._file.tell()
        self._file.seek(header_at)
        self._file.write(_header(name, size))
        self._file.seek(end)
        self.digests[name] = digest.hexdigest()


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """Yield a writer of a file, which has a temporary name until it is complete.

    The file is readable for its owner only. A file that an interrupted run has left under the
    temporary name is overwritten. Raises OSError, BackupRunning.
    """
    unfinished = file.with_name(f"{file.name}.part")
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(unfinished, flags, MODE), "r+b") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRunning(file) from None
        try:
            os.fchmod(opened.fileno(), MODE)
            opened.truncate()
            yield Writer(opened)
            opened.write(END)
            opened.flush()
            os.fsync(opened.fileno())
            unfinished.replace(file)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    folder = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Archive:
    """An archive that was read once to its end, with its members by name.

    Its file stays open. Each later reading compares the content with the digests of the first one
    and raises WrongFile if the file was changed meanwhile.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.members: dict[str, Member] = {}
        self._file = file
        self._scan()

    def read(self, name: str) -> bytes:
        """Return the content of a small member. Raises WrongFile."""
        return b"".join(self._pieces(name))

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a member with their ends. Raises WrongFile."""
        rest = b""
        for piece in self._pieces(name):
            *lines, rest = (rest + piece).split(b"\n")
            yield from (line + b"\n" for line in lines)
        if rest:
            yield rest

    def copy(self, name: str, write: Callable[[bytes], object]) -> None:
        """Call `write` with each piece of a member's content.

        Raises WrongFile if the member is missing, or when it reaches a piece that was changed.
        """
        for piece in self._pieces(name):
            write(piece)

    def _pieces(self, name: str) -> Iterator[bytes]:
        member = self.members.get(name)
        if member is None:
            raise WrongFile(self.path, f"{name} is missing in it")
        for number, digest in enumerate(member.pieces):
            begin = number * PIECE_BYTES
            self._file.seek(member.offset + begin)
            piece = self._file.read(min(member.size - begin, PIECE_BYTES))
            if hashlib.sha256(piece).digest() != digest:
                raise WrongFile(self.path, "it was changed after it was checked")
            yield piece

    def _scan(self) -> None:
        while any(block := self._take(BLOCK)):
            try:
                found = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
                header = _header(found.name, found.size, int(found.mtime))
                is_as_written = found.size >= 0 and block == header
            except (tarfile.HeaderError, ValueError):
                is_as_written = False
            if not is_as_written:
                raise WrongFile(self.path, CHANGED if self.members else "it is not a backup")
            self.members[found.name] = self._member(found.size)
        if any(self._take(BLOCK)) or self._file.read(1):
            raise WrongFile(self.path, CHANGED)

    def _member(self, size: int) -> Member:
        offset, whole, pieces, left = self._file.tell(), hashlib.sha256(), [], size
        while left:
            piece = self._take(min(left, PIECE_BYTES))
            whole.update(piece)
            pieces.append(hashlib.sha256(piece).digest())
            left -= len(piece)
        if any(self._take(-size % BLOCK)):
            raise WrongFile(self.path, CHANGED)
        return Member(offset, size, whole.hexdigest(), tuple(pieces))

    def _take(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) < size:
            raise WrongFile(self.path, "its end is missing")
        return found


@contextmanager
def reading(path: Path) -> Iterator[Archive]:
    """Yield an archive whose every byte was read; keep its file open in the block.

    Raises WrongFile.
    """
    with ExitStack() as opened:
        try:
            archive = Archive(path, opened.enter_context(path.open("rb")))
        except OSError as error:
            raise WrongFile(path, error.strerror or "it cannot be read") from None
        yield archive


def _header(name: str, size: int, mtime: int | None = None) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, MODE
    info.mtime = int(clock.seconds()) if mtime is None else mtime
    return info.tobuf(tarfile.GNU_FORMAT)
