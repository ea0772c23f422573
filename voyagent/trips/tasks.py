"""Background work of trips: sweep what suppliers once offered."""

from __future__ import annotations

from voyagent.identity.queries import tenant_ids
from voyagent.kernel.db import db, transaction
from voyagent.kernel.jobs import task
from voyagent.trips import service


@task("trips.sweep_offers", own_transactions=True, every="*/10 * * * *")
def sweep_offers(timestamp: int) -> None:  # noqa: ARG001 - the worker hands the tick in
    """For each agency: forget the offers that are long over."""
    with transaction():
        agencies = tenant_ids()
    for tenant_id in agencies:
        db.session.remove()  # one session, one agency
        with transaction(tenant_id):
            service.sweep()
    db.session.remove()
