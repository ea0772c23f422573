"""Hotels of the sandbox, which are the same at each search.

The hotels are invented, and their names say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from voyagent.drivers.suppliers.errors import OfferExpired, PriceChanged, SoldOut, UnknownAtSupplier
from voyagent.drivers.suppliers.payloads import as_payload, from_payload
from voyagent.drivers.suppliers.protocols.flights import BookingStatus
from voyagent.drivers.suppliers.protocols.hotels import HotelBooking, HotelQuery, HotelRate
from voyagent.drivers.suppliers.protocols.parts import Capability, Traveller
from voyagent.drivers.suppliers.sandbox.faults import Fault, Faults, fault_of
from voyagent.drivers.suppliers.sandbox.marks import Marks
from voyagent.drivers.suppliers.sandbox.properties import city_of, properties
from voyagent.drivers.suppliers.sandbox.roomrates import Choice, choices, priced
from voyagent.kernel import clock
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money

VALID = timedelta(minutes=20)
_RATE, _BOOKING = "hotel-rate", "hotel-booking"
_CONFIRMATION = "hotel"
_OF_EACH = 2


class SandboxHotels:
    """HotelSupplier of the sandbox; `faults` lists its failures."""

    capabilities = frozenset({Capability.HOTEL_SEARCH, Capability.HOTEL_BOOKING})

    def __init__(self, name: str, marks: Marks, faults: Faults) -> None:
        self.name = name
        self._marks = marks
        self._faults = faults

    def search(self, query: HotelQuery) -> list[HotelRate]:
        """Return rates of the hotels within the budget, the cheapest first."""
        self._faults.at({query.country})
        city = city_of(query.country, query.city)
        if city is None:
            raise UnknownAtSupplier(self.name, "city")
        now = clock.now().replace(microsecond=0)
        unlimited = replace(query, city=city, budget_max=None, limit=0)
        found = [
            rate
            for choice in self._choices(unlimited)
            for rate in [self._rate(unlimited, choice, now)]
            if _affordable(rate, query.budget_max)
        ]
        found.sort(key=_by_price)
        return sorted(_two_of_each_first(found)[: query.limit], key=_by_price)

    def check_rate(self, rate_key: str) -> HotelRate:
        """Return the rate at the same price. Raises OfferExpired, UnknownAtSupplier."""
        rate = self._of_key(rate_key)
        self._faults.at({rate.hotel.country})
        return rate

    def book(self, rate: HotelRate, guests: Sequence[Traveller], reference: str) -> HotelBooking:
        """Book the rooms at the rate's total."""
        offered = self._of_key(rate.rate_key)
        if offered != rate:
            raise UnknownAtSupplier(self.name, "rate")
        self._faults.at({rate.hotel.country})
        fault = fault_of(guests)
        if fault is Fault.TIMEOUT:
            self._faults.stall()
        if fault is Fault.SOLD_OUT:
            raise SoldOut(self.name)
        if fault is Fault.PRICE_CHANGE:
            self._change_price(rate)
        booking = HotelBooking(
            supplier=self.name,
            confirmation=self._marks.locator(_CONFIRMATION, reference),
            supplier_ref="",
            status=BookingStatus.BOOKED,
            total=rate.total,
            check_in=rate.check_in,
            check_out=rate.check_out,
            refundable=rate.refundable,
            free_until=rate.free_until,
        )
        return self._written(booking, rate.nightly[0].amount)

    def cancel(self, supplier_ref: str, reference: str) -> HotelBooking:
        """Cancel a booking and return it with its charge.

        Before the day `free_until` there is no charge. From that day on the charge is the price of
        the first night. If the rate is not refundable, the charge is the total.
        """
        del reference  # a second cancellation changes nothing, whatever its reference
        booking, first_night = self._read(supplier_ref)
        if booking.status is BookingStatus.CANCELLED:
            return booking
        charge = booking.total
        if booking.refundable:
            free = booking.free_until is not None and clock.today() < booking.free_until
            charge = Money(0, booking.total.currency) if free else first_night
        return self._written(
            replace(booking, status=BookingStatus.CANCELLED, charge=charge), first_night
        )

    def read(self, supplier_ref: str) -> HotelBooking:
        """Return the booking that `supplier_ref` contains."""
        return self._read(supplier_ref)[0]

    def _choices(self, query: HotelQuery) -> Iterator[Choice]:
        for hotel in properties(query.country, query.city):
            yield from choices(hotel, query)

    def _rate(self, query: HotelQuery, choice: Choice, now: datetime) -> HotelRate:
        words: JsonObject = {
            "query": as_payload(query),
            "choice": as_payload(choice),
            "quoted_at": now.isoformat(),
        }
        rate = priced(self.name, query, choice, now)
        return replace(rate, rate_key=self._marks.token(_RATE, words), valid_until=now + VALID)

    def _of_key(self, rate_key: str) -> HotelRate:
        words = self._marks.read(_RATE, rate_key)
        quoted_at = datetime.fromisoformat(words["quoted_at"])
        if quoted_at + VALID <= clock.now():
            raise OfferExpired(self.name)
        return self._rate(
            from_payload(HotelQuery, words["query"]),
            from_payload(Choice, words["choice"]),
            quoted_at,
        )

    def _change_price(self, rate: HotelRate) -> None:
        """Raise PriceChanged with a higher rate; do nothing if the rate was raised before.

        The error contains the higher rate, at which the rooms can then be booked.
        """
        words = self._marks.read(_RATE, rate.rate_key)
        choice = from_payload(Choice, words["choice"])
        if not choice.dearer:
            query = from_payload(HotelQuery, words["query"])
            raise PriceChanged(
                self.name,
                self._rate(query, replace(choice, dearer=True), clock.now().replace(microsecond=0)),
            )

    def _written(self, booking: HotelBooking, first_night: Money) -> HotelBooking:
        values = {
            "booking": as_payload(replace(booking, supplier_ref="")),
            "first_night": as_payload(first_night),
        }
        return replace(booking, supplier_ref=self._marks.token(_BOOKING, values))

    def _read(self, supplier_ref: str) -> tuple[HotelBooking, Money]:
        values = self._marks.read(_BOOKING, supplier_ref)
        return replace(
            from_payload(HotelBooking, values["booking"]), supplier_ref=supplier_ref
        ), from_payload(Money, values["first_night"])


def _two_of_each_first(found: list[HotelRate]) -> list[HotelRate]:
    """Return the rates: first the two cheapest of each hotel, then all others."""
    turn: dict[str, int] = {}
    placed = []
    for rate in found:
        turn[rate.hotel.property_id] = turn.get(rate.hotel.property_id, 0) + 1
        placed.append((turn[rate.hotel.property_id] > _OF_EACH, rate))
    return [rate for late, rate in sorted(placed, key=lambda one: one[0])]


def _by_price(rate: HotelRate) -> tuple[int, str, str, bool]:
    return rate.total.amount_minor, rate.hotel.name, rate.room, rate.refundable


def _affordable(rate: HotelRate, budget_max: Money | None) -> bool:
    return budget_max is None or rate.total.amount_minor <= budget_max.amount_minor
