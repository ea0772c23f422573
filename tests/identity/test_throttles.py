"""Rate limits on pages and API: what is counted, and before which check."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.identity.test_invites import invite
from tests.identity.test_one_time import token_for
from tests.identity.test_sessions import act, fresh_address
from tests.people import PASSWORD, ApiClient, Person, csrf
from voyagent.factory import create_app
from voyagent.identity.queries import people
from voyagent.identity.rules.passwords import Passwords, PasswordsBusy
from voyagent.identity.service import signing_in
from voyagent.identity.service.errors import InvalidCredentials
from voyagent.identity.service.one_time import Purpose
from voyagent.identity.service.values import Device, Identity
from voyagent.kernel.actor import Channel
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db
from voyagent.kernel.errors import TooManyRequests

WRONG = "Harbour-lantern-43"
API = Device(Channel.API, ip="198.51.100.7")
Ask = Callable[[ApiClient], TestResponse]


@pytest.fixture
def anyone(app: Flask) -> ApiClient:
    return ApiClient(app.test_client(), None)


@pytest.fixture
def narrow(settings: Settings) -> Iterator[Flask]:
    """The application with a hundredth of the limits per client address.

    Each limit admits at least one attempt.
    """
    yield from with_scale(settings, 0.01)


@pytest.fixture
def unscaled(settings: Settings) -> Iterator[Flask]:
    """The application with the limits of production."""
    yield from with_scale(settings, 1)


def with_scale(settings: Settings, scale: float) -> Iterator[Flask]:
    made = create_app(settings.model_copy(update={"limit_scale": scale}))
    yield made
    made.extensions["voyagent.auth_adapter"].lane.close()
    with made.app_context():
        db.engine.dispose()


def sign_in(client: ApiClient, email: str, password: str = WRONG) -> TestResponse:
    return client.post("/auth/sign-in", json={"email": email, "password": password})


def comparable(answer: TestResponse) -> tuple[int, dict[str, Any], set[str]]:
    """Return the parts of a response that could reveal whether an address is known."""
    return (
        answer.status_code,
        {name: value for name, value in answer.json.items() if name != "request_id"},
        set(answer.headers.keys()),
    )


# Per account
# --------------------------------------------------------------------------------


def test_after_ten_wrong_passwords_no_password_is_checked(anyone: ApiClient, alice: Person) -> None:
    assert [sign_in(anyone, alice.email).status_code for _ in range(10)] == [401] * 10
    for password in (WRONG, PASSWORD):
        refused = sign_in(anyone, alice.email.upper(), password)
        assert (refused.status_code, refused.json["detail"]) == (429, "too_many_requests")
        assert 50 <= int(refused.headers["Retry-After"]) <= 60


def test_known_and_unknown_addresses_get_the_same_response_each_time(
    anyone: ApiClient, alice: Person
) -> None:
    stranger = fresh_address()
    for _ in range(12):
        known, unknown = sign_in(anyone, alice.email), sign_in(anyone, stranger)
        assert comparable(known) == comparable(unknown)
    assert known.status_code == 429


def test_attempts_on_pages_and_api_are_counted_together(
    app: Flask, anyone: ApiClient, alice: Person
) -> None:
    browser = app.test_client()
    token = csrf(browser, "/sign-in")
    for _ in range(5):
        assert sign_in(anyone, alice.email).status_code == 401
        assert (
            browser.post(
                "/sign-in", data={"email": alice.email, "password": WRONG, "csrf_token": token}
            ).status_code
            == 422
        )
    assert sign_in(anyone, alice.email).status_code == 429
    answer = browser.post(
        "/sign-in", data={"email": alice.email, "password": PASSWORD, "csrf_token": token}
    )
    assert answer.status_code == 429
    assert 50 <= int(answer.headers["Retry-After"]) <= 60
    assert (
        f"Too many requests. Try again in {answer.headers['Retry-After']} seconds." in answer.text
    )
    assert f'value="{alice.email}"' in answer.text
    assert PASSWORD not in answer.text


def test_a_successful_sign_in_is_not_counted(anyone: ApiClient, alice: Person) -> None:
    assert [sign_in(anyone, alice.email, PASSWORD).status_code for _ in range(15)] == [200] * 15


def test_a_locked_address_does_not_lock_others(
    anyone: ApiClient, alice: Person, bob: Person
) -> None:
    for _ in range(11):
        sign_in(anyone, alice.email)
    assert sign_in(anyone, bob.email, PASSWORD).status_code == 200
    assert alice.api.get("/auth/me").status_code == 200


def from_address(app: Flask, address: str, token: str | None = None) -> ApiClient:
    """Return a client with its own client address."""
    client = app.test_client()
    client.environ_base = {**client.environ_base, "REMOTE_ADDR": address}
    return ApiClient(client, token)


def test_guesses_from_another_address_do_not_lock_the_owner_out(app: Flask, alice: Person) -> None:
    home, stranger, cafe = (
        from_address(app, address) for address in ("203.0.113.7", "198.51.100.7", "203.0.113.99")
    )
    assert sign_in(home, alice.email, PASSWORD).status_code == 200
    assert [sign_in(stranger, alice.email).status_code for _ in range(11)] == [401] * 10 + [429]
    assert sign_in(home, alice.email, PASSWORD).status_code == 200
    body = {"password": PASSWORD}
    assert (
        from_address(app, "203.0.113.7", alice.access_token)
        .post("/auth/reauthenticate", json=body)
        .status_code
        == 200
    )
    assert (
        sign_in(cafe, alice.email, PASSWORD).status_code == 429
    )  # where she has never come in from she is a stranger too
    assert [sign_in(home, alice.email).status_code for _ in range(11)] == [401] * 10 + [429]


def test_an_invalid_request_is_not_counted(anyone: ApiClient, alice: Person) -> None:
    for _ in range(12):
        assert (
            anyone.post("/auth/sign-in", json={"email": alice.email, "password": 7}).status_code
            == 422
        )
    assert sign_in(anyone, alice.email, PASSWORD).status_code == 200


class CountingPasswords(Passwords):
    """The real password hasher, with a count of its calls."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.asked: list[str] = []

    def verify(self, stored: str | None, password: str) -> bool:
        self.asked.append(password)
        return super().verify(stored, password)


@pytest.mark.parametrize("known", [True, False])
def test_ten_of_64_parallel_wrong_passwords_are_hashed(
    app: Flask, alice: Person, known: bool
) -> None:
    ours: Identity = app.extensions["voyagent.identity"]
    identity = replace(ours, passwords=CountingPasswords(ours.settings))
    email, everybody = alice.email if known else fresh_address(), threading.Barrier(64)

    def guess(number: int) -> type[Exception]:
        everybody.wait()
        try:
            act(
                app,
                signing_in.sign_in,
                identity,
                email=email,
                password=f"Guess-number-{number}",
                device=API,
            )
        except (InvalidCredentials, TooManyRequests) as error:
            return InvalidCredentials if isinstance(error, InvalidCredentials) else TooManyRequests
        raise AssertionError("a guess was right")

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(guess, range(64)))
    assert len(identity.passwords.asked) == 10
    assert answers.count(InvalidCredentials) == 10


def test_720_tries_at_one_account_stop_nobody_else(unscaled: Flask, bob: Person) -> None:
    """Twelve addresses try sixty times each.

    These are more than all attempts of a minute together.
    """
    stranger = fresh_address()
    for number in range(12):
        guesser = from_address(unscaled, f"198.51.100.{number + 20}")
        for _ in range(60):
            assert sign_in(guesser, stranger).status_code in (401, 429)
            reset = guesser.post("/auth/request-password-reset", json={"email": stranger})
            assert reset.status_code in (200, 429)
    elsewhere = from_address(unscaled, "203.0.113.200")
    assert sign_in(elsewhere, bob.email, PASSWORD).status_code == 200
    reset = elsewhere.post("/auth/request-password-reset", json={"email": bob.email})
    assert reset.status_code == 200


# Per client address
# --------------------------------------------------------------------------------


def refresh(client: ApiClient) -> TestResponse:
    return client.post("/auth/refresh", json={"refresh_token": secrets.token_urlsafe(32)})


def sign_up(client: ApiClient) -> TestResponse:
    return client.post(
        "/auth/sign-up",
        json={
            "email": fresh_address(),
            "password": PASSWORD,
            "full_name": "Neha",
            "agency_name": "Malabar",
        },
    )


def look_up(client: ApiClient) -> TestResponse:
    return client.get("/auth/invites/lookup", query_string={"token": secrets.token_urlsafe(32)})


def accept(client: ApiClient) -> TestResponse:
    return client.post(
        "/auth/accept-invite",
        json={"token": secrets.token_urlsafe(32), "password": PASSWORD, "full_name": "Neha"},
    )


@pytest.mark.parametrize(
    ("ask", "allowed"),
    [
        (lambda client: sign_in(client, fresh_address()), 1),
        (refresh, 3),
        (sign_up, 1),
        (look_up, 1),
        (accept, 1),
    ],
    ids=["sign-in", "refresh", "sign-up", "look-up", "accept"],
)
def test_the_limit_of_a_client_address_does_not_affect_others(
    narrow: Flask, ask: Ask, allowed: int
) -> None:
    def asking_from(address: str) -> ApiClient:
        client = narrow.test_client()
        client.environ_base = {**client.environ_base, "REMOTE_ADDR": address}
        return ApiClient(client, None)

    busy, other = asking_from("198.51.100.7"), asking_from("198.51.100.8")
    statuses = [ask(busy).status_code for _ in range(allowed + 2)]
    assert 429 not in statuses[:allowed]
    assert statuses[allowed:] == [429, 429]
    refused = ask(busy)
    assert refused.json["detail"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert ask(other).status_code != 429


def test_a_rate_limited_token_is_not_used_up(narrow: Flask, alice: Person) -> None:
    client = ApiClient(narrow.test_client(), None)
    for _ in range(3):
        refresh(client)
    assert (
        client.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).status_code == 429
    )
    assert (
        alice.api.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).status_code
        == 200
    )


BUSY: dict[str, Callable[[Flask, Person], dict[str, str]]] = {
    "/auth/sign-in": lambda _app, alice: {"email": alice.email, "password": PASSWORD},
    "/auth/reauthenticate": lambda _app, _alice: {"password": PASSWORD},
    "/auth/sign-up": lambda _app, _alice: {
        "email": fresh_address(),
        "password": PASSWORD,
        "full_name": "Neha Kulkarni",
        "agency_name": "Malabar Gulf",
    },
    "/auth/reset-password": lambda _app, alice: {
        "token": token_for(alice, Purpose.RESET_PASSWORD),
        "new_password": WRONG,
    },
    "/auth/accept-invite": lambda app, alice: {
        "token": invite(app, alice, fresh_address())[1],
        "password": PASSWORD,
        "full_name": "Joy Joiner",
    },
}


@pytest.mark.parametrize("path", BUSY)
def test_an_attempt_refused_because_hashing_is_busy_uses_up_no_rate_limit(
    narrow: Flask, app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = ApiClient(narrow.test_client(), alice.access_token)
    body = BUSY[path](app, alice)

    def busy(*_arguments: object) -> None:
        raise PasswordsBusy

    with monkeypatch.context() as patch:
        for name in ("hash", "verify"):
            patch.setattr(Passwords, name, busy)
        answers = [client.post(path, json=body) for _ in range(4)]
    assert [(one.status_code, one.json["detail"]) for one in answers] == [
        (503, "passwords_busy")
    ] * 4
    assert client.post(path, json=body).status_code in {200, 201}


def test_a_rate_limited_form_keeps_its_input(narrow: Flask) -> None:
    browser = narrow.test_client()
    fields = {"email": fresh_address(), "full_name": "Neha Kulkarni", "agency_name": "Malabar Gulf"}
    token = csrf(browser, "/sign-up")
    sign_up(ApiClient(narrow.test_client(), None))
    answer = browser.post("/sign-up", data={**fields, "password": PASSWORD, "csrf_token": token})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    for typed in (fields["email"], "Neha Kulkarni", "Malabar Gulf"):
        assert f'value="{typed}"' in answer.text
    assert act(narrow, people.find_account, fields["email"]) is None


def test_opening_an_invitation_too_often_shows_the_time_to_wait(
    narrow: Flask, app: Flask, alice: Person
) -> None:
    _, token = invite(app, alice, fresh_address())
    browser = narrow.test_client()
    browser.get("/accept-invite", query_string={"token": token})
    assert browser.get("/accept-invite").status_code == 200
    again = browser.get("/accept-invite")
    assert again.status_code == 429
    assert int(again.headers["Retry-After"]) >= 1
    assert "Too many requests" in again.text


# API document
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/sign-in"),
        ("post", "/sign-up"),
        ("post", "/refresh"),
        ("get", "/invites/lookup"),
        ("post", "/accept-invite"),
    ],
)
def test_the_api_document_describes_rate_limits(anyone: ApiClient, method: str, path: str) -> None:
    described = anyone.get("/openapi.json").json["paths"][f"/api/auth{path}"][method]["responses"][
        "429"
    ]
    assert "too_many_requests" in described["description"]
    assert described["headers"]["Retry-After"]["schema"] == {"type": "integer"}
