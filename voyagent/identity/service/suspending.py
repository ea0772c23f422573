"""Suspend people whose inviter's account was taken over, and reinstate them.

A stranger can invite accomplices and then move the account to the address of somebody else. When
the owner of this address takes the account over, the accomplices must not stay. But the inviter may
also be an honest administrator who moved to another address. Therefore the accounts of invited
people are only suspended and can be reinstated.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.identity.models import User
from voyagent.identity.queries import people
from voyagent.identity.rules.credentials import Act
from voyagent.identity.service.credentials import end_credentials
from voyagent.identity.service.errors import EmailAlreadyRegistered
from voyagent.identity.service.values import Identity
from voyagent.kernel import clock, tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db


def suspend_invited(identity: Identity, actor: Actor, user_id: UUID) -> int:
    """Suspend everybody whom a user has invited, directly or through others.

    Returns the number of suspended people. The sessions, API keys and roles of suspended people do
    not work, and each person is notified by mail. Call this function after the user's own
    invitations have ended.
    """
    number = 0
    # Ending a person's invitations waits for somebody who is just accepting one, so look again.
    while invited := people.invited_through(user_id):
        for each in invited:
            _suspend(identity, actor, each)
        number += len(invited)
    return number


def reinstate(identity: Identity, actor: Actor, person: User) -> None:
    """Let a suspended user in again, with the earlier sessions and API keys.

    The caller must have checked the permission and locked the user. Raises EmailAlreadyRegistered
    if another active user has the e-mail address by now.
    """
    person.is_active, person.suspended_at, person.updated_at = True, None, clock.now()
    try:
        with audit.savepoint():
            db.session.flush()
    except IntegrityError as error:
        if "uq_users_email" in str(error.orig):
            raise EmailAlreadyRegistered from None
        raise
    audit.record(
        actor,
        "person.reinstated",
        entity_refs={"user_id": person.id},
        inputs={"email": person.email, "role": person.role},
    )
    identity.outbox.send(
        to=person.email, kind="access_changed", locale=actor.locale, access="restored"
    )


def _suspend(identity: Identity, actor: Actor, user_id: UUID) -> None:
    key = (tenancy.current_tenant(db.session), user_id)
    person = db.session.get_one(
        User, key, with_for_update={"key_share": True}, populate_existing=True
    )
    if not person.is_active:
        return
    person.is_active, person.suspended_at, person.updated_at = False, clock.now(), clock.now()
    end_credentials(Act.INVITER_TAKEN_OVER, user_id, by=actor)
    audit.record(
        actor,
        "person.suspended",
        entity_refs={"user_id": user_id},
        inputs={"email": person.email, "role": person.role},
    )
    identity.outbox.send(
        to=person.email, kind="access_changed", locale=actor.locale, access="suspended"
    )
    db.session.flush()
