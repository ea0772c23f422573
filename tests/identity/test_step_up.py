"""Step-up: acts on people, policies, bank data and keys need a fresh password."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.identity.authenticators import standing_clock, switch_on
from tests.identity.conftest import Events
from tests.identity.keys import bearing, with_key
from tests.identity.test_sessions import Sql, fresh_address
from tests.identity.test_views import submit
from tests.people import PASSWORD, ApiClient, Person, csrf
from voyagent.http.guards import CONFIRMED_FOR_S
from voyagent.identity.rules.permissions import NAMING_SCOPES, SCOPES, STEP_UP
from voyagent.parties.service import parties
from voyagent.settings.service import tenant_settings
from voyagent.taxes.rules import tables

ROOT = Path(__file__).resolve().parents[2]
STALE = (403, "reauthentication_required")
Send = Callable[[ApiClient, Person], Any]
LIMITS = {"approval_limits": {"agent": {"amount": "500.00", "currency": "INR"}}}


def _customer(bob: Person) -> UUID:
    """Return the id of a new customer, whom Bob notes."""
    name = f"Deepa {secrets.token_hex(4)}"
    return bob.does(lambda actor: parties.create(actor, name=name, is_customer=True).id)


def _rates(bob: Person) -> dict[str, str]:
    """Return the confirmation of a tax treatment; the agency then has a tax number."""
    with bob.acting() as actor:
        admin = replace(actor, role="agency_admin", fresh=True)
        tenant_settings.update(admin, {"tax_number": "27AACCN6194P1ZP"})
    return {
        "treatment": "service_fee",
        "rates_hash": tables.rates_hash("IN", "service_fee"),
        "compared_with": "Notification 11/2017",
    }


API: dict[str, tuple[str, int, Send]] = {
    "change the address": (
        "account.change_address",
        200,
        lambda api, _bob: api.patch("/auth/profile", json={"email": fresh_address()}),
    ),
    "set up a second factor": (
        "account.change_factor",
        200,
        lambda api, _bob: api.post("/auth/totp/setup"),
    ),
    "make a key": (
        "api_key.create",
        201,
        lambda api, _bob: api.post("/auth/api-keys", json={"name": "Website"}),
    ),
    "invite": (
        "invite.create",
        201,
        lambda api, _bob: api.post(
            "/auth/invites", json={"email": fresh_address(), "role": "agency_admin"}
        ),
    ),
    "promote": (
        "team.change_role",
        200,
        lambda api, bob: api.patch(f"/team/{bob.actor.user_id}", json={"role": "agency_admin"}),
    ),
    "remove": (
        "team.remove",
        204,
        lambda api, bob: api.delete(f"/team/{bob.actor.user_id}"),
    ),
    "erase a person": (
        "privacy.erase",
        200,
        lambda api, bob: api.post(
            f"/privacy/parties/{_customer(bob)}/erase", json={"reason": "Request"}
        ),
    ),
    "switch four eyes off": (
        "settings.policy",
        200,
        lambda api, _bob: api.patch("/tenant-settings", json={"four_eyes": False}),
    ),
    "raise a limit": (
        "settings.policy",
        200,
        lambda api, _bob: api.patch("/tenant-settings", json=LIMITS),
    ),
    "mail the signed heads to an address": (
        "settings.policy",
        200,
        lambda api, _bob: api.patch(
            "/tenant-settings", json={"audit_mail_addresses": "auditor@books.example"}
        ),
    ),
    "mail the signed heads to administrators": (
        "settings.policy",
        200,
        lambda api, _bob: api.patch("/tenant-settings", json={"audit_mail_administrators": True}),
    ),
    "establish base amounts": (
        "ledger.establish_base",
        200,
        lambda api, _bob: api.post("/base-currency", json={"currency": "INR"}),
    ),
    "confirm tax rates": (
        "invoice.confirm_treatment",
        201,
        lambda api, bob: api.post("/tax-treatments/confirm", json=_rates(bob)),
    ),
    "change the recognition of revenue": (
        "settings.policy",
        201,
        lambda api, _bob: api.post(
            "/recognition-policies",
            json={"applies_to": "agent", "method": "at_service", "reason": "Advice"},
        ),
    ),
    "change a retention period": (
        "privacy.set_retention",
        200,
        lambda api, _bob: api.patch("/privacy/retention", json={"enquiries": 400}),
    ),
    "change the bank details": (
        "settings.bank_details",
        200,
        lambda api, _bob: api.patch("/tenant-settings", json={"bank_details": "HDFC 1234"}),
    ),
    "change the tax number": (
        "settings.tax_number",
        200,
        lambda api, _bob: api.patch("/tenant-settings", json={"tax_number": "AE-100200300"}),
    ),
}
acts = pytest.mark.parametrize("act", API)


def said(answer: Any) -> tuple[int, Any]:
    return answer.status_code, answer.json["detail"] if answer.status_code >= 400 else None


def refreshed(person: Person) -> ApiClient:
    """Return a client with a token that no password was entered for."""
    anyone = bearing(person, "")
    answer = anyone.post("/auth/refresh", json={"refresh_token": person.refresh_token})
    return bearing(person, answer.json["access_token"])


def test_the_acts_cover_the_table() -> None:
    assert {permission for permission, _status, _send in API.values()} == set(STEP_UP)


def test_each_permission_of_the_table_is_checked_with_step_up() -> None:
    """A service that only calls `require` would skip the password."""
    checked = set()
    services = [*ROOT.glob("voyagent/**/service/*.py"), *ROOT.glob("voyagent/**/service.py")]
    for path in services:
        text = path.read_text()
        checked |= set(re.findall(r'require_step_up\("([a-z_.]+)"\)', text))
        if "require_step_up(STEP_UP[" in text:
            checked |= set(re.findall(r'": "(settings\.[a-z_]+)"', text))
    assert checked == set(STEP_UP)


@acts
def test_a_refreshed_token_may_not_until_the_password_was_sent(
    alice: Person, bob: Person, act: str
) -> None:
    _permission, status, send = API[act]
    stale = refreshed(alice)
    assert said(send(stale, bob)) == STALE
    assert bob.api.get("/auth/me").json["role"] == "agent"
    token = stale.post("/auth/reauthenticate", json={"password": PASSWORD}).json["access_token"]
    assert said(send(bearing(alice, token), bob)) == (status, None)


@acts
def test_a_key_may_with_a_scope_that_names_it(alice: Person, bob: Person, act: str) -> None:
    """The act is done once at most, since a second time can have another status."""
    permission, status, send = API[act]
    named = STEP_UP[permission]
    full = send(with_key(alice), bob)
    assert said(full) == STALE
    assert ("needs a scope that names this" in full.json["message"]) == bool(named)
    for scope in NAMING_SCOPES - named:
        assert send(with_key(alice, scope), bob).status_code == 403, scope
    assert len(named) <= 1
    for scope in named:
        assert said(send(with_key(alice, scope), bob)) == (status, None), scope


def test_no_other_scope_has_a_permission_with_step_up(alice: Person, bob: Person) -> None:
    for scope in set(SCOPES) - NAMING_SCOPES - {"full"}:
        client = with_key(alice, scope)
        for _permission, _status, send in API.values():
            assert send(client, bob).status_code == 403, scope


def test_a_full_key_can_have_a_naming_scope_beside(alice: Person, bob: Person) -> None:
    body = {"name": "Directory", "scopes": ["full", "team", "reports"]}
    made = alice.api.post("/auth/api-keys/scoped", json=body).json
    assert made["api_key"]["scopes"] == ["full", "team"]
    client = bearing(alice, made["key"])
    assert said(API["promote"][2](client, bob)) == (200, None)
    assert said(API["raise a limit"][2](client, bob)) == STALE


def test_a_key_signs_nobody_out_without_the_scope_team(alice: Person, bob: Person) -> None:
    path = f"/team/{bob.actor.user_id}/sessions"
    refused = with_key(alice).delete(path)
    assert said(refused) == STALE
    assert "needs a scope that names this" in refused.json["message"]
    assert bob.api.get("/auth/me").status_code == 200
    assert with_key(alice, "read").delete(path).status_code == 403
    assert with_key(alice, "team").delete(path).status_code == 204
    assert bob.api.get("/auth/me").status_code == 401


def test_a_full_key_revokes_an_invitation_as_the_contract_says(alice: Person) -> None:
    body = {"email": fresh_address(), "role": "agent"}
    invite_id = alice.api.post("/auth/invites", json=body).json["invite"]["id"]
    assert with_key(alice).post(f"/auth/invites/{invite_id}/revoke").status_code == 200


def test_a_person_needs_no_new_password_to_sign_a_colleague_out(alice: Person, bob: Person) -> None:
    stale = refreshed(alice)
    assert stale.delete(f"/team/{bob.actor.user_id}/sessions").status_code == 204


def test_a_key_of_a_maker_who_lost_the_role_may_not(alice: Person, bob: Person, sql: Sql) -> None:
    client = with_key(alice, "team")
    sql("update users set role = 'agent' where id = :id", id=alice.actor.user_id)
    assert said(API["invite"][2](client, bob)) == (403, "forbidden_role")


def test_other_settings_need_no_password(alice: Person) -> None:
    stale = refreshed(alice)
    assert stale.patch("/tenant-settings", json={"address": "12 MG Road"}).status_code == 200
    same = stale.patch("/tenant-settings", json={"four_eyes": True, "bank_details": None})
    assert same.status_code == 200, "nothing changes"


def test_a_wrong_role_another_agency_and_nobody_are_refused_first(
    alice: Person, bob: Person, charlie: Person
) -> None:
    assert said(API["invite"][2](refreshed(bob), bob)) == (403, "forbidden_role")
    for act in ("promote", "remove"):
        assert said(API[act][2](charlie.api, bob)) == (404, "user_not_found")
        assert said(API[act][2](bearing(alice, ""), bob)) == (401, "unauthorized")


# In the browser
# --------------------------------------------------------------------------------


def age(browser: FlaskClient, seconds: int = CONFIRMED_FOR_S + 1) -> FlaskClient:
    """Let the time pass since the password was entered in this browser."""
    with browser.session_transaction() as kept:
        kept["confirmed_at"] -= seconds
    return browser


SETTINGS: dict[str, dict[str, str]] = {
    "bank details": {"bank_details": "HDFC 1234"},
    "tax number": {"tax_number": "AE-100200300"},
    "limit": {"limit_agent": "500"},
    "audit addresses": {"audit_mail_addresses": "auditor@books.example"},
    "audit administrators": {"audit_mail_administrators": "y"},
}
FORMS: dict[str, Callable[[Person, Person], tuple[str, dict[str, str]]]] = {
    "invite": lambda _alice, _bob: ("/team", {"email": fresh_address(), "role": "agent"}),
    "promote": lambda _alice, bob: (
        f"/team/{bob.actor.user_id}/role",
        {"role": "agency_admin"},
    ),
    "remove": lambda _alice, bob: (f"/team/{bob.actor.user_id}/remove", {}),
    "erase": lambda _alice, bob: (
        f"/parties/{_customer(bob)}/privacy/erase",
        {"reason": "Request"},
    ),
    "retention": lambda _alice, _bob: ("/privacy", {"enquiries": "400"}),
    **{
        name: lambda alice, _bob, change=change: ("/settings", settings_form(alice) | change)
        for name, change in SETTINGS.items()
    },
}


def settings_form(person: Person) -> dict[str, str]:
    """Return the settings form as it is on the page of a new agency."""
    from tests.enquiries.reading import Page  # noqa: PLC0415

    page = Page(person.browser.get("/settings"))
    names = (
        "seen",
        "locale",
        "timezone",
        "default_currency",
        "rate_limit_per_minute",
        "rate_limit_per_hour",
    )
    switched_on = {
        element.attrib["name"]: element.attrib["value"]
        for element in page.all(".//form[@id='settings-form']//input[@type='checkbox'][@checked]")
    }
    return {name: page.field(name) for name in names} | switched_on


def test_the_settings_form_without_these_changes_asks_nothing(alice: Person) -> None:
    fields = settings_form(alice)
    assert fields["four_eyes"]
    browser = age(alice.browser)
    changed = fields | {"address": "12 MG Road"}
    assert submit(browser, "/settings", token_from="/account", **changed).status_code == 303
    fields = settings_form(alice)
    del fields["four_eyes"]
    assert submit(browser, "/settings", token_from="/account", **fields).status_code == 403


def hidden(text: str) -> dict[str, str]:
    """Return the hidden fields of the question."""
    form = text.partition('id="step-up"')[2].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}


@pytest.mark.parametrize("form", FORMS)
def test_the_browser_asks_once_and_continues_the_form(
    alice: Person, bob: Person, events: Events, form: str
) -> None:
    path, fields = FORMS[form](alice, bob)
    browser = age(alice.browser)
    asked = submit(browser, path, token_from="/account", **fields)
    assert asked.status_code == 403
    assert "Nothing is saved yet" in asked.text
    kept = hidden(asked.text)
    assert {name: value for name, value in kept.items() if name != "csrf_token"} == fields
    wrong = browser.post(path, data={**kept, "step_up_password": "Harbour-lantern-43"})
    assert (wrong.status_code, "The password is incorrect." in wrong.text) == (403, True)
    assert hidden(wrong.text).keys() == kept.keys()
    done = browser.post(path, data={**hidden(wrong.text), "step_up_password": PASSWORD})
    assert done.status_code == 303, done.text
    assert len(events(alice, "auth.reauthenticated")) == 1
    again = submit(browser, "/team", token_from="/account", email=fresh_address(), role="agent")
    assert again.status_code == 303, "it does not ask again"
    late = submit(age(browser), "/team", token_from="/account", email=fresh_address(), role="agent")
    assert late.status_code == 403


def test_the_browser_asks_for_a_code_too(alice: Person) -> None:
    with standing_clock():
        browser = alice.browser
        phone = switch_on(alice)
        browser = alice.app.test_client()
        data = {"email": alice.email, "password": PASSWORD, "csrf_token": csrf(browser, "/sign-in")}
        browser.post("/sign-in", data=data)
        submit(browser, "/sign-in/code", code=phone.code())
        fields = {"email": fresh_address(), "role": "agent"}
        asked = submit(age(browser), "/team", token_from="/account", **fields)
        assert 'name="step_up_code"' in asked.text
        without = browser.post("/team", data={**hidden(asked.text), "step_up_password": PASSWORD})
        assert without.status_code == 403
        given = {"step_up_password": PASSWORD, "step_up_code": phone.code(+1)}
        assert browser.post("/team", data={**hidden(asked.text), **given}).status_code == 303


def test_a_password_in_the_form_helps_no_other_person_or_role(bob: Person) -> None:
    browser = age(bob.browser)
    fields = {"email": fresh_address(), "role": "agent", "step_up_password": PASSWORD}
    assert submit(browser, "/team", token_from="/account", **fields).status_code == 403
    with browser.session_transaction() as kept:
        assert kept["confirmed_at"] < kept["seen"] - CONFIRMED_FOR_S + 5


def test_guesses_are_limited(alice: Person) -> None:
    browser = age(alice.browser)
    fields = {"email": fresh_address(), "role": "agent", "step_up_password": "Harbour-lantern-43"}
    statuses = [
        submit(browser, "/team", token_from="/account", **fields).status_code for _ in range(11)
    ]
    assert statuses == [403] * 10 + [429]


def test_values_of_the_form_are_escaped_in_the_question(alice: Person, bob: Person) -> None:
    browser = age(alice.browser)
    fields = {"role": '"><script>alert(1)</script>', "more": "<b>"}
    path = f"/team/{bob.actor.user_id}/role"
    text = submit(browser, path, token_from="/account", role="viewer", more=fields["role"]).text
    assert "<script>alert" not in text
    assert hidden(text)["more"] == fields["role"]


def test_two_forms_at_the_same_moment_invite_once(alice: Person, events: Events) -> None:
    browser, email = age(alice.browser), fresh_address()
    asked = submit(browser, "/team", token_from="/account", email=email, role="agent")
    cookie = browser.get_cookie("voyagent_session")
    assert cookie is not None
    start, statuses = Barrier(2), []

    def send() -> None:
        twin = alice.app.test_client()
        twin.set_cookie("voyagent_session", cookie.value)
        start.wait()
        data = {**hidden(asked.text), "step_up_password": PASSWORD}
        statuses.append(twin.post("/team", data=data).status_code)

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 422]
    assert len(events(alice, "invite.created")) == 1
