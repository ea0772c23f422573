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
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, current_app, g, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.http.headers import METHODS
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db
from voyagent.kernel.errors import NotFound
from voyagent.kernel.metrics import CONTENT_TYPE, exposition, meters, watch

if TYPE_CHECKING:
    from prometheus_client.core import Metric

TOKEN_HEADER = "X-Voyagent-Metrics-Token"  # noqa: S105 - the name of a header
UNMATCHED = ":unmatched"
_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_", "HTTP_X_REAL_IP", "HTTP_VIA")
# Metrics that are read from the database at each request: the prefix of their names there, then
# the name, the help text and the states of the metric.
_STATES = {
    "turns": (
        "voyagent_turns",
        "Unfinished turns of the assistant",
        ("waiting", "running"),
    ),
    "jobs": (
        "voyagent_jobs",
        "Jobs by state; failed ones are counted up to 10,000",
        ("waiting", "scheduled", "running", "failed"),
    ),
    "approvals": ("voyagent_approvals", "Proposals that wait for a decision", ("pending",)),
    "mails": ("voyagent_mails", "Mails that are neither sent nor given up", ("waiting",)),
}
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
    return Response(exposition(_current_metrics), content_type=CONTENT_TYPE)


def _blueprint(name: str, prefix: str) -> ApiBlueprint:
    api = ApiBlueprint(name, __name__, tag="System", guard=Guard.PUBLIC, prefix=prefix)
    headers = ((TOKEN_HEADER, "The token of `VOYAGENT_METRICS_TOKEN`."),)
    api.get(
        "/internal/metrics",
        answer={"type": "string"},
        media_type=CONTENT_TYPE,
        missing=MetricsHidden,
        headers=headers,
    )(metrics)
    return api


metrics_api = _blueprint("metrics", "/api")
metrics_root = _blueprint("metrics_root", "")


def install(app: Flask, settings: Settings) -> None:
    """Begin to count responses, committed changes and used database connections."""
    app.after_request(_count)
    with app.app_context():
        watch(db.session, db.engine, connections_max=2 * settings.db_pool_size)


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
    method = request.method if request.method in METHODS else "other"
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
    """Yield the metrics that are read at each request: version and database counts.

    If the database is unreachable, only the version is yielded.
    """
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - see kernel.metrics

    settings: Settings = current_app.extensions["voyagent.settings"]
    build = GaugeMetricFamily(
        "voyagent_api_build_info", "Version and commit of the program", labels=("version", "commit")
    )
    build.add_metric((settings.version, settings.git_sha), 1)
    yield build
    figures = _figures()
    if figures is None:
        return
    yield GaugeMetricFamily(
        "voyagent_api_active_sessions",
        "Conversations with a message in the last hour",
        value=figures.get("active_sessions", 0),
    )
    for kind, (name, words, states) in _STATES.items():
        family = GaugeMetricFamily(name, words, labels=("state",))
        for state in states:
            family.add_metric((state,), figures.get(f"{kind}_{state}", 0))
        yield family


def _figures() -> dict[str, int] | None:
    try:
        return {
            row.figure: row.number
            for row in db.session.execute(text("select figure, number from app.figures()"))
        }
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("metrics.database_unreachable", error=type(error).__name__)
        return None
