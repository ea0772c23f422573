"""Verify that an audit export is complete and unchanged; needs only Python itself.

Run `python3 verify.py` in the folder of the unpacked files, or `python3 verify.py audit.zip`.

Every event includes a SHA-256 hash of the previous event's hash and its own fields. Each field is
written as its length in bytes, a colon and the text, or as `-` if it is absent. The first event
takes the hash of an empty text as the previous one. This program recomputes all hashes. The events
must be numbered 1, 2, 3 … without a gap, and the last one must match `head.json` and record the
export of an archive, because an archive ends with the event of its own export. The exit code is 0
if the chain is valid; otherwise it is 1 and the first fault is printed.

If somebody removed the events after an earlier export and wrote a new head, the rest is still a
valid chain. To detect this, compare it with a head that was recorded elsewhere: `--head
NUMBER:HASH`.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

FIELDS = (
    *(
        "tenant_id",
        "seq",
        "id",
        "actor_kind",
        "actor_id",
        "actor_email",
        "channel",
        "kind",
        "driver",
        "status",
        "error",
        "entity_refs",
        "inputs",
        "outputs",
    ),
    *(
        "approval_required",
        "approved_by",
        "approved_at",
        "started_at",
        "completed_at",
        "recorded_at",
    ),
)
MEMBERS = (*FIELDS, "prev_hash", "hash")
GENESIS = hashlib.sha256(b"").hexdigest()
EVENTS, HEAD, PROGRAM, README = "events.jsonl", "head.json", "verify.py", "README.txt"
EXPORTED, ARCHIVE = "audit.exported", "archive"
LINE_BYTES_MAX = 64 * 1024 * 1024
# Exceptions that reading a damaged archive may raise.
DAMAGE = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
)


class Head(NamedTuple):
    """The sequence number and hash of an event that were recorded outside the chain."""

    seq: int
    hash: str


class Verdict(NamedTuple):
    """The result of a verification: the last valid event, and the first fault if any.

    `bad_seq` and `reason` describe the fault; both are empty if the chain is valid.
    """

    seq: int
    hash: str
    bad_seq: int | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Return True if the whole chain is valid."""
        return not self.reason


class BrokenError(Exception):
    """A fault in the chain; `seq` is the number of the first affected event."""

    def __init__(self, seq: int | None, reason: str) -> None:
        super().__init__(reason)
        self.seq = seq
        self.reason = reason


def verify(
    lines: Iterable[bytes], head: Head, tenant_id: str, known: Iterable[Head] = ()
) -> Verdict:
    """Verify an agency's chain from its first event to its head.

    `lines` are the events in the archive's format. `known` are sequence numbers and hashes that
    were recorded elsewhere earlier; the chain must still contain them.
    """
    seq, last, known_hashes = 0, GENESIS, dict([Head(0, GENESIS), *known])
    try:
        for line in lines:
            last = _follow(line, seq + 1, last, tenant_id)
            seq += 1
            if known_hashes.get(seq, last) != last:
                return Verdict(
                    seq, last, seq, f"event {seq} has another hash than was noted elsewhere"
                )
    except BrokenError as broken:
        return Verdict(seq, last, broken.seq, broken.reason)
    return _at_the_end(seq, last, head, max(known_hashes))


def digest(previous: str, event: dict[str, str | None]) -> str:
    """Return the hash of an event; `previous` is the hash of the event before it."""
    parts = (event[name] for name in FIELDS)
    text = b"".join(
        b"-" if part is None else b"%d:%s" % (len(raw := part.encode()), raw) for part in parts
    )
    return hashlib.sha256(bytes.fromhex(previous) + text).hexdigest()


def _at_the_end(seq: int, last: str, head: Head, recorded_seq: int) -> Verdict:
    """Check that the chain ends at its head and contains each known event."""
    if seq < head.seq:
        return Verdict(
            seq,
            last,
            seq + 1,
            f"event {seq + 1} is missing: the chain ends at {seq}, and its head is event"
            f" {head.seq}",
        )
    if seq > head.seq:
        return Verdict(
            seq,
            last,
            head.seq + 1,
            f"event {head.seq + 1} is one too many: the head is event {head.seq}",
        )
    if last != head.hash:
        return Verdict(seq, last, seq, f"event {seq} has another hash than the head")
    if seq < recorded_seq:
        return Verdict(
            seq,
            last,
            seq + 1,
            f"event {seq + 1} is missing: the chain ends at {seq}, and event {recorded_seq} was"
            " noted elsewhere",
        )
    return Verdict(seq, last)


def _follow(line: bytes, seq: int, previous: str, tenant_id: str) -> str:
    """Return the hash of a line's event, after checking number and previous hash."""
    event = _event(line, seq)
    if event["seq"] != str(seq):
        found = event["seq"] or ""
        if found.isdecimal() and found.isascii() and int(found[:18]) > seq:
            raise BrokenError(seq, f"event {seq} is missing: event {found[:18]} is in its place")
        raise BrokenError(seq, f"event {seq} has another number")
    if event["tenant_id"] != tenant_id:
        raise BrokenError(seq, f"event {seq} belongs to another agency")
    if event["prev_hash"] != previous:
        raise BrokenError(seq, f"event {seq} does not contain the hash of the event before it")
    if event["hash"] != digest(previous, event):
        raise BrokenError(seq, f"event {seq} has been changed: its hash does not match its fields")
    return str(event["hash"])


def _event(line: bytes, number: int) -> dict[str, str | None]:
    """Parse a line; accept only the exact JSON form that the export writes."""
    try:
        text = line.decode("utf-8")
        event: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise BrokenError(
            number,
            f"event {number} cannot be read: line {number} is not one JSON object in UTF-8",
        ) from None
    members = (
        isinstance(event, dict)
        and (*event,) == MEMBERS
        and all(value is None or isinstance(value, str) for value in event.values())
    )
    if not members or json.dumps(event, ensure_ascii=False, separators=(", ", " : ")) != text:
        raise BrokenError(
            number,
            f"event {number} is not as it was exported: line {number} has other members or another"
            " format",
        )
    return dict(event)


# The program
# --------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Verify the archive of the command line and return the exit code.

    It prints the result.
    """
    try:
        place, known = _parsed_arguments(arguments)
        verdict = _verify_place(place, known)
    except BrokenError as broken:
        return _say(f"BROKEN: {broken.reason}", 1)
    except DAMAGE as damage:
        return _say(f"BROKEN: the archive cannot be read ({type(damage).__name__})", 1)
    if not verdict.ok:
        return _say(f"BROKEN at event {verdict.bad_seq}: {verdict.reason}", 1)
    return _say(
        f"OK: {verdict.seq} events, unbroken from the first to the last; head"
        f" {verdict.seq}:{verdict.hash}",
        0,
    )


def parse_head(text: str) -> Head:
    """Parse a head in the form `NUMBER:HASH`. Raises ValueError."""
    seq, _, digest_text = text.strip().partition(":")
    if not (
        seq.isascii()
        and seq.isdecimal()
        and len(seq) <= 18
        and len(digest_text) == 64
        and set(digest_text) <= set("0123456789abcdef")
    ):
        raise ValueError("a head is written NUMBER:HASH, with 64 hexadecimal digits")
    return Head(int(seq), digest_text)


def head_document(tenant_id: str, head: Head) -> str:
    """Return the contents of `head.json`."""
    return json.dumps({"tenant_id": tenant_id, "seq": head.seq, "hash": head.hash}, indent=1) + "\n"


def _parsed_arguments(arguments: list[str]) -> tuple[Path, list[Head]]:
    rest, known = list(arguments), []
    while "--head" in rest:
        at = rest.index("--head")
        try:
            known.append(parse_head("".join(rest[at + 1 : at + 2])))
        except ValueError as error:
            raise BrokenError(None, str(error)) from None
        del rest[at : at + 2]
    if len(rest) > 1:
        raise BrokenError(None, "give at most one archive")
    return (Path(rest[0]) if rest else Path(__file__).resolve().parent), known


def _verify_place(place: Path, known: list[Head]) -> Verdict:
    if place.is_dir():
        return _verify_parts(lambda name: _open_file(place / name), known)
    try:
        with zipfile.ZipFile(place) as archive:
            if sorted(archive.namelist()) != sorted((EVENTS, HEAD, PROGRAM, README)):
                raise BrokenError(None, "the archive contains other files than an export")
            verdict = _verify_parts(archive.open, known)
            bad = archive.testzip() if verdict.ok else None
    except zipfile.BadZipFile:
        raise BrokenError(None, f"{place.name} is not a ZIP archive, or is damaged") from None
    if bad is not None:
        raise BrokenError(None, f"{bad} is damaged: its checksum does not match")
    return verdict


def _verify_parts(open_part: Any, known: list[Head]) -> Verdict:
    tenant_id, head = _read_head(open_part)
    with _opened(open_part, EVENTS) as events:
        last: list[bytes] = []
        verdict = verify(_remembering(_lines(events), last), head, tenant_id, known)
    if verdict.ok and not _is_of_an_export(last):
        missing = verdict.seq + 1
        return Verdict(
            verdict.seq,
            verdict.hash,
            missing,
            f"event {missing} is missing: an archive ends with the event of its own export",
        )
    return verdict


def _remembering(lines: Iterator[bytes], last: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        last[:] = [line]
        yield line


def _is_of_an_export(last: list[bytes]) -> bool:
    """Return True if the last line is the event of an archive export.

    The caller has verified the line.
    """
    if not last:
        return False
    event = json.loads(last[0])
    return bool(event["kind"] == EXPORTED and json.loads(event["inputs"]).get("format") == ARCHIVE)


def _read_head(open_part: Any) -> tuple[str, Head]:
    with _opened(open_part, HEAD) as part:
        try:
            text = part.read(4096).decode("utf-8")
            found = json.loads(text)
            head = parse_head(f"{found['seq']}:{found['hash']}")
            tenant_id = str(found["tenant_id"])
        except (*DAMAGE, TypeError, RecursionError):
            raise BrokenError(None, f"{HEAD} cannot be read") from None
    if text != head_document(tenant_id, head):
        raise BrokenError(None, f"{HEAD} is not as it was exported")
    return tenant_id, head


def _lines(events: BinaryIO) -> Iterator[bytes]:
    """Yield the lines without line ends.

    Raises BrokenError with the line number if the file is damaged.
    """
    number = 0
    while True:
        number += 1
        try:
            line = events.readline(LINE_BYTES_MAX)
        except DAMAGE:
            raise BrokenError(
                number,
                f"event {number} cannot be read: {EVENTS} is damaged at or after line {number}",
            ) from None
        if not line:
            return
        if not line.endswith(b"\n"):
            raise BrokenError(number, f"event {number} is cut off: line {number} has no end")
        yield line[:-1]


@contextmanager
def _opened(open_part: Any, name: str) -> Iterator[BinaryIO]:
    try:
        part = open_part(name)
    except DAMAGE:
        raise BrokenError(None, f"{name} is missing or cannot be opened") from None
    with part:
        yield part


def _open_file(path: Path) -> BinaryIO:
    return path.open("rb")


def _say(sentence: str, code: int) -> int:
    sys.stdout.write(sentence + "\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
