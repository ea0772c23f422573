"""Suspending and resuming an agency by command."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.identity.conftest import Events
from tests.identity.keys import with_key
from tests.identity.test_invites import invite
from tests.identity.test_sessions import fresh_address, me, refresh, sign_in
from tests.people import Person
from voyagent.identity.service.errors import InvalidCredentials, InvalidRefreshToken
from voyagent.kernel.ids import new_id

Sql = Callable[..., list[sa.RowMapping]]


def command(app: Flask, verb: str, tenant_id: object) -> Result:
    return app.test_cli_runner().invoke(args=["agency", verb, str(tenant_id)])


def test_only_users_of_a_suspended_agency_are_refused_everywhere(
    app: Flask, alice: Person, bob: Person, charlie: Person
) -> None:
    browser, key = bob.browser, with_key(bob)
    _invite_id, token = invite(app, alice, fresh_address())
    result = command(app, "suspend", alice.actor.tenant_id)
    assert (result.exit_code, result.output) == (
        0,
        "Alice Travels is suspended. All requests of its users are refused.\n",
    )
    assert [me(app, person.access_token) for person in (alice, bob, charlie)] == [401, 401, 200]
    assert key.get("/auth/me").status_code == 401
    assert browser.get("/team").status_code == 303
    with pytest.raises(InvalidRefreshToken):
        refresh(app, bob.refresh_token)
    with pytest.raises(InvalidCredentials):
        sign_in(app, alice.email)
    assert app.test_client().get(f"/api/auth/invites/lookup?token={token}").status_code == 404


def test_a_resumed_agency_continues_where_it_was(app: Flask, alice: Person, events: Events) -> None:
    browser = alice.browser
    command(app, "suspend", alice.actor.tenant_id)
    result = command(app, "resume", alice.actor.tenant_id)
    assert (result.exit_code, result.output) == (0, "Alice Travels is active again.\n")
    assert (me(app, alice.access_token), browser.get("/team").status_code) == (200, 200)
    recorded = [
        (event["kind"], event["actor_kind"])
        for event in events(alice)
        if event["kind"].startswith("agency.")
    ]
    assert recorded[1:] == [("agency.suspended", "system"), ("agency.resumed", "system")]


def test_a_second_run_changes_nothing(app: Flask, alice: Person, events: Events) -> None:
    for verb in ("suspend", "suspend", "resume", "resume"):
        assert command(app, verb, alice.actor.tenant_id).exit_code == 0
    assert len(events(alice, "agency.suspended")) == len(events(alice, "agency.resumed")) == 1


@pytest.mark.parametrize("verb", ["suspend", "resume"])
def test_an_unknown_agency_is_reported(app: Flask, verb: str) -> None:
    result = command(app, verb, new_id())
    assert (result.exit_code, result.output) == (1, "Error: No agency has this ID.\n")
    assert command(app, verb, "nonsense").exit_code == 2
