"""Own sessions: list, end, and the reason shown after the end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.identity.authenticators import begin
from tests.identity.conftest import Events
from tests.identity.keys import with_key
from tests.identity.test_ending import session_of
from tests.identity.test_sessions import me, refresh, sign_in
from tests.people import PASSWORD, Person, csrf
from voyagent.identity.rules.devices import describe
from voyagent.identity.service import agencies, own_sessions, sessions
from voyagent.identity.service.errors import InvalidRefreshToken
from voyagent.identity.service.values import Device
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id

Sql = Callable[..., list[sa.RowMapping]]
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/131.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


def signed_in_with(app: Flask, person: Person, agent: str, ip: str = "198.51.100.4") -> FlaskClient:
    client = app.test_client()
    fields = {"email": person.email, "password": PASSWORD, "csrf_token": csrf(client, "/sign-in")}
    assert (
        client.post(
            "/sign-in", data=fields, headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": ip}
        ).status_code
        == 303
    )
    return client


def listed(person: Person, token: str | None = None) -> list[dict[str, object]]:
    client = person.api if token is None else person.app.test_client()
    answer = (
        client.get("/auth/sessions")
        if token is None
        else client.get("/api/auth/sessions", headers={"Authorization": f"Bearer {token}"})
    )
    assert answer.status_code == 200
    return answer.json["items"]


# Devices in words
# --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "browser", "system", "program", "glyph"),
    [
        (WINDOWS, "Chrome", "Windows", "", "laptop"),
        (WINDOWS + " Edg/131.0.0.0", "Edge", "Windows", "", "laptop"),
        (WINDOWS + " OPR/116.0.0.0", "Opera", "Windows", "", "laptop"),
        (IPHONE, "Safari", "iPhone", "", "phone"),
        (IPHONE.replace("Version/18.1", "CriOS/131.0"), "Chrome", "iPhone", "", "phone"),
        (
            (
                "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 FxiOS/132.0"
                " Mobile/15E148 Safari/605.1.15"
            ),
            "Firefox",
            "iPad",
            "",
            "tablet",
        ),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1"
                " Safari/605.1.15"
            ),
            "Safari",
            "Mac",
            "",
            "laptop",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Firefox",
            "Linux",
            "",
            "laptop",
        ),
        (
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/131.0.0.0"
                " Safari/537.36"
            ),
            "Chrome",
            "Chromebook",
            "",
            "laptop",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 SamsungBrowser/26.0"
                " Chrome/122 Mobile Safari/537.36"
            ),
            "Samsung Internet",
            "Android",
            "",
            "phone",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/131.0.0.0"
                " Safari/537.36"
            ),
            "Chrome",
            "Android",
            "",
            "tablet",
        ),
        ("curl/8.9.1", "", "", "curl", "code-slash"),
        ("python-requests/2.32", "", "", "python-requests", "code-slash"),
        ("", "", "", "", "code-slash"),
        ("Mozilla/5.0", "", "", "", "code-slash"),
        ("<b>x</b>", "", "", "", "code-slash"),
        ("x" * 255, "", "", "", "code-slash"),
    ],
)
def test_a_user_agent_is_shown_as_browser_and_system(
    agent: str, browser: str, system: str, program: str, glyph: str
) -> None:
    words = describe(agent)
    assert (words.browser, words.system, words.program, words.glyph) == (
        browser,
        system,
        program,
        glyph,
    )


# Read access
# --------------------------------------------------------------------------------


def test_all_sessions_are_listed_and_the_callers_is_marked(
    app: Flask, alice: Person, bob: Person
) -> None:
    signed_in_with(app, alice, WINDOWS)
    sign_in(app, alice.email, device=Device(Channel.API, user_agent="curl/8.9.1", ip="203.0.113.9"))
    sign_in(app, bob.email)
    items = listed(alice)
    assert [(item["channel"], item["device"], item["ip"], item["current"]) for item in items] == [
        ("api", "curl", "203.0.113.9", False),
        ("browser", "Chrome · Windows", "198.51.100.4", False),
        ("api", "", "", True),
    ]
    assert items[2]["id"] == str(session_of(app, alice.access_token))
    assert {"created_at", "last_seen_at", "expires_at"} <= set(items[0])


@pytest.mark.parametrize(
    "change",
    [
        "ended_at = now()",
        "expires_at = now() - interval '1 second'",
        "last_seen_at = now() - interval '14 days'",
    ],
)
def test_an_ended_session_is_not_listed(app: Flask, alice: Person, sql: Sql, change: str) -> None:
    signed_in_with(app, alice, WINDOWS)
    assert len(listed(alice)) == 2
    sql(
        f"update auth_sessions set {change} where user_id = :u and channel = 'browser'",
        u=alice.actor.user_id,
    )
    assert [item["channel"] for item in listed(alice)] == ["api"]


def test_a_programs_session_is_not_idle_after_two_weeks(alice: Person, sql: Sql) -> None:
    sql(
        "update auth_sessions set last_seen_at = now() - interval '20 days' where user_id = :u",
        u=alice.actor.user_id,
    )
    assert len(listed(alice)) == 1


def test_the_list_is_limited_but_all_sessions_can_be_ended(alice: Person, sql: Sql) -> None:
    many = "insert into auth_sessions (tenant_id, id, user_id, channel, expires_at, last_seen_at)"
    many += (
        " select :t, gen_random_uuid(), :u, 'api', now() + interval '1 day', now() - interval '1"
        " hour' from generate_series(1, 250)"
    )
    sql(many, t=alice.actor.tenant_id, u=alice.actor.user_id)
    items = listed(alice)
    assert (len(items), items[0]["current"]) == (200, True)
    assert alice.api.delete("/auth/sessions").status_code == 204
    assert (
        sql(
            "select 1 from auth_sessions where user_id = :u and ended_at is null",
            u=alice.actor.user_id,
        )
        == []
    )


def test_a_key_can_list_sessions_but_is_none(alice: Person) -> None:
    items = with_key(alice, "read").get("/auth/sessions").json["items"]
    assert [item["current"] for item in items] == [False]


def test_a_refresh_updates_the_last_use(app: Flask, alice: Person, sql: Sql) -> None:
    sql(
        "update auth_sessions set last_seen_at = now() - interval '2 days' where user_id = :u",
        u=alice.actor.user_id,
    )
    refresh(app, alice.refresh_token)
    (row,) = sql(
        "select now() - last_seen_at < interval '1 minute' as is_fresh from auth_sessions where"
        " user_id = :u",
        u=alice.actor.user_id,
    )
    assert row["is_fresh"]


def test_the_last_use_of_a_browser_is_stored_once_an_hour(
    app: Flask, alice: Person, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = alice.browser
    read = (
        "select last_seen_at, xmin::text from auth_sessions where user_id = :u and channel ="
        " 'browser'"
    )
    sql(
        "update auth_sessions set last_seen_at = now() - interval '2 hours' where user_id = :u",
        u=alice.actor.user_id,
    )
    before = sql(read, u=alice.actor.user_id)
    for path in ("/team", "/account"):
        assert browser.get(path).status_code == 200
    assert sql(read, u=alice.actor.user_id) == before
    with browser.session_transaction() as cookie:
        cookie["seen"] -= 3601
    assert browser.get("/team").status_code == 200
    after = sql(read, u=alice.actor.user_id)
    assert after[0]["last_seen_at"] > before[0]["last_seen_at"]
    assert browser.get("/team").status_code == 200
    assert sql(read, u=alice.actor.user_id) == after


# Ending
# --------------------------------------------------------------------------------


def test_ending_an_own_session_revokes_its_tokens_and_is_idempotent(
    app: Flask, alice: Person, events: Events, sql: Sql
) -> None:
    other = sign_in(app, alice.email)
    path = f"/auth/sessions/{session_of(app, other.access_token)}"
    assert (alice.api.delete(path).status_code, alice.api.delete(path).status_code) == (204, 204)
    assert (me(app, other.access_token), me(app, alice.access_token)) == (401, 200)
    with pytest.raises(InvalidRefreshToken):
        refresh(app, other.refresh_token)
    (event,) = events(alice, "auth.signed_out")
    assert event["entity_refs"]["auth_session_id"] == path.rpartition("/")[2]


def test_parallel_requests_end_a_session_once(app: Flask, alice: Person, events: Events) -> None:
    path = f"/auth/sessions/{session_of(app, sign_in(app, alice.email).access_token)}"
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(lambda _n: alice.api.delete(path).status_code, range(6))) == {204}
    assert len(events(alice, "auth.signed_out")) == 1


def test_the_session_of_another_user_is_not_found(
    app: Flask, alice: Person, bob: Person, charlie: Person
) -> None:
    theirs = [session_of(app, person.access_token) for person in (bob, charlie)]
    for session_id in (*theirs, new_id(), "nonsense"):
        answer = alice.api.delete(f"/auth/sessions/{session_id}")
        assert (answer.status_code, answer.json["detail"]) == (404, "auth_session_not_found")
    assert (me(app, bob.access_token), me(app, charlie.access_token)) == (200, 200)


def test_all_sessions_end_including_the_callers(
    app: Flask, alice: Person, bob: Person, events: Events
) -> None:
    browser, other = alice.browser, sign_in(app, alice.email)
    assert alice.api.delete("/auth/sessions").status_code == 204
    assert [
        me(app, token) for token in (alice.access_token, other.access_token, bob.access_token)
    ] == [401, 401, 200]
    assert browser.get("/team").status_code == 303
    (event,) = events(alice, "session.ended")
    assert event["outputs"] == {"sessions": 3}


def test_a_viewer_can_list_own_sessions(app: Flask, victor: Person) -> None:
    other = sign_in(app, victor.email)
    assert len(listed(victor)) == 2
    assert (
        victor.api.delete(f"/auth/sessions/{session_of(app, other.access_token)}").status_code
        == 204
    )
    assert victor.api.delete("/auth/sessions").status_code == 204


def test_the_services_check_the_permission(alice: Person) -> None:
    from dataclasses import replace  # noqa: PLC0415 - only here

    with alice.acting() as actor:
        nobody = replace(actor, permissions=frozenset())
        with pytest.raises(Forbidden):
            own_sessions.end_own_session(nobody, UUID(int=7))
        with pytest.raises(Forbidden):
            own_sessions.end_own_sessions(nobody, keep_this=False)


@pytest.mark.parametrize("end", ["all", "one", "others", "kind"])
def test_a_person_who_ends_sessions_deletes_an_unfinished_two_factor_setup(
    app: Flask, alice: Person, sql: Sql, events: Events, end: str
) -> None:
    """One of the ended sessions may have begun it."""
    stranger = sign_in(app, alice.email)
    begin(alice)
    if end == "all":
        assert alice.api.delete("/auth/sessions").status_code == 204
    elif end == "one":
        session_id = session_of(app, stranger.access_token)
        assert alice.api.delete(f"/auth/sessions/{session_id}").status_code == 204
    elif end == "kind":
        assert alice.api.delete("/auth/credentials/session").status_code == 204
    else:
        alice.does(own_sessions.end_own_sessions, keep_this=True)
    (row,) = sql("select totp_pending_secret from users where id = :u", u=alice.actor.user_id)
    assert row["totp_pending_secret"] is None
    assert len(events(alice, "auth.totp_setup_dropped")) == 1


# The page
# --------------------------------------------------------------------------------


def test_the_page_lists_sessions_and_marks_the_present_one(app: Flask, alice: Person) -> None:
    browser = signed_in_with(app, alice, WINDOWS)
    signed_in_with(app, alice, IPHONE, ip="198.51.100.77")
    page = browser.get("/account/sessions").text
    assert "Chrome on Windows" in page
    assert "Safari on iPhone" in page
    assert "198.51.100.77" in page
    assert page.count("This device") == 1
    assert "Sign out everywhere else" in page


def test_a_single_session_has_no_button_to_end_others(app: Flask, alice: Person) -> None:
    alice.api.delete("/auth/sessions")
    browser = alice.browser
    page = browser.get("/account/sessions").text
    assert page.count("This device") == 1
    assert "Sign out everywhere else" not in page


def test_the_page_ends_one_session(app: Flask, alice: Person) -> None:
    browser, phone = signed_in_with(app, alice, WINDOWS), signed_in_with(app, alice, IPHONE)
    (there,) = [item["id"] for item in listed(alice) if item["device"] == "Safari · iPhone"]
    answer = browser.post(
        f"/account/sessions/{there}/end", data={"csrf_token": csrf(browser, "/account/sessions")}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sessions")
    page = browser.get("/account/sessions").text
    assert "Session signed out." in page
    assert "Safari on iPhone" not in page
    assert phone.get("/team").status_code == 303


def test_ending_the_present_session_leads_to_sign_in(app: Flask, alice: Person) -> None:
    browser = signed_in_with(app, alice, WINDOWS)
    (here,) = [item["id"] for item in listed(alice) if item["device"] == "Chrome · Windows"]
    answer = browser.post(
        f"/account/sessions/{here}/end", data={"csrf_token": csrf(browser, "/account/sessions")}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert browser.get("/team").status_code == 303


def test_the_page_ends_all_other_sessions(app: Flask, alice: Person) -> None:
    browser, phone = signed_in_with(app, alice, WINDOWS), signed_in_with(app, alice, IPHONE)
    assert (
        browser.post(
            "/account/sessions/end-others", data={"csrf_token": csrf(browser, "/account/sessions")}
        ).status_code
        == 303
    )
    assert "signed out in 2 other places" in browser.get("/account/sessions").text
    assert phone.get("/team").status_code == 303
    assert me(app, alice.access_token) == 401
    browser.post(
        "/account/sessions/end-others", data={"csrf_token": csrf(browser, "/account/sessions")}
    )
    assert "You are not signed in anywhere else." in browser.get("/account/sessions").text


# Reasons for a refusal
# --------------------------------------------------------------------------------


def sign_in_message(browser: FlaskClient) -> str:
    """Return the message of the sign-in page for a browser that was signed in."""
    answer = browser.get("/team")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=/team")
    page = browser.get(answer.headers["Location"])
    assert page.status_code == 200
    return page.text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("signed_out", "ended from another device"),
        ("ended_by_administrator", "administrator has signed you out"),
        ("password_changed", "password was changed"),
        ("password_reset", "password was changed"),
        ("email_changed", "e-mail address was changed"),
        ("two_factor_changed", "two-factor sign-in was changed"),
        ("refresh_reuse", "no longer signed in here"),
    ],
)
def test_the_reason_of_an_ended_session_is_shown_at_sign_in(
    alice: Person, reason: str, words: str
) -> None:
    browser = alice.browser
    alice.does(lambda actor: sessions.end_sessions(actor.user_id, reason=reason))
    assert words in sign_in_message(browser)


def test_a_removed_user_is_informed(alice: Person, bob: Person) -> None:
    browser = bob.browser
    alice.api.delete(f"/team/{bob.actor.user_id}")
    assert "administrator of your agency has ended your access" in sign_in_message(browser)


def test_users_of_a_suspended_agency_are_informed(alice: Person) -> None:
    browser = alice.browser
    with alice.acting() as actor:
        agencies.suspend_agency(actor.tenant_id)
    assert "access is suspended" in sign_in_message(browser)


def test_an_expired_session_is_explained_at_sign_in(alice: Person, sql: Sql) -> None:
    browser = alice.browser
    sql(
        "update auth_sessions set expires_at = now() - interval '1 second' where user_id = :u",
        u=alice.actor.user_id,
    )
    assert "session has expired" in sign_in_message(browser)


def test_a_deleted_session_counts_as_ended(alice: Person, sql: Sql) -> None:
    browser = alice.browser
    sql("delete from auth_sessions where user_id = :u", u=alice.actor.user_id)
    assert "no longer signed in here" in sign_in_message(browser)


def test_an_anonymous_visitor_gets_no_message_about_a_session(app: Flask) -> None:
    assert "in again." not in sign_in_message(app.test_client())


def test_a_reconnecting_stream_is_refused_and_the_next_page_explains_it(alice: Person) -> None:
    browser, session_id = alice.browser, alice.api.post("/chat/sessions").json["session_id"]
    alice.does(lambda actor: sessions.end_sessions(actor.user_id, reason="signed_out"))
    answer = browser.get(f"/assistant/{session_id}/events", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (401, [])
    assert "ended from another device" in sign_in_message(browser)


def test_a_fragment_request_is_redirected_to_sign_in(alice: Person) -> None:
    browser = alice.browser
    alice.does(lambda actor: sessions.end_sessions(actor.user_id, reason="signed_out"))
    answer = browser.get("/team", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "ended from another device" in browser.get(answer.headers["HX-Redirect"]).text
