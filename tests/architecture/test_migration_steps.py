"""Migrations run beside the release before: their rules, transactions and recipes."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import psycopg
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from click.testing import Result

from tests.architecture import step_rules
from tests.architecture.step_rules import CONTRACT, Executed, faults
from tests.conftest import fresh_database
from tests.migration_folder import MigrationFolder
from tests.processes import ROOT
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.database.sql_files import read_files
from voyagent.kernel.database.start_checks import SCHEMA_TO, UPGRADE_FROM
from voyagent.kernel.db_connections import Purpose, parameters_for

FIRST = "0119"
"""The first revision to which the rules apply."""
BY_HAND = "op.execute({!r})".format


@pytest.fixture(scope="module")
def newest(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """A database at the newest revision, which is copied for each test."""
    with fresh_database(server_urls, tmp_path_factory.mktemp("newest")) as made:
        yield made


@pytest.fixture
def own(newest: Settings) -> Iterator[Settings]:
    """A database of its own, at the newest revision."""
    parameters = parameters_for(newest, Purpose.MIGRATE)
    name = f"{parameters['dbname']}_copy"
    urls = {
        "db_url": sa.make_url(newest.db_url or "").set(database=name),
        "db_admin_url": sa.make_url(newest.db_admin_url or "").set(database=name),
    }
    with psycopg.connect(**parameters | {"dbname": "postgres"}, autocommit=True) as server:
        server.execute(f"create database {name} template {parameters['dbname']}")
        yield newest.model_copy(
            update={
                variable: url.render_as_string(hide_password=False)
                for variable, url in urls.items()
            }
        )
        server.execute(f"drop database {name} with (force)")


@pytest.fixture
def owner(own: Settings) -> Iterator[psycopg.Connection]:
    """A session of the schema's owner, with autocommit."""
    with psycopg.connect(**parameters_for(own, Purpose.MIGRATE), autocommit=True) as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MigrationFolder:
    return MigrationFolder(tmp_path, monkeypatch)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ScriptDirectory:
    """The migrations of the program."""
    monkeypatch.syspath_prepend(ROOT / "migrations")
    return ScriptDirectory(str(ROOT / "migrations"))


def migrate_up(settings: Settings) -> Result:
    return create_app(settings).test_cli_runner().invoke(args=["migrate-up"])


def one(owner: psycopg.Connection, statement: str) -> object:
    row = owner.execute(statement).fetchone()
    return row and row[0]


def revision(owner: psycopg.Connection) -> object:
    return one(owner, "select version_num from alembic_version")


# Rules
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("create index ix_a on invoices (id)", step_rules.INDEX),
        ("select 1; CREATE UNIQUE INDEX ON public.invoices (id)", step_rules.INDEX),
        ("create index if not exists ix_a on only invoices (id)", step_rules.INDEX),
        ("drop index ix_a", step_rules.DROPPED_INDEX),
        ("alter table invoices add constraint c check (id > 0)", step_rules.VALID),
        ("alter table invoices add check (id > 0)", step_rules.VALID),
        (
            "alter table invoices add a int, add constraint f foreign key (a, b) references t",
            step_rules.VALID,
        ),
        ("alter table invoices add column a uuid references parties", step_rules.VALID),
        ("alter table invoices validate constraint c", step_rules.VALIDATED),
        ("alter table invoices add a int not null", step_rules.NOT_NULL),
        ("alter table invoices add a uuid default gen_random_uuid()", step_rules.NOT_NULL),
        ("alter table invoices add a bigserial", step_rules.NOT_NULL),
        ("alter table invoices add a int generated always as (b) stored", step_rules.NOT_NULL),
        ("update invoices set a = 1", step_rules.ROWS),
        ("delete from only invoices", step_rules.ROWS),
        ("do $$ begin perform 1; end $$", step_rules.HIDDEN),
        ("alter table invoices alter column a set not null", CONTRACT),
        ("alter table invoices alter a type bigint", CONTRACT),
        ("alter table invoices alter a set data type bigint", CONTRACT),
        ("alter table invoices alter a drop default", CONTRACT),
        ("alter table invoices drop column a", CONTRACT),
        ("alter table invoices add b int, drop a", CONTRACT),
        ("alter table invoices rename a to b", CONTRACT),
        ("alter table invoices rename to bills", CONTRACT),
        ("alter table invoices set schema app", CONTRACT),
        ("drop table invoices", CONTRACT),
        ("drop view if exists v", CONTRACT),
        ("drop function app.f(uuid)", CONTRACT),
        ("alter type kind rename value 'a' to 'b'", CONTRACT),
    ],
)
def test_a_step_that_stops_people_or_earlier_code_is_refused(sql: str, fault: str) -> None:
    (found,) = faults([Executed(sql)])
    assert found.startswith(fault)
    assert (faults([Executed(sql)], is_contract=True) == []) is (fault == CONTRACT)


@pytest.mark.parametrize(
    "sql",
    [
        "create index concurrently ix_a on invoices (id)",
        "create table t (id int, check (id > 0)); create index ix_t on t (id);"
        " alter table t add constraint c check (id > 1), alter id set not null; update t set id=1",
        "alter table invoices add a int, add b text not null default 'x', add c jsonb default '{}'",
        "alter table invoices add a timestamptz not null default now()",
        "alter table invoices add constraint c check (a in ('x', 'y')) not valid",
        "alter table invoices add constraint u unique using index ix_u not deferrable",
        "alter table invoices drop constraint c, alter a drop not null, alter a set default 1",
        "comment on table invoices is 'update bills; drop table x' -- drop table y",
        "create function app.f() returns void language sql as $f$ delete from invoices $f$",
        "drop policy p on invoices; grant select on invoices to voyagent_app",
        "update installation set hold = null",
    ],
)
def test_other_steps_are_accepted(sql: str) -> None:
    assert faults([Executed(sql)]) == []


def test_a_step_outside_a_transaction_is_alone_in_its_migration() -> None:
    alone = [
        Executed("set lock_timeout = 0"),
        Executed("alter table t validate constraint c", is_alone=True),
        Executed("create index concurrently ix_t on t (id)", is_alone=True),
    ]
    assert faults(alone) == []
    (found,) = faults([Executed("alter table t add a int"), *alone])
    assert found.startswith(step_rules.MIXED)


def test_each_migration_keeps_to_the_rules(own: Settings, script: ScriptDirectory) -> None:
    groups: dict[str, list[Executed]] = {}
    pending: list[Executed] = []

    def note(connection: sa.Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if reached := re.match(r"UPDATE alembic_version SET version_num='(\w+)'", statement):
            groups[reached[1]] = pending.copy()
            pending.clear()
        else:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            pending.append(Executed(statement, is_alone=driver.autocommit))

    ours = [each for each in script.walk_revisions() if each.revision >= FIRST]
    with create_app(own).app_context():
        flask_migrate.downgrade(revision=str(ours[-1].down_revision))
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        try:
            flask_migrate.upgrade()
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert groups.keys() == {each.revision for each in ours}
    found = {
        each.revision: faults(groups[each.revision], is_contract=hasattr(each.module, "contracts"))
        for each in ours
    }
    assert not any(found.values()), found


def test_a_contract_step_removes_what_the_release_before_does_not_use(
    script: ScriptDirectory,
) -> None:
    declared = {
        each.revision: each.module.contracts
        for each in script.walk_revisions()
        if hasattr(each.module, "contracts")
    }
    wrong = {own: used for own, used in declared.items() if used > UPGRADE_FROM}
    assert wrong == {}, "raise UPGRADE_FROM, or remove it a release later"
    assert UPGRADE_FROM <= SCHEMA_TO


# Transactions
# --------------------------------------------------------------------------------


def test_a_failure_leaves_the_migrations_before_it(
    own: Settings, owner: psycopg.Connection, folder: MigrationFolder
) -> None:
    folder.add("9001", BY_HAND("create table first_one (n int)"))
    folder.add("9002", BY_HAND("create table second_one (n int); select 1/0"), before="9001")
    owner.execute("delete from app.sql_files")
    assert migrate_up(own).exit_code == 1
    assert revision(owner) == "9001"
    assert one(owner, "select to_regclass('first_one') is not null") is True
    assert one(owner, "select to_regclass('second_one') is null") is True
    assert one(owner, "select count(*) from app.sql_files") == 0, "those of the newest revision"
    folder.add("9002", BY_HAND("create table second_one (n int)"), before="9001")
    assert migrate_up(own).exit_code == 0
    assert revision(owner) == "9002"
    assert one(owner, "select count(*) from app.sql_files") == len(read_files())


def test_an_index_is_created_after_a_failure_has_left_an_invalid_one(
    own: Settings, owner: psycopg.Connection, folder: MigrationFolder
) -> None:
    owner.execute("create table things (n int); insert into things values (1), (1)")
    folder.add(
        "9001",
        'recipes.create_index("uq_things_n", "things (n)", unique=True)',
        'recipes.drop_index("uq_things_n")',
    )
    valid = "select indisvalid from pg_index where indexrelid = to_regclass('uq_things_n')"
    assert migrate_up(own).exit_code == 1
    assert (revision(owner), one(owner, valid)) == (SCHEMA_TO, False)
    owner.execute("delete from things where ctid = '(0,1)'")
    assert migrate_up(own).exit_code == 0
    assert (revision(owner), one(owner, valid)) == ("9001", True)
    with create_app(own).app_context():
        flask_migrate.downgrade(revision=SCHEMA_TO)
    assert one(owner, valid) is None


def test_a_constraint_is_validated_after_the_migration_that_adds_it(
    own: Settings, owner: psycopg.Connection, folder: MigrationFolder
) -> None:
    owner.execute("create table things (n int); insert into things values (0)")
    add = "alter table things add constraint ck_things check (n > 0) not valid"
    validated = "select convalidated from pg_constraint where conname = 'ck_things'"
    folder.add("9001", BY_HAND(add))
    folder.add("9002", 'recipes.validate("things", "ck_things")', before="9001")
    assert migrate_up(own).exit_code == 1
    assert (revision(owner), one(owner, validated)) == ("9001", False)
    owner.execute("update things set n = 1")
    assert migrate_up(own).exit_code == 0
    assert (revision(owner), one(owner, validated)) == ("9002", True)


@pytest.mark.parametrize("gives_up", [False, True])
def test_a_migration_is_tried_again_until_it_gets_its_locks(
    own: Settings,
    owner: psycopg.Connection,
    folder: MigrationFolder,
    monkeypatch: pytest.MonkeyPatch,
    gives_up: bool,
) -> None:
    monkeypatch.setattr(sys.modules["recipes"], "TIME_LIMITS", "set lock_timeout = '50ms'")
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if not gives_up and len(pauses) == 2:
            owner.execute("rollback")

    monkeypatch.setattr(time, "sleep", pause)
    folder.add("9001", BY_HAND("alter table parties add fax text"))
    owner.execute("begin; lock table parties in access share mode")
    done = migrate_up(own)
    assert pauses == ([1, 2, 4, 8, 16, 32] if gives_up else [1, 2])
    assert done.exit_code == (1 if gives_up else 0)
    owner.execute("rollback")
    assert revision(owner) == (SCHEMA_TO if gives_up else "9001")


def test_a_contract_step_says_which_releases_run_on_the_schema(
    own: Settings, owner: psycopg.Connection, folder: MigrationFolder
) -> None:
    code_from = "select code_from from installation"
    folder.add("9001", BY_HAND("drop table mails cascade"), declared='contracts = "0120"')
    folder.add("9002", "pass", before="9001")
    folder.add("9003", "pass", before="9002", declared='contracts = "9001"')
    assert one(owner, code_from) == "0118"
    with create_app(own).app_context():
        for reached, wanted in ("9001", "0120"), ("9002", "0120"), ("9003", "9001"):
            flask_migrate.upgrade(revision=reached)
            assert one(owner, code_from) == wanted
        for reached, wanted in ("9002", "0120"), (SCHEMA_TO, "0118"):
            flask_migrate.downgrade(revision=reached)
            assert one(owner, code_from) == wanted
