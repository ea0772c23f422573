"""People invited by a moved account lose access when its owner takes it over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import mailbox
from tests.identity.conftest import Events
from tests.identity.keys import bearing, make_key
from tests.identity.test_credentials import PREPARED, accepts, prepared
from tests.identity.test_provisional import confirm, move, strict, uma  # noqa: F401 - fixtures
from tests.identity.test_recovery import NEW, choose
from tests.identity.test_sessions import Sql, fresh_address, me
from tests.identity.test_team import at_once
from tests.identity.test_views import submit
from tests.people import PASSWORD, ApiClient, People, Person


def prove(person: Person) -> None:
    """Confirm the address of an invited person by a mailed link."""
    assert person.api.post("/auth/send-verification-email").status_code == 200
    confirm(person)


def reset(app: Flask, email: str) -> None:
    """Choose a new password by the mailed link, as the owner of the address."""
    owner = ApiClient(app.test_client(), None)
    assert owner.post("/auth/request-password-reset", json={"email": email}).status_code == 200
    assert (
        choose(owner, mailbox.newest(app, to=email, kind="reset_password").token).status_code == 200
    )


def owner_of(app: Flask, person: Person, email: str) -> Person:
    """Take an account over, and return its owner after the sign-in."""
    reset(app, email)
    anyone = ApiClient(app.test_client(), None)
    token = mailbox.newest(app, to=email, kind="verify_email").token
    assert anyone.post("/auth/verify-email", json={"token": token}).status_code == 200
    answer = anyone.post("/auth/sign-in", json={"email": email, "password": NEW})
    assert answer.status_code == 200, answer.text
    return replace(person, email=email, access_token=answer.json["access_token"])


def browser_of(owner: Person) -> FlaskClient:
    """Sign the owner in by the page, with the new password."""
    browser = owner.app.test_client()
    answer = submit(browser, "/sign-in", email=owner.email, password=NEW)
    assert answer.status_code == 303, answer.text
    return browser


def works(person: Person, key: str) -> set[int]:
    """Return the statuses of a request by session and by key."""
    return {me(person.app, person.access_token), bearing(person, key).get("/auth/me").status_code}


def test_people_whom_a_moved_account_has_invited_are_suspended(
    strict: Flask,  # noqa: F811 - the fixture
    uma: Person,  # noqa: F811 - the fixture
    sql: Sql,
    events: Events,
) -> None:
    """A stranger signs up with an own address and moves the account after inviting."""
    confirm(uma)
    assert uma.api.patch("/tenant-settings", json=PREPARED).status_code == 200
    accomplice = accepts(strict, uma, role="agency_admin")
    prove(accomplice)
    second = accepts(strict, accomplice)
    keys = {person.email: make_key(person)[1] for person in (accomplice, second)}
    third = fresh_address()
    body = {"email": third, "role": "agent"}
    assert accomplice.api.post("/auth/invites", json=body).status_code == 201
    victim = fresh_address()
    move(uma, victim)
    owner = owner_of(strict, uma, victim)

    for person in (accomplice, second):
        assert works(person, keys[person.email]) == {401}
        anyone = ApiClient(strict.test_client(), None)
        for path, given in (
            ("/auth/sign-in", {"email": person.email, "password": PASSWORD}),
            ("/auth/refresh", {"refresh_token": person.refresh_token}),
        ):
            assert anyone.post(path, json=given).status_code == 401
        notice = mailbox.newest(strict, to=person.email, kind="access_changed")
        assert "You have no access until an administrator restores it." in notice.text
    (invitation,) = sql("select status from invites where email = :email", email=third)
    assert invitation["status"] == "revoked"
    assert prepared(uma) == {
        **dict.fromkeys(PREPARED),
        "four_eyes": True,
        "approval_limits": {},
    }
    assert len(events(uma, "person.suspended")) == 2

    mail = mailbox.newest(strict, to=victim, kind="password_changed").text
    assert "2 people whom this account invited have no access" in mail
    team = owner.api.get("/team").json
    assert [each["email"] for each in team["items"]] == [victim]
    assert {each["email"] for each in team["suspended"]} == set(keys)

    path = f"/team/{accomplice.actor.user_id}"
    assert owner.api.patch(path, json={"role": "agency_admin"}).status_code == 200
    assert works(accomplice, keys[accomplice.email]) == {200}
    assert works(second, keys[second.email]) == {401}
    assert owner.api.delete(f"/team/{second.actor.user_id}").status_code == 204
    assert owner.api.get("/team").json["suspended"] == []


@pytest.mark.parametrize("proof", ["link", "both addresses by links"])
def test_an_administrator_who_confirms_a_new_address_loses_nobody(
    strict: Flask,  # noqa: F811 - the fixture
    uma: Person,  # noqa: F811 - the fixture
    proof: str,
) -> None:
    confirm(uma)
    colleague = accepts(strict, uma, role="agency_admin")
    key = make_key(colleague)[1]
    wrong, right = fresh_address(), uma.email
    move(uma, wrong)
    if proof != "link":
        confirm(replace(uma, email=wrong))
        move(uma, right)
    moved = replace(uma, email=wrong if proof == "link" else right)
    confirm(moved)
    reset(strict, moved.email)
    assert works(colleague, key) == {200}
    assert (
        "have no access" not in mailbox.newest(strict, to=moved.email, kind="password_changed").text
    )


@pytest.mark.parametrize("role", ["viewer", "ticketing_lead"])
def test_a_person_who_is_no_longer_administrator_suspends_nobody(
    strict: Flask,  # noqa: F811 - the fixture
    uma: Person,  # noqa: F811 - the fixture
    events: Events,
    role: str,
) -> None:
    """The founder invited the administrators, who have given her another role."""
    confirm(uma)
    administrator = accepts(strict, uma, role="agency_admin")
    prove(administrator)
    colleague = accepts(strict, administrator)
    keys = {person.email: make_key(person)[1] for person in (administrator, colleague)}
    path = f"/team/{uma.actor.user_id}"
    assert administrator.api.patch(path, json={"role": role}).status_code == 200
    moved = fresh_address()
    move(uma, moved)
    reset(strict, moved)

    for person in (administrator, colleague):
        assert works(person, keys[person.email]) == {200}
    assert administrator.api.get("/team").json["suspended"] == []
    assert events(uma, "person.suspended") == []
    mail = mailbox.newest(strict, to=moved, kind="password_changed").text
    assert "2 other people have access" in mail
    assert "have no access" not in mail


def test_the_first_reset_of_an_invited_address_tells_who_else_is_in_the_agency(
    strict: Flask,  # noqa: F811 - the fixture
    uma: Person,  # noqa: F811 - the fixture
) -> None:
    """People join by a link that is shown to the inviter; nobody has moved an account."""
    confirm(uma)
    administrator = accepts(strict, uma, role="agency_admin")
    colleague = accepts(strict, administrator)
    key = make_key(colleague)[1]
    reset(strict, administrator.email)
    assert works(colleague, key) == {200}
    mails = [mailbox.newest(strict, to=administrator.email, kind="password_changed").text]
    reset(strict, administrator.email)
    mails.append(mailbox.newest(strict, to=administrator.email, kind="password_changed").text)
    assert ["2 other people have access" in mail for mail in mails] == [True, False]


@pytest.fixture
def taken(strict: Flask, uma: Person) -> tuple[Person, Person]:  # noqa: F811 - fixtures
    """The owner of an account that was taken over, and a suspended person."""
    confirm(uma)
    colleague = accepts(strict, uma, role="agency_admin")
    victim = fresh_address()
    move(uma, victim)
    return owner_of(strict, uma, victim), colleague


def test_the_team_page_lists_suspended_people_and_restores_their_access(
    taken: tuple[Person, Person],
) -> None:
    owner, colleague = taken
    user_id = colleague.actor.user_id
    browser = browser_of(owner)
    assert colleague.email in browser.get("/team").text.partition('id="suspended"')[2]
    assert "has no access until" in browser.get(f"/team/{user_id}").text
    answer = submit(
        browser,
        f"/team/{user_id}/role",
        token_from="/team",
        role="agency_admin",
    )
    assert answer.status_code == 303, answer.text
    text = browser.get("/team").text
    assert "Mallory has access again." in text
    assert 'id="suspended"' not in text
    assert me(colleague.app, colleague.access_token) == 200


def test_a_suspended_person_is_removed_by_the_page(taken: tuple[Person, Person]) -> None:
    owner, colleague = taken
    browser, path = browser_of(owner), f"/team/{colleague.actor.user_id}/remove"
    assert submit(browser, path).status_code == 303
    text = browser.get("/team").text
    assert 'id="suspended"' not in text
    assert colleague.email in text.partition('id="removed"')[2]


def test_the_page_after_the_reset_says_who_has_no_access(
    strict: Flask,  # noqa: F811 - the fixture
    uma: Person,  # noqa: F811 - the fixture
) -> None:
    confirm(uma)
    accepts(strict, uma)
    victim = fresh_address()
    move(uma, victim)
    owner = ApiClient(strict.test_client(), None)
    assert owner.post("/auth/request-password-reset", json={"email": victim}).status_code == 200
    token = mailbox.newest(strict, to=victim, kind="reset_password").token
    browser = strict.test_client()
    browser.get(f"/reset-password?token={token}")
    assert submit(browser, "/reset-password", new_password=NEW).status_code == 303
    text = browser.get("/sign-in").text
    assert "One person whom this account invited has no access until you restore it" in text


def test_a_suspended_browser_is_told_who_restores_the_access(
    strict: Flask,  # noqa: F811 - the fixture
    uma: Person,  # noqa: F811 - the fixture
) -> None:
    confirm(uma)
    browser = accepts(strict, uma).browser
    victim = fresh_address()
    move(uma, victim)
    reset(strict, victim)
    text = browser.get("/trips", follow_redirects=True).text
    assert "Your access is suspended until an administrator of your agency restores it." in text


def test_only_an_administrator_of_the_agency_restores_access(
    taken: tuple[Person, Person],
    alice: Person,
    strict: Flask,  # noqa: F811 - the fixture
) -> None:
    owner, colleague = taken
    path, body = f"/team/{colleague.actor.user_id}", {"role": "agent"}
    agent = People(strict).colleague(owner, "Arun Agent", role="agent")
    statuses = [
        client.patch(path, json=body).status_code
        for client in (agent.api, alice.api, colleague.api, ApiClient(strict.test_client(), None))
    ]
    assert statuses == [403, 404, 401, 401]
    assert owner.api.patch(path, json={"role": "captain"}).status_code == 422
    assert 'id="suspended"' not in agent.browser.get("/team").text
    assert me(strict, colleague.access_token) == 401


def test_access_restored_twice_at_the_same_moment_leaves_one_event(
    taken: tuple[Person, Person], events: Events
) -> None:
    owner, colleague = taken

    def restore() -> int:
        path = f"/team/{colleague.actor.user_id}"
        return owner.api.patch(path, json={"role": "agency_admin"}).status_code

    assert at_once(restore, restore) == [200, 200]
    assert len(events(owner, "person.reinstated")) == 1


def test_access_is_not_restored_if_another_account_has_the_address(
    taken: tuple[Person, Person],
    sql: Sql,
    strict: Flask,  # noqa: F811 - the fixture
) -> None:
    owner, colleague = taken
    other = People(strict).sign_up("Olga Other", agency="Other Travels")
    sql("update users set email = :e where id = :i", e=colleague.email, i=other.actor.user_id)
    path = f"/team/{colleague.actor.user_id}"
    answer = owner.api.patch(path, json={"role": "agent"})
    assert (answer.status_code, answer.json["detail"]) == (409, "email_already_registered")
    page = submit(browser_of(owner), f"{path}/role", token_from="/team", role="agent")
    assert page.status_code == 422
    assert "already" in page.text


def test_an_invitation_accepted_at_the_moment_of_the_reset_gives_no_access(
    strict: Flask,  # noqa: F811 - the fixture
    uma: Person,  # noqa: F811 - the fixture
    sql: Sql,
) -> None:
    confirm(uma)
    accomplice = accepts(strict, uma, role="agency_admin")
    links = []
    for inviter in (uma, accomplice):
        made = inviter.api.post("/auth/invites", json={"email": fresh_address(), "role": "agent"})
        links.append(made.json["invite_link"].partition("token=")[2])
    victim = fresh_address()
    move(uma, victim)

    def accept(token: str) -> Callable[[], Any]:
        body = {"token": token, "password": PASSWORD, "full_name": "Mallory"}
        client = ApiClient(strict.test_client(), None)
        return lambda: client.post("/auth/accept-invite", json=body).status_code

    at_once(lambda: reset(strict, victim), *map(accept, links))
    active = sql(
        "select email from users where tenant_id = :t and is_active", t=uma.actor.tenant_id
    )
    assert [row["email"] for row in active] == [victim]
