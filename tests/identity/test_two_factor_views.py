"""Pages of two-factor authentication without JavaScript."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import segno
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests.identity.authenticators import (
    Authenticator,
    begin,
    recovery_codes,
    standing_clock,
    switch_on,
)
from tests.identity.conftest import Events
from tests.identity.test_sessions import me
from tests.people import PASSWORD, Person, csrf

Sql = Callable[..., list[sa.RowMapping]]
WRONG = "Harbour-lantern-43"
PAGE, SET_UP, CONFIRM, CODES, OFF, LEAVE = (
    f"/account/security{rest}" for rest in ("", "/set-up", "/confirm", "/codes", "/off", "/leave")
)


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with standing_clock() as traveller:
        yield traveller


@pytest.fixture
def phone(alice: Person, travel: time_machine.Traveller) -> Authenticator:
    return switch_on(alice)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def submit(client: FlaskClient, path: str, *, token_from: str | None = None, **fields: str) -> Any:
    return client.post(path, data={**fields, "csrf_token": csrf(client, token_from or path)})


def path_of(answer: Any) -> str:
    return urlsplit(answer.headers["Location"]).path


def half(client: FlaskClient, person: Person, target: str = "/team", **fields: str) -> Any:
    """Submit address and password, without the code."""
    return submit(
        client, f"/sign-in?next={target}", email=person.email, password=PASSWORD, **fields
    )


def signed_in(client: FlaskClient, person: Person, phone: Authenticator) -> FlaskClient:
    """Sign in by both pages."""
    code_page = half(client, person).headers["Location"]
    assert submit(client, code_page, code=phone.code()).status_code == 303
    return client


# Signing in
# --------------------------------------------------------------------------------


def test_password_and_code_lead_to_the_requested_page(
    browser: FlaskClient, alice: Person, phone: Authenticator, events: Events
) -> None:
    answer = half(browser, alice, "/team?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/sign-in/code?next=/team?x%3D1",
    )
    code_page = answer.headers["Location"]
    assert path_of(browser.get("/team")) == "/sign-in"  # half a sign-in opens nothing
    page = browser.get(code_page)
    assert page.status_code == 200
    assert alice.email in page.text
    assert 'autocomplete="one-time-code"' in page.text
    answer = submit(browser, code_page, code=f"{phone.code()[:3]} {phone.code()[3:]}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/team?x=1")
    assert browser.get("/team").status_code == 200
    assert [event["channel"] for event in events(alice, "auth.signed_in")] == ["browser"]


def test_a_wrong_code_is_reported_and_the_field_is_empty(
    browser: FlaskClient, alice: Person, phone: Authenticator, events: Events
) -> None:
    code_page = half(browser, alice).headers["Location"]
    answer = submit(browser, code_page, code="123456")
    assert answer.status_code == 422
    assert "This code is not valid" in answer.text
    assert "123456" not in answer.text
    assert answer.text.count("autofocus") == 1
    assert "Enter the code." in submit(browser, code_page, code="").text
    assert events(alice, "auth.totp_failed")[0]["channel"] == "browser"
    assert submit(browser, code_page, code=phone.code()).status_code == 303


def test_a_recovery_code_may_contain_a_hyphen(
    browser: FlaskClient, alice: Person, phone: Authenticator
) -> None:
    code = recovery_codes(alice, phone)[0]
    code_page = half(browser, alice).headers["Location"]
    page = browser.get(f"{code_page}&recovery=1")
    assert "Recovery code" in page.text
    assert (
        submit(
            browser, f"{code_page}&recovery=1", code=f"{code[:4].lower()}-{code[4:]}"
        ).status_code
        == 303
    )
    assert browser.get("/team").status_code == 200


def test_the_code_page_redirects_to_sign_in_without_a_password(
    browser: FlaskClient, alice: Person, phone: Authenticator
) -> None:
    assert browser.get("/sign-in/code?next=/team").headers["Location"] == "/sign-in?next=/team"
    answer = submit(browser, "/sign-in/code?next=/team", token_from="/sign-in", code=phone.code())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/team")


def test_a_code_is_refused_five_minutes_after_the_password(
    browser: FlaskClient, alice: Person, phone: Authenticator, travel: time_machine.Traveller
) -> None:
    code_page = half(browser, alice).headers["Location"]
    travel.shift(299)
    assert browser.get(code_page).status_code == 200
    travel.shift(2)
    answer = submit(browser, code_page, token_from="/sign-up", code=phone.code())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/team")
    assert "This timed out" in browser.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    "change",
    [
        "password_hash = 'another'",
        "email = 'moved-' || email",
        "totp_enabled = false",
        "is_active = false",
    ],
    ids=["password", "address", "second factor off", "removed"],
)
def test_a_change_of_the_account_ends_a_sign_in_without_code(
    browser: FlaskClient, alice: Person, phone: Authenticator, sql: Sql, change: str
) -> None:
    code_page = half(browser, alice).headers["Location"]
    sql(f"update users set {change} where id = :u", u=alice.actor.user_id)
    answer = submit(browser, code_page, code=phone.code())
    assert (answer.status_code, path_of(answer)) == (303, "/sign-in")
    assert path_of(browser.get("/team")) == "/sign-in"


def test_the_cookie_of_a_sign_in_without_code_has_no_secret(
    app: Flask, browser: FlaskClient, alice: Person, bob: Person, phone: Authenticator
) -> None:
    half(browser, alice)
    with browser.session_transaction() as cookie:
        stored = repr(dict(cookie))
    assert PASSWORD not in stored
    assert phone.secret not in stored
    assert "$argon2" not in stored
    forged = app.test_client()
    forged.set_cookie("voyagent_session", browser.get_cookie("voyagent_session").value[:-3] + "AAA")
    assert path_of(forged.get("/sign-in/code")) == "/sign-in"


def test_signing_in_ends_the_previous_session_and_csrf_token(
    alice: Person, bob: Person, phone: Authenticator
) -> None:
    browser = bob.browser
    before = csrf(browser, "/team")
    half_page = browser.post(
        "/sign-in", data={"email": alice.email, "password": PASSWORD, "csrf_token": before}
    )
    assert half_page.status_code == 303
    assert path_of(browser.get("/team")) == "/sign-in"
    assert (
        browser.post("/sign-in/code", data={"code": phone.code(), "csrf_token": before}).status_code
        == 400
    )


def test_keep_me_signed_in_applies_after_the_code_page(
    browser: FlaskClient, alice: Person, phone: Authenticator
) -> None:
    code_page = half(browser, alice, remember="y").headers["Location"]
    answer = submit(browser, code_page, code=phone.code())
    assert any("Expires=" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


def test_the_eleventh_wrong_code_is_not_checked(
    browser: FlaskClient, alice: Person, phone: Authenticator
) -> None:
    code_page = half(browser, alice).headers["Location"]
    token = csrf(browser, code_page)
    for _ in range(10):
        assert (
            browser.post(code_page, data={"code": "AAAAAAAA", "csrf_token": token}).status_code
            == 422
        )
    answer = browser.post(code_page, data={"code": phone.code(), "csrf_token": token})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_code_page_never_redirects_to_another_site(
    browser: FlaskClient, alice: Person, phone: Authenticator
) -> None:
    half(browser, alice)
    answer = submit(browser, "/sign-in/code?next=//evil.example/", code=phone.code())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


# Setting up
# --------------------------------------------------------------------------------


def secret_on(page: str) -> str:
    found = re.search(r'id="totp-secret">([A-Z2-7 ]+)<', page)
    assert found, "no secret on the page"
    return found[1].replace(" ", "")


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li>([A-Z2-7]{8})</li>", page)


def test_set_up_shows_the_qr_code_and_ten_recovery_codes_once(
    alice: Person, travel: time_machine.Traveller, app: Flask
) -> None:
    browser = alice.browser
    assert "Off" in browser.get(PAGE).text
    answer = submit(browser, SET_UP, password=PASSWORD)
    assert (answer.status_code, path_of(answer)) == (303, PAGE)
    page = browser.get(PAGE).text
    phone = Authenticator(secret_on(page))
    answer = submit(browser, CONFIRM, token_from=PAGE, code=phone.code(-1))
    assert answer.status_code == 200
    codes = codes_on(answer.text)
    assert len(set(codes)) == 10
    assert "You will not see these again." in answer.text
    again = browser.get(PAGE).text
    assert codes_on(again) == []
    assert "10 of 10 are left." in again
    assert phone.secret not in again.replace(" ", "")
    assert (
        me(app, alice.access_token) == 401
    )  # the acting session is the browser's: the program's has ended
    fresh = app.test_client()
    assert submit(fresh, half(fresh, alice).headers["Location"], code=codes[0]).status_code == 303
    assert "9 of 10 are left." in browser.get(PAGE).text


def test_the_qr_code_contains_the_otpauth_url(
    alice: Person, travel: time_machine.Traveller
) -> None:
    browser = alice.browser
    submit(browser, SET_UP, password=PASSWORD)
    page = browser.get(PAGE).text
    url = f"otpauth://totp/Voyagent:{alice.email}?secret={secret_on(page)}&issuer=Voyagent"
    picture = html.unescape(re.search(r'<span class="v-qr"><img src="([^"]+)"', page)[1])
    assert picture.startswith("data:image/svg+xml")
    assert picture == segno.make_qr(url, error="m").svg_data_uri(
        border=4, light="#fff", omitsize=True
    )
    assert picture != segno.make_qr(url + "x", error="m").svg_data_uri(
        border=4, light="#fff", omitsize=True
    )


def test_a_wrong_first_code_keeps_the_secret(alice: Person, travel: time_machine.Traveller) -> None:
    browser = alice.browser
    submit(browser, SET_UP, password=PASSWORD)
    secret = secret_on(browser.get(PAGE).text)
    answer = submit(browser, CONFIRM, token_from=PAGE, code="123456")
    assert answer.status_code == 422
    assert secret_on(answer.text) == secret
    assert "This code is not valid" in answer.text
    assert "123456" not in answer.text


def test_a_wrong_password_starts_no_set_up(alice: Person, sql: Sql) -> None:
    answer = submit(alice.browser, SET_UP, password=WRONG)
    assert answer.status_code == 422
    assert "The password is incorrect." in answer.text
    assert WRONG not in answer.text
    assert (
        sql("select totp_pending_secret from users where id = :u", u=alice.actor.user_id)[0][
            "totp_pending_secret"
        ]
        is None
    )


def test_the_secret_is_shown_for_15_minutes_in_the_same_browser(
    alice: Person, travel: time_machine.Traveller
) -> None:
    browser, other = alice.browser, alice.browser
    submit(browser, SET_UP, password=PASSWORD)
    assert "totp-secret" in browser.get(PAGE).text
    assert "totp-secret" not in other.get(PAGE).text
    answer = submit(other, CONFIRM, token_from="/team", code="123456")
    assert (answer.status_code, path_of(answer)) == (303, SET_UP)
    travel.shift(15 * 60 + 1)
    assert "totp-secret" not in browser.get(PAGE).text


def test_cancelling_a_set_up_changes_nothing(
    alice: Person, travel: time_machine.Traveller, sql: Sql, events: Events
) -> None:
    browser = alice.browser
    submit(browser, SET_UP, password=PASSWORD)
    answer = submit(browser, LEAVE, token_from=PAGE)
    assert (answer.status_code, path_of(answer)) == (303, PAGE)
    assert "totp-secret" not in browser.get(PAGE).text
    (row,) = sql(
        "select totp_enabled, totp_pending_secret from users where id = :u", u=alice.actor.user_id
    )
    assert tuple(row.values()) == (False, None)
    assert len(events(alice, "auth.totp_setup_dropped")) == 1


def test_sending_the_first_code_again_is_harmless(
    alice: Person, travel: time_machine.Traveller
) -> None:
    browser = alice.browser
    submit(browser, SET_UP, password=PASSWORD)
    page = browser.get(PAGE).text
    data = {"code": Authenticator(secret_on(page)).code(), "csrf_token": csrf(browser, PAGE)}
    assert browser.post(CONFIRM, data=data).status_code == 200
    again = browser.post(CONFIRM, data=data)
    assert (again.status_code, codes_on(again.text)) == (303, [])


def test_replacing_the_authenticator_requires_password_and_code(
    browser: FlaskClient,
    alice: Person,
    phone: Authenticator,
    travel: time_machine.Traveller,
    sql: Sql,
) -> None:
    signed_in(browser, alice, phone)
    travel.shift(30)
    assert 'name="code"' in browser.get(SET_UP).text
    assert submit(browser, SET_UP, password=PASSWORD).status_code == 422
    assert submit(browser, SET_UP, password=PASSWORD, code=phone.code()).status_code == 303
    new = Authenticator(secret_on(browser.get(PAGE).text))
    assert new.secret != phone.secret
    answer = submit(browser, CONFIRM, token_from=PAGE, code=new.code())
    assert (answer.status_code, path_of(answer)) == (303, PAGE)
    assert "New authenticator set up" in browser.get(PAGE).text


# New codes, and off
# --------------------------------------------------------------------------------


def test_new_recovery_codes_require_password_and_code(
    browser: FlaskClient, alice: Person, phone: Authenticator, travel: time_machine.Traveller
) -> None:
    signed_in(browser, alice, phone)
    assert "You have no recovery codes." in browser.get(PAGE).text
    travel.shift(30)
    for fields, words in (
        ({"password": WRONG, "code": phone.code()}, "The password is incorrect."),
        ({"password": PASSWORD, "code": "123456"}, "This code is not valid"),
        ({"password": PASSWORD, "code": ""}, "This code is not valid"),
        ({"password": "", "code": phone.code()}, "Enter your password."),
    ):
        answer = submit(browser, CODES, **fields)
        assert (answer.status_code, words in answer.text) == (422, True), fields
    answer = submit(browser, CODES, password=PASSWORD, code=phone.code())
    assert (answer.status_code, len(codes_on(answer.text))) == (200, 10)
    assert codes_on(browser.get(PAGE).text) == []


def test_the_page_warns_if_few_codes_remain(
    browser: FlaskClient,
    alice: Person,
    phone: Authenticator,
    sql: Sql,
    travel: time_machine.Traveller,
) -> None:
    recovery_codes(alice, phone)
    travel.shift(30)
    signed_in(browser, alice, phone)
    assert "10 of 10 are left." in browser.get(PAGE).text
    for left, words in (
        (2, "2 codes are left."),
        (1, "One code is left."),
        (0, "You have no recovery codes."),
    ):
        sql(
            "update recovery_codes set spent_at = now() where id in (select id from recovery_codes"
            " where user_id = :u and spent_at is null order by id offset :left)",
            u=alice.actor.user_id,
            left=left,
        )
        assert words in browser.get(PAGE).text


def test_new_recovery_codes_while_off_are_refused(alice: Person) -> None:
    answer = submit(alice.browser, CODES, password=PASSWORD)
    assert answer.status_code == 422
    assert "Two-factor sign-in is not on" in answer.text


def test_switching_off_on_the_page_requires_password_and_code(
    browser: FlaskClient,
    alice: Person,
    phone: Authenticator,
    travel: time_machine.Traveller,
    app: Flask,
) -> None:
    signed_in(browser, alice, phone)
    travel.shift(30)
    assert submit(browser, OFF, password=PASSWORD, code="123456").status_code == 422
    answer = submit(browser, OFF, password=PASSWORD, code=phone.code())
    assert (answer.status_code, path_of(answer)) == (303, PAGE)
    page = browser.get(PAGE).text
    assert "Two-factor sign-in is off." in page
    assert "Recovery codes" not in page
    assert me(app, alice.access_token) == 401
    fresh = app.test_client()
    assert half(fresh, alice).headers["Location"] == "/team"


# Permissions
# --------------------------------------------------------------------------------


def test_a_viewer_sees_the_own_state_of_two_factor(
    alice: Person, victor: Person, phone: Authenticator
) -> None:
    browser = victor.browser
    assert "Anyone with your password can sign in as you." in browser.get(PAGE).text
    assert submit(browser, SET_UP, password=PASSWORD).status_code == 303


def test_roles_that_approve_are_asked_to_switch_two_factor_on(alice: Person, bob: Person) -> None:
    assert "approves payments or ticketing" in alice.browser.get(PAGE).text
    assert "approves payments or ticketing" not in bob.browser.get(PAGE).text


@pytest.mark.parametrize("path", [PAGE, SET_UP, CODES, OFF])
def test_an_anonymous_visitor_is_sent_to_sign_in(browser: FlaskClient, path: str) -> None:
    assert path_of(browser.get(path)) == "/sign-in"


def test_the_page_is_read_in_one_round_trip(alice: Person, statements: list[str]) -> None:
    browser = alice.browser
    statements.clear()
    assert browser.get(PAGE).status_code == 200
    assert statements == []  # who asks and what stands travel together in the lane


def test_no_page_keeps_a_secret_in_its_cookie(
    alice: Person, travel: time_machine.Traveller
) -> None:
    browser = alice.browser
    submit(browser, SET_UP, password=PASSWORD)
    secret = secret_on(browser.get(PAGE).text)
    submit(browser, CONFIRM, token_from=PAGE, code=Authenticator(secret).code())
    with browser.session_transaction() as cookie:
        stored = repr(dict(cookie))
    assert secret not in stored
    assert re.findall(r"\b[A-Z2-7]{8}\b", stored) == []


def test_a_set_up_started_by_the_api_is_not_shown(
    alice: Person, travel: time_machine.Traveller
) -> None:
    begin(alice)
    assert "totp-secret" not in alice.browser.get(PAGE).text
