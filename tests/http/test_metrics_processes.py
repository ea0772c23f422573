"""Metrics of two web processes and a worker are summed by each process."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.people import Person
from tests.processes import ROOT, end, worker_environment
from voyagent.assistant.service import messages as assistant
from voyagent.kernel import metrics
from voyagent.kernel.config import Settings

START_S = 40
SENT = 60
READINGS = 8


class Site:
    """gunicorn with two processes on a free port, and a job worker beside it."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.numbers = folder / "numbers"
        self._log = folder / "web.log"
        self._environment = worker_environment(settings) | {
            "VOYAGENT_METRICS_DIR": str(self.numbers),
            "VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION": "true",
        }
        self._environment.pop(metrics.DIRECTORY, None)
        self._running: list[subprocess.Popen[bytes]] = []

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
        self.wait(lambda: web.poll() is None and self._answers(), self._log)
        return web

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self._start([sys.executable, "-m", "flask", "--app", "wsgi", "worker"])

    def get(self, path: str) -> str:
        """Send one request over its own connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.status
            return answer.read().decode()
        finally:
            connection.close()

    def figure(self, name: str, **labels: str) -> float:
        """Return a value from the response of one of the processes."""
        families = text_string_to_metric_families(self.get("/internal/metrics"))
        return next(
            (
                s.value
                for family in families
                for s in family.samples
                if s.name == name and s.labels == labels
            ),
            0.0,
        )

    def counting(self) -> set[int]:
        """Return the processes that have counted a response."""
        return {int(file.stem.rpartition("_")[2]) for file in self.numbers.glob("counter_*.db")}

    def wait(self, until: Callable[[], bool], log: Path | None = None) -> None:
        deadline = time.monotonic() + START_S
        while not until():
            assert time.monotonic() < deadline, (log or self._log).read_text()[-3000:]
            time.sleep(0.1)

    def stop(self) -> None:
        for process in self._running:
            end(process, within_s=10)
        self._running.clear()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            self._running.append(
                subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
            )
        return self._running[-1]

    def _answers(self) -> bool:
        try:
            self.get("/health/db")
        except OSError:
            return False
        return True


@pytest.fixture
def site(settings: Settings, tmp_path: Path) -> Iterator[Site]:
    site = Site(settings, tmp_path)
    yield site
    site.stop()


def test_each_process_returns_the_sum_of_all_processes(
    site: Site, no_jobs: None, app: Flask, alice: Person
) -> None:
    web = site.start_web()
    health = {"method": "GET", "path": "/health"}
    for _ in range(SENT):
        site.get("/health")
    site.wait(lambda: len(site.counting()) == 2 or not site.get("/schemas/money"))
    values = {
        site.figure("voyagent_api_requests_total", **health, status="200") for _ in range(READINGS)
    }
    assert values == {SENT}
    assert site.figure("voyagent_api_request_duration_seconds_count", **health) == SENT

    # A worker beside them, started on its own, counts into the same sum.
    session_id = alice.api.post("/chat/sessions", json={}).json["session_id"]
    alice.does(lambda actor: assistant.send(actor, session_id, message="Who owes us?"))
    worker = site.start_worker()
    site.wait(lambda: site.figure("voyagent_turn_duration_seconds_count", outcome="done") == 1)
    assert {site.figure("voyagent_turns_started_total") for _ in range(READINGS)} == {1}
    assert (
        site.figure(
            "voyagent_job_duration_seconds_count", task="assistant.run_turn", outcome="succeeded"
        )
        == 1
    )

    # A killed process uses no connection, and its counters are kept.
    before = site.figure("voyagent_db_connections_max", pool="session")
    worker.kill()
    worker.wait()
    assert site.figure("voyagent_db_connections_max", pool="session") == before - 16
    assert site.figure("voyagent_turns_started_total") == 1
    victim = next(iter(site.counting() - {worker.pid}))
    os.kill(victim, signal.SIGKILL)
    site.wait(lambda: not list(site.numbers.glob(f"gauge_livesum_{victim}.db")))
    assert {
        site.figure("voyagent_api_requests_total", **health, status="200") for _ in range(READINGS)
    } == {SENT}

    # A new run begins at zero.
    end(web, within_s=10)
    site.wait(lambda: not any(metrics._is_alive(pid) for pid in site.counting()))  # noqa: SLF001 - those that were killed at the end of their grace
    site.start_web()
    assert site.figure("voyagent_api_requests_total", **health, status="200") == 0
    assert site.figure("voyagent_turns_started_total") == 0


def test_a_folder_that_cannot_be_written_is_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(metrics.DIRECTORY, raising=False)
    monkeypatch.delitem(sys.modules, "prometheus_client", raising=False)
    (tmp_path / "file").write_text("")
    assert metrics.share(tmp_path / "file" / "numbers") is False
    assert metrics.DIRECTORY not in os.environ


def test_a_start_deletes_metrics_of_dead_processes_only(tmp_path: Path) -> None:
    gone = subprocess.Popen(
        [sys.executable, "-c", ""]
    )  # it has ended, and nobody has noticed: its number is taken still
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
    for pid in (gone.pid, os.getpid()):
        for kind in ("counter", "histogram", "gauge_livesum"):
            (tmp_path / f"{kind}_{pid}.db").write_bytes(b"")
    (tmp_path / "gauge_livesum_nonsense.db").write_bytes(b"")
    metrics.forget_gauges_of_the_dead(tmp_path)
    assert {file.name for file in tmp_path.iterdir() if str(gone.pid) in file.name} == {
        f"counter_{gone.pid}.db",
        f"histogram_{gone.pid}.db",
    }
    metrics.clear(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        f"{kind}_{os.getpid()}.db" for kind in ("counter", "histogram", "gauge_livesum")
    }
    assert gone.wait() == 0
