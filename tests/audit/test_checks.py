"""Checks of the chain, which cover every column and name missing events."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
import structlog
from click.testing import Result
from flask import Flask

from tests.audit.conftest import Seed, Tamper, untied
from tests.people import Person
from voyagent.audit import tasks
from voyagent.audit.models import AuditCheck
from voyagent.audit.queries import chain
from voyagent.audit.rules import verifier
from voyagent.audit.rules.verifier import FIELDS, Head
from voyagent.audit.service import checks
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id

# A change of every stored column; what is hashed is the whole row.
CHANGES = {
    "id": "('00' || substr(id::text, 3))::uuid",
    "actor_kind": "'system'",
    "actor_id": "null",
    "actor_email": "actor_email || ' '",
    "channel": "'browser'",
    "kind": "'probe.madf'",
    "driver": "''",
    "status": "'failed'",
    "error": "''",
    "entity_refs": "'{\"a\": 1}'",
    "inputs": "'{\"a\": 1}'",
    "outputs": "'{\"a\": 1}'",
    "approval_required": "true",
    "approved_by": "id",
    "approved_at": "now()",
    "started_at": "started_at + interval '1 microsecond'",
    "completed_at": "completed_at - interval '1 microsecond'",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "prev_hash": "set_byte(prev_hash, 31, get_byte(prev_hash, 31) # 1)",
    "hash": "set_byte(hash, 0, get_byte(hash, 0) # 128)",
}


@pytest.fixture
def walk(app: Flask) -> Callable[..., verifier.Verdict]:
    """Verify a person's chain."""

    def run(person: Person, *known: Head) -> verifier.Verdict:
        with app.app_context():
            return checks.walk(person.actor.tenant_id, known)

    return run


@pytest.fixture
def flask(app: Flask) -> Callable[..., Result]:
    """Run a command."""

    def run(*arguments: object) -> Result:
        return app.test_cli_runner().invoke(args=["audit", *map(str, arguments)])

    return run


def head_of(owner_engine: sa.Engine, person: Person) -> Head:
    with owner_engine.connect() as connection:
        row = connection.execute(
            sa.text("select seq, encode(hash, 'hex') from audit_heads where tenant_id = :t"),
            {"t": person.actor.tenant_id},
        ).one()
    return Head(*row)


def stored_checks(person: Person) -> list[AuditCheck]:
    with person.acting():
        found = db.session.scalars(sa.select(AuditCheck).order_by(AuditCheck.asked_at)).all()
        db.session.expunge_all()
    return list(found)


def test_a_chain_of_every_kind_of_act_is_valid(
    alice: Person, seed: Seed, walk: Any, owner_engine: sa.Engine
) -> None:
    seed(
        alice,
        30,
        inputs={"naïve": ["\u2028", None, {"deep": "\\"}]},
        error="\u0007",
        driver="",
        approved_at="2026-03-10T10:00:00.1Z",
    )
    verdict = walk(alice)
    assert (verdict.ok, Head(verdict.seq, verdict.hash)) == (True, head_of(owner_engine, alice))


def test_every_column_is_changed_once_by_the_tests() -> None:
    assert set(CHANGES) == {*FIELDS, "prev_hash", "hash"} - {
        "tenant_id",
        "seq",
    }  # those two are the key: see the moved and the missing


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_column_is_found_with_its_event(
    alice: Person, seed: Seed, tamper: Tamper, walk: Any, column: str
) -> None:
    seed(alice, 4, kind="probe.made")
    seq = walk(alice).seq - 1
    tamper(
        alice,
        f"update audit_events set {column} = {CHANGES[column]} where tenant_id = :t and seq = :seq",
        seq=seq,
    )
    verdict = walk(alice)
    assert (verdict.ok, verdict.bad_seq) == (False, seq)


def test_deleting_the_last_event_is_detected(
    alice: Person, seed: Seed, tamper: Tamper, walk: Any
) -> None:
    seed(alice, 3)
    seq = walk(alice).seq
    tamper(alice, "delete from audit_events where tenant_id = :t and seq = :seq", seq=seq)
    assert (walk(alice).bad_seq, walk(alice).reason) == (
        seq,
        f"event {seq} is missing: the chain ends at {seq - 1}, and its head is event {seq}",
    )


def test_deleting_a_middle_event_is_detected_even_if_later_ones_are_renumbered(
    alice: Person, seed: Seed, tamper: Tamper, walk: Any
) -> None:
    seed(alice, 5)
    seq = walk(alice).seq - 2
    tamper(alice, "delete from audit_events where tenant_id = :t and seq = :seq", seq=seq)
    assert walk(alice).reason == f"event {seq} is missing: event {seq + 1} is in its place"
    for moved in (seq + 1, seq + 2):
        tamper(
            alice,
            "update audit_events set seq = seq - 1 where tenant_id = :t and seq = :seq",
            seq=moved,
        )
    tamper(alice, "update audit_heads set seq = seq - 1 where tenant_id = :t")
    assert (walk(alice).ok, walk(alice).bad_seq) == (False, seq)


def test_exchanging_two_events_is_detected(
    alice: Person, seed: Seed, tamper: Tamper, walk: Any
) -> None:
    seed(alice, 4)
    seq = walk(alice).seq - 2
    for before, after in ((seq, -1), (seq + 1, seq), (-1, seq + 1)):
        tamper(
            alice,
            "update audit_events set seq = :after where tenant_id = :t and seq = :before",
            before=before,
            after=after,
        )
    assert walk(alice).bad_seq == seq


def test_an_event_copied_from_another_agency_is_detected(
    alice: Person, charlie: Person, seed: Seed, tamper: Tamper, walk: Any
) -> None:
    seed(alice, 2)
    seed(charlie, 9)
    seq = walk(alice).seq
    tamper(alice, "delete from audit_events where tenant_id = :t and seq = :seq", seq=seq)
    tamper(
        alice,
        "update audit_events set tenant_id = :t where tenant_id = :c and seq = :seq",
        c=charlie.actor.tenant_id,
        seq=seq,
    )
    assert walk(alice).bad_seq == seq
    assert walk(charlie).bad_seq == seq


def cut(owner_engine: sa.Engine, person: Person, seq: int) -> None:
    """Delete every event after one and close the chain there.

    A careful attacker would do this.
    """
    with untied(owner_engine) as connection:
        values = {"t": person.actor.tenant_id, "seq": seq}
        connection.execute(
            sa.text("delete from audit_events where tenant_id = :t and seq > :seq"), values
        )
        connection.execute(
            sa.text(
                "update audit_heads h set seq = e.seq, hash = e.hash from audit_events e where"
                " h.tenant_id = :t and e.tenant_id = h.tenant_id and e.seq = :seq"
            ),
            values,
        )


def test_a_shortened_chain_is_detected_by_a_head_recorded_elsewhere(
    alice: Person, seed: Seed, walk: Any, owner_engine: sa.Engine, flask: Any
) -> None:
    seed(alice, 5)
    recorded_head = head_of(owner_engine, alice)
    cut(owner_engine, alice, recorded_head.seq - 2)
    assert walk(alice).ok, "whole in itself"
    assert walk(alice, recorded_head).bad_seq == recorded_head.seq - 1
    assert flask("verify", "--agency", alice.actor.tenant_id).exit_code == 0
    output = flask(
        "verify",
        "--agency",
        alice.actor.tenant_id,
        "--head",
        f"{recorded_head.seq}:{recorded_head.hash}",
    )
    assert (output.exit_code, f"BROKEN at event {recorded_head.seq - 1}" in output.output) == (
        1,
        True,
    )


def test_a_shortened_chain_is_detected_by_an_earlier_check(
    app: Flask, alice: Person, seed: Seed, owner_engine: sa.Engine, flask: Any
) -> None:
    seed(alice, 5)
    with app.app_context():
        through = checks.check(alice.actor.tenant_id, app.extensions["voyagent.anchors"])
    cut(owner_engine, alice, through.seq - 2)
    assert flask("verify", "--agency", alice.actor.tenant_id).exit_code == 1
    seed(alice, 9)  # a longer, other chain does not hide it
    with app.app_context():
        for _night in range(2):
            assert (
                checks.check(alice.actor.tenant_id, app.extensions["voyagent.anchors"]).bad_seq
                == through.seq
            )
    assert [check.ok for check in stored_checks(alice)] == [True, False, False]


def test_a_missing_head_is_reported(alice: Person, tamper: Tamper, walk: Any) -> None:
    tamper(alice, "delete from audit_heads where tenant_id = :t")
    assert (walk(alice).ok, walk(alice).reason) == (False, "the head of the chain is missing")


def test_a_check_reads_one_snapshot_while_others_write(
    app: Flask, alice: Person, seed: Seed
) -> None:
    seed(alice, 10)
    with app.app_context(), chain.snapshot(alice.actor.tenant_id) as seen:
        seed(alice, 10)
        assert seen.head is not None
        assert verifier.verify(seen.lines, seen.head, str(alice.actor.tenant_id)).ok


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Record the log lines of checks."""
    with structlog.testing.capture_logs() as lines:
        monkeypatch.setattr(checks, "log", structlog.get_logger())
        yield lines


def test_a_check_stores_its_result_and_logs_the_head(
    app: Flask,
    alice: Person,
    seed: Seed,
    tamper: Tamper,
    log_lines: list[dict[str, Any]],
    owner_engine: sa.Engine,
) -> None:
    head = head_of(owner_engine, alice)
    with app.app_context():
        checks.check(alice.actor.tenant_id, app.extensions["voyagent.anchors"])
    found = stored_checks(alice)[-1]
    assert (found.ok, found.through_seq, (found.head_hash or b"").hex(), found.first_bad_seq) == (
        True,
        head.seq,
        head.hash,
        None,
    )
    assert [line for line in log_lines if line["event"] == "audit.head"] == [
        {
            "event": "audit.head",
            "log_level": "info",
            "agency": str(alice.actor.tenant_id),
            "seq": head.seq,
            "hash": head.hash,
        }
    ]
    tamper(alice, "update audit_events set kind = 'x' where tenant_id = :t and seq = 1")
    with app.app_context():
        checks.check(alice.actor.tenant_id, app.extensions["voyagent.anchors"])
    found = stored_checks(alice)[-1]
    assert (found.ok, found.through_seq, found.first_bad_seq) == (False, 0, 1)
    assert "has been changed" in (found.reason or "")
    assert [line["bad_seq"] for line in log_lines if line["event"] == "audit.broken"] == [1]


def test_only_the_newest_checks_are_kept(
    app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHECKS_STORED_MAX", 3)
    for _night in range(5):
        with app.app_context():
            checks.check(alice.actor.tenant_id, app.extensions["voyagent.anchors"])
    assert len(stored_checks(alice)) == 3


def test_an_administrator_requests_a_check_and_a_job_runs_it(
    alice: Person, bob: Person, drain: Callable[[], None]
) -> None:
    with pytest.raises(Forbidden):
        bob.does(checks.ask)
    asked = alice.does(checks.ask)
    assert alice.does(checks.ask) == asked, "whoever asks while it runs shares it"
    assert [(check.id, check.ok) for check in stored_checks(alice)] == [(asked, None)]
    drain()
    assert [(check.id, check.ok) for check in stored_checks(alice)] == [(asked, True)]
    assert alice.does(checks.ask) != asked
    assert alice.api.get("/audit?kind=audit.check_asked").json["total"] == 2


def test_the_nightly_check_covers_all_agencies_in_batches(
    alice: Person,
    charlie: Person,
    owner_engine: sa.Engine,
    drain: Callable[[], None],
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 1)
    with owner_engine.begin() as connection:  # the suspended too
        connection.execute(
            sa.text("update tenants set is_active = false where id = :t"),
            {"t": charlie.actor.tenant_id},
        )
    first = min(alice.actor.tenant_id, charlie.actor.tenant_id)
    with app.app_context():
        tasks._go_on(UUID(int=first.int - 1))  # noqa: SLF001 - the night, without the agencies of other tests
    drain()
    assert [check.ok for check in stored_checks(alice)] == [True]
    assert [check.ok for check in stored_checks(charlie)] == [True]


def test_the_nightly_check_records_its_findings_over_all_batches(
    alice: Person,
    charlie: Person,
    owner_engine: sa.Engine,
    drain: Callable[[], None],
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 1)
    monkeypatch.setattr(checks, "report_missing", lambda _anchors: 0)  # of other tests
    first, second = sorted((alice, charlie), key=lambda person: person.actor.tenant_id)
    after = UUID(int=first.actor.tenant_id.int - 1)

    def findings() -> int:
        with app.app_context():
            tasks._go_on(after)  # noqa: SLF001 - the night, without the agencies of other tests
        drain()
        with owner_engine.connect() as connection:
            return int(
                connection.scalar(sa.text("select findings from last_runs where name = 'audit'"))
            )

    before = findings()
    change = "update audit_events set kind = 'probe.made' where tenant_id = :t"
    with untied(owner_engine) as connection:
        connection.execute(sa.text(change), {"t": first.actor.tenant_id})
    assert findings() == before + 1
    assert [check.ok for check in stored_checks(second)] == [True, True]


def test_the_nightly_check_starts_with_the_first_agency(
    app: Flask, owner_engine: sa.Engine, no_jobs: None
) -> None:
    with app.app_context():
        tasks.nightly.run(timestamp=0)
    with owner_engine.begin() as connection:
        jobs = (
            connection.execute(
                sa.text(
                    "delete from procrastinate_jobs where task_name = :n and status = 'todo'"
                    " returning args"
                ),
                {"n": tasks.NIGHT_TASK},
            )
            .scalars()
            .all()
        )
    assert jobs == [{"after": "00000000-0000-0000-0000-000000000000"}]
    assert tasks.nightly.every == "17 1 * * *"


def test_verify_checks_all_agencies_and_names_broken_chains(
    alice: Person, charlie: Person, seed: Seed, tamper: Tamper, flask: Any
) -> None:
    seed(alice, 2)
    tamper(alice, "update audit_events set actor_email = 'x' where tenant_id = :t and seq = 2")
    output = flask("verify")
    assert output.exit_code == 1
    assert f"{alice.actor.tenant_id}: BROKEN at event 2: event 2 has been changed" in output.output
    assert f"{charlie.actor.tenant_id}: OK" in output.output
    assert flask("verify", "--agency", charlie.actor.tenant_id).exit_code == 0


def test_verify_refuses_invalid_options(alice: Person, flask: Any) -> None:
    assert flask("verify", "--head", f"1:{'0' * 64}").exit_code == 2
    assert flask("verify", "--agency", alice.actor.tenant_id, "--head", "nonsense").exit_code == 2
    assert flask("verify", "--agency", "nonsense").exit_code == 2
    unknown = flask("verify", "--agency", new_id())
    assert (unknown.exit_code, "there is no agency" in unknown.output) == (1, True)


def test_export_writes_a_valid_archive_and_records_its_event(
    alice: Person, flask: Any, tmp_path: Path, owner_engine: sa.Engine
) -> None:
    file = tmp_path / "audit.zip"
    made = flask("export", "--agency", alice.actor.tenant_id, file)
    head = head_of(owner_engine, alice)
    assert (made.exit_code, made.output.strip().endswith(f"{head.seq}:{head.hash}")) == (0, True)
    assert verifier.main([str(file), "--head", f"{head.seq}:{head.hash}"]) == 0
    event = alice.api.get("/audit").json["items"][0]
    assert (event["kind"], event["actor_kind"], event["payload"]["inputs"]) == (
        "audit.exported",
        "system",
        {"format": "archive"},
    )
    assert [path.name for path in tmp_path.iterdir()] == ["audit.zip"]


def test_an_export_that_cannot_be_written_leaves_no_file(
    alice: Person, flask: Any, tmp_path: Path
) -> None:
    refused = flask("export", "--agency", alice.actor.tenant_id, tmp_path / "nowhere" / "audit.zip")
    assert (refused.exit_code, "cannot be written" in refused.output) == (1, True)
    unknown = flask("export", "--agency", new_id(), tmp_path / "audit.zip")
    assert (unknown.exit_code, "there is no agency" in unknown.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_of_a_broken_chain_is_reported(
    alice: Person,
    seed: Seed,
    tamper: Tamper,
    flask: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seed(alice, 2)
    tamper(
        alice,
        "update audit_events set outputs = '{}', inputs = '{\"a\": 1}' where tenant_id = :t and"
        " seq = 2",
    )
    output = flask("export", "--agency", alice.actor.tenant_id, tmp_path / "audit.zip")
    assert (output.exit_code, "BROKEN at event 2" in output.output) == (1, True)
    assert verifier.main([str(tmp_path / "audit.zip")]) == 1
    assert "BROKEN at event 2" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "audit.zip") as packed:
        assert str(alice.actor.tenant_id) in packed.read("README.txt").decode()
