"""Format amounts, fares and rates as JSON output of capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voyagent.kernel.fields import wire_instant
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money
from voyagent.trips.service.supplies import Offered

if TYPE_CHECKING:
    from voyagent.drivers.suppliers.protocols.flights import FlightOffer
    from voyagent.drivers.suppliers.protocols.hotels import HotelRate

LISTED_MAX = 20
"""Maximum number of fares or rates in one output; the cheapest are listed."""


def money_output(amount: Money) -> JsonObject:
    """Return an amount as JSON: `amount` as a decimal string, and `currency`."""
    return {"amount": amount.wire, "currency": amount.currency}


def fare_output(offered: Offered[FlightOffer]) -> JsonObject:
    """Return a stored fare as JSON; times are local to the airports."""
    offer = offered.offer
    return {
        "fare_id": str(offered.id),
        "source": offer.supplier,
        "source_ref": offer.offer_id,
        "price": money_output(offer.total),
        "valid_until": wire_instant(offer.valid_until),
        "flights": [segment.flight for journey in offer.journeys for segment in journey.segments],
        "departs_at": offer.outbound.departs_at.strftime("%Y-%m-%dT%H:%M"),
        "arrives_at": offer.outbound.arrives_at.strftime("%Y-%m-%dT%H:%M"),
        "stops": offer.outbound.stops,
        "refundable": offer.refundable,
    }


def rate_output(rate: HotelRate) -> JsonObject:
    """Return a hotel rate as JSON; the price is for the whole stay."""
    return {
        "rate_key": rate.rate_key,
        "hotel": rate.hotel.name,
        "stars": rate.hotel.stars,
        "room": rate.room,
        "price": money_output(rate.total),
        "is_refundable": rate.refundable,
        "board_basis": rate.board.value,
    }
