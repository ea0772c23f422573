"""Metrics for the operator in Prometheus format, and counters of requests.

No input of a client becomes a label.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import ipaddress
import re
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from voyagent.http.api import ApiBlueprint
from voyagent.http.extensions import installed
from voyagent.http.guards import Guard, auth_adapter
from voyagent.http.headers import method_of_request
from voyagent.kernel import otlp
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db
from voyagent.kernel.errors import NotFound
from voyagent.kernel.figures import Figures, read_figures
from voyagent.kernel.metrics import CONTENT_TYPE, Sampler, exposition, meters, watch
from voyagent.kernel.queues import FIRST, MORE, REPORTS

if TYPE_CHECKING:
    from prometheus_client.core import Metric

TOKEN_HEADER = "X-Voyagent-Metrics-Token"  # noqa: S105 - the name of a header
PATH = "/internal/metrics"
PATHS = frozenset({PATH, f"/api{PATH}"})
UNMATCHED = ":unmatched"
_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_", "HTTP_X_REAL_IP", "HTTP_VIA")
log = structlog.get_logger(__name__)


class MetricsHidden(NotFound):
    """The caller may not read the metrics; the response is that of an unknown URL."""

    code = "not found"


def metrics() -> Response:
    """Return the metrics of the installation in Prometheus text format.

    If the operator has set a metrics token, each request must send the token in a header. Without a
    metrics token, only a program on the same machine may read the metrics, and not through a proxy.
    In production, nobody may read the metrics without a token.
    """
    if not _may_read(current_app.extensions["voyagent.settings"]):
        raise MetricsHidden
    installed(Sampler, "sampler").sample()
    return Response(exposition(_current_metrics), content_type=CONTENT_TYPE)


def _blueprint(name: str, prefix: str) -> ApiBlueprint:
    api = ApiBlueprint(name, __name__, tag="System", guard=Guard.PUBLIC, prefix=prefix)
    headers = ((TOKEN_HEADER, "The token of `VOYAGENT_METRICS_TOKEN`."),)
    api.get(
        PATH,
        answer={"type": "string"},
        media_type=CONTENT_TYPE,
        missing=MetricsHidden,
        headers=headers,
    )(metrics)
    return api


metrics_api = _blueprint("metrics", "/api")
metrics_root = _blueprint("metrics_root", "")


def install(app: Flask, settings: Settings) -> Sampler:
    """Count responses and committed changes; return the sampler of gauges."""
    sampler = app.extensions["voyagent.sampler"] = Sampler()
    app.after_request(_count)
    with app.app_context():
        watch(db.session, db.engine, sampler, connections_max=2 * settings.db_pool_size)
    return sampler


def start_sending(app: Flask, *, with_figures: bool) -> None:
    """Begin to send the metrics of this process, if a collector is configured.

    Call this function after a fork, because a thread sends the metrics. If `with_figures` is true,
    the metrics include the database figures, which are the same for all processes.
    """
    if not otlp.is_sent("METRICS"):
        return
    from voyagent.kernel.metric_sending import MetricSender  # noqa: PLC0415 - OpenTelemetry

    def read() -> list[Metric]:
        with app.app_context():
            return [*meters().registry.collect(), *(_current_metrics() if with_figures else ())]

    settings: Settings = app.extensions["voyagent.settings"]
    MetricSender(read, version=settings.version, interval_s=otlp.interval_s())


def _may_read(settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value().strip()  # header values are stripped too
    if token:
        return hmac.compare_digest(_digest(request.headers.get(TOKEN_HEADER, "")), _digest(token))
    return not settings.is_production and _is_from_this_machine()


def _is_from_this_machine() -> bool:
    """Return True if the connection comes from this machine and not through a proxy."""
    if any(name.startswith(_FORWARDED) for name in request.environ):
        return False
    try:
        peer = ipaddress.ip_address(request.environ.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    return (mapped or peer).is_loopback


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _count(response: Response) -> Response:
    rule = request.url_rule
    method = method_of_request()
    path = UNMATCHED if rule is None else _template(rule.rule)
    is_api = rule is None or rule.endpoint.startswith("api_")
    counter, seconds = _counters(method, path, response.status_code, is_api=is_api)
    # A response is counted when it begins: a stream lasts as long as its client reads.
    counter.inc()
    seconds.observe(time.perf_counter() - g.started if "started" in g else 0.0)
    return response


@functools.cache
def _template(rule: str) -> str:
    return re.sub(r"<[^>]+>", ":id", rule.removeprefix("/api"))


@functools.cache
def _counters(method: str, path: str, status: int, *, is_api: bool) -> tuple[Any, Any]:
    """Return the counter and the duration histogram for one kind of response; cached."""
    found = meters()
    requests, seconds = (
        (found.requests, found.request_seconds) if is_api else (found.pages, found.page_seconds)
    )
    return requests.labels(method, path, str(status)), seconds.labels(method, path)


def _current_metrics() -> Iterator[Metric]:
    """Yield the metrics that are read at each request: version and database figures.

    If the database is unreachable, its figures are left out.
    """
    settings: Settings = current_app.extensions["voyagent.settings"]
    figures = _figures(settings)
    is_writable = bool(figures and figures.number("writable"))
    is_ready = is_writable and not current_app.extensions["voyagent.draining"].is_set()
    yield _family(
        "voyagent_api_build_info",
        "Version and commit of the program",
        {(settings.version, settings.git_sha): 1},
        ("version", "commit"),
    )
    yield _gauge("voyagent_ready", "1 if this server accepts work, else 0", is_ready)
    yield _gauge("voyagent_db_up", "1 if the database responds, else 0", figures is not None)
    yield _gauge("voyagent_db_writable", "1 if the database accepts writes, else 0", is_writable)
    standbys = auth_adapter().lane.standbys
    yield _family(
        "voyagent_db_replica_lag_seconds",
        "Age of the data of a standby in seconds; infinite if it does not answer",
        {(name,): age_s for name, age_s in (() if standbys is None else standbys.lags())},
        ("replica",),
    )
    if figures is not None:
        yield from _families(figures)


def _families(figures: Figures) -> Iterator[Metric]:
    yield _gauge(
        "voyagent_api_active_sessions",
        "Conversations with a message in the last hour",
        figures.number("active_sessions"),
    )
    for name, words, by_state in (
        (
            "voyagent_turns",
            "Unfinished turns of the assistant",
            figures.states("turns", "waiting", "running"),
        ),
        (
            "voyagent_jobs",
            "Jobs by state; failed ones are counted up to 10,000",
            figures.states("jobs", "waiting", "scheduled", "running", "failed"),
        ),
        (
            "voyagent_approvals",
            "Proposals that wait for a decision",
            figures.states("approvals", "pending"),
        ),
        (
            "voyagent_mails",
            "Mails that are due, and mails that wait for another attempt",
            figures.states("mails", "waiting", "delayed"),
        ),
    ):
        yield _family(name, words, by_state, ("state",))
    yield _gauge(
        "voyagent_mail_oldest_seconds",
        "Age of the oldest mail that is neither sent nor given up",
        figures.number("mail_oldest"),
    )
    yield _family(
        "voyagent_job_queue_oldest_seconds",
        "Seconds since the oldest waiting job was due",
        {(queue,): figures.number(f"oldest_job:{queue}") for queue in (FIRST, MORE, REPORTS)},
        ("queue",),
    )
    yield _gauge(
        "voyagent_workers_alive",
        "Workers whose heartbeat is recent",
        figures.workers,
    )
    yield _family(
        "voyagent_schema_info",
        "Revision of the database schema",
        figures.labelled("revision"),
        ("revision",),
    )
    yield _family(
        "voyagent_relation_bytes",
        "Bytes of a table with its indexes at its last vacuum",
        figures.labelled("bytes"),
        ("table",),
    )
    yield _gauge(
        "voyagent_backup_last_success_timestamp_seconds",
        "Time of the last backup, 0 if there was none",
        figures.number("last_run:backup"),
    )
    yield _gauge(
        "voyagent_books_findings",
        "Findings of the last check of all books",
        figures.number("findings:books"),
    )
    yield _gauge(
        "voyagent_audit_findings",
        "Findings of the last nightly check of all audit logs",
        figures.number("findings:audit"),
    )


def _gauge(name: str, words: str, value: float) -> Metric:
    return _family(name, words, {(): value}, ())


def _family(
    name: str, words: str, values: Mapping[tuple[str, ...], float], labels: tuple[str, ...]
) -> Metric:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - see kernel.metrics

    family = GaugeMetricFamily(name, words, labels=labels)
    for of_labels, value in values.items():
        family.add_metric(of_labels, value)
    return family


def _figures(settings: Settings) -> Figures | None:
    try:
        return read_figures(settings.worker_stalled_s)
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("metrics.database_unreachable", error=type(error).__name__)
        return None
