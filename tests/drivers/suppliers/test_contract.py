"""The sandbox passes the contract tests of suppliers."""

from __future__ import annotations

from datetime import date

import pytest

from tests.drivers.suppliers import contract
from voyagent.drivers.suppliers import Suppliers
from voyagent.drivers.suppliers.protocols.flights import Cabin, FlightQuery, FlightSupplier
from voyagent.drivers.suppliers.protocols.hotels import HotelQuery, HotelSupplier
from voyagent.drivers.suppliers.protocols.parts import Party, PassengerKind, Traveller
from voyagent.drivers.suppliers.protocols.visas import VisaApplication, VisaSupplier


class TestOneWay(contract.FlightContract):
    @pytest.fixture
    def flights(self, suppliers: Suppliers) -> FlightSupplier:
        return suppliers.flights

    @pytest.fixture
    def query(self) -> FlightQuery:
        return FlightQuery(
            "HBX", "DXB", date(2027, 1, 20), Party(adult=2, child=1, infant=1), "INR"
        )


class TestThereAndBack(contract.FlightContract):
    @pytest.fixture
    def flights(self, suppliers: Suppliers) -> FlightSupplier:
        return suppliers.flights

    @pytest.fixture
    def query(self) -> FlightQuery:
        return FlightQuery(
            "DEL",
            "LON",
            date(2027, 3, 20),
            Party(adult=1, senior=1),
            "KWD",
            return_date=date(2027, 4, 2),
            cabin=Cabin.BUSINESS,
        )


class TestHotels(contract.HotelContract):
    @pytest.fixture
    def hotels(self, suppliers: Suppliers) -> HotelSupplier:
        return suppliers.hotels

    @pytest.fixture
    def query(self) -> HotelQuery:
        return HotelQuery("AE", "Dubai", date(2027, 1, 20), date(2027, 1, 24), 3, "INR")


class TestVisas(contract.VisaContract):
    @pytest.fixture
    def visas(self, suppliers: Suppliers) -> VisaSupplier:
        return suppliers.visas

    @pytest.fixture
    def application(self) -> VisaApplication:
        traveller = Traveller(
            PassengerKind.ADULT,
            "Asha",
            "Raman",
            date(1990, 1, 1),
            "IN",
            "Z0000001",
            date(2032, 1, 1),
        )
        return VisaApplication(traveller, "IN", "FR", date(2027, 1, 20), date(2026, 11, 26), "INR")
