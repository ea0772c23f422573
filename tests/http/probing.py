"""Probe operations behind the real authentication, and stored keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response
from werkzeug.test import TestResponse

from tests.people import ApiClient, Person
from voyagent.enquiries import service as enquiries
from voyagent.http.api import ApiBlueprint, Headed
from voyagent.http.guards import Guard
from voyagent.http.pages import csrf
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import Conflict

Act = Callable[[Actor], Any]


class Undone(Conflict):
    """An error whose work is rolled back."""


class Kept(Conflict):
    """An error whose work is committed."""

    keeps_work = True


def logs(actor: Actor) -> dict[str, str]:
    """Log an enquiry and return its id."""
    return {"id": str(enquiries.create(actor, customer_name="Deepa Krishnan").id)}


@dataclass
class Probe:
    """Two operations of an application, one of which returns a secret.

    `act` is what both do.
    """

    app: Flask
    act: Act = logs
    runs: list[Actor] = field(default_factory=list)

    def __post_init__(self) -> None:
        api = ApiBlueprint("probes", __name__, tag="Probes", guard=Guard.BEARER)

        @api.post("/probes", status=201, permission="enquiry.create")
        def probe(actor: Actor) -> Any:
            """Run the test's act."""
            return self._run(actor)

        @api.post("/probes/secret", status=201, permission="enquiry.create", secret_answer=True)
        def probe_secret(actor: Actor) -> Any:
            """Run the test's act and return a secret."""
            return self._run(actor)

        csrf.exempt(api)
        self.app.register_blueprint(api)

    def send(
        self, person: Person, key: str | None = "a-key", path: str = "/probes", **options: Any
    ) -> TestResponse:
        """Call it as a person."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return ApiClient(self.app.test_client(), person.access_token).post(
            path, headers=headers, **options
        )

    def _run(self, actor: Actor) -> Any:
        self.runs.append(actor)
        return self.act(actor)


def fails_once(error: Exception) -> Act:
    """Log an enquiry and fail the first time; succeed from then on."""
    failures = [error]

    def act(actor: Actor) -> Any:
        made = logs(actor)
        if failures:
            raise failures.pop()
        return made

    return act


def refuses(actor: Actor) -> Response:
    """Log an enquiry and return a refusal without raising."""
    logs(actor)
    return Response(b"{}", status=409, mimetype="application/json")


def headed(actor: Actor) -> Headed:
    """Log an enquiry and return headers."""
    made = logs(actor)
    return Headed(made, {"Location": f"/api/enquiries/{made['id']}", "ETag": '"1"'})


def count(engine: sa.Engine, person: Person, table: str) -> int:
    """Count the rows of a table that belong to a person's agency."""
    with engine.connect() as connection:
        return (
            connection.scalar(
                sa.text(f"select count(*) from {table} where tenant_id = :t"),
                {"t": person.actor.tenant_id},
            )
            or 0
        )


def stored_keys(engine: sa.Engine, person: Person) -> list[dict[str, Any]]:
    """Return the stored idempotency keys of a person's agency."""
    with engine.connect() as connection:
        found = connection.execute(
            sa.text("select * from idempotency_keys where tenant_id = :t order by id"),
            {"t": person.actor.tenant_id},
        )
        return [dict(row) for row in found.mappings()]


def age(engine: sa.Engine, person: Person, interval: str) -> None:
    """Make the stored idempotency keys of a person's agency older."""
    with engine.begin() as connection:
        statement = (
            f"update idempotency_keys set created_at = created_at - interval '{interval}' where"
            " tenant_id = :t"
        )
        connection.execute(sa.text(statement), {"t": person.actor.tenant_id})


@contextmanager
def held(engine: sa.Engine, person: Person) -> Iterator[sa.Connection]:
    """Hold the head of a person's audit chain.

    Other acts of the agency wait before the commit.
    """
    with engine.connect() as connection, connection.begin():
        connection.execute(
            sa.text("select 1 from audit_heads where tenant_id = :t for update"),
            {"t": person.actor.tenant_id},
        )
        yield connection


def waiting(engine: sa.Engine) -> list[tuple[int, str]]:
    """Return the server process and statement of each waiter for a lock.

    Only this database is searched.
    """
    with engine.connect() as connection:
        statement = (
            "select pid, query from pg_stat_activity where datname = current_database() and"
            " wait_event_type = 'Lock'"
        )
        return [(row.pid, row.query) for row in connection.execute(sa.text(statement))]
