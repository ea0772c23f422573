"""Airlines as of 2026, with their IATA codes and accounting codes."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from voyagent.drivers.suppliers.protocols.flights import Cabin
from voyagent.drivers.suppliers.sandbox.airports import Airport, airport

_CABINS = {"E": Cabin.ECONOMY, "P": Cabin.PREMIUM, "B": Cabin.BUSINESS, "F": Cabin.FIRST}


class Style(StrEnum):
    """Price level of an airline."""

    LOW = "low"
    FULL = "full"
    PREMIUM = "premium"


@dataclass(frozen=True, slots=True)
class Carrier:
    """An airline; the first of `hubs` is in its home country.

    `accounting` is the accounting code of three digits. `reach_km` is the length of the airline's
    longest flight in the sandbox.
    """

    code: str
    name: str
    accounting: str
    alliance: str
    style: Style
    reach_km: int
    cabins: frozenset[Cabin]
    hubs: tuple[Airport, ...]

    @property
    def country(self) -> str:
        """Return the airline's home country."""
        return self.hubs[0].country


@cache
def carriers() -> tuple[Carrier, ...]:
    """Return all airlines of the sandbox."""
    with (Path(__file__).parent / "carriers.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_carrier(row) for row in csv.DictReader(file))


@cache
def carrier(code: str) -> Carrier:
    """Return the airline of an IATA code. Raises KeyError."""
    return {one.code: one for one in carriers()}[code]


def _carrier(row: dict[str, str]) -> Carrier:
    hubs = tuple(hub for hub in map(airport, row["hubs"].split()) if hub is not None)
    cabins = frozenset(_CABINS[letter] for letter in row["cabins"])
    return Carrier(
        row["code"],
        row["name"],
        row["accounting"],
        row["alliance"],
        Style(row["style"]),
        int(row["reach_km"]),
        cabins,
        hubs,
    )
