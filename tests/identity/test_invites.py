"""Inviting users, and joining by a link."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import mailbox
from tests.identity.conftest import Events
from tests.identity.test_sessions import act, fresh_address, me, sign_in
from tests.people import PASSWORD, Person
from voyagent.identity.service import invites
from voyagent.identity.service.errors import (
    EmailAlreadyRegistered,
    InviteAlreadyExists,
    InviteExpired,
    InviteNoLongerPending,
    InviteNotFound,
    InviteNotPending,
    PasswordTooCommon,
)
from voyagent.identity.service.values import Device, Identity, SignedInPerson
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import Forbidden, TooManyRequests

API = Device(Channel.API)
Sql = Callable[..., list[sa.RowMapping]]


def invite(app: Flask, person: Person, email: str, role: str = "agent") -> tuple[UUID, str]:
    """Create an invitation; return its id and the token of its link."""
    invite_id, link = person.does(
        lambda actor: invites.invite(
            app.extensions["voyagent.identity"], actor, email=email, role=role
        )
    )
    return invite_id, link.partition("?token=")[2]


def accept(app: Flask, token: str, password: str = PASSWORD) -> SignedInPerson:
    return act(
        app,
        invites.accept_invite,
        app.extensions["voyagent.identity"],
        token=token,
        password=password,
        full_name="Joy Joiner",
        device=API,
    )


def test_an_invitation_link_has_the_public_url_and_its_token_is_stored_as_hash(
    app: Flask, identity: Identity, alice: Person, sql: Sql, events: Events
) -> None:
    email = fresh_address()
    invite_id, link = alice.does(
        lambda actor: invites.invite(identity, actor, email=email, role="viewer")
    )
    address, _, token = link.partition("?token=")
    assert address == identity.settings.public_url + "/accept-invite"
    assert re.fullmatch(rf"v2\.{alice.actor.tenant_id.hex}\.[A-Za-z0-9_-]{{43}}", token)
    (row,) = sql("select * from invites where id = :id", id=invite_id)
    assert bytes(row["token_hash"]) == hashlib.sha256(token.encode()).digest()
    assert (row["email"], row["role"], row["status"], row["invited_by_user_id"]) == (
        email,
        "viewer",
        "pending",
        alice.actor.user_id,
    )
    assert (row["expires_at"] - row["created_at"]).total_seconds() == pytest.approx(
        7 * 86400, abs=60
    )
    (event,) = events(alice, "invite.created")
    assert event["inputs"] == {"email": email, "role": "viewer"}
    assert token not in str(dict(event))


@pytest.mark.parametrize("role", ["agent", "viewer", "ticketing_lead", "accounting_lead"])
def test_only_an_administrator_invites_and_revokes_invitations(
    app: Flask, people: Any, alice: Person, role: str
) -> None:
    colleague = people.colleague(alice, "Rita Role", role=role)
    invite_id, _ = invite(app, alice, fresh_address())
    with pytest.raises(Forbidden):
        invite(app, colleague, fresh_address())
    with pytest.raises(Forbidden):
        colleague.does(invites.revoke_invite, invite_id)


def test_an_address_has_at_most_one_open_invitation_to_an_agency(
    app: Flask, alice: Person, charlie: Person
) -> None:
    email = fresh_address()
    invite(app, alice, email)
    with pytest.raises(InviteAlreadyExists):
        invite(app, alice, email, "viewer")
    assert invite(app, charlie, email)


def test_parallel_invitations_of_one_address_create_one(app: Flask, alice: Person) -> None:
    email, barrier = fresh_address(), threading.Barrier(6)

    def call(_number: int) -> bool:
        barrier.wait()
        try:
            invite(app, alice, email)
        except InviteAlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(call, range(6))) == [False] * 5 + [True]


def test_an_ended_invitation_does_not_block_a_new_one(app: Flask, alice: Person, sql: Sql) -> None:
    email = fresh_address()
    expired, _ = invite(app, alice, email)
    sql("update invites set expires_at = now() - interval '1 minute' where id = :id", id=expired)
    revoked, _ = invite(app, alice, email)
    alice.does(invites.revoke_invite, revoked)
    accepted, token = invite(app, alice, email)
    accept(app, token)
    again, _ = invite(app, alice, email)
    states = {
        row["id"]: row["status"]
        for row in sql("select id, status from invites where email = :email", email=email)
    }
    assert states == {
        expired: "expired",
        revoked: "revoked",
        accepted: "accepted",
        again: "pending",
    }


def test_a_user_with_an_account_can_be_invited_but_cannot_join(
    app: Flask, alice: Person, charlie: Person, sql: Sql
) -> None:
    invite_id, token = invite(app, alice, charlie.email)
    with pytest.raises(EmailAlreadyRegistered):
        accept(app, token)
    assert sql("select status from invites where id = :id", id=invite_id)[0]["status"] == "pending"


def test_accepting_creates_a_confirmed_user_with_the_invited_role(
    app: Flask, alice: Person, sql: Sql, events: Events
) -> None:
    email = fresh_address()
    invite_id, token = invite(app, alice, email, "accounting_lead")
    joined = accept(app, token)
    assert (joined.actor.tenant_id, joined.actor.role, joined.actor.email) == (
        alice.actor.tenant_id,
        "accounting_lead",
        email,
    )
    assert me(app, joined.access_token) == 200
    assert sign_in(app, email).access_token
    assert (
        sql("select email_verified from users where email = :email", email=email)[0][
            "email_verified"
        ]
        is True
    )
    (row,) = sql("select * from invites where id = :id", id=invite_id)
    assert row["status"] == "accepted"
    assert row["accepted_at"] is not None
    (event,) = events(alice, "invite.accepted")
    assert event["actor_id"] == joined.actor.user_id


def test_a_token_works_once(app: Flask, alice: Person) -> None:
    _, token = invite(app, alice, fresh_address())
    accept(app, token)
    with pytest.raises(InviteNotPending):
        accept(app, token)


def test_parallel_acceptances_create_one_user(app: Flask, alice: Person, sql: Sql) -> None:
    email, barrier = fresh_address(), threading.Barrier(16)
    _, token = invite(app, alice, email)
    body = {"token": token, "password": PASSWORD, "full_name": "Joy Joiner"}

    def call(_number: int) -> tuple[int, Any]:
        client = app.test_client()
        barrier.wait()
        answer = client.post("/api/auth/accept-invite", json=body)
        return answer.status_code, answer.json.get("detail")

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(call, range(16)))
    assert [status for status, _ in answers].count(201) == 1
    assert {answer for answer in answers if answer[0] != 201} <= {
        (400, "invite_not_pending"),
        (409, "email_already_registered"),
    }
    assert len(sql("select 1 from users where email = :email", email=email)) == 1


def test_an_invitation_that_is_revoked_while_joining_creates_no_user(
    app: Flask, identity: Identity, alice: Person, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = fresh_address()
    invite_id, token = invite(app, alice, email)
    hash_password = type(identity.passwords).hash

    def meanwhile(self: Any, password: str) -> str:
        sql("update invites set status = 'revoked' where id = :id", id=invite_id)
        return hash_password(self, password)

    monkeypatch.setattr(type(identity.passwords), "hash", meanwhile)
    with pytest.raises(InviteNotPending):
        accept(app, token)
    assert sql("select 1 from users where email = :email", email=email) == []


def test_a_refused_password_does_not_use_up_the_token(app: Flask, alice: Person) -> None:
    _, token = invite(app, alice, fresh_address())
    with pytest.raises(PasswordTooCommon):
        accept(app, token, "alice-travels-2026")
    assert accept(app, token).access_token


def test_expired_revoked_and_unknown_tokens_are_refused(
    app: Flask, alice: Person, sql: Sql
) -> None:
    expired_id, expired = invite(app, alice, fresh_address())
    revoked_id, revoked = invite(app, alice, fresh_address())
    sql("update invites set expires_at = now() where id = :id", id=expired_id)
    alice.does(invites.revoke_invite, revoked_id)
    for token, error in (
        (expired, InviteExpired),
        (revoked, InviteNotPending),
        (secrets.token_urlsafe(32), InviteNotFound),
    ):
        with pytest.raises(error):
            act(app, invites.look_up_invite, app.extensions["voyagent.identity"], token)
        with pytest.raises(error):
            accept(app, token)


def test_an_invitation_of_a_suspended_agency_is_unknown(
    app: Flask, alice: Person, sql: Sql
) -> None:
    _, token = invite(app, alice, fresh_address())
    sql("update tenants set is_active = false where id = :id", id=alice.actor.tenant_id)
    with pytest.raises(InviteNotFound):
        accept(app, token)


def test_an_invitation_is_revoked_once_and_only_by_its_agency(
    app: Flask, alice: Person, charlie: Person, events: Events, sql: Sql
) -> None:
    invite_id, _ = invite(app, alice, fresh_address())
    for stranger, unknown in ((charlie, invite_id), (alice, uuid4())):
        with pytest.raises(InviteNotFound):
            stranger.does(invites.revoke_invite, unknown)
    alice.does(invites.revoke_invite, invite_id)
    with pytest.raises(InviteNoLongerPending):
        alice.does(invites.revoke_invite, invite_id)
    assert len(events(alice, "invite.revoked")) == 1
    assert (
        sql("select revoked_at from invites where id = :id", id=invite_id)[0]["revoked_at"]
        is not None
    )


def test_an_expired_invitation_cannot_be_revoked(app: Flask, alice: Person, sql: Sql) -> None:
    invite_id, _ = invite(app, alice, fresh_address())
    sql("update invites set expires_at = now() where id = :id", id=invite_id)
    with pytest.raises(InviteNoLongerPending):
        alice.does(invites.revoke_invite, invite_id)


def test_an_invitation_is_mailed_to_the_address_with_its_link(app: Flask, alice: Person) -> None:
    email = fresh_address()
    _, token = invite(app, alice, email, "ticketing_lead")
    mail = mailbox.newest(app, to=email, kind="invitation")
    assert mail.token == token
    for words in ("Alice Owner", "Alice Travels", "Ticketing lead", "7 days"):
        assert words in mail.text
    assert mailbox.received(app, to=alice.email) == []


def test_a_refused_invitation_sends_no_mail(app: Flask, alice: Person) -> None:
    email = fresh_address()
    invite(app, alice, email)
    with pytest.raises(InviteAlreadyExists):
        invite(app, alice, email)
    assert len(mailbox.received(app, to=email)) == 1


def test_invitations_to_one_address_are_limited_per_hour(
    app: Flask, alice: Person, charlie: Person
) -> None:
    email = fresh_address()
    for _ in range(10):
        invite_id, _ = invite(app, alice, email)
        alice.does(invites.revoke_invite, invite_id)
    with pytest.raises(TooManyRequests):
        invite(app, alice, email)
    invite(app, charlie, email)  # another agency has a limit of its own
