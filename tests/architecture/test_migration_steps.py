"""Migrations and SQL files beside the release before: rules and transactions."""

from __future__ import annotations

import re
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
from voyagent.kernel.database import lock_tries, sql_files, start_checks
from voyagent.kernel.database.sql_files import SqlFile, apply_changed, read_files
from voyagent.kernel.database.start_checks import (
    SCHEMA_TO,
    UPGRADE_FROM,
    StartRefused,
    require_start,
)
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


@pytest.mark.parametrize(
    "second",
    [
        "alter table bills add a int",
        "create policy p on bills using (true)",
        "drop policy if exists p on bills",
        "create or replace trigger t before update or delete on bills execute function f()",
        "create constraint trigger t after insert on bills execute function f()",
        "drop trigger if exists t on bills",
        "drop table bills",
        "lock table bills in share mode",
    ],
)
def test_a_transaction_locks_one_table(second: str) -> None:
    first = "alter table invoices add a int"
    (found,) = faults([Executed(first), Executed(second)], is_contract=True)
    assert found == f"{step_rules.ONE_TABLE}: bills, invoices"
    (found,) = faults([Executed(f"{first}; {second}", is_alone=True)], is_contract=True)
    assert found == f"{step_rules.ONE_TABLE}: bills, invoices"
    alone = [Executed(sql, is_alone=True) for sql in (first, second)]
    assert faults(alone, is_contract=True) == []
    (found,) = faults([Executed("lock table bills, invoices in share mode")])
    assert found == f"{step_rules.ONE_TABLE}: bills, invoices"


@pytest.mark.parametrize(
    "sql",
    [
        "create table t (id int); alter table t enable row level security; create policy p on t",
        "alter table bills validate constraint c",
        "grant select on bills to voyagent_app",
        "alter table invoices add constraint f foreign key (a) references bills not valid",
    ],
)
def test_a_new_table_and_a_step_that_disturbs_nobody_count_as_none(sql: str) -> None:
    found = faults([Executed("alter table invoices add a int"), Executed(sql)])
    assert not [fault for fault in found if fault.startswith(step_rules.ONE_TABLE)]


def test_a_part_of_an_sql_file_locks_at_most_one_table() -> None:
    tables = [
        step_rules.locked(step_rules.statements(part))
        for file in read_files()
        for part in file.parts
    ]
    assert [found for found in tables if len(found) > 1] == []
    assert len(set().union(*tables)) > 20


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


@pytest.mark.parametrize("step", ["op.execute({!r})", "recipes.change({!r})"])
@pytest.mark.parametrize("gives_up", [False, True])
def test_a_migration_is_tried_again_until_it_gets_its_locks(
    own: Settings,
    owner: psycopg.Connection,
    folder: MigrationFolder,
    monkeypatch: pytest.MonkeyPatch,
    gives_up: bool,
    step: str,
) -> None:
    monkeypatch.setattr(lock_tries, "TRIES", (("50ms", 1), ("60ms", 2), ("50ms", 3), ("50ms", 0)))
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if not gives_up and len(pauses) == 2:
            owner.execute("rollback")

    monkeypatch.setattr(time, "sleep", pause)
    folder.add("9001", step.format("alter table parties add fax text"))
    owner.execute("begin; lock table parties in access share mode")
    done = migrate_up(own)
    assert pauses == ([1, 2, 3] if gives_up else [1, 2])
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


def test_a_migration_that_comes_after_another_has_all_tries(
    own: Settings,
    owner: psycopg.Connection,
    folder: MigrationFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lock_tries, "TRIES", (("50ms", 1), ("50ms", 0)))
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        owner.execute("rollback; begin; lock table bills in access share mode")
        if len(pauses) == 2:
            owner.execute("rollback")

    monkeypatch.setattr(time, "sleep", pause)
    folder.add("9001", BY_HAND("alter table parties add fax text"))
    folder.add("9002", BY_HAND("alter table bills add fax text"), before="9001")
    owner.execute("begin; lock table parties in access share mode")
    assert migrate_up(own).exit_code == 0
    assert pauses == [1, 1]
    assert revision(owner) == "9002"


def test_a_recipe_keeps_the_limits_of_the_steps_after_it(
    own: Settings, owner: psycopg.Connection, folder: MigrationFolder
) -> None:
    folder.add("9001", 'recipes.drop_index("ix_nothing")')
    limits = "select current_setting('lock_timeout'), current_setting('statement_timeout')"
    folder.add("9002", BY_HAND(f"create table limits (one, other) as {limits}"), before="9001")
    assert migrate_up(own).exit_code == 0
    assert owner.execute("select * from limits").fetchone() == ("50ms", "2min")


# SQL files
# --------------------------------------------------------------------------------

GUARDS = SqlFile(
    "voyagent/kernel/sql/guards.sql",
    b"""-- Guard two tables.
create or replace function app.guard() returns trigger language plpgsql as $$
begin return new; end $$;

create or replace trigger bills_guard before insert on bills execute function app.guard();
drop trigger if exists bills_guarded_late on bills;
create constraint trigger bills_guarded_late after insert on bills
  for each row execute function app.guard();
create or replace trigger parties_guard before insert on parties execute function app.guard();
""",
)
GUARDED = (
    "select array_agg(tgname::text order by tgname::text) from pg_trigger"
    " where tgname like '%guard'"
)


@pytest.fixture
def connection(own: Settings) -> Iterator[sa.Connection]:
    """A connection of the schema's owner."""
    engine = sa.create_engine(own.db_admin_url or "", poolclass=sa.NullPool)
    with engine.connect() as made:
        yield made


def test_a_changed_file_is_applied_again_and_no_other(
    connection: sa.Connection, owner: psycopg.Connection
) -> None:
    files = read_files()
    place = next(n for n, file in enumerate(files) if file.name == "next_due")
    changed = SqlFile(files[place].path, files[place].source + b"-- a later remark\n")
    when = "select path, applied_at from app.sql_files"
    before = dict(owner.execute(when).fetchall())
    assert apply_changed(connection, files) == []
    files[place] = changed
    assert apply_changed(connection, files) == [changed.path]
    after = dict(owner.execute(when).fetchall())
    assert {path for path in after if after[path] != before[path]} == {changed.path}


def test_a_function_file_may_change_a_signature_or_be_deleted(
    connection: sa.Connection, owner: psycopg.Connection
) -> None:
    path = "voyagent/kernel/sql/twice.sql"
    old = SqlFile(
        path,
        b"create or replace function app.twice(n integer) returns integer return n * 2;",
    )
    new = SqlFile(
        path,
        b"-- drops: app.twice(integer)\n"
        b"create or replace function app.twice(n bigint) returns bigint return n * 2;",
    )
    files = read_files()
    assert apply_changed(connection, [*files, old]) == [path]
    assert apply_changed(connection, [*files, new]) == [path]
    assert one(owner, "select count(*) from pg_proc where proname = 'twice'") == 1
    assert apply_changed(connection, files) == []
    assert one(owner, f"select count(*) from app.sql_files where path = '{path}'") == 0


def test_the_triggers_of_each_table_wait_for_their_own_lock(
    connection: sa.Connection, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile nobody waits for the other table."""
    stored = []

    def pause(_seconds: float) -> None:
        with owner.transaction():
            owner.execute("lock table bills in access exclusive mode nowait")
            stored.append(one(owner, GUARDED))
        holder.rollback()

    monkeypatch.setattr(time, "sleep", pause)
    with psycopg.connect(owner.info.dsn) as holder:
        holder.execute("lock table parties in row exclusive mode")
        assert apply_changed(connection, [*read_files(), GUARDS]) == [GUARDS.path]
    assert stored == [["bills_guard"]]
    assert one(owner, GUARDED) == ["bills_guard", "parties_guard"]


@pytest.mark.parametrize("has_migration", [True, False])
def test_no_process_starts_before_the_next_run_has_applied_what_a_failure_left(
    own: Settings,
    owner: psycopg.Connection,
    folder: MigrationFolder,
    monkeypatch: pytest.MonkeyPatch,
    has_migration: bool,
) -> None:
    if has_migration:
        folder.add("9001", "pass")
    fails = SqlFile(GUARDS.path, GUARDS.source.replace(b"on parties", b"on nothing"))
    files = read_files()
    monkeypatch.setattr(sql_files, "read_files", lambda: [*files, fails])
    assert migrate_up(own).exit_code == 1
    assert revision(owner) == ("9001" if has_migration else SCHEMA_TO)
    assert one(owner, GUARDED) == ["bills_guard"]
    monkeypatch.setattr(start_checks, "SCHEMA_TO", revision(owner))
    with pytest.raises(StartRefused, match=r"guards\.sql .* run `flask migrate-up`"):
        require_start(own)
    monkeypatch.setattr(sql_files, "read_files", lambda: [*files, GUARDS])
    assert migrate_up(own).exit_code == 0
    assert one(owner, GUARDED) == ["bills_guard", "parties_guard"]
    require_start(own)
