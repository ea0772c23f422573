"""Tool that proposes to mail the itinerary to the customer."""

from __future__ import annotations

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.trips import effects

_DESK = Desk.HOTELS_HOLIDAYS
register(
    Tool(
        "send_itinerary",
        "Propose to mail the itinerary of a trip to the customer, as a PDF.",
        "trip.send",
        effects.SendItineraryIn,
        summarise=what_is_asked(effects.SEND),
        desk=_DESK,
        writes=True,
        reversible=False,
        gives=frozenset({"sent", "trip_id", "to"}),
        shared=True,
    )
)
