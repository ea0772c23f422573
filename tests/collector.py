"""A collector of traces and metrics on loopback: OTLP over HTTP, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import pytest

PATIENCE_S, HANG_S = 20, 4  # the second is shorter than the timeout of the exporter

needs_packages = pytest.mark.skipif(
    find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None,
    reason="OpenTelemetry is not installed",
)


@dataclass
class Collector:
    """The bodies that a collector received, and the spans and metrics in them."""

    url: str
    bodies: list[bytes] = field(default_factory=list)
    metric_bodies: list[bytes] = field(default_factory=list)
    answering: threading.Event = field(default_factory=threading.Event)
    answered: int = 0

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for resource in self.resources
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resources(self) -> list[Any]:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415 - optional
            ExportTraceServiceRequest,
        )

        return [
            resource
            for body in list(self.bodies)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        ]

    def metrics(self, kind: str) -> list[dict[str, Any]]:
        """Return what processes of a kind have sent, each time with the metrics by name."""
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (  # noqa: PLC0415
            ExportMetricsServiceRequest,
        )

        return [
            {metric.name: metric for scope in resource.scope_metrics for metric in scope.metrics}
            for body in list(self.metric_bodies)
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
            if attributes(resource.resource)["service.name"] == kind
        ]

    def wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline, [span.name for span in self.spans]
            time.sleep(0.05)


def attributes(of: Any) -> dict[str, str | int]:
    """Return the attributes of a span or a resource."""
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value")
        for one in of.attributes
    }


@contextmanager
def running_collector() -> Iterator[Collector]:
    """Run a collector until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = {"/v1/traces": collector.bodies, "/v1/metrics": collector.metric_bodies}
            if self.path in received:
                received[self.path].append(body)
            collector.answering.wait(HANG_S)
            collector.answered += 1
            self.send_response(200 if self.path in received else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    collector.answering.set()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
