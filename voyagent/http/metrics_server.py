"""HTTP server of a worker, for its metrics only."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from flask import Flask

from voyagent.http.metrics import PATHS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REQUEST_MAX_S = 5
"""Longest time of a request, because the next one waits for it."""
log = structlog.get_logger(__name__)


class MetricsPortUnavailable(Exception):
    """The worker cannot listen on VOYAGENT_METRICS_PORT; the message says why."""


class _Server(WSGIServer):
    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Log an error of a connection, which the library would print."""
        log.warning("metrics.connection_failed", error=type(sys.exception()).__name__)


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    def handle(self) -> None:
        """Answer the request; end a connection that takes too long."""
        limit = Timer(REQUEST_MAX_S, _end, (self.connection,))
        limit.daemon = True
        limit.start()
        try:
            super().handle()
        finally:
            limit.cancel()

    def log_message(self, *_: Any) -> None:
        """Log nothing; the program logs requests itself."""


def _end(connection: socket.socket) -> None:
    with suppress(OSError):  # the connection has just ended
        connection.shutdown(socket.SHUT_RDWR)


def serve_metrics(app: Flask, host: str, port: int) -> None:
    """Answer requests for metrics in a thread, one at a time, until the process ends.

    Raises MetricsPortUnavailable.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] in PATHS:
            return app(environ, start_response)
        start_response("404 Not Found", [("Content-Length", "0")])
        return []

    kind = _Server6 if ":" in host else _Server
    try:
        server = make_server(host, port, answer, server_class=kind, handler_class=_Handler)
    except OSError as error:
        raise MetricsPortUnavailable(
            f"VOYAGENT_METRICS_PORT: {host}:{port} cannot be used: {error.strerror}"
        ) from None
    Thread(target=server.serve_forever, name="metrics-server", daemon=True).start()
