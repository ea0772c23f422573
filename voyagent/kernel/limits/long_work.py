"""Places for requests that hold a connection for writes, or a thread, for seconds.

Without them, a few agencies with such requests could use all connections or all threads of a
process.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

from voyagent.kernel.limits.places import Places

Refusal = Callable[[], Exception]
SEARCHES, SEARCH_WAIT_S = 2, 2.0
IMPORTS, POLLING, AGENCY_POLLING = 2, 24, 8
# A caller that waits for a search holds a connection, so few may wait.
_searches = Places(SEARCHES, 1, queue_max=SEARCHES)
_imports = Places(IMPORTS, 1, waiting_max=AGENCY_POLLING, queue_max=POLLING)
_polling = Places(POLLING, AGENCY_POLLING)


def searching(agency: UUID, refusal: Refusal) -> AbstractContextManager[None]:
    """Hold a place for a search of all texts of an agency while the block runs.

    Raises `refusal()` if there is no place within SEARCH_WAIT_S seconds.
    """
    return _searches.held(agency, SEARCH_WAIT_S, refusal)


def importing(agency: UUID, refusal: Refusal, wait_s: float) -> AbstractContextManager[None]:
    """Hold a place for the check or the import of a file while the block runs.

    The caller must hold no connection while it waits. Raises `refusal()` if there is no place
    within `wait_s` seconds.
    """
    return _imports.held(agency, wait_s, refusal)


def polling(agency: UUID, refusal: Refusal) -> AbstractContextManager[None]:
    """Hold a place while the block waits by asking the database again and again.

    Raises `refusal()` at once if there is no place.
    """
    return _polling.held(agency, 0, refusal)
