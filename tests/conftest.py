"""Shared fixtures: one server, a database for each test process, and three people.

Alice owns the records of a test, Bob is her colleague, Charlie is another agency. Every test signs
up new agencies, so tests share a database without conflicts. Transactions are committed as in
production.
"""

from __future__ import annotations

import functools
import gc
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.pool import ConnectionPoolEntry
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.markup import CompactClient
from tests.people import People, Person
from tests.worker import work_off
from voyagent import catalogue, cli
from voyagent.capabilities import registry
from voyagent.drivers.paper import Paper
from voyagent.drivers.postgres.launcher import shared_server
from voyagent.factory import create_app
from voyagent.http import headers
from voyagent.http.app import VoyagentFlask
from voyagent.kernel import db_connections
from voyagent.kernel.config import Settings, load_settings
from voyagent.kernel.db_connections import Purpose, parameters_for

NO_JOBS = """
delete from procrastinate_jobs where status in ('todo', 'doing');
update chat_turns set status = 'stopped', finished_at = now()
 where status in ('queued', 'running');
update approvals set expires_at = now() + interval '1 year'
 where status = 'pending' and expires_at < now() + interval '1 month';
update approvals set resolved_at = now() + interval '1 year'
 where effect_status = 'waiting' and resolved_at < now()
"""

# A statement that reads every table would start processes of the server that have nothing to do.
ONE_PROCESS = "-c max_parallel_workers_per_gather=0"


class CompiledTemplates(BytecodeCache):
    """Templates that one application has compiled, for the later ones of the process."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket if its template has been compiled."""
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template."""
        self._compiled[bucket.key] = bucket.bytecode_to_string()


gc.disable()  # until the tests are collected
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BROWSER_TESTS = f"{HERE.name}/e2e/"
VoyagentFlask.test_client_class = CompactClient
VoyagentFlask.jinja_options = {"bytecode_cache": CompiledTemplates()}
for _name in (
    "ANTHROPIC_API_KEY",
    "VOYAGENT_ANTHROPIC_API_KEY",
    "VOYAGENT_OPENAI_BASE_URL",
    "VOYAGENT_OPENAI_MODEL",
    "VOYAGENT_OPENAI_API_KEY",
):
    os.environ.pop(
        _name, None
    )  # no test, and no program that one starts, asks a model that somebody pays for

registry.install(catalogue.CAPABILITIES)  # also for tests that make no application


class Distribution(LoadFileScheduling):
    """Send the tests of a file to one test process, and all browser tests to one.

    Each process with browser tests starts the program and a browser.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return BROWSER_TESTS if file.startswith(BROWSER_TESTS) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Return the distribution of this project, whatever `--dist` names."""
    return Distribution(config, log)


def pytest_collection(session: pytest.Session) -> None:
    """Import a share of the test files in each test process before they all collect.

    In a new checkout, pytest rewrites the assertions of 540 files, and stores the result. All
    processes would begin with the same file, and each would rewrite every file.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != [HERE.name]:
        return
    files = [file for file in sorted(HERE.rglob("test_*.py")) if file.parent.name != "faults"]
    first = int(worker["workerid"].removeprefix("gw"))
    for file in files[first :: worker["workercount"]]:
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        with suppress(Exception, pytest.skip.Exception):  # the collection reports it
            import_module(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of whole programs first.

    Each file is sent whole to a test process, and theirs take longest. The others stay in their
    order, so that tests that read every agency come while there are few.
    """
    items.sort(key=lambda item: item.path.parent != HERE)


def pytest_collection_finish() -> None:
    """Leave what collection made out of every later garbage collection."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Leave what a folder of tests created out of later garbage collections.

    Statements, applications and parsed sources stay until the end, and a full collection of them
    took seconds.
    """
    if nextitem is not None and nextitem.path.parent != item.path.parent:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session")
def server_urls() -> Iterator[tuple[str, str]]:
    """Addresses of the server as its owner and as the application.

    The server is the embedded one or VOYAGENT_TEST_DB_URL.
    """
    given = os.environ.get("VOYAGENT_TEST_DB_URL")
    with ExitStack() as running:
        if given:
            urls = given, given
        else:
            server = running.enter_context(shared_server(ROOT / "var" / "test-server", fast=True))
            urls = server.admin_url, server.app_url
        yield urls
        if template_of.cache_info().currsize:
            with _server(urls) as connection:
                connection.execute(sa.text(f"drop database {template_of(urls)}"))


@contextmanager
def fresh_database(
    server_urls: tuple[str, str],
    data_dir: Path,
    migrate: Callable[[Settings], None] | None = None,
) -> Iterator[Settings]:
    """Settings of a new, migrated database that is dropped when the block ends.

    Without `migrate` it is a copy of a database that has been migrated once.
    """
    template = template_of(server_urls) if migrate is None else "template1"
    made = _settings_of(server_urls, f"test_{secrets.token_hex(6)}", data_dir)
    with _server(server_urls) as server:
        server.execute(sa.text(f"create database {_name_of(made)} template {template}"))
        if migrate is not None:
            _migrate_alone(server, made, migrate)
    yield made
    with _server(server_urls) as server:
        server.execute(sa.text(f"drop database if exists {_name_of(made)} with (force)"))


@functools.cache
def template_of(server_urls: tuple[str, str]) -> str:
    """Return the name of a new, migrated database without connections."""
    made = _settings_of(server_urls, f"template_{secrets.token_hex(6)}", Path(os.devnull))
    name = _name_of(made)
    with _server(server_urls) as server:
        server.execute(sa.text(f"create database {name}"))
        _migrate_alone(server, made, lambda settings: cli.migrate(create_app(settings)))
        server.execute(sa.text(f"alter database {name} allow_connections false"))
        server.execute(
            sa.text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"),
            {"name": name},
        )
    return name


def _migrate_alone(
    server: sa.Connection, settings: Settings, migrate: Callable[[Settings], None]
) -> None:
    """Migrate a database while no other test process does.

    Roles belong to the server, and two first migrations at once would both create them.
    """
    server.execute(sa.text("select pg_advisory_lock(7203842)"))
    migrate(settings)
    server.execute(sa.text("select pg_advisory_unlock(7203842)"))


@contextmanager
def _server(server_urls: tuple[str, str]) -> Iterator[sa.Connection]:
    engine = sa.create_engine(server_urls[0], isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def _name_of(settings: Settings) -> str:
    return sa.make_url(settings.db_url or "").database or ""


def _settings_of(server_urls: tuple[str, str], name: str, data_dir: Path) -> Settings:
    admin_url, app_url = (sa.make_url(url) for url in server_urls)
    return load_settings(
        env="test",
        db_url=app_url.set(database=name).render_as_string(hide_password=False),
        db_admin_url=admin_url.set(database=name).render_as_string(hide_password=False),
        auth_secret="test-secret-" + "0" * 40,
        auth_skip_email_verification=True,
        auth_argon2_time_cost=1,
        auth_argon2_memory_cost=64,
        auth_argon2_parallelism=1,
        data_dir=data_dir,
        worker_heartbeat_s=0.2,
        worker_stalled_s=1.0,
        # all suites come from one address; the limits per account are not scaled
        limit_scale=10_000,
    )


@pytest.fixture(scope="session")
def settings(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of the test process's own database."""
    with fresh_database(server_urls, tmp_path_factory.mktemp("data")) as made:
        yield made


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The application over the test's database."""
    return create_app(settings)


@contextmanager
def connections_of_owner(settings: Settings) -> Iterator[sa.Engine]:
    """Connections as the owner, which forget what a test has set for its session."""
    engine = sa.create_engine(
        sa.make_url(settings.db_admin_url or ""),
        pool_pre_ping=True,
        connect_args={"options": ONE_PROCESS},
    )

    @sa.event.listens_for(engine, "checkin")
    def reset(connection: psycopg.Connection[Any] | None, record: ConnectionPoolEntry) -> None:
        if connection is not None:
            try:
                connection.pgconn.exec_(b"reset all; reset role")  # one message, no transaction
            except psycopg.OperationalError:  # the test has ended the connection
                record.invalidate()

    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def owners(settings: Settings) -> Iterator[sa.Engine]:
    """Connections as the schema's owner, kept open because each test begins with one."""
    with connections_of_owner(settings) as engine:
        yield engine


@pytest.fixture
def no_jobs(owners: sa.Engine) -> None:
    """Delete the jobs of earlier tests.

    A worker then runs only those of its own test. A job of a killed worker would keep its lock,
    because the tests release no jobs. Turns end with their jobs. The expiry of proposals is
    postponed, because a worker checks it each minute.
    """
    with owners.begin() as connection:
        connection.exec_driver_sql(NO_JOBS)


@pytest.fixture
def people(app: Flask, no_jobs: None) -> People:
    """Factory of agencies and users, for tests that need more than the three."""
    return People(app)


@pytest.fixture
def alice(people: People) -> Person:
    """An administrator of a new agency, the owner of the test's records."""
    return people.sign_up("Alice Owner", agency="Alice Travels")


@pytest.fixture
def bob(people: People, alice: Person) -> Person:
    """Alice's colleague, an `agent`."""
    return people.colleague(alice, "Bob Colleague", role="agent")


@pytest.fixture
def victor(people: People, alice: Person) -> Person:
    """Alice's colleague with read access, a `viewer`."""
    return people.colleague(alice, "Victor Viewer", role="viewer")


@pytest.fixture
def charlie(people: People) -> Person:
    """An administrator of another agency, who must see nothing of Alice's."""
    return people.sign_up("Charlie Stranger", agency="Charlie Tours")


@pytest.fixture
def owner_engine(owners: sa.Engine) -> sa.Engine:
    """Connections as the schema's owner, to read rows without row-level security."""
    return owners


@pytest.fixture
def app_engine(settings: Settings) -> Iterator[sa.Engine]:
    """Raw SQL as the application's role, to test row-level security alone."""
    engine = sa.create_engine(
        sa.make_url(settings.db_url or ""), connect_args={"options": "-c role=voyagent_app"}
    )
    yield engine
    engine.dispose()


@pytest.fixture
def lane(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection with the application's role, as in the read pool.

    Row-level security applies.
    """
    with psycopg.connect(
        **parameters_for(settings), cursor_factory=psycopg.ClientCursor
    ) as connection:
        yield connection


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Record every statement of the session's engine."""
    from voyagent.kernel.db import db  # noqa: PLC0415 - the engine exists once the application does

    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def _nothing_of_earlier_tests() -> None:
    """Forget the ids of the last request, and that a command ran in this process."""
    structlog.contextvars.clear_contextvars()
    db_connections.name_process(Purpose.WEB)


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Record the log line of each request."""
    lines: list[dict[str, Any]] = []

    class Recorder:
        def info(self, event: str, **values: Any) -> None:
            lines.append({"event": event, **structlog.contextvars.get_contextvars(), **values})

    monkeypatch.setattr(headers, "log", Recorder())
    return lines


@pytest.fixture
def typeset(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Record the inputs of the typesetter, in order."""
    inputs: list[dict[str, Any]] = []
    plain = Paper.pdf

    def record(self: Paper, name: str, data: dict[str, Any]) -> bytes:
        inputs.append(data)
        return plain(self, name, data)

    monkeypatch.setattr(Paper, "pdf", record)
    return inputs


@pytest.fixture
def drain(app: Flask, settings: Settings) -> Callable[[], None]:
    """Run the jobs that are due, as the worker would."""
    return partial(work_off, app, settings)
