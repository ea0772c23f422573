"""Throttles of every operation that takes or sends a credential, on pages and API.

Limits count per client address, overall, and per account where one is named.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.http.operations import CALLS
from tests.identity.authenticators import begin, switch_on
from tests.identity.test_invites import invite
from tests.people import PASSWORD, ApiClient, Person, csrf
from tests.redis_server import RedisServer, redis_server
from voyagent.factory import create_app
from voyagent.http.idempotency import REPLAYED
from voyagent.kernel import limits
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db
from voyagent.kernel.errors import TooManyRequests
from voyagent.kernel.limits import Throttle

HERE = "127.0.0.1"
NEW = "Lantern-harbour-43"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="module")
def limited(settings: Settings, server: RedisServer) -> Iterator[Flask]:
    """An application with a twentieth of the limits per address and overall."""
    changes = {"limit_scale": 0.05, "redis_url": server.url}
    made = create_app(settings.model_copy(update=changes))
    yield made
    made.extensions["voyagent.auth_adapter"].lane.close()
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def narrow(limited: Flask, server: RedisServer) -> Flask:
    """The application without counts."""
    server.flush()
    return limited


@dataclass(frozen=True)
class Act:
    """An attempt; `email` is the account that it names, if any."""

    throttle: Throttle
    path: str
    body: Callable[[Person], dict[str, Any]] = lambda _alice: {}
    method: str = "post"
    bearer: bool = False
    names: Callable[[Person], str] = lambda alice: alice.email
    good: frozenset[int] = frozenset({200, 201, 204})

    @property
    def name(self) -> str:
        """Return the name in the table of operations."""
        return f"{self.method.upper()} /api{self.path}"

    def on(self, app: Flask, alice: Person, **options: Any) -> TestResponse:
        """Make the attempt over the API, with valid input as far as possible."""
        client = ApiClient(app.test_client(), alice.access_token if self.bearer else None)
        given = (
            {"query_string": self.body(alice)}
            if self.method == "get"
            else {"json": self.body(alice)}
            if self.body(alice)
            else {}
        )
        return getattr(client, self.method)(self.path, **(given | options))


def a_token() -> str:
    return secrets.token_urlsafe(32)


NEWCOMER = f"{secrets.token_hex(6)}@malabar.example"
BY_PASSWORD = {"bearer": True, "throttle": limits.REAUTHENTICATE}
API = [
    Act(
        limits.SIGN_IN, "/auth/sign-in", lambda alice: {"email": alice.email, "password": PASSWORD}
    ),
    Act(
        limits.SIGN_IN,
        "/auth/sign-in-totp",
        lambda alice: {"email": alice.email, "password": PASSWORD, "totp_code": "123456"},
        good=frozenset({400}),
    ),
    Act(
        limits.SIGN_UP,
        "/auth/sign-up",
        lambda _: {"email": NEWCOMER, "password": PASSWORD, "full_name": "N", "agency_name": "M"},
        good=frozenset({201, 409}),
        names=lambda _: NEWCOMER,
    ),
    Act(limits.REFRESH, "/auth/refresh", lambda alice: {"refresh_token": alice.refresh_token}),
    Act(limits.RESET_MAIL, "/auth/request-password-reset", lambda alice: {"email": alice.email}),
    Act(
        limits.ONE_TIME_TOKEN,
        "/auth/reset-password",
        lambda _: {"token": a_token(), "new_password": NEW},
        good=frozenset({400}),
    ),
    Act(
        limits.ONE_TIME_TOKEN,
        "/auth/verify-email",
        lambda _: {"token": a_token()},
        good=frozenset({400}),
    ),
    Act(limits.VERIFICATION_MAIL, "/auth/send-verification-email", bearer=True),
    Act(
        limits.INVITE_LOOKUP,
        "/auth/invites/lookup",
        lambda _: {"token": a_token()},
        method="get",
        good=frozenset({404}),
    ),
    Act(
        limits.ACCEPT_INVITE,
        "/auth/accept-invite",
        lambda _: {"token": a_token(), "password": PASSWORD, "full_name": "N"},
        good=frozenset({404}),
    ),
    Act(
        limits.INVITE_MAIL,
        "/auth/invites",
        lambda _: {"email": "neha@malabar.example"},
        bearer=True,
        names=lambda _: "neha@malabar.example",
    ),
    Act(
        limits.CHANGE_ADDRESS,
        "/auth/profile",
        lambda _: {"email": f"{secrets.token_hex(6)}@malabar.example"},
        method="patch",
        bearer=True,
        names=lambda alice: alice.api.get("/auth/me").json["email"],
    ),
    Act(path="/auth/reauthenticate", body=lambda _: {"password": PASSWORD}, **BY_PASSWORD),
    Act(
        path="/auth/change-password",
        body=lambda _: {"current_password": PASSWORD, "new_password": NEW},
        **BY_PASSWORD,
    ),
    Act(
        path="/auth/totp/setup",
        body=lambda _: {"password": PASSWORD, "code": "123456"},
        **BY_PASSWORD,
    ),
    Act(
        path="/auth/totp/verify",
        body=lambda _: {"code": "123456"},
        good=frozenset({400}),
        **BY_PASSWORD,
    ),
    Act(
        path="/auth/totp/disable",
        body=lambda _: {"password": PASSWORD, "code": "123456"},
        **BY_PASSWORD,
    ),
    Act(
        path="/auth/totp/recovery-codes",
        body=lambda _: {"password": PASSWORD, "code": "123456"},
        good=frozenset({400}),
        **BY_PASSWORD,
    ),
]
# Operations that take no password, code or link and mail none. Creation of a key is one of them: it
# needs a fresh token, which was issued for a password.
NO_CREDENTIAL = {
    "GET /api/auth/me",
    "GET /api/auth/invites",
    "POST /api/auth/invites/<invite_id>/revoke",
    "POST /api/auth/sign-out",
    "GET /api/auth/api-keys",
    "POST /api/auth/api-keys",
    "POST /api/auth/api-keys/scoped",
    "POST /api/auth/api-keys/<key_id>/revoke",
    "GET /api/auth/sessions",
    "DELETE /api/auth/sessions",
    "DELETE /api/auth/sessions/<auth_session_id>",
    "GET /api/auth/credentials",
    "DELETE /api/auth/credentials/<credential_kind>",
}


def fill(app: Flask, throttle: Throttle, per: str, account: str, person: Person) -> None:
    """Use up a limit of an address, of an account or of all together.

    The address is that of this client, and the account may be limited within the person's agency.
    """
    limiter = app.extensions["voyagent.identity"].limiter
    only = {
        "address": replace(throttle, account=(), everywhere=(), agency=(), overall=()),
        "account": replace(throttle, agency=(), address=(), overall=()),
        "overall": replace(throttle, account=(), everywhere=(), agency=(), address=()),
    }[per]
    elsewhere = "198.51.100.7"
    limiter.note_sign_in(
        account, address=elsewhere, is_confirmed=True
    )  # a known place may use all of a limit
    for _ in range(1000):
        try:
            limiter.admit(
                only,
                account=account,
                address=elsewhere if per == "overall" else HERE,
                agency=person.actor.tenant_id,
            )
        except TooManyRequests:
            return
    raise AssertionError("there is no end to it")


FIRST = {act.throttle.name: act.name for act in reversed(API)}


def limits_of(act: Act) -> list[str]:
    """Return the limits to try: that of all together once for each throttle.

    An act says which account it counts, but nothing about the other limits.
    """
    overall = ["overall"] if FIRST[act.throttle.name] == act.name else []
    return ["address", *overall, *(["account"] if act.throttle.account else [])]


EACH = [pytest.param(act, per, id=f"{act.name} {per}") for act in API for per in limits_of(act)]


def test_all_operations_with_credentials_are_listed() -> None:
    assert {call.name for call in CALLS if "/auth/" in call.path} - {
        call.name for call in CALLS if "/auth/members" in call.path
    } == {act.name for act in API} | NO_CREDENTIAL


@pytest.mark.parametrize("act", API, ids=lambda act: act.name)
def test_attempts_at_an_account_are_counted_by_account(act: Act) -> None:
    """An account known only after a token was looked up is not counted."""
    unknown = {limits.REFRESH, limits.ONE_TIME_TOKEN, limits.INVITE_LOOKUP, limits.ACCEPT_INVITE}
    assert bool(act.throttle.account) is (act.throttle not in unknown)
    assert act.throttle.address
    assert act.throttle.overall


@pytest.mark.parametrize(("act", "per"), EACH)
def test_above_the_limit_no_credential_is_checked(
    narrow: Flask, alice: Person, act: Act, per: str
) -> None:
    first = act.on(narrow, alice)
    assert first.status_code in act.good, first.text
    fill(narrow, act.throttle, per, act.names(alice), alice)
    for headers in ({}, {"Idempotency-Key": "a-key"}):
        again = act.on(narrow, alice, headers=headers)
        assert (again.status_code, again.json["detail"]) == (429, "too_many_requests")
        assert again.headers["Retry-After"].isdecimal()
        assert 1 <= int(again.headers["Retry-After"]) <= 3600
        assert REPLAYED not in again.headers


@pytest.mark.parametrize(
    "act",
    [act for act in API if act.name != "POST /api/auth/send-verification-email"],
    ids=lambda act: act.name,
)
def test_the_schema_is_checked_before_the_limit(narrow: Flask, alice: Person, act: Act) -> None:
    fill(narrow, act.throttle, "address", act.names(alice), alice)
    broken = (
        {"query_string": {"token": ""}}
        if act.method == "get"
        else {"json": {"email": 7, "password": 7, "token": 7, "code": 7, "refresh_token": 7}}
    )
    assert act.on(narrow, alice, **broken).status_code == 422


# Pages
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A form that takes or sends a credential."""

    throttle: Throttle
    path: str
    fields: dict[str, str]
    begin: Callable[[FlaskClient, Person], None] = lambda _browser, _alice: None
    token_from: str = ""
    is_form: bool = True

    def send(self, browser: FlaskClient, token: str, **headers: str) -> TestResponse:
        """Send the form as a browser does."""
        return browser.post(self.path, data={**self.fields, "csrf_token": token}, headers=headers)


def comes_in(browser: FlaskClient, alice: Person) -> None:
    token = csrf(browser, "/sign-in")
    assert (
        browser.post(
            "/sign-in", data={"email": alice.email, "password": PASSWORD, "csrf_token": token}
        ).status_code
        == 303
    )


def comes_half_in(browser: FlaskClient, alice: Person) -> None:
    switch_on(alice)
    comes_in(browser, alice)


def has_begun_a_set_up(browser: FlaskClient, alice: Person) -> None:
    comes_in(browser, alice)
    begin(alice)
    with browser.session_transaction() as stored:
        stored["totp_shown_until"] = 2**31


def opens_an_invitation(browser: FlaskClient, alice: Person) -> None:
    _, token = invite(alice.app, alice, f"{secrets.token_hex(6)}@malabar.example")
    browser.get("/accept-invite", query_string={"token": token})


def may_not_come_in_yet(browser: FlaskClient, alice: Person) -> None:
    with browser.session_transaction() as stored:
        stored["unverified"] = alice.email


SECRET = {"password": PASSWORD, "code": "123456"}
PAGES = [
    Page(limits.SIGN_IN, "/sign-in", {"email": "neha@malabar.example", "password": PASSWORD}),
    Page(limits.SIGN_IN, "/sign-in/code", {"code": "123456"}, comes_half_in),
    Page(
        limits.SIGN_UP,
        "/sign-up",
        {
            "email": "neha@malabar.example",
            "password": PASSWORD,
            "full_name": "N",
            "agency_name": "M",
        },
    ),
    Page(limits.RESET_MAIL, "/forgot-password", {"email": "neha@malabar.example"}),
    Page(
        limits.ONE_TIME_TOKEN,
        "/reset-password",
        {"new_password": NEW},
        token_from="/forgot-password",
        is_form=False,
    ),
    Page(limits.ONE_TIME_TOKEN, "/verify-email", {}, token_from="/forgot-password", is_form=False),
    Page(
        limits.VERIFICATION_MAIL,
        "/verify-email/again",
        {},
        may_not_come_in_yet,
        "/sign-in",
        is_form=False,
    ),
    Page(
        limits.ACCEPT_INVITE,
        "/accept-invite",
        {"full_name": "N", "password": PASSWORD},
        opens_an_invitation,
    ),
    Page(
        limits.REAUTHENTICATE,
        "/account/address",
        {"email": "neha@malabar.example", **SECRET},
        comes_in,
        "/account",
    ),
    Page(
        limits.CHANGE_ADDRESS,
        "/account/address",
        {"email": "neha@malabar.example", **SECRET},
        comes_in,
        "/account",
    ),
    Page(
        limits.REAUTHENTICATE,
        "/account/password",
        {"current_password": PASSWORD, "new_password": NEW, "code": ""},
        comes_in,
        "/account",
    ),
    Page(
        limits.VERIFICATION_MAIL, "/account/verification", {}, comes_in, "/account", is_form=False
    ),
    Page(limits.REAUTHENTICATE, "/account/security/set-up", SECRET, comes_in),
    Page(
        limits.REAUTHENTICATE,
        "/account/security/confirm",
        {"code": "123456"},
        has_begun_a_set_up,
        "/account",
    ),
    Page(limits.REAUTHENTICATE, "/account/security/codes", SECRET, comes_in),
    Page(limits.REAUTHENTICATE, "/account/security/off", SECRET, comes_in),
    Page(
        limits.REAUTHENTICATE,
        "/account/api-keys/new",
        {"name": "Website", "scopes": "read", "expires_in_days": "30", **SECRET},
        comes_in,
    ),
    Page(limits.INVITE_MAIL, "/team", {"email": "neha@malabar.example", "role": "agent"}, comes_in),
]


@pytest.mark.parametrize(
    ("page", "per"),
    [
        pytest.param(page, per, id=f"{page.path} {page.throttle.name} {per}")
        for page in PAGES
        for per in (["address", "overall"] if page is PAGES[0] else ["address"])
    ],
)
def test_a_page_explains_a_rate_limit(narrow: Flask, alice: Person, page: Page, per: str) -> None:
    browser = narrow.test_client()
    page.begin(browser, alice)
    token = csrf(browser, page.token_from or page.path)
    fill(narrow, page.throttle, per, alice.email, alice)
    answer = page.send(browser, token)
    assert answer.status_code == 429, answer.headers.get("Location")
    assert "Too many requests. " in answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    assert ('name="csrf_token"' in answer.text) or not page.is_form
    assert PASSWORD not in answer.text
    fragment = page.send(browser, token, **{"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (429, "#alerts")
    assert "Too many requests. " in fragment.text
    assert int(fragment.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("path", "throttle"),
    [
        ("/reset-password", limits.ONE_TIME_TOKEN),
        ("/verify-email", limits.ONE_TIME_TOKEN),
        ("/accept-invite", limits.INVITE_LOOKUP),
    ],
)
def test_opening_a_link_too_often_is_reported(
    narrow: Flask, alice: Person, path: str, throttle: Throttle
) -> None:
    browser = narrow.test_client()
    browser.get(path, query_string={"token": a_token()})
    fill(narrow, throttle, "address", "", alice)
    answer = browser.get(path)
    assert answer.status_code == 429
    assert "Too many requests. " in answer.text
    assert int(answer.headers["Retry-After"]) >= 1
