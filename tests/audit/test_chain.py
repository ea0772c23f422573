"""The audit chain in the database: grants, immutability, and concurrent writers."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.audit.conftest import events
from tests.people import Person
from voyagent.audit.service import checks, recording as audit
from voyagent.enquiries import service as enquiries
from voyagent.kernel.db import db, transaction

BOUND = sa.text("select set_config('app.tenant', :t, true)")
AUDIT = sa.text("select app.audit(cast(:events as jsonb))")
WRITERS, EACH = 8, 5


def grants(owner_engine: sa.Engine, kind: str, table: str) -> set[tuple[str, str]]:
    """Return the grants of our roles on a table or on its columns."""
    of_ours = (
        f"select grantee, privilege_type from information_schema.{kind} where table_name = :n and"
        " grantee like 'voyagent_%'"
    )
    with owner_engine.connect() as connection:
        return {
            (row.grantee, row.privilege_type)
            for row in connection.execute(sa.text(of_ours), {"n": table})
        }


def test_the_programs_role_may_only_insert_and_read_events(owner_engine: sa.Engine) -> None:
    adds = {("voyagent_app", "SELECT"), ("voyagent_app", "INSERT")}
    moves = {("voyagent_mover", right) for right in ("SELECT", "INSERT", "DELETE")}
    assert grants(owner_engine, "role_table_grants", "audit_events") == adds | moves
    assert grants(owner_engine, "role_table_grants", "audit_heads") == adds | moves | {
        ("voyagent_app", "UPDATE")
    }
    assert grants(owner_engine, "role_column_grants", "audit_events") <= adds | moves | {
        ("voyagent_lookup", "SELECT")
    }


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_events set kind = 'x'",
        "delete from audit_events",
        "truncate audit_events",
        "truncate audit_events cascade",
    ],
)
def test_the_program_cannot_change_or_delete_an_event(
    app_engine: sa.Engine, alice: Person, statement: str
) -> None:
    with (
        app_engine.begin() as connection,
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
    ):
        connection.execute(BOUND, {"t": str(alice.actor.tenant_id)})
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_events set kind = 'x' where tenant_id = :t",
        (
            "insert into audit_events select * from audit_events where tenant_id = :t on conflict"
            " (tenant_id, seq) do update set kind = 'x'"
        ),
        "delete from audit_events where tenant_id = :t",
        "truncate audit_events",
        "truncate tenants cascade",
        "delete from tenants where id = :t",
    ],
)
def test_the_owner_cannot_change_or_delete_an_event_either(
    owner_engine: sa.Engine, alice: Person, statement: str
) -> None:
    with (
        owner_engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match=r"append-only|fk_audit_events_tenant_id"),
    ):
        connection.execute(sa.text(statement), {"t": alice.actor.tenant_id})


def test_concurrent_writers_leave_a_chain_without_a_gap(app: Flask, alice: Person) -> None:
    before = alice.api.get("/audit?limit=1").json["total"]

    def write(number: int) -> list[int]:
        return [
            alice.api.post(
                "/enquiries", json={"customer_name": f"Customer {number}", "pax_count": 1}
            ).status_code
            for _ in range(EACH)
        ]

    with ThreadPoolExecutor(WRITERS) as threads:
        assert {
            status for statuses in threads.map(write, range(WRITERS)) for status in statuses
        } == {201}
    with app.app_context():
        verdict = checks.walk(alice.actor.tenant_id)
    assert (verdict.ok, verdict.seq) == (True, before + WRITERS * EACH)


def test_an_act_that_is_rolled_back_leaves_no_gap(app: Flask, alice: Person) -> None:
    def fail(actor: Any) -> None:
        enquiries.create(actor, customer_name="Deepa Krishnan")
        raise ZeroDivisionError

    alice.does(lambda actor: audit.record(actor, "probe.made"))
    before = alice.api.get("/audit?limit=1").json["total"]
    with pytest.raises(ZeroDivisionError):
        alice.does(fail)
    alice.does(lambda actor: audit.record(actor, "probe.made"))
    with app.app_context():
        verdict = checks.walk(alice.actor.tenant_id)
    assert (verdict.ok, verdict.seq) == (True, before + 1)


def test_an_agency_does_not_wait_for_the_chain_of_another(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    """An open transaction holds Alice's chain.

    With one lock for both agencies, Charlie's act would time out.
    """
    with app_engine.begin() as connection:
        connection.execute(BOUND, {"t": str(alice.actor.tenant_id)})
        connection.execute(AUDIT, {"events": json.dumps(events(1, alice))})
        with ThreadPoolExecutor(1) as thread:
            made = thread.submit(
                lambda: (
                    charlie.api.post(
                        "/enquiries", json={"customer_name": "Deepa Krishnan", "pax_count": 1}
                    ).status_code
                )
            )
            assert made.result(timeout=4) == 201


def test_the_head_is_locked_last(alice: Person, statements: list[str]) -> None:
    """Statements after the lock would delay other acts of the agency."""
    alice.api.post("/enquiries", json={"customer_name": "Deepa Krishnan", "pax_count": 1})
    assert "app.audit(" in statements[-1]


def test_the_events_and_the_commit_are_one_message(app: Flask, alice: Person) -> None:
    """Other acts of the agency wait from the lock of the head until the commit."""
    with app.app_context(), tempfile.TemporaryFile("w+") as file:
        with transaction(alice.actor.tenant_id):
            audit.record(alice.actor, "probe.made")
            connection: Any = db.session.connection().connection.driver_connection
            connection.pgconn.trace(file.fileno())
        connection.pgconn.untrace()
        file.seek(0)
        messages = [line.rstrip("\n").split("\t")[1:] for line in file]
    sent = [kind for direction, _size, kind, *_ in messages if direction == "F"]
    assert (sent.count("Execute"), sent.count("Sync")) == (2, 1)
    assert [direction for direction, *_ in messages] == sorted(
        (direction for direction, *_ in messages), reverse=True
    )


def test_an_event_without_an_agency_is_refused(app: Flask, alice: Person) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="needs a bound agency"):
        audit.record(alice.actor, "probe.made")
        db.session.commit()
