"""Offers of the sandbox, whose ids are signatures of their contents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from operator import add

from voyagent.drivers.suppliers.errors import OfferExpired, UnknownAtSupplier
from voyagent.drivers.suppliers.payloads import as_payload
from voyagent.drivers.suppliers.protocols.flights import (
    Cabin,
    FareLine,
    FlightOffer,
    FlightQuery,
    Journey,
)
from voyagent.drivers.suppliers.sandbox.carriers import Style, carrier
from voyagent.drivers.suppliers.sandbox.currencies import raised
from voyagent.drivers.suppliers.sandbox.draws import happens
from voyagent.drivers.suppliers.sandbox.fares import Trip, fare_lines, seats_left
from voyagent.drivers.suppliers.sandbox.marks import Marks
from voyagent.drivers.suppliers.sandbox.timetable import FULL_CLASSES
from voyagent.kernel import clock
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.money import Money

VALID = timedelta(minutes=20)
CHANGE_PER_CENT = 6
_KIND = "flight-offer"
_BAGGAGE_KG = {Style.LOW: 15, Style.FULL: 23, Style.PREMIUM: 30}
_BAGGAGE_FRONT_KG = 40


def offered(
    driver: str, way: tuple[Journey, ...], query: FlightQuery, now: datetime
) -> FlightOffer:
    """Return an offer for one or two journeys, with an empty `offer_id`.

    Raises ValidationFailed if the sandbox has no exchange rate for the currency.
    """
    one = carrier(way[0].segments[0].carrier)
    fares = fare_lines(driver, Trip(way, query.cabin, now.date()), query.party, query.currency)
    front = query.cabin in {Cabin.BUSINESS, Cabin.FIRST}
    return FlightOffer(
        offer_id="",
        supplier=driver,
        outbound=way[0],
        inbound=way[1] if len(way) > 1 else None,
        cabin=query.cabin,
        party=query.party,
        validating_carrier=one.code,
        fares=fares,
        total=_total(fares),
        refundable=front
        or (one.style is not Style.LOW and happens(500, "refundable", way[0].segments[0].flight)),
        baggage_kg=_BAGGAGE_FRONT_KG if front else _BAGGAGE_KG[one.style],
        seats_left=min(map(seats_left, way)),
        quoted_at=now,
        valid_until=now + VALID,
    )


def marked(offer: FlightOffer, marks: Marks) -> FlightOffer:
    """Return the offer with its id, a signature of its contents."""
    return replace(offer, offer_id=f"of_{marks.mark(_KIND, _content(offer))}")


def check(driver: str, offer: FlightOffer, marks: Marks) -> None:
    """Check that an offer was made by this sandbox, is unchanged and still valid.

    Raises UnknownAtSupplier, OfferExpired.
    """
    if not marks.is_marked(_KIND, _content(offer), offer.offer_id.removeprefix("of_")):
        raise UnknownAtSupplier(driver, "offer")
    if offer.valid_until <= clock.now():
        raise OfferExpired(driver)


def requoted(offer: FlightOffer, now: datetime, marks: Marks) -> FlightOffer:
    """Return the offer at the same price, valid for another twenty minutes."""
    return marked(replace(offer, quoted_at=now, valid_until=now + VALID), marks)


def is_dearest(offer: FlightOffer) -> bool:
    """Return True if the outbound flights are in the dearest fare class.

    The price of the dearest fare class does not change, so such an offer does not raise
    PriceChanged.
    """
    return all(
        segment.booking_class == FULL_CLASSES[segment.cabin] for segment in offer.outbound.segments
    )


def dearer(offer: FlightOffer, now: datetime, marks: Marks) -> FlightOffer:
    """Return the offer of the same flights in the dearest fare class."""
    fares = tuple(replace(line, base=raised(line.base, CHANGE_PER_CENT)) for line in offer.fares)
    inbound = None if offer.inbound is None else _in_full_class(offer.inbound)
    return requoted(
        replace(
            offer,
            outbound=_in_full_class(offer.outbound),
            inbound=inbound,
            fares=fares,
            total=_total(fares),
        ),
        now,
        marks,
    )


def _in_full_class(journey: Journey) -> Journey:
    return Journey(
        tuple(
            replace(segment, booking_class=FULL_CLASSES[segment.cabin])
            for segment in journey.segments
        )
    )


def _total(fares: Iterable[FareLine]) -> Money:
    return reduce(add, (line.total for line in fares))


def _content(offer: FlightOffer) -> JsonObject:
    return as_payload(replace(offer, offer_id=""))
