"""The tar file of a backup, checked as a whole and when it is passed on."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from voyagent.backup.errors import WrongFile
from voyagent.backup.service.archive import BLOCK, PIECE_BYTES, reading, writing

NAME = "rows.jsonl"
CHANGED = r"backup\.tar cannot be restored: it was changed after it was checked\."
LINES = [b"%d %s\n" % (number, b"x" * (PIECE_BYTES // 3)) for number in range(10)] + [b"end"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An archive with a member of some pieces, whose lines cross their ends."""
    file = tmp_path / "backup.tar"
    with writing(file) as writer:
        writer.add(NAME, b"".join(LINES))
        writer.add("empty", b"")
    return file


def change(file: Path, place: int) -> None:
    with file.open("r+b") as other:
        other.seek(place)
        other.write(b"!")


def test_members_are_read_as_they_were_written(file: Path) -> None:
    copied: list[bytes] = []
    with reading(file) as archive:
        archive.copy(NAME, copied.append)
        assert b"".join(copied) == archive.read(NAME) == b"".join(LINES)
        assert list(archive.lines(NAME)) == LINES
        both = zip(archive.lines(NAME), archive.lines(NAME), strict=True)
        assert list(both) == [(line, line) for line in LINES]
        assert (archive.read("empty"), list(archive.lines("empty"))) == (b"", [])
        with pytest.raises(WrongFile, match="other is missing in it"):
            archive.read("other")


def test_no_changed_piece_is_passed_on(file: Path) -> None:
    copied: list[bytes] = []
    content = b"".join(LINES)
    with reading(file) as archive:
        change(file, archive.members[NAME].offset + 2 * PIECE_BYTES + 7)
        with pytest.raises(WrongFile, match=CHANGED):
            archive.copy(NAME, copied.append)
        with pytest.raises(WrongFile, match=CHANGED):
            archive.read(NAME)
        lines = archive.lines(NAME)
        read = []
        with pytest.raises(WrongFile, match=CHANGED):
            while True:
                read.append(next(lines))
    assert b"".join(copied) == content[: 2 * PIECE_BYTES]
    assert read == LINES[: len(read)]


def test_a_file_that_becomes_shorter_is_refused(file: Path) -> None:
    with reading(file) as archive:
        with file.open("r+b") as other:
            other.truncate(archive.members[NAME].offset + 5)
        with pytest.raises(WrongFile, match=CHANGED):
            archive.read(NAME)


def test_a_file_with_the_same_name_is_not_read(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    other.write_bytes(file.read_bytes().replace(b"end", b"END"))
    with reading(file) as archive:
        other.replace(file)
        assert archive.read(NAME).endswith(b"end")


@pytest.mark.parametrize("size", [-1, -BLOCK])
def test_a_negative_size_is_refused(tmp_path: Path, size: int) -> None:
    info = tarfile.TarInfo(NAME)
    info.size, info.mode, info.mtime = size, 0o600, 1
    file = tmp_path / "backup.tar"
    file.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(8 * BLOCK))
    with pytest.raises(WrongFile, match="it is not a backup"), reading(file):
        pass
