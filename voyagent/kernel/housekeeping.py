"""Housekeeping goes from agency to agency: one session and one transaction for each, and only to
those that have something to see to.

What finds them is a narrow look-up past the second wall, so that its cost grows with what waits and
not with how many agencies there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from typing import TypeVar
from uuid import UUID

from voyagent.kernel.db import db, transaction

Done = TypeVar("Done")
stopping = Event()
"""Set once the worker has been told to stop: what is not visited by then is found again at the next
round.
"""


def in_agencies(
    find: Callable[[], Iterable[UUID]],
    act: Callable[[], Done],
    *,
    more: Callable[[Done], bool] = lambda _: False,
) -> None:
    """Do something as each of the agencies that are found, each time in a transaction that is bound
    to it; `more` reads whether there is more to do as one.
    """
    with transaction():
        agencies = list(find())
    for tenant_id in agencies:
        goes_on = True
        while goes_on and not stopping.is_set():
            db.session.remove()  # one session, one agency
            with transaction(tenant_id):
                goes_on = more(act())
    db.session.remove()
