"""Loop over agencies for background jobs, with transactions for each agency."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from threading import Event
from typing import TypeVar
from uuid import UUID

import structlog

from voyagent.kernel.db import db, transaction
from voyagent.kernel.logs import bound
from voyagent.kernel.time_limits import TimeIsUp, time_limit

Done = TypeVar("Done")
AGENCY_MAX_S = 60.0
"""Most seconds that a run works on one act for one agency."""
log = structlog.get_logger(__name__)
stopping = Event()
"""Set when the worker must stop; the next run finds the agencies that were not reached."""


class AgenciesFailed(Exception):
    """A job failed in some agencies, and was done in the others."""


def in_agencies(
    find: Callable[[], Iterable[UUID]],
    *acts: Callable[[], Done],
    more: Callable[[Done], bool] = lambda _: False,
    agency_max_s: float = AGENCY_MAX_S,
) -> None:
    """Call each of `acts` in a transaction for each agency that `find` returns.

    `more` receives the result of an act. If `more` returns True, the act is called again for the
    same agency, in a new transaction, after all other agencies and acts had their turn. For
    example, the act deletes 500 rows at a time. An agency for which the calls of an act took
    `agency_max_s` seconds is left to the next run. Its committed calls stay; a call that takes
    longer is rolled back.

    An error in one agency is logged and does not stop the other agencies and acts, because one
    agency must not be able to stop the work of the others. After the last act, AgenciesFailed is
    raised if there was an error.
    """
    with transaction():
        agencies = list(find())
    failures: list[Exception] = []
    turns = deque((act, tenant_id, agency_max_s) for act in acts for tenant_id in agencies)
    while turns and not stopping.is_set():
        act, tenant_id, left_s = turns.popleft()
        begun = time.monotonic()
        with bound(agency=tenant_id):
            try:
                goes_on = _in_agency(tenant_id, act, more, left_s)
            except Exception as error:
                log.exception("job.failed_in_agency")
                failures.append(error)
                continue
            left_s -= time.monotonic() - begun
            if goes_on and left_s > 0:
                turns.append((act, tenant_id, left_s))
            elif goes_on:
                log.warning("job.agency_postponed")
    db.session.remove()
    if failures:
        message = f"the job failed {len(failures)} times, see job.failed_in_agency in the log"
        raise AgenciesFailed(message) from failures[0]


def _in_agency(
    tenant_id: UUID, act: Callable[[], Done], more: Callable[[Done], bool], most_s: float
) -> bool:
    """Call an act in a transaction of an agency, for at most `most_s` seconds.

    Returns True if the act must be called again, or was rolled back at the end of this time.
    """
    db.session.remove()  # a session can be bound to one agency only
    try:
        with transaction(tenant_id), time_limit(most_s):
            return more(act())
    except TimeIsUp:
        return True
