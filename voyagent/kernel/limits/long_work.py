"""Places for requests that hold a connection for writes, or a thread, for seconds.

Without such places, a few agencies could use all connections or all threads of a process.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

from voyagent.kernel.limits.places import Places

PLACES, WAIT_S = 3, 2.0
POLLING, AGENCY_POLLING = 24, 8
_places = Places(PLACES, 1, queue_max=PLACES)
_polling = Places(POLLING, AGENCY_POLLING)


def polling(agency: UUID, refusal: Callable[[], Exception]) -> AbstractContextManager[None]:
    """Hold a place while the block waits by asking the database again and again.

    A process has POLLING places, of which an agency may hold AGENCY_POLLING. Raises `refusal()` at
    once if no place is free.
    """
    return _polling.held(agency, 0, refusal)


def long_work(
    agency: UUID, refusal: Callable[[], Exception], *, wait_s: float | None = None
) -> AbstractContextManager[None]:
    """Hold a place while the block runs; raise `refusal()` if the agency gets none.

    A process has PLACES places, and each agency may hold one. A caller waits for a place at most
    `wait_s` seconds, by default WAIT_S. At most PLACES callers wait, because each of them holds a
    connection.
    """
    return _places.held(agency, WAIT_S if wait_s is None else wait_s, refusal)
