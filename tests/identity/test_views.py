"""Pages of sign-up, sign-in and invitations without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import mailbox
from tests.identity.authenticators import standing_clock
from tests.identity.conftest import Events
from tests.identity.test_invites import invite
from tests.identity.test_sessions import Sql, act, demo, fresh_address  # noqa: F401 - a fixture
from tests.people import PASSWORD, Person, csrf
from voyagent.factory import create_app
from voyagent.identity.rules.demo import DEMO_EMAIL
from voyagent.identity.service.one_time import Purpose, issue
from voyagent.kernel.config import Settings


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def submit(
    browser: FlaskClient, path: str, *, token_from: str | None = None, **fields: str
) -> object:
    return browser.post(path, data={**fields, "csrf_token": csrf(browser, token_from or path)})


def path_of(answer: object) -> str:
    return urlsplit(answer.headers["Location"]).path


# Signing in
# --------------------------------------------------------------------------------


def test_sign_in_and_sign_out_work(
    browser: FlaskClient, alice: Person, events: Events, sql: Sql
) -> None:
    answer = submit(browser, "/sign-in", email=alice.email.upper(), password=PASSWORD)
    assert (answer.status_code, path_of(answer)) == (303, "/")
    assert browser.get("/team").status_code == 200
    cookie = browser.get_cookie("voyagent_session").value
    answer = submit(browser, "/sign-out", token_from="/team")
    assert (answer.status_code, path_of(answer)) == (303, "/sign-in")
    assert path_of(browser.get("/team")) == "/sign-in"
    thief = browser.application.test_client()
    thief.set_cookie("voyagent_session", cookie)
    assert path_of(thief.get("/team")) == "/sign-in"
    assert [event["channel"] for event in events(alice, "auth.signed_out")] == ["browser"]
    assert [event["channel"] for event in events(alice, "auth.signed_in")] == ["browser"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "Harbour-lantern-43"}, "Address or password is wrong."),
        ({"password": ""}, "Enter your password."),
        ({"email": "no address"}, "Enter an address such as"),
        ({"email": ""}, "Enter your address."),
        ({"email": "nobody@malabar.example"}, "Address or password is wrong."),
    ],
)
def test_a_refused_sign_in_keeps_its_input(
    browser: FlaskClient, alice: Person, fields: dict[str, str], words: str
) -> None:
    answer = submit(browser, "/sign-in", **{"email": alice.email, "password": PASSWORD, **fields})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{fields.get("email", alice.email)}"' in answer.text
    assert PASSWORD not in answer.text
    assert answer.text.count("autofocus") == 1
    assert path_of(browser.get("/team")) == "/sign-in"


def test_a_refused_sign_in_fills_the_address_of_the_reset_form(
    browser: FlaskClient, alice: Person
) -> None:
    assert alice.email not in browser.get("/forgot-password").text
    submit(browser, "/sign-in", email=alice.email, password="Harbour-lantern-43")
    assert f'value="{alice.email}"' in browser.get("/forgot-password").text


def test_a_failed_sign_in_is_recorded(browser: FlaskClient, alice: Person, events: Events) -> None:
    submit(browser, "/sign-in", email=alice.email, password="Harbour-lantern-43")
    (event,) = events(alice, "auth.sign_in_failed")
    assert (event["channel"], event["status"]) == ("browser", "rejected")


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-up", "/sign-in/demo", "/sign-out", "/accept-invite", "/team"]
)
def test_every_form_requires_a_csrf_token(alice: Person, path: str) -> None:
    nobody = alice.app.test_client()
    for browser in (nobody, alice.browser):
        for token in ({}, {"csrf_token": "wrong"}):
            answer = browser.post(path, data={"email": alice.email, "password": PASSWORD, **token})
            if browser is nobody and path in {"/sign-out", "/team"}:
                assert (answer.status_code, path_of(answer)) == (303, "/sign-in")
            else:
                assert answer.status_code == 400


def test_a_form_sent_after_sign_out_leads_to_sign_in_and_back(alice: Person, sql: Sql) -> None:
    browser, email = alice.browser, fresh_address()
    open_page = {"email": email, "role": "agent", "csrf_token": csrf(browser, "/team")}
    submit(browser, "/sign-out", token_from="/team")
    answer = browser.post("/team", data=open_page, headers={"Referer": "http://localhost/team?x=1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/team%3Fx%3D1")
    assert (
        "You were signed out and nothing was saved. Sign in again."
        in browser.get(answer.headers["Location"]).text
    )
    assert not sql("select 1 from invites where email = :email", email=email)
    for sender in ("https://evil.example/team", "http://localhost/nowhere", "nonsense", ""):
        assert (
            browser.post("/team", data=open_page, headers={"Referer": sender}).headers["Location"]
            == "/sign-in?next=/"
        )
    fragment = {"HX-Request": "true", "HX-Current-URL": "http://localhost/account"}
    assert (
        browser.post("/team", data=open_page, headers=fragment).headers["HX-Redirect"]
        == "/sign-in?next=/account"
    )


def test_a_form_of_an_ended_session_leads_to_sign_in_and_back(
    alice: Person,
) -> None:
    browser = alice.browser
    open_page = {"email": fresh_address(), "role": "agent", "csrf_token": csrf(browser, "/team")}
    submit(alice.browser, "/account/sessions/end-others", token_from="/account/sessions")
    answer = browser.post("/team", data=open_page, headers={"Referer": "http://localhost/team"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/team")
    assert "ended from another device" in browser.get(answer.headers["Location"]).text


def test_an_earlier_csrf_token_is_invalid_after_sign_in(
    browser: FlaskClient, alice: Person
) -> None:
    before = csrf(browser, "/sign-in")
    browser.post(
        "/sign-in", data={"email": alice.email, "password": PASSWORD, "csrf_token": before}
    )
    assert (
        browser.post(
            "/team", data={"email": fresh_address(), "role": "agent", "csrf_token": before}
        ).status_code
        == 400
    )


def test_a_page_that_needs_sign_in_redirects_there_and_back(
    browser: FlaskClient, alice: Person
) -> None:
    answer = browser.get("/team?x=1")
    assert (answer.status_code, path_of(answer)) == (303, "/sign-in")
    address = answer.headers["Location"]
    assert "next=/team%3Fx%3D1" in address
    answer = browser.post(
        address,
        data={"email": alice.email, "password": PASSWORD, "csrf_token": csrf(browser, address)},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/team?x=1")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\/evil.example",
        "javascript:alert(1)",
        "/%0d%0aX: 1",
        "/nowhere",
        "/sign-out",
        "/api/auth/me",
        "/static/css/voyagent.css",
        "team",
        "",
    ],
)
def test_sign_in_never_redirects_to_another_site(
    browser: FlaskClient, alice: Person, target: str
) -> None:
    csrf_token = csrf(browser, "/sign-in")
    answer = browser.post(
        "/sign-in",
        query_string={"next": target},
        data={"email": alice.email, "password": PASSWORD, "csrf_token": csrf_token},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_a_signed_in_user_is_redirected_from_the_sign_in_page(alice: Person) -> None:
    answer = alice.browser.get("/sign-in?next=/team")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/team")


def test_an_ended_session_leads_to_sign_in_without_a_loop(alice: Person, sql: Sql) -> None:
    browser = alice.browser
    sql("update auth_sessions set ended_at = now() where user_id = :u", u=alice.actor.user_id)
    assert path_of(browser.get("/team")) == "/sign-in"
    assert browser.get("/sign-in").status_code == 200


def test_an_anonymous_htmx_request_is_redirected_to_sign_in(
    browser: FlaskClient,
) -> None:
    answer = browser.get("/team", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in?next=/team")


# The cookie
# --------------------------------------------------------------------------------


def cookie_of(browser: FlaskClient, person: Person, **fields: str) -> str:
    answer = submit(browser, "/sign-in", email=person.email, password=PASSWORD, **fields)
    (cookie,) = [
        value for value in answer.headers.getlist("Set-Cookie") if "voyagent_session" in value
    ]
    return cookie


def test_the_session_cookie_is_httponly_and_samesite(browser: FlaskClient, alice: Person) -> None:
    cookie = cookie_of(browser, alice)
    assert cookie.startswith("voyagent_session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Expires" not in cookie


def test_a_remembered_session_has_a_persistent_cookie(browser: FlaskClient, alice: Person) -> None:
    assert "Expires=" in cookie_of(browser, alice, remember="y")


def test_over_https_the_cookie_has_the_host_prefix(settings: Settings, alice: Person) -> None:
    secure = create_app(settings.model_copy(update={"public_url": "https://voyagent.example"}))
    secure.url_build_error_handlers.extend(alice.app.url_build_error_handlers)
    browser = secure.test_client()
    page = browser.get("/sign-in", base_url="https://voyagent.example")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text).group(1)
    answer = browser.post(
        "/sign-in",
        base_url="https://voyagent.example",
        headers={"Referer": "https://voyagent.example/sign-in"},
        data={"email": alice.email, "password": PASSWORD, "csrf_token": token},
    )
    assert answer.status_code == 303
    (cookie,) = [value for value in answer.headers.getlist("Set-Cookie") if "session" in value]
    assert cookie.startswith("__Host-voyagent_session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.fixture
def clock() -> Iterator[object]:
    """Stop the clock at the present time, which the database compares with too."""
    with standing_clock() as traveller:
        yield traveller


def test_a_browser_session_ends_after_fourteen_idle_days(
    browser: FlaskClient, alice: Person, clock: object
) -> None:
    submit(browser, "/sign-in", email=alice.email, password=PASSWORD, remember="y")
    for _ in range(2):
        clock.shift(13 * 86400)
        assert browser.get("/team").status_code == 200
    clock.shift(14 * 86400 + 60)
    assert path_of(browser.get("/team")) == "/sign-in"


def test_a_cookie_that_a_process_ahead_has_dated_is_valid(
    browser: FlaskClient, alice: Person, clock: object
) -> None:
    submit(browser, "/sign-in", email=alice.email, password=PASSWORD)
    clock.shift(-5)
    assert browser.get("/team").status_code == 200


def test_the_cookie_is_not_set_in_every_response(alice: Person) -> None:
    browser = alice.browser
    browser.get("/team")
    assert "Set-Cookie" not in browser.get("/team").headers


# Signing up
# --------------------------------------------------------------------------------


def agency(**fields: str) -> dict[str, str]:
    return {
        "agency_name": "Cardamom Trails",
        "full_name": "Sabu Thomas",
        "email": fresh_address(),
        "password": PASSWORD,
        **fields,
    }


def test_sign_up_sets_currency_and_time_zone(browser: FlaskClient, sql: Sql) -> None:
    fields = agency(default_currency="AED", timezone="Asia/Dubai")
    answer = submit(browser, "/sign-up", **fields)
    assert (answer.status_code, path_of(answer)) == (303, "/")
    assert "Sabu Thomas" in browser.get("/team").text
    (row,) = sql(
        "select s.default_currency, s.timezone from tenant_settings s join users u on u.tenant_id ="
        " s.tenant_id where u.email = :email",
        email=fields["email"],
    )
    assert (row["default_currency"], row["timezone"]) == ("AED", "Asia/Dubai")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "sabu@cardamomtrails", "Enter an address such as"),
        ("password", "short1", "Use 12 to 128 characters."),
        ("password", "onlylettershere", "Add a digit"),
        ("password", "123456781234", "Add a letter"),
        ("password", "cardamomtrails1", "This password is easy to guess."),
        ("full_name", " ", "Enter your name."),
        ("agency_name", "", "Enter the agency’s name."),
        ("default_currency", "XXX", "Choose one from the list."),
        ("timezone", "Mars/Olympus", "Choose one from the list."),
    ],
)
def test_a_refused_sign_up_shows_the_error_at_the_field(
    browser: FlaskClient, sql: Sql, field: str, value: str, words: str
) -> None:
    fields = agency(**{field: value})
    answer = submit(browser, "/sign-up", **fields)
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-err">.*?{re.escape(words)}', answer.text, re.DOTALL)
    assert f'id="{field}"' in answer.text
    assert answer.text.count("autofocus") == 1
    if field != "full_name":
        assert 'value="Sabu Thomas"' in answer.text
    assert fields["password"] not in answer.text
    assert sql("select 1 from users where email = :email", email=fields["email"]) == []


def test_an_existing_address_is_reported_at_the_field(browser: FlaskClient, alice: Person) -> None:
    answer = submit(browser, "/sign-up", **agency(email=alice.email))
    assert answer.status_code == 422
    assert re.search(
        r'id="email-err">.*?This address already has an account', answer.text, re.DOTALL
    )


# Joining
# --------------------------------------------------------------------------------


def test_the_token_of_an_invitation_is_removed_from_the_url(
    app: Flask, browser: FlaskClient, alice: Person
) -> None:
    email = fresh_address()
    _, token = invite(app, alice, email, "accounting_lead")
    answer = browser.get(f"/accept-invite?token={token}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/accept-invite")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    page = browser.get("/accept-invite")
    assert page.status_code == 200
    for words in (
        "Join Alice Travels",
        f"Alice Owner ({alice.email}) has invited you.",
        email,
        "Accounting lead",
    ):
        assert words in page.text
    assert token not in page.text
    refused = submit(browser, "/accept-invite", full_name="Ravi Menon", password="password1234")
    assert refused.status_code == 422
    assert "easy to guess" in refused.text
    answer = submit(browser, "/accept-invite", full_name="Ravi Menon", password=PASSWORD)
    assert (answer.status_code, path_of(answer)) == (303, "/")
    assert "Ravi Menon" in browser.get("/team").text
    assert browser.get("/accept-invite").status_code == 404


def test_joining_warns_a_signed_in_user_of_the_sign_out(
    app: Flask, alice: Person, charlie: Person, browser: FlaskClient
) -> None:
    _, token = invite(app, alice, fresh_address())
    words = f"You are signed in here as {charlie.actor.full_name} ({charlie.email})."
    for client, names_account in ((charlie.browser, True), (browser, False)):
        client.get(f"/accept-invite?token={token}")
        assert (words in client.get("/accept-invite").text) is names_account
        refused = submit(client, "/accept-invite", full_name="Ravi Menon", password="password1234")
        assert (refused.status_code, words in refused.text) == (422, names_account)


def test_an_invalid_link_shows_an_error_page(
    app: Flask, browser: FlaskClient, alice: Person, sql: Sql
) -> None:
    invite_id, token = invite(app, alice, fresh_address())
    sql("update invites set expires_at = now() where id = :id", id=invite_id)
    browser.get(f"/accept-invite?token={token}")
    ended = browser.get("/accept-invite")
    assert (ended.status_code, "This invitation has expired" in ended.text) == (400, True)
    browser.get("/accept-invite?token=unknown")
    unknown = browser.get("/accept-invite")
    assert (unknown.status_code, "link is not valid" in unknown.text) == (404, True)


def test_an_invited_user_with_an_account_is_informed(
    app: Flask, browser: FlaskClient, alice: Person, charlie: Person
) -> None:
    _, token = invite(app, alice, charlie.email)
    browser.get(f"/accept-invite?token={token}")
    answer = submit(browser, "/accept-invite", full_name="Charlie", password=PASSWORD)
    assert answer.status_code == 422
    assert "already has an account" in answer.text


# The team
# --------------------------------------------------------------------------------


def test_the_team_page_lists_only_users_of_the_agency(
    alice: Person, bob: Person, charlie: Person, statements: list[str]
) -> None:
    page = bob.browser.get("/team")
    assert page.status_code == 200
    for person in (alice, bob):
        assert person.email in page.text
    assert charlie.email not in page.text


def test_the_team_page_is_read_in_one_round_trip(alice: Person, statements: list[str]) -> None:
    browser = alice.browser
    statements.clear()
    assert browser.get("/team").status_code == 200
    assert statements == []  # the lane has connections of its own


def test_only_an_administrator_sees_the_form_and_invitations(
    app: Flask, alice: Person, bob: Person, victor: Person
) -> None:
    email = fresh_address()
    invite(app, alice, email)
    assert 'id="invite"' in alice.browser.get("/team").text
    assert email in alice.browser.get("/team").text
    for colleague in (bob, victor):
        page = colleague.browser.get("/team").text
        assert 'id="invite"' not in page
        assert email not in page
        answer = submit(colleague.browser, "/team", email=fresh_address(), role="agent")
        assert answer.status_code == 403


def test_the_link_of_an_invitation_is_shown_once(alice: Person) -> None:
    browser, email = alice.browser, fresh_address()
    answer = submit(browser, "/team", email=email, role="viewer")
    assert (answer.status_code, path_of(answer)) == (303, "/team")
    page = browser.get("/team").text
    (link,) = re.findall(
        r"http://127\.0\.0\.1:5000/accept-invite\?token=v2\.[0-9a-f]{32}\.[A-Za-z0-9_-]{43}", page
    )
    assert f"Invitation sent to {email}" in page
    assert [
        letter.message["To"] for letter in mailbox.received(alice.app, to=email, kind="invitation")
    ] == [email]
    assert "accept-invite" not in browser.get("/team").text
    joiner = alice.app.test_client()
    parts = urlsplit(link)
    joiner.get(f"{parts.path}?{parts.query}")
    assert "Viewer" in joiner.get("/accept-invite").text


def test_an_invitation_is_not_mixed_with_team_members(app: Flask, alice: Person) -> None:
    invite(app, alice, fresh_address())
    table = re.search(r"<table.*?</table>", alice.browser.get("/team").text, re.DOTALL)
    assert table
    assert re.search(r'<td[^>]*colspan="2">.*?Invited.*?link expires', table.group(0), re.DOTALL)


def test_every_field_for_a_new_password_shows_the_rule(
    app: Flask, browser: FlaskClient, alice: Person
) -> None:
    _, token = invite(app, alice, fresh_address())
    rule = "12 or more characters with a letter and a digit, or 20 or more of any kind."
    browser.get(f"/accept-invite?token={token}")
    reset = alice.does(
        lambda actor: issue(
            app.extensions["voyagent.identity"],
            user_id=actor.user_id,
            email=alice.email,
            purpose=Purpose.RESET_PASSWORD,
        )
    )
    browser.get(f"/reset-password?token={reset}")
    for client, path in (
        (browser, "/sign-up"),
        (browser, "/accept-invite"),
        (browser, "/reset-password"),
        (alice.browser, "/account"),
    ):
        assert rule in client.get(path).text, path


def test_a_refused_invitation_shows_the_error_at_the_field(alice: Person) -> None:
    browser, email = alice.browser, fresh_address()
    submit(browser, "/team", email=email, role="agent")
    for fields, place, words in (
        ({"email": email, "role": "agent"}, "email", "already has an open invitation"),
        ({"email": "x", "role": "agent"}, "email", "Enter an address such as"),
        ({"email": fresh_address(), "role": "owner"}, "role", "Choose one from the list."),
    ):
        answer = submit(browser, "/team", **fields)
        assert answer.status_code == 422
        assert re.search(rf'id="{place}-err">.*?{re.escape(words)}', answer.text, re.DOTALL)


def test_the_team_page_revokes_an_invitation(app: Flask, alice: Person, charlie: Person) -> None:
    email = fresh_address()
    invite_id, _ = invite(app, alice, email)
    browser = alice.browser
    assert (
        submit(
            charlie.browser, f"/team/invitations/{invite_id}/revoke", token_from="/team"
        ).status_code
        == 404
    )
    assert (
        submit(browser, "/team/invitations/nonsense/revoke", token_from="/team").status_code == 404
    )
    answer = submit(browser, f"/team/invitations/{invite_id}/revoke", token_from="/team")
    assert (answer.status_code, path_of(answer)) == (303, "/team")
    page = browser.get("/team").text
    assert "Invitation withdrawn" in page
    assert email not in page
    assert (
        submit(browser, f"/team/invitations/{invite_id}/revoke", token_from="/team").status_code
        == 409
    )


def test_an_ended_invitation_can_be_renewed_with_one_click(
    app: Flask, alice: Person, sql: Sql
) -> None:
    email = fresh_address()
    invite_id, _ = invite(app, alice, email, "viewer")
    sql("update invites set expires_at = now() where id = :id", id=invite_id)
    browser = alice.browser
    assert "Invite again" in browser.get("/team").text
    assert submit(browser, "/team", email=email, role="viewer").status_code == 303
    assert "Invite again" not in browser.get("/team").text


# The demo
# --------------------------------------------------------------------------------


def test_the_sign_in_page_opens_the_demo_agency_with_one_click(
    browser: FlaskClient,
    demo: None,  # noqa: F811
) -> None:
    assert "Open the demo agency" in browser.get("/sign-in").text
    answer = submit(browser, "/sign-in/demo", token_from="/sign-in")
    assert (answer.status_code, path_of(answer)) == (303, "/")
    assert DEMO_EMAIL in browser.get("/team").text


def test_the_demo_is_not_offered_in_production(settings: Settings, demo: None) -> None:  # noqa: F811 - the fixture
    from voyagent.kernel.config import Environment  # noqa: PLC0415

    production = create_app(
        settings.model_copy(
            update={"env": Environment.PRODUCTION, "auth_skip_email_verification": False}
        )
    )
    production.url_build_error_handlers.append(lambda _error, endpoint, _values: f"/{endpoint}")
    browser = production.test_client()
    assert "demo" not in browser.get("/sign-in").text
    assert submit(browser, "/sign-in/demo", token_from="/sign-in").status_code == 404


def test_the_password_field_follows_the_address_in_tab_order(app: Flask) -> None:
    page = app.test_client().get("/sign-in").text
    assert (
        page.index('id="email"')
        < page.index('id="password"')
        < page.index('href="/forgot-password"')
    )
