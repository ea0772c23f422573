"""Traces of requests, their statements and their jobs, without personal data."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.collector import Collector, attributes, needs_packages, running_collector
from tests.people import PASSWORD, Person
from tests.processes import ROOT, gunicorn_settings, worker_environment
from voyagent.http.tracing import start_tracing
from voyagent.kernel import jobs, otlp, tracing
from voyagent.kernel.config import ConfigurationError, Settings
from voyagent.kernel.database.start_checks import EXIT_CODE
from voyagent.kernel.db import db, transaction

ADDRESS = "OTEL_EXPORTER_OTLP_ENDPOINT"
CUSTOMER, WORD = "Deepa Krishnan", "Darjeeling"
FAILS = "tests.trace_fails"
Exported = Callable[[], Collector]


@pytest.fixture(autouse=True)
def no_other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


@pytest.fixture
def exported(
    app: Flask, collector: Collector, no_jobs: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Exported]:
    """Record every trace; a call ends the recording and returns the collector."""
    monkeypatch.setenv(ADDRESS, collector.url)
    monkeypatch.setenv(otlp.RATIO, "1")
    start_tracing(app)

    def end() -> Collector:
        tracing.stop()
        return collector

    yield end
    tracing.stop()


def one(collector: Collector, name: str) -> Any:
    (span,) = [span for span in collector.spans if span.name == name]
    return span


@needs_packages
def test_a_request_is_a_span_and_its_job_is_a_child(
    app: Flask, alice: Person, exported: Exported, drain: Callable[[], None]
) -> None:
    answer = app.test_client().post("/api/auth/request-password-reset", json={"email": alice.email})
    assert answer.status_code < 300
    drain()
    collector = exported()
    request = one(collector, "POST /api/auth/request-password-reset")
    job = one(collector, "identity.mail_reset")
    assert job.trace_id == request.trace_id
    assert job.parent_span_id == request.span_id
    assert not request.parent_span_id
    request_id = answer.headers["X-Request-Id"]
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/api/auth/request-password-reset",
        "http.response.status_code": answer.status_code,
        "voyagent.request_id": request_id,
    }
    assert (
        attributes(job).items()
        >= {"voyagent.attempt": 1, "voyagent.request_id": request_id}.items()
    )
    children = [span for span in collector.spans if span.parent_span_id == job.span_id]
    assert {span.name for span in children} > {"SELECT", "mail.deliver"}
    (resource,) = {str(one.resource) for one in collector.resources}
    assert "voyagent-web" in resource


@needs_packages
def test_a_read_is_one_span_with_all_its_statements(alice: Person, exported: Exported) -> None:
    alice.api.get(f"/enquiries?q={WORD}")
    collector = exported()
    request, read = one(collector, "GET /api/enquiries"), one(collector, "SELECT")
    assert read.parent_span_id == request.span_id
    text = attributes(read)["db.query.text"]
    assert "app.authenticate" in text
    assert "ORDER BY rows.created_at" in text


@needs_packages
def test_no_secret_and_no_name_is_exported(
    app: Flask, alice: Person, exported: Exported, drain: Callable[[], None]
) -> None:
    client = app.test_client()
    client.post("/api/auth/login", json={"email": alice.email, "password": PASSWORD})
    client.post("/api/auth/request-password-reset", json={"email": alice.email})
    client.get("/reset-password?token=5ec4e75ec4e7", headers={"User-Agent": "Agent-Of-Deepa"})
    made = alice.api.post("/enquiries", json={"customer_name": CUSTOMER, "notes": WORD})
    assert made.status_code == 201
    alice.api.get(f"/enquiries?q={WORD}")
    alice.api.get(f"/enquiries/{WORD}")
    with app.app_context(), tracing.span("literal", "SERVER", {}), transaction():
        db.session.execute(sa.text(f"select '{CUSTOMER}', 'it''s {WORD}'"))
    drain()
    collector = exported()
    everything = b"".join(collector.bodies)
    assert b"INSERT INTO enquiries" in everything
    for personal in (
        *(alice.email, alice.actor.full_name, alice.actor.tenant_name, PASSWORD),
        *(alice.access_token, CUSTOMER, "Deepa", WORD, "5ec4e7", "127.0.0.1"),
    ):
        assert personal.encode() not in everything


@needs_packages
def test_a_failure_is_recorded_without_its_message(
    app: Flask,
    alice: Person,
    exported: Exported,
    drain: Callable[[], None],
    owner_engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @jobs.task(FAILS)
    def fails() -> None:
        db.session.execute(sa.text("select 1 / 0"))

    def fail(_app: Flask) -> None:
        raise ValueError(CUSTOMER)

    with app.app_context(), transaction():
        jobs.defer(FAILS)
    drain()
    del jobs._tasks[FAILS]  # noqa: SLF001 - it was this test's alone
    monkeypatch.setattr("voyagent.http.app.VoyagentFlask._dispatch_once", fail)
    assert alice.api.get("/enquiries").status_code == 500
    collector = exported()
    job, request = one(collector, FAILS), one(collector, "GET /api/enquiries")
    statement = [
        span
        for span in collector.spans
        if span.parent_span_id == job.span_id and attributes(span).get("error.type")
    ]
    assert [attributes(span)["error.type"] for span in statement] == ["DivisionByZero"]
    for span, kind in ((job, "DataError"), (request, "500")):
        assert attributes(span)["error.type"] == kind
        assert (span.status.code, span.status.message, list(span.events)) == (2, "", [])
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("delete from procrastinate_jobs where task_name = :name"), {"name": FAILS}
        )


@needs_packages
def test_log_lines_have_the_id_of_the_trace(
    alice: Person, exported: Exported, log_lines: list[dict[str, Any]]
) -> None:
    alice.api.get("/enquiries")
    span = one(exported(), "GET /api/enquiries")
    assert [line["trace_id"] for line in log_lines] == [span.trace_id.hex()]


@needs_packages
def test_a_client_cannot_choose_its_trace(alice: Person, exported: Exported) -> None:
    given = f"00-{'a' * 32}-{'b' * 16}-01"
    alice.api.get("/enquiries", headers={"traceparent": given})
    span = one(exported(), "GET /api/enquiries")
    assert span.trace_id.hex() != "a" * 32
    assert not span.parent_span_id


@needs_packages
@pytest.mark.parametrize("path", ["/health", "/ready", "/internal/metrics", "/static/app.css"])
def test_monitoring_and_files_are_not_recorded(app: Flask, exported: Exported, path: str) -> None:
    app.test_client().get(path)
    assert exported().spans == []


@needs_packages
def test_statements_outside_of_requests_and_jobs_are_not_recorded(
    app: Flask, exported: Exported
) -> None:
    with app.app_context(), transaction():
        db.session.execute(sa.text("select 1"))
    assert exported().spans == []


@needs_packages
def test_a_trace_that_is_not_sampled_has_no_job_either(
    app: Flask,
    alice: Person,
    collector: Collector,
    no_jobs: None,
    drain: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    log_lines: list[dict[str, Any]],
) -> None:
    monkeypatch.setenv(ADDRESS, collector.url)
    monkeypatch.setenv(otlp.RATIO, "0")
    start_tracing(app)
    app.test_client().post("/api/auth/request-password-reset", json={"email": alice.email})
    tracing.stop()
    monkeypatch.setenv(otlp.RATIO, "1")
    start_tracing(app)
    drain()
    tracing.stop()
    assert {"identity.mail_reset", "mail.deliver"} & {
        span.name for span in collector.spans
    } == set()
    assert len(log_lines[0]["trace_id"]) == 32


@needs_packages
def test_a_worker_of_the_release_before_gets_no_span(
    app: Flask, exported: Exported, owner_engine: sa.Engine
) -> None:
    with app.app_context(), tracing.span("tests", "SERVER", {}), transaction():
        jobs.defer(FAILS, tenant_id="a-1")
    with owner_engine.connect() as connection:
        stored = "select args from procrastinate_jobs where task_name = :name"
        assert set(connection.scalar(sa.text(stored), {"name": FAILS})) == {
            "tenant_id",
            "traceparent",
        }
        connection.execute(
            sa.text("delete from procrastinate_jobs where task_name <> :name"), {"name": FAILS}
        )
        claim = "select args from app.fetch_job(null, null, array[]::varchar[])"
        assert connection.scalar(sa.text(claim)) == {"tenant_id": "a-1"}
        connection.rollback()


def test_without_an_address_nothing_of_opentelemetry_is_imported(settings: Settings) -> None:
    code = (
        "import sys\n"
        "from voyagent.factory import create_app\n"
        "from voyagent.http.metrics import start_sending\n"
        "from voyagent.http.tracing import start_tracing\n"
        "from voyagent.kernel.config import load_settings\n"
        "app = create_app(load_settings())\n"
        "start_tracing(app)\n"
        "start_sending(app, with_figures=True)\n"
        "app.test_client().get('/sign-in')\n"
        "loaded = ('voyagent.kernel.spans', 'voyagent.kernel.metric_sending',"
        " 'opentelemetry.sdk.trace', 'opentelemetry.exporter')\n"
        "print([name for name in loaded if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=worker_environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "off",
    [
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"},
        {ADDRESS: ""},
    ],
)
def test_the_standard_variables_switch_traces_off(
    app: Flask, alice: Person, off: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        {ADDRESS: "http://127.0.0.1:1", "OTEL_TRACES_SAMPLER_ARG": "x"} | off
    ).items():
        monkeypatch.setenv(name, value)
    otlp.check()
    start_tracing(app)
    with tracing.span("tests", "SERVER", {}):
        assert tracing.trace_id() is None


@pytest.mark.parametrize(
    "variable", [ADDRESS, *(f"OTEL_EXPORTER_OTLP_{one}_ENDPOINT" for one in otlp.SIGNALS)]
)
@pytest.mark.parametrize(
    "start", [gunicorn_settings, lambda: runpy.run_path(str(ROOT / "wsgi.py"))], ids=["web", "app"]
)
def test_a_start_without_the_packages_is_refused_in_one_sentence(
    variable: str,
    start: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", "s" * 40)
    monkeypatch.setattr(otlp, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == EXIT_CODE
    assert capsys.readouterr().err == (
        f"Voyagent did not start: {variable} is set, but the packages of OpenTelemetry are"
        " missing: install voyagent[otel], or remove the variable\n"
    )


@needs_packages
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_TRACES_SAMPLER_ARG", "5%"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1m"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
    ],
)
def test_a_setting_that_cannot_be_followed_is_refused(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:1")
    otlp.check()
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as refusal:
        otlp.check()
    assert "\n" not in str(refusal.value)


@needs_packages
def test_the_end_does_not_wait_long_for_a_collector_that_hangs(
    app: Flask, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, collector.url)
    monkeypatch.setenv(otlp.RATIO, "1")
    monkeypatch.setattr("voyagent.kernel.spans.CLOSE_S", 0.1)
    collector.answering.clear()
    start_tracing(app)
    with tracing.span("tests", "SERVER", {}):
        pass
    tracing.stop()
    assert collector.answered == 0
    collector.answering.set()
    collector.wait(lambda: collector.answered == 1)
