"""API keys for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from tests.people import ApiClient, Person
from voyagent.identity.service import keys


def make_key(
    person: Person,
    *,
    name: str = "Website",
    scopes: Sequence[str] = ("full",),
    expires_in_days: int | None = None,
) -> tuple[UUID, str]:
    """Create a key of a user; return its id and text."""
    rules = person.app.extensions["voyagent.identity"]
    with person.acting() as actor:
        return keys.make_key(
            rules,
            replace(actor, fresh=True),
            name=name,
            scopes=scopes,
            expires_in_days=expires_in_days,
        )


def with_key(person: Person, *scopes: str) -> ApiClient:
    """Return a client with a user's key of these scopes, by default a full one."""
    return ApiClient(person.app.test_client(), make_key(person, scopes=scopes or ("full",))[1])


def bearing(person: Person, text: str, **options: object) -> ApiClient:
    """Return a client with the given bearer token."""
    return ApiClient(person.app.test_client(**options), text)
