"""Places for requests that hold a connection for writes for several seconds.

Without such places, a few agencies with such requests could use all of a process's connections.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

from voyagent.kernel.limits.places import Places

PLACES, WAIT_S = 3, 2.0
_places = Places(PLACES, 1, queue_max=PLACES)


def long_work(
    agency: UUID, refusal: Callable[[], Exception], *, wait_s: float | None = None
) -> AbstractContextManager[None]:
    """Hold a place while the block runs; raise `refusal()` if the agency gets none.

    A process has PLACES places, and each agency may hold one. A caller waits for a place at most
    `wait_s` seconds, by default WAIT_S. At most PLACES callers wait, because each of them holds a
    connection.
    """
    return _places.held(agency, WAIT_S if wait_s is None else wait_s, refusal)
