"""Loop over agencies for background jobs, with transactions for each agency."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from typing import TypeVar
from uuid import UUID

from voyagent.kernel.db import db, transaction

Done = TypeVar("Done")
stopping = Event()
"""Set when the worker must stop; the next run finds the agencies that were not reached."""


def in_agencies(
    find: Callable[[], Iterable[UUID]],
    act: Callable[[], Done],
    *,
    more: Callable[[Done], bool] = lambda _: False,
) -> None:
    """Call `act` in a transaction for each agency that `find` returns.

    `more` receives the result of `act`. If `more` returns True, `act` is called again for the same
    agency, in a new transaction. For example, `act` deletes 500 rows at a time.
    """
    with transaction():
        agencies = list(find())
    for tenant_id in agencies:
        goes_on = True
        while goes_on and not stopping.is_set():
            db.session.remove()  # a session can be bound to one agency only
            with transaction(tenant_id):
                goes_on = more(act())
    db.session.remove()
