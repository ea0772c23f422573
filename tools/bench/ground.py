"""Environment of the benchmarks: PostgreSQL in its own folder, and web processes.

As in production, PostgreSQL waits for the disk at each commit.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TextIO, cast

import psycopg
import sqlalchemy as sa
from flask import Flask

from tools.bench.figures import Figure, percentile
from voyagent import cli
from voyagent.drivers.postgres.launcher import ServerInfo, shared_server
from voyagent.factory import create_app
from voyagent.http.guards import AuthAdapter
from voyagent.kernel.config import Settings, load_settings
from voyagent.kernel.db import db
from voyagent.kernel.db_address import psycopg_url

ROOT = Path(__file__).resolve().parent.parent.parent
WEB_PROCESSES = 2
START_S = 40
STOP_S = 10
COMMITS = 200
METRICS_TOKEN = "token-of-the-bench"  # noqa: S105 - opens nothing but the bench's own processes


class BenchFailed(Exception):
    """A measurement failed; the message says why."""


@dataclass(frozen=True, slots=True)
class Web:
    """Web processes that listen on a local port."""

    port: int
    pids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """A migrated database, and the application that uses it.

    `environment` has the environment variables for web processes.
    """

    settings: Settings
    app: Flask
    environment: dict[str, str]
    folder: Path

    @contextmanager
    def serve(self, app: str = "wsgi:app") -> Iterator[Web]:
        """Serve a WSGI application by two web processes with the production settings.

        `app` names the application as `module:object`. The default is Voyagent itself.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            app,
            "--workers",
            str(WEB_PROCESSES),
            "--bind",
            f"127.0.0.1:{port}",
        ]
        log = self.folder / "web.log"
        with log.open("ab") as lines:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=lines, stderr=lines
            )
        try:
            _wait(lambda: process.poll() is None and _answers(port), log)
            yield Web(port, children(process.pid))
        finally:
            _end(process)

    @contextmanager
    def as_owner(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        """Connect as the owner of the schema, without row-level security.

        Each statement is committed at once.
        """
        with psycopg.connect(
            psycopg_url(self.settings.migration_url or ""), autocommit=True
        ) as connection:
            yield connection

    def count(self, query: str) -> int:
        """Return the whole number that a query finds, or 0 if it finds no row.

        The query is sent as in `as_owner`.
        """
        with self.as_owner() as connection:
            row = connection.execute(query.encode()).fetchone()
        return int(str(row[0])) if row else 0


@dataclass(frozen=True, slots=True)
class Ground:
    """A running PostgreSQL server and a folder for the output of the processes."""

    server: ServerInfo
    folder: Path
    log: TextIO

    def database_pids(self) -> tuple[int, ...]:
        """Return the process ids of PostgreSQL, the postmaster first."""
        first = int((self.server.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        return (first, *children(first))

    @contextmanager
    def installation(self) -> Iterator[Installation]:
        """Create a new database, migrate it, and yield it with production settings.

        The rate limits are raised, because all requests come from one IP address.
        """
        name = f"bench_{secrets.token_hex(4)}"
        folder = self.folder / name
        folder.mkdir()
        with psycopg.connect(psycopg_url(self.server.admin_url), autocommit=True) as connection:
            connection.execute(f"create database {name}".encode())
        values = {
            "ENV": "production",
            "DB_URL": _named(self.server.app_url, name),
            "DB_ADMIN_URL": _named(self.server.admin_url, name),
            "AUTH_SECRET": secrets.token_urlsafe(48),
            "DATA_DIR": str(folder),
            "LIMIT_SCALE": "100000",
            "CONNECTIONS_PER_ADDRESS": "100000",
            "DRAIN_S": "0",
            "METRICS_TOKEN": METRICS_TOKEN,
        }
        settings = load_settings(**{key.lower(): value for key, value in values.items()})
        with redirect_stdout(
            self.log
        ):  # the log of the program keeps the standard output of its first line
            app = create_app(settings)
            cli.migrate(app)
        try:
            yield Installation(
                settings,
                app,
                os.environ | {f"VOYAGENT_{key}": value for key, value in values.items()},
                folder,
            )
        finally:
            cast("AuthAdapter", app.extensions["voyagent.auth_adapter"]).lane.close()
            with app.app_context():
                db.engine.dispose()


@contextmanager
def ground() -> Iterator[Ground]:
    """Run a PostgreSQL server during the block; delete its files afterwards."""
    for name in [
        name
        for name in os.environ
        if name.startswith(("VOYAGENT_", "PROMETHEUS_")) or name == "PORT"
    ]:
        del os.environ[name]  # settings of the caller's own installation must not apply here
    var = ROOT / "var"
    var.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=var) as name:
        home: Path | None = None
        try:
            with shared_server(Path(name)) as server, (Path(name) / "program.log").open("w") as log:
                home = server.home
                yield Ground(server, Path(name), log)
        finally:
            if home is not None:
                shutil.rmtree(home, ignore_errors=True)


@contextmanager
def admin(here: Installation) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Connect as the administrator of PostgreSQL; each statement is committed at once."""
    with psycopg.connect(
        psycopg_url(here.settings.db_admin_url or ""), autocommit=True
    ) as connection:
        yield connection


def commit_time(here: Ground) -> Figure:
    """Measure a commit of one row, because all figures of writes depend on the disk."""
    took = []
    with psycopg.connect(psycopg_url(here.server.admin_url), autocommit=True) as connection:
        connection.execute("create table if not exists bench_commits (n int)")
        for _ in range(COMMITS):
            began = time.perf_counter()
            connection.execute("insert into bench_commits values (1)")
            took.append(time.perf_counter() - began)
    return Figure("one commit of one row on this disk, p50", percentile(took, 0.5) * 1000, "ms")


def children(parent: int) -> tuple[int, ...]:
    """Return the ids of the child processes of a process, read from /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return tuple(sorted(found))


def _named(url: str, database: str) -> str:
    return sa.make_url(url).set(database=database).render_as_string(hide_password=False)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/db")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _wait(until: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not until():
        if time.monotonic() > deadline:
            raise BenchFailed(f"the web processes do not answer:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
