"""People for tests, each with an actor, a bearer client and a browser.

The browser is signed in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from voyagent.http.guards import sign_browser_in
from voyagent.identity.forms.request import device
from voyagent.identity.service import accounts, sessions, signing_in
from voyagent.identity.service.signing_in import HalfSignIn
from voyagent.identity.service.values import Device, Identity
from voyagent.identity.views.code import keep_half
from voyagent.kernel import db as database, tenancy
from voyagent.kernel.actor import Actor, Channel, Credential, Grant
from voyagent.kernel.db import db, transaction

PASSWORD = "Harbour-lantern-42"
Result = TypeVar("Result")


class ApiClient:
    """An API client: prefixes `/api` and sends a bearer."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __getattr__(self, verb: str) -> Callable[..., TestResponse]:
        def call(path: str, **options: Any) -> TestResponse:
            headers = {**self._headers, **options.pop("headers", {})}
            return getattr(self._client, verb)(f"/api{path}", headers=headers, **options)

        return call


@dataclass
class Person:
    """A user of an agency."""

    app: Flask
    actor: Actor
    email: str
    access_token: str
    refresh_token: str

    @property
    def credential(self) -> Credential:
        """Return the credential of her access token."""
        return self.app.extensions["voyagent.identity"].tokens.read(self.access_token)

    @property
    def api(self) -> ApiClient:
        """Return a client with her access token."""
        return ApiClient(self.app.test_client(), self.access_token)

    @property
    def tab(self) -> FlaskClient:
        """Return a new client that shares one sign-in with the other tabs."""
        client = self.app.test_client()
        with client.session_transaction() as kept:
            kept.update(self._signed_in)
        return client

    @cached_property
    def _signed_in(self) -> dict[str, Any]:
        with self.browser.session_transaction() as kept:
            return dict(kept)

    @property
    def browser(self) -> FlaskClient:
        """Return a test client signed in with the password, as by the form of `/sign-in`."""
        client = self.app.test_client()
        with (
            client.session_transaction() as kept,
            self.app.test_request_context(environ_base=client.environ_base),
            transaction(),
        ):
            begun = signing_in.begin_sign_in(
                self.app.extensions["voyagent.identity"],
                email=self.email,
                password=PASSWORD,
                device=device(Channel.BROWSER),
            )
            if isinstance(begun, HalfSignIn):
                keep_half(begun, remember=False)
            else:
                sign_browser_in(begun.credential)
            kept.update(session)
        return client

    def does(self, act: Callable[..., Result], *arguments: Any, **keywords: Any) -> Result:
        """Run a service as this person in one committed transaction."""
        with self.acting() as actor:
            return act(actor, *arguments, **keywords)

    def granted(self, permission: str) -> Person:
        """Return the person with a grant, as an approved proposal runs."""
        actor = self.actor.via(Channel.ASSISTANT).granted(Grant("ap-test", permission))
        return replace(self, actor=actor)

    @contextmanager
    def acting(self) -> Iterator[Actor]:
        """Open a transaction with this person as actor; leaving commits."""
        with self.app.app_context(), transaction(self.actor.tenant_id):
            yield self.actor

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Open a reader in a transaction of this person's agency."""
        from voyagent.kernel.database.read_pool import SessionReader  # noqa: PLC0415

        with self.acting():
            yield SessionReader(db.session)


class People:
    """Create agencies and users through the services."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    @property
    def identity(self) -> Identity:
        """Return the installation's identity rules."""
        return self._app.extensions["voyagent.identity"]

    def sign_up(self, full_name: str, *, agency: str) -> Person:
        """Sign up an agency and return its administrator."""
        email = f"{full_name.split(maxsplit=1)[0].lower()}-{secrets.token_hex(5)}@example.com"
        with self._app.app_context(), transaction():
            signed_in = accounts.sign_up(
                self.identity,
                email=email,
                password=PASSWORD,
                full_name=full_name,
                agency_name=agency,
                device=Device(Channel.API),
            )
        return Person(
            self._app, signed_in.actor, email, signed_in.access_token, signed_in.refresh_token
        )

    def colleague(self, of: Person, full_name: str, *, role: str) -> Person:
        """Add a user to a person's agency."""
        email = f"{full_name.split(maxsplit=1)[0].lower()}-{secrets.token_hex(5)}@example.com"
        with self._app.app_context(), transaction(of.actor.tenant_id):
            user = accounts.add_person(
                self.identity,
                email=email,
                password_hash=self.identity.passwords.hash(PASSWORD),
                full_name=full_name,
                role=role,
                verified=True,
            )
            signed_in = sessions.open_session(self.identity, user, Device(Channel.API))
        return Person(
            self._app, signed_in.actor, email, signed_in.access_token, signed_in.refresh_token
        )


def csrf(client: FlaskClient, path: str) -> str:
    """Return the CSRF token of a page's form."""
    import re  # noqa: PLC0415

    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)
    assert found, f"{path} carries no CSRF token"
    return found.group(1)


def csrf_token(client: FlaskClient) -> str:
    """Return a CSRF token of the client's session, without a request."""
    with client.session_transaction() as kept, client.application.test_request_context():
        session.update(kept)
        token: str = generate_csrf()
        kept.update(session)
    return token


__all__ = ["PASSWORD", "ApiClient", "People", "Person", "csrf", "csrf_token", "database", "tenancy"]
