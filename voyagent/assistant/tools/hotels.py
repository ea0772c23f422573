"""Tools about hotels: search, a rate as it stands now, how a booking stands, and the proposals to
book one and to give it back.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.capabilities.capability import Invocation, JsonObject
from voyagent.capabilities.refusals import unsupported
from voyagent.kernel.fields import BusinessDate, Closed, CurrencyCode, Id, Trimmed
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips import effects, service
from voyagent.trips.details import Country
from voyagent.trips.supplier_queries import hotel_query, suppliers


class SearchHotelsIn(Closed):
    """Where, from which day to which, for how many; `budget_max` is for the whole stay."""

    country: Country
    city: Annotated[str, Trimmed(128)]
    check_in: BusinessDate
    check_out: BusinessDate
    guests: Annotated[int, Field(ge=1, le=30)]
    currency: CurrencyCode | None = None
    budget_max: Annotated[str, Field(pattern=r"^\d{1,15}(\.\d{1,4})?$")] | None = None


class CheckHotelRateIn(Closed):
    """A rate of a search, by its opaque key."""

    rate_key: Annotated[str, Field(min_length=1, max_length=4096)]


class ReadHotelBookingIn(Closed):
    """A booking of a trip."""

    booking_id: Id


def search(call: Invocation, wanted: SearchHotelsIn) -> OutboundCall[JsonObject]:
    """At most twenty rates, the cheapest first.

    Raises what the supplier says, but that it does not offer this; InvalidAmount, UnknownCurrency.
    """
    query = hotel_query(
        country=wanted.country,
        city=wanted.city,
        check_in=wanted.check_in,
        check_out=wanted.check_out,
        guests=wanted.guests,
        currency=wanted.currency or call.actor.currency,
        budget_max=wanted.budget_max,
    )
    searching = service.search_hotels(suppliers(call), call.actor, query)
    return searching.then(
        lambda found: {"count": len(found), "results": [_rate(one.offer) for one in found[:20]]},
        refused=unsupported("searched"),
    )


def check_rate(call: Invocation, wanted: CheckHotelRateIn) -> OutboundCall[JsonObject]:
    """A rate as it stands now. Raises what the supplier says."""
    checking = service.check_hotel_rate(suppliers(call), call.actor, wanted.rate_key)
    return checking.then(
        lambda rate: {"checked": True, **_rate(rate)}, refused=unsupported("checked")
    )


def read_booking(call: Invocation, wanted: ReadHotelBookingIn) -> OutboundCall[JsonObject]:
    """How a booking stands at its hotel.

    Raises LineNotFound, NotAtSupplier and what the supplier says.
    """
    return service.read_hotel_booking(suppliers(call), call.actor, wanted.booking_id).then(
        _booking, refused=unsupported("read")
    )


def _booking(read: Any) -> JsonObject:
    line, booking = read
    return {
        "read": True,
        "booking_id": str(line.id),
        "supplier": booking.supplier,
        "supplier_ref": booking.confirmation,
        "status": booking.status.value,
        "price": {"amount": booking.total.wire, "currency": booking.total.currency},
        "check_in": booking.check_in.isoformat(),
        "check_out": booking.check_out.isoformat(),
    }


def _rate(rate: Any) -> JsonObject:
    return {
        "rate_key": rate.rate_key,
        "hotel": rate.hotel.name,
        "stars": rate.hotel.stars,
        "room": rate.room,
        "price": {"amount": rate.total.wire, "currency": rate.total.currency},
        "is_refundable": rate.refundable,
        "board_basis": rate.board.value,
    }


_DESK = Desk.HOTELS_HOLIDAYS
_OF_RATE = frozenset(
    {"checked", "rate_key", "hotel", "stars", "room", "price", "is_refundable", "board_basis"}
)
_OF_BOOKING = frozenset(
    {"read", "booking_id", "supplier", "supplier_ref", "status", "price", "check_in", "check_out"}
)
register(
    Tool(
        "search_hotels",
        "Search hotels in a city; rates are good for twenty minutes.",
        "trip.update",
        SearchHotelsIn,
        run=search,
        desk=_DESK,
        gives=frozenset({"count", "results"}),
    )
)
register(
    Tool(
        "check_hotel_rate",
        "Read a rate as it stands now.",
        "trip.update",
        CheckHotelRateIn,
        run=check_rate,
        desk=_DESK,
        gives=_OF_RATE,
    )
)
register(
    Tool(
        "read_hotel_booking",
        "Read how a hotel booking stands.",
        "trip.read",
        ReadHotelBookingIn,
        run=read_booking,
        desk=_DESK,
        gives=_OF_BOOKING,
    )
)
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
