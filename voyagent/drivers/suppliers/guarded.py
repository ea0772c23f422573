"""Drivers with checks and deadlines, as other packages use them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from voyagent.drivers.suppliers import checks
from voyagent.drivers.suppliers.guard import Guard
from voyagent.drivers.suppliers.protocols import (
    Capability,
    FlightBooking,
    FlightOffer,
    FlightQuery,
    FlightSupplier,
    HotelBooking,
    HotelQuery,
    HotelRate,
    HotelSupplier,
    Traveller,
    VisaApplication,
    VisaFile,
    VisaRequirements,
    VisaSupplier,
)

Driver = TypeVar("Driver", bound=FlightSupplier | HotelSupplier | VisaSupplier)


class _Guarded(Generic[Driver]):
    """Base of the wrappers."""

    def __init__(self, driver: Driver, timeout_s: float) -> None:
        self._driver = driver
        self._guard = Guard(driver.name, timeout_s)

    @property
    def name(self) -> str:
        """The driver's name."""
        return self._driver.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The driver's capabilities."""
        return self._driver.capabilities


class GuardedFlights(_Guarded[FlightSupplier]):
    """FlightSupplier around another one."""

    def search(self, query: FlightQuery) -> list[FlightOffer]:
        """Search after checks. Raises ValidationFailed before the supplier is asked."""
        checks.check_flight_query(self.name, query)
        return self._guard.call("flights.search", lambda: self._driver.search(query))

    def price(self, offer: FlightOffer) -> FlightOffer:
        """As the protocol."""
        checks.check_offer(self.name, offer)
        return self._guard.call("flights.price", lambda: self._driver.price(offer))

    def hold(
        self, offer: FlightOffer, travellers: Sequence[Traveller], reference: str
    ) -> FlightBooking:
        """As the protocol."""
        checks.check_offer(self.name, offer)
        checks.check_travellers(self.name, offer, travellers)
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "flights.hold", lambda: self._driver.hold(offer, travellers, reference), changes=True
        )

    def issue(self, supplier_ref: str, reference: str) -> FlightBooking:
        """As the protocol."""
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "flights.issue", lambda: self._driver.issue(supplier_ref, reference), changes=True
        )

    def cancel(self, supplier_ref: str, reference: str) -> FlightBooking:
        """As the protocol."""
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "flights.cancel", lambda: self._driver.cancel(supplier_ref, reference), changes=True
        )

    def read(self, supplier_ref: str) -> FlightBooking:
        """As the protocol."""
        return self._guard.call("flights.read", lambda: self._driver.read(supplier_ref))


class GuardedHotels(_Guarded[HotelSupplier]):
    """HotelSupplier around another one."""

    def search(self, query: HotelQuery) -> list[HotelRate]:
        """Search after checks. Raises ValidationFailed before the supplier is asked."""
        checks.check_hotel_query(self.name, query)
        return self._guard.call("hotels.search", lambda: self._driver.search(query))

    def check_rate(self, rate_key: str) -> HotelRate:
        """As the protocol."""
        return self._guard.call("hotels.check_rate", lambda: self._driver.check_rate(rate_key))

    def book(self, rate: HotelRate, guests: Sequence[Traveller], reference: str) -> HotelBooking:
        """As the protocol."""
        checks.check_offer(self.name, rate)
        checks.check_guests(self.name, rate, guests)
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "hotels.book", lambda: self._driver.book(rate, guests, reference), changes=True
        )

    def cancel(self, supplier_ref: str, reference: str) -> HotelBooking:
        """As the protocol."""
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "hotels.cancel", lambda: self._driver.cancel(supplier_ref, reference), changes=True
        )

    def read(self, supplier_ref: str) -> HotelBooking:
        """As the protocol."""
        return self._guard.call("hotels.read", lambda: self._driver.read(supplier_ref))


class GuardedVisas(_Guarded[VisaSupplier]):
    """VisaSupplier around another one."""

    def requirements(self, nationality: str, destination: str, currency: str) -> VisaRequirements:
        """Read after checks. Raises ValidationFailed before the supplier is asked."""
        checks.check_countries(self.name, nationality, destination, currency)
        return self._guard.call(
            "visas.requirements",
            lambda: self._driver.requirements(nationality, destination, currency),
        )

    def file(self, application: VisaApplication, reference: str) -> VisaFile:
        """As the protocol."""
        checks.check_application(self.name, application)
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "visas.file", lambda: self._driver.file(application, reference), changes=True
        )

    def status(self, supplier_ref: str) -> VisaFile:
        """As the protocol."""
        return self._guard.call("visas.status", lambda: self._driver.status(supplier_ref))
