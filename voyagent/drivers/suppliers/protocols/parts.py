"""Who travels, and what a driver can do: the values that flights, hotels and visas share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Capability(StrEnum):
    """What a driver may offer, named as the contract names it."""

    FARE_SEARCH = "fare_search"
    PNR = "pnr"
    HOTEL_SEARCH = "hotel_search"
    HOTEL_BOOKING = "hotel_booking"
    VISA_PORTAL = "visa_portal"


class PassengerKind(StrEnum):
    """How an airline counts a person: an infant is under 2 on the last flight and has no seat, a
    child under 12, a senior is 60 or older.
    """

    ADULT = "adult"
    CHILD = "child"
    INFANT = "infant"
    SENIOR = "senior"


@dataclass(frozen=True, slots=True)
class Party:
    """How many of each kind travel together."""

    adult: int = 1
    child: int = 0
    infant: int = 0
    senior: int = 0

    @property
    def total(self) -> int:
        """Everybody."""
        return self.adult + self.child + self.infant + self.senior

    @property
    def seats(self) -> int:
        """Everybody who has a seat."""
        return self.total - self.infant

    @property
    def grown(self) -> int:
        """Those who may carry an infant."""
        return self.adult + self.senior

    @property
    def counts(self) -> tuple[tuple[PassengerKind, int], ...]:
        """The kinds that there are, in a fixed order, with how many of each."""
        both = ((kind, int(getattr(self, kind.value))) for kind in PassengerKind)
        return tuple((kind, count) for kind, count in both if count)


@dataclass(frozen=True, slots=True)
class Traveller:
    """One person as a supplier needs her: names as in the passport.

    The passport never shows in a log or a trace.
    """

    kind: PassengerKind
    given_names: str
    surname: str
    date_of_birth: date | None = None
    nationality: str | None = None
    passport_number: str | None = field(default=None, repr=False)
    passport_expiry: date | None = None
