"""Metrics: access, names, and labels without input of callers."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from tests.http.operations import CALLS, MAKERS
from tests.people import Person
from voyagent.approvals.service import execution
from voyagent.assistant.service import messages as assistant
from voyagent.chat.service import conversations as chat
from voyagent.http import metrics as http_metrics
from voyagent.http.headers import METHODS
from voyagent.kernel import jobs, metrics as kernel_metrics
from voyagent.kernel.config import Environment
from voyagent.kernel.database import read_connections
from voyagent.kernel.database.start_checks import SCHEMA_TO
from voyagent.kernel.db import db
from voyagent.kernel.last_runs import note_run
from voyagent.kernel.limits import throttles
from voyagent.kernel.metrics import after_commit
from voyagent.kernel.queues import PLACES

PATHS = ["/internal/metrics", "/api/internal/metrics"]
TOKEN = "operators-token-1"
FORWARDED = [
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Anything",
    "X-Real-IP",
    "Via",
]


@contextmanager
def set_to(app: Flask, **changes: Any) -> Iterator[None]:
    """Use the application with other settings until the block ends."""
    before = app.extensions["voyagent.settings"]
    app.extensions["voyagent.settings"] = before.model_copy(update=changes)
    try:
        yield
    finally:
        app.extensions["voyagent.settings"] = before


def read(app: Flask) -> str:
    """Return the metrics that a local program reads."""
    answer = app.test_client().get("/internal/metrics")
    assert answer.status_code == 200
    return answer.text


def figure(found: str, name: str, **labels: str) -> float:
    """Return a value of metrics that were read, 0 if it is not among them.

    Only the lines of its name are parsed: a process that has run many tests has thousands.
    """
    lines = "\n".join(line for line in found.splitlines() if re.match(rf"{name}\b", line))
    return next(
        (
            sample.value
            for family in text_string_to_metric_families(lines + "\n")
            for sample in family.samples
            if (sample.name, sample.labels) == (name, labels)
        ),
        0.0,
    )


def labels_of(app: Flask) -> dict[str, set[str]]:
    """Return all values of each label."""
    values: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(read(app)):
        for sample in family.samples:
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
    return values


@pytest.mark.parametrize("path", PATHS)
def test_the_metrics_of_the_contract_have_their_names_and_labels(
    app: Flask, alice: Person, path: str
) -> None:
    app.test_client().get("/api/health")
    answer = app.test_client().get(path)
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families["voyagent_api_requests"].type == "counter"
    assert families["voyagent_api_request_duration_seconds"].type == "histogram"
    assert families["voyagent_api_active_sessions"].type == "gauge"
    assert families["voyagent_api_build_info"].type == "gauge"
    assert re.search(
        r'^voyagent_api_requests_total\{method="GET",path="/health",status="200"\} \d',
        answer.text,
        re.MULTILINE,
    )
    assert re.search(
        r'^voyagent_api_request_duration_seconds_count\{method="GET",path="/health"\} \d',
        answer.text,
        re.MULTILINE,
    )
    assert re.search(
        r"^voyagent_api_request_duration_seconds_bucket"
        r'\{le="\+Inf",method="GET",path="/health"\} \d',
        answer.text,
        re.MULTILINE,
    )
    assert re.search(r"^voyagent_api_active_sessions \d", answer.text, re.MULTILINE)
    assert re.search(
        r'^voyagent_api_build_info\{commit="unknown",version="[^"]+"\} 1\.0$',
        answer.text,
        re.MULTILINE,
    )


def test_additional_metrics_are_returned(app: Flask) -> None:
    names = {family.name for family in text_string_to_metric_families(read(app))}
    assert {
        "voyagent_page_requests",
        "voyagent_page_request_duration_seconds",
        "voyagent_turns_started",
        "voyagent_turn_duration_seconds",
        "voyagent_turns",
        "voyagent_job_duration_seconds",
        "voyagent_jobs",
        "voyagent_approvals_decided",
        "voyagent_approvals",
        "voyagent_db_connections_in_use",
        "voyagent_db_connections_max",
        "voyagent_mails",
        "voyagent_ready",
        "voyagent_db_up",
        "voyagent_db_writable",
        "voyagent_schema_info",
        "voyagent_job_queue_oldest_seconds",
        "voyagent_workers_alive",
        "voyagent_mail_oldest_seconds",
        "voyagent_relation_bytes",
        "voyagent_backup_last_success_timestamp_seconds",
        "voyagent_books_findings",
        "voyagent_audit_findings",
        "voyagent_db_pool_waiting",
        "voyagent_db_pool_wait_seconds",
        "voyagent_db_connections_discarded",
        "voyagent_http_connections",
        "voyagent_http_refused",
        "voyagent_streams_open",
        "voyagent_limit_refusals",
    } <= names


# Permissions
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_a_local_program_may_read_the_metrics(
    app: Flask, path: str, peer: str
) -> None:
    assert app.test_client().get(path, environ_base={"REMOTE_ADDR": peer}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "203.0.113.9", "::ffff:10.0.0.1", "fe80::1", "", "unix:", "localhost"]
)
def test_without_a_token_other_machines_are_refused(app: Flask, path: str, peer: str) -> None:
    answer = app.test_client().get(path, environ_base={"REMOTE_ADDR": peer})
    assert (answer.status_code, answer.json["detail"]) == (404, "not found")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", FORWARDED)
@pytest.mark.parametrize("value", ["127.0.0.1", ""])
def test_without_a_token_proxied_requests_are_refused(
    app: Flask, path: str, header: str, value: str
) -> None:
    answer = app.test_client().get(path, headers={header: value})
    assert (answer.status_code, answer.json["detail"]) == (404, "not found")


def test_trusted_proxies_do_not_give_access_to_metrics(app: Flask) -> None:
    with set_to(app, trusted_proxies="127.0.0.1"):
        assert (
            app.test_client()
            .get("/internal/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
            .status_code
            == 404
        )
        outside = {"REMOTE_ADDR": "203.0.113.9"}
        assert (
            app.test_client()
            .get(
                "/internal/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, environ_base=outside
            )
            .status_code
            == 404
        )


def test_in_production_the_metrics_require_a_token(app: Flask) -> None:
    with set_to(app, env=Environment.PRODUCTION):
        assert app.test_client().get("/internal/metrics").status_code == 404
        assert (
            app.test_client()
            .get("/internal/metrics", headers={http_metrics.TOKEN_HEADER: ""})
            .status_code
            == 404
        )


@pytest.mark.parametrize("env", list(Environment))
@pytest.mark.parametrize("path", PATHS)
def test_a_configured_token_is_required_from_every_caller(
    app: Flask, env: Environment, path: str
) -> None:
    with set_to(app, env=env, metrics_token=SecretStr(TOKEN)):
        client = app.test_client()
        for given in (
            None,
            "",
            "operators-token-2",
            TOKEN[:-1],
            TOKEN + "x",
            TOKEN.upper(),
            "\xe9" * 17,
            f"Bearer {TOKEN}",
        ):
            headers = {} if given is None else {http_metrics.TOKEN_HEADER: given}
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.json["detail"]) == (404, "not found"), given
        for peer in ("127.0.0.1", "203.0.113.9", ""):
            headers = {http_metrics.TOKEN_HEADER: TOKEN, "X-Forwarded-For": "198.51.100.7"}
            assert (
                client.get(path, headers=headers, environ_base={"REMOTE_ADDR": peer}).status_code
                == 200
            ), peer


def test_the_token_is_compared_in_constant_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []
    real = http_metrics.hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    monkeypatch.setattr(http_metrics.hmac, "compare_digest", watched)
    with set_to(app, metrics_token=SecretStr(TOKEN)):
        for given in ("a", TOKEN, "x" * 500):
            app.test_client().get("/internal/metrics", headers={http_metrics.TOKEN_HEADER: given})
    assert compared == [(32, 32)] * 3, "digests of one length, whatever was given"


def test_only_get_is_accepted(app: Flask) -> None:
    assert app.test_client().post("/internal/metrics").status_code == 405


# Labels
# --------------------------------------------------------------------------------


def test_the_path_label_is_the_template_of_the_route(app: Flask, alice: Person) -> None:
    before = read(app)
    alice.api.get("/enquiries/019412f0-7c1e-7a34-9d02-5b1f6c3a8e10")
    alice.api.get("/enquiries/nonsense")
    app.test_client().get("/health")
    app.test_client().get("/api/health")
    after = read(app)

    def more(name: str, **labels: str) -> float:
        return figure(after, name, **labels) - figure(before, name, **labels)

    assert (
        more("voyagent_api_requests_total", method="GET", path="/enquiries/:id", status="404") == 2
    )
    assert (
        more("voyagent_api_request_duration_seconds_count", method="GET", path="/enquiries/:id")
        == 2
    )
    assert more("voyagent_api_requests_total", method="GET", path="/health", status="200") == 2


def test_pages_and_api_are_counted_separately(app: Flask, alice: Person) -> None:
    browser = alice.browser
    before = read(app)
    assert browser.get("/enquiries").status_code == 200
    after = read(app)
    page = {"method": "GET", "path": "/enquiries", "status": "200"}
    assert (
        figure(after, "voyagent_page_requests_total", **page)
        - figure(before, "voyagent_page_requests_total", **page)
        == 1
    )
    assert figure(after, "voyagent_api_requests_total", **page) == figure(
        before, "voyagent_api_requests_total", **page
    )


def test_no_input_of_a_caller_becomes_a_label(app: Flask, alice: Person) -> None:
    client = app.test_client()
    before = labels_of(app)
    for number in range(20):
        for path in (
            f"/api/made-up-{number}",
            f"/made-up-{number}",
            f"/api/enquiries/x/y/{number}",
            f"/%00{number}",
            f'/api/"}}{number}\n',
        ):
            assert client.get(path).status_code in {400, 401, 404, 422}
        client.open("/api/health", method=f"MADEUP{number}")
        client.open("/api/health", method='GET"}\n')
        client.get(
            "/api/health",
            headers={"X-Request-Id": f"made-up-{number}", "Host": f"made-up-{number}.example"},
        )
    found = labels_of(app)
    assert found["method"] - before["method"] <= {
        *METHODS,
        "other",
    }
    templates = {http_metrics._template(rule.rule) for rule in app.url_map.iter_rules()}  # noqa: SLF001 - the same
    assert found["path"] - before["path"] <= templates | {":unmatched"}
    assert ":unmatched" in found["path"]
    assert "MADEUP" not in read(app)
    assert "made-up" not in read(app)


def test_no_label_contains_data_of_an_agency(
    app: Flask, alice: Person, drain: Callable[[], None]
) -> None:
    enquiry = alice.api.post("/enquiries", json={"customer_name": "Deepa Krishnan"}).json
    alice.api.get(f"/enquiries/{enquiry['id']}")
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    alice.browser.get(f"/assistant/{session_id}")
    drain()
    metrics = read(app)
    for secret in (
        enquiry["id"],
        session_id,
        alice.email,
        str(alice.actor.tenant_id),
        str(alice.actor.user_id),
        "Deepa",
        "Alice",
        "127.0.0.1",
    ):
        assert secret not in metrics
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", metrics)
    assert set(labels_of(app)) <= {
        "method",
        "path",
        "status",
        "le",
        "version",
        "commit",
        "state",
        "outcome",
        "task",
        "pool",
        "queue",
        "reason",
        "limit",
        "table",
        "revision",
    }


def test_every_operation_has_a_path_label_without_values() -> None:
    for call in CALLS:
        template = http_metrics._template(call.path)  # noqa: SLF001 - there is no other way to see it
        assert not template.startswith("/api/")
        assert re.fullmatch(r"(/(:id|[a-z0-9.-]+))+", template), template


# Counted metrics
# --------------------------------------------------------------------------------


def test_conversations_with_a_message_in_the_last_hour_are_active(
    app: Flask, alice: Person, charlie: Person, owner_engine: sa.Engine
) -> None:
    def active() -> float:
        return figure(read(app), "voyagent_api_active_sessions")

    before = active()
    sessions = [(person, chat_of(person)) for person in (alice, charlie, alice)]
    assert active() == before + 3
    alice.does(chat.delete, sessions[0][1])
    assert active() == before + 2, "a deleted conversation is not active"
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update chat_sessions set last_message_at = now() - interval '61 minutes' where id"
                " = :id"
            ),
            {"id": sessions[1][1]},
        )
    assert active() == before + 1, "an old one is not"
    alice.api.post("/chat/sessions", json={})
    assert active() == before + 1, "nor is one without a message"


def test_a_turn_is_counted_when_it_begins_and_when_it_ends(
    app: Flask, alice: Person, drain: Callable[[], None]
) -> None:
    drain()
    before = read(app)
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    alice.does(lambda actor: assistant.send(actor, session_id, message="Who owes us?"))
    waiting = read(app)
    assert (
        figure(waiting, "voyagent_turns", state="waiting")
        == figure(before, "voyagent_turns", state="waiting") + 1
    )
    assert (
        figure(waiting, "voyagent_jobs", state="waiting")
        == figure(before, "voyagent_jobs", state="waiting") + 1
    )
    drain()
    after = read(app)
    assert figure(after, "voyagent_turns", state="waiting") == figure(
        before, "voyagent_turns", state="waiting"
    )
    assert (
        figure(after, "voyagent_turns_started_total")
        == figure(before, "voyagent_turns_started_total") + 1
    )
    done = "voyagent_turn_duration_seconds_count"
    assert figure(after, done, outcome="done") == figure(before, done, outcome="done") + 1
    ran = {"task": "assistant.run_turn", "outcome": "succeeded"}
    assert (
        figure(after, "voyagent_job_duration_seconds_count", **ran)
        == figure(before, "voyagent_job_duration_seconds_count", **ran) + 1
    )


def test_a_proposal_is_pending_until_it_is_decided(
    app: Flask, alice: Person, owner_engine: sa.Engine
) -> None:
    def pending() -> float:
        return figure(read(app), "voyagent_approvals", state="pending")

    with (
        owner_engine.begin() as connection
    ):  # what earlier tests asked for must not run out meanwhile
        connection.execute(
            sa.text(
                "update approvals set expires_at = now() + interval '1 hour' where status ="
                " 'pending' and expires_at > now()"
            )
        )
    before = read(app)
    approval_id, overdue = MAKERS["approval_id"](alice), MAKERS["approval_id"](alice)
    assert pending() == figure(before, "voyagent_approvals", state="pending") + 2
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update approvals set expires_at = now() - interval '1 minute' where id = :id"),
            {"id": overdue},
        )
    assert pending() == figure(before, "voyagent_approvals", state="pending") + 1, (
        "one whose time is over waits for nobody"
    )
    assert (
        alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": False}).status_code
        == 200
    )
    alice.does(lambda _actor: execution.expire_overdue())
    after = read(app)
    decided = "voyagent_approvals_decided_total"
    assert (
        figure(after, decided, outcome="rejected")
        == figure(before, decided, outcome="rejected") + 1
    )
    assert (
        figure(after, decided, outcome="expired") >= figure(before, decided, outcome="expired") + 1
    )
    assert pending() == figure(before, "voyagent_approvals", state="pending")


def test_a_rolled_back_act_is_not_counted(app: Flask, alice: Person) -> None:
    counted: list[str] = []
    with pytest.raises(ZeroDivisionError), alice.acting():
        after_commit(db.session, lambda: counted.append("never"))
        raise ZeroDivisionError
    with alice.acting():
        after_commit(db.session, lambda: counted.append("once"))
        with db.session.begin_nested():
            pass
        assert counted == [], "the end of a savepoint is not the end"
    assert counted == ["once"]


def test_a_failed_job_is_counted_separately(
    app: Flask, settings: Any, drain: Callable[[], None]
) -> None:
    @jobs.task("tests.breaks")
    def breaks() -> None:
        raise ValueError("as it should")

    before = read(app)
    registered = jobs._in_context(app, breaks)  # noqa: SLF001 - as the worker calls it, without its four further tries
    with pytest.raises(ValueError, match="as it should"):
        registered()
    del jobs._tasks["tests.breaks"]  # noqa: SLF001 - it was this test's alone
    failed = {"task": "tests.breaks", "outcome": "failed"}
    assert (
        figure(read(app), "voyagent_job_duration_seconds_count", **failed)
        == figure(before, "voyagent_job_duration_seconds_count", **failed) + 1
    )


def test_used_connections_are_counted(app: Flask, alice: Person) -> None:
    before = figure(read(app), "voyagent_db_connections_in_use", pool="session")
    with app.app_context(), db.engine.connect(), db.engine.connect():
        during = figure(read(app), "voyagent_db_connections_in_use", pool="session")
    assert during == before + 2
    assert figure(read(app), "voyagent_db_connections_in_use", pool="session") == before
    alice.api.get("/enquiries")
    found = read(app)
    assert figure(found, "voyagent_db_connections_in_use", pool="lane") == 0
    assert figure(found, "voyagent_db_connections_max", pool="session") > 0
    assert figure(found, "voyagent_db_connections_max", pool="lane") > 0


def test_a_failed_reconnection_is_not_counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        before = figure(read(app), "voyagent_db_connections_in_use", pool="session")
        db.engine.pool.dispose()  # the next connection is the only one
        connection = db.engine.connect()
        connection.invalidate()
        connection.close()
        monkeypatch.setattr(psycopg.Connection, "connect", fail_to_connect)
        for _ in range(5):
            with pytest.raises(sa.exc.OperationalError):
                db.engine.connect()
        monkeypatch.undo()
    assert figure(read(app), "voyagent_db_connections_in_use", pool="session") == before


def fail_to_connect(*_arguments: Any, **_options: Any) -> None:
    raise psycopg.OperationalError("the database is away")


def test_without_the_database_the_other_metrics_are_returned(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(db.session, "execute", away)
    metrics = read(app)
    assert "voyagent_api_requests_total" in metrics
    assert "voyagent_api_build_info" in metrics
    assert "voyagent_api_active_sessions" not in metrics, "no number is better than a wrong one"
    assert [
        figure(metrics, name)
        for name in ("voyagent_ready", "voyagent_db_up", "voyagent_db_writable")
    ] == [0, 0, 0]


# Figures of the server
# --------------------------------------------------------------------------------


def test_a_server_that_accepts_work_is_ready(app: Flask) -> None:
    metrics = read(app)
    for name in ("voyagent_ready", "voyagent_db_up", "voyagent_db_writable"):
        assert figure(metrics, name) == 1
    assert figure(metrics, "voyagent_schema_info", revision=SCHEMA_TO) == 1
    assert figure(metrics, "voyagent_relation_bytes", table="alembic_version") > 0


def test_a_server_that_drains_is_not_ready(app: Flask) -> None:
    app.extensions["voyagent.draining"].set()
    metrics = read(app)
    app.extensions["voyagent.draining"].clear()
    assert (figure(metrics, "voyagent_ready"), figure(metrics, "voyagent_db_writable")) == (0, 1)


def test_a_read_only_database_is_up_and_not_writable(app: Flask) -> None:
    with app.app_context():
        db.session.execute(sa.text("set transaction read only"))
        found = http_metrics._figures(app.extensions["voyagent.settings"])  # noqa: SLF001 - in this transaction
        db.session.rollback()
    assert found is not None
    assert found.number("writable") == 0


def test_the_oldest_waiting_job_of_a_queue_has_an_age(
    app: Flask, drain: Callable[[], None], owner_engine: sa.Engine
) -> None:
    drain()

    def ages() -> list[float]:
        metrics = read(app)
        return [
            figure(metrics, "voyagent_job_queue_oldest_seconds", queue=queue)
            for queue in ("default", "more", "reports")
        ]

    add = (
        "insert into procrastinate_jobs (queue_name, task_name, status, scheduled_at)"
        " values (:queue, 'tests.waits', :status, {at}) returning id"
    )
    with owner_engine.begin() as connection:
        for queue, status, at in (
            ("more", "todo", "now() - interval '90 seconds'"),
            ("reports", "todo", "now() + interval '1 hour'"),
            ("reports", "succeeded", "now() - interval '1 day'"),
        ):
            connection.execute(sa.text(add.format(at=at)), {"queue": queue, "status": status})
        unscheduled = connection.scalar(
            sa.text(add.format(at="null")), {"queue": "default", "status": "todo"}
        )
        connection.execute(
            sa.text(
                "update procrastinate_events set at = now() - interval '30 seconds' where job_id ="
                " :id"
            ),
            {"id": unscheduled},
        )
    try:
        first, more, reports = ages()
        assert (30 <= first < 60, 90 <= more < 120, reports) == (True, True, 0)
    finally:
        with owner_engine.begin() as connection:
            connection.execute(
                sa.text("delete from procrastinate_jobs where task_name = 'tests.waits'")
            )
    assert ages() == [0, 0, 0]


def test_a_worker_is_alive_while_its_heartbeats_are_recent(
    app: Flask, owner_engine: sa.Engine
) -> None:
    """A worker has one entry for each of its groups of places."""
    before = figure(read(app), "voyagent_workers_alive")
    add = sa.text(
        "insert into procrastinate_workers (last_heartbeat) select now() - make_interval(secs =>"
        " :age) from generate_series(1, :number) returning id"
    )
    with owner_engine.begin() as connection:
        alive = connection.scalars(add, {"age": 0, "number": 2 * len(PLACES)}).all()
        dead = connection.scalars(add, {"age": 60, "number": len(PLACES)}).all()
    try:
        assert figure(read(app), "voyagent_workers_alive") == before + 2
    finally:
        with owner_engine.begin() as connection:
            connection.execute(
                sa.text("delete from procrastinate_workers where id = any(:ids)"),
                {"ids": [*alive, *dead]},
            )


def test_mails_are_due_or_delayed_and_the_oldest_has_an_age(
    app: Flask, alice: Person, owner_engine: sa.Engine
) -> None:
    before = read(app)
    add = sa.text(
        "insert into mails (tenant_id, id, kind, locale, sealed, created_at, due_at, useless_at)"
        " select :tenant, gen_random_uuid(), 'tests', 'en', '', now() - interval '400 days',"
        " now() + make_interval(secs => due), now() + interval '1 day'"
        " from unnest(array[-60, 60, 90]) due"
    )
    with owner_engine.begin() as connection:
        connection.execute(add, {"tenant": alice.actor.tenant_id})
    try:
        after = read(app)
    finally:
        with owner_engine.begin() as connection:
            connection.execute(sa.text("delete from mails where kind = 'tests'"))
    for state, number in (("waiting", 1), ("delayed", 2)):
        more = figure(after, "voyagent_mails", state=state) - figure(
            before, "voyagent_mails", state=state
        )
        assert more == number, state
    assert figure(after, "voyagent_mail_oldest_seconds") >= 400 * 86400


def test_the_last_runs_are_returned(app: Flask) -> None:
    with app.app_context():
        note_run("backup")
        note_run("books", findings=2)
        note_run("audit", findings=3)
        note_run("audit", findings=1)
    metrics = read(app)
    made_at = figure(metrics, "voyagent_backup_last_success_timestamp_seconds")
    assert abs(made_at - time.time()) < 60
    assert figure(metrics, "voyagent_books_findings") == 2
    assert figure(metrics, "voyagent_audit_findings") == 1


def test_a_refusal_by_a_rate_limit_is_counted(app: Flask) -> None:
    before = figure(read(app), "voyagent_limit_refusals_total", limit=throttles.SIGN_IN.name)
    client = app.test_client()
    refused = 0
    for _ in range(40):
        answer = client.post(
            "/api/auth/sign-in",
            json={"email": "nobody@metrics.example", "password": "Harbour-lantern-41"},
            environ_base={"REMOTE_ADDR": "198.51.100.77"},
        )
        refused += answer.status_code == 429
        if refused == 2:
            break
    after = figure(read(app), "voyagent_limit_refusals_total", limit=throttles.SIGN_IN.name)
    assert (after - before, refused) == (2, 2)


def test_waits_and_discarded_connections_are_counted(
    app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_connections, "COUNTED_WAIT_S", 0.0)
    before = read(app)
    with app.app_context():
        connection = db.engine.connect()
        connection.invalidate()
        connection.close()
    alice.api.get("/enquiries")
    after = read(app)
    discarded = "voyagent_db_connections_discarded_total"
    assert figure(after, discarded, pool="session") == figure(before, discarded, pool="session") + 1
    for pool in ("session", "lane"):
        waited = "voyagent_db_pool_wait_seconds_total"
        assert figure(after, waited, pool=pool) > figure(before, waited, pool=pool)
        assert figure(after, "voyagent_db_pool_waiting", pool=pool) == 0


def test_the_sampler_sets_the_gauges_until_the_process_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernel_metrics, "SAMPLE_EVERY_S", 0.001)
    sampled = threading.Semaphore(0)
    sampler = kernel_metrics.Sampler()
    sampler.add(sampled.release)
    sampler.start()
    for _ in range(3):
        assert sampled.acquire(timeout=10)


# Cost
# --------------------------------------------------------------------------------


# Five thousand of each that are over, as history; the transaction is rolled back.
HISTORY = (
    (
        "insert into chat_sessions (tenant_id, id, created_by_user_id, last_message_at) select :t,"
        " gen_random_uuid(), :u, now() - interval '2 days' from generate_series(1, 5000)"
    ),
    (
        "insert into chat_turns (tenant_id, id, session_id, number, user_id, kind, status,"
        " finished_at) select :t, 't-' || n, :s, n, :u, 'message', 'done', now() from"
        " generate_series(1, 5000) n"
    ),
    (
        "insert into approvals (tenant_id, id, session_id, tool_call_id, tool_name, summary,"
        " payload, arguments_hash, status, resolved_at) select :t, 'ap-' || n, :s, n::text, 'note',"
        " 'note', '{}', repeat('0', 64), 'rejected', now() from generate_series(1, 5000) n"
    ),
    (
        "insert into mails (tenant_id, id, kind, locale, created_at, due_at, useless_at, sent_at)"
        " select :t, gen_random_uuid(), 'invitation', 'en', now(), now(), now(), now() from"
        " generate_series(1, 5000)"
    ),
    "analyze chat_sessions, chat_turns, approvals, mails",
)
PLANS = (
    (
        (
            "select count(*) from chat_sessions where deleted_at is null and last_message_at >"
            " now() - interval '1 hour'"
        ),
        "ix_chat_sessions_last_message",
    ),
    ("select count(*) from chat_turns where status = 'running'", "ix_chat_turns_unfinished"),
    (
        (
            "select count(*) from approvals where status = 'pending' and hidden_at is null and"
            " expires_at > now()"
        ),
        "ix_approvals_undecided",
    ),
    ("select count(*) from mails where sent_at is null and failed_at is null", "ix_mails_waiting"),
)


def test_reading_the_metrics_takes_one_statement(app: Flask, statements: list[str]) -> None:
    statements.clear()
    read(app)
    (statement,) = statements
    assert "app.figures()" in statement
    assert "app.server_figures(" in statement


def test_finished_work_does_not_slow_the_metrics(alice: Person, owner_engine: sa.Engine) -> None:
    values = {"t": alice.actor.tenant_id, "u": alice.actor.user_id, "s": chat_of(alice)}
    with owner_engine.connect() as connection, connection.begin() as transaction:
        for statement in HISTORY:
            connection.execute(sa.text(statement), values if ":t" in statement else {})
        for statement, index in PLANS:
            plan = "\n".join(connection.scalars(sa.text(f"explain {statement}")))
            assert index in plan, plan
        transaction.rollback()


def test_counting_takes_almost_no_time(app: Flask) -> None:
    """Measured values are a few microseconds; the limit is a hundred."""
    with app.test_request_context("/api/health"):
        response = app.response_class(status=200)
        http_metrics._count(response)  # noqa: SLF001 - the cost of exactly this
        began = time.perf_counter()
        for _ in range(2000):
            http_metrics._count(response)  # noqa: SLF001 - the same
        assert (time.perf_counter() - began) / 2000 < 100e-6


def chat_of(person: Person) -> Any:
    """A conversation with a message in it."""
    with person.acting() as actor:
        session = chat.create_session(actor)
        chat.append_message(
            actor, session.id, role="user", blocks=[{"type": "text", "text": "hello"}]
        )
        return session.id
