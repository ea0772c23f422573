"""Limits of the searches of an agency's texts for a person."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from uuid import UUID

from voyagent.identity.service.trust import party_of
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.reauthentication import long_work
from voyagent.kernel.limits.long_work import searching as places_to_search
from voyagent.kernel.time_limits import TimeIsUp, TimeLimit, time_limit
from voyagent.privacy.errors import SearchesBusy, SearchTimedOut

WAIT_S, SEARCH_S = 15.0, 10.0
"""Seconds for which a caller waits, and for which a search runs.

A search is shorter than the wait, so that those who wait get a place when it ends.
"""
SEARCH_REFUSED_S, ERASURE_REFUSED_S = 60, 600
"""Seconds for which an agency may begin no search, or no erasure, after one that took too long."""
refused_until: dict[tuple[UUID, bool], float] = {}
"""Times until which agencies may begin no search (False) or no erasure (True)."""


@contextmanager
def searching(actor: Actor, permission: str, *, erases: bool = False) -> Iterator[TimeLimit]:
    """Run the block as one of the few searches that a process runs at a time.

    All provisional agencies together may run one search at a time. `erases` says that the block
    erases what it finds, which takes longer.

    All statements in the block may take SEARCH_S seconds together. A block that writes after the
    search may restart the time limit, which is yielded. If the time is up, the agency can begin no
    search for SEARCH_REFUSED_S seconds: otherwise two agencies with such searches could hold all
    places all the time. If the block was an erasure, the agency can also begin no other erasure for
    ERASURE_REFUSED_S seconds, because erasures have one place and a longer time limit.

    The caller must not have written anything yet, because it holds no database connection while it
    waits for a place. After a wait the actor is authenticated again and must have the permission.

    Raises Unauthorized and Forbidden. Raises SearchesBusy if there is no place within WAIT_S
    seconds. Raises SearchTimedOut if the time is up, or if the agency must still wait after an
    earlier search.
    """
    agency = actor.tenant_id
    if (left_s := refused_until.get((agency, erases), 0) - time.monotonic()) > 0:
        raise SearchTimedOut(math.ceil(left_s))
    with ExitStack() as held:
        place = partial(places_to_search, party_of(actor), SearchesBusy, erases=erases)
        held.enter_context(long_work(actor, place, SearchesBusy, WAIT_S)).require(permission)
        try:
            with time_limit(SEARCH_S, allows_long=True) as limit:
                yield limit
        except TimeIsUp as error:
            _refuse(agency, erases=erases)
            raise SearchTimedOut(ERASURE_REFUSED_S if erases else SEARCH_REFUSED_S) from error


def _refuse(agency: UUID, *, erases: bool) -> None:
    now = time.monotonic()
    for one, until in list(refused_until.items()):
        if until <= now:
            refused_until.pop(one, None)
    refused_until[agency, False] = now + SEARCH_REFUSED_S
    if erases:
        refused_until[agency, True] = now + ERASURE_REFUSED_S
