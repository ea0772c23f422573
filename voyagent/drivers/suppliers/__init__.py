"""Drivers for suppliers of flights, hotels and visas, selected by the settings.

| name | driver |
|---|---|
| `sandbox` | for tests and demonstrations: real airports, invented prices, no purchases |
| `none` | refuses every call with `capability_not_supported` |

`protocols` has the interfaces, and `errors` has the errors. A new driver needs a package here, a
name in the settings, an entry in `open_suppliers`, and a test that runs
`tests/drivers/suppliers/contract.py` on the driver.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from voyagent.drivers.suppliers.absent import NoFlights, NoHotels, NoVisas
from voyagent.drivers.suppliers.guarded import GuardedFlights, GuardedHotels, GuardedVisas
from voyagent.drivers.suppliers.protocols.flights import FlightSupplier
from voyagent.drivers.suppliers.protocols.hotels import HotelSupplier
from voyagent.drivers.suppliers.protocols.visas import VisaSupplier
from voyagent.drivers.suppliers.sandbox import Sandbox
from voyagent.kernel.config import Settings
from voyagent.kernel.keyring import Keyring

__all__ = ["Suppliers", "open_suppliers"]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Suppliers:
    """The suppliers of the installation, each with checks and a time limit."""

    flights: FlightSupplier
    hotels: HotelSupplier
    visas: VisaSupplier


def open_suppliers(settings: Settings, keyring: Keyring) -> Suppliers:
    """Return the drivers that the settings select.

    The default is `none` in production, else `sandbox`.
    """
    default = "none" if settings.is_production else "sandbox"
    names = {
        "flights": settings.flights or default,
        "hotels": settings.hotels or default,
        "visas": settings.visas or default,
    }
    for kind, name in names.items():
        if settings.is_production and name == "sandbox":
            log.warning(
                "suppliers.sandbox_in_production",
                kind=kind,
                consequence="prices are made up and nothing is bought",
            )
    sandbox = Sandbox(keyring, stall_s=settings.supplier_timeout_s * 2)
    return Suppliers(
        flights=GuardedFlights(
            sandbox.flights if names["flights"] == "sandbox" else NoFlights(),
            settings.supplier_timeout_s,
        ),
        hotels=GuardedHotels(
            sandbox.hotels if names["hotels"] == "sandbox" else NoHotels(),
            settings.supplier_timeout_s,
        ),
        visas=GuardedVisas(
            sandbox.visas if names["visas"] == "sandbox" else NoVisas(), settings.supplier_timeout_s
        ),
    )
