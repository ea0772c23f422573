"""The own account: name, address and password, on pages and API."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests import mailbox
from tests.identity.conftest import Events
from tests.identity.test_api import places
from tests.identity.test_invites import accept, invite
from tests.identity.test_sessions import Sql, fresh_address, me, sign_in
from tests.identity.test_views import submit
from tests.people import PASSWORD, ApiClient, People, Person
from voyagent.identity.service.errors import InviteNotPending
from voyagent.identity.service.one_time import Purpose, issue

NEW = "Quiet-compass-77"


@pytest.fixture
def anyone(app: Flask) -> ApiClient:
    return ApiClient(app.test_client(), None)


def change(person: Person, **fields: Any) -> Any:
    return person.api.patch("/auth/profile", json=fields)


def stored(sql: Sql, person: Person) -> Any:
    return sql("select * from users where id = :id", id=person.actor.user_id)[0]


def with_stale_token(person: Person) -> ApiClient:
    """Return the person with an access token from a refresh."""
    answer = ApiClient(person.app.test_client(), None).post(
        "/auth/refresh", json={"refresh_token": person.refresh_token}
    )
    return ApiClient(person.app.test_client(), answer.json["access_token"])


# The profile
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "bob", "victor"])
def test_every_role_can_change_the_own_name(
    who: str, request: pytest.FixtureRequest, events: Events
) -> None:
    person: Person = request.getfixturevalue(who)
    answer = change(person, full_name="  Asha Rao ")
    assert answer.status_code == 200
    assert set(answer.json) == {"user", "email_verification_required"}
    assert answer.json["email_verification_required"] is False
    assert answer.json["user"] == person.api.get("/auth/me").json
    assert answer.json["user"]["full_name"] == "Asha Rao"
    (event,) = events(person, "profile.changed")
    assert event["inputs"] == {
        "fields": [{"field": "full_name", "before": person.actor.full_name, "after": "Asha Rao"}]
    }


@pytest.mark.parametrize(
    "fields", [{}, {"full_name": None}, {"email": None}, {"full_name": None, "email": None}]
)
def test_absent_and_null_change_nothing(
    alice: Person, events: Events, fields: dict[str, Any]
) -> None:
    before = alice.api.get("/auth/me").json
    answer = change(alice, **fields)
    assert (answer.status_code, answer.json) == (
        200,
        {"user": before, "email_verification_required": False},
    )
    assert events(alice, "profile.changed") == []


def test_the_same_address_in_another_case_is_no_change(
    app: Flask, alice: Person, events: Events
) -> None:
    other = sign_in(app, alice.email)
    answer = with_stale_token(alice).patch(
        "/auth/profile", json={"email": f" {alice.email.upper()} "}
    )
    assert (answer.status_code, answer.json["email_verification_required"]) == (200, False)
    assert (answer.json["user"]["email"], answer.json["user"]["email_verified"]) == (
        alice.email,
        True,
    )
    assert me(app, other.access_token) == 200
    assert events(alice, "profile.changed") == []


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"full_name": " "}, "full_name"),
        ({"full_name": "x" * 121}, "full_name"),
        ({"full_name": 7}, "full_name"),
        ({"email": "x"}, "email"),
        ({"email": "\N{KELVIN SIGN}iran@malabar.example"}, "email"),
        ({"email": ""}, "email"),
        ({"role": "agency_admin"}, "role"),
    ],
)
def test_an_invalid_field_is_refused_at_its_location(
    alice: Person, fields: dict[str, Any], place: str
) -> None:
    assert places(change(alice, **fields)) == [("body", place)]


def test_a_new_address_applies_at_once_and_must_be_confirmed(
    app: Flask, anyone: ApiClient, alice: Person, sql: Sql, events: Events
) -> None:
    new = fresh_address()
    answer = change(alice, email=new.upper(), full_name="Alice Moved")
    assert answer.status_code == 200
    assert answer.json["email_verification_required"] is True
    user = answer.json["user"]
    assert (user["email"], user["email_verified"], user["full_name"]) == (
        new,
        False,
        "Alice Moved",
    )  # in spite of the development switch
    assert (
        anyone.post("/auth/sign-in", json={"email": alice.email, "password": PASSWORD}).status_code
        == 401
    )
    (event,) = events(alice, "profile.changed")
    assert event["inputs"]["fields"][1] == {"field": "email", "before": alice.email, "after": new}
    mail = mailbox.newest(app, to=alice.email, kind="address_changed")
    assert new not in mail.text
    link = mailbox.newest(app, to=new, kind="verify_email")
    assert anyone.post("/auth/verify-email", json={"token": link.token}).status_code == 200
    assert stored(sql, alice)["email_verified"] is True


def test_a_new_address_ends_all_other_sessions(
    app: Flask, anyone: ApiClient, alice: Person, bob: Person, events: Events
) -> None:
    other, browser = sign_in(app, alice.email), alice.browser
    assert change(alice, email=fresh_address()).status_code == 200
    assert me(app, alice.access_token) == 200
    assert (
        anyone.post("/auth/refresh", json={"refresh_token": alice.refresh_token}).status_code == 200
    )
    assert me(app, other.access_token) == 401
    assert (
        anyone.post("/auth/refresh", json={"refresh_token": other.refresh_token}).status_code == 401
    )
    assert browser.get("/team").status_code == 303
    assert me(app, bob.access_token) == 200
    (event,) = events(alice, "session.ended")
    assert (event["inputs"], event["outputs"]) == ({"reason": "email_changed"}, {"sessions": 2})


def test_a_new_address_requires_a_fresh_token(alice: Person, sql: Sql) -> None:
    answer = with_stale_token(alice).patch(
        "/auth/profile", json={"email": fresh_address(), "full_name": "Alice Moved"}
    )
    assert (answer.status_code, answer.json["detail"]) == (403, "reauthentication_required")
    assert (stored(sql, alice)["email"], stored(sql, alice)["display_name"]) == (
        alice.email,
        "Alice Owner",
    )


def test_a_new_name_requires_no_fresh_token(alice: Person) -> None:
    assert (
        with_stale_token(alice)
        .patch("/auth/profile", json={"full_name": "Alice Renamed"})
        .status_code
        == 200
    )


def test_an_existing_address_is_reported_and_nothing_changes(
    app: Flask, alice: Person, bob: Person, charlie: Person, sql: Sql
) -> None:
    for taken in (bob.email, charlie.email):
        answer = change(alice, email=taken, full_name="Alice Moved")
        assert (answer.status_code, answer.json["detail"]) == (409, "email_already_registered")
    assert (stored(sql, alice)["email"], stored(sql, alice)["display_name"]) == (
        alice.email,
        "Alice Owner",
    )
    assert mailbox.received(app, to=alice.email) == []


def test_many_changes_of_address_are_limited(alice: Person, charlie: Person) -> None:
    statuses = [change(alice, email=charlie.email).status_code for _ in range(31)]
    assert statuses == [409] * 30 + [429]


def test_the_address_of_a_removed_user_can_be_used_again(
    alice: Person, charlie: Person, sql: Sql
) -> None:
    sql(
        "update users set is_active = false, removed_at = now() where id = :id",
        id=charlie.actor.user_id,
    )
    assert change(alice, email=charlie.email).status_code == 200


def test_links_of_an_old_address_stay_invalid(
    app: Flask, anyone: ApiClient, alice: Person, identity: Any
) -> None:
    tokens = {
        purpose: alice.does(
            lambda actor: issue(identity, user_id=actor.user_id, email=alice.email, purpose=purpose)  # noqa: B023
        )
        for purpose in Purpose
    }
    assert change(alice, email=fresh_address()).status_code == 200
    assert change(alice, email=alice.email).status_code == 200
    assert (
        anyone.post("/auth/verify-email", json={"token": tokens[Purpose.VERIFY_EMAIL]}).status_code
        == 400
    )
    answer = anyone.post(
        "/auth/reset-password", json={"token": tokens[Purpose.RESET_PASSWORD], "new_password": NEW}
    )
    assert (answer.status_code, answer.json["detail"]) == (400, "token_invalid")


def test_open_invitations_to_the_old_and_the_new_address_are_withdrawn(
    app: Flask, alice: Person, bob: Person, charlie: Person, sql: Sql, events: Events
) -> None:
    new = fresh_address()
    invited = {email: invite(app, alice, email) for email in (bob.email, new)}
    other, elsewhere = invite(app, alice, fresh_address())[0], invite(app, charlie, new)[0]
    assert change(bob, email=new).status_code == 200
    states = {row["id"]: row["status"] for row in sql("select id, status from invites")}
    assert [states[invite_id] for invite_id, _ in invited.values()] == ["revoked", "revoked"]
    assert (states[other], states[elsewhere]) == ("pending", "pending")
    recorded = {
        (event["actor_id"], event["entity_refs"]["invite_id"])
        for event in events(bob, "invite.revoked")
    }
    assert recorded == {(bob.actor.user_id, str(invite_id)) for invite_id, _ in invited.values()}
    with pytest.raises(InviteNotPending):  # whoever reads there by now stays outside
        accept(app, invited[bob.email][1])


def test_parallel_changes_to_one_address_succeed_once(app: Flask, people: People, sql: Sql) -> None:
    agencies = [people.sign_up(f"Racer{number} Person", agency="Racers") for number in range(6)]
    wanted, barrier = fresh_address(), threading.Barrier(6)

    def race(person: Person) -> int:
        client = person.api
        barrier.wait()
        return client.patch("/auth/profile", json={"email": wanted}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(race, agencies)) == [200] + [409] * 5
    assert len(sql("select 1 from users where email = :email", email=wanted)) == 1


def test_a_parallel_confirmation_and_change_never_confirm_the_new_address(
    app: Flask, alice: Person, sql: Sql, identity: Any
) -> None:
    for _ in range(5):
        email = stored(sql, alice)["email"]
        token = alice.does(
            lambda actor: issue(
                identity,
                user_id=actor.user_id,
                email=email,  # noqa: B023
                purpose=Purpose.VERIFY_EMAIL,
            )
        )
        barrier = threading.Barrier(2)

        def confirm() -> int:
            client = ApiClient(app.test_client(), None)
            barrier.wait()  # noqa: B023
            return client.post("/auth/verify-email", json={"token": token}).status_code  # noqa: B023

        def move() -> int:
            barrier.wait()  # noqa: B023
            return change(alice, email=fresh_address()).status_code

        with ThreadPoolExecutor(2) as pool:
            confirmed, moved = pool.submit(confirm), pool.submit(move)
            assert (confirmed.result() in {200, 400}, moved.result()) == (True, 200)
        assert stored(sql, alice)["email_verified"] is False


# The password
# --------------------------------------------------------------------------------


def change_password(person: Person, current: str = PASSWORD, new: str = NEW, **more: Any) -> Any:
    return person.api.post(
        "/auth/change-password", json={"current_password": current, "new_password": new, **more}
    )


@pytest.mark.parametrize("who", ["alice", "victor"])
def test_a_changed_password_ends_all_other_sessions(
    app: Flask, anyone: ApiClient, who: str, request: pytest.FixtureRequest, events: Events
) -> None:
    person: Person = request.getfixturevalue(who)
    other, browser = sign_in(app, person.email), person.browser
    answer = change_password(person)
    assert (answer.status_code, answer.data) == (204, b"")
    assert (
        me(app, person.access_token),
        me(app, other.access_token),
        browser.get("/team").status_code,
    ) == (200, 401, 303)
    assert (
        anyone.post("/auth/refresh", json={"refresh_token": person.refresh_token}).status_code
        == 200
    )
    assert [
        anyone.post("/auth/sign-in", json={"email": person.email, "password": word}).status_code
        for word in (PASSWORD, NEW)
    ] == [401, 200]
    assert mailbox.newest(app, to=person.email, kind="password_changed")
    (event,) = events(person, "auth.password_changed")
    assert (event["actor_id"], event["inputs"]) == (person.actor.user_id, {})


def test_a_wrong_present_password_is_refused_and_counted(
    alice: Person, sql: Sql, events: Events
) -> None:
    before = stored(sql, alice)["password_hash"]
    answers = [change_password(alice, current="Harbour-lantern-43") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]
    assert answers[0].json["detail"] == "invalid_password"
    assert stored(sql, alice)["password_hash"] == before
    assert len(events(alice, "auth.reauthentication_failed")) == 10


def test_a_refused_new_password_changes_nothing(alice: Person, sql: Sql) -> None:
    before = stored(sql, alice)["password_hash"]
    assert places(change_password(alice, new="short1")) == [("body", "new_password")]
    assert places(change_password(alice, unknown=1)) == [("body", "unknown")]
    answer = change_password(alice, new="alice-travels-2026")
    assert (answer.status_code, answer.json["detail"]) == (
        400,
        {"error": "password_too_weak", "code": "password_common"},
    )
    assert stored(sql, alice)["password_hash"] == before


def test_a_changed_password_revokes_reset_links(
    app: Flask, anyone: ApiClient, alice: Person
) -> None:
    anyone.post("/auth/request-password-reset", json={"email": alice.email})
    link = mailbox.newest(app, to=alice.email, kind="reset_password")
    assert change_password(alice).status_code == 204
    answer = anyone.post(
        "/auth/reset-password", json={"token": link.token, "new_password": "Another-harbour-8"}
    )
    assert (answer.status_code, answer.json["detail"]) == (400, "token_invalid")


def test_parallel_password_changes_succeed_once(alice: Person, sql: Sql) -> None:
    barrier = threading.Barrier(6)

    def race(number: int) -> int:
        barrier.wait()
        return change_password(alice, new=f"Quiet-compass-7{number}").status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(race, range(6))) == [204] + [403] * 5


# The page
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "victor"])
def test_the_profile_page_shows_and_changes_the_name(
    who: str, request: pytest.FixtureRequest
) -> None:
    person: Person = request.getfixturevalue(who)
    browser = person.browser
    page = browser.get("/account")
    assert page.status_code == 200
    for words in (
        person.email,
        f'value="{person.actor.full_name}"',
        "Confirmed",
        'href="/account/security"',
        'href="/account/sessions"',
    ):
        assert words in page.text, words
    answer = submit(browser, "/account", full_name="Asha Rao")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    page = browser.get("/account").text
    assert 'value="Asha Rao"' in page
    assert "Name saved." in page


def test_the_page_asks_for_the_password_to_change_the_address(
    app: Flask, alice: Person, charlie: Person, sql: Sql
) -> None:
    browser, new = alice.browser, fresh_address()
    for fields, place, words in (
        (
            {"email": new, "password": "Harbour-lantern-43"},
            "address-password",
            "The password is incorrect.",
        ),
        ({"email": new, "password": ""}, "address-password", "Enter your password."),
        ({"email": "x", "password": PASSWORD}, "email", "Enter an address such as"),
        (
            {"email": charlie.email, "password": PASSWORD},
            "email",
            "Another account already has this address.",
        ),
    ):
        answer = submit(browser, "/account/address", token_from="/account", **fields)
        assert answer.status_code == 422
        assert re.search(rf'id="{place}-err">.*?{re.escape(words)}', answer.text, re.DOTALL), words
        assert f'value="{fields["email"]}"' in answer.text
        assert PASSWORD not in answer.text
        assert answer.text.count("autofocus") == 1
    assert stored(sql, alice)["email"] == alice.email
    answer = submit(
        browser, "/account/address", token_from="/account", email=new, password=PASSWORD
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    page = browser.get("/account").text
    assert "Not confirmed yet" in page
    assert new in page
    assert submit(browser, "/account/verification", token_from="/account").status_code == 303
    assert len(mailbox.received(app, to=new, kind="verify_email")) == 2
    assert (
        submit(
            browser, "/account/address", token_from="/account", email=new, password=PASSWORD
        ).status_code
        == 303
    )
    assert "This is already your address." in browser.get("/account").text


def test_changing_the_password_on_the_page_keeps_the_session(app: Flask, alice: Person) -> None:
    browser, elsewhere = alice.browser, alice.browser
    for fields, place, words in (
        (
            {"current_password": "Harbour-lantern-43", "new_password": NEW},
            "current_password",
            "The password is incorrect.",
        ),
        (
            {"current_password": PASSWORD, "new_password": "short1"},
            "new_password",
            "Use 12 to 128 characters.",
        ),
        (
            {"current_password": PASSWORD, "new_password": "password1234"},
            "new_password",
            "easy to guess",
        ),
    ):
        answer = submit(browser, "/account/password", token_from="/account", **fields)
        assert answer.status_code == 422
        assert re.search(rf'id="{place}-err">.*?{re.escape(words)}', answer.text, re.DOTALL), words
        assert not {PASSWORD, NEW} & set(re.split(r"[\"<>]", answer.text))
    answer = submit(
        browser,
        "/account/password",
        token_from="/account",
        current_password=PASSWORD,
        new_password=NEW,
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "Password changed." in browser.get("/account").text
    assert elsewhere.get("/team").status_code == 303


@pytest.mark.parametrize("path", ["/account/address", "/account/password"])
def test_the_page_limits_wrong_passwords(alice: Person, path: str) -> None:
    browser, fields = (
        alice.browser,
        {
            "email": fresh_address(),
            "password": "Harbour-lantern-43",
            "current_password": "Harbour-lantern-43",
            "new_password": NEW,
        },
    )
    statuses = [
        submit(browser, path, token_from="/account", **fields).status_code for _ in range(11)
    ]
    assert statuses == [422] * 10 + [429]


def test_the_page_asks_for_a_code_only_if_two_factor_is_on(alice: Person, sql: Sql) -> None:
    browser = alice.browser
    assert 'autocomplete="one-time-code"' not in browser.get("/account").text
    sql(
        "update users set totp_enabled = true, totp_secret = 'sealed' where id = :id",
        id=alice.actor.user_id,
    )
    assert browser.get("/account").text.count('autocomplete="one-time-code"') == 2
    answer = submit(
        browser, "/account/address", token_from="/account", email=fresh_address(), password=PASSWORD
    )
    assert (answer.status_code, 'id="address-code-err"' in answer.text) == (422, True)
    assert stored(sql, alice)["email"] == alice.email


def test_confirmation_links_above_the_limit_are_left_out(app: Flask, alice: Person) -> None:
    """An account that moves to and fro does not flood the address of somebody else."""
    theirs, own = fresh_address(), alice.email
    for _ in range(12):
        for email in (theirs, own):
            assert alice.api.patch("/auth/profile", json={"email": email}).status_code == 200
    assert len(mailbox.received(app, to=theirs, kind="verify_email")) == 10
    assert len(mailbox.received(app, to=theirs, kind="address_changed")) == 10
