"""Protocols of suppliers and their values; no database and no HTTP.

`reference` is our name for one act, the same at each try: a driver passes it on, so that an act
repeated after a crash or a time-out happens once. `supplier_ref` is the supplier's opaque text for
a booking, up to 4 KB; the newest one counts. A `locator` is for people. Methods raise only
`errors.SupplierError`.
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
