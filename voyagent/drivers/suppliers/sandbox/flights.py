"""Flights of the sandbox: search, hold and ticketing without stored state.

Issuing and cancelling return a new `supplier_ref`, which the caller stores; the former one stays
valid. A call that is repeated with the same reference has the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from voyagent.drivers.suppliers.errors import (
    ConflictAtSupplier,
    HoldExpired,
    PriceChanged,
    SoldOut,
    TicketingRefused,
    ValidationFailed,
)
from voyagent.drivers.suppliers.payloads import as_payload, from_payload
from voyagent.drivers.suppliers.protocols.flights import (
    BookingStatus,
    FlightBooking,
    FlightOffer,
    FlightQuery,
    Journey,
    Ticket,
)
from voyagent.drivers.suppliers.protocols.parts import Capability, Traveller
from voyagent.drivers.suppliers.sandbox import offers
from voyagent.drivers.suppliers.sandbox.airports import Airport, airport, airports_of
from voyagent.drivers.suppliers.sandbox.carriers import carrier
from voyagent.drivers.suppliers.sandbox.fares import seats_left
from voyagent.drivers.suppliers.sandbox.faults import Fault, Faults, fault_of
from voyagent.drivers.suppliers.sandbox.journeys import journeys
from voyagent.drivers.suppliers.sandbox.marks import Marks, check_digit
from voyagent.kernel import clock

CLOSES = timedelta(hours=2)
"""Time before departure at which sales end."""
STAY = timedelta(hours=2)
"""Minimum time between arrival and the return flight on the same day."""
HOLD = timedelta(hours=24)
TICKETING_CLOSES = timedelta(hours=1)
WAYS_PER_CARRIER = 4
_KIND = "flight-booking"


class SandboxFlights:
    """FlightSupplier of the sandbox; `faults` lists its failures."""

    capabilities = frozenset({Capability.FARE_SEARCH, Capability.PNR})

    def __init__(self, name: str, marks: Marks, faults: Faults) -> None:
        self.name = name
        self._marks = marks
        self._faults = faults

    def search(self, query: FlightQuery) -> list[FlightOffer]:
        """Return at most WAYS_PER_CARRIER offers of each airline, sorted by price."""
        origins, destinations = (
            self._places("origin", query.origin),
            self._places("destination", query.destination),
        )
        self._faults.at({place.country for place in (*origins, *destinations)})
        now = _second()
        found = [
            offers.offered(self.name, way, query, now)
            for way in self._ways(origins, destinations, query, now)
        ]
        found.sort(key=_by_price)
        return [
            offers.marked(offer, self._marks) for offer in _shown(_few_of_each(found), query.limit)
        ]

    def price(self, offer: FlightOffer) -> FlightOffer:
        """Return the offer at the same price, valid for another twenty minutes."""
        offers.check(self.name, offer, self._marks)
        self._faults.at(_countries(offer))
        return offers.requoted(offer, _second(), self._marks)

    def hold(
        self, offer: FlightOffer, travellers: Sequence[Traveller], reference: str
    ) -> FlightBooking:
        """Hold seats for a day, but not beyond one hour before departure."""
        offers.check(self.name, offer, self._marks)
        self._faults.at(_countries(offer))
        fault = fault_of(travellers)
        if fault is Fault.TIMEOUT:
            self._faults.stall()
        if fault is Fault.SOLD_OUT:
            raise SoldOut(self.name)
        if fault is Fault.PRICE_CHANGE and not offers.is_dearest(offer):
            raise PriceChanged(self.name, offers.dearer(offer, _second(), self._marks))
        expires_at = min(
            offer.quoted_at + HOLD, offer.outbound.departs_at.astimezone(UTC) - TICKETING_CLOSES
        )
        if expires_at <= clock.now():
            raise SoldOut(self.name, "the flight is closed")
        booking = FlightBooking(
            supplier=self.name,
            locator=self._marks.locator("flight", reference),
            supplier_ref="",
            status=BookingStatus.HELD,
            offer_id=offer.offer_id,
            party=offer.party,
            total=offer.total,
            hold_expires_at=expires_at,
        )
        kinds = [one.kind.value for one in travellers]
        return self._written(
            booking,
            {
                "kinds": kinds,
                "carrier": offer.validating_carrier,
                "fault": fault or "",
                "issued": "",
            },
        )

    def issue(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Return the booking with a ticket for each traveller, in their order."""
        booking, notes = self._read(supplier_ref)
        if booking.status is BookingStatus.TICKETED and notes["issued"] == reference:
            return booking
        if booking.status is not BookingStatus.HELD:
            raise ConflictAtSupplier(self.name, booking.status)
        if notes["fault"] == Fault.LATE_TICKET:
            self._faults.stall()
        if notes["fault"] == Fault.NO_TICKET:
            raise TicketingRefused(
                self.name, "credit of the agency is used up", vendor_ref=booking.locator
            )
        if booking.hold_expires_at <= clock.now():
            raise HoldExpired(self.name)
        first, prefix = self._marks.serial(reference), carrier(notes["carrier"]).accounting
        numbers = [f"{prefix}{first + place}" for place in range(len(notes["kinds"]))]
        people = enumerate(zip(numbers, notes["kinds"], strict=True), 1)
        tickets = [
            {
                "number": number,
                "check_digit": check_digit(number),
                "position": position,
                "kind": kind,
            }
            for position, (number, kind) in people
        ]
        issued = replace(
            booking,
            status=BookingStatus.TICKETED,
            tickets=tuple(from_payload(Ticket, ticket) for ticket in tickets),
        )
        return self._written(issued, {**notes, "issued": reference})

    def cancel(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Cancel the booking and its tickets; a repeated call changes nothing."""
        del reference  # a second cancellation changes nothing, whatever its reference
        booking, notes = self._read(supplier_ref)
        return self._written(replace(booking, status=BookingStatus.CANCELLED), notes)

    def read(self, supplier_ref: str) -> FlightBooking:
        """Return the booking that `supplier_ref` contains.

        A booking whose hold has expired is returned as cancelled.
        """
        booking, _ = self._read(supplier_ref)
        if booking.status is BookingStatus.HELD and booking.hold_expires_at <= clock.now():
            return replace(booking, status=BookingStatus.CANCELLED)
        return booking

    def _places(self, field: str, code: str) -> tuple[Airport, ...]:
        places = airports_of(code)
        if not places:
            raise ValidationFailed(self.name, field, "no such airport or city")
        return places

    def _ways(
        self,
        origins: tuple[Airport, ...],
        destinations: tuple[Airport, ...],
        query: FlightQuery,
        now: datetime,
    ) -> list[tuple[Journey, ...]]:
        direct = query.direct_only
        out = journeys(origins, destinations, query.outbound_date, query.cabin, direct_only=direct)
        out = {code: [way for way in ways if _sold(way, query, now)] for code, ways in out.items()}
        if query.return_date is None:
            return [(way,) for ways in out.values() for way in ways]
        back = journeys(destinations, origins, query.return_date, query.cabin, direct_only=direct)
        pairs = [
            (way, home)
            for code, ways in out.items()
            for way in _spread(ways)
            for home in _spread(back.get(code, []))
        ]
        return [
            pair
            for pair in pairs
            if _sold(pair[1], query, now) and pair[1].departs_at >= pair[0].arrives_at + STAY
        ]

    def _written(self, booking: FlightBooking, notes: dict[str, Any]) -> FlightBooking:
        """Return the booking with a new `supplier_ref`, which contains its data.

        `notes` are further data in the `supplier_ref`, for the next calls.
        """
        values = {"booking": as_payload(replace(booking, supplier_ref="")), "notes": notes}
        return replace(booking, supplier_ref=self._marks.token(_KIND, values))

    def _read(self, supplier_ref: str) -> tuple[FlightBooking, dict[str, Any]]:
        values = self._marks.read(_KIND, supplier_ref)
        return (
            replace(from_payload(FlightBooking, values["booking"]), supplier_ref=supplier_ref),
            values["notes"],
        )


def _few_of_each(found: list[FlightOffer]) -> list[FlightOffer]:
    """Return the cheapest offers of each airline, at most WAYS_PER_CARRIER of each."""
    chosen: list[FlightOffer] = []
    taken: dict[str, int] = {}
    for offer in found:
        taken[offer.validating_carrier] = taken.get(offer.validating_carrier, 0) + 1
        if taken[offer.validating_carrier] <= WAYS_PER_CARRIER:
            chosen.append(offer)
    return chosen


def _shown(found: list[FlightOffer], limit: int) -> list[FlightOffer]:
    """Return at most `limit` offers, sorted by price.

    Up to half of them are the cheapest non-stop offers. The cheapest of all remaining offers fill
    the rest.
    """
    non_stop = [offer for offer in found if not any(journey.stops for journey in offer.journeys)][
        : limit // 2
    ]
    others = [offer for offer in found if offer not in non_stop]
    return sorted(non_stop + others[: limit - len(non_stop)], key=_by_price)


def _by_price(offer: FlightOffer) -> tuple[int, datetime, str]:
    return offer.total.amount_minor, offer.outbound.departs_at, offer.validating_carrier


def _spread(ways: list[Journey]) -> list[Journey]:
    """Return at most WAYS_PER_CARRIER journeys, spread over the day."""
    ordered = sorted(ways, key=lambda way: way.departs_at)
    step = max(1, len(ordered) // WAYS_PER_CARRIER)
    return ordered[::step][:WAYS_PER_CARRIER]


def _sold(way: Journey, query: FlightQuery, now: datetime) -> bool:
    return way.departs_at >= now + CLOSES and seats_left(way) >= query.party.seats


def _countries(offer: FlightOffer) -> set[str]:
    ends = (airport(offer.outbound.origin), airport(offer.outbound.destination))
    return {place.country for place in ends if place is not None}


def _second() -> datetime:
    """Return the current time without its fraction of a second."""
    return clock.now().replace(microsecond=0)
