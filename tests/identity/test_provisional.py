"""A provisional agency is trusted with little.

Nobody has confirmed its address yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import mailbox
from tests.billing.test_paper import issued, mailed as mail_invoice
from tests.identity.conftest import Events
from tests.identity.test_sessions import Sql, fresh_address
from tests.identity.test_views import submit
from tests.people import PASSWORD, ApiClient, People, Person
from tests.trips.test_sending import mailed as mail_itinerary
from tests.trips.things import CREEK, a_line, a_trip
from voyagent.factory import create_app
from voyagent.identity.service.errors import AgencyNotVerified
from voyagent.identity.service.trust import is_provisional
from voyagent.kernel.config import Settings
from voyagent.mail.rules import KINDS


@pytest.fixture(scope="module")
def strict(settings: Settings) -> Flask:
    """The installation with confirmation of addresses."""
    return create_app(settings.model_copy(update={"auth_skip_email_verification": False}))


@pytest.fixture
def uma(strict: Flask) -> Person:
    """A person who has just signed up and not confirmed her address."""
    return People(strict).sign_up("Uma Unconfirmed", agency="Uma Travels")


def confirm(person: Person) -> None:
    """Confirm a person's address by the API."""
    token = mailbox.newest(person.app, to=person.email, kind="verify_email").token
    assert person.api.post("/auth/verify-email", json={"token": token}).status_code == 200


def browser_of(person: Person, lenient: Flask) -> FlaskClient:
    """Sign in by the form of an installation that lets unconfirmed people sign in."""
    return replace(person, app=lenient).browser


def invite(person: Person) -> Any:
    return person.api.post("/auth/invites", json={"email": fresh_address(), "role": "agent"})


def make_key(person: Person) -> Any:
    return person.api.post("/auth/api-keys", json={"name": "Website"})


def make_scoped_key(person: Person) -> Any:
    return person.api.post("/auth/api-keys/scoped", json={"name": "Site", "scopes": ["read"]})


ACTS: tuple[Callable[[Person], Any], ...] = (invite, make_key, make_scoped_key)


def test_an_act_is_refused_until_the_address_is_confirmed(uma: Person, sql: Sql) -> None:
    for act in ACTS:
        refused = act(uma)
        assert (refused.status_code, refused.json["detail"]) == (403, "agency_not_verified")
        assert "open the link that we sent you" in refused.json["message"]
    for table in ("invites", "api_keys"):
        assert sql(f"select 1 from {table} where tenant_id = :t", t=uma.actor.tenant_id) == []
    confirm(uma)
    assert [act(uma).status_code for act in ACTS] == [201] * 3


def test_no_mail_goes_to_a_customer_until_the_address_is_confirmed(uma: Person) -> None:
    to = fresh_address()
    invoice_id, trip_id = issued(uma), a_trip(uma)
    a_line(uma, trip_id, CREEK, price="71000")
    for mail in (
        lambda: mail_invoice(uma, invoice_id, to),
        lambda: mail_itinerary(uma, trip_id, to),
    ):
        with pytest.raises(AgencyNotVerified):
            mail()
    assert mailbox.received(uma.app, to=to) == []
    confirm(uma)
    mail_invoice(uma, invoice_id, to)
    mail_itinerary(uma, trip_id, to)
    kinds = {mail.kind for mail in mailbox.received(uma.app, to=to)}
    assert kinds == {name for name, kind in KINDS.items() if kind.for_customer}


def test_the_pages_say_what_to_do_and_offer_the_link_again(uma: Person, app: Flask) -> None:
    browser = browser_of(uma, app)
    invoice_id, trip_id = issued(uma), a_trip(uma)
    a_line(uma, trip_id, CREEK, price="71000")
    pages = {
        "/team": 'id="invite"',
        "/account/api-keys": 'href="/account/api-keys/new"',
        "/account/api-keys/new": 'id="key-form"',
        f"/invoices/{invoice_id}/send": "Send to customer",
        f"/trips/{trip_id}/send": "Send to customer",
    }
    for path, control in pages.items():
        page = browser.get(path)
        assert (page.status_code, 'id="provisional"' in page.text) == (200, True), path
        assert "/account/verification" in page.text
        assert control not in page.text, path
    assert "sends no invitations" in browser.get("/").text
    confirm(uma)
    for path, control in pages.items():
        text = browser.get(path).text
        assert ('id="provisional"' in text, control in text) == (False, True), path


def test_a_form_from_before_is_refused_in_a_sentence(uma: Person, app: Flask) -> None:
    browser = browser_of(uma, app)
    for path, fields in (
        ("/team", {"email": fresh_address(), "role": "agent"}),
        ("/account/api-keys/new", {"name": "Site", "scopes": "read", "password": PASSWORD}),
    ):
        answer = submit(browser, path, token_from="/account", **fields)
        assert (answer.status_code, "sends no invitations" in answer.text) == (422, True), path


def test_a_role_without_the_permission_learns_nothing(uma: Person, sql: Sql) -> None:
    sql("update users set role = 'viewer' where id = :id", id=uma.actor.user_id)
    for act in (invite, make_key):
        assert act(uma).json["detail"] == "forbidden_role"


def move(person: Person, email: str) -> None:
    """Change a person's address."""
    assert person.api.patch("/auth/profile", json={"email": email}).status_code == 200


def test_an_agency_is_provisional_while_its_administrator_has_an_unproven_new_address(
    alice: Person, uma: Person
) -> None:
    confirm(uma)
    assert [act(uma).status_code for act in ACTS] == [201] * 3
    for email in (fresh_address(), uma.email):
        move(uma, email)
        assert {act(uma).json["detail"] for act in ACTS} == {"agency_not_verified"}
    assert [act(alice).status_code for act in ACTS] == [201] * 3
    session = uma.api.get("/auth/me").json
    confirm(uma)
    assert [act(uma).status_code for act in ACTS] == [201] * 3
    assert uma.api.get("/auth/me").json == session | {"email_verified": True}


def test_a_password_reset_ends_the_provisional_state_of_a_new_address(
    uma: Person,
) -> None:
    confirm(uma)
    email = fresh_address()
    move(uma, email)
    owner = ApiClient(uma.app.test_client(), None)
    assert owner.post("/auth/request-password-reset", json={"email": email}).status_code == 200
    token = mailbox.newest(uma.app, to=email, kind="reset_password").token
    body = {"token": token, "new_password": "Lantern-harbour-24"}
    assert owner.post("/auth/reset-password", json=body).status_code == 200
    with uma.acting():
        assert not is_provisional()


def test_a_new_address_of_one_of_two_administrators_does_not_matter(uma: Person, sql: Sql) -> None:
    confirm(uma)
    second = People(uma.app).colleague(uma, "Vera Second", role="agency_admin")
    move(uma, fresh_address())
    assert invite(uma).status_code == 201
    sql("update users set is_active = false where id = :id", id=second.actor.user_id)
    assert invite(uma).json["detail"] == "agency_not_verified"


def test_a_new_address_does_not_matter_where_addresses_are_not_confirmed(alice: Person) -> None:
    move(alice, fresh_address())
    assert alice.api.get("/auth/me").json["email_verified"] is False
    assert invite(alice).status_code == 201


def test_an_agency_of_the_release_before_counts_by_its_user(uma: Person, sql: Sql) -> None:
    sql("update users set email_verified = true where id = :id", id=uma.actor.user_id)
    assert invite(uma).status_code == 201


def test_the_link_used_twice_at_the_same_moment_confirms_once(uma: Person, events: Events) -> None:
    token = mailbox.newest(uma.app, to=uma.email, kind="verify_email").token
    start, statuses = Barrier(2), []

    def use() -> None:
        client = ApiClient(uma.app.test_client(), None)
        start.wait()
        statuses.append(client.post("/auth/verify-email", json={"token": token}).status_code)

    threads = [Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 400]
    assert len(events(uma, "auth.email_verified")) == 1
    assert invite(uma).status_code == 201
