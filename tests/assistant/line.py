"""A user's conversation over HTTP, and a reader of its event stream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from tests.people import Person

INVOICE = "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100"
FRAME = re.compile(r"id: (?P<id>\d+)\nevent: agent_event\ndata: (?P<data>[^\n]+)\n\n")
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@dataclass
class Line:
    """A user's conversation over HTTP, with a worker that the test runs."""

    person: Person
    drain: Callable[[], None]
    session_id: str = ""
    opened: list[TestResponse] = field(default_factory=list)

    def post(
        self,
        body: dict[str, Any] | None = None,
        *,
        last_event_id: str | None = None,
        person: Person | None = None,
        **more: Any,
    ) -> TestResponse:
        headers = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        api = (person or self.person).api
        answer = api.post(
            f"/chat/sessions/{self.session_id}/messages",
            json=body if body is not None else {},
            headers=headers,
            **more,
        )
        self.opened.append(answer)
        return answer

    def say(self, message: str, **more: Any) -> list[dict[str, Any]]:
        answer = self.post({"message": message}, **more)
        assert answer.status_code == 200, answer.text
        self.drain()
        return frames(answer)

    def ask(self, message: str, **more: Any) -> list[dict[str, Any]]:
        """Send a message that becomes a card, and confirm the card.

        Returns the events of the second turn.
        """
        self.say(message, **more)
        return self.say("yes", **more)


def frames(answer: TestResponse) -> list[dict[str, Any]]:
    """Return the events of a stream that has ended."""
    return read(answer.get_data(as_text=True))


def read(whole: str) -> list[dict[str, Any]]:
    """Return the events in the text of a stream, without comments and heartbeats."""
    rest = FRAME.sub("", whole)
    assert re.fullmatch(r"(?:: [^\n]*\n\n|event: heartbeat\ndata:\n\n)*", rest), rest
    return [
        {"id": int(match["id"]), **json.loads(match["data"])} for match in FRAME.finditer(whole)
    ]


def proposal(line: Line) -> str:
    """Create a pending proposal in the conversation and return its id."""
    asked = line.ask(INVOICE)
    return next(event["approval_id"] for event in asked if event["kind"] == "approval_request")
