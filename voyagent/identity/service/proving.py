"""Who somebody is: a person held for the act, and whether a password is hers."""

from __future__ import annotations

from uuid import UUID

from voyagent.identity.models import User
from voyagent.identity.service.values import Identity
from voyagent.kernel import tenancy
from voyagent.kernel.db import db, pause
from voyagent.kernel.errors import Unauthorized


def lock_person(user_id: UUID) -> User:
    """A person of the bound agency as she stands now, held until the transaction ends, so that
    nobody changes her password or second factor meanwhile.

    Raises Unauthorized when she has been removed.
    """
    key = (tenancy.current_tenant(db.session), user_id)
    person = db.session.get(User, key, with_for_update={"key_share": True}, populate_existing=True)
    if person is None or not person.is_active:
        raise Unauthorized
    return person


def check_password(
    identity: Identity, tenant_id: UUID, user_id: UUID, *, stored: str, password: str
) -> tuple[User, bool]:
    """A person, held, and whether the password is hers; `stored` is the hash that was read of her
    before. Raises Unauthorized, PasswordsBusy.

    No connection is held while the password is hashed. Where another one was set meanwhile, that
    one counts: what a reset has shut out does not slip in. A hash of weaker parameters than today's
    is replaced.
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
