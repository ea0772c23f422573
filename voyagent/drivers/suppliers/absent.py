"""Drivers that refuse every call, the default in production."""

# ruff: noqa: ARG002, D102 - every call is refused, whatever its arguments

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from voyagent.drivers.suppliers.errors import CapabilityNotSupported
from voyagent.drivers.suppliers.protocols.flights import FlightOffer, FlightQuery
from voyagent.drivers.suppliers.protocols.hotels import HotelQuery, HotelRate
from voyagent.drivers.suppliers.protocols.parts import Capability, Traveller
from voyagent.drivers.suppliers.protocols.visas import VisaApplication

NAME = "none"


class _Absent:
    name = NAME
    capabilities: frozenset[Capability] = frozenset()


class NoFlights(_Absent):
    """FlightSupplier that raises CapabilityNotSupported for every call."""

    def search(self, query: FlightQuery) -> NoReturn:
        raise CapabilityNotSupported(NAME, "search")

    def price(self, offer: FlightOffer) -> NoReturn:
        raise CapabilityNotSupported(NAME, "price")

    def hold(self, offer: FlightOffer, travellers: Sequence[Traveller], reference: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "hold")

    def issue(self, supplier_ref: str, reference: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "issue")

    def cancel(self, supplier_ref: str, reference: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "cancel")

    def read(self, supplier_ref: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "read")


class NoHotels(_Absent):
    """HotelSupplier that raises CapabilityNotSupported for every call."""

    def search(self, query: HotelQuery) -> NoReturn:
        raise CapabilityNotSupported(NAME, "search")

    def check_rate(self, rate_key: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "check_rate")

    def book(self, rate: HotelRate, guests: Sequence[Traveller], reference: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "book")

    def cancel(self, supplier_ref: str, reference: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "cancel")

    def read(self, supplier_ref: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "read")


class NoVisas(_Absent):
    """VisaSupplier that raises CapabilityNotSupported for every call."""

    def requirements(self, nationality: str, destination: str, currency: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "requirements")

    def file(self, application: VisaApplication, reference: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "file")

    def status(self, supplier_ref: str) -> NoReturn:
        raise CapabilityNotSupported(NAME, "status")
