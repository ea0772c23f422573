"""Two equal parallel requests, for each operation of users, keys and settings.

Both responses and the stored rows follow the contract. Real threads, a barrier, a real database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests import mailbox
from tests.http.contract import OPEN, TABLE, Repeat, Row, checked_outcome, query_of
from tests.http.operations import MAKERS
from tests.http.probing import held, waiting
from tests.identity.authenticators import Authenticator, begin, standing_clock, switch_on
from tests.identity.test_invites import invite
from tests.identity.test_one_time import NEW, token_for
from tests.identity.test_sessions import fresh_address
from tests.people import PASSWORD, ApiClient, People, Person
from tests.settings.pictures import in_base64, picture
from voyagent.http.idempotency import REPLAYED
from voyagent.identity.service.one_time import Purpose
from voyagent.settings.service import logos

MEETING_S = 1.0
"""Time within which the two must meet, in seconds; below the wait for a place of an export."""
Send = Callable[[dict[str, str]], TestResponse]
"""One of the twins; it takes further headers."""
Scene = Generator[Send, list[TestResponse], None]
"""Set the stage, yield the request, receive both responses, check the rows.

The better response comes first.
"""


@dataclass(frozen=True)
class World:
    """People and their stored rows."""

    app: Flask
    people: People
    alice: Person
    bob: Person
    engine: sa.Engine

    @property
    def anyone(self) -> ApiClient:
        """A client without a bearer."""
        return ApiClient(self.app.test_client(), None)

    def events(self, kind: str, of: Person | None = None) -> int:
        """Count the events of a kind in an agency."""
        return self.count("audit_events where tenant_id = :t and kind = :kind", kind=kind, of=of)

    def count(self, what: str, *, of: Person | None = None, **values: object) -> int:
        """Count rows."""
        with self.engine.connect() as connection:
            person = of or self.alice
            values = {"t": person.actor.tenant_id, "u": person.actor.user_id, **values}
            found = connection.scalar(sa.text(f"select count(*) from {what}"), values)
            return found or 0

    def phone(self) -> Authenticator:
        """Alice's authenticator, with two-factor sign-in on."""
        return switch_on(self.alice)


PLAYED: dict[str, Callable[[World], Scene]] = {}


@pytest.fixture
def world(
    app: Flask, people: People, alice: Person, bob: Person, owner_engine: sa.Engine
) -> Iterator[World]:
    """The clock stands still, so that a code stays valid."""
    with standing_clock():
        yield World(app, people, alice, bob, owner_engine)


def plays(operation: str) -> Callable[[Callable[[World], Scene]], Callable[[World], Scene]]:
    """Register the scenario of an operation."""

    def keep(scene: Callable[[World], Scene]) -> Callable[[World], Scene]:
        PLAYED[operation] = scene
        return scene

    return keep


def at_once(world: World, send: Send, headers: dict[str, str] | None = None) -> list[TestResponse]:
    """Return both responses, the better one first.

    The head of the agency's audit is held meanwhile: a writer has done all but the commit when the
    other begins. It is released once neither can continue.
    """
    barrier = threading.Barrier(2)

    def one(_number: int) -> TestResponse:
        barrier.wait()
        response = send(headers or {})
        response.get_data()  # a file keeps its place until it is read
        return response

    with ThreadPoolExecutor(2) as pool:
        with held(world.engine, world.alice):
            running = [pool.submit(one, number) for number in range(2)]
            end = time.monotonic() + MEETING_S
            while (left := sum(not twin.done() for twin in running)) and time.monotonic() < end:
                if len(waiting(world.engine)) >= left:
                    break
                time.sleep(0.01)
        return sorted((twin.result() for twin in running), key=lambda answer: answer.status_code)


def start(scene: Callable[[World], Scene] | None, world: World, row: Row) -> tuple[Scene, Send]:
    scene = scene or (lambda world: looking(world, row))
    play = scene(world)
    return play, next(play)


def finish(play: Scene, answers: list[TestResponse]) -> None:
    with pytest.raises(StopIteration):
        play.send(answers)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.operation)
def test_parallel_repeats_get_the_documented_responses(world: World, row: Row) -> None:
    play, send = start(PLAYED.get(row.operation), world, row)
    answers = at_once(world, send)
    assert [checked_outcome(answer) for answer in answers] in [
        [row.twins[0], second] for second in row.twins[1].split(" or ")
    ]
    finish(play, answers)


@pytest.mark.parametrize(
    "row",
    [row for row in TABLE if row.repeat in {Repeat.REPLAYED, Repeat.SECRET}],
    ids=lambda row: row.operation,
)
def test_one_of_two_equal_requests_with_one_key_runs(world: World, row: Row) -> None:
    """The other gets the first response byte for byte, or that its content was shown."""
    play, send = start(PLAYED[row.operation], world, row)
    first, second = at_once(world, send, {"Idempotency-Key": "one-key"})
    if row.repeat is Repeat.SECRET:
        assert (checked_outcome(first), checked_outcome(second)) == (
            row.twins[0],
            "409 idempotency_secret_shown",
        )
        assert REPLAYED not in {*first.headers.keys(), *second.headers.keys()}
    else:
        assert (checked_outcome(first), checked_outcome(second)) == (row.twins[0], row.twins[0])
        assert sorted(answer.headers.get(REPLAYED, "") for answer in (first, second)) == [
            "",
            "true",
        ]
        assert first.get_data() == second.get_data()
    assert world.count("idempotency_keys where tenant_id = :t") == 1
    play.close()


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.repeat is Repeat.IGNORED], ids=lambda row: row.operation
)
def test_a_key_has_no_effect_before_authentication(world: World, row: Row) -> None:
    play, send = start(PLAYED[row.operation], world, row)
    answers = at_once(world, send, {"Idempotency-Key": "one-key"})
    assert tuple(checked_outcome(answer) for answer in answers) == row.twins
    assert not [answer for answer in answers if REPLAYED in answer.headers]
    finish(play, answers)


def test_every_changing_operation_has_a_test_scenario() -> None:
    assert {row.operation for row in TABLE if row.method != "GET"} <= set(PLAYED)
    assert set(PLAYED) <= {row.operation for row in TABLE}


def looking(world: World, row: Row) -> Scene:
    """Check that two readers get equal responses."""
    client = world.anyone if row in OPEN else world.alice.api
    path = row.path + query_of(row, MAKERS["session_id"](world.alice))
    first, second = yield lambda headers: client.get(path, headers=headers)
    if row.path not in {"/internal/metrics", "/audit/export.csv"} and first.status_code == 200:
        assert first.json == second.json


# Sign-in and sign-up
# --------------------------------------------------------------------------------


@plays("POST /auth/sign-up")
def sign_up(world: World) -> Scene:
    email = fresh_address()
    body = {"email": email, "password": PASSWORD, "full_name": "Neha", "agency_name": f"Of {email}"}
    made, _ = yield lambda headers: world.anyone.post("/auth/sign-up", json=body, headers=headers)
    assert world.count("users where email = :email", email=email) == 1
    assert world.count("tenants where display_name = :name", name=body["agency_name"]) == 1
    assert (
        ApiClient(world.app.test_client(), made.json["access_token"]).get("/auth/me").json
        == made.json["user"]
    )


@plays("POST /auth/sign-in")
def sign_in(world: World) -> Scene:
    body = {"email": world.alice.email, "password": PASSWORD}
    first, second = yield lambda headers: world.anyone.post(
        "/auth/sign-in", json=body, headers=headers
    )
    assert first.json["user"] == second.json["user"]
    for name in ("access_token", "refresh_token"):
        assert first.json[name] != second.json[name]
    assert (
        len(
            ApiClient(world.app.test_client(), first.json["access_token"])
            .get("/auth/sessions")
            .json["items"]
        )
        == 3
    )


@plays("POST /auth/sign-in-totp")
def sign_in_totp(world: World) -> Scene:
    body = {"email": world.alice.email, "password": PASSWORD, "totp_code": world.phone().code()}
    before = world.count("auth_sessions where user_id = :u")
    yield lambda headers: world.anyone.post("/auth/sign-in-totp", json=body, headers=headers)
    assert world.count("auth_sessions where user_id = :u") == before + 1


@plays("POST /auth/refresh")
def refresh(world: World) -> Scene:
    """The winner's new pair of tokens is valid."""
    body = {"refresh_token": world.alice.refresh_token}
    won, _ = yield lambda headers: world.anyone.post("/auth/refresh", json=body, headers=headers)
    assert set(won.json) == {"access_token", "refresh_token", "expires_in"}
    if world.events("auth.refresh_reuse") == 0:  # the loser had begun before the token was spent
        assert (
            ApiClient(world.app.test_client(), won.json["access_token"]).get("/auth/me").status_code
            == 200
        )
        assert (
            world.anyone.post(
                "/auth/refresh", json={"refresh_token": won.json["refresh_token"]}
            ).status_code
            == 200
        )


@plays("POST /auth/sign-out")
def sign_out(world: World) -> Scene:
    body = {"refresh_token": world.alice.refresh_token}
    yield lambda headers: world.alice.api.post("/auth/sign-out", json=body, headers=headers)
    assert world.events("auth.signed_out") == 2  # one for each of her two tokens
    assert world.alice.api.get("/auth/me").status_code == 401
    assert world.anyone.post("/auth/refresh", json=body).status_code == 401


# Mailed links
# --------------------------------------------------------------------------------


@plays("POST /auth/send-verification-email")
def send_verification_email(world: World) -> Scene:
    answers = yield lambda headers: world.alice.api.post(
        "/auth/send-verification-email", headers=headers
    )
    assert [answer.json for answer in answers] == [{"queued": True}] * 2
    links = {
        mail.token
        for mail in mailbox.received(world.app, to=world.alice.email, kind="verify_email")
    }
    assert len(links) == 2


@plays("POST /auth/verify-email")
def verify_email(world: World) -> Scene:
    body = {"token": token_for(world.alice, Purpose.VERIFY_EMAIL)}
    done, _ = yield lambda headers: world.anyone.post(
        "/auth/verify-email", json=body, headers=headers
    )
    assert done.json == {"verified": True}


@plays("POST /auth/request-password-reset")
def request_password_reset(world: World) -> Scene:
    body = {"email": world.alice.email}
    answers = yield lambda headers: world.anyone.post(
        "/auth/request-password-reset", json=body, headers=headers
    )
    assert [answer.json for answer in answers] == [{"queued": True, "debug_token": None}] * 2
    assert mailbox.received(world.app, to=world.alice.email, kind="reset_password")


@plays("POST /auth/reset-password")
def reset_password(world: World) -> Scene:
    body = {"token": token_for(world.alice, Purpose.RESET_PASSWORD), "new_password": NEW}
    done, _ = yield lambda headers: world.anyone.post(
        "/auth/reset-password", json=body, headers=headers
    )
    assert done.json == {"reset": True}
    assert world.events("auth.password_reset") == 1
    assert world.alice.api.get("/auth/me").status_code == 401


# One's own account
# --------------------------------------------------------------------------------


@plays("PATCH /auth/profile")
def profile(world: World) -> Scene:
    """A new address is taken once; for the other request it is no change."""
    body = {"email": fresh_address(), "full_name": "Alice Anew"}
    answers = yield lambda headers: world.alice.api.patch(
        "/auth/profile", json=body, headers=headers
    )
    for answer in answers:
        assert set(answer.json) == {"user", "email_verification_required"}
        assert (answer.json["user"]["email"], answer.json["user"]["full_name"]) == (
            body["email"],
            body["full_name"],
        )
        assert answer.json["user"]["email_verified"] is False
    assert sorted(answer.json["email_verification_required"] for answer in answers) == [False, True]
    assert world.events("profile.changed") == 1


@plays("POST /auth/change-password")
def change_password(world: World) -> Scene:
    body = {"current_password": PASSWORD, "new_password": NEW}
    yield lambda headers: world.alice.api.post("/auth/change-password", json=body, headers=headers)
    assert world.events("auth.password_changed") == 1
    assert world.alice.api.get("/auth/me").status_code == 200


@plays("POST /auth/reauthenticate")
def reauthenticate(world: World) -> Scene:
    first, second = yield lambda headers: world.alice.api.post(
        "/auth/reauthenticate", json={"password": PASSWORD}, headers=headers
    )
    assert set(first.json) == set(second.json) == {"access_token", "expires_in"}
    assert first.json["access_token"] != second.json["access_token"]


@plays("DELETE /auth/sessions")
def end_sessions(world: World) -> Scene:
    bearers = [world.alice.api, world.alice.api]
    yield lambda headers: bearers.pop().delete("/auth/sessions", headers=headers)
    assert world.events("session.ended") == 1
    assert world.alice.api.get("/auth/me").status_code == 401


@plays("DELETE /auth/sessions/{auth_session_id}")
def end_session(world: World) -> Scene:
    session_id = MAKERS["auth_session_id"](world.alice)
    yield lambda headers: world.alice.api.delete(f"/auth/sessions/{session_id}", headers=headers)
    assert world.events("auth.signed_out") == 1


@plays("DELETE /auth/credentials/{credential_kind}")
def end_credentials(world: World) -> Scene:
    MAKERS["key_id"](world.alice)
    yield lambda headers: world.alice.api.delete("/auth/credentials/api_key", headers=headers)
    assert world.events("api_key.revoked") == 1


# Team
# --------------------------------------------------------------------------------


@plays("POST /auth/invites")
def create_invite(world: World) -> Scene:
    body = {"email": fresh_address(), "role": "viewer"}
    yield lambda headers: world.alice.api.post("/auth/invites", json=body, headers=headers)
    assert world.count("invites where tenant_id = :t") == world.events("invite.created") == 1


@plays("POST /auth/invites/{invite_id}/revoke")
def revoke_invite(world: World) -> Scene:
    invite_id, _token = invite(world.app, world.alice, fresh_address())
    done, _ = yield lambda headers: world.alice.api.post(
        f"/auth/invites/{invite_id}/revoke", headers=headers
    )
    assert done.json["invite"]["status"] == "revoked"
    assert world.events("invite.revoked") == 1


@plays("GET /auth/invites/lookup")
def look_up_invite(world: World) -> Scene:
    _id, token = invite(world.app, world.alice, fresh_address())
    first, second = yield lambda headers: world.anyone.get(
        f"/auth/invites/lookup?token={token}", headers=headers
    )
    assert first.json == second.json


@plays("POST /auth/accept-invite")
def accept_invite(world: World) -> Scene:
    email = fresh_address()
    _id, token = invite(world.app, world.alice, email, role="viewer")
    body = {"token": token, "password": PASSWORD, "full_name": "Joy Joiner"}
    joined, _ = yield lambda headers: world.anyone.post(
        "/auth/accept-invite", json=body, headers=headers
    )
    assert joined.json["user"]["email_verified"] is True
    assert (
        world.count("users where email = :email", email=email)
        == world.events("invite.accepted")
        == 1
    )


@plays("PATCH /team/{user_id}")
def change_role(world: World) -> Scene:
    first, second = yield lambda headers: world.alice.api.patch(
        f"/team/{world.bob.actor.user_id}", json={"role": "viewer"}, headers=headers
    )
    assert first.json == second.json
    assert world.events("person.role_changed") == 1


@plays("DELETE /team/{user_id}")
def remove_person(world: World) -> Scene:
    yield lambda headers: world.alice.api.delete(
        f"/team/{world.bob.actor.user_id}", headers=headers
    )
    assert world.events("person.removed") == 1


@plays("DELETE /team/{user_id}/sessions")
def sign_person_out(world: World) -> Scene:
    yield lambda headers: world.alice.api.delete(
        f"/team/{world.bob.actor.user_id}/sessions", headers=headers
    )
    assert world.bob.api.get("/auth/me").status_code == 401
    assert world.events("session.ended") == 1


# API keys
# --------------------------------------------------------------------------------


def _make_key(world: World, path: str, body: dict[str, Any]) -> Scene:
    """Two requests without an idempotency key create two keys."""
    answers = yield lambda headers: world.alice.api.post(path, json=body, headers=headers)
    assert len({answer.json["key"] for answer in answers}) == 2
    assert world.count("api_keys where tenant_id = :t") == world.events("api_key.created") == 2


@plays("POST /auth/api-keys")
def make_key(world: World) -> Scene:
    return _make_key(world, "/auth/api-keys", {"name": "Website"})


@plays("POST /auth/api-keys/scoped")
def make_scoped_key(world: World) -> Scene:
    return _make_key(world, "/auth/api-keys/scoped", {"name": "Website", "scopes": ["read"]})


@plays("POST /auth/api-keys/{key_id}/revoke")
def revoke_key(world: World) -> Scene:
    key_id = MAKERS["key_id"](world.alice)
    yield lambda headers: world.alice.api.post(f"/auth/api-keys/{key_id}/revoke", headers=headers)
    assert world.events("api_key.revoked") == 1


# The second factor
# --------------------------------------------------------------------------------


@plays("POST /auth/totp/setup")
def set_up(world: World) -> Scene:
    """Both get a secret; the one stored last counts."""
    answers = yield lambda headers: world.alice.api.post("/auth/totp/setup", headers=headers)
    codes = [Authenticator(answer.json["secret"]).code() for answer in answers]
    verified = [
        world.alice.api.post("/auth/totp/verify", json={"code": code}).status_code for code in codes
    ]
    assert verified in ([200, 200], [401, 200]), "behind the good one every code is answered 200"
    assert world.events("auth.totp_enabled") == 1


@plays("POST /auth/totp/verify")
def verify(world: World) -> Scene:
    body = {"code": begin(world.alice).code()}
    answers = yield lambda headers: world.alice.api.post(
        "/auth/totp/verify", json=body, headers=headers
    )
    assert [answer.json for answer in answers] == [{"totp_enabled": True}] * 2
    assert world.events("auth.totp_enabled") == 1


@plays("POST /auth/totp/disable")
def disable(world: World) -> Scene:
    """The second request learns that two-factor sign-in is off.

    Its code is not checked.
    """
    body = {"password": PASSWORD, "code": world.phone().code()}
    answers = yield lambda headers: world.alice.api.post(
        "/auth/totp/disable", json=body, headers=headers
    )
    assert [answer.json for answer in answers] == [{"totp_enabled": False}] * 2
    assert world.events("auth.totp_disabled") == 1


@plays("POST /auth/totp/recovery-codes")
def recovery_codes(world: World) -> Scene:
    body = {"password": PASSWORD, "code": world.phone().code()}
    done, _ = yield lambda headers: world.alice.api.post(
        "/auth/totp/recovery-codes", json=body, headers=headers
    )
    assert len(done.json["codes"]) == world.count("recovery_codes where user_id = :u") == 10


# Settings and audit
# --------------------------------------------------------------------------------


@plays("PATCH /tenant-settings")
def change_settings(world: World) -> Scene:
    """The second finds nothing to change, so the history has one change."""
    first, second = yield lambda headers: world.alice.api.patch(
        "/tenant-settings", json={"rate_limit_per_minute": 30}, headers=headers
    )
    assert first.json == second.json
    assert first.headers["ETag"] == second.headers["ETag"]
    assert world.events("settings.changed") == 1
    chain(world)


@plays("GET /tenant-settings/logo")
def read_logo(world: World) -> Scene:
    yield lambda headers: world.alice.api.get("/tenant-settings/logo", headers=headers)


@plays("PUT /tenant-settings/logo")
def put_logo(world: World) -> Scene:
    """One row and one change in the history."""
    body = {"content": in_base64(picture())}
    first, second = yield lambda headers: world.alice.api.put(
        "/tenant-settings/logo", json=body, headers=headers
    )
    assert first.json == second.json
    assert (world.count("tenant_logos where tenant_id = :t"), world.events("settings.changed")) == (
        1,
        1,
    )


@plays("DELETE /tenant-settings/logo")
def remove_logo(world: World) -> Scene:
    world.alice.does(logos.put, picture())
    yield lambda headers: world.alice.api.delete("/tenant-settings/logo", headers=headers)
    assert (world.count("tenant_logos where tenant_id = :t"), world.events("settings.changed")) == (
        0,
        2,
    )


@plays("GET /audit/export.csv")
def export(world: World) -> Scene:
    yield lambda headers: world.alice.api.get("/audit/export.csv", headers=headers)
    assert world.events("audit.exported") == 2
    chain(world)


def chain(world: World) -> None:
    """Check that the agency's events are numbered from 1 without a gap."""
    with world.engine.connect() as connection:
        numbers = connection.scalars(
            sa.text("select seq from audit_events where tenant_id = :t order by seq"),
            {"t": world.alice.actor.tenant_id},
        ).all()
    assert numbers == list(range(1, len(numbers) + 1))


def test_parallel_changes_of_different_settings_are_all_stored(world: World) -> None:
    changes = [{"rate_limit_per_minute": 30}, {"rate_limit_per_hour": 300}]
    whole = dict(world.alice.api.get("/tenant-settings").json)
    answers = at_once(
        world,
        lambda headers: world.alice.api.patch(
            "/tenant-settings", json=changes.pop(), headers=headers
        ),
    )
    assert [checked_outcome(answer) for answer in answers] == ["200", "200"]
    assert world.alice.api.get("/tenant-settings").json == {
        **whole,
        "rate_limit_per_minute": 30,
        "rate_limit_per_hour": 300,
    }
    assert world.events("settings.changed") == 2
    chain(world)


def test_parallel_reauthentications_use_a_code_once(world: World) -> None:
    body = {"password": PASSWORD, "totp_code": world.phone().code()}
    answers = at_once(
        world,
        lambda headers: world.alice.api.post("/auth/reauthenticate", json=body, headers=headers),
    )
    assert [checked_outcome(answer) for answer in answers] == ["200", "403 totp_invalid"]


def test_one_code_used_in_two_operations_at_once_works_once(world: World) -> None:
    """Sign-in and reauthentication use the same code; only the first one succeeds."""
    code = world.phone().code()
    sends: list[Send] = [
        lambda headers: world.anyone.post(
            "/auth/sign-in-totp",
            json={"email": world.alice.email, "password": PASSWORD, "totp_code": code},
            headers=headers,
        ),
        lambda headers: world.alice.api.post(
            "/auth/reauthenticate", json={"password": PASSWORD, "totp_code": code}, headers=headers
        ),
    ]
    answers = at_once(world, lambda headers: sends.pop()(headers))  # noqa: PLW0108 - each thread takes one of the sends
    assert answers[0].status_code == 200
    assert checked_outcome(answers[1]) in {"401 totp_invalid", "403 totp_invalid"}
