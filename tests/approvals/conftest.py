"""Shared fixtures of the tests of approvals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.approvals import probes
from tests.audit_rows import EVENTS
from tests.people import People, Person
from voyagent.approvals.service import effects, proposing
from voyagent.chat.service import conversations as chat

assert (
    effects.find("probe_note") is probes.PLAIN
)  # the effects of tests are registered by their import


@dataclass
class Desk:
    """Proposals of an agency and their stored state."""

    engine: sa.Engine

    def conversation(self, person: Person) -> UUID:
        """Create a conversation of a person."""
        with person.acting() as actor:
            return chat.create_session(actor, title="Krishnan family").id

    def propose(
        self,
        person: Person,
        tool_name: str = "probe_note",
        *,
        session_id: UUID | None = None,
        **given: Any,
    ) -> str:
        """Store a proposal and return its id."""
        session_id = session_id or self.conversation(person)
        known = {
            "turn_id": "t-0123456789ab",
            "tool_call_id": "c1",
            "summary": "Write a note",
            "arguments": {"session_id": str(session_id), "text": "hello"},
        }
        with person.acting() as actor:
            return proposing.propose(
                actor, session_id=session_id, tool_name=tool_name, **(known | given)
            ).id

    def row(self, approval_id: str) -> sa.RowMapping:
        """The stored row."""
        with self.engine.connect() as connection:
            return (
                connection.execute(
                    sa.text("select * from approvals where id = :i"), {"i": approval_id}
                )
                .mappings()
                .one()
            )

    def events(self, approval_id: str, kind: str | None = None) -> list[sa.RowMapping]:
        """Audit events of a proposal."""
        with self.engine.connect() as connection:
            found = connection.execute(
                sa.text(
                    f"select * from {EVENTS} where entity_refs->>'approval_id' = :i and (kind ="
                    " :k or cast(:k as text) is null) order by seq"
                ),
                {"i": approval_id, "k": kind},
            )
            return list(found.mappings())

    def notes(self, approval_id: str) -> int:
        """Return how often the effect has happened."""
        with self.engine.connect() as connection:
            count = connection.scalar(
                sa.text(
                    "select count(*) from chat_messages m join approvals a on a.session_id ="
                    " m.session_id where a.id = :i and m.role = 'tool'"
                ),
                {"i": approval_id},
            )
        return int(count)

    def run(self, sql: str, **values: Any) -> None:
        """Change rows as the owner, without the rules of the services."""
        with self.engine.begin() as connection:
            connection.execute(sa.text(sql), values)

    def run_out(self, approval_id: str) -> None:
        """Let the proposal expire by the clock of the database."""
        self.run(
            "update approvals set expires_at = now() - interval '1 millisecond' where id = :i",
            i=approval_id,
        )


@pytest.fixture
def desk(owner_engine: sa.Engine) -> Desk:
    return Desk(owner_engine)


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """Alice's colleague who leads accounting and may approve."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")
