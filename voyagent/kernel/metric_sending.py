"""Metrics sent to a collector of OpenTelemetry; imported only if they are sent."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import structlog
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from voyagent.kernel.otlp import CLOSE_S
from voyagent.kernel.spans import describe_process

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

log = structlog.get_logger(__name__)
Labels = tuple[tuple[str, str], ...]
_CUMULATIVE = AggregationTemporality.CUMULATIVE


class MetricSender:
    """Sends the metrics that `read` returns every `interval_s` seconds, in a thread."""

    def __init__(
        self, read: Callable[[], Iterable[Family]], *, version: str, interval_s: float
    ) -> None:
        self._read, self._interval_s = read, interval_s
        self._exporter = OTLPMetricExporter()
        self._resource = describe_process(version)
        self._scope = InstrumentationScope("voyagent", version)
        self._began_ns = time.time_ns()
        self._ended = Event()
        self._thread = Thread(target=self._run, name="metric-sending", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self) -> None:
        """Send the metrics a last time, if that takes no longer than CLOSE_S seconds."""
        atexit.unregister(self.close)
        self._ended.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while not self._ended.wait(self._interval_s):
            self._send()
        self._send()
        self._exporter.shutdown()

    def _send(self) -> None:
        try:
            metrics = list(convert(self._read(), self._began_ns, time.time_ns()))
            scopes = [ScopeMetrics(self._scope, metrics, "")]
            self._exporter.export(MetricsData([ResourceMetrics(self._resource, scopes, "")]))
        except Exception:  # the next export may succeed
            log.exception("metrics.not_sent")


def convert(families: Iterable[Family], began_ns: int, now_ns: int) -> Iterator[Metric]:
    """Yield metrics of Prometheus as those of OpenTelemetry, under the same names.

    Counters and histograms count from `began_ns`. Both times are nanoseconds since 1970.
    """
    for family in families:
        if family.type == "histogram":
            points = _histogram_points(family, began_ns, now_ns)
            histogram = Histogram(points, _CUMULATIVE)
            yield Metric(family.name, family.documentation, "", histogram)
            continue
        is_sum = family.type == "counter"
        name = f"{family.name}_total" if is_sum else family.name
        numbers = [
            NumberDataPoint(sample.labels, began_ns if is_sum else 0, now_ns, float(sample.value))
            for sample in family.samples
            if sample.name == name
        ]
        data = Sum(numbers, _CUMULATIVE, is_monotonic=True) if is_sum else Gauge(numbers)
        yield Metric(name, family.documentation, "", data)


def _histogram_points(family: Family, began_ns: int, now_ns: int) -> list[HistogramDataPoint]:
    buckets: dict[Labels, list[tuple[float, int]]] = {}
    sums: dict[Labels, float] = {}
    for sample in family.samples:
        labels = tuple((name, value) for name, value in sample.labels.items() if name != "le")
        if sample.name == f"{family.name}_bucket":
            found = buckets.setdefault(labels, [])
            found.append((float(sample.labels["le"]), int(sample.value)))
        elif sample.name == f"{family.name}_sum":
            sums[labels] = sample.value
    unknown: Any = None  # the least and the greatest value, which Prometheus does not keep
    return [
        HistogramDataPoint(
            attributes=dict(labels),
            start_time_unix_nano=began_ns,
            time_unix_nano=now_ns,
            count=counted[-1][1],
            sum=sums[labels],
            bucket_counts=[after - before for (_, before), (_, after) in pairwise(counted)],
            explicit_bounds=[bound for bound, _ in counted[1:-1]],
            min=unknown,
            max=unknown,
        )
        for labels, found in buckets.items()
        for counted in [[(0.0, 0), *sorted(found)]]
    ]
