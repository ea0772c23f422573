"""Jobs of trips: delete old offers, and seal passports again after a change of secret."""

from __future__ import annotations

from voyagent.capabilities.ports import find_port
from voyagent.identity.queries.people import tenant_ids
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.jobs import task
from voyagent.kernel.keyring import Keyring
from voyagent.trips import service
from voyagent.trips.queries import trips


@task("trips.sweep_offers", own_transactions=True, every="*/10 * * * *")
def sweep_offers(timestamp: int) -> None:  # noqa: ARG001 - the worker hands the tick in
    """Delete old offers."""
    in_agencies(trips.agencies_with_offers, service.sweep)


@task("trips.seal_anew", own_transactions=True, every="30 * * * *")
def seal_anew(timestamp: int) -> None:  # noqa: ARG001 - the worker hands the tick in
    """Seal passports of each agency that an earlier secret holds."""
    keyring = find_port(Keyring)
    in_agencies(tenant_ids, lambda: service.seal_anew(keyring))
