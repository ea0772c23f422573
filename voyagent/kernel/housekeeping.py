"""Housekeeping goes from agency to agency: one session and one transaction for each, and only to those that have something to see to.

What finds them is a narrow look-up past the second wall, so that its cost grows with what waits and not with how many agencies there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from uuid import UUID

from voyagent.kernel.db import db, transaction

stopping = Event()
"""Set once the worker has been told to stop: what is not visited by then is found again at the next round."""


def in_agencies(find: Callable[[], Iterable[UUID]], act: Callable[[], object]) -> None:
    """Do something as each of the agencies that are found, each time in a transaction that is bound to it."""
    with transaction():
        agencies = list(find())
    for tenant_id in agencies:
        if stopping.is_set():
            break
        db.session.remove()  # one session, one agency
        with transaction(tenant_id):
            act()
    db.session.remove()
