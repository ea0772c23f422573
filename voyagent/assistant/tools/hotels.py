"""Tools that propose to book a hotel and to cancel a booking."""

from __future__ import annotations

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.trips import effects

_DESK = Desk.HOTELS_HOLIDAYS
register(
    Tool(
        "book_hotel",
        "Propose to book a rate for passengers of the trip.",
        "trip.book_hotel",
        effects.BookHotelIn,
        summarise=what_is_asked(effects.BOOK),
        desk=_DESK,
        writes=True,
        gives=frozenset({"booked", "booking_id", "supplier", "supplier_ref", "status", "trip_id"}),
    )
)
register(
    Tool(
        "cancel_hotel_booking",
        "Propose to give a booked hotel back.",
        "trip.cancel_hotel",
        effects.CancelHotelIn,
        summarise=what_is_asked(effects.CANCEL),
        desk=_DESK,
        writes=True,
        reversible=False,
        gives=frozenset({"cancelled", "booking_id", "status", "trip_id", "charge"}),
    )
)
