"""One transaction per request: commit, rollback and retries."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.http.conftest import Variant
from tests.people import Person
from voyagent.enquiries import service
from voyagent.http.app import ATTEMPTS_MAX
from voyagent.kernel import tenancy
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.errors import Conflict


class Undone(Conflict):
    """An error whose work is rolled back."""


class Kept(Conflict):
    """An error whose work is committed."""

    keeps_work = True


@pytest.fixture
def name_of(owner_engine: sa.Engine) -> Callable[[Person], str]:
    def read(person: Person) -> str:
        with owner_engine.connect() as connection:
            return str(
                connection.scalar(
                    sa.text("select display_name from users where id = :id"),
                    {"id": person.actor.user_id},
                )
            )

    return read


def renames(person: Person, name: str, error: Exception | None = None) -> Callable[[], str]:
    """A view that writes and may then raise an error."""

    def view() -> str:
        tenancy.bind(db.session(), person.actor.tenant_id)
        rows_changed(
            "update users set display_name = :name where tenant_id = :tenant_id and id = :id",
            name=name,
            id=person.actor.user_id,
        )
        if error is not None:
            raise error
        return "done"

    return view


@pytest.mark.parametrize(
    ("error", "status", "stays"),
    [(None, 200, True), (Undone(), 409, False), (Kept(), 409, True), (LookupError(), 500, False)],
)
def test_a_response_commits_and_an_error_rolls_back(
    variant: Variant,
    alice: Person,
    name_of: Callable[[Person], str],
    error: Exception | None,
    status: int,
    stays: bool,
) -> None:
    client = variant({"/api/renames": renames(alice, "Renamed", error)}).test_client()
    assert client.get("/api/renames").status_code == status
    assert name_of(alice) == ("Renamed" if stays else "Alice Owner")


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
@pytest.mark.parametrize("failures", [1, ATTEMPTS_MAX - 1, ATTEMPTS_MAX])
def test_serialization_failures_and_deadlocks_are_retried(
    variant: Variant, alice: Person, name_of: Callable[[Person], str], sqlstate: str, failures: int
) -> None:
    attempts: list[int] = []

    def view() -> str:
        attempts.append(1)
        renames(alice, f"Attempt {len(attempts)}")()
        if len(attempts) <= failures:
            db.session.execute(
                sa.text(f"do $$ begin raise exception 'again' using errcode = '{sqlstate}'; end $$")
            )
        return "done"

    answer = variant({"/api/again": view}).test_client().get("/api/again")
    if failures < ATTEMPTS_MAX:
        assert (answer.status_code, len(attempts)) == (200, failures + 1)
        assert name_of(alice) == f"Attempt {failures + 1}"
    else:
        assert (answer.status_code, len(attempts)) == (503, ATTEMPTS_MAX)
        assert answer.headers["Retry-After"]
        assert name_of(alice) == "Alice Owner"


def test_a_retry_may_be_for_another_agency(variant: Variant) -> None:
    """Each attempt of a sign-up creates an agency with another id."""
    attempts: list[int] = []

    def view() -> str:
        attempts.append(1)
        tenancy.bind(db.session(), uuid4())
        if len(attempts) == 1:
            db.session.execute(
                sa.text("do $$ begin raise exception 'again' using errcode = '40001'; end $$")
            )
        return "done"

    answer = variant({"/api/new-agency": view}).test_client().get("/api/new-agency")
    assert (answer.status_code, len(attempts)) == (200, 2)


def test_a_data_error_is_not_retried(variant: Variant) -> None:
    attempts: list[int] = []

    def view() -> None:
        attempts.append(1)
        db.session.execute(sa.text("select 1 / 0"))

    assert variant({"/api/never": view}).test_client().get("/api/never").status_code == 422
    assert len(attempts) == 1


def test_dead_connections_in_the_pool_are_replaced(
    variant: Variant, alice: Person, owner_engine: sa.Engine
) -> None:
    app = variant()
    with app.app_context(), ExitStack() as stack:
        pids = [
            stack.enter_context(db.engine.connect()).scalar(sa.text("select pg_backend_pid()"))
            for _ in range(5)
        ]
    with owner_engine.connect() as owner:
        for pid in pids:
            assert owner.scalar(sa.text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    bearer = {"Authorization": f"Bearer {alice.access_token}"}
    for _ in range(6):
        assert (
            app.test_client()
            .post("/api/enquiries", headers=bearer, json={"customer_name": "Deepa Krishnan"})
            .status_code
            == 201
        )
    assert app.test_client().get("/api/enquiries", headers=bearer).json["total"] == 6


def test_a_connection_lost_before_the_commit_is_replaced(
    alice: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, pids = service.audit.record, []

    def lose_connection(*arguments: Any, **options: Any) -> None:
        record(*arguments, **options)
        if not pids:
            pids.append(db.session.connection().connection.driver_connection.info.backend_pid)
            with owner_engine.connect() as owner:
                owner.scalar(sa.text("select pg_terminate_backend(:pid, 5000)"), {"pid": pids[0]})

    monkeypatch.setattr(service.audit, "record", lose_connection)
    answer = alice.api.post("/enquiries", json={"customer_name": "Deepa Krishnan"})
    assert answer.status_code == 201
    assert alice.api.get("/enquiries").json["total"] == 1


@pytest.mark.parametrize("sqlstate", ["57P01", "57P03"])
def test_a_request_to_a_closing_database_is_retried_on_a_new_connection(
    variant: Variant, sqlstate: str
) -> None:
    pids: list[int] = []

    def view() -> str:
        pids.append(db.session.scalar(sa.text("select pg_backend_pid()")) or 0)
        if len(pids) == 1:
            db.session.execute(
                sa.text(
                    f"do $$ begin raise exception 'goodbye' using errcode = '{sqlstate}'; end $$"
                )
            )
        return "done"

    assert variant({"/api/goodbye": view}).test_client().get("/api/goodbye").status_code == 200
    assert len(set(pids)) == 2


def test_an_act_is_rolled_back_if_its_event_cannot_be_written(
    app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch, owner_engine: sa.Engine
) -> None:
    from voyagent.audit.service import recording as audit  # noqa: PLC0415 - what is broken here

    name = f"Nobody {uuid4()}"
    monkeypatch.setattr(audit, "_kind_of", lambda _actor: "martian")
    answer = alice.api.post("/enquiries", json={"customer_name": name})
    assert answer.status_code == 500
    with owner_engine.connect() as owner:
        assert (
            owner.scalar(
                sa.text("select count(*) from enquiries where customer_name = :n"), {"n": name}
            )
            == 0
        )


def test_a_write_takes_few_statements(app: Flask, alice: Person, statements: list[str]) -> None:
    statements.clear()
    assert (
        alice.api.post(
            "/auth/invites", json={"email": f"{uuid4().hex}@malabar.example"}
        ).status_code
        == 201
    )
    # The caller is authenticated again after the person is locked.
    assert len([statement for statement in statements if "app.authenticate" in statement]) == 2
    # One inserts the mail, one reads if the agency is verified.
    assert len(statements) <= 10, statements
