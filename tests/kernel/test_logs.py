"""Each line of the log is a JSON object with ids, and without personal data."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg_pool import ConnectionPool

from tests.people import PASSWORD, Person
from voyagent import cli
from voyagent.kernel import jobs, logs
from voyagent.kernel.config import Settings
from voyagent.kernel.database import timing
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_connections import Purpose, name_process, purpose_of_process

ALWAYS = {"ts", "level", "event", "logger", "kind", "instance"}
NOBODY = "nobody@example.com"
FAILS, WORKS = "tests.log_fails", "tests.log_works"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Return the lines since the last call, each of which must be a JSON object."""
    before = purpose_of_process()
    name_process(Purpose.WEB)
    logs.configure(as_json=True)
    capsys.readouterr()

    def read() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert all(set(line) >= ALWAYS for line in found)
        return found

    yield read
    name_process(before)
    logs.configure(as_json=settings.log_json)


def only(lines: list[dict[str, Any]], event: str) -> dict[str, Any]:
    (line,) = [line for line in lines if line["event"] == event]
    return line


def ids_of(person: Person) -> dict[str, str]:
    return {"agency": str(person.actor.tenant_id), "person": str(person.actor.user_id)}


def test_a_request_is_one_line_with_its_ids(alice: Person, lines: Lines) -> None:
    answer = alice.api.get("/enquiries?q=Deepa")
    line = only(lines(), "request")
    assert (
        line.items()
        >= {
            **ids_of(alice),
            "session": str(alice.credential.session_id),
            "request_id": answer.headers["X-Request-Id"],
            "method": "GET",
            "route": "/api/enquiries",
            "status": 200,
            "arguments": ["q"],
            "kind": "web",
            "level": "info",
            "logger": "voyagent.request",
        }.items()
    )
    assert line["ms"] >= line["db_ms"] > 0


def test_a_request_counts_the_time_of_its_own_statements(app: Flask, lines: Lines) -> None:
    with app.app_context():
        timing.begin_timing()
        with transaction():
            db.session.execute(sa.text("select pg_sleep(0.05)"))
        assert 50 <= timing.db_ms() < 10_000
        app.test_client().get("/api/openapi.json")
    assert only(lines(), "request")["db_ms"] == 0


def test_a_write_has_the_ids_too(alice: Person, lines: Lines) -> None:
    alice.api.post("/enquiries", json={"customer_name": "Deepa Krishnan"})
    line = only(lines(), "request")
    assert line.items() >= ids_of(alice).items()
    assert line["ms"] >= line["db_ms"] > 0


def test_a_failed_request_has_its_ids_and_no_message_of_the_exception(
    app: Flask, alice: Person, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_app: Flask) -> None:
        try:
            {}[alice.email]
        except KeyError as error:
            raise RuntimeError(f"{alice.actor.full_name} <{alice.email}>") from error

    monkeypatch.setattr("voyagent.http.app.VoyagentFlask._dispatch_once", fail)
    answer = alice.api.post("/enquiries", json={"customer_name": alice.actor.full_name})
    assert answer.status_code == 500
    found = lines()
    failed = only(found, "request.failed")
    assert failed["request_id"] == answer.headers["X-Request-Id"]
    assert (failed["level"], failed["error"], failed["route"]) == (
        "error",
        "RuntimeError",
        "/api/enquiries",
    )
    assert failed["exception"].index("KeyError") < failed["exception"].index("RuntimeError")
    assert "in fail" in failed["exception"]
    assert only(found, "request")["status"] == 500
    assert_impersonal(found, alice)


def test_a_violated_constraint_is_named_without_its_values(alice: Person, lines: Lines) -> None:
    log = logs.structlog.get_logger("voyagent.tests")
    with alice.acting(), contextlib.suppress(sa.exc.IntegrityError):
        insert = sa.text(
            "insert into mails (tenant_id, id, kind, locale, sealed, created_at, due_at,"
            " useless_at, attempts)"
            " values (:tenant, gen_random_uuid(), 'tests', 'en', '', now(), now(), now(), -1)"
        )
        try:
            db.session.execute(insert, {"tenant": alice.actor.tenant_id})
        except sa.exc.IntegrityError:
            log.exception("tests.failed")
            raise
    line = only(lines(), "tests.failed")
    assert (line["error"], line["sqlstate"], line["constraint"]) == (
        "IntegrityError",
        "23514",
        "ck_mails_attempts",
    )
    assert "Failing row" not in str(line)


@pytest.mark.parametrize("path", ["/health", "/ready", "/health/db", "/internal/metrics"])
def test_a_successful_probe_is_not_logged(app: Flask, lines: Lines, path: str) -> None:
    assert app.test_client().get(path).status_code == 200
    assert lines() == []


def test_a_failed_probe_is_logged(app: Flask, lines: Lines) -> None:
    assert app.test_client().get("/health/redis").status_code == 503
    assert only(lines(), "request")["status"] == 503


@pytest.fixture
def task_of_tests(owner_engine: sa.Engine) -> Iterator[None]:
    """Two tasks; their jobs are deleted after the test."""

    @jobs.task(WORKS)
    def works(tenant_id: str) -> None:
        assert tenant_id

    @jobs.task(FAILS)
    def fails(tenant_id: str) -> None:
        raise ValueError(f"{tenant_id} asked for {NOBODY}")

    yield
    for name in (WORKS, FAILS):
        del jobs._tasks[name]  # noqa: SLF001 - they were this test's alone
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from procrastinate_jobs where task_name in (:works, :fails)"),
            {"works": WORKS, "fails": FAILS},
        )


@pytest.mark.usefixtures("task_of_tests")
def test_a_job_has_its_ids_and_those_of_the_request_that_made_it(
    app: Flask, alice: Person, drain: Callable[[], None], lines: Lines
) -> None:
    drain()
    agency = str(alice.actor.tenant_id)
    with app.app_context(), logs.bound(request_id="request-1"), transaction():
        for name in (WORKS, FAILS):
            jobs.defer(name, tenant_id=agency)
    lines()
    drain()
    found = lines()
    for name, event in ((WORKS, "job.done"), (FAILS, "job.failed")):
        (line,) = [one for one in found if one["event"] == event and one["task"] == name]
        assert line.items() >= {"agency": agency, "attempt": 1, "request_id": "request-1"}.items()
        assert line["job"] > 0
        assert line["ms"] >= line["db_ms"] >= 0
    assert NOBODY not in str(found)


@pytest.mark.usefixtures("task_of_tests")
def test_a_worker_of_the_release_before_gets_no_request_id(
    app: Flask, alice: Person, owner_engine: sa.Engine
) -> None:
    with app.app_context(), logs.bound(request_id="request-2"), transaction():
        jobs.defer(WORKS, tenant_id=str(alice.actor.tenant_id))
    with owner_engine.connect() as connection:
        connection.execute(
            sa.text("update procrastinate_jobs set status = 'succeeded' where task_name <> :works"),
            {"works": WORKS},
        )
        claim = "select args from app.fetch_job(null, null, array[]::varchar[])"
        assert connection.scalar(sa.text(claim)) == {"tenant_id": str(alice.actor.tenant_id)}
        connection.rollback()


def test_a_pool_that_cannot_connect_is_logged_in_the_same_form(lines: Lines) -> None:
    pool = ConnectionPool(
        "host=127.0.0.1 port=1 connect_timeout=1",
        min_size=1,
        open=False,
        reconnect_timeout=0,
        name="tests",
    )
    with pytest.raises(psycopg.OperationalError):
        pool.open(wait=True, timeout=5)
    pool.close()
    assert {(line["logger"], line["level"]) for line in lines()} == {("psycopg.pool", "warning")}


def test_warnings_and_errors_of_threads_are_logged(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.take_over()
        try:
            warnings.warn("Something is deprecated.", DeprecationWarning, stacklevel=1)
        finally:
            logging.captureWarnings(capture=False)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    warning, error = lines()
    assert (warning["logger"], warning["level"]) == ("py.warnings", "warning")
    assert (error["event"], error["error"]) == ("thread.failed", "ZeroDivisionError")


def test_messages_of_libraries_have_no_queries_and_no_arguments(lines: Lines) -> None:
    library = logging.getLogger("library")
    library.error("Error handling request %s", "/reset-password?token=5ec4e7")
    library.error("Job mail_reset[12](asked='sealed (text)') ended with status: Error")
    assert [line["event"] for line in lines()] == [
        "Error handling request /reset-password",
        "Job mail_reset[12] ended with status: Error",
    ]


def test_on_a_terminal_the_log_is_text(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(as_json=False)
    logs.structlog.get_logger("voyagent.tests").info("tests.done", agency="a-1")
    logging.getLogger("library").warning("Something happened.")
    logs.configure(as_json=settings.log_json)
    first, second = capsys.readouterr().out.splitlines()
    assert "tests.done" in first
    assert "a-1" in first
    assert "Something happened." in second
    assert not first.startswith("{")


def assert_impersonal(found: list[dict[str, Any]], person: Person) -> None:
    written = json.dumps(found)
    for personal in (person.email, person.actor.full_name, PASSWORD, person.access_token):
        assert personal not in written


def test_lines_of_a_migration_are_those_of_a_command(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[Purpose] = []

    def note(_settings: Settings) -> None:
        kinds.append(purpose_of_process())
        raise cli.ServerUnreachable("the end of this test")

    before = purpose_of_process()
    monkeypatch.setattr(cli, "reach", note)
    try:
        app.test_cli_runner().invoke(args=["migrate-up"])
    finally:
        name_process(before)
    assert kinds == [Purpose.COMMAND]
