"""What suppliers of flights, hotels and visas do, and the values that pass between them and us; no
database and no HTTP.

`reference` is our own name for one act, the same at each try of it: a driver hands it to its
supplier, so that an act which was repeated after a crash or a time-out happens once. `supplier_ref`
is whatever the supplier needs to find the booking again: opaque, up to 4 KB, kept as it came, and
the newest one counts. A `locator` is for people. Every method raises `errors.SupplierError` and
nothing else.
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
