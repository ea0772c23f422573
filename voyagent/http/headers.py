"""Request ids, security headers, and one log entry for each request."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Mapping

import structlog
from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers

from voyagent.http.assets import mark_of
from voyagent.http.client import client_network
from voyagent.kernel import logs, tracing
from voyagent.kernel.config import Settings
from voyagent.kernel.database.timing import begin_timing, db_ms
from voyagent.kernel.limits.callers import note_network

CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action"
    " 'self'; frame-ancestors 'none'"
)
# Redoc adds empty style elements, which this hash permits, and fills them by script. It loads a
# font from a data URL.
REDOC_CSP = (
    f"{CSP}; style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; font-src"
    " 'self' data:"
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# `*` does not include Authorization, and old browsers do not support it.
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Prefer, Voyagent-After,"
    " X-Request-Id, *"
)
_EXPOSED_HEADERS = (
    "ETag, Idempotent-Replayed, Location, Retry-After, Voyagent-After, Voyagent-Ignored-Parameters,"
    " X-Request-Id, *"
)
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": CSP,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SECRET_ARGUMENTS = frozenset({"token"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PROBES = frozenset(
    f"api_{name}.{probe}"
    for name, probe in itertools.product(
        ("system", "system_root"), ("health", "health_db", "health_redis", "ready")
    )
) | {"api_metrics.metrics", "api_metrics_root.metrics"}
"""Endpoints that monitoring calls every few seconds."""
log = structlog.get_logger("voyagent.request")


def install(app: Flask, settings: Settings) -> None:
    """Add the hooks that set the headers of each response and write the request log."""
    origins = frozenset(filter(None, (o.strip() for o in settings.api_cors_origins.split(","))))
    everywhere = _EVERYWHERE | (
        {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
        if settings.is_https
        else {}
    )

    @app.before_request
    def begin() -> Response | None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.started = time.perf_counter()
        begin_timing()
        structlog.contextvars.clear_contextvars()
        logs.bind(
            request_id=g.request_id,
            trace_id=tracing.trace_id(),
            method=method_of_request(),
            route=route_of_request(),
        )
        note_network(client_network())
        if (
            request.method == "OPTIONS"
            and request.path.startswith("/api/")
            and request.headers.get("Origin") in origins
        ):
            return Response(status=204)
        return None

    @app.after_request
    def stamp(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id") or secrets.token_hex(8)
        _add_missing(
            response.headers,
            (
                everywhere | {"Referrer-Policy": "no-referrer"}
                if "token" in request.args
                else everywhere
            ),
        )
        if request.endpoint == "static":
            response.headers["Cache-Control"] = _caching_of_file(response)
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        _allow_origin(response, origins)
        _log(response)
        return response


def method_of_request() -> str:
    """Return the method of the present request, or `other` for an unusual method."""
    return request.method if request.method in METHODS else "other"


def route_of_request() -> str:
    """Return the URL rule of the present request, or `:unmatched` if none matches."""
    return request.url_rule.rule if request.url_rule else ":unmatched"


def _caching_of_file(response: Response) -> str:
    """Return the header Cache-Control for a static file.

    A browser may keep the file for a year only if the URL has the digest of the file's present
    contents. During an update, an older page may request a file with the digest of the old
    contents. The response has the new contents, and the browser must not keep them under the old
    URL.
    """
    mark = request.args.get("v")
    if response.status_code >= 400:
        return "no-store"
    if mark is not None and mark == mark_of((request.view_args or {})["filename"]):
        return "public, max-age=31536000, immutable"
    return "public, no-cache"


def _add_missing(headers: Headers, stamps: Mapping[str, str]) -> None:
    """Add the headers that a response lacks."""
    present = set(headers.keys(lower=True))
    for name, value in stamps.items():
        if name.lower() not in present:
            headers.add(name, value)


def _allow_origin(response: Response, origins: frozenset[str]) -> None:
    origin = request.headers.get("Origin")
    if not request.path.startswith("/api/") or origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Vary"] = "Origin"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS


def _log(response: Response) -> None:
    if response.status_code < 400 and (request.endpoint == "static" or request.endpoint in PROBES):
        return
    arguments = sorted(name for name in request.args if name not in _SECRET_ARGUMENTS)
    log.info(
        "request",
        arguments=arguments,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        db_ms=db_ms(),
    )
