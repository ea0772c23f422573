"""Verification of a user: lock the row, check the password or the actor again."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from voyagent.identity.models import User
from voyagent.identity.service.values import Identity
from voyagent.kernel import tenancy
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.reauthentication import authenticate_again, release_key
from voyagent.kernel.db import db, pause
from voyagent.kernel.errors import Unauthorized

_LOCKED = "locked user"
"""Key of `Session.info` for the transaction and the user that it has locked last."""


def lock_person(user_id: UUID) -> User:
    """Return a user of the current agency, locked until the transaction ends.

    Raises Unauthorized if the user is not active.
    """
    key = (tenancy.current_tenant(db.session), user_id)
    person = db.session.get(User, key, with_for_update={"key_share": True}, populate_existing=True)
    if person is None or not person.is_active:
        raise Unauthorized
    db.session().info[_LOCKED] = (db.session().get_transaction(), user_id)
    return person


def lock_actor(actor: Actor, permission: str) -> tuple[User, Actor]:
    """Lock the acting user, authenticate the actor again, and return both.

    Call this function before a service creates or changes a credential. The caller must not have
    written anything or locked any other row. If the actor uses an API key, the transaction may have
    locked the row of this key. It is then rolled back first, so that rows are always locked in the
    same order. The returned actor has the user's present role.

    An act that ends credentials (`credentials.end_credentials`) locks the user too. Therefore no
    such act can take effect between this check and the creation of a credential.

    Raises Unauthorized if the user is not active, or if the session, token or key has ended since
    the request was authenticated. Raises Forbidden if the role lacks the permission by now.
    """
    if actor.user_id is None:
        raise Unauthorized
    if db.session().info.get(_LOCKED) != (db.session().get_transaction(), actor.user_id):
        release_key(actor)
    person = lock_person(actor.user_id)
    present = replace(authenticate_again(actor), role=person.role)
    present.require(permission)
    return person, present


def lock_owner(user_id: UUID, email: str) -> User | None:
    """Lock an active user whose e-mail address is still `email`; return the user.

    Returns None if the user is not active or has another e-mail address by now.
    """
    try:
        person = lock_person(user_id)
    except Unauthorized:
        return None
    return person if person.email == email else None


def check_password(
    identity: Identity, tenant_id: UUID, user_id: UUID, *, stored: str, password: str
) -> tuple[User, bool]:
    """Check a password; return the locked user, and True if the password is correct.

    `stored` is the hash that the caller has read from the database. The transaction is rolled back
    before the password is hashed. Raises Unauthorized, PasswordsBusy.
    """
    pause()
    is_right = identity.passwords.verify(stored, password)
    stronger = (
        identity.passwords.hash(password)
        if is_right and identity.passwords.is_stale(stored)
        else None
    )
    tenancy.bind(db.session(), tenant_id)
    person = lock_person(user_id)
    if person.password_hash != stored:
        return person, identity.passwords.verify(person.password_hash, password)
    if stronger is not None:
        person.password_hash = stronger
    return person, is_right
