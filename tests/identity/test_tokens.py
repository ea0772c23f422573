"""Validation of access tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from pydantic import SecretStr

from tests.identity.authenticators import standing_clock
from tests.people import Person
from voyagent.identity.rules.tokens import AccessTokens
from voyagent.identity.service.values import Identity
from voyagent.kernel import clock
from voyagent.kernel.errors import Unauthorized
from voyagent.kernel.keyring import Keyring


@pytest.fixture
def identity(app: Flask) -> Identity:
    return app.extensions["voyagent.identity"]


def forged(
    identity: Identity,
    person: Person,
    *,
    key: str = "",
    algorithm: str = "HS256",
    without: str = "",
    **claims: Any,
) -> str:
    honest = jwt.decode(person.access_token, options={"verify_signature": False})
    honest.update(claims)
    honest.pop(without, None)
    return jwt.encode(
        honest, key or identity.settings.auth_secret.get_secret_value(), algorithm=algorithm
    )


def test_a_token_has_the_claims_of_the_contract(identity: Identity, alice: Person) -> None:
    claims = jwt.decode(alice.access_token, options={"verify_signature": False})
    assert claims["sub"] == str(alice.actor.user_id)
    assert claims["tid"] == str(alice.actor.tenant_id)
    assert (claims["role"], claims["email"], claims["iss"], claims["aud"]) == (
        "agency_admin",
        alice.email,
        "voyagent",
        "voyagent-api",
    )
    assert claims["exp"] - claims["iat"] == 3600
    assert len(bytes.fromhex(claims["jti"])) == 16
    assert jwt.get_unverified_header(alice.access_token)["alg"] == "HS256"
    assert identity.tokens.read(alice.access_token).user_id == alice.actor.user_id


@pytest.mark.parametrize("claim", ["exp", "iat", "sub", "jti", "iss", "aud", "tid", "sid"])
def test_a_token_without_a_required_claim_is_refused(
    identity: Identity, alice: Person, claim: str
) -> None:
    with pytest.raises(Unauthorized):
        identity.tokens.read(forged(identity, alice, without=claim))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "other"},
        {"aud": "other"},
        {"sub": "not-an-id"},
        {"tid": "not-an-id"},
        {"sid": 7},
        {"jti": 7},
        {"exp": 1},
        {"exp": "soon"},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(
    identity: Identity, alice: Person, claims: dict[str, Any]
) -> None:
    with pytest.raises(Unauthorized):
        identity.tokens.read(forged(identity, alice, **claims))


def test_a_token_signed_with_another_key_or_algorithm_is_refused(
    identity: Identity, alice: Person
) -> None:
    unsigned = jwt.encode(
        jwt.decode(alice.access_token, options={"verify_signature": False}), None, algorithm="none"
    )
    for token in (
        forged(identity, alice, key="x" * 40),
        forged(identity, alice, algorithm="HS384"),
        unsigned,
        "a.b.c",
        "",
        alice.access_token + "x",
    ):
        with pytest.raises(Unauthorized):
            identity.tokens.read(token)


def test_a_token_expires_and_a_future_issue_time_is_accepted(
    identity: Identity, alice: Person
) -> None:
    now = clock.now()
    assert (
        identity.tokens.read(
            forged(identity, alice, iat=now + timedelta(seconds=90), exp=now + timedelta(hours=1))
        ).tenant_id
        == alice.actor.tenant_id
    )
    with pytest.raises(Unauthorized):
        identity.tokens.read(forged(identity, alice, exp=now - timedelta(seconds=1)))


def test_a_token_that_was_read_expires_all_the_same(identity: Identity, alice: Person) -> None:
    with standing_clock() as time:
        token = forged(identity, alice, exp=clock.now() + timedelta(seconds=60))
        assert identity.tokens.read(token).user_id == alice.actor.user_id
        time.shift(59)
        identity.tokens.read(token)
        time.shift(1)
        with pytest.raises(Unauthorized):
            identity.tokens.read(token)


def test_a_signed_token_with_the_session_of_another_user_is_refused(
    identity: Identity, alice: Person, charlie: Person
) -> None:
    others = jwt.decode(charlie.access_token, options={"verify_signature": False})
    for claims in ({"sid": others["sid"]}, {"tid": others["tid"]}, {"sub": others["sub"]}):
        token = forged(identity, alice, **claims)
        answer = alice.app.test_client().get(
            "/api/auth/me", headers={"Authorization": f"Bearer {token}"}
        )
        assert (answer.status_code, answer.json["detail"]) == (401, "unauthorized")


def test_a_token_names_its_key_and_is_valid_after_a_key_rotation(
    identity: Identity, alice: Person
) -> None:
    old = identity.settings.auth_secret.get_secret_value()
    rotated = identity.settings.model_copy(
        update={"auth_secret": SecretStr("n" * 40), "auth_secrets_previous": SecretStr(old)}
    )
    after = AccessTokens(rotated, Keyring(rotated))
    assert jwt.get_unverified_header(alice.access_token)["kid"] == identity.keyring.present.kid
    assert after.read(alice.access_token).user_id == alice.actor.user_id
    without_old = rotated.model_copy(update={"auth_secrets_previous": SecretStr("")})
    with pytest.raises(Unauthorized):
        AccessTokens(without_old, Keyring(without_old)).read(alice.access_token)
    with pytest.raises(Unauthorized):
        after.read(forged(identity, alice, key="x" * 40))


def test_a_token_is_fresh_after_sign_in_but_not_after_refresh(
    app: Flask, identity: Identity, alice: Person
) -> None:
    refreshed = (
        app.test_client()
        .post("/api/auth/refresh", json={"refresh_token": alice.refresh_token})
        .json["access_token"]
    )
    assert identity.tokens.read(alice.access_token).fresh
    assert not identity.tokens.read(refreshed).fresh
    assert not identity.tokens.read(forged(identity, alice, fresh="true")).fresh
