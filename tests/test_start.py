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
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import click
import psycopg
import pytest
import sqlalchemy as sa
from click.testing import Result

import app as start_script
from tests.conftest import fresh_database
from voyagent.drivers.postgres.launcher import stop_server
from voyagent.drivers.postgres.place import find_location
from voyagent.identity.rules.demo import DEMO_EMAIL
from voyagent.kernel import metrics
from voyagent.kernel.config import load_settings
from voyagent.kernel.database.start_checks import EXIT_CODE
from voyagent.kernel.db_address import psycopg_url

ROOT = Path(__file__).resolve().parent.parent
START_S = 180  # with the demo to fill, on a machine that has other work


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


class Home:
    """A data folder and a free port in which the program is started repeatedly."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self._folder, self._port = folder, _free_port()
        self._started: list[Program] = []

    def start(self, **variables: str) -> Program:
        log = self._folder / f"log-{len(self._started)}"
        self._started.append(Program(self.data_dir, self._port, log, **variables))
        return self._started[-1]

    def running(self) -> Program:
        """Return the program that was started last; start it if it has ended."""
        if not self._started or self._started[-1].process.poll() is not None:
            self.start().wait_until_it_runs()
        return self._started[-1]

    def close(self) -> None:
        for program in self._started:
            if program.process.poll() is None:
                program.process.kill()
                program.process.wait()
        stop_server(self.data_dir)
        shutil.rmtree(find_location(self.data_dir).home)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A data folder of the test's own."""
    home = Home(tmp_path)
    yield home
    home.close()


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A data folder for the tests that do not need a new one."""
    home = Home(tmp_path_factory.mktemp("shared"))
    yield home
    home.close()


@pytest.fixture
def running(shared_home: Home) -> Program:
    """A running program, which the test may stop; the next test then starts it again."""
    return shared_home.running()


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


def test_a_used_port_is_reported_at_once(running: Program) -> None:
    said = refusal(PORT=str(running.port), VOYAGENT_DATA_DIR=str(running.data_dir))
    assert said.startswith(f"Voyagent did not start: port {running.port} is in use")
    assert running.status("/health") == 200


def test_ctrl_c_stops_all_processes(running: Program) -> None:
    running.read_enquiries()
    children = running.children()
    assert running.stop(signal.SIGINT) == 0
    _assert_gone(children)
    assert "SIGKILL" not in running.output


def test_a_start_right_after_kill_9_succeeds(running: Program, shared_home: Home) -> None:
    orphans = running.children()
    running.stop(signal.SIGKILL)
    again = shared_home.start()
    again.wait_until_it_runs()
    assert again.status("/health/db") == 200
    _assert_gone(orphans)


def test_a_stop_leaves_no_process_running(running: Program) -> None:
    assert running.status("/health") == 200
    assert running.status("/health/db") == 200
    children = running.children()
    assert len(children) == 2, "web and worker"
    assert running.stop() == 0
    _assert_gone(children)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(find_location(running.data_dir).sockets), user="postgres")


def test_the_demo_is_completed_after_a_killed_start(home: Home) -> None:
    """Later starts fill nothing: `test_a_later_start_is_quick_and_fills_nothing`."""
    program = home.start(VOYAGENT_DEMO="on")
    program.wait_until_it_says("Filling the demo agency")
    file, unfinished = home.data_dir / "secret", home.data_dir / "demo-unfinished"
    secret = file.read_text()
    assert len(secret) >= 32
    assert file.stat().st_mode & 0o777 == 0o600
    program.stop(signal.SIGKILL)
    assert unfinished.exists()
    again = home.start(VOYAGENT_DEMO="on")
    again.wait_until_it_runs()
    assert "Filling the demo agency" in again.output
    assert DEMO_EMAIL in again.output.split("Voyagent runs at")[1]
    again.stop()
    assert not unfinished.exists()
    assert file.read_text() == secret


def test_an_invalid_setting_is_reported_in_a_sentence(tmp_path: Path) -> None:
    said = refusal(VOYAGENT_DATA_DIR=str(tmp_path), VOYAGENT_AUTH_SECRET="short")
    assert re.match("Voyagent did not start: .*VOYAGENT_AUTH_SECRET", said)


def refusal(**variables: str) -> str:
    """Return the sentence or exit code with which `main` of app.py ends."""
    with (
        mock.patch.dict(os.environ, _bare_environment() | variables, clear=True),
        mock.patch.object(signal, "signal"),
        # this process has its metrics already, and goes on
        mock.patch.object(metrics, "share"),
        mock.patch.object(metrics, "leave"),
        mock.patch.object(start_script, "Worker", side_effect=AssertionError("it started")),
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


@pytest.mark.parametrize("address", ["127.0.0.2", "::1"])
def test_the_program_listens_on_the_address_of_the_setting(tmp_path: Path, address: str) -> None:
    settings = load_settings(
        auth_secret="s" * 40, data_dir=tmp_path, bind=address, port=_free_port()
    )
    with start_script.claim_port(settings) as listener:
        assert listener.getsockname()[:2] == (address, settings.port)
    assert settings.listen_address in start_script.greeting(settings, has_demo=False)


def test_a_variable_that_names_a_file_has_no_default(tmp_path: Path) -> None:
    (tmp_path / "secret-file").write_text("f" * 40 + "\n")
    given = {
        "VOYAGENT_AUTH_SECRET_FILE": str(tmp_path / "secret-file"),
        "VOYAGENT_DATA_DIR": str(tmp_path),
    }
    with mock.patch.dict(os.environ, _bare_environment() | given, clear=True):
        start_script.set_defaults()
        assert os.environ["VOYAGENT_AUTH_SECRET"] == "f" * 40
        assert "VOYAGENT_AUTH_SECRET_FILE" not in os.environ
        assert load_settings().auth_secret.get_secret_value() == "f" * 40


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


def migrate_up(**variables: str) -> Result:
    """Run `flask migrate-up` in this process, as `flask` runs it beside app.py."""
    variables["VOYAGENT_LOG_JSON"] = "true"  # the log of this process stays as it is
    with mock.patch.dict(os.environ, _bare_environment() | variables, clear=True):
        return start_script.create_app().test_cli_runner().invoke(args=["migrate-up"])


def test_the_migration_command_reports_an_error_in_a_sentence(tmp_path: Path) -> None:
    nobody = f"postgresql://someone:hidden-word@127.0.0.1:{_free_port()}/trips"
    done = migrate_up(VOYAGENT_DATA_DIR=str(tmp_path), VOYAGENT_DB_URL=nobody)
    assert (done.exit_code, type(done.exception)) == (1, SystemExit), "no traceback"
    assert "the database server of VOYAGENT_DB_URL cannot be reached" in done.stderr
    assert "hidden-word" not in done.output


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
    )
    try:
        program.wait_until_it_runs()
        assert program.status("/health/db") == 200
        assert program.status("/sign-in") == 200
        assert demos_in(psycopg_url(owner)) == 0, "the tables are there, and no demo"
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
    server_urls: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fresh_database(server_urls, tmp_path / "data") as settings:
        code = refusal(
            PORT=str(_free_port()),
            VOYAGENT_DATA_DIR=str(tmp_path / "data"),
            VOYAGENT_DB_URL=settings.db_admin_url or "",
            VOYAGENT_ENV="production",
            VOYAGENT_AUTH_SECRET="s" * 40,
            VOYAGENT_LOG_JSON="true",  # the log of this process stays as it is
        )
    said = capsys.readouterr().err
    assert code == str(EXIT_CODE)
    assert said.count("Voyagent did not start: ") == 1
    assert "postgres is a superuser" in said


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


def test_migrate_up_grants_the_role_to_a_separate_login(
    tmp_path: Path, database: tuple[str, str]
) -> None:
    """Migrations use the owner's login, the program another one without manual grants."""
    owner, _application = database
    login = f"teller_{secrets.token_hex(4)}"
    app_url = sa.make_url(owner).set(username=login).render_as_string(hide_password=False)
    variables = {
        "VOYAGENT_DATA_DIR": str(tmp_path),
        "VOYAGENT_DB_URL": app_url,
        "VOYAGENT_DB_ADMIN_URL": owner,
    }
    with psycopg.connect(psycopg_url(owner), autocommit=True) as connection:
        connection.execute(f"create role {login} login")
        try:
            for _again in range(2):
                done = migrate_up(**variables)
                assert done.exit_code == 0, done.output
            with psycopg.connect(psycopg_url(app_url)) as program:
                program.execute("set role voyagent_app")
                assert program.execute("select count(*) from tenants").fetchone() == (0,)
        finally:
            connection.execute(f"drop owned by {login}")
            connection.execute(f"drop role {login}")


def test_migrate_up_names_the_right_that_is_missing(
    tmp_path: Path, server_urls: tuple[str, str]
) -> None:
    name = f"owner_{secrets.token_hex(4)}"
    as_owner = sa.make_url(server_urls[0]).set(username=name, database=name)
    url = as_owner.render_as_string(hide_password=False)
    with psycopg.connect(psycopg_url(server_urls[0]), autocommit=True) as server:
        server.execute(f"create role {name} login")
        server.execute(f"create database {name} owner {name}")
        try:
            done = migrate_up(VOYAGENT_DATA_DIR=str(tmp_path), VOYAGENT_DB_URL=url)
            assert (done.exit_code, type(done.exception)) == (1, SystemExit), "no traceback"
            assert (
                "Error: The login of VOYAGENT_DB_ADMIN_URL lacks a right: permission" in done.stderr
            )
        finally:
            server.execute(f"drop database {name} with (force)")
            server.execute(f"drop role {name}")
