"""Shared fixtures of tests with a scripted model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask

from tests.assistant.conftest import Event, Talk
from tests.people import Person
from voyagent.assistant.service import loop, messages
from voyagent.assistant.service.built_in import BuiltInPlanner
from voyagent.assistant.service.planner_factory import Bounds
from voyagent.drivers.models.protocol import ModelDriver, ToolCall
from voyagent.drivers.models.scripted import Reply, Scripted

FIND = "find_enquiries"
DRAFT = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2100-12-01",
    "due_date": "2100-12-10",
    "line_items": [
        {"description": "Dubai visa", "quantity": 1, "unit_price": "45000", "currency": "INR"}
    ],
}
LEAD = {"customer_name": "Ravi Menon", "destination": "Dubai", "pax_count": 2}


@dataclass
class Always:
    """Driver factory that always returns one driver."""

    driver: ModelDriver
    bounds: Bounds = field(default_factory=Bounds)

    def choose(self, _wanted: str | None) -> dict[str, str] | None:
        """See Models."""
        return {"driver": self.driver.name, "model": self.driver.model}

    def open(self, _choice: dict[str, str]) -> ModelDriver | None:
        """See Models."""
        return self.driver


def use(tool: str, **arguments: Any) -> ToolCall:
    """Return a tool call of a model."""
    return ToolCall(f"id-{tool}", tool, arguments)


def wants(*calls: ToolCall, text: str = "") -> Reply:
    """Return an answer with tool calls."""
    return Reply(text, calls)


@dataclass
class ModelTalk:
    """A conversation with a scripted model, run directly and not by the queue."""

    app: Flask
    talk: Talk
    person: Person
    session_id: UUID

    def begin(self, message: str, person: Person | None = None) -> str:
        """Send a message and return its turn, which is not run yet."""
        with (person or self.person).acting() as actor:
            turn_id = messages.send(actor, self.session_id, message=message).turn_id
        assert turn_id is not None
        return turn_id

    def run(self, turn_id: str, driver: ModelDriver, **bounds: Any) -> list[Event]:
        """Run a turn and return its events."""
        with self.app.app_context():
            loop.run(
                self.person.actor.tenant_id,
                turn_id,
                BuiltInPlanner(),
                Always(driver, Bounds(**bounds)),
            )
        return [
            event
            for event in self.talk.events(self.person, self.session_id)
            if event["turn_id"] == turn_id
        ]

    def say(
        self, message: str, *script: Any, person: Person | None = None, **bounds: Any
    ) -> tuple[list[Event], Scripted]:
        """Send a message and let a script answer it."""
        driver = Scripted(list(script))
        return self.run(self.begin(message, person), driver, **bounds), driver


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it and nothing cleans up."""
