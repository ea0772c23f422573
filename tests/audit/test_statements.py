"""Signed statements reveal what the owner of the database can hide."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from structlog.testing import capture_logs

from tests import mailbox
from tests.audit.conftest import Seed, untied
from tests.identity.test_sessions import fresh_address
from tests.people import Person
from voyagent.audit import tasks
from voyagent.audit.queries import chain
from voyagent.audit.rules import verifier
from voyagent.audit.rules.verifier import BrokenError, Head, Statement, ed25519_verifies, kid_of
from voyagent.audit.service import checks, statements
from voyagent.audit.service.statements import Anchors
from voyagent.drivers.anchors.folder import StatementFolder
from voyagent.identity.service import audit_mail
from voyagent.kernel import clock
from voyagent.kernel.db import db, transaction

Flask_ = Callable[..., Result]


def anchors_in(folder: Path, seed: int = 1, *former: Ed25519PrivateKey) -> Anchors:
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public = [k.public_key().public_bytes_raw() for k in (key, *former)]
    return Anchors(
        key,
        {kid_of(one): one for one in public},
        StatementFolder(folder),
        "https://voyagent.example",
    )


@pytest.fixture
def anchors(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Anchors:
    """A signing key and a folder of the test's own."""
    made = anchors_in(tmp_path / "statements")
    monkeypatch.setitem(app.extensions, "voyagent.anchors", made)
    return made


@pytest.fixture
def flask(app: Flask, anchors: Anchors) -> Flask_:
    """Run a command of the audit trail with these anchors."""

    def run(*arguments: object) -> Result:
        return app.test_cli_runner().invoke(args=["audit", *map(str, arguments)])

    return run


@pytest.fixture
def only_these(
    alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
) -> tuple[Person, Person]:
    """Two agencies; commands for every agency leave out those of other tests."""
    mine = [alice.actor.tenant_id, charlie.actor.tenant_id]
    monkeypatch.setattr(chain, "every_agency", lambda: iter(mine))
    return alice, charlie


@pytest.fixture
def sign(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Statement]:
    """Check the chain of a person's agency and sign its head, `days` from now."""

    def run(anchors: Anchors, person: Person, days: int = 0) -> Statement:
        tenant_id = person.actor.tenant_id
        later = clock.now() + timedelta(days=days)
        with app.app_context(), monkeypatch.context() as patch:
            verdict = checks.walk(tenant_id)
            patch.setattr(clock, "now", lambda: later)
            return statements.sign(anchors, tenant_id, Head(verdict.seq, verdict.hash))

    return run


def recompute(owner_engine: sa.Engine, person: Person, *, upto: int | None = None) -> None:
    """Change an event, compute the whole chain again, and delete all stored checks.

    This is what the owner of the database can do. With `upto` the later events are deleted too.
    """
    with untied(owner_engine) as connection:
        values = {"t": person.actor.tenant_id, "upto": upto or 2**60}
        for statement in (
            "delete from audit_events where tenant_id = :t and seq > :upto",
            "update audit_events set kind = 'probe.forged' where tenant_id = :t and seq = 1",
            """do $$ declare e audit_events; last bytea := sha256('');
               begin
                 for e in select * from audit_events
                     where tenant_id = current_setting('probe.tenant')::uuid order by seq loop
                   e.prev_hash := last;
                   last := sha256(last || convert_to(app.audit_canonical(e), 'UTF8'));
                   update audit_events set prev_hash = e.prev_hash, hash = last
                     where tenant_id = e.tenant_id and seq = e.seq;
                 end loop;
               end $$""",
            "update audit_heads h set (seq, hash) = (select seq, hash from audit_events e where"
            " e.tenant_id = :t order by seq desc limit 1) where h.tenant_id = :t",
            "delete from audit_checks where tenant_id = :t",
        ):
            connection.execute(
                sa.text("select set_config('probe.tenant', :t, true)"), {"t": str(values["t"])}
            )
            connection.execute(
                sa.text(statement),
                {name: value for name, value in values.items() if f":{name}" in statement},
            )


def test_a_recomputed_chain_without_checks_is_found_only_by_a_signed_statement(
    app: Flask,
    alice: Person,
    seed: Seed,
    anchors: Anchors,
    sign: Any,
    flask: Flask_,
    owner_engine: sa.Engine,
) -> None:
    seed(alice, 5)
    with app.app_context():
        checks.check(alice.actor.tenant_id, anchors)
    signed = sign(anchors, alice)
    recompute(owner_engine, alice)
    with app.app_context():
        assert checks.walk(alice.actor.tenant_id).ok, "the chain is whole in itself"
    found = flask("verify", "--agency", alice.actor.tenant_id)
    assert (found.exit_code, found.output) == (
        1,
        f"{alice.actor.tenant_id}: BROKEN at event {signed.seq}: event {signed.seq} has another"
        f" hash than was signed in statement 1 of {signed.time[:10]}\n",
    )
    assert flask("sign", "--agency", alice.actor.tenant_id).exit_code == 1, "it is never signed"
    assert len(anchors.folder.read(alice.actor.tenant_id)) == 1


def test_an_agency_with_another_id_does_not_escape_its_statements(
    app: Flask,
    only_these: tuple[Person, Person],
    anchors: Anchors,
    sign: Any,
    flask: Flask_,
    tmp_path: Path,
) -> None:
    """The owner of the database gives every row of an agency a new id."""
    _alice, charlie = only_these
    for person in only_these:
        sign(anchors, person)
    assert "is not in the database" not in flask("verify").output
    # For the program this is the same as a new id in every table of the database.
    gone = UUID("00000000-0000-4000-8000-000000000001")
    anchors.folder.file(charlie.actor.tenant_id).rename(anchors.folder.file(gone))
    place = anchors.folder.file(gone)
    (tmp_path / "copy.jsonl").write_bytes(
        place.read_bytes().replace(str(charlie.actor.tenant_id).encode(), str(gone).encode())
    )
    wanted = f"{gone}: BROKEN: the agency has signed statements (1), but is not in the database"
    for arguments in (
        ("verify",),
        ("verify", "--anchors", anchors.folder.path),
        ("verify", "--anchors", tmp_path / "copy.jsonl"),
        ("sign",),
    ):
        found = flask(*arguments)
        assert (found.exit_code, wanted in found.output) == (1, True), (arguments, found.output)
    with app.app_context(), capture_logs() as logs:
        tasks.check_agencies.run(after=str(UUID(int=2**128 - 1)))  # the last batch
    assert [
        line["reason"]
        for line in logs
        if line["event"] == "audit.broken" and str(gone) in str(line)
    ] == ["the agency has signed statements (1), but is not in the database"]


def test_deleting_the_copies_in_the_database_hides_nothing(
    alice: Person, seed: Seed, anchors: Anchors, sign: Any, flask: Flask_, owner_engine: sa.Engine
) -> None:
    seed(alice, 3)
    sign(anchors, alice)
    recompute(owner_engine, alice)
    with untied(owner_engine) as connection:
        connection.execute(
            sa.text("delete from audit_statements where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    assert "was signed in statement 1" in flask("verify", "--agency", alice.actor.tenant_id).output


def test_a_truncated_end_is_found(
    alice: Person, seed: Seed, anchors: Anchors, sign: Any, flask: Flask_, owner_engine: sa.Engine
) -> None:
    seed(alice, 5)
    signed = sign(anchors, alice)
    recompute(owner_engine, alice, upto=signed.seq - 2)
    found = flask("verify", "--agency", alice.actor.tenant_id)
    assert (found.exit_code, f"event {signed.seq} was signed in statement 1" in found.output) == (
        1,
        True,
    )
    assert "\n" not in found.output.strip()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: lines[1:], "statement 1 is missing: statement 2 is in its place"),
        (lambda lines: lines[:1] + lines[2:], "statement 2 is missing: statement 3 is in its"),
        (lambda lines: lines[:2], "statement 3 is missing in the folder of statements"),
        (lambda _lines: [], "statement 1 is missing in the folder of statements"),
        (
            lambda lines: [lines[0].replace(b'"seq":', b'"seq":1'), *lines[1:]],
            "the signature of statement 1 is wrong",
        ),
        (lambda lines: [*lines[:2], lines[2][:-9]], "the statement in line 3 cannot be read"),
        (lambda lines: [b"", *lines], "the statement in line 1 cannot be read"),
        (lambda lines: [b"\xff", *lines], "the statement in line 1 cannot be read"),
        (lambda lines: [lines[0].replace(b":", b": ", 1), *lines], "the statement in line 1"),
    ],
)
def test_a_removed_or_changed_statement_is_named(
    alice: Person,
    seed: Seed,
    anchors: Anchors,
    sign: Any,
    flask: Flask_,
    change: Callable[[list[bytes]], list[bytes]],
    sentence: str,
) -> None:
    for day in range(3):
        seed(alice)
        sign(anchors, alice, day)
    file = anchors.folder.file(alice.actor.tenant_id)
    file.write_bytes(b"".join(line + b"\n" for line in change(file.read_bytes().splitlines())))
    found = flask("verify", "--agency", alice.actor.tenant_id)
    assert found.exit_code == 1
    assert sentence in found.output
    assert "\n" not in found.output.strip(), "one sentence"


def test_a_statement_of_another_key_is_refused(
    alice: Person, anchors: Anchors, sign: Any, flask: Flask_, tmp_path: Path
) -> None:
    stranger = anchors_in(tmp_path / "forged", seed=2)
    tenant_id = alice.actor.tenant_id
    sign(stranger, alice)
    forged = stranger.folder.read(tenant_id)[0]
    found = flask("verify", "--agency", tenant_id, "--anchors", tmp_path / "forged")
    assert (found.exit_code, "not a known key" in found.output) == (1, True)
    (kid,) = anchors.public_keys
    renamed = json.loads(forged) | {"kid": kid}
    forged_file = tmp_path / "forged.json"
    forged_file.write_text(
        json.dumps(renamed, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    )
    found = flask("verify", "--agency", tenant_id, "--anchors", forged_file)
    assert (found.exit_code, "the signature of statement 1 is wrong" in found.output) == (1, True)


def test_a_statement_of_another_agency_is_refused(
    alice: Person, charlie: Person, anchors: Anchors, sign: Any, flask: Flask_
) -> None:
    sign(anchors, charlie)
    anchors.folder.file(charlie.actor.tenant_id).rename(anchors.folder.file(alice.actor.tenant_id))
    found = flask("verify", "--agency", alice.actor.tenant_id)
    assert (found.exit_code, "statement 1 belongs to another agency" in found.output) == (1, True)


def test_a_valid_chain_is_compared_with_a_folder_and_with_a_single_statement(
    alice: Person,
    charlie: Person,
    seed: Seed,
    anchors: Anchors,
    sign: Any,
    flask: Flask_,
    tmp_path: Path,
) -> None:
    tenant_id = alice.actor.tenant_id
    for day in range(3):
        seed(alice)
        sign(anchors, alice, day)
    assert "3 signed statements" in flask("verify", "--agency", tenant_id).output
    found = flask("verify", "--agency", tenant_id, "--anchors", anchors.folder.path)
    assert (found.exit_code, "3 signed statements" in found.output) == (0, True)
    mailed = tmp_path / "mailed.json"
    mailed.write_bytes(anchors.folder.read(tenant_id)[1] + b"\n")
    found = flask("verify", "--agency", tenant_id, "--anchors", mailed)
    assert (found.exit_code, "1 signed statements" in found.output) == (0, True)
    found = flask("verify", "--agency", charlie.actor.tenant_id, "--anchors", mailed)
    assert (found.exit_code, "has no statement of the agency" in found.output) == (1, True)
    assert flask("verify", "--anchors", tmp_path / "nowhere").exit_code == 2


def test_a_day_has_one_statement_even_if_two_sign_at_once(
    app: Flask, alice: Person, seed: Seed, anchors: Anchors, owner_engine: sa.Engine
) -> None:
    seed(alice, 2)
    tenant_id, both = alice.actor.tenant_id, Barrier(4)
    with app.app_context():
        verdict = checks.walk(tenant_id)

    def one(_number: int) -> Statement:
        with app.app_context():
            both.wait()
            return statements.sign(anchors, tenant_id, Head(verdict.seq, verdict.hash))

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(one, range(4)))
    assert len(made) == 1
    assert len(anchors.folder.read(tenant_id)) == 1
    with owner_engine.connect() as connection:
        stored = connection.execute(
            sa.text("select count(*) from audit_statements where tenant_id = :t"), {"t": tenant_id}
        ).scalar_one()
    assert stored == 1


def test_an_outdated_head_is_not_signed_after_a_newer_one(
    app: Flask, alice: Person, seed: Seed, anchors: Anchors, sign: Any
) -> None:
    seed(alice, 2)
    with app.app_context():
        old = checks.walk(alice.actor.tenant_id)
    seed(alice)
    newest = sign(anchors, alice)
    with app.app_context():
        again = statements.sign(anchors, alice.actor.tenant_id, Head(old.seq, old.hash))
    assert again == newest


def test_each_day_has_a_statement_even_without_new_events(
    alice: Person, anchors: Anchors, sign: Any
) -> None:
    made = [sign(anchors, alice, day) for day in (0, 0, 1, 2)]
    assert [one.number for one in made] == [1, 1, 2, 3]
    lines = [json.loads(line) for line in anchors.folder.read(alice.actor.tenant_id)]
    assert [line["previous"] for line in lines] == [
        verifier.GENESIS,
        made[1].digest,
        made[2].digest,
    ]
    assert {line["installation"] for line in lines} == {"https://voyagent.example"}


def test_a_statement_written_before_a_crash_is_stored_by_the_next_signing(
    alice: Person, seed: Seed, anchors: Anchors, sign: Any, flask: Flask_, owner_engine: sa.Engine
) -> None:
    sign(anchors, alice)
    with untied(owner_engine) as connection:
        connection.execute(
            sa.text("delete from audit_statements where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    seed(alice)
    sign(anchors, alice)
    with owner_engine.connect() as connection:
        numbers = connection.execute(
            sa.text("select number from audit_statements where tenant_id = :t order by 1"),
            {"t": alice.actor.tenant_id},
        ).scalars()
        assert list(numbers) == [1, 2]
    assert flask("verify", "--agency", alice.actor.tenant_id).exit_code == 0


def test_a_new_folder_is_refilled_only_on_request(
    alice: Person, anchors: Anchors, sign: Any, flask: Flask_
) -> None:
    for day in range(2):
        sign(anchors, alice, -3 + day)
    tenant_id = alice.actor.tenant_id
    anchors.folder.file(tenant_id).unlink()
    refused = flask("sign", "--agency", tenant_id)
    assert (refused.exit_code, "statement 1 is missing in the folder" in refused.output) == (
        1,
        True,
    )
    signed = flask("sign", "--agency", tenant_id, "--refill")
    assert (
        signed.exit_code,
        "2 statements written to the folder; statement 3" in signed.output,
    ) == (
        0,
        True,
    )
    assert flask("verify", "--agency", tenant_id).exit_code == 0


def test_after_a_rotation_the_earlier_key_is_still_trusted_if_it_is_configured(
    app: Flask,
    alice: Person,
    anchors: Anchors,
    sign: Any,
    flask: Flask_,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign(anchors, alice, -1)
    former = anchors.signing_key
    assert former is not None
    rotated = anchors_in(anchors.folder.path, 9, former)
    sign(rotated, alice)
    monkeypatch.setitem(app.extensions, "voyagent.anchors", rotated)
    assert flask("verify", "--agency", alice.actor.tenant_id).exit_code == 0
    assert flask("keys").output.splitlines() == [
        f"{kid}  {key.hex()}" for kid, key in rotated.public_keys.items()
    ]
    monkeypatch.setitem(app.extensions, "voyagent.anchors", anchors_in(anchors.folder.path, 9))
    assert "not a known key" in flask("verify", "--agency", alice.actor.tenant_id).output


def test_without_a_key_nothing_is_signed(
    app: Flask, alice: Person, flask: Flask_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = Anchors(None, {}, StatementFolder(tmp_path / "none"), "x", is_default=True)
    monkeypatch.setitem(app.extensions, "voyagent.anchors", none)
    refused = flask("sign", "--agency", alice.actor.tenant_id)
    assert (refused.exit_code, "VOYAGENT_AUDIT_SIGNING_KEY" in refused.output) == (1, True)
    assert "is on this computer" in refused.output
    assert flask("keys").exit_code == 1
    with app.app_context():
        assert checks.check_and_sign(alice.actor.tenant_id, none).ok


def test_a_folder_that_cannot_be_used_is_named_and_signing_goes_on_elsewhere(
    app: Flask, alice: Person, anchors: Anchors, flask: Flask_
) -> None:
    anchors.folder.path.write_text("a file, not a folder")
    found = flask("verify", "--agency", alice.actor.tenant_id)
    assert (found.exit_code, "the folder of statements cannot be read" in found.output) == (1, True)
    with app.app_context():
        assert not checks.check_and_sign(alice.actor.tenant_id, anchors).ok


def test_a_failed_write_leaves_no_part_of_a_statement(
    alice: Person, anchors: Anchors, sign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(anchors, alice, -1)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr("voyagent.drivers.anchors.folder.os.fsync", full)
        sign(anchors, alice)
    assert len(anchors.folder.read(alice.actor.tenant_id)) == 1
    assert sign(anchors, alice).number == 2


def test_the_nightly_job_signs_each_verified_chain(
    app: Flask,
    alice: Person,
    charlie: Person,
    anchors: Anchors,
    drain: Callable[[], None],
    owner_engine: sa.Engine,
    seed: Seed,
) -> None:
    seed(charlie, 2)
    with untied(owner_engine) as connection:
        connection.execute(
            sa.text("update audit_events set kind = 'x' where tenant_id = :t and seq = 1"),
            {"t": charlie.actor.tenant_id},
        )
    with app.app_context():
        for person in (alice, charlie):
            checks.check_and_sign(person.actor.tenant_id, anchors)
    assert len(anchors.folder.read(alice.actor.tenant_id)) == 1
    assert anchors.folder.read(charlie.actor.tenant_id) == [], "a broken chain is not signed"
    assert tasks.nightly.every == "17 1 * * *"


# Signing that has stopped
# --------------------------------------------------------------------------------


def test_verify_reports_that_signing_has_stopped(
    app: Flask, alice: Person, seed: Seed, anchors: Anchors, sign: Any, flask: Flask_
) -> None:
    tenant_id = alice.actor.tenant_id
    sign(anchors, alice, -3)
    seed(alice)
    found = flask("verify", "--agency", tenant_id)
    day = (clock.now() - timedelta(days=3)).date()
    assert found.exit_code == 3
    assert found.output.startswith(
        f"{tenant_id}: NOT SIGNED: signing has stopped: the newest signature is of {day}T"
    )
    assert "and heads are signed every night; " in found.output
    assert "\n" not in found.output.strip()
    found = flask("verify", "--agency", tenant_id, "--anchors", anchors.folder.path)
    assert found.exit_code == 3, "a folder has all statements"
    file = anchors.folder.file(tenant_id)
    assert flask("verify", "--agency", tenant_id, "--anchors", file).exit_code == 0
    with app.app_context(), capture_logs() as logs:
        checks.check(tenant_id, anchors)
    assert [line["event"] for line in logs] == ["audit.head", "audit.signing_stopped"]
    sign(anchors, alice, -1)
    assert flask("verify", "--agency", tenant_id).exit_code == 0


def test_a_broken_chain_takes_precedence_over_missing_signatures(
    alice: Person, seed: Seed, anchors: Anchors, sign: Any, flask: Flask_, owner_engine: sa.Engine
) -> None:
    seed(alice, 2)
    sign(anchors, alice, -3)
    recompute(owner_engine, alice)
    found = flask("verify", "--agency", alice.actor.tenant_id)
    assert (found.exit_code, "NOT SIGNED" in found.output) == (1, False)


def test_verify_reports_that_nothing_was_ever_signed_although_there_is_a_key(
    app: Flask,
    alice: Person,
    anchors: Anchors,
    flask: Flask_,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant_id, now = alice.actor.tenant_id, clock.now
    assert flask("verify", "--agency", tenant_id).exit_code == 0, "the first night is to come"
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(hours=49))
    found = flask("verify", "--agency", tenant_id)
    assert (found.exit_code, "NOT SIGNED: no head was ever signed, although" in found.output) == (
        3,
        True,
    )
    none = Anchors(None, {}, StatementFolder(tmp_path / "none"), "x")
    monkeypatch.setitem(app.extensions, "voyagent.anchors", none)
    assert flask("verify", "--agency", tenant_id).exit_code == 0, "nothing is to be signed"


def test_the_offline_verifier_reports_that_signing_had_stopped(
    alice: Person, seed: Seed, anchors: Anchors, sign: Any, flask: Flask_, tmp_path: Path
) -> None:
    sign(anchors, alice, -3)
    seed(alice)
    stopped, signed = tmp_path / "stopped.zip", tmp_path / "signed.zip"
    made = flask("export", "--agency", alice.actor.tenant_id, stopped)
    assert (made.exit_code, "Warning: signing has stopped" in made.output) == (0, True)
    sign(anchors, alice)
    mailed = tmp_path / "mailed.json"
    mailed.write_bytes(anchors.folder.read(alice.actor.tenant_id)[-1] + b"\n")
    flask("export", "--agency", alice.actor.tenant_id, signed)
    code, output = run(verifier.__file__, stopped, folder=tmp_path)
    assert (code, output.startswith("NOT SIGNED: ")) == (3, True)
    assert "signing has stopped: the newest signature is of" in output
    assert run(verifier.__file__, signed, folder=tmp_path)[0] == 0
    assert run(verifier.__file__, signed, "--statement", mailed, folder=tmp_path)[0] == 0


def test_the_offline_verifier_reports_that_nothing_was_ever_signed(
    alice: Person, anchors: Anchors, flask: Flask_, owner_engine: sa.Engine, tmp_path: Path
) -> None:
    with untied(owner_engine) as connection:
        connection.execute(
            sa.text(
                "update audit_events set recorded_at = recorded_at - interval '49 hours' where"
                " tenant_id = :t and seq = 1"
            ),
            {"t": alice.actor.tenant_id},
        )
    recompute(owner_engine, alice)
    file = tmp_path / "audit.zip"
    flask("export", "--agency", alice.actor.tenant_id, file)
    with zipfile.ZipFile(file) as packed:
        packed.extractall(tmp_path / "open")
    code, output = run("verify.py", folder=tmp_path / "open")
    assert (code, "no head was ever signed, although there is a signing key" in output) == (3, True)
    for name in ("statements.jsonl", "keys.json"):
        (tmp_path / "open" / name).unlink()
    assert run("verify.py", folder=tmp_path / "open")[0] == 0, "an archive without a key"


# The page and the operation
# --------------------------------------------------------------------------------


def test_the_newest_statement_is_shown_and_can_be_downloaded(
    alice: Person, seed: Seed, anchors: Anchors, sign: Any
) -> None:
    assert "No head is signed yet" in alice.browser.get("/audit").text
    assert alice.browser.get("/audit/statement.json").status_code == 404
    missing = alice.api.get("/audit/statement")
    assert (missing.status_code, missing.json["detail"]) == (404, "audit_statement_not_found")
    seed(alice, 2)
    sign(anchors, alice, -1)
    signed = sign(anchors, alice)
    (line,) = anchors.folder.read(alice.actor.tenant_id)[1:]
    answer = alice.api.get("/audit/statement").json
    assert set(answer) == {"number", "seq", "head", "kid", "signed_at", "document"}
    assert (answer["number"], answer["seq"], answer["head"]) == (2, signed.seq, signed.head)
    assert (answer["document"].encode(), answer["signed_at"]) == (line, signed.time)
    file = alice.browser.get("/audit/statement.json")
    assert (file.data, file.mimetype) == (line + b"\n", "application/json")
    assert "voyagent-audit-statement-2.json" in file.headers["Content-Disposition"]
    page = alice.browser.get("/audit").text
    assert f"event {signed.seq}" in page
    assert signed.head in page


def test_the_statement_is_for_administrators_of_the_agency_only(
    app: Flask,
    alice: Person,
    bob: Person,
    victor: Person,
    charlie: Person,
    anchors: Anchors,
    sign: Any,
) -> None:
    sign(anchors, alice)
    for person in (bob, victor):
        answer = person.api.get("/audit/statement")
        assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")
        assert person.browser.get("/audit/statement.json").status_code == 403
    assert charlie.api.get("/audit/statement").status_code == 404
    assert charlie.browser.get("/audit/statement.json").status_code == 404
    assert app.test_client().get("/api/audit/statement").status_code == 401
    assert app.test_client().get("/audit/statement.json").status_code in {302, 303, 401}


def test_the_database_refuses_to_change_or_to_show_a_statement_of_another_agency(
    alice: Person, charlie: Person, anchors: Anchors, sign: Any, app_engine: sa.Engine
) -> None:
    sign(anchors, alice)
    bound = sa.text("select set_config('app.tenant', :t, true)")
    for statement in ("update audit_statements set seq = 0", "delete from audit_statements"):
        with (
            app_engine.begin() as connection,
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        ):
            connection.execute(bound, {"t": str(alice.actor.tenant_id)})
            connection.execute(sa.text(statement))
    with app_engine.begin() as connection:
        connection.execute(bound, {"t": str(charlie.actor.tenant_id)})
        assert connection.execute(sa.text("select count(*) from audit_statements")).scalar() == 0


# The daily mail
# --------------------------------------------------------------------------------


@pytest.fixture
def mail_out(app: Flask) -> Callable[[Person], int]:
    """Run the daily mail of a person's agency."""

    def run(person: Person) -> int:
        with app.app_context(), transaction(person.actor.tenant_id):
            return audit_mail.mail_statement(app.extensions["voyagent.identity"])

    return run


def test_nobody_gets_a_statement_by_default(
    alice: Person, anchors: Anchors, sign: Any, mail_out: Any
) -> None:
    sign(anchors, alice)
    assert mail_out(alice) == 0


def test_a_statement_is_mailed_once_to_administrators_and_to_the_named(
    app: Flask, alice: Person, bob: Person, anchors: Anchors, sign: Any, mail_out: Any
) -> None:
    auditor = fresh_address()
    changed = alice.api.patch(
        "/tenant-settings",
        json={
            "audit_mail_administrators": True,
            "audit_mail_addresses": f" {auditor.upper()};\n{auditor}",
        },
    )
    assert (changed.status_code, changed.json["audit_mail_addresses"]) == (200, auditor)
    assert mail_out(alice) == 0, "there is no statement yet"
    signed = sign(anchors, alice)
    assert mail_out(alice) == 2
    assert mail_out(alice) == 0
    for to in (alice.email, auditor):
        (mail,) = mailbox.received(app, to=to, kind="audit_statement")
        assert signed.head in mail.text
        assert signed.kid in mail.html
        (file,) = mail.message.iter_attachments()
        assert file.get_filename() == "voyagent-audit-statement-1.json"
        assert file.get_content() == anchors.folder.read(alice.actor.tenant_id)[0] + b"\n"
    assert mailbox.received(app, to=bob.email, kind="audit_statement") == []


def test_two_mail_jobs_at_once_send_one_mail(
    app: Flask, alice: Person, anchors: Anchors, sign: Any, mail_out: Any
) -> None:
    alice.api.patch("/tenant-settings", json={"audit_mail_administrators": True})
    sign(anchors, alice)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: mail_out(alice), range(4))) == [0, 0, 0, 1]


def test_a_provisional_agency_mails_no_statement(
    alice: Person, anchors: Anchors, sign: Any, mail_out: Any, owner_engine: sa.Engine
) -> None:
    alice.api.patch("/tenant-settings", json={"audit_mail_addresses": fresh_address()})
    sign(anchors, alice)
    with untied(owner_engine) as connection:
        for statement in (
            "update tenants set verified_at = null where id = :t",
            "update users set email_verified = false where tenant_id = :t",
        ):
            connection.execute(sa.text(statement), {"t": alice.actor.tenant_id})
    assert mail_out(alice) == 0


def test_the_settings_page_stores_the_recipients(alice: Person, bob: Person) -> None:
    page = alice.browser.get("/settings").text
    assert "Mail the signed head to administrators" in page
    assert (
        bob.api.patch("/tenant-settings", json={"audit_mail_administrators": True}).status_code
        == 403
    )


# The archive and its own verifier
# --------------------------------------------------------------------------------


def run(*arguments: object, folder: Path) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-I", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


@pytest.fixture
def unpacked(
    alice: Person, seed: Seed, anchors: Anchors, sign: Any, flask: Flask_, tmp_path: Path
) -> Path:
    """An unpacked archive with two statements, and the last one as mailed."""
    for day in range(2):
        seed(alice, 2)
        sign(anchors, alice, day)
    file = tmp_path / "audit.zip"
    assert flask("export", "--agency", alice.actor.tenant_id, file).exit_code == 0
    with zipfile.ZipFile(file) as packed:
        packed.extractall(tmp_path / "open")
    mailed = anchors.folder.read(alice.actor.tenant_id)[-1]
    (tmp_path / "open" / "mailed.txt").write_bytes(mailed + b"\n")
    return tmp_path / "open"


def test_an_auditor_verifies_a_mailed_statement_against_an_archive(
    unpacked: Path, anchors: Anchors
) -> None:
    ((kid, key),) = anchors.public_keys.items()
    for arguments in (
        (),
        ("--statement", "mailed.txt"),
        ("--statement", "mailed.txt", "--key", kid),
        ("../audit.zip", "--statement", "mailed.txt", "--key", key.hex()),
    ):
        code, output = run("verify.py", *arguments, folder=unpacked)
        assert (code, output.startswith("OK: ")) == (0, True), output
        assert "2 signed statements checked, the last is number 2" in output
        assert kid in output


def test_the_offline_verifier_names_each_forgery(unpacked: Path, anchors: Anchors) -> None:
    mailed, signed = unpacked / "mailed.txt", unpacked / "statements.jsonl"
    own = signed.read_bytes()
    assert "not a known key" in run("verify.py", "--key", "0" * 32, folder=unpacked)[1]
    assert run("verify.py", "--key", "nonsense", folder=unpacked)[0] == 1
    assert run("verify.py", "--statement", "nowhere", folder=unpacked)[0] == 1

    signed.write_bytes(own.split(b"\n", 1)[1])
    code, output = run("verify.py", folder=unpacked)
    assert (code, "statement 1 is missing" in output) == (1, True)

    signed.write_bytes(own)
    genuine = mailed.read_bytes()
    forged = json.loads(genuine) | {"head": "0" * 64}
    mailed.write_text(json.dumps(forged, sort_keys=True, separators=(",", ":")) + "\n")
    code, output = run("verify.py", "--statement", "mailed.txt", folder=unpacked)
    assert (code, "the signature of statement 2 is wrong" in output) == (1, True)

    mailed.write_bytes(genuine)
    (unpacked / "keys.json").write_text("[]")
    code, output = run("verify.py", folder=unpacked)
    assert (code, "not a known key" in output) == (1, True)


def test_a_recomputed_archive_without_statements_is_found_by_the_mailed_one(
    alice: Person, unpacked: Path, flask: Flask_, owner_engine: sa.Engine, tmp_path: Path
) -> None:
    recompute(owner_engine, alice)
    forged = tmp_path / "forged.zip"
    assert flask("export", "--agency", alice.actor.tenant_id, forged).exit_code == 1
    with zipfile.ZipFile(forged) as packed:
        packed.extractall(tmp_path / "forged")
    (tmp_path / "forged" / "statements.jsonl").write_bytes(b"")
    assert run("verify.py", folder=tmp_path / "forged")[0] == 0, "whole in itself"
    code, output = run(
        "verify.py", "--statement", unpacked / "mailed.txt", folder=tmp_path / "forged"
    )
    assert (code, "than was signed in statement 2" in output) == (1, True)


def test_an_archive_without_statements_is_still_valid(unpacked: Path) -> None:
    for name in ("statements.jsonl", "keys.json"):
        (unpacked / name).unlink()
    code, output = run("verify.py", folder=unpacked)
    assert (code, "No signed statement was checked." in output) == (0, True)
    assert (
        "keys.json is missing" in run("verify.py", "--statement", "mailed.txt", folder=unpacked)[1]
    )


# The signature
# --------------------------------------------------------------------------------


def test_the_signature_check_without_a_library_agrees_with_the_library() -> None:
    # The first three are the test vectors of RFC 8032, 7.1.
    for secret, message in (
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", b""),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", b"\x72"),
        ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", b"\xaf\x82"),
        ("ff" * 32, "a longer text, naïve ✈".encode() * 50),
    ):
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
        public, signature = key.public_key().public_bytes_raw(), key.sign(message)
        assert ed25519_verifies(public, message, signature)
        assert not ed25519_verifies(public, message + b"x", signature)
        for at in (0, 31, 32, 63):
            damaged = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
            assert not ed25519_verifies(public, message, damaged)
        order = 2**252 + 27742317777372353535851937790883648493
        larger = int.from_bytes(signature[32:], "little") + order  # malleable, RFC 8032, 5.1.7
        assert not ed25519_verifies(public, message, signature[:32] + larger.to_bytes(32, "little"))
        assert not ed25519_verifies(b"\xff" * 32, message, signature)
        assert not ed25519_verifies(public, message, signature[:-1])


def test_a_broken_statement_is_refused_by_the_signer(
    app: Flask, alice: Person, anchors: Anchors, sign: Any
) -> None:
    sign(anchors, alice, -1)
    file = anchors.folder.file(alice.actor.tenant_id)
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(BrokenError, match="damaged or cut off"):
        sign(anchors, alice)


def test_a_signing_of_all_agencies_is_recorded_as_a_check(
    app: Flask, flask: Flask_, only_these: tuple[Person, Person]
) -> None:
    alice, _ = only_these

    def last() -> object:
        with app.app_context(), transaction():
            return db.session.scalar(sa.text("select at from last_runs where name = 'audit'"))

    before = last()
    flask("sign", "--agency", alice.actor.tenant_id)
    assert last() == before
    flask("sign")
    assert last() != before
