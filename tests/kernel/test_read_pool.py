"""Reads of a page in one round trip, limited to the tenant twice.

The select and the policies limit them.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg_pool import PoolTimeout

from tests.people import Person
from voyagent.identity.models import AuthSession, User
from voyagent.kernel.actor import Credential
from voyagent.kernel.database.read_pool import ReadPool, RequestReader, SessionReader
from voyagent.kernel.database.statement_cache import compiled_for, generic_plan, keyed_select
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden, Unauthorized
from voyagent.kernel.tenancy import TenantNotBound, bind, owned

USERS, SESSIONS = User.__table__.c, AuthSession.__table__.c
EMAILS = sa.select(USERS.email).where(owned(User)).order_by(USERS.email)


def credential(app: Flask, person: Person) -> Credential:
    return app.extensions["voyagent.identity"].tokens.read(person.access_token)


@pytest.fixture
def lane(app: Flask) -> Iterator[ReadPool]:
    lane = ReadPool(app.extensions["voyagent.settings"].model_copy(update={"db_lane_pool_size": 1}))
    yield lane
    lane.close()


def reader(
    app: Flask, lane: ReadPool, person: Person, permission: str = "agency.read"
) -> RequestReader:
    return RequestReader(lane, credential(app, person), permission)


@contextmanager
def wire(lane: ReadPool) -> Iterator[list[str]]:
    """Record the messages that the pool's only connection sends and receives."""
    messages: list[str] = []
    with tempfile.TemporaryFile("w+") as file:
        with lane._connections.taken() as connection:  # noqa: SLF001 - its only one
            connection.pgconn.trace(file.fileno())
        yield messages
        with lane._connections.taken() as connection:  # noqa: SLF001
            connection.pgconn.untrace()
        file.seek(0)
        messages += [line.split("\t", 1)[1] if "\t" in line else line for line in file]


def test_authentication_and_three_selects_take_one_round_trip(
    app: Flask, lane: ReadPool, alice: Person
) -> None:
    mine = reader(app, lane, alice)
    with wire(lane) as messages:
        mine.read(
            EMAILS,
            EMAILS.limit(1),
            sa.select(sa.func.count()).select_from(User.__table__).where(owned(User)),
        )
    kinds = [re.split(r"\s+", line.strip()) for line in messages]
    sent = [kind for kind in kinds if kind[0] == "F"]
    assert [kind[2] for kind in sent].count("Sync") == 1
    assert [kind[2] for kind in sent].count("Execute") == 4
    received = next(number for number, kind in enumerate(kinds) if kind[0] == "B")
    assert all(kind[0] == "B" for kind in kinds[received:]), (
        "the lane waited for an answer and sent more"
    )


def test_a_generic_plan_is_used_only_for_its_statement(
    app: Flask, lane: ReadPool, alice: Person
) -> None:
    mode = (
        sa.select(sa.func.current_setting("plan_cache_mode").label("mode"), USERS.email)
        .where(owned(User))
        .limit(1)
    )
    asked = reader(app, lane, alice)
    assert [rows[0]["mode"] for rows in asked.read(mode, generic_plan(mode))] == [
        "force_generic_plan",
        "force_generic_plan",
    ]
    assert asked.read(mode)[0][0]["mode"] == "auto"
    assert asked.actor is not None
    assert asked.actor.email == alice.email


def test_the_first_read_authenticates_for_later_ones(
    app: Flask, lane: ReadPool, alice: Person
) -> None:
    mine = reader(app, lane, alice)
    assert mine.actor is None
    assert mine.read(EMAILS) == [[{"email": alice.email}]]
    assert mine.actor is not None
    assert (mine.actor.user_id, mine.actor.role, mine.actor.tenant_name) == (
        alice.actor.user_id,
        "agency_admin",
        "Alice Travels",
    )
    assert mine.read(EMAILS) == [[{"email": alice.email}]]


def test_an_anonymous_caller_is_refused(
    app: Flask, lane: ReadPool, alice: Person, charlie: Person
) -> None:
    mine = credential(app, alice)
    for wrong in (
        Credential(charlie.actor.tenant_id, mine.user_id, mine.session_id, mine.token_id),
        Credential(
            mine.tenant_id, charlie.actor.user_id or uuid4(), mine.session_id, mine.token_id
        ),
        Credential(mine.tenant_id, mine.user_id, uuid4(), mine.token_id),
    ):
        stranger = RequestReader(lane, wrong, "agency.read")
        with pytest.raises(Unauthorized):
            stranger.read(EMAILS)
        with pytest.raises(Unauthorized):
            stranger.authenticate()


def test_a_role_without_the_permission_is_refused_by_its_first_read(
    app: Flask, lane: ReadPool, victor: Person
) -> None:
    theirs = reader(app, lane, victor, "audit.read")
    with pytest.raises(Forbidden):
        theirs.read(EMAILS)
    with pytest.raises(Forbidden):
        reader(app, lane, victor, "audit.read").authenticate()


def test_a_select_without_the_tenant_filter_is_refused(
    app: Flask, lane: ReadPool, alice: Person
) -> None:
    for statement in (
        sa.select(USERS.email),
        sa.select(sa.func.count()).select_from(User.__table__),
        sa.select(sa.exists().where(USERS.email != "")),
        sa.select(sa.select(USERS.email).subquery().c.email),
    ):
        with pytest.raises(TenantNotBound, match="users"):
            reader(app, lane, alice).read(statement)


def test_row_security_applies_if_the_filter_is_missing(
    app: Flask, lane: ReadPool, alice: Person, charlie: Person
) -> None:
    """A join that filters one table by agency; the policy filters the other."""
    leaky = (
        sa.select(USERS.email)
        .join_from(SESSIONS.id.table, USERS.id.table, sa.true())
        .where(owned(AuthSession))
        .distinct()
    )
    assert reader(app, lane, alice).read(leaky) == [[{"email": alice.email}]]


def test_a_statement_shape_is_compiled_once_and_never_mixes_values(
    app: Flask, lane: ReadPool, alice: Person, bob: Person, charlie: Person
) -> None:
    def by(role: str) -> sa.Select[Any]:
        return sa.select(USERS.email).where(owned(User), USERS.role == role)

    for _ in range(2):
        assert reader(app, lane, alice).read(by("agency_admin"), by("agent")) == [
            [{"email": alice.email}],
            [{"email": bob.email}],
        ]
        assert reader(app, lane, charlie).read(by("agency_admin"), by("agent")) == [
            [{"email": charlie.email}],
            [],
        ]
    first, _ = compiled_for(by("agent"), credential(app, alice).tenant_id)
    second, values = compiled_for(by("viewer"), credential(app, charlie).tenant_id)
    assert first == second
    assert "viewer" in values.values()
    assert charlie.actor.tenant_id in values.values()


def test_a_cached_select_never_mixes_agencies(
    app: Flask, lane: ReadPool, alice: Person, charlie: Person
) -> None:
    for person in (alice, charlie, alice):
        assert reader(app, lane, person).read(EMAILS) == [[{"email": person.email}]]


def test_a_select_with_a_key_is_built_once(
    app: Flask, lane: ReadPool, alice: Person, bob: Person, charlie: Person
) -> None:
    built = []

    def build(user_id: Any) -> tuple[sa.Select[Any], ...]:
        built.append(user_id)
        whose = (
            sa.select(SESSIONS.user_id)
            .where(owned(AuthSession), SESSIONS.user_id == user_id)
            .distinct()
        )
        return sa.select(USERS.email).where(owned(User), USERS.id == user_id), whose

    of_person = keyed_select(build)
    for person in (alice, bob, alice):
        user_id = person.actor.user_id or uuid4()
        found = [[{"email": person.email}], [{"user_id": user_id}]]
        assert reader(app, lane, alice).read(*of_person(user_id)) == found
        assert reader(app, lane, charlie).read(*of_person(user_id)) == [[], []]
        with app.app_context():
            bind(db.session(), alice.actor.tenant_id)
            assert SessionReader(db.session).read(*of_person(user_id)) == found
    assert len(built) == 1


@pytest.mark.parametrize("roles", [["agent"], ["agent", "agency_admin"], []])
def test_a_list_of_values_may_have_any_length(
    app: Flask, lane: ReadPool, alice: Person, bob: Person, roles: list[str]
) -> None:
    statement = (
        sa.select(USERS.email).where(owned(User), USERS.role.in_(roles)).order_by(USERS.email)
    )
    expected = sorted(person.email for person in (alice, bob) if person.actor.role in roles)
    assert [row["email"] for row in reader(app, lane, alice).read(statement)[0]] == expected


def end_all(lane: ReadPool, owner: sa.Engine, connections: int) -> None:
    """Have the server end every connection of the lane's pool, as a restart does."""
    with ExitStack() as stack:
        pids = [
            stack.enter_context(lane._connections.taken()).info.backend_pid  # noqa: SLF001
            for _ in range(connections)
        ]
    with owner.connect() as connection:
        for pid in pids:
            assert connection.scalar(
                sa.text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid}
            )


def test_dead_connections_are_replaced(app: Flask, owner_engine: sa.Engine, alice: Person) -> None:
    lane = ReadPool(app.extensions["voyagent.settings"].model_copy(update={"db_lane_pool_size": 3}))
    try:
        end_all(lane, owner_engine, 3)
        for _ in range(4):
            assert reader(app, lane, alice).read(EMAILS) == [[{"email": alice.email}]]
    finally:
        lane.close()


def test_the_selects_of_a_round_trip_see_one_snapshot(
    app: Flask, lane: ReadPool, owner_engine: sa.Engine, alice: Person
) -> None:
    slowly = sa.select(sa.func.pg_sleep(1).label("slept"))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(reader(app, lane, alice).read, EMAILS, slowly, EMAILS)
        time.sleep(0.5)
        rename(owner_engine, alice, there := f"{uuid4()}@example.com")
        before, _, behind = reading.result(timeout=5)
    assert before == behind == [{"email": alice.email}]
    assert reader(app, lane, alice).read(EMAILS) == [[{"email": there}]]


def test_round_trips_of_one_snapshot_see_the_same_data(
    app: Flask, lane: ReadPool, owner_engine: sa.Engine, alice: Person
) -> None:
    mine = reader(app, lane, alice)
    with mine.snapshot():
        assert mine.read(EMAILS) == [[{"email": alice.email}]]
        rename(owner_engine, alice, there := f"{uuid4()}@example.com")
        assert mine.read(EMAILS) == [[{"email": alice.email}]]
    assert mine.read(EMAILS) == [[{"email": there}]]


def test_a_snapshot_always_releases_its_connection(
    app: Flask, lane: ReadPool, alice: Person
) -> None:
    mine = reader(app, lane, alice)
    with pytest.raises(psycopg.Error), mine.snapshot():
        mine.read(sa.select(sa.literal(1) / sa.func.length("")))
    assert mine.read(EMAILS) == [[{"email": alice.email}]], "it is the lane's only one"


def test_a_snapshot_replaces_a_dead_connection(
    app: Flask, lane: ReadPool, owner_engine: sa.Engine, alice: Person
) -> None:
    end_all(lane, owner_engine, 1)
    mine = reader(app, lane, alice)
    with mine.snapshot():
        assert mine.read(EMAILS, EMAILS) == [[{"email": alice.email}]] * 2


def test_a_read_is_retried_after_a_serialization_failure(
    app: Flask, lane: ReadPool, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, once, times = (
        reader(app, lane, alice),
        lane._once,  # noqa: SLF001
        [],
    )

    def overtaken(*asked: Any) -> Any:
        times.append(1)
        if len(times) == 1:
            raise psycopg.errors.SerializationFailure
        return once(*asked)

    monkeypatch.setattr(psycopg.errors.SerializationFailure, "sqlstate", "40001")
    monkeypatch.setattr(lane, "_once", overtaken)
    assert mine.read(EMAILS) == [[{"email": alice.email}]]
    assert len(times) == 2


def rename(owner: sa.Engine, person: Person, email: str) -> None:
    """Change the address of a user in another connection."""
    with owner.begin() as connection:
        connection.execute(
            sa.text("update users set email = :email where id = :id"),
            {"email": email, "id": person.actor.user_id},
        )


def test_the_read_pool_fails_at_once_without_a_database(app: Flask, alice: Person) -> None:
    lane = ReadPool(
        app.extensions["voyagent.settings"].model_copy(
            update={"db_url": "postgresql://nobody@127.0.0.1:9/nothing"}
        )
    )
    try:
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(PoolTimeout):
                reader(app, lane, alice).read(EMAILS)
            assert time.monotonic() - began < 2
    finally:
        lane.close()


def test_a_caller_waits_for_a_free_connection(app: Flask, lane: ReadPool, alice: Person) -> None:
    with ThreadPoolExecutor(1) as pool, lane._connections.taken():  # noqa: SLF001 - its only one
        waiting = pool.submit(reader(app, lane, alice).read, EMAILS)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1)
    assert waiting.result(timeout=5) == [[{"email": alice.email}]]


def test_a_connection_is_usable_after_a_failed_select(
    app: Flask, lane: ReadPool, alice: Person
) -> None:
    with pytest.raises(psycopg.Error):
        reader(app, lane, alice).read(sa.select(sa.literal(1) / sa.func.length("")))
    assert reader(app, lane, alice).read(EMAILS) == [[{"email": alice.email}]]


def test_a_select_can_run_inside_a_transaction(alice: Person) -> None:
    with alice.acting():
        assert SessionReader(db.session).read(EMAILS, EMAILS) == [[{"email": alice.email}]] * 2


def test_inside_a_transaction_without_an_agency_nothing_is_read(app: Flask) -> None:
    with app.app_context(), pytest.raises(TenantNotBound):
        SessionReader(db.session).read(EMAILS)
