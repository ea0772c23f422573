"""Addresses of databases in every notation, and names of connections."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from tests.processes import end, worker_environment
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.database.copy_export import Exports
from voyagent.kernel.db import db
from voyagent.kernel.db_address import (
    connection_parameters,
    libpq_parameters,
    without_password,
)
from voyagent.kernel.db_connections import Purpose, name_process, parameters_for
from voyagent.kernel.events import NotifyListener

ROOT = Path(__file__).resolve().parents[2]
TWO = {"user": "u", "dbname": "d", "host": "h1,h2", "port": "5432,5433"}


@pytest.mark.parametrize(
    ("address", "parameters"),
    [
        ("postgresql://u@h1:5432,h2:5433/d", TWO),
        ("postgres://u@h1:5432,h2:5433/d", TWO),
        ("postgresql+psycopg://u@/d?host=h1:5432&host=h2:5433", TWO),
        ("postgresql://u@/d?host=h1&host=h2&port=5432&port=5433", TWO),
        ("postgresql://u@/d?host=h1,h2&port=5432,5433", TWO),
        ("host=h1,h2 port=5432,5433 dbname=d user=u", TWO),
        (
            "postgresql://u@/d?host=h1:5432&host=h2",
            TWO | {"port": "5432,"},
        ),
        ("postgresql://u:p%40s%2Fs@h/d", {"user": "u", "password": "p@s/s", "host": "h"}),
        ("postgresql://u:a?b@h/d", {"user": "u", "password": "a?b", "host": "h"}),
        ("postgresql://u@/d?host=%2Frun%2Fa%20b", {"user": "u", "host": "/run/a b"}),
        ("host=/run/a dbname=d user=u password='a b'", {"password": "a b", "host": "/run/a"}),
    ],
)
def test_every_notation_gives_the_parameters_of_libpq(
    address: str, parameters: dict[str, str]
) -> None:
    assert libpq_parameters(address) == {"user": "u", "dbname": "d"} | parameters


def test_several_hosts_are_tried_soon_and_for_a_writable_server() -> None:
    made = connection_parameters("postgresql://u@h1,h2/d", "voyagent-web")
    assert made == {
        "user": "u",
        "dbname": "d",
        "host": "h1,h2",
        "port": ",",
        "application_name": "voyagent-web",
        "target_session_attrs": "read-write",
        "connect_timeout": "2",
        "tcp_user_timeout": "5000",
    }
    given = "postgresql://u@h1,h2/d?target_session_attrs=any&connect_timeout=9"
    assert connection_parameters(given, "x")["target_session_attrs"] == "any"
    assert connection_parameters(given, "x")["connect_timeout"] == "9"
    of_reads = connection_parameters("postgresql://u@h1,h2/d", "x", server="primary")
    assert of_reads["target_session_attrs"] == "primary"
    assert "target_session_attrs" not in connection_parameters("postgresql://u@h/d", "x")


def test_a_password_is_removed_from_a_message() -> None:
    for address in ("postgresql://u:w%20ord@h/d", "host=h user=u password='w ord'"):
        assert without_password("refused w ord", address) == "refused ***"


@pytest.fixture
def with_dead_host(settings: Settings) -> Callable[[str], Settings]:
    """Settings whose first host does not answer, in a notation."""
    alive = libpq_parameters(settings.db_url or "")
    user, name, folder = alive["user"], alive["dbname"], alive["host"]

    def make(notation: str) -> Settings:
        address = notation.format(user=user, name=name, folder=folder)
        return settings.model_copy(update={"db_url": address})

    return make


@pytest.mark.parametrize(
    "notation",
    [
        "postgresql://{user}@/{name}?host=127.0.0.1:9&host={folder}",
        "postgresql://{user}@/{name}?host=127.0.0.1,{folder}&port=9,5432",
        "host=127.0.0.1,{folder} port=9,5432 dbname={name} user={user}",
    ],
)
def test_the_program_works_if_the_first_host_is_dead(
    with_dead_host: Callable[[str], Settings], alice: Person, notation: str
) -> None:
    made = with_dead_host(notation)
    app = create_app(made)
    client, bearer = app.test_client(), {"Authorization": f"Bearer {alice.access_token}"}
    assert client.get("/api/enquiries", headers=bearer).status_code == 200
    answer = client.post("/api/enquiries", headers=bearer, json={"customer_name": "Ravi"})
    assert answer.status_code == 201
    assert client.get("/health/db").status_code == 200
    with psycopg.connect(**parameters_for(made, Purpose.LISTEN)) as connection:
        assert connection.execute("show transaction_read_only").fetchone() == ("off",)
    app.extensions["voyagent.auth_adapter"].lane.close()
    with app.app_context():
        db.engine.dispose()


# The name of each kind of connection
# --------------------------------------------------------------------------------


@pytest.fixture
def names(settings: Settings, owners: sa.Engine) -> Callable[[], set[str]]:
    """The purposes of all connections to the database of the tests."""

    def read() -> set[str]:
        with owners.connect() as connection:
            return set(
                connection.scalars(
                    sa.text(
                        "select split_part(application_name, ' ', 1) from pg_stat_activity"
                        " where datname = current_database() and pid <> pg_backend_pid()"
                    )
                )
            )

    return read


@pytest.fixture
def new_app(settings: Settings) -> Iterator[Flask]:
    name_process(Purpose.WEB)
    app = create_app(settings)
    yield app
    app.extensions["voyagent.auth_adapter"].lane.close()
    with app.app_context():
        db.engine.dispose()


def test_each_connection_of_the_web_process_has_the_name_of_its_purpose(
    new_app: Flask, settings: Settings, alice: Person, names: Callable[[], set[str]]
) -> None:
    client, bearer = new_app.test_client(), {"Authorization": f"Bearer {alice.access_token}"}
    assert client.get("/api/enquiries", headers=bearer).status_code == 200
    with new_app.app_context():
        db.session.execute(sa.text("select 1"))
        assert {"voyagent-web", "voyagent-read"} <= names()
        db.session.remove()
    snapshot = Exports(settings).open(alice.actor.tenant_id)
    assert "voyagent-export" in names()
    snapshot.close()
    listener = NotifyListener(settings)
    with listener.waiting_for("a topic") as heard:
        assert heard.wait(5), "the listener is connected"
        assert "voyagent-listen" in names()
    listener.close()
    with psycopg.connect(**parameters_for(settings, Purpose.MIGRATE)):
        assert "voyagent-migrate" in names()


def test_the_connections_of_a_worker_have_its_name(
    settings: Settings, names: Callable[[], set[str]]
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=ROOT,
        env=worker_environment(settings),
    )
    try:
        deadline = time.monotonic() + 60
        while "voyagent-worker" not in names() and time.monotonic() < deadline:
            Event().wait(0.2)
        assert "voyagent-worker" in names()
    finally:
        end(process, within_s=10)
