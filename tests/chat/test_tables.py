"""The tables of conversations equal the models and have row security."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import voyagent.approvals.models
import voyagent.chat.models  # noqa: F401 - the models must be known to compare
from tests.people import Person
from voyagent.kernel.db import Base

TABLES = (
    "chat_sessions",
    "chat_turns",
    "chat_messages",
    "chat_turn_steps",
    "chat_events",
    "approvals",
    "approval_counts",
)


def test_the_migrations_create_the_schema_of_the_models(
    owner_engine: sa.Engine, alice: Person
) -> None:
    def ours(thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return (
            name in TABLES
            if kind == "table"
            else getattr(getattr(thing, "table", None), "name", None) in TABLES
        )

    with owner_engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_forced_policy(
    owner_engine: sa.Engine, alice: Person, table: str
) -> None:
    with owner_engine.connect() as connection:
        row = connection.execute(
            sa.text("select relrowsecurity, relforcerowsecurity from pg_class where relname = :t"),
            {"t": table},
        ).one()
    assert tuple(row) == (True, True)
