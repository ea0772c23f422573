"""Loop over agencies for background jobs, with transactions for each agency."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from typing import TypeVar
from uuid import UUID

import structlog

from voyagent.kernel.db import db, transaction
from voyagent.kernel.logs import bound

Done = TypeVar("Done")
log = structlog.get_logger(__name__)
stopping = Event()
"""Set when the worker must stop; the next run finds the agencies that were not reached."""


class AgenciesFailed(Exception):
    """A job failed in some agencies, and was done in the others."""


def in_agencies(
    find: Callable[[], Iterable[UUID]],
    *acts: Callable[[], Done],
    more: Callable[[Done], bool] = lambda _: False,
) -> None:
    """Call each of `acts` in a transaction for each agency that `find` returns.

    `more` receives the result of an act. If `more` returns True, the act is called again for the
    same agency, in a new transaction. For example, the act deletes 500 rows at a time.

    An error in one agency is logged and does not stop the other agencies and acts, because one
    agency must not be able to stop the work of the others. After the last act, AgenciesFailed is
    raised if there was an error.
    """
    with transaction():
        agencies = list(find())
    failures: list[Exception] = []
    for act in acts:
        for tenant_id in agencies:
            with bound(agency=tenant_id):
                try:
                    _in_agency(tenant_id, act, more)
                except Exception as error:
                    log.exception("job.failed_in_agency")
                    failures.append(error)
    db.session.remove()
    if failures:
        raise AgenciesFailed(f"{len(failures)} failures") from failures[0]


def _in_agency(tenant_id: UUID, act: Callable[[], Done], more: Callable[[Done], bool]) -> None:
    goes_on = True
    while goes_on and not stopping.is_set():
        db.session.remove()  # a session can be bound to one agency only
        with transaction(tenant_id):
            goes_on = more(act())
