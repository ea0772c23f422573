"""Agencies, administrators and audit events for a benchmark."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import psycopg

from tools.bench.ground import Installation
from voyagent.identity.queries import people
from voyagent.identity.rules.passwords import Passwords
from voyagent.identity.rules.permissions import Role
from voyagent.identity.service import accounts, keys, sessions
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_address import psycopg_url
from voyagent.kernel.ids import new_id

PASSWORD = "Harbour-lantern-42"  # noqa: S105 - opens nothing but the bench's own database
BATCH = 5_000
KINDS = (
    "enquiry.created",
    "enquiry.updated",
    "session.opened",
    "approval.granted",
    "invoice.issued",
    "settings.changed",
    "auth.signed_in",
)


@dataclass(frozen=True, slots=True)
class Person:
    """An administrator with a verified e-mail address, signed in to the API.

    `token` is the access token.
    """

    actor: Actor
    email: str
    token: str


def agencies(here: Installation, count: int) -> list[Person]:
    """Create agencies, each with an administrator who has PASSWORD.

    The password is hashed only once, because the time of sign-up is not measured here.
    """
    quick = replace(
        _identity(here),
        passwords=Passwords(
            here.settings.model_copy(
                update={"auth_argon2_memory_cost": 64, "auth_argon2_parallelism": 1}
            )
        ),
    )
    password_hash = _identity(here).passwords.hash(PASSWORD)
    return [_agency(here, quick, f"Agency {n + 1}", password_hash) for n in range(count)]


def key_of(here: Installation, person: Person) -> str:
    """Create an API key and return its text."""
    with here.app.app_context(), transaction(person.actor.tenant_id):
        _, key = keys.make_key(_identity(here), replace(person.actor, fresh=True), name="bench")
    db_remove(here)
    return key


def write_events(here: Installation, person: Person, count: int) -> None:
    """Append `count` audit events of the usual size to the hash chain of an agency."""
    for begin in range(0, count, BATCH):
        batch = [_event(person, n) for n in range(begin, min(begin + BATCH, count))]
        with as_program(here, person) as connection:
            connection.execute("select app.audit(%s::jsonb)", (json.dumps(batch),))


@contextmanager
def as_program(
    here: Installation, person: Person
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Yield a connection with an open transaction of an agency.

    The connection has the database role of the program, so row-level security applies.
    """
    with psycopg.connect(
        psycopg_url(here.settings.db_url or ""), options="-c role=voyagent_app"
    ) as connection:
        connection.execute(
            "select set_config('app.tenant', %s, true)", (str(person.actor.tenant_id),)
        )
        yield connection


def db_remove(here: Installation) -> None:
    """Close the database session of this thread, so that another agency can be used."""
    with here.app.app_context():
        db.session.remove()


def _identity(here: Installation) -> Identity:
    return cast("Identity", here.app.extensions["voyagent.identity"])


def _agency(here: Installation, identity: Identity, name: str, password_hash: str) -> Person:
    email = f"owner-{secrets.token_hex(6)}@example.com"
    device = Device(Channel.API)
    with here.app.app_context():
        with transaction():
            made = accounts.sign_up(
                identity,
                email=f"first-{email}",
                password=PASSWORD,
                full_name="First Person",
                agency_name=name,
                device=device,
            )
        db.session.remove()
        with transaction(made.actor.tenant_id):
            user = accounts.add_person(
                identity,
                email=email,
                password_hash=password_hash,
                full_name="Olive Owner",
                role=Role.AGENCY_ADMIN,
                verified=True,
            )
            signed_in = sessions.open_session(identity, user, device)
            actor = people.get_actor(user.id).via(Channel.API)
        db.session.remove()
    return Person(actor, email, signed_in.access_token)


def _event(person: Person, number: int) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "actor_kind": "human",
        "actor_id": str(person.actor.user_id),
        "actor_email": person.email,
        "channel": "api",
        "kind": KINDS[number % len(KINDS)],
        "status": "failed" if number % 50 == 0 else "succeeded",
        "entity_refs": {"enquiry_id": str(new_id())},
        "inputs": {
            "fields": [
                {"field": "status", "before": "new", "after": "quoted"},
                {"field": "destination", "before": None, "after": f"City {number}"},
            ]
        },
        "outputs": {"number": number},
    }
