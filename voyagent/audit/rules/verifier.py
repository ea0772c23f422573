"""Verify that an audit export is complete and unchanged; needs only Python itself.

Run `python3 verify.py` in the folder of the unpacked files, or `python3 verify.py audit.zip`.

The hash of an event is the SHA-256 of the previous event's hash and the event's own fields. Each
field is written as its length in bytes, a colon and the text, or as `-` if it is absent. For the
first event, the previous hash is the SHA-256 of an empty text.

The events must be numbered 1, 2, 3 … without a gap. The last event must match `head.json` and must
record an export, because an archive ends with the event of its own export.

The exit code is 0 if the chain is valid. It is 1 if not, and the first fault is printed. It is 3 if
the chain is valid but signing has stopped. Signing has stopped if the newest signature is more than
48 hours older than the export.

The chain alone does not show that its last events were removed, or all hashes recomputed. To detect
these changes, compare the chain with heads that were recorded elsewhere.

`statements.jsonl` has the heads that the installation signed (Ed25519, RFC 8032) with a key that is
not in its database. `keys.json` has the public keys. The id of a key is the beginning of its
SHA-256, so the id in a mailed statement identifies the key. Options:

- `--statement FILE`: a statement that was mailed or downloaded; the chain must contain its head.
- `--key KEY`: a public key or its id, as noted earlier; other keys are not trusted.
- `--head NUMBER:HASH`: a head as noted earlier; the chain must contain it.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
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
STATEMENTS, KEYS = "statements.jsonl", "keys.json"
UNSIGNED_PARTS = (EVENTS, HEAD, PROGRAM, README)
PARTS = (*UNSIGNED_PARTS, STATEMENTS, KEYS)
STATEMENT_FORMAT = "voyagent-audit-statement-1"
KID_DIGITS = 32
EXPORTED, ARCHIVE = "audit.exported", "archive"
SIGNING_GAP = timedelta(hours=48)
"""Longest time without a signature. Heads are signed every night."""
UNSIGNED = 3
"""Exit code if the chain is valid but signing has stopped."""
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
    """The sequence number and hash of an event that were recorded outside the chain.

    `source` completes the sentence "event 5 was …" in the description of a fault.
    """

    seq: int
    hash: str
    source: str = "noted elsewhere"


class Statement(NamedTuple):
    """A signed head of an agency's chain.

    `number` counts the statements of the agency from 1. `seq` and `head` are the number and hash of
    the newest event, and `kid` is the id of the key. `time` is in UTC (RFC 3339). The next
    statement contains `digest`, the SHA-256 of this statement's line.
    """

    number: int
    seq: int
    head: str
    time: str
    kid: str
    digest: str

    @property
    def known(self) -> Head:
        """Return the signed head."""
        return Head(self.seq, self.head, f"signed in statement {self.number} of {self.time[:10]}")


class Verdict(NamedTuple):
    """The result of a verification: the last valid event, and the first fault if any.

    `reason` describes the fault and is empty if the chain is valid. `bad_seq` is the number of the
    wrong event, or None. `signed` is the number of signed statements with which the chain was
    compared. `gap` is a sentence if the chain is valid and signing has stopped.
    """

    seq: int
    hash: str
    bad_seq: int | None = None
    reason: str = ""
    signed: int = 0
    gap: str = ""

    @property
    def ok(self) -> bool:
        """Return True if the whole chain is valid."""
        return not self.reason


class BrokenError(Exception):
    """A fault in the chain; `seq` is the number of the first affected event.

    `seq` is None if the fault is in a statement or in the archive.
    """

    def __init__(self, seq: int | None, reason: str) -> None:
        super().__init__(reason)
        self.seq = seq
        self.reason = reason


def verify(
    lines: Iterable[bytes], head: Head, tenant_id: str, known: Iterable[Head] = ()
) -> Verdict:
    """Verify an agency's chain from its first event to its head.

    `lines` are the events in the archive's format. `known` are heads that were recorded elsewhere;
    the chain must still contain their events.
    """
    recorded: dict[int, list[Head]] = {}
    for item in known:
        recorded.setdefault(item.seq, []).append(item)
    seq, last = 0, GENESIS
    try:
        for line in lines:
            last = _follow(line, seq + 1, last, tenant_id)
            seq += 1
            for item in recorded.get(seq, ()):
                if item.hash != last:
                    return Verdict(
                        seq, last, seq, f"event {seq} has another hash than was {item.source}"
                    )
    except BrokenError as broken:
        return Verdict(seq, last, broken.seq, broken.reason)
    furthest = max(recorded, default=0)
    return _at_the_end(seq, last, head, recorded[furthest][0] if furthest else Head(0, GENESIS))


def digest(previous: str, event: dict[str, str | None]) -> str:
    """Return the hash of an event; `previous` is the hash of the event before it."""
    parts = (event[name] for name in FIELDS)
    text = b"".join(
        b"-" if part is None else b"%d:%s" % (len(raw := part.encode()), raw) for part in parts
    )
    return hashlib.sha256(bytes.fromhex(previous) + text).hexdigest()


def _at_the_end(seq: int, last: str, head: Head, recorded: Head) -> Verdict:
    """Check that the chain ends at its head and is not shorter than known before.

    `seq` and `last` are the number and hash of the last event. `recorded` is the newest head that
    was recorded elsewhere.
    """
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
    if seq < recorded.seq:
        return Verdict(
            seq,
            last,
            seq + 1,
            f"event {seq + 1} is missing: the chain ends at {seq}, and event {recorded.seq} was"
            f" {recorded.source}",
        )
    return Verdict(seq, last)


def _follow(line: bytes, seq: int, previous: str, tenant_id: str) -> str:
    """Return the hash of a line's event, after checking its number and previous hash.

    Raises BrokenError.
    """
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


# Signed statements
# --------------------------------------------------------------------------------

SIGNED_FIELDS = (
    "agency",
    "format",
    "head",
    "installation",
    "kid",
    "number",
    "previous",
    "seq",
    "time",
)
_NUMBER_MAX = 10**15


def signed_bytes(fields: dict[str, Any]) -> bytes:
    """Return the bytes that a signature covers: canonical JSON without the signature."""
    return _canonical({name: fields[name] for name in SIGNED_FIELDS}).encode()


def statement_line(fields: dict[str, Any], signature: bytes) -> str:
    """Return a statement as one line of canonical JSON, without a line end."""
    return _canonical({**fields, "signature": signature.hex()})


def kid_of(public_key: bytes) -> str:
    """Return the id of a key: the first 32 digits of the SHA-256 of the public key."""
    return hashlib.sha256(public_key).hexdigest()[:KID_DIGITS]


def read_statements(
    lines: Iterable[bytes],
    tenant_id: str,
    public_keys: dict[str, bytes],
    *,
    whole: bool = True,
    verifies: Callable[[bytes, bytes, bytes], bool] | None = None,
) -> list[Statement]:
    """Return the statements of an agency after checking each one and their order.

    `public_keys` are the trusted keys by id. If `whole` is true, the statements must begin with
    number 1. `verifies` receives a public key, a message and a signature. `verifies` returns True
    if the signature is valid.

    Raises BrokenError with the first fault.
    """
    check, found = verifies or ed25519_verifies, list[Statement]()
    for place, line in enumerate(lines, 1):
        fields = _statement_fields(line, place)
        number = fields["number"]
        expected = found[-1].number + 1 if found else 1 if whole else number
        if fields["agency"] != tenant_id:
            raise BrokenError(None, f"statement {number} belongs to another agency")
        if number != expected:
            raise BrokenError(
                None, f"statement {expected} is missing: statement {number} is in its place"
            )
        key = public_keys.get(fields["kid"])
        if key is None:
            raise BrokenError(
                None, f"statement {number} was signed with the key {fields['kid']}, not a known key"
            )
        if not check(key, signed_bytes(fields), bytes.fromhex(fields["signature"])):
            raise BrokenError(
                None,
                f"the signature of statement {number} is wrong: the statement was changed, or"
                " another key signed it",
            )
        before = found[-1].digest if found else GENESIS
        if (found or number == 1) and fields["previous"] != before:
            raise BrokenError(
                None, f"statement {number} does not contain the digest of the statement before it"
            )
        if found and fields["seq"] < found[-1].seq:
            raise BrokenError(
                None, f"statement {number} is for an earlier event than the statement before it"
            )
        found.append(_statement(fields, line))
    return found


def signing_gap(newest: str | None, first: str, now: str) -> str:
    """Return a sentence if signing has stopped, else an empty text.

    `newest` is the time of the newest statement, or None if there is no statement. `first` is the
    time of the first event. `now` is the time of the check or of the export. All times are in UTC
    (RFC 3339). Raises BrokenError if a time is not valid.
    """
    if _instant(now) - _instant(first if newest is None else newest) <= SIGNING_GAP:
        return ""
    if newest is None:
        return (
            "no head was ever signed, although there is a signing key: the first event is of"
            f" {first[:16]}, and heads are signed every night"
        )
    return (
        f"signing has stopped: the newest signature is of {newest[:16]}, and heads are signed every"
        " night"
    )


def _instant(text: str) -> datetime:
    try:
        # Python 3.9 and 3.10 do not read the Z.
        return datetime.fromisoformat(text.replace("Z", "+00:00"))  # noqa: FURB162
    except ValueError:
        raise BrokenError(None, f"the time {text[:40]} cannot be read") from None


def parse_statement(line: bytes) -> Statement:
    """Return a statement without checking its signature. Raises BrokenError."""
    return _statement(_statement_fields(line, 1), line)


def _statement(fields: dict[str, Any], line: bytes) -> Statement:
    return Statement(
        fields["number"],
        fields["seq"],
        fields["head"],
        fields["time"],
        fields["kid"],
        hashlib.sha256(line).hexdigest(),
    )


def _statement_fields(line: bytes, place: int) -> dict[str, Any]:
    """Parse a statement; accept only canonical JSON with exactly the known fields."""
    try:
        text = line.decode("utf-8")
        fields: Any = json.loads(text)
        is_valid = (
            isinstance(fields, dict)
            and set(fields) == {*SIGNED_FIELDS, "signature"}
            and fields["format"] == STATEMENT_FORMAT
            and all(
                type(value) is int and 0 <= value < _NUMBER_MAX
                if name in ("number", "seq")
                else isinstance(value, str)
                for name, value in fields.items()
            )
            and _canonical(fields) == text
            and all(_is_hex(fields[name], 64) for name in ("head", "previous"))
            and _is_hex(fields["signature"], 128)
        )
    except (ValueError, RecursionError):
        is_valid = False
    if not is_valid:
        raise BrokenError(
            None, f"the statement in line {place} cannot be read: it is damaged or cut off"
        )
    return dict(fields)


def _canonical(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and set(text) <= set("0123456789abcdef")


# Verification of Ed25519 signatures (RFC 8032, 5.1.7 and the program in its section 6). A point is
# (X, Y, Z, T) with x = X/Z, y = Y/Z and x * y = T/Z.
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int, int, int]


def ed25519_verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return True if the signature of a message is valid.

    A call takes a few milliseconds.
    """
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public_key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    base = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))
    if key is None or commitment is None or base is None or s >= _ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public_key + message).digest()
    factor = int.from_bytes(hashed, "little") % _ORDER
    left, right = _times(s, base), _sum(commitment, _times(factor, key))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % _P == 0


def _point(raw: bytes) -> Point | None:
    """Return the point that 32 bytes encode, or None if they encode no point."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


def _sum(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c, d = 2 * one[3] * other[3] * _D % _P, 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(factor: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _sum(total, point)
        point = _sum(point, point)
        factor >>= 1
    return total


# The program
# --------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Verify the archive that the command line names, and return the exit code.

    The result is printed.
    """
    try:
        given = _parsed_arguments(arguments)
        verdict, statements = _verify_place(given)
    except BrokenError as broken:
        return _say(f"BROKEN: {broken.reason}", 1)
    except DAMAGE as damage:
        return _say(f"BROKEN: the archive cannot be read ({type(damage).__name__})", 1)
    if not verdict.ok:
        return _say(f"BROKEN at event {verdict.bad_seq}: {verdict.reason}", 1)
    return _say(
        f"{'NOT SIGNED' if verdict.gap else 'OK'}: {verdict.seq} events, unbroken from the first to"
        f" the last; head {verdict.seq}:{verdict.hash}\n{_about_statements(statements)}"
        + (verdict.gap and f"\n{verdict.gap}"),
        UNSIGNED if verdict.gap else 0,
    )


def _about_statements(statements: list[Statement]) -> str:
    if not statements:
        return "No signed statement was checked."
    last, kids = statements[-1], sorted({item.kid for item in statements})
    return (
        f"{len(statements)} signed statement{'s' if len(statements) > 1 else ''} checked, the last"
        f" is number {last.number} of {last.time} for event {last.seq}. Compare the key with the"
        f" one that you noted: {', '.join(kids)}"
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


class _Given(NamedTuple):
    """The arguments of the program."""

    place: Path
    heads: list[Head]
    statements: list[bytes]
    keys: list[str]


def _parsed_arguments(arguments: list[str]) -> _Given:
    rest = list(arguments)
    values: dict[str, list[str]] = {"--head": [], "--statement": [], "--key": []}
    for option, found in values.items():
        while option in rest:
            at = rest.index(option)
            found.extend(rest[at + 1 : at + 2] or [""])
            del rest[at : at + 2]
    try:
        heads = [parse_head(text) for text in values["--head"]]
    except ValueError as error:
        raise BrokenError(None, str(error)) from None
    if not all(_is_hex(key, 64) or _is_hex(key, KID_DIGITS) for key in values["--key"]):
        raise BrokenError(None, "a key is written with 64 hexadecimal digits, its id with 32")
    if len(rest) > 1:
        raise BrokenError(None, "give at most one archive")
    statements = []
    for name in values["--statement"]:
        try:
            statements += Path(name).read_bytes().splitlines()
        except OSError:
            raise BrokenError(None, f"the statement {name} cannot be read") from None
    place = Path(rest[0]) if rest else Path(__file__).resolve().parent
    return _Given(place, heads, statements, values["--key"])


def _verify_place(given: _Given) -> tuple[Verdict, list[Statement]]:
    place = given.place
    if place.is_dir():
        is_signed = (place / STATEMENTS).exists() or (place / KEYS).exists()
        return _verify_parts(lambda name: _open_file(place / name), given, is_signed=is_signed)
    try:
        with zipfile.ZipFile(place) as archive:
            names = sorted(archive.namelist())
            if names not in (sorted(PARTS), sorted(UNSIGNED_PARTS)):
                raise BrokenError(None, "the archive contains other files than an export")
            verdict, statements = _verify_parts(archive.open, given, is_signed=STATEMENTS in names)
            bad = archive.testzip() if verdict.ok else None
    except zipfile.BadZipFile:
        raise BrokenError(None, f"{place.name} is not a ZIP archive, or is damaged") from None
    if bad is not None:
        raise BrokenError(None, f"{bad} is damaged: its checksum does not match")
    return verdict, statements


def _verify_parts(
    open_part: Any, given: _Given, *, is_signed: bool
) -> tuple[Verdict, list[Statement]]:
    tenant_id, head = _read_head(open_part)
    keys = _trusted(_read_keys(open_part), given.keys) if is_signed else {}
    statements = _checked_statements(open_part, given, tenant_id, keys) if is_signed else []
    if given.statements and not is_signed:
        raise BrokenError(None, f"{KEYS} is missing: this archive has no public keys")
    known = [*given.heads, *(item.known for item in statements)]
    with _opened(open_part, EVENTS) as events:
        ends: list[bytes] = []
        verdict = verify(_remembering(_lines(events), ends), head, tenant_id, known)
    if verdict.ok and not _is_of_an_export(ends):
        missing = verdict.seq + 1
        verdict = Verdict(
            verdict.seq,
            verdict.hash,
            missing,
            f"event {missing} is missing: an archive ends with the event of its own export",
        )
    if verdict.ok and (keys or statements):
        newest = statements[-1].time if statements else None
        verdict = verdict._replace(gap=signing_gap(newest, *map(_recorded_at, ends)))
    return verdict, statements


def _recorded_at(line: bytes) -> str:
    return str(json.loads(line)["recorded_at"])


def _checked_statements(
    open_part: Any, given: _Given, tenant_id: str, keys: dict[str, bytes]
) -> list[Statement]:
    """Return the statements of the archive and the given ones, after checking all."""
    with _opened(open_part, STATEMENTS) as part:
        own = read_statements(part.read().splitlines(), tenant_id, keys)
    found = list(own)
    for line in given.statements:
        (statement,) = read_statements([line], tenant_id, keys, whole=False)
        if statement.number <= len(own) and own[statement.number - 1] != statement:
            raise BrokenError(
                None, f"statement {statement.number} of the archive differs from the given one"
            )
        if statement not in found:
            found.append(statement)
    return sorted(found)


def _read_keys(open_part: Any) -> dict[str, bytes]:
    with _opened(open_part, KEYS) as part:
        try:
            texts = json.loads(part.read().decode("utf-8"))
            keys = [bytes.fromhex(text) for text in texts]
        except (*DAMAGE, TypeError, RecursionError):
            raise BrokenError(None, f"{KEYS} cannot be read") from None
    return {kid_of(key): key for key in keys}


def _trusted(keys: dict[str, bytes], wanted: list[str]) -> dict[str, bytes]:
    """Return the keys that are trusted: all of them, or those that the caller names."""
    if not wanted:
        return keys
    named = {kid_of(bytes.fromhex(text)): bytes.fromhex(text) for text in wanted if len(text) == 64}
    return {**{kid: key for kid, key in keys.items() if kid in wanted}, **named}


def _remembering(lines: Iterator[bytes], ends: list[bytes]) -> Iterator[bytes]:
    """Yield the lines; store the first and the newest yielded line in `ends`."""
    for line in lines:
        ends[:] = [ends[0] if ends else line, line]
        yield line


def _is_of_an_export(ends: list[bytes]) -> bool:
    """Return True if the last line is the event of an archive export.

    `ends` are the first and the last line, which the caller has verified.
    """
    if not ends:
        return False
    event = json.loads(ends[-1])
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

    Raises BrokenError if the file is damaged.
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
