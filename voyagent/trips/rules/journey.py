"""A trip as an immutable value: passengers, lines, totals and status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.money import Money
from voyagent.trips.rules.details import AnyDetails, name_of

COMMITTED = frozenset({"held", "booked", "ticketed", "filed"})
"""Statuses of lines with a booking or application, which must be cancelled before removal."""
BOOKED = frozenset({"booked", "ticketed", "filed"})
"""Statuses of lines that commit the agency to a supplier."""
OVER = frozenset({"cancelled", "failed"})
"""Statuses of lines whose service does not take place."""


@dataclass(frozen=True, slots=True)
class Passenger:
    """A passenger of a trip.

    `passport_sealed` is the encrypted passport number. `person_key` is the passenger's own key,
    which decrypts the number and is itself encrypted. Both are loaded only on request.
    """

    id: UUID
    trip_id: UUID
    full_name: str
    kind: str
    date_of_birth: date | None
    nationality: str | None
    passport_last4: str | None
    passport_expiry: date | None
    created_at: datetime
    updated_at: datetime
    passport_sealed: bytes | None = None
    person_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a trip: one flight, hotel stay, transfer, visa or other service.

    The quoted amounts are those at the acceptance of the trip, and `booked_cost` is the cost at the
    booking. `party_id` is the party of a booked line's supplier.
    """

    id: UUID
    trip_id: UUID
    kind: str
    status: str
    starts_on: date | None
    ends_on: date | None
    details: AnyDetails
    cost: Money
    price: Money
    supplier: str | None
    supplier_ref: str | None
    supplier_key: str | None
    our_reference: str | None
    hold_expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    quoted_cost: Money | None = None
    quoted_price: Money | None = None
    booked_cost: Money | None = None
    party_id: UUID | None = None

    @property
    def is_over(self) -> bool:
        """Return True if the line is cancelled or failed."""
        return self.status in OVER

    @property
    def is_committed(self) -> bool:
        """Return True if the line is held, booked, ticketed or filed."""
        return self.status in COMMITTED

    @property
    def name(self) -> str:
        """Return the line's name for staff."""
        return name_of(self.details)

    @property
    def state(self) -> str:
        """Return the status for display: `granted` for a granted visa, else `status`."""
        return (
            "granted"
            if getattr(self.details, "granted_on", None) and not self.is_over
            else self.status
        )

    @property
    def place_in_time(self) -> tuple[date, str, datetime]:
        """Return the sort key of a trip's lines: day, time, time of creation.

        A hotel stay comes after the other services of the stay's first day. Lines without a day
        come last.
        """
        at = "departs_at" if self.kind == "flight" else "at"
        time = "24" if self.kind == "hotel" else (getattr(self.details, at, None) or "12:00")[-5:]
        return self.starts_on or date.max, time, self.created_at


@dataclass(frozen=True, slots=True)
class Total:
    """The cost and price of a trip in one currency."""

    cost: Money
    price: Money

    @property
    def currency(self) -> str:
        """Return the currency of both amounts."""
        return self.price.currency

    @property
    def margin(self) -> Money:
        """Return the margin: price less cost."""
        return self.price - self.cost


@dataclass(frozen=True, slots=True)
class Journey:
    """A trip with its passengers and all its lines, including cancelled lines.

    Lines are in order of time.
    """

    trip: Row
    passengers: tuple[Passenger, ...]
    lines: tuple[Line, ...]

    @property
    def active_lines(self) -> tuple[Line, ...]:
        """Return the lines that are not cancelled or failed."""
        return tuple(line for line in self.lines if not line.is_over)

    @property
    def totals(self) -> list[Total]:
        """Return the total cost and price in each currency, the trip's currency first.

        Cancelled and failed lines are left out. No amount is converted.
        """
        return totals(self.active_lines, self.trip["currency"])

    @property
    def days(self) -> tuple[date | None, date | None]:
        """Return the first and last day of the active lines; None if no line has a day."""
        starts = [line.starts_on for line in self.active_lines if line.starts_on]
        ends = [line.ends_on or line.starts_on for line in self.active_lines if line.starts_on]
        return (min(starts), max(end for end in ends if end)) if starts else (None, None)

    @property
    def status(self) -> str:
        """Return the trip's status: `planned`, `part_booked` or `booked`."""
        return status_of([line.status for line in self.active_lines])


def totals(lines: Sequence[Line], currency: str) -> list[Total]:
    """Return the sums of lines by currency; `currency` comes first, even with zeros."""
    sums = {currency: Total(Money(0, currency), Money(0, currency))}
    for line in sorted(lines, key=lambda line: line.price.currency):
        before = sums.get(line.price.currency) or Total(
            Money(0, line.price.currency), Money(0, line.price.currency)
        )
        sums[line.price.currency] = Total(before.cost + line.cost, before.price + line.price)
    return list(sums.values())


def status_of(statuses: Sequence[str]) -> str:
    """Return the status of a trip: `planned`, `part_booked` or `booked`.

    `statuses` are the statuses of the trip's lines, without cancelled and failed lines. The trip is
    `booked` if all these lines are booked, ticketed or filed, and `part_booked` if only some of
    these lines are. Otherwise the trip is `planned`.
    """
    committed = [status in BOOKED for status in statuses]
    return "planned" if not any(committed) else "booked" if all(committed) else "part_booked"
