"""The metrics server of a worker: its slow clients, and a port in use."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from unittest import mock

import pytest
from flask import Flask

from tests.http.test_metrics_processes import free_port
from voyagent.factory import create_app
from voyagent.http import metrics_server
from voyagent.kernel import jobs, logs, metrics
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import EXIT_CODE


def sends_header_lines(client: socket.socket) -> None:
    """Send a line of a header every 0.2 s, until the server ends the connection."""
    client.sendall(b"GET /internal/metrics HTTP/1.1\r\n")
    with suppress(OSError):
        while True:
            client.sendall(b"X-Slow: 1\r\n")
            time.sleep(0.2)


def reads_nothing(client: socket.socket) -> None:
    """Request the metrics and leave the response in the buffers."""
    client.sendall(b"GET /internal/metrics HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize("behave", [sends_header_lines, reads_nothing])
def test_a_slow_client_does_not_hold_the_server(
    monkeypatch: pytest.MonkeyPatch, behave: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(metrics_server, "REQUEST_MAX_S", 0.3)
    app = Flask(__name__)
    app.add_url_rule("/internal/metrics", view_func=lambda: b"m" * 20_000_000)
    port = free_port()
    metrics_server.serve_metrics(app, "127.0.0.1", port)
    with socket.create_connection(("127.0.0.1", port)) as slow:
        Thread(target=behave, args=(slow,), daemon=True).start()
        time.sleep(0.1)  # the server reads the slow request first
        with socket.create_connection(("127.0.0.1", port), timeout=10) as other:
            other.sendall(b"GET /unknown HTTP/1.0\r\n\r\n")
            assert b"404" in other.recv(100)


def test_a_worker_whose_metrics_port_is_in_use_does_not_start(settings: Settings) -> None:
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        # this process keeps its log and its metrics
        mock.patch.object(logs, "take_over"),
        mock.patch.object(metrics, "share"),
        mock.patch.object(metrics.Sampler, "start"),
        mock.patch.object(jobs, "run_worker", side_effect=AssertionError("it started")),
    ):
        worker = create_app(settings.model_copy(update={"metrics_port": port}))
        done = worker.test_cli_runner().invoke(args=["worker"])
    assert done.exit_code == EXIT_CODE
    assert f"Voyagent did not start: VOYAGENT_METRICS_PORT: 127.0.0.1:{port} " in done.stderr
