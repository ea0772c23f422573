"""Fixtures of the audit tests: many events, and changes past all protection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from tests.people import Person
from voyagent.kernel.ids import new_id

Seed = Callable[..., None]
Tamper = Callable[..., None]
BATCH = 5_000


def events(count: int, person: Person | None = None, **values: Any) -> list[dict[str, Any]]:
    """Return events in the form that `app.audit` accepts."""
    about: dict[str, Any] = {
        "actor_kind": "system",
        "kind": "probe.made",
        "status": "succeeded",
        "channel": "job",
    }
    if person is not None:
        about |= {
            "actor_kind": "human",
            "actor_id": str(person.actor.user_id),
            "actor_email": person.email,
            "channel": "api",
        }
    return [{"id": str(new_id()), **about, **values} for _ in range(count)]


@pytest.fixture
def seed(app_engine: sa.Engine) -> Seed:
    """Write events of an agency in batches, as the application's role does."""

    def write(person: Person, count: int = 1, *, by_nobody: bool = False, **values: Any) -> None:
        for begin in range(0, count, BATCH):
            with app_engine.begin() as connection:
                connection.execute(
                    sa.text("select set_config('app.tenant', :t, true)"),
                    {"t": str(person.actor.tenant_id)},
                )
                batch = events(min(BATCH, count - begin), None if by_nobody else person, **values)
                connection.execute(
                    sa.text("select app.audit(cast(:events as jsonb))"),
                    {"events": json.dumps(batch)},
                )

    return write


@contextmanager
def untied(owner_engine: sa.Engine) -> Iterator[sa.Connection]:
    """Start a superuser's transaction without triggers.

    Somebody with the superuser's password could do the same.
    """
    with owner_engine.begin() as connection:
        connection.execute(sa.text("set local session_replication_role = replica"))
        yield connection


@pytest.fixture
def tamper(owner_engine: sa.Engine) -> Tamper:
    """Change stored events without triggers; `:t` in the statement is the agency."""

    def change(person: Person, statement: str, **values: Any) -> None:
        with untied(owner_engine) as connection:
            assert (
                connection.execute(
                    sa.text(statement), {"t": person.actor.tenant_id, **values}
                ).rowcount
                > 0
            )

    return change
