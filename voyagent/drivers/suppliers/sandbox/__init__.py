"""Drivers for tests and demonstrations with invented suppliers.

Timetables, fares, hotels and visa rules are invented.

- Results depend only on the query and the day. Pseudo-random numbers are computed from the query
  (`draws`).
- Nothing is stored. A `supplier_ref` contains its booking, signed with a key of the installation
  (`marks`).
- Failures follow rules, which `faults` lists.
- Offers and rates are valid for twenty minutes.
- A ticket number is the accounting code of the airline and ten digits that begin with 9.
"""

from __future__ import annotations

from voyagent.drivers.suppliers.sandbox.faults import Faults
from voyagent.drivers.suppliers.sandbox.flights import SandboxFlights
from voyagent.drivers.suppliers.sandbox.hotels import SandboxHotels
from voyagent.drivers.suppliers.sandbox.marks import Marks
from voyagent.drivers.suppliers.sandbox.visas import SandboxVisas
from voyagent.kernel.keyring import Keyring

__all__ = ["NAME", "Sandbox"]
NAME = "sandbox"


class Sandbox:
    """The drivers of the sandbox for flights, hotels and visas.

    `stall_s` is the number of seconds that a call waits if it simulates a time-out.
    """

    def __init__(self, keyring: Keyring, *, stall_s: float) -> None:
        marks, faults = Marks(NAME, keyring), Faults(NAME, stall_s)
        self.flights = SandboxFlights(NAME, marks, faults)
        self.hotels = SandboxHotels(NAME, marks, faults)
        self.visas = SandboxVisas(NAME, marks, faults)
