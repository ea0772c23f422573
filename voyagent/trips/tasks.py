"""Jobs that delete old offers and re-encrypt passport numbers and persons' keys."""

from __future__ import annotations

from voyagent.capabilities.ports import find_port
from voyagent.identity.queries.people import tenant_ids
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.jobs import task
from voyagent.kernel.keyring import Keyring
from voyagent.trips.queries import trips
from voyagent.trips.service import offers, passengers


@task("trips.sweep_offers", own_transactions=True, every="*/10 * * * *")
def sweep_offers(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Delete old offers and responses of every agency that has some."""
    in_agencies(trips.agencies_with_offers, offers.sweep)


@task("trips.seal_anew", own_transactions=True, every="30 * * * *")
def reseal(timestamp: int) -> None:  # noqa: ARG001 - the worker passes the time
    """Re-encrypt old passport numbers and persons' keys of all agencies.

    `passengers.reseal` says which numbers and keys are old.
    """
    keyring = find_port(Keyring)
    in_agencies(tenant_ids, lambda: passengers.reseal(keyring))
