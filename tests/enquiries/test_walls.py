"""The search role bypasses row security only for the agency's own keys."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.people import Person
from voyagent.enquiries import service

FIND = sa.text(
    "select id, total from app.find_enquiries('%', null, null, null, null, null, null, null, null,"
    " null, null, false, 50, 0, null, null) where id is not null"
)
EVENTS = sa.text("select seq from app.events_of(cast(:refs as jsonb), 10) as seq")


def logged(person: Person, name: str) -> UUID:
    with person.acting() as actor:
        return service.create(actor, customer_name=name).id


def bind(connection: sa.Connection, person: Person) -> None:
    connection.execute(
        sa.text("select set_config('app.tenant', :t, true)"), {"t": str(person.actor.tenant_id)}
    )


def test_the_search_finds_only_enquiries_of_the_agency(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    mine, theirs = logged(alice, "Alice's customer"), logged(charlie, "Charlie's customer")
    for person, wanted in ((alice, mine), (charlie, theirs)):
        with app_engine.begin() as connection:
            bind(connection, person)
            assert connection.execute(FIND).all() == [(wanted, 1)]


def test_the_history_finds_only_events_of_the_agency(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    mine = logged(alice, "Alice's customer")
    with app_engine.begin() as connection:
        bind(connection, alice)
        assert len(connection.execute(EVENTS, {"refs": f'{{"enquiry_id": "{mine}"}}'}).all()) == 1
    with app_engine.begin() as connection:
        bind(connection, charlie)
        assert connection.execute(EVENTS, {"refs": f'{{"enquiry_id": "{mine}"}}'}).all() == []


@pytest.mark.parametrize("statement", [FIND, EVENTS])
def test_a_lookup_without_an_agency_fails(
    app_engine: sa.Engine, alice: Person, statement: sa.TextClause
) -> None:
    logged(alice, "Alice's customer")
    with app_engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.execute(statement, {"refs": "{}"} if statement is EVENTS else {})


def test_the_look_up_role_reads_only_keys_and_search_columns(owner_engine: sa.Engine) -> None:
    with owner_engine.connect() as connection:
        allowed = "select has_column_privilege('voyagent_lookup', 'enquiries', :column, 'select')"
        for column, may in (
            ("id", True),
            ("search", True),
            ("notes", False),
            ("budget_hundredths", False),
            ("customer_name", False),
        ):
            assert connection.scalar(sa.text(allowed), {"column": column}) is may, column
        for privilege in ("insert", "update", "delete"):
            assert (
                connection.scalar(
                    sa.text("select has_table_privilege('voyagent_lookup', 'enquiries', :p)"),
                    {"p": privilege},
                )
                is False
            )


def test_a_row_cannot_reference_another_agency(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    strange = charlie.does(lambda actor: service.promote(actor, logged(charlie, "Theirs")))[1]
    enquiry_id = logged(alice, "Mine")
    with (
        app_engine.begin() as connection,
        pytest.raises(sa.exc.IntegrityError, match="fk_enquiries_session"),
    ):
        bind(connection, alice)
        connection.execute(
            sa.text("update enquiries set session_id = :s where id = :id"),
            {"s": strange, "id": enquiry_id},
        )


def test_raw_sql_reads_no_enquiries_or_counters_of_other_agencies(
    app_engine: sa.Engine, alice: Person, charlie: Person
) -> None:
    logged(alice, "Mine")
    for table in ("enquiries", "enquiry_counts", "enquiries_by_hour"):
        with app_engine.begin() as connection:
            assert connection.scalar(sa.text(f"select count(*) from {table}")) == 0
            bind(connection, charlie)
            assert connection.scalar(sa.text(f"select count(*) from {table}")) == 0
