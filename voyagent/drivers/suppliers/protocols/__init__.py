"""Protocols of suppliers and their data classes, without database and HTTP.

`reference` is the agency's name for one change, the same at each attempt. A driver passes it to the
supplier, so that a change is made once even if the call is repeated after a crash or a time-out.
`supplier_ref` is an opaque text of the supplier for a booking, at most 4 KB. A booking can get a
new `supplier_ref`; only the newest is used. A `locator` is the booking number that people use.
Methods raise only `errors.SupplierError`.
"""

from __future__ import annotations

from voyagent.drivers.suppliers.protocols.flights import (
    BookingStatus,
    Cabin,
    FareLine,
    FlightBooking,
    FlightOffer,
    FlightQuery,
    FlightSupplier,
    Journey,
    Segment,
    Ticket,
)
from voyagent.drivers.suppliers.protocols.hotels import (
    Board,
    HotelBooking,
    HotelProperty,
    HotelQuery,
    HotelRate,
    HotelSupplier,
    NightPrice,
)
from voyagent.drivers.suppliers.protocols.parts import Capability, Party, PassengerKind, Traveller
from voyagent.drivers.suppliers.protocols.visas import (
    DocumentNeeded,
    VisaApplication,
    VisaFile,
    VisaKind,
    VisaRequirements,
    VisaStatus,
    VisaSupplier,
)

__all__ = [
    "Board",
    "BookingStatus",
    "Cabin",
    "Capability",
    "DocumentNeeded",
    "FareLine",
    "FlightBooking",
    "FlightOffer",
    "FlightQuery",
    "FlightSupplier",
    "HotelBooking",
    "HotelProperty",
    "HotelQuery",
    "HotelRate",
    "HotelSupplier",
    "Journey",
    "NightPrice",
    "Party",
    "PassengerKind",
    "Segment",
    "Ticket",
    "Traveller",
    "VisaApplication",
    "VisaFile",
    "VisaKind",
    "VisaRequirements",
    "VisaStatus",
    "VisaSupplier",
]
