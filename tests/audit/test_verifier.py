"""The stand-alone verifier of an archive, which names every damage."""

from __future__ import annotations

import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.audit.conftest import Seed
from tests.people import Person
from voyagent.audit.exports import archive
from voyagent.audit.rules import verifier
from voyagent.audit.rules.verifier import FIELDS, GENESIS, Head, head_document, verify

TENANT = "01890a5d-ac96-774b-bcce-b302099a8057"


def run(*arguments: object, folder: Path) -> tuple[int, str]:
    """Run the verifier in another process, without our modules."""
    ended = subprocess.run(
        [sys.executable, "-I", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def line(event: dict[str, str | None]) -> bytes:
    return verifier.json.dumps(event, ensure_ascii=False, separators=(", ", " : ")).encode()


def chain(length: int) -> tuple[list[bytes], Head]:
    """Build a chain by hand, without the database, to compare both hash functions."""
    lines, last = [], GENESIS
    for seq in range(1, length + 1):
        event: dict[str, str | None] = dict.fromkeys(FIELDS, "x")
        event |= {
            "tenant_id": TENANT,
            "seq": str(seq),
            "driver": None,
            "error": "naïve \N{AIRPLANE}\n",
            "prev_hash": last,
        }
        last = event["hash"] = verifier.digest(last, event)
        lines.append(line(event))
    return lines, Head(length, last)


@pytest.fixture
def exported(app: Flask, alice: Person, seed: Seed, tmp_path: Path) -> Path:
    """Export an archive of a few events, some with hostile text."""
    seed(
        alice,
        3,
        kind='probe "x" \\ \n\u2028\u007f 🛫',
        error="\u0001\t",
        inputs={"a": "ü", "b": None, "c": ["1.00"]},
    )
    with app.app_context():
        archive.write(
            alice.actor.tenant_id, tmp_path / "audit.zip", app.extensions["voyagent.anchors"]
        )
    return tmp_path / "audit.zip"


@pytest.fixture
def unpacked(exported: Path, tmp_path: Path) -> Path:
    """Unpack the archive."""
    with zipfile.ZipFile(exported) as packed:
        packed.extractall(tmp_path / "open")
    return tmp_path / "open"


def test_an_archive_is_valid_unpacked_and_as_zip(exported: Path, unpacked: Path) -> None:
    for code, output in (
        run("verify.py", folder=unpacked),
        run(unpacked / "verify.py", exported, folder=unpacked),
    ):
        assert code == 0
        assert output.startswith("OK: ")


def test_the_program_works_alone_without_libraries(exported: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(exported) as packed:
        packed.extract("verify.py", empty)
    alone = [
        sys.executable,
        "-I",
        "-S",
        "verify.py",
        str(exported),
    ]  # neither ours nor anybody's packages are in reach
    ended = subprocess.run(alone, cwd=empty, env={}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("OK: ")


def _without_the_end(unpacked: Path, count: int, *, with_head: bool) -> None:
    """Remove the last events and close the archive after the rest.

    An attacker would do this.
    """
    path = unpacked / "events.jsonl"
    left = path.read_bytes().split(b"\n")[: -count - 1]
    path.write_bytes(b"".join(line + b"\n" for line in left))
    if with_head:
        last = verifier.json.loads(left[-1])
        (unpacked / "head.json").write_text(
            head_document(last["tenant_id"], Head(int(last["seq"]), last["hash"]))
        )


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("with_head", [False, True])
def test_removed_last_events_are_detected_with_and_without_the_head(
    unpacked: Path, count: int, with_head: bool
) -> None:
    whole = (unpacked / "events.jsonl").read_bytes().count(b"\n")
    _without_the_end(unpacked, count, with_head=with_head)
    code, output = run("verify.py", folder=unpacked)
    assert code == 1
    assert output.startswith(
        f"BROKEN at event {whole - count + 1}: event {whole - count + 1} is missing"
    )


def test_an_empty_archive_is_invalid(unpacked: Path) -> None:
    tenant_id = verifier.json.loads((unpacked / "head.json").read_text())["tenant_id"]
    (unpacked / "events.jsonl").write_bytes(b"")
    (unpacked / "head.json").write_text(head_document(tenant_id, Head(0, GENESIS)))
    assert run("verify.py", folder=unpacked) == (
        1,
        "BROKEN at event 1: event 1 is missing: an archive ends with the event of its own export\n",
    )


def test_events_written_during_an_export_are_not_in_the_archive(
    app: Flask, alice: Person, seed: Seed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = archive.snapshot

    def late(tenant_id: UUID) -> Any:
        seed(alice, 3, kind="probe.late")
        return taken(tenant_id)

    monkeypatch.setattr(archive, "snapshot", late)
    with app.app_context():
        head = archive.write(
            alice.actor.tenant_id, tmp_path / "audit.zip", app.extensions["voyagent.anchors"]
        )
    with zipfile.ZipFile(tmp_path / "audit.zip") as packed:
        lines = packed.read("events.jsonl").decode().split("\n")[:-1]
    assert (len(lines), verifier.json.loads(lines[-1])["hash"]) == (head.seq, head.hash)
    assert verifier.main([str(tmp_path / "audit.zip")]) == 0


def test_the_program_in_the_archive_equals_the_module(exported: Path, unpacked: Path) -> None:
    assert (unpacked / "verify.py").read_bytes() == Path(verifier.__file__).read_bytes()
    assert sorted(path.name for path in unpacked.iterdir()) == [
        "README.txt",
        "events.jsonl",
        "head.json",
        "keys.json",
        "statements.jsonl",
        "verify.py",
    ]


def test_the_export_is_the_last_event_of_its_archive(unpacked: Path) -> None:
    last = (unpacked / "events.jsonl").read_text().split("\n")[-2]
    assert '"kind" : "audit.exported"' in last


def test_a_head_recorded_elsewhere_must_be_in_the_chain(unpacked: Path) -> None:
    lines = (unpacked / "events.jsonl").read_text().split("\n")
    recorded_hash = verifier.json.loads(lines[1])["hash"]
    assert run("verify.py", "--head", f"2:{recorded_hash}", folder=unpacked)[0] == 0
    assert run("verify.py", "--head", f"2:{'0' * 64}", folder=unpacked) == (
        1,
        "BROKEN at event 2: event 2 has another hash than was noted elsewhere\n",
    )
    code, output = run("verify.py", "--head", f"99:{recorded_hash}", folder=unpacked)
    assert (code, "event 99 was noted elsewhere" in output) == (1, True)
    assert run("verify.py", "--head", "nonsense", folder=unpacked)[0] == 1
    assert run("verify.py", "--head", folder=unpacked)[0] == 1


def test_a_damaged_byte_of_the_events_is_named_by_its_line(
    unpacked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = unpacked / "events.jsonl"
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        assert verifier.main([str(unpacked)]) == 1, at
        number = whole[:at].count(b"\n") + 1
        assert f"event {number}" in capsys.readouterr().out, at


def test_every_damaged_byte_of_the_head_is_detected(unpacked: Path) -> None:
    path = unpacked / "head.json"
    whole = path.read_bytes()
    for at in range(len(whole)):
        for damaged in {whole[at] ^ 1, 0xFF, 0x00} - {whole[at]}:
            path.write_bytes(whole[:at] + bytes([damaged]) + whole[at + 1 :])
            assert verifier.main([str(unpacked)]) == 1, (at, damaged)


def test_a_damaged_archive_is_reported_without_a_traceback(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, chance = exported.read_bytes(), random.Random(7)  # noqa: S311 - a repeatable choice of bits
    with zipfile.ZipFile(exported) as packed:
        right = packed.read("events.jsonl"), packed.read("head.json")
    for at in range(0, len(whole), 3):
        exported.write_bytes(
            whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :]
        )
        code = verifier.main([str(exported)])
        assert capsys.readouterr().out.startswith("OK" if code == 0 else "BROKEN"), at
        if code == 0:  # a time stamp or the like: what counts is as it was
            with zipfile.ZipFile(exported) as packed:
                assert (packed.read("events.jsonl"), packed.read("head.json")) == right, at
    for cut in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        exported.write_bytes(whole[:cut])
        assert verifier.main([str(exported)]) == 1


def test_a_missing_file_is_named(unpacked: Path) -> None:
    for name in ("events.jsonl", "head.json"):
        whole = (unpacked / name).read_bytes()
        (unpacked / name).unlink()
        code, output = run("verify.py", folder=unpacked)
        assert (code, name in output) == (1, True)
        (unpacked / name).write_bytes(whole)
    assert run("verify.py", "nowhere.zip", folder=unpacked)[0] == 1
    assert run("verify.py", "a", "b", folder=unpacked)[0] == 1


def without(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at] + lines[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "bad_seq", "words"),
    [
        (lambda lines: lines[:-1], 5, "is missing: the chain ends at 4"),
        (lambda lines: without(lines, 2), 3, "event 3 is missing: event 4 is in its place"),
        (lambda lines: without(lines, 0), 1, "event 1 is missing: event 2 is in its place"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2, "event 2 is missing"),
        (lambda lines: [*lines, lines[-1]], 6, "has another number"),
        (lambda _lines: [], 1, "event 1 is missing: the chain ends at 0"),
        (lambda lines: [*lines[:3], b"", *lines[3:]], 4, "line 4"),
        (lambda lines: [*lines[:3], b"\xff" + lines[3], lines[4]], 4, "line 4"),
        (lambda lines: [*lines[:3], b"[" * 100_000, lines[4]], 4, "line 4"),
        (
            lambda lines: [
                *lines[:3],
                lines[3].replace(b'"error" : ', b'"error" : "x", "error" : '),
                lines[4],
            ],
            4,
            "other members or another format",
        ),
        (
            lambda lines: [*lines[:3], lines[3].replace(b'"x"', b'"\\ud800"', 1), lines[4]],
            4,
            "another format",
        ),
        (
            lambda lines: [*lines[:3], lines[3].replace(b'"x"', b"1", 1), lines[4]],
            4,
            "other members",
        ),
    ],
)
def test_missing_moved_and_foreign_events_are_named(
    damage: Callable[[list[bytes]], list[bytes]], bad_seq: int, words: str
) -> None:
    lines, head = chain(5)
    assert verify(lines, head, TENANT).ok
    verdict = verify(damage(lines), head, TENANT)
    assert (verdict.ok, verdict.bad_seq) == (False, bad_seq)
    assert words in verdict.reason


def test_a_chain_shortened_with_its_head_is_detected_only_by_a_recorded_head() -> None:
    lines, head = chain(5)
    shorter, cut = chain(3)
    assert lines[:3] == shorter
    assert verify(shorter, cut, TENANT).ok
    verdict = verify(shorter, cut, TENANT, [head])
    assert (verdict.bad_seq, verdict.reason) == (
        4,
        "event 4 is missing: the chain ends at 3, and event 5 was noted elsewhere",
    )


def test_events_of_another_agency_and_another_head_are_refused() -> None:
    lines, head = chain(2)
    assert verify(lines, head, "another").bad_seq == 1
    assert (
        verify(lines, Head(2, GENESIS), TENANT).reason == "event 2 has another hash than the head"
    )
    assert verify(lines, Head(1, head.hash), TENANT).bad_seq == 2


def test_an_empty_chain_is_valid() -> None:
    assert verify([], Head(0, GENESIS), TENANT).ok


def test_the_program_needs_only_the_standard_library_and_checks_its_arguments(
    unpacked: Path,
) -> None:
    (unpacked / "head.json").write_text(head_document(TENANT, Head(1, GENESIS)).replace("1", "01"))
    assert run("verify.py", folder=unpacked) == (1, "BROKEN: head.json cannot be read\n")
