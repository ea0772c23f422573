"""Shared fixtures of the tests of identity."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.identity.service.values import Identity

Events = Callable[..., list[sa.RowMapping]]


@pytest.fixture
def identity(app: Flask) -> Identity:
    """The installation's rules."""
    return app.extensions["voyagent.identity"]


@pytest.fixture
def events(owner_engine: sa.Engine) -> Events:
    """Return the audit events of a person's agency, oldest first.

    `kind` selects one kind.
    """

    def read(person: Person, kind: str | None = None) -> list[sa.RowMapping]:
        with owner_engine.connect() as connection:
            found = connection.execute(
                sa.text(
                    "select * from audit_events where tenant_id = :t and (cast(:kind as text) is"
                    " null or kind = :kind) order by seq"
                ),
                {"t": person.actor.tenant_id, "kind": kind},
            )
            return list(found.mappings())

    return read


@pytest.fixture
def sql(owner_engine: sa.Engine) -> Callable[..., list[sa.RowMapping]]:
    """Run a statement as the owner, to read stored rows or to move time."""

    def run(statement: str, **values: object) -> list[sa.RowMapping]:
        with owner_engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return list(result.mappings()) if result.returns_rows else []

    return run
