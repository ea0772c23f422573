"""Everything that a caller can bring leads to the cluster of the caller's agency."""

from __future__ import annotations

import re
import secrets
from unittest import mock
from uuid import UUID

import psycopg
import pytest
from werkzeug.test import Client, TestResponse

from tests.people import PASSWORD
from tests.placement.conftest import NAMES, Installation, Owner
from voyagent.identity.rules.tokens import secret_digest

NORTH_FIRST = ("north", "east", "west")
OTHER_PASSWORD = "Lantern-harbour-43"


@pytest.fixture(params=NAMES)
def owner(request: pytest.FixtureRequest, verified: dict[str, Owner]) -> Owner:
    """The administrator of an agency of each cluster."""
    return verified[request.param]


@pytest.fixture
def browser(installation: Installation) -> Client:
    return Client(installation.router)


def handled_by(owner: Owner, answer: TestResponse, *statuses: int) -> TestResponse:
    """Check that the owner's cluster has handled a request; return the response."""
    assert answer.status_code in (statuses or (200,)), answer.text
    assert owner.installation.router.served[-1] == owner.cluster.label
    return answer


def submit(client: Client, path: str, **fields: str) -> TestResponse:
    """Open a page and send its form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)
    assert found
    return client.post(path, data={"csrf_token": found[1], **fields})


def test_an_access_token(owner: Owner) -> None:
    answer = handled_by(owner, owner.ask("/auth/me"))
    assert answer.json["tenant_id"] == str(owner.tenant_id)


def test_an_address_and_its_session_cookie(owner: Owner, browser: Client) -> None:
    given = {"email": owner.email.upper(), "password": PASSWORD}
    handled_by(owner, submit(browser, "/sign-in", **given), 303)
    assert owner.email in handled_by(owner, browser.get("/account")).text


def test_the_address_comes_before_the_cookie_of_another_agency(
    owner: Owner, verified: dict[str, Owner], browser: Client
) -> None:
    other = verified[next(name for name in NAMES if name != owner.cluster.label)]
    handled_by(other, submit(browser, "/sign-in", email=other.email, password=PASSWORD), 303)
    given = {"email": owner.email, "password": PASSWORD}
    handled_by(owner, browser.post("/api/auth/sign-in", json=given))
    # On other paths an address is what the signed-in person writes to.
    invited = {"email": owner.email, "role": "agent"}
    handled_by(other, other.send("/auth/invites", **invited), 201, 409)


def test_an_api_key(owner: Owner, browser: Client) -> None:
    key = owner.send("/auth/api-keys", name="Site").json["key"]
    answer = browser.get("/api/auth/me", headers={"Authorization": f"Bearer {key}"})
    assert handled_by(owner, answer).json["tenant_id"] == str(owner.tenant_id)


def test_a_refresh_token(owner: Owner, browser: Client) -> None:
    for _ in range(2):
        given = {"refresh_token": owner.refresh_token}
        answer = handled_by(owner, browser.post("/api/auth/refresh", json=given))
        owner.refresh_token = answer.json["refresh_token"]


def test_a_link_that_invites(owner: Owner, browser: Client) -> None:
    email = f"dev-{secrets.token_hex(5)}@example.com"
    link = owner.send("/auth/invites", email=email, role="agent").json["invite_link"]
    handled_by(owner, browser.get(f"/accept-invite?{link.partition('?')[2]}"), 303)
    given = {"full_name": "Dev Colleague", "password": PASSWORD}
    handled_by(owner, submit(browser, "/accept-invite", **given), 303)
    assert email in handled_by(owner, browser.get("/account")).text
    assert owner.installation.directory.agency_of_login(email) == owner.tenant_id


def test_a_link_that_resets_the_password(owner: Owner, browser: Client) -> None:
    given = {"email": owner.email}
    handled_by(owner, browser.post("/api/auth/request-password-reset", json=given))
    link = f"/reset-password?token={owner.mailed_token('reset_password')}"
    handled_by(owner, browser.get(link), 303)
    handled_by(owner, submit(browser, "/reset-password", new_password=OTHER_PASSWORD), 303)
    handled_by(owner, owner.sign_in(OTHER_PASSWORD))
    change = {"current_password": OTHER_PASSWORD, "new_password": PASSWORD}
    handled_by(owner, owner.send("/auth/change-password", **change), 204)


def test_a_link_that_confirms_an_address(owner: Owner, browser: Client) -> None:
    handled_by(owner, owner.send("/auth/send-verification-email"), 200, 202)
    link = f"/verify-email?token={owner.mailed_token('verify_email')}"
    handled_by(owner, browser.get(link), 303)
    handled_by(owner, browser.get("/verify-email"))


def test_a_token_of_an_earlier_release_is_looked_for_on_each_cluster(
    owner: Owner, browser: Client
) -> None:
    old = secrets.token_urlsafe(32)
    with owner.cluster.owner() as connection:
        changed = connection.execute(
            "update refresh_tokens set token_hash = %s where token_hash = %s",
            (secret_digest(old), secret_digest(owner.refresh_token)),
        )
        assert changed.rowcount == 1
    given = {"refresh_token": old}
    answer = handled_by(owner, browser.post("/api/auth/refresh", json=given))
    owner.refresh_token = answer.json["refresh_token"]


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        ("/api/auth/sign-in", {"email": "nobody@example.com", "password": PASSWORD}, 401),
        ("/api/auth/refresh", {"refresh_token": f"v2.{UUID(int=1).hex}.{'x' * 43}"}, 401),
        ("/api/auth/refresh", {"refresh_token": "x" * 43}, 401),
        ("/api/auth/request-password-reset", {"email": "nobody@example.com"}, 200),
    ],
)
def test_a_caller_of_no_agency_gets_the_usual_answer(
    browser: Client, verified: dict[str, Owner], path: str, given: dict[str, str], status: int
) -> None:
    assert browser.post(path, json=given).status_code == status


@pytest.mark.parametrize("bearer", ["vy_abcdefgh_" + "x" * 32, "vy_", "no.access.token"])
def test_a_bearer_of_no_agency_is_refused(
    browser: Client, verified: dict[str, Owner], bearer: str
) -> None:
    answer = browser.get("/api/auth/me", headers={"Authorization": f"Bearer {bearer}"})
    assert answer.status_code == 401


def test_only_the_agencies_of_a_stopped_cluster_get_503(
    installation: Installation, verified: dict[str, Owner], browser: Client
) -> None:
    stopped = verified["north"]
    key = stopped.send("/auth/api-keys", name="Site").json["key"]
    sign_in = "/api/auth/sign-in"
    with stopped.cluster.stopped():
        with pytest.raises(psycopg.OperationalError):
            stopped.cluster.ask("select 1")
        refusals = [
            stopped.ask("/auth/me"),
            browser.get("/api/auth/me", headers={"Authorization": f"Bearer {key}"}),
            browser.post("/api/auth/refresh", json={"refresh_token": stopped.refresh_token}),
            browser.post(sign_in, json={"email": stopped.email, "password": PASSWORD}),
        ]
        assert [one.status_code for one in refusals] == [503] * len(refusals)
        for owner in (verified["east"], verified["west"]):
            given = {"email": owner.email, "password": PASSWORD}
            handled_by(owner, browser.post(sign_in, json=given))
            handled_by(owner, owner.send("/enquiries", customer_name="Deepa Krishnan"), 201)
        fewest = mock.patch.object(installation.directory, "by_size", return_value=NORTH_FIRST)
        with fewest:
            assert installation.sign_up().cluster is verified["east"].cluster
    handled_by(stopped, stopped.ask("/auth/me"))
