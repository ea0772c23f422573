"""Run Voyagent on this computer, with embedded PostgreSQL and demo data.

`python app.py` starts everything. `flask …` calls `create_app` and runs one command on the same
database. Environment variables that are not set get defaults for development. In production,
wsgi.py starts the program.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import os
import runpy
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import click
import flask_migrate
import psycopg
from flask import Flask
from gunicorn.app.base import BaseApplication

from voyagent import cli, factory
from voyagent.audit.service.statements import Anchors
from voyagent.backup.commands import over
from voyagent.backup.errors import BackupError
from voyagent.backup.service import moving
from voyagent.backup.service.copies import Program
from voyagent.drivers.postgres.errors import DataNotMoved, EmbeddedServerError
from voyagent.drivers.postgres.launcher import MAJOR_VERSION, shared_server
from voyagent.drivers.postgres.replacement import older_version, replaced_server
from voyagent.http.extensions import installed
from voyagent.identity.queries.people import offers_demo
from voyagent.identity.rules.demo import DEMO_EMAIL, DEMO_PASSWORD
from voyagent.kernel import metrics
from voyagent.kernel.config import (
    SEED_BYTES,
    ConfigurationError,
    Settings,
    load_settings,
    read_files,
)
from voyagent.kernel.database.start_checks import EXIT_CODE, StartRefused, require_start
from voyagent.kernel.db import db
from voyagent.kernel.db_connections import Purpose, parameters_for
from voyagent.kernel.errors import VoyagentError

ROOT = Path(__file__).resolve().parent
BACKLOG = 2048
ORPHANS_END_WITHIN_S = 10
WORKER_STOP_TIMEOUT_S = 8
PARENT_CHECK_EVERY_S = 0.5


class PortUnavailable(Exception):
    """The web server cannot use its port; the message says why."""


def main() -> None:
    """Start everything, serve until told to stop, then stop everything.

    An error is printed as a sentence. The exit code is 4 if a check of the database at the start
    fails, and 1 for other errors.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _end_with(os.environ.pop("VOYAGENT_END_WITH", None))
    try:
        with ExitStack() as running:
            set_defaults()
            listener = running.enter_context(claim_port(load_settings()))
            settings = running.enter_context(database())
            metrics.share(settings.metrics_place, "web")
            words = greeting(settings, has_demo=prepare(settings))
            require_start(settings)
            running.enter_context(Worker())
            WebServer(settings, listener, words).run()
    except (
        ConfigurationError,
        EmbeddedServerError,
        PortUnavailable,
        cli.ServerUnreachable,
    ) as error:
        sys.exit(f"Voyagent did not start: {error}")
    except StartRefused as error:
        sys.stderr.write(f"Voyagent did not start: {error}\n")
        sys.exit(EXIT_CODE)
    except KeyboardInterrupt:
        sys.exit(130)


def create_app() -> Flask:
    """Return the application for a `flask` command.

    The application uses the database that `database` yields.

    Raises ClickException, which `flask` prints as a sentence.
    """
    running = ExitStack()
    atexit.register(running.close)
    try:
        set_defaults()
        return factory.create_app(running.enter_context(database()))
    except (ConfigurationError, EmbeddedServerError) as error:
        raise click.ClickException(str(error)) from None


def set_defaults() -> None:
    """Set development defaults for missing environment variables.

    Child processes inherit the variables. If VOYAGENT_ENV is `production`, no default is set, so
    that a forgotten variable is noticed. Variables that name a file are replaced by its content.
    """
    for name, value in read_files().items():
        os.environ[name] = value
        del os.environ[f"{name}_FILE"]
    os.environ.setdefault("VOYAGENT_ENV", "development")
    if os.environ["VOYAGENT_ENV"] == "production":
        return
    data_dir = Path(os.environ.get("VOYAGENT_DATA_DIR") or ROOT / "var").resolve()
    make_data_folder(data_dir)
    os.environ["VOYAGENT_DATA_DIR"] = str(data_dir)
    if "VOYAGENT_AUTH_SECRET" not in os.environ:
        os.environ["VOYAGENT_AUTH_SECRET"] = stored_secret(data_dir / "secret")
    if "VOYAGENT_AUDIT_SIGNING_KEY" not in os.environ:
        os.environ["VOYAGENT_AUDIT_SIGNING_KEY"] = stored_secret(
            data_dir / "audit-key", size=SEED_BYTES
        )
    os.environ.setdefault("VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION", "true")
    os.environ.setdefault("VOYAGENT_LOG_JSON", "false")
    os.environ.setdefault("VOYAGENT_DRAIN_S", "0")
    os.environ.setdefault("VOYAGENT_PUBLIC_URL", f"http://{load_settings().listen_address}")


def make_data_folder(data_dir: Path) -> None:
    """Create the data folder if it is missing.

    Raises ConfigurationError if the folder cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"VOYAGENT_DATA_DIR must name a folder that can be written: {error.strerror}"
        ) from None


def stored_secret(file: Path, *, size: int = 48) -> str:
    """Return a secret from the data folder; create it if it is missing.

    Only the owner can read the file. A new secret has `size` random bytes in URL-safe Base64. If
    several processes start at once, all use the secret of the first.
    """
    if not file.exists():
        making = file.with_name(f"{file.name}.{os.getpid()}")
        making.touch(0o600)
        making.write_text(secrets.token_urlsafe(size))
        with suppress(FileExistsError):
            os.link(making, file)
        making.unlink()
    return file.read_text().strip()


@contextmanager
def claim_port(settings: Settings) -> Iterator[socket.socket]:
    """Yield the listening socket. Raises PortUnavailable if the port is taken.

    After `kill -9` of an earlier run, the web process of that run still holds the port for a
    moment. The function then waits for the port, for at most ORPHANS_END_WITHIN_S seconds. It
    recognizes this case by a lock file: the file is still locked, but the process whose number it
    contains has ended.
    """
    name = settings.data_dir / f"web-{settings.port}.lock"
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    make_data_folder(settings.data_dir)
    with name.open("a+") as lock:
        give_up_at = time.monotonic() + ORPHANS_END_WITHIN_S
        while True:
            is_ours = _try_lock(lock.fileno())
            try:
                listener = socket.create_server(
                    (settings.bind, settings.port), family=family, backlog=BACKLOG
                )
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise PortUnavailable(
                        f"{settings.listen_address} cannot be used: {error.strerror}."
                    ) from None
                if is_ours or _is_alive(_number_in(name)) or time.monotonic() > give_up_at:
                    raise PortUnavailable(
                        f"port {settings.port} is in use. Stop what runs there, or choose another:"
                        " PORT=5001 make run"
                    ) from None
            time.sleep(0.1)
        name.write_text(str(os.getpid()))
        with listener:
            yield listener


@contextmanager
def database() -> Iterator[Settings]:
    """Yield the settings, with the address of a running database.

    The database is that of VOYAGENT_DB_URL. If the variable is not set, an embedded server is
    started. The last process that uses the embedded server stops it.
    """
    settings = load_settings()
    if settings.db_url is not None:
        yield settings
        return
    make_data_folder(settings.data_dir)
    replace_older_server(settings)
    with shared_server(settings.data_dir) as server:
        os.environ["VOYAGENT_DB_URL"] = server.app_url
        os.environ["VOYAGENT_DB_ADMIN_URL"] = server.admin_url
        os.environ["VOYAGENT_DB_BACKUP_URL"] = server.backup_url
        if server.kept is not None:
            print(
                f"The database is now in PostgreSQL {MAJOR_VERSION}. The earlier data folder is"
                f" kept as {server.kept}; remove it when you do not need it any more.",
                flush=True,
            )
        if not server.home.is_relative_to(settings.data_dir.resolve()):
            print(
                f"PostgreSQL does not run as root, so its files are in {server.home} and belong to"
                " another user.",
                flush=True,
            )
        yield load_settings()


def replace_older_server(settings: Settings) -> None:
    """Move the embedded database to this PostgreSQL version if an older one made it.

    Raises EmbeddedServerError; the data folder is then unchanged.
    """
    found = older_version(settings.data_dir)
    if found is None:
        return
    print(f"Moving the database from PostgreSQL {found} to {MAJOR_VERSION} …", flush=True)
    wheel = ROOT / "var" / f"postgres-{found}-programs"  # tools/set_up.py has put it there
    with replaced_server(settings.data_dir, found, wheel) as servers:
        source, target = (
            settings.model_copy(
                update={
                    "db_url": one.app_url,
                    "db_admin_url": one.admin_url,
                    "db_backup_url": one.backup_url,
                }
            )
            for one in servers
        )
        if _is_fresh(source):
            return
        file = settings.data_dir / f"postgres-{found}.tar"
        with factory.create_app(target).app_context():
            program = Program(over, flask_migrate.upgrade, installed(Anchors, "anchors"))
            try:
                moving.move(source, target, file, program, partial(print, flush=True))
            except (BackupError, OSError, psycopg.Error) as error:
                raise DataNotMoved(found, MAJOR_VERSION, str(error)) from error


def prepare(settings: Settings) -> bool:
    """Migrate the database; fill a new database with the demo agency.

    If an earlier start was interrupted while it filled the demo agency, this start continues. If
    the demo agency already exists, its expired proposals are renewed. Returns True if the demo
    agency exists. Raises ServerUnreachable.
    """
    cli.reach(settings)
    application = factory.create_app(settings)
    wanted = not settings.is_production and os.environ.get("VOYAGENT_DEMO") != "off"
    unfinished = settings.data_dir / "demo-unfinished"
    if wanted and _is_fresh(settings):
        unfinished.touch()
    cli.migrate(application)
    if wanted and unfinished.exists():
        print("Filling the demo agency …", flush=True)
        cli.demo(application)
        unfinished.unlink()
    elif wanted:
        renew_demo(application, settings)
    with application.app_context():
        has_demo = offers_demo(settings)
        db.session.remove()
        # the web process is forked from this one and must not share a connection with it
        db.engine.dispose()
    metrics.leave(os.getpid())
    return has_demo


def renew_demo(application: Flask, settings: Settings) -> None:
    """Renew expired proposals, so that the demo always has proposals to decide."""
    with application.app_context():
        has_demo = offers_demo(settings)
    if not has_demo:
        return
    try:
        cli.demo(application)
    except VoyagentError as error:
        print(f"The demo agency was left as it is: {error.message}", flush=True)


class Worker:
    """The job worker, a child process that is restarted if it ends unexpectedly.

    If the parent process is killed, the worker ends by itself.
    """

    def __init__(self) -> None:
        self._stopping = Event()
        self._process = self._start()
        Thread(target=self._watch, name="worker-watch", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if os.getpid() == self._owner:
            self.stop()

    def stop(self) -> None:
        """Stop the worker.

        A worker that does not end within WORKER_STOP_TIMEOUT_S seconds is killed. A later worker
        runs the jobs that were not finished.
        """
        self._stopping.set()
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(WORKER_STOP_TIMEOUT_S)
        if self._process.poll() is None:
            self._process.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        # A group of its own: Ctrl-C at the terminal reaches this process, which stops the web first
        # and the worker after it.
        self._owner = os.getpid()
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"VOYAGENT_PARENT_PID": str(os.getpid())},
            process_group=0,
        )

    def _watch(self) -> None:
        while not self._stopping.wait(1):
            if self._process.poll() is not None:
                print("The worker ended and is started again.", file=sys.stderr, flush=True)
                self._process = self._start()


class WebServer(BaseApplication):
    """The gunicorn server in this process, with gunicorn.conf.py and an open socket."""

    def __init__(self, settings: Settings, listener: socket.socket, words: str) -> None:
        self.settings = settings
        self.listener = listener
        self.words = words
        super().__init__()

    def load_config(self) -> None:
        """Load gunicorn.conf.py, then replace the socket, log level and start hook."""
        production = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
        for name, value in production.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.init_worker = production["post_worker_init"]
        self.cfg.set("bind", f"fd://{self.listener.detach()}")
        self.cfg.set("loglevel", "warning")
        self.cfg.set("post_worker_init", self._greet)

    def load(self) -> Flask:
        """Return the application, created in the web process after the fork."""
        return factory.create_app(self.settings)

    def _greet(self, worker: Any) -> None:
        self.init_worker(worker)
        if worker.age == 1:
            print(self.words, flush=True)


def greeting(settings: Settings, *, has_demo: bool) -> str:
    """Return the text to print at the start: URL, demo sign-in and folders."""
    lines = ["", f"Voyagent runs at http://{settings.listen_address}"]
    if has_demo:
        lines += [f"  Demo sign-in   {DEMO_EMAIL}", f"  Password       {DEMO_PASSWORD}"]
    lines += [f"  Data           {settings.data_dir.resolve()}"]
    if settings.mail_url is None and not settings.is_production:
        lines += [f"  Mail           {settings.data_dir.resolve() / 'mail'} (nothing is sent)"]
    if settings.auth_skip_email_verification:
        lines += [
            "  E-mail addresses are not verified here (VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION)."
        ]
    return "\n".join([*lines, "  Ctrl-C stops it.", ""])


def _is_fresh(settings: Settings) -> bool:
    with psycopg.connect(**parameters_for(settings, Purpose.MIGRATE)) as connection:
        row = connection.execute("select to_regclass('alembic_version') is null").fetchone()
    return bool(row and row[0])


def _end_with(parent: str | None) -> None:
    """Start a thread that stops this process once the parent process has ended.

    This happens, for example, if `make run` is killed.
    """

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_EVERY_S)
        os.kill(os.getpid(), signal.SIGTERM)

    if parent:
        Thread(target=watch, args=(int(parent),), name="parent-watch", daemon=True).start()


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _number_in(file: Path) -> int:
    try:
        return int(file.read_text())
    except ValueError:
        return 0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid or os.getpid(), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
