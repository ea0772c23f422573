"""Stand-in for suppliers: invented timetables, fares, hotels and visa rules.

- Deterministic: results follow from the query and the day; pseudo-random numbers are derived from
  the words (`draws`).
- Stateless: references contain their booking, signed with the installation's key (`marks`), so any
  process accepts those of another.
- It fails by rule, as the table in `faults` says.
- Offers and rates are valid for twenty minutes. Ticket numbers are the airline's accounting code
  and ten digits that begin with 9.
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
    """The three drivers with one installation's secrets; `stall_s` is the length of hangs."""

    def __init__(self, keyring: Keyring, *, stall_s: float) -> None:
        marks, faults = Marks(NAME, keyring), Faults(NAME, stall_s)
        self.flights = SandboxFlights(NAME, marks, faults)
        self.hotels = SandboxHotels(NAME, marks, faults)
        self.visas = SandboxVisas(NAME, marks, faults)
