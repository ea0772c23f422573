"""Row-level security: raw SQL as the application's role, and the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa

from tests.kernel.filling import fill
from tests.people import Person

# Tables that no agency owns: the agencies themselves (walled by their id), the migrations' mark,
# the installation's, the records of deleted agencies, the job library's.
OF_NO_AGENCY = re.compile(
    r"tenants|alembic_version|installation|agency_deletions|heartbeat|last_runs|procrastinate_\w+"
)
# Every way past the second wall: a narrow look-up that has to come before an agency is known.
LOOK_UPS = {
    "app.agencies_after(uuid,integer)",
    "app.email_taken(text)",
    "app.figures()",
    "app.find_account(text)",
    "app.find_api_key(text)",
    "app.find_invite(bytea)",
    "app.find_one_time_token(bytea)",
    "app.find_refresh_token(bytea)",
    "app.tenant_ids()",
    "app.tenants_with_old_keys()",
    "app.tenants_with_mail(timestamp with time zone)",
    "app.agencies_page(uuid,boolean,integer)",
    "app.agency_names(uuid[])",
    "app.mails_by_agency(timestamp with time zone,integer)",
    "app.mails_given_up(timestamp with time zone)",
    "app.tenants_with_offers(timestamp with time zone)",
    "app.tenants_with_proposals(timestamp with time zone)",
    "app.tenants_with_turns(timestamp with time zone)",
}
ERASERS = {"app.pseudonymise_party(text,text,text[])"}
"""Functions that write texts in the books; they take the agency from the transaction."""
ERASERS_OF_AGENCY = {"app.replace_words(text,text[],text,uuid[],text[],text)"}
"""Functions that write texts in the books and name the agency in each statement."""
BOUND = "select set_config('app.tenant', :t, true)"


@pytest.fixture
def catalogue(owner_engine: sa.Engine) -> Iterator[sa.Connection]:
    with owner_engine.connect() as connection:
        yield connection


def tables(catalogue: sa.Connection) -> dict[str, sa.RowMapping]:
    """Return every table of the schema with the catalogue's facts of its policy."""
    found = catalogue.execute(
        sa.text(
            "select c.relname, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner)"
            " as owner, exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname"
            " = 'tenant_id' and not a.attisdropped) as is_an_agencys from pg_class c where"
            " c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"
        )
    )
    return {row["relname"]: row for row in found.mappings()}


def test_raw_sql_without_an_agency_reads_nothing(app_engine: sa.Engine, alice: Person) -> None:
    with app_engine.connect() as connection:
        assert connection.scalar(sa.text("select count(*) from users")) == 0
        assert connection.scalar(sa.text("select count(*) from tenants")) == 0


def test_raw_sql_reads_only_the_bound_agency(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    with app_engine.begin() as connection:
        connection.execute(sa.text(BOUND), {"t": str(alice.actor.tenant_id)})
        assert connection.scalars(sa.text("select email from users")).all() == [alice.email]
        assert connection.scalars(sa.text("select id from tenants")).all() == [
            alice.actor.tenant_id
        ]


def test_the_binding_ends_with_its_transaction(app_engine: sa.Engine, alice: Person) -> None:
    with app_engine.connect() as connection:
        with connection.begin():
            connection.execute(sa.text(BOUND), {"t": str(alice.actor.tenant_id)})
            assert connection.scalar(sa.text("select count(*) from users")) == 1
        with connection.begin():
            assert connection.scalar(sa.text("select count(*) from users")) == 0


def test_a_row_for_another_agency_is_refused(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    with (
        app_engine.begin() as connection,
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
    ):
        connection.execute(sa.text(BOUND), {"t": str(alice.actor.tenant_id)})
        connection.execute(
            sa.text("insert into revoked_tokens values (:t, 'x', now())"),
            {"t": charlie.actor.tenant_id},
        )


def test_a_row_cannot_be_moved_into_another_agency(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    with (
        app_engine.begin() as connection,
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
    ):
        connection.execute(sa.text(BOUND), {"t": str(alice.actor.tenant_id)})
        connection.execute(
            sa.text("insert into revoked_tokens values (:t, 'x', now())"),
            {"t": alice.actor.tenant_id},
        )
        connection.execute(
            sa.text("update revoked_tokens set tenant_id = :t"), {"t": charlie.actor.tenant_id}
        )


def test_every_tenant_table_has_forced_row_security(catalogue: sa.Connection) -> None:
    for name, table in tables(catalogue).items():
        if table["is_an_agencys"] or name == "tenants":
            assert (table["relrowsecurity"], table["relforcerowsecurity"]) == (True, True), name
            assert table["owner"] not in {"voyagent_app", "voyagent_lookup"}, name
        else:
            assert OF_NO_AGENCY.fullmatch(name), (
                f"{name} has no tenant_id and is not on the list of tables that no agency owns"
            )


def test_every_policy_limits_reads_and_writes_to_the_bound_agency(
    catalogue: sa.Connection,
) -> None:
    policies = (
        catalogue.execute(
            sa.text(
                "select * from pg_policies where schemaname = 'public' and 'voyagent_app' ="
                " any(roles)"
            )
        )
        .mappings()
        .all()
    )
    guarded = {policy["tablename"]: policy for policy in policies}
    assert len(guarded) == len(policies), "a second policy would widen the first"
    for name, table in tables(catalogue).items():
        if not (table["is_an_agencys"] or name == "tenants"):
            continue
        policy, column = guarded[name], "id" if name == "tenants" else "tenant_id"
        pattern = (
            rf"\({column} = \( SELECT \(NULLIF\(current_setting\('app\.tenant'::text, true\),"
            r" ''::text\)\)::uuid AS \"?\w+\"?\)\)"
        )
        assert policy["cmd"] == "ALL"
        assert re.fullmatch(pattern, policy["qual"]), (name, policy["qual"])
        assert policy["with_check"] == policy["qual"], name


def test_every_view_has_the_rights_of_its_user(catalogue: sa.Connection) -> None:
    views = catalogue.execute(
        sa.text(
            "select relname, reloptions from pg_class where relkind = 'v' and relnamespace ="
            " 'public'::regnamespace"
        )
    ).all()
    assert views, "the old names of tables"
    for name, options in views:
        assert options == ["security_invoker=true"], name


def test_an_old_table_name_reads_and_writes_the_bound_agencys_rows(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    upsert = sa.text(
        "insert into model_days as m (tenant_id, day, answers, tokens, cost_usd) values (:t,"
        " '2026-05-01', 1, 10, 0) on conflict (tenant_id, day) do update set tokens = m.tokens +"
        " excluded.tokens"
    )
    mine = {"t": alice.actor.tenant_id}
    with app_engine.begin() as connection:
        connection.execute(sa.text(BOUND), {"t": str(alice.actor.tenant_id)})
        connection.execute(upsert, mine)
        connection.execute(upsert, mine)
        assert connection.scalar(sa.text("select tokens from model_days")) == 20
        assert connection.scalar(sa.text("select tokens from model_daily_usage")) == 20
    with app_engine.begin() as connection:
        connection.execute(sa.text(BOUND), {"t": str(charlie.actor.tenant_id)})
        assert connection.scalar(sa.text("select count(*) from model_days")) == 0
    with (
        app_engine.begin() as connection,
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
    ):
        connection.execute(sa.text(BOUND), {"t": str(charlie.actor.tenant_id)})
        connection.execute(upsert, mine)


def test_only_the_roles_for_look_up_and_erasure_have_further_policies(
    catalogue: sa.Connection,
) -> None:
    others = catalogue.execute(
        sa.text(
            "select roles::text, cmd from pg_policies where schemaname = 'public' and not"
            " 'voyagent_app' = any(roles)"
        )
    ).all()
    assert {tuple(row) for row in others} == {
        ("{voyagent_lookup}", "SELECT"),
        ("{voyagent_eraser}", "ALL"),
        ("{voyagent_mover}", "ALL"),
    }


@contextmanager
def suppress_denial() -> Iterator[None]:
    """Ignore missing privileges: a forbidden statement needs no policy."""
    try:
        yield
    except sa.exc.ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise


def test_rows_of_other_agencies_cannot_be_read_or_changed(
    app_engine: sa.Engine,
    catalogue: sa.Connection,
    alice: Person,
    charlie: Person,
    drain: Callable[[], None],
) -> None:
    fill(charlie, drain)
    owned = [name for name, table in tables(catalogue).items() if table["is_an_agencys"]]
    empty = [
        name
        for name in owned
        if not catalogue.scalar(
            sa.text(f"select count(*) from {name} where tenant_id = :c"),
            {"c": charlie.actor.tenant_id},
        )
    ]
    assert empty == [], "a wall is only tried where there is a row behind it: see filling.py"
    for name in owned:
        for statement in (
            f"select * from {name} where tenant_id = :c",
            f"delete from {name} where tenant_id = :c",
            f"update {name} set tenant_id = tenant_id where tenant_id = :c",
        ):
            assert _reached(app_engine, alice, statement, charlie) == 0, statement


def test_the_same_select_reads_own_rows(
    app_engine: sa.Engine, catalogue: sa.Connection, charlie: Person, drain: Callable[[], None]
) -> None:
    """Without this, a role that can read nothing would pass the test above."""
    fill(charlie, drain)
    for name in (name for name, table in tables(catalogue).items() if table["is_an_agencys"]):
        assert (
            _reached(app_engine, charlie, f"select * from {name} where tenant_id = :c", charlie) > 0
        ), name


def _reached(app_engine: sa.Engine, bound: Person, statement: str, owner: Person) -> int:
    """Return how many of the owner's rows a statement reaches, and roll back.

    The statement runs for another agency.
    """
    with app_engine.connect() as connection, connection.begin() as transaction:
        connection.execute(sa.text(BOUND), {"t": str(bound.actor.tenant_id)})
        reached = 0
        with suppress_denial():
            reached = connection.execute(sa.text(statement), {"c": owner.actor.tenant_id}).rowcount
        transaction.rollback()
    return reached


def test_the_application_role_owns_nothing_and_cannot_bypass_row_security(
    app_engine: sa.Engine, catalogue: sa.Connection
) -> None:
    with app_engine.connect() as connection:
        assert connection.scalar(sa.text("select current_user")) == "voyagent_app"
    role = (
        catalogue.execute(sa.text("select * from pg_roles where rolname = 'voyagent_app'"))
        .mappings()
        .one()
    )
    for right in (
        "rolsuper",
        "rolbypassrls",
        "rolcreaterole",
        "rolcreatedb",
        "rolreplication",
    ):  # the embedded server lets it sign in, others need not
        assert role[right] is False, right
    assert (
        catalogue.scalar(
            sa.text("select count(*) from pg_class where relowner = 'voyagent_app'::regrole")
        )
        == 0
    )
    assert (
        catalogue.scalar(
            sa.text("select count(*) from pg_auth_members where member = 'voyagent_app'::regrole")
        )
        == 0
    )
    assert not catalogue.scalar(
        sa.text(
            "select has_schema_privilege('voyagent_app', 'public', 'create') or"
            " has_schema_privilege('voyagent_app', 'app', 'create')"
        )
    )


def definers(catalogue: sa.Connection) -> dict[str, sa.RowMapping]:
    """Return every function with more rights than its caller."""
    found = catalogue.execute(
        sa.text(
            "select p.oid::regprocedure::text as name, pg_get_userbyid(p.proowner) as owner,"
            " p.proconfig, p.provolatile, p.prosrc, has_function_privilege('public', p.oid,"
            " 'execute') as open_to_all from pg_proc p join pg_namespace n on n.oid ="
            " p.pronamespace where p.prosecdef and n.nspname in ('app', 'public')"
        )
    )
    return {row["name"]: row for row in found.mappings()}


def test_only_the_listed_functions_bypass_row_security(catalogue: sa.Connection) -> None:
    unbound = {
        name for name, row in definers(catalogue).items() if "tenant_id = $1" not in row["prosrc"]
    }
    assert unbound == LOOK_UPS | ERASERS
    for name, row in definers(catalogue).items():
        if name not in unbound:
            assert "using current_setting('app.tenant')::uuid," in row["prosrc"], (
                f"{name} does not take the agency from the transaction"
            )


def test_every_security_definer_function_is_restricted(catalogue: sa.Connection) -> None:
    for name, row in definers(catalogue).items():
        may_write = name in ERASERS | ERASERS_OF_AGENCY
        assert row["owner"] == ("voyagent_eraser" if may_write else "voyagent_lookup"), name
        assert "search_path=public, pg_temp" in row["proconfig"], name
        assert may_write or row["provolatile"] == "s", f"{name} may write"
        assert not row["open_to_all"], name


def test_the_look_up_role_reads_named_columns_and_writes_nothing(catalogue: sa.Connection) -> None:
    rights = catalogue.execute(
        sa.text(
            "select table_name, privilege_type from information_schema.role_table_grants where"
            " grantee = 'voyagent_lookup' and table_schema = 'public'"
        )
    ).all()
    assert rights == []
    columns = catalogue.execute(
        sa.text(
            "select distinct privilege_type from information_schema.role_column_grants where"
            " grantee = 'voyagent_lookup' and table_schema = 'public'"
        )
    ).scalars()
    assert set(columns) == {"SELECT"}
    role = catalogue.execute(
        sa.text("select rolcanlogin, rolsuper from pg_roles where rolname = 'voyagent_lookup'")
    ).one()
    assert tuple(role) == (False, False)


def test_every_foreign_key_to_a_tenant_table_contains_the_agency(
    catalogue: sa.Connection,
) -> None:
    found = catalogue.execute(
        sa.text(
            "select k.conname, k.conrelid::regclass::text as source, k.confrelid::regclass::text as"
            " target, (select array_agg(a.attname::text) from pg_attribute a where a.attrelid ="
            " k.conrelid and a.attnum = any(k.conkey)) as columns from pg_constraint k where"
            " k.contype = 'f' and k.connamespace = 'public'::regnamespace"
        )
    ).mappings()
    known = tables(catalogue)
    checked = 0
    for key in found:
        if key["target"] != "tenants" and known[key["target"]]["is_an_agencys"]:
            assert "tenant_id" in key["columns"], (
                f"{key['source']}.{key['conname']} could point at another agency"
            )
            checked += 1
    assert checked >= 3


def test_audit_events_cannot_be_changed_even_by_the_owner(
    owner_engine: sa.Engine, app_engine: sa.Engine, alice: Person
) -> None:
    for statement in (
        "update audit_events set kind = 'x' where tenant_id = :t",
        "delete from audit_events where tenant_id = :t",
    ):
        with (
            owner_engine.begin() as connection,
            pytest.raises(sa.exc.IntegrityError, match="append-only"),
        ):
            connection.execute(sa.text(statement), {"t": alice.actor.tenant_id})
        with (
            app_engine.begin() as connection,
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        ):
            connection.execute(sa.text(BOUND), {"t": str(alice.actor.tenant_id)})
            connection.execute(sa.text(statement), {"t": alice.actor.tenant_id})
    with (
        owner_engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match="append-only"),
    ):
        connection.execute(sa.text("truncate audit_events"))
