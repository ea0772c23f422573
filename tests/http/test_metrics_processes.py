"""Metrics of the processes of a server are summed, and those of others are not."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.collector import Collector, attributes, needs_packages, running_collector
from tests.people import Person
from tests.processes import ROOT, end, worker_environment
from voyagent.assistant.service import messages as assistant
from voyagent.kernel import metrics, otlp
from voyagent.kernel.config import Settings

START_S = 40
SENT = 60
READINGS = 8


class Site:
    """A web server with two processes, and a worker with a port for metrics.

    All send their traces and metrics to a collector too.
    """

    def __init__(self, settings: Settings, folder: Path, collector: Collector) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.numbers = folder / "numbers"
        self.log = folder / f"{self.port}.log"
        self._environment = worker_environment(settings) | {
            "VOYAGENT_METRICS_DIR": str(self.numbers),
            "VOYAGENT_METRICS_PORT": str(self.metrics_port),
            "VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            otlp.RATIO: "1",
        }
        self._environment.pop(metrics.DIRECTORY, None)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start_web(self) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "wsgi:app",
            "--workers",
            "2",
            "--threads",
            "4",
            "--bind",
            f"127.0.0.1:{self.port}",
        ]
        web = self._start([*command, "--graceful-timeout", "2"])
        self.wait(lambda: web.poll() is None and self.answers())
        return web

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self._start([sys.executable, "-m", "flask", "--app", "wsgi", "worker"])

    def get(self, path: str, port: int | None = None) -> str:
        """Send one request over its own connection, to the web server or another port."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.status
            return answer.read().decode()
        finally:
            connection.close()

    def figures(self, port: int | None = None) -> dict[tuple[str, frozenset[Any]], float]:
        """Return all values from the response of one of the processes."""
        families = text_string_to_metric_families(self.get("/internal/metrics", port))
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    def figure(self, name: str, *, port: int | None = None, **labels: str) -> float:
        """Return a value from the response of one of the processes."""
        return self.figures(port).get((name, frozenset(labels.items())), 0.0)

    def counting(self) -> set[int]:
        """Return the web processes that have counted a response."""
        files = self.numbers.glob("web-*/histogram_*.db")
        return {int(file.stem.rpartition("_")[2]) for file in files}

    def wait(self, until: Callable[[], bool], log: Path | None = None) -> None:
        deadline = time.monotonic() + START_S
        while not until():
            assert time.monotonic() < deadline, (log or self.log).read_text()[-3000:]
            time.sleep(0.1)

    def stop(self) -> None:
        for process in self.processes:
            end(process, within_s=10)
        self.processes.clear()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self.processes.append(
                subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
            )
        return self.processes[-1]

    def answers(self, port: int | None = None) -> bool:
        """Return True if the web server or another port responds."""
        try:
            self.get("/internal/metrics" if port else "/health/db", port)
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process choose its folder of metrics, as at its start."""
    monkeypatch.delenv(metrics.DIRECTORY, raising=False)
    monkeypatch.delitem(sys.modules, "prometheus_client", raising=False)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


@pytest.fixture(scope="module")
def site(
    settings: Settings, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    site = Site(settings, tmp_path_factory.mktemp("site"), collector)
    yield site
    site.stop()


@needs_packages
def test_each_process_returns_the_sum_of_all_processes(
    site: Site, no_jobs: None, app: Flask, alice: Person
) -> None:
    site.start_web()
    health = {"method": "GET", "path": "/health"}
    for _ in range(SENT):
        site.get("/health")
    site.wait(lambda: len(site.counting()) == 2 or not site.get("/schemas/money"))
    values = {
        site.figure("voyagent_api_requests_total", **health, status="200") for _ in range(READINGS)
    }
    assert values == {SENT}
    assert site.figure("voyagent_api_request_duration_seconds_count", **health) == SENT

    # A worker is a server of its own, with its own port.
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    alice.does(lambda actor: assistant.send(actor, session_id, message="Who owes us?"))
    site.start_worker()
    site.wait(
        lambda: (
            site.answers(site.metrics_port)
            and site.figure(
                "voyagent_turn_duration_seconds_count", port=site.metrics_port, outcome="done"
            )
            == 1
        )
    )
    of_worker = site.figures(site.metrics_port)
    ran = {"task": "assistant.run_turn", "outcome": "succeeded"}
    assert of_worker["voyagent_job_duration_seconds_count", frozenset(ran.items())] == 1
    assert of_worker["voyagent_db_connections_max", frozenset({("pool", "session")})] == 16
    assert of_worker["voyagent_workers_alive", frozenset()] >= 1
    assert site.figure("voyagent_turns_started_total") == 0
    with pytest.raises(AssertionError, match="404"):
        site.get("/health", site.metrics_port)

    # A killed process uses no connection, and its counters are kept.
    victim = next(iter(site.counting()))
    os.kill(victim, signal.SIGKILL)
    site.wait(lambda: not list(site.numbers.glob(f"web-*/gauge_livesum_{victim}.db")))
    assert {
        site.figure("voyagent_api_requests_total", **health, status="200") for _ in range(READINGS)
    } == {SENT}

    # Each line of both servers is an object with the same fields. Probes leave no line.
    site.get("/schemas/money")
    kinds = set()
    for line in site.log.read_text().splitlines():
        written = json.loads(line)
        assert {"ts", "level", "event", "logger", "kind", "instance"} <= set(written), line
        kinds.add((written["kind"], written["logger"].partition(".")[0]))
    assert {("web", "gunicorn"), ("web", "voyagent"), ("worker", "voyagent")} <= kinds


@needs_packages
def test_each_process_sends_its_traces_and_metrics_when_it_ends(
    site: Site, collector: Collector
) -> None:
    """The test before has started the processes; this one ends them."""
    site.get("/sign-in")
    site.wait(lambda: '"event": "job.done"' in site.log.read_text())
    site.stop()
    assert {attributes(one.resource)["service.name"] for one in collector.resources} == {
        "voyagent-web",
        "voyagent-worker",
    }
    page = {"method": "GET", "path": "/sign-in"}
    web, pages = next(
        (sent, point)
        for sent in reversed(collector.metrics("voyagent-web"))
        for point in sent["voyagent_page_requests_total"].sum.data_points
        if attributes(point) == page | {"status": "200"}
    )
    worker = collector.metrics("voyagent-worker")[-1]
    (seconds,) = [
        point
        for point in web["voyagent_page_request_duration_seconds"].histogram.data_points
        if attributes(point) == page
    ]
    assert pages.as_double == seconds.count == sum(seconds.bucket_counts) == 1
    assert len(seconds.bucket_counts) == len(seconds.explicit_bounds) + 1
    assert not seconds.HasField("max")
    assert pages.start_time_unix_nano < pages.time_unix_nano
    jobs_done = worker["voyagent_job_duration_seconds"].histogram.data_points
    assert sum(point.count for point in jobs_done) >= 1
    assert worker["voyagent_workers_alive"].gauge.data_points
    assert "voyagent_workers_alive" not in web


def test_a_folder_that_cannot_be_written_is_not_shared(unshared: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert metrics.share(tmp_path / "file" / "numbers", "web") is False
    assert metrics.DIRECTORY not in os.environ


def test_a_start_deletes_the_folders_of_ended_servers_only(unshared: None, tmp_path: Path) -> None:
    """A running server keeps the counters of its ended processes too."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    counter = f"counter_{gone.pid}.db"
    ended, running, foreign = (tmp_path / name for name in ("web-1", "web-2", "photos"))
    for folder in (ended, running, foreign):
        folder.mkdir()
        (folder / counter).write_bytes(b"")
    for folder in (ended, running):
        (folder / "lock").write_bytes(b"")
    with (running / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert metrics.share(tmp_path, "web") is True
    own = Path(os.environ[metrics.DIRECTORY])
    assert own.parent == tmp_path
    assert {folder for folder in tmp_path.iterdir() if folder.is_dir()} == {running, foreign, own}
    assert (running / counter).exists()
    assert (foreign / counter).exists()


def test_gauges_of_the_dead_are_deleted_and_their_counters_kept(
    unshared: None, tmp_path: Path
) -> None:
    gone = subprocess.Popen(
        [sys.executable, "-c", ""]
    )  # it has ended, and nobody has noticed: its number is taken still
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
    assert metrics.share(tmp_path, "web")
    own = Path(os.environ[metrics.DIRECTORY])
    for pid in (gone.pid, os.getpid()):
        for kind in ("counter", "histogram", "gauge_livesum"):
            (own / f"{kind}_{pid}.db").write_bytes(b"")
    metrics.forget_gauges_of_the_dead()
    assert {file.name for file in own.glob(f"*_{gone.pid}.db")} == {
        f"counter_{gone.pid}.db",
        f"histogram_{gone.pid}.db",
    }
    metrics.leave(os.getpid())
    assert {file.name for file in own.glob(f"*_{os.getpid()}.db")} == {
        f"counter_{os.getpid()}.db",
        f"histogram_{os.getpid()}.db",
    }
    assert gone.wait() == 0
