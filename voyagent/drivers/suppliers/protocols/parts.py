"""Data classes that flights, hotels and visas share, such as travellers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Capability(StrEnum):
    """Groups of calls that a driver can support, such as hotel bookings.

    Existing client programs rely on the names.
    """

    FARE_SEARCH = "fare_search"
    PNR = "pnr"
    HOTEL_SEARCH = "hotel_search"
    HOTEL_BOOKING = "hotel_booking"
    VISA_PORTAL = "visa_portal"


class PassengerKind(StrEnum):
    """Kinds of passengers by their age on the day of the last flight.

    An infant is under 2 and has no seat. A child is at least 2 and under 12. An adult is 12 or
    older. A person of 60 or older counts as an adult or as a senior.
    """

    ADULT = "adult"
    CHILD = "child"
    INFANT = "infant"
    SENIOR = "senior"


@dataclass(frozen=True, slots=True)
class Party:
    """The numbers of passengers by kind."""

    adult: int = 1
    child: int = 0
    infant: int = 0
    senior: int = 0

    @property
    def total(self) -> int:
        """Return the number of passengers: adults, children, infants and seniors."""
        return self.adult + self.child + self.infant + self.senior

    @property
    def seats(self) -> int:
        """Return the number of passengers with a seat: all except infants."""
        return self.total - self.infant

    @property
    def grown(self) -> int:
        """Return the number of adults and seniors; each may carry one infant."""
        return self.adult + self.senior

    @property
    def counts(self) -> tuple[tuple[PassengerKind, int], ...]:
        """Return the kinds that have passengers, in fixed order, with their numbers."""
        both = ((kind, int(getattr(self, kind.value))) for kind in PassengerKind)
        return tuple((kind, count) for kind, count in both if count)


@dataclass(frozen=True, slots=True)
class Traveller:
    """A person who travels, with names as in the passport.

    The passport number never appears in logs or traces.
    """

    kind: PassengerKind
    given_names: str
    surname: str
    date_of_birth: date | None = None
    nationality: str | None = None
    passport_number: str | None = field(default=None, repr=False)
    passport_expiry: date | None = None
