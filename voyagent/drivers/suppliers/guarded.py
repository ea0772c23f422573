"""Wrappers of drivers, which check most calls and limit the time of each call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from voyagent.drivers.suppliers import checks
from voyagent.drivers.suppliers.guard import Guard
from voyagent.drivers.suppliers.protocols.flights import (
    FlightBooking,
    FlightOffer,
    FlightQuery,
    FlightSupplier,
)
from voyagent.drivers.suppliers.protocols.hotels import (
    HotelBooking,
    HotelQuery,
    HotelRate,
    HotelSupplier,
)
from voyagent.drivers.suppliers.protocols.parts import Capability, Traveller
from voyagent.drivers.suppliers.protocols.visas import (
    VisaApplication,
    VisaFile,
    VisaRequirements,
    VisaSupplier,
)

Driver = TypeVar("Driver", bound=FlightSupplier | HotelSupplier | VisaSupplier)


class _Guarded(Generic[Driver]):
    """Base class of the wrappers, which add checks and a time limit to a driver."""

    def __init__(self, driver: Driver, timeout_s: float) -> None:
        self._driver = driver
        self._guard = Guard(driver.name, timeout_s)

    @property
    def name(self) -> str:
        """Return the name of the driver."""
        return self._driver.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return the calls that the driver supports."""
        return self._driver.capabilities


class GuardedFlights(_Guarded[FlightSupplier]):
    """FlightSupplier that checks the arguments of most calls, then calls a driver.

    Each call of the driver has a time limit.
    """

    def search(self, query: FlightQuery) -> list[FlightOffer]:
        """Return the driver's offers. Raises ValidationFailed before the driver is called."""
        checks.check_flight_query(self.name, query)
        return self._guard.call("flights.search", lambda: self._driver.search(query))

    def price(self, offer: FlightOffer) -> FlightOffer:
        """Check the offer, then call `FlightSupplier.price` of the driver."""
        checks.check_offer(self.name, offer)
        return self._guard.call("flights.price", lambda: self._driver.price(offer))

    def hold(
        self, offer: FlightOffer, travellers: Sequence[Traveller], reference: str
    ) -> FlightBooking:
        """Check the arguments, then call `FlightSupplier.hold` of the driver."""
        checks.check_offer(self.name, offer)
        checks.check_travellers(self.name, offer, travellers)
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "flights.hold", lambda: self._driver.hold(offer, travellers, reference), changes=True
        )

    def issue(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Check the reference, then call `FlightSupplier.issue` of the driver."""
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "flights.issue", lambda: self._driver.issue(supplier_ref, reference), changes=True
        )

    def cancel(self, supplier_ref: str, reference: str) -> FlightBooking:
        """Check the reference, then call `FlightSupplier.cancel` of the driver."""
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "flights.cancel", lambda: self._driver.cancel(supplier_ref, reference), changes=True
        )

    def read(self, supplier_ref: str) -> FlightBooking:
        """Call `FlightSupplier.read` of the driver, without a check."""
        return self._guard.call("flights.read", lambda: self._driver.read(supplier_ref))


class GuardedHotels(_Guarded[HotelSupplier]):
    """HotelSupplier that checks the arguments of most calls, then calls a driver.

    Each call of the driver has a time limit.
    """

    def search(self, query: HotelQuery) -> list[HotelRate]:
        """Return the driver's rates. Raises ValidationFailed before the driver is called."""
        checks.check_hotel_query(self.name, query)
        return self._guard.call("hotels.search", lambda: self._driver.search(query))

    def check_rate(self, rate_key: str) -> HotelRate:
        """Call `HotelSupplier.check_rate` of the driver, without a check."""
        return self._guard.call("hotels.check_rate", lambda: self._driver.check_rate(rate_key))

    def book(self, rate: HotelRate, guests: Sequence[Traveller], reference: str) -> HotelBooking:
        """Check the arguments, then call `HotelSupplier.book` of the driver."""
        checks.check_offer(self.name, rate)
        checks.check_guests(self.name, rate, guests)
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "hotels.book", lambda: self._driver.book(rate, guests, reference), changes=True
        )

    def cancel(self, supplier_ref: str, reference: str) -> HotelBooking:
        """Check the reference, then call `HotelSupplier.cancel` of the driver."""
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "hotels.cancel", lambda: self._driver.cancel(supplier_ref, reference), changes=True
        )

    def read(self, supplier_ref: str) -> HotelBooking:
        """Call `HotelSupplier.read` of the driver, without a check."""
        return self._guard.call("hotels.read", lambda: self._driver.read(supplier_ref))


class GuardedVisas(_Guarded[VisaSupplier]):
    """VisaSupplier that checks the arguments of most calls, then calls a driver.

    Each call of the driver has a time limit.
    """

    def requirements(self, nationality: str, destination: str, currency: str) -> VisaRequirements:
        """Return visa requirements. Raises ValidationFailed before the supplier is called."""
        checks.check_countries(self.name, nationality, destination, currency)
        return self._guard.call(
            "visas.requirements",
            lambda: self._driver.requirements(nationality, destination, currency),
        )

    def file(self, application: VisaApplication, reference: str) -> VisaFile:
        """Check the arguments, then call `VisaSupplier.file` of the driver."""
        checks.check_application(self.name, application)
        checks.check_reference(self.name, reference)
        return self._guard.call(
            "visas.file", lambda: self._driver.file(application, reference), changes=True
        )

    def status(self, supplier_ref: str) -> VisaFile:
        """Call `VisaSupplier.status` of the driver, without a check."""
        return self._guard.call("visas.status", lambda: self._driver.status(supplier_ref))
