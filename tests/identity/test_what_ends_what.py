"""Acts that end sessions: which sessions and keys are valid at the next request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import mailbox
from tests.identity.authenticators import STEP_S, Authenticator, standing_clock
from tests.identity.keys import bearing, with_key
from tests.identity.test_ending import session_of
from tests.identity.test_sessions import Sql, fresh_address, sign_in
from tests.people import PASSWORD, ApiClient, Person, csrf
from voyagent.identity.service.values import SignedInPerson

NEW = "Correct-horse-battery-9"
NOTHING: frozenset[str] = frozenset()
PROGRAM = frozenset({"acting access", "acting refresh"})
OTHER = frozenset({"other access", "other refresh"})
BROWSER = frozenset({"browser"})
COPY = frozenset({"browser's copied cookie"})
KEY = frozenset({"key"})
SIGN_INS = PROGRAM | OTHER | BROWSER | COPY


@dataclass
class Places:
    """Bob's credentials: the acting program, another one, a browser, and a key."""

    alice: Person
    bob: Person
    other: SignedInPerson
    browser: FlaskClient
    key: ApiClient

    def good(self) -> frozenset[str]:
        """Return the valid credentials, by a request with each.

        Refresh tokens are last, since a request spends them.
        """
        app = self.bob.app
        copied = app.test_client()
        copied.set_cookie("voyagent_session", self.cookie)
        answers = {
            "acting access": self.bob.api.get("/auth/me").status_code,
            "other access": bearing(self.bob, self.other.access_token).get("/auth/me").status_code,
            "browser": self.browser.get("/team").status_code,
            "browser's copied cookie": copied.get("/team").status_code,
            "key": self.key.get("/auth/me").status_code,
        }
        for name, token in (
            ("acting refresh", self.bob.refresh_token),
            ("other refresh", self.other.refresh_token),
        ):
            answers[name] = self.bob.api.post(
                "/auth/refresh", json={"refresh_token": token}
            ).status_code
        assert set(answers.values()) <= {200, 303, 401}, answers
        return frozenset(name for name, status in answers.items() if status == 200)

    def __post_init__(self) -> None:
        cookie = self.browser.get_cookie("voyagent_session")
        assert cookie is not None
        self.cookie = cookie.value

    def submit(self, path: str, form: str | None = None, **fields: str) -> None:
        """Send a form of Bob's browser."""
        answer = self.browser.post(
            path, data={**fields, "csrf_token": csrf(self.browser, form or path)}
        )
        assert answer.status_code in {200, 303}, answer.text


@pytest.fixture
def places(app: Flask, alice: Person, bob: Person) -> Iterator[Places]:
    with standing_clock():
        yield Places(alice, bob, sign_in(app, bob.email), bob.browser, with_key(bob))


def done(status: int, *expected: int) -> None:
    assert status in (expected or (200, 204))


def reset(places: Places) -> None:
    anyone = ApiClient(places.bob.app.test_client(), None)
    done(anyone.post("/auth/request-password-reset", json={"email": places.bob.email}).status_code)
    token = mailbox.newest(places.bob.app, to=places.bob.email, kind="reset_password").token
    done(
        anyone.post("/auth/reset-password", json={"token": token, "new_password": NEW}).status_code
    )


def switch_two_factor_on(places: Places) -> None:
    phone = Authenticator(places.bob.api.post("/auth/totp/setup").json["secret"])
    done(places.bob.api.post("/auth/totp/verify", json={"code": phone.code()}).status_code)


def reuse(places: Places) -> None:
    body = {"refresh_token": places.bob.refresh_token}
    done(places.bob.api.post("/auth/refresh", json=body).status_code)
    time.sleep(
        0.5
        # Closer together than a round trip to a busy database they may be honest twins.
    )
    done(places.bob.api.post("/auth/refresh", json=body).status_code, 401)


def end_one(places: Places, access_token: str) -> None:
    done(
        places.bob.api.delete(
            f"/auth/sessions/{session_of(places.bob.app, access_token)}"
        ).status_code
    )


def end_in_browser(places: Places) -> None:
    path = f"/account/sessions/{session_of(places.bob.app, places.other.access_token)}/end"
    places.submit(path, form="/account/sessions")


def of_bob(places: Places) -> str:
    return f"/team/{places.bob.actor.user_id}"


def suspend(places: Places) -> None:
    result = places.bob.app.test_cli_runner().invoke(
        args=["agency", "suspend", str(places.alice.actor.tenant_id)]
    )
    assert result.exit_code == 0


ACTS: dict[str, tuple[Callable[[Places], object], frozenset[str]]] = {
    "nothing": (lambda _: None, NOTHING),
    "sign-out of a program": (
        lambda p: done(p.bob.api.post("/auth/sign-out").status_code),
        frozenset({"acting access"}),
    ),
    "sign-out with the refresh token": (
        lambda p: done(
            p.bob.api.post(
                "/auth/sign-out", json={"refresh_token": p.bob.refresh_token}
            ).status_code
        ),
        PROGRAM,
    ),
    "sign-out of a browser": (lambda p: p.submit("/sign-out", form="/team"), BROWSER | COPY),
    "reuse of a refresh token": (reuse, PROGRAM),
    "ending one": (lambda p: end_one(p, p.other.access_token), OTHER),
    "ending the acting one": (lambda p: end_one(p, p.bob.access_token), PROGRAM),
    "ending one in the browser": (end_in_browser, OTHER),
    "ending all": (lambda p: done(p.bob.api.delete("/auth/sessions").status_code), SIGN_INS),
    "ending the others in the browser": (
        lambda p: p.submit("/account/sessions/end-others", form="/account/sessions"),
        PROGRAM | OTHER,
    ),
    "a reset": (reset, SIGN_INS),
    "a new password": (
        lambda p: done(
            p.bob.api.post(
                "/auth/change-password", json={"current_password": PASSWORD, "new_password": NEW}
            ).status_code
        ),
        SIGN_INS - PROGRAM,
    ),
    "a new password in the browser": (
        lambda p: p.submit(
            "/account/password", form="/account", current_password=PASSWORD, new_password=NEW
        ),
        PROGRAM | OTHER,
    ),
    "a new name": (
        lambda p: done(p.bob.api.patch("/auth/profile", json={"full_name": "Bobby"}).status_code),
        NOTHING,
    ),
    "a new address": (
        lambda p: done(
            p.bob.api.patch("/auth/profile", json={"email": fresh_address()}).status_code
        ),
        SIGN_INS - PROGRAM,
    ),
    "a new address in the browser": (
        lambda p: p.submit(
            "/account/address", form="/account", email=fresh_address(), password=PASSWORD
        ),
        PROGRAM | OTHER,
    ),
    "a new address by a key": (
        lambda p: done(
            p.key.patch("/auth/profile", json={"email": fresh_address()}).status_code, 403
        ),
        NOTHING,
    ),
    "two-factor": (switch_two_factor_on, SIGN_INS - PROGRAM),
    "another role": (
        lambda p: done(p.alice.api.patch(of_bob(p), json={"role": "viewer"}).status_code),
        NOTHING,
    ),
    "an administrator's sign-out": (
        lambda p: done(p.alice.api.delete(of_bob(p) + "/sessions").status_code),
        SIGN_INS,
    ),
    "removal": (lambda p: done(p.alice.api.delete(of_bob(p)).status_code), SIGN_INS | KEY),
    "suspension": (suspend, SIGN_INS | KEY),
}


@pytest.mark.parametrize("what", ACTS)
def test_each_act_ends_only_the_listed_sessions_and_keys(
    places: Places, charlie: Person, what: str
) -> None:
    act, ended = ACTS[what]
    act(places)
    assert places.good() == (SIGN_INS | KEY) - ended
    assert charlie.api.get("/auth/me").status_code == 200


def test_switching_two_factor_off_ends_the_others(app: Flask, alice: Person, bob: Person) -> None:
    with standing_clock() as travel:
        phone = Authenticator(bob.api.post("/auth/totp/setup").json["secret"])
        assert bob.api.post("/auth/totp/verify", json={"code": phone.code(-1)}).status_code == 200
        signed_in = bob.api.post(
            "/auth/sign-in-totp",
            json={"email": bob.email, "password": PASSWORD, "totp_code": phone.code()},
        )
        other = bearing(bob, signed_in.json["access_token"])
        assert other.get("/auth/me").status_code == 200
        travel.shift(STEP_S)
        assert (
            bob.api.post(
                "/auth/totp/disable", json={"password": PASSWORD, "code": phone.code()}
            ).status_code
            == 200
        )
        assert (other.get("/auth/me").status_code, bob.api.get("/auth/me").status_code) == (
            401,
            200,
        )


def test_changes_by_another_process_apply_at_once(places: Places, sql: Sql) -> None:
    """Processes cache no property of a session or key that can change."""
    assert places.good() > KEY
    sql(
        "update api_keys set revoked_at = now() where created_by_user_id = :u",
        u=places.bob.actor.user_id,
    )
    assert places.key.get("/auth/me").status_code == 401
    sql("update users set role = 'viewer' where id = :u", u=places.bob.actor.user_id)
    assert places.bob.api.post("/enquiries", json={"customer_name": "Deepa"}).status_code == 403
    assert places.browser.get("/enquiries/new").status_code == 403
    sql(
        "update auth_sessions set expires_at = now() where user_id = :u", u=places.bob.actor.user_id
    )
    assert places.good() == NOTHING


# The browser's own session
# --------------------------------------------------------------------------------


def cookie_of(browser: FlaskClient) -> str:
    found = browser.get_cookie("voyagent_session")
    assert found is not None
    return found.value


def enter(browser: FlaskClient, person: Person) -> None:
    fields = {"email": person.email, "password": PASSWORD, "csrf_token": csrf(browser, "/sign-in")}
    assert browser.post("/sign-in", data=fields).status_code == 303


def test_a_cookie_from_before_sign_in_becomes_invalid(app: Flask, bob: Person) -> None:
    browser, thief = app.test_client(), app.test_client()
    csrf(browser, "/sign-in")
    thief.set_cookie("voyagent_session", cookie_of(browser))
    enter(browser, bob)
    assert browser.get("/team").status_code == 200
    assert thief.get("/team").status_code == 303


def test_each_sign_in_starts_a_new_session(app: Flask, bob: Person) -> None:
    browser, seen = app.test_client(), set()
    for _ in range(2):
        enter(browser, bob)
        with browser.session_transaction() as cookie:
            seen.add(cookie["_user_id"])
        browser.post("/sign-out", data={"csrf_token": csrf(browser, "/team")})
    assert len(seen) == 2
