"""Shared fixtures of the tests of the assistant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.assistant.line import Line
from tests.people import People, Person
from voyagent.approvals import queries as approvals
from voyagent.approvals.service import deciding
from voyagent.assistant.service import messages as messages_service
from voyagent.chat.queries import sessions as chats
from voyagent.chat.service import conversations as chat

Event = dict[str, Any]


@dataclass
class Talk:
    """Conversations of users, run by the real worker."""

    drain: Callable[[], None]

    def begin(self, person: Person) -> UUID:
        """A new conversation."""
        with person.acting() as actor:
            return chat.create_session(actor).id

    def say(self, person: Person, session_id: UUID, message: str) -> list[Event]:
        """Send a message, let the worker answer, and return the events of the turn."""
        with person.acting() as actor:
            reply = messages_service.send(actor, session_id, message=message)
        self.drain()
        return [
            event for event in self.events(person, session_id) if event["turn_id"] == reply.turn_id
        ]

    def ask(self, person: Person, session_id: UUID, message: str) -> list[Event]:
        """Send a message that becomes a card, and confirm the card.

        Returns the events of the second turn.
        """
        self.say(person, session_id, message)
        return self.say(person, session_id, "yes")

    def decide(
        self, person: Person, approval_id: str, *, granted: bool = True, reason: str | None = None
    ) -> None:
        """Approve or decline, and let the worker execute the act and continue."""
        with person.acting() as actor:
            deciding.resolve(actor, approval_id, granted=granted, reason=reason)
        self.drain()

    def events(self, person: Person, session_id: UUID) -> list[Event]:
        """Return all events of a conversation, with their numbers as `seq`."""
        with person.acting():
            return [
                {"seq": row["seq"], **json.loads(row["data"])}
                for row in chats.events_after(session_id, 0, limit=10_000)
            ]

    def messages(self, person: Person, session_id: UUID) -> list[Event]:
        """The transcript."""
        with person.reading() as reader:
            return chats.messages(reader, session_id)

    def pending(self, person: Person, session_id: UUID) -> list[Event]:
        """Return the pending approvals."""
        with person.reading() as reader:
            return approvals.pending_of_session(reader, session_id)


def text(events: list[Event]) -> str:
    """Return the text of events in one piece."""
    return "".join(event["text"] for event in events if event["kind"] == "text_delta")


def kinds(events: list[Event]) -> list[str]:
    """Return the kinds of events; consecutive text events count as one."""
    found: list[str] = []
    for event in events:
        if not (event["kind"] == "text_delta" and found and found[-1] == "text_delta"):
            found.append(event["kind"])
    return found


def of_kind(events: list[Event], kind: str) -> list[Event]:
    """Events of a kind."""
    return [event for event in events if event["kind"] == kind]


@pytest.fixture
def talk(app: Flask, drain: Callable[[], None]) -> Talk:
    return Talk(drain)


@pytest.fixture
def leila(people: People, alice: Person) -> Person:
    """Alice's colleague who leads accounting and may approve."""
    return people.colleague(alice, "Leila Lead", role="accounting_lead")


@pytest.fixture
def line(alice: Person, drain: Callable[[], None]) -> Iterator[Line]:
    """Alice's conversation over HTTP; its streams are closed when the test is over."""
    made = Line(alice, drain)
    made.session_id = alice.api.post("/chat/sessions").json["session_id"]
    yield made
    for answer in made.opened:
        answer.close()
