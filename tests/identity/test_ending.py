"""Ending the sessions of a user on pages and API."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from tests import mailbox
from tests.identity.conftest import Events
from tests.identity.test_sessions import Sql, me, refresh, sign_in
from tests.people import Person
from voyagent.identity.service import sessions
from voyagent.identity.service.errors import InvalidRefreshToken


def session_of(app: Flask, access_token: str) -> UUID:
    """Return the session of an access token."""
    found = app.extensions["voyagent.identity"].tokens.read(access_token).session_id
    assert found is not None
    return found


def test_all_sessions_of_a_user_end_on_pages_and_api(
    app: Flask, alice: Person, bob: Person, events: Events
) -> None:
    browser, elsewhere = alice.browser, sign_in(app, alice.email)
    ended = alice.does(lambda actor: sessions.end_sessions(actor.user_id, reason="password_reset"))
    assert ended == 3
    assert [me(app, token) for token in (alice.access_token, elsewhere.access_token)] == [401, 401]
    for token in (alice.refresh_token, elsewhere.refresh_token):
        with pytest.raises(InvalidRefreshToken):
            refresh(app, token)
    assert browser.get("/team").status_code == 303
    assert me(app, bob.access_token) == 200
    (event,) = events(alice, "session.ended")
    assert (event["actor_id"], event["inputs"], event["outputs"]) == (
        alice.actor.user_id,
        {"reason": "password_reset"},
        {"sessions": 3},
    )


def test_the_acting_session_can_continue_with_both_tokens(app: Flask, alice: Person) -> None:
    other = sign_in(app, alice.email)
    acting = session_of(app, alice.access_token)
    assert (
        alice.does(
            lambda actor: sessions.end_sessions(
                actor.user_id, reason="email_changed", except_session=acting
            )
        )
        == 1
    )
    assert (me(app, alice.access_token), me(app, other.access_token)) == (200, 401)
    assert refresh(app, alice.refresh_token)


def test_no_message_is_sent_if_no_session_ends(app: Flask, alice: Person, events: Events) -> None:
    acting = session_of(app, alice.access_token)
    assert (
        alice.does(
            lambda actor: sessions.end_sessions(
                actor.user_id, reason="email_changed", except_session=acting
            )
        )
        == 0
    )
    assert events(alice, "session.ended") == []


def test_an_administrator_ends_sessions_of_the_own_agency_only(
    app: Flask, alice: Person, bob: Person, charlie: Person, events: Events
) -> None:
    assert (
        alice.does(
            lambda actor: sessions.end_sessions(charlie.actor.user_id, reason="removed", by=actor)
        )
        == 0
    )
    assert (
        alice.does(
            lambda actor: sessions.end_sessions(bob.actor.user_id, reason="removed", by=actor)
        )
        == 1
    )
    assert (
        me(app, bob.access_token),
        me(app, charlie.access_token),
        me(app, alice.access_token),
    ) == (401, 200, 200)
    (event,) = events(alice, "session.ended")
    assert (event["actor_id"], event["entity_refs"]) == (
        alice.actor.user_id,
        {"user_id": str(bob.actor.user_id)},
    )


def test_the_user_is_informed_of_a_reused_token(
    app: Flask, alice: Person, bob: Person, sql: Sql
) -> None:
    for person in (alice, bob):
        refresh(app, person.refresh_token)
    sql("update users set is_active = false where id = :id", id=bob.actor.user_id)
    for person in (alice, bob):
        with pytest.raises(InvalidRefreshToken):
            refresh(app, person.refresh_token)
    assert mailbox.newest(app, to=alice.email, kind="session_reuse")
    assert mailbox.received(app, to=bob.email) == [], (
        "who was removed has no account here to look after"
    )
