"""The stand-in for suppliers: real airports and airlines, timetables, fares, hotels and visa rules
that are made up, and nothing that costs anybody money.

- **The same for the same.** Timetables, hotels and prices follow from what is asked and from the
  day; chance is drawn from the words themselves (`draws.py`).
- **It keeps nothing.** What it gives out carries what it stands for, under the installation's keyed
  hash (`marks.py`): any process takes up what another gave.
- **It fails by rule**, as the table in `faults.py` says.
- Offers and rates are good for twenty minutes. Ticket numbers are the airline's accounting code and
  ten digits that begin with 9.
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
    """The three drivers on one installation's secrets; `stall_s` is how long calls hang that are
    meant to.
    """

    def __init__(self, keyring: Keyring, *, stall_s: float) -> None:
        marks, faults = Marks(NAME, keyring), Faults(NAME, stall_s)
        self.flights = SandboxFlights(NAME, marks, faults)
        self.hotels = SandboxHotels(NAME, marks, faults)
        self.visas = SandboxVisas(NAME, marks, faults)
