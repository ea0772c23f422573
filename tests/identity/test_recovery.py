"""Address confirmation and forgotten passwords on pages and API.

Notices, ended sessions, and no hint whether an address is known.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import mailbox
from tests.identity import authenticators
from tests.identity.conftest import Events
from tests.identity.test_sessions import Sql, fresh_address
from tests.identity.test_views import submit
from tests.mail.test_secrecy import lines  # noqa: F401 - a fixture
from tests.people import PASSWORD, ApiClient, People, Person
from voyagent.factory import create_app
from voyagent.kernel.config import Settings

NEW = "Quiet-compass-77"


@pytest.fixture
def anyone(app: Flask) -> ApiClient:
    return ApiClient(app.test_client(), None)


@pytest.fixture(scope="module")
def strict(settings: Settings) -> Flask:
    """The installation with confirmation of addresses before sign-in."""
    return create_app(settings.model_copy(update={"auth_skip_email_verification": False}))


@pytest.fixture
def uma(strict: Flask) -> Person:
    """A person who has just signed up and not confirmed her address."""
    return People(strict).sign_up("Uma Unconfirmed", agency="Uma Travels")


def stable_content(answer: Any) -> dict[str, Any]:
    """Return a JSON response without the parts that differ between requests."""
    return {name: value for name, value in answer.json.items() if name != "request_id"}


def ask(client: ApiClient, email: str) -> Any:
    return client.post("/auth/request-password-reset", json={"email": email})


def choose(client: ApiClient, token: str, password: str = NEW) -> Any:
    return client.post("/auth/reset-password", json={"token": token, "new_password": password})


def sign_in(client: ApiClient, email: str, password: str) -> int:
    return client.post("/auth/sign-in", json={"email": email, "password": password}).status_code


def reset_link(app: Flask, client: ApiClient, person: Person) -> mailbox.Received:
    assert ask(client, person.email).status_code == 200
    return mailbox.newest(app, to=person.email, kind="reset_password")


def go(browser: FlaskClient, link: str) -> Any:
    """Open a mailed link as a browser does."""
    parts = urlsplit(link)
    return browser.get(f"{parts.path}?{parts.query}")


# Confirming an address
# --------------------------------------------------------------------------------


def test_sign_up_mails_a_link_to_confirm_the_address(
    strict: Flask, uma: Person, sql: Sql, events: Events
) -> None:
    client = ApiClient(strict.test_client(), None)
    assert uma.api.get("/auth/me").json["email_verified"] is False
    refused = client.post("/auth/sign-in", json={"email": uma.email, "password": PASSWORD})
    assert (refused.status_code, refused.json["detail"]) == (401, "email_not_verified")
    mail = mailbox.newest(strict, to=uma.email, kind="verify_email")
    assert mail.link == f"http://127.0.0.1:5000/verify-email?token={mail.token}"
    answer = client.post("/auth/verify-email", json={"token": mail.token, "unknown": 1})
    assert (answer.status_code, answer.json) == (200, {"verified": True})
    assert uma.api.get("/auth/me").json["email_verified"] is True
    assert sign_in(client, uma.email, PASSWORD) == 200
    (event,) = events(uma, "auth.email_verified")
    assert (event["actor_id"], event["inputs"], event["channel"]) == (
        uma.actor.user_id,
        {"email": uma.email},
        "api",
    )
    assert len(events(uma, "auth.verification_sent")) == 1
    again = client.post("/auth/verify-email", json={"token": mail.token})
    assert (again.status_code, again.json["detail"]) == (400, "token_invalid")


def test_the_development_setting_sends_no_link(app: Flask, alice: Person) -> None:
    assert mailbox.received(app, to=alice.email) == []
    assert alice.api.get("/auth/me").json["email_verified"] is True


def test_the_confirmation_link_is_mailed_again_on_request(
    app: Flask, alice: Person, victor: Person, events: Events
) -> None:
    for person in (alice, victor):
        answer = person.api.post("/auth/send-verification-email")
        assert (answer.status_code, answer.json) == (200, {"queued": True})
        assert mailbox.newest(app, to=person.email, kind="verify_email").token
    assert len(events(alice, "auth.verification_sent")) == 2


def test_verification_mails_are_limited_per_address(alice: Person, bob: Person) -> None:
    statuses = [alice.api.post("/auth/send-verification-email").status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    refused = alice.api.post("/auth/send-verification-email")
    assert (refused.json["detail"], int(refused.headers["Retry-After"]) > 0) == (
        "too_many_requests",
        True,
    )
    assert bob.api.post("/auth/send-verification-email").status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"token": ""}, {"token": "x" * 129}, {"token": 7}, {"token": None}]
)
def test_email_verification_refuses_an_invalid_token(
    anyone: ApiClient, body: dict[str, Any]
) -> None:
    answer = anyone.post("/auth/verify-email", json=body)
    assert (answer.status_code, [item["loc"] for item in answer.json["detail"]]) == (
        422,
        [["body", "token"]],
    )


def test_only_the_button_of_the_page_confirms_the_address(
    strict: Flask, uma: Person, sql: Sql
) -> None:
    browser = strict.test_client()
    link = mailbox.newest(strict, to=uma.email, kind="verify_email")
    answer = go(browser, link.link)
    assert (answer.status_code, answer.headers["Location"], answer.headers["Referrer-Policy"]) == (
        303,
        "/verify-email",
        "no-referrer",
    )
    page = browser.get("/verify-email")
    assert (page.status_code, link.token in page.text, uma.email in page.text) == (200, False, True)
    assert (
        sql("select email_verified from users where id = :id", id=uma.actor.user_id)[0][
            "email_verified"
        ]
        is False
    )
    assert submit(browser, "/verify-email").status_code == 422, "the password is missing"
    answer = submit(browser, "/verify-email", password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert f"{uma.email} confirmed." in browser.get("/sign-in").text
    assert (
        sql("select email_verified from users where id = :id", id=uma.actor.user_id)[0][
            "email_verified"
        ]
        is True
    )
    go(browser, link.link)
    dead = browser.get("/verify-email")
    assert (dead.status_code, "has expired or was already used" in dead.text) == (400, True)


def test_the_link_works_in_a_signed_in_browser(app: Flask, alice: Person) -> None:
    alice.api.post("/auth/send-verification-email")
    browser = alice.browser
    go(browser, mailbox.newest(app, to=alice.email, kind="verify_email").link)
    answer = submit(browser, "/verify-email")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert 'href="/account"' in browser.get("/verify-email").text, "the way on from a dead link"


def test_the_button_of_an_expired_link_reports_the_expiry(
    app: Flask, strict: Flask, uma: Person
) -> None:
    browser, link = strict.test_client(), mailbox.newest(strict, to=uma.email, kind="verify_email")
    go(browser, link.link)
    page = browser.get("/verify-email")
    assert page.status_code == 200
    ApiClient(app.test_client(), None).post("/auth/verify-email", json={"token": link.token})
    token = page.text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    answer = browser.post("/verify-email", data={"csrf_token": token})
    assert (answer.status_code, "has expired or was already used" in answer.text) == (400, True)


def test_an_unconfirmed_user_can_request_the_link_again_at_sign_in(
    strict: Flask, uma: Person
) -> None:
    browser = strict.test_client()
    wrong = submit(browser, "/sign-in", email=uma.email, password="Harbour-lantern-43")
    assert "Resend link" not in wrong.text
    assert submit(browser, "/verify-email/again", token_from="/sign-in").status_code == 303
    assert len(mailbox.received(strict, to=uma.email, kind="verify_email")) == 1
    right = submit(browser, "/sign-in", email=uma.email.upper(), password=PASSWORD)
    assert right.status_code == 422
    assert "Please confirm your address first" in right.text
    assert "Resend link" in right.text
    answer = submit(browser, "/verify-email/again", token_from="/sign-in")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert "Link sent again." in browser.get("/sign-in").text
    assert len(mailbox.received(strict, to=uma.email, kind="verify_email")) == 2
    statuses = [
        submit(browser, "/verify-email/again", token_from="/sign-in").status_code for _ in range(10)
    ]
    assert statuses == [303] * 9 + [429]


def test_no_further_link_is_mailed_to_a_confirmed_address(strict: Flask, uma: Person) -> None:
    browser = strict.test_client()
    submit(browser, "/sign-in", email=uma.email, password=PASSWORD)
    link = mailbox.newest(strict, to=uma.email, kind="verify_email")
    assert (
        ApiClient(strict.test_client(), None)
        .post("/auth/verify-email", json={"token": link.token})
        .status_code
        == 200
    )
    assert submit(browser, "/verify-email/again", token_from="/sign-in").status_code == 303
    assert len(mailbox.received(strict, to=uma.email, kind="verify_email")) == 1


# Asking for a new password
# --------------------------------------------------------------------------------


def test_a_reset_ends_all_sessions_and_starts_none(
    app: Flask, anyone: ApiClient, alice: Person, bob: Person, events: Events
) -> None:
    browser = alice.browser
    mail = reset_link(app, anyone, alice)
    assert mail.link == f"http://127.0.0.1:5000/reset-password?token={mail.token}"
    answer = choose(anyone, mail.token)
    assert (answer.status_code, answer.json) == (200, {"reset": True})
    assert alice.api.get("/auth/me").status_code == 401
    assert browser.get("/team").status_code == 303
    assert (
        anyone.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).status_code == 401
    )
    assert (sign_in(anyone, alice.email, PASSWORD), sign_in(anyone, alice.email, NEW)) == (401, 200)
    assert bob.api.get("/auth/me").status_code == 200
    assert mailbox.newest(app, to=alice.email, kind="password_changed")
    requested, done, ended = (
        events(alice, kind)[0]
        for kind in ("auth.reset_requested", "auth.password_reset", "session.ended")
    )
    assert (requested["actor_kind"], requested["entity_refs"]) == (
        "system",
        {"user_id": str(alice.actor.user_id)},
    )
    assert (done["actor_id"], ended["inputs"]) == (
        alice.actor.user_id,
        {"reason": "password_reset"},
    )
    assert not {mail.token, NEW} & set(str([dict(event) for event in events(alice)]).split("'"))


def test_a_reset_does_not_confirm_the_address(strict: Flask, uma: Person) -> None:
    client = ApiClient(strict.test_client(), None)
    assert choose(client, reset_link(strict, client, uma).token).status_code == 200
    answer = client.post("/auth/sign-in", json={"email": uma.email, "password": NEW})
    assert (answer.status_code, answer.json["detail"]) == (401, "email_not_verified")


def test_a_reset_does_not_change_two_factor(
    app: Flask, anyone: ApiClient, alice: Person, sql: Sql
) -> None:
    sql(
        "update users set totp_enabled = true, totp_secret = 'sealed' where id = :id",
        id=alice.actor.user_id,
    )
    assert choose(anyone, reset_link(app, anyone, alice).token).status_code == 200
    (row,) = sql(
        "select totp_enabled, totp_secret from users where id = :id", id=alice.actor.user_id
    )
    assert (row["totp_enabled"], bytes(row["totp_secret"])) == (True, b"sealed")
    answer = anyone.post("/auth/sign-in", json={"email": alice.email, "password": NEW})
    assert (answer.status_code, answer.json["detail"]) == (401, "totp_required")


@pytest.mark.parametrize("uses_link", [True, False])
def test_a_reset_keeps_the_second_factor_once_a_mailed_link_was_used(
    app: Flask, anyone: ApiClient, alice: Person, sql: Sql, *, uses_link: bool
) -> None:
    """An invited person has no proven address; switching two-factor on mails the link."""
    sql("update users set email_proven = false where id = :id", id=alice.actor.user_id)
    authenticators.switch_on(alice)
    mail = mailbox.newest(app, to=alice.email, kind="verify_email")
    if uses_link:
        assert anyone.post("/auth/verify-email", json={"token": mail.token}).status_code == 200
    assert choose(anyone, reset_link(app, anyone, alice).token).status_code == 200
    told = mailbox.newest(app, to=alice.email, kind="password_changed").text
    assert ("recovery codes were switched off" in told) is not uses_link
    assert sign_in(anyone, alice.email, NEW) == (401 if uses_link else 200)


def test_a_person_with_a_proven_address_gets_no_link(app: Flask, alice: Person, sql: Sql) -> None:
    sql("update users set email_proven = true where id = :id", id=alice.actor.user_id)
    authenticators.switch_on(alice)
    assert mailbox.received(app, to=alice.email, kind="verify_email") == []


def test_the_page_says_that_a_reset_would_end_the_second_factor(alice: Person, sql: Sql) -> None:
    browser, who = alice.browser, {"id": alice.actor.user_id}
    told = "resetting your password also switches two-factor sign-in off"
    for is_on, is_proven in ((True, False), (True, True), (False, False)):
        sql(
            "update users set totp_enabled = :on, email_proven = :proven,"
            " totp_secret = case when :on then cast('sealed' as bytea) end where id = :id",
            **who,
            on=is_on,
            proven=is_proven,
        )
        page = browser.get("/account/security")
        assert page.status_code == 200
        assert (told in page.text) == (is_on and not is_proven)
    answer = submit(browser, "/account/verification", token_from="/account/security")
    assert answer.status_code == 303
    assert mailbox.received(alice.app, to=alice.email, kind="verify_email")


def test_a_reset_unlocks_a_rate_limited_account(
    app: Flask, anyone: ApiClient, alice: Person
) -> None:
    assert [sign_in(anyone, alice.email, "Harbour-lantern-43") for _ in range(11)] == [401] * 10 + [
        429
    ]
    assert sign_in(anyone, alice.email, PASSWORD) == 429
    choose(anyone, reset_link(app, anyone, alice).token)
    assert sign_in(anyone, alice.email, NEW) == 200


def test_a_refused_password_does_not_use_up_the_token(
    app: Flask, anyone: ApiClient, alice: Person
) -> None:
    token = reset_link(app, anyone, alice).token
    for password in ("short1", "onlylettershere", "123456781234", "x" * 129):
        answer = choose(anyone, token, password)
        assert (answer.status_code, answer.json["detail"][0]["loc"]) == (
            422,
            ["body", "new_password"],
        )
        assert password not in answer.text
    for password, code in (
        ("password1234", "password_common"),
        ("alice-travels-2026", "password_common"),
        (" " * 20, "password_blank"),
    ):
        answer = choose(anyone, token, password)
        assert (answer.status_code, answer.json["detail"]) == (
            400,
            {"error": "password_too_weak", "code": code},
        )
    assert choose(anyone, token).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "x"},
        {"email": None},
        {"email": ["a@b.example", "c@d.example"]},
        {"email": "a@b.example", "more": 1},
    ],
)
def test_a_reset_request_with_an_invalid_body_is_refused(
    anyone: ApiClient, body: dict[str, Any]
) -> None:
    assert anyone.post("/auth/request-password-reset", json=body).status_code == 422


def test_reset_mails_are_limited_per_known_or_unknown_address(
    anyone: ApiClient, alice: Person
) -> None:
    for email in (alice.email, fresh_address()):
        answers = [ask(anyone, email) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert answers[-1].json["detail"] == "too_many_requests"
        assert int(answers[-1].headers["Retry-After"]) > 0


def test_the_mail_is_sent_to_the_stored_address_with_the_public_url(
    app: Flask, anyone: ApiClient, alice: Person
) -> None:
    answer = anyone.post(
        "/auth/request-password-reset",
        json={"email": alice.email.upper()},
        headers={"Host": "evil.example"},
    )
    assert answer.status_code == 200
    assert mailbox.newest(app, to=alice.email, kind="reset_password").link.startswith(
        "http://127.0.0.1:5000/"
    )


# Unknown addresses are not revealed
# --------------------------------------------------------------------------------


def test_a_reset_request_has_the_same_response_for_an_unknown_address(
    app: Flask, anyone: ApiClient, alice: Person
) -> None:
    known, unknown = ask(anyone, alice.email), ask(anyone, fresh_address())
    assert known.status_code == unknown.status_code == 200
    assert stable_content(known) == stable_content(unknown) == {"queued": True, "debug_token": None}
    assert set(known.headers.keys()) == set(unknown.headers.keys())
    browser, pages = app.test_client(), []
    for email in (alice.email, fresh_address()):
        submit(browser, "/forgot-password", email=email)
        pages.append(browser.get("/forgot-password").text.replace(email, "…"))
    csrf = [page.partition('name="csrf-token" content="')[2].partition('"')[0] for page in pages]
    assert pages[0].replace(csrf[0], "…") == pages[1].replace(csrf[1], "…")


def test_a_reset_request_does_the_same_work_for_an_unknown_address(
    anyone: ApiClient, alice: Person, statements: list[str]
) -> None:
    work = []
    for email in (alice.email, fresh_address()):
        statements.clear()
        assert ask(anyone, email).status_code == 200
        work.append(list(statements))
    assert work[0] == work[1]
    assert work[0], "the request is queued"


def test_a_reset_request_takes_the_same_time_for_an_unknown_address(
    people: People, anyone: ApiClient
) -> None:
    known = [people.sign_up("Kim Known", agency="Kim Tours").email for _ in range(8)]
    unknown = [fresh_address() for _ in range(8)]
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for round_ in range(5):
        for kind, addresses in (
            (("known", known), ("unknown", unknown))
            if round_ % 2
            else (("unknown", unknown), ("known", known))
        ):
            for email in addresses:
                began = time.perf_counter()
                ask(anyone, email)
                took[kind].append(time.perf_counter() - began)
    first, second = (statistics.median(times) for times in took.values())
    assert abs(first - second) < max(0.25 * max(first, second), 0.004), (first, second)


# In the browser
# --------------------------------------------------------------------------------


def test_a_forgotten_password_can_be_reset_in_the_browser(app: Flask, alice: Person) -> None:
    browser = app.test_client()
    assert "/forgot-password" in browser.get("/sign-in").text
    answer = submit(browser, "/forgot-password", email=alice.email)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/forgot-password")
    assert (
        f"If {alice.email} has an account, we have sent a link"
        in browser.get("/forgot-password").text
    )
    assert alice.email not in browser.get("/forgot-password").text
    link = mailbox.newest(app, to=alice.email, kind="reset_password")
    answer = go(browser, link.link)
    assert (answer.status_code, answer.headers["Location"], answer.headers["Referrer-Policy"]) == (
        303,
        "/reset-password",
        "no-referrer",
    )
    page = browser.get("/reset-password")
    assert (page.status_code, link.token in page.text, alice.email in page.text) == (
        200,
        False,
        True,
    )
    refused = submit(browser, "/reset-password", new_password="password1234")
    assert (
        refused.status_code,
        "easy to guess" in refused.text,
        "password1234" in refused.text,
    ) == (422, True, False)
    answer = submit(browser, "/reset-password", new_password=NEW)
    with browser.session_transaction() as stored:
        assert link.token not in str(dict(stored))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert "Password changed. Sign in with" in browser.get("/sign-in").text
    assert submit(browser, "/sign-in", email=alice.email, password=NEW).headers["Location"] == "/"
    go(browser, link.link)
    dead = browser.get("/reset-password")
    assert (dead.status_code, "Send new link" in dead.text) == (400, True)


@pytest.mark.parametrize(
    ("email", "words"), [("", "Enter your address."), ("no address", "Enter an address such as")]
)
def test_a_refused_form_keeps_its_input(app: Flask, email: str, words: str) -> None:
    answer = submit(app.test_client(), "/forgot-password", email=email)
    assert (answer.status_code, words in answer.text, f'value="{email}"' in answer.text) == (
        422,
        True,
        True,
    )


@pytest.mark.parametrize(
    "path", ["/verify-email", "/verify-email/again", "/forgot-password", "/reset-password"]
)
def test_every_form_of_a_link_requires_a_csrf_token(app: Flask, path: str) -> None:
    assert (
        app.test_client().post(path, data={"email": "a@b.example", "new_password": NEW}).status_code
        == 400
    )


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password"])
def test_the_page_without_a_token_offers_no_action(app: Flask, path: str) -> None:
    page = app.test_client().get(path)
    assert (page.status_code, "has expired or was already used" in page.text) == (400, True)


# No token in a log
# --------------------------------------------------------------------------------


def test_no_token_password_or_address_is_logged(
    app: Flask,
    alice: Person,
    lines: Callable[[], str],  # noqa: F811 - the fixture
) -> None:
    client, browser, unknown = (
        ApiClient(app.test_client(), None),
        app.test_client(),
        fresh_address(),
    )
    secrets = [NEW]
    for _ in range(2):
        ask(client, alice.email)
        ask(client, unknown)
        alice.api.post("/auth/send-verification-email")
        secrets += [
            mailbox.newest(app, to=alice.email, kind=kind).token
            for kind in ("reset_password", "verify_email")
        ]
    verify_api, verify_page = (
        mail.token for mail in mailbox.received(app, to=alice.email, kind="verify_email")
    )
    reset_page, reset_api = (
        mail.token for mail in mailbox.received(app, to=alice.email, kind="reset_password")
    )
    client.get(f"/auth/verify-email?token={verify_page}")
    for path, token in (
        ("/verify-email", verify_page),
        ("/reset-password", reset_page),
        ("/accept-invite", reset_page),
        ("/nowhere", reset_page),
    ):
        browser.get(f"{path}?token={token}")
        browser.get(path)
    submit(browser, "/reset-password", new_password=NEW)
    for token in (verify_api, verify_api):
        client.post("/auth/verify-email", json={"token": token})
    for token in (reset_api, "y" * 43):
        choose(client, token)
    log = lines()
    for expected in (
        '"route": "/verify-email"',
        '"route": "/reset-password"',
        '"route": "/api/auth/reset-password"',
        "mail.sent",
        "unknown_address",
    ):
        assert expected in log, expected
    assert [secret for secret in secrets if secret in log] == []
    # The library that talks to the database may be asked to write its parameters down; the
    # program's own lines have no address.
    assert not [
        line
        for line in log.splitlines()
        if line.startswith("{") and (unknown in line or alice.email in line)
    ]
