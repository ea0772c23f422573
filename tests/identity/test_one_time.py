"""Mailed tokens: each works once, for one purpose and one user."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests import mailbox
from tests.identity.test_sessions import Sql, act, fresh_address
from tests.people import ApiClient, Person
from voyagent.identity.service import reset, verification
from voyagent.identity.service.errors import TokenInvalid
from voyagent.identity.service.one_time import Purpose, issue
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel.actor import Channel
from voyagent.kernel.config import Environment

API = Device(Channel.API)
NEW = "Quiet-compass-77"


@pytest.fixture
def anyone(app: Flask) -> ApiClient:
    return ApiClient(app.test_client(), None)


def token_for(person: Person, purpose: Purpose, *, email: str | None = None) -> str:
    """Create a token of a person for her current or another address."""
    identity = person.app.extensions["voyagent.identity"]
    return person.does(
        lambda actor: issue(
            identity, user_id=actor.user_id, email=email or person.email, purpose=purpose
        )
    )


def use(app: Flask, purpose: Purpose, token: str) -> str:
    """Use the token for its purpose and return the address."""
    identity = app.extensions["voyagent.identity"]
    if purpose is Purpose.VERIFY_EMAIL:
        return act(app, verification.verify_email, identity, token=token, device=API)
    done = act(app, reset.reset_password, identity, token=token, new_password=NEW, device=API)
    return str(done.email)


def call(client: ApiClient, purpose: Purpose, token: str) -> Any:
    """Use the token over HTTP."""
    if purpose is Purpose.VERIFY_EMAIL:
        return client.post("/auth/verify-email", json={"token": token})
    return client.post("/auth/reset-password", json={"token": token, "new_password": NEW})


each_purpose = pytest.mark.parametrize("purpose", list(Purpose))


@each_purpose
def test_a_token_names_its_agency_and_is_stored_as_its_hash(
    alice: Person, sql: Sql, purpose: Purpose
) -> None:
    token = token_for(alice, purpose)
    assert re.fullmatch(rf"v2\.{alice.actor.tenant_id.hex}\.[A-Za-z0-9_-]{{43}}", token)
    (row,) = sql("select * from one_time_tokens where user_id = :id", id=alice.actor.user_id)
    assert bytes(row["token_hash"]) == hashlib.sha256(token.encode()).digest()
    assert (row["purpose"], row["email"], row["spent_at"]) == (purpose.value, alice.email, None)
    life_s = {Purpose.VERIFY_EMAIL: 86400, Purpose.RESET_PASSWORD: 3600}[purpose]
    assert (row["expires_at"] - row["created_at"]).total_seconds() == pytest.approx(life_s, abs=60)


@each_purpose
def test_a_token_of_an_earlier_release_works(
    app: Flask, alice: Person, sql: Sql, purpose: Purpose
) -> None:
    """It is a secret alone."""
    token_for(alice, purpose)
    old = secrets.token_urlsafe(32)
    digest = hashlib.sha256(old.encode()).digest()
    sql(
        "update one_time_tokens set token_hash = :digest where user_id = :id",
        digest=digest,
        id=alice.actor.user_id,
    )
    assert use(app, purpose, old) == alice.email


@each_purpose
def test_a_token_is_bound_to_its_agency(
    app: Flask, alice: Person, charlie: Person, purpose: Purpose
) -> None:
    moved = token_for(alice, purpose).replace(
        alice.actor.tenant_id.hex, charlie.actor.tenant_id.hex
    )
    with pytest.raises(TokenInvalid):
        use(app, purpose, moved)


@each_purpose
def test_a_token_works_once_and_revokes_others_of_its_purpose(
    app: Flask, alice: Person, bob: Person, purpose: Purpose
) -> None:
    first, second, bobs = (
        token_for(alice, purpose),
        token_for(alice, purpose),
        token_for(bob, purpose),
    )
    assert use(app, purpose, first) == alice.email
    for dead in (first, second):
        with pytest.raises(TokenInvalid):
            use(app, purpose, dead)
    assert use(app, purpose, bobs) == bob.email


@each_purpose
def test_a_token_of_another_purpose_remains_valid(
    app: Flask, alice: Person, purpose: Purpose
) -> None:
    other = next(name for name in Purpose if name is not purpose)
    token, others = token_for(alice, purpose), token_for(alice, other)
    use(app, purpose, token)
    assert use(app, other, others) == alice.email


@each_purpose
def test_a_token_is_valid_only_for_its_purpose(
    app: Flask, alice: Person, sql: Sql, purpose: Purpose
) -> None:
    other = next(name for name in Purpose if name is not purpose)
    token = token_for(alice, other)
    with pytest.raises(TokenInvalid):
        use(app, purpose, token)
    assert use(app, other, token) == alice.email


DEAD: dict[str, str] = {
    "late": "update one_time_tokens set expires_at = now() where user_id = :id",
    "the address was changed": "update users set email = 'moved-' || email where id = :id",
    "the person was removed": "update users set is_active = false where id = :id",
    "the agency was suspended": (
        "update tenants set is_active = false where id = (select tenant_id from users where id ="
        " :id)"
    ),
}


@each_purpose
@pytest.mark.parametrize("change", list(DEAD))
def test_a_token_becomes_invalid_after(
    app: Flask, anyone: ApiClient, alice: Person, sql: Sql, purpose: Purpose, change: str
) -> None:
    token = token_for(alice, purpose)
    sql(DEAD[change], id=alice.actor.user_id)
    answer = call(anyone, purpose, token)
    assert (answer.status_code, answer.json["detail"]) == (400, "token_invalid")
    assert (
        sql("select spent_at from one_time_tokens where user_id = :id", id=alice.actor.user_id)[0][
            "spent_at"
        ]
        is None
    )


@each_purpose
def test_a_token_becomes_invalid_when_the_address_changes_before_its_use(
    app: Flask, alice: Person, sql: Sql, purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, look_up = token_for(alice, purpose), reset.one_time.look_up

    def meanwhile(*arguments: Any) -> Any:
        holder = look_up(*arguments)
        sql("update users set email = 'moved-' || email where id = :id", id=alice.actor.user_id)
        return holder

    monkeypatch.setattr(reset.one_time, "look_up", meanwhile)
    with pytest.raises(TokenInvalid):
        use(app, purpose, token)


@each_purpose
def test_one_of_sixteen_parallel_callers_uses_the_token(
    app: Flask, alice: Person, sql: Sql, purpose: Purpose
) -> None:
    token, barrier = token_for(alice, purpose), threading.Barrier(16)

    def race(_number: int) -> tuple[int, Any]:
        client = ApiClient(app.test_client(), None)
        barrier.wait()
        answer = call(client, purpose, token)
        return answer.status_code, answer.json.get("detail")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(race, range(16)))
    assert sorted(answers, key=str) == sorted(
        [(200, None)] + [(400, "token_invalid")] * 15, key=str
    )
    kind = {
        Purpose.VERIFY_EMAIL: "auth.email_verified",
        Purpose.RESET_PASSWORD: "auth.password_reset",
    }[purpose]
    assert (
        len(
            sql(
                "select 1 from audit_events where tenant_id = :t and kind = :kind",
                t=alice.actor.tenant_id,
                kind=kind,
            )
        )
        == 1
    )


@each_purpose
def test_unknown_and_used_tokens_get_the_same_response(
    app: Flask, anyone: ApiClient, alice: Person, purpose: Purpose
) -> None:
    spent = token_for(alice, purpose)
    use(app, purpose, spent)
    known, unknown = (call(anyone, purpose, token) for token in (spent, "x" * 43))
    assert known.status_code == unknown.status_code == 400
    assert {**known.json, "request_id": ""} == {**unknown.json, "request_id": ""}


# Asking for a reset
# --------------------------------------------------------------------------------


@pytest.fixture
def debugging(identity: Identity) -> Callable[..., Identity]:
    """Return the rules of an installation that shows tokens."""

    def make(**settings: Any) -> Identity:
        return replace(
            identity,
            settings=identity.settings.model_copy(update={"auth_debug_tokens": True, **settings}),
        )

    return make


def test_the_token_is_returned_only_in_development(
    app: Flask, alice: Person, identity: Identity, debugging: Callable[..., Identity]
) -> None:
    def ask(rules: Identity, email: str) -> str | None:
        return act(app, reset.request_reset, rules, email=email, device=API)

    shown = ask(debugging(), alice.email)
    assert shown is not None
    assert ask(debugging(), fresh_address()) is None
    assert ask(debugging(env=Environment.PRODUCTION), alice.email) is None
    assert ask(identity, alice.email) is None
    assert mailbox.received(app, to=alice.email, kind="reset_password")[0].token == shown
    assert use(app, Purpose.RESET_PASSWORD, shown) == alice.email


def test_the_skip_flag_alone_returns_no_token(
    anyone: ApiClient, alice: Person, identity: Identity
) -> None:
    assert identity.settings.auth_skip_email_verification
    answer = anyone.post("/auth/request-password-reset", json={"email": alice.email})
    assert (answer.status_code, answer.json) == (200, {"queued": True, "debug_token": None})


def test_no_job_contains_an_address(app: Flask, alice: Person, sql: Sql) -> None:
    act(
        app,
        reset.request_reset,
        app.extensions["voyagent.identity"],
        email=alice.email,
        device=API,
    )
    jobs = sql(
        "select args::text as args from procrastinate_jobs where task_name = 'identity.mail_reset'"
        " and status = 'todo'"
    )
    assert jobs
    assert all(alice.email not in job["args"] for job in jobs)


def test_a_request_that_cannot_be_decrypted_is_dropped(
    app: Flask, alice: Person, identity: Identity, sql: Sql
) -> None:
    other = app.extensions["voyagent.settings"].model_copy(
        update={"auth_secret": type(identity.settings.auth_secret)("another-secret-" + "1" * 40)}
    )
    act(
        app,
        reset.request_reset,
        replace(identity, keyring=type(identity.keyring)(other)),
        email=alice.email,
        device=API,
    )
    assert mailbox.received(app, to=alice.email, kind="reset_password") == []
    assert sql("select 1 from one_time_tokens where user_id = :id", id=alice.actor.user_id) == []
    assert (
        sql(
            "select 1 from procrastinate_jobs where task_name = 'identity.mail_reset' and status ="
            " 'todo'"
        )
        == []
    )


def test_suspended_and_removed_users_get_no_link(
    app: Flask, alice: Person, bob: Person, sql: Sql
) -> None:
    sql("update users set is_active = false where id = :id", id=bob.actor.user_id)
    sql("update tenants set is_active = false where id = :id", id=alice.actor.tenant_id)
    for person in (alice, bob):
        act(
            app,
            reset.request_reset,
            app.extensions["voyagent.identity"],
            email=person.email,
            device=API,
        )
        assert mailbox.received(app, to=person.email, kind="reset_password") == []
