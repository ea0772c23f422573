"""`flask agency delete`: a grace period, then only audit log and proof remain."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import Result
from pydantic import SecretStr
from sqlalchemy.exc import ProgrammingError

from tests.agencies.conftest import exported, import_
from tests.backup.conftest import Site
from tests.faults.web import wait
from tests.people import Person
from voyagent.agencies import queries
from voyagent.agencies.service import deleting
from voyagent.agencies.service.moving import moving
from voyagent.audit.exports import archive
from voyagent.audit.rules.verifier import BrokenError, Head
from voyagent.audit.service import recording, statements
from voyagent.audit.service.statements import Anchors
from voyagent.backup.commands import over
from voyagent.backup.service.database import settings_of_owner
from voyagent.kernel.actor import system_actor
from voyagent.kernel.db import db, transaction
from voyagent.operator import service as operator


def delete(site: Site, person: Person, *options: str | Path) -> Result:
    """Run `flask agency delete` of a person's agency."""
    return site.run("agency", "delete", str(person.actor.tenant_id), *options)


def pass_days(site: Site, person: Person, days: int) -> None:
    """Let a deletion be asked for some days earlier."""
    site.ask(
        f"update tenants set deletion_asked_at = deletion_asked_at - interval '{days} days' where"
        f" id = '{person.actor.tenant_id}' returning 1"
    )


def rows_left(site: Site, person: Person) -> dict[str, int]:
    """Return the tables with rows of a person's agency, and their number."""
    tenant_id = person.actor.tenant_id
    counted = site.ask(
        " union all ".join(
            f"select '{table.name}', count(*) from {table.name} where"
            f" {'id' if table.name == 'tenants' else 'tenant_id'} = '{tenant_id}'"
            for table in queries.tables()
        )
    )
    return {name: number for name, number in counted if number}


@pytest.fixture
def site(source: Site) -> Iterator[Site]:
    """The source installation; records of deletions are removed at the end."""
    yield source
    source.ask("delete from agency_deletions returning 1")
    for path in source.settings.anchor_place.glob("*.jsonl"):
        if not source.ask(f"select 1 from tenants where id = '{path.stem}'"):
            path.unlink()


@pytest.fixture
def asked(site: Site) -> Person:
    """The administrator of an agency whose deletion was asked for."""
    person = site.people().sign_up("Jo Owner", agency="Jo Travels")
    done = delete(site, person)
    assert done.exit_code == 0, done.output
    return person


def test_the_first_call_suspends_and_drops_waiting_jobs(site: Site) -> None:
    person = site.people().sign_up("Kim Owner", agency="Kim Travels")
    with person.acting():
        site.app.extensions["voyagent.outbox"].send(
            to=person.email, kind="recovery_codes_changed", locale="en"
        )
    done = delete(site, person)
    assert done.exit_code == 0
    assert done.output.startswith("Kim Travels is suspended, and can be deleted from ")
    assert f"`flask agency resume {person.actor.tenant_id}`" in done.output
    assert person.api.get("/auth/me").status_code == 401
    jobs = f"select 1 from procrastinate_jobs where args->>'tenant_id' = '{person.actor.tenant_id}'"
    assert site.ask(jobs) == []
    site.ask("update mails set queued_at = now() - interval '1 hour' returning 1")
    found = [str(one) for (one,) in site.ask("select app.tenants_with_mail(now())")]
    assert str(person.actor.tenant_id) not in found
    assert site.run("agency", "resume", str(person.actor.tenant_id)).exit_code == 0
    found = [str(one) for (one,) in site.ask("select app.tenants_with_mail(now())")]
    assert str(person.actor.tenant_id) in found
    assert person.api.get("/auth/me").status_code == 200


@pytest.mark.parametrize(
    ("table", "function"),
    [
        ("approvals", "count_approvals()"),
        ("bills", "roll_up_documents('payable')"),
        ("enquiries", "count_enquiries()"),
        ("invoices", "count_invoices()"),
        ("invoices", "roll_up_documents('receivable')"),
        ("payments", "roll_up_payments()"),
    ],
)
def test_the_triggers_of_a_cascade_may_run_as_the_mover(
    site: Site, asked: Person, table: str, function: str
) -> None:
    """Before PostgreSQL 18 they do, and the mover may not change a stored sum."""
    with (
        site.app.app_context(),
        over(settings_of_owner(site.settings)),
        moving(asked.actor.tenant_id),
    ):
        run = db.session.connection().exec_driver_sql
        run(f"create temp table copied (like {table}) on commit drop")
        for act, rows in (
            ("update", "old table as old_rows new table as new_rows"),
            ("delete", "old table as old_rows"),
        ):
            run(
                f"create trigger after_{act} after {act} on copied referencing {rows}"
                f" for each statement execute function app.{function}"
            )
        run("update copied set tenant_id = tenant_id")
        run("delete from copied")


def test_nothing_is_deleted_before_the_30_days_are_over(site: Site, asked: Person) -> None:
    before = rows_left(site, asked)
    pass_days(site, asked, 29)
    done = delete(site, asked, "--audit-to", site.folder / "early.zip")
    assert done.exit_code == 1
    assert done.output.startswith("Error: The agency can be deleted from 20")
    assert not (site.folder / "early.zip").exists()
    assert rows_left(site, asked) == before


def test_a_resumed_agency_is_not_deleted(site: Site, asked: Person) -> None:
    pass_days(site, asked, 31)
    assert site.run("agency", "resume", str(asked.actor.tenant_id)).exit_code == 0
    done = delete(site, asked, "--audit-to", site.folder / "resumed.zip")
    assert "is suspended, and can be deleted from" in done.output
    assert rows_left(site, asked)["tenants"] == 1


def test_the_audit_log_needs_a_new_file(site: Site, asked: Person, tmp_path: Path) -> None:
    pass_days(site, asked, 31)
    (tmp_path / "there.zip").write_text("another agency's")
    for options in ((), ("--audit-to", tmp_path / "there.zip")):
        done = delete(site, asked, *options)
        assert (done.exit_code, "Name a new file for the audit log" in done.output) == (1, True)
    assert (tmp_path / "there.zip").read_text() == "another agency's"


def test_a_broken_audit_log_stops_the_deletion(site: Site, asked: Person, tmp_path: Path) -> None:
    pass_days(site, asked, 31)
    tenant_id = asked.actor.tenant_id
    change = "update audit_events set kind = reverse(kind) where tenant_id = %s and seq = 1"
    with site.owner() as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute(change, (tenant_id,))
    done = delete(site, asked, "--audit-to", tmp_path / "audit.zip")
    assert "Nothing is deleted, because the audit log is not sound: event 1 has been" in done.output
    assert rows_left(site, asked)["tenants"] == 1
    with site.owner() as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute(change, (tenant_id,))


def test_a_deletion_leaves_the_audit_log_and_a_signed_proof(site: Site, tmp_path: Path) -> None:
    person, other = site.filled("Lea"), site.people().sign_up("Max Owner", agency="Max Travels")
    tenant_id, before = str(person.actor.tenant_id), rows_left(site, other)
    exported(site, person, tmp_path / "lea.tar")
    assert delete(site, person).exit_code == 0
    pass_days(site, person, 31)
    rows = rows_left(site, person)
    assert rows.keys() == {table.name for table in queries.tables()}
    done = delete(site, person, "--audit-to", tmp_path / "audit.zip")
    assert done.exit_code == 0, done.output
    assert rows_left(site, person) == {}
    assert rows_left(site, other) == before
    jobs = f"select 1 from procrastinate_jobs where args->>'tenant_id' = '{tenant_id}'"
    assert site.ask(jobs) == []
    proof = json.loads(done.output.splitlines()[-1])
    assert (proof["agency"], proof["statements"]) == (tenant_id, 1)
    assert proof["rows"].items() >= (rows | {"audit_events": rows["audit_events"] + 1}).items()
    assert "Lea" not in json.dumps(proof)
    with zipfile.ZipFile(tmp_path / "audit.zip") as archive:
        archive.extractall(tmp_path / "audit")
    checked = subprocess.run(
        [sys.executable, tmp_path / "audit" / "verify.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"head {proof['seq']}:{proof['head']}" in checked.stdout
    assert checked.returncode == 0, checked.stdout
    verified = site.run("audit", "verify")
    assert f"{tenant_id}: DELETED on 20" in verified.output
    assert verified.exit_code == 0, verified.output
    assert import_(site, tmp_path / "lea.tar").output == (
        f"Error: The agency {tenant_id} was deleted from this installation.\n"
    )
    assert delete(site, person).output.endswith("was deleted from this installation.\n")


def forged(change: dict[str, Any]) -> str:
    """Return an assignment that changes members of the proof."""
    return f"document = (document::jsonb || '{json.dumps(change)}')::text"


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        (forged({"seq": 1}), "the proof that the agency was deleted has no valid signature"),
        ("document = (document::jsonb - 'signature')::text", "has no valid signature"),
        ("document = null, finished_at = null", "has begun and is not finished"),
        (None, "has signed statements (1), but is not in the database"),
    ],
)
def test_a_missing_agency_without_a_valid_proof_is_reported(
    site: Site, tmp_path: Path, assignment: str | None, reason: str
) -> None:
    person = site.people().sign_up("Ned Owner", agency="Ned Travels")
    assert site.run("audit", "sign", "--agency", str(person.actor.tenant_id)).exit_code == 0
    delete(site, person)
    pass_days(site, person, 31)
    assert delete(site, person, "--audit-to", tmp_path / "audit.zip").exit_code == 0
    assert site.run("audit", "verify").exit_code == 0
    statement = (
        "delete from agency_deletions"
        if assignment is None
        else f"update agency_deletions set {assignment}"
    )
    site.ask(f"{statement} where id = '{person.actor.tenant_id}' returning 1")
    verified = site.run("audit", "verify")
    assert verified.exit_code == 1
    assert reason in verified.output


def test_a_statement_that_was_signed_later_is_reported(site: Site, tmp_path: Path) -> None:
    person = site.people().sign_up("Ole Owner", agency="Ole Travels")
    assert site.run("audit", "sign", "--agency", str(person.actor.tenant_id)).exit_code == 0
    delete(site, person)
    pass_days(site, person, 31)
    assert delete(site, person, "--audit-to", tmp_path / "audit.zip").exit_code == 0
    file = site.settings.anchor_place / f"{person.actor.tenant_id}.jsonl"
    file.write_bytes(file.read_bytes() * 2)
    assert (
        "statement 2 was signed after the agency was deleted" in site.run("audit", "verify").output
    )


def test_a_head_that_is_signed_meanwhile_stops_the_deletion(
    site: Site, asked: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pass_days(site, asked, 31)
    write = archive.write

    def write_and_sign(tenant_id: UUID, file: Path, anchors: Anchors) -> Head:
        head = write(tenant_id, file, anchors)
        statements.sign(anchors, tenant_id, head)
        return head

    monkeypatch.setattr(archive, "write", write_and_sign)
    done = delete(site, asked, "--audit-to", tmp_path / "audit.zip")
    assert "its head was signed after the file was written" in done.output
    assert rows_left(site, asked)["tenants"] == 1


def test_no_head_is_signed_after_the_deletion_has_begun(site: Site, begun: Person) -> None:
    anchors = Anchors.of(site.settings)
    with site.app.app_context(), pytest.raises(BrokenError, match="is being deleted"):
        statements.sign(anchors, begun.actor.tenant_id, Head(1, "0" * 64))


def test_statements_without_a_signing_key_stop_the_deletion(site: Site, tmp_path: Path) -> None:
    person = site.people().sign_up("Pia Owner", agency="Pia Travels")
    tenant_id = str(person.actor.tenant_id)
    assert site.run("audit", "sign", "--agency", tenant_id).exit_code == 0
    key = site.run("audit", "keys").output.split()[1]
    delete(site, person)
    pass_days(site, person, 31)
    done = site.run(
        "agency",
        "delete",
        tenant_id,
        "--audit-to",
        tmp_path / "audit.zip",
        audit_signing_key=type(site.settings.audit_signing_key)(""),
        audit_public_keys_previous=key,
    )
    assert "set VOYAGENT_AUDIT_SIGNING_KEY" in done.output
    assert rows_left(site, person)["tenants"] == 1


@pytest.fixture
def begun(site: Site, asked: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """The administrator of an agency whose deletion stopped before the first row."""
    assert site.run("audit", "sign", "--agency", str(asked.actor.tenant_id)).exit_code == 0
    pass_days(site, asked, 31)
    with monkeypatch.context() as patch:
        patch.setattr(deleting, "go_on", stop)
        assert delete(site, asked, "--audit-to", tmp_path / "audit.zip").exit_code != 0
    return asked


def add_failed_job(site: Site, person: Person) -> int:
    """Add a failed job of a person's agency and return its id."""
    ((job_id,),) = site.ask(
        "insert into procrastinate_jobs (queue_name, task_name, args, status)"
        " select 'default', 'test.fails', jsonb_build_object('tenant_id', id), 'failed'"
        f" from tenants where id = '{person.actor.tenant_id}' returning id"
    )
    return int(job_id)


def stop(*_arguments: object, **_options: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_deletion_goes_on_only_with_the_key_for_its_proof(
    site: Site, begun: Person
) -> None:
    key = site.run("audit", "keys").output.split()[1]
    without = {"audit_signing_key": SecretStr(""), "audit_public_keys_previous": key}
    rows = rows_left(site, begun)
    done = site.run("agency", "delete", str(begun.actor.tenant_id), **without)
    assert (done.exit_code, "set VOYAGENT_AUDIT_SIGNING_KEY" in done.output) == (1, True)
    assert rows_left(site, begun) == rows
    assert delete(site, begun).exit_code == 0
    assert site.run("audit", "verify").exit_code == 0


def test_the_jobs_are_deleted_with_the_agency_or_not_at_all(
    site: Site, begun: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = f"select 1 from procrastinate_jobs where args->>'tenant_id' = '{begun.actor.tenant_id}'"
    add_failed_job(site, begun)
    with monkeypatch.context() as patch:
        patch.setattr(deleting.jobs, "drop_jobs", stop)
        assert delete(site, begun).exit_code != 0
    assert (len(site.ask(jobs)), rows_left(site, begun)) == (1, {"tenants": 1})
    assert delete(site, begun).exit_code == 0
    assert site.ask(jobs) == []


def test_no_event_is_recorded_after_the_deletion_has_begun(site: Site, begun: Person) -> None:
    with (
        pytest.raises(ProgrammingError, match="the deletion of the agency has begun"),
        begun.app.app_context(),
        transaction(begun.actor.tenant_id),
    ):
        recording.record(system_actor(begun.actor.tenant_id), "job.discarded")
    assert delete(site, begun).exit_code == 0


def test_a_job_is_discarded_without_an_event_after_the_deletion_has_begun(
    site: Site, begun: Person
) -> None:
    job_id = add_failed_job(site, begun)
    with begun.app.app_context(), transaction():
        assert operator.discard_job(job_id)
    assert site.ask(f"select 1 from procrastinate_jobs where id = {job_id}") == []
    assert delete(site, begun).exit_code == 0


def test_an_event_that_is_being_recorded_stops_the_deletion(
    site: Site, asked: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be missing in the file."""
    pass_days(site, asked, 31)
    digest = deleting._stored_digest  # noqa: SLF001
    event = {"id": str(uuid4()), "actor_kind": "system", "kind": "x.y", "status": "succeeded"}

    def record_meanwhile(file: Path) -> str:
        writer.execute("set role voyagent_app; begin")
        writer.execute("select set_config('app.tenant', %s, true)", (str(asked.actor.tenant_id),))
        writer.execute("select app.audit(%s)", (json.dumps([event]),))
        thread.submit(commit)
        return digest(file)

    def commit() -> None:
        waits = (
            "select 1 from pg_stat_activity where datname = current_database() and"
            " wait_event_type = 'Lock'"
        )
        wait(lambda: bool(site.ask(waits)), lambda: "nobody waits")
        writer.execute("commit")

    monkeypatch.setattr(deleting, "_stored_digest", record_meanwhile)
    with site.owner() as writer, ThreadPoolExecutor(1) as thread:
        done = delete(site, asked, "--audit-to", tmp_path / "audit.zip")
    assert "an event was recorded after the file was written" in done.output
    assert rows_left(site, asked)["tenants"] == 1


def test_an_interrupted_deletion_goes_on(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it nobody resumes the agency, and its figures stay those of before."""
    person = site.filled("Quin")
    tenant_id = str(person.actor.tenant_id)
    delete(site, person)
    pass_days(site, person, 31)
    whole, calls = deleting._delete_batch, iter(range(100))  # noqa: SLF001

    def interrupted(*arguments: Any) -> int:
        if next(calls) == 30:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(deleting, "BATCH", 2)
    with monkeypatch.context() as patch:
        patch.setattr(deleting, "_delete_batch", interrupted)
        assert delete(site, person, "--audit-to", tmp_path / "audit.zip").exit_code != 0
    left = rows_left(site, person)
    assert left["tenants"] == 1
    resumed = site.run("agency", "resume", tenant_id)
    assert (resumed.exit_code, "No agency has this ID." in resumed.output) == (1, True)
    assert f"{tenant_id}: BROKEN: the deletion of the agency has begun" in (
        site.run("audit", "verify").output
    )
    done = delete(site, person)
    assert done.exit_code == 0, done.output
    assert rows_left(site, person) == {}
    proof = json.loads(done.output.splitlines()[-1])
    assert sum(proof["rows"].values()) > sum(left.values())


def test_rows_that_refer_to_rows_of_their_table_are_deleted_first(
    site: Site, asked: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id = asked.actor.tenant_id
    for number in range(3):
        site.ask(
            "insert into users (tenant_id, id, display_name, email, role, password_hash,"
            f" invited_by_user_id) select tenant_id, gen_random_uuid(), 'x', '{number}{tenant_id}',"
            " 'agent', '', id from users where tenant_id ="
            f" '{tenant_id}' order by created_at desc, invited_by_user_id nulls last limit 1"
            " returning 1"
        )
    monkeypatch.setattr(deleting, "BATCH", 1)
    pass_days(site, asked, 31)
    done = delete(site, asked, "--audit-to", tmp_path / "audit.zip")
    assert done.exit_code == 0, done.output
    assert rows_left(site, asked) == {}


def test_an_unknown_agency_is_refused(site: Site) -> None:
    unknown = "00000000-0000-0000-0000-000000000001"
    done = site.run("agency", "delete", unknown)
    assert (done.exit_code, done.output) == (1, "Error: No agency has this ID.\n")
