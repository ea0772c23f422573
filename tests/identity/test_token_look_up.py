"""A token is looked for in the agency that it names; older tokens name none."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from voyagent.identity.queries import people
from voyagent.identity.rules.tokens import secret_digest
from voyagent.identity.service import invites, one_time
from voyagent.identity.service.one_time import Purpose
from voyagent.identity.service.values import Identity
from voyagent.kernel.db import transaction
from voyagent.kernel.ids import new_id

FINDS = {
    "refresh_tokens": "find_refresh_token",
    "invites": "find_invite",
    "one_time_tokens": "find_one_time_token",
}
OLD = "An-older-token-is-32-random-bytes-in-base64"


@pytest.fixture(params=FINDS)
def table(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def token(table: str, alice: Person, identity: Identity) -> str:
    """A token of Alice's agency whose hash is in the table."""
    if table == "refresh_tokens":
        return alice.refresh_token
    with alice.acting() as actor:
        if table == "invites":
            _, link = invites.invite(identity, actor, email="dev@malabar.example", role="agent")
            return link.partition("token=")[2]
        assert actor.user_id is not None
        return one_time.issue(
            identity, user_id=actor.user_id, email=alice.email, purpose=Purpose.RESET_PASSWORD
        )


def agency_of(app: Flask, table: str, token: str) -> object:
    """Return the agency in which the look-up of a table finds a token, or None."""
    with app.app_context(), transaction():
        found = getattr(people, FINDS[table])(token)
    return None if found is None else found[0]


def test_a_token_is_found_in_the_agency_that_it_names(
    app: Flask, alice: Person, table: str, token: str, statements: list[str]
) -> None:
    statements.clear()
    assert agency_of(app, table, token) == alice.actor.tenant_id
    assert not [one for one in statements if "app.find_" in one]


def test_a_token_that_names_another_agency_is_not_found(
    app: Flask, alice: Person, charlie: Person, table: str, token: str
) -> None:
    own = alice.actor.tenant_id.hex
    assert own in token
    for other in (charlie.actor.tenant_id, new_id()):
        assert agency_of(app, table, token.replace(own, other.hex)) is None


def test_a_token_of_an_earlier_release_is_found_without_its_agency(
    app: Flask, alice: Person, owners: sa.Engine, table: str, token: str
) -> None:
    with owners.begin() as connection:
        changed = connection.execute(
            sa.text(f"update {table} set token_hash = :old where token_hash = :present"),
            {"old": secret_digest(OLD), "present": secret_digest(token)},
        )
    assert changed.rowcount == 1
    assert agency_of(app, table, OLD) == alice.actor.tenant_id
    with owners.begin() as connection:
        connection.execute(
            sa.text(f"delete from {table} where token_hash = :old"), {"old": secret_digest(OLD)}
        )
