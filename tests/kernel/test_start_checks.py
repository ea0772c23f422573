"""Each way in which the database can be wrong refuses the start with one sentence."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.conftest import fresh_database
from tests.people import People
from tests.processes import worker_environment
from voyagent.factory import create_app
from voyagent.kernel import clock, db_connections
from voyagent.kernel.config import Environment, Settings
from voyagent.kernel.database.connection_budget import connections_of
from voyagent.kernel.database.start_checks import (
    EXIT_CODE,
    SCHEMA_FROM,
    SCHEMA_TO,
    StartRefused,
    check_start,
    require_start,
)
from voyagent.kernel.db_connections import Purpose

ROOT = Path(__file__).resolve().parents[2]
LOGIN = f"start_{secrets.token_hex(4)}"


class Ground:
    """A database with a login of its own for the program."""

    def __init__(self, settings: Settings, owner: sa.Engine) -> None:
        self.settings = settings
        self.owner = owner

    def run(self, *statements: str) -> None:
        """Run statements as the owner; `the_login` in them is the login's name."""
        with self.owner.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement.replace("the_login", LOGIN)))

    @contextmanager
    def changed(self, act: str, undo: str) -> Iterator[None]:
        """Change the database for the block."""
        self.run(*act.split("; "))
        try:
            yield
        finally:
            self.run(*undo.split("; "))

    def refusal(self) -> str:
        with pytest.raises(StartRefused) as refused:
            require_start(self.settings)
        return str(refused.value)


@pytest.fixture(scope="module")
def ground(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    with fresh_database(server_urls, tmp_path_factory.mktemp("start")) as made:
        owner = sa.create_engine(made.db_admin_url or "", poolclass=sa.NullPool)
        People(create_app(made)).sign_up("Alice Owner", agency="Alice Travels")
        address = sa.make_url(made.db_url or "").set(username=LOGIN)
        settings = made.model_copy(
            update={
                "db_url": address.render_as_string(hide_password=False),
                "env": Environment.PRODUCTION,
            }
        )
        ground = Ground(settings, owner)
        ground.run(f"create role {LOGIN} login noinherit", f"grant voyagent_app to {LOGIN}")
        yield ground
        ground.run(f"drop owned by {LOGIN}", f"drop role {LOGIN}")


def test_a_migrated_database_passes_every_check(ground: Ground) -> None:
    assert {result.name: result.sentence for result in check_start(ground.settings)} == {
        result.name: "" for result in check_start(ground.settings)
    }
    require_start(ground.settings)


@pytest.mark.parametrize(
    ("act", "undo", "sentence"),
    [
        ("alter role the_login superuser", "alter role the_login nosuperuser", "is a superuser"),
        ("alter role the_login bypassrls", "alter role the_login nobypassrls", "has BYPASSRLS"),
        (
            "alter table users owner to the_login",
            "alter table users owner to current_user",
            "has the rights of the owner of the table users",
        ),
        (
            "grant voyagent_lookup to the_login",
            "revoke voyagent_lookup from the_login",
            "is a member of voyagent_lookup",
        ),
        (
            "grant voyagent_eraser to the_login",
            "revoke voyagent_eraser from the_login",
            "is a member of voyagent_eraser",
        ),
        (
            "grant voyagent_mover to the_login",
            "revoke voyagent_mover from the_login",
            "is a member of voyagent_mover",
        ),
        (
            "revoke voyagent_app from the_login",
            "grant voyagent_app to the_login",
            "may not use the role voyagent_app",
        ),
        (
            "alter table invoices no force row level security",
            "alter table invoices force row level security",
            "Row-level security is not forced for invoices",
        ),
        (
            "alter table bills disable row level security",
            "alter table bills enable row level security",
            "Row-level security is not forced for bills",
        ),
        (
            "create policy everybody on users for select to voyagent_app using (true)",
            "drop policy everybody on users",
            "can read people of all agencies",
        ),
        (
            "revoke insert on invoices from voyagent_app",
            "grant insert on invoices to voyagent_app",
            "may not read or fill invoices",
        ),
        (
            "revoke select on all tables in schema public from voyagent_app",
            "grant select on all tables in schema public to voyagent_app",
            "may not read or fill accounts, accruals",
        ),
        (
            "revoke select on alembic_version from voyagent_app",
            "grant select on alembic_version to voyagent_app",
            "may not read or fill alembic_version",
        ),
        (
            "revoke execute on function app.tenant_ids() from voyagent_app",
            "grant execute on function app.tenant_ids() to voyagent_app",
            "may not call tenant_ids",
        ),
        (
            "update alembic_version set version_num = '0100'",
            f"update alembic_version set version_num = '{SCHEMA_TO}'",
            f"at revision 0100, and this release needs {SCHEMA_FROM}",
        ),
        (
            "update alembic_version set version_num = '9999';"
            " update installation set code_from = '9998'",
            f"update alembic_version set version_num = '{SCHEMA_TO}';"
            " update installation set code_from = '0118'",
            f"at revision 9999, and this release knows revisions up to {SCHEMA_TO}",
        ),
        (
            "delete from alembic_version",
            f"insert into alembic_version values ('{SCHEMA_TO}')",
            "does not have the schema of this release",
        ),
        (
            "alter table alembic_version rename to elsewhere",
            "alter table elsewhere rename to alembic_version",
            "does not have the schema of this release",
        ),
    ],
)
def test_a_wrong_database_refuses_the_start_with_one_sentence(
    ground: Ground, act: str, undo: str, sentence: str
) -> None:
    with ground.changed(act, undo):
        refusal = ground.refusal()
    assert sentence in refusal
    assert refusal.count(". ") == 0, "one sentence"
    require_start(ground.settings)


@pytest.mark.parametrize("code_from", ["0118", SCHEMA_TO])
def test_a_newer_schema_is_accepted_while_it_has_what_this_release_uses(
    ground: Ground, code_from: str
) -> None:
    with ground.changed(
        "update alembic_version set version_num = '9999';"
        f" update installation set code_from = '{code_from}'",
        f"update alembic_version set version_num = '{SCHEMA_TO}';"
        " update installation set code_from = '0118'",
    ):
        require_start(ground.settings)


@pytest.mark.parametrize(("seconds", "refuses"), [(120, True), (-120, True), (30, False)])
def test_a_wrong_clock_refuses_the_start_and_an_inexact_one_is_a_warning(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, seconds: int, refuses: bool
) -> None:
    own = clock.own
    monkeypatch.setattr(clock, "own", lambda: own() + timedelta(seconds=seconds))
    failed = [result for result in check_start(ground.settings) if result.sentence]
    assert [(result.refuses, f"{-seconds} s" in result.sentence) for result in failed] == [
        (refuses, True)
    ]


def test_a_read_only_server_is_a_warning(ground: Ground) -> None:
    name = sa.make_url(ground.settings.db_url or "").database
    with ground.changed(
        f"alter database {name} set default_transaction_read_only = on",
        f"set transaction read write; alter database {name} reset default_transaction_read_only",
    ):
        failed = [result for result in check_start(ground.settings) if result.sentence]
        require_start(ground.settings)
    assert [(result.name, result.refuses) for result in failed] == [("accepts writes", False)]


def test_a_developer_may_use_one_login_for_everything(ground: Ground) -> None:
    one = {"db_url": ground.settings.db_admin_url}
    own = ground.settings.model_copy(update=one | {"env": Environment.DEVELOPMENT})
    assert any(result.sentence and not result.refuses for result in check_start(own))
    require_start(own)
    with pytest.raises(StartRefused, match="superuser"):
        require_start(ground.settings.model_copy(update=one))


@pytest.mark.parametrize(
    ("process", "each"), [(Purpose.WEB, 23), (Purpose.WORKER, 21), (Purpose.COMMAND, 23)]
)
def test_more_connections_than_the_server_has_refuse_the_start_in_production(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, process: Purpose, each: int
) -> None:
    monkeypatch.setattr(db_connections, "purpose_of_process", lambda: process)
    with ground.owner.connect() as connection:
        limit = int(connection.scalar(sa.text("show max_connections")))
        reserved = int(connection.scalar(sa.text("show superuser_reserved_connections")))
    most = (limit - reserved) // each
    require_start(ground.settings.model_copy(update={"instances": most}))
    crowded = ground.settings.model_copy(update={"instances": most + 1})
    with pytest.raises(StartRefused) as refused:
        require_start(crowded)
    assert str(refused.value).startswith(
        f"{most + 1} processes like this one may open {each * (most + 1)} connections, {each} each,"
        f" and the server has {limit - reserved} for them: raise max_connections"
    )
    tried = crowded.model_copy(update={"env": Environment.DEVELOPMENT})
    failed = [result for result in check_start(tried) if result.sentence]
    assert [(result.name, result.refuses) for result in failed] == [
        ("number of connections", False)
    ]
    require_start(tried)


def test_smaller_pools_need_fewer_connections(ground: Ground) -> None:
    small = ground.settings.model_copy(update={"db_pool_size": 2, "db_lane_pool_size": 2})
    assert connections_of(small, Purpose.WEB).total() == 9
    assert connections_of(small, Purpose.WORKER).total() == 17


def test_an_unreachable_database_is_not_a_wrong_one(ground: Ground) -> None:
    away = {"db_url": "postgresql://nobody@127.0.0.1:9/nothing"}
    with pytest.raises(psycopg.OperationalError):
        require_start(ground.settings.model_copy(update=away))


@pytest.mark.parametrize(
    "command",
    [
        ["gunicorn", "--bind", "127.0.0.1:0", "wsgi:app"],
        ["flask", "--app", "wsgi", "worker"],
        ["flask", "--app", "wsgi", "check"],
    ],
)
def test_each_process_ends_with_code_4(ground: Ground, command: list[str]) -> None:
    with ground.changed(
        "alter table invoices no force row level security",
        "alter table invoices force row level security",
    ):
        done = run(ground.settings, command)
    assert done.returncode == EXIT_CODE == 4, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert said.count("Row-level security is not forced for invoices") == 1
    assert "Traceback" not in said


def test_the_command_prints_every_check(ground: Ground) -> None:
    done = create_app(ground.settings).test_cli_runner().invoke(args=["check"])
    assert done.exit_code == 0, done.output
    lines = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    assert [line.split(maxsplit=1) for line in lines] == [
        ["ok", result.name] for result in check_start(ground.settings)
    ]


def run(settings: Settings, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | worker_environment(settings) | {"VOYAGENT_ENV": "production"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
