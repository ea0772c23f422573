"""Limits on requests that occupy a database connection or a thread for seconds.

Each such request holds a place, which is a permit of the semaphore `Places`, while it runs. Without
these limits, a few agencies could use all connections for writes or all threads of a process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from uuid import UUID

from voyagent.kernel.limits.callers import present_network
from voyagent.kernel.limits.places import Places

Refusal = Callable[[], Exception]
SEARCHES, SEARCHES_WAITING, ERASURES_WAITING = 2, 16, 8
DECISIONS, AGENCY_DECISIONS_WAITING, DECISIONS_WAITING = 2, 4, 12
IMPORTS, SMALL_ROWS, POLLING, AGENCY_POLLING = 2, 100, 24, 8
_searches = Places(SEARCHES, 1, waiting_max=1, queue_max=SEARCHES_WAITING)
_erasures = Places(SEARCHES - 1, 1, waiting_max=1, queue_max=ERASURES_WAITING)
_decisions = Places(
    DECISIONS,
    1,
    waiting_max=AGENCY_DECISIONS_WAITING,
    queue_max=DECISIONS_WAITING,
    address_share=1,
)
_imports = Places(IMPORTS, 1, waiting_max=AGENCY_POLLING, queue_max=POLLING)
_large_imports = Places(IMPORTS - 1, 1, waiting_max=AGENCY_POLLING, queue_max=POLLING)
_polling = Places(POLLING, AGENCY_POLLING)


def searching(
    party: Hashable, refusal: Refusal, wait_s: float, *, erases: bool = False
) -> AbstractContextManager[None]:
    """Hold a place for a search of all texts of an agency while the block runs.

    `party` is the agency, or the name of a group of agencies that share a place. Searches that
    erase what they find take longer. They may hold all places but one, so that other searches need
    not wait for them. The caller must hold no connection while it waits. Raises `refusal()` if
    there is no place within `wait_s` seconds.
    """
    return holding([_erasures, _searches] if erases else [_searches], party, wait_s, refusal)


def deciding(party: Hashable, refusal: Refusal, wait_s: float) -> AbstractContextManager[None]:
    """Hold a place for a decision on several proposals while the block runs.

    `party` is the agency, or the name of a group of agencies that share a place. The caller must
    hold no database connection while it waits. Raises `refusal()` if there is no place within
    `wait_s` seconds.
    """
    return holding([_decisions], party, wait_s, refusal)


def importing(
    agency: UUID, refusal: Refusal, wait_s: float, *, rows: int
) -> AbstractContextManager[None]:
    """Hold a place for the check or the import of a file while the block runs.

    `rows` is the number of rows of the file. Files of more than SMALL_ROWS rows may hold all places
    but one, so that a small file need not wait for large files. The caller must hold no database
    connection while it waits. Raises `refusal()` if there is no place within `wait_s` seconds.
    """
    queues = [_large_imports, _imports] if rows > SMALL_ROWS else [_imports]
    return holding(queues, agency, wait_s, refusal)


@contextmanager
def holding(
    queues: Iterable[Places], party: Hashable, wait_s: float, refusal: Refusal
) -> Iterator[None]:
    """Hold one place of each of `queues`, taken in this order, while the block runs.

    The client's IP address of the current thread (`present_network`) counts for the limits per
    address. Raises `refusal()` if there is no place of all queues within `wait_s` seconds.
    """
    ends_at = time.monotonic() + wait_s
    with ExitStack() as held:
        for places in queues:
            left_s = max(0.0, ends_at - time.monotonic())
            held.enter_context(places.held(party, left_s, refusal, address=present_network()))
        yield


def polling(agency: UUID, refusal: Refusal) -> AbstractContextManager[None]:
    """Hold a place while the block waits by asking the database again and again.

    Raises `refusal()` at once if there is no place.
    """
    return _polling.held(agency, 0, refusal)
