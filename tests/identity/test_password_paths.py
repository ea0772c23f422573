"""All operations that set a password refuse common ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.identity.test_invites import invite
from tests.identity.test_sessions import fresh_address
from tests.identity.test_views import submit
from tests.people import PASSWORD, ApiClient, Person
from voyagent.identity.service.one_time import Purpose, issue
from voyagent.routes import APIS

COMMON = [
    "password1234",
    "PassWord1234",
    "voyagent12345",
    "123456789012a",
    "alice-travels-2026",
    "2026!liverpool!2026",
    "qwertyuiop12",
]
BROKEN = ["Short-word1", "x1" * 65, "onlylettershere", "123456781234"]
GOOD = [
    "a1a1a1a1a1a1",
    "Harbour-lantern-42",
    "Correct-horse-battery-9",
    "Aa1-" * 16,
    "four quiet harbour lanterns",
]
SPACED = "  Spaces are kept 1  "
"""A password that a path would change if it took the spaces off, or the case."""

Ready = Callable[[Person, Flask], tuple[Callable[[str], Any], str]]
"""Makes a path ready for somebody: a call that sets a password, and whose address it is."""


def _sign_up(person: Person, app: Flask) -> tuple[Callable[[str], Any], str]:
    email, client = fresh_address(), ApiClient(app.test_client(), None)
    body = {"email": email, "full_name": "Alice", "agency_name": "Alice Travels"}
    return lambda password: client.post("/auth/sign-up", json={**body, "password": password}), email


def _accept(person: Person, app: Flask) -> tuple[Callable[[str], Any], str]:
    email, client = fresh_address(), ApiClient(app.test_client(), None)
    _, token = invite(app, person, email)
    return (
        lambda password: client.post(
            "/auth/accept-invite", json={"token": token, "full_name": "Joy", "password": password}
        ),
        email,
    )


def _reset_token(person: Person) -> str:
    identity = person.app.extensions["voyagent.identity"]
    return person.does(
        lambda actor: issue(
            identity, user_id=actor.user_id, email=person.email, purpose=Purpose.RESET_PASSWORD
        )
    )


def _reset(person: Person, app: Flask) -> tuple[Callable[[str], Any], str]:
    token, client = _reset_token(person), ApiClient(app.test_client(), None)
    return (
        lambda password: client.post(
            "/auth/reset-password", json={"token": token, "new_password": password}
        ),
        person.email,
    )


def _change(person: Person, app: Flask) -> tuple[Callable[[str], Any], str]:
    client = person.api
    return (
        lambda password: client.post(
            "/auth/change-password", json={"current_password": PASSWORD, "new_password": password}
        ),
        person.email,
    )


PATHS: dict[str, Ready] = {
    "/auth/sign-up": _sign_up,
    "/auth/accept-invite": _accept,
    "/auth/reset-password": _reset,
    "/auth/change-password": _change,
}


def _page_sign_up(person: Person, app: Flask) -> Callable[[str], Any]:
    fields = {"email": fresh_address(), "full_name": "Alice", "agency_name": "Alice Travels"}
    return lambda password: submit(app.test_client(), "/sign-up", **fields, password=password)


def _page_accept(person: Person, app: Flask) -> Callable[[str], Any]:
    browser: FlaskClient = app.test_client()
    browser.get(f"/accept-invite?token={invite(app, person, fresh_address())[1]}")
    return lambda password: submit(browser, "/accept-invite", full_name="Joy", password=password)


def _page_reset(person: Person, app: Flask) -> Callable[[str], Any]:
    browser: FlaskClient = app.test_client()
    browser.get(f"/reset-password?token={_reset_token(person)}")
    return lambda password: submit(browser, "/reset-password", new_password=password)


def _page_change(person: Person, app: Flask) -> Callable[[str], Any]:
    browser = person.browser
    return lambda password: submit(
        browser,
        "/account/password",
        token_from="/account",
        current_password=PASSWORD,
        new_password=password,
    )


PAGES = {
    "/sign-up": _page_sign_up,
    "/accept-invite": _page_accept,
    "/reset-password": _page_reset,
    "/account/password": _page_change,
}


def test_all_operations_that_set_a_password_are_tested() -> None:
    """Each schema with a new password must belong to an operation tested in this file."""
    setting = {
        operation.path
        for api in APIS
        for operation in api.operations
        if operation.body is not None
        and operation.body.model_json_schema().get("properties", {}).keys()
        & {"password", "new_password"}
    }
    only_ask = {
        "/auth/sign-in",
        "/auth/sign-in-totp",
        "/auth/reauthenticate",
        "/auth/totp/disable",
        "/auth/totp/setup",
        "/auth/totp/recovery-codes",
    }
    assert setting - only_ask == set(PATHS)


@pytest.mark.parametrize("path", list(PATHS))
def test_a_refused_password_changes_nothing(app: Flask, alice: Person, path: str) -> None:
    set_password, email = PATHS[path](alice, app)
    for password in BROKEN:
        answer = set_password(password)
        assert answer.status_code == 422, password
        assert answer.json["detail"][0]["loc"][-1] in {"password", "new_password"}
    for password in (*COMMON, f"{email.partition('@')[0]}-1", f"{email.upper()}!2026"):
        answer = set_password(password)
        assert (answer.status_code, answer.json["detail"]) == (
            400,
            {"error": "password_too_weak", "code": "password_common"},
        ), password
    assert set_password("Quiet-compass-77").status_code < 300
    client = ApiClient(app.test_client(), None)
    assert (
        client.post(
            "/auth/sign-in", json={"email": email, "password": "Quiet-compass-77"}
        ).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("path", "password"),
    [
        *((path, SPACED) for path in PATHS),
        *(("/auth/change-password", password) for password in GOOD),
    ],
)
def test_a_valid_password_is_stored_exactly_as_entered(
    app: Flask, alice: Person, path: str, password: str
) -> None:
    set_password, email = PATHS[path](alice, app)
    assert set_password(password).status_code < 300
    client = ApiClient(app.test_client(), None)
    typed = [password, password.swapcase(), f"{password} "]
    assert [
        client.post("/auth/sign-in", json={"email": email, "password": word}).status_code
        for word in typed
    ] == [200, 401, 401]


@pytest.mark.parametrize("path", list(PAGES))
def test_the_page_reports_a_refused_password_at_its_field(
    app: Flask, alice: Person, path: str
) -> None:
    set_password = PAGES[path](alice, app)
    for password in (*BROKEN[:3], *COMMON):
        answer = set_password(password)
        assert answer.status_code == 422, password
        assert 'password-err">' in answer.text, password
        assert password not in answer.text
    assert set_password("Quiet-compass-77").status_code == 303
