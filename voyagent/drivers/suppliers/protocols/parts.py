"""Travellers and capabilities, shared by flights, hotels and visas."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Capability(StrEnum):
    """Acts of a driver, named as in the contract."""

    FARE_SEARCH = "fare_search"
    PNR = "pnr"
    HOTEL_SEARCH = "hotel_search"
    HOTEL_BOOKING = "hotel_booking"
    VISA_PORTAL = "visa_portal"


class PassengerKind(StrEnum):
    """Kinds of passengers by age on the last flight.

    An infant is under 2 and has no seat, a child is under 12, a senior 60 or older.
    """

    ADULT = "adult"
    CHILD = "child"
    INFANT = "infant"
    SENIOR = "senior"


@dataclass(frozen=True, slots=True)
class Party:
    """Number of passengers by kind."""

    adult: int = 1
    child: int = 0
    infant: int = 0
    senior: int = 0

    @property
    def total(self) -> int:
        """All passengers."""
        return self.adult + self.child + self.infant + self.senior

    @property
    def seats(self) -> int:
        """Passengers with a seat."""
        return self.total - self.infant

    @property
    def grown(self) -> int:
        """Passengers who may carry an infant."""
        return self.adult + self.senior

    @property
    def counts(self) -> tuple[tuple[PassengerKind, int], ...]:
        """Kinds that are present, in fixed order, with their numbers."""
        both = ((kind, int(getattr(self, kind.value))) for kind in PassengerKind)
        return tuple((kind, count) for kind, count in both if count)


@dataclass(frozen=True, slots=True)
class Traveller:
    """A person with names as in the passport.

    The passport never appears in logs or traces.
    """

    kind: PassengerKind
    given_names: str
    surname: str
    date_of_birth: date | None = None
    nationality: str | None = None
    passport_number: str | None = field(default=None, repr=False)
    passport_expiry: date | None = None
