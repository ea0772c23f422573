"""Roles and removal of users; one administrator always remains."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.http.operations import MAKERS
from tests.identity.conftest import Events
from tests.identity.keys import with_key
from tests.identity.test_ending import session_of
from tests.identity.test_invites import invite
from tests.identity.test_sessions import fresh_address, me, refresh, sign_in
from tests.people import PASSWORD, People, Person, csrf
from voyagent.identity.queries import people as people_queries
from voyagent.identity.queries.people import PersonNotFound
from voyagent.identity.rules.permissions import Role
from voyagent.identity.service import team
from voyagent.identity.service.errors import InvalidCredentials, InvalidRefreshToken
from voyagent.identity.service.values import Device
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.ids import new_id

Sql = Callable[..., list[sa.RowMapping]]


@pytest.fixture
def ada(people: People, alice: Person) -> Person:
    """A second administrator of Alice's agency."""
    return people.colleague(alice, "Ada Admin", role="agency_admin")


def path_of(person: Person) -> str:
    return f"/team/{person.actor.user_id}"


def role_of(person: Person, sql: Sql) -> str:
    return str(sql("select role from users where id = :id", id=person.actor.user_id)[0]["role"])


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run several acts in parallel."""
    barrier = threading.Barrier(len(acts))

    def run(do: Callable[[], Any]) -> Any:
        barrier.wait()
        return do()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


# The list
# --------------------------------------------------------------------------------


def test_every_role_can_list_the_users(
    alice: Person, bob: Person, victor: Person, charlie: Person
) -> None:
    for person in (alice, bob, victor):
        items = person.api.get("/team").json["items"]
        assert [item["full_name"] for item in items] == [
            "Alice Owner",
            "Bob Colleague",
            "Victor Viewer",
        ]
    assert items[1] == {
        "id": str(bob.actor.user_id),
        "email": bob.email,
        "full_name": "Bob Colleague",
        "role": "agent",
        "email_verified": True,
        "totp_enabled": False,
        "created_at": items[1]["created_at"],
        "last_seen_at": items[1]["last_seen_at"],
    }
    assert items[1]["last_seen_at"] is not None


# Roles
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_a_changed_role_applies_at_once_to_valid_tokens(
    app: Flask, alice: Person, bob: Person, ada: Person, role: str
) -> None:
    browser, other = bob.browser, sign_in(app, bob.email)
    answer = alice.api.patch(path_of(bob), json={"role": role})
    assert (answer.status_code, answer.json["role"], answer.json["full_name"]) == (
        200,
        role,
        "Bob Colleague",
    )
    assert bob.api.get("/auth/me").json["role"] == role
    may_write = role != "viewer"
    for token in (bob.access_token, other.access_token):
        made = app.test_client().post(
            "/api/enquiries",
            json={"customer_name": "Deepa", "pax_count": 1},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert made.status_code == (201 if may_write else 403)
    assert (bob.api.get("/auth/invites").status_code == 200) == (role == "agency_admin")
    assert browser.get("/enquiries/new").status_code == (200 if may_write else 403)
    renewed = refresh(app, bob.refresh_token)[0]
    assert jwt.decode(renewed, options={"verify_signature": False})["role"] == role


def test_a_changed_role_records_an_event_and_sends_a_mail(
    alice: Person, bob: Person, events: Events, sql: Sql
) -> None:
    alice.api.patch(path_of(bob), json={"role": "ticketing_lead"})
    (event,) = events(alice, "person.role_changed")
    assert (event["actor_id"], event["entity_refs"], event["inputs"]) == (
        alice.actor.user_id,
        {"user_id": str(bob.actor.user_id)},
        {"before": "agent", "after": "ticketing_lead"},
    )
    assert [
        row["kind"]
        for row in sql("select kind from mails where tenant_id = :t", t=alice.actor.tenant_id)
    ] == ["role_changed"]


def test_setting_the_same_role_records_nothing(
    alice: Person, bob: Person, events: Events, sql: Sql
) -> None:
    assert alice.api.patch(path_of(bob), json={"role": "agent"}).status_code == 200
    assert events(alice, "person.role_changed") == []
    assert sql("select kind from mails where tenant_id = :t", t=alice.actor.tenant_id) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"role": "owner"},
        {"role": None},
        {"role": "agent", "email": "x@y.example"},
        {"role": 5},
        {"role": "Agent"},
    ],
)
def test_an_invalid_role_change_is_refused(
    alice: Person, bob: Person, sql: Sql, body: dict[str, Any]
) -> None:
    assert alice.api.patch(path_of(bob), json=body).status_code == 422
    assert role_of(bob, sql) == "agent"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AGENCY_ADMIN])
def test_only_an_administrator_manages_the_team(
    people: People, alice: Person, bob: Person, sql: Sql, role: str
) -> None:
    person = people.colleague(alice, "Rita Role", role=role)
    rules = alice.app.extensions["voyagent.identity"]
    assert person.api.patch(path_of(bob), json={"role": "viewer"}).status_code == 403
    assert person.api.delete(path_of(bob)).status_code == 403
    assert person.api.delete(path_of(bob) + "/sessions").status_code == 403
    for rule in (
        lambda actor: team.change_role(rules, actor, bob.actor.user_id, role="viewer"),
        lambda actor: team.remove_person(rules, actor, bob.actor.user_id),
        lambda actor: team.sign_person_out(actor, bob.actor.user_id),
    ):
        with pytest.raises(Forbidden):
            person.does(rule)
    assert role_of(bob, sql) == "agent"


def test_users_of_another_agency_are_not_found(alice: Person, charlie: Person, sql: Sql) -> None:
    for user_id in (charlie.actor.user_id, new_id(), "nonsense"):
        for answer in (
            alice.api.patch(f"/team/{user_id}", json={"role": "viewer"}),
            alice.api.delete(f"/team/{user_id}"),
            alice.api.delete(f"/team/{user_id}/sessions"),
        ):
            assert (answer.status_code, answer.json["detail"]) == (404, "user_not_found")
    assert role_of(charlie, sql) == "agency_admin"
    assert charlie.api.get("/auth/me").status_code == 200


# The last administrator
# --------------------------------------------------------------------------------


def test_the_last_administrator_cannot_change_the_own_role(
    alice: Person, bob: Person, sql: Sql
) -> None:
    for answer in (
        alice.api.patch(path_of(alice), json={"role": "agent"}),
        alice.api.delete(path_of(alice)),
    ):
        assert (answer.status_code, answer.json["detail"]) == (409, "last_administrator")
    assert role_of(alice, sql) == "agency_admin"
    assert alice.api.patch(path_of(alice), json={"role": "agency_admin"}).status_code == 200


def test_an_administrator_can_change_the_own_role_if_another_remains(
    alice: Person, ada: Person
) -> None:
    assert alice.api.patch(path_of(alice), json={"role": "agent"}).status_code == 200
    assert alice.api.get("/auth/invites").status_code == 403
    assert ada.api.delete(path_of(ada)).json["detail"] == "last_administrator"


def test_a_removed_administrator_does_not_count_as_one(alice: Person, ada: Person) -> None:
    assert alice.api.delete(path_of(ada)).status_code == 204
    assert alice.api.delete(path_of(alice)).status_code == 409


@pytest.mark.parametrize("how", ["lower", "remove"])
def test_one_administrator_stays_if_two_remove_each_other(
    alice: Person, ada: Person, sql: Sql, how: str
) -> None:
    """The second is no longer an administrator, or would be the last one to leave."""

    def strike(who: Person, whom: Person) -> Callable[[], int]:
        if how == "lower":
            return lambda: int(who.api.patch(path_of(whom), json={"role": "agent"}).status_code)
        return lambda: int(who.api.delete(path_of(whom)).status_code)

    answers = at_once(strike(alice, ada), strike(ada, alice))
    won = {200, 204}
    assert len([status for status in answers if status in won]) == 1
    assert set(answers) - won <= {403, 409, 401}
    left = sql(
        "select count(*) as n from users where tenant_id = :t and is_active and role ="
        " 'agency_admin'",
        t=alice.actor.tenant_id,
    )
    assert left[0]["n"] == 1


def test_a_changed_role_applies_at_once(
    people: People, alice: Person, ada: Person, sql: Sql
) -> None:
    """With three administrators, the new role is the reason of the refusal.

    The number of administrators would permit the act.
    """
    third = people.colleague(alice, "Tara Third", role="agency_admin")
    rules = alice.app.extensions["voyagent.identity"]
    with ada.acting() as actor:  # proved a moment ago
        alice.api.patch(path_of(ada), json={"role": "agent"})
        with pytest.raises(Forbidden):
            team.remove_person(rules, actor, third.actor.user_id)
    assert third.api.get("/auth/me").status_code == 200


def test_one_administrator_remains_after_parallel_removals(
    people: People, alice: Person, sql: Sql
) -> None:
    admins = [
        alice,
        *(people.colleague(alice, f"Admin {letter}", role="agency_admin") for letter in "BCDE"),
    ]
    answers = at_once(
        *(
            lambda person=person: int(person.api.delete(path_of(person)).status_code)
            for person in admins
        )
    )
    assert sorted(answers) == [204, 204, 204, 204, 409]


# Removal
# --------------------------------------------------------------------------------


def test_a_removed_user_is_refused_from_the_next_request(
    app: Flask, alice: Person, bob: Person
) -> None:
    browser, other, key = bob.browser, sign_in(app, bob.email), with_key(bob)
    assert key.get("/auth/me").status_code == 200
    answer = alice.api.delete(path_of(bob))
    assert (answer.status_code, answer.data) == (204, b"")
    assert [me(app, token) for token in (bob.access_token, other.access_token)] == [401, 401]
    assert key.get("/auth/me").status_code == 401
    for token in (bob.refresh_token, other.refresh_token):
        with pytest.raises(InvalidRefreshToken):
            refresh(app, token)
    assert browser.get("/team").status_code == 303
    with pytest.raises(InvalidCredentials):
        sign_in(app, bob.email)
    for again in (
        alice.api.delete(path_of(bob)),
        alice.api.patch(path_of(bob), json={"role": "viewer"}),
        alice.api.delete(path_of(bob) + "/sessions"),
    ):
        assert (again.status_code, again.json["detail"]) == (404, "user_not_found")


def test_a_removal_records_an_event_and_sends_a_mail(
    app: Flask, alice: Person, bob: Person, events: Events, sql: Sql
) -> None:
    sign_in(app, bob.email)
    alice.api.delete(path_of(bob))
    (event,) = events(alice, "person.removed")
    assert (event["actor_id"], event["entity_refs"]) == (
        alice.actor.user_id,
        {"user_id": str(bob.actor.user_id)},
    )
    assert (event["inputs"], event["outputs"]) == (
        {"email": bob.email, "role": "agent"},
        {"sessions": 2, "invitations": 0},
    )
    assert "removed_from_agency" in [
        row["kind"]
        for row in sql("select kind from mails where tenant_id = :t", t=alice.actor.tenant_id)
    ]


def test_no_user_is_removed_if_the_event_cannot_be_written(
    alice: Person, bob: Person, sql: Sql
) -> None:
    sql(
        "alter table audit_events add constraint no_removals check (kind <> 'person.removed') not"
        " valid"
    )
    try:
        assert alice.api.delete(path_of(bob)).status_code == 500
    finally:
        sql("alter table audit_events drop constraint no_removals")
    assert bob.api.get("/auth/me").status_code == 200


def test_parallel_removals_succeed_once(alice: Person, bob: Person, events: Events) -> None:
    answers = at_once(*[lambda: int(alice.api.delete(path_of(bob)).status_code)] * 5)
    assert sorted(answers) == [204, 404, 404, 404, 404]
    assert len(events(alice, "person.removed")) == 1


def test_a_removed_user_is_named_in_history_but_not_in_menus(alice: Person, bob: Person) -> None:
    MAKERS["enquiry_id"](bob)
    alice.api.delete(path_of(bob))
    assert [item["full_name"] for item in alice.api.get("/team").json["items"]] == ["Alice Owner"]
    with alice.reading() as reader:
        assert people_queries.names_of(reader)[bob.actor.user_id] == "Bob Colleague"
        people, _invites, removed = people_queries.list_team(reader)
        assert ([row["full_name"] for row in people], [row["full_name"] for row in removed]) == (
            ["Alice Owner"],
            ["Bob Colleague"],
        )
        with pytest.raises(PersonNotFound):
            people_queries.get_person(reader, bob.actor.user_id)


def test_the_address_of_a_removed_user_can_join_as_a_new_user(
    app: Flask, alice: Person, bob: Person, charlie: Person, sql: Sql
) -> None:
    alice.api.delete(path_of(bob))
    for by in (charlie, alice):
        assert by.api.post("/auth/invites", json={"email": bob.email}).status_code == 201
    link = alice.api.get("/auth/invites?status=pending").json["items"]
    assert [item["email"] for item in link] == [bob.email]
    alice.api.post(f"/auth/invites/{link[0]['id']}/revoke")
    made = alice.api.post("/auth/invites", json={"email": bob.email, "role": "viewer"}).json[
        "invite_link"
    ]
    joined = app.test_client().post(
        "/api/auth/accept-invite",
        json={"token": made.partition("token=")[2], "password": PASSWORD, "full_name": "Bob Again"},
    )
    assert joined.status_code == 201
    assert joined.json["user"]["id"] != str(bob.actor.user_id)
    assert joined.json["user"]["role"] == "viewer"
    assert me(app, bob.access_token) == 401
    rows = sql(
        "select is_active, removed_at is null as is_here from users where email = :e order by"
        " created_at",
        e=bob.email,
    )
    assert [tuple(row.values()) for row in rows] == [(False, False), (True, True)]


def test_open_invitations_of_a_removed_user_are_revoked(
    app: Flask, alice: Person, ada: Person
) -> None:
    for by in (alice, ada):
        invite(app, by, fresh_address())
    assert alice.api.delete(path_of(ada)).status_code == 204
    statuses = {
        item["invited_by_user_id"]: item["status"]
        for item in alice.api.get("/auth/invites").json["items"]
    }
    assert statuses == {str(alice.actor.user_id): "pending", str(ada.actor.user_id): "revoked"}


def test_an_open_invitation_to_the_address_of_a_removed_user_is_revoked(
    app: Flask, alice: Person, bob: Person, events: Events
) -> None:
    _, token = invite(app, alice, bob.email)
    assert alice.api.delete(path_of(bob)).status_code == 204
    assert events(alice, "person.removed")[0]["outputs"]["invitations"] == 1
    answer = app.test_client().post(
        "/api/auth/accept-invite",
        json={"token": token, "password": PASSWORD, "full_name": "Bob Again"},
    )
    assert (answer.status_code, answer.json["detail"]) == (400, "invite_not_pending")


# Sign-out of another person
# --------------------------------------------------------------------------------


def test_an_administrator_signs_a_user_out_who_can_sign_in_again(
    app: Flask, alice: Person, bob: Person, events: Events
) -> None:
    browser, key = bob.browser, with_key(bob)
    assert alice.api.delete(path_of(bob) + "/sessions").status_code == 204
    assert (
        me(app, bob.access_token),
        browser.get("/team").status_code,
        key.get("/auth/me").status_code,
    ) == (401, 303, 200)
    (event,) = events(alice, "session.ended")
    assert (event["actor_id"], event["inputs"]) == (
        alice.actor.user_id,
        {"reason": "ended_by_administrator"},
    )
    assert me(app, sign_in(app, bob.email).access_token) == 200
    assert alice.api.get("/auth/me").status_code == 200


# The pages
# --------------------------------------------------------------------------------


def test_the_team_page_links_each_user_for_administrators(alice: Person, bob: Person) -> None:
    assert f'href="{path_of(bob)}"' in alice.browser.get("/team").text
    assert f'href="{path_of(bob)}"' not in bob.browser.get("/team").text
    assert bob.browser.get(path_of(bob)).status_code == 403


def test_the_page_of_a_user_shows_role_and_sessions(app: Flask, alice: Person, bob: Person) -> None:
    sign_in(app, bob.email, device=Device(Channel.API, user_agent="curl/8.9.1", ip="203.0.113.9"))
    page = alice.browser.get(path_of(bob)).text
    assert "Bob Colleague" in page
    assert 'selected value="agent"' in page
    assert "curl" in page
    assert "203.0.113.9" in page


def test_a_user_of_the_agency_cannot_be_invited_on_the_page(
    alice: Person, bob: Person, sql: Sql
) -> None:
    browser = alice.browser
    answer = browser.post(
        "/team",
        data={"email": bob.email.upper(), "role": "agent", "csrf_token": csrf(browser, "/team")},
    )
    assert answer.status_code == 422
    assert "This person is already in your team." in answer.text
    assert not sql("select 1 from invites where email = :email", email=bob.email)


def test_an_open_invitation_is_listed_even_if_the_address_has_an_account(
    app: Flask, alice: Person, bob: Person, sql: Sql
) -> None:
    invite_id, _ = invite(app, alice, bob.email)  # a program may
    assert f"/team/invitations/{invite_id}/revoke" in alice.browser.get("/team").text
    sql("update invites set expires_at = now() - interval '1 minute' where id = :id", id=invite_id)
    assert "Invite again" not in alice.browser.get("/team").text


def test_the_page_changes_the_role(alice: Person, bob: Person, sql: Sql) -> None:
    browser = alice.browser
    answer = browser.post(
        path_of(bob) + "/role",
        data={"role": "accounting_lead", "csrf_token": csrf(browser, path_of(bob))},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/team")
    assert role_of(bob, sql) == "accounting_lead"
    assert "Role of Bob Colleague changed." in browser.get("/team").text


def test_setting_the_same_role_reports_no_change(alice: Person, bob: Person) -> None:
    browser = alice.browser
    browser.post(
        path_of(bob) + "/role", data={"role": "agent", "csrf_token": csrf(browser, path_of(bob))}
    )
    page = browser.get("/team").text
    assert "Bob Colleague already has this role." in page
    assert "Role of Bob Colleague changed" not in page


def test_the_page_explains_that_the_last_administrator_must_remain(
    alice: Person, bob: Person, people: People
) -> None:
    page = alice.browser.get(path_of(alice)).text
    assert f"{path_of(alice)}/remove" not in page
    assert "You are the only administrator." in page
    assert f"{path_of(bob)}/remove" in alice.browser.get(path_of(bob)).text
    people.colleague(alice, "Ada Admin", role="agency_admin")
    assert f"{path_of(alice)}/remove" in alice.browser.get(path_of(alice)).text


def test_the_page_refuses_invalid_input(alice: Person, sql: Sql) -> None:
    browser = alice.browser
    for role, words in (("owner", "Choose one from the list."), ("viewer", "only administrator")):
        answer = browser.post(
            path_of(alice) + "/role",
            data={"role": role, "csrf_token": csrf(browser, path_of(alice))},
        )
        assert answer.status_code == 422
        assert words in answer.text
    assert role_of(alice, sql) == "agency_admin"


def test_removing_asks_for_confirmation_with_the_users_name(alice: Person, bob: Person) -> None:
    browser = alice.browser
    page = browser.get(path_of(bob) + "/remove")
    assert "Remove Bob Colleague from the agency?" in page.text
    assert bob.api.get("/auth/me").status_code == 200
    answer = browser.post(
        path_of(bob) + "/remove", data={"csrf_token": csrf(browser, path_of(bob) + "/remove")}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/team")
    page = browser.get("/team").text
    assert "Bob Colleague removed from the agency." in page
    assert "One former user" in page
    assert bob.api.get("/auth/me").status_code == 401
    assert browser.get(path_of(bob)).status_code == 404


def test_the_page_does_not_remove_the_last_administrator(alice: Person) -> None:
    browser = alice.browser
    answer = browser.post(
        path_of(alice) + "/remove", data={"csrf_token": csrf(browser, path_of(alice) + "/remove")}
    )
    assert answer.status_code == 422
    assert "only administrator" in answer.text
    assert browser.get("/team").status_code == 200


def test_a_user_who_leaves_the_agency_is_signed_out_with_a_message(
    alice: Person, ada: Person
) -> None:
    browser = ada.browser
    answer = browser.post(
        path_of(ada) + "/remove", data={"csrf_token": csrf(browser, path_of(ada) + "/remove")}
    )
    assert answer.status_code == 303
    answer = browser.get(answer.headers["Location"])
    assert answer.status_code == 303
    assert "ended your access" in browser.get(answer.headers["Location"]).text


def test_the_page_ends_all_sessions_of_a_user(app: Flask, alice: Person, bob: Person) -> None:
    browser = alice.browser
    for words in (
        "Bob Colleague signed out everywhere.",
        "Bob Colleague was not signed in anywhere.",
    ):
        answer = browser.post(
            path_of(bob) + "/sign-out", data={"csrf_token": csrf(browser, path_of(bob))}
        )
        assert answer.headers["Location"] == path_of(bob)
        assert words in browser.get(path_of(bob)).text
    assert me(app, bob.access_token) == 401
    assert session_of(app, bob.access_token)
