"""Environment of the acts: an agency with users, clients and all secrets."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.identity.authenticators import STEP_S, Authenticator, switch_on
from tests.people import PASSWORD, ApiClient, People, Person, csrf_token
from voyagent.identity.service.values import Identity
from voyagent.kernel.db import transaction
from voyagent.kernel.jobs import Task

NEW_PASSWORD = "Lighthouse-anchor-77"
WRONG_PASSWORD = "Harbour-lantern-43"
# Keys of API responses whose values are secrets.
SECRETS = (
    "access_token",
    "refresh_token",
    "key",
    "secret",
    "otpauth_url",
    "codes",
    "invite_link",
    "debug_token",
)
A_STEP_NEEDS_S = 8


@dataclass
class Stage:
    """Alice owns the agency, Bob is an agent, Leila leads accounting."""

    app: Flask
    engine: sa.Engine
    folder: Path
    emails: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=lambda: {PASSWORD, NEW_PASSWORD, WRONG_PASSWORD})

    @cached_property
    def alice(self) -> Person:
        return self._known("alice", People(self.app).sign_up("Alice Owner", agency="Alice Travels"))

    @cached_property
    def bob(self) -> Person:
        return self.colleague("bob", "agent")

    @cached_property
    def leila(self) -> Person:
        return self.colleague("leila", "accounting_lead")

    def colleague(self, name: str, role: str) -> Person:
        return self._known(
            name, People(self.app).colleague(self.alice, f"{name.title()} Colleague", role=role)
        )

    @property
    def rules(self) -> Identity:
        return self.app.extensions["voyagent.identity"]

    @property
    def nobody(self) -> ApiClient:
        """A client without a bearer."""
        return ApiClient(self.app.test_client(), None)

    @property
    def visitor(self) -> FlaskClient:
        """A browser in which nobody is signed in."""
        return self.app.test_client()

    def somebody(self, name: str) -> str:
        """Return an unused address."""
        self.emails[name] = f"{name}-{secrets.token_hex(5)}@malabar.example"
        return self.emails[name]

    def submit(self, browser: FlaskClient, path: str, **fields: Any) -> Any:
        """Send a form with a CSRF token of this browser."""
        return browser.post(path, data={**fields, "csrf_token": csrf_token(browser)})

    def hide(self, secret: str) -> str:
        """Record a secret and return it."""
        self.secrets.add(secret)
        return secret

    def keep(self, answer: Any) -> Any:
        """Record the secrets of a response and return it."""
        if getattr(answer, "is_json", False) and isinstance(answer.json, dict):
            for name in SECRETS:
                self.secrets.update(_texts(answer.json.get(name)))
        return answer

    def run(self, task: Task, **arguments: Any) -> None:
        """Run a task as the worker does, at once and without a retry."""
        with self.app.app_context():
            if task.own_transactions:
                task.run(**arguments)
            else:
                with transaction():
                    task.run(**arguments)

    def flask(self, *arguments: object) -> Any:
        """Run a command."""
        return self.app.test_cli_runner().invoke(args=list(map(str, arguments)))

    def sql(self, statement: str, **values: Any) -> list[sa.RowMapping]:
        """Run a statement as the owner, without row-level security."""
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return list(result.mappings()) if result.returns_rows else []

    def queued(self, task: str) -> dict[str, Any]:
        """Return the arguments of the newest job of a task."""
        return self.sql(
            "select args - array['request_id', 'traceparent'] as args from procrastinate_jobs"
            " where task_name = :t order by id desc limit 1",
            t=task,
        )[0]["args"]

    def time_for_codes(self) -> None:
        """Wait if the current code expires within a few seconds."""
        left = STEP_S - time.time() % STEP_S
        if left < A_STEP_NEEDS_S:
            time.sleep(left + 0.1)

    def phone(self) -> Authenticator:
        """Return Alice's authenticator with two-factor sign-in on.

        The current code is unused.
        """
        self.time_for_codes()
        phone = switch_on(self.alice)
        self.hide(phone.secret)
        return phone

    def id_of(self, name: str) -> UUID:
        """Return the id of a person by name, also if the act changed her address."""
        if name in {"alice", "bob", "leila"}:
            user_id = getattr(self, name).actor.user_id
            assert isinstance(user_id, UUID)
            return user_id
        found = self.sql("select id from users where email = :e", e=self.emails[name])[0]["id"]
        assert isinstance(found, UUID)
        return found

    def _known(self, name: str, person: Person) -> Person:
        self.emails[name] = person.email
        self.secrets |= {person.access_token, person.refresh_token}
        return person


def token_in(link: str) -> str:
    """Return the token of a mailed or shown link."""
    found = re.search(r"token=([\w.-]+)", link)
    assert found, link
    return found[1]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield token_in(value) if "token=" in value else value
