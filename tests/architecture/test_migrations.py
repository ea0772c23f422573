"""Migrations are numbered, reversible, and give the schema of the models.

A database of release 0.1 gets the same schema as a new one. The database functions come from the
SQL files.
"""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import click
import flask_migrate
import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from procrastinate.schema import SchemaManager

from tests.billing import papers
from tests.conftest import fresh_database
from tests.faults.catalogue import differences, things
from tests.people import People
from voyagent.factory import create_app
from voyagent.http.commands import with_database
from voyagent.kernel.config import Settings
from voyagent.kernel.database.sql_files import read_files
from voyagent.kernel.database.start_checks import SCHEMA_FROM, SCHEMA_TO
from voyagent.kernel.db import Base
from voyagent.kernel.db_connections import Purpose, parameters_for
from voyagent.parties.service import parties

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
VERSIONS = MIGRATIONS / "versions"
RELEASE_0_1 = Path(__file__).with_name("schema_0064.sql")
OUR_GRANT = "grant select (status, scheduled_at) on procrastinate_jobs to voyagent_lookup"
# Release 0.1 kept this signature for the release before it.
DROPPED = {"app.enter(uuid,uuid,uuid,text)"}


@contextmanager
def empty(settings: Settings, suffix: str) -> Iterator[Settings]:
    """Settings of an empty database that is dropped when the block ends."""
    owner = sa.create_engine(sa.make_url(settings.db_admin_url or ""), isolation_level="AUTOCOMMIT")
    name = f"{owner.url.database}_{suffix}"
    with owner.connect() as connection:
        connection.execute(sa.text(f"drop database if exists {name} with (force)"))
        connection.execute(sa.text(f"create database {name}"))
    yield settings.model_copy(
        update={
            "db_url": (
                sa.make_url(settings.db_url or "")
                .set(database=name)
                .render_as_string(hide_password=False)
            ),
            "db_admin_url": owner.url.set(database=name).render_as_string(hide_password=False),
        }
    )
    with owner.connect() as connection:
        connection.execute(sa.text(f"drop database if exists {name} with (force)"))
    owner.dispose()


@pytest.fixture
def empty_app(settings: Settings) -> Iterator[Flask]:
    """The application with its own empty database."""
    with empty(settings, "migrations") as own:
        yield create_app(own)


@pytest.fixture(scope="module")
def bare_app(settings: Settings) -> Iterator[Flask]:
    """The application with an empty database that no test changes."""
    with empty(settings, "bare") as own:
        yield create_app(own)


@pytest.fixture
def migrated_app(server_urls: tuple[str, str], tmp_path: Path) -> Iterator[Flask]:
    """The application with its own database at the newest revision."""
    with fresh_database(server_urls, tmp_path) as own:
        yield create_app(own)


@pytest.fixture
def migrated(migrated_app: Flask) -> Iterator[sa.Engine]:
    """Connections to that database as its owner."""
    settings: Settings = migrated_app.extensions["voyagent.settings"]
    engine = sa.create_engine(settings.db_admin_url or "", poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty_app: Flask) -> Iterator[sa.Engine]:
    """Connections to the empty database as its owner."""
    settings: Settings = empty_app.extensions["voyagent.settings"]
    engine = sa.create_engine(settings.db_admin_url or "", poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def release_0_1(engine: sa.Engine) -> sa.Engine:
    """A database with the schema of release 0.1."""
    with engine.connect() as connection:
        connection.connection.cursor().execute(RELEASE_0_1.read_bytes())
        connection.connection.commit()
    return engine


def migrate_up(app: Flask) -> tuple[int, str]:
    """Run the command; return its exit code and output."""
    result = app.test_cli_runner().invoke(args=["migrate-up"])
    return result.exit_code, result.output


def revision(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(sa.text("select version_num from alembic_version")))


def without_parentheses(catalogue: dict[str, str]) -> dict[str, str]:
    """Remove parentheses, because a dump has `a and b and c` for `(a and b) and c`."""
    return {
        name: re.sub(r"[()]", "", definition) if name.startswith("constraint") else definition
        for name, definition in catalogue.items()
    }


# Revisions
# --------------------------------------------------------------------------------


def test_migrations_form_one_line() -> None:
    numbers, behind = [], []
    for path in VERSIONS.glob("[0-9]*.py"):
        text = path.read_text()
        numbers.append(path.name[:4])
        behind += re.findall(r'^down_revision = "?(\w+)"?$', text, re.MULTILINE)
        assert re.search(rf'^revision = "{path.name[:4]}"$', text, re.MULTILINE), path.name
        assert "Never edit this file once it has landed." in text, path.name
    assert len({*numbers}) == len(numbers), "each number is one file's"
    assert len({*behind}) == len(behind) == len(numbers), "each follows one, and no two the same"
    assert {*behind} <= {"None", *numbers}


def test_up_down_up_leaves_the_same_schema_and_the_baseline_stays(
    empty_app: Flask, engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with empty_app.app_context():
        flask_migrate.upgrade()
        first = things(engine)
        flask_migrate.downgrade(revision="0100")
        with pytest.raises(SystemExit):
            flask_migrate.downgrade(revision="base")
        assert "drop the database to begin anew" in caplog.text
        flask_migrate.upgrade()
        assert differences(things(engine), first) == []


def test_a_downgrade_decrypts_tax_numbers(migrated_app: Flask, migrated: sa.Engine) -> None:
    gstin = "27AAPFU0939F1ZV"
    alice = People(migrated_app).sign_up("Alice Owner", agency="Alice Travels")
    alice.does(
        lambda actor: parties.create(
            actor, name="Deepa Krishnan", is_customer=True, country="IN", tax_number=gstin
        )
    )
    papers.issued(alice, customer_tax_number=gstin)
    columns = {"parties": "tax_number", "invoices": "customer_tax_number"}

    def stored() -> list[str | None]:
        with migrated.connect() as connection:
            return [
                connection.scalar(sa.text(f"select {column} from {table}"))
                for table, column in columns.items()
            ]

    assert stored() == [None, None]
    with migrated_app.app_context():
        flask_migrate.downgrade(revision="0109")
    assert stored() == [gstin, gstin]
    with migrated_app.app_context():
        flask_migrate.upgrade()
    (party,) = alice.api.get("/parties").json["items"]
    assert party["tax_number"] == gstin


def test_a_downgrade_decrypts_stored_responses(migrated_app: Flask, migrated: sa.Engine) -> None:
    """The release before can return them, and runs no completed request again."""
    alice = People(migrated_app).sign_up("Alice Owner", agency="Alice Travels")
    first, _erased = (
        alice.api.post(
            "/enquiries", json={"customer_name": "Uma"}, headers={"Idempotency-Key": key}
        )
        for key in ("a", "b")
    )
    with migrated.begin() as connection:
        connection.execute(
            sa.text(
                "update idempotency_keys set kept = 'erased', status = null, body = null"
                " where key = 'b'"
            )
        )
    with migrated_app.app_context():
        flask_migrate.downgrade(revision="0113")
    with migrated.connect() as connection:
        rows = connection.execute(
            sa.text("select kept, status, headers, body from idempotency_keys order by key")
        ).all()
    answer, too_large = rows
    assert (answer.kept, answer.status, bytes(answer.body)) == ("answer", 201, first.data)
    assert ["ETag", first.headers["ETag"]] in answer.headers
    assert (too_large.kept, too_large.body) == ("too_large", None)
    with migrated_app.app_context():
        flask_migrate.upgrade()
    again = alice.api.post(
        "/enquiries", json={"customer_name": "Uma"}, headers={"Idempotency-Key": "a"}
    )
    assert (again.status_code, again.data) == (201, first.data)


def test_an_upgrade_takes_the_addresses_of_invited_people_for_unproven(
    migrated_app: Flask, migrated: sa.Engine
) -> None:
    people = People(migrated_app)
    alice = people.sign_up("Alice Owner", agency="Alice Travels")
    bob = people.colleague(alice, "Bob Agent", role="agent")
    with migrated.begin() as connection:
        connection.execute(
            sa.text(
                "insert into invites (tenant_id, id, invited_by_user_id, email, role, token_hash,"
                " status, expires_at) values (:t, gen_random_uuid(), :u, :email, 'agent',"
                " decode(repeat('00', 32), 'hex'), 'accepted', now())"
            ),
            {"t": alice.actor.tenant_id, "u": alice.actor.user_id, "email": bob.email},
        )
    with migrated_app.app_context():
        flask_migrate.downgrade(revision="0110")
        flask_migrate.upgrade()
    with migrated.connect() as connection:
        proven = dict(connection.execute(sa.text("select email, email_proven from users")).all())
    assert proven == {alice.email: True, bob.email: False}


def test_the_schema_equals_the_models(settings: Settings) -> None:
    engine = sa.create_engine(settings.db_admin_url or "")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": lambda _thing, name, *_rest: (
                    not (name or "").startswith("procrastinate_")
                )
            },
        )
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_the_job_tables_are_those_of_the_installed_library(
    settings: Settings, engine: sa.Engine
) -> None:
    """A new version of procrastinate that changes its schema needs a migration."""

    def of_the_library(engine: sa.Engine) -> dict[str, str]:
        return {
            name: definition
            for name, definition in things(engine).items()
            if re.match(r"(column|constraint|index|trigger|function|type) procrastinate_", name)
        }

    with engine.connect() as connection:
        connection.connection.cursor().execute(SchemaManager.get_schema().encode())
        connection.connection.commit()
    with engine.begin() as connection:
        connection.execute(sa.text(OUR_GRANT))
    ours = sa.create_engine(settings.db_admin_url or "")
    wanted = of_the_library(engine)
    assert len(wanted) > 50
    assert differences(of_the_library(ours), wanted) == []
    ours.dispose()


# From release 0.1
# --------------------------------------------------------------------------------


def test_a_database_of_release_0_1_gets_the_schema_of_a_new_one(
    empty_app: Flask, release_0_1: sa.Engine, settings: Settings
) -> None:
    new = sa.create_engine(settings.db_admin_url or "")
    before = things(release_0_1)
    assert migrate_up(empty_app)[0] == 0
    after = things(release_0_1)
    assert differences(*map(without_parentheses, (after, things(new)))) == []
    assert {name.removeprefix("function ") for name in before.keys() - after.keys()} >= DROPPED, (
        "the fixture is what release 0.1 had"
    )
    assert revision(release_0_1) == revision(new)
    new.dispose()


def test_a_waiting_migration_does_not_disturb_one_that_creates_an_index(
    empty_app: Flask, engine: sa.Engine
) -> None:
    """`create index concurrently` waits for the transactions of a waiter too."""
    parameters = parameters_for(empty_app.extensions["voyagent.settings"], Purpose.MIGRATE)
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(**parameters, autocommit=True) as running,
    ):
        running.execute("create table busy (n integer)")
        running.execute("select pg_advisory_lock(7203841)")
        waiting = pool.submit(migrate_up, empty_app)
        others = "select 1 from pg_stat_activity where datname = current_database() and pid <> %s"
        until = time.monotonic() + 30
        while not running.execute(others, (running.info.backend_pid,)).fetchone():
            assert not waiting.done(), waiting.result()
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(1)
        running.execute("create index concurrently ix_busy on busy (n)")
        assert not waiting.done()
        running.execute("drop table busy")
        running.execute("select pg_advisory_unlock(7203841)")
        exit_code, output = waiting.result(timeout=60)
    assert exit_code == 0, output
    assert revision(engine) == SCHEMA_TO


def test_an_older_database_must_first_be_upgraded_to_release_0_1(
    empty_app: Flask, release_0_1: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with release_0_1.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '0063'"))
    before = things(release_0_1)
    assert migrate_up(empty_app)[0] == 1
    assert "revision 0063" in caplog.text
    assert "upgrade to release 0.1 first" in caplog.text
    assert (revision(release_0_1), things(release_0_1)) == ("0063", before)


def test_a_schema_other_than_that_of_release_0_1_is_refused(
    empty_app: Flask, release_0_1: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with release_0_1.begin() as connection:
        connection.execute(sa.text("alter table parties add column fax text"))
        connection.execute(sa.text("create table extra (id int)"))
    before = things(release_0_1)
    assert migrate_up(empty_app)[0] == 1
    assert "These differ: table extra, table parties" in caplog.text
    assert (revision(release_0_1), things(release_0_1)) == ("0064", before)


def test_the_fingerprint_detects_each_kind_of_difference(release_0_1: sa.Engine) -> None:
    spec = importlib.util.spec_from_file_location("fingerprint", MIGRATIONS / "fingerprint.py")
    assert spec is not None
    assert spec.loader is not None
    fingerprint = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fingerprint)
    with release_0_1.connect() as connection:
        assert fingerprint.differences(connection) == []
        for drift, thing in (
            ("alter table mails alter attempts drop not null", "table mails"),
            ("alter table mails alter attempts set default 1", "table mails"),
            ("alter table mails set (fillfactor = 90)", "table mails"),
            ("drop index ix_invoices_voided", "table invoices"),
            ("alter table postings drop constraint ck_postings_sides", "table postings"),
            ("alter table users no force row level security", "table users"),
            ("drop policy trips_tenant on trips", "table trips"),
            ("grant delete on audit_events to voyagent_app", "table audit_events"),
            ("grant select (notes) on parties to voyagent_lookup", "table parties"),
            ("alter table imports disable trigger imports_append_only", "table imports"),
            ("create function app.extra() returns int return 1", "function app.extra()"),
            ("grant create on schema public to voyagent_app", "schema public"),
        ):
            connection.execute(sa.text(drift))
            assert fingerprint.differences(connection) == [thing], drift
            connection.rollback()


# SQL files
# --------------------------------------------------------------------------------


def test_each_function_and_trigger_comes_from_a_file(settings: Settings) -> None:
    engine = sa.create_engine(settings.db_admin_url or "")
    source = b"\n".join(file.source for file in read_files()).decode()
    pattern = re.compile(r"(?:function app\.|trigger (?!procrastinate)\w+\.)(\w+)")
    found = {match[1] for name in things(engine) if (match := pattern.match(name))}
    assert len(found) > 100
    words = set(re.findall(r"(?:function app\.|trigger )(\w+)", source))
    assert found <= words
    engine.dispose()


def test_files_are_applied_after_those_that_they_require(tmp_path: Path) -> None:
    folder = tmp_path / "voyagent" / "any" / "sql"
    folder.mkdir(parents=True)
    (folder / "a.sql").write_text("-- requires: c, b\nselect 1;\n")
    (folder / "b.sql").write_text("-- Say why.\n-- requires: c\nselect 1;\n")
    (folder / "c.sql").write_text("select 1;\n")
    files = read_files(tmp_path / "voyagent")
    assert [file.path for file in files] == [f"voyagent/any/sql/{name}.sql" for name in "cba"]
    (folder / "c.sql").write_text("-- requires: a\nselect 1;\n")
    with pytest.raises(ValueError, match="cycle"):
        read_files(tmp_path / "voyagent")
    (folder / "c.sql").write_text("-- requires: d\nselect 1;\n")
    with pytest.raises(ValueError, match=r"c\.sql requires d: no such file"):
        read_files(tmp_path / "voyagent")
    (folder / "c.sql").write_text("select 1;\n")
    other = tmp_path / "voyagent" / "other" / "sql"
    other.mkdir(parents=True)
    (other / "c.sql").write_text("select 1;\n")
    with pytest.raises(ValueError, match="have the same name"):
        read_files(tmp_path / "voyagent")


# Commands without the schema
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [
        ("do", "list_receivables", "--as", "nobody@example.com"),
        ("audit", "verify"),
        ("books", "check"),
        ("agency", "suspend", "0190a1b2-0000-7000-8000-000000000000"),
        ("replay", "tu-1"),
        ("demo",),
    ],
    ids=" ".join,
)
def test_a_command_on_a_database_without_the_schema_says_to_migrate(
    bare_app: Flask, args: tuple[str, ...]
) -> None:
    result = bare_app.test_cli_runner().invoke(args=args)
    assert (result.exit_code, result.output) == (
        1,
        "Error: The database does not have the schema of this version."
        " Run `flask migrate-up` first.\n",
    )


def test_a_command_names_the_reason_why_the_server_is_unusable(settings: Settings) -> None:
    gone = sa.make_url(settings.db_url or "").set(database="voyagent_absent")
    away = settings.model_copy(update={"db_url": gone.render_as_string(hide_password=False)})
    runner = create_app(away).test_cli_runner()
    result = runner.invoke(args=["do", "list_receivables", "--as", "nobody@example.com"])
    assert result.exit_code == 1
    assert 'database "voyagent_absent" does not exist' in result.output
    assert "Check VOYAGENT_DB_URL" in result.output


def test_another_database_error_of_a_command_is_not_hidden(app: Flask) -> None:
    @click.command()
    @with_database
    def divide() -> None:
        raise psycopg.errors.DivisionByZero

    result = app.test_cli_runner().invoke(divide)
    assert isinstance(result.exception, psycopg.errors.DivisionByZero)


def test_the_release_runs_on_the_newest_revision(owner_engine: sa.Engine) -> None:
    assert revision(owner_engine) == SCHEMA_TO
    assert SCHEMA_FROM <= SCHEMA_TO


def test_the_lowest_revision_has_every_column_of_the_models(
    migrated_app: Flask, migrated: sa.Engine
) -> None:
    with migrated_app.app_context():
        flask_migrate.downgrade(revision=SCHEMA_FROM)
    columns = sa.inspect(migrated).get_multi_columns()
    found = {(table, column["name"]) for (_, table), rows in columns.items() for column in rows}
    wanted = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
    }
    assert wanted - found == set()
