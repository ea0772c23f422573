"""The program behind PgBouncer in transaction mode.

Sessions, reads, exports, jobs and turns work.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.assistant.line import INVOICE
from tests.faults.web import worker_process
from tests.people import People, Person
from tests.pgbouncer import PROGRAM, Pooler, pooled_database
from tests.processes import ROOT, worker_environment
from tests.worker import work_off
from voyagent.factory import create_app
from voyagent.identity.models import User
from voyagent.kernel import db_connections
from voyagent.kernel.database import logins
from voyagent.kernel.database.connection_budget import connections_to_server
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.database.start_checks import StartRefused, check_start, require_start
from voyagent.kernel.db import db
from voyagent.kernel.db_address import libpq_parameters
from voyagent.kernel.db_connections import Purpose
from voyagent.kernel.events import NotifyListener, notify
from voyagent.kernel.tenancy import owned

TURN_S = 3.0
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed")


@pytest.fixture(scope="module")
def pooler(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pooler]:
    with pooled_database(server_urls, tmp_path_factory.mktemp("pooled")) as made:
        yield made


@pytest.fixture
def pooled_app(pooler: Pooler) -> Iterator[Flask]:
    app = create_app(pooler.settings)
    yield app
    closed(app)


def closed(app: Flask) -> None:
    app.extensions["voyagent.auth_adapter"].lane.close()
    app.extensions["voyagent.listener"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def asha(pooled_app: Flask) -> Person:
    return People(pooled_app).sign_up("Asha Owner", agency="Asha Travels")


def test_the_pooler_is_recognised(pooler: Pooler) -> None:
    pooler.forgotten()
    assert db_connections.is_pooled(pooler.settings)
    straight = pooler.settings.model_copy(update={"db_url": pooler.direct})
    assert not db_connections.is_pooled(straight)
    assert not db_connections.is_notified(pooler.settings)
    assert db_connections.is_notified(
        pooler.settings.model_copy(update={"db_listen_url": pooler.direct})
    )


def test_sessions_have_their_role_and_limits_without_start_options(
    pooler: Pooler, pooled_app: Flask
) -> None:
    assert "options" not in db_connections.parameters_for(pooler.settings)
    with pooled_app.app_context():
        row = db.session.execute(
            sa.text(
                "select current_user, current_setting('statement_timeout') as statement,"
                " current_setting('lock_timeout') as lock, current_setting('timezone') as zone,"
                " current_setting('idle_in_transaction_session_timeout') as idle,"
                " current_setting('max_parallel_workers_per_gather') as parallel"
            )
        ).one()
        db.session.remove()
    assert tuple(row) == ("voyagent_app", "5s", "5s", "UTC", "1min", "0")


@pytest.mark.parametrize("is_own_login", [False, True])
def test_reads_see_one_snapshot(pooler: Pooler, asha: Person, is_own_login: bool) -> None:
    changes = {"db_read_url": pooler.reads if is_own_login else None}
    app = create_app(pooler.settings.model_copy(update=changes))
    lane = app.extensions["voyagent.auth_adapter"].lane
    isolation = (
        sa.select(sa.func.current_setting("transaction_isolation").label("level"))
        .select_from(User.__table__)
        .where(owned(User))
        .limit(1)
    )
    try:
        for _ in range(12):  # also after the statements are prepared
            reader = RequestReader(lane, replace(asha, app=app).credential, "agency.read")
            assert reader.read(isolation, isolation) == [[{"level": "repeatable read"}]] * 2
            with reader.snapshot():
                assert reader.read(isolation) == [[{"level": "repeatable read"}]]
                assert reader.read(isolation) == [[{"level": "repeatable read"}]]
    finally:
        closed(app)


def test_pages_operations_exports_and_jobs_work(
    pooler: Pooler, pooled_app: Flask, asha: Person
) -> None:
    for number in range(12):
        answer = asha.api.post("/enquiries", json={"customer_name": f"Ravi {number}"})
        assert answer.status_code == 201
        assert asha.api.get("/enquiries").json["total"] == number + 1
    browser = asha.browser
    assert "Ravi 11" in browser.get("/enquiries").text
    assert browser.get("/").status_code == 200
    csv = asha.api.get("/audit/export.csv")
    assert csv.status_code == 200
    assert csv.data.count(b"\n") > 12
    work_off(pooled_app, pooler.settings)
    assert asha.api.get("/auth/me").status_code == 200


def test_reads_succeed_again_after_one_that_timed_out(pooler: Pooler, asha: Person) -> None:
    with timeout(pooler, pooler.reads, "1s"):
        assert [asha.api.get("/enquiries").status_code for _ in range(5)] == [200] * 5
        with pooler.owner.begin() as connection:
            connection.execute(sa.text("lock table enquiries in access exclusive mode"))
            assert asha.api.get("/enquiries").status_code == 503
        assert [asha.api.get("/enquiries").status_code for _ in range(8)] == [200] * 8


@contextmanager
def timeout(pooler: Pooler, address: str, after: str) -> Iterator[None]:
    """Cancel the statements of a login after another time for the block."""
    login, name = (libpq_parameters(address)[part] for part in ("user", "dbname"))
    with pooler.owner.begin() as connection:
        connection.execute(
            sa.text(f"alter role {login} in database {name} set statement_timeout = '{after}'")
        )
    pooler.reconnect()
    try:
        yield
    finally:
        logins.store_session_settings(pooler.settings)
        pooler.reconnect()


def test_the_start_accepts_the_pooler_and_warns_about_polling(pooler: Pooler) -> None:
    failed = [result for result in check_start(pooler.settings) if result.sentence]
    assert [(result.name, result.refuses) for result in failed] == [("notifications", False)]
    listens = pooler.settings.model_copy(update={"db_listen_url": pooler.direct})
    assert [result for result in check_start(listens) if result.sentence] == []


def test_connections_to_a_pooler_do_not_count_as_those_of_the_server(pooler: Pooler) -> None:
    web, worker = Purpose.WEB, Purpose.WORKER
    assert [connections_to_server(pooler.settings, each) for each in (web, worker)] == [0, 0]
    listens = pooler.settings.model_copy(update={"db_listen_url": pooler.direct})
    assert [connections_to_server(listens, each) for each in (web, worker)] == [1, 3]
    require_start(pooler.settings.model_copy(update={"instances": 1000}))


def test_an_address_for_listen_that_is_a_pooler_refuses_the_start(pooler: Pooler) -> None:
    listens = pooler.settings.model_copy(update={"db_listen_url": pooler.settings.db_url})
    with pytest.raises(StartRefused, match="VOYAGENT_DB_LISTEN_URL is the address of a connection"):
        require_start(listens)


def test_a_pooler_without_the_settings_of_the_login_refuses_the_start(pooler: Pooler) -> None:
    login = libpq_parameters(pooler.settings.db_url or "")["user"]
    name = libpq_parameters(pooler.settings.db_url or "")["dbname"]
    with pooler.owner.begin() as connection:
        connection.execute(sa.text(f"alter role {login} in database {name} reset all"))
    pooler.reconnect()
    try:
        with pytest.raises(StartRefused, match=f"run as {login} instead of voyagent_app"):
            require_start(pooler.settings)
    finally:
        logins.store_session_settings(pooler.settings)
        pooler.reconnect()
    require_start(pooler.settings)


def test_migrations_refuse_a_pooler(pooler: Pooler, tmp_path: Path) -> None:
    admin = libpq_parameters(pooler.settings.db_url or "")["user"]
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "migrate-up"],
        cwd=ROOT,
        env=worker_environment(pooler.settings)
        | {
            "VOYAGENT_DB_ADMIN_URL": f"postgresql://{admin}@127.0.0.1:{pooler.port}/"
            + libpq_parameters(pooler.settings.db_url or "")["dbname"]
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "VOYAGENT_DB_ADMIN_URL is the address of a connection pooler" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("is_direct", [True, False])
def test_a_listener_hears_a_notification(
    pooler: Pooler, pooled_app: Flask, is_direct: bool
) -> None:
    changes = {"db_listen_url": pooler.direct if is_direct else None}
    listener = NotifyListener(pooler.settings.model_copy(update=changes))
    with listener.waiting_for("a topic") as heard:
        assert heard.wait(5)
        heard.clear()
        with pooled_app.app_context():
            notify("a topic")
            since = time.monotonic()
            db.session.commit()
            db.session.remove()
        assert heard.wait(2)
        assert time.monotonic() - since < (0.4 if is_direct else 1.0)
    listener.close()


@pytest.mark.parametrize("is_direct", [True, False])
def test_a_whole_turn_takes_less_than_three_seconds(
    pooler: Pooler, asha: Person, tmp_path: Path, is_direct: bool
) -> None:
    changes = {"db_listen_url": pooler.direct if is_direct else None}
    settings = pooler.settings.model_copy(update=changes)
    app = create_app(settings)
    with worker_process(settings, tmp_path):
        asha = replace(asha, app=app)
        turn(asha)  # the worker has started
        took = min(turn(asha) for _ in range(3))
    closed(app)
    assert took < TURN_S, (tmp_path / "worker.log").read_text()[-2000:]


def turn(person: Person) -> float:
    """Send a message in a new conversation; return the seconds until its final event."""
    session_id = person.api.post("/chat/sessions", json={}).json["session_id"]
    since = time.monotonic()
    answer = person.api.post(f"/chat/sessions/{session_id}/messages", json={"message": INVOICE})
    assert '"kind":"final"' in answer.text.replace(" ", "")
    return time.monotonic() - since
