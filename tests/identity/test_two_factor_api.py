"""JSON API of two-factor sign-in and reauthentication."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import sqlalchemy as sa
import structlog
import time_machine
from flask import Flask, session
from werkzeug.test import TestResponse

from tests import mailbox
from tests.identity.authenticators import (
    API,
    Authenticator,
    in_session,
    recovery_codes,
    rules,
    standing_clock,
    switch_on,
)
from tests.identity.conftest import Events
from tests.identity.test_sessions import me
from tests.people import PASSWORD, ApiClient, People, Person
from voyagent.factory import create_app
from voyagent.http.guards import sign_browser_in
from voyagent.identity.models import User
from voyagent.identity.rules.passwords import Passwords
from voyagent.identity.service import keys, sessions, signing_in, totp
from voyagent.identity.service.values import Device, Identity, SignedInPerson
from voyagent.kernel.actor import Channel
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction

Sql = Callable[..., list[sa.RowMapping]]
WRONG = "Harbour-lantern-43"
NEW = "Another-lantern-42"


@pytest.fixture
def anyone(app: Flask) -> ApiClient:
    return ApiClient(app.test_client(), None)


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with standing_clock() as traveller:
        yield traveller


@pytest.fixture
def phone(alice: Person, travel: time_machine.Traveller) -> Authenticator:
    """Alice's authenticator, with two-factor sign-in on."""
    return switch_on(alice)


def status_and_content(answer: TestResponse) -> tuple[int, Any]:
    return answer.status_code, answer.json["detail"] if answer.status_code >= 400 else answer.json


def with_token(person: Person, token: str) -> ApiClient:
    return ApiClient(person.app.test_client(), token)


def stale(person: Person) -> ApiClient:
    """Return the person after a refresh."""
    answer = person.api.post("/auth/refresh", json={"refresh_token": person.refresh_token})
    person.refresh_token = answer.json["refresh_token"]
    return with_token(person, answer.json["access_token"])


def key_of(person: Person) -> ApiClient:
    """Return a client with a full API key of the person."""
    _id, text = person.does(
        lambda actor: keys.make_key(rules(person), replace(actor, fresh=True), name="Website")
    )
    return with_token(person, text)


def verify(person: Person, code: str) -> TestResponse:
    return person.api.post("/auth/totp/verify", json={"code": code})


# Setting up
# --------------------------------------------------------------------------------


def test_setup_returns_a_secret_and_its_otpauth_url(alice: Person, sql: Sql) -> None:
    answer = alice.api.post("/auth/totp/setup")
    assert answer.status_code == 200
    assert set(answer.json) == {"secret", "otpauth_url"}
    secret, url = answer.json["secret"], answer.json["otpauth_url"]
    assert len(secret) == 32
    assert set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert url == f"otpauth://totp/Voyagent:{alice.email}?secret={secret}&issuer=Voyagent"
    assert (
        sql("select totp_enabled from users where id = :u", u=alice.actor.user_id)[0][
            "totp_enabled"
        ]
        is False
    )
    assert me(alice.app, alice.access_token) == 200


def test_special_characters_in_the_otpauth_url_are_escaped(alice: Person, sql: Sql) -> None:
    sql(
        "update users set email = :e where id = :u",
        e=f"a&b=c?d#{alice.email}",
        u=alice.actor.user_id,
    )
    parts = urlsplit(alice.api.post("/auth/totp/setup").json["otpauth_url"])
    assert unquote(parts.path) == f"/Voyagent:a&b=c?d#{alice.email}"
    assert set(parse_qs(parts.query)) == {"secret", "issuer"}
    assert parts.fragment == ""


@pytest.mark.parametrize("body", [None, b"null", b"{}"])
def test_an_absent_body_is_the_same_as_an_empty_one(alice: Person, body: bytes | None) -> None:
    options = {} if body is None else {"data": body, "content_type": "application/json"}
    assert alice.api.post("/auth/totp/setup", **options).status_code == 200


def test_a_new_setup_replaces_an_unconfirmed_one(
    alice: Person, travel: time_machine.Traveller
) -> None:
    first, second = (
        Authenticator(alice.api.post("/auth/totp/setup").json["secret"]) for _ in range(2)
    )
    assert first.secret != second.secret
    assert status_and_content(verify(alice, first.code())) == (401, "totp_invalid")
    assert status_and_content(verify(alice, second.code())) == (200, {"totp_enabled": True})


def test_setup_requires_a_fresh_token(alice: Person, sql: Sql) -> None:
    for client in (stale(alice), key_of(alice)):
        assert status_and_content(client.post("/auth/totp/setup")) == (
            403,
            "reauthentication_required",
        )
    assert (
        sql("select totp_pending_secret from users where id = :u", u=alice.actor.user_id)[0][
            "totp_pending_secret"
        ]
        is None
    )


def test_an_api_key_cannot_finish_a_setup(
    alice: Person, anyone: ApiClient, travel: time_machine.Traveller
) -> None:
    phone = Authenticator(alice.api.post("/auth/totp/setup").json["secret"])
    answer = key_of(alice).post("/auth/totp/verify", json={"code": phone.code()})
    assert status_and_content(answer) == (403, "reauthentication_required")
    assert sign_in(anyone, alice)[0] == 200
    assert verify(alice, phone.code()).status_code == 200


def test_a_setup_lapses_after_15_minutes(alice: Person, travel: time_machine.Traveller) -> None:
    for wait_s, expected in ((15 * 60, (400, "totp_not_initialized")), (15 * 60 - 1, None)):
        phone = Authenticator(alice.api.post("/auth/totp/setup").json["secret"])
        travel.shift(wait_s)
        answer = status_and_content(verify(alice, phone.code()))
        assert answer == (expected or (200, {"totp_enabled": True}))


def test_a_lapsed_setup_of_a_new_authenticator_leaves_the_old_one(
    alice: Person, phone: Authenticator, anyone: ApiClient, travel: time_machine.Traveller
) -> None:
    answer = alice.api.post("/auth/totp/setup", json={"password": PASSWORD, "code": phone.code()})
    new = Authenticator(answer.json["secret"])
    travel.shift(15 * 60)
    assert status_and_content(verify(alice, new.code())) == (200, {"totp_enabled": True})
    assert sign_in_totp(anyone, alice, new.code())[0] == 401
    assert sign_in_totp(anyone, alice, phone.code())[0] == 200


@pytest.mark.parametrize("act", ["reset", "change"])
def test_a_setup_does_not_survive_a_new_password(
    alice: Person, anyone: ApiClient, travel: time_machine.Traveller, act: str
) -> None:
    """Somebody who knew the password may have begun the set-up."""
    phone = Authenticator(alice.api.post("/auth/totp/setup").json["secret"])
    if act == "reset":
        anyone.post("/auth/request-password-reset", json={"email": alice.email})
        token = mailbox.newest(alice.app, to=alice.email, kind="reset_password").token
        body = {"token": token, "new_password": NEW}
        assert anyone.post("/auth/reset-password", json=body).status_code == 200
    else:
        body = {"current_password": PASSWORD, "new_password": NEW}
        assert alice.api.post("/auth/change-password", json=body).status_code == 204
    answer = anyone.post("/auth/sign-in", json={"email": alice.email, "password": NEW})
    client = with_token(alice, answer.json["access_token"])
    answer = client.post("/auth/totp/verify", json={"code": phone.code()})
    assert status_and_content(answer) == (400, "totp_not_initialized")


def test_password_and_code_do_not_replace_a_fresh_token(
    alice: Person, phone: Authenticator
) -> None:
    body = {"password": PASSWORD, "code": phone.code()}
    for client in (stale(alice), key_of(alice)):
        assert status_and_content(client.post("/auth/totp/setup", json=body)) == (
            403,
            "reauthentication_required",
        )
    assert alice.api.post("/auth/totp/setup", json=body).status_code == 200


def test_setup_while_on_requires_password_and_code(
    alice: Person, phone: Authenticator, anyone: ApiClient, sql: Sql
) -> None:
    def state() -> Any:
        return sql(
            "select totp_secret, totp_pending_secret, totp_enabled from users where id = :u",
            u=alice.actor.user_id,
        )

    before = state()
    assert status_and_content(alice.api.post("/auth/totp/setup")) == (409, "totp_already_enabled")
    assert state() == before


def test_the_old_authenticator_is_valid_until_the_new_one_is_verified(
    alice: Person,
    phone: Authenticator,
    anyone: ApiClient,
    travel: time_machine.Traveller,
    events: Events,
) -> None:
    assert status_and_content(
        alice.api.post("/auth/totp/setup", json={"password": WRONG, "code": phone.code()})
    ) == (403, "invalid_password")
    assert status_and_content(
        alice.api.post("/auth/totp/setup", json={"password": PASSWORD, "code": "000000"})
    ) == (403, "totp_invalid")
    answer = alice.api.post("/auth/totp/setup", json={"password": PASSWORD, "code": phone.code()})
    assert answer.status_code == 200
    new = Authenticator(answer.json["secret"])
    travel.shift(30)
    assert sign_in_totp(anyone, alice, new.code())[0] == 401
    assert sign_in_totp(anyone, alice, phone.code())[0] == 200
    assert status_and_content(verify(alice, phone.code())) == (
        401,
        "totp_invalid",
    )  # the old one proves nothing of the new one
    assert status_and_content(verify(alice, new.code())) == (200, {"totp_enabled": True})
    travel.shift(30)
    assert sign_in_totp(anyone, alice, phone.code())[0] == 401
    assert sign_in_totp(anyone, alice, new.code())[0] == 200
    assert len(events(alice, "auth.totp_replaced")) == 1
    assert [event["inputs"]["replaces"] for event in events(alice, "auth.totp_setup_started")] == [
        False,
        True,
    ]


def test_the_first_code_of_a_new_authenticator_may_be_of_a_used_step(
    alice: Person, phone: Authenticator
) -> None:
    answer = alice.api.post("/auth/totp/setup", json={"password": PASSWORD, "code": phone.code(1)})
    new = Authenticator(answer.json["secret"])
    assert verify(alice, new.code()).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"password": PASSWORD},
        {"code": "123456"},
        {"password": PASSWORD, "code": "12345"},
        {"password": PASSWORD, "code": 123456},
    ],
)
def test_setup_with_only_password_or_code_is_refused(alice: Person, body: dict[str, Any]) -> None:
    assert alice.api.post("/auth/totp/setup", json=body).status_code == 422


# Verifying
# --------------------------------------------------------------------------------


def test_verify_has_one_key_and_its_errors(alice: Person, travel: time_machine.Traveller) -> None:
    assert status_and_content(verify(alice, "123456")) == (400, "totp_not_initialized")
    phone = Authenticator(alice.api.post("/auth/totp/setup").json["secret"])
    assert status_and_content(verify(alice, phone.code(3))) == (401, "totp_invalid")
    assert status_and_content(verify(alice, f"{phone.code()[:3]} {phone.code()[3:]}")) == (
        200,
        {"totp_enabled": True},
    )


def test_verify_reports_that_two_factor_is_already_on(
    alice: Person, phone: Authenticator, events: Events
) -> None:
    before = len(events(alice))
    for code in ("000000", "AAAAAAAA", phone.code()):
        assert status_and_content(verify(alice, code)) == (200, {"totp_enabled": True})
    assert len(events(alice)) == before


def test_verify_refuses_a_recovery_code(alice: Person, phone: Authenticator) -> None:
    codes = recovery_codes(alice, phone)
    assert (
        alice.api.post(
            "/auth/totp/setup", json={"password": PASSWORD, "code": codes[0]}
        ).status_code
        == 200
    )
    assert status_and_content(verify(alice, codes[1])) == (401, "totp_invalid")


def test_the_code_that_switched_two_factor_on_cannot_be_reused(
    alice: Person, anyone: ApiClient, travel: time_machine.Traveller
) -> None:
    phone = Authenticator(alice.api.post("/auth/totp/setup").json["secret"])
    code = phone.code()
    assert verify(alice, code).status_code == 200
    assert sign_in_totp(anyone, alice, code) == (401, "totp_invalid")


def test_parallel_verifies_all_succeed_and_one_switches_it_on(
    alice: Person, travel: time_machine.Traveller, events: Events
) -> None:
    phone, barrier = (
        Authenticator(alice.api.post("/auth/totp/setup").json["secret"]),
        threading.Barrier(4),
    )

    def race(_number: int) -> int:
        barrier.wait()
        return verify(alice, phone.code()).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(race, range(4))) == [200] * 4
    assert len(events(alice, "auth.totp_enabled")) == 1


# Signing in
# --------------------------------------------------------------------------------


def sign_in(client: ApiClient, person: Person, password: str = PASSWORD) -> tuple[int, Any]:
    return status_and_content(
        client.post("/auth/sign-in", json={"email": person.email, "password": password})
    )


def sign_in_totp(
    client: ApiClient, person: Person, code: str, password: str = PASSWORD
) -> tuple[int, Any]:
    return status_and_content(
        client.post(
            "/auth/sign-in-totp",
            json={"email": person.email, "password": password, "totp_code": code},
        )
    )


def test_the_password_alone_starts_no_session(
    anyone: ApiClient, alice: Person, phone: Authenticator, sql: Sql, events: Events
) -> None:
    before = sql("select count(*) from auth_sessions where user_id = :u", u=alice.actor.user_id)
    assert sign_in(anyone, alice, WRONG) == (401, "invalid_credentials")
    assert sign_in(anyone, alice) == (401, "totp_required")
    assert (
        sql("select count(*) from auth_sessions where user_id = :u", u=alice.actor.user_id)
        == before
    )
    assert len(events(alice, "auth.totp_asked")) == 1
    assert events(alice, "auth.signed_in") == []


def test_sign_in_with_a_code_returns_the_members_of_sign_in(
    anyone: ApiClient, alice: Person, phone: Authenticator, events: Events
) -> None:
    status, body = sign_in_totp(anyone, alice, phone.code())
    assert status == 200
    assert set(body) == {"access_token", "refresh_token", "expires_in", "user"}
    assert body["user"]["email"] == alice.email
    assert me(alice.app, body["access_token"]) == 200
    assert (
        with_token(alice, body["access_token"]).post("/auth/totp/setup").status_code == 409
    )  # it is fresh
    assert len(events(alice, "auth.signed_in")) == 1


def test_sign_in_with_a_code_checks_in_the_documented_order(
    app: Flask,
    anyone: ApiClient,
    alice: Person,
    travel: time_machine.Traveller,
    strict: Flask,
    sql: Sql,
) -> None:
    strictly = ApiClient(strict.test_client(), None)
    assert sign_in_totp(strictly, alice, "000000", WRONG) == (401, "invalid_credentials")
    sql("update users set email_verified = false where id = :u", u=alice.actor.user_id)
    assert sign_in_totp(strictly, alice, "000000") == (401, "email_not_verified")
    sql("update users set email_verified = true where id = :u", u=alice.actor.user_id)
    assert sign_in_totp(strictly, alice, "000000") == (400, "totp_not_enabled")
    phone = switch_on(alice)
    sql("update users set email_verified = false where id = :u", u=alice.actor.user_id)
    assert sign_in_totp(strictly, alice, phone.code()) == (401, "email_not_verified")
    assert sign_in(strictly, alice) == (401, "email_not_verified")
    sql("update users set email_verified = true where id = :u", u=alice.actor.user_id)
    assert sign_in_totp(strictly, alice, "000000") == (401, "totp_invalid")
    assert sign_in_totp(strictly, alice, phone.code())[0] == 200  # none of those has spent it


@pytest.fixture
def strict(settings: Settings) -> Iterator[Flask]:
    """The application with confirmation of addresses."""
    made = create_app(settings.model_copy(update={"auth_skip_email_verification": False}))
    yield made
    made.extensions["voyagent.auth_adapter"].lane.close()
    with made.app_context():
        db.engine.dispose()


def test_one_of_sixteen_parallel_requests_signs_in_with_a_code(
    alice: Person, phone: Authenticator
) -> None:
    code, barrier = phone.code(), threading.Barrier(16)

    def race(_number: int) -> int:
        client = ApiClient(alice.app.test_client(), None)
        barrier.wait()
        return sign_in_totp(client, alice, code)[0]

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(race, range(16)))
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 429}  # beyond ten failures nothing is looked at any more


def test_a_recovery_code_signs_in_once(
    anyone: ApiClient, alice: Person, phone: Authenticator, events: Events
) -> None:
    codes = recovery_codes(alice, phone)
    assert sign_in_totp(anyone, alice, codes[3].lower())[0] == 200
    assert sign_in_totp(anyone, alice, codes[3]) == (401, "totp_invalid")
    assert sign_in_totp(anyone, alice, codes[4], WRONG) == (401, "invalid_credentials")
    assert sign_in_totp(anyone, alice, codes[4])[0] == 200
    assert [event["inputs"] for event in events(alice, "auth.recovery_code_used")] == [
        {"at": "sign_in"}
    ] * 2


def test_an_unknown_address_gets_the_same_response_as_a_known_one(
    anyone: ApiClient, alice: Person, bob: Person, phone: Authenticator
) -> None:
    def ask(email: str, password: str) -> tuple[int, Any, set[str]]:
        answer = anyone.post(
            "/auth/sign-in-totp", json={"email": email, "password": password, "totp_code": "123456"}
        )
        return answer.status_code, {**answer.json, "request_id": ""}, set(answer.headers.keys())

    unknown = ask("nobody-at-all@malabar.example", WRONG)
    assert unknown[0] == 401
    assert ask(alice.email, WRONG) == ask(bob.email, WRONG) == unknown


def test_the_password_is_hashed_for_an_unknown_address(
    anyone: ApiClient, alice: Person, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, real = [], type(identity.passwords).verify

    def verify(passwords: Any, stored: str | None, password: str) -> bool:
        seen.append(stored is None)
        return real(passwords, stored, password)

    monkeypatch.setattr(type(identity.passwords), "verify", verify)
    sign_in_totp(anyone, alice, "123456", WRONG)
    anyone.post(
        "/auth/sign-in-totp",
        json={"email": "nobody-at-all@malabar.example", "password": WRONG, "totp_code": "123456"},
    )
    assert seen == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"totp_code": "12345"},
        {"totp_code": "123456789"},
        {"totp_code": 123456},
        {"totp_code": None},
        {"remember": True},
        {"password": ""},
    ],
)
def test_an_invalid_body_is_refused_before_any_lookup(
    anyone: ApiClient, alice: Person, change: dict[str, Any]
) -> None:
    body = {"email": alice.email, "password": PASSWORD, "totp_code": "123456", **change}
    assert anyone.post("/auth/sign-in-totp", json=body).status_code == 422


# Bypass attempts
# --------------------------------------------------------------------------------


def test_a_reset_does_not_bypass_two_factor_authentication(
    app: Flask, anyone: ApiClient, alice: Person, phone: Authenticator
) -> None:
    assert (
        anyone.post("/auth/request-password-reset", json={"email": alice.email}).status_code == 200
    )
    token = mailbox.newest(app, to=alice.email, kind="reset_password").token
    answer = anyone.post("/auth/reset-password", json={"token": token, "new_password": NEW})
    assert status_and_content(answer) == (200, {"reset": True})
    assert sign_in(anyone, alice, NEW) == (401, "totp_required")
    assert sign_in_totp(anyone, alice, phone.code(), NEW)[0] == 200


def test_an_invitation_does_not_bypass_two_factor_authentication(
    anyone: ApiClient, alice: Person, charlie: Person, phone: Authenticator
) -> None:
    """A user with an account cannot get a session by accepting an invitation."""
    link = charlie.api.post("/auth/invites", json={"email": alice.email, "role": "agent"}).json[
        "invite_link"
    ]
    body = {"token": link.partition("token=")[2], "password": NEW, "full_name": "Alice"}
    assert status_and_content(anyone.post("/auth/accept-invite", json=body)) == (
        409,
        "email_already_registered",
    )
    assert sign_in(anyone, alice) == (401, "totp_required")


def test_a_refreshed_token_after_switching_on_is_not_fresh(
    alice: Person, phone: Authenticator
) -> None:
    assert status_and_content(stale(alice).post("/auth/totp/setup")) == (
        403,
        "reauthentication_required",
    )


def test_wrong_codes_of_all_operations_are_counted_by_account(
    anyone: ApiClient, alice: Person, phone: Authenticator
) -> None:
    wrong = {"password": PASSWORD, "code": "AAAAAAAA"}
    for _ in range(2):
        assert sign_in_totp(anyone, alice, "AAAAAAAA") == (401, "totp_invalid")
        assert status_and_content(alice.api.post("/auth/totp/disable", json=wrong)) == (
            403,
            "totp_invalid",
        )
        assert status_and_content(alice.api.post("/auth/totp/recovery-codes", json=wrong)) == (
            403,
            "totp_invalid",
        )
        assert status_and_content(alice.api.post("/auth/totp/setup", json=wrong)) == (
            403,
            "totp_invalid",
        )
        assert status_and_content(
            alice.api.post(
                "/auth/reauthenticate", json={"password": PASSWORD, "totp_code": "AAAAAAAA"}
            )
        ) == (403, "totp_invalid")
    code = phone.code()
    for answer in (
        anyone.post(
            "/auth/sign-in-totp",
            json={"email": alice.email, "password": PASSWORD, "totp_code": code},
        ),
        anyone.post("/auth/sign-in", json={"email": alice.email, "password": PASSWORD}),
        alice.api.post("/auth/totp/disable", json={"password": PASSWORD, "code": code}),
        alice.api.post("/auth/reauthenticate", json={"password": PASSWORD, "totp_code": code}),
        alice.api.post("/auth/totp/verify", json={"code": code}),
    ):
        assert status_and_content(answer) == (429, "too_many_requests")
        assert int(answer.headers["Retry-After"]) >= 1


def test_a_correct_password_does_not_reset_the_count_of_wrong_codes(
    anyone: ApiClient, alice: Person, phone: Authenticator
) -> None:
    for _ in range(10):
        assert sign_in(anyone, alice) == (401, "totp_required")
        assert sign_in_totp(anyone, alice, "AAAAAAAA") == (401, "totp_invalid")
    assert sign_in_totp(anyone, alice, phone.code())[0] == 429


def test_a_wrong_first_code_is_counted_too(alice: Person, travel: time_machine.Traveller) -> None:
    alice.api.post("/auth/totp/setup")
    for _ in range(10):
        assert verify(alice, "AAAAAA").status_code == 401
    assert verify(alice, "AAAAAA").status_code == 429


# Switching off
# --------------------------------------------------------------------------------


def disable(client: ApiClient, code: str = "000000", password: str = PASSWORD) -> tuple[int, Any]:
    return status_and_content(
        client.post("/auth/totp/disable", json={"password": password, "code": code})
    )


def test_switching_off_requires_password_and_code_and_deletes_the_secrets(
    alice: Person, phone: Authenticator, anyone: ApiClient, travel: time_machine.Traveller, sql: Sql
) -> None:
    codes = recovery_codes(alice, phone)
    travel.shift(30)
    assert disable(alice.api, phone.code(), WRONG) == (403, "invalid_password")
    assert disable(alice.api) == (403, "totp_invalid")
    assert disable(alice.api, phone.code()) == (200, {"totp_enabled": False})
    (row,) = sql(
        "select totp_enabled, totp_secret, totp_pending_secret from users where id = :u",
        u=alice.actor.user_id,
    )
    assert (row["totp_enabled"], row["totp_secret"], row["totp_pending_secret"]) == (
        False,
        None,
        None,
    )
    assert sql("select 1 from recovery_codes where user_id = :u", u=alice.actor.user_id) == []
    assert sign_in(anyone, alice)[0] == 200
    assert sign_in_totp(anyone, alice, codes[0]) == (400, "totp_not_enabled")


def test_disable_while_off_checks_only_the_password(alice: Person, events: Events) -> None:
    alice.api.post("/auth/totp/setup")
    assert disable(alice.api, password=WRONG) == (403, "invalid_password")
    assert disable(alice.api) == (200, {"totp_enabled": False})
    assert events(alice, "auth.totp_disabled") == []
    assert status_and_content(verify(alice, "123456")) == (
        400,
        "totp_not_initialized",
    )  # the set-up that was begun is gone too


def test_a_recovery_code_can_switch_two_factor_off(alice: Person, phone: Authenticator) -> None:
    assert disable(alice.api, recovery_codes(alice, phone)[0]) == (200, {"totp_enabled": False})


# Recovery codes
# --------------------------------------------------------------------------------


def make_codes(client: ApiClient, code: str, password: str = PASSWORD) -> tuple[int, Any]:
    return status_and_content(
        client.post("/auth/totp/recovery-codes", json={"password": password, "code": code})
    )


def test_recovery_codes_require_a_fresh_token_password_and_code(
    alice: Person, phone: Authenticator, travel: time_machine.Traveller, events: Events
) -> None:
    assert make_codes(stale(alice), phone.code()) == (403, "reauthentication_required")
    assert make_codes(key_of(alice), phone.code()) == (403, "reauthentication_required")
    assert make_codes(alice.api, phone.code(), WRONG) == (403, "invalid_password")
    assert make_codes(alice.api, "AAAAAAAA") == (403, "totp_invalid")
    status, body = make_codes(alice.api, phone.code())
    assert (status, list(body), len(set(body["codes"]))) == (200, ["codes"], 10)
    assert (
        make_codes(alice.api, body["codes"][0])[0] == 200
    )  # one of them opens the making of the next
    assert make_codes(alice.api, body["codes"][1]) == (403, "totp_invalid")
    assert [event["outputs"] for event in events(alice, "auth.recovery_codes_made")] == [
        {"codes": 10}
    ] * 2


def test_recovery_codes_require_two_factor(alice: Person, sql: Sql) -> None:
    assert make_codes(alice.api, "123456") == (400, "totp_not_enabled")
    assert sql("select 1 from recovery_codes where user_id = :u", u=alice.actor.user_id) == []


# Reauthentication
# --------------------------------------------------------------------------------


def reauthenticate(client: ApiClient, **body: Any) -> tuple[int, Any]:
    return status_and_content(
        client.post("/auth/reauthenticate", json={"password": PASSWORD, **body})
    )


def test_reauthenticating_gives_a_fresh_token_of_the_same_session(
    alice: Person, events: Events, sql: Sql
) -> None:
    before = sql("select id from auth_sessions where user_id = :u", u=alice.actor.user_id)
    status, body = reauthenticate(stale(alice))
    assert (status, set(body), body["expires_in"]) == (200, {"access_token", "expires_in"}, 3600)
    assert with_token(alice, body["access_token"]).post("/auth/totp/setup").status_code == 200
    assert sql("select id from auth_sessions where user_id = :u", u=alice.actor.user_id) == before
    (event,) = events(alice, "auth.reauthenticated")
    assert event["entity_refs"] == {"auth_session_id": str(before[0]["id"])}


def test_reauthenticating_requires_a_code_if_two_factor_is_on(
    alice: Person, phone: Authenticator
) -> None:
    assert reauthenticate(alice.api) == (403, "totp_invalid")
    assert reauthenticate(alice.api, totp_code=None) == (403, "totp_invalid")
    assert reauthenticate(alice.api, totp_code="000000") == (403, "totp_invalid")
    assert reauthenticate(alice.api, password=WRONG, totp_code=phone.code()) == (
        403,
        "invalid_password",
    )
    assert reauthenticate(alice.api, totp_code=phone.code())[0] == 200
    assert reauthenticate(alice.api, totp_code=phone.code()) == (403, "totp_invalid")


def test_a_code_is_ignored_while_two_factor_is_off(alice: Person) -> None:
    assert reauthenticate(alice.api, totp_code="000000")[0] == 200


def test_an_api_key_cannot_reauthenticate(alice: Person) -> None:
    assert reauthenticate(key_of(alice)) == (403, "reauthentication_required")


def test_the_fresh_token_becomes_invalid_with_its_session(alice: Person) -> None:
    _status, body = reauthenticate(alice.api)
    alice.does(lambda actor: sessions.end_session(in_session(alice, actor)))
    assert me(alice.app, body["access_token"]) == 401


# Scope
# --------------------------------------------------------------------------------

CALLS = [
    ("/auth/reauthenticate", {"password": PASSWORD}),
    ("/auth/totp/setup", None),
    ("/auth/totp/verify", {"code": "123456"}),
    ("/auth/totp/disable", {"password": PASSWORD, "code": "123456"}),
    ("/auth/totp/recovery-codes", {"password": PASSWORD, "code": "123456"}),
]


@pytest.mark.parametrize(("path", "body"), CALLS)
def test_an_anonymous_caller_is_asked_to_sign_in(anyone: ApiClient, path: str, body: Any) -> None:
    assert status_and_content(anyone.post(path, json=body) if body else anyone.post(path)) == (
        401,
        "unauthorized",
    )


@pytest.mark.parametrize("role", ["viewer", "agent", "ticketing_lead", "accounting_lead"])
def test_every_role_can_use_two_factor(
    people: People, alice: Person, anyone: ApiClient, travel: time_machine.Traveller, role: str
) -> None:
    person = people.colleague(alice, "Victor Viewer", role=role)
    phone = Authenticator(person.api.post("/auth/totp/setup").json["secret"])
    assert verify(person, phone.code(-1)).status_code == 200
    assert sign_in(anyone, person) == (401, "totp_required")
    assert sign_in_totp(anyone, person, phone.code())[0] == 200
    assert sign_in(anyone, alice)[0] == 200  # and nobody else's


def test_a_read_key_cannot_change_two_factor(alice: Person, phone: Authenticator) -> None:
    _id, text = alice.does(
        lambda actor: keys.make_key(
            rules(alice), replace(actor, fresh=True), name="Reader", scopes=["read"]
        )
    )
    assert disable(with_token(alice, text), phone.code()) == (403, "forbidden_role")


# Ended sessions and notices
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["on", "off", "replaced"])
def test_a_change_ends_other_sessions_but_neither_the_acting_one_nor_keys(
    app: Flask,
    identity: Identity,
    alice: Person,
    bob: Person,
    travel: time_machine.Traveller,
    change: str,
) -> None:
    phone = switch_on(alice) if change != "on" else None
    key = key_of(alice)
    other, browser = other_session(identity, alice), browser_session(app, identity, alice)
    assert browser.get("/team").status_code == 200
    if phone is None:
        phone = Authenticator(alice.api.post("/auth/totp/setup").json["secret"])
        assert verify(alice, phone.code()).status_code == 200
    elif change == "off":
        assert disable(alice.api, phone.code())[0] == 200
    else:
        secret = alice.api.post(
            "/auth/totp/setup", json={"password": PASSWORD, "code": phone.code()}
        ).json["secret"]
        assert me(app, other.access_token) == 200  # nothing ends before the new one counts
        assert verify(alice, Authenticator(secret).code()).status_code == 200
    assert me(app, other.access_token) == 401
    assert (
        alice.api.post("/auth/refresh", json={"refresh_token": other.refresh_token}).status_code
        == 401
    )
    assert browser.get("/team").status_code == 303
    assert me(app, alice.access_token) == 200
    assert (
        alice.api.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).status_code
        == 200
    )
    assert key.get("/auth/me").status_code == 200
    assert me(app, bob.access_token) == 200
    letter = mailbox.newest(app, to=alice.email, kind="two_factor_changed")
    assert {
        "on": "now also needs a code",
        "off": "no longer needs",
        "replaced": "another authenticator",
    }[change] in letter.text


def other_session(identity: Identity, person: Person) -> SignedInPerson:

    with person.acting() as actor:
        return sessions.open_session(
            identity, db.session.get_one(User, (actor.tenant_id, actor.user_id)), API
        )


def browser_session(app: Flask, identity: Identity, person: Person) -> Any:

    client = app.test_client()
    with person.acting() as actor:
        device = Device(Channel.BROWSER)
        credential = sessions.open_session(
            identity, db.session.get_one(User, (actor.tenant_id, actor.user_id)), device
        ).credential
    with app.test_request_context("/"):
        sign_browser_in(credential)
        stored = dict(session)
    with client.session_transaction() as cookie:
        cookie.update(stored)
    return client


def test_a_mail_reports_new_recovery_codes_without_them(
    app: Flask, alice: Person, phone: Authenticator
) -> None:
    codes = recovery_codes(alice, phone)
    letter = mailbox.newest(app, to=alice.email, kind="recovery_codes_changed")
    assert not any(code in letter.text + letter.html for code in codes)


def test_sign_in_with_two_factor_also_upgrades_a_weak_password_hash(
    app: Flask,
    identity: Identity,
    alice: Person,
    phone: Authenticator,
    settings: Settings,
    sql: Sql,
) -> None:

    stronger = replace(
        identity, passwords=Passwords(settings.model_copy(update={"auth_argon2_memory_cost": 128}))
    )
    before = sql("select password_hash from users where id = :u", u=alice.actor.user_id)
    with app.app_context(), transaction():
        half = signing_in.begin_sign_in(stronger, email=alice.email, password=PASSWORD, device=API)
    after = sql("select password_hash from users where id = :u", u=alice.actor.user_id)
    assert before != after
    with app.app_context(), transaction():
        assert (
            signing_in.complete_sign_in(stronger, half, code=phone.code(), device=API).actor.user_id
            == alice.actor.user_id
        )
    assert sql("select password_hash from users where id = :u", u=alice.actor.user_id) == after


# Secrets
# --------------------------------------------------------------------------------


def test_no_secret_is_in_the_audit_or_the_log(
    alice: Person,
    anyone: ApiClient,
    travel: time_machine.Traveller,
    events: Events,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secrets = [PASSWORD]
    with structlog.testing.capture_logs() as lines:
        secret = alice.api.post("/auth/totp/setup").json["secret"]
        phone = Authenticator(secret)
        secrets += [secret, phone.code(-1), phone.code(), phone.code(1)]
        verify(alice, phone.code(-1))
        made = make_codes(alice.api, phone.code())[1]["codes"]
        secrets += made
        sign_in_totp(anyone, alice, made[0])
        sign_in_totp(anyone, alice, made[0])
        sign_in_totp(anyone, alice, "000000")
        status, body = reauthenticate(alice.api, totp_code=phone.code(1))
        assert status == 200
        secrets.append(body["access_token"])
        disable(alice.api, made[1])
    printed = capsys.readouterr()
    written = [repr(dict(event)) for event in events(alice)]
    assert len(written) > 8
    for text in (*written, *map(repr, lines), printed.out, printed.err):
        assert [value for value in secrets if value in text] == []


def test_a_repeated_request_does_not_show_the_secret_again(
    alice: Person, travel: time_machine.Traveller
) -> None:
    phone = switch_on(alice)
    headers = {"Idempotency-Key": "codes-1"}
    body = {"password": PASSWORD, "code": phone.code()}
    assert (
        alice.api.post("/auth/totp/recovery-codes", json=body, headers=headers).status_code == 200
    )
    assert status_and_content(
        alice.api.post("/auth/totp/recovery-codes", json=body, headers=headers)
    ) == (
        409,
        "idempotency_secret_shown",
    )


def test_a_wrong_code_with_an_idempotency_key_is_counted_each_time(
    alice: Person, phone: Authenticator, events: Events
) -> None:
    headers, body = {"Idempotency-Key": "off-1"}, {"password": PASSWORD, "code": "000000"}
    for _ in range(2):
        assert status_and_content(
            alice.api.post("/auth/totp/disable", json=body, headers=headers)
        ) == (
            403,
            "totp_invalid",
        )
    assert len(events(alice, "auth.totp_failed")) == 2


def test_an_act_is_rolled_back_if_its_event_cannot_be_written(
    alice: Person, phone: Authenticator, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:

    def broken(*_arguments: Any, **_keywords: Any) -> None:
        raise LookupError

    monkeypatch.setattr(totp.audit, "record", broken)
    assert (
        alice.api.post(
            "/auth/totp/disable", json={"password": PASSWORD, "code": phone.code()}
        ).status_code
        == 500
    )
    monkeypatch.undo()
    assert (
        sql("select totp_enabled from users where id = :u", u=alice.actor.user_id)[0][
            "totp_enabled"
        ]
        is True
    )
    assert disable(alice.api, phone.code())[0] == 200
