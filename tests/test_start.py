"""The start script: one start runs everything, one stop ends everything."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import click
import psycopg
import pytest
import sqlalchemy as sa

import app as start_script
from voyagent.drivers.postgres.launcher import stop_server
from voyagent.drivers.postgres.place import find_location
from voyagent.identity.rules.demo import DEMO_EMAIL
from voyagent.kernel import metrics
from voyagent.kernel.database.start_checks import EXIT_CODE
from voyagent.kernel.db_address import psycopg_url

ROOT = Path(__file__).resolve().parent.parent
START_S = 90  # with the demo to fill, on a machine that has other work


class Program:
    """A running app.py and its output so far."""

    def __init__(self, data_dir: Path, port: int, log: Path, **variables: str) -> None:
        self.data_dir = data_dir
        self.port = port
        self.log = log
        environment = (
            _bare_environment()
            | {"PORT": str(port), "VOYAGENT_DATA_DIR": str(data_dir), "VOYAGENT_DEMO": "off"}
            | variables
        )
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=ROOT,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_until_it_runs(self) -> float:
        return self.wait_until_it_says("Voyagent runs at")

    def wait_until_it_says(self, words: str) -> float:
        began = time.monotonic()
        while time.monotonic() - began < START_S:
            assert self.process.poll() is None, self.output
            if words in self.output:
                return time.monotonic() - began
            time.sleep(0.02)
        raise AssertionError(self.output)

    def status(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)

    def read_enquiries(self) -> None:
        """Create an agency and list its enquiries, through the pool for reads."""
        agency = {
            "email": "asha@example.com",
            "password": "Harbour-lantern-42",
            "full_name": "Asha Nair",
            "agency_name": "Nair Travels",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(
            "POST", "/api/auth/sign-up", json.dumps(agency), {"Content-Type": "application/json"}
        )
        token = json.load(connection.getresponse())["access_token"]
        connection.request("GET", "/api/enquiries", headers={"Authorization": f"Bearer {token}"})
        assert connection.getresponse().status == 200
        connection.close()

    def children(self) -> set[int]:
        return _children(self.process.pid)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


pytestmark = pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="looks at processes through /proc"
)


@contextmanager
def _starting(folder: Path) -> Iterator[Callable[..., Program]]:
    started: list[Program] = []
    data_dir, port = folder / "data", _free_port()

    def start(**variables: str) -> Program:
        started.append(Program(data_dir, port, folder / f"log-{len(started)}", **variables))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()
    stop_server(data_dir)
    shutil.rmtree(find_location(data_dir).home)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts the program in a data folder of the test's own, on one free port."""
    with _starting(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def start_again(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Program]]:
    """Starts the program in one data folder for all tests that stop it."""
    with _starting(tmp_path_factory.mktemp("stopped")) as start:
        yield start


@pytest.fixture(scope="module")
def start_beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Program]]:
    with _starting(tmp_path_factory.mktemp("running")) as start:
        yield start


@pytest.fixture(scope="module")
def running(start_beside: Callable[..., Program]) -> Program:
    """A running program for tests that only read from it."""
    program = start_beside()
    program.wait_until_it_runs()
    return program


def test_a_stop_leaves_no_process_running(start_again: Callable[..., Program]) -> None:
    program = start_again()
    program.wait_until_it_runs()
    assert program.status("/health") == 200
    assert program.status("/health/db") == 200
    children = program.children()
    assert len(children) == 2, "web and worker"
    assert program.stop() == 0
    _assert_gone(children)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(find_location(program.data_dir).sockets), user="postgres")


def test_ctrl_c_stops_all_processes(start_again: Callable[..., Program]) -> None:
    program = start_again()
    program.wait_until_it_runs()
    program.read_enquiries()
    children = program.children()
    assert program.stop(signal.SIGINT) == 0
    _assert_gone(children)
    assert "SIGKILL" not in program.output


def test_a_start_right_after_kill_9_succeeds(start_again: Callable[..., Program]) -> None:
    program = start_again()
    program.wait_until_it_runs()
    orphans = program.children()
    program.stop(signal.SIGKILL)
    again = start_again()
    again.wait_until_it_runs()
    assert again.status("/health/db") == 200
    _assert_gone(orphans)


def test_the_demo_is_completed_after_a_killed_start(
    start: Callable[..., Program], tmp_path: Path
) -> None:
    """Later starts fill nothing, keep the secret, and take less than five seconds."""
    program = start(VOYAGENT_DEMO="on")
    program.wait_until_it_says("Filling the demo agency")
    file = tmp_path / "data" / "secret"
    secret = file.read_text()
    assert len(secret) >= 32
    assert file.stat().st_mode & 0o777 == 0o600
    program.stop(signal.SIGKILL)
    again = start(VOYAGENT_DEMO="on")
    again.wait_until_it_runs()
    assert "Filling the demo agency" in again.output
    assert DEMO_EMAIL in again.output.split("Voyagent runs at")[1]
    again.stop()
    took = []
    while len(took) < 3 and min(took, default=5) >= 5:  # other tests load the machine meanwhile
        later = start(VOYAGENT_DEMO="on")
        took.append(later.wait_until_it_runs())
        assert "Filling" not in later.output
        assert DEMO_EMAIL in later.output
        later.stop()
    assert min(took) < 5, took
    assert file.read_text() == secret


def test_an_invalid_setting_is_reported_in_a_sentence(start: Callable[..., Program]) -> None:
    program = start(VOYAGENT_AUTH_SECRET="short")
    assert program.process.wait(20) == 1
    assert re.search(r"Voyagent did not start: .*VOYAGENT_AUTH_SECRET", program.output)
    assert "Traceback" not in program.output


def refusal(**variables: str) -> str:
    """Return the sentence with which app.py ends, started in this process."""
    with (
        mock.patch.dict(os.environ, _bare_environment() | variables, clear=True),
        mock.patch.object(signal, "signal"),
        mock.patch.object(metrics, "share"),  # this process has its metrics already
        pytest.raises(SystemExit) as ended,
    ):
        start_script.main()
    return str(ended.value.code)


@pytest.mark.parametrize("variable", ["VOYAGENT_DB_URL", "VOYAGENT_DB_ADMIN_URL"])
def test_an_unreachable_server_is_reported_without_the_password(
    variable: str, server_urls: tuple[str, str], tmp_path: Path
) -> None:
    variables = {
        "PORT": str(_free_port()),
        "VOYAGENT_DATA_DIR": str(tmp_path),
        "VOYAGENT_DB_URL": server_urls[1],
        variable: f"postgresql://someone:hidden-word@127.0.0.1:{_free_port()}/trips",
    }
    said = refusal(**variables)
    assert said.startswith(
        f"Voyagent did not start: the database server of {variable} cannot be reached"
    )
    assert "hidden-word" not in said


def test_an_invalid_url_is_reported_in_a_sentence(tmp_path: Path) -> None:
    variables = {"VOYAGENT_DATA_DIR": str(tmp_path), "VOYAGENT_DB_URL": "postgresql://[::bad"}
    assert refusal(**variables).startswith(
        "Voyagent did not start: VOYAGENT_DB_URL must name a PostgreSQL database"
    )


@pytest.mark.parametrize(
    ("place", "environment"),
    [
        ("file", "development"),
        ("file/below", "production"),
        ("/proc/voyagent", "development"),
        ("/proc", "production"),
    ],
)
def test_an_unwritable_data_folder_is_reported_in_a_sentence(
    tmp_path: Path, place: str, environment: str
) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(
        PORT=str(_free_port()),
        VOYAGENT_DATA_DIR=str(tmp_path / place),
        VOYAGENT_ENV=environment,
        VOYAGENT_AUTH_SECRET="s" * 40,
    ).startswith("Voyagent did not start: VOYAGENT_DATA_DIR must name a folder that can be written")


def test_the_migration_command_reports_an_error_in_a_sentence(tmp_path: Path) -> None:
    nobody = f"postgresql://someone:hidden-word@127.0.0.1:{_free_port()}/trips"
    done = subprocess.run(
        [sys.executable, "-m", "flask", "migrate-up"],
        cwd=ROOT,
        env=_bare_environment() | {"VOYAGENT_DATA_DIR": str(tmp_path), "VOYAGENT_DB_URL": nobody},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "the database server of VOYAGENT_DB_URL cannot be reached" in done.stderr
    assert "hidden-word" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "VOYAGENT_DB_URL",
            "postgresql://[::bad",
            "VOYAGENT_DB_URL must name a PostgreSQL database",
        ),
        (
            "VOYAGENT_DATA_DIR",
            "/proc/voyagent",
            "VOYAGENT_DATA_DIR must name a folder that can be written",
        ),
    ],
)
def test_a_command_reports_an_invalid_setting_in_a_sentence(
    tmp_path: Path, variable: str, value: str, sentence: str
) -> None:
    variables = _bare_environment() | {"VOYAGENT_DATA_DIR": str(tmp_path), variable: value}
    with (
        mock.patch.dict(os.environ, variables, clear=True),
        pytest.raises(click.ClickException, match=sentence),
    ):
        start_script.create_app()


@pytest.fixture
def database(server_urls: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """An empty database for one test: its URLs for the owner and for the application."""
    name = f"start_{secrets.token_hex(6)}"
    with psycopg.connect(psycopg_url(server_urls[0]), autocommit=True) as connection:
        connection.execute(f"create database {name}")
        owner, application = (
            sa.make_url(url).set(database=name).render_as_string(hide_password=False)
            for url in server_urls
        )
        yield owner, application
        connection.execute(f"drop database {name} with (force)")


def test_a_configured_server_is_used_and_none_started(
    tmp_path: Path, database: tuple[str, str]
) -> None:
    owner, application = database
    data_dir = tmp_path / "data"
    program = Program(
        data_dir,
        _free_port(),
        tmp_path / "log",
        VOYAGENT_DB_URL=application,
        VOYAGENT_DB_ADMIN_URL=owner,
        VOYAGENT_DEMO="on",
    )
    try:
        program.wait_until_it_runs()
        assert program.status("/health/db") == 200
        assert program.status("/sign-in") == 200
        assert demos_in(psycopg_url(owner)) == 1
        assert DEMO_EMAIL in program.output
        assert not (find_location(data_dir).cluster / "PG_VERSION").exists(), (
            "no server of our own was made"
        )
    finally:
        program.stop()
        shutil.rmtree(find_location(data_dir).home)


def demos_in(address: str) -> int:
    """Return how many users of the demo agency's address a database has."""
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "select count(*) from users where email = %s", (DEMO_EMAIL,)
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_login_with_too_many_rights_is_refused_in_production(
    tmp_path: Path, database: tuple[str, str]
) -> None:
    owner, _application = database
    program = Program(
        tmp_path / "data",
        _free_port(),
        tmp_path / "log",
        VOYAGENT_DB_URL=owner,
        VOYAGENT_ENV="production",
        VOYAGENT_AUTH_SECRET="s" * 40,
    )
    assert program.process.wait(60) == EXIT_CODE
    assert program.output.count("Voyagent did not start: ") == 1
    assert "postgres is a superuser" in program.output
    assert "Traceback" not in program.output


def test_the_start_message_has_the_url_and_skipped_steps(running: Program) -> None:
    assert DEMO_EMAIL not in running.output
    sockets = find_location(running.data_dir).sockets
    assert demos_in(f"host={sockets} user=postgres dbname=voyagent") == 0
    assert f"Voyagent runs at http://127.0.0.1:{running.port}" in running.output
    assert "E-mail addresses are not verified here" in running.output
    if os.geteuid() == 0:
        assert "/var/tmp/voyagent-" in running.output  # noqa: S108


def test_a_killed_worker_is_started_again(running: Program) -> None:
    before = running.children()
    worker = next(pid for pid in before if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while len(running.children() - before) != 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(running.children() - before) == 1
    assert "The worker ended and is started again." in running.output


def test_a_used_port_is_reported_at_once(
    running: Program, start_beside: Callable[..., Program]
) -> None:
    twin = start_beside()
    assert twin.process.wait(20) == 1
    assert f"port {running.port} is in use" in twin.output
    assert "Traceback" not in twin.output
    assert running.status("/health") == 200


def _bare_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("VOYAGENT_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(parent: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = status.read_text().split(" (", 1)
        except OSError:  # it has just ended
            continue
        if int(rest.rsplit(") ", 1)[1].split()[1]) == parent:
            found.add(int(number))
    return found


def _assert_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_migrate_up_grants_the_role_to_a_separate_login(database: tuple[str, str]) -> None:
    """Migrations use the owner's login, the program another one without manual grants."""
    owner, _application = database
    login = f"teller_{secrets.token_hex(4)}"
    app_url = sa.make_url(owner).set(username=login).render_as_string(hide_password=False)
    variables = {"VOYAGENT_DB_URL": app_url, "VOYAGENT_DB_ADMIN_URL": owner}
    with psycopg.connect(psycopg_url(owner), autocommit=True) as connection:
        connection.execute(f"create role {login} login")
        try:
            for _again in range(2):
                subprocess.run(
                    [sys.executable, "-m", "flask", "migrate-up"],
                    cwd=ROOT,
                    env=_bare_environment() | variables,
                    timeout=60,
                    check=True,
                    capture_output=True,
                )
            with psycopg.connect(psycopg_url(app_url)) as program:
                program.execute("set role voyagent_app")
                assert program.execute("select count(*) from tenants").fetchone() == (0,)
        finally:
            connection.execute(f"drop owned by {login}")
            connection.execute(f"drop role {login}")
