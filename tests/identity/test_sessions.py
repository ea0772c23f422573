"""Signing up, in and out, and the single use of refresh tokens."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.identity.conftest import Events
from tests.people import PASSWORD, People, Person
from voyagent.identity.queries import people as people_queries
from voyagent.identity.rules.demo import DEMO_EMAIL, DEMO_PASSWORD
from voyagent.identity.service import accounts, sessions, signing_in
from voyagent.identity.service.errors import (
    DemoNotThere,
    EmailAlreadyRegistered,
    EmailNotVerified,
    InvalidCredentials,
    InvalidRefreshToken,
    PasswordTooCommon,
)
from voyagent.identity.service.values import Device, Identity, SignedInPerson
from voyagent.kernel.actor import Channel
from voyagent.kernel.config import Environment
from voyagent.kernel.db import db, transaction

API = Device(Channel.API, user_agent="tests/1.0", ip="127.0.0.1")
BROWSER = Device(Channel.BROWSER)
Sql = Callable[..., list[sa.RowMapping]]


def act(app: Flask, rule: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Run a service in its own transaction, as pages and API do."""
    with app.app_context(), transaction():
        return rule(*arguments, **keywords)


def sign_in(
    app: Flask, email: str, password: str = PASSWORD, device: Device = API
) -> SignedInPerson:
    return act(
        app,
        signing_in.sign_in,
        app.extensions["voyagent.identity"],
        email=email,
        password=password,
        device=device,
    )


def refresh(app: Flask, token: str) -> tuple[str, str]:
    return act(app, sessions.refresh, app.extensions["voyagent.identity"], token)


def present_again(app: Flask, token: str) -> None:
    """Use a token again after a delay, so that it is not a parallel request.

    The delay is long enough for a busy computer, by the clock of the database.
    """
    time.sleep(0.05)
    with pytest.raises(InvalidRefreshToken):
        refresh(app, token)


def me(app: Flask, access_token: str) -> int:
    return (
        app.test_client()
        .get("/api/auth/me", headers={"Authorization": f"Bearer {access_token}"})
        .status_code
    )


def fresh_address() -> str:
    return f"somebody-{secrets.token_hex(5)}@malabar.example"


# Signing up
# --------------------------------------------------------------------------------


def test_sign_up_creates_agency_administrator_and_settings(
    alice: Person, sql: Sql, events: Events
) -> None:
    (tenant,) = sql("select * from tenants where id = :t", t=alice.actor.tenant_id)
    assert (
        tenant["display_name"],
        tenant["default_currency"],
        tenant["is_active"],
        tenant["is_demo"],
    ) == ("Alice Travels", "USD", True, False)
    (settings,) = sql("select * from tenant_settings where tenant_id = :t", t=alice.actor.tenant_id)
    assert (settings["default_currency"], settings["timezone"], settings["locale"]) == (
        "INR",
        "UTC",
        "en",
    )
    assert (alice.actor.role, alice.actor.tenant_name) == ("agency_admin", "Alice Travels")
    assert next(event["kind"] for event in events(alice)) == "agency.signed_up"
    (user,) = sql("select * from users where id = :id", id=alice.actor.user_id)
    assert (user["role"], user["last_login_at"] is not None) == ("agency_admin", True)


def test_an_address_can_sign_up_only_once(
    app: Flask, identity: Identity, alice: Person, sql: Sql
) -> None:
    before = sql("select count(*) from tenants")[0]["count"]
    with pytest.raises(EmailAlreadyRegistered):
        act(
            app,
            accounts.sign_up,
            identity,
            email=alice.email,
            password=PASSWORD,
            full_name="Again",
            agency_name="Again",
            device=API,
        )
    assert sql("select count(*) from tenants")[0]["count"] >= before
    assert sql("select 1 from tenants where display_name = 'Again'") == []


def test_parallel_sign_ups_of_one_address_create_one_agency(
    app: Flask, identity: Identity, sql: Sql
) -> None:
    email, barrier = fresh_address(), threading.Barrier(6)

    def sign_up(number: int) -> bool:
        barrier.wait()
        try:
            act(
                app,
                accounts.sign_up,
                identity,
                email=email,
                password=PASSWORD,
                full_name="Racer",
                agency_name=f"Race {email} {number}",
                device=API,
            )
        except EmailAlreadyRegistered:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(sign_up, range(6))) == [False] * 5 + [True]
    assert (
        len(sql("select 1 from tenants where display_name like :name", name=f"Race {email}%")) == 1
    )


def test_a_common_password_creates_no_agency(app: Flask, identity: Identity, sql: Sql) -> None:
    email = fresh_address()
    with pytest.raises(PasswordTooCommon) as refused:
        act(
            app,
            accounts.sign_up,
            identity,
            email=email,
            password="malabar-gulf-2026",
            full_name="N",
            agency_name="Malabar Gulf",
            device=API,
        )
    assert refused.value.body == {"error": "password_too_weak", "code": "password_common"}
    assert sql("select 1 from users where email = :email", email=email) == []


def test_hooks_for_a_new_agency_run_in_its_transaction(
    app: Flask, identity: Identity, monkeypatch: pytest.MonkeyPatch, sql: Sql
) -> None:
    from voyagent.identity.service import accounts  # noqa: PLC0415 - its list of hooks

    def fails(_actor: object) -> None:
        raise LookupError

    monkeypatch.setattr(accounts, "_new_agency_hooks", [fails])
    email = fresh_address()
    with pytest.raises(LookupError):
        act(
            app,
            accounts.sign_up,
            identity,
            email=email,
            password=PASSWORD,
            full_name="N",
            agency_name="N",
            device=API,
        )
    assert sql("select 1 from users where email = :email", email=email) == []


# Signing in
# --------------------------------------------------------------------------------


def test_address_and_password_start_a_session(
    app: Flask, alice: Person, sql: Sql, events: Events
) -> None:
    signed_in = sign_in(app, alice.email)
    assert me(app, signed_in.access_token) == 200
    (session,) = sql(
        "select * from auth_sessions where id = :id", id=signed_in.credential.session_id
    )
    assert (session["channel"], session["user_agent"], session["ip"]) == (
        "api",
        "tests/1.0",
        "127.0.0.1",
    )
    assert (session["expires_at"] - session["created_at"]).days in {29, 30}
    (user,) = sql("select * from users where id = :id", id=alice.actor.user_id)
    assert user["last_login_at"] is not None
    assert [event["kind"] for event in events(alice)][-1] == "auth.signed_in"


def test_a_browser_session_uses_a_cookie_instead_of_tokens(
    app: Flask, alice: Person, sql: Sql
) -> None:
    signed_in = sign_in(app, alice.email, device=BROWSER)
    assert (signed_in.access_token, signed_in.refresh_token) == ("", "")
    assert (
        sql(
            "select 1 from refresh_tokens where session_id = :id",
            id=signed_in.credential.session_id,
        )
        == []
    )


def test_a_user_may_have_several_sessions(app: Flask, alice: Person) -> None:
    other = sign_in(app, alice.email)
    assert me(app, alice.access_token) == me(app, other.access_token) == 200


def test_a_wrong_password_is_refused_and_recorded(
    app: Flask, alice: Person, events: Events
) -> None:
    with pytest.raises(InvalidCredentials):
        sign_in(app, alice.email, "Harbour-lantern-43")
    (event,) = events(alice, "auth.sign_in_failed")
    assert (event["status"], event["error"]) == ("rejected", "invalid_credentials")


def test_an_unknown_address_is_refused_like_a_wrong_password(app: Flask) -> None:
    with pytest.raises(InvalidCredentials):
        sign_in(app, fresh_address())


def test_removed_and_suspended_users_cannot_sign_in(
    app: Flask, alice: Person, bob: Person, sql: Sql
) -> None:
    sql("update users set is_active = false where id = :id", id=bob.actor.user_id)
    with pytest.raises(InvalidCredentials):
        sign_in(app, bob.email)
    assert me(app, bob.access_token) == 401
    assert me(app, alice.access_token) == 200
    sql("update tenants set is_active = false where id = :id", id=alice.actor.tenant_id)
    with pytest.raises(InvalidCredentials):
        sign_in(app, alice.email)
    assert me(app, alice.access_token) == 401


def test_an_unconfirmed_address_is_reported_only_with_the_right_password(
    app: Flask, identity: Identity, alice: Person, sql: Sql
) -> None:
    strict = replace(
        identity,
        settings=identity.settings.model_copy(update={"auth_skip_email_verification": False}),
    )
    sql("update users set email_verified = false where id = :id", id=alice.actor.user_id)
    with pytest.raises(EmailNotVerified):
        act(app, signing_in.sign_in, strict, email=alice.email, password=PASSWORD, device=API)
    with pytest.raises(InvalidCredentials):
        act(
            app,
            signing_in.sign_in,
            strict,
            email=alice.email,
            password="Harbour-lantern-43",
            device=API,
        )
    assert sign_in(app, alice.email).access_token  # the development switch lets her in


def test_a_password_hash_with_old_parameters_is_renewed_at_sign_in(
    app: Flask, identity: Identity, alice: Person, sql: Sql
) -> None:
    from voyagent.identity.rules.passwords import Passwords  # noqa: PLC0415

    stronger = replace(
        identity,
        passwords=Passwords(identity.settings.model_copy(update={"auth_argon2_time_cost": 2})),
    )
    before = sql("select password_hash from users where id = :id", id=alice.actor.user_id)[0][
        "password_hash"
    ]
    act(app, signing_in.sign_in, stronger, email=alice.email, password=PASSWORD, device=API)
    after = sql("select password_hash from users where id = :id", id=alice.actor.user_id)[0][
        "password_hash"
    ]
    assert ",t=1," in before
    assert ",t=2," in after
    assert sign_in(app, alice.email).access_token


def test_no_connection_is_held_while_a_password_is_hashed(
    app: Flask, identity: Identity, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    verify = type(identity.passwords).verify

    def watching(self: Any, stored: str | None, password: str) -> bool:
        held.append(db.engine.pool.checkedout())
        return verify(self, stored, password)

    monkeypatch.setattr(type(identity.passwords), "verify", watching)
    with app.app_context():
        before = db.engine.pool.checkedout()
    sign_in(app, alice.email)
    assert held == [before]


# Refreshing
# --------------------------------------------------------------------------------


def test_a_refresh_token_is_stored_as_its_hash_and_works_once(
    app: Flask, alice: Person, sql: Sql
) -> None:
    named = rf"v2\.{alice.actor.tenant_id.hex}\.[A-Za-z0-9_-]{{43}}"
    assert re.fullmatch(named, alice.refresh_token)
    digest = hashlib.sha256(alice.refresh_token.encode()).digest()
    assert len(sql("select 1 from refresh_tokens where token_hash = :digest", digest=digest)) == 1
    access_token, refresh_token = refresh(app, alice.refresh_token)
    assert refresh_token != alice.refresh_token
    assert me(app, access_token) == me(app, alice.access_token) == 200
    with pytest.raises(InvalidRefreshToken):
        refresh(app, alice.refresh_token)


def test_refreshing_does_not_extend_a_session(app: Flask, alice: Person, sql: Sql) -> None:
    refresh(app, alice.refresh_token)
    ends = {
        row["expires_at"]
        for row in sql(
            "select expires_at from refresh_tokens where tenant_id = :t", t=alice.actor.tenant_id
        )
    }
    ends |= {
        row["expires_at"]
        for row in sql(
            "select expires_at from auth_sessions where tenant_id = :t", t=alice.actor.tenant_id
        )
    }
    assert len(ends) == 1


def test_reuse_of_a_used_token_ends_only_its_session(
    app: Flask, alice: Person, events: Events
) -> None:
    other = sign_in(app, alice.email)
    access_token, newest = refresh(app, alice.refresh_token)
    present_again(app, alice.refresh_token)
    assert me(app, access_token) == me(app, alice.access_token) == 401
    with pytest.raises(InvalidRefreshToken):
        refresh(app, newest)
    assert me(app, other.access_token) == 200
    (event,) = events(alice, "auth.refresh_reuse")
    assert (event["status"], event["actor_id"]) == ("rejected", alice.actor.user_id)


def race(app: Flask, token: str, callers: int = 16) -> list[tuple[int, dict[str, Any]]]:
    barrier = threading.Barrier(callers)

    def call(_number: int) -> tuple[int, dict[str, Any]]:
        client = app.test_client()
        barrier.wait()
        answer = client.post("/api/auth/refresh", json={"refresh_token": token})
        return answer.status_code, answer.json

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(call, range(callers)))


@pytest.mark.parametrize("round_", range(3))
def test_one_of_several_parallel_refreshes_succeeds(app: Flask, alice: Person, round_: int) -> None:
    answers = race(app, alice.refresh_token)
    assert sorted(status for status, _ in answers) == [200] + [401] * 15
    assert {body["detail"] for status, body in answers if status == 401} == {
        "invalid_refresh_token"
    }


@pytest.mark.parametrize("round_", range(5))
def test_refreshes_started_before_the_token_was_used_keep_the_session(
    app: Flask,
    alice: Person,
    events: Events,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
    round_: int,
) -> None:
    look, everybody = people_queries.find_refresh_token, threading.Barrier(16)

    def look_when_all_have_begun(token: str) -> Any:
        everybody.wait()
        return look(token)

    monkeypatch.setattr(people_queries, "find_refresh_token", look_when_all_have_begun)
    answers = race(app, alice.refresh_token)
    monkeypatch.undo()
    (winner,) = (body for status, body in answers if status == 200)
    assert me(app, winner["access_token"]) == 200
    assert events(alice, "auth.refresh_reuse") == []
    tokens = sql(
        "select spent_at from refresh_tokens where session_id = :id order by id",
        id=alice.credential.session_id,
    )
    assert [row["spent_at"] is None for row in tokens] == [
        False,
        True,
    ], "of those who have lost nothing is left"
    refresh(app, winner["refresh_token"])
    present_again(app, alice.refresh_token)
    assert me(app, winner["access_token"]) == 401
    assert len(events(alice, "auth.refresh_reuse")) == 1


def test_an_invalid_refresh_token_ends_no_session(
    app: Flask, alice: Person, bob: Person, sql: Sql, identity: Identity
) -> None:
    sql(
        "update refresh_tokens set expires_at = now() - interval '1 second' where session_id in"
        " (select id from auth_sessions where user_id = :u)",
        u=alice.actor.user_id,
    )
    for token in (alice.refresh_token, secrets.token_urlsafe(32), "x", ""):
        with pytest.raises(InvalidRefreshToken):
            refresh(app, token)
    assert me(app, alice.access_token) == 200
    act(
        app, sessions.sign_out_program, identity, access_token=None, refresh_token=bob.refresh_token
    )
    with pytest.raises(InvalidRefreshToken):
        refresh(app, bob.refresh_token)
    assert me(app, bob.access_token) == 200


def test_a_refresh_is_refused_for_removed_but_not_for_unconfirmed_users(
    app: Flask, alice: Person, bob: Person, sql: Sql
) -> None:
    sql("update users set email_verified = false where id = :id", id=alice.actor.user_id)
    assert refresh(app, alice.refresh_token)
    sql("update users set is_active = false where id = :id", id=bob.actor.user_id)
    with pytest.raises(InvalidRefreshToken):
        refresh(app, bob.refresh_token)


def test_reuse_of_a_removed_users_token_ends_the_session(
    app: Flask, bob: Person, sql: Sql, events: Events
) -> None:
    refresh(app, bob.refresh_token)
    sql("update users set is_active = false where id = :id", id=bob.actor.user_id)
    present_again(app, bob.refresh_token)
    assert len(events(bob, "auth.refresh_reuse")) == 1
    sql("update users set is_active = true where id = :id", id=bob.actor.user_id)
    assert me(app, bob.access_token) == 401


def test_a_new_role_applies_at_once_and_is_in_the_next_token(
    app: Flask, alice: Person, bob: Person, sql: Sql
) -> None:
    sql("update users set role = 'viewer' where id = :id", id=bob.actor.user_id)
    answer = app.test_client().get(
        "/api/auth/me", headers={"Authorization": f"Bearer {bob.access_token}"}
    )
    assert answer.json["role"] == "viewer"


# Signing out
# --------------------------------------------------------------------------------


def test_sign_out_without_a_refresh_token_ends_only_the_access_token(
    app: Flask, identity: Identity, alice: Person, events: Events
) -> None:
    other = sign_in(app, alice.email)
    act(
        app,
        sessions.sign_out_program,
        identity,
        access_token=alice.access_token,
        refresh_token=None,
    )
    assert me(app, alice.access_token) == 401
    assert me(app, other.access_token) == 200
    assert me(app, refresh(app, alice.refresh_token)[0]) == 200
    assert [event["inputs"] for event in events(alice, "auth.signed_out")] == [{"token": "access"}]


def test_a_repeated_sign_out_changes_and_records_nothing(
    app: Flask, identity: Identity, alice: Person, events: Events
) -> None:
    for _ in range(2):
        act(
            app,
            sessions.sign_out_program,
            identity,
            access_token=alice.access_token,
            refresh_token=alice.refresh_token,
        )
    assert len(events(alice, "auth.signed_out")) == 2
    with pytest.raises(InvalidRefreshToken):
        refresh(app, alice.refresh_token)
    assert events(alice, "auth.refresh_reuse") == []


def test_sign_out_with_a_refresh_token_ends_its_session(
    app: Flask, identity: Identity, alice: Person, charlie: Person, events: Events
) -> None:
    act(
        app,
        sessions.sign_out_program,
        identity,
        access_token=alice.access_token,
        refresh_token=charlie.refresh_token,
    )
    assert me(app, alice.access_token) == 401
    assert me(app, charlie.access_token) == 200
    with pytest.raises(InvalidRefreshToken):
        refresh(app, charlie.refresh_token)
    assert [event["inputs"] for event in events(charlie, "auth.signed_out")] == [
        {"token": "refresh"}
    ]
    assert [event["inputs"] for event in events(alice, "auth.signed_out")] == [{"token": "access"}]


def test_signing_out_with_an_unknown_token_is_no_error(app: Flask, identity: Identity) -> None:
    act(app, sessions.sign_out_program, identity, access_token="garbage", refresh_token="garbage")
    act(app, sessions.sign_out_program, identity, access_token=None, refresh_token=None)


def test_old_ended_sessions_are_deleted(
    app: Flask, identity: Identity, alice: Person, bob: Person, sql: Sql
) -> None:
    act(
        app,
        sessions.sign_out_program,
        identity,
        access_token=alice.access_token,
        refresh_token=None,
    )
    sql(
        "update revoked_tokens set expires_at = now() - interval '1 day' where tenant_id = :t",
        t=alice.actor.tenant_id,
    )
    act(app, sessions.sign_out_program, identity, access_token=bob.access_token, refresh_token=None)
    assert (
        len(sql("select 1 from revoked_tokens where tenant_id = :t", t=alice.actor.tenant_id)) == 1
    )


# The demo
# --------------------------------------------------------------------------------


@pytest.fixture
def demo(app: Flask, identity: Identity, sql: Sql) -> None:
    """The demo agency, created by the first test that needs it."""
    if not sql("select 1 from users where email = :email", email=DEMO_EMAIL):
        act(
            app,
            accounts.sign_up,
            identity,
            email=DEMO_EMAIL,
            password=DEMO_PASSWORD,
            full_name="Aisha Rahman",
            agency_name="Malabar Gulf Travels",
            device=API,
            is_demo=True,
        )


def test_the_demo_can_be_opened_except_in_production(
    app: Flask, identity: Identity, demo: None, sql: Sql
) -> None:
    assert act(app, sessions.open_demo, identity, BROWSER).actor.email == DEMO_EMAIL
    production = replace(
        identity, settings=identity.settings.model_copy(update={"env": Environment.PRODUCTION})
    )
    with pytest.raises(DemoNotThere):
        act(app, sessions.open_demo, production, BROWSER)


def test_an_ordinary_agency_cannot_be_opened_as_demo(
    app: Flask, identity: Identity, demo: None, sql: Sql
) -> None:
    sql(
        "update tenants set is_demo = false where id = (select tenant_id from users where email ="
        " :email)",
        email=DEMO_EMAIL,
    )
    try:
        with pytest.raises(DemoNotThere):
            act(app, sessions.open_demo, identity, BROWSER)
    finally:
        sql(
            "update tenants set is_demo = true where id = (select tenant_id from users where email"
            " = :email)",
            email=DEMO_EMAIL,
        )


def test_an_added_user_belongs_to_the_same_agency(people: People, alice: Person) -> None:
    viewer = people.colleague(alice, "Vera Viewer", role="viewer")
    assert viewer.actor.tenant_id == alice.actor.tenant_id
    assert viewer.api.get("/auth/me").json["role"] == "viewer"
