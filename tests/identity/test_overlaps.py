"""Credentials that are made while an act ends the credentials of the same person."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.identity.authenticators import API, Authenticator, in_session, rules, switch_on
from tests.identity.keys import bearing, make_key
from tests.identity.overlaps import overlap, until_blocked
from tests.identity.test_recovery import NEW
from tests.identity.test_sessions import Sql, fresh_address, me, sign_in
from tests.people import PASSWORD, People, Person, csrf
from voyagent.identity.rules.credentials import Kind
from voyagent.identity.service import (
    credentials,
    invites,
    keys,
    one_time,
    profile,
    reset,
    signing_in,
    team,
)
from voyagent.identity.service.one_time import Purpose
from voyagent.identity.service.suspending import suspend_invited
from voyagent.kernel.actor import Actor, Channel
from voyagent.settings.service import tenant_settings

Do = Callable[[], Any]


@pytest.fixture
def mallory(app: Flask, alice: Person) -> Person:
    """A second administrator, who was invited by Alice."""
    return People(app).colleague(alice, "Mallory Second", role="agency_admin")


def by(person: Person) -> Actor:
    """Return the person as an actor with the session of her access token."""
    return in_session(person, person.actor)


def reset_by(person: Person, sql: Sql, *, is_first: bool) -> Do:
    sql(
        "update users set email_proven = :proven, email_moved = :moved where id = :u",
        proven=not is_first,
        moved=is_first,
        u=person.actor.user_id,
    )
    with person.acting() as actor:
        assert actor.user_id is not None
        token = one_time.issue(
            rules(person),
            user_id=actor.user_id,
            email=person.email,
            purpose=Purpose.RESET_PASSWORD,
        )
    return lambda: reset.reset_password(rules(person), token=token, new_password=NEW, device=API)


def suspended(person: Person, inviter: Person, sql: Sql) -> Do:
    sql(
        "update users set invited_by_user_id = :i where id = :u",
        i=inviter.actor.user_id,
        u=person.actor.user_id,
    )
    assert inviter.actor.user_id is not None
    inviter_id = inviter.actor.user_id
    return lambda: suspend_invited(rules(person), inviter.actor, inviter_id)


def elsewhere(person: Person) -> Actor:
    """Return the person as an actor with another session."""
    other = replace(person, access_token=sign_in(person.app, person.email).access_token)
    return by(other)


def new_password(person: Person) -> Do:
    actor = elsewhere(person)
    return lambda: profile.change_password(
        rules(person), actor, current_password=PASSWORD, new_password=NEW, device=API
    )


def new_address(person: Person) -> Do:
    actor = elsewhere(person)
    return lambda: profile.update_profile(rules(person), actor, email=fresh_address(), device=API)


def role(person: Person, alice: Person, role_: str) -> Do:
    return lambda: team.change_role(
        rules(person), alice.actor, person.credential.user_id, role=role_
    )


ENDING: dict[str, Callable[[Person, Person, Sql], Do]] = {
    "first reset": lambda mallory, _alice, sql: reset_by(mallory, sql, is_first=True),
    "reset": lambda mallory, _alice, sql: reset_by(mallory, sql, is_first=False),
    "removal": lambda mallory, alice, _sql: (
        lambda: team.remove_person(rules(mallory), alice.actor, mallory.credential.user_id)
    ),
    "suspension": suspended,
    "sign-out by an administrator": lambda mallory, alice, _sql: (
        lambda: team.sign_person_out(alice.actor, mallory.credential.user_id)
    ),
    "new password": lambda mallory, _alice, _sql: new_password(mallory),
    "new address": lambda mallory, _alice, _sql: new_address(mallory),
}
"""Acts that end the session of Mallory's access token."""


def verify_totp(person: Person, _other: Person) -> Do:
    phone = Authenticator(person.api.post("/auth/totp/setup").json["secret"])
    return lambda: person.api.post("/auth/totp/verify", json={"code": phone.code()})


def make_recovery_codes(person: Person, _other: Person) -> Do:
    phone = switch_on(person)
    return lambda: person.api.post(
        "/auth/totp/recovery-codes", json={"password": PASSWORD, "code": phone.code()}
    )


def post(path: str, body: Callable[[], Any] = lambda: None, verb: str = "post") -> Any:
    return lambda person, _other: lambda: getattr(person.api, verb)(path, json=body())


MAKING: dict[str, Callable[[Person, Person], Do]] = {
    "key": post("/auth/api-keys", lambda: {"name": "Website"}),
    "scoped key": post("/auth/api-keys/scoped", lambda: {"name": "Site", "scopes": ["read"]}),
    "invitation": post("/auth/invites", lambda: {"email": fresh_address(), "role": "agent"}),
    "address": post("/auth/profile", lambda: {"email": fresh_address()}, "patch"),
    "confirmation link": post("/auth/send-verification-email"),
    "password": post(
        "/auth/change-password",
        lambda: {"current_password": PASSWORD, "new_password": "Marigold-station-77"},
    ),
    "set-up of two-factor": post("/auth/totp/setup"),
    "two-factor": verify_totp,
    "recovery codes": make_recovery_codes,
    "role of a colleague": lambda person, bob: (
        lambda: person.api.patch(f"/team/{bob.actor.user_id}", json={"role": "agency_admin"})
    ),
}
NEEDS_PASSWORD = {"password", "recovery codes"}
CHANGES_PASSWORD = {"first reset", "reset", "new password"}


PAIRS = [
    # Each act checks its session again, and each ending is seen by that check.
    *((making, "sign-out by an administrator") for making in MAKING),
    *(("key", ending) for ending in ENDING if ending != "sign-out by an administrator"),
    # The refusals of `is_forbidden`, and the first link of a new address.
    *(("password", ending) for ending in ("first reset", "reset", "new password")),
    ("recovery codes", "reset"),
    *(("role of a colleague", ending) for ending in ("removal", "suspension")),
    ("confirmation link", "new address"),
]


def is_forbidden(making: str, ending: str) -> bool:
    """Return True if another check than that of the session refuses, with 403."""
    old_password = making in NEEDS_PASSWORD and ending in CHANGES_PASSWORD
    return old_password or (making == "role of a colleague" and ending in {"removal", "suspension"})


@pytest.mark.parametrize(("making", "ending"), PAIRS)
def test_nothing_is_made_by_a_session_that_ends_during_the_request(
    mallory: Person,
    alice: Person,
    bob: Person,
    sql: Sql,
    owner_engine: sa.Engine,
    making: str,
    ending: str,
) -> None:
    make = MAKING[making](mallory, bob)
    end = ENDING[ending](mallory, alice, sql)
    before = counts(sql, mallory)
    _, answer = overlap(alice, end, make, owner_engine)
    assert answer.status_code == (403 if is_forbidden(making, ending) else 401), answer.text
    after = counts(sql, mallory)
    assert {name: after[name] for name in after if after[name] > before[name]} == (
        {"links": before["links"] + 1} if ending == "new address" else {}
    )


def counts(sql: Sql, person: Person) -> dict[str, int]:
    """Return the numbers of rows that a person has made."""
    (found,) = sql(
        "select (select count(*) from api_keys where created_by_user_id = :u) as keys,"
        " (select count(*) from invites where invited_by_user_id = :u) as invites,"
        " (select count(*) from recovery_codes where user_id = :u) as codes,"
        " (select count(*) from one_time_tokens where user_id = :u and spent_at is null) as links,"
        " (select count(*) from users where id = :u and totp_enabled) as factors,"
        " (select count(*) from users where id = :u and totp_pending_secret is not null) as setups,"
        " (select count(*) from users where tenant_id = :t and role = 'agency_admin') as admins",
        u=person.actor.user_id,
        t=person.actor.tenant_id,
    )
    return dict(found)


@pytest.mark.parametrize(
    ("making", "status"), [("invitation", 403), ("role of a colleague", 403), ("key", 403)]
)
def test_nothing_is_made_with_a_role_that_ends_during_the_request(
    mallory: Person, alice: Person, bob: Person, owner_engine: sa.Engine, making: str, status: int
) -> None:
    make = MAKING[making](mallory, bob)
    _, answer = overlap(alice, role(mallory, alice, "viewer"), make, owner_engine)
    assert (answer.status_code, answer.json["detail"]) == (status, "forbidden_role")


def test_the_owner_ends_all_keys_while_a_new_one_waits(
    mallory: Person, alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    """The session continues, so the key that is made after the act works."""
    _, answer = overlap(
        alice,
        lambda: credentials.end_own(by(mallory), "api_key"),
        MAKING["key"](mallory, bob),
        owner_engine,
    )
    assert answer.status_code == 201


# The credential is stored first, and the act waits for it
# --------------------------------------------------------------------------------


def key_of(mallory: Person) -> Do:
    return lambda: keys.make_key(rules(mallory), by(mallory), name="Website")[1]


def key_works(mallory: Person, key: str) -> bool:
    return bearing(mallory, key).get("/auth/me").status_code == 200


def invitation_of(mallory: Person) -> Do:
    return lambda: invites.invite(
        rules(mallory), by(mallory), email=fresh_address(), role="agency_admin"
    )[1]


def invitation_works(mallory: Person, link: str) -> bool:
    token = link.partition("token=")[2]
    return mallory.api.get(f"/auth/invites/lookup?token={token}").status_code == 200


def session_of(mallory: Person) -> Do:
    return lambda: (
        signing_in.sign_in(
            rules(mallory), email=mallory.email, password=PASSWORD, device=API
        ).access_token
    )


def session_works(mallory: Person, token: str) -> bool:
    return me(mallory.app, token) == 200


def reset_link_of(mallory: Person) -> Do:
    def mail() -> str | None:
        identity = rules(mallory)
        shown = replace(
            identity, settings=identity.settings.model_copy(update={"auth_debug_tokens": True})
        )
        return reset.mail_reset(shown, email=mallory.email, channel=Channel.API)

    return mail


def reset_link_works(mallory: Person, token: str) -> bool:
    with mallory.acting():
        return one_time.find(token, Purpose.RESET_PASSWORD) is not None


def own(kind: Kind) -> Callable[[Person, Person, Sql], Do]:
    return lambda mallory, _alice, _sql: (
        lambda: mallory.does(lambda _: credentials.end_own(by(mallory), kind.value))
    )


def in_transaction(ending: str) -> Callable[[Person, Person, Sql], Do]:
    def made(mallory: Person, alice: Person, sql: Sql) -> Do:
        end = ENDING[ending](mallory, alice, sql)
        return lambda: alice.does(lambda _: end())

    return made


def to_viewer(mallory: Person, alice: Person, _sql: Sql) -> Do:
    return lambda: alice.does(lambda _: role(mallory, alice, "viewer")())


KEY, INVITATION = (key_of, key_works), (invitation_of, invitation_works)
SESSION, RESET_LINK = (session_of, session_works), (reset_link_of, reset_link_works)


@pytest.mark.parametrize(
    ("made", "ending"),
    [
        pytest.param(KEY, in_transaction("first reset"), id="key, first reset"),
        pytest.param(KEY, in_transaction("removal"), id="key, removal"),
        pytest.param(KEY, own(Kind.API_KEY), id="key, end my keys"),
        pytest.param(INVITATION, in_transaction("first reset"), id="invitation, first reset"),
        pytest.param(INVITATION, in_transaction("removal"), id="invitation, removal"),
        pytest.param(INVITATION, in_transaction("suspension"), id="invitation, suspension"),
        pytest.param(INVITATION, to_viewer, id="invitation, role"),
        pytest.param(INVITATION, own(Kind.INVITATION), id="invitation, end my invitations"),
        pytest.param(SESSION, in_transaction("first reset"), id="session, first reset"),
        pytest.param(SESSION, in_transaction("removal"), id="session, removal"),
        pytest.param(
            SESSION, in_transaction("sign-out by an administrator"), id="session, sign-out"
        ),
        pytest.param(SESSION, own(Kind.SESSION), id="session, end my sessions"),
        pytest.param(RESET_LINK, in_transaction("first reset"), id="reset link, first reset"),
        pytest.param(RESET_LINK, in_transaction("new password"), id="reset link, new password"),
        pytest.param(RESET_LINK, own(Kind.RESET_LINK), id="reset link, end my links"),
    ],
)
def test_an_act_ends_what_is_made_just_before_it(
    mallory: Person,
    alice: Person,
    sql: Sql,
    owner_engine: sa.Engine,
    made: tuple[Callable[[Person], Do], Callable[[Person, str], bool]],
    ending: Callable[[Person, Person, Sql], Do],
) -> None:
    make, works = made
    end = ending(mallory, alice, sql)
    credential, _ = overlap(alice, make(mallory), end, owner_engine)
    assert credential
    assert not works(mallory, credential)


def test_bank_details_are_not_changed_by_a_session_that_a_first_reset_ends(
    mallory: Person, alice: Person, sql: Sql, owner_engine: sa.Engine
) -> None:
    sql("update users set email_proven = false where tenant_id = :t", t=alice.actor.tenant_id)
    alice.does(
        lambda _: tenant_settings.update(by(alice), {"bank_details": "Account of a stranger"})
    )
    end = reset_by(mallory, sql, is_first=True)
    _, answer = overlap(
        alice,
        end,
        lambda: mallory.api.patch("/tenant-settings", json={"bank_details": "Stranger again"}),
        owner_engine,
    )
    assert answer.status_code == 401
    assert alice.api.get("/tenant-settings").json["bank_details"] is None


# The order of locks
# --------------------------------------------------------------------------------

PERSON = "select 1 from users where id = :u for no key update"


def invite_by_key(mallory: Person, _bob: Person) -> Do:
    key = bearing(mallory, make_key(mallory, scopes=["full", "team"])[1])
    return lambda: key.post("/auth/invites", json={"email": fresh_address(), "role": "agent"})


def change_role_by_key(mallory: Person, bob: Person) -> Do:
    key = bearing(mallory, make_key(mallory, scopes=["full", "team"])[1])
    return lambda: key.patch(f"/team/{bob.actor.user_id}", json={"role": "viewer"})


def rename_by_key(mallory: Person, _bob: Person) -> Do:
    key = bearing(mallory, make_key(mallory)[1])
    return lambda: key.patch("/auth/profile", json={"full_name": "Mallory"})


def invite_by_browser(mallory: Person, _bob: Person) -> Do:
    """The request is the first one of the browser for an hour."""
    browser = mallory.browser
    token = csrf(browser, "/team")
    with browser.session_transaction() as kept:
        kept["seen"] = 0
    body = {"email": fresh_address(), "role": "agent", "csrf_token": token}
    return lambda: browser.post("/team", data=body)


@pytest.mark.parametrize(
    ("making", "table", "status"),
    [
        (invite_by_key, "api_keys where created_by_user_id", 201),
        (change_role_by_key, "api_keys where created_by_user_id", 200),
        (rename_by_key, "api_keys where created_by_user_id", 200),
        (invite_by_browser, "auth_sessions where user_id", 303),
    ],
)
def test_a_request_holds_no_credential_while_it_waits_for_its_person(
    mallory: Person,
    bob: Person,
    owner_engine: sa.Engine,
    making: Callable[[Person, Person], Do],
    table: str,
    status: int,
) -> None:
    """An act that ends credentials locks the person first, and then the credentials."""
    make = making(mallory, bob)
    given = {"u": mallory.actor.user_id}
    with ThreadPoolExecutor(1) as pool:
        with owner_engine.begin() as ending:
            ending.execute(sa.text(PERSON), given)
            asked = pool.submit(make)
            until_blocked(owner_engine, ending)
            ending.execute(sa.text(f"select 1 from {table} = :u for update nowait"), given)
        assert asked.result().status_code == status
