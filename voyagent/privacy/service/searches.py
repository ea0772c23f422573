"""Places for the searches of a person, which read all texts of an agency."""

from __future__ import annotations

from contextlib import AbstractContextManager

from voyagent.kernel.actor import Actor
from voyagent.kernel.limits import Places
from voyagent.privacy.errors import SearchesBusy

SEARCHES, WAIT_S = 2, 2.0
_places = Places(SEARCHES, 1, waiting_max=1, queue_max=SEARCHES)


def searching(actor: Actor) -> AbstractContextManager[None]:
    """Hold a place for a search while the block runs.

    A process has SEARCHES places, and each agency may hold one, because a search keeps a
    connection for writes. Raises SearchesBusy.
    """
    return _places.held(actor.tenant_id, WAIT_S, SearchesBusy)
