"""Permit to search all texts of an agency for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError

from voyagent.kernel.actor import Actor
from voyagent.kernel.database.reauthentication import authenticate_again
from voyagent.kernel.db import pause
from voyagent.kernel.limits import long_work
from voyagent.privacy.errors import SearchesBusy, SearchTimedOut

WAIT_S = 15.0


@contextmanager
def searching(actor: Actor, permission: str) -> Iterator[None]:
    """Run the block as one of the few searches that a process runs at a time.

    The caller must not have written anything yet. While it waits it holds no database connection.
    After a wait the actor is authenticated again and must have the permission.

    Raises SearchesBusy after WAIT_S seconds, Unauthorized, Forbidden, and SearchTimedOut if a
    statement takes longer than allowed.
    """
    with ExitStack() as held:
        try:
            held.enter_context(long_work.searching(actor.tenant_id, SearchesBusy, 0))
        except SearchesBusy:
            pause()
            held.enter_context(long_work.searching(actor.tenant_id, SearchesBusy, WAIT_S))
            authenticate_again(actor).require(permission)
        try:
            yield
        except OperationalError as error:
            if isinstance(error.orig, QueryCanceled):
                raise SearchTimedOut from error
            raise
