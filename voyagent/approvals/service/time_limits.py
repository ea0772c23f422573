"""Limits of decisions: how many run at the same time, and for how many seconds.

A decision holds a database connection for writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from psycopg.errors import QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from voyagent.approvals.service.errors import DecisionsBusy, DecisionTimedOut
from voyagent.identity.service.trust import party_of
from voyagent.kernel import time_limits
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.reauthentication import long_work
from voyagent.kernel.db import db
from voyagent.kernel.limits.long_work import deciding

DECISION_MAX_S = 10.0
"""Time that one request may take for locks, checks, dry runs and decisions."""
WAIT_S = 15.0
_LIMIT_STATEMENTS = text(
    "select set_config('statement_timeout', floor(least(nullif(extract(epoch from"
    " current_setting('statement_timeout')::interval) * 1000, 0), :rest_ms))::int::text, true)"
)


class TimeLimit(time_limits.TimeLimit):
    """Time limit of a request that decides on proposals or previews them.

    The time begins when the object is created.
    """

    def __init__(self) -> None:
        super().__init__(DECISION_MAX_S)

    def check(self) -> None:
        """Let the following statements of the transaction take only the time that is left.

        Call this function before each step. Raises DecisionTimedOut if no time is left.
        """
        rest_ms = int(self.left_s * 1000)
        if rest_ms <= 0:
            raise DecisionTimedOut
        db.session.execute(_LIMIT_STATEMENTS, {"rest_ms": rest_ms})


@contextmanager
def decision(actor: Actor, permission: str, acts: int) -> Iterator[tuple[Actor, TimeLimit]]:
    """Run the block as a decision on `acts` proposals.

    Yields the present actor and the time limit. Nothing is limited if `acts` is 0.

    A process makes only a few decisions on several proposals at the same time; others wait. All
    provisional agencies together make one at a time, because a stranger can sign up many. The
    request must not have written anything yet: while it waits it holds no database connection.
    After a wait the actor is authenticated again and must have the permission. The time limit
    begins after the wait.

    Raises DecisionsBusy after WAIT_S seconds, Unauthorized, Forbidden, and DecisionTimedOut if a
    statement ends at the time limit.
    """
    with ExitStack() as held:
        if acts > 1:
            place = partial(deciding, party_of(actor), DecisionsBusy)
            actor = held.enter_context(long_work(actor, place, DecisionsBusy, WAIT_S))
            actor.require(permission)
        try:
            yield actor, TimeLimit()
        except OperationalError as error:
            if acts and isinstance(error.orig, QueryCanceled):
                raise DecisionTimedOut from error
            raise
