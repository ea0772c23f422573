"""The span of a request."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, g, request

from voyagent.http.headers import PROBES, method_of_request, route_of_request
from voyagent.kernel import tracing
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db


def handle_in_span(handle: Callable[[], Response]) -> Response:
    """Return the response of `handle`, recorded as a span.

    The span ends when the response begins. Static files and calls of monitoring are not recorded.
    """
    if request.endpoint == "static" or request.endpoint in PROBES:
        return handle()
    method, route = method_of_request(), route_of_request()
    attributes = {"http.request.method": method, "http.route": route}
    with tracing.span(f"{method} {route}", "SERVER", attributes) as further:
        response = handle()
        further["http.response.status_code"] = response.status_code
        further["voyagent.request_id"] = g.request_id
        if response.status_code >= 500:
            further["error.type"] = str(response.status_code)
    return response


def start_tracing(app: Flask) -> None:
    """Begin to send traces of this process, if a collector is configured."""
    settings: Settings = app.extensions["voyagent.settings"]
    with app.app_context():
        tracing.start(db.engine, version=settings.version)
