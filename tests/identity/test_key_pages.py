"""The pages of API keys, with JavaScript off."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.identity.authenticators import STEP_S, standing_clock, switch_on
from tests.identity.conftest import Events
from tests.identity.keys import bearing, make_key
from tests.people import PASSWORD, People, Person, csrf
from voyagent.identity.service import keys

NEW = "/account/api-keys/new"


def make(browser: FlaskClient, **fields: Any) -> Any:
    known = {
        "name": "Website form",
        "scopes": ["read"],
        "expires_in_days": "90",
        "password": PASSWORD,
    }
    return browser.post(NEW, data={**known, **fields, "csrf_token": csrf(browser, NEW)})


def text_in(page: str) -> str | None:
    found = re.search(r'id="key-text">(vy_\w{8}_\w{32})<', page)
    return found[1] if found else None


def test_a_key_is_created_with_the_password_and_shown_once(bob: Person, events: Events) -> None:
    browser = bob.browser
    assert "No API keys yet" in browser.get("/account/api-keys").text
    answer = make(browser, scopes=["enquiries", "reports"])
    assert answer.status_code == 200
    text = text_in(answer.text)
    assert text
    assert "Bob Colleague, Agent" in answer.text
    assert bearing(bob, text).get("/enquiries").status_code == 200
    assert bearing(bob, text).get("/approvals").status_code == 403
    again = browser.get("/account/api-keys").text
    assert "Website form" in again
    assert text[12:] not in again
    assert "1 active key" in again
    assert [event["channel"] for event in events(bob, "api_key.created")] == ["browser"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": " "}, "Enter a name"),
        ({"name": "x" * 121}, "This is too long."),
        ({"scopes": []}, "Choose the permissions of the key."),
        ({"scopes": ["owner"]}, "Choose one from the list."),
        ({"scopes": ["audit"]}, "A key can’t have more permissions than you."),
        ({"expires_in_days": "0"}, "Enter at least 1."),
        ({"expires_in_days": "99999"}, "Enter at most 3,650."),
        ({"expires_in_days": "soon"}, "Enter a whole number."),
        ({"password": ""}, "Enter your password."),
        ({"password": "Harbour-lantern-43"}, "The password is incorrect."),
    ],
)
def test_an_invalid_key_form_shows_field_errors_and_creates_no_key(
    bob: Person, fields: dict[str, Any], words: str
) -> None:
    answer = make(bob.browser, **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert text_in(answer.text) is None
    assert "Harbour-lantern" not in answer.text
    assert bob.api.get("/auth/api-keys").json["items"] == []


def test_a_key_may_have_no_expiry_and_full_scope(bob: Person) -> None:
    assert make(bob.browser, expires_in_days="", scopes=["full"]).status_code == 200
    (shown,) = bob.api.get("/auth/api-keys").json["items"]
    assert (shown["expires_at"], shown["scopes"]) == (None, ["full"])


def test_a_user_with_two_factor_must_enter_a_code(app: Flask, bob: Person) -> None:
    with standing_clock() as travel:
        phone, browser = switch_on(bob), app.test_client()
        signing_in = browser.post(
            "/sign-in",
            data={
                "email": bob.email,
                "password": PASSWORD,
                "csrf_token": csrf(browser, "/sign-in"),
            },
        )
        code_page = signing_in.headers["Location"]
        assert (
            browser.post(
                code_page, data={"code": phone.code(), "csrf_token": csrf(browser, code_page)}
            ).status_code
            == 303
        )
        travel.shift(STEP_S)
        for code in ("", "000000"):
            answer = make(browser, code=code)
            assert (answer.status_code, text_in(answer.text)) == (422, None)
            assert "This code is not valid." in answer.text
        assert text_in(make(browser, code=phone.code()).text)


def test_a_viewer_sees_the_page_but_creates_no_key(victor: Person) -> None:
    browser = victor.browser
    page = browser.get("/account/api-keys")
    assert page.status_code == 200
    assert NEW not in page.text
    assert browser.get(NEW).status_code == 403


def test_a_user_sees_own_keys_and_an_administrator_sees_all(
    alice: Person, bob: Person, charlie: Person
) -> None:
    for person, name in ((alice, "Tally bridge"), (bob, "Sharjah sheet"), (charlie, "Stranger")):
        make_key(person, name=name)
    mine = bob.browser.get("/account/api-keys").text
    assert "Sharjah sheet" in mine
    assert "Tally bridge" not in mine
    everybodys = alice.browser.get("/account/api-keys").text
    assert "Sharjah sheet" in everybodys
    assert "Tally bridge" in everybodys
    assert "Bob Colleague" in everybodys
    assert "Stranger" not in everybodys


def test_revoking_asks_for_confirmation_with_the_name_of_the_key(bob: Person) -> None:
    key_id, text = make_key(bob, name="Tally bridge")
    browser = bob.browser
    page = browser.get(f"/account/api-keys/{key_id}/revoke").text
    assert "Revoke “Tally bridge”?" in page
    assert "It was never used." in page
    assert bearing(bob, text).get("/auth/me").status_code == 200
    assert re.search(
        r"It was last used\s+<time", browser.get(f"/account/api-keys/{key_id}/revoke").text
    )
    answer = browser.post(
        f"/account/api-keys/{key_id}/revoke",
        data={"csrf_token": csrf(browser, f"/account/api-keys/{key_id}/revoke")},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/api-keys")
    page = browser.get("/account/api-keys").text
    assert "Key revoked." in page
    assert "0 active keys" in page
    assert bearing(bob, text).get("/auth/me").status_code == 401
    assert "was revoked on" in browser.get(f"/account/api-keys/{key_id}/revoke").text


def test_a_user_cannot_revoke_the_key_of_another_user(
    people: People, alice: Person, bob: Person
) -> None:
    key_id, text = make_key(bob)
    browser = people.colleague(alice, "Lena Lead", role="ticketing_lead").browser
    assert browser.get(f"/account/api-keys/{key_id}/revoke").status_code == 403
    assert (
        browser.post(
            f"/account/api-keys/{key_id}/revoke", data={"csrf_token": csrf(browser, NEW)}
        ).status_code
        == 403
    )
    assert bearing(bob, text).get("/auth/me").status_code == 200


def test_the_page_offers_only_scopes_of_the_role(alice: Person, bob: Person) -> None:
    assert 'value="audit"' in alice.browser.get(NEW).text
    assert 'value="audit"' not in bob.browser.get(NEW).text


def test_the_page_refuses_a_key_above_the_limit(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "LIVE_MAX", 1)
    browser = alice.browser
    assert make(browser).status_code == 200
    answer = make(browser)
    assert answer.status_code == 422
    assert "You already have 20 API keys that work" in answer.text
