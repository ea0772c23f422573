"""Housekeeping over all agencies: one session and one transaction for each.

A narrow lookup past row-level security finds agencies with work, so that the cost grows with the
work and not with the number of agencies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from typing import TypeVar
from uuid import UUID

from voyagent.kernel.db import db, transaction

Done = TypeVar("Done")
stopping = Event()
"""Set when the worker has to stop; agencies not visited are found again next time."""


def in_agencies(
    find: Callable[[], Iterable[UUID]],
    act: Callable[[], Done],
    *,
    more: Callable[[Done], bool] = lambda _: False,
) -> None:
    """Run an act in each agency found, in a transaction bound to it.

    `more` tells whether the agency has more to do.
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
