"""A real browser on the running program with its own processes and database."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import fresh_database
from tests.processes import end
from tools.set_up import BROWSERS
from voyagent.kernel.config import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
START_S = 90
OPERATOR_TOKEN = "operators-token-" + "0" * 32
LAST_LINES = 60
NO_BROWSER = (
    "no Chromium on this machine: install the system's package `chromium` to run the browser tests"
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No script of a page runs long enough to be worth a compiler that optimizes it.
    "--js-flags=--no-opt --no-maglev",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the browser tests if there is no browser."""
    here = Path(__file__).parent
    for item in items:
        if CHROMIUM is None and here in Path(item.path).parents:
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the last output of the program's processes to the report of a failure."""
    report = yield
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and isinstance(site, Site):
        for log in sorted(site.logs.glob("*.log")):
            report.sections.append(
                (
                    f"the end of {log.name}",
                    "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:]),
                )
            )
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a screen."""
    from playwright.sync_api import (  # noqa: PLC0415
        sync_playwright,
    )

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@dataclass(frozen=True)
class Site:
    """The running program."""

    address: str
    environment: dict[str, str]
    logs: Path
    settings: Settings


@pytest.fixture(scope="package")
def site(server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Web and worker as real processes with their own database.

    They and the browser end with these tests, because they need a share of a processor while they
    wait.
    """
    with fresh_database(server_urls, tmp_path_factory.mktemp("data")) as settings:
        yield from site_of(settings, tmp_path_factory.mktemp("site"))


def site_of(settings: Settings, logs: Path, **more: str) -> Iterator[Site]:
    """Run web and worker with a database until the block ends.

    `more` is for their environment.
    """
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "VOYAGENT_ENV": "test",
        "VOYAGENT_DB_URL": settings.db_url or "",
        "VOYAGENT_DB_ADMIN_URL": settings.db_admin_url or "",
        "VOYAGENT_DATA_DIR": str(settings.data_dir),
        "VOYAGENT_AUTH_SECRET": settings.auth_secret.get_secret_value(),
        "VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION": "true",
        "VOYAGENT_AUTH_ARGON2_TIME_COST": "1",
        "VOYAGENT_AUTH_ARGON2_MEMORY_COST": "64",
        "VOYAGENT_AUTH_ARGON2_PARALLELISM": "1",
        "VOYAGENT_PUBLIC_URL": address,
        "VOYAGENT_LIMIT_SCALE": "10000",
        "VOYAGENT_OPERATOR_TOKEN": OPERATOR_TOKEN,
        "VOYAGENT_WORKER_STALLED_S": "2",
        "VOYAGENT_DRAIN_S": "0",
        **more,
    }
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "wsgi:app",
        "--threads",
        "64",
    ]
    web = [*gunicorn, "--bind", f"127.0.0.1:{port}", "--graceful-timeout", "2"]
    worker = [sys.executable, "-m", "flask", "--app", "wsgi:app", "worker"]
    with (logs / "web.log").open("wb") as web_log, (logs / "worker.log").open("wb") as worker_log:
        running = [
            subprocess.Popen(web, cwd=ROOT, env=environment, stdout=web_log, stderr=web_log),
            subprocess.Popen(
                worker, cwd=ROOT, env=environment, stdout=worker_log, stderr=worker_log
            ),
        ]
        try:
            _wait_for(port, running[0], logs / "web.log")
            yield Site(address, environment, logs, settings)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                end(process, within_s=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the web process ended: {log.read_text()[-2000:]}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            connection.getresponse()  # the socket is open long before the program answers
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the web process did not answer: {log.read_text()[-2000:]}")
