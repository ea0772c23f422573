"""Authentication of a caller in a transaction that writes, also after a wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace

from voyagent.kernel.actor import Actor, Credential
from voyagent.kernel.database.read_pool import AUTHENTICATE, Row, actor_of, authenticate_values
from voyagent.kernel.db import db, pause
from voyagent.kernel.errors import Unauthorized, VoyagentError
from voyagent.kernel.tenancy import bind


def find_caller(credential: Credential) -> Row:
    """Return the row of `app.authenticate` for a credential. Raises Unauthorized."""
    connection = db.session.connection()
    caller = (
        connection.exec_driver_sql(AUTHENTICATE, authenticate_values(credential)).mappings().first()
    )
    if caller is None:
        raise Unauthorized
    return dict(caller)


def release_key(actor: Actor) -> None:
    """Roll back the transaction of a caller with an API key, to unlock the key's row.

    Call this function before locking a person, and before writing anything. Without an API key it
    does nothing.

    The authentication may have locked the row of the key, to store the time of the last use. An act
    that ends credentials locks the person first and then the person's keys. A caller that locks
    them in the opposite order could cause a deadlock.
    """
    if actor.key_id is not None:
        pause()
        bind(db.session(), actor.tenant_id)


def authenticate_again(actor: Actor) -> Actor:
    """Authenticate the caller of an act again; return the actor with the present role.

    Call this function after the request has waited for a lock, and check the permission of the
    returned actor. An actor without a session and without a key, such as a job, is returned
    unchanged.

    Raises Unauthorized if the person was removed, or the session, token or key has ended.
    """
    if actor.user_id is None or (actor.session_id is None and actor.key_id is None):
        return actor
    credential = replace(actor.credential, fresh=actor.fresh)
    present = replace(actor_of(credential, find_caller(credential)), grant=actor.grant)
    return present if actor.key_id is not None else replace(present, permissions=actor.permissions)


@contextmanager
def long_work(
    actor: Actor,
    place: Callable[[float], AbstractContextManager[None]],
    busy: type[VoyagentError],
    wait_s: float,
) -> Iterator[Actor]:
    """Run the block while the request holds a place for long work.

    `place(seconds)` waits for a place of `kernel.limits.long_work`, and raises `busy` if there is
    none. While the request waits it holds no database connection, so it must not have written
    anything before.

    Yields the actor, authenticated again after a wait. The caller must check its permission. Raises
    `busy` after `wait_s` seconds, and Unauthorized.
    """
    with ExitStack() as held:
        try:
            held.enter_context(place(0))
        except busy:
            pause()
            held.enter_context(place(wait_s))
            actor = authenticate_again(actor)
        yield actor
