"""Spans of OpenTelemetry; imported only if traces are sent."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Literal

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import SpanKind, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from voyagent.kernel.db_connections import purpose_of_process
from voyagent.kernel.otlp import CLOSE_S

Kind = Literal["SERVER", "CONSUMER", "CLIENT"]
Attributes = dict[str, str | int]
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_PARENT = "traceparent"


class Spans:
    """Records the spans of this process and sends them in a thread.

    `ratio` is the share of the traces that is recorded, from 0 to 1. If it is None, the environment
    variables name another sampler.
    """

    def __init__(self, *, version: str, ratio: float | None) -> None:
        self._provider = TracerProvider(
            sampler=None if ratio is None else ParentBasedTraceIdRatio(ratio),
            resource=describe_process(version),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("voyagent", version)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self, name: str, kind: Kind, attributes: Mapping[str, str | int | None], parent: str | None
    ) -> Iterator[Attributes]:
        """Record the block as a span; the arguments are those of `tracing.span`."""
        further: Attributes = {}
        context = None
        if kind != "CLIENT":
            carrier = {} if parent is None else {_PARENT: parent}
            context = self._propagator.extract(carrier, Context())
        elif not trace.get_current_span().is_recording():
            yield further
            return
        with self._tracer.start_as_current_span(
            name,
            context,
            SpanKind[kind],
            {name: value for name, value in attributes.items() if value is not None},
            record_exception=False,  # its message may have personal data
            set_status_on_exception=False,
        ) as present:
            try:
                yield further
            except BaseException as error:
                further["error.type"] = type(error).__name__
                raise
            finally:
                present.set_attributes(further)
                if "error.type" in further:
                    present.set_status(StatusCode.ERROR)

    @contextmanager
    def database_span(self, statements: str) -> Iterator[None]:
        """Record the block with the text of its statements; literals are replaced."""
        if not trace.get_current_span().is_recording():
            yield
            return
        text = _LITERAL.sub("'?'", statements)
        found = {"db.system.name": "postgresql", "db.query.text": text}
        with self.span(text.split(maxsplit=1)[0].upper(), "CLIENT", found, None):
            yield

    def trace_parent(self) -> str | None:
        """Return the present span as a value of `traceparent`, or None."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get(_PARENT)

    def trace_id(self) -> str | None:
        """Return the id of the present trace, or None."""
        found = trace.get_current_span().get_span_context()
        return format_trace_id(found.trace_id) if found.is_valid else None

    def close(self) -> None:
        """Send the spans that wait, if that takes no longer than CLOSE_S seconds."""
        closing = Thread(target=self._provider.shutdown, name="spans-closing", daemon=True)
        closing.start()
        closing.join(CLOSE_S)


def describe_process(version: str) -> Resource:
    """Return the attributes that identify this process in traces and metrics.

    They are the kind of process, the version, and the host with the process id. The environment
    variables of OpenTelemetry may add further attributes.
    """
    process = Resource(
        {
            "service.name": purpose_of_process(),
            "service.version": version,
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
    )
    return process.merge(OTELResourceDetector().detect())
