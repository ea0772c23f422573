"""After trouble with the database no connection keeps an error.

Responses have status 503 meanwhile, then 200 again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.http.conftest import Variant
from tests.people import Person, csrf
from voyagent.http.errors import LOST_IN_COMMIT
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db

TIMEOUT_MS = 300


@pytest.fixture
def narrow(variant: Variant) -> Flask:
    """The application with one connection for reads and a short timeout."""
    return variant(db_lane_pool_size=1, db_pool_size=1, db_statement_timeout_ms=TIMEOUT_MS)


@contextmanager
def locked(owner: sa.Engine, table: str) -> Iterator[None]:
    with owner.begin() as connection:
        connection.execute(sa.text(f"lock table {table} in access exclusive mode"))
        yield


@pytest.mark.parametrize("before", [3, 4, 5, 6])
def test_reads_succeed_again_after_one_that_timed_out(
    narrow: Flask, owner_engine: sa.Engine, alice: Person, before: int
) -> None:
    """A statement prepared when it fails must not count as prepared later."""
    client = narrow.test_client()
    bearer = {"Authorization": f"Bearer {alice.access_token}"}

    def read() -> int:
        return client.get("/api/enquiries", headers=bearer).status_code

    assert [read() for _ in range(before)] == [200] * before
    with locked(owner_engine, "enquiries"):
        refused = client.get("/api/enquiries", headers=bearer)
    assert (refused.status_code, refused.json["detail"]) == (503, "database_unreachable")
    assert refused.headers["Retry-After"] == "5"
    assert [read() for _ in range(8)] == [200] * 8


@contextmanager
def ending_commits(owner: sa.Engine) -> Iterator[None]:
    """End the connection of each transaction that adds an enquiry, during its COMMIT."""
    with owner.begin() as connection:
        connection.exec_driver_sql(
            "create function end_commit() returns trigger language plpgsql security definer as"
            " 'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'"
        )
        connection.exec_driver_sql(
            "create constraint trigger end_commit after insert on enquiries deferrable initially"
            " deferred for each row execute function end_commit()"
        )
    yield
    with owner.begin() as connection:
        connection.exec_driver_sql("drop function end_commit cascade")


def test_a_connection_lost_in_the_commit_leaves_it_open_if_the_change_was_saved(
    variant: Variant, owners: sa.Engine, alice: Person
) -> None:
    client = variant(db_pool_size=1, db_statement_timeout_ms=TIMEOUT_MS).test_client()
    bearer = {"Authorization": f"Bearer {alice.access_token}"}
    with ending_commits(owners):
        answer = client.post("/api/enquiries", headers=bearer, json={"customer_name": "Ravi"})
    assert (answer.status_code, answer.json["detail"]) == (503, "database_unreachable")
    assert answer.headers["Retry-After"] == "5"
    assert answer.json["message"] == LOST_IN_COMMIT
    with locked(owners, "enquiries"):
        answer = client.post("/api/enquiries", headers=bearer, json={"customer_name": "Ravi"})
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.json["message"]


# A read-only server
# --------------------------------------------------------------------------------


@pytest.fixture
def read_only(settings: Settings, owners: sa.Engine) -> Iterator[Callable[..., None]]:
    """Make new connections read-only, or writable again.

    Those to a former primary are read-only.
    """
    name = sa.make_url(settings.db_url or "").database

    def switch(*, on: bool) -> None:
        act = "set default_transaction_read_only = on" if on else "reset all"
        with owners.begin() as connection:
            # The owner's own connections in the pool are older and stay writable.
            connection.execute(sa.text(f"alter database {name} {act}"))

    yield switch
    switch(on=False)


def test_a_write_to_a_read_only_server_is_503_until_the_server_is_writable(
    variant: Variant, read_only: Callable[..., None], alice: Person
) -> None:
    client = variant(db_pool_size=1).test_client()
    bearer = {"Authorization": f"Bearer {alice.access_token}"}

    def write() -> tuple[int, str | None, str | None]:
        answer = client.post("/api/enquiries", headers=bearer, json={"customer_name": "Ravi"})
        return answer.status_code, answer.json.get("detail"), answer.headers.get("Retry-After")

    read_only(on=True)
    assert [write() for _ in range(3)] == [(503, "database_unreachable", "5")] * 3
    read_only(on=False)
    assert [write()[0] for _ in range(3)] == [201] * 3


def test_the_error_of_a_read_only_server_is_that_of_a_lost_connection(app: Flask) -> None:
    """A job that meets it is tried again, as after any lost connection."""
    with app.app_context():
        db.session.execute(sa.text("set transaction read only"))
        with pytest.raises(sa.exc.OperationalError) as refused:
            db.session.execute(sa.text("create table mine (id int)"))
        assert refused.value.connection_invalidated
        db.session.rollback()
        assert db.session.scalar(sa.text("show transaction_read_only")) == "off"
        db.session.remove()


def test_a_form_on_a_read_only_server_gets_a_page_with_503(
    variant: Variant, read_only: Callable[..., None], alice: Person
) -> None:
    app = variant(db_pool_size=1)
    client = replace(alice, app=app).browser
    form = {"customer_name": "Ravi", "pax_count": "3", "budget_currency": "INR"}
    form |= {"csrf_token": csrf(client, "/enquiries/new")}
    with app.app_context():
        db.engine.dispose()
    read_only(on=True)
    page = client.post("/enquiries/new", data=form)
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert page.headers["Retry-After"] == "5"
    read_only(on=False)
    assert client.post("/enquiries/new", data=form).status_code == 303


def test_reads_leave_a_read_only_server_after_a_write_met_it(
    variant: Variant, read_only: Callable[..., None], alice: Person
) -> None:
    """A former primary answers reads with old data.

    It does so for as long as a connection to it lives.
    """
    app = variant(db_lane_pool_size=1)
    client, lane = app.test_client(), app.extensions["voyagent.auth_adapter"].lane
    bearer = {"Authorization": f"Bearer {alice.access_token}"}

    def of_reads() -> object:
        with lane._connections.taken() as connection:  # noqa: SLF001 - its only one
            return connection.execute("show transaction_read_only").fetchone()[0]

    read_only(on=True)
    assert client.get("/api/enquiries", headers=bearer).status_code == 200
    assert of_reads() == "on"
    assert (
        client.post("/api/enquiries", headers=bearer, json={"customer_name": "R"}).status_code
        == 503
    )
    read_only(on=False)
    assert client.get("/api/enquiries", headers=bearer).status_code == 200
    assert client.get("/api/enquiries", headers=bearer).status_code == 200
    assert of_reads() == "off"


@pytest.mark.parametrize("place", ["", "/api"])
def test_the_probe_of_the_database_says_that_it_is_read_only(
    variant: Variant, read_only: Callable[..., None], place: str
) -> None:
    client = variant(db_pool_size=1).test_client()
    read_only(on=True)
    for _ in range(2):
        answer = client.get(f"{place}/health/db")
        assert (answer.status_code, answer.json["detail"]) == (503, "database_unreachable")
        assert "read-only" in answer.json["message"]
        assert answer.headers["Retry-After"] == "5"
    read_only(on=False)
    for _ in range(2):
        assert client.get(f"{place}/health/db").status_code == 200
