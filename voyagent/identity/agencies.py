"""Housekeeping goes from agency to agency: one session and one transaction for each."""

from __future__ import annotations

from collections.abc import Callable

from voyagent.identity.queries import tenant_ids
from voyagent.kernel.db import db, transaction


def in_each_agency(act: Callable[[], object]) -> None:
    """Do something as each active agency in turn, each time in a transaction that is bound to it."""
    with transaction():
        agencies = tenant_ids()
    for tenant_id in agencies:
        db.session.remove()  # one session, one agency
        with transaction(tenant_id):
            act()
    db.session.remove()
